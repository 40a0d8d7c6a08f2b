"""When training is written down on the way, and where: states to go on from, and models, the last few of them."""

from __future__ import annotations

import contextlib
import errno
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Checkpoint, Training
from .run import RunFolder
from .state import Snapshot, write_snapshot

if TYPE_CHECKING:
    import keras

FULL: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""What the system says where a disk is full, or can't be written to any more."""

FOLDER: Final = "checkpoints"
STATES: Final = re.compile(r"step-(\d+)\.npz")
MODELS: Final = re.compile(r"step-(\d+)\.keras")
BEST: Final = "best.keras"
LEFT: Final = re.compile(r"\..*\.(tmp|keras)")
"""Files that were being written when a process was killed."""

SHARE: Final = 20
"""Where the spec says nothing, a state is written once in this many times what writing one takes: 5 % at most."""

LONGEST: Final = 600.0
"""Where the spec says nothing, a state is written within an epoch once in so many seconds."""

GUESSED: Final = 0.02
"""What writing a state is taken to cost at first, in seconds, besides its bytes."""

SPEED: Final = 2e8
"""Bytes that a disk is taken to write in a second, until one has been measured."""


class Checkpoints:
    """Writes ``checkpoints/step-NUMBER.npz`` to go on from, and models where the spec asks for them.

    All appear whole or not at all; the oldest are taken away once a newer one is safe on the disk.
    """

    def __init__(self, place: RunFolder, whole: keras.Model, say: Callable[[str], None]) -> None:
        self.folder = place.path / FOLDER
        self.models = RunFolder(self.folder)
        self.whole = whole
        self.say = say
        self.stated: Checkpoint | None = None
        self.training: Training | None = None
        self.last = time.monotonic()
        self.cost: float | None = None
        self.best: float | None = None
        self.told = False

    def begin(self, training: Training, size: int) -> None:
        """A phase begins; its states will have about ``size`` bytes."""
        before = self.stated.best if self.stated is not None else None
        self.stated, self.training = training.checkpoint, training
        if self.stated is None or self.stated.best != before:
            self.best = None  # of another number
        self.cost = self.cost or GUESSED + size / SPEED
        if self.stated is not None:
            self.folder.mkdir(exist_ok=True)

    def room(self, steps: int) -> int | None:
        """How many steps may be taken until the next one is due, if it goes by steps; ``steps`` are done."""
        every = None if self.stated is None else self.stated.steps
        return None if every is None else every - steps % every

    def due_in_epoch(self, steps: int) -> bool:
        """Whether one is due after so many steps of the training, in the midst of an epoch."""
        if self.stated is None:
            return self._waited() >= max(LONGEST, self._pause())
        return (self.stated.steps is not None and steps % self.stated.steps == 0) or self._long_since()

    def due_after_epoch(self, epochs: int, steps: int) -> bool:
        """Whether one is due after so many epochs and steps of the training."""
        if self.stated is None:
            if self._waited() >= self._pause():
                return True
            if not self.told:
                self.told = True
                self.say(f"checkpoints: not after every epoch, but every {self._pause():.1f} s, to cost less than 5 %")
            return False
        return (self.stated.epochs is not None and epochs % self.stated.epochs == 0) or self.due_in_epoch(steps)

    def _long_since(self) -> bool:
        return self.stated is not None and self.stated.seconds is not None and self._waited() >= self.stated.seconds

    def _waited(self) -> float:
        return time.monotonic() - self.last

    def _pause(self) -> float:
        assert self.cost is not None
        return SHARE * self.cost

    def save(self, snapshot: Snapshot) -> None:
        """Write a state down, and where the spec asks for it the model; the oldest ones go.

        Raises:
            Problem: E436 if there is no room for it.
        """
        began = time.monotonic()
        name = f"step-{snapshot.point.steps:08d}"
        with self._writing():
            self.folder.mkdir(exist_ok=True)
            if self.stated is not None:
                self.models.model(self.whole, f"{name}.keras")
            write_snapshot(self.folder / f"{name}.npz", snapshot)
        self.last = time.monotonic()
        self.cost = self.last - began
        self._prune()

    def save_best(self, value: float) -> None:
        """Write the model that is the best so far."""
        with self._writing():
            self.models.model(self.whole, BEST)
        self.best = value

    def _prune(self) -> None:
        keep = self.stated.keep if self.stated is not None else Checkpoint().keep
        for kind in (STATES, MODELS):
            for path in kept(self.folder, kind)[:-keep]:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        assert self.training is not None
        try:
            yield
        except OSError as error:
            raise Problem(unwritten(error, self.training, self.folder)) from error

    def done(self) -> None:
        """Training has come to its end: states that nobody asked for go."""
        if self.stated is not None:
            return
        for path in kept(self.folder, STATES):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def kept(folder: Path, kind: re.Pattern[str]) -> list[Path]:
    """The files of a kind, the oldest first."""
    there = list(folder.iterdir()) if folder.is_dir() else []
    found = [(int(match[1]), path) for path in there if (match := kind.fullmatch(path.name))]
    return [path for _, path in sorted(found)]


def unwritten(error: OSError, training: Training, folder: Path) -> Finding:
    """What to say where a file can't be written while training."""
    there = kept(folder, STATES)
    run = folder.parent
    good = f"what was written before is whole; make room, then go on with `keraspec train --resume {run}`"
    return Finding(
        "E436",
        f"{error.filename or run} can't be written: {error.strerror or error}",
        training.pointer,
        "entry",
        help=good if there else "nothing was written before: make room, then train again",
    )

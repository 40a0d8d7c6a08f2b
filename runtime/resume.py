"""From a run folder to training that goes on: what it was, whether all is still the same, and where it was."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..spec.finding import Finding
from ..spec.problem import Problem
from . import run as files
from .checkpoints import FOLDER, LEFT, STATES, kept
from .distribution import follower
from .driver import Back
from .environment import Settings, backend, machine, versions
from .fold_summary import SUMMARY
from .run import RunError
from .state import DamagedError, Snapshot, read_snapshot

if TYPE_CHECKING:
    from .data import Rows
    from .listening import Listener
    from .stages import Stage

WHOLE_BYTES: Final = 2**26
"""Arrays up to this size are read as a whole for a fingerprint; of larger ones some rows, evenly spread."""

SAMPLE: Final = 4096
READ: Final = 16
"""Rows that are read for a fingerprint where each has to be read from a file."""

PARTS: Final = ("inputs", "targets", "weights")


@dataclass(slots=True)
class Resumed:
    """A run that is to go on; ``about`` is what it has noted of itself."""

    folder: Path
    about: Mapping[str, Any]
    say: Callable[[str], None] = field(default=lambda _: None)
    at: str | None = None

    @property
    def status(self) -> str:
        """What has become of it so far."""
        return str(self.about.get("status"))

    @property
    def over(self) -> bool:
        """Whether all of it is done: trained, saved and measured."""
        return self.status in ("finished", "diverged", "pruned") and (self.folder / files.METRICS).is_file()

    @property
    def weights(self) -> Path | None:
        """The file of weights with which it began."""
        path = self.about.get("weights")
        return Path(path) if isinstance(path, str) else None

    @property
    def kernels(self) -> str:
        """Which kernels it began with, in TensorFlow's words: 0, 1 or what its default was."""
        return str(self.about.get("machine", {}).get("onednn", "default"))

    def noted(self) -> dict[str, Any]:
        """What stays in ``run.json`` of the run's beginning, and that it was gone on with."""
        here = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "versions": versions(), "machine": machine()}
        kept_as_it_was = ("began", "spec", "versions", "machine", "settings", "fingerprint", "data", "weights")
        return {name: self.about[name] for name in kept_as_it_was if name in self.about} | {
            "resumed": [*self.about.get("resumed", ()), here]
        }

    def pin(self, stages: Sequence[Stage]) -> None:
        """Let steps be run as they were: numbers hang on it."""
        recorded = self.about.get("settings") or ()
        known = {one.name for one in fields(Settings)}
        for stage, table in zip(stages, recorded, strict=False):
            same = {name: value for name, value in table.items() if name in known}
            stage.settings = Settings(**{**same, "reasons": tuple(same.get("reasons", ()))})

    def differences(self, devices: Sequence[str]) -> list[str]:
        """What is not as it was when the run began, and may change the last bits of the numbers."""
        before, now = self.about.get("machine", {}), machine()
        found = [
            f"{name} {before[name]}, now {now.get(name)}"
            for name in ("processor", "cores", "onednn")
            if name in before and before[name] != now.get(name)
        ]
        old, new = self.about.get("versions", {}), versions()
        found += [
            f"{name} {old.get(name, 'not there')}, now {new.get(name, 'not there')}"
            for name in sorted(old.keys() | new.keys())
            if name != "keraspec" and old.get(name) != new.get(name)
        ]
        was, there = list(self.about.get("devices") or ["cpu"]), list(devices) or ["cpu"]
        return found + ([f"devices {', '.join(was)}, now {', '.join(there)}"] if was != there else [])

    def require_rows(self, found: Mapping[str, str] | None) -> None:
        """Make sure that the rows are those with which the run began.

        Raises:
            Problem: E437, naming what is different.
        """
        before = self.about.get("fingerprint")
        if not isinstance(before, Mapping) or found is None or dict(before) == dict(found):
            return
        changed = [name for name in {**before, **found} if before.get(name) != found.get(name)]
        part, kind, name = changed[0].split(".", 2)
        words = {"inputs": "the input", "targets": "the target of", "weights": "the row weights of"}[kind]
        more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise Problem(
            Finding(
                "E437",
                f"the rows are not those with which this run began: {words} `{name}` in `{part}` differs{more}",
                ("data", "source"),
                help="put the data back as it was; or train anew, and the new rows are learned from the beginning",
            )
        )

    def back(self, listener: Listener) -> Back | None:
        """Where training goes on: the newest state that can be read; None where there is none.

        Raises:
            RunError: if the run came to its end meanwhile.
        """
        if read(self.folder).over:
            raise RunError(f"{self.folder} has come to its end meanwhile")
        for path in (self.folder / FOLDER).glob(".*"):
            if LEFT.fullmatch(path.name):
                path.unlink(missing_ok=True)
        for path in reversed(kept(self.folder / FOLDER, STATES)):
            try:
                found = read_snapshot(path)
            except DamagedError as error:
                self.say(f"{error}: going back to the one before")
                continue
            self.at = found.point.words
            self.say(f"going on from {self.at}")
            return _back(found, listener)
        self.say("there is no checkpoint to go on from: training begins anew")
        return None


def _back(found: Snapshot, listener: Listener) -> Back:
    def restore() -> None:
        listener.restore(found)

    return Back(found.point, restore, found.values["logs"])


def read(folder: Path) -> Resumed:
    """Read what a run has noted of itself.

    Raises:
        RunError: if it is no run folder, or was not trained by a spec.
    """
    if not folder.is_dir():
        raise RunError(f"there is no folder {folder}")
    path = folder / files.ABOUT
    if not path.is_file() and (folder / SUMMARY).is_file():
        raise RunError(f"{folder} is of several folds: go on with `keraspec train --resume {folder}`")
    if not path.is_file() or files.find_spec(folder) is None:
        lacking = "no spec" if path.is_file() else f"no {files.ABOUT}"
        raise RunError(f"{folder} is no run to go on with: there is {lacking} in it")
    try:
        about = json.loads(path.read_text("utf-8"))
        if not isinstance(about, dict):
            raise ValueError("it holds no table")
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be read: {error}") from error
    return Resumed(folder, about)


def resumable(folder: Path, *, given: bool) -> Resumed:
    """A run to go on with; ``given`` says that its rows are handed over.

    Raises:
        RunError: if there is nothing to go on with, it is under way, or its rows are not in the spec.
    """
    found = read(folder)
    if not follower():  # of several processes the first holds it
        with hold(folder):
            pass
    if found.status == "diverged" and found.over:
        raise RunError(f"the loss became NaN in {folder}, and would again: change the spec, and train anew")
    if not given and found.about.get("data") in ("arrays", "dataset"):
        raise RunError(f"{folder} was trained on rows given in Python: go on with `keraspec.train(resume=…, data=…)`")
    if found.about.get("backend", backend()) != backend():
        raise RunError(f"{folder} began on {found.about['backend']}: set KERAS_BACKEND={found.about['backend']}")
    return found


def fingerprint(parts: Mapping[str, Rows]) -> dict[str, str]:
    """A short text for each array of each part that changes when its rows do.

    Arrays of up to 64 MB are taken as a whole, larger ones with 4,096 of their rows, and rows that are read from files
    one by one with 16; number of rows, sizes and kind of numbers count always. A row that can't be read counts by
    what is wrong with it: training will say so.
    """
    return {
        f"{part}.{kind}.{name}": _digest(array)
        for part, rows in parts.items()
        for kind in PARTS
        for name, array in getattr(rows, kind).items()
    }


def _digest(array: Any) -> str:
    import numpy as np

    count = len(array)
    held = isinstance(array, np.ndarray)
    digest = hashlib.blake2b(repr((count, tuple(array.shape[1:]), str(array.dtype))).encode(), digest_size=12)
    if count and held and array.nbytes <= WHOLE_BYTES:
        chosen = array
    elif count:
        places = np.unique(np.linspace(0, count - 1, SAMPLE if held else READ).astype(np.int64))
        try:
            chosen = np.asarray(array[places])
        except ValueError as error:
            chosen = np.array([str(error)], dtype=object)
    else:
        return digest.hexdigest()
    if chosen.dtype == object:
        digest.update("\0".join(map(str, chosen.reshape(-1))).encode("utf-8", "surrogatepass"))
    else:
        digest.update(np.ascontiguousarray(chosen).tobytes())
    return digest.hexdigest()


def going_on(callbacks: Sequence[Any], epoch: int) -> None:
    """Let callbacks that write files add to them; ``epoch`` is the one that training goes on with, from 0."""
    for one in callbacks:
        if type(one).__name__ == "CSVLogger" and not one.append:
            path = Path(str(one.filename))
            if path.is_file():
                _cut_off(path, one.sep, epoch)
                one.append = True


def _cut_off(path: Path, separator: str, epoch: int) -> None:
    """Leave out the rows of epochs that come again, and what a process that was killed has written by halves."""
    from ..compiler.render import write

    text = path.read_text("utf-8")
    rows = text.splitlines(keepends=True)
    whole = [row for row in rows[1:] if row.endswith("\n")]
    before = [row for row in whole if int(next(csv.reader([row], delimiter=separator))[0]) < epoch]
    write(path, "".join([*rows[:1], *before]).encode("utf-8"))


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Keep a run folder for this process alone; should it be killed, the system lets go of it.

    Raises:
        RunError: if another process, or another training of this one, has it.
    """
    try:
        number = _locked(folder)
    except BlockingIOError as error:
        raise RunError(f"{folder} is being written to by another process: wait for it to end, or stop it") from error
    try:
        yield
    finally:
        os.close(number)


def _locked(folder: Path) -> int:
    """An open file, or folder, with a lock on it that lasts until it is closed."""
    if os.name == "posix":
        import fcntl

        number = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(number)
            if isinstance(error, BlockingIOError):
                raise
            return os.open(os.devnull, os.O_RDONLY)  # a file system without locks: nothing can be kept
        return number
    import msvcrt  # Windows locks no folders

    number = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except OSError as error:
        os.close(number)
        raise BlockingIOError from error
    return number

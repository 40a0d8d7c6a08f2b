"""The noun Run: a folder with all that training has left behind."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ..compiler.build import legal
from ..compiler.render import write
from ..spec.document import Document
from ..spec.finding import Finding
from .event_files import EventFiles

if TYPE_CHECKING:
    import keras

Status = Literal["running", "finished", "interrupted", "diverged", "failed", "pruned"]

MODEL: Final = "model.keras"
TERMS: Final = "terms.keras"
HISTORY: Final = "history.csv"
HISTORY_LINES: Final = "history.jsonl"
EVENTS: Final = "tensorboard"
METRICS: Final = "metrics.json"
CURVES: Final = "curves.png"
DIAGRAM: Final = "diagram.svg"
ABOUT: Final = "run.json"
INTERFACE: Final = "interface.json"
SPEC: Final = "spec.keraspec"
JUDGED: Final = "judged.json"
REPORT: Final = "report.html"

CONFIG: Final = "config.json"
"""In a model's file, what says how it is put together."""

PRIVATE: Final = re.compile(rb'"keras\.src\.backend\.\w+\.optimizers\.\w+"')
PUBLIC: Final = b'"keras.optimizers"'

WORTH_KEEPING: Final = (MODEL, METRICS, HISTORY)

WEIGHTS: Final = (".keras", ".h5", ".npz")
"""Endings of files that hold weights: models, and states to go on from."""


class RunError(ValueError):
    """A run folder that can't be made or can't be used: what is wrong and what to do, in a sentence."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended, however it did.

    ``history`` has one row an epoch: ``epoch`` (from 1), Keras' logs, ``seconds``. ``metrics`` has, by part
    of the data, what the model in the folder measures; a part without rows is an empty table.
    ``epochs`` is the number of epochs in ``history``; the last one is not whole where training was interrupted in
    its midst. ``findings`` say what went wrong (E418: the loss became NaN), ``signal`` which signal interrupted.
    """

    folder: Path
    status: Status
    epochs: int
    seconds: float
    history: tuple[Mapping[str, float], ...]
    metrics: Mapping[str, Mapping[str, float]]
    findings: tuple[Finding, ...] = ()
    signal: int | None = None

    @property
    def model_path(self) -> Path:
        """The trained model, which plain Keras opens."""
        return self.folder / MODEL

    def model(self) -> keras.Model:
        """Open the trained model."""
        from .saved import open_model

        return open_model(self.model_path)


def open_run(folder: str | Path) -> Run:
    """Read a run folder.

    Raises:
        RunError: if it is not one, or training has not come far enough to leave a model.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"there is no folder {folder}")
    if not (folder / ABOUT).is_file():
        inside = sorted(one.parent.name for one in folder.glob(f"*/{ABOUT}"))  # folds, trials, runs/
        more = f"; name one of those in it, such as {folder / inside[0]}" if inside else ""
        raise RunError(f"{folder} is not a run folder: there is no {ABOUT} in it{more}")
    if not (folder / MODEL).is_file():
        going_on = any(folder.glob("checkpoints/step-*.npz"))
        way = f"go on with `keraspec train --resume {folder}`" if going_on else "train again"
        raise RunError(f"{folder} has no {MODEL}: training did not come far enough; {way}")
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        metrics = json.loads((folder / METRICS).read_text("utf-8")) if (folder / METRICS).is_file() else {}
        text = (folder / HISTORY).read_text("utf-8") if (folder / HISTORY).is_file() else ""
        history = tuple(
            {key: float(value) for key, value in row.items() if value} for row in csv.DictReader(io.StringIO(text))
        )
        return Run(folder, about["status"], len(history), about.get("seconds", 0.0), history, metrics)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder} can't be read as a run: {error}") from error


class RunFolder:
    """A run folder being written. Every file appears whole or not at all.

    ``made`` are the folders that were made for it, itself among them, the innermost first.
    """

    def __init__(self, path: Path, made: Sequence[Path] = ()) -> None:
        self.path = path
        self.made = tuple(made)
        self.events = EventFiles(path / EVENTS)

    @classmethod
    def create(cls, name: str, path: Path | None = None, now: datetime | None = None) -> RunFolder:
        """Make a new folder: ``path``, or ``runs/NAME-YYYYMMDD-HHMMSS`` below the working directory.

        Raises:
            RunError: if ``path`` holds anything already: what was trained before is never written over.
        """
        if path is not None:
            require_empty(path)
            made = _not_there(path)
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RunError(f"{path} can't be made: {error.strerror}") from error
            return cls(path, made)
        stamp = (now or datetime.now()).strftime("%Y%m%d-%H%M%S")
        for number in range(1, 1000):
            folder = Path("runs") / f"{legal(name)}-{stamp}{f'-{number}' if number > 1 else ''}"
            made = _not_there(folder)
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise RunError(f"{folder} can't be made: {error.strerror}") from error
            return cls(folder, made)
        raise RunError(f"there are too many runs of {stamp} already")

    def discard(self) -> None:
        """Take away all that is in it, and the folders that were made for it; for one that ``create`` gave.

        What can't be taken away stays, and so do folders in which others have put something meanwhile.
        """
        for one in list(self.path.iterdir()):
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one, ignore_errors=True)
            else:
                with suppress(OSError):
                    one.unlink()
        self.leave()

    def leave(self) -> None:
        """Take away the folders that were made for it, if there is nothing in them; for one that ``create`` gave."""
        with suppress(OSError):
            for one in self.made:
                one.rmdir()

    def text(self, name: str, text: str) -> None:
        """Write a text file."""
        write(self.path / name, text.encode("utf-8"))

    def json(self, name: str, value: Any) -> None:
        """Write JSON; numbers that JSON does not have become null."""
        self.text(name, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def spec(self, document: Document) -> None:
        """Write the spec as trained: its own text, with the settings in it that were laid over it.

        What was made of several files, or can't be written into its text, is written as JSON.
        """
        from ..spec.said import saying

        written = document if document.expansion is None else document.expansion.written
        text = saying(document.source, written.data)
        if text is not None:
            suffix = "json" if document.source.path.lower().endswith(".json") else "toml"
            self.text(f"{SPEC}.{suffix}", text)
        else:
            self.json(f"{SPEC}.json", written.data)

    def history(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Write the table of epochs, as CSV, as JSON lines, and for TensorBoard."""
        self.table(HISTORY, rows)
        lines = (json.dumps(plain(row), ensure_ascii=False, allow_nan=False) for row in rows)
        self.text(HISTORY_LINES, "".join(f"{line}\n" for line in lines))
        self.events.write(rows)

    def table(self, name: str, rows: Sequence[Mapping[str, float | str]]) -> None:
        """Write a table as CSV, with a column for every name in any of the rows."""
        names = list(dict.fromkeys(name for row in rows for name in row))
        stream = io.StringIO()
        table = csv.DictWriter(stream, names, lineterminator="\n")
        table.writeheader()
        table.writerows(
            {key: value if isinstance(value, str) else f"{value:.9g}" for key, value in row.items()} for row in rows
        )
        self.text(name, stream.getvalue())

    def model(self, model: keras.Model, name: str = MODEL) -> None:
        """Save a model, with its optimizer's state."""
        beside = self.path / f".{os.getpid()}.{name}"
        try:
            model.save(beside)
            public(beside)
            with beside.open("rb+") as file:
                os.fsync(file.fileno())
            os.replace(beside, self.path / name)
        finally:
            beside.unlink(missing_ok=True)


def public(path: Path) -> None:
    """Let a model's file name optimizers as they are called everywhere.

    On PyTorch Keras writes the name of a class that only this backend has; on another backend, the model could not be
    opened, or only by loading PyTorch besides.
    """
    with zipfile.ZipFile(path) as archive:
        text = archive.read(CONFIG)
        if PRIVATE.search(text) is None:
            return
        parts = {one: archive.read(one) for one in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, PRIVATE.sub(PUBLIC, text) if one.filename == CONFIG else content)


def require_empty(path: Path) -> None:
    """Make sure that a run folder would not be written over anything.

    Raises:
        RunError: if there is a file of that name, or a folder with anything in it.
    """
    if path.is_dir() and any(path.iterdir()):
        kept = next((one for one in WORTH_KEEPING if (path / one).exists()), None)
        what = f"a run ({kept})" if kept else "files"
        raise RunError(f"{path} already holds {what}: choose another run folder (--run-dir), or move it away")
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file: choose another run folder (--run-dir)")


def is_untrained(folder: Path) -> bool:
    """Whether a run folder has nothing of a training: no row of its history, no weights."""
    return not any((folder / one).exists() for one in WORTH_KEEPING) and not any(
        one.suffix in WEIGHTS for one in folder.rglob("*") if one.is_file()
    )


def _not_there(folder: Path) -> list[Path]:
    """Of a folder and those around it the ones that are not there yet, the innermost first."""
    return [one for one in (folder, *folder.parents) if not one.exists()]


def find_spec(folder: Path) -> Path | None:
    """The spec as trained, in a run folder."""
    return next((path for suffix in ("toml", "json") if (path := folder / f"{SPEC}.{suffix}").is_file()), None)


def plain(value: Any) -> Any:
    """Values as JSON has them: what is no number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, (list, tuple)) or (isinstance(value, Iterable) and not isinstance(value, (str, bytes))):
        return [plain(item) for item in value]
    return value

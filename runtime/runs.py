"""From run folders to a list of runs, and from several runs to what differed between them and what came out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .run import ABOUT, HISTORY_LINES, METRICS, RunError, find_spec

MEASURED: Final = ("test", "validation", "train")
"""The first of these parts that was measured stands for how well a run did."""

MACHINE: Final = ("versions", "machine")
"""Tables of run.json that say what a run depended on besides its spec."""

PLAIN: Final = ("backend", "devices", "jit_compile", "steps_per_execution", "precision")


@dataclass(frozen=True, slots=True)
class Summary:
    """A run as it stands in a list.

    ``status`` is ``finished``, ``interrupted``, ``diverged``, ``failed``, ``running``, ``stopped`` (it was killed, and
    `train --resume` may go on with it) or ``unreadable``. ``metrics`` are those of ``part``: of the test part, else of
    what there is. ``began`` is a time in UTC as ISO 8601, or empty; ``epochs`` None where nothing is known of them yet.
    """

    folder: Path
    name: str
    began: str
    status: str
    epochs: int | None
    seconds: float | None
    part: str | None
    metrics: Mapping[str, float | None]

    def table(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "folder": str(self.folder),
            "name": self.name,
            "began": self.began,
            "status": self.status,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "part": self.part,
            "metrics": dict(self.metrics),
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not the same in all runs: its path, and what it is in each, None where it is not there."""

    path: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side: what differed in their specs and in what they ran on, and what was measured."""

    runs: tuple[Summary, ...]
    spec: tuple[Difference, ...]
    surroundings: tuple[Difference, ...]
    metrics: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    def table(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "runs": [one.table() for one in self.runs],
            "spec": {one.path: list(one.values) for one in self.spec},
            "surroundings": {one.path: list(one.values) for one in self.surroundings},
            "metrics": {name: list(values) for name, values in self.metrics.items()},
        }


def summary(folder: Path) -> Summary:
    """What a run folder says of itself, however far training has come.

    Raises:
        RunError: if it is no run folder.
    """
    if not folder.is_dir():
        raise RunError(f"there is no folder {folder}")
    about = _about(folder)
    metrics = _metrics(folder)
    part = next((name for name in MEASURED if metrics.get(name)), None)
    epochs, seconds = about.get("epochs"), about.get("seconds")
    return Summary(
        folder,
        str(about.get("name", "")),
        str(about.get("began", "")),
        _status(folder, about),
        epochs if isinstance(epochs, int) else _told(folder),
        float(seconds) if isinstance(seconds, (int, float)) else None,
        part,
        metrics[part] if part else {},
    )


def _told(folder: Path) -> int | None:
    """The epochs that are in the history so far; None where there is none."""
    try:
        return (folder / HISTORY_LINES).read_bytes().count(b"\n")
    except OSError:
        return None


def runs_in(folder: Path, sort: str | None = None) -> tuple[Summary, ...]:
    """The runs in a folder, and in the folders that stand in it; what is no run is passed over.

    Without ``sort`` the last begun comes first. With it: a metric, the best one first as far as its name tells (most
    for accuracies and their kin, least for all else), or ``name``, ``began``, ``epochs``, ``seconds``, ``status``.

    Raises:
        RunError: if there is no such folder, or no run has what is sorted by.
    """
    if not folder.is_dir():
        raise RunError(f"there is no folder {folder}")
    places = [folder] if (folder / ABOUT).is_file() else sorted(one for one in folder.iterdir() if one.is_dir())
    found = [_or_unreadable(one) for one in places if (one / ABOUT).is_file()]
    if sort is None:
        return tuple(sorted(found, key=lambda one: one.began, reverse=True))
    if sort in ("name", "began", "status"):
        return tuple(sorted(found, key=lambda one: (getattr(one, sort), one.began)))
    if sort in ("epochs", "seconds"):
        return tuple(sorted(found, key=lambda one: (getattr(one, sort) is None, getattr(one, sort) or 0, one.began)))
    there = dict.fromkeys(name for one in found for name in one.metrics)
    if found and sort not in there:
        from ..spec.words import closest

        near = closest(sort, there)
        hint = f"; did you mean `{near}`?" if near else f"; there are: {', '.join(there)}" if there else ""
        raise RunError(f"no run has `{sort}`{hint}")
    sign = -1.0 if more_is_better(sort) else 1.0

    def key(one: Summary) -> tuple[bool, float]:
        value = one.metrics.get(sort)
        return value is None, sign * value if value is not None else 0.0

    return tuple(sorted(found, key=key))


def _or_unreadable(folder: Path) -> Summary:
    """One damaged run is no reason not to list the others."""
    try:
        return summary(folder)
    except RunError:
        return Summary(folder, "", "", "unreadable", None, None, None, {})


def _status(folder: Path, about: Mapping[str, Any]) -> str:
    """How a run stands; one that calls itself running while no process holds its folder was killed."""
    status = str(about.get("status", ""))
    if status != "running" or os.name != "posix":
        return status
    import fcntl

    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:
        return status
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is held, or the file system knows no locks
        return status
    finally:
        os.close(number)
    return "stopped"


def more_is_better(metric: str) -> bool:
    """Whether a metric is better the larger it is, as far as its name tells."""
    words = set(metric.lower().split("_"))
    return bool(words & {"accuracy", "acc", "auc", "precision", "recall", "f1", "r2", "iou", "specificity", "fbeta"})


def compare(folders: Sequence[Path]) -> Comparison:
    """Put runs side by side.

    Values of the specs are named by their paths, layers by their names, and blocks and parameters stand as written.

    Raises:
        RunError: if one of them is no run folder, or its spec can't be read.
    """
    runs = tuple(summary(one) for one in folders)
    specs = [dict(flattened(_spec(one))) for one in folders]
    around = [dict(_surroundings(_about(one))) for one in folders]
    measured = [{f"{part} {name}": value for part, table in _metrics(one).items() for name, value in table.items()}
                for one in folders]  # fmt: skip
    names = dict.fromkeys(name for one in measured for name in one)
    return Comparison(
        runs,
        _differences(specs),
        _differences(around),
        {name: tuple(one.get(name) for one in measured) for name in names},
    )


def flattened(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Paths and values, as a spec writes them; entries of a list by name or type where each has one of its own."""
    if isinstance(value, Mapping) and value:
        return [
            pair for key, inner in value.items() for pair in flattened(inner, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return [pair for key, inner in _keyed(value) for pair in flattened(inner, f"{path}.{key}")]
    return [(path, json.dumps(value, ensure_ascii=False, default=str))]


def _keyed(entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Entries with what they are called by: a name, or their kind, counted where there are several."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    seen: dict[str, int] = {}
    for one in entries:
        called = one.get("name")
        if not isinstance(called, str):
            kind = one.get("type") or one.get("block") or one.get("reuse") or "entry"
            called = f"({kind})"
        seen[called] = seen.get(called, 0) + 1
        inner = {key: value for key, value in one.items() if key != "name"}
        found.append((called if seen[called] == 1 else f"{called}#{seen[called]}", inner))
    return found


def _differences(tables: Sequence[Mapping[str, str]]) -> tuple[Difference, ...]:
    paths = dict.fromkeys(path for one in tables for path in one)
    found = (Difference(path, tuple(one.get(path) for one in tables)) for path in paths)
    return tuple(one for one in found if len(set(one.values)) > 1)


def _surroundings(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name in MACHINE:
        inner = about.get(name)
        if isinstance(inner, Mapping):
            pairs += [(key if name == "versions" else f"{name}.{key}", str(value)) for key, value in inner.items()]
    for name in PLAIN:
        if name in about:
            value = about[name]
            pairs.append((name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)))
    rows = about.get("rows")
    if isinstance(rows, Mapping):
        pairs += [(f"rows.{part}", str(count)) for part, count in rows.items()]
    return pairs


def _spec(folder: Path) -> Any:
    from ..spec.read import read_file

    path = find_spec(folder)
    if path is None:
        raise RunError(f"{folder} has no spec in it")
    try:
        document, _ = read_file(path)
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror}") from error
    if document is None:
        raise RunError(f"{path} can't be read as a spec")
    data = document.data
    return {key: value for key, value in data.items() if key != "$schema"} if isinstance(data, Mapping) else data


def _about(folder: Path) -> Mapping[str, Any]:
    path = folder / ABOUT
    if not path.is_file():
        raise RunError(f"{folder} is not a run folder: there is no {ABOUT} in it")
    try:
        about = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be read: {error}") from error
    if not isinstance(about, Mapping):
        raise RunError(f"{path} can't be read: it holds no table")
    return about


def _metrics(folder: Path) -> dict[str, dict[str, float | None]]:
    try:
        found = json.loads((folder / METRICS).read_text("utf-8"))
        return {str(part): dict(table) for part, table in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}

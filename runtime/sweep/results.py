"""From the trials of a sweep to what is kept of them: a table, a summary, importances, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..progress import number
from ..run import RunFolder, plain
from .searching import TRAINED, Trial

TABLE: Final = "trials.csv"
SUMMARY: Final = "sweep.json"
IMPORTANCES: Final = "importances.csv"
PICTURE: Final = "parallel.png"
BEST: Final = "best.keraspec"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep came to. ``ended`` says in words why no other candidate was tried; ``interrupted``: it was stopped.

    ``best`` is the trial whose kept model measures best by ``metric``, ``best_spec`` the file that says its values.
    ``importances`` are from 0 to 1, by path.
    """

    folder: Path
    metric: str
    direction: str
    trials: tuple[Trial, ...]
    best: Trial | None
    best_spec: Path | None
    importances: Mapping[str, float]
    ended: str
    interrupted: bool = False

    @property
    def trained(self) -> int:
        """How many candidates were trained."""
        return sum(one.outcome in TRAINED for one in self.trials)

    def table(self) -> dict[str, Any]:
        """All of it as plain data."""
        made: dict[str, Any] = plain(
            {
                "folder": str(self.folder),
                "metric": self.metric,
                "direction": self.direction,
                "ended": self.ended,
                "trained": self.trained,
                "infeasible": sum(one.outcome == "infeasible" for one in self.trials),
                "best": None if self.best is None else as_row(self.best),
                "best_spec": None if self.best_spec is None else str(self.best_spec),
                "importances": dict(self.importances),
                "trials": [as_row(one) for one in self.trials if one.outcome != "repeat"],
            }
        )
        return made


def as_row(trial: Trial) -> dict[str, Any]:
    """A trial as plain data."""
    return {
        "trial": trial.number,
        "outcome": trial.outcome,
        "value": trial.value,
        "values": dict(trial.values),
        "epochs": trial.epochs,
        "seconds": round(trial.seconds, 3),
        "folder": trial.folder if trial.outcome not in ("infeasible", "repeat") else None,
        "reason": trial.reason,
    }


def keep(place: RunFolder, found: Swept, paths: Sequence[str], noted: Mapping[str, Any]) -> None:
    """Write the table of trials and the summary; the one that is there stays whole until then."""
    rows: list[dict[str, float | str]] = []
    for one in found.trials:
        if one.outcome == "repeat":
            continue
        row: dict[str, float | str] = {"trial": str(one.number), "outcome": one.outcome}
        row[found.metric] = "" if one.value is None else one.value
        row |= {path: _cell(one.values[path]) if path in one.values else "" for path in paths}
        row |= {"epochs": str(one.epochs), "seconds": f"{one.seconds:.3f}", "reason": one.reason or ""}
        rows.append(row)
    if rows:
        place.table(TABLE, rows)
    place.json(SUMMARY, {**noted, **found.table()})


def conclude(place: RunFolder, found: Swept, paths: Sequence[str], name: str) -> None:
    """Write what is only worth while at the end: importances, and the picture of all trials."""
    from ...compiler.render import write

    if found.importances:
        place.table(IMPORTANCES, [{"value": path, "importance": share} for path, share in found.importances.items()])
    shown = [one for one in found.trials if one.outcome == "finished" and one.value is not None]
    if len(shown) > 1:
        from .picture import parallel

        write(place.path / PICTURE, parallel(shown, paths, found.metric, found.direction, name))


def words(values: Mapping[str, Any]) -> str:
    """Values as people read them, by the ends of their paths as far as these tell them apart."""
    names = short(list(values))
    return ", ".join(f"{names[path]} {_word(value)}" for path, value in values.items())


def short(paths: Sequence[str]) -> dict[str, str]:
    """The last parts of paths, as many as it takes to tell them apart."""
    found = {}
    for path in paths:
        parts = path.split(".")
        for size in range(1, len(parts) + 1):
            end = ".".join(parts[-size:])
            others = [one for one in paths if one != path and (one == end or one.endswith(f".{end}"))]
            if not others:
                break
        found[path] = end
    return found


def _word(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _cell(value: Any) -> float | str:
    if isinstance(value, float):
        return repr(value)
    from ...spec.edits import json_written

    return value if isinstance(value, str) else json_written(value)

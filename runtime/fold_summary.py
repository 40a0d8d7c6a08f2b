"""From the Runs of all folds to what they came to together: mean and standard deviation of each metric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

from .run import Run, RunError, RunFolder, find_spec
from .split import PARTS

TABLE: Final = "folds.csv"
SUMMARY: Final = "folds.json"


@dataclass(frozen=True, slots=True)
class Folds:
    """The runs of a spec's folds in order, in folders ``fold-1``, ``fold-2``, … of ``folder``.

    ``mean`` and ``std`` are by part of the data and by metric, over the folds that were trained to their end; the
    deviation is that of a sample (with n - 1), and NaN for a single fold.
    """

    folder: Path
    folds: int
    runs: tuple[Run, ...]
    mean: Mapping[str, Mapping[str, float]]
    std: Mapping[str, Mapping[str, float]]

    @property
    def whole(self) -> bool:
        """Whether every fold was trained to its end."""
        return len(self.runs) == self.folds and all(run.status == "finished" for run in self.runs)


def summarised(place: RunFolder, folds: int, runs: Sequence[Run], began: Mapping[str, Any]) -> Folds:
    """Put together what the folds measure, and write it beside their folders: ``folds.csv`` and ``folds.json``.

    ``began`` is noted besides: what has to be known to go on with folds that are not trained yet.
    """
    done = [run for run in runs if run.status == "finished"]
    mean: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    std: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    for part in PARTS:
        for name in done[0].metrics.get(part, {}) if done else ():
            values = [run.metrics[part][name] for run in done]
            mean[part][name] = fmean(values)
            std[part][name] = stdev(values) if len(values) > 1 else float("nan")
    place.json(
        SUMMARY,
        {
            "folds": folds,
            "trained": len(done),
            "began": began,
            "mean": mean,
            "std": std,
            "runs": [
                {"fold": number, "folder": run.folder.name, "status": run.status, "epochs": run.epochs}
                | {"metrics": run.metrics}
                for number, run in enumerate(runs, start=1)
            ],
        },
    )
    rows: list[dict[str, Any]] = [
        {"fold": str(number), "status": run.status, "epochs": run.epochs, **_flat(run.metrics)}
        for number, run in enumerate(runs, start=1)
    ]
    place.table(TABLE, [*rows, {"fold": "mean", **_flat(mean)}, {"fold": "std", **_flat(std)}])
    return Folds(place.path, folds, tuple(runs), mean, std)


def begun(folder: Path) -> tuple[int, Mapping[str, Any]]:
    """The number of folds that are trained into a folder, and what was noted when they began.

    Raises:
        RunError: if that can't be read, or was noted by an earlier keraspec, which could not go on with folds.
    """
    try:
        table = json.loads((folder / SUMMARY).read_text("utf-8"))
        folds, noted = int(table["folds"]), table["began"]
        if isinstance(noted["folder"], str) and find_spec(folder) is not None:
            return folds, noted
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise RunError(
        f"{folder / SUMMARY} does not say how its folds began: go on with a single one by "
        f"`keraspec train --resume {folder / 'fold-1'}`, or train anew"
    )


def _flat(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    every = ((part, name, value) for part in PARTS for name, value in metrics.get(part, {}).items())
    return {f"{part}.{name}": float("nan") if value is None else value for part, name, value in every}


def forget() -> None:
    """Let go of what Keras keeps of a model that was trained, so that many folds take no more memory than one."""
    import gc

    import keras

    keras.utils.clear_session()
    gc.collect()

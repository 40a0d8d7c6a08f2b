"""Training every fold of a spec, one after the other, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .checked import Checked, SpecError, compile_file
from .training import train

if TYPE_CHECKING:
    from .runtime.fold_summary import Folds
    from .runtime.progress import Progress

FOLD = "data.split.fold"
"""What says which of the folds is validation."""


def number_of_folds(checked: Checked) -> int | None:
    """How many folds a spec has; None where it has none."""
    data = checked.spec.data if checked.spec is not None else None
    return data.split.folds if data is not None else None


def train_folds(
    spec: str | Path,
    overrides: Sequence[str] = (),
    *,
    run_dir: Path | None = None,
    show: Progress | None = None,
    weights: Path | None = None,
) -> Folds:
    """Train each fold of a spec by itself, each validated on the rows that the others train on.

    The runs stand in ``fold-1``, ``fold-2``, … of the run folder, beside ``folds.csv`` and ``folds.json``, which are
    written anew after each. A fold that is interrupted ends the row; one whose loss becomes NaN does not count.

    Raises:
        SpecError: if the spec has errors, or data or Keras do not agree with it.
        RunError: if the run folder can't be made.
        ValueError: if the spec has no folds.
    """
    from .runtime.fold_summary import forget, summarised
    from .runtime.progress import progress
    from .runtime.run import RunFolder

    checked = compile_file(spec, overrides).asked()
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    folds = number_of_folds(checked)
    if folds is None:
        raise ValueError("the spec has no folds: write `split = { folds = 5 }` in [data]")
    place = RunFolder.create(checked.typed.graph.name, run_dir)
    found = summarised(place, folds, ())
    for fold in range(1, folds + 1):
        seen = progress() if show is None else show
        seen.say(f"fold {fold} of {folds}")
        one = compile_file(spec, (*overrides, f"{FOLD}={fold}"))
        run = train(one, run_dir=place.path / f"fold-{fold}", show=seen, weights=weights)
        found = summarised(place, folds, (*found.runs, run))
        forget()
        if run.status == "interrupted":
            break
    return found

"""Training every fold of a spec, one after the other, and what they come to together."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checked import Checked, SpecError, compile_file
from .training import as_trained, difference, resume, train

if TYPE_CHECKING:
    from .runtime.fold_summary import Folds
    from .runtime.progress import Progress
    from .runtime.run import Run, RunFolder

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
    from .runtime.run import RunFolder

    checked = compile_file(spec, overrides).asked()
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    folds = number_of_folds(checked)
    if folds is None:
        raise ValueError("the spec has no folds: write `split = { folds = 5 }` in [data]")
    place = RunFolder.create(checked.typed.graph.name, run_dir)
    began = {
        "folder": str(checked.path.parent.resolve()),
        "weights": None if weights is None else str(weights.resolve()),
    }

    def one(fold: int, seen: Progress) -> Run:
        checked = compile_file(spec, (*overrides, f"{FOLD}={fold}"))
        return train(checked, run_dir=place.path / f"fold-{fold}", show=seen, weights=weights)

    place.spec(checked.typed.graph.spec.document)
    try:
        return _each(place, folds, began, one, show)
    except BaseException:
        if not any(place.path.glob("fold-*")):  # not even the first has begun: there is nothing to go on with
            place.discard()
        raise


def resume_folds(run: Path, *, spec: Checked | None = None, show: Progress | None = None) -> Folds:
    """Go on with folds that were stopped or killed: those that are trained stay, one that was under way goes on from
    its newest checkpoint, the others are trained. ``spec`` is compared with theirs, where one is given.

    Raises:
        SpecError: if the rows are other ones, or what ``train_folds`` raises it for.
        RunError: if there is nothing to go on with, it is under way, or it was trained by another spec.
    """
    from .runtime.fold_summary import begun
    from .runtime.resume import read
    from .runtime.run import ABOUT, RunError, RunFolder, find_spec, open_run

    folds, began = begun(run)
    checked = as_trained(run)
    if spec is not None and (other := difference(spec, checked)) is not None:
        raise RunError(f"{spec.path} is not the spec of these folds: {other}; leave it out, or train anew")
    if checked.errors:
        raise SpecError(checked.diagnostics)
    weights = Path(began["weights"]) if began.get("weights") else None

    def one(fold: int, seen: Progress) -> Run:
        folder = run / f"fold-{fold}"
        if (folder / ABOUT).is_file() and find_spec(folder) is not None:
            return open_run(folder) if read(folder).over else resume(folder, show=seen)
        if folder.is_dir():  # killed before there was anything to go on with
            shutil.rmtree(folder)
        checked = compile_file(find_spec(run) or run, [f"{FOLD}={fold}"])
        return train(checked, run_dir=folder, show=seen, weights=weights, folder=Path(began["folder"]))

    return _each(RunFolder(run), folds, began, one, show)


def _each(
    place: RunFolder,
    folds: int,
    began: Mapping[str, Any],
    one: Callable[[int, Progress], Run],
    show: Progress | None,
) -> Folds:
    """Every fold by turns, until one is interrupted; nobody else may do so in the same folder."""
    from .runtime.fold_summary import forget, summarised
    from .runtime.progress import progress
    from .runtime.resume import hold

    with hold(place.path):
        found = summarised(place, folds, (), began)
        for fold in range(1, folds + 1):
            seen = progress() if show is None else show
            seen.say(f"fold {fold} of {folds}")
            run = one(fold, seen)
            found = summarised(place, folds, (*found.runs, run), began)
            forget()
            if run.status == "interrupted":
                break
        return found

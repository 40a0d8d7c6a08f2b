"""Folds on the command line: one of them by its number, or all of them and what they come to."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..runtime.fold_summary import Folds

NO_FOLDS = "the spec has no folds: write `split = { folds = 5 }` in [data]"


def chosen(spec: Path, settings: tuple[str, ...], fold: int | None) -> tuple[str, ...]:
    """The settings with which one fold is trained. Ends with exit status 2 where the spec has no folds."""
    from ..checked import compile_file
    from ..folds import FOLD, number_of_folds

    with files():
        checked = compile_file(spec, settings)
    if not checked.errors and number_of_folds(checked) is None:
        refuse(f"--fold: {NO_FOLDS}")
    return (*settings, f"{FOLD}={fold}")


def train_all(
    spec: Path, settings: tuple[str, ...], run_dir: Path | None, weights: Path | None, fold: int | None
) -> None:
    """Train every fold and print mean and deviation. Exit status as that of `train`; 1 where a fold diverged."""
    from ..checked import compile_file
    from ..folds import number_of_folds, train_folds

    if fold is not None:
        refuse("--folds trains all of them, --fold one: give one of the two")
    with files():
        checked = compile_file(spec, settings).asked()
        say(checked.diagnostics, "full", err=True)
        if checked.errors:
            raise SystemExit(1)
        if number_of_folds(checked) is None:
            refuse(f"--folds: {NO_FOLDS}")
        found = _told(lambda: train_folds(spec, settings, run_dir=run_dir, weights=weights))
    _end(found)


def of_folds(run: Path) -> bool:
    """Whether a folder is that of several folds."""
    from ..runtime.fold_summary import SUMMARY

    return (run / SUMMARY).is_file()


def go_on(run: Path, spec: Path | None) -> None:
    """Go on with folds that were stopped or killed, and print what ``train_all`` prints; exit status as there."""
    from ..checked import compile_file
    from ..folds import resume_folds

    with files():
        checked = None if spec is None else compile_file(spec).asked()
        if checked is not None:
            say(checked.diagnostics, "full", err=True)
            if checked.errors:
                raise SystemExit(1)
        found = _told(lambda: resume_folds(run, spec=checked))
    _end(found)


def _told(train: Callable[[], Folds]) -> Folds:
    """What folds come to; what is wrong is said, and ends with exit status 1, or 2 where they can't be begun."""
    from ..checked import SpecError
    from ..runtime.run import RunError

    try:
        return train()
    except SpecError as error:
        say(error.diagnostics, "full", err=True)
        raise SystemExit(1) from error
    except RunError as error:
        refuse(str(error))


def _end(found: Folds) -> None:
    """Print what they come to, and end with the exit status that says so."""
    _print(found)
    if found.runs and found.runs[-1].status == "interrupted":
        raise SystemExit(128 + (found.runs[-1].signal or signal.SIGINT))
    if not found.whole:
        raise SystemExit(1)


def _print(found: Folds) -> None:
    for number, run in enumerate(found.runs, start=1):
        numbers = "  ".join(f"{name} {value:.4f}" for name, value in run.metrics.get("validation", {}).items())
        click.echo(f"fold {number:<5}  {numbers}" + ("" if run.status == "finished" else f"  ({run.status})"))
    for part, metrics in found.mean.items():
        if metrics:
            deviations = found.std[part]
            words = (f"{name} {value:.4f} ± {deviations[name]:.4f}" for name, value in metrics.items())
            click.echo(f"{part:<10}  " + "  ".join(words))
    done = sum(1 for run in found.runs if run.status == "finished")
    click.echo(f"{done} of {found.folds} folds trained; all of it is in {found.folder}")

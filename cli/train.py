"""The verb train."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..runtime.run import Run

DIVERGED = 1
INTERRUPTED = 128
"""Added to the number of the signal, as shells do: 130 for Ctrl-C."""


@click.command(name="train")
@click.argument("spec", type=click.Path(path_type=Path), required=False)
@click.option("--run-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where to; else a new folder in runs/.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value: training.epochs=3.")
@click.option("--epochs", type=click.IntRange(min=1), help="Short for --set training.epochs=N.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="Begin with the weights of a .weights.h5 file, as `import` writes one.",
)
@click.option(
    "--from",
    "begin_with",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="RUN",
    help="Begin with the weights of a run, as far as they still fit; what was carried is told.",
)
@click.option("--fold", type=click.IntRange(min=1), help="Which of the spec's folds is validation, from 1 on.")
@click.option("--folds", is_flag=True, help="Train every fold of the spec, one after the other, and sum them up.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with a run that was stopped or killed, from its newest checkpoint; SPEC may be left out.",
)
@click.option("--json-log", is_flag=True, help="Print one JSON object a line for each thing that happens.")
@allow_plugin
def command(
    spec: Path | None,
    run_dir: Path | None,
    settings: tuple[str, ...],
    epochs: int | None,
    weights: Path | None,
    begin_with: Path | None,
    fold: int | None,
    folds: bool,
    resume: Path | None,
    json_log: bool,
) -> None:
    """Train the model of a spec on the data that it names.

    Ctrl-C ends training after the step under way and saves what was learned so far; a second Ctrl-C ends at
    once. What was stopped, killed or cut off goes on with --resume RUN, to the same weights as if it had not
    been. Exit status: 0 trained, 1 with errors or when the loss became NaN, 2 for wrong usage or a file that
    can't be opened, 130 after Ctrl-C, 143 after SIGTERM, 75 when another process of its job was lost.
    """
    from ..checked import SpecError, compile_file
    from ..runtime.distribution import follower
    from ..runtime.launching import PEER
    from ..runtime.run import RunError
    from ..training import as_trained, train
    from ..training import resume as resumed

    if resume is not None and (run_dir is not None or settings or epochs is not None or weights is not None):
        raise click.UsageError("--resume goes on as it was: leave out --run-dir, --set, --epochs and --weights")
    if resume is not None and (fold is not None or folds):
        raise click.UsageError("--resume goes on with what is in its folder: leave out --fold and --folds")
    if begin_with is not None and (resume is not None or weights is not None or folds):
        raise click.UsageError("--from takes the weights of a run: leave out --resume, --weights and --folds")
    if spec is None and resume is None:
        raise click.UsageError("Missing argument 'SPEC'.")
    if resume is not None:
        from .folds import go_on, of_folds

        if of_folds(resume):
            if json_log:
                raise click.UsageError("--json-log tells of a single run: leave it out, or go on fold by fold")
            go_on(resume, spec)
            return
    if epochs is not None:
        settings = (*settings, f"training.epochs={epochs}")
    if spec is not None and (fold is not None or folds):
        from .folds import chosen, train_all

        if folds and json_log:
            raise click.UsageError("--json-log tells of a single run: leave out --folds, and train fold by fold")
        if folds:
            train_all(spec, settings, run_dir, weights, fold)
            return
        settings = chosen(spec, settings, fold)
    show = None
    if json_log:
        from ..runtime.progress import events

        show = events()
    with files():
        checked = None if spec is None else compile_file(spec, settings).asked()
        if checked is not None:
            if checked.errors or not follower():
                say(checked.diagnostics, "full", err=True)
            if checked.errors:
                raise SystemExit(1)
        try:
            if resume is not None:
                run = resumed(resume, spec=checked, report=True, show=show)
            else:
                assert checked is not None
                run = train(checked, run_dir=run_dir, weights=weights, show=show, report=True, begin_with=begin_with)
        except SpecError as error:
            if show is not None:
                for one in error.diagnostics:
                    show.event("error", {"code": one.finding.code, "message": one.finding.message})
            say(error.diagnostics, "full", err=True)
            raise SystemExit(PEER if any(one.code == "E433" for one in error.diagnostics) else 1) from error
        except RunError as error:
            refuse(str(error))
        except KeyboardInterrupt:
            click.echo("interrupted: nothing was learned yet", err=True)
            raise SystemExit(INTERRUPTED + signal.SIGINT) from None
    if show is not None:
        ended = {"status": run.status, "epochs": run.epochs, "seconds": run.seconds}
        show.event("end", {**ended, "folder": str(run.folder), "metrics": run.metrics})
    elif run.folder.is_dir():  # of several processes the first has it, and tells
        _print(run)
    if run.status == "diverged":
        checked = checked or as_trained(run.folder)
        say([checked.locate(one) for one in run.findings], "full", err=True)
        raise SystemExit(DIVERGED)
    if run.status == "interrupted":
        raise SystemExit(INTERRUPTED + (run.signal or signal.SIGINT))


def _print(run: Run) -> None:
    """What came out, for people."""
    for part, metrics in run.metrics.items():
        if metrics:
            click.echo(f"{part:<10}  " + "  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    click.echo(f"{run.status} after {run.epochs} epoch{'' if run.epochs == 1 else 's'}; all of it is in {run.folder}")

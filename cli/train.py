"""The verb train."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

DIVERGED = 1
INTERRUPTED = 128
"""Added to the number of the signal, as shells do: 130 for Ctrl-C."""


@click.command(name="train")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--run-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where to; else a new folder in runs/.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value: training.epochs=3.")
@click.option("--epochs", type=click.IntRange(min=1), help="Short for --set training.epochs=N.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="Begin with the weights of a .weights.h5 file, as `import` writes one.",
)
@allow_plugin
def command(
    spec: Path, run_dir: Path | None, settings: tuple[str, ...], epochs: int | None, weights: Path | None
) -> None:
    """Train the model of a spec on the data that it names.

    Ctrl-C ends training after the step under way and saves what was learned so far; a second Ctrl-C ends at
    once. Exit status: 0 trained, 1 with errors or when the loss became NaN, 2 for wrong usage or a file that
    can't be opened, 130 after Ctrl-C.
    """
    from ..checked import SpecError, compile_file
    from ..runtime.run import RunError
    from ..training import train

    if epochs is not None:
        settings = (*settings, f"training.epochs={epochs}")
    with files():
        checked = compile_file(spec, settings).asked()
        say(checked.diagnostics, "full", err=True)
        if checked.errors:
            raise SystemExit(1)
        try:
            run = train(checked, run_dir=run_dir, weights=weights)
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
        except KeyboardInterrupt:
            click.echo("interrupted: nothing was learned yet", err=True)
            raise SystemExit(INTERRUPTED + signal.SIGINT) from None
    for part, metrics in run.metrics.items():
        if metrics:
            click.echo(f"{part:<10}  " + "  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
    click.echo(f"{run.status} after {run.epochs} epoch{'' if run.epochs == 1 else 's'}; all of it is in {run.folder}")
    if run.status == "diverged":
        say([checked.locate(one) for one in run.findings], "full", err=True)
        raise SystemExit(DIVERGED)
    if run.status == "interrupted":
        raise SystemExit(INTERRUPTED + (run.signal or signal.SIGINT))

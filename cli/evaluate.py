"""The verb evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE", help="A file as `predict` takes it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@allow_plugin
def command(run: Path, data: Path | None, form: Literal["text", "json"]) -> None:
    """Measure the trained model of a run folder: on the test part of its data, or on a file.

    Exit status: 0 measured, 1 if the data does not fit, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import SpecError
    from ..runtime.run import RunError
    from ..training import evaluate

    with files():
        try:
            found = evaluate(run, data)
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
    if form == "json":
        click.echo(json.dumps({"data": found.data, "rows": found.rows, "metrics": found.metrics}, indent=2))
        return
    click.echo(f"{found.data}: {found.rows} rows")
    width = max(map(len, found.metrics))
    for name, value in found.metrics.items():
        click.echo(f"{name:<{width}}  {value:.6g}")

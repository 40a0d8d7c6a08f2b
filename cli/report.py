"""The verb report."""

from __future__ import annotations

from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--judge", is_flag=True, help="Let the model go through its rows again, even if it has.")
@allow_plugin
def command(run: Path, judge: bool) -> None:
    """Write what training came to as a page to read: RUN/report.html, one file that needs no network.

    It says how well the model does on rows that it has never seen, what it takes for what, and where it is most
    wrong. `train` writes it at its end.

    Exit status: 0 written, 1 if the data is not what it was, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import SpecError
    from ..runtime.run import RunError
    from ..training import report

    with files():
        try:
            page = report(run, judged=judge)
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
    click.echo(f"written: {page}")

"""The verb watch."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .completing import spec_files
from .plugins import allow_plugin
from .printing import files, refuse, say, trouble

if TYPE_CHECKING:
    from ..checked import Checked


@click.command(name="watch")
@click.argument("spec", type=click.Path(path_type=Path), shell_complete=spec_files)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="A picture that is drawn again each time: svg, png, pdf, dot or mmd.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@click.option("--no-clear", is_flag=True, help="Leave on the screen what was said before.")
@allow_plugin
def command(spec: Path, output: Path | None, settings: tuple[str, ...], no_clear: bool) -> None:
    """Check a spec at each save, and draw it again; files that it extends or includes are watched too.

    It ends with Ctrl-C. Exit status: 0 when ended, 2 for wrong usage or a file that can't be opened.
    """
    from ..compiler.draw import DrawError, ending
    from ..watching import states

    if output is not None:
        try:
            ending(output)
        except DrawError as error:
            refuse(str(error))
    try:
        with files():
            for one in states(spec, settings):
                if not no_clear and sys.stdout.isatty():
                    click.clear()
                click.echo(f"{time.strftime('%H:%M:%S')} {spec}")
                if isinstance(one, OSError):
                    click.echo(f"keraspec: {trouble(one)}", err=True)
                else:
                    _told(one, output)
                sys.stdout.flush()
    except KeyboardInterrupt:
        click.echo("")


def _told(checked: Checked, output: Path | None) -> None:
    """What is wrong, or what the model comes to; and the picture."""
    from ..spec.ignored import without_silenced
    from ..spec.report import tally

    found = without_silenced(checked.diagnostics)
    say(found, "full")
    click.echo(("\n" if found else "") + tally(found, 1))
    typed = checked.typed
    if typed is None or not typed.graph.nodes:
        return
    if not checked.errors:
        from ..compiler.show import summarise

        totals = summarise(typed, 1).totals
        params = totals.params
        click.echo(f"{len(typed.graph.nodes)} layers and inputs, {params:,} parameters" if isinstance(params, int)
                   else f"{len(typed.graph.nodes)} layers and inputs")  # fmt: skip
    if output is not None:
        from ..compiler.draw import DrawError, render

        try:
            render(typed, output, "auto")
        except DrawError as error:
            click.echo(f"keraspec: {error}", err=True)
        else:
            click.echo(f"{output} drawn")

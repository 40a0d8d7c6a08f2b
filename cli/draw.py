"""The verb draw."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="draw")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to draw into; its ending says the format: svg, png, pdf, dot or mmd.",
)
@click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark"]),
    default="auto",
    show_default=True,
    help="Colours for light or for dark pages; auto: an SVG follows its reader, everything else is light.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(spec: Path, output: Path, theme: Literal["auto", "light", "dark"], settings: tuple[str, ...]) -> None:
    """Draw a spec's network: its layers with what matters of them, and the shapes between.

    A spec with errors is drawn as far as it is understood, with ? for shapes that can't be known.

    Exit status: 0 without errors, 1 with errors, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import compile_file
    from ..compiler.draw import DrawError, ending, render
    from ..compiler.draw_mermaid import too_large_for_github

    try:
        ending(output)  # before any work is done
    except DrawError as error:
        refuse(str(error))
    with files():
        checked = compile_file(spec, settings).asked()
    if checked.errors:
        say(checked.diagnostics, "full", err=True)
    if checked.typed is None or not checked.typed.graph.nodes:
        raise SystemExit(1)
    try:
        with files():
            render(checked.typed, output, theme)
    except DrawError as error:
        refuse(str(error))
    if output.suffix.lower() == ".mmd" and too_large_for_github(output.read_text("utf-8")):
        click.echo(
            f"keraspec: {output}: GitHub does not draw a Mermaid text of this size; an SVG has no limit", err=True
        )
    if checked.errors:
        raise SystemExit(1)

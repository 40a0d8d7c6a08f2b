"""The verb draw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..compiler.drawing.folding import Folded


@click.command(name="draw")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to draw into; its ending says the format: svg, png, pdf, html, dot or mmd.",
)
@click.option(
    "--theme",
    type=click.Choice(["auto", "light", "dark", "paper"]),
    default="auto",
    show_default=True,
    help="Colours for light or for dark pages, or black on white for print; auto: an SVG follows its reader, "
    "everything else is light.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    help="How many blocks inside one another are opened: 0 for none. Left out: as many as can be read.",
)
@click.option(
    "--expand",
    multiple=True,
    metavar="NAME",
    help="Open this block, or all that a pattern means (stage.2, 'stage.*'); may be given several times.",
)
@click.option("--whole", is_flag=True, help="Every layer by itself: no block closed, nothing that repeats joined.")
@click.option(
    "--heat", type=click.Choice(["params", "flops", "bytes"]), help="Colour layers by what they cost, with a legend."
)
@click.option(
    "--direction",
    type=click.Choice(["TB", "LR"], case_sensitive=False),
    default="TB",
    show_default=True,
    help="From the top to the bottom, or from left to right.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(
    spec: Path,
    output: Path,
    theme: Literal["auto", "light", "dark", "paper"],
    depth: int | None,
    expand: tuple[str, ...],
    whole: bool,
    heat: Literal["params", "flops", "bytes"] | None,
    direction: Literal["TB", "LR"],
    settings: tuple[str, ...],
) -> None:
    """Draw a spec's network: its layers with what matters of them, and the shapes between.

    A large network is drawn with its blocks closed, each saying what is in it, and what repeats is drawn once; a page
    of HTML opens and closes them. A spec with errors is drawn as far as it is understood, with ? for shapes that can't
    be known.

    Exit status: 0 without errors, 1 with errors, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import compile_file
    from ..compiler.draw import DrawError, Look, ending, render
    from ..compiler.draw_mermaid import too_large_for_github

    if whole and (depth is not None or expand):
        refuse("`--whole` draws every layer, so that there is nothing to open: leave `--depth` and `--expand` out")
    try:
        form = ending(output)  # before any work is done
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
            folded = render(checked.typed, output, theme, Look(depth, expand, whole, heat, direction))
    except DrawError as error:
        refuse(str(error))
    for one in folded.unknown:
        click.echo(f"keraspec: --expand {one}: no block is called so{_near(one, folded)}", err=True)
    if form != ".html" and folded.closed:
        click.echo(f"keraspec: {output}: {_closed(folded)}", err=True)
    if form == ".mmd" and too_large_for_github(output.read_text("utf-8")):
        click.echo(
            f"keraspec: {output}: GitHub does not draw a Mermaid text of this size; an SVG has no limit", err=True
        )
    if checked.errors:
        raise SystemExit(1)


def _closed(folded: Folded) -> str:
    """What was left closed, and how to open it."""
    count = len(folded.closed)
    what = "1 block is" if count == 1 else f"{count} blocks are"
    ways = []
    if folded.named:
        ways.append(f"`--expand {folded.named[0]}` opens one")
    if folded.depth < folded.deepest:
        ways.append(f"`--depth {folded.deepest}` all")
    return f"{what} closed; {', '.join([*ways, '`--whole` draws every layer'])}, and a page (.html) opens them by hand"


def _near(name: str, folded: Folded) -> str:
    from ..spec.words import closest

    near = closest(name, folded.names)
    return f"; did you mean {near}?" if near else ""

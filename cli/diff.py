"""The verb diff."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..comparing import Comparison

FORMATS: Final = ("text", "json", "markdown", "svg", "png", "pdf")
ENDINGS: Final = {".txt": "text", ".json": "json", ".md": "markdown", ".svg": "svg", ".png": "png", ".pdf": "pdf"}
PICTURES: Final = ("png", "pdf")
DIFFERENT: Final = 1
PIPED_WIDTH: Final = 10_000


@click.command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "--format", "form", type=click.Choice(FORMATS),
    help="What to write; left out: as the ending of --output says, else text.",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write to.")
@click.option(
    "--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", show_default=True,
    help="Colours of a picture for light or for dark pages; auto: an SVG follows its reader.",
)  # fmt: skip
@click.option("--whole", is_flag=True, help="In a picture every layer by itself, also those that did not change.")
@allow_plugin
def command(
    old: str, new: str, form: str | None, output: Path | None, theme: Literal["auto", "light", "dark"], whole: bool
) -> None:
    """Say what two specs differ in, by meaning: layers, shapes, parameters, cost, data, training, and which trained
    weights still fit.

    OLD and NEW are paths, or REV:PATH of git: HEAD~2:specs/digits.keraspec.toml; :PATH is what is staged.

    Exit status: 0 the same, however it is written; 1 different; 2 wrong usage, or a file that can't be read.
    """
    form = form or ENDINGS.get(output.suffix.lower() if output is not None else ".txt")
    if form is None:
        refuse(f"{output}: its ending says no format; give one: --format {', '.join(FORMATS)}")
    if form in PICTURES and output is None and sys.stdout.isatty():
        refuse(f"a {form} is no text for a terminal: give a file, -o changes.{form}")
    found = compared(old, new)
    write(found, form, output, theme, whole=whole)
    raise SystemExit(0 if found.same else DIFFERENT)


def compared(old: str, new: str, labels: tuple[str, str] | None = None) -> Comparison:
    """Two specs side by side; trouble with one of them ends with exit status 2."""
    from ..checked import SpecError
    from ..comparing import compare, loaded
    from ..revisions import RevisionError

    with files():
        try:
            sides = loaded(old), loaded(new)
            return compare(*sides, labels or (old, new))
        except RevisionError as error:
            refuse(str(error))
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(2) from error


def write(
    found: Comparison, form: str, output: Path | None, theme: Literal["auto", "light", "dark"], *, whole: bool = False
) -> None:
    """Write a comparison to a file, or where output goes."""
    from ..compiler.draw import DrawError
    from ..compiler.render import write as write_file

    if form == "text" and output is None:
        click.echo(_text(found), nl=False, color=True)
        return
    try:
        content = found.form(form, theme, whole=whole)
        with files():
            if output is not None:
                write_file(output, content)
            else:
                click.echo(content, nl=False)
    except DrawError as error:
        refuse(str(error))


def _text(found: Comparison) -> str:
    """The text, with colours where it is for a terminal."""
    from rich.console import Console

    from ..compiler.diff.text import text

    terminal = sys.stdout.isatty()
    wanted = (terminal or bool(os.environ.get("FORCE_COLOR"))) and not os.environ.get("NO_COLOR")
    if not wanted:
        return found.text
    console = Console(file=sys.stdout, force_terminal=True, width=None if terminal else PIPED_WIDTH, highlight=False)
    with console.capture() as captured:
        console.print(text(found.changes), soft_wrap=True, end="")
    return captured.get()

"""The verb export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ..runtime.exporting import FORMATS
from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..runtime.export import Export


HELP: Final = "\n".join(
    (
        "Write the trained model of a run folder for use elsewhere.",
        "",
        "\b",
        *(f"{one.name:<11} {one.summary}" for one in FORMATS),
        "",
        "What was written is read back and compared with the model in numbers; only then it is put in its place.",
        "",
        "Exit status: 0 written, 1 if the format can't carry the model, 2 for wrong usage or a file that can't be "
        "opened.",
    )
)


@click.command(name="export", help=HELP)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice([one.name for one in FORMATS]),
    help="What to write; see above.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The file, or the folder for savedmodel; else in the run folder, below export/.",
)
@allow_plugin
def command(run: Path, form: str, output: Path | None) -> None:
    """Write the trained model of a run folder in one of the formats."""
    from ..checked import SpecError
    from ..runtime.run import RunError
    from ..training import export

    with files():
        try:
            made = export(run, form, output)
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
    click.echo(f"{made.path} written{f': {made.remark}' if made.remark else ''}")
    click.echo(compared(made))


def compared(made: Export) -> str:
    """What reading the file back has shown, as a line."""
    if not made.rows:
        return f"read back: the same configuration, {made.params:,} parameters"
    kind = "rows of the data" if made.real else "rows drawn at random"
    if not made.difference:
        return f"read back: on {made.rows} {kind} it gives the same numbers to the last bit"
    return (
        f"read back: on {made.rows} {kind} its numbers differ by at most {made.difference:.2g} "
        f"(allowed: {made.allowed:g} of the largest)"
    )

"""The verb data."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..runtime.looked_at import Looked

PIPED_WIDTH: Final = 10_000
"""Columns where there is no terminal: nothing is broken or cut off."""
ENDINGS: Final = (".html", ".png")


@click.command(name="data")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--rows", type=click.IntRange(min=1, max=1024), default=8, show_default=True, help="Rows of the batch.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write all of it as a page (.html), or the pictures alone (.png).",
)
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(spec: Path, rows: int, out: Path | None, as_json: bool, settings: tuple[str, ...]) -> None:
    """Show the data of a spec as the model will see it, and say what looks odd.

    Statistics are over all rows of a column; the batch is the first that training takes. Exit status: 0 where
    nothing looks odd, 1 with errors or where something does, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import compile_file
    from ..compiler.render import write
    from ..runtime.looked_at import look
    from ..spec.problem import Problem

    if out is not None and out.suffix.lower() not in ENDINGS:
        refuse(f"{out}: its name must end in {' or '.join(ENDINGS)}")
    with files():
        checked = compile_file(spec, settings).asked()
        if checked.errors or checked.typed is None:
            say(checked.diagnostics, "full", err=True)
            raise SystemExit(1)
        try:
            looked = look(checked.typed, checked.path.parent, rows)
        except Problem as problem:
            say([checked.locate(one) for one in problem.findings], "full", err=True)
            raise SystemExit(1) from None
        if as_json:
            click.echo(json.dumps(_plain(looked.to_json()), indent=2, ensure_ascii=False, allow_nan=False))
        else:
            _print(looked)
        if out is not None:
            content = _content(looked, checked.typed.graph.name, out)
            write(out, content)
            click.echo(f"written: {out}", err=as_json)
    if looked.findings:
        say([checked.locate(one) for one in looked.findings], "full", err=True)
    if looked.findings or looked.suspicions:
        raise SystemExit(1)


def _content(looked: Looked, name: str, out: Path) -> bytes:
    if out.suffix.lower() == ".html":
        from ..runtime.data_page import page

        return page(looked, f"Data of {name}").encode()
    from ..runtime.contact_sheet import contact_sheet

    pictures = next((one for one in looked.tensors if one.pictures), None)
    if pictures is None:
        refuse(f"{out}: none of the inputs are pictures; a page has all the rest: {out.with_suffix('.html')}")
    labels = next(iter(looked.labels.values()), ()) if pictures.side == "input" else ()
    return contact_sheet(pictures.batch, labels)


def _print(looked: Looked) -> None:
    from rich.console import Console
    from rich.text import Text

    from ..runtime.data_words import COLUMN_HEADS, balance_rows, batch_rows, column_rows, heading, tensor_line

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)
    with console.capture() as captured:
        console.print(Text(heading(looked)))
        for title, columns in looked.columns.items():
            tensor = next((one for one in looked.tensors if f"{one.side} {one.name}" == title), None)
            console.print()
            console.print(Text(title, style="bold"), Text(tensor_line(tensor) if tensor is not None else ""))
            console.print(_table(COLUMN_HEADS, column_rows(columns)))
            if tensor is not None and tensor.pictures:
                console.print(Text("pictures: see them with -o FILE.html or -o FILE.png", style="dim"))
        for balance in looked.balances:
            console.print()
            console.print(Text(f"classes of {balance.output}", style="bold"))
            console.print(_table(*balance_rows(balance)))
        heads, rows = batch_rows(looked)
        if rows:
            console.print()
            console.print(Text("the first rows of training", style="bold"))
            console.print(_table(heads, rows))
        for one in looked.suspicions:
            console.print()
            console.print(
                Text(f"{one.kind} ({one.where}): ", style="bold yellow").append(Text(one.message, style="not bold"))
            )
            console.print(Text(f"  = help: {one.help}", style="default"))
    # Cells are filled up with blanks, which are of no use at the end of a line.
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), color=True)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if index else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _plain(value: Any) -> Any:
    """Numbers that JSON does not have become null."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value

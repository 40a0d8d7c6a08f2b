"""The verb runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .printing import files, refuse

if TYPE_CHECKING:
    from ..runtime.runs import Comparison, Summary

SHORT = 44
"""Characters of a value, at most, where runs stand side by side."""


@click.command(name="runs")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@click.option("--sort", metavar="WHAT", help="A metric (best first), or name, began, status, epochs, seconds.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(folders: tuple[Path, ...], sort: str | None, as_json: bool) -> None:
    """List the runs in a folder (`runs` below the working directory if none is named), or compare several.

    With one folder, its runs are listed, the last begun first: name, when, how it ended, epochs, and what was
    measured on the test part (or the validation part where there is none). With two or more run folders they stand
    side by side: what differed in their specs, in versions and machines, and what came out.

    Exit status: 0 done, 2 for wrong usage or a folder that can't be read.
    """
    from ..runtime.run import RunError
    from ..runtime.runs import compare, runs_in

    with files():
        try:
            if len(folders) > 1:
                if sort is not None:
                    refuse("--sort is for a list of runs: name one folder")
                both = compare(folders)
                click.echo(json.dumps(both.table(), indent=2) if as_json else _side_by_side(both))
                return
            found = runs_in(folders[0] if folders else Path("runs"), sort)
        except RunError as error:
            refuse(str(error))
    if as_json:
        click.echo(json.dumps([one.table() for one in found], indent=2))
    elif found:
        click.echo(_list(found))
    else:
        click.echo(f"there are no runs in {folders[0] if folders else 'runs'}")


def _list(found: Sequence[Summary]) -> str:
    names = list(dict.fromkeys(name for one in found for name in one.metrics))
    rows = [["run", "name", "began", "status", "epochs", "measured on", *names]]
    for one in found:
        values = [_number(one.metrics.get(name)) for name in names]
        epochs = "" if one.epochs is None else str(one.epochs)
        rows.append([one.folder.name, one.name, _when(one.began), one.status, epochs, one.part or "", *values])
    return _table(rows, right=(4, *range(6, 6 + len(names))))


def _side_by_side(both: Comparison) -> str:
    head = ["", *(str(one.folder) for one in both.runs)]
    parts = []
    for title, differences in (("what differed in the spec", both.spec), ("what else differed", both.surroundings)):
        if differences:
            rows = [[one.path, *("-" if value is None else value for value in one.values)] for one in differences]
            parts.append(f"{title}\n{_table([head, *rows])}")
    if not both.spec:
        parts.insert(0, "the specs are the same")
    facts = [
        ["status", *(one.status for one in both.runs)],
        ["epochs", *("" if one.epochs is None else str(one.epochs) for one in both.runs)],
        ["seconds", *("" if one.seconds is None else f"{one.seconds:.1f}" for one in both.runs)],
    ]
    metrics = [[name, *(_number(value) for value in values)] for name, values in both.metrics.items()]
    parts.append(f"what came out\n{_table([head, *facts, *metrics])}")
    return "\n\n".join(parts)


def _table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Columns one below the other, two spaces apart."""
    short = [[cell if len(cell) <= SHORT else cell[: SHORT - 1] + "…" for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in short) for index in range(len(short[0]))]
    lines = (
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in short
    )
    return "\n".join(line.rstrip() for line in lines)


def _number(value: float | None) -> str:
    from ..runtime.progress import number

    return "" if value is None else number(value)


def _when(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return text

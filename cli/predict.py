"""The verb predict."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

STRETCHES: Final = 4
"""So many stretches of rows are named."""


@click.command(name="predict")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="A .csv, .jsonl, .json, .parquet or .npz file.",
)
@allow_plugin
def command(run: Path, data: Path, out: Path | None) -> None:
    """Use the trained model of a run folder on a file: CSV, JSON lines, Parquet, NPZ, NPY, IDX or TFRecord.

    A model that was trained with a folder of pictures, sounds or texts takes such a folder, or one such file. INPUT
    may also be a spec: then it is the rows of its source, whatever kind that is of.
    INPUT has the columns of the model's inputs; those of its targets need not be there. Printed as CSV, or written to
    OUT (the endings of text may be followed by .gz), is a table with a row for each of INPUT: the prediction, by the
    class's name where labels were words, and the probability of each class. Where the spec says `missing = "drop"`,
    rows with a missing value have an empty prediction, and so have those before which too few rows come to fill a
    window. Batch after batch is written, so that OUT may be larger than
    memory; it appears whole or not at all.

    Exit status: 0 done, 1 if the data does not fit, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import SpecError
    from ..runtime.progress import passes
    from ..runtime.run import RunError
    from ..training import predict, printed

    with files():
        try:
            show = passes()
            made = printed(run, data, sys.stdout, show=show) if out is None else predict(run, data, out, show=show)
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
    short = sum(map(len, made.short))
    if short:
        why = f"too few rows come before to fill a window ({_rows(made.short)})"
        click.echo(f"keraspec: {_without(short)}: {why}", err=True)
    if made.skipped:
        count = len(made.skipped)
        many = "1 row can't be read and has" if count == 1 else f"{count} rows can't be read and have"
        click.echo(f"keraspec: {many} no prediction; the first: {made.skipped[0]}", err=True)
    if left := made.count - made.predicted - short - made.unread:
        click.echo(f"keraspec: {_without(left)}: a value is missing there", err=True)
    if out is not None:
        click.echo(f"{made.predicted} predictions written to {out}")


def _without(count: int) -> str:
    return "1 row has no prediction" if count == 1 else f"{count} rows have no prediction"


def _rows(stretches: Sequence[range]) -> str:
    """Which rows these are, counted from 1; of many stretches the first."""
    said = [f"{one[0] + 1} to {one[-1] + 1}" if len(one) > 1 else f"{one[0] + 1}" for one in stretches[:STRETCHES]]
    more = f", and {len(stretches) - STRETCHES} more such stretches" if len(stretches) > STRETCHES else ""
    word = "row" if len(stretches) == 1 and len(stretches[0]) == 1 else "rows"
    return f"{word} {', '.join(said)}{more}"

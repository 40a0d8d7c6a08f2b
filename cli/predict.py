"""The verb predict."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


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
    rows with a missing value have an empty prediction. Batch after batch is written, so that OUT may be larger than
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
    left = made.count - made.predicted
    if left:
        rows = "1 row has" if left == 1 else f"{left} rows have"
        click.echo(f"keraspec: {rows} no prediction: a value is missing there", err=True)
    if out is not None:
        click.echo(f"{made.predicted} predictions written to {out}")

"""The verb evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..runtime.judged import Judgement

SHOWN = 12
"""A table of more classes than this is not printed; the folder has it."""


@click.command(name="evaluate")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data", metavar="[INPUT]", required=False, type=click.Path(path_type=Path))
@click.option("--data", "named", type=click.Path(path_type=Path), metavar="FILE", help="INPUT, by name.")
@click.option("--part", type=click.Choice(["train", "validation", "test"]), help="Of the data it was trained with.")
@click.option(
    "--confusion",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write there what is taken for what: tables and a picture.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
@allow_plugin
def command(
    run: Path,
    data: Path | None,
    named: Path | None,
    part: str | None,
    confusion: Path | None,
    form: Literal["text", "json"],
) -> None:
    """Measure the trained model of a run folder: on the test part of its data, or on other rows.

    INPUT is what `predict` takes, with the targets: a file, a folder of the kind trained on, or a spec, which means the
    rows of its source. Without it, the model is measured on the test part of the data that it was trained with; on the
    validation part where there is none, or else on the rows of training.

    Exit status: 0 measured, 1 if the data does not fit, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import SpecError
    from ..runtime.progress import passes
    from ..runtime.run import RunError
    from ..training import evaluate

    if data is not None and named is not None:
        raise click.UsageError(f"the data is named twice: leave out {data}, or `--data {named}`")
    data = data if named is None else named
    with files():
        try:
            found = evaluate(run, data, part=part, confusion=confusion, show=passes())
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
    if form == "json":
        table: dict[str, Any] = {"data": found.data, "rows": found.rows, "metrics": found.metrics}
        if found.judgement is not None:
            from ..runtime.reporting import table as judged

            table["outputs"] = judged(found.judgement)["outputs"]
        click.echo(json.dumps(table, indent=2))
        return
    click.echo(f"{found.data}: {found.rows} rows")
    width = max(map(len, found.metrics))
    for name, value in found.metrics.items():
        click.echo(f"{name:<{width}}  {value:.6g}")
    if found.judgement is not None:
        _classes(found.judgement)
        click.echo(f"what is taken for what: {confusion}")


def _classes(judgement: Judgement) -> None:
    """Precision, recall and F1 of each class, where they fit on a page."""
    for verdict in judgement.verdicts:
        rows = verdict.rows()
        if not rows or len(rows) > SHOWN:
            continue
        width = max(len("class"), *(len(row.name) for row in rows))
        of = f"{verdict.name}: " if len(judgement.verdicts) > 1 else ""
        click.echo(f"\n{of}{'class':<{width}}  precision  recall      f1   count")
        for row in rows:
            shares = (f"{'' if one is None else f'{one:.4f}'}" for one in (row.precision, row.recall, row.f1))
            precision, recall, f1 = shares
            click.echo(f"{' ' * len(of)}{row.name:<{width}}  {precision:>9}  {recall:>6}  {f1:>6}  {row.count:>6}")

"""The verb show."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from .plugins import allow_plugin
from .printing import files, say

if TYPE_CHECKING:
    from rich.table import Table

    from ..compiler.show import Summary
    from ..compiler.sizes import Size
    from ..compiler.tensor import TensorType

BYTE_UNITS: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
FLOP_UNITS: Final = ("FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs")
PIPED_WIDTH: Final = 10_000
"""Columns where there is no terminal: nothing is broken or cut off."""


@click.command(name="show")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--batch-size", type=click.IntRange(min=1), help="Samples in a batch, for the cost; else the spec's own.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people, or for programs.",
)
@click.option("--inside", is_flag=True, help="List the layers inside applications, too.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(
    spec: Path, batch_size: int | None, form: Literal["table", "json"], inside: bool, settings: tuple[str, ...]
) -> None:
    """Print the layers of a spec, what they count, and what training will hold in memory.

    Exit status: 0 without errors, 1 with errors, 2 for wrong usage or a file that can't be opened.
    """
    from ..checked import compile_file
    from ..compiler.show import summarise

    with files():
        checked = compile_file(spec, settings).asked()
    if checked.errors or checked.typed is None:
        say(checked.diagnostics, "full", err=True)
        raise SystemExit(1)
    summary = summarise(checked.typed, batch_size)
    if form == "json":
        # The cost depends on the batch: it is told where one was asked for.
        extra = {} if batch_size is None else {"cost": summary.cost_json()}
        click.echo(json.dumps({**summary.to_json(inside), **extra}, indent=2))
    else:
        _print(summary, inside)


def _print(summary: Summary, inside: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)
    with console.capture() as captured:
        console.print(Text(summary.name, style="bold"))
        console.print(_table(summary, inside))
        for line in totals(summary):
            console.print(Text(line))
    # Cells are filled up with blanks, which are of no use at the end of a line.
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()), color=True)


def _table(summary: Summary, inside: bool) -> Table:
    """One row a layer; where tensors come from is told only if it is not simply from the row above.

    Behind an application the layers ``inside`` it, if they are asked for, in paler letters: they are in its sums.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    branched = _branched(summary) or (inside and any(row.inside for row in summary.layers))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("layer", overflow="fold")
    table.add_column("type", overflow="fold")
    if branched:
        table.add_column("from", overflow="fold")
    table.add_column("output", overflow="fold")
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("FLOPs", justify="right", no_wrap=True)
    for one in summary.inputs:
        cells = [one.name, "input", *([""] if branched else []), _type(one.tensor), "", ""]
        table.add_row(*map(Text, cells), style="dim")
    rows = [(one, one is not row) for row in summary.layers for one in (row, *(row.inside if inside else ()))]
    for row, inner in rows:
        outputs = "?" if row.outputs is None else "\n".join(map(_type, row.outputs))
        params = f"those of {row.shared}" if row.shared else _digits(row.params)
        cells = [row.name, row.type, *(["\n".join(row.inputs)] if branched else []), outputs, params]
        table.add_row(*map(Text, [*cells, _digits(row.flops)]), style="dim" if inner else None)
    return table


def _branched(summary: Summary) -> bool:
    """Whether any layer takes something else than the output of the row above it."""
    above = [summary.inputs[-1].name if len(summary.inputs) == 1 else ""]
    for row in summary.layers:
        if row.inputs != tuple(above[-1:]):
            return True
        above.append(row.name)
    return False


def totals(summary: Summary) -> list[str]:
    """What stands below the table: names in one column, numbers in the next."""
    cost, total = summary.cost, summary.totals
    pairs = [
        ("parameters", _digits(total.params)),
        ("  of them trained", _digits(total.trainable_params)),
        ("FLOPs for one sample", _units(total.flops, FLOP_UNITS, 1000)),
        (f"memory for batches of {cost.batch_size:,}", ""),
        ("  weights", _units(cost.weights, BYTE_UNITS, 1024)),
        ("  activations", _units(cost.activations, BYTE_UNITS, 1024)),
    ]
    if cost.optimizer_name is not None:
        pairs.append((f"  state of {cost.optimizer_name}", _units(cost.optimizer, BYTE_UNITS, 1024)))
    width = max(len(name) for name, _ in pairs)
    return [f"{name:<{width}}  {number}".rstrip() for name, number in pairs]


def _type(tensor: TensorType | None) -> str:
    """A tensor's shape, and its dtype where it is not float32."""
    from ..compiler.tensor import shape_text

    if tensor is None:
        return "?"
    return shape_text(tensor.shape) + ("" if tensor.dtype == "float32" else f" {tensor.dtype}")


def _digits(size: Size | None) -> str:
    if size is None:
        return "?"
    return f"{size:,}" if isinstance(size, int) else str(size)


def _units(size: Size | None, units: tuple[str, ...], step: int) -> str:
    """A size with the unit that leaves few digits; one that depends on words in the smallest unit."""
    if not isinstance(size, int):
        return "?" if size is None else f"{size} {units[0]}"
    value, unit = float(size), 0
    # 999.95 would be written as 1,000.0 of the smaller unit.
    while value >= step - 0.05 and unit + 1 < len(units):
        value, unit = value / step, unit + 1
    return f"{size:,} {units[0]}" if unit == 0 else f"{value:,.1f} {units[unit]}"

"""The verb insert."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from .completing import layer_names, type_names
from .editing import edit_options, entry_of, make, spec_argument
from .printing import refuse


@click.command(name="insert")
@spec_argument
@click.argument("what", metavar="TYPE", shell_complete=type_names)
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--before", metavar="LAYER", shell_complete=layer_names, help="The layer that it stands before.")
@click.option("--after", metavar="LAYER", shell_complete=layer_names, help="The layer that it stands after.")
@click.option(
    "--input", "taking", metavar="REFERENCE", help="With --before: which of its inputs, where it has several."
)
@click.option("--name", help="What the new layer is called.")
@edit_options
def command(
    spec: Path,
    what: str,
    arguments: tuple[str, ...],
    before: str | None,
    after: str | None,
    taking: str | None,
    name: str | None,
    force: bool,
    diff: bool,
) -> None:
    """Insert a layer before or after another, into the way that its tensors take.

    \b
    keraspec insert digits.keraspec.toml BatchNormalization --after conv1
    keraspec insert digits.keraspec.toml Dropout rate=0.3 --before digit

    What took the layer before it takes the new one. TYPE may be block:NAME or reuse:NAME; LAYER a name, a type that is
    there once, a number from 0 on, or blocks.BLOCK.LAYER. Nothing is written where the spec would have errors that it
    had not before.

    Exit status: 0 written, 1 if there would be more errors (with --diff, if something would change), 2 for trouble.
    """
    from ..spec.editing_layers import insert_layer

    if (before is None) == (after is None):
        refuse("say where: --before LAYER or --after LAYER")
    if taking is not None and before is None:
        refuse("--input goes with --before")
    entry = entry_of(what, arguments, name)
    if before is not None:
        edit = partial(insert_layer, entry=entry, where="before", other=before, taking=taking)
    else:
        edit = partial(insert_layer, entry=entry, where="after", other=after or "")
    make(spec, [edit], force=force, diff=diff)

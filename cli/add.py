"""The verb add."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from .completing import type_names
from .editing import edit_options, entry_of, make, spec_argument


@click.command(name="add")
@spec_argument
@click.argument("what", metavar="TYPE", shell_complete=type_names)
@click.argument("arguments", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--to", default="layers", show_default=True, help="The list: layers, training.callbacks, blocks.NAME.layers."
)
@click.option("--name", help="What the new entry is called.")
@edit_options
def command(
    spec: Path, what: str, arguments: tuple[str, ...], to: str, name: str | None, force: bool, diff: bool
) -> None:
    """Add a layer behind the last one, or an entry to another list.

    \b
    keraspec add digits.keraspec.toml Dense units=10 activation=softmax --name digit
    keraspec add digits.keraspec.toml EarlyStopping patience=3 --to training.callbacks

    TYPE may be block:NAME or reuse:NAME. Nothing is written where the spec would have errors that it had not before.

    Exit status: 0 written, 1 if there would be more errors (with --diff, if something would change), 2 for trouble.
    """
    from ..spec.editing_layers import add_entry

    entry = entry_of(what, arguments, name)
    make(spec, [partial(add_entry, into=to.split("."), entry=entry)], force=force, diff=diff)

"""The verb rename."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from .completing import layer_names
from .editing import edit_options, make, spec_argument


@click.command(name="rename")
@spec_argument
@click.argument("old", shell_complete=layer_names)
@click.argument("new")
@edit_options
def command(spec: Path, old: str, new: str, force: bool, diff: bool) -> None:
    """Give a layer, an input, an output, a block or a parameter another name.

    \b
    keraspec rename digits.keraspec.toml conv1 stem
    keraspec rename resnet.keraspec.toml blocks.unit cell

    All that refers to it follows: inputs, outputs, data, losses, what is frozen or watched, promises. Specs that extend
    or include this one are named, and not changed. Nothing is written where the spec would have errors that it had not
    before.

    Exit status: 0 written, 1 if there would be more errors (with --diff, if something would change), 2 for trouble.
    """
    from ..spec.editing_names import rename

    make(spec, [partial(rename, old=old, new=new)], force=force, diff=diff)

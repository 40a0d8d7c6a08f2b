"""The verb remove."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .completing import layer_names
from .editing import edit_options, make, spec_argument

if TYPE_CHECKING:
    from ..editing import Edit


@click.command(name="remove")
@spec_argument
@click.argument("what", nargs=-1, required=True, metavar="LAYER|KEY...", shell_complete=layer_names)
@edit_options
def command(spec: Path, what: tuple[str, ...], force: bool, diff: bool) -> None:
    """Remove layers, or keys, tables and entries of lists.

    \b
    keraspec remove digits.keraspec.toml dropout
    keraspec remove digits.keraspec.toml training.callbacks.EarlyStopping training.jit_compile

    What took a layer takes what that layer took. Nothing is written where the spec would have errors that it had not
    before.

    Exit status: 0 written, 1 if there would be more errors (with --diff, if something would change), 2 for trouble.
    """
    from ..spec.editing import removed

    edits: list[Edit] = [partial(removed, way=one) for one in what]
    make(spec, edits, force=force, diff=diff)

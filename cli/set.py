"""The verb set."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .completing import setting_paths
from .editing import edit_options, make, spec_argument
from .printing import files

if TYPE_CHECKING:
    from ..editing import Edit


@click.command(name="set")
@spec_argument
@click.argument("settings", nargs=-1, required=True, metavar="KEY=VALUE...", shell_complete=setting_paths)
@edit_options
def command(spec: Path, settings: tuple[str, ...], force: bool, diff: bool) -> None:
    """Set values in the text of a spec.

    \b
    keraspec set digits.keraspec.toml training.epochs=30 layers.conv1.filters=64

    Paths and values are those of --set: layers are found by their name, and what is no TOML value is text. Comments
    and layout of all the rest stay. Nothing is written where the spec would have errors that it had not before.

    Exit status: 0 written, 1 if there would be more errors (with --diff, if something would change), 2 for trouble.
    """
    from ..spec.editing import set_value
    from ..spec.overlay import setting_value, split_setting

    edits: list[Edit] = []
    with files():
        for one in settings:
            keys, text = split_setting(one)
            edits.append(partial(set_value, keys=keys, value=setting_value(text.strip())))
    make(spec, edits, force=force, diff=diff)

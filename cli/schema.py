"""The verb schema."""

from __future__ import annotations

import sys
from importlib.resources import files

import click


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of the language, for editors that complete and check as you type.

    In TOML, the first line `#:schema PATH` names it; in JSON, the key `$schema`.
    """
    # As bytes: the file to the last byte, whatever the terminal's encoding and line ends.
    sys.stdout.buffer.write((files("keraspec.schemas") / "keraspec-1.json").read_bytes())

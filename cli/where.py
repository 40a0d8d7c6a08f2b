"""The verb where."""

from __future__ import annotations

from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse


@click.command(name="where")
@click.argument("spec", type=click.Path(path_type=Path))
@click.argument("value", metavar="layers.NAME.KEY")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(spec: Path, value: str, settings: tuple[str, ...]) -> None:
    """Say where a value comes from: file and line, the instances of blocks that lead there, and what it overrode.

    Values are named as they stand after expansion: layers.stage.0.unit.1.body.filters, training.epochs.
    """
    from ..checked import compile_file
    from ..spec.where import NotThere, described, whence

    with files():
        checked = compile_file(spec, settings)
    if checked.document is None or checked.spec is None:
        refuse(f"{spec}: there is no spec to look into")
    try:
        found = whence(checked.document, value, [one.name for one in checked.spec.entries])
    except NotThere as error:
        refuse(str(error))
    for line in described(found):
        click.echo(line)

"""The verb render."""

from __future__ import annotations

from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="render")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--origins", is_flag=True, help="Say beside each layer and value where it comes from.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(spec: Path, origins: bool, settings: tuple[str, ...]) -> None:
    """Print a spec with parameters, blocks and the files it is made of written out, as TOML.

    What is printed is a spec of the same model. Exit status: 0, 1 where the spec has errors, 2 for wrong usage.
    """
    from ..checked import compile_file
    from ..spec.rendered import rendered

    with files():
        checked = compile_file(spec, settings).asked()
    if not checked.ok:
        say(checked.diagnostics, "full", err=True)
        raise SystemExit(1)
    if checked.document is None:
        refuse(f"{spec}: there is nothing to print")
    click.echo(rendered(checked.document, origins=origins), nl=False)

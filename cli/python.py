"""The verb python."""

from __future__ import annotations

from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, say


@click.command(name="python")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; left out: print it.")
@click.option("--train", "trains", is_flag=True, help="Read the data and train, too.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@allow_plugin
def command(spec: Path, output: Path | None, trains: bool, settings: tuple[str, ...]) -> None:
    """Write a Keras program that builds the same model: blocks as functions, `repeat` as loops.

    It needs Keras, and TensorFlow with --train, but not keraspec. What has no natural form in Python is written out.

    Exit status: 0, 1 where the spec has errors or can't be such a program, 2 for wrong usage.
    """
    import os

    from ..checked import compile_file
    from ..compiler.render import write
    from ..compiler.source.program import program
    from ..spec.problem import Problem

    with files():
        checked = compile_file(spec, settings)
        if checked.typed is None or not checked.ok:
            say(checked.diagnostics, "full", err=True)
            raise SystemExit(1)
        folder = None
        if output is not None:
            folder = Path(os.path.relpath(spec.resolve().parent, output.resolve().parent))
        try:
            text = program(checked.typed, folder, train=trains)
        except Problem as problem:
            say([checked.locate(one) for one in problem.findings], "full", err=True)
            raise SystemExit(1) from None
        if output is None:
            click.echo(text, nl=False)
        else:
            write(output, text.encode())

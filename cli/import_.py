"""The verb import."""

from __future__ import annotations

from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="import")
@click.argument("model", type=click.Path(path_type=Path, exists=True))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="SPEC", help="The spec to write; else it is printed."
)
@click.option("--fold", is_flag=True, help="Write repeated layers as blocks and `repeat`.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the model's weights as well, to a file that ends in .weights.h5; `train` and `build` take it.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@allow_plugin
def command(model: Path, output: Path | None, fold: bool, weights: Path | None, force: bool) -> None:
    """Make a spec of a saved Keras model.

    MODEL is a .keras or .h5 file or the JSON that `model.to_json()` gives, of any Keras since the first, or the
    model.json of TensorFlow.js. It is read as data: nothing in it is run. What a spec can't say is reported, with its
    place.

    Exit status: 0, 1 where the model can't be said in a spec or the spec has findings, 2 for wrong usage or a file
    that can't be opened.
    """
    from ..checked import SpecError
    from ..importing import import_model

    for path in (output, weights):
        if path is not None and path.exists() and path.is_file() and not force:
            refuse(f"{path} is there already; write it elsewhere, or add --force")
    if weights is not None and not weights.name.endswith(".weights.h5"):
        refuse(f"{weights}: the name of a file with weights ends in .weights.h5")
    try:
        with files():
            imported = import_model(model, fold=fold)
            if output is None:
                click.echo(imported.text, nl=False)
            else:
                imported.save(output)
            say(imported.diagnostics, "full", err=True)
            if weights is not None and not imported.checked.errors:
                imported.save_weights(weights)
    except SpecError as error:
        say(error.diagnostics, "full", err=True)
        raise SystemExit(1) from error
    if any(one.code != "W801" for one in imported.diagnostics):
        raise SystemExit(1)

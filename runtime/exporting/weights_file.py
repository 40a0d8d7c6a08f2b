"""Format weights: the weights alone, in HDF5."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .computed import computed

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, path: Path) -> None:
    """Write the weights; the file's name must end in ``.weights.h5``."""
    model.save_weights(path)


def run(path: Path, model: keras.Model, rows: Mapping[str, Any]) -> list[Any]:
    """What a new model of the same configuration makes of the rows with these weights."""
    from .config_file import rebuilt, structure

    again = rebuilt(structure(model))
    again.load_weights(path)
    return computed(again, rows)

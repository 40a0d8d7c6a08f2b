"""Format keras: Keras' own file, without what is needed for training on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .computed import computed

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, path: Path) -> None:
    """Write the model; its name must end in ``.keras``."""
    model.save(path)


def run(path: Path, model: keras.Model, rows: Mapping[str, Any]) -> list[Any]:
    """What the model in the file makes of the rows."""
    from ..saved import open_model

    return computed(open_model(path), rows)

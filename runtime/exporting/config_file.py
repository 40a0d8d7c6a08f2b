"""Format config: the structure alone, as the JSON that Keras reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, path: Path) -> None:
    """Write the configuration, indented for people."""
    path.write_text(structure(model), encoding="utf-8")


def structure(model: keras.Model) -> str:
    """The configuration as indented JSON, without an empty word on how the model was compiled."""
    table = json.loads(model.to_json())
    table.pop("compile_config", None)
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def differs(path: Path, model: keras.Model) -> str | None:
    """What of a model that is made of the file is not as it was; None if all is."""
    again = rebuilt(path.read_text("utf-8"))
    if json.loads(structure(again)) != json.loads(structure(model)):
        return "Keras gives another configuration for the model that it makes of this one"
    was, params = model.count_params(), again.count_params()
    if params != was:
        return f"the model made of it has {params:,} parameters, and the trained one {was:,}"
    return None


def rebuilt(text: str) -> keras.Model:
    """A new model of a configuration, with weights at random."""
    import keras

    from ..saved import custom_objects

    return keras.models.model_from_json(text, custom_objects=custom_objects())

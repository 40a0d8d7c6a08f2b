"""From a saved model to the weights that layers of the same names begin with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.build import Built
from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.naming import covers
from ..spec.problem import Problem
from ..spec.spec import Training, Weights
from ..spec.words import closest, there_are
from .carrying import ENDING, take
from .run import RunError
from .saved import open_model

if TYPE_CHECKING:
    import keras


def begin(built: Built, training: Training, stated: Weights, folder: Path) -> None:
    """Give the layers of a model that ``training.weights`` names those of a saved one; ``folder`` is the spec's.

    Raises:
        Problem: E401 if there is no such file; E803 if it holds no model, lacks a layer, or one has other shapes.
    """
    at: Pointer = (*training.pointer, "weights")
    path = folder / Path(stated.path).expanduser()
    if not path.is_file():
        near = closest(path.name, [one.name for one in path.parent.iterdir()]) if path.parent.is_dir() else None
        way = f'did you mean "{near}"?' if near else "paths are relative to the folder of the spec"
        raise Problem(Finding("E401", f'there is no file "{stated.path}" with weights', (*at, "path"), help=way))
    if path.name.endswith(ENDING):
        if stated.layers:
            message = f'"{stated.path}" has weights without the names of their layers, so none can be picked out of it'
            way = "name the model itself, such as the model.keras of a run; or leave out `layers` to take all"
            raise Problem(Finding("E803", message, (*at, "path"), help=way))
        take(built.model, path)
        return
    try:
        found = {one.name: one for one in open_model(path)._flatten_layers(include_self=False)}
    except RunError as error:
        raise Problem(Finding("E803", str(error), (*at, "path"), help="name the model.keras of a run")) from error
    wanted = {
        name: layer
        for name, layer in built.layers.items()
        if not stated.layers or any(covers(one, name) for one in stated.layers)
    }
    for name, layer in wanted.items():
        if layer.weights:
            _assign(name, layer, found, stated.path, at)


def _assign(name: str, layer: keras.Layer, found: Mapping[str, keras.Layer], path: str, at: Pointer) -> None:
    other = found.get(layer.name) or found.get(name)
    if other is None:
        near = closest(name, found)
        there = f'"{near}" is alike' if near else there_are(found, 12) or "it has no layers"
        message = f'"{path}" has no layer called "{name}"; {there}'
        raise Problem(Finding("E803", message, at, "key", help=_HELP))
    own, given = ([tuple(one.shape) for one in each.weights] for each in (layer, other))
    if own != given:
        message = f'"{name}" has weights of shapes {_text(own)}, and in "{path}" of {_text(given)}'
        raise Problem(Finding("E803", message, at, "key", help=_HELP))
    for variable, value in zip(layer.weights, other.weights, strict=True):
        variable.assign(value)
    if hasattr(layer, "finalize_state"):  # what a Normalization computes with is made of its weights
        layer.finalize_state()


_HELP = "name in `layers` those that are alike in both models, or a file of the same model"


def _text(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "none"

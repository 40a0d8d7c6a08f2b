"""From an application's entry to a keras.Model that also gives the tensors inside that are asked for."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..spec.finding import Finding
from ..spec.problem import Problem
from .catalogue.record import Inner
from .graph import Node, TypedGraph

if TYPE_CHECKING:
    import keras

GIVEN: Final = frozenset({"trainable", "weights"})
"""Arguments of a spec that are not simply handed to Keras' function."""


def application(typed: TypedGraph, node: Node, folder: Path | None) -> keras.Model:
    """The application of a node as a model of the node's name.

    The layers inside keep the names that Keras gives them. Outputs are the application's own and, behind it, those
    of ``node.inside``. ``folder`` is what a path to weights is relative to; None is the working directory.

    Raises:
        Problem: E401 if a file with weights is missing; E310 if Keras refuses the entry or can't fetch weights.
    """
    import keras

    from .build import condensed, keras_call, value_of

    assert node.layer is not None
    name = node.layer.record.name.partition(".")[2]
    tensor = typed.tensor(node.edges[0])
    assert tensor is not None, "only graphs without errors are built"
    arguments = {key: value_of(value) for key, value in node.layer.written.items() if key not in GIVEN}
    arguments["input_shape"] = tuple(size if isinstance(size, int) else None for size in tensor.shape[1:])
    arguments["weights"] = _weights(node, folder)

    def made() -> keras.Model:
        with warnings.catch_warnings():
            # Of unusual channels, and of sizes for which there are no weights of their own.
            warnings.simplefilter("ignore", UserWarning)
            whole = getattr(keras.applications, name)(**arguments)
        asked = [inner_output(whole, typed.typed[node.name].inside, inner) for inner in node.inside]
        return keras.Model(whole.input, [whole.output, *asked] if asked else whole.output, name=node.name)

    def fetched() -> keras.Model:
        try:
            return made()
        except Exception as error:
            if arguments["weights"] != "imagenet" or "fetch" not in str(error):
                raise
            raise Problem(
                Finding(
                    "E310",
                    f"the ImageNet weights of {name} could not be fetched: {condensed(error)}",
                    (*node.pointer, "weights") if "weights" in node.layer.written else node.pointer,  # type: ignore[union-attr]
                    "value" if "weights" in node.layer.written else "entry",  # type: ignore[union-attr]
                    help='try again with a connection to the internet; or write `weights = "none"` to start at random, '
                    "or the path of a weights file",
                )
            ) from error

    model = keras_call(node.pointer, fetched)
    if not node.layer["trainable"]:
        model.trainable = False
    return model


def _weights(node: Node, folder: Path | None) -> str | None:
    """What Keras is given as ``weights``: a path becomes one from the spec's folder."""
    assert node.layer is not None
    stated = node.layer["weights"]
    if stated is None or stated == "imagenet":
        return None if stated is None else "imagenet"
    path = (folder or Path()) / Path(stated).expanduser()
    if not path.is_file():
        raise Problem(
            Finding(
                "E401",
                f'there is no file "{stated}" with weights',
                (*node.pointer, "weights"),
                help='write a path relative to the spec, or "imagenet", or "none" to start at random',
            )
        )
    return str(path)


def inner_output(model: keras.Model, inside: tuple[Inner, ...], name: str) -> Any:
    """What a layer inside gives. Generated names are counted through a whole session, ours through one network:
    the n-th that we count is Keras' n-th."""
    inner = next(one for one in inside if one.name == name)
    operations = {one.name: one for one in model.operations}
    if inner.named:
        return operations[name].output
    base = re.sub(r"_\d+$", "", name)
    own = {one.name for one in inside if one.named}
    pattern = re.compile(rf"{re.escape(base)}(?:_(\d+))?")
    found = {
        int(match[1] or 0): one
        for key, one in operations.items()
        if key not in own and (match := pattern.fullmatch(key)) is not None
    }
    place = [one.name for one in inside if not one.named and pattern.fullmatch(one.name)].index(name)
    return found[sorted(found)[place]].output

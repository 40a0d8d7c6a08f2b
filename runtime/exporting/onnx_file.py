"""Format onnx: a graph of ONNX operators, written by tf2onnx and read back by ONNX Runtime."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .computed import predicting
from .unfit import UnfitError

if TYPE_CHECKING:
    import keras


def write(model: keras.Model, path: Path) -> None:
    """Write the model, for any number of rows at once.

    Raises:
        UnfitError: for operations of TensorFlow that ONNX has no operator for.
    """
    import onnx

    _bake(model)
    with _hushed():
        predicting(model).export(str(path), format="onnx", verbose=False)
    inputs = [one.name for one in onnx.load(path, load_external_data=False).graph.input]
    if len(inputs) != len(model.inputs):
        more = tuple(inputs[len(model.inputs) :])
        raise UnfitError(f"the file wants to be given {', '.join(more)} as well", more)
    if lacking := list(_foreign(path)):
        kinds = sorted({kind for kind, _ in lacking})
        raise UnfitError(f"ONNX has no {' and no '.join(kinds)}", tuple(name for _, name in lacking))


def run(path: Path, model: keras.Model, rows: Mapping[str, Any]) -> list[Any]:
    """What ONNX Runtime makes of the rows."""
    import keras
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what goes wrong is raised, not printed
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    wanted = [one.name for one in session.get_inputs()]
    feeds = {
        name: rows[tensor.name].astype(keras.backend.standardize_dtype(tensor.dtype))
        for name, tensor in zip(wanted, model.inputs, strict=True)
    }
    return list(session.run(None, feeds))


def _bake(model: keras.Model) -> None:
    """Make plain numbers of what layers keep as tensors, such as the mean of ``Normalization``.

    tf2onnx makes constants of variables, but further inputs of the tensors that a function holds on to.
    """
    import tensorflow as tf

    for layer in model._flatten_layers():
        for name, value in list(vars(layer).items()):
            if isinstance(value, tf.Tensor) and hasattr(value, "numpy"):
                setattr(layer, name, value.numpy())


def _foreign(path: Path) -> Iterator[tuple[str, str]]:
    """Operators in a file that ONNX does not define, each with the name of its node."""
    import onnx

    waiting = [onnx.load(path, load_external_data=False).graph]
    while waiting:
        graph = waiting.pop()
        for node in graph.node:
            if node.domain in ("", "ai.onnx") and not onnx.defs.has(node.op_type):
                yield node.op_type, node.name
            elif node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
                yield f"{node.domain}.{node.op_type}", node.name
            waiting.extend(one.g for one in node.attribute if one.type == onnx.AttributeProto.GRAPH)


@contextmanager
def _hushed() -> Iterator[None]:
    """tf2onnx tells of every pass it makes, and of what it can't do, which is found in the file again."""
    logger = logging.getLogger("tf2onnx")
    before, spread = logger.level, logger.propagate
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.propagate = spread

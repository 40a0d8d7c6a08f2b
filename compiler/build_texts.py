"""From texts with an axis of size 1 to texts that TextVectorization announces the right shape for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graph import Node

if TYPE_CHECKING:
    import keras


def one_text(node: Node, x: keras.KerasTensor) -> keras.KerasTensor:
    """The texts of a TextVectorization without their axis of size 1.

    Given that axis, Keras gives one vector a text and announces an axis more, which layers behind it then refuse.
    """
    import keras

    return keras.ops.squeeze(x, axis=1) if drops_axis(node, len(x.shape)) else x


def drops_axis(node: Node, rank: int) -> bool:
    """Whether a node takes texts without their axis of size 1; ``rank`` is that of what it is given, with the batch."""
    layer = node.layer
    if layer is None or layer.record.name != "TextVectorization" or rank != 2:
        return False
    return layer["output_mode"] != "int" and layer["split"] is not None

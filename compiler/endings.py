"""The noun Ending: the values that can come out of an output, by the activation that they come through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ..spec.document import Pointer
from .catalogue import find
from .catalogue.record import Object
from .graph import Edge, Node, TypedGraph
from .sizes import same
from .tensor import TensorType

Values = Literal["shares", "probability", "signed", "positive", "logs", "unit", "numbers"]
"""What can come out: shares of 1 along the last axis; numbers from 0 to 1; from -1 to 1; from 0 on; up to 0;
directions of length 1; or any number."""

VALUES: Final[Mapping[str, Values]] = {
    "softmax": "shares",
    "sparsemax": "shares",
    "sigmoid": "probability",
    "hard_sigmoid": "probability",
    "sparse_sigmoid": "probability",
    "tanh": "signed",
    "hard_tanh": "signed",
    "softsign": "signed",
    "relu": "positive",
    "relu6": "positive",
    "softplus": "positive",
    "squareplus": "positive",
    "sparse_plus": "positive",
    "exponential": "positive",
    "log_softmax": "logs",
    "log_sigmoid": "logs",
    "linear": "numbers",
    "leaky_relu": "numbers",
    "elu": "numbers",
    "selu": "numbers",
    "celu": "numbers",
    "gelu": "numbers",
    "silu": "numbers",
    "mish": "numbers",
    "hard_silu": "numbers",
    "tanh_shrink": "numbers",
    "soft_shrink": "numbers",
    "hard_shrink": "numbers",
}
"""Activation → the values it gives. Of one that is not listed nothing is known."""

ACTIVE: Final[Mapping[str, str]] = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "leaky_relu",
    "ELU": "elu",
    "Softmax": "softmax",
    "ops.normalize": "unit",
    "UnitNormalization": "unit",
}
"""Layers that are an activation, and which."""

UNBOUNDED: Final = frozenset(
    {"BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "Embedding"}
)
"""Layers without an activation that give any number."""

KEEPING: Final = frozenset(
    {"ActivityRegularization", "CenterCrop", "Dropout", "Flatten", "Identity", "RepeatVector", "Reshape"}
    | {f"{kind}{rank}D" for kind in ("Cropping", "SpatialDropout", "UpSampling") for rank in (1, 2, 3)}
    | {f"{kind}AveragePooling{rank}D" for kind in ("", "Global", "Adaptive") for rank in (1, 2, 3)}
    | {
        f"ops.{name}"
        for name in ("copy", "expand_dims", "get_item", "identity", "ravel", "reshape", "squeeze", "stop_gradient")
    }
)
"""Layers from which come the values that went in, or averages of them: sums along the last axis stay, if it does."""

MOVING: Final = frozenset(
    {"Permute"}
    | {f"{kind}MaxPooling{rank}D" for kind in ("", "Global", "Adaptive") for rank in (1, 2, 3)}
    | {f"ops.{name}" for name in ("flip", "moveaxis", "roll", "swapaxes", "transpose")}
)
"""Layers from which come the values that went in, but not their sums along the last axis."""

STATEFUL: Final = frozenset({"LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
"""Layers whose output is a gated activation: what lies on both sides of 0 stays there, and a sum is none any more."""

WRAPPERS: Final = frozenset({"TimeDistributed", "SpectralNormalization"})

FARTHEST: Final = 100
"""Layers that are gone back."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What the values of an output come out of.

    ``activation`` is its name in Keras, or ``"unit"``; ``settable`` says whether the layer ``source`` has an
    ``activation`` of its own that can be set; ``pointer`` is where it is written, or the layer's type.
    """

    activation: str
    values: Values
    source: str
    settable: bool
    pointer: Pointer

    @property
    def words(self) -> str:
        """The activation as a message names it."""
        if self.activation == "linear":
            return f"`{self.source}` has no activation"
        return f'`{self.source}` ends in "{self.activation}"'

    def mended(self, activation: str) -> str:
        """The edit that gives the head another activation."""
        if self.settable or self.activation == "linear":
            return f'write `activation = "{activation}"` in `{self.source}`'
        if activation == "linear":
            return f"take away `{self.source}`"
        return f'put `{{ type = "Activation", activation = "{activation}" }}` in place of `{self.source}`'


def ending(typed: TypedGraph, edge: Edge) -> Ending | None:
    """What the values on an edge come out of, back through layers that hand them on; None if that is not known."""
    sums = True
    last = typed.tensor(edge)
    for _ in range(FARTHEST):
        node, tensor = typed.graph.nodes[edge.source], typed.tensor(edge)
        if node.layer is None or tensor is None or last is None:
            return None
        name = node.layer.record.name
        plain = name == "Activation" and _activation(node.layer) == "linear"
        if not plain and name not in KEEPING and name not in MOVING:
            return _ended(typed, node, edge, tensor, sums)
        first = _first_axis(node.layer)
        if name in MOVING or first:
            sums = False
        if len(node.edges) != 1:
            return None
        edge = node.edges[0]
        before = typed.tensor(edge)
        if before is None or before.rank < 1 or same(before.shape[-1], tensor.shape[-1]) is not True:
            sums = False
    return None


def _ended(typed: TypedGraph, node: Node, edge: Edge, tensor: TensorType, sums: bool) -> Ending | None:
    assert node.layer is not None
    layer, inner, within = node.layer, node.layer, ""
    name = layer.record.name
    while inner.record.name in (*WRAPPERS, "Bidirectional") and isinstance(inner.arguments.get("layer"), Object):
        if inner.record.name == "Bidirectional" and inner["merge_mode"] not in ("concat", "ave", None):
            return None
        sums = sums and inner.record.name != "Bidirectional"
        inner, within = inner["layer"], "layer"
    if edge.index or name in UNBOUNDED:
        activation: str | None = None if edge.index else "linear"
    else:
        activation = _activation(inner)
    values = "unit" if activation == "unit" else VALUES.get(activation or "")
    if activation is None or values is None or (inner.record.name in STATEFUL and values != "signed"):
        return None
    along = inner.arguments.get("axis", -1) if inner.record.name in ("Softmax", *_OPS) else -1
    if isinstance(along, tuple | list):
        along = along[0] if len(along) == 1 else None
    if values in ("shares", "unit") and (not sums or along not in (-1, tensor.rank - 1) or _first_axis(inner)):
        return None
    made = typed.graph.nodes[node.shared] if node.shared is not None else node
    settable = "activation" in inner.arguments
    at: Pointer = (*made.pointer, within) if within else made.pointer
    written = settable and "activation" in inner.written
    pointer = (*at, "activation") if written else head_of(made)
    return Ending(activation, values, made.name, settable, pointer)


_OPS: Final = ("ops.softmax", "ops.log_softmax", "ops.normalize", "UnitNormalization")


def _activation(layer: Object) -> str | None:
    """The activation that a layer applies to all that it gives; None if that is not known."""
    name = layer.record.name
    if name == "ReLU" and (layer["max_value"] is not None or layer["negative_slope"] or layer["threshold"]):
        return None
    if name in ACTIVE:
        return ACTIVE[name]
    if name.startswith("ops."):
        found = find("activations", name.removeprefix("ops."))
        return None if found is None else found.name
    if "classifier_activation" in layer.arguments:
        value = layer.arguments["classifier_activation"] if layer.arguments.get("include_top", True) else "unknown"
    else:
        value = layer.arguments.get("activation", "unknown")
    if value is None:
        return "linear"
    if isinstance(value, Object):
        return value.record.name if not value.written else None
    record = find("activations", value) if isinstance(value, str) else None
    return None if record is None else record.name


def _first_axis(layer: Object) -> bool:
    return layer.arguments.get("data_format") == "channels_first"


def head_of(node: Node) -> Pointer:
    """Where a finding about a node as a whole points: its ``type`` or ``reuse``."""
    if node.input is not None:
        return node.pointer
    return (*node.pointer, "type" if node.shared is None else "reuse")

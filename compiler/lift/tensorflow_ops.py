"""Functions of TensorFlow that stood in a Keras model as layers, and the ops of Keras that compute the same.

TensorFlow 2.4 and later kept them as ``TFOpLambda`` and ``SlicingOpLambda``, by the name of the Python function and its
arguments; before that as ``TensorFlowOpLayer``, by the node of its own graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .network import Called, Place, Unreadable

MODULE: Final = "keras.src.ops.numpy"
"""What tells that something is an op; which module it is does not matter."""

LAYERS: Final = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
"""The classes that hold such a function."""


@dataclass(frozen=True, slots=True)
class Function:
    """What one function of TensorFlow is today.

    ``names``: as TensorFlow's Python calls it. ``op``: the op of Keras. ``arguments``: TensorFlow's names → Keras'; the
    first is the one that a call gives first. ``nodes``: what it is called in TensorFlow's graph, where the arguments
    come in this order, and ``attributes`` are kept apart, under yet other names → Keras'.
    """

    names: tuple[str, ...]
    op: str
    arguments: Mapping[str, str]
    nodes: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


def _pairwise(op: str, names: str, nodes: str = "") -> Function:
    return Function(tuple(names.split()), op, {"x": "x1", "y": "x2"}, tuple(nodes.split()))


def _elementwise(op: str, names: str, nodes: str = "", argument: str = "x") -> Function:
    return Function(tuple(names.split()), op, {argument: "x"}, tuple(nodes.split()))


def _reducing(op: str, names: str, nodes: str = "") -> Function:
    arguments = {"input_tensor": "x", "axis": "axis", "keepdims": "keepdims"}
    return Function(tuple(names.split()), op, arguments, tuple(nodes.split()), {"keep_dims": "keepdims"})


def _found(op: str, names: str, nodes: str = "") -> Function:
    return Function(tuple(names.split()), op, {"input": "x", "axis": "axis"}, tuple(nodes.split()))


FUNCTIONS: Final[tuple[Function, ...]] = (
    _pairwise("add", "math.add add __operators__.add", "Add AddV2 BiasAdd"),
    _pairwise("subtract", "math.subtract subtract __operators__.sub", "Sub"),
    _pairwise("multiply", "math.multiply multiply __operators__.mul", "Mul"),
    _pairwise("divide", "math.divide math.truediv truediv divide __operators__.truediv", "RealDiv Div"),
    _pairwise("floor_divide", "math.floordiv __operators__.floordiv", "FloorDiv"),
    _pairwise("mod", "math.floormod math.mod __operators__.mod", "FloorMod"),
    _pairwise("power", "math.pow pow __operators__.pow", "Pow"),
    _pairwise("maximum", "math.maximum maximum", "Maximum"),
    _pairwise("minimum", "math.minimum minimum", "Minimum"),
    _pairwise("equal", "math.equal equal __operators__.eq", "Equal"),
    _pairwise("not_equal", "math.not_equal not_equal __operators__.ne", "NotEqual"),
    _pairwise("greater", "math.greater greater __operators__.gt", "Greater"),
    _pairwise("greater_equal", "math.greater_equal greater_equal __operators__.ge", "GreaterEqual"),
    _pairwise("less", "math.less less __operators__.lt", "Less"),
    _pairwise("less_equal", "math.less_equal less_equal __operators__.le", "LessEqual"),
    _pairwise("logical_and", "math.logical_and logical_and", "LogicalAnd"),
    _pairwise("logical_or", "math.logical_or logical_or", "LogicalOr"),
    _elementwise("logical_not", "math.logical_not logical_not", "LogicalNot"),
    _elementwise("abs", "math.abs abs", "Abs"),
    _elementwise("exp", "math.exp exp", "Exp"),
    _elementwise("log", "math.log", "Log"),
    _elementwise("log1p", "math.log1p", "Log1p"),
    _elementwise("sqrt", "math.sqrt sqrt", "Sqrt"),
    _elementwise("rsqrt", "math.rsqrt", "Rsqrt"),
    _elementwise("square", "math.square square", "Square"),
    _elementwise("negative", "math.negative negative __operators__.neg", "Neg"),
    _elementwise("sign", "math.sign sign", "Sign"),
    _elementwise("sin", "math.sin sin", "Sin"),
    _elementwise("cos", "math.cos cos", "Cos"),
    _elementwise("tanh", "math.tanh tanh nn.tanh", "Tanh"),
    _elementwise("sigmoid", "math.sigmoid sigmoid nn.sigmoid", "Sigmoid"),
    _elementwise("erf", "math.erf", "Erf"),
    _elementwise("floor", "math.floor floor", "Floor"),
    _elementwise("ceil", "math.ceil", "Ceil"),
    _elementwise("round", "math.round round", "Round"),
    _elementwise("reciprocal", "math.reciprocal", "Reciprocal Inv"),
    _elementwise("softplus", "math.softplus nn.softplus", "Softplus", "features"),
    _elementwise("softsign", "nn.softsign", "Softsign", "features"),
    _elementwise("relu", "nn.relu", "Relu", "features"),
    _elementwise("relu6", "nn.relu6", "Relu6", "features"),
    _elementwise("elu", "nn.elu", "Elu", "features"),
    _elementwise("selu", "nn.selu", "Selu", "features"),
    _elementwise("silu", "nn.silu nn.swish", argument="features"),
    _elementwise("zeros_like", "zeros_like", "ZerosLike", "input"),
    _elementwise("ones_like", "ones_like", "OnesLike", "input"),
    Function(("nn.gelu",), "gelu", {"features": "x", "approximate": "approximate"}),
    Function(
        ("nn.leaky_relu",),
        "leaky_relu",
        {"features": "x", "alpha": "negative_slope"},
        ("LeakyRelu",),
        {"alpha": "negative_slope"},
    ),
    Function(("nn.softmax",), "softmax", {"logits": "x", "axis": "axis"}, ("Softmax",)),
    Function(("nn.log_softmax", "math.log_softmax"), "log_softmax", {"logits": "x", "axis": "axis"}, ("LogSoftmax",)),
    _reducing("mean", "math.reduce_mean reduce_mean", "Mean"),
    _reducing("sum", "math.reduce_sum reduce_sum", "Sum"),
    _reducing("max", "math.reduce_max reduce_max", "Max"),
    _reducing("min", "math.reduce_min reduce_min", "Min"),
    _reducing("prod", "math.reduce_prod reduce_prod", "Prod"),
    _reducing("all", "math.reduce_all reduce_all", "All"),
    _reducing("any", "math.reduce_any reduce_any", "Any"),
    _reducing("std", "math.reduce_std"),
    _reducing("var", "math.reduce_variance"),
    _found("argmax", "math.argmax argmax", "ArgMax"),
    _found("argmin", "math.argmin argmin", "ArgMin"),
    Function(("math.cumsum", "cumsum"), "cumsum", {"x": "x", "axis": "axis"}, ("Cumsum",)),
    Function(("reshape",), "reshape", {"tensor": "x", "shape": "newshape"}, ("Reshape",)),
    Function(("transpose",), "transpose", {"a": "x", "perm": "axes"}, ("Transpose",)),
    Function(("expand_dims",), "expand_dims", {"input": "x", "axis": "axis"}, ("ExpandDims",)),
    Function(
        ("squeeze", "compat.v1.squeeze"),
        "squeeze",
        {"input": "x", "axis": "axis"},
        ("Squeeze",),
        {"squeeze_dims": "axis"},
    ),
    Function(("tile",), "tile", {"input": "x", "multiples": "repeats"}, ("Tile",)),
    Function(("reverse",), "flip", {"tensor": "x", "axis": "axis"}, ("ReverseV2",)),
    Function(("concat",), "concatenate", {"values": "xs", "axis": "axis"}, ("ConcatV2",)),
    Function(("stack",), "stack", {"values": "x", "axis": "axis"}, ("Pack",), {"axis": "axis"}),
    Function(("split",), "split", {"value": "x", "num_or_size_splits": "indices_or_sections", "axis": "axis"}),
    Function(("gather",), "take", {"params": "x", "indices": "indices", "axis": "axis"}),
    Function(("where", "compat.v1.where"), "where", {"condition": "condition", "x": "x1", "y": "x2"}, ("SelectV2",)),
    Function(("cast",), "cast", {"x": "x", "dtype": "dtype"}, ("Cast",), {"DstT": "dtype"}),
    Function(
        ("clip_by_value",), "clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}, ("ClipByValue",)
    ),
    Function(("linalg.matmul", "matmul"), "matmul", {"a": "x1", "b": "x2"}, ("MatMul", "BatchMatMulV2", "BatchMatMul")),
    Function(("one_hot",), "one_hot", {"indices": "x", "depth": "num_classes", "axis": "axis"}),
    Function(("__operators__.getitem",), "get_item", {"tensor": "x", "slice_spec": "key"}, ("StridedSlice",)),
)
"""The functions that have an op of Keras."""

BY_NAME: Final = {name: one for one in FUNCTIONS for name in one.names}
BY_NODE: Final = {node: one for one in FUNCTIONS for node in one.nodes}

_INSTEAD: Final = "make the model with layers and `keras.ops` instead of functions of TensorFlow, and save it again"


def function_of(kind: str, config: Mapping[str, Any], at: Place) -> Function:
    """What the function in such a layer is today.

    Raises:
        Unreadable: where no op of Keras computes it.
    """
    if kind == "TensorFlowOpLayer":
        node = config.get("node_def")
        name = node.get("op") if isinstance(node, Mapping) else None
        found = BY_NODE.get(name) if isinstance(name, str) else None
        place: Place = (*at, "node_def")
    else:
        name = config.get("function")
        found = BY_NAME.get(name) if isinstance(name, str) else None
        place = (*at, "function")
    if found is None:
        raise Unreadable(
            f"TensorFlow's `{name}` has no counterpart among the ops that can be imported", place, help=_INSTEAD
        )
    return found


def kind_of(function: Function) -> str:
    """The class by which Keras keeps the op."""
    return "".join(part.capitalize() for part in function.op.split("_"))


def call_of(
    kind: str, function: Function, config: Mapping[str, Any], at: Place, first: Any, rest: Mapping[str, Any]
) -> Called:
    """The call of the op for the call of the function.

    Raises:
        Unreadable: where it says what the op can't.
    """
    if kind == "TensorFlowOpLayer":
        return _node_call(function, config, at, first)
    names = list(function.arguments)
    found = {function.arguments[names[0]]: first}
    for name, value in rest.items():
        if name in function.arguments:
            found[function.arguments[name]] = value
        elif value not in (None, False):
            raise Unreadable(
                f"`{name} = {value!r}` of TensorFlow's function can't be said of `ops.{function.op}`", at, help=_INSTEAD
            )
    return _arranged(function, found, at)


def _node_call(function: Function, config: Mapping[str, Any], at: Place, first: Any) -> Called:
    """The call of a node of TensorFlow's graph: constants stand apart, by their place among its inputs."""
    given = list(first) if isinstance(first, list) else [first]
    node, constants = config["node_def"], config.get("constants")
    try:
        apart = {int(place): value for place, value in (constants or {}).items()}
        attributes = {name: _attribute(value) for name, value in (node.get("attr") or {}).items()}
        for place in sorted(apart):
            given.insert(place, apart[place])
        if function.op == "get_item":
            return Called((given[0],), {"key": _key(given[1], given[2], given[3], attributes)})
    except (AttributeError, IndexError, TypeError, ValueError):
        raise Unreadable("this node of TensorFlow's graph can't be read", at, help=_INSTEAD) from None
    if function.op == "stack":
        given = [given]
    elif function.op == "concatenate":
        given = [given[:-1], given[-1]]
    found = dict(zip(function.arguments.values(), given, strict=False))
    for name, stated in attributes.items():
        if name in function.attributes and stated is not None and stated != []:
            found[function.attributes[name]] = stated
        elif name in TURNED and stated:
            raise Unreadable(f"`{name}` of TensorFlow's node can't be said of `ops.{function.op}`", at, help=_INSTEAD)
    return _arranged(function, found, at)


TURNED: Final = ("adj_x", "adj_y", "transpose_a", "transpose_b", "exclusive", "reverse")
"""Attributes for which the op of Keras has no argument."""


def _key(begin: list[int], end: list[int], steps: list[int], attributes: Mapping[str, Any]) -> list[Any]:
    """What stood between square brackets, of which a node keeps three lists and, in bits, what each place is."""
    bits = {
        name: attributes.get(f"{name}_mask") or 0 for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    found: list[Any] = []
    for place, (start, stop, step) in enumerate(zip(begin, end, steps, strict=True)):
        said = {name for name, mask in bits.items() if mask >> place & 1}
        if "ellipsis" in said:
            found.append(...)
        elif "new_axis" in said:
            found.append(None)
        elif "shrink_axis" in said:
            found.append(start)
        else:
            found.append(
                slice(None if "begin" in said else start, None if "end" in said else stop, None if step == 1 else step)
            )
    return found


def _attribute(value: Any) -> Any:
    """An attribute of a node: ``{"b": true}``, ``{"i": "1"}``, ``{"type": "DT_INT32"}``, ``{"list": {"i": ["1"]}}``."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((sort, held),) = value.items()
    if sort == "list" and isinstance(held, Mapping):
        return [int(one) for one in held.get("i", ())]
    if sort == "i":
        return int(held)
    if sort == "type" and isinstance(held, str):
        return DTYPES.get(held, held.removeprefix("DT_").lower())
    return held


DTYPES: Final[Mapping[str, str]] = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16"}


def _arranged(function: Function, found: dict[str, Any], at: Place) -> Called:
    if function.op == "get_item":
        key = found.get("key")
        found["key"] = [_piece(one) for one in key] if isinstance(key, list) else _piece(key)
    if function.op == "split" and isinstance(found.get("indices_or_sections"), list):
        sizes = found["indices_or_sections"]
        if -1 in sizes:
            raise Unreadable(
                "a part of a split has the size -1, the rest, which `ops.split` can't say", at, help=_INSTEAD
            )
        found["indices_or_sections"] = [sum(sizes[: index + 1]) for index in range(len(sizes) - 1)]
    return Called((), found)


def _piece(value: Any) -> Any:
    """One part of what stood between square brackets."""
    if isinstance(value, Mapping) and value.get("class_name") == "__ellipsis__":
        return ...
    if isinstance(value, Mapping) and value.keys() <= {"start", "stop", "step"}:
        return slice(value.get("start"), value.get("stop"), value.get("step"))
    return value

"""Catalogue: layers that encode and hash categories; and the words that all layers about categories share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..sizes import Size, same
from ..tensor import FLOATS, INTEGERS, Shape, TensorType, shape_text
from .kinds import BOOLEAN, Kind, choice, either, integer, list_of, nullable, nullable_text
from .record import REQUIRED, Argument, ArgumentError, Call, Inferred, Object, Port, Record, ShapeError
from .rules import result
from .training_arguments import SIZE

NOT_TAKEN: Final = Kind({"type": "null"}, "left out: this layer learns no weights and adds no penalty")
SPARSE: Final = Argument(
    "sparse", BOOLEAN, False, "Whether the result is a sparse tensor, which holds only what is not 0."
)
COUNTED: Final = frozenset({"float32", "float64", "int32", "int64"})
COUNTABLE: Final = FLOATS | {"int32", "int64", "bool"}
BINS: Final = Argument("num_bins", SIZE, REQUIRED, "Number of bins that values are hashed into.")
_SALT: Final = integer(-(2**63), 2**63 - 1)
SALT: Final = Argument(
    "salt",
    nullable(either(_SALT, list_of(_SALT, 2))),
    None,
    "A number, or two, that change which bins values fall into.",
)


def output_mode(*choices: str, default: str = "int") -> Argument:
    """``output_mode``: how a category becomes numbers."""
    return Argument("output_mode", choice(*choices), default, "Whether categories become numbers, places, or counts.")


def no_sparse_numbers(arguments: Mapping[str, Any]) -> None:
    """Refuse a sparse tensor of plain category numbers.

    Raises:
        ArgumentError: at ``sparse``.
    """
    if arguments["sparse"] and arguments["output_mode"] == "int":
        raise ArgumentError(
            "sparse",
            'category numbers (`output_mode = "int"`) have no zeros to leave out, so they cannot be sparse',
            help="leave `sparse` out, or choose another `output_mode`",
            other="output_mode",
        )


def one_hot_shape(shape: Shape, depth: Size) -> Shape:
    """Each element becomes ``depth`` numbers; a last axis of size 1 makes place for them."""
    return (*shape[:-1], depth) if len(shape) > 1 and shape[-1] == 1 else (*shape, depth)


def gathered(call: Call, depth: Size, dtype: str = "float32", *, deeper: bool = False) -> Shape:
    """The categories of each row become one vector of ``depth`` numbers.

    Raises:
        ShapeError: E304 if the result's ``dtype`` is one that TensorFlow does not count in;
            E301 if a row is a single value without an axis; if it has several axes and not ``deeper``,
            where Keras announces another shape than it computes.
    """
    x = call.x
    mode = call["output_mode"]
    if x.rank < 2:
        raise ShapeError(
            "E301",
            f'with `output_mode = "{mode}"` {call.layer.record.name} gathers the values of a row, '
            f"so a row needs an axis; found {shape_text(x.shape)}",
            help="give the input `shape = [1]`",
        )
    if x.rank > 2 and not deeper:
        raise ShapeError(
            "E301",
            f'with `output_mode = "{mode}"` {call.layer.record.name} expects an input with 2 axes '
            f"(batch, values), found {x.rank}: {shape_text(x.shape)}",
            help='put a `Flatten` before it, or choose `output_mode = "one_hot"`, which keeps every value apart',
        )
    if x.rank == 2 and dtype not in COUNTED:
        raise ShapeError(
            "E304",
            f'with `output_mode = "{mode}"` TensorFlow cannot count in dtype {dtype}',
            help='give the layer `dtype = "float32"`',
            argument="dtype",
        )
    return (x.shape[0], *x.shape[2:], depth)


def number_input(call: Call) -> TensorType:
    """The input, which must hold numbers: bins and categories.

    Raises:
        ShapeError: E304 if it holds text.
    """
    if call.x.dtype == "string":
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} takes numbers, but its input holds text (dtype string)",
            help="put a `StringLookup` or `Hashing` layer before it",
        )
    return call.x


def category_encoding(call: Call) -> Inferred:
    """(batch, …) → (batch, …, num_tokens) as one-hot; (batch, values) → (batch, num_tokens) otherwise."""
    x = number_input(call)
    if call["output_mode"] != "one_hot" and x.dtype not in COUNTABLE:
        raise ShapeError(
            "E304",
            f'with `output_mode = "{call["output_mode"]}"` TensorFlow gathers numbers of dtype int32 or int64, '
            f"but the input has dtype {x.dtype}",
            help='give the input `dtype = "int32"`',
        )
    if call["sparse"] and call["output_mode"] != "one_hot" and x.dtype in FLOATS:
        raise ShapeError(
            "E304",
            f"a sparse result takes categories in whole numbers, but the input has dtype {x.dtype}",
            help='give the input `dtype = "int32"`, or leave `sparse` out',
        )
    weights = call.tensors.get("count_weights")
    if weights:
        if call["output_mode"] != "count":
            raise ShapeError(
                "E307",
                '`count_weights` is of use with `output_mode = "count"` only',
                help='write `output_mode = "count"`, or give no `count_weights`',
                argument="output_mode",
                port="count_weights",
            )
        given = weights[0].shape
        if len(given) != x.rank or any(same(a, b) is False for a, b in zip(given, x.shape, strict=True)):
            raise ShapeError(
                "E302",
                f"there must be one weight for each value: values are {shape_text(x.shape)}, "
                f"weights {shape_text(given)}",
                help="give both the same shape",
                port="count_weights",
            )
    depth = call["num_tokens"]
    return result(
        call,
        one_hot_shape(x.shape, depth)
        if call["output_mode"] == "one_hot"
        else gathered(call, depth, call.policy.variable),
    )


def policy_name(dtype: Any) -> str | None:
    """The name of the dtype policy that an argument ``dtype`` states."""
    return dtype.record.name if isinstance(dtype, Object) else dtype


def _hash_dtype(arguments: Mapping[str, Any]) -> None:
    no_sparse_numbers(arguments)
    dtype = policy_name(arguments["dtype"])
    if arguments["output_mode"] == "int" and dtype not in (None, "int32", "int64"):
        raise ArgumentError(
            "dtype",
            f'bin numbers (`output_mode = "int"`) are whole, so `dtype` must be "int32" or "int64", found "{dtype}"',
            help="leave `dtype` out",
            other="output_mode",
        )


def hashing(call: Call) -> Inferred:
    """The number of the bin of each element, or an encoding of it; hashing is no FLOPs."""
    x = call.x
    mode, depth = call["output_mode"], call["num_bins"]
    own = call["dtype"] is not None
    if mode == "int":
        return result(call, x.shape, dtype=call.policy.variable if own else "int64")
    if mode == "one_hot" and x.rank > 1 and x.shape[-1] != 1:
        raise ShapeError(
            "E301",
            f'with `output_mode = "one_hot"` Hashing expects one value a row in a last axis of size 1, '
            f"found {shape_text(x.shape)}",
            help='hash to numbers (`output_mode = "int"`) and put a `CategoryEncoding` behind it',
        )
    dtype = call.policy.variable if own else "float32"
    shape = (*x.shape[:-1], depth) if mode == "one_hot" and x.rank > 1 else gathered(call, depth, dtype)
    return result(call, shape, dtype=dtype)


def hashed_crossing(call: Call) -> Inferred:
    """Two columns, each (batch,) or (batch, 1) → the bin of each pair, or its one-hot encoding."""
    if len(call.xs) != 2:
        raise ShapeError(
            "E306",
            f"HashedCrossing pairs two inputs, found {len(call.xs)}",
            help="give it two: `inputs = [..., ...]`",
            port="inputs",
        )
    first, second = call.xs
    for index, x in enumerate(call.xs):
        if x.dtype not in INTEGERS and x.dtype != "string":
            raise ShapeError(
                "E304",
                f"HashedCrossing pairs categories, text or whole numbers, but input {index + 1} has dtype {x.dtype}",
                help="put a `Discretization` layer before it",
                index=index,
            )
        if x.rank > 2 or (x.rank == 2 and x.shape[1] != 1):
            raise ShapeError(
                "E301",
                f"HashedCrossing expects one value a row, (batch, 1), found {shape_text(x.shape)}",
                help="give each input `shape = [1]`",
                index=index,
            )
    if first.rank != second.rank:
        raise ShapeError(
            "E302",
            f"both inputs of HashedCrossing must have the same shape, found {shape_text(first.shape)} "
            f"and {shape_text(second.shape)}",
            help="give each input `shape = [1]`",
            index=1,
        )
    if call["output_mode"] == "int":
        return result(call, first.shape, dtype=None if call["dtype"] is not None else "int64")
    return result(call, (first.shape[0], call["num_bins"]))


LAYERS = (
    Record(
        name="CategoryEncoding",
        family="layers",
        summary="Turns category numbers into vectors of zeros and ones, or of counts.",
        page="layers/preprocessing_layers/categorical/category_encoding",
        arguments=(
            Argument("num_tokens", SIZE, REQUIRED, "How many categories there are; numbers run from 0."),
            output_mode("multi_hot", "one_hot", "count", default="multi_hot"),
            SPARSE,
        ),
        ports=(Port("inputs"), Port("count_weights", required=False)),
        rule=category_encoding,
    ),
    Record(
        name="Hashing",
        family="layers",
        summary="Gives each text or whole number one of a few numbers, by hashing; needs no vocabulary.",
        page="layers/preprocessing_layers/categorical/hashing",
        arguments=(
            BINS,
            Argument(
                "mask_value",
                nullable_text(either(integer(), Kind({"type": "string"}, "text in quotes"))),
                None,
                "A value that stands for nothing and gets bin 0 to itself.",
            ),
            SALT,
            output_mode("int", "one_hot", "multi_hot", "count"),
            SPARSE,
        ),
        rule=hashing,
        check=_hash_dtype,
    ),
    Record(
        name="HashedCrossing",
        family="layers",
        summary="Gives each pair of categories one of a few numbers, by hashing.",
        page="layers/preprocessing_layers/categorical/hashed_crossing",
        arguments=(BINS, output_mode("int", "one_hot"), SPARSE),
        ports=(Port("inputs", many=True, minimum=2, maximum=2),),
        rule=hashed_crossing,
    ),
)

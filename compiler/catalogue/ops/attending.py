"""Catalogue: attention as an op.

FLOPs count both contractions, 2 · steps · places · depth for each head, and 5 for each weight between them (scaled,
and its share found by softmax).
"""

from __future__ import annotations

from typing import Final

from ...sizes import Size, broadcast, known, product, same
from ...tensor import FLOATS, Shape, shape_text
from ..kinds import BOOLEAN, Kind, nullable
from ..kinds import number as a_number
from ..record import Argument, Call, Inferred, ShapeError
from .dtypes import promoted
from .fitting import meet
from .operands import given, has, op, tensor
from .sorts import BOOL, REAL, Sort, demand

MASK: Final = Sort(BOOL, "truth values", "bool")


def attention(call: Call) -> Inferred:
    """(batch, steps, heads, depth) for the query, (batch, places, heads, depth) for the others → as the query.

    Raises:
        ShapeError: E301, E302 or E304 where tensors don't have these shapes, or are whole numbers.
    """
    query, key, value = (demand(call, name, REAL) for name in ("query", "key", "value"))
    for name, x in (("query", query), ("key", key), ("value", value)):
        if x.rank != 4:
            raise ShapeError(
                "E301",
                f"`{name}` must have 4 axes (the batch, steps, heads, depth), found {x.rank}: {shape_text(x.shape)}",
                help="`ops.reshape` splits the last axis into heads: `newshape = [steps, heads, depth]`",
                port=name,
            )
    dtype = promoted(query.dtype, key.dtype, value.dtype)
    if dtype not in FLOATS:
        raise ShapeError(
            "E304",
            f"attention weighs with fractions, but all it is given holds {dtype}",
            help='convert first: `ops.cast` with `dtype = "float32"`',
            port="query",
        )
    batch, steps, heads, depth = query.shape
    _met(call, "key", key.shape, {0: batch, 3: depth}, query.shape, "query")
    _met(call, "value", value.shape, dict(enumerate(key.shape[:3])), key.shape, "key")
    shared = key.shape[2]
    grouped = known(heads) and known(shared) and heads > shared > 1 and heads % shared == 0
    if not grouped and meet(heads, shared) is None:
        raise ShapeError(
            "E302",
            f"`query` has {heads} heads and `key` {shared}",
            help="give both as many heads, or `query` twice as many or more, where `key` has at least 2",
            port="key",
        )
    if same(value.shape[3], depth) is False:
        raise ShapeError(
            "E302",
            f"Keras 3.15 announces the shape of `query`, {shape_text(query.shape)}, but would compute "
            f"{shape_text((batch, steps, heads, value.shape[3]))}, and what follows would be built for the wrong one",
            help="give `value` the depth of `query`",
            port="value",
        )
    logits = (batch, heads, steps, key.shape[1])
    for name in ("bias", "mask"):
        if has(call, name):
            found = demand(call, name, MASK if name == "mask" else REAL)
            tail = (*(1,) * (4 - found.rank), *found.shape)
            if len(tail) != 4 or any(
                size != 1 and (broadcast(size, whole) is None or meet(size, whole) is None)
                for size, whole in zip(tail, logits, strict=True)
            ):
                raise ShapeError(
                    "E302",
                    f"`{name}` must fit the weights (the batch, heads, steps, places) {shape_text(logits)}, found "
                    f"{shape_text(found.shape)}",
                    help="an axis may also be of size 1, and those in front may be missing",
                    port=name,
                )
    weights = product(logits)
    return given(query.shape, dtype, weights * (2 * depth + 2 * value.shape[3] + 5))


def _met(call: Call, name: str, shape: Shape, wanted: dict[int, Size], other: Shape, of: str) -> None:
    for axis, size in wanted.items():
        if meet(shape[axis], size) is None:
            raise ShapeError(
                "E302",
                f"axis {axis} of `{name}` {shape_text(shape)} must be as long as that of `{of}` {shape_text(other)}",
                help="the axes are the batch, steps, heads and depth; `ops.transpose` brings them into that order",
                port=name,
            )


OPS: Final = (
    op(
        "dot_product_attention",
        "For each step a mean of values, weighed by how well their keys fit its query.",
        (
            tensor("query", "What each step asks for: (batch, steps, heads, depth)."),
            tensor("key", "What the query is compared with: (batch, places, heads, depth)."),
            tensor("value", "What is averaged: (batch, places, heads, depth)."),
            tensor("bias", "Added to the weights before softmax: (batch, heads, steps, places).", required=False),
            tensor("mask", "True where a step may look: (batch, heads, steps, places).", required=False),
        ),
        attention,
        (
            Argument("scale", nullable(a_number()), None,
                     "What the products are multiplied by; none: 1 by the root of the depth."),
            Argument("is_causal", BOOLEAN, False, "Whether a step looks only at itself and those before it."),
            Argument("flash_attention", nullable(Kind({"enum": [False]}, "false (TensorFlow has none)")), None,
                     "Whether a kernel that saves memory is used; TensorFlow has none."),
        ),
        home="nn",
    ),
)  # fmt: skip

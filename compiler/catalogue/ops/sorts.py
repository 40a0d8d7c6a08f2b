"""The noun Sort: what numbers an op can compute with, as dtypes and in words.

Keras announces a result for any dtype; whether there is a kernel shows when the model runs. What cannot run is
refused here, with the cast that mends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ...tensor import FLOATS, INTEGERS
from ..record import Call, ShapeError
from .operands import Operand, operand


@dataclass(frozen=True, slots=True)
class Sort:
    """Dtypes that an op takes, what they are in words, and the dtype to cast others to."""

    dtypes: frozenset[str]
    words: str
    cast: str


UNSIGNED: Final = frozenset({"uint8", "uint16", "uint32", "uint64"})
COMPLEX: Final = frozenset({"complex64"})
BOOL: Final = frozenset({"bool"})

ANY: Final = Sort(FLOATS | INTEGERS | COMPLEX | BOOL, "numbers", "float32")
REAL: Final = Sort(FLOATS | INTEGERS | BOOL, "real numbers", "float32")
NUMERIC: Final = Sort(FLOATS | INTEGERS | COMPLEX, "numbers, not truth values", "int32")
ORDERED: Final = Sort(FLOATS | INTEGERS, "real numbers, not truth values", "int32")
SIGNED: Final = Sort((FLOATS | INTEGERS | COMPLEX) - UNSIGNED, "numbers that may be negative", "int32")
FRACTIONS: Final = Sort(FLOATS, "fractions", "float32")
WIDE: Final = Sort(frozenset({"float32", "float64"}), "fractions of 32 or 64 bits", "float32")
WHOLE: Final = Sort(INTEGERS, "whole numbers", "int32")


def named(dtype: str) -> str:
    """A dtype in words: ``whole numbers (dtype int32)``."""
    dtype = {"int": "int32", "float": "float32"}.get(dtype, dtype)
    sorts = (("truth values", BOOL), ("whole numbers", INTEGERS), ("fractions", FLOATS), ("complex numbers", COMPLEX))
    return next(f"{words} (dtype {dtype})" for words, dtypes in sorts if dtype in dtypes)


def demand(call: Call, name: str, sort: Sort, x: Operand | None = None, dtype: str | None = None) -> Operand:
    """The operand, which must be of the sort; ``dtype`` is what it is promoted to, if that is what counts.

    Raises:
        ShapeError: E304 if it isn't; what `operand` raises.
    """
    x = x or operand(call, name)
    held = {"int": "int32", "float": "float32"}.get(dtype or x.dtype, dtype or x.dtype)
    if held not in sort.dtypes:
        place: dict[str, Any] = {"port": name} if name in call.tensors else {"argument": name}
        met = "" if dtype in (None, x.dtype) else f", which become {held} together"
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} computes with {sort.words}, but `{name}` holds {named(x.dtype)}{met}",
            help=f'convert first: `ops.cast` with `dtype = "{sort.cast}"`',
            **place,
        )
    return x

"""What dtype comes of several: Keras' promotion, which is JAX's without its 64-bit switch.

Sources: https://docs.jax.dev/en/latest/type_promotion.html; https://keras.io/api/ops/
"""

from __future__ import annotations

from functools import cache
from typing import Final

ABOVE: Final = {
    "bool": ("int",),
    "int": ("uint8", "int8", "complex64"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}
"""Dtype → those right above it. ``int`` and ``float`` are Python's numbers, which take the dtype they meet."""

SETTLED: Final = {"int": "int32", "float": "float32", "uint64": "uint32", "complex128": "complex64"}
"""What the result of a promotion becomes: Python's numbers settle at 32 bits, unsigned and complex ones shrink."""


@cache
def _reach(dtype: str) -> frozenset[str]:
    return frozenset({dtype}).union(*(_reach(above) for above in ABOVE[dtype]))


@cache
def promoted(*dtypes: str) -> str:
    """The smallest dtype that holds all of these; ``int`` and ``float`` stand for Python's numbers.

    Raises:
        KeyError: for ``string`` and other dtypes that nothing is computed with.
    """
    if set(dtypes) <= {"int", "float"}:
        return "float32" if "float" in dtypes else "int32"
    common = frozenset.intersection(*(_reach(dtype) for dtype in dtypes))
    least = next(one for one in common if common <= _reach(one))
    return SETTLED.get(least, least)


def floating(*dtypes: str) -> str:
    """The promotion of these with a Python float: what functions with real results give."""
    return promoted(*dtypes, "float")

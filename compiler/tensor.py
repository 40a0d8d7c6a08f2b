"""The noun TensorType: what inference knows of one tensor; with it Weight and Policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from .sizes import BATCH, Size

Shape = tuple[Size, ...]
"""Sizes of all axes, the batch axis first: ``(BATCH, 28, 28, 1)``."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape (batch axis first), dtype (Keras' name of it) and whether a Keras mask travels along."""

    shape: Shape
    dtype: str = "float32"
    mask: bool = False

    @property
    def rank(self) -> int:
        """Number of axes, the batch axis among them."""
        return len(self.shape)

    def with_shape(self, *shape: Size) -> TensorType:
        """The same dtype and mask with another shape."""
        return replace(self, shape=shape)

    def __str__(self) -> str:
        return f"{self.dtype}{shape_text(self.shape)}"


def shape_text(shape: Shape) -> str:
    """The shape as people read it: ``(batch, 28, 28, 1)``."""
    inner = ", ".join(str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def batched(*sizes: Size) -> Shape:
    """A shape with the batch axis put in front."""
    return (BATCH, *sizes)


@dataclass(frozen=True, slots=True)
class Weight:
    """One weight of a layer, named as Keras names the variable."""

    name: str
    shape: tuple[Size, ...]
    trainable: bool = True
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Policy:
    """A dtype policy: what a layer computes in and what it keeps its variables in.

    ``history``: in 8-bit floats, how many greatest values are kept to find their scales from; else 0.
    Source: https://keras.io/api/mixed_precision/policy/
    """

    name: str
    compute: str
    variable: str
    history: int = 0


FLOATS: Final = frozenset({"float16", "bfloat16", "float32", "float64"})
INTEGERS: Final = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
DTYPES: Final = tuple(sorted(FLOATS | INTEGERS | {"bool", "string"}))

BYTES: Final = {
    "bool": 1, "int8": 1, "uint8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1, "int16": 2, "uint16": 2,
    "float16": 2, "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8,
    "float64": 8, "complex64": 8, "string": 16,
}  # fmt: skip
"""Bytes one element takes. A string counts as its handle, for its length is not known."""


def policy(name: str) -> Policy:
    """The dtype policy of that name, as ``keras.dtype_policies.get`` reads it."""
    if name.startswith("mixed_"):
        return Policy(name, name.removeprefix("mixed_"), "float32")
    return Policy(name, name, name)

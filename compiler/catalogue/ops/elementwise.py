"""Catalogue: operations element by element."""

from __future__ import annotations

from typing import Final

from .operands import binary, number, op, tensor, unary

X: Final = (tensor("x"),)
PAIR: Final = (number("x1"), number("x2"))

OPS: Final = (
    op("add", "Adds two tensors.", PAIR, binary()),
    op("exp", "Raises e to the power of each number.", X, unary()),
)

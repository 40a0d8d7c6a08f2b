"""Catalogue: which ops a run-time expression may call, and their arguments in order.

They work on each element, or along axes, so that a loss stays a number for each row or becomes one; what moves,
multiplies or makes tensors belongs into the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from . import find
from .record import Record

MODULES: Final = ("elementwise", "arithmetic", "reductions", "activations")
"""Modules of ops that are all elementwise or reducing, but for OTHERWISE."""

OTHERWISE: Final = frozenset({"ops.select", "ops.moments", "ops.glu"})
"""Those that take lists of tensors, give two, or halve an axis."""

MORE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "statistics": ("ops.median", "ops.nanmedian", "ops.percentile", "ops.quantile"),
        "normalizing": ("ops.normalize",),
        "loss_functions": ("ops.binary_crossentropy", "ops.categorical_crossentropy"),
    }
)
"""Elementwise or reducing ops of other modules."""

ORDERED: Final = MappingProxyType({"ops.average": ("x", "axis", "weights")})
"""Ops of which Keras takes the arguments in another order than tensors first, numbers behind."""

FLAT: Final = frozenset(
    {"ops.ceil", "ops.floor", "ops.floor_divide", "ops.heaviside", "ops.nextafter", "ops.round", "ops.sign"}
    | {"ops.stop_gradient", "ops.trunc"}
)
"""Ops through which nothing is learned: what they give does not change a little when a weight does."""


@cache
def formula_ops() -> Mapping[str, Record]:
    """The ops that an expression may call, by name and alias, without ``ops.``."""
    records = [record for module in MODULES for record in _records(module) if record.name not in OTHERWISE]
    records += [record for module, names in MORE.items() for record in _records(module) if record.name in names]
    return MappingProxyType(
        {
            spelling.removeprefix("ops."): record
            for record in records
            if record.refused is None
            for spelling in (*record.aliases, record.name)
        }
    )


def _records(module: str) -> tuple[Record, ...]:
    found: tuple[Record, ...] = import_module(f".ops.{module}", __package__).OPS
    return found


def exists(name: str) -> bool:
    """Whether Keras has an op of that name, whatever it does."""
    return find("ops", f"ops.{name}") is not None


def in_order(record: Record) -> tuple[str, ...]:
    """The arguments of an op in the order in which Keras takes them."""
    names = (*(port.name for port in record.ports), *(argument.name for argument in record.arguments))
    return ORDERED.get(record.name, names)

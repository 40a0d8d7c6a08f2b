"""From an optimizer and the weights it trains to the size of what it keeps beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .catalogue import find
from .catalogue.objects import instantiate
from .catalogue.record import Object
from .sizes import Size, product
from .tensor import BYTES, Weight

Slots = Callable[[Object, str, Weight], Size]
"""Numbers that an optimizer keeps for one weight, given with the name of its layer."""


def _copies(count: Callable[[Object], int]) -> Slots:
    """So many numbers for each number of the weight."""
    return lambda optimizer, layer, weight: count(optimizer) * product(weight.shape)


def _adafactor(optimizer: Object, layer: str, weight: Weight) -> Size:
    """A whole copy, and for weights of two axes or more one number a row and one a column of the last two."""
    if len(weight.shape) < 2:
        return product(weight.shape)
    rows, columns = weight.shape[:-1], (*weight.shape[:-2], weight.shape[-1])
    return product(weight.shape) + product(rows) + product(columns)


def _muon(optimizer: Object, layer: str, weight: Weight) -> Size:
    """One copy for matrices; two, as Adam has them, for everything else and for what is excluded."""
    path = f"{layer}/{weight.name}"
    excluded = optimizer.arguments.get("exclude_layers") or ()
    adam = (
        len(weight.shape) != 2
        or (optimizer.arguments.get("exclude_embeddings", True) and "embedding" in path.lower())
        or any(keyword in path for keyword in excluded)
    )
    return (2 if adam else 1) * product(weight.shape)


SLOTS: Final[Mapping[str, Slots]] = MappingProxyType(
    {
        "SGD": _copies(lambda optimizer: int(optimizer["momentum"] != 0)),
        "RMSprop": _copies(lambda optimizer: 1 + int(optimizer["momentum"] > 0) + int(optimizer["centered"])),
        "Adam": _copies(lambda optimizer: 2 + int(optimizer["amsgrad"])),
        "AdamW": _copies(lambda optimizer: 2 + int(optimizer["amsgrad"])),
        "Nadam": _copies(lambda optimizer: 2),
        "Adamax": _copies(lambda optimizer: 2),
        "Adagrad": _copies(lambda optimizer: 1),
        "Adadelta": _copies(lambda optimizer: 2),
        "Ftrl": _copies(lambda optimizer: 2),
        "Lion": _copies(lambda optimizer: 1),
        "Lamb": _copies(lambda optimizer: 2),
        "ScheduleFreeAdamW": _copies(lambda optimizer: 2),
        "Adafactor": _adafactor,
        "Muon": _muon,
    }
)
"""What each optimizer keeps for a weight.

Source: the ``build`` of each class, https://keras.io/api/optimizers/; compared with it in the tests.
"""


def optimizer_object(written: Any) -> Object | None:
    """The optimizer that a spec names: a string, or a table with ``type``; None where it is not known."""
    name = written.get("type") if isinstance(written, Mapping) else written
    record = find("optimizers", name) if isinstance(name, str) else None
    if record is None:
        return None
    return instantiate(record, written if isinstance(written, Mapping) else {})


def _in_charge(optimizer: Object, path: str) -> Object | None:
    """The optimizer that takes the steps of a weight: what stands inside of one that only hands on."""
    inner: Any = optimizer
    while inner is not None and inner.record.name not in SLOTS:
        if inner.record.name == "LossScaleOptimizer":
            inner = _nested(inner["inner_optimizer"])
        elif inner.record.name == "MultiOptimizer":
            inner = _nested(_mapped(inner["optimizer_map"], path))
        else:
            return None
    return inner if isinstance(inner, Object) else None


def _mapped(table: Object, path: str) -> Any:
    """What an OptimizerMap has for a weight: under its whole name, or under the pattern that fits all of it."""
    optimizers: Mapping[str, Any] = table["optimizer_map"] or {}
    if path in optimizers:
        return optimizers[path]
    fitting = [one for pattern, one in optimizers.items() if re.fullmatch(pattern, path)]
    return fitting[0] if fitting else table["default_optimizer"]


def _nested(optimizer: Any) -> Object | None:
    return optimizer if isinstance(optimizer, Object) else optimizer_object(optimizer)


def optimizer_bytes(optimizer: Object, weights: Iterable[tuple[str, Weight]]) -> Size | None:
    """Bytes of what an optimizer keeps for weights, each given with the name of its layer.

    Weights that are not trained have nothing kept for them. The few numbers that every optimizer has once, such
    as its count of steps, are left out. None where the optimizer is not known.
    """
    total: Size = 0
    for layer, weight in weights:
        inner = _in_charge(optimizer, f"{layer}/{weight.name}")
        if inner is None:
            return None
        if weight.trainable:
            # Averaging and accumulating keep a copy of their own, whatever the optimizer.
            further = bool(inner.arguments.get("use_ema")) + bool(inner.arguments.get("gradient_accumulation_steps"))
            count = SLOTS[inner.record.name](inner, layer, weight) + further * product(weight.shape)
            total = total + count * BYTES[weight.dtype]
    return total

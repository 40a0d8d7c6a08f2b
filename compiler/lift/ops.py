"""From the class that Keras keeps of an op to the op that a spec names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from ..catalogue import family, find
from ..catalogue.record import Record

MODULE: Final = "keras.src.ops"
"""Ops stand in a file under the module in which Keras has them."""

OTHERWISE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BatchNorm": "ops.batch_normalization",
        "LayerNorm": "ops.layer_normalization",
        "RMSNorm": "ops.rms_normalization",
    }
)
"""Classes that are not called as their op is."""


def is_op(module: str | None, kind: str) -> bool:
    """Whether a saved object is an op as a node, and no layer."""
    return module is not None and (module == MODULE or module.startswith(f"{MODULE}."))


def op_record(kind: str, module: str | None) -> Record | None:
    """The record of an op by its class: ``GetItem`` is ``ops.get_item``; None where the catalogue has none."""
    if kind in OTHERWISE:
        return find("ops", OTHERWISE[kind])
    home = (module or "").rpartition(".")[2]
    found = _by_class()
    return found.get(f"{home}.{kind.lower()}") or found.get(kind.lower())


@cache
def _by_class() -> Mapping[str, Record]:
    """Every name of every op, without its underscores: so classes are called; also behind the module's name."""
    found: dict[str, Record] = {}
    for record in family("ops").values():
        for spelling in (record.name, *record.aliases):
            _, *homes, last = spelling.split(".")
            plain = last.replace("_", "")
            found.setdefault(plain, record)
            if homes:
                found.setdefault(f"{homes[-1]}.{plain}", record)
    return MappingProxyType(found)

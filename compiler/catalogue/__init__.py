"""What keraspec knows of Keras: one family a file, an object's arguments and its shape rule side by side.

Families are loaded when they are first asked for: a spec without training never loads an optimizer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from .offered import offered
from .record import Record

MODULES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "layers": (
            "core",
            "convolution",
            "pooling",
            "normalization",
            "activation_layers",
            "regularization",
            "merging",
            "reshaping",
            "recurrent",
            "wrappers",
            "attention",
            "preprocessing",
            "categories",
            "vocabularies",
            "images",
            "augmentation",
            "mixing",
            "audio",
            "pipelines",
            "refused",
        ),
        "ops": (
            "ops.elementwise",
            "ops.arithmetic",
            "ops.reductions",
            "ops.ordering",
            "ops.statistics",
            "ops.refused",
            "ops.activations",
            "ops.shapes",
            "ops.repeating",
            "ops.diagonals",
            "ops.indexing",
            "ops.joins",
            "ops.creation",
            "ops.contractions",
            "ops.einsum",
            "ops.linear_algebra",
            "ops.spectral",
            "ops.windows",
            "ops.convolutions",
            "ops.blocks",
            "ops.normalizing",
            "ops.loss_functions",
            "ops.attending",
            "ops.image_sizes",
            "ops.image_transforms",
            "ops.image_values",
        ),
        "applications": ("applications",),
        "optimizers": ("optimizers",),
        "optimizer_maps": ("optimizers",),
        "losses": ("losses",),
        "metrics": ("metrics",),
        "callbacks": ("callbacks",),
        "initializers": ("initializers",),
        "regularizers": ("regularizers",),
        "constraints": ("constraints",),
        "schedules": ("schedules",),
        "activations": ("activations",),
        "dtype_policies": ("dtype_policies",),
        "sources": ("data_sources",),
    }
)
"""Family → the modules of this package that hold its records, each in a tuple named like the family."""


DOTTED: Final = ("ops", "applications")
"""Families whose objects are written with the family in front wherever they stand: ``ops.matmul``."""


@cache
def family(name: str) -> Mapping[str, Record]:
    """All records of a family by class name, in the order of the catalogue.

    Raises:
        KeyError: if there is no such family.
    """
    return MappingProxyType({record.name: record for module in MODULES[name] for record in _records(name, module)})


def _records(name: str, module: str) -> tuple[Record, ...]:
    """The records of a family that stand in one module."""
    found: tuple[Record, ...] = getattr(import_module(f".{module}", __name__), name.upper())
    return found


@cache
def spellings(name: str) -> Mapping[str, Record]:
    """Every string by which a family's records are found: class names, aliases, and Keras' short names."""
    found: dict[str, Record] = {}
    for module in MODULES[name]:
        for spelling, record in _spellings(name, module).items():
            found.setdefault(spelling, record)
    return MappingProxyType(found)


@cache
def _spellings(name: str, module: str) -> Mapping[str, Record]:
    found: dict[str, Record] = {}
    for record in _records(name, module):
        for spelling in (record.name, *record.aliases, *record.names):
            found.setdefault(spelling, record)
    return MappingProxyType(found)


def entry_record(spelling: str) -> Record | None:
    """The record that the ``type`` of a layer entry names: a layer's, an op's, or an application's."""
    home = spelling.partition(".")[0]
    return find(home if home in DOTTED and home != spelling else "layers", spelling)


def find(family_name: str, spelling: str) -> Record | None:
    """The record that a string in a spec names, if there is one.

    Modules are loaded in the order of MODULES until it is found: what most specs use stands first, and a spec of
    dense layers never loads attention.
    """
    for module in MODULES[family_name]:
        record = _spellings(family_name, module).get(spelling)
        if record is not None:
            return record
    return offered(family_name, spelling)

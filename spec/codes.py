"""The table of all codes: what each diagnostic means, in plain words, with a wrong and a right example."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .code_texts import (
    e0,
    e1,
    e2,
    e3,
    e4,
    e4_backends,
    e4_columns,
    e4_devices,
    e4_expressions,
    e4_survival,
    e4_training,
    e5,
    e6_blocks,
    e6_expressions,
    e7,
    e8,
    e9,
    w,
)
from .code_texts.code import Code


def codes() -> Mapping[str, Code]:
    """All codes in order."""
    every = (
        *e0.CODES,
        *e1.CODES,
        *e2.CODES,
        *e3.CODES,
        *e4.CODES,
        *e4_expressions.CODES,
        *e4_training.CODES,
        *e4_backends.CODES,
        *e4_devices.CODES,
        *e4_survival.CODES,
        *e4_columns.CODES,
        *e5.CODES,
        *e6_expressions.CODES,
        *e6_blocks.CODES,
        *e7.CODES,
        *e8.CODES,
        *e9.CODES,
        *w.CODES,
    )
    return MappingProxyType({one.code: one for one in every})


__all__ = ["AREAS", "Code", "codes"]

AREAS: Final = MappingProxyType(
    {
        "E0": "text that can't be read",
        "E1": "words and values that the language does not have",
        "E2": "layers that are not connected as they should be",
        "E3": "shapes that do not fit",
        "E4": "data and training",
        "E5": "promises",
        "E6": "parameters, blocks, files laid over files",
        "E7": "exporting",
        "E8": "importing",
        "E9": "settings",
        "W": "warnings",
    }
)

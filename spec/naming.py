"""The noun Name: what entries and tensors are called, as written and as generated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
"""What people may call inputs, entries, blocks and parameters."""
REFERENCE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)(?:\[(\d{1,6})\])?")
"""Names with dots going inward, and at most one ``[n]``."""


def snake_case(name: str) -> str:
    """A class name as Keras makes a layer's name of it: ``MaxPooling2D`` → ``max_pooling2d``."""
    parted = re.sub(r"(?<=.)([A-Z][a-z]+)", r"_\1", name.rpartition(".")[2])
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", parted).lower().strip("_")


class FreeNames:
    """Gives names that are free: ``dense``, ``dense_1``, …"""

    __slots__ = ("_counts", "_taken")

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def name(self, base: str) -> str:
        """The base itself if it is free, else numbered."""
        count = self._counts.get(base, 0)
        name = base if count == 0 else f"{base}_{count}"
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._counts[base] = count + 1
        self._taken.add(name)
        return name


def covers(pattern: str, name: str) -> bool:
    """Whether a full name or a pattern of such names means what is called ``name``, or something around it."""
    parts = name.split(".")
    return any(fnmatchcase(".".join(parts[:length]), pattern) for length in range(1, len(parts) + 1))


SIGNS: Final = frozenset("*?[")
"""What makes a pattern of a name."""


def factor_of(factors: Mapping[str, float], name: str) -> float:
    """What the learning rate of the layer of this full name is multiplied by; 1 where nothing is said of it.

    Of several names and patterns that fit, the one with the most letters of its own counts, then the longer one, then
    the smaller factor: `backbone.top` before `backbone*`.
    """
    fitting = [one for one in factors if covers(one, name)]
    if not fitting:
        return 1.0
    return factors[max(fitting, key=lambda one: (sum(sign not in SIGNS for sign in one), len(one), -factors[one]))]

"""The noun Names: the variables of one function, each free and fit for Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Final

TAKEN: Final = frozenset(
    {"keras", "layers", "ops", "math", "np", "tf", "name", "index", "item", "l", "O", "I", "list", "range", "enumerate",
     "min", "max", "round", "int", "float", "len", "abs", "sum", "model", "build_model", "freeze", "named", "HERE"}
)  # fmt: skip
"""What a program uses itself, and what Ruff would find hard to read."""
CHAIN: Final = "x"
"""The variable that goes from layer to layer."""


class Names:
    """Gives variables that are free: as they are asked for, else with a number."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*TAKEN, CHAIN, *taken}

    def new(self, wanted: str) -> str:
        """A free variable like the name that is wanted."""
        base = re.sub(r"\W", "_", wanted, flags=re.ASCII)
        if not base or base[0].isdigit():
            base = f"_{base}"
        if keyword.iskeyword(base) or keyword.issoftkeyword(base):
            base += "_"
        found, number = base, 1
        while found in self._taken:
            number += 1
            found = f"{base}_{number}"
        self._taken.add(found)
        return found

    def keep(self, name: str) -> str:
        """Take a name that is known to be fit."""
        self._taken.add(name)
        return name


def several(name: str) -> str:
    """What a list of such things is called."""
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es" if not name.endswith("s") else f"{name}_list"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2:-1] not in "aeiou" else f"{name}s"

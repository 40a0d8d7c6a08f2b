"""What an optimizer keeps, by name; and from one optimizer to another of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


def carry(old: Sequence[keras.Variable], new: Sequence[keras.Variable], without: Sequence[str] = ()) -> None:
    """Hand over what an optimizer keeps to another of its kind: what has the same name, behind the optimizer's own.

    What it keeps for a weight whose name begins a name in ``without`` is left alone.
    """
    kept = named_slots(old)
    for name, variable in named_slots(new).items():
        there = None if name.startswith(tuple(without)) else kept.get(name)
        if there is not None and there.shape == variable.shape:
            variable.assign(there)


def before_weights(optimizer: Any) -> tuple[str, ...]:
    """How the names begin of what an optimizer keeps for single weights."""
    return tuple(f"{one.path.replace('/', '_')}_" for one in optimizer._trainable_variables)


def named_slots(variables: Sequence[keras.Variable]) -> Mapping[str, keras.Variable]:
    """What an optimizer keeps by name, behind the optimizer's own."""
    return {one.path.partition("/")[2]: one for one in variables}

"""From looks at the columns to be predicted to heads: the last layers, the loss, and how it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .found import DraftError
from .looks import Look
from .pieces import Entry, Names

Task = Literal["auto", "classes", "number"]

MOST_CLASSES: Final = 1000
NUMBERED: Final = 20
"""Whole numbers from 0 on, up to so many different ones, are taken for classes."""
_RARE: Final = 0.25
"""A class with less than this of the rows of the most frequent one is rare."""


@dataclass(slots=True)
class Head:
    """One answer of a model."""

    name: str
    column: str
    about: str
    layers: list[Entry]
    loss: str
    metrics: list[Any]
    classes: bool
    encode: str | None = None
    rare: bool = False
    notes: list[str] = field(default_factory=list)


def head(one: Look, names: Names, task: Task) -> Head:
    """The head for a column.

    Raises:
        DraftError: if it can't be predicted.
    """
    if one.kind not in ("words", "number"):
        reason = one.why or {
            "text": "holds texts",
            "vector": "holds rows of numbers",
            "sequence": "holds series",
            "picture": "holds pictures",
        }.get(one.kind, "holds files")
        raise DraftError(f"`{one.name}` can't be the target, for it {reason}; take a column of words or of numbers")
    if one.kind == "words" and task == "number":
        shown = _few([word for word, _ in one.values])
        raise DraftError(f"`{one.name}` holds words ({shown}), so it is no number")
    if one.kind == "words" or (task != "number" and (task == "classes" or _are_classes(one))):
        return _classes(one, names)
    return _number(one, names)


def _are_classes(one: Look) -> bool:
    """Whether whole numbers are those of classes: two of them, or 0, 1, 2, … and not many."""
    if not one.whole or not one.values:
        return False
    return one.unique == 2 or (one.unique <= NUMBERED and [number for number, _ in one.values] == [*range(one.unique)])


def _classes(one: Look, names: Names) -> Head:
    if not one.values:
        raise DraftError(
            f"`{one.name}` has {one.unique} different numbers, some of them no whole ones: too many for classes; "
            "with --task number it is predicted as an amount"
        )
    labels = sorted((word for word, _ in one.values), key=lambda word: (isinstance(word, str), word))
    counts = [count for _, count in one.values]
    if one.unique > MOST_CLASSES:
        raise DraftError(f"`{one.name}` has {one.unique:,} different values, which are too many for classes")
    numbered = one.kind == "number" and labels == [*range(one.unique)]
    encode = "index" if one.kind == "number" and not numbered else None
    rare = min(counts) < _RARE * max(counts)
    shown = _few([str(label) for label in labels])
    if one.unique == 2:
        about = f"How likely it is that {one.name} is {labels[1]}, and not {labels[0]}: from 0 to 1."
        entry: Entry = {"type": "Dense", "units": 1, "activation": "sigmoid"}
        loss, metrics = "binary_crossentropy", ["accuracy", {"type": "AUC"}]
    else:
        about = f"How likely each {one.name} is: {shown}, in this order."
        entry = {"type": "Dense", "units": one.unique, "activation": "softmax"}
        loss, metrics = "sparse_categorical_crossentropy", ["accuracy"]
    name = names(one.name)
    few = [both for both in reversed(one.values) if both[1] < _RARE * max(counts)]
    notes = [f"{count} of {one.rows} rows are {word}" for word, count in few]
    return Head(name, one.name, about, [{"name": name, **entry}], loss, metrics, True, encode, rare, notes[:3])


def _number(one: Look, names: Names) -> Head:
    name = names(one.name)
    layers: list[Entry] = [
        {"type": "Dense", "units": 1},
        {"name": name, "type": "Rescaling", "scale": _short(one.spread), "offset": _short(one.middle)},
    ]
    about = (
        f"The {one.name}: the network says by how much it differs from the mean ({_short(one.middle):g}), and "
        "Rescaling turns that into the numbers of the column."
    )
    if one.values:
        about += f" If its {one.unique} numbers are names of classes: `keraspec new` with --task classes."
    return Head(name, one.name, about, layers, "mse", ["mae"], False)


def _short(value: float) -> float:
    return float(f"{value:.4g}") or 1.0 if abs(value) > 1e-12 else 0.0


def _few(words: Sequence[str]) -> str:
    """Some words, parted by commas."""
    return ", ".join(words[:6]) + (f" and {len(words) - 6} more" if len(words) > 6 else "")

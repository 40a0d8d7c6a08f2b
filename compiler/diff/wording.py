"""From Changes to Lines: what is told of them in every form, in groups, so that what happened often is said once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from ...spec.document import Place
from ...spec.origins import brief
from ..sizes import Size
from ..tensor import TensorType, shape_text
from .changes import Changes, Fit, Layer, Side, Total
from .values import ABSENT, Difference
from .written import FIRST, Edit

BYTES: Final = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
FLOPS: Final = ("FLOPs", "kFLOPs", "MFLOPs", "GFLOPs", "TFLOPs", "PFLOPs")
SIGNS: Final = {"added": "+", "removed": "-", "changed": "~", "renamed": "→", "moved": "↕"}
_DIGITS: Final = re.compile(r"\d+")
AS_BEFORE: Final = "parameters, FLOPs and memory are as before"
NAMES: Final = 3
"""So many layers of a group are named,"""
WIDEST: Final = 60
"""if their names take no more characters than these."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to tell: a sign (``+ - ~ → ↕``), what it is about, what happened, and where it is written."""

    sign: str
    subject: str
    words: str
    where: str = ""


def title(changes: Changes) -> str:
    """One sentence for all of it."""
    if changes.same:
        return "written differently, same network" if changes.edits else "no difference"
    if changes.parts:
        return "no network of their own: what is changed is for files that include or extend them"
    counts = changes.counts
    parts = [f"{counts[one]} {one}" for one in ("added", "removed", "changed") if counts.get(one)]
    if not parts:
        return "same network, other " + " and ".join(dict.fromkeys(one.path[0] for one in changes.values))
    count = sum(counts.values()) - counts.get("removed", 0)
    if not count:
        return f"all {counts['removed']} inputs and layers removed"
    if counts.keys() == {"added"}:
        return f"all {count} inputs and layers are new"
    return f"{', '.join(parts)} of {count} inputs and layers"


def troubles(changes: Changes) -> list[str]:
    """What is to be known of sides with errors."""
    return [
        f"{side.label} has {'1 error' if side.errors == 1 else f'{side.errors} errors'}: "
        "compared is what is known of it (`?` for what is not)"
        for side in (changes.old, changes.new)
        if side.errors
    ]


def edited(changes: Changes, *, effective: bool = True) -> list[Line]:
    """What was changed in what is written; or that part of it that changes nothing."""
    return [_edit(one) for one in changes.edits if one.effective is effective]


def _edit(edit: Edit) -> Line:
    subject = ".".join(edit.path)
    where = _where(edit.new_place or edit.old_place)
    if edit.way == "added":
        return Line("+", subject, entry_words(edit.new), where)
    if edit.way == "removed":
        return Line("-", subject, entry_words(edit.old), where)
    if edit.way == "renamed":
        return Line("→", subject, f"is called {edit.new} now", where)
    if edit.way == "moved":
        return Line("↕", subject, f"stood {_stood(edit.old)}, stands {_stood(edit.new)} now", where)
    return Line("~", subject, f"{value_words(edit.old)} → {value_words(edit.new)}", where)


def _stood(behind: Any) -> str:
    return "first" if behind == FIRST else f"behind {behind}"


def _where(place: Place | None) -> str:
    if place is None:
        return ""
    name = PurePath(place.source.path).name.rpartition(":")[2]  # without the revision that it is of
    return f"{name}:{place.source.line_column(place.start)[0]}"


def value_words(value: Any) -> str:
    """A value in few words."""
    if value is ABSENT:
        return "(not there)"
    return entry_words(value)


def entry_words(value: Any) -> str:
    """A table in few words: ``Dense(units = 10)``; of several their number; other values as they are written."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(one, Mapping) for one in value):
        return f"{len(value)} entries"
    if not isinstance(value, Mapping):
        return brief(value)
    kind = next((str(value[way]) for way in ("type", "block", "reuse") if way in value), "")
    inner, length = [], 0
    for key, one in value.items():
        if key in ("type", "block", "reuse", "name"):
            continue
        text = f"{key} = {brief(one)}"
        length += len(text)
        if length > 72:
            inner.append("…")
            break
        inner.append(text)
    body = ", ".join(inner)
    if kind:
        return f"{kind}({body})" if body else kind
    return f"{{ {body} }}" if body else "{}"


def following(changes: Changes) -> list[Line]:
    """What follows from the edits: layers that came out differently, and values; what is said of many is one line."""
    groups: dict[tuple[str, str, str], list[Layer]] = {}
    for layer in changes.layers:
        told = "; ".join(layer_words(layer))
        if layer.status == "same" or not told or (layer.status == "removed" and layer.edited):
            continue
        key = ({"added": "+", "removed": "-"}.get(layer.status, "~"), _DIGITS.sub("#", layer.name), told)
        groups.setdefault(key, []).append(layer)
    lines = [Line(sign, subjects(layers), told) for (sign, _, told), layers in groups.items()]
    return [*lines, *map(_value, changes.follows)]


def _value(one: Difference) -> Line:
    sign = "+" if one.old is ABSENT else "-" if one.new is ABSENT else "~"
    words = {"+": lambda: value_words(one.new), "-": lambda: value_words(one.old)}.get(
        sign, lambda: f"{value_words(one.old)} → {value_words(one.new)}"
    )()
    return Line(sign, ".".join(one.path), words)


def subjects(layers: Sequence[Layer]) -> str:
    """Layers by name; of many the first and the last, and how many."""
    every = ", ".join(one.name for one in layers[: NAMES + 1])
    if len(layers) == 1 or (len(layers) <= NAMES and len(every) <= WIDEST):
        return every
    return f"{layers[0].name} … {layers[-1].name} ({len(layers)})"


def layer_words(layer: Layer) -> Iterator[str]:
    """What became of one layer, each part in few words; what was edited in it is told there."""
    if layer.status == "added":
        yield f"{layer.type} {tensors(layer.outputs)}{_params(layer.params)}"
        return
    if layer.status == "removed":
        yield f"{layer.type_before}{_params(layer.params_before)}"
        return
    if layer.type != layer.type_before and not layer.edited:
        yield f"{layer.type_before} → {layer.type}"
    if not layer.edited:
        for one in layer.arguments:
            yield f"{'.'.join(one.path)} {value_words(one.old)} → {value_words(one.new)}"
    if layer.renamed and not layer.edited:
        yield f"was called {layer.old}"
    if layer.rewired:
        yield f"takes {', '.join(layer.inputs) or 'nothing'} (before: {', '.join(layer.inputs_before) or 'nothing'})"
    if layer.outputs != layer.outputs_before:
        yield f"{tensors(layer.outputs_before)} → {tensors(layer.outputs)}"
    if layer.params != layer.params_before and (layer.outputs is None) is (layer.outputs_before is None):
        yield f"{digits(layer.params_before)} → {digits(layer.params)} parameters"


def _params(size: Size | None) -> str:
    return "" if size == 0 else f", {digits(size)} parameters"


def tensors(outputs: tuple[TensorType, ...] | None) -> str:
    """Shapes as people read them."""
    if outputs is None:
        return "?"
    shown = [shape_text(one.shape) + ("" if one.dtype == "float32" else f" {one.dtype}") for one in outputs[:2]]
    return " and ".join(shown) + (" …" if len(outputs) > 2 else "")


def digits(size: Size | None) -> str:
    """A number with its thousands apart."""
    return "?" if size is None else f"{size:,}" if isinstance(size, int) else str(size)


def as_before(changes: Changes) -> bool:
    """Whether all sums are known and the same."""
    return all(one.old == one.new and one.old is not None for one in changes.totals)


def quantity(size: Size | None, unit: str) -> str:
    """A size in the unit that leaves few digits."""
    if not isinstance(size, int) or not unit:
        return digits(size) + (f" {unit}" if unit and size is not None else "")
    units, step = (BYTES, 1024) if unit == "bytes" else (FLOPS, 1000)
    value, at = float(size), 0
    while value >= step - 0.05 and at + 1 < len(units):
        value, at = value / step, at + 1
    return f"{size:,} {units[0]}" if at == 0 else f"{value:,.1f} {units[at]}"


def ratio(total: Total) -> str:
    """How much more or less it is, in percent; by how much, where so little shows in no other way; else nothing."""
    if not isinstance(total.old, int) or not isinstance(total.new, int) or not total.old or total.old == total.new:
        return ""
    if quantity(total.old, total.unit) == quantity(total.new, total.unit):
        return ("+" if total.new > total.old else "-") + quantity(abs(total.new - total.old), total.unit)
    share = 100 * (total.new - total.old) / total.old
    if abs(share) < 0.05:
        return ""
    return f"{share:+,.1f} %" if abs(share) < 1000 else f"× {total.new / total.old:,.1f}"


def weight_lines(changes: Changes) -> tuple[str, list[Line]]:
    """Whether a trained model's weights still fit: in a sentence, and layer by layer where they don't."""
    with_weights = [one for one in changes.layers if one.weights and one.fit not in ("none", "gone")]
    kept = sum(one.fit == "kept" for one in with_weights)
    groups: dict[tuple[Fit, str, str], list[Layer]] = {}
    for one in changes.layers:
        if one.fit in ("partly", "anew", "gone", "unknown") and (one.fit != "unknown" or one.weights):
            groups.setdefault((one.fit, _DIGITS.sub("#", one.name), fit_words(one)), []).append(one)
    lines = [
        Line({"gone": "-", "anew": "+"}.get(fit, "~"), subjects(layers), f"{FITS[fit]}{f': {told}' if told else ''}")
        for (fit, _, told), layers in groups.items()
    ]
    if not with_weights:
        return "no layer has weights" + (" any longer" if lines else ""), lines
    if kept == len(with_weights):
        return f"all {kept} layers with weights keep those of a trained model" if kept > 1 else (
            "the layer with weights keeps those of a trained model"), lines  # fmt: skip
    return f"{kept} of {len(with_weights)} layers with weights keep those of a trained model", lines


FITS: Final[Mapping[Fit, str]] = {
    "partly": "keeps a part",
    "anew": "begins anew",
    "gone": "is gone, and its weights with it",
    "unknown": "can't be told: there are errors",
}


def fit_words(layer: Layer) -> str:
    """Which weights of a layer do not fit."""
    if layer.fit == "anew" and layer.type != layer.type_before:
        return f"was {layer.type_before}"
    if layer.fit == "anew" and layer.old is None:
        return "it is new"
    if layer.fit in ("gone", "unknown"):
        return ""
    wrong = [one for one in layer.weights if not one.fits and one.new is not None]
    words = [f"{one.name} {_shape(one.old)} → {_shape(one.new)}" for one in wrong[:NAMES]]
    return ", ".join(words) + (" …" if len(wrong) > NAMES else "")


def _shape(shape: tuple[Size, ...] | None) -> str:
    return "(not there)" if shape is None else shape_text(shape)


def labels(changes: Changes) -> tuple[str, str]:
    """What the two sides are called."""
    return changes.old.label, changes.new.label


def side_name(side: Side) -> str:
    """The name of a side's network."""
    return side.typed.graph.name

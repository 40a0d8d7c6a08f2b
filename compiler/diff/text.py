"""From Changes to text: for a terminal, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..sizes import Size, to_json
from ..tensor import TensorType
from .changes import Changes, Layer
from .values import ABSENT, Difference
from .wording import AS_BEFORE, Line, as_before, edited, following, quantity, ratio, title, troubles, weight_lines
from .written import Edit

if TYPE_CHECKING:
    from rich.text import Text

STYLES: Final = {"+": "green", "-": "red", "~": "yellow", "→": "cyan", "↕": "cyan"}
WIDEST: Final = 48
"""Columns that the subjects take at most before the words begin."""


def text(changes: Changes) -> Text:
    """All of it for a terminal; without colours it is the text for a file."""
    from rich.text import Text

    page = Text()
    page.append(f"{changes.old.label} → {changes.new.label}\n", style="bold")
    page.append(f"{title(changes)}\n")
    for one in troubles(changes):
        page.append(f"note: {one}\n", style="yellow")
    told = edited(changes)
    if not changes.same:
        _section(page, "edited", told)
        _section(page, "what follows" if told else "what is different", following(changes))
    if not changes.same and not changes.parts:
        _totals(page, changes)
        sentence, lines = weight_lines(changes)
        page.append("\nweights\n", style="bold")
        page.append(f"  {sentence}\n")
        _lines(page, lines)
    _section(page, "written differently, to no effect", edited(changes, effective=False), "dim")
    return page


def _section(page: Text, name: str, lines: Sequence[Line], style: str = "") -> None:
    if lines:
        page.append(f"\n{name}\n", style="bold")
        _lines(page, lines, style)


def _lines(page: Text, lines: Sequence[Line], style: str = "") -> None:
    width = min(WIDEST, max((len(one.subject) for one in lines), default=0))
    for one in lines:
        page.append(f"  {one.sign} ", style=style or STYLES[one.sign])
        page.append(f"{one.subject:<{width}}", style=style or "bold")
        page.append(f"  {one.words}", style=style)
        page.append(f"  ({one.where})\n" if one.where else "\n", style="dim")


def _totals(page: Text, changes: Changes) -> None:
    page.append("\nbefore and after\n", style="bold")
    if as_before(changes):
        page.append(f"  {AS_BEFORE}\n", style="dim")
        return
    width = max(len(one.name) for one in changes.totals)
    for one in changes.totals:
        before, after = quantity(one.old, one.unit), quantity(one.new, one.unit)
        if one.old == one.new:
            page.append(f"  {one.name:<{width}}  {after}\n", style="dim")
            continue
        share = ratio(one)
        told = after if before == after else f"{before} → {after}"
        page.append(f"  {one.name:<{width}}  {told}{f'  ({share})' if share else ''}\n")


def to_data(changes: Changes) -> dict[str, Any]:
    """All of it as plain values for JSON; sizes that depend on words are texts, what is not known is None."""
    sentence, _ = weight_lines(changes)
    return {
        "old": {"name": changes.old.label, "errors": changes.old.errors},
        "new": {"name": changes.new.label, "errors": changes.new.errors},
        "same": changes.same,
        "title": title(changes),
        "edits": [_edit(one) for one in changes.edits],
        "layers": [_layer(one) for one in changes.layers if one.status != "same"],
        "unchanged": sum(one.status == "same" for one in changes.layers),
        "values": [{**_difference(one), "edited": one not in changes.follows} for one in changes.values],
        "totals": [
            {"name": one.name, "unit": one.unit or "parameters", "old": _size(one.old), "new": _size(one.new)}
            for one in changes.totals
        ],
        "weights": {
            "summary": sentence,
            "layers": {
                layer.name: {
                    "old": layer.old,
                    "fit": layer.fit,
                    "weights": [
                        {"name": one.name, "old": _shape(one.old), "new": _shape(one.new), "fits": one.fits}
                        for one in layer.weights
                    ],
                }
                for layer in changes.layers
                if layer.fit != "none"
            },
        },
    }


def _edit(edit: Edit) -> dict[str, Any]:
    found: dict[str, Any] = {"way": edit.way, "path": list(edit.path), "effective": edit.effective}
    for name, value, place in (("old", edit.old, edit.old_place), ("new", edit.new, edit.new_place)):
        if value is not ABSENT:
            found[name] = value
        if place is not None:
            line, column = place.source.line_column(place.start)
            found[f"{name}_place"] = {"file": place.source.path, "line": line, "column": column}
    return found


def _difference(one: Difference) -> dict[str, Any]:
    found: dict[str, Any] = {"path": list(one.path)}
    if one.old is not ABSENT:
        found["old"] = one.old
    if one.new is not ABSENT:
        found["new"] = one.new
    return found


def _layer(one: Layer) -> dict[str, Any]:
    found: dict[str, Any] = {"status": one.status, "edited": one.edited, "renamed": one.renamed, "moved": one.rewired}
    found["arguments"] = [_difference(told) for told in one.arguments]
    if one.old is not None:
        found["old"] = {"name": one.old, "type": one.type_before, "inputs": list(one.inputs_before),
                        **_numbers(one.outputs_before, one.params_before, one.flops_before)}  # fmt: skip
    if one.new is not None:
        found["new"] = {"name": one.new, "type": one.type, "inputs": list(one.inputs),
                        **_numbers(one.outputs, one.params, one.flops)}  # fmt: skip
    return found


def _numbers(outputs: tuple[TensorType, ...] | None, params: Size | None, flops: Size | None) -> dict[str, Any]:
    shapes = None if outputs is None else [{"shape": _shape(one.shape), "dtype": one.dtype} for one in outputs]
    return {"outputs": shapes, "params": _size(params), "flops": _size(flops)}


def _shape(shape: tuple[Size, ...] | None) -> list[Any] | None:
    return None if shape is None else [to_json(one) for one in shape]


def _size(size: Size | None) -> int | str | None:
    return None if size is None else to_json(size)

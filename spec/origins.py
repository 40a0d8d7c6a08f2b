"""The noun Expansion: where each value of an expanded document was written, and by way of which instances."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .document import Document, Part, Place, Pointer

SHOWN: Final = 6
"""So many instances are named on the way to a finding; of deeper ways the innermost and the outermost."""
_WIDEST: Final = 72
_TAKEN: Final = re.compile(r'(inputs = "|here instead of `|use `)([\w.\[\]-]+)(?=["`])')
"""What an entry is advised to take, or takes now."""
_NEW: Final = re.compile(r'name = "([\w.-]+)"')
"""The name of an entry that is advised."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One instance: of a block, or of an entry that stands several times (``block`` is None then).

    ``name`` is its full name, ``pointer`` leads to what made it in the document as written, ``values`` are what
    its names mean inside: parameters, or ``index`` and ``item``. ``inputs`` leads from tensors outside of a block to
    its inputs that stand for them.
    """

    name: str
    block: str | None
    pointer: Pointer
    values: Mapping[str, Any]
    outer: Frame | None
    inputs: Mapping[str, str] = field(default_factory=dict)

    def label(self) -> str:
        """What stands beside the place of the instance."""
        what = f"in the block `{self.block}`, " if self.block else ""
        return f"{what}instance `{self.name}`{_given(self.values)}"

    def chain(self) -> Iterator[Frame]:
        """This instance and those around it, innermost first."""
        at: Frame | None = self
        while at is not None:
            yield at
            at = at.outer


@dataclass(frozen=True, slots=True)
class Expansion:
    """What came of expanding a document.

    ``written`` is the document before; ``moved`` leads from pointers of the expanded one to those of ``written``
    wherever the two differ; ``frames`` has the instance in which each entry stands. ``names`` are the entries'
    full names, each with whether a person wrote it. ``composed`` are names at the top that stand for several
    entries or none; ``outputs`` the names of the model's outputs, where no table gives them. ``idle`` are entries that
    stand in no instance, found under ``("idle", number)``.
    """

    written: Document
    moved: Mapping[Pointer, Pointer] = field(default_factory=dict)
    frames: tuple[Frame | None, ...] = ()
    names: tuple[tuple[str, bool], ...] = ()
    composed: frozenset[str] = frozenset()
    outputs: tuple[str, ...] | None = None
    idle: tuple[Mapping[str, Any], ...] = ()

    def source(self, pointer: Pointer) -> Pointer:
        """The pointer into the document as written."""
        for length in range(len(pointer), 0, -1):
            found = self.moved.get(pointer[:length])
            if found is not None:
                return (*found, *pointer[length:])
        return pointer

    def locate(self, pointer: Pointer, part: Part) -> Place:
        """The place of a pointer into the expanded document."""
        return self.written.locate(self.source(pointer), part)

    def frame(self, pointer: Pointer) -> Frame | None:
        """The innermost instance that a pointer into the expanded document leads into."""
        if len(pointer) > 1 and pointer[0] == "layers" and isinstance(pointer[1], int):
            return self.frames[pointer[1]] if pointer[1] < len(self.frames) else None
        return None


def instances(frame: Frame | None, written: Document) -> tuple[tuple[str, Place], ...]:
    """The instances on the way to a place, innermost first, each with its own place."""
    if frame is None:
        return ()
    every = list(frame.chain())
    if len(every) > SHOWN:
        every = [*every[: SHOWN - 2], *every[-2:]]
    return tuple((one.label(), written.locate(one.pointer, "value")) for one in every)


def seen_from(frame: Frame, help_text: str) -> str | None:
    """Advice in the names that hold inside an instance; without what could not be written there."""
    block = next((one for one in frame.chain() if one.block), None)
    if frame.block is None:  # the entry itself stands several times: it has one name, and nothing goes in between
        entry = frame.name.rpartition(".")[0]
        help_text = help_text.replace(f"`{frame.name}`", f"`{entry}`")
        help_text = re.sub(rf"in `{re.escape(entry)}\.\d+`", f"in `{entry}`", help_text)
    between = frame.block is None and frame.values.get("index") != 0
    every = (None if between and " before " in way else _way_inside(block, way) for way in help_text.split("; or "))
    return "; or ".join(way for way in every if way is not None) or None


def _way_inside(block: Frame | None, way: str) -> str | None:
    """One way out in the names of a block; None where it takes something that has no name there."""
    new = set(_NEW.findall(way))
    prefix = f"{block.name}." if block is not None else ""
    lost = False

    def taken(found: re.Match[str]) -> str:
        nonlocal lost
        words, name = found.groups()
        if block is None or name in new or name.startswith(prefix):
            return found[0]
        lost = lost or name not in block.inputs
        return words + block.inputs.get(name, name)

    text = _TAKEN.sub(taken, way)
    for name in new:
        text = re.sub(rf"(?<=[\"`]){re.escape(name)}(?=[\"`])", name.rpartition(".")[2], text)
    if prefix:
        text = re.sub(rf"(?<=[\"`]){re.escape(prefix)}", "", text)
    return None if lost else text


def _given(values: Mapping[str, Any]) -> str:
    shown: list[str] = []
    for name, value in values.items():
        one = f"{name} = {brief(value)}"
        if sum(map(len, shown)) + len(one) > _WIDEST:
            shown.append("…")
            break
        shown.append(one)
    return f": {', '.join(shown)}" if shown else ""


def brief(value: Any) -> str:
    """A value as a spec would write it, cut where it is long."""
    if isinstance(value, dict):
        return "{…}"
    try:
        text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return "?"
    return text if len(text) <= 32 else f"{text[:31]}…"

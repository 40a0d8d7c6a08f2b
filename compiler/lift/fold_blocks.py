"""From Repeated to Block: the lines that occur several times become a block, and each occurrence an instance of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...spec.naming import NAME, FreeNames, snake_case
from .fold_abstract import Abstracted, abstract
from .fold_lines import Block, Body, Layers, Line, Ref, mapped
from .fold_search import Repeated, Window, weight

INPUTS: Final = ("x", "y", "z")
HEAD: Final = 5
"""Lines that a block takes beside its layers, about."""
_MOST_PARAMETERS: Final = 12
_SHORT: Final[Mapping[str, str]] = {
    "BatchNormalization": "bn",
    "LayerNormalization": "norm",
    "Activation": "act",
    "ReLU": "relu",
}
MERGES: Final[Mapping[str, str]] = {"Add": "residual", "Concatenate": "module", "Multiply": "gate"}


@dataclass(frozen=True, slots=True)
class Cut:
    """A block that could be made, and how much less there would be to read."""

    windows: Sequence[Window]
    abstracted: Abstracted
    saving: float


def cut(repeated: Repeated, layers: Layers) -> Cut | None:
    """Work out what a block of these windows would come to; None if it can't be made."""
    windows = _proper(repeated.windows)
    rows = [[line_arguments(line) for line in window.lines] for window in windows]
    stems = stems_of(windows)
    hints = [hint(tuple(_rests(windows, stems, column))) for column in range(len(rows[0]))]
    found = abstract(windows[0].lines, rows, layers.blocks, hints)
    if found is None or len(found.parameters) > _MOST_PARAMETERS:
        return None
    before = sum(weight(line) for window in windows for line in window.lines)
    after = HEAD + sum(map(instance_cost, found.arguments)) + parameter_cost(found.parameters)
    after += sum(0.3 for line in windows[0].lines if not isinstance(line.inputs, Ref))
    for place, (window, given) in enumerate(zip(windows, found.given, strict=True)):
        last = windows[place - 1] if place else None
        chained = last is not None and last.body is window.body and last.end == window.start
        again = (
            chained
            and found.given[place - 1] == given
            and window.outside[0] == Ref(window.body.lines[window.start - 1])
        )
        after += 0.1 if again else instance_cost(given) + 0.3 * (len(window.outside) > 1)
    saving = before - after
    return Cut(windows, found, saving * sum(map(tidiness, windows)) / len(windows))


def line_arguments(line: Line) -> Mapping[str, Any]:
    """The arguments of a line, how often it is repeated among them."""
    return line.arguments if line.repeat is None else {**line.arguments, "repeat": line.repeat}


def instance_cost(arguments: Mapping[str, Any]) -> float:
    """How much there is to read in an entry with these arguments."""
    return 1 + 0.2 * len(arguments)


def block_cost(lines: Sequence[Line], parameters: Mapping[str, Any]) -> float:
    """How much there is to read in a block."""
    return HEAD + sum(map(weight, lines)) + parameter_cost(parameters)


def parameter_cost(parameters: Mapping[str, Any]) -> float:
    """How much a reader has to keep in mind: a block with many parameters is none that anybody understands."""
    return 0.3 * len(parameters) + 0.2 * max(0, len(parameters) - 4) ** 2


def _proper(windows: Sequence[Window]) -> Sequence[Window]:
    """Without those of which the names say that they do not belong together, where most others do."""
    whole = [window for window in windows if prefix(window.lines)]
    return whole if len(windows) > len(whole) >= max(2, 0.6 * len(windows)) else windows


def tidiness(window: Window) -> float:
    """By how much a window is worth more or less because of what the layers' names say.

    More if it begins and ends where they say that something begins and ends, much less if they have nothing in common,
    or if its first or last line has more in common with what is outside.
    """
    stem = len(prefix(window.lines))
    lines = window.body.lines
    before = prefix(lines[max(0, window.start - 1) : window.start + 1]) if window.start else []
    after = prefix(lines[window.end - 1 : window.end + 1]) if window.end < len(lines) else []
    if not stem or len(before) > stem or len(after) > stem:
        return 0.5 if any(line.names for line in window.lines) else 1
    return 0.9 if len(before) == stem or len(after) == stem else 1.1


def tokens(name: str) -> list[str]:
    """The parts of a name."""
    return name.split("_")


def prefix(lines: Sequence[Line]) -> list[str]:
    """The parts with which all names begin that the lines stand for."""
    names = [tokens(name) for line in lines for name in line.names]
    if not names:
        return []
    first, last = min(names), max(names)
    size = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:size]


def make(one: Cut, layers: Layers) -> Block:
    """Put a block into the layers, and its instances where its lines stood."""
    windows = one.windows
    name = free_name(layers, _called(windows, one.abstracted))
    first = windows[0]
    inputs = INPUTS[: len(first.outside)]
    body = Body(inputs)
    stand_in: dict[Ref, Ref] = {ref: Ref(text) for ref, text in zip(first.outside, inputs, strict=True)}
    stems = stems_of(windows)
    new: dict[Line, Line] = {}
    for column, line in enumerate(first.lines):
        refs = (stand_in.get(ref) or Ref(new[ref.source], ref.rest) for ref in line.sources())  # type: ignore[index]
        arguments = dict(one.abstracted.arguments[column])
        rests = tuple(_rests(windows, stems, column))
        names = (hint(rests),) if hint(rests) else tuple(dict.fromkeys(rests))
        new[line] = Line(line.way, line.kind, arguments, mapped(line.inputs, refs), names=names,
                         repeat=arguments.pop("repeat", None))  # fmt: skip
        body.lines.append(new[line])
    block = layers.blocks[name] = Block(name, body, one.abstracted.parameters)
    instances = []
    for window, given in zip(windows, one.abstracted.given, strict=True):
        wiring = window.outside[0] if len(window.outside) == 1 else list(window.outside)
        every = dict.fromkeys(name for line in window.lines for name in line.names)
        instances.append(Line("block", name, given, wiring, names=tuple(every)))
    put(windows, instances)
    return block


def put(windows: Sequence[Window], instances: Sequence[Line]) -> None:
    """Let each instance stand where its window was."""
    for body in dict.fromkeys(window.body for window in windows):
        moved: dict[Line, Line] = {}
        starts = {
            window.start: (window, line) for window, line in zip(windows, instances, strict=True) if window.body is body
        }
        lines: list[Line] = []
        at = 0
        while at < len(body.lines):
            if at in starts:
                window, line = starts[at]
                moved[window.lines[-1]] = line
                lines.append(line)
                at = window.end
            else:
                lines.append(body.lines[at])
                at += 1
        body.lines = lines
        body.rewire(moved)


def hint(names: Sequence[str]) -> str:
    """What a line is called in most occurrences, as a name; empty where it is called now this, now that."""
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    name = name if count > 0.6 * len(names) else ""
    digits = len(name) - len(name.lstrip("0123456789_"))
    name = f"{name[digits:]}_{name[:digits]}".strip("_") if digits else name
    return name if NAME.fullmatch(name) and "-" not in name else ""


def stems_of(windows: Sequence[Window]) -> list[str]:
    """With what all names begin in each window."""
    return ["_".join(prefix(window.lines)) for window in windows]


def _rests(windows: Sequence[Window], stems: Sequence[str], column: int) -> Iterator[str]:
    for window, stem in zip(windows, stems, strict=True):
        for name in window.lines[column].names:
            yield name.removeprefix(stem).strip("_") or name


def free_name(layers: Layers, name: str) -> str:
    """A name for a block that no other has."""
    return FreeNames(layers.blocks).name(name)


def _called(windows: Sequence[Window], abstracted: Abstracted) -> str:
    lines = windows[0].lines
    if len(lines) <= 3 and lines[-1].kind in MERGES:
        return MERGES[lines[-1].kind]
    if len(lines) <= 3:
        words = [_word(line, arguments) for line, arguments in zip(lines, abstracted.arguments, strict=True)]
        return "_".join(dict.fromkeys(words))
    stems = {tuple(word for part in prefix(window.lines) if (word := part.rstrip("0123456789"))) for window in windows}
    if len(stems) == 1 and (stem := "_".join(next(iter(stems))[-2:])) and NAME.fullmatch(stem):
        last = stem.rpartition("_")[2]
        return "unit" if last in ("block", "layer", "layers") else stem
    return next((MERGES[line.kind] for line in reversed(lines) if line.kind in MERGES), "unit")


def rename(layers: Layers) -> None:
    """Let blocks be called after what has become of them, without numbers where none is needed."""
    own = [block for block in layers.blocks.values() if not block.given]
    names = FreeNames(block.name for block in layers.blocks.values() if block.given)
    for block in own:
        lines = block.body.lines
        merge = MERGES.get(lines[-1].kind) if len(lines) <= 3 else None
        block.name = names.name(merge or re.sub(r"_\d+$", "", block.name))
    called = {key: block.name for key, block in layers.blocks.items()}
    for body in layers.bodies():
        for line in body.lines:
            if line.way == "block":
                line.kind = called.get(line.kind, line.kind)
    layers.blocks = {block.name: block for block in layers.blocks.values()}


def _word(line: Line, arguments: Mapping[str, Any]) -> str:
    if line.way == "block":
        return line.kind
    activation = arguments.get("activation")
    if line.kind == "Activation" and isinstance(activation, str) and activation.isidentifier():
        return activation
    return _SHORT.get(line.kind) or re.sub(r"_?\d+d$", "", snake_case(line.kind)).removeprefix("ops_") or "unit"

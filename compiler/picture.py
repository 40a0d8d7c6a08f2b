"""From TypedGraph to Picture: what a drawing says, in cards and wires, whoever draws it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from .catalogue.ops.item_key import key_text
from .catalogue.record import Object
from .graph import Edge, Node, TypedGraph
from .sizes import Size, is_batch
from .tensor import TensorType

Kind = Literal["input", "layer", "output"]

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "core_layers": "core",
        "convolution_layers": "convolution",
        "recurrent_layers": "sequence",
        "attention_layers": "sequence",
        "merging_layers": "merging",
        "preprocessing_layers": "preprocessing",
        "pooling_layers": "shape",
        "reshaping_layers": "shape",
    }
)
"""Section of keras.io → colour. What is not named here (activations, dropouts, norms, …) is ``plain``."""

VALUE: Final = 28
"""Characters in the value of one argument."""
NAME: Final = 60
"""Characters in a name."""
ELEMENTS: Final = 6
"""Elements of a list that are shown."""

LEFT_OUT: Final = ("_initializer", "_regularizer", "_constraint", "seed")
"""Endings of arguments that say how a layer learns, not what it does."""
EXTENTS: Final = frozenset(
    {"kernel_size", "pool_size", "strides", "dilation_rate", "size", "target_shape", "output_size"}
)
"""Arguments whose lists are sizes side by side: ``3 × 3``."""


@dataclass(frozen=True, slots=True)
class Card:
    """One node as it is drawn. ``id`` is unique in its picture; ``details`` are the arguments that matter.

    ``family`` is the colour: a value of FAMILIES, ``plain``, ``unknown`` (the entry could not be understood),
    ``input`` or ``output``. ``shared`` says that the card calls a layer which another card owns.
    """

    id: str
    kind: Kind
    family: str
    name: str
    type: str
    details: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """One tensor on its way, or (``weights``) two calls of the same layer."""

    source: str
    target: str
    label: str
    weights: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole drawing; cards in the order of the file, outputs last."""

    title: str
    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]


def picture(typed: TypedGraph) -> Picture:
    """What a drawing of a model says. Sizes that are not known yet are words, unknown shapes a ``?``."""
    graph = typed.graph
    cards, wires = [], []
    types = {entry.name: entry.type or "?" for entry in graph.spec.entries}
    ids = _ids([*graph.nodes, *(f"output {name}" for name in graph.outputs)])
    key = dict(zip(graph.nodes, ids, strict=False))
    for name, node in graph.nodes.items():
        cards.append(_card(key[name], name, node, types.get(name, "?")))
    for name, node in graph.nodes.items():
        for edge, place in _places(node):
            wires.append(Wire(key[edge.source], key[name], _label(typed, edge) + (f" → {place}" if place else "")))
    for name, node in graph.nodes.items():
        if node.shared is not None and node.shared in key:
            wires.append(Wire(key[node.shared], key[name], "same weights", weights=True))
    for (name, edge), end in zip(graph.outputs.items(), ids[len(graph.nodes) :], strict=True):
        cards.append(Card(end, "output", "output", clean(name, NAME), "output"))
        wires.append(Wire(key[edge.source], end, _label(typed, edge)))
    return Picture(clean(graph.name, NAME), tuple(cards), tuple(wires))


def _places(node: Node) -> Iterator[tuple[Edge, str]]:
    """Every edge into a node and what the layer takes it for, where it takes more than one thing."""
    ports = {port.name: port for port in node.layer.record.ports} if node.layer else {}
    for name, edges in node.ports.items():
        elements = ports[name].elements if name in ports else ()
        for index, edge in enumerate(edges):
            if edge is None:
                continue
            if elements and len(edges) > 1 and index < len(elements):
                yield edge, elements[index]
            else:
                yield edge, name if len(node.ports) > 1 else ""


def _ids(names: list[str]) -> list[str]:
    """One id a name, unique even where what cannot be written was taken out of two names."""
    taken: set[str] = set()
    found = []
    for name in names:
        key = base = clean(name)
        number = 2
        while key in taken:
            key, number = f"{base} ({number})", number + 1
        taken.add(key)
        found.append(key)
    return found


def _card(id: str, name: str, node: Node, type: str) -> Card:
    title = clean(name, NAME)
    if node.input is not None:
        return Card(id, "input", "input", title, "input")
    if node.layer is None:
        return Card(id, "layer", "unknown", title, clean(type, NAME))
    record = node.layer.record
    section = record.page.split("/")[1] if record.page.count("/") else ""
    return Card(
        id,
        "layer",
        FAMILIES.get(section, "plain"),
        title,
        clean(record.name, NAME),
        () if node.shared is not None else _details({**node.layer.written, **node.options}),
        node.shared is not None,
    )


def _details(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        _argument(name, value) for name, value in arguments.items() if name != "name" and not name.endswith(LEFT_OUT)
    )


def lines(details: tuple[str, ...], width: int, most: int) -> list[str]:
    """Arguments in at most so many lines of about ``width`` characters; ``…`` for those that find no place."""
    found: list[str] = []
    for word in details:
        if found and len(found[-1]) + 3 + len(word) <= width:
            found[-1] += f" · {word}"
        elif len(found) < most:
            found.append(word)
        else:
            found[-1] += " · …"
            break
    return found


def _argument(name: str, value: Any) -> str:
    name = clean(name, VALUE)
    if value is True:
        return name
    if name in EXTENTS and isinstance(value, (tuple, list)) and all(isinstance(size, int) for size in value):
        return f"{name} {_cut(' × '.join(map(str, value)), VALUE)}"
    return f"{name} {_cut(_value(value), VALUE)}"


def _value(value: Any) -> str:
    """A value in a few characters; text without quotes, for it stands behind its argument's name."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Object):
        inner = ", ".join(_argument(name, part) for name, part in value.written.items() if name != "name")
        return f"{clean(value.record.name)}({inner})" if inner else clean(value.record.name)
    if isinstance(value, tuple) and any(isinstance(part, slice) or part is ... for part in value):
        return key_text(value)
    if isinstance(value, (tuple, list)):
        shown = [_value(part) for part in value[:ELEMENTS]] + ["…"] * (len(value) > ELEMENTS)
        return f"({', '.join(shown)})"
    if isinstance(value, Mapping):
        shown = [f"{clean(str(key))} {_value(part)}" for key, part in list(value.items())[:ELEMENTS]]
        return f"({', '.join(shown + ['…'] * (len(value) > ELEMENTS))})"
    return clean(str(value))


def _label(typed: TypedGraph, edge: Edge) -> str:
    if edge.inside is not None:
        return f"{clean(edge.inside, NAME)} {tensor_text(typed.tensor(edge))}"
    outputs = typed.typed[edge.source].outputs
    several = edge.index > 0 or (outputs is not None and len(outputs) > 1 + len(typed.graph.nodes[edge.source].inside))
    return (f"[{edge.index}] " if several else "") + tensor_text(typed.tensor(edge))


def tensor_text(tensor: TensorType | None) -> str:
    """One sample's shape as people write it, ``28 × 28 × 1``; the dtype where it is not float32.

    Where the first axis is not the batch axis, all axes are given in parentheses.
    """
    if tensor is None:
        return "?"
    if tensor.shape and is_batch(tensor.shape[0]):
        one = "one text" if tensor.dtype == "string" else "one number"
        text = " × ".join(map(_size, tensor.shape[1:])) or one
    else:
        text = f"({', '.join(map(str, tensor.shape))})"
    text = clean(text, 2 * NAME)
    return text if tensor.dtype == "float32" or text == "one text" else f"{text} {tensor.dtype}"


def _size(size: Size) -> str:
    text = str(size)
    return f"({text})" if " " in text else text


def clean(text: str, limit: int | None = None) -> str:
    """Text that every renderer can hold: control characters become spaces, what XML forbids becomes U+FFFD."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _stand_in(character) for character in text)
    text = " ".join(text.split())
    return text if limit is None else _cut(text, limit)


def _stand_in(character: str) -> str:
    # Surrogates and U+FFFE/U+FFFF cannot be written as UTF-8 or stand in XML; direction marks would turn lines around.
    code = ord(character)
    return "\ufffd" if 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE else " "


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

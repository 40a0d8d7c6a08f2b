"""From TypedGraph to Picture: what a drawing says, in cards and wires, whoever draws it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from .catalogue.ops.item_key import key_text
from .catalogue.record import Inner, Object
from .graph import Edge, Node, TypedGraph
from .sizes import Size, is_batch, product, substitute
from .tensor import BYTES, TensorType, Weight

if TYPE_CHECKING:
    from ..spec.origins import Frame

Kind = Literal["input", "layer", "output", "block"]

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
class Within:
    """One instance in which a card stands: of a block, of an entry that stands several times, or an application.

    ``name`` is the instance's own, ``entry`` the same for all that one entry made (None: it repeats nothing),
    ``block`` what it is an instance of (None where a single layer stands several times), ``values`` what it was given.
    ``made``: no block of the spec, but what was found to belong together.
    """

    name: str
    entry: Hashable
    block: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    application: bool = False
    made: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What a card costs: weights, FLOPs for one sample, bytes of its outputs for one sample; None if not known."""

    params: Size | None = 0
    flops: Size | None = 0
    bytes: Size | None = 0


@dataclass(frozen=True, slots=True)
class Card:
    """One node as it is drawn. ``id`` is unique in its picture; ``details`` are the arguments that matter.

    ``family`` is the colour: a value of FAMILIES, ``plain``, ``unknown`` (the entry could not be understood),
    ``input``, ``output``, or ``block`` for a block that is closed. ``shared`` says that the card calls a layer which
    another card owns. ``facts`` are lines of their own under the details. ``within`` are the instances around it,
    outermost first; ``times`` how often it stands there (``× 3``), and ``box`` the open box in which it is drawn.
    ``node`` is its name in the graph, ``inside`` its name in an application.
    """

    id: str
    kind: Kind
    family: str
    name: str
    type: str
    details: tuple[str, ...] = ()
    shared: bool = False
    facts: tuple[str, ...] = ()
    within: tuple[Within, ...] = ()
    cost: Cost = field(default_factory=Cost)
    times: str = ""
    box: str | None = None
    node: str = ""
    inside: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A block that is drawn open: a frame around cards and other boxes. ``box`` is the one around it."""

    id: str
    name: str
    type: str
    times: str = ""
    box: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wire:
    """One tensor on its way, or (``weights``) two calls of the same layer."""

    source: str
    target: str
    label: str
    weights: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole drawing; cards in the order of the file, outputs last; boxes before those inside them."""

    title: str
    cards: tuple[Card, ...]
    wires: tuple[Wire, ...]
    boxes: tuple[Box, ...] = ()


def picture(typed: TypedGraph, inside: Collection[str] = ()) -> Picture:
    """What a drawing of a model says: every layer by itself.

    Sizes that are not known yet are words, unknown shapes a ``?``. ``inside`` are applications (by the names of their
    nodes) that are taken apart into their layers.
    """
    graph = typed.graph
    frames = graph.spec.document.expansion.frame if graph.spec.document.expansion is not None else None
    cards, wires = [], []
    types = {entry.name: entry.type or "?" for entry in graph.spec.entries}
    apart = {name for name in inside if typed.typed[name].inside}
    inner = [(name, one.name) for name in graph.nodes if name in apart for one in typed.typed[name].inside]
    ids = _ids([*graph.nodes, *(f"output {name}" for name in graph.outputs), *(f"{name}.{one}" for name, one in inner)])
    key = dict(zip(graph.nodes, ids, strict=False))
    inner_key = dict(zip(inner, ids[len(graph.nodes) + len(graph.outputs) :], strict=True))
    ways = {name: tuple(_within(frames(node.pointer))) if frames else () for name, node in graph.nodes.items()}

    def source(edge: Edge) -> str:
        if edge.source not in apart:
            return key[edge.source]
        layers = typed.typed[edge.source].inside
        return inner_key[edge.source, edge.inside or layers[-1].name]

    for name, node in graph.nodes.items():
        known = typed.typed[name]
        if name in apart:
            around = (*ways[name], Within(name, None, types.get(name, "?"), application=True))
            given = {one.name: _first_shape(one.outputs) for one in known.inside}
            for one in known.inside:
                at = inner_key[name, one.name]
                cards.append(_inner_card(at, one, around, node))
                for source_name in one.sources:
                    if source_name:
                        wires.append(Wire(inner_key[name, source_name], at, given[source_name]))
                    else:
                        wires += [Wire(source(edge), at, _label(typed, edge)) for edge in node.edges]
            continue
        card = _card(key[name], name, node, types.get(name, "?"))
        outputs = known.outputs[: 1 if known.inside else None] if known.outputs is not None else None
        whole = known.outputs is not None
        cost = Cost(
            known.params if whole else None,
            substitute(known.flops, {}, batch=1) if whole else None,
            _bytes(tuple(tensor for one in known.inside for tensor in one.outputs) if known.inside else outputs),
        )
        cards.append(replace(card, within=ways[name], cost=cost, node=name))
    for name, node in graph.nodes.items():
        for edge, place in _places(node) if name not in apart else ():
            wires.append(Wire(source(edge), key[name], _label(typed, edge) + (f" → {place}" if place else "")))
    for name, node in graph.nodes.items():
        if node.shared is not None and node.shared in key and not {name, node.shared} & apart:
            wires.append(Wire(key[node.shared], key[name], "same weights", weights=True))
    for (name, edge), end in zip(graph.outputs.items(), ids[len(graph.nodes) :], strict=False):
        cards.append(Card(end, "output", "output", clean(name, NAME), "output"))
        wires.append(Wire(source(edge), end, _label(typed, edge)))
    return Picture(clean(graph.name, NAME), tuple(cards), tuple(wires))


def _within(frame: Frame | None) -> Iterator[Within]:
    """The instances around an entry, outermost first."""
    for one in reversed(list(frame.chain()) if frame is not None else ()):
        yield Within(one.name, one.pointer, one.block, one.values)


def _inner_card(id: str, one: Inner, within: tuple[Within, ...], node: Node) -> Card:
    record = one.layer.record
    params = 0 if node.shared is not None else _count(one.weights)
    cost = Cost(params, substitute(one.flops, {}, batch=1), _bytes(one.outputs))
    return Card(
        id,
        "layer",
        _family(record.page),
        clean(one.name, NAME),
        clean(record.name, NAME),
        _details(one.layer.written),
        within=within,
        cost=cost,
        node=node.name,
        inside=one.name,
    )


def _count(weights: tuple[Weight, ...]) -> Size:
    total: Size = 0
    for weight in weights:
        total = total + product(weight.shape)
    return total


def _bytes(outputs: tuple[TensorType, ...] | None) -> Size | None:
    if outputs is None:
        return None
    total: Size = 0
    for tensor in outputs:
        total = total + product(tensor.shape) * BYTES[tensor.dtype]
    return substitute(total, {}, batch=1)


def _first_shape(outputs: tuple[TensorType, ...]) -> str:
    return tensor_text(outputs[0] if outputs else None)


def _family(page: str) -> str:
    section = page.split("/")[1] if page.count("/") else ""
    return FAMILIES.get(section, "plain")


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
    return Card(
        id,
        "layer",
        _family(record.page),
        title,
        clean(record.name, NAME),
        () if node.shared is not None else _details({**node.layer.written, **node.options}),
        node.shared is not None,
    )


def _details(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        argument(name, value) for name, value in arguments.items() if name != "name" and not name.endswith(LEFT_OUT)
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


def argument(name: str, value: Any) -> str:
    """An argument and its value in a few characters: ``filters 64``, ``kernel_size 3 × 3``, ``use_bias``."""
    name = clean(name, VALUE)
    if value is True:
        return name
    if name in EXTENTS and isinstance(value, (tuple, list)) and all(isinstance(size, int) for size in value):
        return f"{name} {_cut(' × '.join(map(str, value)), VALUE)}"
    return f"{name} {_cut(value_text(value), VALUE)}"


def value_text(value: Any) -> str:
    """A value in a few characters; text without quotes, for it stands behind its argument's name."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Object):
        inner = ", ".join(argument(name, part) for name, part in value.written.items() if name != "name")
        return f"{clean(value.record.name)}({inner})" if inner else clean(value.record.name)
    if isinstance(value, tuple) and any(isinstance(part, slice) or part is ... for part in value):
        return key_text(value)
    if isinstance(value, (tuple, list)):
        shown = [value_text(part) for part in value[:ELEMENTS]] + ["…"] * (len(value) > ELEMENTS)
        return f"({', '.join(shown)})"
    if isinstance(value, Mapping):
        shown = [f"{clean(str(key))} {value_text(part)}" for key, part in list(value.items())[:ELEMENTS]]
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

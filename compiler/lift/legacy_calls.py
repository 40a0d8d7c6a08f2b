"""From ``inbound_nodes`` of old Keras to calls.

Three forms are about: ``[[["x", 0, 0]]]`` (Keras 1), ``[[["x", 0, 0, {"mask": null}]]]`` with the other arguments of
the call (Keras 2), and the same nested as the argument is, with tensors inside the other arguments and constants among
the first (TensorFlow 2.4 and later: ``["x", 0, 0, {"y": ["z", 0, 0]}]``, ``["_CONSTANT_VALUE", -1, 2.0, {}]``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .legacy_layers import Today
from .network import Called, Place, Tensor, Unreadable
from .reading import items

CONSTANT: Final = "_CONSTANT_VALUE"
SKIPPED: Final = ("name",)
"""Arguments of a call that name what it makes in TensorFlow's own graph."""


@dataclass(frozen=True, slots=True)
class Known:
    """The layers of a network, for reading references to them: ``calls`` is how often each is called, ``first`` the
    number that the file gives to the first call (1 for models, which count the call that made them)."""

    calls: Mapping[str, int]
    first: Mapping[str, int]


def references(nodes: Any) -> Iterator[tuple[str, int]]:
    """Every reference to a call (layer, number) in ``inbound_nodes``, whatever its form; the malformed are left out."""
    if isinstance(nodes, Mapping):
        for value in nodes.values():
            yield from references(value)
    elif _is_tensor(nodes):
        yield nodes[0], nodes[1]
        if len(nodes) == 4:
            yield from references(nodes[3])
    elif isinstance(nodes, list):
        for one in nodes:
            yield from references(one)


def _is_tensor(value: Any) -> bool:
    """Whether this is ``[layer, call, output]`` or ``[layer, call, output, arguments]``."""
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and _is_number(value[1])
        and (_is_number(value[2]) or value[0] == CONSTANT)
        and (len(value) == 3 or isinstance(value[3], Mapping))
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def tensor(value: Any, at: Place, known: Known) -> Tensor:
    """A reference to a tensor. Raises Unreadable where there is none, or it is to nothing."""
    if not _is_tensor(value):
        raise Unreadable(
            'a tensor must be named as `["LAYER", 0, 0]`: the layer, which of its calls, which of its outputs',
            at,
            help="the file is damaged: save the model again",
        )
    layer, call, output = value[:3]
    if layer not in known.calls:
        raise Unreadable(f"there is no layer `{layer}` in this model", at, help="the file is damaged: save it again")
    call -= known.first.get(layer, 0)
    if not 0 <= call < known.calls[layer] or output < 0:
        raise Unreadable(
            f"`{layer}` is called {known.calls[layer]} times, and this is a call beyond that",
            at,
            help="the file is damaged: save the model again",
        )
    return Tensor(layer, call, output)


def calls(nodes: Any, at: Place, known: Known) -> tuple[tuple[Any, Mapping[str, Any]], ...]:
    """For each call its first argument (a Tensor, or a list or table of them and of constants) and the other
    arguments. Raises Unreadable where they are malformed."""
    return tuple(_call(node, (*at, index), known) for index, node in enumerate(items(nodes, at, "`inbound_nodes`")))


def _call(node: Any, at: Place, known: Known) -> tuple[Any, Mapping[str, Any]]:
    keywords: dict[str, Any] = {}
    first = _first(node, at, known, keywords)
    if isinstance(first, list) and len(first) == 1:
        first = first[0]
    return first, keywords


def _first(value: Any, at: Place, known: Known, keywords: dict[str, Any]) -> Any:
    """The first argument; what stands behind its tensors are the other arguments, the same behind each."""
    if _is_tensor(value):
        if len(value) == 4:
            for name, one in value[3].items():
                if one is not None and name not in SKIPPED:
                    keywords[name] = _literal(one, (*at, 3, name), known)
        return value[2] if value[0] == CONSTANT else tensor(value, at, known)
    if isinstance(value, Mapping):
        return {name: _first(one, (*at, name), known, keywords) for name, one in value.items()}
    found = items(value, at, "the arguments of a call")
    if not found:
        raise Unreadable("this call has no tensors", at, help="the file is damaged: save the model again")
    if isinstance(found[0], str):
        tensor(value, at, known)
    return [_first(one, (*at, index), known, keywords) for index, one in enumerate(found)]


def _literal(value: Any, at: Place, known: Known) -> Any:
    """Another argument: a literal, with tensors wherever they stand in it."""
    if _is_tensor(value) and (value[0] in known.calls or value[0] == CONSTANT):
        return value[2] if value[0] == CONSTANT else tensor(value, at, known)
    if isinstance(value, Mapping):
        return {name: _literal(one, (*at, name), known) for name, one in value.items()}
    if isinstance(value, list):
        return [_literal(one, (*at, index), known) for index, one in enumerate(value)]
    return value


def called(layer: Today, first: Any, keywords: Mapping[str, Any]) -> Called:
    """A call as today's layer takes it: a layer that takes a list is given one, even of one; further tensors beside the
    first of a recurrent layer are the states that it begins with."""
    record = layer.record
    keywords = {**keywords, **layer.keywords}
    if isinstance(first, list) and (
        record.name == "Bidirectional" or any(port.name == "initial_state" for port in record.ports)
    ):
        return Called((first[0],), {**keywords, "initial_state": first[1:]})
    if record.ports[0].many and not isinstance(first, (list, dict)):
        return Called(([first],), keywords)
    return Called((first,), keywords)

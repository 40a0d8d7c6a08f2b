"""From an entry's references to the call of its layer: which tensor is which argument, and the options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..spec.finding import Finding
from ..spec.spec import Entry
from ..spec.values import explain_value, fits
from ..spec.words import closest, listed
from .catalogue.objects import normal
from .catalogue.record import Object, Port
from .graph import Edge

Filled = Mapping[str, tuple[Edge | None, ...]]
"""Port → its edges; None where a place of a list is left free."""

FIRST: Final = frozenset({"inputs", "input", "sequence", "sequences"})
"""What Keras' pages and its code call the first tensor of a layer; they do not agree, so a table may say any."""


class CallError(Exception):
    """The tensors of an entry don't fit the call of its layer; ``finding`` says how."""

    def __init__(self, *parts: Any, **more: Any) -> None:
        self.finding = Finding(*parts, **more)
        super().__init__(self.finding.message)


def fill(entry: Entry, layer: Object, found: Mapping[str | None, tuple[Edge, ...]]) -> tuple[Filled, frozenset[str]]:
    """Give the edges to the layer's ports, and count them; with it the ports of which Keras is given a list.

    Raises:
        CallError: where they are too many or too few, or go to an argument that the layer does not have.
    """
    name = layer.record.name
    ports = {port.name: port for port in layer.record.ports}
    first = layer.record.ports[0]
    filled: dict[str, tuple[Edge | None, ...]] = {}
    gathered: dict[str, dict[str, tuple[Edge, ...]]] = {}
    at = (*entry.pointer, "inputs")
    for key, edges in found.items():
        if key is None and layer.record.family == "ops":
            filled |= _in_order(entry, layer, edges)
        elif key is None or (key in FIRST and key not in ports):
            filled[first.name] = edges
        elif key in ports:
            filled[key] = edges
        else:
            owner = next((port for port in ports.values() if key in port.elements), None)
            if owner is None:
                names = [*ports, *(element for port in ports.values() for element in port.elements)]
                near = closest(key, names)
                raise CallError(
                    "E213",
                    f"{name} takes no tensor called `{key}`",
                    (*at, key),
                    "key",
                    help=f"did you mean `{near}`?" if near else f"it takes {listed(names)}",
                )
            gathered.setdefault(owner.name, {})[key] = edges
    for port_name, elements in gathered.items():
        filled[port_name] = _gathered(entry, layer, ports[port_name], elements)
    if layer.record.family == "ops":
        _tensors_and_numbers(entry, layer, filled)
    for port in ports.values():
        if port.name not in filled and layer.written.get(port.name) is not None:
            continue  # numbers that the spec states stand in the tensor's place
        _count(entry, layer, port, filled.get(port.name), None in found)
    lists = frozenset(port.name for port in ports.values() if port.many and port.name in filled)
    return {port.name: filled[port.name] for port in ports.values() if port.name in filled}, lists


def _in_order(entry: Entry, layer: Object, edges: tuple[Edge, ...]) -> dict[str, tuple[Edge | None, ...]]:
    """The tensors of an op that are not given by name: they fill its unset arguments in order, or are one list.

    Raises:
        CallError: where there are more tensors than arguments.
    """
    record = layer.record
    unset = [port for port in record.ports if layer.written.get(port.name) is None]
    if unset and unset[0].many:
        return {unset[0].name: edges}
    if len(edges) > len(unset):
        at = (*entry.pointer, "inputs" if entry.inputs is not None else "type" if entry.type else "reuse")
        if not unset:
            raise CallError(
                "E207",
                f"{record.name} needs a tensor, but numbers are written for all that it computes with",
                at,
                help=f"take `{record.ports[0].name}` away, which then is the tensor",
            )
        wanted = "one tensor" if len(unset) == 1 else f"{len(unset)} tensors"
        others = f" beside {listed(layer.written)}" if len(unset) < len(record.ports) else ""
        raise CallError(
            "E207",
            f"{record.name} takes {wanted}{others}, found {len(edges)}",
            at,
            help=f"they are, in order, {listed(port.name for port in unset)}",
        )
    return {port.name: (edge,) for port, edge in zip(unset, edges, strict=False)}


def _tensors_and_numbers(entry: Entry, layer: Object, filled: Mapping[str, tuple[Edge | None, ...]]) -> None:
    """See that no argument of an op is given twice, and that those it must have are given.

    Raises:
        CallError: where one is missing, or both a tensor and numbers are given for it.
    """
    for port in layer.record.ports:
        if port.name in filled and layer.written.get(port.name) is not None:
            raise CallError(
                "E207",
                f"`{port.name}` of {layer.record.name} is given twice: as a tensor and as numbers",
                (*entry.pointer, port.name),
                "key",
                help=f"take one of the two away: `{port.name}` here, or in `inputs`",
            )
        if port.required and port.name not in filled and layer.written.get(port.name) is None:
            ways = (
                f"write its number, `{port.name} = …`, or a tensor for it" if port.literal else "write a tensor for it"
            )
            names = [one.name for one in layer.record.ports if one.required and layer.written.get(one.name) is None]
            listing = ", ".join('"…"' for _ in names)
            raise CallError(
                "E207",
                f"{layer.record.name} needs `{port.name}` as well",
                (*entry.pointer, "inputs" if entry.inputs is not None else "type" if entry.type else "reuse"),
                help=f"{ways}: `inputs = [{listing}]` are {listed(names)}",
            )


def _gathered(
    entry: Entry, layer: Object, port: Port, elements: Mapping[str, tuple[Edge, ...]]
) -> tuple[Edge | None, ...]:
    """A list written as a table of its places; of tensors only the last may be left out, of masks any."""
    edges: list[Edge | None] = []
    last = max(port.elements.index(key) for key in elements)
    for key in port.elements[: last + 1]:
        if key not in elements:
            if key.endswith("mask"):
                edges.append(None)
                continue
            raise _missing(entry, layer, key)
        edges.extend(elements[key])
    return tuple(edges)


def _missing(entry: Entry, layer: Object, name: str) -> CallError:
    at = (*entry.pointer, "inputs") if entry.inputs is not None else (*entry.pointer, "type")
    if entry.reuse is not None and entry.inputs is None:
        at = (*entry.pointer, "reuse")
    return CallError(
        "E207",
        f"{layer.record.name} needs a tensor for `{name}`",
        at,
        help=f"write a table: `inputs = {{ {_needed(layer)} }}`",
    )


def _needed(layer: Object) -> str:
    names: list[str] = []
    for port in layer.record.ports:
        if port.required:
            names.extend(port.elements[: port.minimum] or (port.name,))
    return ", ".join(f'{name} = "…"' for name in names)


def _count(entry: Entry, layer: Object, port: Port, edges: tuple[Edge | None, ...] | None, plain: bool) -> None:
    """See that a port has as many tensors as it takes."""
    name = layer.record.name
    if edges is None:
        if port.required:
            raise _missing(entry, layer, port.name)
        return
    count = len(edges)
    fewest, most = (port.minimum, port.maximum) if port.many else (1, 1)
    if port.many and port is layer.record.ports[0] and not entry.listed and not port.elements:
        fewest = max(fewest, 2)  # a list may have one tensor, but one tensor is no list
    if count >= fewest and (most is None or count <= most):
        return
    at = (*entry.pointer, "inputs" if entry.inputs is not None else "type" if entry.type else "reuse")
    if not port.many and plain and len(layer.record.ports) > 1:
        raise CallError(
            "E207",
            f"{name} takes its tensors by name, found a list of {count}: it does not say which is which",
            at,
            help=f"write a table: `inputs = {{ {_needed(layer)} }}`",
        )
    if not port.many:
        wanted, help_text = "one tensor", "join them first, with `Concatenate` or `Add`, or name one of them"
    elif most == fewest:
        wanted, help_text = f"{fewest} tensors", f"write a list of {fewest} names"
    elif most is not None:
        wanted, help_text = f"{fewest} to {most} tensors", f"write a list of {fewest} to {most} names"
    else:
        wanted, help_text = f"at least {fewest} tensors", 'write a list: `inputs = ["…", "…"]`'
    where = "" if plain or port is layer.record.ports[0] else f" for `{port.name}`"
    raise CallError("E207", f"{name} takes {wanted}{where}, found {count}", at, help=help_text)


def options(entry: Entry, layer: Object, findings: list[Finding]) -> Mapping[str, Any]:
    """The call-time options of an entry as Keras takes them; what is wrong goes to ``findings``."""
    known = {option.name: option for option in layer.record.options}
    found: dict[str, Any] = {}
    for key, value in entry.call.items():
        pointer = (*entry.pointer, "call", key)
        if key not in known:
            near = closest(key, known)
            tensors = [port.name for port in layer.record.ports]
            help_text = f"did you mean `{near}`?" if near else None
            if key in tensors:
                help_text = f'tensors stand in `inputs`: `inputs = {{ {key} = "…" }}`'
            elif near is None:
                help_text = f"it takes {listed(known)}" if known else "take `call` away"
            findings.append(
                Finding(
                    "E213",
                    f"a call of {layer.record.name} takes no option `{key}`",
                    pointer,
                    "key",
                    help=help_text,
                )
            )
            continue
        schema = {**known[key].kind.schema, "x-keraspec": {"expects": known[key].kind.expects}}
        if not fits(known[key].kind.schema, value):
            for code, message, at, help_text in explain_value(schema, value, pointer, f"a call of {layer.record.name}"):
                findings.append(Finding(code, message, at, help=help_text))
            continue
        found[key] = normal(known[key].kind, value)
    return found

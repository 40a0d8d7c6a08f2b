"""From references to Code: what the names in one list of layers are in a program, and who uses them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ...spec.expression import parts_of
from ...spec.expression_nodes import Name, Node
from ...spec.naming import REFERENCE
from ..catalogue.record import Record
from .code import Expr, Formula, Pick, Star, Value, Var
from .written import Scope, Unnatural

_HEAD: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)\.")
_TAIL: Final = re.compile(r"((?:\.[A-Za-z0-9_-]+)*)(?:\[(\d{1,6})\])?")


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference taken apart: ``path`` behind the first name, an expression in it among the names; the ``[n]``."""

    text: str
    first: str
    path: tuple[str | Node, ...]
    number: int | None


def ref(text: str) -> Ref:
    """A reference as written.

    Raises:
        Unnatural: where an expression gives a name.
    """
    if "${" not in text:
        found = REFERENCE.fullmatch(text.strip())
        if found is None:
            raise Unnatural
        first, *path = found[1].split(".")
        return Ref(text, first, tuple(path), None if found[2] is None else int(found[2]))
    parts = parts_of(text.strip())
    head = _HEAD.fullmatch(parts[0]) if isinstance(parts[0], str) else None
    if head is None or not 2 <= len(parts) <= 3 or isinstance(parts[1], str):
        raise Unnatural
    tail = _TAIL.fullmatch(parts[2]) if len(parts) == 3 and isinstance(parts[2], str) else None
    if len(parts) == 3 and tail is None:
        raise Unnatural
    first, *path = head[1].split(".")
    behind = [one for one in tail[1].split(".") if one] if tail is not None else []
    number = int(tail[2]) if tail is not None and tail[2] is not None else None
    return Ref(text, first, (*path, parts[1], *behind), number)


def references(entry: Mapping[str, Any]) -> Iterator[str]:
    """All references of an entry as written."""
    yield from _texts(entry.get("inputs"))
    if isinstance(entry.get("reuse"), str):
        yield entry["reuse"]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


@dataclass(slots=True)
class Uses:
    """Who uses an entry of a list: the places of later entries, and what of it they name.

    ``numbers`` are its outputs that are named; ``inside`` the outputs, by number or name, of its instances.
    """

    by: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    inside: set[int | str] = field(default_factory=set)
    reused: bool = False
    called: bool = False
    """Whether any of them calls it by its name."""

    def chained(self, place: int) -> bool:
        """Whether only the entry behind ``place`` uses it, without a word: then it needs no variable of its own."""
        return not self.called and self.by <= {place + 1}


def uses(entries: Iterable[Mapping[str, Any]], inputs: Iterable[str], outputs: Any) -> dict[str | int, Uses]:
    """For each entry of a list, by place, and each input, by name, who uses it.

    ``outputs`` are the references of the list's own outputs, None for the last entry.
    """
    entries = list(entries)
    found: dict[str | int, Uses] = {name: Uses() for name in inputs}
    places: dict[str, str | int] = {name: name for name in inputs}
    only = next(iter(places.values())) if len(places) == 1 else None
    before: str | int | None = only
    for place, entry in enumerate(entries):
        found[place] = Uses()
        if "inputs" not in entry and before is not None:
            found[before].by.add(place)
            found[before].numbers.add(0)
        for text in references(entry):
            try:
                one = ref(text)
            except Unnatural:  # it may mean any of them
                for use in found.values():
                    use.by.add(place)
                    use.called = True
                continue
            if one.first in places:
                _note(found[places[one.first]], one, place)
                if text == entry.get("reuse"):
                    found[places[one.first]].reused = True
        if isinstance(entry.get("name"), str):
            places[entry["name"]] = place
        before = place
    if outputs is None:
        found[len(entries) - 1].by.add(len(entries))
        found[len(entries) - 1].numbers.add(0)
    for text in _texts(outputs):
        one = ref(text)
        if one.first in places:
            _note(found[places[one.first]], one, len(entries) + 1)  # never the very next
    return found


def _note(use: Uses, one: Ref, place: int) -> None:
    use.by.add(place)
    use.called = True
    if not one.path:
        use.numbers.add(one.number or 0)
        return
    first, *rest = one.path
    if isinstance(first, Node) or first.isdigit():
        inner = ".".join(map(str, rest)) if not any(isinstance(part, Node) for part in rest) else "?"
        use.inside.add(inner or one.number or 0)
    elif not any(isinstance(part, Node) for part in rest):
        use.names.add(".".join(map(str, one.path)))
    else:
        use.names.add("?")


@dataclass(slots=True)
class Binding:
    """What a name is in a program.

    ``outputs`` are its tensors by number (the only one is a list where ``many``); ``named`` the numbers of those that
    have names; ``lists`` the variables with those of all instances. ``layer`` holds the layer, to call it again, and
    ``record`` says what it is; ``block`` is what it is an instance of. ``top`` is the place of the entry at the top.
    """

    outputs: dict[int, Expr]
    many: bool = False
    named: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)
    layer: Var | None = None
    record: Record | None = None
    block: str | None = None
    top: tuple[int, ...] = ()


def resolve(one: Ref, binding: Binding, scope: Scope) -> Expr:
    """The tensor that a reference means; Star of the list where it means several, side by side.

    Raises:
        Unnatural: where it is inside of a function.
    """
    if not one.path:
        if one.number is None:
            return Star(binding.outputs[0]) if binding.many else binding.outputs[0]
        if one.number not in binding.outputs or binding.many:
            raise Unnatural(*binding.top)
        return binding.outputs[one.number]
    first, *rest = one.path
    if isinstance(first, Node) or first.isdigit():
        number = _number(one, rest, binding)
        if number not in binding.lists:
            raise Unnatural(*binding.top)
        return Pick(Var(binding.lists[number]), key(first, scope))
    if binding.many:
        raise Unnatural(*binding.top)
    number = _number(one, [first, *rest], binding)
    if number not in binding.outputs:
        raise Unnatural(*binding.top)
    return binding.outputs[number]


def _number(one: Ref, inner: Sequence[str | Node], binding: Binding) -> int:
    """Which output of an instance is meant, by the names behind its own."""
    if not inner:
        return one.number or 0
    if any(isinstance(part, Node) for part in inner) or one.number is not None:
        raise Unnatural(*binding.top)
    name = ".".join(map(str, inner))
    if name not in binding.named:
        raise Unnatural(*binding.top)
    return binding.named[name]


def key(part: str | Node, scope: Scope) -> Expr:
    """The index of an instance."""
    if isinstance(part, str):
        return Value(int(part))
    if isinstance(part, Name):
        found = scope.name(part.name)
        if not isinstance(found, Var):
            raise Unnatural
        return found
    names: dict[str, Var] = {}
    for name in _names(part):
        var = scope.name(name)
        if not isinstance(var, Var):
            raise Unnatural
        names[name] = var
    return Formula(part, names)


def _names(tree: Node) -> Iterator[str]:
    """The names in a tree."""
    waiting: list[Any] = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Name):
            yield one.name
        elif isinstance(one, Node):
            waiting += [getattr(one, slot) for slot in type(one).__slots__]
        elif isinstance(one, tuple):
            waiting += one

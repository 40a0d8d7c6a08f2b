"""From a layer that comes or goes to edits of the list, and of the references around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from .document import Pointer
from .editing import Draft, EditError, pointer_of
from .editing_lists import inserted, ordered
from .editing_names import in_reference, replace_references
from .edits import TextEdit
from .naming import FreeNames, snake_case
from .words import closest, there_are

Where = Literal["last", "before", "after"]

LAYERS: Final = ("layers",)


def add_entry(draft: Draft, into: list[str], entry: Mapping[str, Any]) -> None:
    """Put an entry behind the others of a list: of ``layers``, of ``training.callbacks``, of a block's layers.

    Raises:
        EditError: if no list can stand there.
    """
    pointer = pointer_of(draft, into)
    there = draft.at(pointer)
    if there is not None and not isinstance(there, list):
        raise EditError(f"`{'.'.join(into)}` is no list, so nothing can be added to it; use `keraspec set`")
    if not is_layers(pointer):
        kind = entry.get("type")
        alone = set(entry) == {"type"} and pointer[-1] == "metrics"
        new: Any = kind if alone else dict(entry)
        draft.make(_written(draft, pointer, len(draft.entries(pointer)), new))
        draft.said.append(f"{kind} is added to {'.'.join(into)}")
        return
    _new_name(draft, pointer, entry)
    draft.make(_written(draft, pointer, len(draft.entries(pointer)), ordered(entry)))
    draft.said.append(f"{_called(entry)} is the last of {'.'.join(into)}")


def is_layers(pointer: Pointer) -> bool:
    """Whether it is a list of layers."""
    return pointer == LAYERS or (len(pointer) == 3 and pointer[0] == "blocks" and pointer[2] == "layers")


def _written(draft: Draft, pointer: Pointer, index: int, entry: Any) -> list[TextEdit]:
    if draft.at(pointer) is None and len(pointer) > 1 and draft.editor.spot(pointer[:-1]) is None:
        raise EditError(f"there is no `{'.'.join(map(str, pointer[:-1]))}` yet; make it with `keraspec set`")
    edits = inserted(draft.editor, pointer, index, entry)
    if not edits:
        raise EditError(f"`{'.'.join(map(str, pointer))}` is laid out so that nothing can be put into it by a command")
    return edits


def _new_name(draft: Draft, pointer: Pointer, entry: Mapping[str, Any]) -> None:
    name = entry.get("name")
    if isinstance(name, str) and name in names_in(draft, pointer):
        raise EditError(f"there is a layer or an input called `{name}` already; give the new one another name")


def names_in(draft: Draft, pointer: Pointer) -> dict[str, Pointer]:
    """The names in a list of layers, its inputs among them, and where they stand."""
    found: dict[str, Pointer] = {}
    holder = draft.at(pointer[:-1])
    inputs = holder.get("inputs") if isinstance(holder, dict) else None
    if isinstance(inputs, dict):
        found |= {name: (*pointer[:-1], "inputs", name) for name in inputs}
    elif isinstance(inputs, list):
        found |= {name: (*pointer[:-1], "inputs", at) for at, name in enumerate(inputs) if isinstance(name, str)}
    elif pointer != LAYERS:
        found["x"] = (*pointer[:-1], "inputs")
    for at, entry in enumerate(draft.entries(pointer)):
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            found.setdefault(entry["name"], (*pointer, at))
    return found


def find_layer(draft: Draft, way: str) -> tuple[Pointer, int]:
    """The list in which a layer stands, and its place there: ``conv1``, ``blocks.unit.conv1``; or by type or number.

    Raises:
        EditError: if there is none, or if several are meant.
    """
    parts = way.split(".")
    pointer: Pointer = LAYERS
    if parts[0] == "blocks" and len(parts) in (3, 4):
        pointer, parts = ("blocks", parts[1], "layers"), parts[-1:]
    elif parts[0] == "layers" and len(parts) == 2:
        parts = parts[1:]
    name = ".".join(parts)
    entries = draft.entries(pointer)
    named = [at for at, one in enumerate(entries) if isinstance(one, dict) and one.get("name") == name]
    typed = [
        at
        for at, one in enumerate(entries)
        if isinstance(one, dict) and "name" not in one and name in (one.get("type"), one.get("block"))
    ]
    found = named or typed
    if not found and name.isdecimal() and int(name) < len(entries):
        return pointer, int(name)
    if len(found) > 1:
        raise EditError(f"{len(found)} layers are {name} and have no name; say which by its number, counted from 0: "
                        + ", ".join(map(str, found)))  # fmt: skip
    if not found:
        known = [one["name"] for one in entries if isinstance(one, dict) and isinstance(one.get("name"), str)]
        near = closest(name, known)
        raise EditError(
            f"there is no layer `{way}`; " + (f"did you mean `{near}`?" if near else there_are(known) or "")
        )
    return pointer, found[0]


def insert_layer(draft: Draft, entry: Mapping[str, Any], where: Where, other: str, taking: str | None = None) -> None:
    """Put a layer before or after another one, into the way that its tensors take.

    After ``X``, whatever takes ``X`` takes the new layer, unless the next entry takes it by standing there. Before
    ``Y``, the new layer takes what ``Y`` took. ``taking`` says which, where ``Y`` takes several.

    Raises:
        EditError: if there is no such layer, or it is not clear what would be taken.
    """
    pointer, at = find_layer(draft, other)
    _new_name(draft, pointer, entry)
    if where == "after":
        _after(draft, pointer, at, dict(entry))
    else:
        _before(draft, pointer, at, dict(entry), taking)
    draft.said.append(f"{_called(entry)} stands {where} {other}")


def _after(draft: Draft, pointer: Pointer, at: int, entry: dict[str, Any]) -> None:
    entries = draft.entries(pointer)
    old = entries[at].get("name")
    follows = at + 1 < len(entries) and isinstance(entries[at + 1], dict) and "inputs" not in entries[at + 1]
    users = [] if old is None or "inputs" in entry else list(in_reference(draft, pointer, old, at + 1))
    if users and not follows:
        _named(draft, pointer, entry)
        replace_references(draft, pointer, old, str(entry["name"]), at + 1)
        draft.said.append(f"what took {old} takes {entry['name']}")
    draft.make(_written(draft, pointer, at + 1, ordered(entry)))


def _before(draft: Draft, pointer: Pointer, at: int, entry: dict[str, Any], taking: str | None) -> None:
    here = draft.entries(pointer)[at]
    inputs = here.get("inputs") if isinstance(here, dict) else None
    if "inputs" not in entry and inputs is not None:
        flat = list(_texts(inputs))
        if taking is None and len(flat) != 1:
            raise EditError(f"the layer takes {', '.join(flat)}: say by --input which of them goes through the new one")
        chosen = flat[0] if taking is None else taking
        if chosen not in flat:
            raise EditError(f"the layer does not take `{chosen}`; it takes {', '.join(flat)}")
        entry["inputs"] = chosen
        if isinstance(inputs, str):
            draft.make(draft.editor.remove((*pointer, at, "inputs")))
        else:
            _named(draft, pointer, entry)
            _replace_in_entry(draft, (*pointer, at, "inputs"), chosen, str(entry["name"]))
    draft.make(_written(draft, pointer, at, ordered(entry)))


def _named(draft: Draft, pointer: Pointer, entry: dict[str, Any]) -> None:
    """Give an entry a name, where it has none: something is going to refer to it."""
    if "name" not in entry:
        base = str(entry.get("type") or entry.get("block") or entry.get("reuse"))
        entry["name"] = FreeNames(names_in(draft, pointer)).name(snake_case(base))


def _called(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name") or entry.get("type") or entry.get("block") or entry.get("reuse"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _replace_in_entry(draft: Draft, pointer: Pointer, old: str, new: str) -> None:
    value = draft.at(pointer)
    if isinstance(value, str):
        if value == old:
            spot = draft.editor.spot(pointer)
            assert spot is not None
            draft.make([TextEdit(*spot.value, draft.editor.written(new))])
        return
    for step in list(value if isinstance(value, dict) else range(len(value))):
        _replace_in_entry(draft, (*pointer, step), old, new)


# ------------------------------------------------------------ taking away


def remove_layer(draft: Draft, way: str) -> None:
    """Take a layer away; whatever took it takes what it took itself.

    Raises:
        EditError: if there is no such layer, or it takes several tensors and others take it.
    """
    pointer, at = find_layer(draft, way)
    entries = draft.entries(pointer)
    entry = entries[at]
    name, inputs = entry.get("name"), entry.get("inputs")
    users = list(in_reference(draft, pointer, name, at + 1)) if isinstance(name, str) else []
    follows = at + 1 < len(entries) and isinstance(entries[at + 1], dict) and "inputs" not in entries[at + 1]
    source: str | None = None
    if users or (follows and inputs is not None):
        source = _source(draft, pointer, at, way)
    if users and source is not None and isinstance(name, str):
        replace_references(draft, pointer, name, source, at + 1)
        draft.said.append(f"what took {name} takes {source}")
    if follows and inputs is not None and source is not None:
        before = draft.entries(pointer)[at - 1] if at else None
        if not (isinstance(before, dict) and before.get("name") == source):
            _put_inputs(draft, (*pointer, at + 1), source)
    draft.make(draft.editor.remove((*pointer, at)))
    _unfreeze(draft, name)
    draft.said.append(f"{way} is taken away")


def _source(draft: Draft, pointer: Pointer, at: int, way: str) -> str:
    """The name of what an entry takes; where it has none, it is given one."""
    entry = draft.entries(pointer)[at]
    flat = list(_texts(entry.get("inputs")))
    if len(flat) > 1:
        raise EditError(f"{way} takes {', '.join(flat)}, so it is not clear what shall stand in its place; "
                        "let the layers behind it take something else first, by `keraspec set`")  # fmt: skip
    if flat:
        return flat[0]
    if not at:
        names = [name for name, where in names_in(draft, pointer).items() if "inputs" in where]
        if len(names) == 1:
            return names[0]
        raise EditError(f"it is not clear what shall stand in the place of {way}; say first what it takes")
    before = draft.entries(pointer)[at - 1]
    if isinstance(before.get("name"), str):
        return str(before["name"])
    made = dict(before)
    _named(draft, pointer, made)
    _put_name(draft, (*pointer, at - 1), str(made["name"]))
    return str(made["name"])


def _put_name(draft: Draft, pointer: Pointer, name: str) -> None:
    """A name as the first key of an entry."""
    editor = draft.editor
    spot = editor.spot(pointer)
    assert spot is not None
    first = min(one.key[0] for one in spot.children.values() if one.key is not None)
    pair = editor.pair("name", editor.written(name))
    line = editor.line_start(first)
    own = not editor.text[line:first].strip() and spot.kind != "inline"
    behind = ("," if editor.language == "json" else "") + f"\n{editor.text[line:first]}" if own else ", "
    draft.make([TextEdit(first, first, pair + behind)])


def _put_inputs(draft: Draft, pointer: Pointer, source: str) -> None:
    draft.make(draft.editor.put(pointer, "inputs", source))


def _unfreeze(draft: Draft, name: Any) -> None:
    """A layer that is gone is no longer among those that are frozen, or have factors, or change in a phase."""
    lists: list[Pointer] = [("training", "freeze")]
    lists += [("training", "phases", at, "freeze") for at in range(len(draft.entries(("training", "phases"))))]
    for pointer in lists:
        names = draft.entries(pointer)
        if name in names:
            whole = len(names) == 1
            draft.make(draft.editor.remove(pointer if whole else (*pointer, names.index(name))))
    for pointer in [("training",), *(one[:-1] for one in lists[1:])]:
        for key in ("learning_rate_factors", "overrides"):
            table = draft.at((*pointer, key))
            if isinstance(table, Mapping) and name in table:
                draft.make(draft.editor.remove((*pointer, key) if len(table) == 1 else (*pointer, key, name)))

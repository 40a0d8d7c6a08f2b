"""From one table and another to the first with the second laid over it: what `extends` and `--set` do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .document import HOLE, Locator, Pointer
from .traces import Trace, copied
from .words import closest, shown, there_are

KEPT: Final = frozenset({"name", "inputs", "repeat", "each", "when"})
"""Keys of a table that outlive a change of its ``type``: they are the language's own."""
WAYS: Final = ("type", "block", "reuse")
PLACING: Final = ("before", "after", "remove")

Say = Callable[[str, Pointer, str | None], None]
"""Told what is wrong, where in the upper document, and the way out."""


@dataclass(frozen=True, slots=True)
class Upper:
    """What is laid over: where its values stand, whom to tell what is wrong with it, and what it is laid over."""

    locate: Locator
    say: Say
    whole: Mapping[str, Any] = field(default_factory=dict)


def lay_table(
    old: dict[str, Any], trace: Trace, new: Mapping[str, Any], upper: Upper, at: Pointer, where: Pointer
) -> None:
    """Lay a table over another, key by key; ``old`` and ``trace`` are changed.

    ``at`` is where the new one stands in its document, ``where`` where both belong in the whole.
    """
    if not is_declaration(where):
        strip_for(old, trace, new, where)
    for key, value in new.items():
        lay_value(old, key, trace, value, upper, (*at, key), (*where, key))


def lay_value(
    holder: dict[str, Any], key: str, trace: Trace, value: Any, upper: Upper, at: Pointer, where: Pointer
) -> None:
    """Lay a value over what stands under a key of a table."""
    there = key in holder
    old = holder.get(key)
    if isinstance(value, dict) and value.get("remove") is False:  # then nothing is to be taken away
        value = {one: item for one, item in value.items() if one != "remove"}
    if isinstance(value, dict) and value.get("remove") is True:
        if not there:
            near = closest(key, holder)
            upper.say(f"there is no `{'.'.join(map(str, where))}` to take away", (*at, "remove"),
                      f"did you mean `{near}`?" if near else None)  # fmt: skip
            return
        _nothing_beside(value, ("remove",), upper, at)
        del holder[key]
        trace.children.pop(key, None)
    elif isinstance(old, dict) and isinstance(value, dict):
        lay_table(old, trace.child(key), value, upper, at, where)
    elif isinstance(old, dict) and is_declaration(where):
        lay_value(old, "default", trace.child(key), value, upper, at, (*where, "default"))
    elif isinstance(old, list) and isinstance(value, list) and (fields := _found_by(where)):
        _lay_entries(old, trace.child(key), value, upper, at, where, fields)
    else:
        before = trace.child(key)
        over = ((old, before.locate, before.pointer), *before.over) if there else ()
        holder[key] = copied(value)
        trace.children[key] = Trace(upper.locate, at, {}, over)


def ways(where: Sequence[str | int]) -> tuple[str, ...]:
    """The keys of a table there by which it says what it is."""
    return (*WAYS, "expression") if where and where[0] == "training" and where[-1] == "loss" else WAYS


def strip_for(old: dict[str, Any], trace: Trace, new: Mapping[str, Any], where: Pointer) -> None:
    """Take away the arguments of what a table was, where the new one makes something else of it."""
    way = next((one for one in ways(where) if one in new), None)
    before = next((one for one in ways(where) if one in old), None)
    if way is None or before is None or (way == before and old[way] == new[way]):
        return
    for key in [key for key in old if key not in KEPT and key != way]:
        del old[key]
        trace.children.pop(key, None)


def find_entry(items: list[Any], name: str, fields: tuple[str, ...] = ("name", "type")) -> int | None:
    """The place of the entry that is called so; one that has a name is found by nothing else."""
    for one in fields:
        for index, item in enumerate(items):
            if isinstance(item, dict):
                if item.get(one) == name and (one == "name" or "name" not in item):
                    return index
            elif one == "type" and item == name:
                return index
    return None


def position(items: list[Any], key: str) -> int | None:
    """The place of the entry that a key of a path means: by name or type, or counted from 0; rules have no names."""
    found = find_entry(items, key)
    return int(key) if found is None and key.isdecimal() and int(key) < len(items) else found


def is_declaration(where: Pointer) -> bool:
    """Whether a parameter is declared there, of the spec or of a block."""
    return (len(where) == 2 and where[0] == "parameters") or (
        len(where) == 4 and where[0] == "blocks" and where[2] == "parameters"
    )


def _found_by(where: Pointer) -> tuple[str, ...]:
    """By which of their keys the elements of a list are found; of most lists they are not."""
    if where == ("layers",) or (len(where) == 3 and where[0] == "blocks" and where[2] == "layers"):
        return ("name",)
    return ("name", "type") if where == ("training", "callbacks") else ()


def _lay_entries(
    old: list[Any], trace: Trace, new: list[Any], upper: Upper, at: Pointer, where: Pointer, fields: tuple[str, ...]
) -> None:
    """Lay a list of entries over another, entry by entry; new ones go last, or where they say."""
    rows: list[tuple[Any, Trace]] = [(item, trace.child(index)) for index, item in enumerate(old)]
    met: dict[int, Any] = {}  # what this list has spoken of already
    places: dict[int, int] = {}
    named: dict[str, int] = {}
    stale = True
    tails: dict[str, Any] = {}
    moves: list[tuple[tuple[Any, Trace], Mapping[str, Any], Pointer]] = []
    for index, entry in enumerate(new):
        here = (*at, index)
        if not isinstance(entry, dict):
            if entry is HOLE or "type" not in fields or find_entry([item for item, _ in rows], entry, fields) is None:
                rows.append((copied(entry), Trace(upper.locate, here)))
                stale = True
            continue
        by = next((one for one in fields if isinstance(entry.get(one), str)), None)
        name = None if by is None else entry[by]
        if stale:
            stale = False
            places = {id(item): row for row, (item, _) in enumerate(rows)}
            named = _named(rows)
        place = None if name is None else named.get(name) if by == "name" else None
        if place is None and name is not None and "type" in fields:
            known = [item for item, _ in rows if by == "name" or id(item) not in met]
            found = find_entry(known, name, fields)
            place = None if found is None else places[id(known[found])]
        rest = {key: value for key, value in entry.items() if key not in PLACING}
        if place is not None and id(rows[place][0]) in met:
            upper.say(f"`{name}` stands twice in this list, and names are unique", (*here, "name"),
                      "write all that changes in one entry; a new one needs a name of its own")  # fmt: skip
            continue
        if "remove" in entry and entry["remove"] is not False:
            _remove(rows, place, name, entry, upper, here, where)
            stale = True
            continue
        if place is not None and isinstance(rows[place][0], dict):
            lay_table(rows[place][0], rows[place][1], rest, upper, here, (*where, str(name)))
            row = rows[place]
        elif place is not None:
            row = rows[place] = (copied(rest), Trace(upper.locate, here))
            stale = True
        elif name is not None and not any(way in rest for way in WAYS):
            _nothing(rows, name, entry, upper, here, where, "a new entry says what it is: `type = …`")
            continue
        else:
            row = (copied(rest), Trace(upper.locate, here))
            rows.append(row)
            places[id(row[0])] = len(rows) - 1
            if name is not None and by == "name":
                named.setdefault(name, len(rows) - 1)
        met[id(row[0])] = row[0]
        if "before" in entry or "after" in entry:
            moves.append((row, entry, here))
    for row, entry, here in moves:  # last, for an entry may go beside one that comes later
        _move(rows, row, entry, upper, here, tails, fields)
    old[:] = [item for item, _ in rows]
    trace.children = {index: one for index, (_, one) in enumerate(rows)}


def _named(rows: list[tuple[Any, Trace]]) -> dict[str, int]:
    """The first place of each name."""
    found: dict[str, int] = {}
    for place, (item, _) in enumerate(rows):
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            found.setdefault(item["name"], place)
    return found


def _names(rows: list[tuple[Any, Trace]]) -> list[str]:
    return [item["name"] for item, _ in rows if isinstance(item, dict) and isinstance(item.get("name"), str)]


def inside_block(whole: Mapping[str, Any], name: str) -> str | None:
    """Where to change what is called so, if it is a layer inside a block."""
    blocks = whole.get("blocks")
    last = name.rpartition(".")[2]
    for block, table in blocks.items() if isinstance(blocks, dict) else ():
        layers = table.get("layers") if isinstance(table, dict) else None
        entries = layers if isinstance(layers, list) else []
        if any(isinstance(one, dict) and one.get("name") == last for one in entries):
            return str(block)
    return None


def _nothing(
    rows: list[tuple[Any, Trace]], name: str, entry: Mapping[str, Any], upper: Upper, here: Pointer, where: Pointer,
    otherwise: str | None,
) -> None:  # fmt: skip
    near = closest(name, _names(rows))
    block = inside_block(upper.whole, name)
    if block is not None and where == ("layers",):
        inner = name.rpartition(".")[2]
        way: str | None = f"`{inner}` is a layer of the block `{block}`: change it below `[[blocks.{block}.layers]]`"
    else:
        way = f'did you mean "{near}"?' if near else otherwise
    upper.say(f"nothing in `{'.'.join(map(str, where))}` of the file below is called `{name}`",
              (*here, "name" if "name" in entry else "type"), way)  # fmt: skip


def _nothing_beside(table: Mapping[str, Any], keys: Sequence[str], upper: Upper, at: Pointer) -> None:
    """What stands beside `remove = true` would be lost without a word."""
    for key in table:
        if key not in keys:
            upper.say(f"`{key}` beside `remove = true` changes nothing", (*at, key), "take one of the two away")


def _remove(
    rows: list[tuple[Any, Trace]], place: int | None, name: str | None, entry: Mapping[str, Any], upper: Upper,
    here: Pointer, where: Pointer,
) -> None:  # fmt: skip
    if entry["remove"] is not True:
        if entry["remove"] is not HOLE:
            upper.say(f"`remove` must be true, found {shown(entry['remove'])}", (*here, "remove"), None)
    elif name is None:
        upper.say("this does not say which entry to take away", (*here, "remove"), 'write its name: `name = "…"`')
    elif place is None:
        _nothing(rows, name, entry, upper, here, where, there_are(_names(rows)))
    else:
        _nothing_beside(entry, ("remove", "name", *WAYS), upper, here)
        del rows[place]


def _move(
    rows: list[tuple[Any, Trace]], row: tuple[Any, Trace], entry: Mapping[str, Any], upper: Upper, here: Pointer,
    tails: dict[str, Any], fields: tuple[str, ...],
) -> None:  # fmt: skip
    """Put an entry before or after another; several after the same one keep their order."""
    if "before" in entry and "after" in entry:
        upper.say(
            "an entry goes `before` another or `after` one, not both", (*here, "after"), "take one of the two away"
        )
        return
    way = "before" if "before" in entry else "after"
    anchor = entry[way]
    if anchor is HOLE:
        return
    others = [one for one in rows if one is not row]
    place = find_entry([item for item, _ in others], anchor, fields) if isinstance(anchor, str) else None
    if place is None:
        near = closest(anchor, _names(others)) if isinstance(anchor, str) else None
        upper.say(f"`{way}` must name another entry, found {shown(anchor)}", (*here, way),
                  f'did you mean "{near}"?' if near else there_are(_names(others)))  # fmt: skip
        return
    if way == "after":
        last = tails.get(anchor)
        if last is not None:
            place = next((index for index, one in enumerate(others) if one is last), place)
        tails[anchor] = row
        place += 1
    rows[:] = [*others[:place], row, *others[place:]]

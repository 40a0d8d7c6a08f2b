"""The noun Draft: a spec's text that is being edited; and the edits that set and take away what a path names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .document import HOLE, Pointer, Source
from .edits import Editor, TextEdit, applied
from .laying import KEPT, is_declaration, position, ways
from .words import closest, quoted, there_are


class EditError(ValueError):
    """An edit that can't be made; the message says why and what to do."""


@dataclass
class Draft:
    """The text of one spec and what it says; ``said`` tells what was done, in words."""

    source: Source
    said: list[str] = field(default_factory=list)

    @cached_property
    def editor(self) -> Editor:
        """Makes edits of the text as it is now."""
        return Editor(self.source)

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the text says.

        Raises:
            EditError: if it has mistakes in its syntax.
        """
        from .read import read_text

        raw = self.source.text.encode("utf-8", "surrogatepass")
        document, findings = read_text(self.source.path, raw, "json" if self.editor.language == "json" else "toml")
        if document is None or findings:
            raise EditError(f"{self.source.path} has mistakes in its syntax, so it is left as it is; see `check`")
        return document.data

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self.source.text

    def make(self, edits: Iterable[TextEdit]) -> None:
        """Make edits; places are those of the text before."""
        self.source = Source(self.source.path, applied(self.source.text, edits))
        for name in ("editor", "data"):
            self.__dict__.pop(name, None)

    def at(self, pointer: Pointer) -> Any:
        """The value at a pointer; None where there is none."""
        found: Any = self.data
        for step in pointer:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def entries(self, pointer: Pointer) -> list[Any]:
        """The list at a pointer; empty where there is none."""
        found = self.at(pointer)
        return found if isinstance(found, list) else []

    def expect(self, data: Any, what: str) -> None:
        """Look whether the text says now what it shall.

        Raises:
            EditError: if it does not, which is a mistake of this program, or of a layout that nobody thought of.
        """
        if self.data != data:
            raise EditError(f"{what} can't be written into the text as it is laid out; please edit it by hand")


def pointer_of(draft: Draft, keys: Iterable[str]) -> Pointer:
    """The pointer that keys lead to, as ``--set`` understands them: layers by their name, callbacks by name or type.

    What is not there yet is allowed from the first key on that a table does not have.

    Raises:
        EditError: if they lead through something that is not there, or that is no table.
    """
    pointer: tuple[str | int, ...] = ()
    at: Any = draft.data
    ways_so_far: list[str] = []
    for key in keys:
        shown = ".".join(ways_so_far) or "the spec"
        if isinstance(at, list):
            index = position(at, key)
            if index is None:
                names = [one.get("name", one.get("type")) if isinstance(one, dict) else one for one in at]
                known = [one for one in names if isinstance(one, str)]
                near = closest(key, known)
                way = f"did you mean {near!r}?" if near else there_are(known) or "none there has a name"
                raise EditError(f"nothing in `{shown}` is called {key!r}; {way}")
            same = sum(isinstance(one, dict) and "name" not in one and one.get("type") == key for one in at)
            if same > 1 and ways_so_far[-1] == "layers" and at[index].get("name") != key:
                raise EditError(f"{same} entries of `{shown}` are {key}: give the one that is meant a `name`")
            pointer, at = (*pointer, index), at[index]
        elif isinstance(at, dict) or at is None:
            pointer, at = (*pointer, key), at.get(key) if isinstance(at, dict) else None
        elif isinstance(at, str) and len(pointer) > 1 and isinstance(pointer[-1], str):  # it becomes a table
            pointer, at = (*pointer, key), None
        else:
            raise EditError(f"`{shown}` is {shortly(at)}, which has no `{key}`")
        ways_so_far.append(key)
    return pointer


def set_value(draft: Draft, keys: list[str], value: Any) -> None:
    """Let the value at a path be this one; tables are laid over those that are there, key by key.

    Where ``type`` changes, the arguments of what it was go, as with ``--set``. An object that is given by its name
    alone, as ``optimizer = "adam"``, becomes a table where it is told an argument.

    Raises:
        EditError: if the path leads nowhere.
    """
    pointer = pointer_of(draft, keys)
    if keys[0] not in draft.data:
        from .published import schema

        known = schema()["properties"]
        if keys[0] not in known:
            near = closest(keys[0], known)
            raise EditError(f"a spec has no key {keys[0]!r}" + (f"; did you mean {near!r}?" if near else ""))
    old = draft.at(pointer)
    if isinstance(old, dict) and isinstance(value, dict) and not _other(old, value, pointer):
        for key, one in value.items():
            set_value(draft, [*keys, key], one)
        return
    if isinstance(old, dict) and is_declaration(pointer) and not isinstance(value, dict):
        set_value(draft, [*keys, "default"], value)
        return
    expected = _copied(draft.data)
    holder = draft.at(pointer[:-1])
    key = pointer[-1]
    if key in ways(pointer[:-1]) and isinstance(holder, dict):
        _strip(draft, pointer[:-1], {str(key): value}, expected)
    _lay(expected, pointer, value)
    put(draft, pointer, value)
    draft.expect(expected, f"`{'.'.join(keys)}`")
    before = "" if old is None else f", which was {shortly(old)}"
    draft.said.append(f"{'.'.join(keys)} is {shortly(value)}{before}")


def _other(old: Mapping[str, Any], new: Mapping[str, Any], pointer: Pointer) -> bool:
    """Whether a table makes something else of another."""
    return any(way in new and way in old and old[way] != new[way] for way in ways(pointer))


def _strip(draft: Draft, table: Pointer, new: Mapping[str, Any], expected: Any) -> None:
    """Take away the arguments of what an entry was, where it becomes something else."""
    old = draft.at(table)
    if not _other(old, new, table) and not any(way in old and way not in new for way in ways(table)):
        return
    inner = expected
    for step in table:
        inner = inner[step]
    for key in [one for one in old if one not in KEPT and one not in new]:
        draft.make(draft.editor.remove((*table, key)))
        del inner[key]


def _lay(data: Any, pointer: Pointer, value: Any) -> None:
    """Put a value into plain data; tables on the way are made."""
    for at, step in enumerate(pointer[:-1]):
        if isinstance(data, dict) and not isinstance(data.get(step), dict | list):
            old = data.get(step)
            data[step] = {"type": old} if isinstance(old, str) and at else {}
        data = data[step]
    data[pointer[-1]] = value


def put(draft: Draft, pointer: Pointer, value: Any) -> None:
    """Write a value into the text at a pointer; tables on the way to it are made."""
    editor = draft.editor
    there = editor.spot(pointer)
    if there is not None and there.kind in ("leaf", "array", "inline"):
        draft.make([TextEdit(*there.value, editor.written(value))])
        return
    if isinstance(pointer[-1], int):
        return
    depth = len(pointer) - 1
    while depth and editor.spot(pointer[:depth]) is None:
        depth -= 1
    holder = editor.spot(pointer[:depth])
    if holder is not None and holder.kind in ("leaf", "array") and depth:
        old = draft.at(pointer[:depth])
        if not isinstance(old, str):
            raise EditError(
                f"`{'.'.join(map(str, pointer[:depth]))}` is {shortly(old)}, which has no `{pointer[depth]}`"
            )
        if depth == 1:
            raise EditError(f"`{pointer[0]}` is a text, so it has no `{pointer[1]}`")
        made = {"type": old, **_nested(pointer[depth:], value)}
        draft.make(editor.put(pointer[: depth - 1], str(pointer[depth - 1]), made))
        return
    if there is not None:
        draft.make(editor.remove(pointer))  # a table with a header becomes a value
        editor = draft.editor
        while depth and editor.spot(pointer[:depth]) is None:
            depth -= 1
    inner = _nested(pointer[depth:], value)
    ((key, one),) = inner.items()
    if not depth and isinstance(one, dict) and editor.language == "toml" and one:
        name, first, *others = key, *one
        draft.make(editor.add_table(name, editor.pair(first, editor.written(one[first]))))
        for other in others:
            draft.make(draft.editor.put((name,), other, one[other]))
        return
    edits = editor.put(pointer[:depth], key, one)
    draft.make(edits or _beside(editor, pointer[:depth], key, one))


def _beside(editor: Editor, table: Pointer, key: str, value: Any) -> list[TextEdit]:
    """A table with a header of its own, where those beside it have theirs: `[data.inputs.NAME]`."""
    holder = editor.spot(table)
    heads = [one for one in holder.children.values() if one.kind == "table"] if holder is not None else []
    if not heads or not isinstance(value, Mapping) or not value or holder is None or holder.kind != "implicit":
        return []
    at = editor.above(min(one.entry[0] for one in heads))
    ending = "\r\n" if "\r\n" in editor.text else "\n"
    name = ".".join(editor.key(str(one)) for one in (*table, key))
    lines = [f"[{name}]", *(editor.pair(one, editor.written(item)) for one, item in value.items()), "", ""]
    return [TextEdit(at, at, ending.join(lines))]


def _nested(keys: Pointer, value: Any) -> dict[str, Any]:
    made = value
    for key in reversed(keys):
        made = {str(key): made}
    found: dict[str, Any] = made
    return found


def take_away(draft: Draft, keys: list[str]) -> None:
    """Take away what stands at a path: a key with its value, a table, an entry of a list.

    Raises:
        EditError: if there is nothing.
    """
    pointer = pointer_of(draft, keys)
    path = ".".join(keys)
    old = draft.at(pointer)
    if old is None or old is HOLE:
        holder = draft.at(pointer[:-1])
        near = closest(keys[-1], holder) if isinstance(holder, dict) else None
        raise EditError(f"there is no `{path}`" + (f"; did you mean {near!r}?" if near else ""))
    expected = _copied(draft.data)
    inner = expected
    for step in pointer[:-1]:
        inner = inner[step]
    del inner[pointer[-1]]
    draft.make(draft.editor.remove(pointer))
    _without_empty(draft, pointer[:-1], expected)
    draft.expect(expected, f"`{path}`")
    draft.said.append(f"{path} is taken away, which was {shortly(old)}")


def removed(draft: Draft, way: str) -> None:
    """Take away a layer, or what stands at a path.

    Raises:
        EditError: if there is nothing of that name.
    """
    from .editing_layers import is_layers, remove_layer
    from .overlay import split_setting

    keys, _ = split_setting(f"{way}=0")
    names = [one.get("name") for one in draft.entries(("layers",)) if isinstance(one, dict)]
    if (len(keys) == 1 and (keys[0] in names or keys[0] not in draft.data)) or (
        len(keys) > 1 and is_layers(tuple(keys[:-1]))
    ):
        remove_layer(draft, way)
    else:
        take_away(draft, keys)


def _without_empty(draft: Draft, pointer: Pointer, expected: Any) -> None:
    """A table or list that only its last key or entry made is gone with it in the text; so it is in the data."""
    while pointer and draft.at(pointer) is None:
        inner = expected
        for step in pointer[:-1]:
            inner = inner[step]
        if isinstance(pointer[-1], int) or inner.get(pointer[-1]):
            return
        del inner[pointer[-1]]
        pointer = pointer[:-1]


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value


def shortly(value: Any) -> str:
    """A value as a sentence names it."""
    if isinstance(value, dict):
        kind = value.get("type")
        return f"a table with `type` {quoted(kind)}" if isinstance(kind, str) else f"a table of {len(value)} keys"
    if isinstance(value, list):
        text = ", ".join(shortly(one) for one in value)
        return f"[{text}]" if len(text) < 60 else f"a list of {len(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)

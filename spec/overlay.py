"""From Document to Document: the file that it `extends`, the blocks that it includes, settings of the command line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from .document import HOLE, Document, Locator, Part, Place, Pointer, Source
from .finding import Diagnostic, Finding, located
from .laying import Upper, find_entry, inside_block, is_declaration, lay_table, lay_value, position, strip_for, ways
from .paths import led, paths_of, weights_of
from .traces import Trace, copied, trace_of
from .words import closest, quoted, there_are

MOST_FILES: Final = 200
"""So many files one spec may be made of."""

_QUOTED: Final = re.compile(r"""((?:"[^"]*"|'[^']*'|[^"'=])+)=(.*)""", re.DOTALL)
"""A setting in whose keys there are quotes."""


class OverrideError(ValueError):
    """An override of the command line that can't be understood or hits nothing."""


def overlay(document: Document, folder: Path | None = None) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The document laid over the one that it extends, with the blocks of those that it includes.

    ``folder`` is what its paths are relative to; left out: where it stands.
    """
    if "extends" not in document.data and "include" not in document.data:
        return document, ()
    path = Path(document.source.path)
    reader = _Reader()
    made = reader.whole(document, path.parent if folder is None else folder, (_real(path),))
    return replace(made, files=tuple(one.source for one in reader.read.values() if one)), tuple(reader.found)


@dataclass(slots=True)
class _Reader:
    """Reads the files of one spec, each once."""

    found: list[Diagnostic] = field(default_factory=list)
    read: dict[str, Document | None] = field(default_factory=dict)

    def whole(self, document: Document, folder: Path, way: tuple[str, ...]) -> Document:
        """A document with all that it names; a key that could not be followed is HOLE in it."""
        data, trace = dict(document.data), trace_of(document)
        damaged = set(document.damaged)
        included = data.get("include")
        if isinstance(included, list) and all(isinstance(one, str) for one in included):
            data["blocks"], trace.children["blocks"], whole = self._blocks(document, included, folder, way)
            if not data["blocks"] and "blocks" not in document.data:
                del data["blocks"]
            if whole:
                del data["include"]
            else:
                data["include"] = HOLE
        if isinstance(data.get("extends"), str):
            base = self._other(document, data["extends"], ("extends",), folder, way)
            if base is None:
                data["extends"] = HOLE
            else:
                return self._over(document, data, trace, base, data.pop("extends"), damaged)
        return replace(document, data=data, locate=trace.place, trace=trace)

    def _over(
        self, document: Document, data: dict[str, Any], trace: Trace, base: Document, path: str, damaged: set[Pointer]
    ) -> Document:
        whole, below = copied(base.data), trace_of(base)
        whole.pop("$schema", None)
        led(whole, paths_of(whole), os.path.dirname(path))
        upper = Upper(trace.place, lambda message, at, way: self._say(document, trace, "E632", message, at, way), whole)
        for key, value in data.items():
            lay_value(whole, key, below, value, upper, (key,), (key,))
        damaged |= base.damaged
        layers = whole.get("layers")
        for index, one in below.child("layers").children.items() if isinstance(layers, list) else ():
            if isinstance(index, int) and one.pointer in damaged:
                damaged.add(("layers", index))
        return replace(document, data=whole, locate=below.place, trace=below, damaged=frozenset(damaged))

    def _blocks(
        self, document: Document, paths: list[str], folder: Path, way: tuple[str, ...]
    ) -> tuple[dict[str, Any], Trace, bool]:
        """The blocks of the files that a document includes, and its own."""
        blocks: dict[str, Any] = {}
        own = document.data.get("blocks")
        trace = Trace(document.locate, ("blocks",))
        whole = True
        for index, path in enumerate(paths):
            at: Pointer = ("include", index)
            other = self._other(document, path, at, folder, way)
            table = other.data.get("blocks") if other is not None else None
            if other is None or other.data.get("include") is HOLE or table is HOLE:
                whole = False
            if other is None:
                continue
            if not isinstance(table, dict):
                if table is None and () not in other.damaged:
                    self._say(document, None, "W603", f"{quoted(path)} has no blocks to include", at, None)
                continue
            given = trace_of(other)
            for name, block in table.items():
                place = given.place(("blocks", name), "key")
                if name in blocks and trace.place((name,), "key") != place:
                    self._taken(document, name, at, trace.place((name,), "key"))
                    continue
                blocks[name] = copied(block)
                led(blocks[name], weights_of(blocks[name]), os.path.dirname(path))
                trace.children[name] = given.child("blocks").child(name)
        for name, block in own.items() if isinstance(own, dict) else ():
            if name in blocks:
                self._taken(document, name, ("blocks", name), trace.place((name,), "key"))
            blocks[name] = block
            trace.children[name] = Trace(document.locate, ("blocks", name))
        return (blocks if own is None or isinstance(own, dict) else own), trace, whole

    def _taken(self, document: Document, name: str, at: Pointer, first: Place) -> None:
        part: Part = "key" if at[0] == "blocks" else "value"
        finding = Finding("E633", f"there are two blocks called `{name}`", at, part,
                          help="rename one of them; to change a block of another file, use `extends`")  # fmt: skip
        one = located(finding, document)
        self.found.append(replace(one, related=(("the other one is here", first),)))

    def _other(
        self, document: Document, written: str, at: Pointer, folder: Path, way: tuple[str, ...]
    ) -> Document | None:
        """Another file, with all that it names; None where there is none, which is said."""
        from .read import read_file

        path = Path(os.path.normpath(folder / Path(written).expanduser()))
        real = _real(path)
        if real in way:
            names = " → ".join(Path(one).name for one in (*way[way.index(real) :], real))
            words = (
                "a file can't lie over or include itself"
                if real == way[-1]
                else f"files name each other in a circle: {names}"
            )
            self._say(document, None, "E631", words, at, "take one of the two away")
            return None
        if real in self.read:
            return self.read[real]
        if len(self.read) >= MOST_FILES:
            self._say(document, None, "E630", f"a spec may be made of at most {MOST_FILES} files", at, None)
            return None
        self.read[real] = None
        try:
            if not path.is_file():
                self._missing(document, written, path, at)
                return None
            other, findings = read_file(path)
        except (OSError, ValueError) as error:
            words = error.strerror if isinstance(error, OSError) and error.strerror else "the name is no path"
            self._say(document, None, "E630", f"{quoted(written)} can't be read: {words.lower()}", at, None)
            return None
        if other is None:
            self.found.extend(Diagnostic(one, one.place) for one in findings if one.place)
            return None
        self.found.extend(located(one, other) for one in findings)
        made = self.whole(other, path.parent, (*way, real))
        self.read[real] = made
        return made

    def _missing(self, document: Document, written: str, path: Path, at: Pointer) -> None:
        if path.is_dir():
            self._say(document, None, "E630", f"expected a file, but {quoted(written)} is a folder", at, None)
            return
        help_text = f"there is no folder {path.parent} either; paths are relative to the file that names them"
        if path.parent.is_dir():
            others = {
                one.name.partition(".")[0]: one.name
                for one in sorted(path.parent.iterdir())
                if one.suffix in (".toml", ".json")
            }
            near = closest(path.name.partition(".")[0], others)
            help_text = "paths are relative to the file that names them"
            if near:
                help_text = f'did you mean "{os.path.join(os.path.dirname(written), others[near])}"?'
        self._say(document, None, "E630", f"there is no file {quoted(written)}", at, help_text)

    def _say(
        self, document: Document, trace: Trace | None, code: str, message: str, at: Pointer, way: str | None
    ) -> None:
        one = located(Finding(code, message, at, help=way), document)
        self.found.append(one if trace is None else replace(one, place=trace.place(at, "value")))


def _real(path: Path) -> str:
    return os.path.realpath(path)


# Settings of the command line


def override(document: Document, settings: Sequence[str]) -> Document:
    """Lay ``KEY=VALUE`` settings over what was written: ``training.epochs=3``, ``layers.conv1.filters=64``.

    The value is read as TOML; what is no TOML value is text. Layers are found by their written name,
    callbacks by ``name`` or ``type``. Tables are merged key by key; where ``type`` changes, the old arguments go.
    Of an expanded document what was written is changed as well.

    Raises:
        OverrideError: if a setting has no ``=``, or leads through something that is not there.
    """
    if not settings:
        return document
    data, trace = copied(document.data), trace_of(document)
    for setting in settings:
        keys, text = split_setting(setting)
        _set(data, trace, keys, setting_value(text.strip()), setting)
    made = replace(document, data=data, locate=trace.place, trace=trace, settings=(*document.settings, *settings))
    if document.expansion is not None:
        written = override(document.expansion.written, settings)
        made = replace(made, expansion=replace(document.expansion, written=written))
    return made


def overlaid(document: Document, settings: Sequence[str]) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The document with all that it is made of: files, and settings, of which those that name files come first.

    Raises:
        OverrideError: see ``override``.
    """
    of_files = [one for one in settings if split_setting(one)[0][0] in ("extends", "include")]
    made, found = overlay(override(document, of_files))
    return override(made, [one for one in settings if one not in of_files]), found


def split_setting(setting: str) -> tuple[list[str], str]:
    """The keys of a setting, which may be quoted as in TOML, and the text of its value.

    Raises:
        OverrideError: if it is not ``KEY=VALUE``.
    """
    import tomli

    path, separator, text = setting.partition("=")
    keys = path.strip().split(".")
    if '"' in path or "'" in path:
        found = _QUOTED.match(setting)
        keys = []
        try:
            at: Any = tomli.loads(f"{found[1]} = 0") if found is not None else None
        except ValueError:
            at = None
        while isinstance(at, dict):
            ((key, at),) = at.items()
            keys.append(key)
        text = found[2] if found is not None else ""
    if not separator or not keys or not all(keys):
        raise OverrideError(f"--set takes KEY=VALUE, such as training.epochs=3, found {setting!r}")
    return keys, text


def setting_value(text: str) -> Any:
    """The value of a setting: as TOML reads it, else the text."""
    import tomli

    from .read_toml import is_plain

    try:
        read = tomli.loads(f"value = {text}")
    except (tomli.TOMLDecodeError, ValueError, RecursionError):
        return text
    # Several lines are no value, and dates and NaN are none of the language.
    return read["value"] if read.keys() == {"value"} and is_plain(read) else text


def _set(data: dict[str, Any], trace: Trace, keys: list[str], value: Any, setting: str) -> None:
    source = Source("<command line>", f"--set {setting}")
    locate: Locator = lambda pointer, part: Place(source, 6, len(source.text))  # noqa: E731
    at: Any = data
    where: list[str | int] = []

    def refuse(message: str, pointer: Pointer, way: str | None) -> None:
        raise OverrideError(f"--set {setting}: {message}" + (f"; {way}" if way else ""))

    upper = Upper(locate, refuse, data)
    if keys[-1] == "remove" and value is True:
        keys, value = keys[:-1], {"remove": True}
    for depth, key in enumerate(keys):
        last = depth == len(keys) - 1
        so_far = ".".join(keys[:depth])
        if isinstance(at, list):
            index = find_entry(at, key) if where[-1] == "layers" else position(at, key)
            alike = sum(isinstance(one, dict) and "name" not in one and one.get("type") == key for one in at)
            if index is not None and alike > 1 and where[-1] == "layers" and at[index].get("name") != key:
                refuse(f"{alike} entries of `{so_far}` are {key}", (), "give the one that is meant a `name`")
            if index is None:
                refuse(f"nothing in `{so_far}` is called {key!r}", (), _what_is_there(at, key, data, where))
                return
            where.append(key)
            if last:
                _set_element(at, index, trace, value, upper, tuple(where))
                return
            at, trace = at[index], trace.child(index)
        elif isinstance(at, dict):
            where.append(key)
            if key not in at and _must_be_there(where):
                near = closest(key, at)
                way = f"did you mean {near!r}?" if near else there_are(at)
                refuse(f"nothing in `{so_far}` is called {key!r}", (), way)
            if last:
                if key in ways(where[:-1]):
                    strip_for(at, trace, {key: value}, tuple(where[:-1]))
                lay_value(at, key, trace, value, upper, (), tuple(where))
                return
            if key not in at:
                at[key] = {}
                trace.children[key] = Trace(locate, ())
            elif is_declaration(tuple(where)) and not isinstance(at[key], dict):  # a plain value is the default
                old = trace.child(key)
                at[key] = {"default": at[key]}
                trace.children[key] = Trace(old.locate, old.pointer, {"default": old})
            at, trace = at[key], trace.child(key)
        else:
            refuse(
                f"`{so_far}` is no table, so it has no `{key}`", (), _as_table(so_far, at, key, value) if last else None
            )


def _what_is_there(items: list[Any], name: str, whole: Mapping[str, Any], where: Sequence[str | int]) -> str | None:
    """What the entries of a list are called, where none has the name."""
    layers = where[-1] == "layers"
    names = [
        one.get("name", None if layers else one.get("type")) if isinstance(one, dict) else None if layers else one
        for one in items
    ]
    known = [one for one in names if isinstance(one, str)]
    block = inside_block(whole, name) if where == ["layers"] else None
    if block is not None:
        return f"it is a layer of the block `{block}`: write `blocks.{block}.layers.{name}.…`"
    near = closest(name, known)
    if name.isdecimal() and not layers:
        return f"they are counted from 0 to {len(items) - 1}" if items else "there are none"
    return f"did you mean {near!r}?" if near else there_are(known) or "none there has a name"


def _as_table(so_far: str, old: Any, key: str, value: Any) -> str | None:
    """What to write where an object that is given by its name alone is to have arguments."""
    if not isinstance(old, str) or isinstance(value, dict | list):
        return None
    kind = f"type = {json.dumps(value)}" if key == "type" else f"type = {json.dumps(old)}, {key} = {json.dumps(value)}"
    return f"write --set '{so_far}={{ {kind} }}'"


def _must_be_there(where: Sequence[str | int]) -> bool:
    """Whether a setting that finds nothing there can only be a mistake: names that people chose."""
    return (where[0] in ("parameters", "blocks") and len(where) == 2) or (
        len(where) == 4 and where[0] == "blocks" and where[2] == "parameters"
    )


def _set_element(items: list[Any], index: int, trace: Trace, value: Any, upper: Upper, where: Pointer) -> None:
    """Lay a setting over an element of a list, or take the element away."""
    if isinstance(value, dict) and value.get("remove") is True:
        del items[index]
        rows = [trace.child(place) for place in range(len(items) + 1)]
        del rows[index]
        trace.children = dict(enumerate(rows))
    elif isinstance(items[index], dict) and isinstance(value, dict):
        lay_table(items[index], trace.child(index), value, upper, (), where)
    else:
        before = trace.child(index)
        over = ((items[index], before.locate, before.pointer), *before.over)
        items[index] = value
        trace.children[index] = Trace(upper.locate, (), {}, over)

"""From a name and a new one to edits of all that refers to it: wiring, outputs, data, training, promises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .document import Pointer
from .editing import Draft, EditError, put
from .edits import TextEdit
from .naming import NAME
from .words import closest, there_are

_QUOTED: Final = re.compile(r"""(["'])([A-Za-z_][\w-]*)((?:[.\[].*)?["'])""", re.DOTALL)
_EXPRESSION: Final = re.compile(r"(?<!\$)\$\{(.*?)\}", re.DOTALL)
_CHARACTER: Final = re.compile(r"\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|.", re.DOTALL)
_NAMED_COLUMNS: Final = frozenset({"csv", "jsonl", "parquet", "npz", "npy", "tfrecord", "tfds", "python"})
"""Sources whose columns have names of their own."""


def _layers(draft: Draft, pointer: Pointer, first: int = 0) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    for at, entry in enumerate(draft.entries(pointer)):
        if at >= first and isinstance(entry, Mapping):
            yield (*pointer, at), entry


def _texts(value: Any, pointer: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*pointer, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _texts(one, (*pointer, at))


def in_reference(draft: Draft, pointer: Pointer, name: str, first: int = 0) -> Iterator[Pointer]:
    """Where the layers of a list, from one on, and the outputs beside it refer to a name, or to something inside."""
    for at, entry in _layers(draft, pointer, first):
        for key in ("inputs", "reuse"):
            for where, text in _texts(entry.get(key), (*at, key)):
                if _is_of(text, name):
                    yield where
    outputs = (*pointer[:-1], "outputs")
    for where, text in _texts(draft.at(outputs), outputs):
        if _is_of(text, name):
            yield where


def _is_of(text: str, name: str) -> bool:
    return re.match(r"[A-Za-z_][\w-]*", text) is not None and re.split(r"[.\[]", text, maxsplit=1)[0] == name


def _renaming(draft: Draft, where: Pointer, old: str, new: str) -> Iterator[TextEdit]:
    """The edit of one text that begins with a name, as references do."""
    spot = draft.editor.spot(where)
    if spot is None:
        return
    start, end = spot.value
    found = _QUOTED.fullmatch(draft.text[start:end])
    if found is not None and found[2] == old:
        yield TextEdit(start + found.start(2), start + found.end(2), new)


def replace_references(draft: Draft, pointer: Pointer, old: str, new: str, first: int = 0) -> None:
    """Let all that refers to one layer refer to another; only the tensor itself has a counterpart there.

    Raises:
        EditError: if something refers to what is inside the layer, or to another of its outputs.
    """
    edits = []
    for where in in_reference(draft, pointer, old, first):
        text = str(draft.at(where))
        if where[-1] == "reuse" or text not in (old, f"{old}[0]"):
            raise EditError(f"`{'.'.join(map(str, where))}` is {text!r}, for which there would be no other; "
                            "change that first")  # fmt: skip
        spot = draft.editor.spot(where)
        if spot is not None:
            edits.append(TextEdit(*spot.value, draft.editor.written(new)))
    draft.make(edits)


# ------------------------------------------------------------ renaming


def rename(draft: Draft, old: str, new: str) -> None:
    """Give a layer, an input, a block or a parameter another name; whatever refers to it follows.

    ``old`` may be a name, or a path: ``blocks.unit``, ``blocks.unit.conv`` (a layer inside), ``parameters.width``,
    ``outputs.boxes``.

    Raises:
        EditError: if there is nothing of that name, or the new name is taken or none.
    """
    if not NAME.fullmatch(new):
        raise EditError(f"{new!r} can't be a name: it must be of letters, digits, `_` and `-`, "
                        "and begin with a letter or `_`")  # fmt: skip
    parts = old.split(".")
    if parts[0] == "blocks" and len(parts) in (3, 4):
        _layer(draft, ("blocks", parts[1], "layers"), parts[-1], new)
    elif parts[0] in ("layers", "inputs") and len(parts) == 2:
        _layer(draft, ("layers",), parts[1], new)
    elif parts[0] in ("blocks", "parameters", "outputs") and len(parts) == 2:
        _MAKERS[parts[0]](draft, parts[1], new)
    elif len(parts) == 1:
        _of_any_kind(draft, old, new)
    else:
        raise EditError(f"`{old}` has no name to change; name a layer, an input, a block or a parameter")
    draft.said.append(f"{old} is called {new}")


def _of_any_kind(draft: Draft, old: str, new: str) -> None:
    from .editing_layers import names_in

    names = names_in(draft, ("layers",))
    if old in names:
        _layer(draft, ("layers",), old, new)
        return
    for key, maker in _MAKERS.items():
        table = draft.at((key,))
        if isinstance(table, Mapping) and old in table:
            maker(draft, old, new)
            return
    known = [*names, *(name for key in _MAKERS for name in (draft.at((key,)) or ()) if isinstance(name, str))]
    near = closest(old, known)
    raise EditError(f"nothing is called `{old}`; " + (f"did you mean `{near}`?" if near else there_are(known) or ""))


def _layer(draft: Draft, pointer: Pointer, old: str, new: str) -> None:
    from .editing_layers import names_in

    names = names_in(draft, pointer)
    if old not in names:
        near = closest(old, names)
        raise EditError(f"there is no layer or input `{old}`" + (f"; did you mean `{near}`?" if near else ""))
    if new in names:
        raise EditError(f"there is a layer or an input called `{new}` already")
    entry = draft.at(names[old])
    if "extends" in draft.data and isinstance(entry, Mapping) and not {"type", "block", "reuse", "shape"} & set(entry):
        raise EditError(f"`{old}` is of the file that this one extends, {draft.data['extends']}: rename it there first")
    if pointer == ("layers",):
        _keep_columns(draft, old, new)
    edits = list(_own(draft, names[old], new))
    for where in in_reference(draft, pointer, old):
        edits += _renaming(draft, where, old, new)
    for at, entry in _layers(draft, pointer):
        for key in ("before", "after"):
            if entry.get(key) == old:
                edits += _renaming(draft, (*at, key), old, new)
        if "item" in str(entry.get("inputs")):  # so `each` and `repeat` may list names
            for key in ("each", "repeat"):
                for where, text in _texts(entry.get(key), (*at, key)):
                    if _is_of(text, old):
                        edits += _renaming(draft, where, old, new)
    if pointer == ("layers",):
        for where in _outside(draft):
            edits += _renaming(draft, where, old, new)
        edits += _keys(draft, old, new)
        edits += _in_texts(draft, old, new)
    else:
        edits += _inside(draft, str(pointer[1]), old, new)
    draft.make(edits)


def _own(draft: Draft, where: Pointer, new: str) -> Iterator[TextEdit]:
    """The name itself: of an input its key, of a layer the value of ``name``."""
    if isinstance(draft.at(where), Mapping) and "inputs" not in where[-2:-1]:
        where = (*where, "name")
    spot = draft.editor.spot(where)
    if spot is None:
        raise EditError("the input `x` of a block has its name from the language; write `inputs` into the block first")
    if isinstance(where[-1], str) and where[-1] != "name":
        for one in _spots_of_key(draft, where):
            yield TextEdit(*one, draft.editor.key(new))
        return
    yield TextEdit(*spot.value, draft.editor.written(new))


def _spots_of_key(draft: Draft, where: Pointer) -> list[tuple[int, int]]:
    """Where a key is written: once; that of a table made by dotted keys or headers as often as it has parts."""
    spot = draft.editor.spot(where)
    if spot is None or spot.key is None:
        return []
    found = {spot.key}
    if draft.editor.language == "toml" and spot.kind not in ("leaf", "array", "inline"):
        name = re.escape(str(where[-1]))
        before = "".join(rf"{re.escape(str(one))}\s*\.\s*" for one in where[:-1] if isinstance(one, str))
        header = re.compile(rf"^[ \t]*\[{{0,2}}[ \t]*{before}({name})(?=[ \t]*[.\]=])", re.M)
        found |= {one.span(1) for one in header.finditer(draft.text)}
        for one in spot.children.values():
            if one.key is not None and spot.kind == "dotted":
                line = draft.editor.line_start(one.key[0])
                dotted = re.compile(rf"(?<![\w-])({name})(?=[ \t]*\.)")
                last = list(dotted.finditer(draft.text, line, one.key[0]))
                found |= {last[-1].span(1)} if last else set()
    return sorted(found)


def _outside(draft: Draft) -> Iterator[Pointer]:
    """Where training names layers."""
    for here, table in _trainings(draft):
        yield from (where for where, _ in _texts(table.get("freeze"), (*here, "freeze")))
        losses = table.get("losses")
        for at, term in enumerate(losses if isinstance(losses, list) else ()):
            if isinstance(term, Mapping):
                yield from (where for where, _ in _texts(term.get("inputs"), (*here, "losses", at, "inputs")))
        weights = table.get("weights")
        if isinstance(weights, Mapping):
            yield from (where for where, _ in _texts(weights.get("layers"), (*here, "weights", "layers")))
        yield from _overriding(table.get("overrides"), (*here, "overrides"))


def _overriding(overrides: Any, here: Pointer) -> Iterator[Pointer]:
    """Where a phase names layers in what it changes of them; the keys of a table apart."""
    named = isinstance(overrides, Mapping)
    rows: Iterable[tuple[Any, Any]] = overrides.items() if named else enumerate(overrides or ())
    for at, entry in rows:
        for key in ("name", "inputs", "reuse", "before", "after"):
            if isinstance(entry, Mapping):
                yield from (where for where, _ in _texts(entry.get(key), (*here, at, key)))


def _trainings(draft: Draft) -> Iterator[tuple[Pointer, Mapping[str, Any]]]:
    training = draft.at(("training",))
    if isinstance(training, Mapping):
        yield ("training",), training
    for at, phase in enumerate(draft.entries(("training", "phases"))):
        if isinstance(phase, Mapping):
            yield ("training", "phases", at), phase


def _keys(draft: Draft, old: str, new: str) -> Iterator[TextEdit]:
    """Keys that are names of inputs and outputs."""
    tables: list[Pointer] = [("data", "inputs"), ("data", "targets")]
    tables += [(*here, "outputs") for here, _ in _trainings(draft)]
    if _has_own_name(draft):
        tables = tables[:1]
    for table in tables:
        for span in _spots_of_key(draft, (*table, old)):
            yield TextEdit(*span, draft.editor.key(new))
    for here, training in _trainings(draft):
        for span in _spots_of_key(draft, (*here, "overrides", old)):
            yield TextEdit(*span, draft.editor.key(new))
        factors = training.get("learning_rate_factors")
        for name in factors if isinstance(factors, Mapping) else ():
            if name == old or name.startswith(f"{old}."):
                for span in _spots_of_key(draft, (*here, "learning_rate_factors", name)):
                    yield TextEdit(*span, draft.editor.key(new + name.removeprefix(old)))


def _has_own_name(draft: Draft) -> bool:
    """Whether outputs have their names from a table, and not from the layers that give them."""
    return isinstance(draft.at(("outputs",)), Mapping)


def _in_texts(draft: Draft, old: str, new: str) -> Iterator[TextEdit]:
    """Numbers that callbacks watch (`val_OLD_loss`), and promises about an output."""
    watched = re.compile(rf"(?:val_)?({re.escape(old)})_")
    if not _has_own_name(draft):
        for here, table in _trainings(draft):
            for where, text in _texts(dict(table), here):
                if where[-1] == "monitor" and (found := watched.match(text)) is not None:
                    yield from _within(draft, where, found.span(1), new)
    shape = re.compile(rf"""\b(?:output_shape|receptive_field)\(\s*(?:[^()]*?=\s*)?["']({re.escape(old)})["']""")
    for where, text in _texts(draft.entries(("assertions",)), ("assertions",)):
        for found in shape.finditer(text):
            yield from _within(draft, where, found.span(1), new)


def _within(draft: Draft, where: Pointer, span: tuple[int, int], new: str) -> Iterator[TextEdit]:
    """The edit of a stretch of a text that stands as it is meant: in any quotes, without anything escaped before it."""
    spot, text = draft.editor.spot(where), draft.at(where)
    if spot is None:
        return
    raw = draft.text[slice(*spot.value)]
    head = re.match(r"(?:\"{3}|'{3})(?:\r?\n)?|[\"']", raw)
    places = [found.start() for found in _CHARACTER.finditer(raw, head.end() if head is not None else 0)]
    if len(places) > span[1] and raw[places[span[0]] : places[span[1]]] == text[slice(*span)]:
        yield TextEdit(spot.value[0] + places[span[0]], spot.value[0] + places[span[1]], new)


def _keep_columns(draft: Draft, old: str, new: str) -> None:
    """An input or output that took the column of its name still takes it."""
    source = draft.at(("data", "source"))
    if not isinstance(source, Mapping) or source.get("type") not in _NAMED_COLUMNS:
        return
    inputs = draft.at(("inputs",))
    if isinstance(inputs, Mapping) and old in inputs:
        kind = "inputs"
    elif old in _outputs(draft) and draft.at(("training",)) is not None:
        kind = "targets"
    else:
        return
    table = draft.at(("data", kind, old))
    if isinstance(table, Mapping) and "column" in table:
        return
    if table is None:
        put(draft, ("data", kind, old), {"column": old})
    else:
        put(draft, ("data", kind, old, "column"), old)
    if draft.at(("data", kind, old, "column")) is None:
        raise EditError(f'write `column = "{old}"` into [data.{kind}.{old}] first: it has the column of its name')
    draft.said.append(f"{new} still has the column {old}")


def _outputs(draft: Draft) -> list[str]:
    """Layers whose names are those of outputs."""
    outputs = draft.at(("outputs",))
    if isinstance(outputs, list):
        return [re.split(r"[.\[]", one, maxsplit=1)[0] for one in outputs if isinstance(one, str)]
    if outputs is None and (layers := draft.entries(("layers",))) and isinstance(layers[-1], Mapping):
        return [str(layers[-1].get("name"))]
    return []


def _inside(draft: Draft, block: str, old: str, new: str) -> Iterator[TextEdit]:
    """References from outside to a layer inside a block: `stage.2.conv`."""
    instances = {
        str(entry["name"])
        for _, entry in _layers(draft, ("layers",))
        if entry.get("block") == block and isinstance(entry.get("name"), str)
    }
    for where, text in _texts(dict(draft.data), ()):
        found = re.match(rf"([A-Za-z_][\w-]*)(?:\.\d+)?\.({re.escape(old)})(?![\w-])", text)
        if found is not None and found[1] in instances and where[0] in ("layers", "outputs", "training"):
            yield from _within(draft, where, found.span(2), new)


def _block(draft: Draft, old: str, new: str) -> None:
    blocks = draft.at(("blocks",)) or {}
    _free(old, new, blocks, "block")
    edits = [TextEdit(*span, draft.editor.key(new)) for span in _spots_of_key(draft, ("blocks", old))]
    for where, text in _texts(dict(draft.data), ()):
        if where[-1] == "block" and text == old:
            edits += _renaming(draft, where, old, new)
    draft.make(edits)


def _parameter(draft: Draft, old: str, new: str) -> None:
    parameters = draft.at(("parameters",)) or {}
    _free(old, new, parameters, "parameter")
    edits = [TextEdit(*span, draft.editor.key(new)) for span in _spots_of_key(draft, ("parameters", old))]
    word = re.compile(rf"'(?:[^'\\]|\\.)*'|(?<![\w.])({re.escape(old)})(?![\w-])")
    for where, text in _texts(dict(draft.data), ()):
        own = draft.at((*where[:2], "parameters")) if where[0] == "blocks" else None
        if where[-1] in ("name", "description") or (isinstance(own, Mapping) and old in own):
            continue
        for expression in _EXPRESSION.finditer(text):
            for found in word.finditer(text, expression.start(1), expression.end(1)):
                if found[1] is not None:
                    edits += _within(draft, where, found.span(1), new)
    draft.make(edits)


def _output(draft: Draft, old: str, new: str) -> None:
    outputs = draft.at(("outputs",))
    _free(old, new, outputs if isinstance(outputs, Mapping) else {}, "output")
    edits = [TextEdit(*span, draft.editor.key(new)) for span in _spots_of_key(draft, ("outputs", old))]
    tables: list[Pointer] = [("data", "targets"), *((*here, "outputs") for here, _ in _trainings(draft))]
    for table in tables:
        edits += [TextEdit(*span, draft.editor.key(new)) for span in _spots_of_key(draft, (*table, old))]
    edits += _in_texts(draft, old, new)
    draft.make(edits)


def _free(old: str, new: str, table: Mapping[str, Any], word: str) -> None:
    if old not in table:
        near = closest(old, table)
        raise EditError(f"there is no {word} `{old}`" + (f"; did you mean `{near}`?" if near else ""))
    if new in table:
        raise EditError(f"there is a{'n' if word[0] in 'aeiou' else ''} {word} called `{new}` already")


_MAKERS: Final = {"blocks": _block, "parameters": _parameter, "outputs": _output}

"""Keys and types that the schema lacks, or misses: what was probably meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .document import Part, Pointer
from .finding import Related
from .later import plugin_of, plugin_type
from .misfits import by_output
from .published import (
    DOTTED,
    ENTRIES,
    FORMULAS,
    SINGULAR,
    Schema,
    definition_of,
    extra_of,
    later_of,
    record_of,
    required_of,
    schema,
)
from .validation import Validation
from .words import a, closest, listed, quoted, there_are

SHAPES: Final = frozenset({"input_shape", "input_dim", "batch_input_shape", "batch_shape"})
"""Arguments of a layer by which older Keras was told the shape of the input: it is not missing as well."""

HARMLESS: Final = frozenset({"initializers", "regularizers", "constraints", "activations"})
"""Families on which no shape depends: a mistake there does not hide mistakes further on."""

INPUTS: Final = "write a table of inputs at the top, `inputs.NAME.shape = [...]`, without the batch axis"
"""What to do instead of an input layer."""

NOTHING: Final = frozenset({"none", "null", "nil"})
"""Words for no value at all."""


def entry_keys() -> tuple[str, ...]:
    """The keys of a layer entry that are the language's own."""
    return tuple(definition_of("sections.layer")["x-keraspec"]["keys"])


def missing_keys(
    run: Validation, table_schema: Schema, table: Mapping[str, Any], pointer: Pointer, what: str, skip: frozenset[str],
    family: str | None,
) -> None:  # fmt: skip
    """Report the keys that a table must have and lacks, unless one of its unknown keys was meant to be it."""
    properties = table_schema["properties"]
    if not pointer and table.keys().isdisjoint((*properties, *later_of(table_schema))):
        run.unsound.add(pointer)
        return  # no spec at all: that `keraspec` is missing says it
    if run.partial:
        return  # the rest stands in the file that this one lies over
    later = later_of(table_schema, family)
    unknown = [key for key in table if key not in properties and key not in later]
    below = run.below(pointer, table)
    for key in required_of(table_schema):
        if key in table or key in skip or key in below:
            continue
        run.spoil(pointer, key)
        if (not pointer and key in run.misplaced) or any(closest(other, properties) == key for other in unknown):
            continue
        extra = extra_of(properties[key])
        expects = extra.get("expects", "a value")
        at, part = _head(table, pointer)
        run.note(
            "E103",
            f"`{key}` is missing from {what}",
            at,
            part=part,
            help=f"add {expects}" if "section" in extra else f"add `{key} = …`, {expects}",
        )


def _head(table: Mapping[str, Any], pointer: Pointer) -> tuple[Pointer, Part]:
    for key in ("type", "reuse"):
        if key in table:
            return (*pointer, key), "value"
    return pointer, "entry"


def unknown_key(
    run: Validation, key: str, at: Pointer, properties: Schema, table: Mapping[str, Any], what: str,
    family: str | None,
) -> None:  # fmt: skip
    """Report a key that a table does not have: one of the top level, a misspelling, or none at all."""
    pointer = at[:-1]
    if pointer and (key in schema()["properties"] or key in later_of(schema())):
        _misplaced(run, key, at, what)
        return
    names = [name for name in properties if name != "$schema"]
    from .meant import meant_key

    home = family or (str(pointer[0]) if len(pointer) == 1 else None)
    near, way = meant_key(key, table[key], (name for name in names if name not in table), home)
    if way is not None:
        help_text = way
        if family == "layers" and key in SHAPES and "inputs" not in run.document.data:
            run.misplaced.add("inputs")
    elif twin := closest(key, (name for name in names if name in table)):
        help_text = f"did you mean `{twin}`, which is written already?"
    elif pointer and (sections := _sections_with(key)):
        own = pointer[0] if pointer[0] in sections else sections[0]  # both have a `seed`
        help_text = f"write it below `[{own}]`"
    elif not pointer and (sections := _sections_with(key)):
        help_text = f"write it below {' or '.join(f'`[{section}]`' for section in sections)}"
    else:
        hidden = ("type", *entry_keys()) if family in ENTRIES else ("type",)
        help_text = f"{what} takes {listed((name for name in names if name not in hidden), 12)}"
    noun = "argument" if family else "key"
    run.add("E104" if family else "E102", f"{what} has no {noun} `{key}`", at, part="key", help=help_text)
    if near is not None and not pointer:
        run.misplaced.add(near)
    if near is None or extra_of(properties[near]).get("family") not in HARMLESS:
        run.spoil(pointer, near or key)


def _misplaced(run: Validation, key: str, at: Pointer, what: str) -> None:
    pointer = at[:-1]
    run.add(
        "E109",
        f"`{key}` belongs to the top level of the spec, but stands inside {what}",
        at,
        part="key",
        help=f"move `{key}` above the first line in square brackets: every line below `[...]` belongs to that table",
        related=(Related("this layer" if pointer[0] == "layers" else "this table", pointer, "entry"),),
    )
    run.misplaced.add(key)
    run.spoil((), key)


def _sections_with(key: str) -> list[str]:
    """The tables of the language that have a key which the top level has not."""
    return [section for section in ("data", "training") if key in definition_of(f"sections.{section}")["properties"]]


def no_type(run: Validation, family: str, table: Mapping[str, Any], at: Pointer, *, nested: bool) -> None:
    """Report a table without ``type``: misspelt, or not there."""
    singular = SINGULAR[family]
    if run.partial:
        return  # the rest stands in the file that this one lies over
    ways: tuple[str, ...] = ("type",) if nested or family != "layers" else ("type", "reuse")
    if family in FORMULAS:
        ways = (*ways, "expression")
    each = by_output(run, at, table)
    for key, value in table.items() if each is None else ():
        near = closest(key, ways)
        if near is not None and isinstance(value, str):
            run.add("E102", f"{a(singular)} has no key `{key}`", (*at, key), part="key", help=f"did you mean `{near}`?")
            return
    run.note(
        "E103",
        f"`type` is missing: this table does not say which {singular} it is",
        at,
        part="value" if nested and isinstance(at[-1], int) else "entry",
        help=each or f'add `type = "…"`, the name of {a(singular)}',
    )


def unknown_type(run: Validation, family: str, name: str, at: Pointer, names: tuple[str, ...]) -> None:
    """Report a name that a family does not have: refused, coming later, a misspelling, or none at all."""
    from .meant import is_from_a_program, meant_type

    refused = definition_of(family)["x-keraspec"]["refused"].get(name)
    singular = SINGULAR[family]
    if refused is not None:
        reason, parted, way = refused.rpartition("; ")
        run.add("E111", f"{name} can't stand in a spec{': ' + reason if parted else ''}", at, help=way)
    elif (plugin := plugin_of(family, name)) and not is_from_a_program(name):
        plugin_type(run, family, name, plugin, at)
    else:
        way = meant_type(family, name, names, in_table=at[-1] == "type") if name.casefold() not in NOTHING else None
        if family == "layers" and name in ("Input", "InputLayer"):
            table = run.document.data["layers"][at[1]] if at[0] == "layers" and len(at) == 3 else {}
            way = f"take it away and write `inputs.{table.get('name', 'x')}.shape = "
            shape = table.get("shape")
            way = f"{way}{shape}` at the top of the spec" if isinstance(shape, list) else INPUTS
            run.add("E108", f"inputs are no layers: there is no {singular} called {quoted(name)}", at, help=way)
            if "inputs" not in run.document.data:
                run.misplaced.add("inputs")
            return
        if family == "layers" and (dotted := _dotted(name)):
            way = f'did you mean "{dotted}"?'
        help_text = way or f"`keraspec schema` lists every {singular}"
        if name.casefold() in NOTHING and isinstance(at[-1], str) and at[-1] != "type":
            help_text = f"one is needed here; leave `{at[-1]}` out for the usual one"
        if way is None and len(names) <= 12:
            help_text = there_are(names, 12)
        run.add("E108", f"there is no {singular} called {quoted(name)}", at, help=help_text)


def _dotted(name: str) -> str | None:
    """The op or application that is meant where its family was not written in front."""
    last = name.rpartition(".")[2]
    return next((f"{family}.{last}" for family in DOTTED if record_of(family, f"{family}.{last}")), None)

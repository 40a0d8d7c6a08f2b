"""From Document to Validation: every table against the JSON Schema of its own kind.

The envelope first, then each object against the definition of its own ``type``; one value, one message.
The schema is read as data from ``keraspec.schemas``; what its ``x-keraspec`` keys mean is said in
``keraspec.compiler.catalogue.schema``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .document import HOLE, Document, Pointer
from .finding import Finding, Related
from .installed import check_release
from .later import later_key
from .misfits import bracketed, by_output, check_bare, check_installed, of_key, wrong_value
from .published import (
    FORMULAS,
    SINGULAR,
    Schema,
    definition_of,
    family_of,
    has_tables,
    later_of,
    record_of,
    resolved,
    schema,
    types_of,
)
from .unknown import HARMLESS, NOTHING, entry_keys, missing_keys, no_type, unknown_key, unknown_type
from .validation import Validation
from .values import explain_value, fits, is_damaged, way_out
from .words import a, closest, listed, quoted, shown

REUSED: Final = ("name", "inputs", "call", "repeat", "each", "when")
PLACING: Final = ("before", "after", "remove")
"""Keys by which an entry says what becomes of it in the file below."""


def validate(document: Document) -> Validation:
    """Check a document against the schema; all findings at once."""
    run = Validation(document)
    data = run.document.data
    _keys(run, schema(), data, (), "the spec", skip=frozenset({"keraspec"}))
    for index, entry in enumerate(document.expansion.idle if document.expansion is not None else ()):
        _entry(run, definition_of("sections.layer"), entry, ("idle", index))
    _version(run, data)
    return run


def _version(run: Validation, data: Mapping[str, Any]) -> None:
    version = data.get("keraspec", 1)
    if version is not HOLE and (version != 1 or isinstance(version, bool)):
        run.add(
            "E101",
            f"`keraspec` must be 1, the version of the language that this program knows, found {shown(version)}",
            ("keraspec",),
            help="write `keraspec = 1`",
        )
    elif "keraspec" not in data and () not in run.document.damaged and "keraspec" not in run.misplaced:
        if any(closest(key, ("keraspec",)) for key in data):
            return  # said of the misspelt key
        run.note(
            "E101",
            "this is not a spec yet: the key `keraspec` is missing",
            (),
            part="entry",
            help="write `keraspec = 1`, the version of the language, on the first line",
        )


def _keys(
    run: Validation, table_schema: Schema, table: Mapping[str, Any], pointer: Pointer, what: str,
    skip: frozenset[str] = frozenset(), family: str | None = None,
) -> None:  # fmt: skip
    """Check the keys of a table: known, not missing, and each value."""
    properties = table_schema["properties"]
    later = later_of(table_schema, family)
    for key, value in table.items():
        if key in skip:
            continue
        at = (*pointer, key)
        if key not in properties:
            if key in later:
                later_key(run, key, later[key], at)
                run.spoil(pointer, key)
            else:
                unknown_key(run, key, at, properties, table, what, family)
            continue
        _value(run, properties[key], value, at, what)
    if pointer in run.document.damaged:
        run.unsound.add(pointer)
        return
    missing_keys(run, table_schema, table, pointer, what, skip, family)


def _value(run: Validation, value_schema: Schema, value: Any, at: Pointer, what: str) -> None:
    """Check one value against the schema of its key."""
    value_schema = resolved(value_schema)
    extra = value_schema.get("x-keraspec", {})
    harmless = extra.get("family") in HARMLESS
    if "since" in extra or "until" in extra:
        check_release(run, extra, f"`{at[-1]}` of {what}", at, "key", f"leave `{at[-1]}` out")
    before = len(run.findings)
    if value is HOLE:
        run.rejected.add(at)
    elif "family" in extra:
        _objects(run, extra, value, at, what)
    elif "section" in extra:
        _section(run, extra, value, at, what)
        return
    elif not fits(value_schema, value):
        for code, message, pointer, help_text in explain_value(value_schema, value, at, what):
            run.add(code, message, pointer, help=help_text)
        run.rejected.add(at)
    if (len(run.findings) > before or is_damaged(value)) and not harmless:
        run.spoil(at[:-1], str(at[-1]))


def _objects(run: Validation, extra: Schema, value: Any, at: Pointer, what: str) -> None:
    if extra.get("named") and isinstance(value, dict):
        for name, item in value.items():
            if item is HOLE:
                run.rejected.add((*at, name))
            else:
                _object(run, extra["family"], item, (*at, name), what, extra)
        return
    if extra.get("named"):
        if "also" not in extra or not fits(extra["also"], value):
            run.add("E105", f"{of_key(at, what)} must be {extra['expects']}, found {shown(value)}", at)
        return
    if not extra.get("many") or (extra.get("lone") and not isinstance(value, list)):
        _object(run, extra["family"], value, at, what, extra)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if item is HOLE:
                run.rejected.add((*at, index))
            else:
                _object(run, extra["family"], item, (*at, index), what, extra)
    else:
        help_text = by_output(run, at, value) or bracketed(at, value)
        run.add("E105", f"{of_key(at, what)} must be {extra['expects']}, found {shown(value)}", at, help=help_text)


def _object(run: Validation, family: str, value: Any, at: Pointer, what: str, extra: Schema) -> None:
    """Check a Keras object: a name, or a table with ``type``."""
    facts = definition_of(family)["x-keraspec"]
    if "also" in extra and not isinstance(value, dict) and fits(extra["also"], value):
        return
    if isinstance(value, dict):
        if not has_tables(family):
            stated = (value.get("type"), value.get("name"))
            known = [one for one in stated if isinstance(one, str) and one in facts.get("names", ())]
            if not known and isinstance(stated[0], str) and (near := closest(stated[0], facts.get("names", ()))):
                known = [near]
            help_text = f"write the name alone: {quoted(known[0])}" if known else None
            run.add("E105", f"{of_key(at, what)} must be {extra['expects']}, found a table", at, help=help_text)
            return
        if family in FORMULAS and "expression" in value and "type" not in value:
            formula = definition_of("sections.formula")
            _keys(run, formula, value, at, formula["x-keraspec"]["title"])
            return
        _table(run, family, value, at, nested=True)
    elif isinstance(value, str) and "names" in facts:
        if value in facts["names"]:
            check_installed(run, family, facts["names"][value], at)
            check_bare(run, family, facts["names"][value], value, at)
        elif "also" in extra and way_out([extra["also"]], value) is not None:
            wrong_value(run, extra, value, at, what)
        elif "also" in extra and value.casefold() in NOTHING and fits(extra["also"], "none"):
            message = f"there is no {SINGULAR[family]} called {quoted(value)}"
            run.add("E108", message, at, help='write "none", in small letters')
        else:
            unknown_type(run, family, value, at, tuple(facts["names"]))
    else:
        wrong_value(run, extra, value, at, what)


def _table(run: Validation, family: str, table: Mapping[str, Any], at: Pointer, *, nested: bool) -> bool:
    """Check a table with ``type``; whether it is known what it is."""
    singular, laid = SINGULAR[family], "type" not in table and "type" in run.below(at, table)
    if "type" not in table and not laid:
        if at in run.document.damaged:
            run.unsound.add(at)
            return False
        no_type(run, family, table, at, nested=nested)
        run.unsound.add(at)
        return False
    kind = run.below(at, table)["type"] if laid else table["type"]
    if kind is HOLE or (laid and (*at[:1], *at[3:], "type") in run.rejected):  # said where it is written
        run.unsound.add(at)
        return False
    here = (*at, "type")
    if not isinstance(kind, str):
        run.add("E105", f"`type` must be the name of {a(singular)} in quotes, found {shown(kind)}", here)
        run.unsound.add(at)
        return False
    facts = definition_of(family)["x-keraspec"]
    name = facts["aliases"].get(kind, facts.get("names", {}).get(kind, kind))
    definition = record_of(family, name)
    if not definition and kind in facts.get("names", ()):
        help_text = f"write the name alone: {quoted(kind)}"
        run.add("E105", f"{quoted(kind)} is {a(singular)} by its name, which takes no table", at, help=help_text)
        return False
    if not definition:
        unknown_type(run, family, kind, here, types_of(family))
        run.unsound.add(at)
        meant = next((one for one in types_of(family) if one.casefold() == kind.casefold()), None)
        if meant is None or not record_of(family, meant):
            return False
        # Only capitals are wrong: what else stands in the table can be held against what was meant.
        _keys(run, record_of(family, meant), table, at, meant, skip=frozenset({"type"}), family=family)
        return True
    if kind != name and not laid:
        run.findings.append(
            Finding("W101", f"`{kind}` is another name of `{name}`", here, help=f'write `type = "{name}"`')
        )
    check_installed(run, family, name, here)
    _keys(run, definition, table, at, name, skip=frozenset({"type"}), family=family)
    if nested and family == "layers":
        for key in entry_keys():
            if key in table and key != "name":
                run.add(
                    "E102",
                    f"`{key}` means nothing here: this layer stands inside another one, which calls it",
                    (*at, key),
                    part="key",
                    help=f"take `{key}` away, or write it in the entry around this table",
                )
    return True


def _section(run: Validation, extra: Schema, value: Any, at: Pointer, what: str) -> None:
    """Check a table of the language, a list of them, or a table of them by name."""
    name, each = extra["section"], extra["each"]
    if each == "one":
        _one(run, name, value, at, extra)
    elif each == "list":
        if not isinstance(value, list):
            two = "write `[[layers]]`, with two square brackets, above each layer"
            if name != "layer":
                two = f"write `[[{'.'.join(map(str, at))}]]`, with two square brackets"
            help_text = two if isinstance(value, dict) else None
            run.add(
                "E105",
                f"`{at[-1]}` of {what} must be {extra['expects']}, found {shown(value)}",
                at,
                part="entry",
                help=help_text,
            )
            run.spoil(at[:-1], str(at[-1]))
            return
        if not value and name == "layer" and at not in run.document.damaged:
            run.add("E103", f"`{at[-1]}` is empty: a model needs at least one layer", at, help="add a layer")
            run.spoil(at[:-1], str(at[-1]))
        for index, item in enumerate(value):
            _one(run, name, item, (*at, index), extra)
    elif not isinstance(value, dict):
        help_text = None
        if isinstance(value, str | list) and at[-1] == "outputs":
            help_text = "for the outputs of the model move `outputs` above the first line in square brackets"
        run.add("E105", f"`{at[-1]}` of {what} must be {extra['expects']}, found {shown(value)}", at, help=help_text)
        run.spoil(at[:-1], str(at[-1]))
    else:
        if not value and at not in run.document.damaged:
            run.add("E103", f"`{at[-1]}` is empty", at, part="entry", help=f"write {extra['expects']}")
            run.spoil(at[:-1], str(at[-1]))
        for key, item in value.items():
            _name(run, key, (*at, key))
            _one(run, name, item, (*at, key), extra)


def _name(run: Validation, name: str, at: Pointer) -> None:
    """Names that people choose for inputs: the same rule as for layers."""
    if at[0] != "inputs":
        return
    rule = resolved(definition_of("sections.layer")["oneOf"][0]["properties"]["name"])
    if not fits(rule, name):
        expects = rule["x-keraspec"]["expects"]
        run.findings.append(Finding("E113", f"{quoted(name)} can't be a name: it must be {expects}", at, "key"))
        run.unsound.add(at)


def _one(run: Validation, name: str, value: Any, at: Pointer, extra: Schema) -> None:
    if value is HOLE:
        run.rejected.add(at)
        run.unsound.add(at)
        return
    definition = definition_of(f"sections.{name}")
    title = definition["x-keraspec"]["title"]
    if not isinstance(value, dict):
        help_text = None
        if name == "input" and isinstance(value, list):
            help_text = f"write `{at[-1]}.shape = [ … ]`"
        elif name == "split" and isinstance(value, float):
            help_text = f"write `split = {{ validation = {value} }}`"
        elif name == "layer" and isinstance(value, str):
            help_text = f"write a table: {{ type = {quoted(value)}, … }}"
        run.add("E105", f"`{_last(at)}` must be a table ({title}), found {shown(value)}", at, help=help_text)
        run.unsound.add(at)
    elif name == "layer":
        _entry(run, definition, value, at)
    else:
        if extra["each"] == "name":
            title = f"the {title.removeprefix('an ').removeprefix('the ')} `{at[-1]}`"
        _keys(run, definition, value, at, title)


def _last(at: Pointer) -> str:
    return f"{at[-2]}[{at[-1]}]" if isinstance(at[-1], int) else str(at[-1])


def _entry(run: Validation, definition: Schema, entry: Mapping[str, Any], at: Pointer) -> None:
    """Check a layer entry: ``type`` with its arguments, or ``reuse``."""
    name = entry.get("name")
    if isinstance(name, str):
        rule = resolved(definition["oneOf"][0]["properties"]["name"])
        if not fits(rule, name):
            run.add(
                "E113",
                f"{quoted(name)} can't be a name: it must be {rule['x-keraspec']['expects']}",
                (*at, "name"),
            )
            run.unsound.add(at)
            entry = {key: value for key, value in entry.items() if key != "name"}
    for key in PLACING:
        if key in entry and not run.partial:
            run.add(
                "E632",
                f"`{key}` is for entries that are laid over those of another file, and this one extends none",
                (*at, key),
                part="key",
                help=f'take `{key}` away, or write `extends = "…"` at the top',
            )
    entry = {key: value for key, value in entry.items() if key not in PLACING}
    ways = [key for key in ("type", "reuse", "block") if key in entry]
    if len(ways) > 1:
        run.add(
            "E112",
            f"an entry has one of `type`, `block` and `reuse`; this one has {listed(ways)}",
            (*at, ways[1]),
            part="key",
            help=f"take `{ways[1]}` away, or make two entries of this one",
            related=(Related(f"`{ways[0]}` is here", (*at, ways[0]), "key"),),
        )
        run.unsound.add(at)
        _own_keys(run, definition["oneOf"][0], entry, at)
    elif "reuse" in entry:
        if not isinstance(entry["reuse"], str) and entry["reuse"] is not HOLE:
            run.add(
                "E105", f"`reuse` must be the name of an earlier entry, found {shown(entry['reuse'])}", (*at, "reuse")
            )
            run.unsound.add(at)
        _reuse(run, definition["oneOf"][0], entry, at)
    elif not _table(run, _family(entry), entry, at, nested=False):
        _own_keys(run, definition["oneOf"][0], entry, at)


def _family(entry: Mapping[str, Any]) -> str:
    kind = entry.get("type")
    return family_of(kind) if isinstance(kind, str) else "layers"


def _own_keys(run: Validation, reuse: Schema, entry: Mapping[str, Any], at: Pointer) -> None:
    """Check the language's own keys of an entry of which it is not known what it is."""
    for key in entry_keys():
        if key in entry:
            _value(run, reuse["properties"][key], entry[key], (*at, key), "an entry")


def _reuse(run: Validation, reuse: Schema, entry: Mapping[str, Any], at: Pointer) -> None:
    properties, later = reuse["properties"], later_of(definition_of("sections.layer"))
    for key, value in entry.items():
        here = (*at, key)
        if key == "reuse":
            continue
        if key in later:
            later_key(run, key, later[key], here)
            run.spoil(at, key)
        elif key not in properties and (near := closest(key, properties)):
            run.add("E102", f"an entry has no key `{key}`", here, part="key", help=f"did you mean `{near}`?")
            run.unsound.add(at)
        elif key not in properties:
            run.add(
                "E112",
                f"beside `reuse` only {listed(REUSED)} may stand, not `{key}`: "
                "the weights and arguments are those of the reused entry",
                here,
                part="key",
                help=f"take `{key}` away, or write an entry of its own with `type`",
            )
        else:
            _value(run, properties[key], value, here, "an entry")

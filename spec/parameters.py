"""The noun Parameter: a declaration, and the value that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .document import HOLE, Pointer
from .expression import has_expression, names_in
from .expression_functions import FUNCTIONS
from .naming import NAME
from .notes import Notes
from .origins import Frame, brief
from .words import closest, listed, quoted, shown

KEYS: Final = ("type", "enum", "minimum", "maximum", "default", "description")
TYPES: Final[Mapping[str, str]] = {
    "integer": "a whole number", "int": "a whole number", "number": "a number", "float": "a number",
    "boolean": "true or false", "bool": "true or false", "string": "text", "str": "text", "text": "text",
    "list": "a list", "array": "a list", "table": "a table", "object": "a table",
}  # fmt: skip
"""What a declaration may say of the type, and what values of it are called."""
ENTRY_KEYS: Final = frozenset({"type", "block", "reuse", "name", "inputs", "call", "repeat", "each", "when"})
"""The language's own keys of a layer entry."""
FORBIDDEN: Final = (
    ENTRY_KEYS
    | {"before", "after", "remove", "index", "item", "and", "or", "not", "if", "else", "true", "false", "none"}
) | frozenset(FUNCTIONS)
_WORD: Final = "a name of letters, digits and `_` that begins with a letter or `_`"

Evaluate = Callable[[Any, Mapping[str, Any], Pointer, Frame | None], Any]
"""From a value as written and what names mean to the value with its expressions worked out."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declaration; ``rules`` are its keys, of which ``default`` stands apart: HOLE where it could not be read."""

    name: str
    pointer: Pointer
    rules: Mapping[str, Any]
    default_at: Pointer
    required: bool
    default: Any = None


def declarations(table: Any, at: Pointer, notes: Notes, of: str) -> dict[str, Parameter]:
    """The parameters that a table declares; what is wrong with it is noted, and its parameter taken for unknown."""
    if table is HOLE or table is None:
        return {}
    if not isinstance(table, dict):
        notes.add("E615", f"`parameters` of {of} must be a table, found {shown(table)}", at,
                  help="write `[parameters]` and below it NAME = value")  # fmt: skip
        return {}
    return {name: _declared(name, value, (*at, name), notes) for name, value in table.items()}


def _declared(name: str, value: Any, at: Pointer, notes: Notes) -> Parameter:
    if name in FORBIDDEN:
        notes.add("E615", f"a parameter can't be called `{name}`: the word has a meaning of its own", at, "key",
                  help="choose another name")  # fmt: skip
        return Parameter(name, at, {}, at, False, HOLE)
    if not NAME.fullmatch(name) or "-" in name:
        help_text = f"write `{name.replace('-', '_')}`" if NAME.fullmatch(name) else None
        notes.add("E615", f"a parameter can't be called {quoted(name)}: it must be {_WORD}", at, "key", help=help_text)
        return Parameter(name, at, {}, at, False, HOLE)
    if not isinstance(value, dict):
        return Parameter(name, at, {}, at, False, value)
    wrong = [key for key in value if key not in KEYS]
    if wrong:
        near = closest(wrong[0], (key for key in KEYS if key not in value))
        way = f"did you mean `{near}`? A" if near else "a"
        notes.add("E615", f"the declaration of `{name}` has no key `{wrong[0]}`: it takes {listed(KEYS)}",
                  (*at, wrong[0]), "key", help=f"{way} table as value is `{name}.default = {{ … }}`")  # fmt: skip
        return Parameter(name, at, {}, at, False, HOLE)
    rules = {key: rule for key, rule in value.items() if rule is not HOLE and key != "description"}
    for key, fits, expects in (
        (
            "type",
            lambda one: one in TYPES,
            " or ".join(listed(("integer", "number", "boolean", "string", "list", "table")).rsplit(" and ", 1)),
        ),
        ("enum", lambda one: isinstance(one, list) and one, "a list of values"),
        ("minimum", _is_number, "a number"),
        ("maximum", _is_number, "a number"),
    ):
        if (
            key in rules
            and not _worked_out_later(rules[key])
            and not (isinstance(rules[key], str | int | float | list) and fits(rules[key]))
        ):
            notes.add(
                "E615", f"`{key}` of the parameter `{name}` must be {expects}, found {shown(rules[key])}", (*at, key)
            )
            del rules[key]
    default = rules.pop("default", None)
    lost = value.get("default") is HOLE
    return Parameter(name, at, rules, (*at, "default"), "default" not in value, HOLE if lost else default)


def _worked_out_later(rule: Any) -> bool:
    return isinstance(rule, str) and has_expression(rule)


def settle(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, tuple[Any, Pointer, Frame | None]],
    outer: Mapping[str, Any],
    evaluate: Evaluate,
    notes: Notes,
    frame: Frame | None,
) -> dict[str, Any]:
    """The values of all parameters: those that are ``given``, each with its place, and the defaults of the others.

    Defaults are worked out in the order in which they use each other. What can't be known is HOLE.
    """
    values: dict[str, Any] = {}
    for name, (value, at, home) in given.items():
        values[name] = value
        one = parameters[name]
        if one.rules and value is not HOLE and not _admits(one, evaluate, outer, value, at, notes, home):
            values[name] = HOLE
    for name in parameters:
        if name not in values:
            _default(name, parameters, values, outer, evaluate, notes, frame)
    return {name: values[name] for name in parameters}


def _default(
    first: str, parameters: Mapping[str, Parameter], values: dict[str, Any], outer: Mapping[str, Any],
    evaluate: Evaluate, notes: Notes, frame: Frame | None,
) -> None:  # fmt: skip
    """Work out a default, and before it those that it uses; without recursion, for chains may be long."""
    waiting = [first]
    while waiting:
        name = waiting[-1]
        one = parameters[name]
        if name in values:
            waiting.pop()
            continue
        if one.required or one.default is HOLE:
            values[name] = HOLE  # that it is missing is said by whoever knows where it should stand
            waiting.pop()
            continue
        needed = [other for other in used_names(one.default) if other in parameters and other not in values]
        circle = next((other for other in needed if other in waiting), None)
        if circle is not None:
            way = [*waiting[waiting.index(circle) :], circle]
            notes.add("E616", f"parameters use each other in a circle: {' → '.join(way)}", one.default_at, frame=frame,
                      help=f"give one of them a value of its own, such as `{name} = 1`")  # fmt: skip
            for other in way:
                values[other] = HOLE
            continue
        if needed:
            waiting.extend(needed)
            continue
        known = {**outer, **values}
        value = evaluate(one.default, known, one.default_at, frame)
        if value is not HOLE and one.rules and not _admits(one, evaluate, known, value, one.default_at, notes, frame):
            value = HOLE
        values[name] = value
        waiting.pop()


def used_names(value: Any) -> Iterator[str]:
    """The names that the expressions in a value use, at any depth."""
    if isinstance(value, str):
        if "${" in value:
            yield from names_in(value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from used_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from used_names(item)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of(kind: str, value: Any) -> bool:
    match TYPES[kind]:
        case "a whole number":
            return _is_number(value) and float(value).is_integer()
        case "a number":
            return _is_number(value)
        case "true or false":
            return isinstance(value, bool)
        case "text":
            return isinstance(value, str)
        case "a list":
            return isinstance(value, list)
    return isinstance(value, dict)


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _admits(
    one: Parameter,
    evaluate: Evaluate,
    names: Mapping[str, Any],
    value: Any,
    at: Pointer,
    notes: Notes,
    frame: Frame | None,
) -> bool:
    """Whether a value is what its declaration asks for; if not, it is noted."""
    rules = {
        key: evaluate(rule, names, (*one.pointer, key), None) if any(True for _ in used_names(rule)) else rule
        for key, rule in one.rules.items()
    }
    wanted: str | None = None
    help_text: str | None = None
    kind, choices, low, high = (rules.get(key) for key in ("type", "enum", "minimum", "maximum"))
    if isinstance(kind, str) and kind in TYPES and not _is_of(kind, value):
        wanted = TYPES[kind]
    elif isinstance(choices, list) and not any(_same(choice, value) for choice in choices):
        wanted = f"one of {', '.join(brief(choice) for choice in choices[:12])}"
        near = (
            closest(value, (choice for choice in choices if isinstance(choice, str)))
            if isinstance(value, str)
            else None
        )
        help_text = f'did you mean "{near}"?' if near else None
    elif _is_number(low) or _is_number(high):
        if not _is_number(value):
            wanted = "a number"
        elif _is_number(low) and value < low:
            wanted = f"at least {brief(low)}"
        elif _is_number(high) and value > high:
            wanted = f"at most {brief(high)}"
    if wanted is None:
        return True
    notes.add(
        "E614", f"the parameter `{one.name}` must be {wanted}, found {shown(value)}", at, frame=frame, help=help_text
    )
    return False

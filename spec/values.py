"""One value against one JSON Schema: whether it fits, and if not, in plain words why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .document import HOLE, Pointer
from .published import schema as published
from .words import closest, quoted, shown

_SEVERAL = r"\s*[\[(]?\s*\d+(\s*[x×*,]\s*\d+)+\s*,?\s*[\])]?\s*"
"""Sizes as people write them in text: ``3x3``, ``(28, 28, 1)``."""

_VALIDATORS: dict[int, Any] = {}
_PATH = re.compile(r"[/\\]|\.[a-z]{2,5}$")
"""What looks like the path of a file is no first value of a list."""


def fits(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a value meets a schema.

    Validators are kept by the schema's identity: ``schema`` must live as long as the program, as those of the
    published schema and of the catalogue do.
    """
    validator = _VALIDATORS.get(id(schema))
    if validator is None:
        from jsonschema_rs import Draft202012Validator, ValidationError  # far faster than jsonschema, to import too

        try:
            validator = Draft202012Validator(dict(schema))
        except ValidationError:  # it leans on definitions of the whole, which are many: few schemas do
            validator = Draft202012Validator({**schema, "$defs": published()["$defs"]})
        _VALIDATORS[id(schema)] = validator
    return bool(validator.is_valid(_without_holes(value) if isinstance(value, list | dict) else value))


def _without_holes(value: Any) -> Any:
    """What could not be read is taken as whatever fits best: it is left out."""
    if isinstance(value, list):
        return [_without_holes(item) for item in value if item is not HOLE]
    if isinstance(value, dict):
        return {key: _without_holes(item) for key, item in value.items() if item is not HOLE}
    return value


def is_damaged(value: Any) -> bool:
    """Whether something in a value could not be read: a list may be shorter than it was written."""
    return value is HOLE or (isinstance(value, list) and any(is_damaged(item) for item in value))


Trouble = tuple[str, str, Pointer, str | None]
"""Code, message, pointer, help."""


def explain_value(schema: Mapping[str, Any], value: Any, at: Pointer, what: str) -> list[Trouble]:
    """Why a value does not fit: its type (E105), its size (E106), or a word that is none of the choices (E107)."""
    expects = schema.get("x-keraspec", {}).get("expects", "something else")
    branches = schema.get("anyOf", [schema])
    if isinstance(value, list):
        elements = _elements(branches, value)
        if elements or is_damaged(value):
            return [_element(branch, value[index], (*at, index), what, expects) for index, branch in elements]
    if isinstance(value, dict):
        members = _members(branches, value)
        if members:
            return [_member(branch, value[key], (*at, key), what, expects) for key, branch in members]
    name = f"`{at[-1]}` of {what}"
    message = f"{name} must be {expects}, found {shown(value)}"
    if isinstance(value, str):
        choices = [word for branch in _flat(branches) for word in _choices(branch)]
        near = closest(value, choices)
        if near or choices not in ([], ["none"]):  # that a number may be left open makes it no matter of words
            return [("E107", message, at, f'did you mean "{near}"?' if near else None)]
    code = code_of(branches, value)
    return [(code, message, at, _borders(branches, value) or way_out(branches, value))]


def code_of(branches: Any, value: Any) -> str:
    """E106 for a value of the right type that is too large or too small, E105 for one of another type."""
    return "E106" if any(_same_type(branch, value) for branch in _flat(branches)) else "E105"


def _borders(branches: Any, value: Any) -> str | None:
    """PyTorch pads by so many places; here a word says whether borders are padded at all."""
    words = {word for branch in _flat(branches) for word in _choices(branch)}
    if not {"valid", "same"} <= words or isinstance(value, bool) or not isinstance(value, int | list):
        return None
    if not value:
        return 'write "valid", with quotes: no border is added'
    return (
        'write "same", with quotes, to keep the size; for a border of just so many places put a `ZeroPadding` layer '
        f"with `padding = {value}` before this one"
    )


def _flat(branches: Any) -> list[Mapping[str, Any]]:
    out: list[Mapping[str, Any]] = []
    for branch in branches:
        out.extend(_flat(branch["anyOf"]) if "anyOf" in branch else [branch])
    return out


def _choices(branch: Mapping[str, Any]) -> list[str]:
    words = branch.get("enum", [branch["const"]] if "const" in branch else [])
    return [word for word in words if isinstance(word, str)]


def _elements(branches: Any, value: list[Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The elements that are wrong, where the list as such is what is wanted."""
    for branch in _flat(branches):
        if branch.get("type") != "array" or "items" not in branch:
            continue
        if not branch.get("minItems", 0) <= len(value) <= branch.get("maxItems", len(value)):
            continue
        return [
            (index, branch["items"])
            for index, item in enumerate(value)
            if not is_damaged(item) and not fits(branch["items"], item)
        ]
    return []


def _members(branches: Any, value: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The values that are wrong in a table of keys that people choose."""
    for branch in _flat(branches):
        inner = branch.get("additionalProperties")
        if branch.get("type") == "object" and isinstance(inner, dict):
            return [(key, inner) for key, item in value.items() if not is_damaged(item) and not fits(inner, item)]
    return []


def _member(branch: Mapping[str, Any], value: Any, at: Pointer, what: str, expects: str) -> Trouble:
    code = "E106" if any(_same_type(one, value) for one in _flat([branch])) else "E105"
    message = f"`{at[-2]}` of {what} must be {expects}; its value for `{at[-1]}` is {shown(value)}"
    return code, message, at, way_out([branch], value)


def _element(branch: Mapping[str, Any], value: Any, at: Pointer, what: str, expects: str) -> Trouble:
    flat = _flat([branch])
    code = "E106" if any(_same_type(one, value) for one in flat) else "E105"
    if isinstance(value, str) and any(_choices(one) for one in flat):
        code = "E107"
    message = f"`{at[-2]}` of {what} must be {expects}; its value number {int(at[-1]) + 1} is {shown(value)}"
    help_text = way_out([branch], value)
    if at[0] == "inputs" and at[-1] == 0 and help_text and (value in (None, -1) or is_nothing(value)):
        help_text = f"take it away if it stands for the batch, which is never written; {help_text}"
    return code, message, at, help_text


def _same_type(branch: Mapping[str, Any], value: Any) -> bool:
    kinds = branch.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    return any(_is_of(kind, value) for kind in kinds)


def _is_of(kind: str, value: Any) -> bool:
    match kind:
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and value.is_integer()
            )
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
    return value is None


def way_out(branches: Any, value: Any) -> str | None:
    """The edit that probably mends a value of the wrong type."""
    kinds = {branch.get("type") for branch in _flat(branches) if isinstance(branch.get("type"), str)}
    if isinstance(value, str):
        numbers = [int(one) for one in re.findall(r"\d+", value)] if re.fullmatch(_SEVERAL, value) else []
        if numbers and any(fits(branch, numbers) for branch in branches):
            return f"write {numbers} without quotes"
        if kinds & {"integer", "number"} and _is_number(value):
            return f"write {value.strip()} without quotes"
        if "boolean" in kinds and value.casefold() in ("true", "false", "yes", "no", "on", "off"):
            return f"write {'true' if value.casefold() in ('true', 'yes', 'on') else 'false'} without quotes"
        if "array" in kinds and "string" not in kinds and not _PATH.search(value):
            return f"put it in square brackets: [{quoted(value)}]" if len(value) < 40 else "put it in square brackets"
    if isinstance(value, bool) and kinds & {"integer", "number"}:
        return "write a number: true and false are not numbers"
    if isinstance(value, int) and not isinstance(value, bool) and "boolean" in kinds and value in (0, 1):
        return f"write {'true' if value else 'false'}"
    if isinstance(value, int | float) and any(fits(inner, value) for inner in _inner(branches)):
        return f"put it in square brackets: [{value}]"
    nameable = any("pattern" in branch for branch in _flat(branches))
    if (value in (None, -1) or is_nothing(value)) and "integer" in kinds and nameable:
        return 'for a size that is not known yet write a word, such as "time"'
    if isinstance(value, float) and not value.is_integer() and "integer" in kinds and "number" not in kinds:
        return f"write a whole number, such as {max(1, round(value))}"
    if isinstance(value, list):
        return _length(branches, len(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _bound(branches, value)
    return None


def is_nothing(value: Any) -> bool:
    """Whether a text is meant as Python's ``None``."""
    return isinstance(value, str) and value.casefold() in ("none", "null")


def _length(branches: Any, length: int) -> str | None:
    for branch in _flat(branches):
        fewest, most = branch.get("minItems"), branch.get("maxItems")
        if fewest is not None and length < fewest:
            return f"write {'at least ' if most != fewest else ''}{fewest} value{'s' if fewest > 1 else ''}"
        if most is not None and length > most:
            return f"write {'at most ' if most != fewest else ''}{most} value{'s' if most > 1 else ''}"
    return None


def _bound(branches: Any, value: float) -> str | None:
    for branch in _flat(branches):
        for key, beyond, words in (
            ("minimum", value < branch.get("minimum", value), "{} or more"),
            ("maximum", value > branch.get("maximum", value), "{} or less"),
            ("exclusiveMinimum", value <= branch.get("exclusiveMinimum", value - 1), "a number above {}"),
            ("exclusiveMaximum", value >= branch.get("exclusiveMaximum", value + 1), "a number below {}"),
        ):
            if key == "maximum" and branch.get(key) == 1 and 10 <= value <= 100 and branch.get("type") == "number":
                return f"write {value / 100:g}: it is a share of 1, not a percentage"
            if key in branch and beyond:
                return f"write {words.format(branch[key])}"
    return None


def _inner(branches: Any) -> list[Mapping[str, Any]]:
    """What the lists among the branches hold."""
    return [branch["items"] for branch in _flat(branches) if branch.get("type") == "array" and "items" in branch]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

"""From a value that stands where a Keras object should to what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .document import Pointer
from .installed import check_release
from .published import SINGULAR, Schema, definition_of, record_of, required_of
from .validation import Validation
from .values import code_of, way_out
from .words import a, listed, quoted, shown


def wrong_value(run: Validation, extra: Schema, value: Any, at: Pointer, what: str) -> None:
    """Say that a value is no object of its family, and what to write instead."""
    help_text = way_out([extra["also"]], value) if "also" in extra else None
    code = code_of([extra["also"]], value) if "also" in extra and isinstance(value, int | float) else "E105"
    if isinstance(value, str) and record_of(extra["family"], value):
        help_text = f'write a table: {{ type = "{value}", … }}'
    help_text = by_output(run, at, value) or help_text
    expects = extra["expects"]
    if "many" in extra and isinstance(at[-1], int):
        named = "names" in definition_of(extra["family"])["x-keraspec"]
        expects = f"{a(SINGULAR[extra['family']])}, {'by name or ' if named else ''}as a table with `type`"
    run.add(code, f"{of_key(at, what)} must be {expects}, found {shown(value)}", at, help=help_text)


def bracketed(at: Pointer, value: Any) -> str | None:
    """What to write where one object stands and a list of them is wanted."""
    if not isinstance(value, str | dict):
        return None
    inner = quoted(value) if isinstance(value, str) else "{ … }"
    return f"put it in square brackets: `{at[-1]} = [{inner}]`"


def by_output(run: Validation, at: Pointer, value: Any) -> str | None:
    """What to write where losses or metrics are given by output, as Keras takes them: in a table, or in a list."""
    if at[0] != "training" or "outputs" in at:
        return None
    key = at[-2] if isinstance(at[-1], int) else at[-1]
    if key not in ("loss", "metrics"):
        return None
    name = "NAME"
    if isinstance(value, dict):
        known = _entries(run.document.data)
        name = next((one for one in value if one in known), "")
    elif not isinstance(value, list) or (key == "loss" and len(value) < 2):
        return None
    header = "training.phases.outputs" if at[1] == "phases" else "training.outputs"
    return f"each output has its `{key}` below `[{header}.{name}]`" if name else None


def _entries(data: Mapping[str, Any]) -> set[str]:
    """The names of layers and outputs, as far as they are written."""
    layers, outputs = data.get("layers"), data.get("outputs")
    found = {one.get("name") for one in layers if isinstance(one, dict)} if isinstance(layers, list) else set()
    found |= {one for one in outputs if isinstance(one, str)} if isinstance(outputs, list | dict) else set()
    return {one for one in found if isinstance(one, str)}


def of_key(at: Pointer, what: str) -> str:
    """What a message calls the key that a value stands under, of ``what``."""
    if isinstance(at[-1], int):
        return f"each value of `{at[-2]}`"
    return f"`{at[-1]}` of {what}"


def check_bare(run: Validation, family: str, name: str, value: str, at: Pointer) -> None:
    """A bare name is enough only where nothing else has to be said."""
    required = required_of(record_of(family, name))
    if required:
        run.add(
            "E103",
            f"{quoted(value)} alone is not enough: {name} needs {listed(required)}",
            at,
            help=f'write a table: {{ type = "{name}", {required[0]} = … }}',
        )


def check_installed(run: Validation, family: str, name: str, at: Pointer) -> None:
    """The installed Keras must have it, if there is one."""
    extra = record_of(family, name).get("x-keraspec", {})
    if "since" in extra or "until" in extra:
        check_release(run, extra, f"`{name}`", at, "value", f"use another {SINGULAR[family]}")

"""From a value that stands where a Keras object should to what is said of it."""

from __future__ import annotations

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
    expects = extra["expects"]
    if "many" in extra and isinstance(at[-1], int):
        named = "names" in definition_of(extra["family"])["x-keraspec"]
        expects = f"{a(SINGULAR[extra['family']])}, {'by name or ' if named else ''}as a table with `type`"
    run.add(code, f"{of_key(at, what)} must be {expects}, found {shown(value)}", at, help=help_text)


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

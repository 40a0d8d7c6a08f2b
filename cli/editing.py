"""What the verbs that edit a spec share: their options, how KEY=VALUE is read, and what is done with the new text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .completing import spec_files
from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..editing import Edit

Function = TypeVar("Function", bound=Callable[..., Any])


def spec_argument(function: Function) -> Function:
    """The argument SPEC."""
    return click.argument("spec", type=click.Path(path_type=Path), shell_complete=spec_files)(function)


def edit_options(function: Function) -> Function:
    """--force, --diff and --allow-plugin."""
    function = allow_plugin(function)
    function = click.option(
        "--diff", "--dry-run", "diff", is_flag=True, help="Write nothing; show what would change, and exit with 1."
    )(function)
    return click.option("--force", is_flag=True, help="Write it even if the spec then has more errors.")(function)


def pairs(words: Sequence[str]) -> dict[str, Any]:
    """KEY=VALUE words as a table; values are read as with --set."""
    from ..spec.overlay import setting_value

    made: dict[str, Any] = {}
    for word in words:
        key, sign, text = word.partition("=")
        if not sign or not key.strip():
            refuse(f"expected KEY=VALUE, such as units=64, found {word!r}")
        inner = made
        *way, last = key.strip().split(".")
        for step in way:
            inner = inner.setdefault(step, {})
            if not isinstance(inner, dict):
                refuse(f"{key}: {step} has a value already")
        inner[last] = setting_value(text.strip())
    return made


def entry_of(what: str, words: Sequence[str], name: str | None) -> dict[str, Any]:
    """The table of a new entry: ``Dense`` is a type, ``block:conv`` an instance of a block, ``reuse:conv`` a call."""
    way, sign, other = what.partition(":")
    kind = {way: other} if sign and way in ("block", "reuse") else {"type": what}
    return ({"name": name} if name is not None else {}) | kind | pairs(words)


def make(path: Path, edits: Sequence[Edit], *, force: bool, diff: bool) -> None:
    """Make edits of a spec: show them, or write them if the spec got no worse."""
    from ..editing import edited
    from ..spec.editing import EditError
    from .fmt import BOM, show_diff, write_text

    with files():
        try:
            one = edited(path, *edits)
        except EditError as error:
            refuse(str(error))
        if diff:
            show_diff(one.old, one.new, str(path))
            say(one.brought, "full", err=True)
            raise SystemExit(1 if one.old != one.new else 0)
        if one.worse and not force:
            say(one.brought, "full", err=True)
            many = len(one.brought)
            words = "a mistake that it has not now" if many == 1 else f"{many} mistakes that it has not now"
            click.echo(f"keraspec: {path} would have {words}, so it is left as it is; --force writes it", err=True)
            raise SystemExit(1)
        if one.old == one.new:
            click.echo(f"{path}: there is nothing to change")
            return
        write_text(path, one.new, BOM if path.read_bytes().startswith(BOM) else b"")
    for words in one.said:
        click.echo(f"{path}: {words}")
    say(one.brought, "full", err=True)
    if one.others:
        names = ", ".join(other.name for other in one.others)
        verb, it = ("lie", "they were") if len(one.others) > 1 else ("lies", "it was")
        click.echo(f"{names} {verb} over this spec or include{'' if len(one.others) > 1 else 's'} it; {it} not changed")

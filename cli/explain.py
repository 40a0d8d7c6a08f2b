"""The verb explain."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Iterator

import click

from ..spec.codes import AREAS, Code, codes
from .printing import colours, refuse


@click.command(name="explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Teach what a code means, such as E302, with a wrong and a right example.

    Without a code: all codes by area. Exit status: 2 for a code that does not exist.
    """
    every = codes()
    wanted = None if code is None else code.strip(" :]").upper().rpartition("[")[2]
    if wanted is None:
        lines = _listed(every.values())
    elif wanted in every:
        lines = _lesson(every[wanted])
    elif wanted in AREAS:
        lines = _listed(one for one in every.values() if one.code.startswith(wanted))
    else:
        near = _near(wanted, tuple(every))
        hint = f"did you mean {near}?" if near else "`keraspec explain` lists all codes"
        refuse(f"there is no code {code}; {hint}")
    click.echo("\n".join(lines), color=True)


def _listed(every: Iterable[Code]) -> Iterator[str]:
    """Code and title, a line each, below the headings of their areas."""
    tint = colours()
    area = None
    for one in every:
        heading = next(name for name in AREAS if one.code.startswith(name))
        if heading != area:
            if area is not None:
                yield ""
            yield f"{tint.bold}{AREAS[heading]}{tint.end}"
            area = heading
        mark = tint.warning if one.code.startswith("W") else tint.error
        yield f"  {mark}{one.code}{tint.end}  {one.title}"


def _lesson(one: Code) -> Iterator[str]:
    """The whole text of a code, with its examples."""
    tint = colours()
    width = min(shutil.get_terminal_size().columns, 88)
    mark = tint.warning if one.code.startswith("W") else tint.error
    yield f"{mark}{one.code}{tint.end}{tint.bold}: {one.title}{tint.end}"
    yield ""
    yield from textwrap.wrap(one.text, max(width, 40), break_long_words=False, break_on_hyphens=False)
    for title, example in (("Wrong", one.wrong), ("Right", one.right)):
        yield ""
        yield f"{tint.bold}{title}:{tint.end}"
        yield ""
        yield from (f"    {line}".rstrip() for line in example.split("\n"))


def _near(wanted: str, every: tuple[str, ...]) -> str | None:
    """The code that was probably meant: the same digits, or nearly, of the same area if there is one."""
    from difflib import get_close_matches

    digits = "".join(letter for letter in wanted if letter.isdigit())
    same = [one for one in every if digits and one[1:] == digits]
    alike = [one for one in every if one[:2] == wanted[:2]]
    near = (
        same or get_close_matches(wanted, alike, n=1, cutoff=0.5) or get_close_matches(wanted, every, n=1, cutoff=0.5)
    )
    return near[0] if near else None

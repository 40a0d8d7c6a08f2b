"""The verb docs."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

from .completing import reference_names
from .printing import colours, files, refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..compiler.reference import Page

_CODE: Final = re.compile(r"[EWew]\d{3}")


@click.command(name="docs")
@click.argument("name", required=False, shell_complete=reference_names)
@click.option("--list", "listed", is_flag=True, help="List all names; with NAME, those of a family: layers, losses, …")
@click.option("--html", is_flag=True, help="Write a page for a browser, of NAME or of everything, to the file of -o.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file for --html.")
@click.option("--open", "opened", is_flag=True, help="Open that page in the browser.")
@click.option("--no-pager", is_flag=True, help="Print at once, however long it is.")
def command(name: str | None, listed: bool, html: bool, output: Path | None, opened: bool, no_pager: bool) -> None:
    """The reference of a layer, an op, an optimizer, a key of the language, a code.

    \b
    keraspec docs Conv2D          keraspec docs ops.matmul      keraspec docs EarlyStopping.patience
    keraspec docs training.epochs keraspec docs data.split      keraspec docs E302

    It is generated from what `check` itself goes by. Exit status: 2 for a name that there is not.
    """
    if (output is not None or opened) and not html:
        refuse("-o and --open go with --html")
    if name is not None and _CODE.fullmatch(name):
        if html:
            refuse("codes are explained in the terminal: `keraspec explain`")
        from .explain import command as explain

        explain.main([name], prog_name="keraspec docs", standalone_mode=False)
        return
    from ..compiler import reference

    if listed or (name is None and not html):
        _list(name)
        return
    pages = reference.pages_of(name) if name is not None else ()
    if name is not None and not pages:
        _unknown(name)
    if html:
        _write(name, pages, output, opened)
        return
    from ..compiler.reference_text import text

    width = min(shutil.get_terminal_size().columns, 100)
    tint = colours()
    lines = [line for at, page in enumerate(pages) for line in (*([""] * bool(at)), *text(page, tint, width))]
    _print(lines, no_pager)


def _print(lines: Sequence[str], no_pager: bool) -> None:
    long = len(lines) > shutil.get_terminal_size().lines and sys.stdout.isatty() and not no_pager
    if long:
        click.echo_via_pager("\n".join(lines) + "\n", color=True)
    else:
        click.echo("\n".join(lines), color=True)


def _list(name: str | None) -> None:
    from ..compiler.reference import KINDS, names

    if name is not None:
        home = next((one for one, kind in KINDS.items() if name.lower() in (one, kind)), None)
        if home is None:
            refuse(f"there is no family {name}; there are {', '.join(KINDS)}")
    else:
        home = None
    wanted = None if home is None else KINDS[home]
    tint = colours()
    kind_before = ""
    lines: list[str] = []
    order = {kind: at for at, kind in enumerate((*KINDS.values(), "section", "key", "family"))}
    every = [(one, kind) for one, kinds in names().items() for kind in kinds]
    for one, kind in sorted(every, key=lambda pair: order[pair[1]]):
        if kind == "family" or (wanted is not None and kind != wanted):
            continue
        if kind != kind_before:
            lines += [*([""] * bool(lines)), f"{tint.bold}{kind}{tint.end}"]
            kind_before = kind
        lines.append(f"  {one}")
    _print(lines, False)


def _unknown(name: str) -> NoReturn:
    from ..compiler.reference import names
    from ..spec.words import closest

    every = names()
    last = name.rpartition(".")[2]
    near = closest(name, every) or closest(last, {one.rpartition(".")[2] for one in every})
    hint = f"did you mean {near}?" if near else "`keraspec docs --list` names all"
    refuse(f"there is no page on {name}; {hint}")


def _write(name: str | None, pages: Sequence[Page], output: Path | None, opened: bool) -> None:
    from ..compiler.reference import everything
    from ..compiler.reference_text import html
    from ..compiler.render import write

    chapters = everything() if name is None else [(name, pages)]
    path = output or Path(f"keraspec-{name or 'reference'}.html")
    with files():
        write(path, html(f"keraspec: {name or 'reference'}", chapters).encode())
    click.echo(f"{path} written")
    if opened:
        click.launch(str(path))

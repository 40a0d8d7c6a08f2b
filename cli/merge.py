"""The verb merge."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .printing import files, refuse

if TYPE_CHECKING:
    from ..spec.merge.merge import Language, Merged

CONFLICT: Final = 1


@click.command(name="merge")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write to; else the text is printed.")
@click.option("--path", help="What the file is called: its ending tells TOML from JSON.")
@click.option("--marker-size", type=click.IntRange(min=1), default=7, show_default=True, help="Length of the markers.")
@click.option("--ours-label", default="ours", help="What our side is called beside a marker.")
@click.option("--theirs-label", default="theirs", help="What the other side is called beside a marker.")
def command(
    base: Path, ours: Path, theirs: Path, output: Path | None, path: str | None, marker_size: int,
    ours_label: str, theirs_label: str,
) -> None:  # fmt: skip
    """Merge what two sides made of one spec: OURS and THEIRS both come from BASE.

    It is merged by layer and key, and comments stay where they belong: who touched different layers, or different keys
    of one, is in nobody's way. What both changed differently is marked in the text as git does. Layers that one side
    renamed are called so in what the other side wrote.

    Exit status: 0 merged, 1 with conflicts, 2 for wrong usage or a file that can't be read.
    """
    made, problems = merged(base, ours, theirs, path or str(ours), marker_size, (ours_label, theirs_label))
    if output is None:
        click.echo(made.text.encode(), nl=False)
    else:
        from ..compiler.render import write

        with files():
            write(output, made.text.encode())
    told(made, problems, path or str(output or ours))
    if made.conflicts or problems:
        raise SystemExit(CONFLICT)


def merged(
    base: Path, ours: Path, theirs: Path, path: str, size: int, labels: tuple[str, str]
) -> tuple[Merged, tuple[str, ...]]:
    """The merged text of three files, and what is wrong with it that was right on both sides."""
    from ..merging import merge
    from ..spec.merge.lines import Marks

    language: Language = "json" if path.lower().endswith(".json") else "toml"
    with files():
        raw = [b"" if str(one) == os.devnull else one.read_bytes() for one in (base, ours, theirs)]
    try:
        first, second, third = (one.decode() for one in raw)
    except UnicodeDecodeError:
        refuse("specs are text in UTF-8, and one of these is not")
    return merge(first, second, third, language, Marks(*labels, size), path)


def told(made: Merged, problems: tuple[str, ...], path: str) -> None:
    """Say what a person has to look at."""
    if made.conflicts:
        many = "1 conflict is" if made.conflicts == 1 else f"{made.conflicts} conflicts are"
        click.echo(f"keraspec: {path}: {many} marked in the text", err=True)
    for one in problems:
        click.echo(f"keraspec: {path}: each side was right by itself, together they are not: {one}", err=True)

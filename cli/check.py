"""The verb check."""

from __future__ import annotations

from pathlib import Path

import click

from ..spec.finding import Diagnostic
from ..spec.report import Format, tally
from .plugins import allow_plugin
from .printing import files, refuse, say, trouble

SUFFIXES = (".keraspec.toml", ".keraspec.json")


@click.command(name="check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output-format",
    "form",
    type=click.Choice(["full", "concise", "json"]),
    default="full",
    show_default=True,
    help="For people, for logs, or for programs.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@click.option("--allow-warnings", is_flag=True, help="Exit with 0 where there are warnings and no errors.")
@allow_plugin
def command(paths: tuple[Path, ...], form: Format, settings: tuple[str, ...], allow_warnings: bool) -> None:
    """Check specs; a folder means all specs below it.

    Exit status: 0 clean, 1 with findings, 2 for wrong usage or a file that can't be opened.
    """
    from ..batch import check_files

    found: list[Diagnostic] = []
    closed: list[OSError] = []
    with files():
        specs = list(dict.fromkeys(path for given in paths for path in _specs(given)))
        for _, outcome in check_files(specs, settings):
            if isinstance(outcome, OSError):
                closed.append(outcome)
            else:
                found += outcome
    if len(closed) < len(specs):
        say(found, form)
        if form == "full":
            click.echo(("\n" if found else "") + tally(found, len(specs) - len(closed)))
    for one in closed:
        click.echo(f"keraspec: {trouble(one)}", err=True)
    if closed:
        raise SystemExit(2)
    if any(diagnostic.severity == "error" or not allow_warnings for diagnostic in found):
        raise SystemExit(1)


def _specs(path: Path) -> list[Path]:
    """The file itself, or all specs below a folder: by their name, or by the key `keraspec` at their top level."""
    if not path.is_dir():
        return [path]
    every = (one for suffix in (".toml", ".json") for one in path.rglob(f"*{suffix}") if one.is_file())
    found = sorted(one for one in every if one.name.endswith(SUFFIXES) or _says_so(one))
    if not found:
        refuse(f"{path}: no specs in this folder (files called *{SUFFIXES[0]} or *{SUFFIXES[1]})")
    return found


def _says_so(path: Path) -> bool:
    """Whether a TOML or JSON file of another name is a spec; what can't be opened is not."""
    from ..spec.read import read_text

    try:
        raw = path.read_bytes()
    except OSError:
        return False
    if b"keraspec" not in raw:
        return False
    document, _ = read_text(str(path), raw, "json" if path.suffix == ".json" else "toml")
    return document is not None and "keraspec" in document.data

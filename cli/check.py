"""The verb check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..spec.configured import Configuration, wrong_selector
from ..spec.finding import Diagnostic
from ..spec.report import Format, tally
from .plugins import allow_plugin
from .printing import files, refuse, say, trouble
from .specs import specs_of

if TYPE_CHECKING:
    from ..batch import Outcome


def _codes(_context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Codes, or beginnings of codes, parted by commas."""
    found = tuple(word.strip() for one in given for word in one.split(",") if word.strip())
    for code in found:
        if (way := wrong_selector(code)) is not None:
            raise click.BadParameter(f"there is no code {code}: {way}", param=parameter)
    return found


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
@click.option("--fix", is_flag=True, help="Make the edits that are certain, and report what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="Make the other edits as well, which may not be what was meant.")
@click.option("--diff", is_flag=True, help="Show the edits instead of making them; exit with 1 if there are any.")
@click.option("--select", multiple=True, callback=_codes, metavar="CODES", help="Report these only: W201, E3, ALL.")
@click.option("--ignore", multiple=True, callback=_codes, metavar="CODES", help="Do not report these.")
@click.option("--allow-warnings", is_flag=True, help="Exit with 0 where there are warnings and no errors.")
@allow_plugin
def command(
    paths: tuple[Path, ...],
    form: Format,
    settings: tuple[str, ...],
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    allow_warnings: bool,
) -> None:
    """Check specs; a folder means all specs below it.

    What a project wants stands in keraspec.toml, or in pyproject.toml below [tool.keraspec]: `select`, `ignore`,
    `per-file-ignores`, `exclude`, `allow-warnings`, `unsafe-fixes`.

    Exit status: 0 clean, 1 with findings, 2 for wrong usage or a file that can't be opened.
    """
    from ..batch import check_files

    outcomes: Iterable[tuple[Path, Outcome]]
    found: list[Diagnostic] = []
    closed: list[OSError] = []
    configuration = Configuration(select, ignore)
    bearing = False
    with files():
        specs = specs_of(paths, lambda path: configuration.of(path).excludes(path))
        if fix or diff:
            outcomes, said = _fixed(specs, settings, configuration, unsafe_fixes, diff)
            if diff:
                raise SystemExit(1 if said else 0)
        else:
            outcomes, said = check_files(specs, settings), ""
        for path, outcome in outcomes:
            if isinstance(outcome, OSError):
                closed.append(outcome)
                continue
            wanted = configuration.of(path)
            kept = [one for one in outcome if wanted.wants(one)]
            welcome = allow_warnings or wanted.allow_warnings
            bearing = bearing or any(one.severity == "error" or not welcome for one in kept)
            found += kept
    bearing = bearing or bool(configuration.diagnostics)
    found += configuration.diagnostics
    if len(closed) < len(specs) or not specs:
        say(found, form)
        if form == "full":
            click.echo(("\n" if found else "") + said + tally(found, len(specs) - len(closed)))
    for one in closed:
        click.echo(f"keraspec: {trouble(one)}", err=True)
    if closed:
        raise SystemExit(2)
    if bearing:
        raise SystemExit(1)


def _fixed(
    specs: Sequence[Path], settings: Sequence[str], configuration: Configuration, unsafe: bool, diff: bool
) -> tuple[list[tuple[Path, Outcome]], str]:
    """Make fixes, or show them; what is left of each spec, and how many were made in words."""
    from ..fixing import mended
    from .fmt import BOM, show_diff, write_text

    if settings:
        refuse("--fix mends what is written, so it goes without --set")
    outcomes: list[tuple[Path, Outcome]] = []
    count = 0
    shown: set[Path] = set()
    for path in specs:
        wanted = configuration.of(path)
        try:
            one = mended(path, unsafe=unsafe or wanted.unsafe_fixes, wanted=wanted.wants)
            for file, (old, new) in one.texts.items():
                if not diff:
                    write_text(file, new, BOM if file.read_bytes().startswith(BOM) else b"")
                elif file.resolve() not in shown:
                    show_diff(old, new, str(file))
                shown.add(file.resolve())
        except OSError as error:
            outcomes.append((path, error))
            continue
        count += len(one.done)
        outcomes.append((path, one.left))
    return outcomes, f"{count} fixed, " if count else ""

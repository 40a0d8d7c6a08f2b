"""The verb check."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..spec.configured import Configuration, wrong_selector
from ..spec.report import tally
from ..spec.reports import FORMATS, written
from .plugins import allow_plugin
from .printing import files, refuse, say, trouble
from .specs import specs_of

if TYPE_CHECKING:
    from ..batch import Outcome
    from ..verdict import Verdict


def _codes(_context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Codes, or beginnings of codes, parted by commas."""
    found = tuple(word.strip() for one in given for word in one.split(",") if word.strip())
    for code in found:
        if (way := wrong_selector(code)) is not None:
            raise click.BadParameter(f"there is no code {code}: {way}", param=parameter)
    return found


@click.command(name="check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--output-format",
    "form",
    type=click.Choice(["full", "concise", "json", *FORMATS]),
    default="full",
    show_default=True,
    help="For people, for logs, for programs; or as GitHub, GitLab, and readers of JUnit's XML or SARIF take it.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value, as `train` does.")
@click.option("--fix", is_flag=True, help="Make the edits that are certain, and report what is left.")
@click.option("--unsafe-fixes", is_flag=True, help="Make the other edits as well, which may not be what was meant.")
@click.option("--diff", is_flag=True, help="Show the edits instead of making them; exit with 1 if there are any.")
@click.option("--select", multiple=True, callback=_codes, metavar="CODES", help="Report these only: W201, E3, ALL.")
@click.option("--ignore", multiple=True, callback=_codes, metavar="CODES", help="Do not report these.")
@click.option(
    "--changed",
    is_flag=False,
    flag_value="",
    metavar="[REV]",
    help="Check only what has changed since a revision of git, and what is made of it. Left out: since the last "
    "commit, or, where all is committed, since this branch left the default branch.",
)
@click.option("--no-cache", is_flag=True, help="Check again what has not changed, and remember nothing.")
@click.option("--allow-warnings", is_flag=True, help="Exit with 0 where there are warnings and no errors.")
@allow_plugin
def command(
    paths: tuple[Path, ...],
    form: str,
    settings: tuple[str, ...],
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    changed: str | None,
    no_cache: bool,
    allow_warnings: bool,
) -> None:
    """Check specs; a folder means all specs below it; with --changed the whole repository if none is given.

    What a project wants stands in keraspec.toml, or in pyproject.toml below [tool.keraspec]: `select`, `ignore`,
    `per-file-ignores`, `exclude`, `allow-warnings`, `unsafe-fixes`.

    Exit status: 0 clean, 1 with findings, 2 for wrong usage or a file that can't be opened.
    """
    from ..batch import check_files
    from ..verdict import judged

    outcomes: Iterable[tuple[Path, Outcome]]
    configuration = Configuration(select, ignore)
    if not paths and changed is None:
        raise click.UsageError("Missing argument 'PATHS...'.")
    with files():
        if changed is None:
            specs = specs_of(paths, lambda path: configuration.of(path).excludes(path))
        else:
            specs = _changed(paths, changed, lambda path: configuration.of(path).excludes(path))
        if fix or diff:
            outcomes, said = _fixed(specs, settings, configuration, unsafe_fixes, diff)
            if diff:
                raise SystemExit(1 if said else 0)
        else:
            outcomes, said = check_files(specs, settings, None if no_cache else _repository(specs)), ""
        verdict = judged(outcomes, configuration, allow_warnings)
    if verdict.files or not specs:
        _tell(verdict, form, said)
    for one in verdict.closed:
        click.echo(f"keraspec: {trouble(one)}", err=True)
    if verdict.closed:
        raise SystemExit(2)
    if verdict.failed:
        raise SystemExit(1)


def _changed(paths: Sequence[Path], word: str, leaves_out: Callable[[Path], bool]) -> list[Path]:
    """The specs that have changed since a revision, with those that are made of what has; a word may be a path too."""
    from ..changed import affected, is_known, since
    from ..revisions import RevisionError
    from ..spec.reports.reported import repository

    folder = Path()
    try:
        if word and Path(word).exists() and not is_known(folder, word):
            paths, word = (Path(word), *paths), ""
        changes = since(folder, word)
        return affected(specs_of(paths or [_shown(repository())], leaves_out), changes)
    except RevisionError as error:
        refuse(f"--changed{f' {word}' if word else ''}: {error}")


def _shown(folder: Path) -> Path:
    """A folder as seen from where one stands."""
    return Path(os.path.relpath(folder))


def _repository(specs: Sequence[Path]) -> Path | None:
    """The root of the repository in which specs are; None where they are in none, or few: nothing is remembered."""
    from ..batch import REMEMBERED

    if len(specs) < REMEMBERED:
        return None
    from ..spec.reports.reported import repository

    root = repository(specs[0].parent)
    return root if (root / ".git").exists() else None


def _tell(verdict: Verdict, form: str, said: str) -> None:
    """Print what was found, in the asked form."""
    if form in FORMATS:
        text = written(form, verdict.reported())
        if text:
            click.echo(text)
    elif form == "full":
        say(verdict.diagnostics, "full")
        click.echo(("\n" if verdict.diagnostics else "") + said + tally(verdict.diagnostics, len(verdict.files)))
    else:
        say(verdict.diagnostics, "json" if form == "json" else "concise")


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

"""The command line of the reviewer: `python -I -m keraspec.ci github`, or `gitlab`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from ..cli.plugins import allow_plugin
from ..cli.printing import files, refuse
from ..revisions import RevisionError
from ..spec.reports.reported import repository
from . import github, gitlab
from .review import Review, reviewed


def _lines(_context: click.Context, _parameter: click.Parameter, given: str | None) -> tuple[Path, ...]:
    """Paths, a line each: as the inputs of actions and variables of jobs have it."""
    return tuple(Path(line.strip()) for line in (given or "").splitlines() if line.strip()) or (Path(),)


PATHS = click.option(
    "--paths", envvar="KERASPEC_PATHS", callback=_lines, help="Files and folders, a line each; left out: all."
)
ONLY_CHANGED = click.option(
    "--only-changed", type=bool, envvar="KERASPEC_ONLY_CHANGED", default=False, show_default=True,
    help="Check only what the change touches, and what is made of it.",
)  # fmt: skip
ALLOW_WARNINGS = click.option(
    "--allow-warnings", type=bool, envvar="KERASPEC_ALLOW_WARNINGS", default=False, show_default=True,
    help="Let warnings pass.",
)  # fmt: skip


@click.group()
def group() -> None:
    """Tell on GitHub or GitLab what a change does to specs."""


@group.command(name="github")
@PATHS
@ONLY_CHANGED
@ALLOW_WARNINGS
@click.option("--comment", type=bool, envvar="KERASPEC_COMMENT", default=True, show_default=True)
@click.option("--upload-sarif", type=bool, envvar="KERASPEC_UPLOAD_SARIF", default=False, show_default=True)
@click.option("--sarif", envvar="KERASPEC_SARIF", type=click.Path(path_type=Path), help="A file to write it to.")
@allow_plugin
def on_github(
    paths: tuple[Path, ...],
    only_changed: bool,
    allow_warnings: bool,
    comment: bool,
    upload_sarif: bool,
    sarif: Path | None,
) -> None:
    """In a workflow: annotations, the page of the job, a comment on the pull request, code scanning."""
    root = repository()
    found = github.occasion(os.environ)
    base = github.base_of(found, root)
    if base is None and found.base is not None:
        click.echo("::notice title=keraspec::what changed can't be told: check out with fetch-depth 0")
    review = _reviewed(root, paths, base, only_changed, allow_warnings)
    for line in github.tell(review, found, os.environ, comment=comment, upload=upload_sarif, sarif=sarif):
        if line:
            click.echo(line)
    raise SystemExit(review.status)


@group.command(name="gitlab")
@PATHS
@ONLY_CHANGED
@ALLOW_WARNINGS
@click.option("--code-quality", type=click.Path(path_type=Path), help="The file for the code quality report.")
@click.option("--junit", type=click.Path(path_type=Path), help="The file for the unit test report.")
@allow_plugin
def on_gitlab(
    paths: tuple[Path, ...], only_changed: bool, allow_warnings: bool, code_quality: Path | None, junit: Path | None
) -> None:
    """In a job: the reports, and a note on the merge request."""
    root = repository()
    review = _reviewed(root, paths, gitlab.base_of(os.environ, root), only_changed, allow_warnings)
    for line in gitlab.tell(review, os.environ, code_quality=code_quality, junit=junit):
        click.echo(line)
    raise SystemExit(review.status)


def _reviewed(root: Path, paths: Sequence[Path], base: str | None, only_changed: bool, allow_warnings: bool) -> Review:
    with files():
        try:
            return reviewed(root, paths, base, only_changed=only_changed, allow_warnings=allow_warnings)
        except RevisionError as error:
            refuse(str(error))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    group(prog_name="python -m keraspec.ci")

"""The verb verify."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..verifying import Verified

CHANGED: Final = 1
STATES: Final = {"same": "as recorded", "changed": "CHANGED", "unknown": "not compared"}
SKIPPED: Final = ("model", "results", "spec", "data", "weights", "code", "versions")
MOST: Final = 20
"""So many things of a section are told; --json has all."""

SHORT: Final = 12
"""Digits of a revision that are told."""


@click.command(name="verify")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--spec", type=click.Path(path_type=Path), metavar="FILE",
    help="The spec to compare with, beside which its data lie; else the file that was trained.",
)  # fmt: skip
@click.option(
    "--rows", is_flag=True, help="Read the data again, and compare the very rows that the model learned from."
)
@click.option("--skip", multiple=True, type=click.Choice(SKIPPED), help="Leave something out, such as data.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@allow_plugin
def command(run: Path, spec: Path | None, rows: bool, skip: tuple[str, ...], as_json: bool) -> None:
    """Say which spec, data, code and versions made the model in a run folder, and what of them has changed since.

    Files are compared by their hashes, specs by meaning: another layout or comment is no change. What was set on the
    command line of `train` is laid over the spec again. The hash of the record, which is printed first, stands for all
    that it says: keep it elsewhere, and nobody can change model and record together without being found out.

    Exit status: 0 all as recorded; 1 something changed; 2 wrong usage, no run with a record, or a file that can't be
    read.
    """
    from ..checked import SpecError
    from ..runtime.run import RunError
    from ..verifying import verify

    with files():
        try:
            found = verify(run, spec, rows=rows, skip=skip)
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(2) from error
        except (RunError, ValueError) as error:
            refuse(str(error))
    click.echo(json.dumps(found.to_json(), indent=2, ensure_ascii=False) if as_json else _text(found))
    raise SystemExit(0 if found.same else CHANGED)


def _text(found: Verified) -> str:
    table = found.recorded.table
    lines = [f"{found.recorded.run}: trained {_when(str(table.get('at', '')))}{_at(table.get('git'), found.git)}"]
    width = max(len(one.name) for one in found.sections)
    for one in found.sections:
        lines.append(f"{one.name:<{width}}  {STATES[one.state]:<12}  {one.words}".rstrip())
        lines += [f"  {item.sign} {item.name}  {item.words}".rstrip() for item in one.items[:MOST]]
        if len(one.items) > MOST:
            lines.append(f"  and {len(one.items) - MOST} more: --json has all")
    changed = [one.name for one in found.sections if one.state == "changed"]
    unknown = [one.name for one in found.sections if one.state == "unknown"]
    last = f"changed since: {', '.join(changed)}" if changed else "all that was compared is as recorded"
    return "\n".join([*lines, f"{last}; not compared: {', '.join(unknown)}" if unknown else last])


def _at(then: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> str:
    """Where the repository stood, and where it stands."""
    if not then or not then.get("revision"):
        return ""
    words = f", at {then['revision'][:SHORT]}{' with changes that were not committed' if then['dirty'] else ''}"
    if now and now.get("revision") and now["revision"] != then["revision"]:
        words += f" (now {now['revision'][:SHORT]})"
    return words


def _when(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return text or "at an unknown time"

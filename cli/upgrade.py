"""The verb upgrade."""

from __future__ import annotations

from pathlib import Path

import click

from .completing import spec_files
from .printing import files, trouble
from .specs import specs_of


@click.command(name="upgrade")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), shell_complete=spec_files)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change, and exit with 1 if anything would.")
def command(paths: tuple[Path, ...], diff: bool) -> None:
    """Bring specs to the newest version of the language; a folder means all specs below it.

    A spec says by `keraspec = 1` for which version it is written, and that version stays understood. Comments stay.

    Exit status: 0 done or nothing to do, 1 with --diff if something would change, 2 for a spec that can't be upgraded.
    """
    from ..spec.editing import EditError
    from ..spec.upgrade import NEWEST, VersionError, upgraded
    from .fmt import BOM, show_diff, write_text

    changed = failed = same = 0
    with files():
        specs = specs_of(paths)
    for path in specs:
        try:
            raw = path.read_bytes()
            old = raw.removeprefix(BOM).decode("utf-8")
            new = upgraded(old, str(path))
        except OSError as error:
            click.echo(f"keraspec: {trouble(error)}", err=True)
            failed += 1
        except UnicodeDecodeError:
            click.echo(f"keraspec: {path}: is not UTF-8", err=True)
            failed += 1
        except VersionError as error:
            click.echo(f"keraspec: {path}: {error}", err=True)
            failed += 1
        except EditError as error:
            click.echo(f"keraspec: {error}", err=True)
            failed += 1
        else:
            if old == new:
                same += 1
                continue
            changed += 1
            if diff:
                show_diff(old, new, str(path))
            else:
                write_text(path, new, BOM if raw.startswith(BOM) else b"")
                click.echo(f"{path}: is of version {NEWEST} now")
    words = f"{same} of version {NEWEST} already, the newest: nothing to do" if same else ""
    done = f"{changed} {'would be ' if diff else ''}upgraded" if changed else ""
    if words or done:
        click.echo(", ".join(one for one in (done, words) if one))
    if failed:
        raise SystemExit(2)
    if diff and changed:
        raise SystemExit(1)

"""The verb sweep."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .plugins import allow_plugin
from .printing import files, refuse, say

if TYPE_CHECKING:
    from ..runtime.sweep.results import Swept

SHOWN = 10
"""So many trials are printed; all are in the table."""


@click.command(name="sweep")
@click.argument("spec", type=click.Path(path_type=Path), required=False)
@click.option("--trials", type=click.IntRange(min=1), help="So many candidates are trained, whatever the spec says.")
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), help="After so many minutes no other one is begun."
)
@click.option("--run-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where to; else a new folder in runs/.")
@click.option(
    "--resume",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Go on with a sweep that ended, was stopped or killed; SPEC may be left out.",
)
@click.option(
    "--storage",
    metavar="WHERE",
    help="Keep trials in a .db or .log file, or a database that Optuna knows (mysql://…): for several machines.",
)
@click.option("--study", metavar="NAME", help="What the sweep is called in the storage; else as the spec is.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value: training.epochs=3.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@allow_plugin
def command(
    spec: Path | None,
    trials: int | None,
    minutes: float | None,
    run_dir: Path | None,
    resume: Path | None,
    storage: str | None,
    study: str | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Search over the values that the [sweep] section of a spec names, and write the best spec.

    Candidates that do not check are thrown out before anything is built and do not count. The folder has a run for
    each of the others, trials.csv, importances.csv, parallel.png and best.keraspec.toml. Ctrl-C ends it after the step
    under way; --resume goes on, also after a kill. On several machines, call it on each with the same --storage.

    Exit status: 0 done, 1 with errors or when no candidate could be trained to its end, 2 for wrong usage or a file
    that can't be opened, 130 after Ctrl-C.
    """
    from ..checked import SpecError
    from ..runtime.run import RunError
    from ..sweeping import sweep

    if spec is None and resume is None:
        raise click.UsageError("Missing argument 'SPEC'.")
    if resume is not None and run_dir is not None:
        raise click.UsageError("--resume goes on in its own folder: leave out --run-dir")
    show = None
    if sys.stdout.isatty() and not as_json:
        from ..runtime.progress import progress

        show = progress
    with files():
        try:
            found = sweep(
                spec, settings, run_dir=run_dir, resume=resume, storage=storage, study=study, trials=trials,
                minutes=minutes, say=None if as_json else click.echo, show=show,
            )  # fmt: skip
        except SpecError as error:
            say(error.diagnostics, "full", err=True)
            raise SystemExit(1) from error
        except RunError as error:
            refuse(str(error))
    click.echo(json.dumps(found.table(), indent=2, ensure_ascii=False) if as_json else _printed(found))
    if found.interrupted:
        raise SystemExit(128 + signal.SIGINT)
    if found.best is None:
        raise SystemExit(1)


def _printed(found: Swept) -> str:
    """What came out, for people: the best trials, what mattered, and where all of it is."""
    from ..runtime.progress import number
    from ..runtime.sweep.results import short, words

    up = found.direction == "maximize"
    done = [one for one in found.trials if one.outcome == "finished" and one.value is not None]
    done.sort(key=lambda one: (-(one.value or 0.0) if up else one.value or 0.0, one.number))
    lines = ["", f"{'trial':>5}  {found.metric}"]
    lines += [
        f"{one.number:>5}  {number(one.value or 0.0):<{len(found.metric)}}  {words(one.values)}" for one in done[:SHOWN]
    ]
    counts = {
        name: sum(one.outcome == name for one in found.trials)
        for name in ("finished", "pruned", "diverged", "failed", "infeasible")
    }
    lines += ["", ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing was trained"]
    if found.importances:
        names = short(list(found.importances))
        shares = (f"{names[path]} {100 * share:.0f} %" for path, share in found.importances.items())
        lines.append(f"what mattered: {', '.join(shares)}")
    if found.best_spec is not None:
        lines.append(f"the best spec: {found.best_spec}")
    lines.append(f"ended: {found.ended}; all of it is in {found.folder}")
    return "\n".join(lines if done else lines[3:])

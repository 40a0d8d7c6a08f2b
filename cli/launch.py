"""The verb launch."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="launch")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--workers", type=click.IntRange(min=2), default=2, show_default=True, help="How many processes.")
@click.option(
    "--restarts",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Go on from the last checkpoint when a process is lost, up to N times; not after errors in the spec.",
)
@click.option("--run-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where to; else a new folder in runs/.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value: training.epochs=3.")
@allow_plugin
def command(spec: Path, workers: int, restarts: int, run_dir: Path | None, settings: tuple[str, ...]) -> None:
    """Train with several processes on this machine, to try out what is meant for several machines.

    Each process takes its rows of every batch, so what is learned is what one would learn. Each line begins with the
    number of the process that said it; the first one writes the run folder. Ctrl-C ends all of them behind the step
    under way, and what was learned so far is saved; a second Ctrl-C ends them at once. When a process is lost the
    others are ended too, within seconds. Exit status: that of `train`, 1 when a process was lost.
    """
    from ..checked import compile_file
    from ..runtime.launching import Job
    from ..runtime.run import RunError, RunFolder

    wanted = (*settings, "training.distribute=multi_worker")
    with files():
        checked = compile_file(spec, wanted).asked()
        if checked.errors or checked.typed is None:
            say(checked.diagnostics, "full", err=True)
            raise SystemExit(1)
        try:
            place = RunFolder.create(checked.typed.graph.name, run_dir)
        except RunError as error:
            refuse(str(error))
    one_at_a_time = threading.Lock()

    def tell(text: str) -> None:
        with one_at_a_time:
            click.echo(text)

    arguments = [str(spec), *(part for one in wanted for part in ("--set", one)), *_plugins()]
    folder = place.path
    try:
        ended = Job(folder, workers, arguments, tell, restarts).run()
    finally:
        place.leave()  # where nothing began
    if ended.lost is not None:
        click.echo(f"{ended.lost}: the others were ended", err=True)
        if not ended.lasting and any(folder.glob("checkpoints/step-*.npz")):
            click.echo(
                f"what was saved is good; go on with --restarts, or `keraspec train --resume {folder}`", err=True
            )
    raise SystemExit(ended.status)


def _plugins() -> list[str]:
    """Options of this command line that each process is to be given as well."""
    given = sys.argv[1:]
    found = []
    for place, one in enumerate(given):
        if one.startswith("--allow-plugin="):
            found.append(one)
        elif one == "--allow-plugin" and place + 1 < len(given):
            found += [one, given[place + 1]]
    return found

"""The verb launch."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import click

from .plugins import allow_plugin
from .printing import files, refuse, say


@click.command(name="launch")
@click.argument("spec", required=False, type=click.Path(path_type=Path))
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
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="RUN",
    help="Go on with a run that was interrupted or lost a process; without SPEC.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a value: training.epochs=3.")
@allow_plugin
def command(
    spec: Path | None,
    workers: int,
    restarts: int,
    run_dir: Path | None,
    resume: Path | None,
    settings: tuple[str, ...],
) -> None:
    """Train with several processes on this machine, to try out what is meant for several machines.

    Each process takes its rows of every batch, so what is learned is what one would learn. Each line begins with the
    number of the process that said it; the first one writes the run folder. Ctrl-C ends all of them behind the step
    under way, and what was learned so far is saved; a second Ctrl-C ends them at once. When a process is lost the
    others are ended too, within seconds; --resume goes on from the last checkpoint. Exit status: that of `train`, 1
    when a process was lost.
    """
    from ..runtime.launching import Job
    from ..runtime.resume import resumable
    from ..runtime.run import RunError, RunFolder
    from ..training import as_trained

    if resume is not None and (spec is not None or run_dir is not None or settings):
        raise click.UsageError("--resume goes on as it was: leave out SPEC, --run-dir and --set")
    if spec is None and resume is None:
        raise click.UsageError("Missing argument 'SPEC'.")
    arguments: list[str] = []
    try:
        if spec is None:
            assert resume is not None
            resumable(resume, given=False)
            trained = as_trained(resume).spec
            if trained is None or trained.training is None or trained.training.distribute != "multi_worker":
                refuse(f"{resume} is no run of several processes: go on with `keraspec train --resume {resume}`")
            place = RunFolder(resume)
        else:
            name, arguments = _checked(spec, settings)
            place = RunFolder.create(name, run_dir)
    except RunError as error:
        refuse(str(error))
    one_at_a_time = threading.Lock()

    def tell(text: str) -> None:
        with one_at_a_time:
            click.echo(text)

    folder = place.path
    try:
        ended = Job(folder, workers, arguments, tell, restarts, _plugins()).run()
    finally:
        place.leave()  # where nothing began
    if ended.lost is not None:
        click.echo(f"{ended.lost}: the others were ended", err=True)
        if not ended.lasting and any(folder.glob("checkpoints/step-*.npz")):
            click.echo(
                f"what was saved is good; go on with `keraspec launch --resume {folder} --workers {workers}`", err=True
            )
    raise SystemExit(ended.status)


def _checked(spec: Path, settings: tuple[str, ...]) -> tuple[str, list[str]]:
    """What a sound spec is called, and the arguments with which each process trains it."""
    from ..checked import compile_file

    wanted = settings
    with files():
        checked = compile_file(spec, wanted).asked()
        training = None if checked.spec is None else checked.spec.training
        if training is None or training.distribute != "multi_worker":  # else places would be on a command line
            wanted = (*settings, "training.distribute=multi_worker")
            checked = compile_file(spec, wanted).asked()
    if checked.errors or checked.typed is None:
        say(checked.diagnostics, "full", err=True)
        raise SystemExit(1)
    return checked.typed.graph.name, [str(spec), *(part for one in wanted for part in ("--set", one))]


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

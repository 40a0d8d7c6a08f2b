"""The oracle at scale: very many random cases of every object of the catalogue, compared with Keras.

    make oracle                                                        200,000 cases, on two cores within 50 minutes
    python tests/differential/soak.py --cases 20000 --only "ops.*"     fewer, and of some objects only
    python tests/differential/soak.py --resume FILE                    go on where a run was interrupted
    python tests/differential/soak.py --resume FILE --again "*.Dense"  what was mended since is run once more
    python tests/differential/soak.py --seed 1 --only layers.Dense --case 17      one case, in full

First each object is tried a few times; then the rest of the cases is shared out so that what has much to vary and
what is cheap gets more. Worker processes are replaced after some thousand cases, for TensorFlow leaks; a worker that
crashes or hangs costs the case that it was at, which is reported as a disagreement. Ends with 1 if there are any.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from crew import Lost, Worker  # noqa: E402
from sharing import PROBE, Chunk, chunks, free, share  # noqa: E402
from subjects import Subject, subjects  # noqa: E402
from tables import as_markdown, as_table, disagreements, figures  # noqa: E402

FORMAT = 1
GIVEN_UP = 5
"""So many processes are lost to one object before it is left alone."""


class Run:
    """The cases still to be run, and what came of those that were; shared by the threads that keep a worker each."""

    def __init__(self, options: argparse.Namespace, every: dict[str, Subject], kept: dict[str, Any]) -> None:
        self.options = options
        self.every = every
        self.results = kept
        self.pending: deque[Chunk] = deque()
        self.working = 0
        self.rounds = 0
        self.changed = threading.Condition()
        self.stopped = False
        self.saved = 0.0
        self.began = time.monotonic()
        self.now: dict[int, str] = {}
        self.losses: Counter[str] = Counter()
        self.pending.extend(
            Chunk(name, 0, PROBE if one.most is None else min(PROBE, one.most))
            for name, one in every.items()
            if name not in self.done
        )

    @property
    def done(self) -> dict[str, Any]:
        """Object → what came of its cases."""
        found: dict[str, Any] = self.results["subjects"]
        return found

    @property
    def counted(self) -> int:
        """Cases run so far."""
        return sum(one["outcomes"].get("cases", 0) for one in self.done.values())

    def next(self) -> Chunk | None:
        """The next chunk; None when all is done. Waits where what comes next depends on what is being run."""
        with self.changed:
            while not self.stopped:
                if self.pending:
                    self.working += 1
                    return self.pending.popleft()
                if not self.working and not self._plan():
                    self.stopped = True
                    break
                if not self.pending:
                    self.changed.wait(1)
            self.changed.notify_all()
            return None

    def _plan(self) -> bool:
        """Share out the cases that are still missing; False if there are none, or no more can be had."""
        missing = self.options.cases - self.counted
        if missing <= 0 or self.rounds >= 30:
            return False
        self.rounds += 1
        left = self.options.minutes * 60 - (time.monotonic() - self.began)
        part = missing if missing < 3000 else missing * 0.3  # what a case takes depends on who else is at work
        alive = {name: one for name, one in self.every.items() if self.losses[name] < GIVEN_UP}
        shares = share(alive, self.done, part, max(10, left) * self.options.jobs * part / missing)
        for name, number in shares.items():
            seconds = self.done[name]["seconds"].get("wall", 0) / max(1, self.done[name]["outcomes"].get("cases", 0))
            for start, stop in free(self.done[name]["ranges"], number, self.every[name].most):
                self.pending.extend(chunks(name, start, stop, seconds))
        self.pending = deque(sorted(self.pending, key=lambda one: one.seconds, reverse=True))
        return bool(self.pending)

    def finish(self, chunk: Chunk, counts: dict[str, Any]) -> None:
        """Take down what came of a chunk."""
        with self.changed:
            one = self.done.setdefault(
                chunk.subject,
                {"outcomes": {}, "reasons": {}, "written": {}, "seconds": {}, "found": [], "ranges": []},
            )
            for table in ("outcomes", "reasons", "written", "seconds"):
                for key, value in counts.get(table, {}).items():
                    one[table][key] = round(one[table].get(key, 0) + value, 4)
            one["found"] = [*one["found"], *counts.get("found", ())][:25]
            one["ranges"] = sorted([*one["ranges"], [chunk.start, chunk.stop]])
            self._over()

    def lose(self, chunk: Chunk, lost: Lost) -> None:
        """A worker died or hung: the case that it was at is taken down, the others of the chunk go back.

        An object that costs one process after the other is given up: it has failed by then.
        """
        with self.changed:
            at = chunk.start if lost.index is None else lost.index
            self.losses[chunk.subject] += 1
            if self.losses[chunk.subject] < GIVEN_UP:
                parts = (chunk.part(chunk.start, at), chunk.part(at + 1, chunk.stop))
                self.pending.extendleft(part for part in parts if part.start < part.stop)
            else:
                self.pending = deque(one for one in self.pending if one.subject != chunk.subject)
        what = {"index": at, "case": chunk.subject, "problems": [str(lost)]}
        self.finish(chunk.part(at, at + 1), {"outcomes": {"cases": 1, "disagree": 1}, "found": [what]})

    def _over(self) -> None:
        self.working -= 1
        if time.monotonic() - self.saved > 5:
            self.save()
        self.changed.notify_all()

    def save(self) -> None:
        """Write the results so far, whole or not at all."""
        self.saved = time.monotonic()
        path = Path(self.options.results)
        temporary = path.with_name(path.name + ".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(self.results, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def keep_busy(run: Run, place: int) -> None:
    """Keep one worker at work until nothing is left, with a new process from time to time."""
    worker: Worker | None = None
    options = run.options
    while (chunk := run.next()) is not None:
        run.now[place] = chunk.subject
        try:
            if worker is None:
                worker = Worker(HERE / "worker.py")
            counts = worker.run(chunk, options.seed, options.patience, options.memory * 2)
        except Lost as lost:
            run.lose(chunk, lost)
            worker = None
            continue
        run.finish(chunk, counts)
        if worker.cases >= options.recycle or worker.memory >= options.memory:
            worker.end()
            worker = None
    run.now.pop(place, None)
    if worker is not None:
        worker.end()


def watch(run: Run) -> None:
    """Run everything, showing how far it is; an interrupted run leaves its results."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    threads = [threading.Thread(target=keep_busy, args=(run, place), daemon=True) for place in range(run.options.jobs)]
    console = Console(stderr=True)
    columns = (BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    told = time.monotonic()
    with Progress(*columns, TextColumn("{task.description}"), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=run.options.cases, completed=run.counted)
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                time.sleep(0.5)
                with run.changed:
                    counted = run.counted
                    wrong = sum(one["outcomes"].get("disagree", 0) for one in run.done.values())
                said = f"{wrong} disagree; at {', '.join(sorted(run.now.values()))}"
                bar.update(task, completed=counted, description=said)
                if not console.is_terminal and time.monotonic() - told > 30:
                    told = time.monotonic()
                    print(f"{counted} of {run.options.cases} cases; {said}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            run.stopped = True
            run.save()
            raise
    run.save()


def one_case(every: dict[str, Subject], seed: int, index: int) -> bool:
    """Run one case of each of these objects in this process and print it; whether all agree."""
    fine = True
    warnings.simplefilter("ignore")
    for name, one in every.items():
        case = one.draw(seed, index)
        print(f"{name}, seed {seed}, case {index}: {case}")
        verdict = one.judge(case)
        fine = fine and not verdict.problems
        print("  both accept it" if verdict.accepted else "  both refuse it" if verdict.refused else "  one refuses it")
        for line in (*verdict.problems, *(f"on the list: {why}" for why in verdict.reasons)):
            print(f"  {line}")
    return fine


def chosen(every: dict[str, Subject], globs: Sequence[str]) -> Iterator[str]:
    """The names that one of these patterns fits, with or without the family in front."""
    for name in every:
        bare = name.partition(".")[2]
        if any(fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(bare, glob) for glob in globs):
            yield name


def stored(options: argparse.Namespace) -> dict[str, Any]:
    """The results to go on with: those of an interrupted run, or none."""
    fresh = {"format": FORMAT, "seed": options.seed, "versions": versions(), "seconds": 0.0, "subjects": {}}
    if not options.resume:
        return fresh
    kept: dict[str, Any] = json.loads(Path(options.resume).read_text(encoding="utf-8"))
    if kept.get("format") != FORMAT or kept["versions"] != fresh["versions"]:
        raise SystemExit(f"{options.resume} is of other versions ({kept.get('versions')}); begin anew without --resume")
    options.seed = kept["seed"]
    for name in chosen(kept["subjects"], options.again):
        kept["subjects"][name] = None
    kept["subjects"] = {name: one for name, one in kept["subjects"].items() if one is not None}
    return kept


def versions() -> dict[str, str]:
    """What was compared with what."""
    from importlib.metadata import version

    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    return found | {name: version("tensorflow-cpu" if name == "tensorflow" and not _installed(name) else name)
                    for name in ("keras", "tensorflow", "numpy")}  # fmt: skip


def _installed(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200_000, help="how many cases in all (200000)")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (2)")
    parser.add_argument("--seed", type=int, default=1, help="other cases for another seed (1)")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="only objects of such names")
    parser.add_argument("--minutes", type=float, default=45, help="share the cases out so that they fit (45)")
    parser.add_argument("--results", default="oracle.json", metavar="FILE", help="written while it runs (oracle.json)")
    parser.add_argument("--resume", metavar="FILE", help="go on with the results in this file")
    parser.add_argument("--again", action="append", default=[], metavar="GLOB", help="with --resume: begin these anew")
    parser.add_argument("--markdown", metavar="FILE", help="write the table as Markdown, too")
    parser.add_argument("--recycle", type=int, default=4000, metavar="N", help="a new process after N cases (4000)")
    parser.add_argument("--memory", type=int, default=2500, metavar="MIB", help="or when it holds so much (2500)")
    parser.add_argument("--patience", type=float, default=300, metavar="SECONDS", help="for one case (300)")
    parser.add_argument("--case", type=int, metavar="INDEX", help="run this one case of --only, and print all of it")
    options = parser.parse_args()
    if options.resume:
        options.results = options.resume
    return options


def main() -> int:
    """Run, print the table, and say by the exit status whether all of it agrees."""
    options = arguments()
    every = subjects()
    whole = set(every)
    if options.only:
        every = {name: every[name] for name in chosen(every, options.only)}
        if not every:
            raise SystemExit(f"nothing is called {' or '.join(options.only)}; try --only 'layers.*'")
    if options.case is not None:
        return 0 if one_case(every, options.seed, options.case) else 1
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell without a terminal has it ignored
    run = Run(options, every, stored(options))
    began = time.monotonic()
    before = run.results["seconds"]
    try:
        watch(run)
    except KeyboardInterrupt:
        print(f"stopped; go on with --resume {options.results}", file=sys.stderr)
        return 130
    run.results["seconds"] = round(before + time.monotonic() - began, 1)
    run.save()
    table = figures(run.results, every, whole, partial=bool(options.only))
    as_table(table)
    if options.markdown:
        Path(options.markdown).write_text(as_markdown(table), encoding="utf-8")
    disagreements(table)
    return 1 if table.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

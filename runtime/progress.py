"""What is seen of training while it goes on: a live line in a terminal, else one line an epoch."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from .run import plain

if TYPE_CHECKING:
    from rich.console import Console

Logs = Mapping[str, float]


def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Progress:
    """Hears of everything that happens while training; shows nothing unless told how.

    ``say(text)``: a line to read. ``begin(epochs, steps)``: training begins; ``steps`` is 0 where their number is
    not known. ``reading(name, done, total)``: so many bytes of a source have been gone through, before training
    begins. ``step(epoch, step, logs)``: steps up to ``step`` of ``epoch`` are done, both from 0; None if it does
    not want to hear of steps. ``epoch(epoch, logs, seconds)``: an epoch is done. ``end()``: training has ended.
    ``event(kind, values)``: something that programs may want to hear of (see ``events``).
    """

    say: Callable[[str], None] = _nothing
    begin: Callable[[int, int], None] = _nothing
    step: Callable[[int, int, Logs], None] | None = None
    epoch: Callable[[int, Logs, float], None] = _nothing
    end: Callable[[], None] = _nothing
    reading: Callable[[str, int, int], None] = _nothing
    event: Callable[[str, Mapping[str, Any]], None] = _nothing


SILENT = Progress()


def lines(stream: IO[str] | None = None) -> Progress:
    """One line an epoch."""
    total = 0

    def say(text: str) -> None:
        print(text, file=stream or sys.stdout, flush=True)

    def begin(epochs: int, steps: int) -> None:
        nonlocal total
        total = epochs

    return Progress(say, begin, epoch=lambda epoch, logs, seconds: say(line(epoch, total, logs, seconds)))


def events(stream: IO[str] | None = None) -> Progress:
    """One JSON object a line for each thing that happens, for programs.

    Each has ``event`` and ``time`` (UTC, ISO 8601). ``run``: ``folder``, ``name``, ``rows`` by part. ``begin``:
    ``epochs``, ``steps`` of one (null where not known). ``phase``: ``phase`` of ``phases``, and what holds in it.
    ``epoch``: ``epoch`` from 1 of ``epochs``, ``logs``, ``seconds``. ``rule``: a rule that was carried out, as in
    rules.json. ``checkpoint``: after ``epoch`` epochs and ``step`` steps. ``message``: ``text`` for people. Whoever
    trains adds ``end`` and ``error``. Numbers that JSON does not have are null.
    """
    total = 0

    def event(kind: str, values: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps(plain({"event": kind, "time": now, **values}), ensure_ascii=False, allow_nan=False)
        print(line, file=stream or sys.stdout, flush=True)

    def begin(epochs: int, steps: int) -> None:
        nonlocal total
        total = epochs
        event("begin", {"epochs": epochs, "steps": steps or None})

    def epoch(epoch: int, logs: Logs, seconds: float) -> None:
        event("epoch", {"epoch": epoch + 1, "epochs": total, "logs": dict(logs), "seconds": round(seconds, 3)})

    return Progress(lambda text: event("message", {"text": text}), begin, epoch=epoch, event=event)


def live(console: Console) -> Progress:
    """A bar for the epoch under way, with the finished epochs as lines above it."""
    from rich import progress as rich

    bar = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[logs]}", markup=False),
        console=console,
        transient=True,
    )
    total = last = 0
    task = bar.add_task("", total=None, logs="", visible=False)

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    def begin(epochs: int, steps: int) -> None:
        nonlocal total, last
        total, last = epochs, steps
        bar.update(task, description=f"epoch 1/{epochs}", total=steps or None, visible=True)
        bar.start()

    def step(epoch: int, step: int, logs: Logs) -> None:
        done = min(step + 1, last) if last else step + 1  # Keras counts whole executions, the last one too
        bar.update(task, completed=done, logs=values(logs))

    def epoch(epoch: int, logs: Logs, seconds: float) -> None:
        say(line(epoch, total, logs, seconds))
        if epoch + 1 < total:
            bar.reset(task, description=f"epoch {epoch + 2}/{total}", logs="")

    passes: list[rich.Progress] = []

    def reading(name: str, done: int, total: int) -> None:
        if not passes:
            passes.append(_pass(console, name, total))
        passes[0].update(rich.TaskID(0), completed=done, total=total)
        if done >= total:
            passes.pop().stop()

    return Progress(say, begin, step, epoch, bar.stop, reading)


def _pass(console: Console, name: str, total: int) -> Any:
    """A bar for a source that is gone through."""
    from rich import progress as rich

    bar = rich.Progress(
        rich.TextColumn("reading {task.description}", markup=False),
        rich.BarColumn(bar_width=24),
        rich.DownloadColumn(),
        rich.TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    bar.add_task(name, total=total)
    bar.start()
    return bar


def progress() -> Progress:
    """What suits standard output: live in a terminal, else lines."""
    if not sys.stdout.isatty():
        return lines()
    from rich.console import Console

    return live(Console())


def passes() -> Progress:
    """What is seen of going through many rows before a trained model is used on them. It is for standard error: what
    the model says may go to standard output."""
    if not sys.stderr.isatty():
        return lines(sys.stderr)
    from rich.console import Console

    return live(Console(stderr=True))


def line(epoch: int, epochs: int, logs: Logs, seconds: float) -> str:
    """One epoch as a line."""
    width = len(str(epochs))
    return f"epoch {epoch + 1:>{width}}/{epochs}  {values(logs)}  {seconds:.1f} s"


def values(logs: Logs) -> str:
    """Measured values as people read them."""
    return "  ".join(f"{name} {number(value)}" for name, value in logs.items())


def number(value: float) -> str:
    """Four digits behind the point, or powers of ten where that would show nothing."""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.3e}"


def in_order(logs: Mapping[str, Any]) -> dict[str, float]:
    """Keras' logs as plain numbers, the loss first, validation last; a metric of several numbers is numbered."""
    ranks = {"loss": 0, "val_loss": 2}
    names = sorted(logs, key=lambda name: ranks.get(name, 3 if name.startswith("val_") else 1))
    plain: dict[str, float] = {}
    for name in names:
        value = logs[name]
        if getattr(value, "ndim", 0) == 0:
            plain[name] = float(value)
        else:  # F1Score and its kin measure each class on its own unless told to average
            import keras

            several = keras.ops.convert_to_numpy(value).reshape(-1)
            if len(several) == 1:
                plain[name] = float(several[0])
                continue
            plain |= {f"{name}_{index}": float(one) for index, one in enumerate(several)}
    return plain

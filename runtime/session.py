"""One training under way: its phases in order, what is noted of it, and what is kept in the end."""

from __future__ import annotations

import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..compiler.build import condensed
from ..compiler.graph import TypedGraph
from ..compiler.render import write
from ..spec.finding import Finding
from ..spec.phase_layers import changed_in
from ..spec.problem import Problem
from ..spec.spec import Training
from . import run as files
from .checkpoints import FOLDER, FULL, unwritten
from .distribution import Group, losing
from .divergence import Broken, diverged, look_into
from .driver import Back, Between, drive
from .environment import backend, machine, versions
from .listening import Listener, Watch
from .loop import by_hand
from .progress import Progress, in_order
from .provenance import Record
from .resume import Resumed, going_on, hold
from .run import Run, RunError, RunFolder, Status
from .split import PARTS
from .steps import steps_of
from .unreadable import unreadable

if TYPE_CHECKING:
    import keras

    from .data import Prepared
    from .inheriting import Inheritance
    from .shared import Measure
    from .stages import Bench, Stage


class Session:
    """One training under way."""

    def __init__(
        self,
        typed: TypedGraph,
        bench: Bench,
        stages: Sequence[Stage],
        place: RunFolder,
        show: Progress,
        prepared: Prepared | None,
        resumed: Resumed | None = None,
        noted: Mapping[str, Any] | None = None,
        record: Record | None = None,
        group: Group | None = None,
    ) -> None:
        self.typed = typed
        self.bench = bench
        self.stages = stages
        self.place = place
        self.show = show
        self.prepared = prepared
        self.resumed = resumed
        self.noted = dict(noted or {})
        self.record = record
        self.group = group
        self.measure: Measure | None = None
        self.watch = Watch()
        self.began = time.monotonic()
        self.about: dict[str, Any] = {}
        self.listener = Listener(self.model, self.whole, self.watch, place, show)
        if group is not None and group.workers > 1:
            from .together import Agreed

            self.listener.checkpoints = Agreed(place, self.whole, show.say, group)
        self.broken: Broken | None = None

    @property
    def model(self) -> keras.Model:
        """The model that is trained in the phase under way."""
        return self.bench.model

    @property
    def whole(self) -> keras.Model:
        """The model that is saved."""
        return self.bench.built.model

    @property
    def training(self) -> Training:
        """The training section."""
        training = self.typed.graph.spec.training
        assert training is not None
        return training

    def run(self, interface: Mapping[str, Any], devices: Sequence[str]) -> Run:
        """Train, phase by phase, and keep what came of it.

        Raises:
            Problem: E417 if Keras can't go on, E427 if a rule comes to no learning rate, E436 if a file can't be
                written.
        """
        with hold(self.place.path):
            return self._run(interface, devices)

    def _run(self, interface: Mapping[str, Any], devices: Sequence[str]) -> Run:
        spec = self.typed.graph.spec
        from ..compiler.draw import DrawError, render

        settings = self.stages[0].settings
        self.about = {
            "status": "running",
            "name": spec.name,
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": self.training.seed,
            "data_seed": spec.data.seed if spec.data is not None else 0,
            "folder": interface["folder"],
            "spec": spec.document.source.path,
            "rows": {part: rows.count for part, rows in self.prepared.parts.items()} if self.prepared else None,
            "devices": list(devices) or ["cpu"],
            "jit_compile": settings.jit_compile,
            "steps_per_execution": settings.steps_per_execution,
            "reasons": list(settings.reasons),
            "phases": [_about(one) for one in self.stages] if len(self.stages) > 1 else None,
            "versions": versions(),
            "machine": machine(),
            "backend": backend(),
            "settings": [asdict(one.settings) for one in self.stages],
            **self.noted,
        }
        if self.resumed is not None:
            self.about |= self.resumed.noted()
            for one, before in zip(self.about["phases"] or (), self.resumed.about.get("phases") or (), strict=False):
                one |= {"carried": before["carried"]} if "carried" in before else {}
        if self.resumed is None:
            self.place.spec(spec.document)
            self.place.json(files.INTERFACE, interface)
        self.place.json(files.ABOUT, self.about)
        if self.record is not None:
            self.record.begin(self.place, resumed=self.resumed is not None)
        try:
            render(self.stages[-1].typed, self.place.path / files.DIAGRAM)
        except DrawError as error:
            self.show.say(f"no diagram: {error}")
        self.show.say(f"run folder: {self.place.path}")
        if settings.reasons:
            self.show.say("; ".join(settings.reasons))
        self.show.event("run", {"folder": str(self.place.path), "name": spec.name, "rows": self.about["rows"]})
        with self._signals():
            try:
                with losing(self.training, self.group):
                    self._fit()
            except KeyboardInterrupt:
                self.watch.interrupted = self.watch.interrupted or signal.SIGINT
            except Problem:
                with suppress(OSError):
                    self._about("failed")
                raise
            except OSError as error:
                if error.errno not in FULL:
                    self._failed(error)
                raise self._unwritten(error) from error
            except RunError:
                raise
            except Exception as error:
                self._failed(error)
            finally:
                self.show.end()
            try:
                with losing(self.training, self.group):
                    return self._keep()
            except OSError as error:
                raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> Problem:
        """A file of the run can't be written: what is said of it, and noted if even that can be."""
        with suppress(OSError):
            self._about("failed")
        return Problem(unwritten(error, self.training, self.place.path / FOLDER))

    def _fit(self) -> None:
        total = sum(one.training.epochs for one in self.stages)
        back = None if self.resumed is None else self.resumed.back(self.listener)
        start = 0 if back is None else back.point.stage
        self.show.begin(total, self.stages[start].feeds.steps)
        for index, stage in enumerate(self.stages):
            if index < start:
                continue
            here = back if index == start else None
            if len(self.stages) > 1:
                self.show.say(_phase(index, stage, len(self.stages)))
                self.show.event("phase", {"phase": index + 1, "phases": len(self.stages), **_about(stage)})
            if index:
                passed = self.bench.ready(stage, None if here is not None else self.stages[index - 1])
                self.listener.turn(self.model, self.whole)
                if passed is not None:
                    self._passed(index, passed)
            phase = index + 1 if len(self.stages) > 1 else None
            with self.listener.during(stage, phase) as heard, self._lengths():
                # Outputs without a loss have weights that nothing moves; the spec says so, no need to warn.
                warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
                self._stage(stage, [*stage.callbacks, heard], here)
            if self.watch.interrupted is not None or self.watch.diverged or self.watch.pruned:
                return

    def _passed(self, index: int, passed: Inheritance) -> None:
        """Say and note what a phase with other layers took over of the one before."""
        for line in passed.lines():
            self.show.say(line)
        self.about["phases"][index]["carried"] = passed.table()
        self.place.json(files.ABOUT, self.about)

    def _stage(self, stage: Stage, callbacks: list[Any], back: Back | None) -> None:
        """One phase, from its beginning or on from where it was."""
        self.measure = None  # each phase is compiled anew
        last = stage.first + stage.training.epochs
        validation = stage.feeds.parts.get("validation")
        if back is not None:
            going_on(stage.callbacks, back.point.epoch)
        over = back is not None and (back.point.stopped or back.point.epoch >= last)
        steps = None if over else steps_of(stage, self.model, _step(stage, self.model), self.group)
        drive(self.model, steps, validation=validation, first=stage.first, epochs=last, callbacks=callbacks,
              between=self._between(), back=back, measure=self._measure())  # fmt: skip
        if self.watch.diverged and steps is not None and self.group is None:
            self.broken = look_into(self.model, stage, steps, self.listener)

    def _between(self) -> Between:
        if self.group is None or self.group.workers == 1:
            return self.listener
        from .together import Together

        return Together(self.listener, self.group)

    def _measure(self) -> Callable[..., Mapping[str, Any]] | None:
        """What takes the place of ``model.evaluate`` where several devices of TensorFlow share the rows."""
        if self.group is None or self.group.strategy is None:
            return None
        if self.measure is None:
            from .shared import Measure

            self.measure = Measure(self.model, self.group)
        return self.measure

    @contextmanager
    def _lengths(self) -> Iterator[None]:
        """A dataset of one's own need not know its length; that it ends is no mishap, though Keras warns of it."""
        with warnings.catch_warnings():
            if self.prepared is None:
                warnings.filterwarnings("ignore", "Your input ran out of data", UserWarning)
            yield

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first signal asks training to end after the step under way; the second interrupts at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            if self.group is not None and self.group.workers > 1:
                self.group.ask(number)
                return
            if self.watch.interrupted is not None:
                raise KeyboardInterrupt
            self.watch.interrupted = number  # the loop asks

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _failed(self, error: Exception) -> None:
        self._about("failed")
        if self.watch.history:
            self.place.history(self.watch.history)
        message = f"Keras could not train this: {condensed(error)}"
        raise Problem(
            unreadable(error)
            or Finding("E417", message, self.training.pointer, "entry",
                       help=f"all that Keras says is in {self._traced(error)}")
        ) from error  # fmt: skip

    def _traced(self, error: Exception) -> Path:
        """Where all that is said of an error is written: into the run, or, if nothing of it is kept, elsewhere."""
        path = self.place.path / "error.txt"
        if self.resumed is None and files.is_untrained(self.place.path):
            beside = self.place.path.parent
            ends = chain([""], (f"-{number}" for number in count(2)))
            paths = (beside / f"{self.place.path.name}-error{end}.txt" for end in ends)
            path = next(one for one in paths if not one.exists())
        write(path, "".join(traceback.format_exception(error)).encode("utf-8", "replace"))
        return path

    def _about(self, status: Status) -> None:
        self.about |= {
            "status": status,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(self.listener.earlier + time.monotonic() - self.began, 3),
            "epochs": len(self.watch.history),
        }
        if len(self.stages) > 1:
            self.about["phase"] = self.watch.stage + 1
        self.place.json(files.ABOUT, self.about)

    def _keep(self) -> Run:
        """Save first what can't be computed again, then measure and draw."""
        watch, place = self.watch, self.place
        status: Status = (
            "interrupted" if watch.interrupted is not None
            else "diverged" if watch.diverged
            else "pruned" if watch.pruned
            else "finished"
        )  # fmt: skip
        if status == "interrupted":
            self.show.say("stopping: saving what was learned so far")
        place.model(self.whole)
        typed, built = self.bench.stage.typed, self.bench.built
        if typed.graph.terms:
            from .terms import seeing

            place.model(seeing(typed, built.model.inputs, built.tensors), files.TERMS)
        if watch.history:
            place.history(watch.history)
            write(place.path / files.CURVES, _curves(watch.history, self.typed.graph.name))
        self._about(status)
        metrics: dict[str, dict[str, float]] = {part: {} for part in PARTS}
        measure = self._measure() or partial(self.model.evaluate, verbose=0, return_dict=True)
        try:
            for part, batches in self.stages[self.watch.stage].feeds.parts.items():
                if status == "pruned":  # nobody will ask
                    break
                with self._lengths():
                    found = measure(batches)
                metrics[part] = in_order(found)
        except KeyboardInterrupt:
            self.show.say("interrupted again: not everything was measured")
        place.json(files.METRICS, metrics)
        if self.record is not None:
            self.record.end(place)
        self._about(status)
        history = tuple(dict(row) for row in watch.history)
        if status in ("finished", "pruned"):
            self.listener.checkpoints.done()
        stage = self.stages[watch.stage]
        findings = (diverged(stage.typed, watch.history, self.broken),) if watch.diverged else ()
        seconds = self.about["seconds"]
        return Run(place.path, status, len(history), seconds, history, metrics, findings, watch.interrupted)


def _about(stage: Stage) -> dict[str, Any]:
    """What is noted of a phase in the run folder."""
    training, settings = stage.training, stage.settings
    return {
        "name": training.name,
        "epochs": training.epochs,
        "freeze": list(training.freeze),
        "learning_rate_factors": dict(training.learning_rate_factors),
        "overrides": list(changed_in(training)),
        "loop": training.loop,
        "jit_compile": settings.jit_compile,
        "steps_per_execution": settings.steps_per_execution,
        "reasons": list(settings.reasons),
    }


def _step(stage: Stage, model: keras.Model) -> Any:
    """An explicit step, where the spec wants the loop to be one; None for that of Keras."""
    return by_hand(model) if stage.training.loop == "custom" else None


def _phase(index: int, stage: Stage, count: int) -> str:
    """A phase in words."""
    training = stage.training
    name = f" ({training.name})" if training.name else ""
    epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    held = f", frozen: {', '.join(training.freeze)}" if training.freeze else ""
    changed = f", layers changed: {', '.join(changed_in(training))}" if training.overrides else ""
    return f"phase {index + 1} of {count}{name}: {epochs}{held}{changed}"


def _curves(history: Sequence[Mapping[str, float]], title: str) -> bytes:
    from .curves import curves

    return curves(history, title)

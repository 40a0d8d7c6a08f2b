"""One training under way: its phases in order, what is noted of it, and what is kept in the end."""

from __future__ import annotations

import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import isnan
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..compiler.build import condensed
from ..compiler.graph import TypedGraph
from ..compiler.render import write
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Training
from . import run as files
from .environment import machine, versions
from .listening import Listener, Watch
from .loop import fit
from .progress import Progress, in_order
from .run import Run, RunFolder, Status
from .split import PARTS

if TYPE_CHECKING:
    from .data import Prepared
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
    ) -> None:
        self.typed = typed
        self.bench = bench
        self.built = bench.built
        self.whole = bench.built.model
        self.model = bench.model
        self.stages = stages
        self.place = place
        self.show = show
        self.prepared = prepared
        self.watch = Watch()
        self.began = time.monotonic()
        self.about: dict[str, Any] = {}

    @property
    def training(self) -> Training:
        """The training section."""
        training = self.typed.graph.spec.training
        assert training is not None
        return training

    def run(self, interface: Mapping[str, Any], devices: Sequence[str]) -> Run:
        """Train, phase by phase, and keep what came of it.

        Raises:
            Problem: E417 if Keras can't go on, E427 if a rule comes to no learning rate.
        """
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
        }
        self.place.spec(spec.document)
        self.place.json(files.INTERFACE, interface)
        self.place.json(files.ABOUT, self.about)
        try:
            render(self.typed, self.place.path / files.DIAGRAM)
        except DrawError as error:
            self.show.say(f"no diagram: {error}")
        self.show.say(f"run folder: {self.place.path}")
        with self._signals():
            try:
                self._fit()
            except KeyboardInterrupt:
                self.watch.interrupted = self.watch.interrupted or signal.SIGINT
            except Problem:
                raise
            except Exception as error:
                self._failed(error)
            finally:
                self.show.end()
            return self._keep()

    def _fit(self) -> None:
        total = sum(one.training.epochs for one in self.stages)
        listener = Listener(self.model, self.whole, self.watch, self.place, self.show)
        self.show.begin(total, self.stages[0].feeds.steps)
        for index, stage in enumerate(self.stages):
            if len(self.stages) > 1:
                self.show.say(_phase(index, stage, len(self.stages)))
            if index:
                self.bench.ready(stage, self.stages[index - 1])
            with listener.during(stage, index + 1 if len(self.stages) > 1 else None) as heard, self._lengths():
                # Outputs without a loss have weights that nothing moves; the spec says so, no need to warn.
                warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
                self._stage(stage, [*stage.callbacks, heard])
            if self.watch.interrupted is not None or self.watch.diverged:
                return

    def _stage(self, stage: Stage, callbacks: list[Any]) -> None:
        """One phase, by Keras' loop or an explicit one."""
        last = stage.first + stage.training.epochs
        validation = stage.feeds.parts.get("validation")
        if stage.training.loop == "custom":
            jit = stage.settings.jit_compile is True
            fit(self.model, stage.feeds.train, validation=validation, first=stage.first, epochs=last,
                callbacks=callbacks, jit_compile=jit)  # fmt: skip
            return
        self.model.fit(
            stage.feeds.train,
            validation_data=validation,
            initial_epoch=stage.first,
            epochs=last,
            callbacks=callbacks,
            shuffle=False,  # the feed does that
            verbose=0,
        )

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
            if self.watch.interrupted is not None:
                raise KeyboardInterrupt
            self.watch.interrupted = number
            self.model.stop_training = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _failed(self, error: Exception) -> None:
        self._about("failed")
        self.place.text("error.txt", "".join(traceback.format_exception(error)))
        raise Problem(
            Finding(
                "E417",
                f"Keras could not train this: {condensed(error)}",
                self.training.pointer,
                "entry",
                help=f"all that Keras says is in {self.place.path / 'error.txt'}",
            )
        ) from error

    def _about(self, status: Status) -> None:
        self.about |= {
            "status": status,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.began, 3),
            "epochs": len(self.watch.history),
        }
        self.place.json(files.ABOUT, self.about)

    def _keep(self) -> Run:
        """Save first what can't be computed again, then measure and draw."""
        watch, place = self.watch, self.place
        status: Status = (
            "interrupted" if watch.interrupted is not None else "diverged" if watch.diverged else "finished"
        )
        if status == "interrupted":
            self.show.say("stopping: saving what was learned so far")
        place.model(self.whole)
        if self.typed.graph.terms:
            from .terms import seeing

            place.model(seeing(self.typed, self.built.model.inputs, self.built.tensors), files.TERMS)
        if watch.history:
            place.history(watch.history)
            write(place.path / files.CURVES, _curves(watch.history, self.typed.graph.name))
        self._about(status)
        metrics: dict[str, dict[str, float]] = {part: {} for part in PARTS}
        try:
            for part, batches in self.stages[self.watch.stage].feeds.parts.items():
                with self._lengths():
                    found = self.model.evaluate(batches, verbose=0, return_dict=True)
                metrics[part] = in_order(found)
        except KeyboardInterrupt:
            self.show.say("interrupted again: not everything was measured")
        place.json(files.METRICS, metrics)
        self._about(status)
        history = tuple(dict(row) for row in watch.history)
        findings = (self._divergence(),) if watch.diverged else ()
        seconds = self.about["seconds"]
        return Run(place.path, status, len(history), seconds, history, metrics, findings, watch.interrupted)

    def _divergence(self) -> Finding:
        became = "NaN" if isnan(self.watch.history[-1]["loss"]) else "infinite"
        return Finding(
            "E418",
            f"the loss became {became} (no number any more) in epoch {len(self.watch.history)}",
            (*self.stages[self.watch.stage].training.pointer, "optimizer"),
            help="a smaller learning rate helps most often; so do inputs scaled to about -1 to 1 (Normalization, "
            "Rescaling), `clipnorm` in the optimizer, and a loss that fits the output",
        )


def _about(stage: Stage) -> dict[str, Any]:
    """What is noted of a phase in the run folder."""
    training, settings = stage.training, stage.settings
    return {
        "name": training.name,
        "epochs": training.epochs,
        "freeze": list(training.freeze),
        "loop": training.loop,
        "steps_per_execution": settings.steps_per_execution,
        "reasons": list(settings.reasons),
    }


def _phase(index: int, stage: Stage, count: int) -> str:
    """A phase in words."""
    training = stage.training
    name = f" ({training.name})" if training.name else ""
    epochs = "1 epoch" if training.epochs == 1 else f"{training.epochs} epochs"
    held = f", frozen: {', '.join(training.freeze)}" if training.freeze else ""
    return f"phase {index + 1} of {count}{name}: {epochs}{held}"


def _curves(history: Sequence[Mapping[str, float]], title: str) -> bytes:
    from .curves import curves

    return curves(history, title)

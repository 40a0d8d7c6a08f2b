"""From TypedGraph and data to Run: training, and all that is kept of it."""

from __future__ import annotations

import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite, isnan
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ..compiler.build import Built, assemble, condensed, functional, keras_call, resolve
from ..compiler.graph import TypedGraph
from ..compiler.render import write
from ..spec.finding import Finding
from ..spec.problem import Problem
from . import run as files
from .arrays import from_arrays
from .carrying import take
from .columns import compared
from .compile import callbacks, compile_model, wished
from .data import Prepared, prepare
from .environment import Settings, backend, choose, gpus, machine, quiet, versions
from .feed import feed
from .feeds import Feeds, arranged, feeds_of, feeds_of_datasets, inputs_only, require_end
from .interface import interface_of
from .preprocessing import adapt, cut, require_backend, settle
from .progress import Progress, in_order, progress
from .run import Run, RunFolder, Status
from .split import PARTS

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


@dataclass(slots=True)
class Watch:
    """What is noted while Keras trains."""

    history: list[dict[str, float]] = field(default_factory=list)
    interrupted: int | None = None
    diverged: bool = False


def train(
    typed: TypedGraph,
    folder: Path,
    *,
    run_dir: Path | None = None,
    data: tuple[Any, Any] | tf.data.Dataset | None = None,
    validation: tuple[Any, Any] | tf.data.Dataset | None = None,
    show: Progress | None = None,
    weights: Path | None = None,
) -> Run:
    """Train the model of a checked spec and keep everything in a run folder.

    ``folder`` is what paths in the spec are relative to. ``data`` takes the place of the spec's source:
    arrays ``(x, y)``, which are split and encoded as the spec says, or a ``tf.data.Dataset`` of batches
    ``(x, y)`` or ``(x, y, weights)``, which is taken as it is. ``validation`` goes with it: the same kind.
    Training begins with the ``weights`` of a file, where one is given, else at random.

    The first Ctrl-C (or SIGTERM) lets the step under way end, then saves; the second ends at once.

    Raises:
        Problem: whatever data, training section or Keras itself make impossible, at its place in the spec.
        RunError: if the run folder can't be made.
    """
    if run_dir is not None:
        files.require_empty(run_dir)  # before anything that takes time
    quiet()
    require_backend(typed)
    show = progress() if show is None else show
    prepared = _prepared(typed, folder, data, validation)
    _announce(prepared, show)
    import keras

    training = typed.graph.spec.training
    assert training is not None
    keras.utils.set_random_seed(training.seed)
    interface = interface_of(typed, prepared, folder)
    form = interface.form
    targets = bool(compared(typed.graph.spec, typed.graph.outputs))
    own: Any = arranged(data, form, targets=targets) if prepared is None else None
    apart: Any = None
    if prepared is None and validation is not None:
        apart = arranged(validation, form, targets=targets)

    def raw() -> Any:
        if prepared is not None:
            return feed(inputs_only(prepared.parts["train"]), form, 4096)
        return own.map(lambda x, *rest: (x,))

    built = assemble(typed, settle(typed, raw), folder)
    adapt(typed, built, raw)
    if weights is not None:
        take(built.model, weights)
    halves = cut(typed, built) if backend() == "tensorflow" else None
    model = halves.tail if halves is not None else twin(typed, built)
    if typed.graph.terms:
        from .terms import seeing, with_terms

        tensors = halves.tensors if halves is not None else built.tensors
        model = with_terms(typed, model, seeing(typed, model.inputs, tensors))
    feeds = feeds_of(prepared, form, halves, typed) if prepared is not None else feeds_of_datasets(own, apart, halves)
    devices = gpus()
    settings = choose(training, feeds.steps, [one.object for one in wished(training)], bool(devices))
    optimizer = keras_call((*training.pointer, "optimizer"), lambda: _optimizer(training.optimizer, training.precision))
    saved = optimizer
    if {id(one) for one in model.trainable_variables} <= {id(one) for one in built.model.trainable_variables}:
        optimizer.build(built.model.trainable_variables)
    else:  # weights that only a loss term hangs on are not in the model that is saved, so neither is what moves them
        optimizer.build(model.trainable_variables)
        saved = _optimizer(training.optimizer, training.precision)
    compile_model(typed, model, form, optimizer, settings)
    # The model that is saved shares layers and optimizer with the one that is trained, but is compiled as
    # whoever opens it expects: one step at a time.
    compile_model(typed, built.model, form, saved, replace(settings, steps_per_execution=1), plain=True)
    place = RunFolder.create(typed.graph.name, run_dir)
    return _Session(typed, built, model, feeds, settings, place, show, prepared).run(
        interface.table(), callbacks(typed, place.path, built.model, form), devices
    )


def _prepared(typed: TypedGraph, folder: Path, data: Any, validation: Any) -> Prepared | None:
    """Arrays, from the spec's source or given; None for a dataset of one's own."""
    if data is None:
        if validation is not None:
            raise ValueError("`validation` goes with `data`: give both, or leave both to the spec")
        return prepare(typed, folder)
    if isinstance(data, (tuple, list)):
        return from_arrays(typed, _pair(data), None if validation is None else _pair(validation))
    if not hasattr(data, "element_spec") or (validation is not None and not hasattr(validation, "element_spec")):
        raise ValueError("`data` is a pair of arrays (x, y), or a tf.data.Dataset of batches (x, y)")
    require_end(data=data, validation=validation)
    return None


def _pair(given: Any) -> tuple[Any, Any]:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError("arrays are given as a pair (x, y)")
    return given[0], given[1]


def twin(typed: TypedGraph, built: Built) -> keras.Model:
    """A second model of the same tensors and layers."""
    graph = typed.graph
    outputs = [built.tensors[edge.source][edge.index] for edge in graph.outputs.values()]
    return functional(graph, list(built.model.inputs), outputs, graph.name)


def _optimizer(value: Any, precision: str) -> Any:
    """The optimizer; in half precision with the scaling of the loss, without which small gradients are lost.

    Keras would add the scaling to each model anew, and not at all to one that was made under another policy.
    """
    import keras

    made = keras.optimizers.get(resolve("optimizers", value))
    if precision == "mixed_float16" and not isinstance(made, keras.optimizers.LossScaleOptimizer):
        made = keras.optimizers.LossScaleOptimizer(made)
    return made


def _announce(prepared: Prepared | None, show: Progress) -> None:
    if prepared is None:
        return
    sizes = ", ".join(f"{prepared.parts[part].count} {part}" for part in PARTS if prepared.parts[part].count)
    dropped = f" ({prepared.dropped} left out for missing values)" if prepared.dropped else ""
    show.say(f"rows: {sizes}{dropped}")
    for name, encoding in prepared.encodings.items():
        if encoding.classes is not None:
            show.say(f"classes of {name}: {', '.join(encoding.classes)}")


class _Session:
    """One training under way."""

    def __init__(
        self,
        typed: TypedGraph,
        built: Built,
        model: keras.Model,
        feeds: Feeds,
        settings: Settings,
        place: RunFolder,
        show: Progress,
        prepared: Prepared | None,
    ) -> None:
        self.typed = typed
        self.built = built
        self.whole = built.model
        self.model = model
        self.feeds = feeds
        self.settings = settings
        self.place = place
        self.show = show
        self.prepared = prepared
        self.watch = Watch()
        self.began = time.monotonic()
        self.about: dict[str, Any] = {}

    def run(self, interface: Mapping[str, Any], more: list[Any], devices: Sequence[str]) -> Run:
        spec = self.typed.graph.spec
        assert spec.training is not None
        from ..compiler.draw import DrawError, render

        self.about = {
            "status": "running",
            "name": spec.name,
            "began": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": spec.training.seed,
            "data_seed": spec.data.seed if spec.data is not None else 0,
            "folder": interface["folder"],
            "spec": spec.document.source.path,
            "rows": {part: rows.count for part, rows in self.prepared.parts.items()} if self.prepared else None,
            "devices": list(devices) or ["cpu"],
            "jit_compile": self.settings.jit_compile,
            "steps_per_execution": self.settings.steps_per_execution,
            "reasons": list(self.settings.reasons),
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
                self._fit(spec.training.epochs, more)
            except KeyboardInterrupt:
                self.watch.interrupted = self.watch.interrupted or signal.SIGINT
            except Problem:
                raise
            except Exception as error:
                self._failed(error)
            finally:
                self.show.end()
            return self._keep()

    def _fit(self, epochs: int, more: list[Any]) -> None:
        import keras

        started = time.monotonic()
        current = 0

        def epoch_begins(epoch: int, logs: Any = None) -> None:
            nonlocal started, current
            started, current = time.monotonic(), epoch
            if self.feeds.order is not None:
                self.feeds.order.set(epoch)
            if self.watch.interrupted is not None:
                self.model.stop_training = True

        def epoch_ends(epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            seconds = time.monotonic() - started
            values = in_order(logs or {})
            self.watch.history.append({"epoch": epoch + 1, **values, "seconds": seconds})
            self.place.history(self.watch.history)
            self.show.epoch(epoch, values, seconds)
            if not isfinite(values.get("loss", 0.0)):
                self.watch.diverged = True
                self.model.stop_training = True

        def step_ends(step: int, logs: Mapping[str, Any] | None = None) -> None:
            if self.show.step is not None:
                self.show.step(current, step, in_order(logs or {}))

        listener = keras.callbacks.LambdaCallback(
            on_epoch_begin=epoch_begins,
            on_epoch_end=epoch_ends,
            on_train_batch_end=step_ends if self.show.step is not None else None,
        )
        self.show.begin(epochs, self.feeds.steps)
        with self._lengths():
            # Outputs without a loss have weights that nothing moves; the spec says so, no need to warn.
            warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
            self.model.fit(
                self.feeds.train,
                validation_data=self.feeds.parts.get("validation"),
                epochs=epochs,
                callbacks=[*more, listener],
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
        training = self.typed.graph.spec.training
        assert training is not None
        raise Problem(
            Finding(
                "E417",
                f"Keras could not train this: {condensed(error)}",
                training.pointer,
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
            for part, batches in self.feeds.parts.items():
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
        training = self.typed.graph.spec.training
        assert training is not None
        became = "NaN" if isnan(self.watch.history[-1]["loss"]) else "infinite"
        return Finding(
            "E418",
            f"the loss became {became} (no number any more) in epoch {len(self.watch.history)}",
            (*training.pointer, "optimizer"),
            help="a smaller learning rate helps most often; so do inputs scaled to about -1 to 1 (Normalization, "
            "Rescaling), `clipnorm` in the optimizer, and a loss that fits the output",
        )


def _curves(history: Sequence[Mapping[str, float]], title: str) -> bytes:
    from .curves import curves

    return curves(history, title)

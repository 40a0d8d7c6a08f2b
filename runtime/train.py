"""From TypedGraph and data to Run: training, and all that is kept of it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.build import Built, condensed
from ..compiler.graph import TypedGraph
from ..compiler.phases import whole, with_training
from . import run as files
from .architectures import architectures_of
from .arrays import from_arrays
from .beginning import begin
from .carrying import take
from .columns import compared
from .compile import callbacks
from .data import Prepared, prepare, trainable
from .distribution import group_of, require_rows, require_shared
from .environment import backend, gpus, quiet
from .feed import feed
from .feeds import Feeds, arranged, feeds_of_datasets, inputs_only, require_end
from .inheriting import CARRIED, Inheritance
from .interface import Interface, interface_of
from .kernels import choose_kernels
from .listening import Enough
from .preprocessing import Cut, require_backend
from .profiled import profiler
from .progress import SILENT, Progress, progress
from .provenance import record
from .resume import Resumed, fingerprint, hold
from .run import Run, RunError, RunFolder
from .session import Session
from .split import PARTS
from .stages import Bench, stages_of, weigh

if TYPE_CHECKING:
    import tensorflow as tf


def train(
    typed: TypedGraph,
    folder: Path,
    *,
    run_dir: Path | None = None,
    data: tuple[Any, Any] | tf.data.Dataset | None = None,
    validation: tuple[Any, Any] | tf.data.Dataset | None = None,
    show: Progress | None = None,
    weights: Path | None = None,
    report: bool = False,
    resume: Resumed | None = None,
    inherit: Inheritance | None = None,
    enough: Enough | None = None,
) -> Run:
    """Train the model of a checked spec and keep everything in a run folder.

    ``folder`` is what paths in the spec are relative to. ``data`` takes the place of the spec's source:
    arrays ``(x, y)``, which are split and encoded as the spec says, or a ``tf.data.Dataset`` of batches
    ``(x, y)`` or ``(x, y, weights)``, which is taken as it is. ``validation`` goes with it: the same kind.
    With ``resume`` a run goes on in its own folder, from its newest checkpoint.
    Training begins with the ``weights`` of a file, where one is given, or with what it can ``inherit`` of another run,
    or with those that the spec names, else at random. With ``report`` the model then
    goes through the rows of the test part (see ``judged``), and a page on all of it is written.
    ``enough`` is asked behind each epoch, with its number, from 1, and what it measured: True ends training there.

    The first Ctrl-C (or SIGTERM) lets the step under way end, then saves; the second ends at once.

    Raises:
        Problem: whatever data, training section or Keras itself make impossible, at its place in the spec.
        RunError: if the run folder can't be made.
    """
    if run_dir is not None:
        files.require_empty(run_dir)  # before anything that takes time
    kernels = choose_kernels(typed, None if resume is None else resume.kernels)
    quiet()
    require_backend(typed)
    show = progress() if show is None else show
    together = together_with(typed)
    training = trainable(together).graph.spec.training
    assert training is not None
    group = group_of(training)
    if group is not None:
        require_shared(typed.graph.spec, group)
    if group is not None and not group.chief:  # the chief tells and writes
        show, report = SILENT, False
    if resume is not None:
        resume.say = show.say
    prepared = _prepared(together, folder, data, validation, show)
    if prepared is None:
        _require_unweighed(typed)
    elif group is not None:
        require_rows(typed.graph.spec, group, prepared)
    rows_as_read = None if prepared is None else fingerprint(prepared.parts)
    if resume is not None:
        resume.require_rows(rows_as_read)
    rows = weigh(typed, prepared) if prepared is not None else ()
    _announce(prepared, show)
    import keras

    keras.utils.set_random_seed(training.seed)
    interface = interface_of(together, prepared, folder)
    given_as = "spec" if data is None else "dataset" if prepared is None else "arrays"
    starts = [one for one in (weights, None if inherit is None else inherit.model) if one is not None]
    noted_of_all = record(typed, interface, data=given_as, rows=rows_as_read, weights=starts)
    form = interface.form
    targets = bool(compared(together.graph.spec, typed.graph.outputs))
    own: Any = arranged(data, form, targets=targets) if prepared is None else None
    apart: Any = None
    if prepared is None and validation is not None:
        apart = arranged(validation, form, targets=targets)

    def raw() -> Any:
        if prepared is not None:
            return feed(inputs_only(prepared.parts["train"]), form, 4096)
        return own.map(lambda x, *rest: (x,))

    def first(typed: TypedGraph, built: Built) -> None:
        if weights is not None:
            take(built.model, weights)
        elif inherit is not None:
            inherit.weights(typed.graph, built)
        elif training.weights is not None and resume is None:  # a checkpoint has them all
            begin(built, training, training.weights, folder)

    architectures = architectures_of(typed, raw, first, folder, group)

    def given(halves: Cut | None) -> Feeds | None:
        return None if prepared is not None else feeds_of_datasets(own, apart, halves)

    devices = gpus()
    stages = stages_of(typed, rows, form, architectures, given, gpu=bool(devices), kernels=kernels)
    if group is not None:
        show.say(group.words)
        for stage in stages:
            stage.settings = group.settings(stage.settings)
    elif training.distribute is not None:
        show.say("distribute: there is one device here, which takes each batch alone")
    if resume is not None:
        resume.pin(stages)
        for difference in resume.differences(devices):
            show.say(f"not as it was when this run began: {difference}; the last digits may differ")
    bench = Bench(stages, form, group)
    for stage in reversed(stages):  # what Keras refuses in a later phase is said before the first
        bench.ready(stage)
    if inherit is not None:
        inherit.optimizer(bench.model.optimizer)
    if group is not None and not group.chief:
        place = RunFolder(Path(tempfile.mkdtemp(prefix="keraspec-")))
    else:
        place = RunFolder.create(typed.graph.name, run_dir) if resume is None else RunFolder(resume.folder)
    noted = {
        "data": given_as,
        "fingerprint": rows_as_read,
        "weights": None if weights is None else str(weights.resolve()),
    }
    try:
        for stage in stages:
            stage.callbacks = callbacks(stage.typed, place.path, stage.built.model, form, stage.first)
        if training.profile:
            stages[0].callbacks.append(profiler(place.path, show.say))
        if inherit is not None:
            place.json(CARRIED, inherit.table())
            for line in inherit.lines():
                show.say(line)
        session = Session(typed, bench, stages, place, show, prepared, resume, noted, noted_of_all, group)
        session.listener.enough = enough
        run = session.run(interface.table(), devices)
    except BaseException:
        if resume is None and (group is None or group.workers == 1):
            _leave(place)
        raise
    finally:
        if group is not None and not group.chief:
            shutil.rmtree(place.path, ignore_errors=True)
    if report:
        _report(run, typed, bench.built, interface, prepared, show)
    return run


def _leave(place: RunFolder) -> None:
    """Take a new run folder away in which nothing was learned: it would stand in the way of the next attempt."""
    with suppress(RunError), hold(place.path):  # one that another process has is not touched
        if files.is_untrained(place.path):
            place.discard()


def _report(
    run: Run, typed: TypedGraph, built: Built, interface: Interface, prepared: Prepared | None, show: Progress
) -> None:
    """Write the run's report. All else is kept by now, so that nothing is lost if it can't be written."""
    from .reporting import report_on

    try:
        # On JAX the weights of the model that was trained are with whoever trained, and with several devices on all of
        # them: one that is opened has its own.
        shared = typed.graph.spec.training is not None and typed.graph.spec.training.distribute is not None
        model = built.model if backend() == "tensorflow" and not shared else run.model()
        page = report_on(run, typed, model, interface, None if prepared is None else prepared.parts)
    except KeyboardInterrupt:
        show.say(f"interrupted: there is no report; `keraspec report {run.folder}` writes it")
    except Exception as error:
        show.say(f"no report: {condensed(error)}")
    else:
        show.say(f"report: {page}")


def together_with(typed: TypedGraph) -> TypedGraph:
    """The graph with all phases as one: rows are prepared once for all, and how much each counts is said for each."""
    training = typed.graph.spec.training
    return typed if training is None else with_training(typed, replace(whole(training), class_weight=None))


def _prepared(typed: TypedGraph, folder: Path, data: Any, validation: Any, show: Progress) -> Prepared | None:
    """Arrays, from the spec's source or given; None for a dataset of one's own."""
    if data is None:
        if validation is not None:
            raise ValueError("`validation` goes with `data`: give both, or leave both to the spec")
        return prepare(typed, folder, show)
    if isinstance(data, (tuple, list)):
        return from_arrays(typed, _pair(data), None if validation is None else _pair(validation))
    if not hasattr(data, "element_spec") or (validation is not None and not hasattr(validation, "element_spec")):
        raise ValueError("`data` is a pair of arrays (x, y), or a tf.data.Dataset of batches (x, y)")
    require_end(data=data, validation=validation)
    return None


def _require_unweighed(typed: TypedGraph) -> None:
    """Class weights are for rows that are prepared here."""
    training = typed.graph.spec.training
    if training is not None and any(stage.class_weight for stage in training.stages):
        raise ValueError(
            "`class_weight` weighs the rows that a spec reads: leave it out, and let the dataset give (x, y, weights)"
        )


def _pair(given: Any) -> tuple[Any, Any]:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError("arrays are given as a pair (x, y)")
    return given[0], given[1]


def _announce(prepared: Prepared | None, show: Progress) -> None:
    if prepared is None:
        return
    sizes = ", ".join(f"{prepared.parts[part].count} {part}" for part in PARTS if prepared.parts[part].count)
    dropped = f" ({prepared.dropped} left out for missing values)" if prepared.dropped else ""
    show.say(f"rows: {sizes}{dropped}")
    if prepared.skipped:
        count = len(prepared.skipped)
        many = "1 row that can't be read is" if count == 1 else f"{count} rows that can't be read are"
        show.say(f"{many} left out; the first: {prepared.skipped[0]}")
    for name, encoding in prepared.encodings.items():
        if encoding.classes is not None:
            show.say(f"classes of {name}: {', '.join(encoding.classes)}")

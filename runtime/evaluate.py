"""From Run to metrics: how well a trained model does on a part of its own data, or on another table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.graph import TypedGraph
from .architectures import as_left
from .columns import compared
from .compile import compile_model
from .data import Rows
from .environment import Settings, backend
from .feed import feed
from .interface import Interface
from .preprocessing import require_backend
from .progress import SILENT, Progress, in_order
from .reuse import file_of, interface_of_run, parts_again, rows_of, source_of, used_of
from .run import TERMS, Run, RunError, open_run
from .table import Table
from .unopened import Unopened
from .unreadable import reading

if TYPE_CHECKING:
    import keras

    from .judged import Judgement


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured: ``data`` names the rows, ``rows`` counts them, ``metrics`` are Keras' by name.

    ``judgement`` says what is taken for what, where that was asked for.
    """

    data: str
    rows: int
    metrics: dict[str, float]
    judgement: Judgement | None = None


def evaluate(
    typed: TypedGraph,
    run: str | Path,
    data: str | Path | Table | Unopened | None = None,
    *,
    part: str | None = None,
    confusion: Path | None = None,
    name: str | None = None,
    show: Progress = SILENT,
) -> Evaluation:
    """Measure a trained model with the loss and metrics of its spec, ``typed``; of phases the one it ended in counts.

    Keras forgets arguments of some losses when it saves a model (``Huber.delta``, any ``axis``); the spec does not.

    Without ``data``: on the test part of the data it was trained with, on the validation part where there is
    none, or on the training part; or on the ``part`` that is named. With ``data``, a file as ``predict`` takes it, a
    table or a source, with targets: on all its rows, which ``name`` names. Rows that do not fit into memory, or are
    not to be kept there, are read by the batch; ``show`` hears how far going through them has come. With ``confusion``
    the model goes through the rows once more, and what it takes for what is written into that folder (see
    ``reporting.keep_tables``).

    Raises:
        RunError: if ``run`` is no run folder with a model, there is no such file, or the part has no rows.
        Problem: E401 to E412, at their places in the spec as trained, for data that does not fit.
    """
    found = open_run(run)
    given, typed = typed, as_left(typed, found.folder)
    require_backend(typed)
    interface = interface_of_run(found.folder)
    if data is not None:
        if part is not None:
            raise RunError("a file is measured as a whole: leave out the part, or the file")
        source = data if isinstance(data, (Table, Unopened)) else file_of(Path(data), interface)
        used = used_of(interface, source, targets=True, show=show)
        rows, name = used.rows, name or (used.origin if source is data else Path(str(data)).name)
    else:
        name, rows = measured_part(interface, given, part, show)
    if not rows.targets and compared(typed.graph.spec, typed.graph.outputs):
        raise RunError(
            f"{found.folder} was trained with a dataset of your own: which columns its targets are is not known; "
            f"open {found.model_path} with Keras and call its evaluate"
        )
    model = ready(found, typed, interface)
    with reading():
        measured = model.evaluate(feed(rows, interface.form, interface.batch_size), verbose=0, return_dict=True)
    judgement = None
    if confusion is not None:
        from .judged import judge
        from .reporting import keep_verdicts

        judgement = judge(typed, model, interface, name, rows)
        confusion.mkdir(parents=True, exist_ok=True)
        keep_verdicts(confusion, judgement)
    return Evaluation(name, rows.count, in_order(measured), judgement)


def ready(run: Run, typed: TypedGraph, interface: Interface) -> keras.Model:
    """The trained model of a run, compiled with the loss and metrics of its spec; of phases, ``typed`` is one."""
    model = run.model()
    if typed.graph.terms:
        from .saved import open_model
        from .terms import with_terms

        model = with_terms(typed, model, open_model(run.folder / TERMS))
    jit: bool | str = False if backend() == "tensorflow" else "auto"
    compile_model(typed, model, interface.form, "sgd", Settings(jit, 1, ()))  # no step is taken
    return model


def measured_part(
    interface: Interface, typed: TypedGraph, part: str | None = None, show: Progress = SILENT
) -> tuple[str, Rows]:
    """The part of its own data that a model is measured on, and its name: the one asked for, or the first of test,
    validation and training that has rows. ``typed`` is the graph as trained, with all its phases.

    Raises:
        RunError: if the part asked for has no rows.
    """
    parts: Mapping[str, Rows] | None = None
    for name in ("test", "validation", "train") if part is None else (part,):
        if name in interface.split.sources:
            return name, rows_of(interface, source_of(interface, typed, name), targets=True, show=show)[0]
        if parts is None:
            parts = _parts(interface, typed, show)
        if parts[name].count:
            return name, parts[name]
    raise RunError(f"the {part or 'training'} part has no rows")


def _parts(interface: Interface, typed: TypedGraph, show: Progress) -> Mapping[str, Rows]:
    """The parts that a model was trained with; of rows that were laid down then, those, if they are still there."""
    source = source_of(interface, typed)
    if source.streams and typed.graph.spec.data is not None:
        from .streamed import still_there
        from .train import together_with

        encodings = {one.name: one.encoding for one in interface.outputs if one.encoding is not None}
        there = still_there(together_with(typed), source.folder, encodings)
        if there is not None:
            return there.parts
    return parts_again(interface, source, show)

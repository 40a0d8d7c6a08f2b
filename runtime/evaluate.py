"""From Run to metrics: how well a trained model does on a part of its own data, or on another table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..compiler.graph import TypedGraph
from ..compiler.phases import stages
from .columns import compared
from .compile import compile_model
from .data import Rows
from .environment import Settings, backend
from .feed import feed
from .interface import Interface
from .preprocessing import require_backend
from .progress import in_order
from .reuse import interface_of_run, parts_again, read_file, read_source, rows_of
from .run import TERMS, RunError, open_run


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured: ``data`` names the rows, ``rows`` counts them, ``metrics`` are Keras' by name."""

    data: str
    rows: int
    metrics: dict[str, float]


def evaluate(typed: TypedGraph, run: str | Path, data: str | Path | None = None) -> Evaluation:
    """Measure a trained model with the loss and metrics of its spec, ``typed``; of phases the last one counts.

    Keras forgets arguments of some losses when it saves a model (``Huber.delta``, any ``axis``); the spec does not.

    Without ``data``: on the test part of the data it was trained with, on the validation part where there is
    none, or on the training part. With ``data``, a file as ``predict`` takes it, with targets: on all its rows.

    Raises:
        RunError: if ``run`` is no run folder with a model, or there is no such file.
        Problem: E401 to E412, at their places in the spec as trained, for data that does not fit.
    """
    found = open_run(run)
    typed = stages(typed)[-1]
    require_backend(typed)
    interface = interface_of_run(found.folder)
    if data is not None:
        path = Path(data)
        rows, _ = rows_of(interface, read_file(path, interface), targets=True)
        name = path.name
    else:
        name, rows = _measured(interface, typed)
    if not rows.targets and compared(typed.graph.spec, typed.graph.outputs):
        raise RunError(
            f"{found.folder} was trained with a dataset of your own: which columns its targets are is not known; "
            f"open {found.model_path} with Keras and call its evaluate"
        )
    model = found.model()
    if typed.graph.terms:
        from .saved import open_model
        from .terms import with_terms

        model = with_terms(typed, model, open_model(found.folder / TERMS))
    jit: bool | str = False if backend() == "tensorflow" else "auto"
    compile_model(typed, model, interface.form, "sgd", Settings(jit, 1, ()))  # no step is taken
    measured = model.evaluate(feed(rows, interface.form, interface.batch_size), verbose=0, return_dict=True)
    return Evaluation(name, rows.count, in_order(measured))


def _measured(interface: Interface, typed: TypedGraph) -> tuple[str, Rows]:
    """The part of its own data that a model is measured on, and its name."""
    for name in ("test", "validation"):
        if name in interface.split.sources:
            return name, rows_of(interface, read_source(interface, typed, name), targets=True)[0]
        if name == "test":
            parts = parts_again(interface, read_source(interface, typed))
        if parts[name].count:
            return name, parts[name]
    return "train", parts["train"]

"""Training a checked spec and using what came of it: problems on the way come out with their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checked import Checked, SpecError, compile_file
from .spec.problem import Problem

if TYPE_CHECKING:
    from .runtime.evaluate import Evaluation
    from .runtime.export import Export
    from .runtime.predict import Predictions
    from .runtime.progress import Progress
    from .runtime.run import Run


def train(
    checked: Checked,
    *,
    data: Any = None,
    validation: Any = None,
    run_dir: Path | None = None,
    epochs: int | None = None,
    show: Progress | None = None,
    weights: Path | None = None,
) -> Run:
    """Train a checked spec; see ``runtime.train.train``.

    Raises:
        SpecError: if the spec has errors, or data or Keras do not agree with it.
        RunError: if the run folder can't be made.
    """
    from .runtime.train import train as trained

    if epochs is not None:
        checked = _with_epochs(checked, epochs)
    checked = checked.asked()
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    with _placed(lambda: checked):
        return trained(
            checked.typed, checked.path.parent,
            run_dir=run_dir, data=data, validation=validation, show=show, weights=weights,
        )  # fmt: skip


def evaluate(run: str | Path, data: str | Path | None = None) -> Evaluation:
    """Measure a trained model; see ``runtime.evaluate.evaluate``.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        RunError: if ``run`` is no run folder with a model, or there is no such file.
    """
    from .runtime.evaluate import evaluate as evaluated
    from .runtime.run import open_run

    checked = _as_trained(open_run(run).folder)
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    with _placed(lambda: checked):
        return evaluated(checked.typed, run, data)


def predict(run: str | Path, data: str | Path, out: str | Path | None = None) -> Predictions:
    """Use a trained model on new rows; see ``runtime.predict.predict``.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        RunError: if ``run`` is no run folder with a model, or there is no such file.
        OSError: if ``out`` can't be written.
    """
    from .runtime.predict import predict as predicted

    with _placed(lambda: _as_trained(Path(run))):
        return predicted(run, data, out)


def export(run: str | Path, format: str, path: str | Path | None = None) -> Export:
    """Write a trained model for use elsewhere; see ``runtime.export.export``.

    Raises:
        SpecError: if the format can't carry the model, or what was read back computes other numbers.
        RunError: if ``run`` is no run folder with a model, or the path can't be written to.
        ValueError: if there is no such format.
    """
    from .runtime.export import export as exported
    from .runtime.run import open_run

    checked = _as_trained(open_run(run).folder)
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    with _placed(lambda: checked):
        return exported(checked.typed, run, format, None if path is None else Path(path))


def _with_epochs(checked: Checked, epochs: int) -> Checked:
    from .spec.overlay import override
    from .spec.to_toml import verbatim, written

    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, found {epochs}")
    if checked.typed is None or checked.document is None or checked.typed.graph.spec.training is None:
        return checked
    spec = checked.typed.graph.spec
    assert spec.training is not None
    phases = tuple(replace(one, epochs=epochs) for one in spec.training.phases)
    setting = f"training.epochs={epochs}"
    if phases:  # in a phase without a name nothing can be set
        own = checked.document.expansion.written if checked.document.expansion is not None else checked.document
        tables = [{**one, "epochs": epochs} for one in own.data["training"]["phases"]]
        setting = f"training.phases={written(verbatim(tables), broken=False)}"
    document = override(checked.document, [setting])
    spec = replace(spec, training=replace(spec.training, epochs=epochs, phases=phases), document=document)
    graph = replace(checked.typed.graph, spec=spec)
    return replace(checked, document=document, spec=spec, graph=graph, typed=replace(checked.typed, graph=graph))


def _as_trained(run: Path) -> Checked:
    from .runtime.run import RunError, find_spec

    path = find_spec(run)
    if path is None:
        raise RunError(f"{run} has no spec in it")
    return compile_file(path)


@contextmanager
def _placed(checked: Callable[[], Checked]) -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        raise checked().error(problem) from problem

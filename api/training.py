"""Training a checked spec and using what came of it: problems on the way come out with their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, overload

from .checked import Checked, SpecError, compile_file
from .spec.document import Place, Source
from .spec.finding import Diagnostic, Finding
from .spec.problem import Problem

if TYPE_CHECKING:
    from .compiler.graph import Graph
    from .runtime.evaluate import Evaluation
    from .runtime.export import Export
    from .runtime.inheriting import Inheritance
    from .runtime.listening import Enough
    from .runtime.predict import Predictions
    from .runtime.progress import Progress
    from .runtime.run import Run
    from .runtime.table import Table
    from .runtime.unopened import Unopened
    from .runtime.written import Written

SPECS: Final = (".toml", ".json")
"""Endings of specs; no file of data has them."""

WAYS: Final = {
    "E403": "the model knows only the classes it was trained with",
    "E404": "fill these cells, or leave out their rows: the model was trained on rows without gaps",
    "E405": "mend these cells, or give a file of the form that the model was trained on",
}
"""What to do about rows that don't fit a model which is trained already."""


def train(
    checked: Checked,
    *,
    data: Any = None,
    validation: Any = None,
    run_dir: Path | None = None,
    epochs: int | None = None,
    show: Progress | None = None,
    weights: Path | None = None,
    report: bool = False,
    begin_with: Path | None = None,
    enough: Enough | None = None,
    folder: Path | None = None,
) -> Run:
    """Train a checked spec; see ``runtime.train.train``. ``begin_with`` is the folder of a run: its model's weights are
    taken over where they still fit. Paths in the spec are relative to ``folder``, or else to where it stands.

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
    from .compiler.phases import stages

    inherit = None if begin_with is None else _inherited(begin_with, stages(checked.typed)[0].graph)
    with _placed(lambda: checked):
        return trained(
            checked.typed, folder or checked.path.parent, run_dir=run_dir, data=data, validation=validation, show=show,
            weights=weights, report=report, inherit=inherit, enough=enough,
        )  # fmt: skip


def _inherited(run: Path, graph: Graph) -> Inheritance:
    """What a run's model has for a graph: which of its layers are which.

    Raises:
        RunError: if it is no run folder with a model, or its spec can't be read.
    """
    from .compiler.diff.matching import matched
    from .runtime.architectures import as_left
    from .runtime.inheriting import Inheritance
    from .runtime.run import RunError, open_run

    found = open_run(run)
    old = as_trained(run)
    if old.typed is None:
        raise RunError(f"the spec in {run} can't be read any more, so it can't be told which layers are which")
    left = as_left(old.typed, found.folder).graph
    return Inheritance(found.folder, found.model_path, left, matched(left, graph))


def resume(
    run: Path,
    *,
    spec: Checked | None = None,
    data: Any = None,
    validation: Any = None,
    show: Progress | None = None,
    report: bool = False,
) -> Run:
    """Go on with a run that was interrupted, from its newest checkpoint; one that is over is given as it is.

    ``spec`` is compared with that of the run, where one is given; ``data`` and ``validation`` are those of ``train``.

    Raises:
        SpecError: if the rows are other ones, or what ``train`` raises it for.
        RunError: if ``run`` can't be gone on with, or was trained by another spec.
    """
    import json

    from .runtime.resume import resumable
    from .runtime.run import INTERFACE, RunError, open_run
    from .runtime.train import train as trained

    found = resumable(run, given=data is not None)
    checked = as_trained(run).asked()
    if spec is not None and (other := difference(spec, checked)) is not None:
        raise RunError(f"{spec.path} is not the spec of this run: {other}; leave it out, or train anew")
    if found.over:
        return open_run(run)
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    try:
        folder = Path(json.loads((run / INTERFACE).read_text("utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{run / INTERFACE} can't be read: {error}") from error
    with _placed(lambda: checked):
        return trained(
            checked.typed, folder,
            data=data, validation=validation, show=show, weights=found.weights, report=report, resume=found,
        )  # fmt: skip


def difference(given: Checked, trained: Checked) -> str | None:
    """The first thing in which a spec is not the one of a run, in words."""
    if given.errors or given.document is None or trained.document is None:
        return "it has errors"
    here, there = (_written(one) for one in (given, trained))
    return _unlike(here, there, ())


def _written(checked: Checked) -> Any:
    document = checked.document
    assert document is not None
    return document.data if document.expansion is None else document.expansion.written.data


def _unlike(here: Any, there: Any, at: tuple[str, ...]) -> str | None:
    if isinstance(here, dict) and isinstance(there, dict):
        for key in {**there, **here}:
            if (found := _unlike(here.get(key), there.get(key), (*at, str(key)))) is not None:
                return found
        return None
    return None if here == there else f"`{'.'.join(at)}` differs"


def evaluate(
    run: str | Path,
    data: str | Path | None = None,
    *,
    part: str | None = None,
    confusion: Path | None = None,
    show: Progress | None = None,
) -> Evaluation:
    """Measure a trained model; see ``runtime.evaluate.evaluate``. ``data`` may also be a spec: then it is its source.
    ``show`` hears how far going through a source larger than memory has come.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        RunError: if ``run`` is no run folder with a model, or there is no such file.
    """
    from .runtime.evaluate import evaluate as evaluated
    from .runtime.progress import SILENT
    from .runtime.run import open_run

    checked = as_trained(open_run(run).folder)
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    given, other = _given(data)
    with _placed(lambda: checked, other, _file(data)):
        name = None if data is None else Path(data).name
        return evaluated(
            checked.typed, run, given, part=part, confusion=confusion, name=name, show=show or SILENT
        )  # fmt: skip


@overload
def predict(run: str | Path, data: str | Path, *, show: Progress | None = None) -> Predictions: ...


@overload
def predict(run: str | Path, data: str | Path, out: str | Path, *, show: Progress | None = None) -> Written: ...


@overload
def predict(
    run: str | Path, data: str | Path, out: str | Path | None, *, show: Progress | None = None
) -> Predictions | Written: ...


def predict(
    run: str | Path, data: str | Path, out: str | Path | None = None, *, show: Progress | None = None
) -> Predictions | Written:
    """Use a trained model on new rows; see ``runtime.predict.predict``. ``data`` may also be a spec: then it is its
    source. With ``out`` predictions are written to that file, a batch at a time; see ``runtime.written.written``.
    ``show`` hears how far going through a source larger than memory has come.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        RunError: if ``run`` is no run folder with a model, there is no such file, or ``out`` is of no known format.
        OSError: if ``out`` can't be written.
    """
    from .runtime.predict import ask
    from .runtime.predict import predict as predicted
    from .runtime.progress import SILENT
    from .runtime.run import open_run
    from .runtime.written import require_format, written

    open_run(run)
    if out is not None:
        require_format(Path(out))
    given, other = _given(data)
    assert given is not None
    with _placed(lambda: as_trained(Path(run)), other, _file(data)):
        if out is None:
            return predicted(run, given, show or SILENT)
        return written(ask(run, given, show or SILENT), out)


def printed(run: str | Path, data: str | Path, stream: IO[str], *, show: Progress | None = None) -> Written:
    """Predictions as CSV, a batch at a time; see ``predict``."""
    from .runtime.predict import ask
    from .runtime.progress import SILENT
    from .runtime.run import open_run
    from .runtime.written import filled, told, write_csv

    open_run(run)
    given, other = _given(data)
    assert given is not None
    with _placed(lambda: as_trained(Path(run)), other, _file(data)):
        asked = ask(run, given, show or SILENT)
        write_csv(filled(asked.pieces(), asked.count), stream)
        return told(asked, Path())


def _file(data: str | Path | None) -> Path | None:
    return None if data is None else Path(data)


def _given(data: str | Path | None) -> tuple[Path | Table | Unopened | None, Checked | None]:
    """A file of data as it is; of a spec its source, read unless it is larger than memory, and the spec."""
    if data is None or Path(data).suffix.lower() not in SPECS or not Path(data).is_file():
        return None if data is None else Path(data), None
    from .runtime.run import RunError
    from .runtime.sources import reader
    from .runtime.unopened import Unopened

    checked = compile_file(Path(data)).asked()
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    found = checked.typed.graph.spec.data
    if found is None:
        raise RunError(f"{data} has no [data] section: it names no rows")
    with _placed(lambda: checked):
        source = Unopened(
            reader(found.source["type"]), found.source, checked.path.parent, (*found.pointer, "source"),
            found.on_error == "skip", checked.typed, found.cache, own=True,
        )  # fmt: skip
        return source if source.streams else source.read(), checked


def export(run: str | Path, format: str, path: str | Path | None = None) -> Export:
    """Write a trained model for use elsewhere; see ``runtime.export.export``.

    Raises:
        SpecError: if the format can't carry the model, or what was read back computes other numbers.
        RunError: if ``run`` is no run folder with a model, or the path can't be written to.
        ValueError: if there is no such format.
    """
    from .runtime.export import export as exported
    from .runtime.run import open_run

    checked = as_trained(open_run(run).folder)
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    with _placed(lambda: checked):
        return exported(checked.typed, run, format, None if path is None else Path(path))


def report(run: str | Path, *, judged: bool = False) -> Path:
    """Write the page of a run again; see ``runtime.reporting.report_again``.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        RunError: if ``run`` is no run folder with a model.
    """
    from .runtime.reporting import report_again, write_page
    from .runtime.run import JUDGED, open_run

    folder = open_run(run).folder
    if (folder / JUDGED).is_file() and not judged:
        return write_page(folder)
    checked = as_trained(folder)
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    with _placed(lambda: checked):
        return report_again(checked.typed, folder, judged=judged)


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


def as_trained(run: Path) -> Checked:
    """The spec of a run folder.

    Raises:
        RunError: if there is none in it.
    """
    from .runtime.run import RunError, find_spec

    path = find_spec(run)
    if path is None:
        raise RunError(f"{run} has no spec in it")
    return compile_file(path)


@contextmanager
def _placed(checked: Callable[[], Checked], other: Checked | None = None, file: Path | None = None) -> Iterator[None]:
    """Turns a problem into diagnostics with their places in a spec. What is wrong with rows that were given is told of
    the ``file`` that they are in, or of the ``other`` spec that names their source."""
    try:
        yield
    except Problem as problem:
        found = problem.findings
        if (other is None and file is None) or any(one.pointer[:1] != ("data",) for one in found):
            raise checked().error(problem) from problem
        given = [_of_given(one) for one in found]
        if other is not None:
            raise other.error(Problem(*given)) from problem
        place = Place(Source(str(file), ""), 0, 0)
        raise SpecError([Diagnostic(replace(one, pointer=()), place) for one in given]) from problem


def _of_given(finding: Finding) -> Finding:
    """What is wrong with rows that a trained model was given: what the spec would have to say is no way out."""
    if finding.pointer[:2] == ("data", "source"):
        return finding
    way = WAYS.get(finding.code, finding.help)
    return replace(finding, pointer=("data", "source"), part="value", help=way, related=(), inside=None)

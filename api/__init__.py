"""keraspec: neural networks as TOML or JSON, checked without TensorFlow, drawn, compiled to Keras and trained.

    import keraspec

    spec = keraspec.load("digits.keraspec.toml")     # in a notebook: its picture
    for one in spec.diagnostics:
        print(one.line, one.message, one.help)
    print(keraspec.show(spec).totals.params)
    keraspec.draw(spec, "digits.svg")
    model = keraspec.build(spec)                     # a keras.Model
    run = keraspec.train(spec)                       # or train(spec, data=(x, y))

Importing this module loads neither Keras nor TensorFlow; ``build`` and ``train`` do, when they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, overload

if TYPE_CHECKING:
    from pathlib import Path

    import keras

    from .checked import Checked, SpecError
    from .comparing import Comparison
    from .compiler.show import Summary
    from .importing import Imported
    from .picture import Drawing
    from .runtime.evaluate import Evaluation
    from .runtime.export import Export
    from .runtime.predict import Predictions
    from .runtime.run import Run
    from .runtime.written import Written
    from .spec.finding import Diagnostic

__all__ = [
    "Checked",
    "Comparison",
    "Diagnostic",
    "Drawing",
    "Evaluation",
    "Export",
    "Imported",
    "Predictions",
    "Run",
    "SpecError",
    "Summary",
    "Written",
    "allow_plugin",
    "build",
    "check",
    "diff",
    "draw",
    "evaluate",
    "export",
    "import_model",
    "load",
    "predict",
    "report",
    "resume",
    "show",
    "source",
    "train",
]

_TYPES: Final = {
    "Checked": ".checked",
    "Comparison": ".comparing",
    "SpecError": ".checked",
    "Diagnostic": ".spec.finding",
    "Drawing": ".picture",
    "Evaluation": ".runtime.evaluate",
    "Export": ".runtime.export",
    "Imported": ".importing",
    "Predictions": ".runtime.predict",
    "Run": ".runtime.run",
    "Summary": ".compiler.show",
    "Written": ".runtime.written",
}


def __getattr__(name: str) -> Any:
    """Load the types when they are asked for, so that ``import keraspec`` stays light."""
    if name in _TYPES:
        return getattr(import_module(_TYPES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def allow_plugin(plugin: str) -> None:
    """Let the specs of this process use a plugin, which runs its code; see ``keraspec.plugin`` for how one is written.

    Args:
        plugin: the name of an installed plugin, or the path of a ``.py`` file.

    Raises:
        ValueError: if there is no such plugin, or it can't be used.
    """
    from .plugins import allow_plugin as allow

    allow(plugin)


def load(spec: str | PathLike[str], overrides: Sequence[str] = ()) -> Checked:
    """Read and check a spec file; what is wrong with it is in ``diagnostics``, nothing is raised for that.

    Args:
        spec: path of a ``.toml`` or ``.json`` file.
        overrides: settings as on the command line, ``"training.epochs=3"``.

    Raises:
        OSError: if the file can't be read.
        ValueError: if an override can't be understood.
    """
    from .checked import compile_file

    return compile_file(_path(spec), overrides)


def check(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """All that is wrong with a spec, in the order of the file; empty where nothing is.

    Raises:
        OSError: if the file can't be read.
    """
    return _loaded(spec, overrides).diagnostics


def show(spec: str | PathLike[str] | Checked, batch_size: int = 1) -> Summary:
    """The table of layers with shapes, parameters and FLOPs, and what the model costs at a batch size.

    Raises:
        SpecError: if the spec has errors.
    """
    from .compiler.show import summarise

    return summarise(_sound(_loaded(spec)), batch_size)


def draw(spec: str | PathLike[str] | Checked, output: str | PathLike[str] | None = None) -> Drawing:
    """The picture of a network, also written to ``output`` (``.svg``, ``.png``, ``.pdf``, ``.dot``, ``.mmd``).

    Raises:
        SpecError: if so much is wrong with the spec that there is nothing to draw.
        ValueError: if the ending of ``output`` names no format.
    """
    from .picture import Drawing

    loaded = _loaded(spec).asked()
    if loaded.typed is None or not loaded.typed.graph.nodes:
        raise _error(loaded)
    drawing = Drawing(loaded.typed)
    if output is not None:
        drawing.save(_path(output))
    return drawing


def diff(old: str | PathLike[str] | Checked, new: str | PathLike[str] | Checked) -> Comparison:
    """All that two specs differ in, by meaning; each is a loaded one, a path, or ``REV:PATH`` of git.

    Raises:
        SpecError: if one of them is no text at all; of one with errors as much is compared as is known.
        OSError, ValueError: if a file can't be read, or git does not have it.
    """
    from .checked import Checked
    from .comparing import compare, loaded

    first, second = (one if isinstance(one, Checked) else loaded(str(one)) for one in (old, new))
    return compare(first, second)


def build(spec: str | PathLike[str] | Checked, weights: str | PathLike[str] | None = None) -> keras.Model:
    """The Keras Functional model of a spec, not compiled; layers carry their entries' names.

    ``weights`` is a ``.weights.h5`` file, as ``import_model`` and ``model.save_weights`` write it.

    Raises:
        SpecError: if the spec has errors, Keras refuses an entry, or a weight of the file does not fit.
        OSError: if the file with weights can't be opened.
        ImportError: if Keras or its backend is not installed.
    """
    from .compiler.build import build as built
    from .spec.problem import Problem

    loaded = _checked(spec)
    try:
        model = built(_sound(loaded), loaded.path.parent)
        if weights is not None:
            from .runtime.carrying import take

            take(model, _path(weights))
        return model
    except Problem as problem:
        raise loaded.error(problem) from problem


def import_model(model: str | PathLike[str] | keras.Model, *, fold: bool = False) -> Imported:
    """The spec of a Keras model; its ``text`` is TOML, ``save`` and ``save_weights`` write it and the weights.

    A file is read as data, and Keras is not imported for it.

    Args:
        model: path of a ``.keras`` or ``.h5`` file or of the JSON that ``model.to_json()`` gives, of any Keras since
            the first, or of a ``model.json`` of TensorFlow.js; or a model object.
        fold: whether repeated layers are written as blocks and ``repeat``.

    Raises:
        SpecError: with all that a spec can't say of the model, or if the file holds none.
        OSError: if the file can't be opened.
    """
    from .importing import import_model as imported

    return imported(_path(model) if isinstance(model, str | PathLike) else model, fold=fold)


def source(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = (), *, train: bool = False) -> str:
    """The text of a plain Keras program that builds the same model, and needs no keraspec.

    Args:
        spec: path of a spec, or a loaded one.
        overrides: settings as on the command line; only where ``spec`` is a path.
        train: whether the program reads the spec's data and trains as well. Paths are relative to where the spec
            lies: the program belongs beside it.

    Raises:
        SpecError: if the spec has errors, or needs data or a plugin that a program of its own can't have.
    """
    from .compiler.source.program import program
    from .spec.problem import Problem

    loaded = _checked(spec, overrides)
    try:
        return program(_sound(loaded), train=train)
    except Problem as problem:
        raise loaded.error(problem) from problem


def train(
    spec: str | PathLike[str] | Checked,
    data: Any = None,
    *,
    validation: Any = None,
    run_dir: str | PathLike[str] | None = None,
    epochs: int | None = None,
    overrides: Sequence[str] = (),
    weights: str | PathLike[str] | None = None,
    begin_with: str | PathLike[str] | None = None,
    report: bool = True,
) -> Run:
    """Train a spec on the data that it names, or on ``data``.

    Args:
        spec: path of a spec, or a loaded one.
        data: ``(x, y)`` with arrays (or dicts of arrays by the names of inputs and outputs), the first axis
            being the rows; or a ``tf.data.Dataset`` of batches ``(x, y)``.
        validation: the same kind of thing, measured after each epoch.
        run_dir: folder to write to; left out: a new one below ``runs/``.
        epochs: instead of those that the spec states.
        overrides: settings as on the command line; only where ``spec`` is a path.
        weights: a ``.weights.h5`` file to begin with; left out: random numbers.
        begin_with: a run folder: every weight of its model that still fits is taken over, with what the optimizer
            keeps.
        report: whether the model is then tried on the test part (the validation part where there is none), and
            ``report.html`` written, with what it takes for what and where it is most wrong.

    Raises:
        SpecError: if the spec has errors, or the data or a weight of the file does not fit it.
        ValueError: if the run folder can't be made.
        ImportError: if Keras or its backend is not installed.
    """
    from .training import train as trained

    folder = None if run_dir is None else _path(run_dir)
    begin = None if weights is None else _path(weights)
    return trained(
        _loaded(spec, overrides), data=data, validation=validation, run_dir=folder, epochs=epochs, weights=begin,
        report=report, begin_with=None if begin_with is None else _path(begin_with),
    )  # fmt: skip


def resume(run: str | PathLike[str], data: Any = None, *, validation: Any = None, report: bool = True) -> Run:
    """Go on with a training that was interrupted or killed, from its newest checkpoint, in its own folder.

    On a CPU it comes to the same weights, bit for bit, as if it had never been stopped. A run that is over is given as
    it is; one that has no checkpoint begins anew.

    Args:
        run: the run folder.
        data: the same rows again, where the run was trained on arrays or a dataset of one's own.
        validation: as for ``train``.
        report: as for ``train``.

    Raises:
        SpecError: if the rows are other ones than before, or whatever ``train`` raises it for.
        ValueError: if ``run`` is no run folder, is being written to, or began on another backend.
    """
    from .training import resume as resumed

    return resumed(_path(run), data=data, validation=validation, report=report)


def evaluate(
    run: str | PathLike[str],
    data: str | PathLike[str] | None = None,
    *,
    part: str | None = None,
    confusion: str | PathLike[str] | None = None,
) -> Evaluation:
    """Measure a trained model on a part of its own data, or on the rows of another source.

    Args:
        run: a run folder.
        data: a file with targets, or a spec, whose source is then read; left out: the test part of the model's own data
            (the validation part where there is none, else the training part).
        part: ``"train"``, ``"validation"`` or ``"test"`` of its own data.
        confusion: a folder into which is written what the model takes for what: counts, and precision, recall and F1
            of each class, as CSV and as a picture.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        ValueError: if ``run`` is no run folder with a model, there is no such file, or the part has no rows.
    """
    from .training import evaluate as evaluated

    folder = None if confusion is None else _path(confusion)
    return evaluated(_path(run), None if data is None else _path(data), part=part, confusion=folder)


@overload
def predict(run: str | PathLike[str], data: str | PathLike[str]) -> Predictions: ...


@overload
def predict(run: str | PathLike[str], data: str | PathLike[str], out: str | PathLike[str]) -> Written: ...


def predict(
    run: str | PathLike[str], data: str | PathLike[str], out: str | PathLike[str] | None = None
) -> Predictions | Written:
    """Use a trained model on the rows of a file; class names come back where labels were text.

    Args:
        run: a run folder.
        data: a file as ``keraspec predict`` takes it, or a spec, whose source is then read.
        out: a ``.csv``, ``.jsonl``, ``.json`` (each with ``.gz`` or without), ``.parquet`` or ``.npz`` file. With it,
            predictions are written there a batch at a time, and only their number comes back.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        ValueError: if ``run`` is no run folder with a model, or there is no such file.
        OSError: if ``out`` can't be written.
    """
    from .training import predict as predicted

    return predicted(_path(run), _path(data), None if out is None else _path(out))


def report(run: str | PathLike[str], *, judged: bool = False) -> Path:
    """Write what training came to as a page to read, ``report.html`` in the run folder; its path.

    Args:
        run: a run folder.
        judged: whether the model goes through its rows again, even if the folder says already what it gets right.

    Raises:
        SpecError: if the model has to go through its rows, and they do not fit the spec as trained.
        ValueError: if ``run`` is no run folder with a model.
    """
    from .training import report as written

    return written(_path(run), judged=judged)


def export(run: str | PathLike[str], format: str, path: str | PathLike[str] | None = None) -> Export:
    """Write a trained model for use elsewhere; what was written is read back and compared with the model.

    Args:
        run: a run folder.
        format: ``"keras"``, ``"savedmodel"``, ``"onnx"``, ``"tflite"``, ``"weights"`` or ``"config"``.
        path: the file (a folder for ``"savedmodel"``); left out: below ``export/`` in the run folder.

    Raises:
        SpecError: if the format can't carry the model, or what was read back computes other numbers.
        ValueError: if ``run`` is no run folder with a model, there is no such format, or the path can't be written to.
        ImportError: if a package is missing: ``pip install "keraspec[export]"``.
    """
    from .training import export as exported

    return exported(_path(run), format, None if path is None else _path(path))


def _path(path: str | PathLike[str]) -> Path:
    from pathlib import Path

    return Path(path)


def _loaded(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> Checked:
    from .checked import Checked

    return spec if isinstance(spec, Checked) else load(spec, overrides)


def _checked(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> Checked:
    loaded = _loaded(spec, overrides).asked()
    if not loaded.ok:
        raise _error(loaded)
    return loaded


def _sound(loaded: Checked) -> Any:
    loaded = loaded.asked()
    if not loaded.ok or loaded.typed is None:
        raise _error(loaded)
    return loaded.typed


def _error(loaded: Checked) -> SpecError:
    from .checked import SpecError

    return SpecError(loaded.diagnostics)

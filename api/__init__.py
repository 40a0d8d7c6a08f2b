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
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

    import keras

    from .checked import Checked, SpecError
    from .compiler.show import Summary
    from .picture import Drawing
    from .runtime.evaluate import Evaluation
    from .runtime.predict import Predictions
    from .runtime.run import Run
    from .spec.finding import Diagnostic

__all__ = [
    "Checked",
    "Diagnostic",
    "Drawing",
    "Evaluation",
    "Predictions",
    "Run",
    "SpecError",
    "Summary",
    "allow_plugin",
    "build",
    "check",
    "draw",
    "evaluate",
    "load",
    "predict",
    "show",
    "train",
]

_TYPES: Final = {
    "Checked": ".checked",
    "SpecError": ".checked",
    "Diagnostic": ".spec.finding",
    "Drawing": ".picture",
    "Evaluation": ".runtime.evaluate",
    "Predictions": ".runtime.predict",
    "Run": ".runtime.run",
    "Summary": ".compiler.show",
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

    loaded = _loaded(spec)
    if loaded.typed is None or not loaded.typed.graph.nodes:
        raise _error(loaded)
    drawing = Drawing(loaded.typed)
    if output is not None:
        drawing.save(_path(output))
    return drawing


def build(spec: str | PathLike[str] | Checked) -> keras.Model:
    """The Keras Functional model of a spec, not compiled; layers carry their entries' names.

    Raises:
        SpecError: if the spec has errors, or Keras refuses an entry.
        ImportError: if Keras or its backend is not installed.
    """
    from .compiler.build import build as built
    from .spec.problem import Problem

    loaded = _checked(spec)
    try:
        return built(_sound(loaded), loaded.path.parent)
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

    Raises:
        SpecError: if the spec has errors, or the data does not fit it.
        ValueError: if the run folder can't be made.
        ImportError: if Keras or its backend is not installed.
    """
    from .training import train as trained

    folder = None if run_dir is None else _path(run_dir)
    return trained(_loaded(spec, overrides), data=data, validation=validation, run_dir=folder, epochs=epochs)


def evaluate(run: str | PathLike[str], data: str | PathLike[str] | None = None) -> Evaluation:
    """Measure a trained model on each part of its data, or on the rows of another file.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        ValueError: if ``run`` is no run folder with a model, or there is no such file.
    """
    from .training import evaluate as evaluated

    return evaluated(_path(run), None if data is None else _path(data))


def predict(run: str | PathLike[str], data: str | PathLike[str], out: str | PathLike[str] | None = None) -> Predictions:
    """Use a trained model on the rows of a file; class names come back where labels were text.

    Raises:
        SpecError: if the data does not fit the spec as trained.
        ValueError: if ``run`` is no run folder with a model, or there is no such file.
        OSError: if ``out`` can't be written.
    """
    from .training import predict as predicted

    return predicted(_path(run), _path(data), None if out is None else _path(out))


def _path(path: str | PathLike[str]) -> Path:
    from pathlib import Path

    return Path(path)


def _loaded(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> Checked:
    from .checked import Checked

    return spec if isinstance(spec, Checked) else load(spec, overrides)


def _checked(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> Checked:
    loaded = _loaded(spec, overrides)
    if not loaded.ok:
        raise _error(loaded)
    return loaded


def _sound(loaded: Checked) -> Any:
    if not loaded.ok or loaded.typed is None:
        raise _error(loaded)
    return loaded.typed


def _error(loaded: Checked) -> SpecError:
    from .checked import SpecError

    return SpecError(loaded.diagnostics)

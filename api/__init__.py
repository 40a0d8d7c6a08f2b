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
from typing import TYPE_CHECKING, Any, Final, Literal

from .given import checked_of, error_of, loaded_of, path_of, sound
from .trained import evaluate, export, predict, report, resume, train, verify

if TYPE_CHECKING:
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
    from .verifying import Verified

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
    "Verified",
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
    "verify",
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
    "Verified": ".verifying",
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

    return compile_file(path_of(spec), overrides)


def check(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """All that is wrong with a spec, in the order of the file; empty where nothing is.

    Raises:
        OSError: if the file can't be read.
    """
    return loaded_of(spec, overrides).diagnostics


def show(spec: str | PathLike[str] | Checked, batch_size: int = 1) -> Summary:
    """The table of layers with shapes, parameters and FLOPs, and what the model costs at a batch size.

    Raises:
        SpecError: if the spec has errors.
    """
    from .compiler.show import summarise

    return summarise(sound(loaded_of(spec)), batch_size)


def draw(
    spec: str | PathLike[str] | Checked,
    output: str | PathLike[str] | None = None,
    *,
    theme: Literal["auto", "light", "dark", "paper"] = "auto",
    depth: int | None = None,
    expand: str | Sequence[str] = (),
    whole: bool = False,
    heat: Literal["params", "flops", "bytes"] | None = None,
    direction: Literal["TB", "LR"] = "TB",
) -> Drawing:
    """The picture of a network, also written to ``output``: ``.svg``, ``.png``, ``.pdf``, ``.html``, ``.dot``, ``.mmd``

    ``depth`` is how many blocks inside one another are opened (None: as many as can be read), ``expand`` names blocks,
    or patterns of such, to open beside; ``whole`` draws every layer by itself; ``heat`` colours them by what they cost.

    Raises:
        SpecError: if so much is wrong with the spec that there is nothing to draw.
        ValueError: if the ending of ``output`` names no format, or ``depth`` is below 0.
    """
    from .compiler.drawing.folding import Look
    from .picture import Drawing

    loaded = loaded_of(spec).asked()
    if loaded.typed is None or not loaded.typed.graph.nodes:
        raise error_of(loaded)
    patterns = (expand,) if isinstance(expand, str) else tuple(expand)
    drawing = Drawing(loaded.typed, Look(depth, patterns, whole, heat, direction), theme)
    if output is not None:
        drawing.save(path_of(output))
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

    loaded = checked_of(spec)
    try:
        model = built(sound(loaded), loaded.path.parent)
        if weights is not None:
            from .runtime.carrying import take

            take(model, path_of(weights))
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

    return imported(path_of(model) if isinstance(model, str | PathLike) else model, fold=fold)


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

    loaded = checked_of(spec, overrides)
    try:
        return program(sound(loaded), train=train)
    except Problem as problem:
        raise loaded.error(problem) from problem

"""From Run to a file for elsewhere: written beside its place, read back, compared, and only then put there."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..compiler.build import condensed, legal
from ..compiler.graph import TypedGraph
from ..spec.finding import Finding
from ..spec.problem import Problem
from .environment import backend, held_back, quiet
from .exporting import Format, format_of
from .exporting.carried import lacking, misfit
from .exporting.computed import computed
from .exporting.unfit import UnfitError
from .interface import Interface
from .preprocessing import require_backend
from .reuse import interface_of_run, rows_of, source_of
from .run import RunError, open_run
from .sample import SIZES, random_rows

if TYPE_CHECKING:
    import keras

ROWS: Final = 8
"""Rows on which the exported model is compared with the trained one."""

FOLDER: Final = "export"
"""Of a run: where exported files go unless a path is given."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported.

    ``rows`` were computed with the model and with what was read back, rows of the data it was trained with where
    ``real``, else drawn at random. ``difference`` is the largest between two numbers; ``allowed`` is by how much they
    may differ, as a share of the largest number of an output, or of 1 where all are smaller. Where nothing is computed
    (``config``), ``rows`` is 0. ``remark`` is what else to know of the file, in a few words.
    """

    path: Path
    format: str
    rows: int
    real: bool
    difference: float
    allowed: float
    params: int
    remark: str | None = None


def export(typed: TypedGraph, run: str | Path, format: str, path: Path | None = None) -> Export:
    """Write a trained model in a format, and make sure that what was written computes the same.

    ``typed`` is the spec as trained. Without ``path``: ``export/NAME`` in the run folder, with the format's ending.
    A file of that name is replaced; nothing is left behind, and nothing replaced, where the export fails.

    Raises:
        RunError: if ``run`` has no model, or the path can't be written to.
        ValueError: if there is no such format.
        Problem: E701 at what the format can't carry, E702 if what was read back computes other numbers.
        ModuleNotFoundError: if a package is missing that the format is written with.
    """
    form = format_of(format)
    found = open_run(run)
    target = _target(form, found.folder, legal(typed.graph.name), path)
    for package in (*form.packages, *(["tensorflow"] if form.tensorflow else [])):
        if find_spec(package) is None:
            raise ModuleNotFoundError(f"{form.called} is written with {package}, which is not installed", name=package)
    if form.tensorflow and backend() != "tensorflow":
        raise RunError(
            f"{form.called} is written with Keras on TensorFlow, and here it runs on {backend()}: set "
            "KERAS_BACKEND=tensorflow; the run folder is the same for all"
        )
    require_backend(typed)
    if findings := tuple(lacking(typed, form)):
        raise Problem(*findings)
    quiet()
    model = found.model()
    model.compiled = False  # who uses it elsewhere need not have the spec's losses and metrics
    beside = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = _made(typed, form, model, interface_of_run(found.folder), beside, target)
        _put(form, beside, target)
        return made
    finally:
        _remove(beside)


def _made(typed: TypedGraph, form: Format, model: keras.Model, told: Interface, beside: Path, target: Path) -> Export:
    """Write to ``beside``, read back and compare."""
    params = model.count_params()
    module = form.load()
    computes = hasattr(module, "run")
    if computes:
        rows, expected, real = _sample(typed, model, told)  # converters want a model that was called once
    with _converting(typed, form):
        remark = module.write(model, beside)
        given = module.run(beside, model, rows) if computes else module.differs(beside, model)
    if computes:
        difference = _compared(typed, form, told, expected, given)
        return Export(
            target, form.name, len(next(iter(rows.values()))), real, difference, form.tolerance, params, remark
        )
    if given:
        raise Problem(Finding("E702", f"{form.called} was written and read back: {given}", (), "entry"))
    return Export(target, form.name, 0, False, 0.0, 0.0, params, remark)


def _target(form: Format, folder: Path, name: str, path: Path | None) -> Path:
    target = folder / FOLDER / f"{name}{form.ending}" if path is None else path
    if not form.folder and not target.name.endswith(form.ending):
        raise RunError(f"{target} can't be written: the name of {form.called} must end in {form.ending}")
    if form.folder and target.exists() and not (target / "saved_model.pb").is_file():
        empty = target.is_dir() and not any(target.iterdir())
        if not empty:
            raise RunError(f"{target} is there already, and is no exported model: choose another name")
    if not form.folder and target.is_dir():
        raise RunError(f"{target} is a folder, and {form.called} is a file: choose another name")
    return target


@contextmanager
def _converting(typed: TypedGraph, form: Format) -> Iterator[None]:
    """Converters talk much, and fail in many ways: here every way becomes a finding."""
    try:
        with held_back(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnfitError as error:
        raise Problem(misfit(typed, form, error.message, error.traces, error.help)) from error
    except (Problem, RunError, OSError, MemoryError):
        raise
    except Exception as error:
        text = str(error)
        traces = [*re.findall(r"when calling (\w+)\.call", text), *re.findall(r"[\w.-]+(?:/[\w.-]+)+", text)]
        message, way = condensed(error), None
        if type(error).__name__ == "OperatorNotAllowedInGraphError":
            message = "what it does hangs on a size that is not known before it runs"
            way = "write numbers in place of the words in the shapes of the inputs, and train again"
        raise Problem(misfit(typed, form, message, traces, way)) from error


def _sample(typed: TypedGraph, model: keras.Model, told: Interface) -> tuple[Mapping[str, Any], list[Any], bool]:
    """Rows to compare on, what the model makes of them, and whether they are the data's own."""
    import numpy as np

    try:
        every, _ = rows_of(told, source_of(told, typed), targets=False)
        chosen = np.unique(np.linspace(0, every.count - 1, ROWS).astype(int))
        rows = {name: array[chosen] for name, array in every.inputs.items()}
        dtypes = told.form.inputs
        rows = {
            name: array if array.dtype.kind == "O" else array.astype(_numpy(dtypes[name]))
            for name, array in rows.items()
        }
        return rows, computed(model, rows), True
    except (RunError, Problem, OSError, KeyError):
        pass  # the data has been moved, or was never a file
    words = [
        word for layer in model.layers if hasattr(layer, "get_vocabulary") for word in layer.get_vocabulary() if word
    ]
    for size in SIZES:
        rows = random_rows(typed, ROWS, size=size, words=map(str, words))
        try:
            return rows, computed(model, rows), False
        except Exception:
            if size == SIZES[-1]:
                raise
    raise AssertionError("there are sizes to try")


def _numpy(dtype: str) -> str:
    return "float32" if dtype == "bfloat16" else dtype


def _compared(typed: TypedGraph, form: Format, told: Interface, expected: list[Any], given: list[Any]) -> float:
    """The largest difference between two numbers.

    Raises:
        Problem: E702 if it is larger than the format allows, or the outputs are not of the same form.
    """
    import numpy as np

    names = [one.name for one in told.outputs]
    names = sorted(names) if told.named else names  # Keras flattens a dict by the alphabet
    worst = 0.0
    for name, one, two in zip(names, expected, given, strict=True):
        at = typed.graph.nodes[typed.graph.outputs[name].source].pointer
        if one.shape != two.shape:
            message = f"what was read back gives `{name}` the shape {list(two.shape)}, and the model {list(one.shape)}"
            raise Problem(Finding("E702", message, at, "entry"))
        one, two = one.astype(np.float64), two.astype(np.float64)
        same = (one == two) | (np.isnan(one) & np.isnan(two))
        apart = np.where(same, 0.0, np.abs(one - two))
        difference = float(apart.max(initial=0.0))
        finite = np.abs(one[np.isfinite(one)])
        allowed = form.tolerance * max(1.0, float(finite.max(initial=0.0)))
        if not difference <= allowed:  # also where it is no number
            message = f"{form.called} gives other numbers for `{name}`: they differ by up to {difference:.3g}"
            way = f"{allowed:.1g} is allowed; export it as {form.instead}" if form.instead else None
            raise Problem(Finding("E702", message, at, "entry", help=way))
        worst = max(worst, difference)
    return worst


def _put(form: Format, beside: Path, target: Path) -> None:
    """Put what was written in its place, in one step where the system can."""
    for file in (one for one in (beside.rglob("*") if form.folder else [beside]) if one.is_file()):
        with file.open("rb+") as opened:
            os.fsync(opened.fileno())
    if not form.folder or not target.exists():
        os.replace(beside, target)
        return
    old = target.with_name(f".{os.getpid()}.old.{target.name}")
    os.replace(target, old)
    try:
        os.replace(beside, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

"""Training a spec, and what is done with a run: going on, measuring, predicting, exporting, proving."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from .given import loaded_of, path_of

if TYPE_CHECKING:
    from pathlib import Path

    from .checked import Checked
    from .runtime.evaluate import Evaluation
    from .runtime.export import Export
    from .runtime.predict import Predictions
    from .runtime.run import Run
    from .runtime.written import Written
    from .verifying import Verified


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

    folder = None if run_dir is None else path_of(run_dir)
    begin = None if weights is None else path_of(weights)
    return trained(
        loaded_of(spec, overrides), data=data, validation=validation, run_dir=folder, epochs=epochs, weights=begin,
        report=report, begin_with=None if begin_with is None else path_of(begin_with),
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

    return resumed(path_of(run), data=data, validation=validation, report=report)


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

    folder = None if confusion is None else path_of(confusion)
    return evaluated(path_of(run), None if data is None else path_of(data), part=part, confusion=folder)


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

    return predicted(path_of(run), path_of(data), None if out is None else path_of(out))


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

    return written(path_of(run), judged=judged)


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

    return exported(path_of(run), format, None if path is None else path_of(path))


def verify(
    run: str | PathLike[str],
    spec: str | PathLike[str] | None = None,
    *,
    data: Any = None,
    validation: Any = None,
    rows: bool = False,
    skip: Sequence[str] = (),
) -> Verified:
    """Which spec, data, code and versions made a model, and what of them has changed since.

    Args:
        run: a run folder.
        spec: the spec to compare with, beside which its data lie; left out: the file that was trained.
        data: the arrays ``(x, y)`` again, where the run was trained on such; ``validation`` goes with them.
        rows: whether the data are read and prepared again, to compare the very rows.
        skip: what is left out: ``"model"``, ``"results"``, ``"spec"``, ``"data"``, ``"weights"``, ``"code"``,
            ``"versions"``.

    Raises:
        SpecError: if rows are to be compared, and what there is now can't be read.
        ValueError: if ``run`` is no run folder with a model and a record.
        OSError: if ``spec`` can't be read.
    """
    from .verifying import verify as verified

    return verified(
        path_of(run), None if spec is None else path_of(spec), data=data, validation=validation, rows=rows, skip=skip
    )

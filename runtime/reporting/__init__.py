"""From Run to report: what a trained model gets right and wrong, and one page on which a person can read all of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...compiler.build import legal
from ...compiler.graph import TypedGraph
from ...compiler.phases import stages
from ...compiler.render import write
from ..architectures import as_left
from ..confusion import DRAWN, classes_csv, drawn, matrix_csv
from ..curves import curves
from ..interface import Interface
from ..judged import Judgement, Verdict, judge
from ..run import HISTORY, JUDGED, REPORT, RunFolder, open_run
from .charts import sheet
from .shown import caption, noun, shown

if TYPE_CHECKING:
    import keras

    from ..data import Rows
    from ..run import Run

DARK_CURVES: Final = "curves-dark.png"
SHEET: Final = "curves.svg"
WORST: Final = "worst.csv"

ORDER: Final = ("test", "validation", "train")
"""A model is judged on the first of these parts that has rows: best on what it has never seen."""


def report_on(
    run: Run, typed: TypedGraph, model: keras.Model, interface: Interface, parts: Mapping[str, Rows] | None
) -> Path:
    """Write what there is to say of a run into its folder, ``report.html`` last; that page's path.

    ``model`` is the one that is saved. ``parts`` are the rows by part, or None where they are not to be had.
    """
    part = next((name for name in ORDER if parts is not None and name in parts and parts[name].count), None)
    if part is not None and parts is not None and run.status == "finished":
        keep(run.folder, stages(typed)[-1], model, interface, part, parts[part])
    return write_page(run.folder)


def report_again(typed: TypedGraph, folder: Path, *, judged: bool = False) -> Path:
    """Write the page of a run again, from what is in its folder; its path.

    With ``judged``, or where the folder does not say yet what the model gets right, the model goes through its rows.

    Raises:
        RunError: if ``folder`` is no run folder with a model.
        Problem: E401 to E412 for data that is gone or does not fit any more.
    """
    from ..evaluate import measured_part, ready
    from ..reuse import interface_of_run

    run = open_run(folder)
    if judged or not (folder / JUDGED).is_file():
        interface = interface_of_run(folder)
        if interface.source is not None:
            part, rows = measured_part(interface, typed)
            ended = as_left(typed, folder)
            keep(folder, ended, ready(run, ended, interface), interface, part, rows)
    return write_page(folder)


def write_page(folder: Path) -> Path:
    """The page, from what is in the folder alone; beside it curves for light and dark."""
    from .page import page

    place = RunFolder(folder)
    history = open_run(folder).history
    if history:
        name = json.loads((folder / "run.json").read_text("utf-8")).get("name", "")
        place.text(SHEET, sheet(history))
        if not (folder / DARK_CURVES).is_file() or _older(folder / DARK_CURVES, folder / HISTORY):
            write(folder / DARK_CURVES, curves(history, str(name), dark=True))
    place.text(REPORT, page(folder))
    return folder / REPORT


def _older(one: Path, other: Path) -> bool:
    return one.stat().st_mtime < other.stat().st_mtime


def keep(folder: Path, typed: TypedGraph, model: keras.Model, interface: Interface, part: str, rows: Rows) -> Judgement:
    """Judge a model on the rows of a part, and keep what was found as files of the run."""
    place = RunFolder(folder)
    found = judge(typed, model, interface, part, rows)
    keep_verdicts(folder, found)
    worst = []
    for one in found.worst:
        inputs = shown(interface, rows, one.row)
        worst.append({
            "row": one.row + 1, "output": one.output, "loss": one.loss, "true": one.truth,
            "predicted": one.said, "probability": one.sure, "inputs": inputs,
        })  # fmt: skip
    place.json(JUDGED, {**table(found), "noun": noun(interface), "worst": worst})
    if worst:
        place.text(WORST, _worst_csv(worst))
    return found


def keep_verdicts(folder: Path, found: Judgement) -> list[Path]:
    """Write what each output takes for what, and how sure one can be of it, class by class; where it is."""
    several = len(found.verdicts) > 1
    return [
        path
        for verdict in found.verdicts
        for path in keep_tables(folder, verdict, legal(verdict.name) if several else None)
    ]


def keep_tables(folder: Path, verdict: Verdict, name: str | None = None) -> list[Path]:
    """Write what one output takes for what: counts and shares as CSV, and a picture; where they are.

    ``name`` goes into the files' names where there are several outputs.
    """
    if verdict.matrix is None:
        return []
    place, behind = RunFolder(folder), f"-{name}" if name else ""
    files = [f"classes{behind}.csv"]
    place.text(files[0], classes_csv(verdict.rows()))
    if verdict.kind == "classes":
        files.append(f"confusion{behind}.csv")
        place.text(files[-1], matrix_csv(verdict.matrix, verdict.classes))
        if len(verdict.classes) <= DRAWN:
            for form in ("png", "svg"):
                files.append(f"confusion{behind}.{form}")
                write(folder / files[-1], drawn(verdict.matrix, verdict.classes, verdict.name, form))
    return [folder / one for one in files]


def table(found: Judgement) -> dict[str, Any]:
    """A judgement as plain values, for JSON."""
    return {
        "part": found.part,
        "rows": found.rows,
        "outputs": [
            {
                "name": one.name,
                "kind": one.kind,
                "counted": one.counted,
                "right": one.right if one.kind != "numbers" else None,
                "errors": one.errors or None,
                "classes": [
                    {"name": row.name, "precision": row.precision, "recall": row.recall, "f1": row.f1,
                     "count": row.count}
                    for row in one.rows()
                ],
                "matrix": _matrix(one),
                "confused": _confused(one),
                "pairs": [list(pair) for pair in one.pairs],
            }
            for one in found.verdicts
        ],
    }  # fmt: skip


def _matrix(one: Verdict) -> list[list[int]] | None:
    """The counts, where they are not too many for a page; the CSV file has them all."""
    if one.matrix is None or one.kind != "classes" or len(one.classes) > DRAWN:
        return None
    found: list[list[int]] = one.matrix.tolist()
    return found


def _confused(one: Verdict, shown: int = 5) -> list[list[Any]]:
    """What is most often taken for what: how often, what is true, and what was said."""
    import numpy as np

    if one.matrix is None or one.kind != "classes":
        return []
    wrong = one.matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:shown]
    places = [divmod(int(place), len(one.classes)) for place in order]
    return [[int(wrong[a, b]), one.classes[a], one.classes[b]] for a, b in places if wrong[a, b]]


def _worst_csv(worst: Sequence[Mapping[str, Any]]) -> str:
    stream = io.StringIO()
    made = csv.writer(stream, lineterminator="\n")
    names = [one["name"] for one in worst[0]["inputs"]]
    made.writerow(["row", "output", "loss", "true", "predicted", "probability", *names])
    for one in worst:
        sure = "" if one["probability"] is None else f"{one['probability']:.6g}"
        cells = [one["row"], one["output"], f"{one['loss']:.6g}", one["true"], one["predicted"], sure]
        made.writerow([*cells, *(caption(value) for value in one["inputs"])])
    return stream.getvalue()

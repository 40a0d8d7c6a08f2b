"""`keraspec new --from`: what is seen in data, and the spec that is written for it."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keraspec
from keraspec.checked import Checked, compile_text
from keraspec.runtime.drafting.draft import Draft, draft
from keraspec.runtime.drafting.found import DraftError
from keraspec.runtime.drafting.looks import look
from keraspec.spec.format import formatted

DATA = Path(__file__).parents[2] / "examples" / "data"


def drafted(path: Path, *targets: str, **more: Any) -> tuple[Draft, dict[str, Any], Checked]:
    made = draft(path, targets, "model", path.parent, **more)
    assert formatted(made.text, "toml") == made.text
    checked = compile_text(made.text, "toml", str(path.parent / "model.keraspec.toml"))
    assert checked.diagnostics == ()
    assert checked.document is not None
    return made, checked.document.data, checked


def table(path: Path, columns: dict[str, Sequence[Any]], **more: Any) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, **more)
        rows.writerow(columns)
        rows.writerows(zip(*columns.values(), strict=True))
    return path


def types(data: dict[str, Any]) -> list[str]:
    return [one["type"] for one in data["layers"]]


def test_words_classes_and_gaps() -> None:
    made, data, _ = drafted(DATA / "penguins.csv", "species")
    assert data["inputs"]["numbers"] == {"shape": [5]}
    assert data["inputs"]["sex"] == {"shape": [], "dtype": "string"}
    assert data["layers"][-1] == {"name": "species", "type": "Dense", "units": 3, "activation": "softmax"}
    assert data["training"]["loss"] == "sparse_categorical_crossentropy"
    assert data["data"]["split"]["stratify"] == "species"
    assert data["data"]["missing"]["sex"] == "unknown"
    assert data["data"]["missing"]["flipper_length_mm"] == 197
    assert dict(made.seen)["sex"] == "2 words, 11 missing"
    assert made.rows == 344
    assert "# How likely each species is: Adelie, Chinstrap, Gentoo, in this order." in made.text


def test_a_number_and_what_is_left_out() -> None:
    made, data, _ = drafted(DATA / "auto-mpg.csv", "mpg")
    assert data["layers"][-1] == {"name": "mpg", "type": "Rescaling", "scale": 7.806, "offset": 23.51}
    assert (data["training"]["loss"], data["training"]["metrics"]) == ("mse", ["mae"])
    assert "stratify" not in data["data"]["split"]
    assert dict(made.seen)["name"].startswith("left out: has another value in nearly every row")
    assert "name has another value in nearly every row" in made.text


def test_a_target_with_gaps_leaves_rows_out() -> None:
    _, data, _ = drafted(DATA / "penguins.csv", "sex")
    assert data["data"]["missing"] == "drop"
    assert data["layers"][-1]["units"] == 1
    assert data["training"]["loss"] == "binary_crossentropy"


def test_rare_classes_count_for_more() -> None:
    assert drafted(DATA / "payments.csv", "fraud")[1]["training"]["class_weight"] == "balanced"


def test_texts_are_read() -> None:
    _, data, _ = drafted(DATA / "reviews.csv", "label")
    assert types(data)[:4] == ["TextVectorization", "Embedding", "Conv1D", "GlobalMaxPooling1D"]


def test_series_of_columns_are_a_pattern() -> None:
    _, data, _ = drafted(DATA / "digits.csv", "label")
    assert data["inputs"] == {"numbers": {"shape": [64]}}
    assert data["data"]["inputs"]["numbers"]["column"] == "pixel_*"
    assert data["layers"][-1]["units"] == 10


def test_folders() -> None:
    _, data, checked = drafted(DATA / "digit_images")
    assert data["inputs"]["image"]["shape"] == [8, 8, 1]
    assert data["data"]["source"] == {"type": "images", "path": "digit_images"}
    assert data["data"]["augment"][0]["type"] == "RandomTranslation"
    assert checked.typed is not None
    _, data, _ = drafted(DATA / "tones")
    assert data["inputs"]["audio"]["shape"] == [800, 1]
    assert "STFTSpectrogram" in types(data)


def test_a_folder_of_texts(tmp_path: Path) -> None:
    for label in ("good", "bad"):
        (tmp_path / "t" / label).mkdir(parents=True)
        for number in range(8):
            (tmp_path / "t" / label / f"{number}.txt").write_text(f"it was {label} again and again", encoding="utf-8")
    _, data, _ = drafted(tmp_path / "t")
    assert data["inputs"] == {"text": {"shape": [], "dtype": "string"}}
    assert data["layers"][0]["output_sequence_length"] == 8


def test_arrays_and_a_column_that_parts_them() -> None:
    _, data, _ = drafted(DATA / "digits_5_to_9.npz", "label", task="classes")
    assert data["inputs"] == {"image": {"shape": [8, 8, 1]}}
    assert data["data"]["split"] == {"column": "part"}
    assert data["data"]["targets"]["label"] == {"column": "label", "encode": "index"}
    assert data["layers"][-1]["units"] == 5


def test_two_targets() -> None:
    _, data, checked = drafted(DATA / "penguins.csv", "species", "body_mass_g")
    assert data["outputs"] == ["species", "body_mass_g"]
    assert data["training"]["outputs"]["body_mass_g"]["loss"] == "mse"
    assert checked.graph is not None
    assert list(checked.graph.outputs) == ["species", "body_mass_g"]


def test_odd_files(tmp_path: Path) -> None:
    rows = range(40)
    columns = {
        "Row ID": [f"x{row}" for row in rows],
        "2nd price": [f"{row * 1.5}" if row % 7 else "?" for row in rows],
        "when": [f"2024-01-{1 + row % 28:02d}" for row in rows],
        "same": ["a"] * 40,
        "layers[0]": ["yes" if row % 3 else "no" for row in rows],
        "target value": [f"{row * 2.5 + 1}" for row in rows],
    }
    made, data, _ = drafted(table(tmp_path / "t.csv", columns, delimiter=";"), "target value")
    source = data["data"]["source"]
    assert source["separator"] == ";"
    assert source["missing_values"][-1] == "?"
    assert data["inputs"] == {
        "column_2nd_price": {"shape": [1]},
        "layers_0": {"shape": [], "dtype": "string"},
    }
    assert data["data"]["inputs"]["layers_0"]["column"] == "layers[0]"
    assert data["data"]["targets"]["target_value"]["column"] == "target value"
    left = {name for name, words in made.seen if words.startswith("left out")}
    assert left == {"Row ID", "when", "same"}


def test_jsonl_and_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"a": row / 2, "b": "xyz"[row % 3], "c": row % 2} for row in range(60)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    one = drafted(tmp_path / "t.jsonl", "c")[1]
    other = drafted(tmp_path / "t.parquet", "c")[1]
    assert one["layers"] == other["layers"]
    assert one["data"]["source"] == {"type": "jsonl", "path": "t.jsonl"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.arange(30), "none"),
        (np.arange(30) % 4, "number"),
        (np.zeros(30), "none"),
        (np.array(["a", "b"] * 15, object), "words"),
        (np.array([f"k{one}" for one in range(30)], object), "none"),
        (np.array([f"the {one} word of many here" for one in range(30)], object), "text"),
        (np.array(["12:30"] * 15 + ["13:45"] * 15, object), "none"),
        (np.array(["train"] * 20 + ["test"] * 10, object), "part"),
        (np.random.default_rng(0).random((30, 5)), "vector"),
        (np.random.default_rng(0).random((30, 12, 3)), "sequence"),
        (np.zeros((30, 8, 8), np.uint8), "picture"),
        (np.full(30, np.nan), "none"),
    ],
)
def test_what_a_column_is(values: Any, kind: str) -> None:
    assert look("column", values).kind == kind


@pytest.mark.parametrize(
    ("name", "targets", "words"),
    [
        ("penguins.csv", [], "say which column is to be predicted: --target species or island"),
        ("penguins.csv", ["specie"], "there is no column `specie`; did you mean species?"),
        ("auto-mpg.csv", ["name"], "`name` can't be the target, for it has another value in nearly every row"),
        ("digit_images", ["x"], "of a folder the class is predicted"),
        ("no.csv", ["x"], "there is no such file"),
        ("README.md", ["x"], "a spec is written from .csv"),
    ],
)
def test_what_can_not_be_drafted(name: str, targets: list[str], words: str) -> None:
    with pytest.raises(DraftError) as caught:
        draft(DATA / name, targets, "model", DATA)
    assert words in str(caught.value)


def test_a_table_without_names(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", {"1": range(20), "2.5": [row % 7 / 2 for row in range(20)]})
    with pytest.raises(DraftError, match=r"its first line is a row already.*column_1 \(1\), column_2 \(2\.5\)"):
        draft(path, [], "model", tmp_path)
    made, data, _ = drafted(path, "2")
    assert made.rows == 21
    assert data["data"]["source"]["columns"] == ["column_1", "column_2"]
    assert data["layers"][-1]["name"] == "column_2"


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "targets", "metric", "least", "most"),
    [
        ("penguins.csv", ["species"], "val_accuracy", 0.9, 1.0),
        ("auto-mpg.csv", ["mpg"], "val_mae", 0.0, 3.5),
        ("digit_images", [], "val_accuracy", 0.5, 1.0),
    ],
)
def test_it_trains(name: str, targets: list[str], metric: str, least: float, most: float, tmp_path: Path) -> None:
    path = tmp_path / "model.keraspec.toml"
    path.write_text(draft(DATA / name, targets, "model", tmp_path).text, encoding="utf-8")
    run = keraspec.train(path, epochs=40, run_dir=tmp_path / "run", report=False)
    best = [row[metric] for row in run.history]
    assert least <= (min(best) if "mae" in metric else max(best)) <= most

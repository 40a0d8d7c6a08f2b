"""`keraspec new --from` and the ways in which people's files differ: without names, quotes, points, in folders."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from keraspec.checked import compile_text
from keraspec.runtime.drafting.draft import draft
from keraspec.runtime.drafting.found import DraftError


def data_of(path: Path, *targets: str) -> dict[str, Any]:
    """The spec that is written, which has no diagnostics."""
    made = draft(path, targets, "model", path.parent)
    checked = compile_text(made.text, "toml", str(path.parent / "model.keraspec.toml"))
    assert checked.diagnostics == ()
    assert checked.document is not None
    return dict(checked.document.data)


def lines(path: Path, every: list[str]) -> Path:
    path.write_text("".join(f"{one}\n" for one in every), encoding="utf-8")
    return path


def pictures(folder: Path, *names: str, side: int = 12) -> None:
    folder.mkdir(parents=True)
    for name in names:
        Image.fromarray(np.full((side, side, 3), 7, np.uint8)).save(folder / name)


def source(path: Path, *targets: str) -> dict[str, Any]:
    found: dict[str, Any] = data_of(path, *targets)["data"]["source"]
    return found


PEOPLE = [
    f"{20 + row % 30}, {('Private', 'State-gov')[row % 2]}, {'<=50K' if row % 3 else '>50K'}" for row in range(60)
]


def test_words_of_the_rows_in_the_first_line(tmp_path: Path) -> None:
    """The form of the Adult data set: no names, a blank behind each comma."""
    data = data_of(lines(tmp_path / "adult.csv", PEOPLE), "3")
    assert data["data"]["source"]["columns"] == ["column_1", "column_2", "column_3"]
    assert data["layers"][-1] == {"name": "column_3", "type": "Dense", "units": 1, "activation": "sigmoid"}


@pytest.mark.parametrize(
    "first",
    ["age,work,pay", "1960,work,pay", "age,work,<=50K", "0,1,2", "1,2,3"],
    ids=["names", "a year", "one name that is a word of its column", "counted from 0", "counted from 1"],
)
def test_a_line_of_names_stays_one(tmp_path: Path, first: str) -> None:
    assert "columns" not in source(lines(tmp_path / "t.csv", [first, *PEOPLE]), first.rpartition(",")[2])


def test_tabs_beside_commas_and_loose_quotation_marks(tmp_path: Path) -> None:
    """The form of the SMS Spam Collection."""
    texts = [f'{"ham" if row % 2 else "spam"}\t"Well{", so" * (row % 3)}, see {row} of them' for row in range(40)]
    found = source(lines(tmp_path / "sms.csv", texts), "1")
    assert found["separator"] == "\t"
    assert found["quotes"] is False
    assert found["columns"] == ["column_1", "column_2"]
    named = source(lines(tmp_path / "sms.tsv", ["label\ttext", *texts]), "label")
    assert (named["separator"], "columns" in named) == ("\t", False)


def test_quotation_marks_that_hold_cells_together(tmp_path: Path) -> None:
    rows = [f'"{row}, of\nmany words here and there",{"yes" if row % 2 else "no"}' for row in range(40)]
    found = source(lines(tmp_path / "t.csv", ["text,label", *rows]), "label")
    assert found == {"type": "csv", "path": "t.csv"}


def test_fractions_behind_a_comma(tmp_path: Path) -> None:
    rows = [f"{row % 9},5;1.{row % 10}00,{row % 7};{row // 2},{row % 10}" for row in range(40)]
    data = data_of(lines(tmp_path / "t.csv", ["a;b;c", *rows]), "c")
    assert data["data"]["source"] == {"type": "csv", "path": "t.csv", "separator": ";", "decimal": ","}
    assert data["inputs"]["numbers"]["shape"] == [2]
    assert data["training"]["loss"] == "mse"


def test_parts_in_folders_of_their_own(tmp_path: Path) -> None:
    for part in ("Training", "Test", "val"):
        for label in ("apple", "pear"):
            pictures(tmp_path / "fruit" / part / label, *(f"{one}.png" for one in range(8)))
    data = data_of(tmp_path / "fruit")["data"]
    assert data["source"] == {"type": "images", "path": "fruit/Training"}
    assert data["split"]["test"] == {"type": "images", "path": "fruit/Test"}
    assert data["split"]["validation"] == {"type": "images", "path": "fruit/val"}


def test_classes_that_are_called_like_parts(tmp_path: Path) -> None:
    for label in ("train", "bus"):
        pictures(tmp_path / "traffic" / label, *(f"{one}.png" for one in range(8)))
    data = data_of(tmp_path / "traffic")["data"]
    assert data["source"] == {"type": "images", "path": "traffic"}


def test_masks_are_no_class(tmp_path: Path) -> None:
    pictures(tmp_path / "cells" / "image", *(f"{one}.png" for one in range(8)))
    pictures(tmp_path / "cells" / "label", *(f"{one}.png" for one in range(8)))
    with pytest.raises(DraftError, match="label seems to hold the masks of pictures"):
        draft(tmp_path / "cells", [], "model", tmp_path)
    (tmp_path / "cells" / "label").rename(tmp_path / "cells" / "other")
    assert data_of(tmp_path / "cells")["data"]["source"]["path"] == "cells"


def test_files_of_mnist(tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    random = np.random.default_rng(0)
    for part, count in (("train", 30), ("t10k", 12)):
        pixels = random.integers(0, 256, (count, 8, 8), np.uint8).tobytes()
        labels = (np.arange(count) % 3).astype(np.uint8).tobytes()
        images = struct.pack(">4BIII", 0, 0, 8, 3, count, 8, 8) + pixels
        (tmp_path / "digits" / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        names = struct.pack(">4BI", 0, 0, 8, 1, count) + labels
        (tmp_path / "digits" / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(names))
    data = data_of(tmp_path / "digits")
    assert data["data"]["source"] == {"type": "idx", "path": "digits"}
    assert "test" not in data["data"]["split"]
    assert data["inputs"]["image"]["shape"] == [8, 8, 1]
    assert data["layers"][-1]["units"] == 3


def test_several_files_of_one_table(tmp_path: Path) -> None:
    for part in range(3):
        lines(tmp_path / f"part-{part}.csv", ["a;b", *(f"{row * part};{row % 4 + 0.5}" for row in range(20))])
    made = draft(tmp_path / "part-*.csv", ["b"], "model", tmp_path)
    assert made.rows == 60
    assert 'path = "part-*.csv", separator = ";"' in made.text


@pytest.mark.parametrize("step", ["1M", "1D"])
def test_a_series_alone_is_foretold_from_what_it_was(tmp_path: Path, step: str) -> None:
    times = np.arange(np.datetime64("1949-01", step[1]), np.datetime64("1959-01", step[1]))[:60]
    path = lines(
        tmp_path / "t.csv", ["Month,Passengers", *(f"{one},{100 + row * 7 % 31}" for row, one in enumerate(times))]
    )
    data = data_of(path, "Passengers")
    assert data["data"]["window"] == {"length": 12, "horizon": 1}
    assert data["data"]["split"] == {"validation": 0.15, "test": 0.15, "time": "Month"}
    assert data["inputs"]["past"]["shape"] == [12, 1]
    assert [one["type"] for one in data["layers"]][:2] == ["Normalization", "GRU"]


def test_rows_in_order_of_time_are_parted_by_it(tmp_path: Path) -> None:
    rows = [f"{row + 1},{2010 + row // 36},{row // 3 % 12 + 1},{row % 5 / 2},{row % 7 * 1.5}" for row in range(90)]
    data = data_of(lines(tmp_path / "t.csv", ["No,year,month,wind,dust", *rows]), "dust")
    assert data["data"]["split"]["time"] == "No"
    mixed = lines(tmp_path / "u.csv", ["No,wind,dust", *(f"{row + 1},{row % 5 / 2},{row % 7}" for row in range(90))])
    assert "time" not in data_of(mixed, "dust")["data"]["split"]


def test_rare_classes_alone_are_named(tmp_path: Path) -> None:
    rows = [f"{row % 11 / 3:.3f},{'spam' if row % 10 == 0 else 'ham'}" for row in range(100)]
    made = draft(lines(tmp_path / "t.csv", ["a,label", *rows]), ["label"], "model", tmp_path)
    assert "Some classes are rare (10 of 100 rows are spam)" in made.text


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("mpgs.csv", "a", "did you mean"),
        (".", "a", "; name a table in it, such as"),
        ("mpg.csv", "a,b", "several columns are each named by an option: --target a --target b"),
    ],
)
def test_what_people_mistype(tmp_path: Path, name: str, target: str, words: str) -> None:
    lines(tmp_path / "mpg.csv", ["a,b,c", *(f"{row % 3},{row % 5},{row % 7}" for row in range(30))])
    with pytest.raises(DraftError) as caught:
        draft(tmp_path / name, [target], "model", tmp_path)
    assert words in str(caught.value)


def test_a_path_with_strokes_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    lines(tmp_path / "data" / "t.csv", ["a,b", *(f"{row % 3},{row % 5}" for row in range(30))])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DraftError, match=r"did you mean data/t\.csv"):
        draft(Path("data\\t.csv"), ["a"], "model", tmp_path)

"""The source tfds: data sets written on the spot by TensorFlow Datasets, read as it reads them; nothing is loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from keraspec.runtime.data import prepare
from keraspec.runtime.pending import Files
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

SHADES = ("dark", "middle", "light")
ROWS = {"train": 12, "validation": 4, "test": 5}


def examples(split):
    random = np.random.default_rng(len(split))
    for row in range(ROWS[split]):
        kind = row % 3
        yield (
            row,
            {
                "image": np.full((6, 6, 1), kind * 100 + row, np.uint8),
                "photo": random.integers(0, 256, (4 + row % 3, 5, 3), np.uint8),
                "label": SHADES[kind],
                "digit": row % 2,
                "words": list(range(1, 2 + row % 4)),
                "note": {"text": f"{split} {row} é", "score": row / 2},
            },
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    tfds = pytest.importorskip("tensorflow_datasets")
    pytest.importorskip("importlib_resources")
    folder = tmp_path_factory.mktemp("tfds")
    features = tfds.features.FeaturesDict(
        {
            "image": tfds.features.Image(shape=(6, 6, 1)),
            "photo": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "label": tfds.features.ClassLabel(names=SHADES),
            "digit": tfds.features.ClassLabel(names=["0", "1"]),
            "words": tfds.features.Sequence(np.int64),
            "note": {"text": tfds.features.Text(), "score": np.float32},
        }
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name="shades",
        version="2.0.0",
        data_dir=str(folder),
        features=features,
        split_datasets={split: list(examples(split)) for split in ROWS},
    )
    info = folder / "shades" / "2.0.0" / "dataset_info.json"
    keys = {"tuple": {"items": [{"featureKey": "image"}, {"featureKey": "label"}]}}
    info.write_text(json.dumps({**json.loads(info.read_text()), "supervisedKeys": keys}))
    newer = shutil.copytree(info.parent, folder / "shades" / "10.0.0") / info.name
    newer.write_text(newer.read_text().replace("2.0.0", "10.0.0"))
    return folder


@pytest.fixture
def read(home):
    return lambda **more: reader("tfds").read({"type": "tfds", "name": "shades", **more}, home, ("data", "source"))


@pytest.mark.long
def test_features_are_columns(read, home):
    table = read(data_dir=".")
    every = [one for split in ROWS for _, one in examples(split)]
    assert set(table.columns) == {"image", "photo", "label", "digit", "words", "note.text", "note.score"}
    assert table.rows == 21
    assert table.standard == ("image", "label")
    assert (int(table.test.sum()), int(table.validation.sum())) == (5, 4)
    order = {text: row for row, text in enumerate(table.columns["note.text"].tolist())}
    for one in every:
        row = order[one["note"]["text"]]
        assert (table.columns["image"][row] == one["image"]).all()
        assert table.columns["label"][row] == one["label"]
        assert table.columns["digit"][row] == one["digit"]
        assert table.columns["words"][row].tolist() == one["words"]
        assert table.columns["note.score"][row] == one["note"]["score"]
        split = one["note"]["text"].split()[0]
        assert (table.test[row], table.validation[row]) == (split == "test", split == "validation")
    photos = table.columns["photo"]
    assert isinstance(photos, Files)
    assert photos.cells[0].startswith(b"\x89PNG")


@pytest.mark.long
def test_splits_as_tfds_names_them(read):
    table = read(data_dir=".", split="train[:25%]+test")
    assert table.rows == 3 + 5
    assert table.test is None
    assert table.columns["image"].shape == (8, 6, 6, 1)


SPEC = """
keraspec = 1
inputs.image.shape = [6, 6, {channels}]
[[layers]]
type = "Flatten"
[[layers]]
name = "shade"
type = "Dense"
units = 3
activation = "softmax"
[data]
source = {{ type = "tfds", name = "shades", data_dir = "{home}" }}
{data}
[training]
loss = "sparse_categorical_crossentropy"
"""


@pytest.mark.long
def test_a_spec_reads_it_as_supervised(check, home):
    checked = check(SPEC.format(home=home, data="", channels=1))
    prepared = prepare(checked.typed, checked.path.parent)
    assert {part: rows.count for part, rows in prepared.parts.items()} == ROWS
    assert prepared.encodings["shade"].classes == ("dark", "light", "middle")
    train = prepared.parts["train"]
    names = np.array(prepared.encodings["shade"].classes)[train.targets["shade"].reshape(-1)]
    assert all(
        int(image.max()) // 100 == SHADES.index(name) for image, name in zip(train.inputs["image"], names, strict=True)
    )


@pytest.mark.long
def test_pictures_of_any_size_come_in_that_of_the_input(check, home):
    data = 'inputs.image.column = "photo"\ntargets.shade.column = "label"\nsplit = { test = 0.2 }'
    checked = check(SPEC.format(home=home, data=data, channels=3))
    prepared = prepare(checked.typed, checked.path.parent)
    assert prepared.parts["train"].inputs["image"][:].shape == (17, 6, 6, 3)
    assert prepared.parts["test"].count == 4


@pytest.mark.long
@pytest.mark.parametrize(
    ("more", "code", "key", "words"),
    [
        ({"name": "shapes"}, "E401", "name", "shapes is not prepared in"),
        ({"name": "shades:3.0.0"}, "E401", "name", "shades:3.0.0 is not prepared in"),
        ({"split": "tests"}, "E402", "split", 'shades has no split "tests"'),
        ({"split": "train[:0]"}, "E407", "split", "can't be read"),
        ({"split": "train[:abc]"}, "E407", "split", "can't be read"),
    ],
)
def test_what_is_not_there_is_said_and_nothing_is_loaded(read, home, more, code, key, words):
    before = sorted(home.rglob("*"))
    with pytest.raises(Problem) as caught:
        read(data_dir=".", **more)
    (finding,) = caught.value.findings
    assert (finding.code, finding.pointer) == (code, ("data", "source", key))
    assert words in finding.message
    assert sorted(home.rglob("*")) == before


@pytest.mark.long
def test_the_newest_version_is_taken_unless_one_is_named(read, monkeypatch, home):
    from keraspec.runtime.sources import tfds

    found = tfds._prepared("shades", home, ("data", "source", "name"))
    assert found.name == "10.0.0"
    assert tfds._prepared("shades:2.0.0", home, ("data", "source", "name")).name == "2.0.0"
    monkeypatch.setenv("TFDS_DATA_DIR", str(home))
    assert read().rows == 21


def test_without_tensorflow_datasets_the_way_to_it_is_told(tmp_path):
    place = tmp_path / "shades" / "1.0.0"
    place.mkdir(parents=True)
    (place / "dataset_info.json").write_text("{}")
    code = f"""
import sys
from pathlib import Path
sys.modules["tensorflow_datasets"] = None
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem
arguments = {{"type": "tfds", "name": "shades", "data_dir": "."}}
try:
    reader("tfds").read(arguments, Path({str(tmp_path)!r}), ("data", "source"))
except Problem as problem:
    print(problem.findings[0].code, problem.findings[0].help)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'E407 pip install "keraspec[tfds]"'

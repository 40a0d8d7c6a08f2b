"""What a training leaves behind: nothing where nothing was learned; and the files of the worst pictures by name."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from keraspec.compiler.graph import TypedGraph
from keraspec.runtime.data import prepare
from keraspec.runtime.interface import interface_of
from keraspec.runtime.reporting.page import _worst
from keraspec.runtime.reporting.shown import caption, shown
from keraspec.runtime.reuse import source_of, used_of
from keraspec.runtime.run import RunError, RunFolder, is_untrained

PICTURES = """
keraspec = 1
name = "pictures"
inputs.image.shape = [4, 4, 1]
layers = [{ type = "Flatten" }, { name = "label", type = "Dense", units = 2, activation = "softmax" }]
[data]
source = { type = "images", path = "p" }
split = { test = 0.5 }
[training]
loss = "sparse_categorical_crossentropy"
"""


def test_a_folder_is_taken_away_with_those_that_were_made_for_it(tmp_path):
    place = RunFolder.create("a", tmp_path / "runs" / "mine" / "one")
    place.json("run.json", {"status": "failed"})
    (place.path / "logs" / "train").mkdir(parents=True)
    assert is_untrained(place.path)
    place.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_stays(tmp_path):
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "notes.txt").write_text("mine")
    place = RunFolder.create("a", tmp_path / "runs" / "one")
    place.text("run.json", "{}")
    place.discard()
    assert list((tmp_path / "runs" / "one").iterdir()) == []
    place = RunFolder.create("a", tmp_path / "runs" / "two")
    place.discard()
    assert sorted(one.name for one in (tmp_path / "runs").iterdir()) == ["notes.txt", "one"]


@pytest.mark.parametrize("name", ["model.keras", "history.csv", "checkpoints/step-8.npz", "kept/best.weights.h5"])
def test_what_was_learned_is_no_rubbish(tmp_path, name):
    place = RunFolder.create("a", tmp_path / "one")
    assert is_untrained(place.path)
    (place.path / name).parent.mkdir(exist_ok=True)
    (place.path / name).write_text("")
    assert not is_untrained(place.path)
    with pytest.raises(RunError, match="already holds"):
        RunFolder.create("a", tmp_path / "one")


@pytest.mark.parametrize("cache", ["auto", "false"])
def test_pictures_are_called_by_their_files(check, tmp_path, cache):
    for number in range(8):
        path = tmp_path / "p" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), number * 16, np.uint8)).save(path)
    typed: TypedGraph = check(PICTURES.replace("split", f"cache = {cache}\nsplit").replace("= auto", '= "auto"')).typed
    prepared = prepare(typed, tmp_path)
    interface = interface_of(typed, prepared, tmp_path)
    every = used_of(interface, source_of(interface, typed), targets=True).rows
    for rows in (prepared.parts["test"], every):
        assert rows.count in (4, 8)
        for row in range(rows.count):
            (one,) = shown(interface, rows, row)
            number = int(rows.inputs["image"][[row]].max()) // 16
            assert one["file"] == f"p/{'ab'[number % 2]}/{number}.png"
            assert caption(one) == one["file"]
    verdict = {"name": "label", "kind": "classes"}
    wrong = {"row": 3, "output": "label", "loss": 2.5, "true": "a", "predicted": "b", "probability": 0.9}
    text = _worst({"part": "test", "outputs": [verdict], "worst": [{**wrong, "inputs": shown(interface, rows, 2)}]})
    assert "row 3 of test, loss 2.5<br>p/a/4.png</p>" in text


def test_rows_in_memory_have_no_files(check):
    table = "a,b,y\n" + "".join(f"{row},{row},{row % 2}\n" for row in range(8))
    text = PICTURES.replace("[4, 4, 1]", "[2]").replace('"images", path = "p"', '"csv", path = "t.csv"')
    text = text.replace("split", 'inputs.image.column = ["a", "b"]\ntargets.label.column = "y"\nsplit')
    checked = check(text, files={"t.csv": table})
    prepared = prepare(checked.typed, checked.path.parent)
    assert all(not rows.files for rows in prepared.parts.values())

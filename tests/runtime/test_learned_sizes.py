"""A lookup whose number of tokens is learned from the data, and a layer with weights behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

import keraspec
from keraspec.checked import compile_text

SPEC = """\
keraspec = 1
name = "table"
inputs.colour = { shape = [1], dtype = "string" }
inputs.size.shape = [1]

[[layers]]
name = "hot"
type = "StringLookup"
output_mode = "one_hot"
inputs = "colour"

[[layers]]
name = "all"
type = "Concatenate"
inputs = ["hot", "size"]

[[layers]]
name = "price"
type = "Dense"
units = 1

[data]
source = { type = "csv", path = "table.csv" }
split = { test = 0.25 }

[training]
epochs = 2
loss = "mse"
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    rows = [f"{colour},{size},{size * 2}" for size in range(1, 9) for colour in ("red", "green", "blue")]
    (tmp_path / "table.csv").write_text("colour,size,price\n" + "\n".join(rows) + "\n", encoding="utf-8")
    path = tmp_path / "table.keraspec.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_the_size_is_a_word_until_the_data_is_read() -> None:
    loaded = compile_text(SPEC)
    assert loaded.diagnostics == ()
    assert loaded.typed is not None
    assert str(loaded.typed.typed["all"].outputs[0].shape[1]) == "hot_tokens + 1"
    assert str(loaded.typed.typed["price"].params) == "hot_tokens + 2"


def test_two_lookups_have_two_sizes() -> None:
    other = 'name = "other"\ntype = "StringLookup"\noutput_mode = "one_hot"\ninputs = "colour"\n\n[[layers]]\n'
    text = SPEC.replace('name = "all"', other + 'name = "all"').replace('"hot", "size"', '"hot", "other", "size"')
    typed = compile_text(text).typed
    assert typed is not None
    assert str(typed.typed["all"].outputs[0].shape[1]) == "hot_tokens + other_tokens + 1"


def test_training_learns_it_and_the_saved_model_has_it(spec: Path) -> None:
    run = keraspec.train(spec, run_dir=spec.parent / "run")
    model = run.model()
    assert model.get_layer("hot").vocabulary_size() == 4  # the unknown and three colours
    assert model.get_layer("price").kernel.shape == (5, 1)


def test_building_without_data_says_what_is_missing(spec: Path) -> None:
    with pytest.raises(keraspec.SpecError) as caught:
        keraspec.build(spec)
    (one,) = caught.value.diagnostics
    assert (one.code, one.line) == ("E415", 6)
    assert "pad_to_max_tokens" in (one.help or "")


def test_reuse_of_it_is_refused(spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    text = text.replace('name = "all"', 'name = "again"\nreuse = "hot"\ninputs = "colour"\n\n[[layers]]\nname = "all"')
    spec.write_text(text.replace('["hot", "size"]', '["hot", "again", "size"]'), encoding="utf-8")
    with pytest.raises(keraspec.SpecError) as caught:
        keraspec.train(spec, run_dir=spec.parent / "run")
    assert [(one.code, one.line) for one in caught.value.diagnostics] == [("E415", 12)]

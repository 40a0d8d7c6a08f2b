"""Settings of the command line: laid over what was written, each at its place, the text itself untouched."""

from __future__ import annotations

from typing import Any

import pytest

from keraspec.checked import compile_text
from keraspec.spec.document import Document
from keraspec.spec.expand import expand
from keraspec.spec.overlay import OverrideError, override
from keraspec.spec.read import read_text

TEXT = """\
keraspec = 1
inputs.x.shape = [8]
[[layers]]
name = "hidden"
type = "Dense"
units = 4
activation = "relu"
[[layers]]
type = "Dropout"
rate = 0.5
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
source = { type = "csv", path = "a.csv" }
[training]
epochs = 2
optimizer = { type = "Adam", learning_rate = 0.1 }
callbacks = [
  { type = "EarlyStopping", patience = 2, monitor = "loss" },
  { name = "stop", type = "TerminateOnNaN" },
  "csv",
]
"""


def document(text: str = TEXT) -> Document:
    found, findings = read_text("s", text.encode(), "toml")
    assert found is not None
    assert not findings
    return found


def at(data: Any, *keys: str | int) -> Any:
    for key in keys:
        data = data[key]
    return data


@pytest.mark.parametrize(
    ("setting", "where", "value"),
    [
        ("training.epochs=3", ("training", "epochs"), 3),
        ("training.epochs = 3 ", ("training", "epochs"), 3),
        ("layers.hidden.units=64", ("layers", 0, "units"), 64),
        ("layers.hidden.activation=tanh", ("layers", 0, "activation"), "tanh"),
        ('layers.hidden.activation="tanh"', ("layers", 0, "activation"), "tanh"),
        ("layers.hidden.use_bias=false", ("layers", 0, "use_bias"), False),
        ("layers.Dropout.rate=0.1", ("layers", 1, "rate"), 0.1),
        ("inputs.x.shape=[4, 4]", ("inputs", "x", "shape"), [4, 4]),
        ("name=a model = good", ("name",), "a model = good"),
        ("data.source.path=b c.csv", ("data", "source", "path"), "b c.csv"),
        ("data.seed=1979-05-27", ("data", "seed"), "1979-05-27"),
        ("data.seed=nan", ("data", "seed"), "nan"),
        ("name=1\nepochs = 2", ("name",), "1\nepochs = 2"),
        ("name=", ("name",), ""),
        ("data.split.validation=0.2", ("data", "split"), {"validation": 0.2}),
        ("training.callbacks.EarlyStopping.patience=9", ("training", "callbacks", 0, "patience"), 9),
        ("training.callbacks.stop.monitor=loss", ("training", "callbacks", 1, "monitor"), "loss"),
        ("training.callbacks.csv=tqdm", ("training", "callbacks", 2), "tqdm"),
        ("training.optimizer=sgd", ("training", "optimizer"), "sgd"),
        ("training.optimizer.learning_rate=1e-3", ("training", "optimizer"), {"type": "Adam", "learning_rate": 1e-3}),
        ("training.optimizer={ clipnorm = 1 }", ("training", "optimizer", "learning_rate"), 0.1),
        ("training.optimizer={ clipnorm = 1 }", ("training", "optimizer", "clipnorm"), 1),
        ('training.optimizer={ type = "SGD" }', ("training", "optimizer"), {"type": "SGD"}),
        ("training.optimizer.type=SGD", ("training", "optimizer"), {"type": "SGD"}),
        ("training.optimizer.type=Adam", ("training", "optimizer"), {"type": "Adam", "learning_rate": 0.1}),
        ("layers.hidden.type=Flatten", ("layers", 0), {"name": "hidden", "type": "Flatten"}),
    ],
)
def test_a_setting_is_laid_over_what_was_written(setting: str, where: tuple[str | int, ...], value: Any) -> None:
    before = document()
    after = override(before, [setting])
    assert at(after.data, *where) == value
    assert before.data == document().data


def test_later_settings_win_and_see_the_earlier_ones() -> None:
    data = override(
        document(), ["layers.y.units=3", "layers.y.units=5", "layers.y.type=Conv1D", "layers.y.filters=2"]
    ).data
    assert data["layers"][2] == {"name": "y", "type": "Conv1D", "filters": 2}


def test_without_settings_nothing_changes() -> None:
    one = document()
    assert override(one, []) is one
    assert expand(one) == (one, ())


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("epochs", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("training..epochs=3", "KEY=VALUE"),
        ("layers.nobody.units=3", "nothing in `layers` is called 'nobody'"),
        ("layers.0.units=3", "nothing in `layers` is called '0'"),
        ("layers.Dense.units=3", "nothing in `layers` is called 'Dense'"),
        ("training.epochs.first=3", "`training.epochs` is no table"),
        ("training.callbacks.tqdm.a=3", "nothing in `training.callbacks` is called 'tqdm'"),
        ("training.callbacks.csv.a=3", "`training.callbacks.csv` is no table"),
    ],
)
def test_what_leads_nowhere(setting: str, words: str) -> None:
    with pytest.raises(OverrideError, match="--set") as caught:
        override(document(), [setting])
    assert words in str(caught.value)


def test_a_mistake_in_a_setting_is_shown_there() -> None:
    found = compile_text(TEXT, overrides=["layers.hidden.units=many", "training.epochs=0"]).diagnostics
    assert {one.code: one.place.source.path for one in found if one.code in ("E105", "E106")} == {
        "E105": "<command line>",
        "E106": "<command line>",
    }
    assert "--set layers.hidden.units=many" in next(one for one in found if one.code == "E105").place.source.text


def test_what_was_not_set_keeps_its_place() -> None:
    text = TEXT.replace("rate = 0.5", "rate = 5")
    found = [one for one in compile_text(text, overrides=["layers.hidden.units=8"]).diagnostics if one.code == "E106"]
    assert [one.line for one in found] == [10]

"""A spec's text that is made to say other values: its comments stay, and what can't be written so is told."""

from __future__ import annotations

import json

import pytest

from keraspec.checked import compile_text
from keraspec.runtime.run import RunFolder
from keraspec.spec.document import Source
from keraspec.spec.read import read_text
from keraspec.spec.said import saying

SPEC = """# who wrote it
keraspec = 1
inputs.a.shape = [4]
inputs.b.shape = [2]

[[layers]]
type = "Concatenate"
inputs = ["a", "b"]

[[layers]]
name = "answer"  # the head
type = "Dense"
units = 2

[training]
epochs = 4  # enough
loss = "mse"
optimizer = "adam"

[[training.callbacks]]
type = "EarlyStopping"  # not too soon
monitor = "loss"

[[training.callbacks]]
type = "TerminateOnNaN"
"""


@pytest.mark.parametrize(
    ("settings", "old", "new"),
    [
        ((), "", ""),
        (("training.epochs=1", "layers.answer.units=3"), "epochs = 4 |units = 2\n", "epochs = 1 |units = 3\n"),
        (("training.optimizer={ type = 'SGD', momentum = 0.5 }",), '"adam"', "{ type = 'SGD', momentum = 0.5 }"),
        (("training.epochs=4.0",), "epochs = 4 ", "epochs = 4.0 "),
        (("training.callbacks.TerminateOnNaN.remove=true",), '\n[[training.callbacks]]\ntype = "TerminateOnNaN"\n', ""),
        (("training.callbacks.EarlyStopping.patience=2",), 'monitor = "loss"', 'monitor = "loss"\npatience = 2'),
        (("training.seed=7",), "", "seed = 7"),
    ],
)
def test_what_was_set_stands_in_the_text(tmp_path, settings, old, new):
    checked = compile_text(SPEC, overrides=settings)
    RunFolder(tmp_path).spec(checked.document)
    text = (tmp_path / "spec.keraspec.toml").read_text()
    again, found = read_text("a.toml", text.encode(), "toml")
    written = checked.document.expansion.written if checked.document.expansion else checked.document
    assert not found
    assert json.dumps(again.data, sort_keys=True) == json.dumps(written.data, sort_keys=True)
    assert text.startswith("# who wrote it\n")
    assert all(one in text for one in ("# the head\n", "# enough\n", "# not too soon\n"))
    for one, other in zip(old.split("|"), new.split("|"), strict=True):
        assert other.replace("'", '"') in text
        assert not one or one not in text or one in other


def test_json_stays_json():
    text = '{"keraspec": 1, "inputs": {"x": {"shape": [3]}},\n "layers": [{"type": "Dense", "units": 2}]}\n'
    wanted = {"keraspec": 1, "inputs": {"x": {"shape": [3]}}, "layers": [{"type": "Dense", "units": 5}]}
    assert saying(Source("a.json", text), wanted) == text.replace('"units": 2', '"units": 5')


def test_what_is_made_of_several_files_or_has_another_order_is_not_written_so(tmp_path):
    data = read_text("a.toml", SPEC.encode(), "toml")[0].data
    turned = {**data, "inputs": {"b": data["inputs"]["b"], "a": data["inputs"]["a"]}}
    assert saying(Source("a.toml", SPEC), data) == SPEC
    assert saying(Source("a.toml", SPEC), turned) is None
    assert saying(Source("a.toml", 'keraspec = 1\nextends = "b.toml"\n'), {"keraspec": 1, "layers": []}) is None
    assert saying(Source("a.toml", "keraspec = \n"), {"keraspec": 1}) is None
    (tmp_path / "base.keraspec.toml").write_text(SPEC)
    above = compile_text('keraspec = 1\nextends = "base.keraspec.toml"\n', path=str(tmp_path / "a.keraspec.toml"))
    RunFolder(tmp_path).spec(above.document)
    assert json.loads((tmp_path / "spec.keraspec.json").read_text())["training"]["epochs"] == 4

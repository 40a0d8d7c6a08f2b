"""What `show` counts: layers, weights, FLOPs, bytes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from keraspec.checked import compile_file, compile_text
from keraspec.compiler.optimizer_state import SLOTS, optimizer_bytes, optimizer_object
from keraspec.compiler.show import Summary, summarise
from keraspec.compiler.sizes import symbol
from keraspec.compiler.tensor import Weight

NETWORKS = Path(__file__).parent.parent / "golden" / "networks"


def summary(name: str, batch_size: int | None = None) -> Summary:
    found = compile_file(NETWORKS / f"{name}.keraspec.toml").typed
    assert found is not None
    return summarise(found, batch_size)


@pytest.mark.parametrize("name", ["digits", "towers", "reader", "broken"])
def test_json_is_as_it_was(name: str) -> None:
    text = json.dumps(summary(name).to_json(), indent=2) + "\n"
    path = NETWORKS / f"{name}.show.json"
    if os.environ.get("KERASPEC_WRITE_GOLDEN"):
        path.write_text(text, "utf-8", newline="\n")
    assert text == path.read_text("utf-8")


def test_a_small_network_by_hand() -> None:
    found = summary("digits")
    said = found.to_json()
    assert set(said) == {"name", "inputs", "outputs", "layers", "totals"}
    assert said["inputs"] == [{"name": "image", "shape": [None, 8, 8, 1], "dtype": "float32"}]
    assert said["outputs"] == [{"name": "digit", "shape": [None, 10], "dtype": "float32"}]
    conv = said["layers"][0]
    assert conv == {
        "name": "conv1",
        "type": "Conv2D",
        "inputs": ["image"],
        "outputs": [{"shape": [None, 6, 6, 32], "dtype": "float32"}],
        "params": 3 * 3 * 1 * 32 + 32,
        "trainable_params": 320,
        "flops": 6 * 6 * 32 * (2 * 9 + 1),  # nothing is counted for the activation
    }
    norm = said["layers"][1]
    assert (norm["params"], norm["trainable_params"]) == (128, 64)
    outputs = 6 * 6 * 32 * 2 + 3 * 3 * 32 * 2 + 288 + 10
    params = 320 + 128 + 288 * 10 + 10
    assert said["totals"]["activation_bytes"] == 4 * outputs
    assert said["totals"]["params"] == params
    assert said["totals"]["trainable_params"] == params - 64
    assert said["totals"]["flops"] == sum(layer["flops"] for layer in said["layers"])
    assert (found.cost.batch_size, found.cost.activations) == (32, 32 * 4 * outputs)
    assert found.cost.weights == 4 * params
    assert (found.cost.optimizer_name, found.cost.optimizer) == ("Adam", 2 * 4 * (params - 64))


def test_shared_weights_count_once_and_every_call_costs() -> None:
    layers = {row.name: row for row in summary("towers").layers}
    assert (layers["stem"].params, layers["stem_again"].params) == (448, 0)
    assert layers["stem_again"].shared == "stem"
    assert layers["stem_again"].flops == layers["stem"].flops
    assert layers["stem_again"].inputs == ("other",)
    said = summary("towers").to_json()
    assert [one["name"] for one in said["outputs"]] == ["label", "how_old"]
    assert said["inputs"][0] == {"name": "photo", "shape": [None, 32, 32, 3], "dtype": "uint8"}


def test_unknown_sizes_are_words() -> None:
    said = summary("reader", batch_size=4).to_json()
    layers = {layer["name"]: layer for layer in said["layers"]}
    assert [one["shape"] for one in layers["encoder"]["outputs"]] == [[None, "time", 64], [None, 64], [None, 64]]
    assert layers["decoder"]["inputs"] == ["embed", "encoder[1]", "encoder[2]"]
    assert layers["half"]["outputs"][0]["shape"] == [None, "(time + 1)//2 - 2", 32]
    assert "time" in said["totals"]["activation_bytes"]
    assert isinstance(said["totals"]["params"], int)
    assert "batch" not in json.dumps(said)
    one, four = summary("reader", 1), summary("reader", 4)
    assert one.cost.activations == one.totals.activation_bytes == four.totals.activation_bytes
    assert one.cost.activations is not None
    assert four.cost.activations == 4 * one.cost.activations
    assert (one.cost.optimizer_name, one.cost.optimizer) == (None, None)


def test_what_is_not_known_is_null() -> None:
    said = summary("broken").to_json()
    layers = {layer["name"]: layer for layer in said["layers"]}
    assert layers["first"]["params"] == 15
    assert layers["third"] == {
        "name": "third",
        "type": "Conv2D",
        "inputs": ["first"],
        "outputs": None,
        "params": None,
        "trainable_params": None,
        "flops": None,
    }
    assert set(said["totals"].values()) == {None}
    assert said["outputs"] == [{"name": "last", "shape": None, "dtype": None}]


def test_the_batch_size_is_the_specs_own() -> None:
    text = 'keraspec = 1\nname = "a"\ninputs.x.shape = [4]\nlayers = [{ type = "Dense", units = 2 }]\n'
    text += '[data]\nbatch_size = 7\nsource = { type = "csv", path = "a.csv" }\n'
    found = compile_text(text).typed
    assert found is not None
    assert summarise(found).cost.batch_size == 7
    assert summarise(found, 9).cost.batch_size == 9
    with pytest.raises(ValueError, match="at least 1"):
        summarise(found, 0)


def test_every_known_optimizer_has_its_slots() -> None:
    from keraspec.compiler.catalogue import family

    known = {name for name, record in family("optimizers").items() if record.refused is None}
    assert set(SLOTS) | {"LossScaleOptimizer", "MultiOptimizer"} == known  # these two hand on to others


def test_optimizer_state_of_words_and_of_nothing() -> None:
    time = symbol("time")
    adam = optimizer_object("adam")
    assert adam is not None
    assert optimizer_bytes(adam, [("a", Weight("w", (time, 2)))]) == 16 * time
    assert optimizer_bytes(adam, [("a", Weight("w", (3, 2), trainable=False))]) == 0
    assert optimizer_object("no such thing") is None
    assert optimizer_object(None) is None

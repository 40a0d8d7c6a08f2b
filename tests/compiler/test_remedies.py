"""What is advised has been tried: done as it is written, it mends what it is said of; and nothing else is touched."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import Checked, compile_text
from keraspec.compiler import infer as inference
from keraspec.compiler.chain import FARTHEST, LONGEST

MENU: list[dict[str, Any]] = [
    {"type": "Conv2D", "filters": 8, "kernel_size": 3},
    {"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same"},
    {"type": "Conv2D", "filters": 8, "kernel_size": 5, "strides": 2, "padding": "same"},
    {"type": "Conv1D", "filters": 6, "kernel_size": 3},
    {"type": "Conv2DTranspose", "filters": 4, "kernel_size": 2, "strides": 2},
    {"type": "MaxPooling2D"},
    {"type": "MaxPooling1D", "pool_size": 3},
    {"type": "UpSampling2D"},
    {"type": "GlobalAveragePooling2D"},
    {"type": "GlobalAveragePooling1D"},
    {"type": "Flatten"},
    {"type": "Dense", "units": 12},
    {"type": "Dense", "units": 5},
    {"type": "LSTM", "units": 6},
    {"type": "GRU", "units": 7, "return_sequences": True},
    {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 4}},
    {"type": "TimeDistributed", "layer": {"type": "Dense", "units": 3}},
    {"type": "RepeatVector", "n": 4},
    {"type": "Reshape", "target_shape": [4, 3]},
    {"type": "Reshape", "target_shape": [5, -1]},
    {"type": "Permute", "dims": [2, 1]},
    {"type": "BatchNormalization"},
    {"type": "BatchNormalization", "axis": 3},
    {"type": "GroupNormalization", "groups": 3},
    {"type": "Dropout", "rate": 0.5},
    {"type": "Embedding", "input_dim": 9, "output_dim": 4},
    {"type": "Cropping2D", "cropping": 2},
    {"type": "ConvLSTM2D", "filters": 3, "kernel_size": 3},
    {"type": "Rescaling", "scale": 0.5},
]
MERGES = ["Add", "Multiply", "Concatenate", "Attention", "Dot"]
SHAPES: list[list[int | str]] = [
    [], [7], [12], [28, 28], [9, 4], ["time", 4], ["time"], [12, 12, 1], [13, 13, 3], [3, 16, 16], [32, 12, 12, 1],
    ["height", "width", 3],
]  # fmt: skip


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    """A pile of layers that mostly do not fit."""
    dtype = draw(st.sampled_from(["float32", "float32", "float32", "int32", "uint8", "string"]))
    inputs = {"x": {"shape": draw(st.sampled_from(SHAPES)), "dtype": dtype}}
    names = ["x"]
    if draw(st.booleans()):
        inputs["y"] = {"shape": draw(st.sampled_from(SHAPES)), "dtype": "float32"}
        names.append("y")
    layers: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, 7))):
        name = f"l{index}"
        if draw(st.integers(0, 4)) == 0 and len(names) > 1:
            pair = [draw(st.sampled_from(names)), draw(st.sampled_from(names))]
            kind = draw(st.sampled_from(MERGES))
            layer: dict[str, Any] = {"name": name, "type": kind, "inputs": pair}
            if kind == "Dot":
                layer["axes"] = 1
        else:
            layer = {"name": name, **draw(st.sampled_from(MENU)), "inputs": names[-1]}
        layers.append(layer)
        names.append(name)
    return {"keraspec": 1, "inputs": inputs, "layers": layers}


def check(spec: dict[str, Any]) -> Checked:
    return compile_text(json.dumps(spec), "json")


def misfits(checked: Checked) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Layer → code, help and chains of what is wrong with its shapes."""
    assert checked.spec is not None
    return {
        checked.spec.entries[int(one.finding.pointer[1])].name: (one.code, one.help or "", one.shapes)
        for one in checked.errors
        if re.fullmatch(r"E30[1-7]", one.code)
    }


def offers(text: str) -> list[str]:
    return [one.partition(", which would give ")[0] for one in text.split("; or ") if ", which would give " in one]


def done(spec: dict[str, Any], offer: str) -> dict[str, Any] | None:
    """The spec after an offer was followed to the letter; None for those that this test cannot follow."""
    new = json.loads(json.dumps(spec))
    layers = {layer["name"]: layer for layer in new["layers"]}
    if shape := re.search(r"write `inputs\.(\w+)\.(shape|dtype) = (.+?)`", offer):
        new["inputs"][shape[1]][shape[2]] = json.loads(shape[3])
        return dict(new)
    if kind := re.fullmatch(r'write `type = "(\w+)"` in `(\w+)` instead of `\w+`', offer):
        old = layers[kind[2]]
        if kind[1].startswith("Global"):
            old = {key: value for key, value in old.items() if key in ("name", "inputs")}
        new["layers"] = [{**old, "type": kind[1]} if one["name"] == kind[2] else one for one in new["layers"]]
        return dict(new)
    if argument := re.match(r"write `(\w+) = (.+?)` in ((?:`\w+`(?:, | and )?)+)", offer):
        for name in re.findall(r"`(\w+)`", argument[3]):
            layers[name][argument[1]] = json.loads(argument[2])
        return dict(new)
    if put := re.match(
        r"(?:for [a-z ]+ )?put `\{ (.*?) \}` before `(\w+)`( and use `(\w+)` there instead of `(\w+)`)?", offer
    ):
        entry = json.loads("{" + re.sub(r"(\w+) = ", r'"\1": ', put[1]) + "}")
        later = layers[put[2]]
        if put[3]:
            later["inputs"] = json.loads(json.dumps(later["inputs"]).replace(f'"{put[5]}"', f'"{put[4]}"'))
        else:
            entry |= {"name": "put"}
            later["inputs"] = "put"
        new["layers"].insert(new["layers"].index(later), entry)
        return dict(new)
    return None


@settings(max_examples=150, deadline=None)
@given(specs())
def test_what_is_offered_mends(spec: dict[str, Any]) -> None:
    for name, (code, help_text, _) in misfits(check(spec)).items():
        for offer in offers(help_text):
            new = done(spec, offer)
            if new is None:
                assert re.match(
                    r"take|to apply|use|put `\w+` behind|write `return_sequences = true` in the `layer`", offer
                )
                continue
            after = check(new)
            assert name not in misfits(after), (code, offer, new)
            assert not {one.code for one in after.errors} & {"E104", "E105", "E106", "E107", "E114"}


@settings(max_examples=60, deadline=None)
@given(specs())
def test_looking_for_a_way_out_changes_nothing_of_what_is_known(spec: dict[str, Any]) -> None:
    checked = check(spec)
    if checked.graph is None:
        return
    silent = inference.Inference(checked.graph, "float32", advise=False)
    for node in checked.graph.nodes.values():
        silent.typed[node.name] = silent.node(node)
    assert checked.typed is not None
    assert dict(silent.typed) == dict(checked.typed.typed)
    assert not any(one.help or one.shapes for one in silent.findings if one.code.startswith("E30"))


def one_help(*layers: dict[str, Any], shape: list[Any], dtype: str = "float32") -> str:
    spec = {"keraspec": 1, "inputs": {"x": {"shape": shape, "dtype": dtype}}, "layers": list(layers)}
    (one,) = check(spec).errors
    return one.help or ""


def test_only_what_mends_all_that_hangs_on_it_is_offered_where_there_is_such() -> None:
    """`padding = "same"` in the first layer alone would only move the mistake to the second."""
    window = {"type": "Conv2D", "filters": 4, "kernel_size": 5}
    text = one_help({"name": "a", **window}, {"name": "b", **window}, shape=[4, 4, 1])
    assert offers(text)[0] == 'write `padding = "same"` in `a` and `b`'


def test_a_reused_layer_is_not_changed_by_advice() -> None:
    """What mends one call may break the other."""
    text = one_help(
        {"name": "a", "type": "LSTM", "units": 4, "return_sequences": True},
        {"name": "b", "reuse": "a"},
        {"name": "c", "type": "RepeatVector", "n": 2},
        shape=[5, 4],
    )
    assert "return_sequences" not in text
    assert "`{ type = " in text


def test_a_layer_without_a_name_is_spoken_of_as_what_it_is() -> None:
    text = one_help({"type": "Conv2D", "filters": 4, "kernel_size": 9}, shape=[8, 8, 1])
    assert text.startswith('write `padding = "same"` here, which would give (batch, 8, 8, 4)')
    assert "conv2d" not in text


def test_where_nothing_is_found_the_rule_says_what_to_do() -> None:
    text = one_help({"type": "Reshape", "target_shape": [7, 2]}, shape=[5])
    assert "multiplied" in text


def test_long_chains_are_shortened_in_the_middle() -> None:
    layers = [{"name": f"c{index}", "type": "Conv2D", "filters": 2, "kernel_size": 3} for index in range(12)]
    spec = {"keraspec": 1, "inputs": {"x": {"shape": [20, 20, 1]}}, "layers": layers}
    (one,) = check(spec).errors
    (way,) = one.shapes
    steps = way.split(" → ")
    assert len(steps) == LONGEST + 1
    assert steps[:2] == ["x (batch, 20, 20, 1)", "…"]
    assert steps[-2:] == ["c8 (batch, 2, 2, 2)", "c9: Conv2D"]


def test_steps_that_change_nothing_do_not_stand_in_the_chain() -> None:
    same = [{"name": f"d{index}", "type": "Dropout", "rate": 0.1} for index in range(9)]
    spec = {
        "keraspec": 1,
        "inputs": {"x": {"shape": [20]}},
        "layers": [*same, {"name": "l", "type": "LSTM", "units": 2}],
    }
    (one,) = check(spec).errors
    assert one.shapes == ("x (batch, 20) → d8 (batch, 20) → l: LSTM",)


def test_the_axis_that_differs_decides_which_steps_stand() -> None:
    """Of a long chain those steps stand that change the axis in question."""
    wide = [{"name": f"w{index}", "type": "Conv1D", "filters": index + 2, "kernel_size": 1} for index in range(9)]
    layers = [
        *wide,
        {"name": "p", "type": "MaxPooling1D"},
        {"name": "e", "type": "Conv1D", "filters": 10, "kernel_size": 1},
        {"name": "sum", "type": "Add", "inputs": ["e", "w8"]},
    ]
    (one,) = check({"keraspec": 1, "inputs": {"x": {"shape": [20, 4]}}, "layers": layers}).errors
    assert one.shapes[0] == "x (batch, 20, 4) → p (batch, 10, 10) → e (batch, 10, 10) → sum: Add"


@pytest.mark.parametrize("count", [500, 1000])
def test_many_mistakes_do_not_make_checking_slow(count: int) -> None:
    """A deep graph with a mistake at every step: advice is given for the first ones, and then the rule's own."""
    layers: list[dict[str, Any]] = []
    for index in range(count):
        before = layers[-2]["name"] if layers else "x"
        layers.append({"name": f"d{index}", "type": "Dense", "units": 8, "inputs": before})
        layers.append({"name": f"l{index}", "type": "LSTM", "units": 2, "inputs": f"d{index}"})
    begun = time.perf_counter()
    checked = check({"keraspec": 1, "inputs": {"x": {"shape": [8]}}, "layers": layers})
    assert time.perf_counter() - begun < 20
    found = [one for one in checked.errors if one.code == "E301"]
    assert len(found) == count
    assert all(one.help and one.shapes for one in found)
    assert count <= FARTHEST or found[-1].shapes[0].startswith("…")

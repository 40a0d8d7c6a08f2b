"""Folding: what is written with blocks and `repeat` comes to the very same network."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.compiler.lift import fold as folding
from keraspec.compiler.lift.fold import fold
from keraspec.compiler.show import summarise
from keraspec.spec.expand import expand
from keraspec.spec.naming import REFERENCE
from keraspec.spec.read import read_text
from keraspec.spec.to_toml import toml_text

GOLDEN = Path(__file__).parents[1] / "golden" / "fold"
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "Dense": {"activation": "none"},
    "Conv2D": {"strides": 1, "padding": "valid"},
    "DepthwiseConv2D": {"strides": 1, "padding": "valid"},
}
"""What Keras takes where nothing is written, as far as the networks here need it."""


def layers_in(data: Mapping[str, Any]) -> tuple[Any, Counter[Any], tuple[Any, ...]]:
    """A network without names and order: what its outputs are made of, and how often there is which layer.

    The text is written out by the compiler's own first half, and looked at in another way than by what folds.
    """
    document, findings = read_text("spec.toml", toml_text(data).encode(), "toml")
    assert document is not None
    assert findings == ()
    expanded, noted = expand(document)
    assert noted == ()
    entries = expanded.data["layers"]
    names: list[str] = [entry.get("name", f"_{number}_") for number, entry in enumerate(entries)]
    if expanded.expansion is not None:
        names = [name for name, _ in expanded.expansion.names]
    made: dict[str, Any] = {name: ("input", name) for name in expanded.data["inputs"]}
    before = next(iter(made)) if len(made) == 1 else ""
    calls: Counter[str] = Counter()

    def found(written: Any) -> Any:
        if isinstance(written, list):
            return tuple(map(found, written))
        if isinstance(written, dict):
            return tuple((key, found(one)) for key, one in sorted(written.items()))
        match = REFERENCE.fullmatch(written)
        assert match is not None
        return hash((made[match[1]], match[2] or "0"))

    for name, entry in zip(names, entries, strict=True):
        sources = found(entry.get("inputs", before))
        if "reuse" in entry:
            calls[entry["reuse"]] += 1
            made[name] = hash(("again", calls[entry["reuse"]], made[entry["reuse"]], sources))
        else:
            usual = DEFAULTS.get(entry["type"], {})
            arguments = tuple(
                (key, repr("none" if value is None else value)) for key, value in sorted(entry.items())
                if key not in ("name", "inputs") and usual.get(key, "?") != ("none" if value is None else value)
            )  # fmt: skip
            made[name] = hash((arguments, sources))
        before = name
    outputs = expanded.data.get("outputs")
    labels: tuple[Any, ...] = tuple(outputs) if isinstance(outputs, dict) else (entries[-1].get("name", "output"),)
    if expanded.expansion is not None and expanded.expansion.outputs is not None:
        labels = expanded.expansion.outputs
    elif isinstance(outputs, list):
        labels = tuple(one.rpartition(".")[2] for one in outputs)
    ends = [found(outputs)] if isinstance(outputs, str) else found(list(outputs.values()) if isinstance(outputs, dict)
                                                                   else outputs or [before])  # fmt: skip
    return tuple(ends), Counter(made[name] for name in names), labels


def proven_at_once(data: Mapping[str, Any]) -> dict[str, Any]:
    """The folded data; folding must not have had to go back."""
    tried: list[bool] = []
    proof = folding.same_network

    def counted(*pair: Mapping[str, Any]) -> bool:
        tried.append(proof(*pair))
        return tried[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "same_network", counted)
        found = fold(data)
    assert all(tried)
    return found


# The networks that people know


@pytest.mark.parametrize(
    ("name", "most"),
    [("resnet50", 36), ("vgg16", 20), ("mobilenet_v2", 45), ("densenet121", 42), ("inception_v3", 85), ("siamese", 24)],
)
def test_networks_come_out_as_a_page(name: str, most: int) -> None:
    flat = tomli.loads((GOLDEN / f"{name}.flat.toml").read_text())
    text = toml_text(proven_at_once(flat))
    golden = GOLDEN / f"{name}.folded.toml"
    if os.environ.get("KERASPEC_UPDATE"):
        golden.write_text(text)
    assert text == golden.read_text()
    assert text.count("\n") <= most
    assert layers_in(flat)[:2] == layers_in(tomli_open(text))[:2]
    before, after = compile_text(toml_text(flat)), compile_text(text)
    assert before.diagnostics == after.diagnostics == ()
    assert before.typed is not None
    assert after.typed is not None
    one, other = summarise(before.typed, 1), summarise(after.typed, 1)
    assert one.totals == other.totals
    assert Counter((row.type, row.outputs) for row in one.layers) == Counter(
        (row.type, row.outputs) for row in other.layers
    )


def tomli_open(text: str) -> dict[str, Any]:
    """The data of a text in which `${…}` are expressions."""
    from keraspec.spec.to_toml import Expression

    def opened(value: Any) -> Any:
        if isinstance(value, str):
            return Expression(value)
        if isinstance(value, list):
            return [opened(one) for one in value]
        return {key: opened(one) for key, one in value.items()} if isinstance(value, dict) else value

    found: dict[str, Any] = opened(tomli.loads(text))
    return found


# What must stay


def chain(*entries: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"keraspec": 1, "inputs": {"a": {"shape": [4]}}, "layers": list(entries), **more}


DENSE = {"type": "Dense", "units": 4, "activation": "relu"}


def test_names_that_anything_refers_to_stay() -> None:
    units = [{**DENSE, "name": f"d{number}"} for number in range(8)]
    data = chain(*units, outputs=["d7", "d3"], training={"losses": [{"name": "l", "inputs": {"s": "d5"}}]})
    found = proven_at_once(data)
    assert found["layers"] == [
        {"name": "d", "type": "Dense", "repeat": 3, "units": 4, "activation": "relu"},
        units[3],
        {"type": "Dense", **DENSE, "name": "d4"},
        units[5],
        {**DENSE, "name": "d6"},
        units[7],
    ]
    assert found["outputs"] == ["d7", "d3"]
    assert found["training"] is data["training"]


def test_globs_name_layers_too() -> None:
    data = chain(
        *({**DENSE, "name": f"d{number}"} for number in range(6)), training={"phases": [{"freeze": ["d[02]*"]}]}
    )
    assert [one.get("name") for one in fold(data)["layers"]] == ["d0", "d1", "d2", "d", "d5"]


def test_a_model_without_repetition_is_left_alone() -> None:
    data = chain({"type": "Dense", "units": 3, "name": "first"}, {"type": "ReLU"}, {"type": "Dense", "units": 2})
    assert fold(data) == data


@pytest.mark.parametrize(
    "more",
    [{"parameters": {"n": 3}}, {"extends": "base.toml"}, {"layers": [{**DENSE, "repeat": 3}]}, {"layers": []},
     {"inputs": 3}, {"layers": [{**DENSE, "inputs": "nowhere"}]}, {"layers": [{**DENSE, "inputs": {"x": [3]}}]},
     {"layers": [3]}, {"blocks": {"b": {"parameters": {"n": 1}, "layers": [DENSE]}}}, {"layers": [{"name": "x"}]}],
)  # fmt: skip
def test_what_is_no_flat_spec_comes_back_as_it_is(more: dict[str, Any]) -> None:
    data = {**chain(*[DENSE] * 9), **more}
    assert fold(data) == data


def test_blocks_that_there_are_keep_their_outside() -> None:
    inner = {"inputs": ["x"], "layers": [*[{**DENSE}] * 7, {"name": "end", **DENSE}], "outputs": {"far": "end"}}
    data = chain({"name": "m", "block": "model"}, {"name": "again", "reuse": "m", "inputs": "a"},
                 {"type": "Add", "inputs": ["m.far", "again.far"]}, blocks={"model": inner})  # fmt: skip
    found = proven_at_once(data)
    assert found["layers"] == data["layers"]
    assert found["blocks"]["model"]["layers"] == [{**DENSE, "repeat": 7}, {"name": "end", **DENSE}]
    assert found["blocks"]["model"]["outputs"] == {"far": "end"}


def test_texts_that_look_like_expressions_are_texts() -> None:
    layers = [
        {"type": "Dense", "units": 4, "kernel_initializer": text, "activation": "relu"}
        for text in ("${a}", "$${b}") * 6
    ]
    data = chain(*(one for layer in layers for one in (layer, {"type": "Dropout", "rate": 0.5}, {"type": "ReLU"})))
    found = proven_at_once(data)
    assert found != data
    assert layers_in(data) == layers_in(found)


def test_the_weights_keep_their_order() -> None:
    from keraspec.compiler.build import build

    layers: list[dict[str, Any]] = []
    before = "a"
    for number in range(4):
        layers += [
            {"name": f"b{number}_1", "type": "Dense", "inputs": before, "units": 5 + number},
            {"name": f"b{number}_2", "type": "Dense", "units": 3, "activation": "relu"},
            {"name": f"b{number}_0", "type": "Dense", "inputs": before, "units": 4},
            {"name": f"b{number}_3", "type": "Dense", "inputs": f"b{number}_2", "units": 4},
            {"name": f"b{number}_add", "type": "Add", "inputs": [f"b{number}_0", f"b{number}_3"]},
        ]
        before = layers[-1]["name"]
    layers.append({"name": "y", "type": "Dense", "units": 2})
    found = proven_at_once(chain(*layers))
    assert [one.get("repeat") for one in found["layers"]] == [[5, 6, 7, 8], None]
    flat, folded = (compile_text(toml_text(one)).typed for one in (chain(*layers), found))
    assert flat is not None
    assert folded is not None
    shapes = [
        [[tuple(weight.shape) for weight in layer.weights] for layer in build(one).layers] for one in (flat, folded)
    ]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) == len(layers) + 1


# Whatever may come


@st.composite
def motifs(draw: st.DrawFn) -> list[tuple[str, dict[str, list[Any]], Any]]:
    """Lines of a block: type, choices for each argument, and inputs by how many lines back (0 is what goes in)."""
    lines: list[tuple[str, dict[str, list[Any]], Any]] = []
    for place in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(["Dense", "Dense", "Activation", "Dropout", "Add", "Concatenate", "LSTM"]))
        back = st.integers(0, place)
        values = st.sampled_from([[8], [8, 16], [8, 16, 32, 64]])
        if kind in ("Add", "Concatenate"):
            wires: Any = draw(st.lists(back, min_size=2, max_size=3))
            lines.append((kind, {}, wires))
        elif kind == "Dense":
            arguments = {
                "units": draw(values),
                "activation": draw(st.sampled_from([[None], ["relu"], ["relu", None, "$${x}"]])),
            }
            lines.append((kind, arguments, draw(st.just(place) | back)))
        elif kind == "LSTM":
            table = draw(st.booleans())
            wires = {"sequence": place, "initial_state": [draw(back), draw(back)]} if table else place
            lines.append((kind, {"units": draw(values), "return_state": [True]}, wires))
        else:
            name, choices = ("rate", [0.5, 0.25]) if kind == "Dropout" else ("activation", ["relu", "tanh"])
            lines.append((kind, {name: choices[: draw(st.integers(1, 2))]}, draw(st.just(place) | back)))
    return lines


@st.composite
def flat_specs(draw: st.DrawFn) -> dict[str, Any]:
    """A flat spec with repetition planted, and some disorder."""
    kinds = draw(st.lists(motifs(), min_size=1, max_size=3))
    order = draw(st.lists(st.tuples(st.integers(0, len(kinds) - 1), st.integers(1, 4)), min_size=1, max_size=5))
    named = draw(st.sampled_from(["none", "parts", "odd"]))
    layers: list[dict[str, Any]] = []
    before = "a"
    number = 0
    far: list[str] = []
    for kind, times in order:
        for _ in range(times):
            number += 1
            sources = [before]
            skipped = draw(st.integers(0, 12))
            for place, (layer, arguments, wires) in enumerate(kinds[kind]):
                if place == skipped and place + 1 < len(kinds[kind]):
                    sources.append(sources[-1])
                    continue
                name = {
                    "parts": f"block{number}_{place}_{layer.lower()}",
                    "odd": f"l{draw(st.integers(0, 9))}_{len(layers)}",
                }.get(named, f"n{len(layers)}")

                def wired(one: Any, sources: list[str] = sources) -> Any:
                    if isinstance(one, list):
                        return [wired(each) for each in one]
                    return {key: wired(each) for key, each in one.items()} if isinstance(one, dict) else sources[one]

                entry = {"name": name, "type": layer, "inputs": wired(wires)}
                if isinstance(wires, list) and far and draw(st.integers(0, 2)) == 0:
                    entry["inputs"][-1] = draw(st.sampled_from(far))
                for key, choices in arguments.items():
                    value = draw(st.sampled_from(choices))
                    if value is not None:
                        entry[key] = value
                layers.append(entry)
                end = name + draw(st.sampled_from(["", "", "", "[1]"])) if layer == "LSTM" else name
                sources.append(end)
            before = sources[-1]
            far.append(before)
            if layers and draw(st.integers(0, 15)) == 0:
                again = draw(st.sampled_from([one for one in layers if one.get("type") == "Dense"] or [{}]))
                if again:
                    layers.append({"name": f"again{len(layers)}", "reuse": again["name"], "inputs": before})
                    before = layers[-1]["name"]
    if not layers:
        layers.append({"name": "only", **DENSE})
    data = chain(*layers)
    ends = draw(st.sampled_from(["left out", "last", "list", "table"]))
    if ends != "left out" or named == "none":
        chosen = [layers[-1]["name"]] if ends != "list" else [layers[-1]["name"], draw(st.sampled_from(layers))["name"]]
        data["outputs"] = {"y": chosen[0]} if ends == "table" else list(dict.fromkeys(chosen))
    if named == "none":
        needed = set(data["outputs"].values() if isinstance(data["outputs"], dict) else data["outputs"])
        for place, one in enumerate(layers):
            last = layers[place - 1]["name"] if place else "a"
            if one["inputs"] == last:
                del one["inputs"]
            needed |= set(words(one.get("inputs"))) | {one.get("reuse")}
        for one in layers:
            if one["name"] not in needed:
                del one["name"]
    return data


def words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value.partition("[")[0]]
    inner = value.values() if isinstance(value, dict) else value or ()
    return [word for one in inner for word in words(one)]


@given(flat_specs())
@settings(max_examples=150, deadline=None)
def test_what_is_folded_is_the_same_network(data: dict[str, Any]) -> None:
    found = proven_at_once(data)
    assert layers_in(data) == layers_in(found)
    assert fold(data) == found
    assert fold(found) == found

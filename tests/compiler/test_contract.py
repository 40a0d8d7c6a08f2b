"""Specs written from LANGUAGE.md alone against the same networks written by hand in Keras."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.compiler.show import summarise

HERE = Path(__file__).parent
SPECS = sorted((HERE.parent / "golden" / "specs").glob("*.keraspec.*"))
WARNED = {"masks": ["W301"]}
"""Specs of which `check` has something to say."""
WITHOUT_NUMBERS = {"frozen", "learned_preprocessing"}
"""Networks that drop by chance whenever they are asked, or that must see data first."""
SINCE = {"preprocessing": (3, 14)}
"""Networks that older releases of Keras make otherwise: `Discretization` encodes into other shapes up to 3.13."""
UNKNOWN = 64
"""What sizes not known become when numbers are compared."""


def stem(path: Path) -> str:
    return path.name.split(".")[0]


@pytest.fixture(scope="module")
def models() -> Iterator[dict[str, Callable[[], Any]]]:
    sys.path.insert(0, str(HERE))
    import contract_images
    import contract_sequences

    yield {
        name: function
        for module in (contract_images, contract_sequences)
        for name, function in vars(module).items()
        if callable(function) and getattr(function, "__module__", None) == module.__name__
    }
    sys.path.remove(str(HERE))


def checked(path: Path) -> Checked:
    found = compile_file(path)
    if lacking := [one.message for one in found.diagnostics if one.code == "E116"]:
        pytest.skip(lacking[0])
    assert [one.finding.code for one in found.diagnostics] == WARNED.get(stem(path), [])
    return found


def test_every_network_has_its_spec(models: dict[str, Callable[[], Any]]) -> None:
    assert sorted(models) == [stem(path) for path in SPECS]


@pytest.mark.filterwarnings(r"ignore:[\s\S]*was passed an input with a mask")
@pytest.mark.parametrize("path", SPECS, ids=stem)
def test_a_spec_is_the_network_that_keras_makes(path: Path, models: dict[str, Callable[[], Any]]) -> None:
    import keras

    from keraspec.compiler.build import build

    if stem(path) in SINCE and tuple(map(int, keras.__version__.split(".")[:2])) < SINCE[stem(path)]:
        pytest.skip("an older Keras computes another shape")
    spec = checked(path)
    assert spec.typed is not None
    keras.backend.clear_session()
    wanted = models[stem(path)]()
    _same_table(summarise(spec.typed).to_json(), wanted)

    keras.backend.clear_session()
    model = build(spec.typed)
    assert _config(model) == _config(wanted)
    for layer in (one for one in wanted.layers if isinstance(one, keras.Layer)):
        model.get_layer(layer.name).set_weights(layer.get_weights())
    given = _inputs(wanted)
    if stem(path) not in WITHOUT_NUMBERS:
        _same_numbers(model(given, training=False), wanted(given, training=False))


def _same_table(table: dict[str, Any], wanted: Any) -> None:
    """What `show` says against what Keras has: layers and their calls in order, shapes, dtypes, numbers of weights."""
    import keras

    # Operations that Keras puts between layers to pass masks on are no layers of anybody's.
    layers = {one.name: one for one in wanted.layers if isinstance(one, keras.Layer) and not _is_input(one)}
    calls = {name: list(layer._inbound_nodes) for name, layer in layers.items()}
    owned = [row for row in table["layers"] if row["name"] in layers]
    assert {row["name"] for row in owned} == set(layers)
    for row in owned:
        layer = layers[row["name"]]
        assert isinstance(layer, getattr(keras.layers, row["type"]))
        assert row["params"] == layer.count_params(), row
        assert row["trainable_params"] == sum(int(np.prod(one.shape)) for one in layer.trainable_weights), row
    for row in table["layers"]:
        name = row["name"]
        if name not in layers:  # called again: the weights count once, and the next of the layer's calls is meant
            assert row["params"] == row["trainable_params"] == 0
            kind = getattr(keras.layers, row["type"])
            name = next(other for other in calls if calls[other] and isinstance(layers[other], kind))
        _same_types(row["outputs"], calls[name].pop(0).output_tensors)
    assert not any(calls.values())
    assert table["name"].replace(" ", "_") == wanted.name
    assert [one["name"] for one in table["inputs"]] == [one.name for one in wanted.inputs]
    _same_types(table["inputs"], wanted.inputs)
    _same_types(table["outputs"], _outputs(wanted))
    assert table["totals"]["params"] == wanted.count_params()
    assert table["totals"]["trainable_params"] == sum(int(np.prod(one.shape)) for one in wanted.trainable_weights)


def _is_input(layer: Any) -> bool:
    import keras

    return isinstance(layer, keras.layers.InputLayer)


def _outputs(model: Any) -> list[Any]:
    structure = model._outputs_struct
    return list(structure.values()) if isinstance(structure, dict) else list(model.outputs)


def _same_types(ours: list[dict[str, Any]], tensors: list[Any]) -> None:
    assert [one["dtype"] for one in ours] == [one.dtype for one in tensors]
    for one, tensor in zip(ours, tensors, strict=True):
        assert one["shape"][0] is None
        assert len(one["shape"]) == len(tensor.shape)
        for size, known in zip(one["shape"][1:], tensor.shape[1:], strict=True):
            assert size == known or (known is None and isinstance(size, str)), (one, tensor)


def _config(model: Any) -> Any:
    """The config without what hangs on the order in which layers were made, and without seeds drawn by chance."""
    config = model.get_config()
    config["layers"] = sorted(config["layers"], key=lambda layer: layer["name"])
    return json.loads(json.dumps(config, sort_keys=True))


def _inputs(model: Any) -> list[Any]:
    import tensorflow as tf

    rng = np.random.default_rng(5)
    given = []
    for tensor in model.inputs:
        shape = tuple(UNKNOWN if size is None else size for size in (2, *tensor.shape[1:]))
        if tensor.dtype == "string":
            given.append(rng.choice(["red", "the sea", "a  House!"], shape))
        elif tensor.dtype == "bool":
            given.append(rng.random(shape) < 0.7)
        elif tensor.dtype.startswith("float"):
            given.append(rng.normal(size=shape).astype(tensor.dtype))
        else:
            given.append(rng.integers(0, 5, shape).astype(tensor.dtype))
    tensors = [tf.constant(one) for one in given]
    return tensors[0] if len(tensors) == 1 else tensors


def _same_numbers(ours: Any, theirs: Any) -> None:
    import keras

    keras.tree.assert_same_structure(ours, theirs)
    for one, other in zip(keras.tree.flatten(ours), keras.tree.flatten(theirs), strict=True):
        numbers = [keras.ops.convert_to_numpy(each).astype("float64") for each in (one, other)]
        np.testing.assert_allclose(*numbers, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("path", SPECS, ids=stem)
def test_toml_and_json_say_the_same(path: Path) -> None:
    """The same data in the other language gives the same table; nothing hangs on how it is written."""
    data = json.loads(path.read_text("utf-8")) if path.suffix == ".json" else tomli.loads(path.read_text("utf-8"))
    again = compile_text(json.dumps(data, indent=1), "json", str(path))
    assert again.typed is not None
    first = checked(path).typed
    assert first is not None
    assert summarise(again.typed).to_json() == summarise(first).to_json()


@pytest.mark.parametrize("path", SPECS, ids=stem)
def test_a_spec_can_be_drawn(path: Path) -> None:
    from keraspec.picture import Drawing

    spec = checked(path)
    assert spec.typed is not None
    drawing = Drawing(spec.typed)
    svg = unescape(drawing._repr_svg_())
    for name in spec.typed.graph.nodes:
        assert name in drawing.dot
        assert name in drawing.mermaid
        assert name in svg

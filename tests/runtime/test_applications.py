"""Applications built: the same weights inside and outside, frozen, called again, saved and loaded."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from keraspec.compiler.build import build
from keraspec.spec.problem import Problem

HEAD = 'keraspec = 1\nname = "n"\ninputs.image = { shape = [40, 33, 3], dtype = "uint8" }\nlayers = [\n'
SMALL = 'name = "backbone", type = "applications.MobileNet", alpha = 0.25, include_top = false, weights = "none"'
ENDS = """
  { name = "low", type = "GlobalAveragePooling2D", inputs = "backbone.conv_pw_3_relu" },
  { name = "high", type = "GlobalAveragePooling2D", inputs = "backbone" },
  { name = "both", type = "Concatenate", inputs = ["low", "high"] },
  { name = "class", type = "Dense", units = 3 },
]
"""


def pictures() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 255, (2, 40, 33, 3)).astype("uint8")


def test_a_tensor_inside_is_computed_by_the_same_weights(check, tmp_path: Path) -> None:
    model = build(check(HEAD + f"  {{ {SMALL}, trainable = false }}," + ENDS).typed)
    backbone = model.get_layer("backbone")
    assert model.count_params() == backbone.count_params() + 3 * (32 + 256 + 1)
    assert [weight.path for weight in model.trainable_weights] == ["class/kernel", "class/bias"]
    x = pictures()
    high, low = backbone(x)
    by_hand = np.concatenate([np.mean(low, (1, 2)), np.mean(high, (1, 2))], axis=-1)
    assert np.allclose(model(x), model.get_layer("class")(by_hand), atol=1e-5)
    model.save(tmp_path / "model.keras")
    assert np.array_equal(keras.models.load_model(tmp_path / "model.keras")(x), model(x))


def test_it_trains_and_learns(check) -> None:
    model = build(check(HEAD + f"  {{ {SMALL} }}," + ENDS).typed)
    before = [np.array(weight) for weight in model.trainable_weights]
    model.compile("sgd", "mse")
    model.fit(pictures(), np.zeros((2, 3)), epochs=1, verbose=0)
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.trainable_weights, strict=True)]
    assert sum(moved) > len(moved) // 2


def test_generated_names_inside_are_counted_within_one_network(check) -> None:
    """Keras counts through the whole session: the second Xception starts at `conv2d_4`."""
    twice = 'keraspec = 1\nname = "n"\ninputs.image.shape = [71, 71, 3]\nlayers = [\n'
    for name in ("a", "b"):
        twice += f'{{ name = "{name}", type = "applications.Xception", inputs = "image", include_top = false, '
        twice += 'weights = "none" },\n'
    twice += ']\noutputs = { one = "b.conv2d_1", two = "b.add", end = "a" }\n'
    checked = check(twice)
    model = build(checked.typed)
    b = model.get_layer("b")
    assert b.outputs[0].shape == (None, 3, 3, 2048)
    sources = [tensor._keras_history.operation for tensor in b.outputs[1:]]
    assert [type(source).__name__ for source in sources] == ["Conv2D", "Add"]
    assert sources[0].filters == 256  # as conv2d_1 of the first network: the short cut of block 3
    assert sources[1].output.shape == (None, 17, 17, 128)
    for name, edge in checked.typed.graph.outputs.items():
        stated = checked.typed.tensor(edge)
        assert tuple(model.output[name].shape[1:]) == stated.shape[1:]


def test_called_again_with_what_is_inside(check) -> None:
    spec = 'keraspec = 1\nname = "n"\ninputs.a.shape = ["h", "w", 3]\ninputs.b.shape = ["h", "w", 3]\nlayers = [\n'
    spec += f'  {{ {SMALL}, inputs = "a" }},\n  {{ name = "again", reuse = "backbone", inputs = "b" }},\n]\n'
    model = build(check(spec + 'outputs = { x = "backbone.conv1_relu", y = "again.conv1_relu", z = "again" }').typed)
    x = pictures().astype("float32")
    found = model([x, x])
    assert np.array_equal(found["x"], found["y"])
    assert sum("backbone" in layer.name or "again" in layer.name for layer in model.layers) == 1


def test_mixed_precision_reaches_inside(check) -> None:
    tail = '[data]\nsource = { type = "synthetic" }\n[training]\nprecision = "mixed_float16"\nloss = "mse"\n'
    checked = check(HEAD + f"  {{ {SMALL} }}," + ENDS + tail.replace('"synthetic"', '"csv", path = "x.csv"'))
    model = build(checked.typed)
    inside = {one.name: one for one in checked.typed.typed["backbone"].inside}
    for layer in model.get_layer("backbone").layers[1:]:
        assert layer.output.dtype == inside[layer.name].outputs[0].dtype, layer.name


def test_weights_of_a_file_beside_the_spec(check, tmp_path: Path) -> None:
    source = keras.applications.MobileNet(weights=None, alpha=0.25, include_top=False, input_shape=(40, 33, 3))
    source.save_weights(tmp_path / "mine.weights.h5")
    checked = check(HEAD + f"  {{ {SMALL.replace('none', 'mine.weights.h5')} }}," + ENDS)
    model = build(checked.typed, tmp_path)
    wanted, found = source.get_layer("conv1").kernel, model.get_layer("backbone").get_layer("conv1").kernel
    assert np.array_equal(wanted, found)
    with pytest.raises(Problem) as caught:
        build(checked.typed, tmp_path / "elsewhere")
    (finding,) = caught.value.findings
    assert (finding.code, finding.pointer[-1]) == ("E401", "weights")
    (tmp_path / "mine.weights.h5").write_text("no weights")
    with pytest.raises(Problem) as caught:
        build(checked.typed, tmp_path)
    assert caught.value.findings[0].code == "E310"


def test_weights_that_can_not_be_fetched(check, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    def fail(*_: object, **__: object) -> None:
        raise Exception("URL fetch failure on https://example.org/w.h5: None -- [Errno -2] Name or service not known")

    for module in list(sys.modules.values()):
        home = getattr(module, "file_utils", None)
        if hasattr(home, "get_file"):
            monkeypatch.setattr(home, "get_file", fail)
    checked = check(HEAD + f"  {{ {SMALL.replace('none', 'imagenet')} }}," + ENDS)
    with pytest.raises(Problem) as caught:
        build(checked.typed)
    (finding,) = caught.value.findings
    assert finding.code == "E310"
    assert "could not be fetched" in finding.message
    assert 'weights = "none"' in finding.help

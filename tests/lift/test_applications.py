"""Keras' applications as specs: the same configuration, the same number of parameters, the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from same_models import differences, same_model, settle

import keraspec
from keraspec.compiler.build import build
from keraspec.compiler.catalogue import family
from keraspec.compiler.show import summarise

SMALLEST = {"InceptionV3": 75, "Xception": 71, "InceptionResNetV2": 75, "NASNetLarge": 331, "NASNetMobile": 224}
"""Pixels that a network cannot do without; 32 suffice for all others."""
REWRITTEN = ("ConvNeXt", "InceptionResNetV2")
"""Networks with layers that only Keras has, or with models inside: their configuration is another one."""
QUICK = ("MobileNet", "MobileNetV3Small")
HUGE = {
    "ResNet152", "ResNet152V2", "VGG19", "DenseNet201", "InceptionResNetV2",
    "NASNetLarge", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7", "EfficientNetV2M",
    "EfficientNetV2L", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge",
}  # fmt: skip
"""Networks that take gigabytes or minutes, with smaller ones of their family beside them."""
NAMES = [name.partition(".")[2] for name in family("applications")]


def application(name: str) -> keras.Model:
    """A network whose numbers tell: no two weights alike, and what it is shown is to be seen in what it gives."""
    size = SMALLEST.get(name, 32)
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=5)
    rng = np.random.default_rng(0)
    for one in model.weights:
        if len(one.shape) < 2:  # zeros and ones hide what is mixed up
            one.assign_add(rng.uniform(-0.1, 0.1, one.shape))
    for one in model._flatten_layers():
        if isinstance(one, keras.layers.Normalization):
            one.finalize_state()  # it computes with copies, which reading weights from a file sets anew
    settle(model, images(model, 4))
    return model


def images(model: keras.Model, count: int) -> Any:
    return np.random.default_rng(1).uniform(0, 255, (count, *model.input_shape[1:])).astype("float32")


def same_numbers(own: keras.Model, model: keras.Model) -> None:
    """Bit by bit, and not for want of numbers: before the softmax, which makes 0 and 1 of all that is large."""
    for one in (own, model):
        one.layers[-1].activation = keras.activations.linear
    shown = images(model, 2)
    wanted = model.predict_on_batch(shown)
    assert np.isfinite(wanted).all()
    assert (wanted[0] != wanted[1]).any()
    np.testing.assert_array_equal(own.predict_on_batch(shown), wanted)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.huge if name in HUGE else pytest.mark.long)
        for name in NAMES
    ],
)
def test_an_application_comes_back(name: str, tmp_path: Path) -> None:
    model = application(name)
    found = keraspec.import_model(model)
    assert [one.message for one in found.diagnostics] == []
    typed = found.checked.typed
    assert typed is not None
    assert summarise(typed).totals.params == model.count_params()
    rebuilt = build(typed)
    before, after = json.loads(model.to_json()), json.loads(rebuilt.to_json())
    if not name.startswith(REWRITTEN):
        assert differences(same_model(before), same_model(after)) == []
    again = keraspec.import_model(rebuilt)
    assert again.text == found.text or name.startswith("ConvNeXt")
    assert summarise(_typed(again)).totals.params == model.count_params()
    found.save(tmp_path / "spec.toml")
    found.save_weights(tmp_path / "all.weights.h5")
    own = keraspec.build(tmp_path / "spec.toml", tmp_path / "all.weights.h5")
    same_numbers(own, model)


@pytest.mark.parametrize("name", ["MobileNet", pytest.param("ResNet50", marks=pytest.mark.long)])
def test_a_folded_application_is_the_same(name: str, tmp_path: Path) -> None:
    model = application(name)
    folded = keraspec.import_model(model, fold=True)
    assert [one.message for one in folded.diagnostics] == []
    assert len(folded.text.splitlines()) < len(keraspec.import_model(model).text.splitlines())
    folded.save(tmp_path / "spec.toml")
    folded.save_weights(tmp_path / "all.weights.h5")
    own = keraspec.build(tmp_path / "spec.toml", tmp_path / "all.weights.h5")
    same_numbers(own, model)


def _typed(found: keraspec.Imported) -> Any:
    assert found.checked.typed is not None
    return found.checked.typed

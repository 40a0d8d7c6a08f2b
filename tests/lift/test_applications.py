"""Keras' applications as specs: the same configuration, the same number of parameters, the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from same_models import differences, same_model

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
    size = SMALLEST.get(name, 32)
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=5)
    # So that no layer is left as it was made: zeros and ones hide what is mixed up.
    rng = np.random.default_rng(0)
    for one in model.weights:
        one.assign(rng.uniform(0.05, 0.1, one.shape))
    return model


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
    image = np.random.default_rng(1).random((2, *model.input_shape[1:]), "float32")
    np.testing.assert_array_equal(own.predict_on_batch(image), model.predict_on_batch(image))


@pytest.mark.parametrize("name", ["MobileNet", pytest.param("ResNet50", marks=pytest.mark.long)])
def test_a_folded_application_is_the_same(name: str, tmp_path: Path) -> None:
    model = application(name)
    folded = keraspec.import_model(model, fold=True)
    assert [one.message for one in folded.diagnostics] == []
    assert len(folded.text.splitlines()) < len(keraspec.import_model(model).text.splitlines())
    folded.save(tmp_path / "spec.toml")
    folded.save_weights(tmp_path / "all.weights.h5")
    own = keraspec.build(tmp_path / "spec.toml", tmp_path / "all.weights.h5")
    image = np.random.default_rng(1).random((2, *model.input_shape[1:]), "float32")
    np.testing.assert_array_equal(own.predict_on_batch(image), model.predict_on_batch(image))


def _typed(found: keraspec.Imported) -> Any:
    assert found.checked.typed is not None
    return found.checked.typed

"""Every public name of Keras is something that a spec can state, or is refused for one of three reasons."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

import pytest

from keraspec.compiler.catalogue import MODULES, family, spellings
from keraspec.compiler.catalogue.record import Record

HOMES: Final = {
    "layers": ("layers",),
    "ops": ("ops",),
    "optimizers": ("optimizers", "optimizer_maps"),
    "optimizers.schedules": ("schedules",),
    "losses": ("losses",),
    "metrics": ("metrics",),
    "callbacks": ("callbacks",),
    "initializers": ("initializers",),
    "regularizers": ("regularizers",),
    "constraints": ("constraints",),
    "applications": ("applications",),
    "activations": ("activations",),
    "dtype_policies": ("dtype_policies",),
}
"""Module below ``keras`` → the families of the catalogue that hold what stands there."""
DOTTED: Final = ("ops", "applications")
REASONS: Final = ("code", "callable", "symbolic")
PYTHON: Final = {
    "deserialize": "makes an object of Keras' own saved form",
    "get": "makes an object of a name, as a spec does by itself",
    "serialize": "gives Keras' saved form of an object",
}
"""Functions of several modules that take and give Python objects: refused because they need a ``callable``."""
INPUTS: Final = {
    "Input": "an input is written as `inputs.NAME.shape`, and makes an InputLayer",
    "InputLayer": "an input is written as `inputs.NAME.shape`, and makes an InputLayer",
}
"""Layers that a spec states in a section of its own."""


def public(home: str) -> Iterator[str]:
    """The public names of a module of Keras, other modules excepted."""
    import keras

    found: Any = keras
    for part in home.split("."):
        found = getattr(found, part)
    for name in dir(found):
        if not name.startswith("_") and not isinstance(getattr(found, name), ModuleType):
            yield name


def record_of(home: str, name: str) -> Record | None:
    """The record that a name stands for: a supported one, if there is any."""
    spelled = f"{home}.{name}" if home in DOTTED else name
    found = [spellings(one).get(spelled) for one in HOMES[home]]
    records = sorted((record for record in found if record is not None), key=lambda record: bool(record.refused))
    return records[0] if records else None


def _unaccounted(home: str) -> list[str]:
    return [
        name
        for name in public(home)
        if record_of(home, name) is None and name not in PYTHON and not (home == "layers" and name in INPUTS)
    ]


@pytest.mark.parametrize("home", HOMES)
def test_every_public_name_is_supported_or_refused(home: str) -> None:
    assert _unaccounted(home) == []


def _refused() -> list[Record]:
    return [record for name in MODULES for record in family(name).values() if record.refused is not None]


@pytest.mark.parametrize("record", _refused(), ids=lambda record: f"{record.family}.{record.name}")
def test_what_is_refused_has_one_of_three_reasons_and_a_way_out(record: Record) -> None:
    assert record.because in REASONS
    assert record.refused is not None
    reason, parted, way = record.refused.rpartition("; ")
    assert parted, "no way out is given"
    assert len(reason.split()) >= 4
    assert len(way.split()) >= 4
    assert record.rule is None
    assert record.arguments == ()


def test_what_is_supported_gives_no_reason() -> None:
    for name in MODULES:
        for record in family(name).values():
            assert (record.refused is None) == (record.because is None), record.name


def test_python_functions_are_functions() -> None:
    """What is listed here takes a Python object first, and there is no record of that name."""
    import keras

    for name in PYTHON:
        homes = [home for home in HOMES if name in public(home)]
        assert homes, f"Keras has no {name} any more"
        for home in homes:
            made: Any = keras
            for part in (*home.split("."), name):
                made = getattr(made, part)
            assert inspect.isfunction(made)
            assert next(iter(inspect.signature(made).parameters)) not in ("x", "inputs"), f"{home}.{name}"
            assert record_of(home, name) is None


def test_inputs_of_a_spec_are_input_layers() -> None:
    import keras

    from keraspec import load

    text = """
keraspec = 1
inputs.x.shape = [3]
[[layers]]
type = "Dense"
units = 2
"""
    assert isinstance(_built(load, text).layers[0], keras.layers.InputLayer)


def _built(load: Any, text: str) -> Any:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from keraspec import build

    with TemporaryDirectory() as folder:
        path = Path(folder) / "one.keraspec.toml"
        path.write_text(text, "utf-8")
        return build(load(path))


@pytest.mark.parametrize("name", ["Wrapper", "Layer"])
def test_layers_refused_as_symbolic_or_base_are_not_called_by_keras(name: str) -> None:
    import keras

    made = getattr(keras.layers, name)
    layer = made(keras.layers.Dense(2)) if name == "Wrapper" else made()
    with pytest.raises((TypeError, NotImplementedError)):
        layer(keras.Input((3,)))


@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_metrics_refused_as_symbolic_are_not_measured_by_keras(name: str) -> None:
    import keras
    import numpy as np

    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse", metrics=[getattr(keras.metrics, name)()])
    with pytest.raises(TypeError, match="sample_weight"):
        model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)

"""Every op of the catalogue is found by the class that Keras saves for it."""

from __future__ import annotations

import inspect
from importlib import import_module

import keras
import pytest

from keraspec.compiler.catalogue import family
from keraspec.compiler.lift.ops import OTHERWISE, op_record

HOMES = ("numpy", "nn", "math", "linalg", "image", "core", "einops")
CLASSES = [
    (name, f"keras.src.ops.{home}")
    for home in HOMES
    for name, one in vars(import_module(f"keras.src.ops.{home}")).items()
    if inspect.isclass(one)
    and issubclass(one, keras.Operation)
    and one is not keras.Operation
    and one.__module__ == f"keras.src.ops.{home}"
]
NAMELESS = {"SegmentReduction"}
"""Classes that no function of ``keras.ops`` makes."""


def test_every_class_is_an_op_of_the_catalogue() -> None:
    lost = [name for name, module in CLASSES if name not in NAMELESS and op_record(name, module) is None]
    assert lost == []


@pytest.mark.parametrize(("name", "module"), CLASSES)
def test_a_class_is_the_op_that_makes_it(name: str, module: str) -> None:
    """The function of the op's name calls the class: its source says so."""
    record = op_record(name, module)
    if record is None or name in NAMELESS:
        return
    function = keras
    for part in record.name.split("."):
        function = getattr(function, part)
    spelled = {one.rpartition(".")[2].replace("_", "") for one in (record.name, *record.aliases)}
    assert name.lower() in spelled or name in inspect.getsource(function), record.name


def test_the_exceptions_are_of_use() -> None:
    known = {name for name, _ in CLASSES}
    assert set(OTHERWISE) <= known
    assert set(OTHERWISE.values()) <= set(family("ops"))

"""Nothing in the catalogue goes untested, and its arguments are those of the installed Keras.

A layer without a `Plan` fails here. So does an argument that Keras has and the record lacks, or the other way
round, or whose default differs, unless a table says why: LEFT_OUT below for what holds everywhere, or a
``LEFT_OUT`` in the test file of the family, ``{("Record", "argument"): "reason"}``.
"""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from oracle import Plan, admits

from keraspec.compiler.catalogue import MODULES, family
from keraspec.compiler.catalogue.objects import arguments_of, normal
from keraspec.compiler.catalogue.record import REQUIRED, Record

LEFT_OUT: Mapping[str, str] = {
    "name": "the language's own key",
    "autocast": "an input is always cast to the layer's compute dtype; a spec casts with ops.cast",
    "quantization_config": "a Python object; a trained model is quantized after training",
}
"""Argument → why no record has it."""
HOMES = (
    "layers",
    "optimizers",
    "losses",
    "metrics",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
    "schedules",
)


def _modules() -> list[Any]:
    return [
        importlib.import_module(path.stem)
        for path in sorted(Path(__file__).parent.glob("test_*.py"))
        if path != Path(__file__)
    ]


def plans() -> list[Plan]:
    """All plans of the differential tests."""
    return [plan for module in _modules() for plan in getattr(module, "PLANS", ())]


def left_out() -> dict[tuple[str, str], str]:
    """What the test files of the families leave out."""
    return {pair: why for module in _modules() for pair, why in getattr(module, "LEFT_OUT", {}).items()}


def _records() -> list[Record]:
    return [record for home in HOMES if home in MODULES for record in family(home).values() if record.refused is None]


def _class(record: Record) -> Any:
    import keras

    home = keras.optimizers.schedules if record.family == "schedules" else getattr(keras, record.family)
    return getattr(home, record.name)


def test_every_layer_has_one_plan() -> None:
    planned = Counter(plan.layer for plan in plans())
    known = {name for name, record in family("layers").items() if record.refused is None}
    assert known - planned.keys() == set(), "layers without a differential test"
    assert planned.keys() - known == set(), "plans for layers that the catalogue lacks"
    assert [name for name, times in planned.items() if times > 1] == []


def test_every_layer_has_a_rule() -> None:
    assert [record.name for record in family("layers").values() if record.refused is None and not record.rule] == []


def test_names_and_aliases_are_those_of_keras() -> None:
    import keras

    for record in _records():
        assert inspect.isclass(_class(record)), record.name
        home = keras.optimizers.schedules if record.family == "schedules" else getattr(keras, record.family)
        for alias in record.aliases:
            assert getattr(home, alias) is _class(record), f"{alias} is no alias of {record.name}"


@pytest.mark.parametrize("record", _records(), ids=lambda record: f"{record.family}.{record.name}")
def test_arguments_match_the_signature(record: Record) -> None:
    theirs, own = signature(_class(record))
    mine = arguments_of(record)
    excused = {argument for name, argument in left_out() if name == record.name} | LEFT_OUT.keys()
    assert mine.keys() - theirs.keys() - excused == set(), "arguments that Keras does not know"
    assert own - mine.keys() - excused == set(), "arguments that the catalogue lacks"
    wrong = []
    for name, argument in mine.items():
        if name not in theirs:
            continue
        default = theirs[name]
        if default is inspect.Parameter.empty or argument.default is REQUIRED:
            same = default is inspect.Parameter.empty and argument.default is REQUIRED
        else:
            same = _comparable(argument.kind, argument.default) == _comparable(argument.kind, default)
        if not same and (record.name, name) not in left_out():
            wrong.append(f"{name}: we have {argument.default!r}, Keras {default!r}")
    assert wrong == []


@pytest.mark.parametrize("record", _records(), ids=lambda record: f"{record.family}.{record.name}")
def test_defaults_are_admitted_and_described(record: Record) -> None:
    assert record.summary.endswith("."), record.name
    for argument in arguments_of(record).values():
        assert argument.summary.endswith("."), f"{argument.name} has no summary"
        if argument.default is not REQUIRED:
            assert admits(argument.kind, _listed(argument.default)), f"{argument.name} = {argument.default!r}"


def signature(made: Any) -> tuple[dict[str, Any], set[str]]:
    """The constructor arguments of a Keras class with their defaults, and which of them it names itself.

    What else its base classes take stands behind ``**kwargs``; of that, a layer must have what every layer has.
    """
    import keras

    found: dict[str, Any] = {}
    own: set[str] = set()
    for one in inspect.getmro(made):
        if "__init__" not in vars(one):
            continue
        parameters = list(inspect.signature(vars(one)["__init__"]).parameters.values())[1:]
        named = {
            parameter.name: parameter.default
            for parameter in parameters
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        }
        if not own or one is keras.layers.Layer:
            own |= named.keys()
        found = named | found
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found, own


def _comparable(kind: Any, value: Any) -> Any:
    listed = _listed(value)
    return normal(kind, listed) if admits(kind, listed) else listed


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value

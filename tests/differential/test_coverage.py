"""Nothing in the catalogue goes untested, and it is Keras' own: object by object, argument by argument.

A layer without a `Plan` fails here. So does an argument that Keras has and the record lacks, or the other way
round, or whose default differs, unless a table says why: LEFT_OUT below for what holds everywhere, or a
``LEFT_OUT`` in the test file of the family, ``{("Record", "argument"): "reason"}``. Records are held against the
committed inventory, ``schemas/keras-3.json``, and that against the installed Keras, whichever release it is.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from oracle import Plan, admits

from keraspec.compiler.catalogue import DOTTED, MODULES, family
from keraspec.compiler.catalogue.inventory import Item, Stated, inventory, item_of, known_to, releases
from keraspec.compiler.catalogue.objects import arguments_of, normal
from keraspec.compiler.catalogue.record import REQUIRED, Record

ROOT = Path(__file__).parents[2]
LEFT_OUT: Mapping[str, str] = {
    "name": "the language's own key",
    "autocast": "an input is always cast to the layer's compute dtype; a spec casts with ops.cast",
    "quantization_config": "a Python object; a trained model is quantized after training",
}
"""Argument → why no record has it."""
NAMED = ("activations", "dtype_policies")
"""Families written by name, without arguments."""
DIFFERENT: Mapping[tuple[str, str], str] = {
    ("applications", "trainable"): "as of every layer; Keras' functions give a model, on which it is set afterwards",
    ("applications", "input_tensor"): "tensors stand in `inputs`",
    ("applications", "input_shape"): "it is that of what stands in `inputs`",
}
"""Family and argument → why only Keras' signature has it, or only the record."""
CALL_LEFT_OUT: Mapping[tuple[str, str], str] = {
    ("Dense", "training"): "for weights of 8 bits, which no spec has",
    ("EinsumDense", "training"): "for weights of 8 bits, which no spec has",
    ("StackedRNNCells", "**"): "it is for the cells, which have no further arguments",
}
"""Layer and argument of its call → why neither a port nor an option is called so."""


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


def _every() -> list[Record]:
    """All records of Keras objects, the refused ones among them."""
    return [record for home in MODULES if home != "sources" for record in family(home).values()]


def _records() -> list[Record]:
    return [record for record in _every() if record.refused is None and record.family not in NAMED]


def _id(record: Record) -> str:
    return record.name if record.family in DOTTED else f"{record.family}.{record.name}"


def test_every_layer_and_op_has_one_plan() -> None:
    planned = Counter(plan.layer for plan in plans())
    every = [*family("layers").values(), *family("ops").values()]
    known = {record.name for record in every if record.refused is None}
    assert known - planned.keys() == set(), "layers without a differential test"
    assert planned.keys() - known == set(), "plans for layers that the catalogue lacks"
    assert [name for name, times in planned.items() if times > 1] == []


def test_every_layer_has_a_rule() -> None:
    every = [*family("layers").values(), *family("ops").values()]
    assert [record.name for record in every if record.refused is None and not record.rule] == []


def test_every_record_is_an_object_of_keras() -> None:
    plain = {record.name for record in family("dtype_policies").values() if record.name.islower()}
    assert [_id(one) for one in _every() if item_of(one) is None and one.name not in plain] == []


def test_aliases_are_those_of_keras() -> None:
    """Another name of the same object, or of a function that makes it and calls it: `keras.layers.add`."""
    named = {f"{key.partition('.')[0]}.{name}": item for key, item in inventory().items() for name in item.names}
    named |= inventory()
    wrong = []
    for record in _every():
        item = item_of(record)
        for alias in record.aliases:
            other = named.get(alias if record.family in DOTTED else f"{record.family}.{alias}")
            calls = record.family == "layers" and alias == record.name.lower()
            if other is None or item is None or not (calls or other.arguments == item.arguments):
                wrong.append(f"{alias} is no alias of {record.name}")
    assert wrong == []


@pytest.mark.parametrize("record", _records(), ids=_id)
def test_arguments_are_those_of_the_inventory(record: Record) -> None:
    item = item_of(record)
    assert item is not None
    theirs, own = _signature(record, item)
    mine = {port.name: REQUIRED for port in record.ports} if record.family == "ops" else {}
    mine |= {name: argument.default for name, argument in arguments_of(record).items()}
    excused = {argument for name, argument in left_out() if name == record.name} | LEFT_OUT.keys()
    excused |= {argument for home, argument in DIFFERENT if home == record.family}
    assert mine.keys() - theirs.keys() - excused == set(), "arguments that Keras does not know"
    assert own - mine.keys() - excused == set(), "arguments that the catalogue lacks"
    wrong = []
    for name, argument in arguments_of(record).items():
        if name not in theirs or name in {port.name for port in record.ports if port.literal}:
            continue
        default = theirs[name].default
        if default is REQUIRED or argument.default is REQUIRED:
            same = default is argument.default
        else:
            same = _comparable(argument.kind, argument.default) == _comparable(argument.kind, default)
        if not same and (record.name, name) not in left_out():
            wrong.append(f"{name}: we have {argument.default!r}, Keras {default!r}")
    assert wrong == []


def _signature(record: Record, item: Item) -> tuple[Mapping[str, Stated], set[str]]:
    """What Keras takes, and what of that the object names itself; what its bases name besides may be left out."""
    theirs = {name.removeprefix("*"): stated for name, stated in known_to(item).items()}
    own = {name.removeprefix("*") for name in item.arguments}
    if item.rest == "layers.Layer":
        own |= inventory()["layers.Layer"].arguments.keys()
    if record.family == "metrics" and own >= {"y_true", "y_pred"}:  # a function: Keras averages it, under a name
        own = (own - {"y_true", "y_pred"}) | {"name", "dtype"}
        none, name = Stated(None, None, None, {}), Stated(record.name, None, None, {})
        theirs = {key: one for key, one in theirs.items() if key in own} | {"name": name, "dtype": none}
    return theirs, own


@pytest.mark.parametrize("record", [one for one in _records() if one.family == "layers"], ids=_id)
def test_calls_are_those_of_the_inventory(record: Record) -> None:
    item = item_of(record)
    assert item is not None
    theirs = list(item.call)
    mine = {one.name: one for one in (*record.ports, *record.options)}
    if record.ports and theirs[:1] not in ([record.ports[0].name], ["*args"]):
        del mine[record.ports[0].name]  # given by its place: Keras' layers do not agree on its name
        theirs = theirs[1:]
    excused = {argument for name, argument in CALL_LEFT_OUT if name == record.name}
    if "data" in item.call:  # layers of images: with `false` they only hand on, RandomCrop in the size that came
        excused.add("training")
    assert set(theirs) - mine.keys() - excused == set(), "arguments of the call that the catalogue lacks"
    assert mine.keys() - set(theirs) == set() or "**" in theirs, "arguments of the call that Keras does not know"


def test_nothing_is_left_out_that_is_not_there() -> None:
    """A reason for something that is gone, or that the record has by now, is struck out."""
    known = {record.name: record for record in _records()}
    for name, argument in CALL_LEFT_OUT:
        item = item_of(known[name])
        assert item is not None
        assert argument in item.call


def test_what_can_not_be_said_of_releases_need_not_be_said() -> None:
    """`check` tells of objects and arguments that came or went; not of names without a table, nor of calls."""
    named = [one for one in _every() if one.family in NAMED and one.refused is None]
    assert [_id(one) for one in named if (item := item_of(one)) and (item.since or item.until)] == []
    for record in family("layers").values():
        item = item_of(record)
        assert item is not None
        assert [name for name, one in item.call.items() if one.since or one.until] == [], record.name


def test_defaults_that_changed_are_told() -> None:
    """A spec that leaves such an argument out means something else in an older release: its summary says what."""
    silent = []
    for record in _records():
        known = known_to(item) if (item := item_of(record)) else {}
        for argument in arguments_of(record).values():
            for release, value in known[argument.name].before.items() if argument.name in known else ():
                said = f"By default {value} in Keras {release}." in argument.summary
                if not said and argument.name not in LEFT_OUT:
                    silent.append(f"{_id(record)}: {argument.name} was {value!r} in Keras {release}")
    assert silent == []


def test_the_inventory_is_that_of_the_installed_keras() -> None:
    """Whichever of the releases it knows is installed, the inventory says of it just what it has."""
    tool = _tool()
    release = tool.minor(importlib.metadata.version("keras"))
    assert release in map(tool.minor, releases()), "run `make inventory`"
    whole = json.loads((ROOT / "schemas" / "keras-3.json").read_text(encoding="utf-8"))
    said, found = tool.at(whole, release), tool.walk()
    assert sorted(said) == sorted(found), "run `make inventory`"
    assert [name for name in found if said[name] != found[name]] == [], "run `make inventory`"
    if release == tool.minor(releases()[-1]):
        assert [name for name in found if list(said[name]["arguments"]) != list(found[name]["arguments"])] == []


def _tool() -> Any:
    described = importlib.util.spec_from_file_location("inventory_tool", ROOT / "tools" / "inventory.py")
    assert described is not None
    assert described.loader is not None
    made = importlib.util.module_from_spec(described)
    described.loader.exec_module(made)
    return made


@pytest.mark.parametrize("record", _records(), ids=_id)
def test_defaults_are_admitted(record: Record) -> None:
    for argument in arguments_of(record).values():
        if argument.default is not REQUIRED and argument.name not in {one.name for one in record.ports}:
            assert admits(argument.kind, _listed(argument.default)), f"{argument.name} = {argument.default!r}"


def _comparable(kind: Any, value: Any) -> Any:
    listed = _listed(value)
    return normal(kind, listed) if admits(kind, listed) else listed


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, (list, tuple)) else value

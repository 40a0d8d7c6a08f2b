"""The published schema, taken as a whole, and `check` accept and refuse the same specs."""

from __future__ import annotations

import copy
import importlib.resources
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from keraspec.compiler.catalogue import MODULES, family
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.compiler.catalogue.record import REQUIRED
from keraspec.spec.document import HOLE
from keraspec.spec.expand import expand
from keraspec.spec.published import place
from keraspec.spec.read import read_file, read_text
from keraspec.spec.validate import validate

ROOT = Path(__file__).parents[2]
PUBLISHED = importlib.resources.files("keraspec.schemas") / "keraspec-1.json"
BEYOND = {
    "E114": "arguments that contradict each other: JSON Schema sees one argument at a time",
    "E116": "what is installed on this computer: the schema is the same everywhere",
}
"""What `check` finds and the schema can't say."""
ADMITTED = {
    "W101": 'a short name as `type` (`{ type = "adam" }`): the schema knows the class alone, for editors to offer',
}
"""What the schema refuses and `check` only warns of."""


@cache
def published() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return whole


@cache
def validators() -> tuple[Any, ...]:
    """Two implementations of JSON Schema by different people; the second is the fast one."""
    return Draft202012Validator(published()), jsonschema_rs.Draft202012Validator(published())


def is_valid(data: Any, *, both: bool = True) -> bool:
    """Whether the published schema, taken as a whole, accepts a spec."""
    answers = {one.is_valid(data) for one in validators()[0 if both else 1 :]}
    assert len(answers) == 1, "two implementations differ"
    return answers.pop()


def _records() -> list[Any]:
    return [record for name in MODULES for record in family(name).values() if not record.refused]


def _resolved(one: dict[str, Any]) -> dict[str, Any]:
    place = one.get("$ref", "")
    found: dict[str, Any] = published()["$defs"][place.removeprefix("#/$defs/")] if "/arguments." in place else one
    return found


def verdicts(data: dict[str, Any], *, both: bool = True) -> tuple[bool, bool, set[str]]:
    """What the schema says, what `check` says, and the codes of what it found."""
    document, findings = read_text("x.json", json.dumps(data).encode(), "json")
    assert document is not None
    assert not findings
    codes = {finding.code for finding in validate(document).findings}
    return is_valid(data, both=both), not any(code.startswith("E") for code in codes - BEYOND.keys()), codes


def assert_agreement(data: dict[str, Any]) -> None:
    """The schema and `check` both accept, or both refuse."""
    by_schema, by_check, codes = verdicts(data, both=False)
    if by_check and codes & ADMITTED.keys():
        return
    assert by_schema == by_check, (codes, data)


WRITTEN_OUT = re.compile(
    r"\$\{|^\s*\[?(blocks|parameters|extends|include)\b|\b(block|after|before|remove)\s*=", re.MULTILINE
)
"""What is held against the schema of an object only after it is written out, and so not as it stands in the file."""


def _bad_specs() -> list[Path]:
    every = sorted((ROOT / "tests" / "bad").glob("*.keraspec.*"))
    return [path for path in every if not WRITTEN_OUT.search(path.read_text(encoding="utf-8", errors="replace"))]


@pytest.mark.parametrize("path", _bad_specs(), ids=lambda path: path.name)
def test_agreement_on_bad_specs(path: Path) -> None:
    document, findings = read_file(path)
    if document is None or document.damaged or _has_hole(document.data):
        assert findings, "a text that can't be read in full has findings"
        return
    codes = {finding.code for finding in validate(document).findings}
    expected = not any(code.startswith("E") for code in codes - BEYOND.keys())
    assert is_valid(document.data) == expected


def _has_hole(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_hole(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_hole(item) for item in value)
    return value is HOLE


def test_there_are_bad_specs_of_every_code_of_the_schema() -> None:
    codes = {path.name[:4] for path in _bad_specs()}
    assert {f"E10{number}" for number in range(1, 10)} | {"E110", "E111", "E112", "E113"} <= codes


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.keraspec.toml")), ids=lambda path: path.name)
def test_agreement_on_examples(path: Path) -> None:
    document, findings = read_file(path)
    assert document is not None
    assert not findings
    assert is_valid(document.data)
    written, composing = expand(document)
    assert not composing
    assert not validate(written).findings


WHOLE: dict[str, Any] = {
    "$schema": "keraspec-1.json",
    "keraspec": 1,
    "name": "whole",
    "inputs": {"image": {"shape": [28, 28, 1], "dtype": "float32"}, "words": {"shape": ["time"], "dtype": "int32"}},
    "layers": [
        {"name": "conv", "type": "Conv2D", "inputs": "image", "filters": 8, "kernel_size": [3, 3], "padding": "same",
         "kernel_regularizer": {"type": "L2", "l2": 0.01}, "kernel_initializer": "he_normal", "activation": "relu"},
        {"type": "MaxPooling2D", "pool_size": 2, "strides": "none"},
        {"name": "flat", "type": "Flatten"},
        {"type": "Embedding", "inputs": "words", "input_dim": 100, "output_dim": 8, "mask_zero": True},
        {"name": "both", "type": "Bidirectional", "layer": {"type": "LSTM", "units": 4, "dropout": 0.1}},
        {"name": "again", "reuse": "conv", "inputs": "image"},
        {"name": "more", "type": "Flatten"},
        {"type": "Concatenate", "inputs": ["flat", "both", "more"], "axis": -1},
        {"type": "Dropout", "rate": 0.5, "call": {"training": True}},
        {"name": "digit", "type": "Dense", "units": 10, "activation": "softmax", "dtype": "float32"},
    ],
    "outputs": {"class": "digit"},
    "data": {
        "source": {"type": "csv", "path": "a.csv"},
        "inputs": {"image": {"column": "p*"}, "words": {"column": ["w1", "w2"]}},
        "targets": {"class": {"column": "label", "encode": "index"}},
        "split": {"validation": 0.1, "test": 0.2, "stratify": "label"},
        "batch_size": 16,
        "missing": {"w1": 0},
    },
    "training": {
        "epochs": 2,
        "optimizer": {"type": "Adam", "learning_rate": {"type": "CosineDecay", "initial_learning_rate": 0.1,
                                                        "decay_steps": 100}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy", {"type": "SparseTopKCategoricalAccuracy", "k": 3}],
        "callbacks": [{"type": "EarlyStopping", "monitor": "val_loss", "patience": 2}, "TerminateOnNaN"],
        "outputs": {"class": {"weight": 2}},
    },
}  # fmt: skip

WORDS = (
    "same", "none", "conv", "relu", "adam", "Adam", "mse", "Dense", "Conv2D", "L2", "float32", "time", "1x", "", "auto",
    "csv", "Lambda", "jsonl", "channels_first", "/a", "accuracy",
)  # fmt: skip
KEYS = (
    "type", "name", "inputs", "outputs", "layers", "reuse", "block", "repeat", "units", "filters", "kernel_size",
    "call", "keraspec", "training", "loss", "each", "parameters", "shape", "rate", "1 x", "layer", "path", "data",
    "augment",
)  # fmt: skip
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from([0.5, -0.5, 1.0, 3.0, 2.5, 2**31, 2**40]),
    st.sampled_from(WORDS),
)
VALUES = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=3),
    st.dictionaries(st.sampled_from(KEYS), PLAIN, max_size=3),
    st.sampled_from([{"type": "Dense", "units": 2}, {"type": "L2"}, {"type": "Adam"}, {"type": "GlorotUniform"}]),
)


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*at, key)
            yield from _places(item, (*at, key))


@st.composite
def mutated(draw: Callable[..., Any]) -> dict[str, Any]:
    """The whole spec with one to three changes anywhere: keys taken away, renamed, added, values replaced."""
    data = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(_places(data))))
        parent: Any = data
        for key in place[:-1]:
            parent = parent[key]
        match draw(st.sampled_from(["take away", "replace", "rename", "add"])):
            case "take away":
                del parent[place[-1]]
            case "replace":
                parent[place[-1]] = copy.deepcopy(draw(VALUES))
            case "rename" if isinstance(parent, dict):
                parent[draw(st.sampled_from(KEYS))] = parent.pop(place[-1])
            case _ if isinstance(parent, dict):
                parent[draw(st.sampled_from(KEYS))] = copy.deepcopy(draw(VALUES))
            case _:
                parent.append(copy.deepcopy(draw(VALUES)))
    return data


def _instances(data: dict[str, Any]) -> bool:
    """Whether entries are instances of blocks, which are held against the schema after they are written out."""
    entries = data.get("layers")
    return isinstance(entries, list) and any(isinstance(one, dict) and "block" in one for one in entries)


def test_parameters_that_are_no_table_are_refused() -> None:
    for value in ("none", 3, [1], {"size": {"type": "colour"}}):
        assert_agreement({**WHOLE, "parameters": value})


def test_the_whole_spec_is_good() -> None:
    assert verdicts(WHOLE) == (True, True, set())


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_agreement_on_mutated_specs(data: dict[str, Any]) -> None:
    assume(not _instances(data))
    assert_agreement(data)


def _table(record: Any) -> dict[str, Any]:
    """A table of the object with what must be there, taken from what its schema admits."""
    arguments = arguments_of(record)
    table: dict[str, Any] = {"type": record.name}
    for name, argument in arguments.items():
        if argument.default is REQUIRED:
            one = _resolved(published()["$defs"][place(record.family, record.name)]["properties"][name])
            admits = Draft202012Validator({**one, "$defs": published()["$defs"]}).is_valid
            table[name] = next(value for value in _CANDIDATES if admits(value))
    return table


_CANDIDATES: tuple[Any, ...] = (
    1, 0.5, 2, "relu", "a", [1], [1, 2], [2, 1], [1, 1, 1], ["a"], "mse", "adam", {"type": "Dense", "units": 1},
    {"type": "LSTMCell", "units": 1}, [{"type": "LSTMCell", "units": 1}], "mnist", True, [[1, 1], [1, 1]], "none",
    [0.5], "ab,bc->ac", "float32", "linear", {}, [1.0, 2.0], {"type": "Adam"}, [], "sum",
    {"type": "OptimizerMap", "default_optimizer": "adam"}, "float8", "a:b",
)  # fmt: skip


def _placed(record: Any, table: Any) -> dict[str, Any]:
    """A spec with one object in it, where the language has a place for its family."""
    data: dict[str, Any] = {"keraspec": 1, "inputs": {"x": {"shape": [4]}}, "layers": [{"type": "Dense", "units": 1}]}
    dense = data["layers"][0]
    match record.family:
        case "layers" | "ops" | "applications":
            data["layers"] = [table]
        case "optimizers":
            data["training"] = {"optimizer": table}
        case "losses":
            data["training"] = {"loss": table}
        case "optimizer_maps":
            data["training"] = {"optimizer": {"type": "MultiOptimizer", "optimizer_map": table}}
        case "metrics":
            data["training"] = {"metrics": [table]}
        case "callbacks":
            data["training"] = {"callbacks": [table]}
        case "schedules":
            data["training"] = {"optimizer": {"type": "SGD", "learning_rate": table}}
        case "initializers":
            dense["kernel_initializer"] = table
        case "regularizers":
            dense["kernel_regularizer"] = table
        case "constraints":
            dense["kernel_constraint"] = table
        case "activations":
            dense["activation"] = table
        case "dtype_policies":
            dense["dtype"] = table
        case "sources":
            data["data"] = {"source": table}
    return data


@pytest.mark.parametrize("record", _records(), ids=lambda record: f"{record.family}-{record.name}")
def test_agreement_on_every_object(record: Any) -> None:
    """Each object with nothing but what must be there is accepted by both; without any one of that, by neither."""
    if record.alone:
        assert verdicts(_placed(record, record.name))[:2] == (True, True)
        assert verdicts(_placed(record, {"type": record.name}))[:2] == (False, False)
        return
    table = _table(record)
    assert verdicts(_placed(record, table))[:2] == (True, True), table
    for name in table:
        less = {key: value for key, value in table.items() if key != name}
        assert verdicts(_placed(record, less))[:2] == (False, False), less
    assert verdicts(_placed(record, {**table, "no_such_argument": 1}))[:2] == (False, False)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_agreement_on_any_argument_of_any_object(data: st.DataObject) -> None:
    record = data.draw(st.sampled_from([one for one in _records() if not one.alone]))
    arguments = list(arguments_of(record))
    table = _table(record)
    for name in data.draw(st.lists(st.sampled_from(arguments), max_size=2)) if arguments else ():
        table[name] = data.draw(st.one_of(VALUES, st.sampled_from(_CANDIDATES)))
    assert_agreement(_placed(record, table))


def test_short_names_as_types_are_only_warned_of() -> None:
    data = {**WHOLE, "training": {"optimizer": {"type": "adam"}}}
    by_schema, by_check, codes = verdicts(data)
    assert (by_schema, by_check, codes) == (False, True, {"W101"})


def test_reasons_are_words() -> None:
    for code, why in {**BEYOND, **ADMITTED}.items():
        assert re.fullmatch(r"[EW]\d{3}", code)
        assert len(why) > 20

"""Two people who touch different things, whatever these are: both are done, in any layout, whoever merges into whom."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.spec.format import comments
from keraspec.spec.merge.merge import Merged, merge
from keraspec.spec.to_toml import key, verbatim, written

NAMES = ("stem", "left", "right", "sum", "last")
BASE: dict[str, Any] = {
    "keraspec": 1,
    "name": "net",
    "inputs": {"image": {"shape": [8]}, "age": {"shape": [1], "dtype": "int32"}},
    "layers": [
        {"name": "stem", "type": "Dense", "units": "${size}", "inputs": "image"},
        {"type": "ReLU"},
        {"name": "left", "type": "Dense", "units": 4, "kernel_regularizer": {"type": "L2", "l2": 0.01}},
        {"name": "right", "block": "unit", "width": 4, "inputs": "stem"},
        {"type": "ReLU"},
        {"name": "sum", "type": "Add", "inputs": ["left", "right"]},
        {"name": "last", "type": "Dense", "units": 1},
    ],
    "outputs": ["last", "left"],
    "parameters": {"size": 8, "deep": {"default": 2, "minimum": 1}},
    "blocks": {
        "unit": {
            "parameters": {"width": {}, "rate": 0.1},
            "layers": [
                {"name": "conv", "type": "Dense", "units": "${width}"},
                {"type": "Dropout", "rate": "${rate / size}", "inputs": "conv"},
            ],
        }
    },
    "data": {
        "source": {"type": "csv", "path": "a.csv"},
        "inputs": {"image": {"column": "x_*"}},
        "targets": {"last": {"column": "y"}},
        "batch_size": 2,
    },
    "training": {
        "epochs": 3,
        "optimizer": {"type": "Adam", "learning_rate": 0.1},
        "outputs": {"last": {"loss": "mse"}, "left": {"loss": "mae", "weight": 0.1}},
        "callbacks": [{"type": "EarlyStopping", "patience": 3}, {"type": "TerminateOnNaN"}],
        "losses": [{"name": "small", "expression": "mean(s)", "inputs": {"s": "right.conv"}}],
    },
}
COUNT = len(BASE["layers"])
TABLES: tuple[tuple[Any, ...], ...] = (
    *(("layers", at) for at in range(COUNT)),
    ("layers", 2, "kernel_regularizer"),
    *(("inputs", name) for name in ("image", "age")),
    *(("parameters", *inner) for inner in ((), ("deep",))),
    *(("blocks", "unit", *inner) for inner in (("parameters",), ("layers", 0), ("layers", 1))),
    *(("data", *inner) for inner in ((), ("source",), ("inputs", "image"), ("targets", "last"))),
    *(("training", *inner) for inner in ((), ("optimizer",), ("callbacks", 0), ("callbacks", 1), ("losses", 0))),
    ("training", "outputs", "left"),
)
FIXED = (
    "type", "name", "block", "inputs", "kernel_regularizer", "source", "targets", "outputs", "callbacks", "optimizer",
    "expression", "losses",
)  # fmt: skip

Edit = tuple[str, Any, Any]
"""What is done, to what, and with which value: a key that is set or taken out, a layer put in, taken out, called so."""


def at(data: Any, way: Sequence[Any]) -> Any:
    for one in way:
        data = data[one]
    return data


@st.composite
def two_sides(draw: st.DrawFn) -> tuple[list[Edit], list[Edit]]:
    """What two people do, of which no two things touch."""
    sides: tuple[list[Edit], list[Edit]] = ([], [])
    gone = draw(st.sets(st.sampled_from([1, 4]), max_size=2))  # nothing refers to these
    for one in sorted(gone):
        sides[draw(st.booleans())].append(("drop", one, None))
    for name in draw(st.sets(st.sampled_from((*NAMES, "unit", "conv", "size")), max_size=3)):
        sides[draw(st.booleans())].append(("rename", name, f"{name}_new"))
    ways = draw(
        st.lists(st.tuples(st.sampled_from(TABLES), st.integers(0, 3), st.integers(0, 1)), max_size=8, unique=True)
    )
    for way, number, who in ways:
        if way[0] == "layers" and way[1] in gone:
            continue
        there = [
            name for name, value in at(BASE, way).items() if name not in FIXED and not isinstance(value, (dict, list))
        ]
        name = there[number] if number < len(there) else f"new_{number}"
        own_name = way == ("parameters",) and ("rename", name, f"{name}_new") in sides[who]
        if not own_name and all(one[1] != (*way, name) for side in sides for one in side):
            old = there and number < len(there)
            what = "unset" if old and draw(st.booleans()) and way not in (("parameters",), ("data",)) else "set"
            sides[who].append((what, (*way, name), draw(st.integers(100, 109))))
    for side, word in zip(sides, "ot", strict=True):
        for number, behind in enumerate(draw(st.lists(st.integers(-1, COUNT - 1), max_size=3))):
            if behind not in gone and behind + 1 not in gone:
                more = draw(
                    st.sampled_from([{"type": "Tanh"}, {"block": "unit"}, {"type": "Dense", "units": "${2 * size}"}])
                )
                inputs = draw(st.sampled_from((None, "right.conv", *NAMES)))
                named = {"inputs": inputs} if inputs else {}
                side.append(("put", behind, {"name": f"{word}_{number}", **more, **named}))
    return sides


def done(edits: Sequence[Edit]) -> dict[str, Any]:
    """The base with edits; what is new stands in their order, and what is renamed is so wherever it is named."""
    data: dict[str, Any] = json.loads(json.dumps(BASE))
    new: dict[int, list[dict[str, Any]]] = {}
    gone = set()
    for what, where, value in edits:
        if what == "drop":
            gone.add(where)
        elif what == "put":
            new.setdefault(where, []).append(dict(value))
        elif what == "set":
            at(data, where[:-1])[where[-1]] = value
        elif what == "unset":
            del at(data, where[:-1])[where[-1]]
    layers = [*new.get(-1, ())]
    for number, entry in enumerate(data["layers"]):
        layers += [*([] if number in gone else [entry]), *new.get(number, ())]
    data["layers"] = layers
    for what, where, value in edits:
        if what == "rename":
            data = called(data, where, value)
    return data


def called(value: Any, old: str, new: str) -> Any:
    """What there is of a name in any text or key: no two things of the base have the same one."""
    if isinstance(value, str):
        return re.sub(rf"(?<![\w]){old}(?!\w)", new, value)
    if isinstance(value, list):
        return [called(one, old, new) for one in value]
    if isinstance(value, dict):
        return {called(name, old, new): called(one, old, new) for name, one in value.items()}
    return value


def in_any_order(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def texts_of(three: Sequence[dict[str, Any]], layout: str) -> list[str]:
    if layout == "json":
        return [json.dumps(one, indent=2) + "\n" for one in three]
    return [laid_out(one, layout) for one in three]


def laid_out(data: dict[str, Any], layout: str) -> str:
    """The data as TOML: with headers, in braces, or by chance; above and beside each named entry stands a comment."""

    def way(full: tuple[str, ...]) -> str:
        return layout if layout != "mixed" else random.Random(".".join(full)).choice(("headers", "braces", "dotted"))

    pairs: list[str] = []
    sections: list[str] = []

    def put(
        table: dict[str, Any], full: tuple[str, ...], pairs: list[str], sections: list[str], one_line: bool
    ) -> None:
        for name, value in table.items():
            whole = (*full, name)
            rows = value if isinstance(value, list) and value and all(isinstance(one, dict) for one in value) else None
            if (isinstance(value, dict) or rows) and value and way(whole) == "headers" and not one_line:
                dotted = ".".join(map(key, whole))
                for row in rows or [value]:
                    sections.append(f"\n{about(row)}[[{dotted}]]\n" if rows else f"\n# of {dotted}\n[{dotted}]\n")
                    own: list[str] = []
                    below: list[str] = []
                    put(row, whole, own, below, False)
                    sections.extend((*own, *below))
            elif isinstance(value, dict) and value and way(whole) == "dotted":
                pairs.extend(f"{key(name)}.{key(inner)} = {flat(one)}\n" for inner, one in value.items())
            elif rows:
                lines = "".join(f"{about(one, '  ')}  {flat(one)},\n" for one in rows)
                pairs.append(f"{key(name)} = [\n{lines}]\n")
            else:
                pairs.append(f"{key(name)} = {flat(value)}\n")

    put(data, (), pairs, sections, False)
    return "".join((*pairs, *sections))


def about(row: dict[str, Any], margin: str = "") -> str:
    return f"{margin}# a layer of type {row['type']}\n" if "type" in row and "name" in row else ""


def flat(value: Any) -> str:
    return written(verbatim(value), broken=False)


LAYOUTS = ("json", "headers", "braces", "mixed")


@settings(max_examples=12, deadline=None)
@given(two_sides(), st.sampled_from(LAYOUTS))
def test_what_does_not_touch_is_done_by_both(sides: tuple[list[Edit], list[Edit]], layout: str) -> None:
    both = done([*sides[0], *sides[1]])
    base, ours, theirs = texts_of([BASE, done(sides[0]), done(sides[1])], layout)
    language = "json" if layout == "json" else "toml"
    made = merge(base, ours, theirs, language)  # type: ignore[arg-type]
    assert (made.conflicts, made.by) == (0, "pieces"), made.text
    said = json.loads(made.text) if layout == "json" else tomli.loads(made.text)
    assert in_any_order(said) == in_any_order(both)
    other = merge(base, theirs, ours, language)  # type: ignore[arg-type]
    assert other.conflicts == 0
    turned = json.loads(other.text) if layout == "json" else tomli.loads(other.text)
    assert sorted(map(in_any_order, turned["layers"])) == sorted(map(in_any_order, both["layers"]))
    assert in_any_order({**turned, "layers": 0}) == in_any_order({**both, "layers": 0})
    if layout != "json":
        assert set(comments(made.text)) >= set(comments(ours)) & set(comments(theirs))
    if all(what != "rename" for side in sides for what, _, _ in side):  # else a name may not be known again
        again: Merged = merge(base, made.text, theirs, language)  # type: ignore[arg-type]
        assert (again.text, again.conflicts) == (made.text, 0), "what is merged already is merged"
    assert merge(ours, ours, ours, language).text == ours  # type: ignore[arg-type]


def test_the_layouts_say_the_same() -> None:
    for layout in LAYOUTS[1:]:
        assert tomli.loads(laid_out(BASE, layout)) == BASE
    with pytest.raises(AssertionError):
        assert laid_out(BASE, "headers") == laid_out(BASE, "braces")

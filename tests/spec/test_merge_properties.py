"""Any two sets of changes of any spec: merged as the values are, or marked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.spec.merge.by_value import merged_value
from keraspec.spec.merge.merge import merge
from keraspec.spec.to_toml import toml_text

from .sides import chosen

NAMES = ["a", "b", "c", "d", "e"]
TYPES = ["Dense", "ReLU", "Dropout"]


@dataclass
class Change:
    """One edit of a side, made on plain data."""

    what: str
    at: int
    value: int


CHANGES = st.lists(
    st.builds(
        Change, st.sampled_from(["set", "add", "drop", "move", "key", "training", "rename"]), st.integers(0, 9),
        st.integers(0, 3),
    ),
    max_size=4,
)  # fmt: skip
LAYERS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(TYPES)}, optional={"units": st.integers(1, 3), "rate": st.sampled_from([0.1, 0.5])}
    ),
    min_size=1,
    max_size=5,
)


def changed(data: dict[str, Any], changes: list[Change], side: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(data))
    layers = made["layers"]
    for one in changes:
        at = one.at % len(layers) if layers else 0
        if one.what == "training":
            made.setdefault("training", {})[("epochs", "seed", "precision", "loop")[one.at % 4]] = one.value
        elif one.what == "add":
            layers.insert(at, {"name": f"{side}{one.value}", "type": TYPES[one.value % 3], "units": one.at + 1})
        elif not layers:
            continue
        elif one.what == "set":
            layers[at]["units"] = 10 + one.value
        elif one.what == "key":
            layers[at][f"key_{one.value}"] = one.at
        elif one.what == "drop":
            del layers[at]
        elif one.what == "move":
            layers.insert(one.value % (len(layers) or 1), layers.pop(at))
        elif "name" in layers[at]:
            layers[at]["name"] = f"{side}_new{one.value}"
    names = [one["name"] for one in layers if "name" in one]
    if len(names) > len(set(names)):  # then it is no spec
        return data
    return made


def bases(layers: list[dict[str, Any]], named: list[bool]) -> dict[str, Any]:
    rows = [{"name": NAMES[at], **one} if named[at % len(named)] else one for at, one in enumerate(layers)]
    return {"keraspec": 1, "layers": rows, "training": {"epochs": 3, "optimizer": {"type": "Adam"}}}


@settings(max_examples=100, deadline=None)
@given(LAYERS, st.lists(st.booleans(), min_size=1, max_size=4), CHANGES, CHANGES, st.booleans())
def test_a_merge_says_what_the_merge_of_the_values_says_or_is_marked(
    layers: list[dict[str, Any]], named: list[bool], mine: list[Change], other: list[Change], as_json: bool
) -> None:
    base = bases(layers, named)
    three = [base, changed(base, mine, "o"), changed(base, other, "t")]
    texts = [json.dumps(one, indent=2) + "\n" if as_json else toml_text(one, width=1) for one in three]
    made = merge(texts[0], texts[1], texts[2], "json" if as_json else "toml")
    read = json.loads if as_json else tomli.loads
    if made.conflicts == 0:
        result = read(made.text)
        if not any(one.what == "rename" for one in (*mine, *other)):  # names in references follow, values alone do not
            wanted = merged_value(*three)
            assert result == wanted or {"layers": [], **result} == wanted  # no entry is no list
    else:
        assert "<<<<<<< ours\n" in made.text
        if made.by == "pieces":
            assert read(chosen(made.text, 0))
            assert read(chosen(made.text, 1))
        else:
            assert made.by in ("lines", "nothing")


@settings(max_examples=30, deadline=None)
@given(LAYERS, st.lists(st.booleans(), min_size=1, max_size=4), CHANGES)
def test_what_only_one_side_changed_is_that_side_to_the_byte(
    layers: list[dict[str, Any]], named: list[bool], mine: list[Change]
) -> None:
    base = bases(layers, named)
    here, there = toml_text(base, width=1), toml_text(changed(base, mine, "o"), width=1)
    assert merge(here, there, here).text == there
    assert merge(here, here, there).text == there
    assert merge(here, there, there).text == there


@settings(max_examples=30, deadline=None)
@given(LAYERS, st.lists(st.integers(0, 9), min_size=1, max_size=3), st.lists(st.integers(0, 9), min_size=1, max_size=3))
def test_people_who_touch_different_layers_never_conflict(
    layers: list[dict[str, Any]], mine: list[int], other: list[int]
) -> None:
    base = bases(layers, [True])
    here = {at % len(layers) for at in mine}
    there = {at % len(layers) for at in other} - here
    texts = []
    for places, value in (((), 0), (here, 77), (there, 88)):
        data = json.loads(json.dumps(base))
        for at in places:
            data["layers"][at]["units"] = value
        texts.append(toml_text(data, width=1))
    made = merge(*texts)
    assert made.conflicts == 0
    units = [one.get("units") for one in tomli.loads(made.text)["layers"]]
    assert [at for at, value in enumerate(units) if value == 77] == sorted(here)
    assert [at for at, value in enumerate(units) if value == 88] == sorted(there)


def in_any_order(data: dict[str, Any]) -> tuple[list[str], str]:
    layers = sorted(json.dumps(one, sort_keys=True) for one in data.get("layers", []))
    return layers, json.dumps({**data, "layers": None}, sort_keys=True)


@settings(max_examples=25, deadline=None)
@given(LAYERS, st.lists(st.booleans(), min_size=1, max_size=4), CHANGES, CHANGES, st.booleans())
def test_whoever_merges_into_whom(
    layers: list[dict[str, Any]], named: list[bool], mine: list[Change], other: list[Change], as_json: bool
) -> None:
    """The same comes of it, but for the order of what both put in; what is ours at a mark is theirs the other way."""
    base = bases(layers, named)
    three = [base, changed(base, mine, "o"), changed(base, other, "t")]
    texts = [json.dumps(one, indent=2) + "\n" if as_json else toml_text(one, width=1) for one in three]
    read = json.loads if as_json else tomli.loads
    made = merge(texts[0], texts[1], texts[2], "json" if as_json else "toml")
    turned = merge(texts[0], texts[2], texts[1], "json" if as_json else "toml")
    assert (made.conflicts == 0) is (turned.conflicts == 0)
    for side in (0, 1):
        one, same = chosen(made.text, side), chosen(turned.text, 1 - side)
        assert in_any_order(read(one)) == in_any_order(read(same))

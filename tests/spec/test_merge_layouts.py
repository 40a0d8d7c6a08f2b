"""One side lays a spec out in another way, or calls things by other names, and the other goes on working in it."""

from __future__ import annotations

import random
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.spec.format import comments
from keraspec.spec.merge.by_value import ConflictError, merged_value
from keraspec.spec.merge.merge import merge
from keraspec.spec.to_toml import key, verbatim, written

HEADERS = """#:schema ../schemas/keraspec-1.json
# what this is
keraspec = 1
inputs.x.shape = [8]

# what is wide
[[layers]]
name = "wide"  # as it was
type = "Dense"
units = 8

[[layers]]
name = "two"
type = "Dense"
units = 4

[layers.kernel_regularizer]
type = "L2"
l2 = 0.01

[[layers]]
name = "last"
type = "Dense"
units = 1

# how it learns
[training]
epochs = 3  # few
optimizer = { type = "Adam", learning_rate = 0.001 }
"""
BRACES = """#:schema ../schemas/keraspec-1.json
# what this is
keraspec = 1
inputs = { x = { shape = [8] } }
# how it learns
training.epochs = 3  # few
training.optimizer.type = "Adam"
training.optimizer.learning_rate = 0.001
layers = [
    # what is wide
    { name = "wide", type = "Dense", units = 8 },  # as it was
    { name = "two", type = "Dense", units = 4, kernel_regularizer = { type = "L2", l2 = 0.01 } },
    { name = "last", type = "Dense", units = 1 },
]
"""
AMONG_HEADERS = [
    ("units = 4", "units = 5"),
    ("l2 = 0.01", "l2 = 0.1  # more"),
    ("epochs = 3", "epochs = 9"),
    ("= [8]", '= [8]\ninputs.x.dtype = "float16"'),
    ('[[layers]]\nname = "last"', '# a new one\n[[layers]]\nname = "new"\ntype = "ReLU"\n\n[[layers]]\nname = "last"'),
    ("# how it learns", "[data]\nbatch_size = 3\n\n# how it learns"),
]
AMONG_BRACES = [
    ("units = 4", "units = 5"),
    ("l2 = 0.01", "l2 = 0.1"),
    ("epochs = 3", "epochs = 9"),
    ("shape = [8]", 'shape = [8], dtype = "float16"'),
    ('    { name = "last"', '    # a new one\n    { name = "new", type = "ReLU" },\n    { name = "last"'),
    ("layers = [", "data.batch_size = 3\nlayers = ["),
]


def with_(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("turned", [False, True], ids=["ours is laid out anew", "theirs is laid out anew"])
@pytest.mark.parametrize(
    ("base", "anew", "changes"),
    [(HEADERS, BRACES, AMONG_HEADERS), (BRACES, HEADERS, AMONG_BRACES)],
    ids=["from headers to braces", "from braces to headers"],
)
def test_a_layout_of_one_side_and_the_work_of_the_other(
    base: str, anew: str, changes: list[tuple[str, str]], turned: bool
) -> None:
    """The layout is that of who changed it; all that was worked is in it, with its comments."""
    for chosen in (*([one] for one in changes), changes):
        other = with_(base, *chosen)
        made = merge(base, *((other, anew) if turned else (anew, other)))
        assert (made.conflicts, made.by) == (0, "pieces"), made.text
        assert tomli.loads(made.text) == tomli.loads(other)
        assert ("layers = [" in made.text) is ("layers = [" in anew)
        assert ("[training]" in made.text) is ("[training]" in anew)
        assert set(comments(made.text)) == set(comments(other)), made.text


@pytest.mark.parametrize("turned", [False, True])
def test_both_work_and_one_lays_out_anew(turned: bool) -> None:
    mine = with_(BRACES, ("units = 8", "units = 16"), ("0.001", "0.01"))
    other = with_(HEADERS, ("units = 4", "units = 5"), ("epochs = 3", "epochs = 4"))
    made = merge(HEADERS, *((other, mine) if turned else (mine, other)))
    assert made.conflicts == 0
    data = tomli.loads(made.text)
    assert [one["units"] for one in data["layers"]] == [16, 5, 1]
    assert data["training"] == {"epochs": 4, "optimizer": {"type": "Adam", "learning_rate": 0.01}}


def test_a_true_conflict_in_another_layout_can_be_read_on_both_sides() -> None:
    made = merge(HEADERS, BRACES.replace("units = 4", "units = 6"), HEADERS.replace("units = 4", "units = 5"))
    assert made.conflicts == 1
    for side, units in enumerate((6, 5)):
        kept: list[str] = []
        here: int | None = None
        for line in made.text.splitlines(keepends=True):
            if line[0] in "<=>" and line[:7] == line[0] * 7:
                here = {"<": 0, "=": 1, ">": None}[line[0]]
            elif here is None or here == side:
                kept.append(line)
        assert tomli.loads("".join(kept))["layers"][1]["units"] == units


def test_a_table_that_gets_a_header_of_its_own() -> None:
    """Where only a part of it had one so far."""
    base = 'keraspec = 1\n\n[data.inputs.x]\ncolumn = "a"\n'
    ours = 'keraspec = 1\n\n[data]\nbatch_size = 3\n\n[data.inputs.x]\ncolumn = "a"\n'
    theirs = base.replace('"a"', '"b"')
    for sides in ((ours, theirs), (theirs, ours)):
        made = merge(base, *sides)
        assert made.conflicts == 0
        assert tomli.loads(made.text)["data"] == {"batch_size": 3, "inputs": {"x": {"column": "b"}}}


def test_comments_that_one_took_away_and_one_put_in() -> None:
    base = "# one\n# two\nkeraspec = 1\n"
    made = merge(base, "# two\nkeraspec = 1\n", "# one\n# two\n# three\nkeraspec = 1\n")
    assert (made.text, made.conflicts) == ("# two\n# three\nkeraspec = 1\n", 0)


def test_keys_that_both_ordered_anew_are_no_conflict_but_inputs_are() -> None:
    sides = ["a = 1\nb = 2\nc = 3\n", "c = 3\na = 1\nb = 2\n", "b = 2\nc = 3\na = 1\n"]
    head = "keraspec = 1\n\n"
    assert merge(*(f"{head}[training]\n{one}" for one in sides)).conflicts == 0
    assert merge(*(f"{head}[inputs]\n{one}" for one in sides)).conflicts == 1


NAMED = """keraspec = 1
inputs.image.shape = [8]
layers = [
  { name = "body", type = "Dense", units = 8, inputs = "image" },
  { name = "digit", type = "Dense", units = 1 },
  { name = "other", type = "Dense", units = 1, inputs = "body" },
]
outputs = ["digit", 'other']

[data.inputs.image]
column = "pixels"

[data.targets.digit]
column = "label"

[data.targets.digit.encode]
x = 1

[training]
outputs.digit.loss = "mse"
outputs.digit.weight = 1.0

[[training.phases]]
outputs = { "digit" = { weight = 2 } }
"""
WORKED = [
    ("1.0", "3.0"), ('"label"', '"labels"'), ("weight = 2", 'weight = 2, loss = "mae"'), ("x = 1", "x = 1\ny = 2"),
    ("outputs.digit.weight", 'outputs.digit.metrics = ["mae"]\noutputs.digit.weight'), ('"pixels"', '"grey"'),
]  # fmt: skip


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("old", "new"), [("digit", "class"), ("image", "picture")])
def test_the_keys_of_an_output_or_input_that_was_renamed_follow(old: str, new: str, turned: bool) -> None:
    mine, other = NAMED.replace(old, new), with_(NAMED, *WORKED)
    made = merge(NAMED, *((other, mine) if turned else (mine, other)))
    assert (made.text, made.conflicts) == (other.replace(old, new), 0)


def test_keys_that_the_one_who_renamed_left_stay() -> None:
    mine = with_(NAMED, ('name = "digit"', 'name = "class"'), ('["digit"', '["class"'))
    made = merge(NAMED, mine, with_(NAMED, *WORKED))
    assert made.conflicts == 0
    assert made.text.count("class") == 2
    assert tomli.loads(made.text)["training"]["outputs"]["digit"]["weight"] == 3.0


def test_outputs_in_a_table_are_called_by_its_keys() -> None:
    base = with_(NAMED, ("""["digit", 'other']""", '{ digit = "digit", b = "other" }'))
    mine = with_(base, ('name = "digit"', 'name = "class"'), ('digit = "digit"', 'digit = "class"'))
    made = merge(base, mine, with_(base, *WORKED))
    assert made.conflicts == 0
    assert set(tomli.loads(made.text)["data"]["targets"]) == {"digit"}


VALUES: dict[str, Any] = {
    "keraspec": 1,
    "inputs": {"a": {"shape": [8], "dtype": "int32"}, "b": {"shape": [4]}},
    "layers": [
        {"name": "one", "type": "Embedding", "inputs": "a", "kernel_regularizer": {"type": "L2", "l2": 0.1}},
        {"type": "LSTM", "units": 4, "call": {"mask": "none"}},
        {"name": "two", "type": "Dense", "units": 2},
    ],
    "data": {"source": {"type": "csv", "path": "a.csv"}, "inputs": {"a": {"column": "x"}}, "batch_size": 2},
    "training": {"optimizer": {"type": "Adam"}, "callbacks": [{"type": "A", "patience": 1}, {"type": "B"}]},
}


def laid_out(data: dict[str, Any], seed: int) -> str:
    """The data as TOML, each table and list in one of the ways that there are."""
    luck = random.Random(seed)
    pairs: list[str] = []
    sections: list[str] = []

    def put(table: dict[str, Any], full: tuple[str, ...], pairs: list[str], sections: list[str]) -> None:
        for name, value in table.items():
            way = luck.random()
            tables = isinstance(value, list) and all(isinstance(one, dict) for one in value)
            rows = [value] if isinstance(value, dict) else value if tables else []
            if rows and way < 0.5:
                dotted = ".".join(map(key, (*full, name)))
                for row in rows:
                    sections.append(f"\n[{dotted}]\n" if isinstance(value, dict) else f"\n[[{dotted}]]\n")
                    own: list[str] = []
                    below: list[str] = []
                    put(row, (*full, name), own, below)
                    sections.extend((*own, *below))
            elif isinstance(value, dict) and way < 0.8:
                pairs.extend(f"{key(name)}.{key(inner)} = {flat(one)}\n" for inner, one in value.items())
            elif tables and way < 0.8:
                lines = "".join(f"  {flat(one)},\n" for one in value)
                pairs.append(f"{key(name)} = [\n{lines}]\n")
            else:
                pairs.append(f"{key(name)} = {flat(value)}\n")

    put(data, (), pairs, sections)
    return "".join((*pairs, *sections))


def flat(value: Any) -> str:
    return written(verbatim(value), broken=False)


CHANGES = st.lists(st.tuples(st.sampled_from(["layer", "key", "data", "drop"]), st.integers(0, 3)), max_size=3)


def changed(changes: list[tuple[str, int]], side: str) -> dict[str, Any]:
    data: dict[str, Any] = tomli.loads(laid_out(VALUES, 0))
    for what, number in changes:
        layers = data["layers"]
        if what == "layer":
            layers.insert(number % (len(layers) + 1), {"name": f"{side}{number}{len(layers)}", "type": "ReLU"})
        elif what == "key":
            layers[number % len(layers)][f"{side}_key"] = number
        elif what == "data":
            data["data"].setdefault("split", {})[f"{side}_{number}"] = number
        elif len(layers) > 1:
            del layers[number % len(layers)]
    return data


@settings(max_examples=30, deadline=None)
@given(CHANGES, CHANGES, st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_any_layout_of_any_side(
    ours: list[tuple[str, int]], theirs: list[tuple[str, int]], before: int, after: int, turned: bool
) -> None:
    """What the merge of the values knows is what the texts say, whoever laid out anew."""
    mine, other = changed(ours, "o"), changed(theirs, "t")
    texts = [laid_out(mine, after), laid_out(other, before)]
    made = merge(laid_out(VALUES, before), *(reversed(texts) if turned else texts))
    try:
        wanted = merged_value(VALUES, *((other, mine) if turned else (mine, other)))
    except ConflictError:
        assert made.conflicts
        return
    assert made.conflicts == 0, made.text
    said = tomli.loads(made.text)
    assert {"layers": [], **said} == {"layers": [], **wanted}  # without entries there is no header of a list

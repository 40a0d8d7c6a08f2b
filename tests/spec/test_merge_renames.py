"""One gives something another name, the other goes on to write the old one: all of it follows."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tomli

from keraspec.merging import merge as checked_merge
from keraspec.spec.merge.merge import merge

BASE = """keraspec = 1
inputs.image.shape = [8]

[[layers]]
name = "one"
block = "unit"
width = "${size}"

[[layers]]
name = "side"
type = "Dense"
units = 3
inputs = "one"

[[layers]]
name = "digit"
type = "Dense"
units = 10
inputs = "one"

[parameters]
size = 4
deep = true

[blocks.unit]
description = "wide, then thin: ${size}"
parameters = { width = {} }
layers = [
  { name = "wide", type = "Dense", units = "${width}" },
  { name = "thin", type = "Dense", units = 2 },
  { type = "Concatenate", inputs = ["wide", "thin"] },
]

[training]
epochs = 2
loss = "mse"
optimizer = { type = "Adam" }
callbacks = [{ type = "EarlyStopping", monitor = "val_loss" }]
"""
BLOCK = (('block = "unit"', 'block = "piece"'), ("[blocks.unit]", "[blocks.piece]"))
SIZE = (('= "${size}"', '= "${breadth}"'), ("size = 4", "breadth = 4"))
OUTPUTS = ("[8]", '[8]\noutputs = ["digit", "side"]')
CASES: dict[str, tuple[Any, Any, list[str]]] = {
    "a layer of a block, referred to there": (
        [('"wide"', '"broad"')],
        [("units = 2 },\n", 'units = 2, inputs = "wide" },\n')],
        ['units = 2, inputs = "broad" }', 'inputs = ["broad", "thin"]'],
    ),
    "a layer of a block, whose place in a list changed": (
        [('"wide"', '"broad"')], [('["wide", "thin"]', '["thin", "wide"]')], ['["thin", "broad"]'],
    ),
    "a layer of a block, referred to from outside": (
        [('"wide"', '"broad"')], [('units = 3\ninputs = "one"', 'units = 3\ninputs = "one.wide"')], ['"one.broad"'],
    ),
    "a block of which there is one more": (
        BLOCK,
        [('name = "side"\ntype = "Dense"\nunits = 3\n', 'name = "side"\nblock = "unit"\nwidth = 3\n')],
        ['block = "piece"\nwidth = 3'],
    ),
    "a block that was changed": (BLOCK, [("units = 2 }", "units = 3 }")], ["[blocks.piece]", "units = 3 }"]),
    "a block that was changed by both": (
        (*BLOCK, ('name = "wide"', 'name = "wide", use_bias = false')), [("units = 2 }", "units = 3 }")],
        ["[blocks.piece]", "units = 3 }", "use_bias = false"],
    ),
    "a parameter that is used once more": (
        SIZE, [("units = 10", "units = \"${2 * size + len('size')}\"")], ["units = \"${2 * breadth + len('size')}\""],
    ),
    "a parameter with another value": (SIZE, [("size = 4", "size = 5")], ["breadth = 5"]),
    "an output that is watched and promised": (
        [('"digit"', '"class"')],
        [('"val_loss"', '"val_digit_loss"'), OUTPUTS,
         ("[blocks.unit]", "[[assertions]]\ncheck = \"output_shape('digit') == [10]\"\n\n[blocks.unit]"),
         ('\nloss = "mse"', '\noutputs.digit.loss = "mse"\noutputs.side.loss = "mae"')],
        ['monitor = "val_class_loss"', "output_shape('class')", 'outputs.class.loss = "mse"', '["class", "side"]'],
    ),
    "a layer whose weights are taken and frozen": (
        [('"one"', '"first"')],
        [("epochs = 2", 'epochs = 2\nfreeze = ["one.wide"]\nweights = { path = "a.keras", layers = ["one"] }')],
        ['freeze = ["first.wide"]', 'layers = ["first"]'],
    ),
}  # fmt: skip


def edited(text: str, edits: Any) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("turned", [False, True], ids=["ours renamed", "theirs renamed"])
@pytest.mark.parametrize("name", CASES)
def test_what_was_renamed(name: str, turned: bool) -> None:
    one, other, wanted = CASES[name]
    sides = [edited(BASE, one), edited(BASE, other)]
    made = merge(BASE, *(reversed(sides) if turned else sides))
    assert (made.conflicts, made.by) == (0, "pieces"), made.text
    for words in wanted:
        assert words in made.text, made.text
    if "weights" not in name:  # they would have to be there
        _, problems = checked_merge(BASE, *(reversed(sides) if turned else sides))
        assert problems == ()


@pytest.mark.parametrize("name", CASES)
def test_in_json(name: str) -> None:
    one, other, _ = CASES[name]
    texts = [edited(BASE, edits) for edits in ((), one, other)]
    wanted = tomli.loads(merge(*texts).text)
    made = merge(*(json.dumps(tomli.loads(side), indent=2) + "\n" for side in texts), language="json")  # type: ignore[misc]
    assert made.conflicts == 0
    assert json.loads(made.text) == wanted


def test_a_name_that_both_gave_is_no_conflict() -> None:
    ours = edited(BASE, [('"digit"', '"class"'), ("units = 10", "units = 12")])
    theirs = edited(BASE, [('"digit"', '"class"'), ("epochs = 2", "epochs = 3")])
    made = merge(BASE, ours, theirs)
    assert (made.text, made.conflicts) == (ours.replace("epochs = 2", "epochs = 3"), 0)


def test_a_name_that_the_other_side_has_for_something_else_is_not_followed() -> None:
    ours = edited(BASE, [('"wide"', '"broad"')])
    theirs = edited(BASE, [('  { name = "thin"', '  { name = "broad", type = "ReLU" },\n  { name = "thin"')])
    made, problems = checked_merge(BASE, ours, theirs)
    assert made.conflicts or problems


@pytest.mark.parametrize(
    "text",
    ['training = "x"\n', 'blocks = "x"\n', 'blocks.unit = "size"\n', 'layers = "wide"\n', 'parameters = ["size"]\n',
     'layers = [["each", "wide"]]\n', 'training.phases = "wide"\n', 'outputs = "digit"\n',
     'layers = { a = { each = "wide" } }\n'],
)  # fmt: skip
def test_texts_that_are_no_specs_are_merged_all_the_same(text: str) -> None:
    base = edited(BASE, [])
    renamed = edited(BASE, [('"wide"', '"broad"'), ('"digit"', '"class"'), *SIZE])
    for sides in ((base, renamed, text), (base, text, renamed), (text, renamed, base)):
        made = merge(*sides)
        assert made.conflicts or tomli.loads(made.text)

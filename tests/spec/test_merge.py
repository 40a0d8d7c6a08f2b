"""Three texts of a spec as one: by layer and key, comments kept, conflicts marked, and never a text nobody meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import tomli

from keraspec.spec.merge.by_value import ConflictError, merged_value
from keraspec.spec.merge.entries import moved, paired
from keraspec.spec.merge.json_pieces import json_pieces
from keraspec.spec.merge.lines import Marks, marked, merged_lines, taken
from keraspec.spec.merge.merge import Merged, merge
from keraspec.spec.merge.pieces import text
from keraspec.spec.merge.toml_pieces import NoPiecesError, toml_pieces

from .sides import chosen

BASE = """#:schema ../schemas/keraspec-1.json

keraspec = 1   # the language
name = "small"
inputs.x.shape = [8]

# what is wide
[[layers]]
name = "wide"   # as it was
type = "Dense"
units = 8
activation = "relu"

[[layers]]
type = "Dropout"
rate = 0.4

# what is narrow
[[layers]]
name = "narrow"
type = "Dense"
units = 4
[layers.kernel_regularizer]
type = "L2"
l2 = 0.01

[[layers]]
name = "last"
type = "Dense"
units = 1

[data]
source = { type = "synthetic", rows = 64 }
batch_size = 16

[data.split]
validation = 0.1

[training]
epochs = 3
optimizer = { type = "Adam", learning_rate = 0.001 }
callbacks = [
  { type = "EarlyStopping", patience = 3 },   # soon
  { type = "TerminateOnNaN" },
]
"""


def sides(ours: tuple[str, str], theirs: tuple[str, str], base: str = BASE) -> Merged:
    """The merge of a text in which each side put one thing in place of another."""
    for old, _ in (ours, theirs):
        assert base.count(old) == 1, old
    return merge(base, base.replace(*ours), base.replace(*theirs))


def clean(made: Merged) -> dict[str, Any]:
    assert made.conflicts == 0
    assert made.by == "pieces"
    return tomli.loads(made.text)


def test_pieces_put_together_again_are_the_text() -> None:
    assert text(toml_pieces(BASE)) == BASE
    assert toml_pieces(BASE).value == tomli.loads(BASE)


def test_a_text_that_is_not_toml_has_no_pieces() -> None:
    with pytest.raises(NoPiecesError):
        toml_pieces("a = [1,\n")


def test_different_keys_of_one_layer_never_conflict() -> None:
    made = sides(("units = 8", "units = 16"), ('activation = "relu"', 'activation = "gelu"\nuse_bias = false'))
    data = clean(made)
    assert data["layers"][0] == {
        "name": "wide", "type": "Dense", "units": 16, "activation": "gelu", "use_bias": False,
    }  # fmt: skip
    # Everything else stands as it stood, to the byte.
    expected = BASE.replace("units = 8", "units = 16").replace('"relu"', '"gelu"\nuse_bias = false')
    assert made.text == expected


def test_different_layers_never_conflict_though_their_lines_touch() -> None:
    made = sides(('units = 4\n[layers.kernel_regularizer]\ntype = "L2"\nl2 = 0.01\n', "units = 5\n"),
                 ("rate = 0.4", "rate = 0.5"))  # fmt: skip
    layers = clean(made)["layers"]
    assert layers[1]["rate"] == 0.5
    assert layers[2] == {"name": "narrow", "type": "Dense", "units": 5}


def test_keys_of_one_line_do_not_conflict() -> None:
    made = sides(("learning_rate = 0.001", "learning_rate = 0.01"), ("0.001 }", "0.001, beta_1 = 0.8 }"))
    assert clean(made)["training"]["optimizer"] == {"type": "Adam", "learning_rate": 0.01, "beta_1": 0.8}


def test_what_both_put_in_at_one_place_stands_in_the_order_ours_then_theirs() -> None:
    def put(*names: str) -> tuple[str, str]:
        new = "".join(f'# about {name}\n[[layers]]\nname = "{name}"\ntype = "ReLU"\n\n' for name in names)
        return "# what is narrow\n", new + "# what is narrow\n"

    made = sides(put("o1", "o2"), put("t1", "t2"))
    names = [one.get("name") for one in clean(made)["layers"]]
    assert names == ["wide", None, "o1", "o2", "t1", "t2", "narrow", "last"]
    assert "# about t1\n[[layers]]\n" in made.text


def test_a_section_that_ours_put_in_does_not_part_their_layer_from_its_list() -> None:
    base = BASE.partition("[data]")[0]
    made = merge(base, base + "[training]\nepochs = 1\n", base + '[[layers]]\nname = "more"\ntype = "ReLU"\n')
    assert clean(made)["layers"][-1] == {"name": "more", "type": "ReLU"}
    assert made.text.index('"more"') < made.text.index("[training]")


def test_comments_are_taken_from_whoever_wrote_them() -> None:
    made = sides(("# what is wide", "# what is wide,\n# and why"), ("# as it was", "# as it has to be"))
    assert "# what is wide,\n# and why\n[[layers]]" in made.text
    assert 'name = "wide"   # as it has to be' in made.text
    clean(made)


def test_the_same_change_on_both_sides_is_one() -> None:
    assert sides(("units = 8", "units = 9"), ("units = 8", "units = 9")).text == BASE.replace("units = 8", "units = 9")


def test_numbers_written_in_another_way_are_no_change() -> None:
    made = sides(("rows = 64", "rows = 6_4"), ("rows = 64", "rows = 128"))
    assert clean(made)["data"]["source"]["rows"] == 128


def test_a_layer_that_one_side_took_out_goes_with_its_comment() -> None:
    layer = '# what is narrow\n[[layers]]\nname = "narrow"\ntype = "Dense"\nunits = 4\n'
    layer += '[layers.kernel_regularizer]\ntype = "L2"\nl2 = 0.01\n\n'
    made = sides((layer, ""), ("rate = 0.4", "rate = 0.1"))
    assert [one.get("name") for one in clean(made)["layers"]] == ["wide", None, "last"]
    assert "narrow" not in made.text


def test_a_layer_that_one_side_moved_carries_the_change_of_the_other() -> None:
    wide = BASE[BASE.index("# what is wide") : BASE.index('[[layers]]\ntype = "Dropout"')]
    ours = BASE.replace(wide, "").replace('[[layers]]\nname = "last"', wide + '[[layers]]\nname = "last"')
    made = merge(BASE, ours, BASE.replace("units = 8", "units = 80"))
    assert [(one.get("name"), one.get("units")) for one in clean(made)["layers"]] == [
        (None, None), ("narrow", 4), ("wide", 80), ("last", 1),
    ]  # fmt: skip


CONFLICTS: dict[str, tuple[Callable[[str], str], Callable[[str], str], str]] = {
    "edit and edit of one key": (
        lambda base: base.replace("units = 8", "units = 16"),
        lambda base: base.replace("units = 8", "units = 32"),
        "<<<<<<< ours\nunits = 16\n=======\nunits = 32\n>>>>>>> theirs\n",
    ),
    "two keys on one line": (
        lambda base: base.replace("learning_rate = 0.001", "learning_rate = 0.1"),
        lambda base: base.replace("learning_rate = 0.001", "learning_rate = 0.2, beta_1 = 0.8"),
        '<<<<<<< ours\noptimizer = { type = "Adam", learning_rate = 0.1, beta_1 = 0.8 }\n=======\n'
        'optimizer = { type = "Adam", learning_rate = 0.2, beta_1 = 0.8 }\n>>>>>>> theirs\n',
    ),
    "an element of a list": (
        lambda base: base.replace("patience = 3", "patience = 5"),
        lambda base: base.replace("patience = 3", "patience = 7"),
        '<<<<<<< ours\n  { type = "EarlyStopping", patience = 5 },   # soon\n=======\n'
        '  { type = "EarlyStopping", patience = 7 },   # soon\n>>>>>>> theirs\n',
    ),
    "edit and removal of a layer": (
        lambda base: base.replace('[[layers]]\nname = "last"\ntype = "Dense"\nunits = 1\n\n', ""),
        lambda base: base.replace("units = 1\n", "units = 2\n"),
        '<<<<<<< ours\n=======\n\n[[layers]]\nname = "last"\ntype = "Dense"\nunits = 2\n>>>>>>> theirs\n',
    ),
    "both add a key": (
        lambda base: base.replace("units = 1\n", "units = 1\nuse_bias = false\n"),
        lambda base: base.replace("units = 1\n", "units = 1\nuse_bias = true\n"),
        "<<<<<<< ours\nuse_bias = false\n=======\nuse_bias = true\n>>>>>>> theirs\n",
    ),
    "both add a layer of one name, which differs in a key": (
        lambda base: base.replace("[data]\n", '[[layers]]\nname = "new"\ntype = "Dense"\nunits = 2\n\n[data]\n'),
        lambda base: base.replace("[data]\n", '[[layers]]\nname = "new"\ntype = "Dense"\nunits = 3\n\n[data]\n'),
        "<<<<<<< ours\nunits = 2\n=======\nunits = 3\n>>>>>>> theirs\n",
    ),
    "both add a layer of one name, of another type": (
        lambda base: base.replace("[data]\n", '[[layers]]\nname = "new"\ntype = "ReLU"\n\n[data]\n'),
        lambda base: base.replace("[data]\n", '[[layers]]\nname = "new"\ntype = "Softmax"\n\n[data]\n'),
        '<<<<<<< ours\ntype = "ReLU"\n=======\ntype = "Softmax"\n>>>>>>> theirs\n',
    ),
    "both rename a layer": (
        lambda base: base.replace('"wide"', '"broad"'),
        lambda base: base.replace('"wide"', '"large"'),
        '<<<<<<< ours\nname = "broad"   # as it was\n=======\nname = "large"   # as it was\n>>>>>>> theirs\n',
    ),
    "a section that one side took out": (
        lambda base: base.replace("\n[data.split]\nvalidation = 0.1\n", ""),
        lambda base: base.replace("validation = 0.1", "validation = 0.2"),
        "<<<<<<< ours\n=======\n\n[data.split]\nvalidation = 0.2\n>>>>>>> theirs\n",
    ),
    "comments of one layer": (
        lambda base: base.replace("# what is wide", "# broad"),
        lambda base: base.replace("# what is wide", "# large"),
        "<<<<<<< ours\n# broad\n=======\n# large\n>>>>>>> theirs\n",
    ),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_true_conflict_is_marked_and_nothing_else(name: str) -> None:
    ours, theirs, wanted = CONFLICTS[name]
    made = merge(BASE, ours(BASE), theirs(BASE))
    assert made.conflicts == 1
    assert made.by == "pieces"
    assert wanted in made.text
    # Outside of the markers everything is there: with one side's lines it is TOML again.
    assert tomli.loads(chosen(made.text, 0))
    assert tomli.loads(chosen(made.text, 1))
    with pytest.raises(tomli.TOMLDecodeError):
        tomli.loads(made.text)


@pytest.mark.parametrize("name", CONFLICTS)
def test_the_sides_of_a_conflict_change_places_with_the_sides(name: str) -> None:
    ours, theirs, _ = CONFLICTS[name]
    made, turned = merge(BASE, ours(BASE), theirs(BASE)), merge(BASE, theirs(BASE), ours(BASE))
    assert chosen(made.text, 0) == chosen(turned.text, 1)
    assert chosen(made.text, 1) == chosen(turned.text, 0)


def test_two_orders_that_contradict_each_other_are_a_conflict_of_the_places_that_differ() -> None:
    base = (
        "keraspec = 1\nlayers = [\n" + "".join(f'  {{ name = "l{at}", type = "ReLU" }},\n' for at in range(5)) + "]\n"
    )
    lines = base.splitlines(keepends=True)
    first = "".join([*lines[:3], lines[4], lines[5], lines[3], *lines[6:]])  # l1 behind l3
    second = "".join([*lines[:2], lines[3], lines[2], *lines[4:]])  # l1 before l0
    made = merge(base, first, second)
    assert made.conflicts == 1
    assert '>>>>>>> theirs\n  { name = "l4"' in made.text
    assert [one["name"] for one in tomli.loads(chosen(made.text, 0))["layers"]] == ["l0", "l2", "l3", "l1", "l4"]
    assert [one["name"] for one in tomli.loads(chosen(made.text, 1))["layers"]] == ["l1", "l0", "l2", "l3", "l4"]


def test_moves_that_have_nothing_to_do_with_each_other_both_happen() -> None:
    base = (
        "keraspec = 1\nlayers = [\n" + "".join(f'  {{ name = "l{at}", type = "ReLU" }},\n' for at in range(8)) + "]\n"
    )
    lines = base.splitlines(keepends=True)
    ours = "".join([*lines[:2], lines[3], lines[2], *lines[4:]])
    theirs = "".join([*lines[:8], lines[9], lines[8], *lines[10:]])
    names = [one["name"] for one in clean(merge(base, ours, theirs))["layers"]]
    assert names == ["l1", "l0", "l2", "l3", "l4", "l5", "l7", "l6"]


def test_references_follow_what_the_other_side_renamed() -> None:
    base = BASE.replace(
        "[data]\n", '[[layers]]\nname = "sum"\ntype = "Add"\ninputs = ["narrow", "wide"]\n\n[data]\n', 1
    )
    ours = base.replace('"narrow"', '"thin"')
    theirs = base.replace("units = 4", "units = 5").replace(
        "[data]\n", '[[layers]]\ntype = "ReLU"\ninputs = "narrow"   # again\n\n[data]\n', 1
    )
    for one, other in ((ours, theirs), (theirs, ours)):
        made = merge(base, one, other)
        data = clean(made)
        assert data["layers"][2] | {"kernel_regularizer": 0} == {
            "name": "thin", "type": "Dense", "units": 5, "kernel_regularizer": 0,
        }  # fmt: skip
        assert data["layers"][-1]["inputs"] == "thin"
        assert 'inputs = "thin"   # again' in made.text
        assert "narrow" not in made.text.replace("what is narrow", "")


def test_a_file_that_both_made_is_merged_as_well() -> None:
    ours, theirs = 'keraspec = 1\nname = "a"\n', "keraspec = 1\n[training]\nepochs = 2\n"
    assert clean(merge("", ours, theirs)) == {"keraspec": 1, "name": "a", "training": {"epochs": 2}}


def test_what_can_not_be_read_is_merged_line_by_line_and_never_without_a_mark() -> None:
    broken = BASE.replace("units = 8", "units = = 8")
    made = merge(BASE, broken, BASE.replace("rate = 0.4", "rate = 0.5"))
    assert made.conflicts == 1
    assert made.by == "nothing"
    assert chosen(made.text, 0) == broken


def test_line_ends_and_a_byte_order_mark_stay_those_of_ours() -> None:
    ours = "\ufeff" + BASE.replace("units = 8", "units = 9").replace("\n", "\r\n")
    made = merge(BASE, ours, BASE.replace("rate = 0.4", "rate = 0.5"))
    assert made.text == "\ufeff" + BASE.replace("units = 8", "units = 9").replace("0.4", "0.5").replace("\n", "\r\n")


def test_markers_have_the_names_and_the_length_that_git_asks_for() -> None:
    made = merge("a = 1\n", "a = 2\n", "a = 3\n", marks=Marks("HEAD", "topic", 10))
    assert made.text == f"{'<' * 10} HEAD\na = 2\n{'=' * 10}\na = 3\n{'>' * 10} topic\n"


JSON = """{
  "keraspec": 1,
  "name": "small",
  "inputs": { "x": { "shape": [8] } },
  "layers": [
    { "name": "wide", "type": "Dense", "units": 8 },
    { "type": "ReLU" },
    { "name": "last", "type": "Dense", "units": 1 }
  ],
  "training": { "epochs": 3 }
}
"""


def test_json_is_merged_alike_and_commas_stand_where_they_must() -> None:
    assert text(json_pieces(JSON)) == JSON
    last = '"units": 1 }'
    made = merge(
        JSON,
        JSON.replace(last, last + ',\n    { "type": "Softmax" }').replace(
            '"epochs": 3 }', '"epochs": 3 },\n  "data": {}'
        ),
        JSON.replace('"units": 8', '"units": 9').replace(last, last + ',\n    { "type": "Dropout", "rate": 0.5 }'),
        "json",
    )
    assert made.conflicts == 0
    data = json.loads(made.text)
    assert [one["type"] for one in data["layers"]] == ["Dense", "ReLU", "Dense", "Softmax", "Dropout"]
    assert data["layers"][0]["units"] == 9
    assert data["data"] == {}


def test_a_conflict_in_json_gives_json_with_either_side() -> None:
    gone = JSON.replace(
        '{ "type": "ReLU" },\n    { "name": "last", "type": "Dense", "units": 1 }', '{ "type": "ReLU" }'
    )
    made = merge(JSON, gone, JSON.replace('"units": 1 }', '"units": 2 }'), "json")
    assert made.conflicts == 1
    assert len(json.loads(chosen(made.text, 0))["layers"]) == 2
    assert json.loads(chosen(made.text, 1))["layers"][2]["units"] == 2


def test_lines_merge_as_git_does() -> None:
    base = "a\nb\nc\nd\n"
    assert taken(merged_lines(base, "a\nB\nc\nd\n", "a\nb\nc\nD\n"), 0) == "a\nB\nc\nD\n"
    whole, count = marked(merged_lines(base, "a\nx\nc\nd\n", "a\ny\nc\nd\n"), Marks())
    assert count == 1
    assert whole == "a\n<<<<<<< ours\nx\n=======\ny\n>>>>>>> theirs\nc\nd\n"


def test_entries_are_found_again_by_name_by_content_and_by_place() -> None:
    old = [{"name": "a", "type": "Dense"}, {"type": "ReLU"}, {"name": "b", "type": "Dense"}, {"type": "ReLU"}]
    assert paired(old, [old[2], old[3], old[0]]) == {0: 2, 1: 3, 2: 0}
    assert paired(old, [{"name": "z", "type": "Dense"}, *old[1:]]) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert paired(old, [old[0], {"type": "Dropout"}, *old[2:]]) == {0: 0, 2: 2, 3: 3}


def test_as_few_places_as_can_be_are_called_moved() -> None:
    assert moved([0, 1, 2, 3]) == set()
    assert moved([3, 0, 1, 2]) == {0}
    assert moved([]) == set()


def test_the_last_entries_of_a_list_may_go_one_by_each_side() -> None:
    first, second = (f'\n[[layers]]\nname = "{name}"\ntype = "ReLU"\n' for name in "ab")
    made = merge("keraspec = 1\n" + first + second, "keraspec = 1\n" + first, "keraspec = 1\n" + second)
    assert (made.text, made.conflicts) == ("keraspec = 1\n", 0)


def test_values_alone_say_when_they_conflict() -> None:
    with pytest.raises(ConflictError):
        merged_value({"a": 1}, {"a": 2}, {"a": 3})
    assert merged_value({"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1}) == {"a": 2}

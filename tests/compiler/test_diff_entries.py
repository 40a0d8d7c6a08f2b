"""What is written tells which layer is which, where the network alone does not; and what is told then."""

from __future__ import annotations

from keraspec.checked import compile_text
from keraspec.comparing import Comparison, compare, loaded

LINE = """keraspec = 1
inputs.x.shape = [6, 4]
layers = [
  { type = "Conv1D", filters = 8, kernel_size = 1 },
  { type = "Conv1D", filters = 9, kernel_size = 1 },
  { type = "Flatten" },
  { type = "Dropout", rate = 0.5 },
  { name = "digit", type = "Dense", units = 10 },
]
"""


def against(old: str, new: str) -> Comparison:
    return compare(compile_text(old), compile_text(new))


def test_of_many_layers_of_a_type_it_is_said_which_was_edited() -> None:
    found = against(LINE, LINE.replace("filters = 9", "filters = 7")).text
    assert "~ layers.conv1d_1.filters  9 → 7" in found


def test_what_another_layer_went_past_is_the_same_layer() -> None:
    lines = LINE.splitlines(keepends=True)
    lines[5], lines[6] = lines[6], lines[5]
    found = against(LINE, "".join(lines))
    assert found.changes.counts.keys() == {"same", "changed"}
    assert "↕ layers.dropout  stood behind flatten, stands behind conv1d_1 now" in found.text
    assert "parameters, FLOPs and memory are as before" in found.text
    assert "Parameters, FLOPs and memory are as before." in found.markdown


def test_a_layer_with_an_error_is_still_that_layer() -> None:
    found = against(LINE, LINE.replace("filters = 9", 'filters = "many"'))
    there = {one.name: one for one in found.changes.layers}
    assert {one.status for one in there.values()} == {"same", "changed"}
    assert there["conv1d_1"].fit == there["digit"].fit == "unknown"
    assert "1 of 3 layers with weights keep" in found.text
    assert "~ digit     can't be told: there are errors" in found.text
    assert "gone" not in found.text
    assert "as before" not in found.text


def test_an_output_with_another_name_is_said_to_have_it() -> None:
    found = against(LINE, LINE.replace('"digit"', '"class"'))
    assert '~ outputs.digit.name  "digit" → "class"' in found.text
    assert [one.path for one in found.changes.values] == [("outputs", "digit", "name")]


def test_a_side_with_nothing_left() -> None:
    found = against(LINE, "keraspec = 1\n").text
    assert "all 6 inputs and layers removed" in found
    assert "- layers  5 entries" in found


def test_where_only_data_changed_nothing_is_drawn() -> None:
    found = against(LINE, LINE + "\n[data]\nbatch_size = 8\n")
    assert "same network, other data" in found.markdown
    assert "mermaid" not in found.markdown


BLOCK = """keraspec = 1
inputs.x.shape = [16]
layers = [
  { name = "body", block = "unit", repeat = 3 },
  { name = "digit", type = "Dense", units = 10 },
]

[blocks.unit]
layers = [
  { type = "Dense", units = 16, use_bias = true },
  { type = "ReLU" },
]
"""


def test_layers_of_a_block_with_an_error_are_still_those_layers() -> None:
    found = against(BLOCK, BLOCK.replace("use_bias = true", 'use_bias = "yes"').replace("units = 16", 'units = "w"'))
    assert found.changes.counts.keys() <= {"same", "changed"}
    assert "0 → ?" not in found.text
    assert "outputs" not in found.text


def test_a_file_that_is_new_or_gone_has_no_errors() -> None:
    nothing = loaded("/dev/null")
    assert "all 6 inputs and layers are new\n\nedited" in compare(nothing, compile_text(LINE)).text
    assert "all 6 inputs and layers removed\n\nedited" in compare(compile_text(LINE), nothing).text


def test_a_file_of_blocks_alone_has_changed_where_a_block_has() -> None:
    old = "keraspec = 1\n\n" + BLOCK[BLOCK.index("[blocks") :]
    found = against(old, old.replace("units = 16", "units = 32"))
    assert not found.same
    assert "~ blocks.unit.layers.Dense.units  16 → 32" in found.text
    assert "no network of their own" in found.markdown
    assert "before and after" not in found.text.lower() + found.markdown.lower()
    assert against(old, old.replace("units = 16", "units = 16.0")).same


def test_one_instance_more_is_the_last_one() -> None:
    old = BLOCK.replace('{ type = "ReLU" }', '{ type = "Dropout", rate = 0.1 }')
    found = against(old, old.replace("rate = 0.1", "rate = 0.2").replace("repeat = 3", "repeat = 4"))
    new = {one.new for one in found.changes.layers if one.status == "added"}
    assert new == {"body.3.dense", "body.3.dropout"}
    assert {one.old for one in found.changes.layers if one.old != one.new} == {None}

"""What two specs differ in, by meaning: layers found again, edits apart from what follows, and which weights fit."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import Checked, compile_text
from keraspec.comparing import Comparison, compare
from keraspec.compiler.diff.changes import Layer
from keraspec.compiler.diff.drawing import PAINTS, colours, dot, fits_on_a_page
from keraspec.compiler.diff.markdown import markdown, mermaid
from keraspec.compiler.diff.merged import merged
from keraspec.compiler.diff.stretches import readable
from keraspec.compiler.diff.values import Difference, differences, plain
from keraspec.compiler.draw_mermaid import too_large_for_github
from keraspec.compiler.palette import PAGE_TEXT, QUIET, contrast
from keraspec.spec.rendered import rendered
from keraspec.spec.to_toml import toml_text

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
BASE = """keraspec = 1
name = "net"
inputs.image.shape = [28, 28, 1]

[[layers]]
name = "conv"
type = "Conv2D"
filters = 8
kernel_size = 3

[[layers]]
type = "MaxPooling2D"

[[layers]]
type = "Flatten"

[[layers]]
type = "Dropout"
rate = 0.4

[[layers]]
name = "hidden"
type = "Dense"
units = 32

[[layers]]
name = "digit"
type = "Dense"
units = 10

[training]
epochs = 3
optimizer = "adam"
loss = "mse"
"""

DIGIT = '[[layers]]\nname = "digit"'


def spec(text: str) -> Checked:
    return compile_text(text, path="net.keraspec.toml")


def change(*edits: tuple[str, str], base: str = BASE) -> Comparison:
    new = base
    for old, with_ in edits:
        assert old in new, old
        new = new.replace(old, with_, 1)
    return compare(spec(base), spec(new), ("old", "new"))


def layers(found: Comparison) -> dict[str, Layer]:
    return {one.name: one for one in found.changes.layers}


def statuses(found: Comparison) -> dict[str, str]:
    return {one.name: one.status for one in found.changes.layers if one.status != "same"}


def paths(found: Comparison, *, effective: bool = True) -> list[tuple[str, str]]:
    return [(one.way, ".".join(one.path)) for one in found.changes.edits if one.effective is effective]


def test_formatting_alone_is_no_difference() -> None:
    new = toml_text(spec(BASE).document.data)  # type: ignore[union-attr]
    assert new != BASE
    found = compare(spec(BASE), spec("# another comment\n" + new))
    assert found.same
    assert found.changes.edits == ()
    assert "no difference" in found.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('optimizer = "adam"', 'optimizer = { type = "Adam", learning_rate = 1e-3 }'),
        ("units = 32", "units = 32.0"),
        ("units = 32", 'units = 32\nuse_bias = true\nactivation = "linear"'),
        ("kernel_size = 3", "kernel_size = [3, 3]"),
        ("epochs = 3", "epochs = 3\nseed = 0"),
    ],
)
def test_what_is_written_otherwise_and_means_the_same_is_no_difference(old: str, new: str) -> None:
    found = change((old, new))
    assert found.same
    if old != "units = 32" or "use_bias" in new:
        assert "written differently, same network" in found.text
        assert not paths(found)


@pytest.mark.parametrize("name", ["resnet50", "mixture_of_experts", "lstm_tagger"])
def test_blocks_written_out_are_the_same_network(name: str) -> None:
    checked = compile_text((EXAMPLES / "architectures" / f"{name}.keraspec.toml").read_text("utf-8"))
    assert checked.document is not None
    found = compare(checked, compile_text(rendered(checked.document)))
    assert found.same, found.text
    assert "same network" in found.text or not found.changes.edits


def test_an_edit_is_told_apart_from_what_follows() -> None:
    found = change(("filters = 8", "filters = 16"))
    assert paths(found) == [("changed", "layers.conv.filters")]
    there = layers(found)
    assert there["conv"].edited
    assert not there["hidden"].edited
    assert (there["hidden"].params_before, there["hidden"].params) == (8 * 169 * 32 + 32, 16 * 169 * 32 + 32)
    assert statuses(found) == dict.fromkeys(["conv", "max_pooling2d", "flatten", "dropout", "hidden"], "changed")
    edit = found.changes.edits[0]
    assert edit.new_place is not None
    assert edit.new_place.source.line_column(edit.new_place.start)[0] == 8


def test_a_parameter_is_what_was_edited_and_layers_follow() -> None:
    base = BASE.replace("filters = 8", 'filters = "${wide}"') + "\n[parameters]\nwide = 8\n"
    found = change(("wide = 8", "wide = 16"), base=base)
    assert paths(found) == [("changed", "parameters.wide")]
    conv = layers(found)["conv"]
    assert not conv.edited
    assert conv.arguments == (Difference(("filters",), 8, 16),)
    assert "filters 8 → 16" in found.text


def test_weights_that_fit_are_kept() -> None:
    there = layers(change(("filters = 8", "filters = 16"), ("units = 10", "units = 10\nuse_bias = false")))
    assert there["conv"].fit == "anew"
    assert there["hidden"].fit == "partly"
    assert [(one.name, one.fits) for one in there["hidden"].weights] == [("kernel", False), ("bias", True)]
    assert there["digit"].fit == "kept"  # its bias is gone, and all that is wanted is there


def test_a_layer_in_between_leaves_the_others_their_weights() -> None:
    found = change(('[[layers]]\nname = "hidden"', '[[layers]]\nname = "norm"\ntype = "BatchNormalization"\n\n'
                    '[[layers]]\nname = "hidden"'))  # fmt: skip
    assert statuses(found) == {"norm": "added", "hidden": "changed"}
    hidden = layers(found)["hidden"]
    assert (hidden.rewired, hidden.inputs_before, hidden.inputs) == (True, ("dropout",), ("norm",))
    assert hidden.fit == "kept"
    assert "2 of 3" not in found.text
    assert "3 of 4 layers with weights keep" in found.text


def test_layers_without_names_are_found_by_their_place_in_the_graph() -> None:
    base = BASE.replace('name = "hidden"\n', "").replace('name = "conv"\n', "")
    dropout = '[[layers]]\ntype = "Dropout"'
    found = change((dropout, '[[layers]]\ntype = "Dense"\nunits = 64\n\n' + dropout), base=base)
    added = [one for one in found.changes.layers if one.status == "added"]
    assert [(one.type, one.params) for one in added] == [("Dense", (8 * 169 + 1) * 64)]
    # `dense` is the new one; what was called so is called `dense_1` now, which is no news.
    again = next(one for one in found.changes.layers if one.old == "dense")
    assert (again.new, again.renamed, again.fit) == ("dense_1", False, "partly")


def test_a_layer_with_another_name_is_found_again() -> None:
    found = change(('name = "hidden"', 'name = "wide"'))
    assert paths(found) == [("renamed", "layers.hidden")]
    wide = layers(found)["wide"]
    assert (wide.old, wide.renamed, wide.fit, wide.status) == ("hidden", True, "kept", "changed")
    assert not found.same


def test_a_layer_of_another_type_under_the_same_name_begins_anew() -> None:
    found = change(('type = "Conv2D"', 'type = "DepthwiseConv2D"'), ("filters = 8\n", ""))
    conv = layers(found)["conv"]
    assert (conv.type_before, conv.type, conv.fit) == ("Conv2D", "DepthwiseConv2D", "anew")


def test_a_layer_that_was_moved_is_told_as_moved() -> None:
    found = change(('[[layers]]\ntype = "Dropout"\nrate = 0.4\n\n', ""),
                   (DIGIT, '[[layers]]\ntype = "Dropout"\nrate = 0.4\n\n' + DIGIT))  # fmt: skip
    assert ("moved", "layers.Dropout") in paths(found) or ("moved", "layers.hidden") in paths(found)
    assert not {"added", "removed"} & set(statuses(found).values())


def test_data_and_training_are_compared_by_value() -> None:
    found = change(("epochs = 3", "epochs = 5"), ('"adam"', '{ type = "Adam", learning_rate = 0.01 }'))
    assert {one.path: one.new for one in found.changes.values} == {
        ("training", "epochs"): 5,
        ("training", "optimizer"): {"type": "Adam", "learning_rate": 0.01},
    }
    assert not statuses(found)
    assert "same network, other training" in found.text
    assert found.changes.follows == ()


def test_what_phases_inherit_follows() -> None:
    base = BASE + '\n[[training.phases]]\nname = "first"\n\n[[training.phases]]\nname = "second"\nepochs = 9\n'
    found = change(('loss = "mse"', 'loss = "mae"'), base=base)
    assert [".".join(one.path) for one in found.changes.follows] == [
        "training.phases.first.loss", "training.phases.second.loss",
    ]  # fmt: skip


def test_outputs_are_an_interface() -> None:
    found = change(('[[layers]]\nname = "conv"', 'outputs = { out = "digit" }\n\n[[layers]]\nname = "conv"'))
    assert not found.same
    assert {one.path[0] for one in found.changes.values} == {"outputs"}


def test_a_side_with_errors_is_compared_as_far_as_it_is_known() -> None:
    found = change(("filters = 8", 'filters = "many"'), ("units = 10", "units = 11"))
    assert found.changes.new.errors == 1
    assert "new has 1 error" in found.text
    assert layers(found)["digit"].status == "changed"
    assert ("changed", "layers.digit.units") in paths(found)
    assert not {"added", "removed"} & set(statuses(found).values())


def test_nothing_against_something() -> None:
    found = compare(compile_text("keraspec = 1\n"), spec(BASE), ("nothing", "new"))
    assert set(statuses(found).values()) == {"added"}
    assert found.to_json()["unchanged"] == 0
    assert compare(spec(BASE), compile_text("keraspec = 1\n")).changes.counts["removed"] == 7


def test_json_has_all_of_it() -> None:
    data = json.loads(change(("filters = 8", "filters = 16")).form("json"))
    assert data["same"] is False
    assert data["edits"] == [
        {"way": "changed", "path": ["layers", "conv", "filters"], "effective": True, "old": 8, "new": 16,
         "old_place": {"file": "net.keraspec.toml", "line": 8, "column": 1},
         "new_place": {"file": "net.keraspec.toml", "line": 8, "column": 1}},
    ]  # fmt: skip
    conv = data["layers"][0]
    assert conv["new"]["outputs"] == [{"shape": [None, 26, 26, 16], "dtype": "float32"}]
    assert (conv["old"]["params"], conv["new"]["params"]) == (80, 160)
    assert data["weights"]["layers"]["hidden"]["fit"] == "partly"
    assert [one["name"] for one in data["totals"]][:3] == ["parameters", "of them trained", "one sample"]


def test_markdown_is_whole_and_short_enough_for_a_comment() -> None:
    text = markdown(change(("filters = 8", "filters = 16"), ('name = "hidden"', 'name = "h|dden_*"')).changes)
    assert "| \\~ | layers.conv.filters | 8 → 16 | net.keraspec.toml:8 |" in text
    assert text.count("<details>") == text.count("</details>")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") in (4, 5) for line in rows)
    assert "```mermaid\nflowchart TD" in text


def test_a_drawing_has_both_networks_in_it() -> None:
    found = change(('[[layers]]\ntype = "MaxPooling2D"\n\n', ""), ("filters = 8", "filters = 16"),
                   (DIGIT, '[[layers]]\nname = "more"\ntype = "ReLU"\n\n' + DIGIT))  # fmt: skip
    drawing = readable(found.changes, fits_on_a_page)
    status = {card.name: card.status for card in drawing.cards if card.type != "output"}
    assert status["max_pooling2d"] == "removed"
    assert status["more"] == "added"
    assert status["conv"] == "changed"
    ids = {card.id: card.name for card in drawing.cards}
    wires = {(ids[one.source], ids[one.target]): one.status for one in drawing.wires}
    assert wires["conv", "max_pooling2d"] == wires["max_pooling2d", "flatten"] == "removed"
    assert wires["conv", "flatten"] == wires["hidden", "more"] == "added"
    assert wires["image", "conv"] == "same"
    for theme in ("light", "dark"):
        text = dot(drawing, theme)
        assert all(PAINTS[one][0].of(theme) in text for one in ("added", "removed", "changed"))  # type: ignore[index]
    assert "linkStyle" in mermaid(found.changes)


def test_pictures_follow_the_page_and_can_be_read_on_it() -> None:
    svg = change(("filters = 8", "filters = 16")).svg
    assert "prefers-color-scheme:dark" in svg
    assert change(("filters = 8", "filters = 16")).picture("png").startswith(b"\x89PNG")
    assert len({one.light for one in colours()}) == len(colours())
    for fill, border in PAINTS.values():
        for theme in ("light", "dark"):
            assert contrast(fill.of(theme), PAGE_TEXT.of(theme)) >= 7  # type: ignore[arg-type]
            assert contrast(fill.of(theme), QUIET.of(theme)) >= 4.5  # type: ignore[arg-type]
            assert contrast(fill.of(theme), border.of(theme)) >= 2.5  # type: ignore[arg-type]


def chain(count: int, edited: int | None = None, drop: int | None = None) -> str:
    rows = [f'{{ type = "Dense", units = {9 if at == edited else 8} }}' for at in range(count) if at != drop]
    return "keraspec = 1\ninputs.x.shape = [8]\nlayers = [\n" + "".join(f"  {one},\n" for one in rows) + "]\n"


def test_large_networks_are_drawn_where_they_changed() -> None:
    found = compare(compile_text(chain(400)), compile_text(chain(400, edited=200)))
    drawing = readable(found.changes, fits_on_a_page)
    assert len(drawing.cards) < 12
    assert sum(card.count for card in drawing.cards) > 390
    assert not too_large_for_github(mermaid(found.changes))


RESIDUAL = """
keraspec = 1
inputs.x.shape = [8]
layers = [{{ name = "unit", block = "unit", repeat = {units} }}, {{ name = "y", type = "Dense", units = 2 }}]
[blocks.unit]
parameters.width = {width}
layers = [
  {{ name = "one", inputs = "x", type = "Dense", units = "${{width}}" }},
  {{ name = "two", type = "ReLU" }},
  {{ name = "three", type = "Dense", units = 8 }},
  {{ type = "Add", inputs = ["x", "three"] }},
]
"""


def residual(units: int, width: int = 4, **layer: str) -> str:
    text = RESIDUAL.format(units=units, width=width)
    return text.replace('type = "ReLU"', f'type = "{layer["type"]}"') if layer else text


def test_an_untouched_stretch_stands_before_an_edit_or_behind_it() -> None:
    """Of a residual network everything is connected with everything around an edit; the drawing has no circle."""
    flat = "keraspec = 1\ninputs.x.shape = [8]\nlayers = [\n"
    for at in range(40):
        before = f"add{at - 1}" if at else "x"
        flat += f'{{ name = "one{at}", type = "Dense", units = 8, inputs = "{before}" }},\n'
        flat += f'{{ name = "two{at}", type = "ReLU" }},\n'
        flat += f'{{ name = "add{at}", type = "Add", inputs = ["{before}", "two{at}"] }},\n'
    found = compare(compile_text(flat + "]\n"), compile_text(flat.replace("two17", "other17").replace(
        'name = "other17", type = "ReLU"', 'name = "other17", type = "ELU"') + "]\n"))  # fmt: skip
    drawing = readable(found.changes, fits_on_a_page)
    assert len(drawing.cards) <= 12
    after: dict[str, set[str]] = {}
    for wire in drawing.wires:
        after.setdefault(wire.source, set()).add(wire.target)
    for start in after:
        seen, waiting = set(), [start]
        while waiting:
            new = after.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        assert start not in seen
    stretches = [card for card in drawing.cards if card.count > 1]
    assert len(stretches) == 2
    assert sum(card.count or 1 for card in drawing.cards if card.status == "same" and not card.round) == 120 - 2


def test_blocks_that_are_new_or_gone_as_a_whole_are_one_card() -> None:
    found = compare(compile_text(residual(30)), compile_text(residual(42)))
    drawing = readable(found.changes, fits_on_a_page)
    added = [card for card in drawing.cards if card.status == "added"]
    assert [card.name for card in added] == [f"unit.{number}" for number in range(30, 42)]
    assert all((card.type, card.details) == ("unit", ("4 layers", "76 parameters")) for card in added)
    assert [card.count for card in drawing.cards if card.status == "same" and card.count] != []
    back = readable(compare(compile_text(residual(42)), compile_text(residual(30))).changes, fits_on_a_page)
    assert sum(card.status == "removed" and card.closed for card in back.cards) == 12


def test_blocks_that_all_changed_are_closed() -> None:
    found = compare(compile_text(residual(20)), compile_text(residual(20, width=6)))
    drawing = readable(found.changes, fits_on_a_page)
    units = [card for card in drawing.cards if card.closed]
    assert len(units) == 20
    assert units[0].details == ("3 of 4 layers changed", "76 → 110 parameters")
    assert merged(found.changes) != drawing
    assert len(merged(found.changes).cards) == 83
    assert dot(merged(found.changes)).count("unit.7.one") > dot(drawing).count("unit.7.one") == 0


def test_of_layers_alike_one_that_is_gone_leaves_the_others_paired() -> None:
    found = compare(compile_text(chain(30)), compile_text(chain(30, drop=17)))
    assert found.changes.counts == {"same": 29, "removed": 1, "changed": 1} or found.changes.counts["removed"] == 1
    assert found.changes.counts.get("added", 0) == 0


def test_large_networks_are_compared_in_seconds() -> None:
    old, new = compile_text(chain(1_000)), compile_text(chain(1_000, edited=700))
    began = time.process_time()
    found = compare(old, new)
    took = time.process_time() - began
    assert found.changes.counts["changed"] == 2
    assert took < 10  # one second is enough; comparing all with all takes minutes


def test_plain_values_are_equal_where_they_mean_the_same() -> None:
    assert plain("adam", "optimizers") == plain({"type": "Adam"}, "optimizers") == "Adam"
    assert plain({"type": "Adam", "learning_rate": 0.001}, "optimizers") == "Adam"
    assert plain(["mse", {"type": "MeanSquaredError"}], "metrics")[1] == "MeanSquaredError"
    assert list(differences({"a": [1]}, {"a": [1, 2]})) == [Difference(("a",), [1], [1, 2])]


KINDS: list[dict[str, Any]] = [
    {"type": "Dense", "units": 8}, {"type": "ReLU"}, {"type": "Dropout", "rate": 0.5}, {"type": "LayerNormalization"},
]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(KINDS), min_size=2, max_size=12), st.integers(0, 99), st.booleans())
def test_a_spec_is_the_same_as_itself_whatever_its_layers_are_called(
    kinds: list[dict[str, Any]], seed: int, named: bool
) -> None:
    rows = [{**one, **({"name": f"l{at}"} if named or at % 3 == 0 else {})} for at, one in enumerate(kinds)]
    data = {"keraspec": 1, "inputs": {"x": {"shape": [8]}}, "layers": rows}
    found = compare(compile_text(toml_text(data)), compile_text(toml_text(data, width=1)))
    assert found.same
    # One layer taken out: it alone is gone, and nothing is new.
    gone = random.Random(seed).randrange(len(rows))
    left = {**data, "layers": rows[:gone] + rows[gone + 1 :]}
    found = compare(compile_text(toml_text(data)), compile_text(toml_text(left)))
    assert found.changes.counts.get("added", 0) == 0
    assert found.changes.counts["removed"] == 1

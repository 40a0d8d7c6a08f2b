"""What is said of blocks and of what stands several times is right, and the way out works when it is followed."""

# ruff: noqa: E501  (specs read better unbroken)

from __future__ import annotations

import json
from typing import Any

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.spec.report import full

HEAD = "keraspec = 1\ninputs.a.shape = [8]\n"
UNIT = (
    '[blocks.unit]\nlayers = [{ name = "one", type = "Dense", units = 4 }, { type = "ReLU" }, '
    '{ name = "two", type = "Dense", units = 4 }]\n'
)


def checked(text: str) -> Checked:
    return compile_text(HEAD + text)


def told(text: str) -> list[tuple[str, str | None, str]]:
    """Code, way out and the text underlined."""
    return [
        (one.code, one.help, one.place.source.text[one.place.start : one.place.end])
        for one in checked(text).diagnostics
    ]


@pytest.mark.parametrize(
    ("reference", "code", "way"),
    [
        ("s.2", "E201", 'it has 2, numbered from 0 on: the last is "s.1"'),
        ("s.-1.one", "E201", 'it has 2, numbered from 0 on: the last is "s.1"'),
        ("s.0.three", "E201", "inside are `one` and `two`"),
        ("s.0.on", "E201", 'did you mean "s.0.one"?'),
        ("s.0.re_lu", "E209", 'give that entry a name of its own: `name = "re_lu"`'),
        ("s.three", "E201", "inside are `one` and `two`"),
        ("e.2.one", "E201", 'it has 2, numbered from 0 on: the last is "e.1"'),
        ("e.one", "E622", 'write "e.0.one", or another number'),
        ("e[0]", "E622", 'write "e.0[0]", or another number'),
        ("gone.one", "E621", 'write "gone" alone, which then stands for what it takes'),
        ("gone[1]", "E621", "leave out what refers to it as well, by the same `when`"),
    ],
)
def test_references_into_instances(reference: str, code: str, way: str) -> None:
    layers = (
        'layers = [{ name = "s", block = "unit", repeat = 2 }, { name = "e", block = "unit", each = [1, 2] }, '
        '{ name = "gone", block = "unit", when = false, inputs = "s" }, '
        f'{{ type = "Concatenate", inputs = ["e", "{reference}"] }}]\n'
    )
    assert told(layers + UNIT) == [(code, way, f'"{reference}"')]


@pytest.mark.parametrize(
    ("layers", "name", "way"),
    [
        (
            '{ name = "s", block = "unit", repeat = 2 }, { type = "Dense", units = 3, inputs = "a" }',
            '"s"',
            'use it in `inputs` of a later entry, list it, `outputs = [..., "s"]`, or take it away',
        ),
        (
            '{ name = "e", block = "unit", each = [1, 2] }, { type = "Dense", units = 3, inputs = "e.0" }',
            '"e"',
            'use it in `inputs` of a later entry, list it, `outputs = [..., "e.1"]`, or take it away',
        ),
        (
            '{ block = "unit" }, { type = "Dense", units = 3, inputs = "a" }',
            '"unit"',
            'name it and use it in `inputs` of a later entry, list it, `outputs = [..., "NAME"]`, or take it away',
        ),
    ],
)
def test_an_instance_of_which_nothing_is_used_is_told_as_one(layers: str, name: str, way: str) -> None:
    assert told(f"layers = [{layers}]\n" + UNIT) == [("E205", way, name)]


def test_what_nothing_in_a_block_uses_is_told_in_its_words() -> None:
    block = UNIT.replace("units = 4 }]", 'units = 4, inputs = "one" }]')
    way = "name it and use it in `inputs` of a later entry of the block `unit`, or take it away"
    assert told('layers = [{ name = "s", block = "unit", repeat = 3 }]\n' + block) == [("E205", way, '"ReLU"')]
    outer = '[blocks.outer]\nlayers = [{ name = "i", block = "unit" }, { type = "ReLU", inputs = "x" }]\n'
    (one,) = told('layers = [{ block = "outer" }]\n' + UNIT + outer)
    assert one == ("E205", "use it in `inputs` of a later entry of the block `outer`, or take it away", '"i"')


@pytest.mark.parametrize(
    ("key", "way"),
    [
        ('when = "yes"', "write true without quotes"),
        ('when = "false"', "write false without quotes"),
        ("when = 0", "write false"),
        ('when = "n > 2"', 'write `when = "${n > 2}"`'),
        ('when = "m > 2"', 'write true, false or a comparison, such as `when = "${depth > 1}"`'),
        ('when = "${n}"', 'write a comparison: `when = "${n > 0}"`'),
        ('repeat = "n"', 'write `repeat = "${n}"`'),
        ('repeat = "m"', None),
        ('repeat = "2"', "write 2 without quotes"),
        ("each = 2", 'write `each = "${range(2)}"`'),
    ],
)
def test_what_says_how_often_an_entry_stands(key: str, way: str | None) -> None:
    text = 'layers = [{{ name = "d", type = "Dense", units = "${{n}}", {} }}, {{ type = "Flatten", inputs = "a" }}]\nparameters.n = 3\n'
    found = [one for one in told(text.format(key)) if one[0] == "E617"]
    assert [one[1] for one in found] == [way]
    if way is not None and "such as" not in way:
        mended = way.rpartition("write ")[2] if "`" not in way else way.split("`")[1]
        again = text.format(
            mended if "=" in mended else f"{key.partition(' ')[0]} = {mended.removesuffix(' without quotes')}"
        )
        assert "E617" not in [one[0] for one in told(again)]


def test_when_comes_before_each() -> None:
    text = 'layers = [{ type = "Dense", units = "${item}", each = [1, 2], when = "${item > 1}" }]\n'
    way = "leave values out of the list, or write `when` in a block which gets `item` as a parameter"
    assert told(text) == [("E602", way, "item")]


def test_layers_that_are_all_left_out() -> None:
    text = 'layers = [{ type = "ReLU", when = false }, { type = "ReLU", repeat = 0 }, { type = "ReLU", each = [] }]\n'
    assert [one[:2] for one in told(text)] == [("E103", "a model needs at least one layer")]


def followed(spec: dict[str, Any], more: dict[str, Any], before: int, **changed: Any) -> Checked:
    """The spec with an entry more in its block, and another one changed."""
    layers = spec["blocks"]["b"]["layers"]
    layers[before] = {**layers[before], **changed}
    layers.insert(before, more)
    return compile_text(json.dumps(spec), "json")


def spec_of(*layers: dict[str, Any], outer: int = 8) -> dict[str, Any]:
    return {
        "keraspec": 1,
        "inputs": {"a": {"shape": [outer]}},
        "layers": [{"name": "stem", "type": "Dense", "units": 8}, {"name": "i", "block": "b", "inputs": "stem"}],
        "blocks": {"b": {"layers": list(layers)}},
    }


def test_a_layer_put_before_the_first_of_a_block() -> None:
    spec = spec_of({"type": "Conv1D", "filters": 3, "kernel_size": 3})
    (one,) = compile_text(json.dumps(spec), "json").diagnostics
    assert one.help is not None
    assert one.help.startswith('put `{ type = "Reshape", target_shape = [8, 1] }` before this Conv1D')
    assert followed(spec, {"type": "Reshape", "target_shape": [8, 1]}, 0).ok


def test_a_layer_put_beside_the_input_of_a_block() -> None:
    spec = spec_of({"name": "d", "type": "Dense", "units": 4}, {"type": "Add", "inputs": ["d", "x"]})
    (one,) = compile_text(json.dumps(spec), "json").diagnostics
    way = '{ name = "stem_shortcut", type = "Dense", units = 4, inputs = "x" }'
    assert one.help is not None
    assert f"put `{way}` before this Add and use `stem_shortcut` there instead of `x`" in one.help
    more = {"name": "stem_shortcut", "type": "Dense", "units": 4, "inputs": "x"}
    assert followed(spec, more, 1, inputs=["d", "stem_shortcut"]).ok


def test_nothing_goes_between_the_times_that_an_entry_repeats() -> None:
    text = (
        'layers = [{ type = "Reshape", target_shape = [4, 2] }, { name = "l", type = "LSTM", units = 2, repeat = 2 }]\n'
    )
    (one,) = checked(text).diagnostics
    assert one.help is not None
    assert " before " not in one.help
    assert "`l`" in one.help or "here" in one.help


def test_of_a_very_long_line_what_stands_around_the_place_is_shown() -> None:
    layers = [{"type": "Dense", "units": 4, "name": f"dense_{index}"} for index in range(200)]
    spec = {
        "keraspec": 1,
        "inputs": {"x": {"shape": [8]}},
        "layers": [*layers, {"type": "Dens", "units": 4}, *layers[:0]],
    }
    (one,) = compile_text(json.dumps(spec), "json").diagnostics
    lines = full(one).splitlines()
    shown = next(line for line in lines if line.startswith("1 | "))
    under = next(line for line in lines if "^" in line)
    assert len(shown) < 260
    assert shown[under.index("^") : under.rindex("^") + 1] == '"Dens"'
    assert shown.startswith("1 | …")


THREE = (
    '[blocks.b]\n{}\nlayers = [{{ name = "p", type = "Dense", units = 3 }}, {{ name = "q", type = "ReLU" }}, '
    '{{ name = "r", type = "Dense", units = 4 }}]\n'
)


@pytest.mark.parametrize(
    ("outputs", "used", "way"),
    [
        ('outputs = ["q", "r"]', "i", "use the output [1] of `i` where the block stands, or take it away"),
        (
            'outputs = { wide = "q", deep = "r" }',
            "i.wide",
            "use the output `deep` of `i` where the block stands, or take it away",
        ),
        ('outputs = "r"', "i.q", "use what `i` gives where the block stands, or take it away"),
        ("", "i.q", "use what `i` gives where the block stands, or take it away"),
        ('outputs = "q"', "i", "use it in `inputs` of a later entry of the block `b`, or take it away"),
    ],
)
def test_an_output_of_a_block_that_nothing_takes(outputs: str, used: str, way: str) -> None:
    layers = f'layers = [{{ name = "i", block = "b" }}, {{ type = "ReLU", inputs = "{used}" }}]\n'
    assert told(layers + THREE.format(outputs)) == [("E205", way, '"r"')]


@pytest.mark.parametrize(
    ("outputs", "code", "where"),
    [
        ("[]", "E623", "[]"),
        ("{}", "E623", "{}"),
        ('{ "a.b" = "r" }', "E113", '"a.b"'),
        ('{ 0 = "r" }', "E113", "0"),
        ('["s"]', "E201", '"s"'),
        ("[3]", "E623", "3"),
    ],
)
def test_outputs_of_a_block_that_are_none(outputs: str, code: str, where: str) -> None:
    layers = 'layers = [{ name = "i", block = "b" }, { type = "ReLU" }]\n'
    assert [(one[0], one[2]) for one in told(layers + THREE.format(f"outputs = {outputs}"))] == [(code, where)]


@pytest.mark.parametrize(
    ("text", "code", "way"),
    [
        (
            'layers = [{ name = "s", type = "Dense", units = 8 }, { block = "b" }]\n[blocks.b]\nlayers = [{ type = "Add", inputs = ["x", "s"] }]\n',
            "E201",
            'a block sees its inputs and entries alone: write `inputs = ["x", "s"]` in `[blocks.b]`, and hand it in where the block is used',
        ),
        (
            'layers = [{ block = "unit" }, { reuse = "unit" }]\n' + UNIT,
            "E209",
            'give that entry a name of its own: `name = "unit"`',
        ),
        (
            'layers = [{ name = "u", block = "unit" }, { reuse = "unit" }]\n' + UNIT,
            "E201",
            'write `block = "unit"` for another one, or the name of an instance',
        ),
        (
            'layers = [{ block = "b", parameters = { n = 3 } }]\n[blocks.b]\nparameters.n = 2\nlayers = [{ type = "Dense", units = "${n}" }]\n',
            "E612",
            'parameters stand beside `block`: `{ block = "b", n = … }`',
        ),
        (
            'layers = [{ block = "b", inputs = { z = "a" } }]\n[blocks.b]\ninputs = ["x", "y"]\nlayers = [{ type = "Add", inputs = ["x", "y"] }]\n',
            "E620",
            'write `inputs = { x = "…", y = "…" }`',
        ),
        (
            'layers = [{ block = "b" }]\n[[blocks]]\nname = "b"\nlayers = [{ type = "ReLU" }]\n',
            "E623",
            "write `[blocks.NAME]` above each block",
        ),
    ],
)
def test_mistakes_with_blocks(text: str, code: str, way: str) -> None:
    assert [one[:2] for one in told(text)] == [(code, way)]


@pytest.mark.parametrize("text", ["$n", "{n}", "{{n}}", "$(n)"])
def test_a_parameter_that_is_written_as_in_other_languages(text: str) -> None:
    ways = dict(one[:2] for one in told(f'layers = [{{ type = "Dense", units = "{text}" }}]\nparameters.n = 3\n'))
    assert ways["W601"] == f'"{text}" is text: write `"${{n}}"` for its value'


def test_a_layer_that_only_some_instances_need_gets_a_when() -> None:
    spec: dict[str, Any] = {
        "keraspec": 1,
        "inputs": {"a": {"shape": [4, 4, 8]}},
        "layers": [{"name": "s", "block": "b", "repeat": 2, "wide": "${8 + 8 * index}"}],
        "blocks": {
            "b": {
                "parameters": {"wide": {}},
                "layers": [
                    {"name": "c", "type": "Conv2D", "filters": "${wide}", "kernel_size": 1},
                    {"type": "Add", "inputs": ["c", "x"]},
                ],
            }
        },
    }
    (one,) = compile_text(json.dumps(spec), "json").diagnostics
    way = '{ name = "add_shortcut", type = "Conv2D", filters = 16, kernel_size = 1, inputs = "x" }'
    assert one.help is not None
    assert one.help.startswith(
        f"put `{way}` before this Add and use `add_shortcut` there instead of `x` (with a `when`, for `s.0` fits without it)"
    )
    spec["layers"][0]["short"] = "${index > 0}"
    spec["blocks"]["b"]["parameters"]["short"] = {}
    more = {"name": "add_shortcut", "type": "Conv2D", "filters": 16, "kernel_size": 1, "inputs": "x"}
    assert followed(spec, more | {"when": "${short}"}, 1, inputs=["c", "add_shortcut"]).ok


def test_layers_of_one_entry_are_told_once() -> None:
    text = (
        'inputs.a.shape = [28, 28, 1]\nlayers = [{ name = "s", block = "b", repeat = 6 }]\n[blocks.b]\n'
        'layers = [{ name = "c", type = "Conv2D", filters = 2, kernel_size = 3 }, { type = "MaxPooling2D" }]\n'
    )
    (one,) = compile_text(f"keraspec = 1\n{text}").diagnostics
    assert one.help is not None
    assert one.help.count('write `padding = "same"` in `c`') == 1
    assert "s.4.c" not in one.help


def test_layers_are_counted_and_not_what_they_are_made_of() -> None:
    text = 'layers = [{{ name = "s", block = "b", repeat = {} }}]\n[blocks.b]\nlayers = [{}]\n'
    assert told(text.format(3_000, '{ type = "ReLU" }, { type = "ReLU" }, { type = "ReLU" }')) == []
    (one,) = told(text.format(5_001, '{ type = "ReLU" }, { type = "ReLU" }'))
    assert one[0] == "E619"
    (one,) = told(text.format(9_000, '{ block = "c" }') + '[blocks.c]\nlayers = [{ type = "ReLU" }]\n')
    assert one[:2] == ("E619", "take fewer: a smaller `repeat` or `each`, or fewer blocks inside each other")

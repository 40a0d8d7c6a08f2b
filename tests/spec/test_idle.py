"""Entries of which there is no instance are held against the schema all the same."""

from __future__ import annotations

import pytest

from keraspec.checked import compile_text

HEAD = "keraspec = 1\ninputs.x.shape = [8]\n"
GOOD = '[[layers]]\ntype = "Dense"\nunits = 3\n'


def found(text: str) -> list[str]:
    return [
        f"{one.finding.code} {one.place.source.line_column(one.place.start)[0]}"
        for one in compile_text(text).diagnostics
    ]


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        ('{ type = "Dens", units = 3 }', "E108"),
        ('{ type = "Dense", unit = 3 }', "E104"),
        ('{ type = "Dense", units = 0 }', "E106"),
        ('{ type = "Dense", units = "${n +}" }', "E601"),
        ('{ type = "Dense", units = "${m}" }', "E602"),
        ('{ type = "Dense", units = 3, kernel_regularizer = { type = "L2", l3 = 1 } }', "E104"),
        ('{ block = "other" }', "E610"),
        ('{ block = "good", m = 3 }', "E612"),
        ('{ block = "good", n = 1, type = "Dense" }', "E112"),
    ],
)
def test_blocks_that_nothing_uses(layer: str, code: str) -> None:
    text = (
        f"{HEAD}{GOOD}"
        f"[blocks.idle]\nparameters = {{ n = {{}} }}\nlayers = [\n"
        f'{{ type = "Dense", units = "${{n}}" }},\n{layer},\n]\n'
        '[blocks.good]\nparameters = { n = {} }\nlayers = [{ type = "Dense", units = "${n}" }]\n'
    )
    assert f"{code} 10" in found(text)
    assert {one.split()[0] for one in found(text)} <= {code, "W602", "W601"}


def test_what_only_an_instance_would_know_is_not_judged() -> None:
    text = (
        "keraspec = 1\n[blocks.free]\n"
        "parameters = { n = {}, kind = {}, deep = {} }\nlayers = [\n"
        '{ type = "${kind}", units = "${n}", activation = "${kind}_${n}" },\n'
        '{ type = "Dense", units = "${2 * n if deep else item}", repeat = "${n}", when = "${deep}" },\n'
        '{ type = "Conv2D", filters = 3, kernel_size = [1, "${n}"],'
        ' kernel_regularizer = { type = "L2", l2 = "${n}" } },\n'
        '{ block = "${kind}", n = 3 },\n]\n'
    )
    assert found(text) == []


@pytest.mark.parametrize("way", ["when = false", "repeat = 0", "each = []", 'when = "${1 > 2}"'])
def test_entries_that_are_left_out(way: str) -> None:
    assert found(f'{HEAD}{GOOD}\n[[layers]]\ntype = "Dense"\nunit = 3\n{way}\n{GOOD}') == ["E104 9"]


def test_a_library_of_blocks() -> None:
    text = 'keraspec = 1\n[blocks.pair]\nlayers = [\n{ type = "ReLU" },\n{ type = "Dropout", ratee = 0.5 },\n]\n'
    assert found(text) == ["E104 5"]


def test_each_fault_is_said_once_however_often_the_block_is_used() -> None:
    block = '[blocks.pair]\nlayers = [\n{ type = "Dense", units = 3, unit = 4 },\n]\n'
    assert found(f'{HEAD}{block}[[layers]]\nblock = "pair"\n[[layers]]\nblock = "pair"\n') == ["E104 5"]


def test_a_misspelt_name_is_said_once() -> None:
    assert found(HEAD + '[parameters]\nunits = 3\n[[layers]]\ntype = "Dense"\nunits = "${unit}"\n') == ["E602 7"]


def test_a_parameter_that_is_unused_beside_another_mistake_is_said() -> None:
    text = HEAD + '[parameters]\nunits = 3\nkernel = 3\n[[layers]]\ntype = "Dense"\nunits = "${unit}"\n'
    assert found(text) == ["W601 5", "E602 8"]


def test_a_block_that_an_expression_may_choose_is_in_use() -> None:
    text = (
        'layers = [{ block = "${kind}" }]\n[parameters]\nkind = { enum = ["deep", "flat"], default = "deep" }\n'
        '[blocks.deep]\nlayers = [{ type = "Dense", units = 4 }]\n[blocks.flat]\nlayers = [{ block = "low" }]\n'
        '[blocks.low]\nlayers = [{ type = "ReLU" }]\n[blocks.other]\nlayers = [{ type = "ReLU" }]\n'
    )
    assert found(HEAD + text) == ["W602 12"]
    assert found(HEAD + text.replace('"${kind}"', '"deep"', 1)) == ["W601 5", "W602 8", "W602 10", "W602 12"]

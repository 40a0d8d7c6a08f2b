"""What `[[assertions]]` promise is held against the model."""

from __future__ import annotations

import pytest

from keraspec.checked import compile_text
from keraspec.compiler.show import summarise

SPEC = """
keraspec = 1
inputs.words.shape = {shape}
[[layers]]
name = "hidden"
type = "Dense"
units = "${{width}}"
[[layers]]
name = "tag"
type = "Dense"
units = 4
trainable = false
[parameters]
width = 8
[[assertions]]
check = "{check}"
"""


def codes(check: str, shape: str = "[16]") -> list[str]:
    return [one.finding.code for one in compile_text(SPEC.format(check=check, shape=shape)).diagnostics]


@pytest.mark.parametrize(
    "check",
    [
        "params == 172 and trainable_params == 136",
        "layers == 2",
        "flops < 1_000 and activation_bytes > 0",
        "output_shape('tag') == [4]",
        "output_shape('hidden')[0] == ${width}",
        "max(params, 3) == params",
        "params / layers < 100",
    ],
)
def test_promises_that_are_kept(check: str) -> None:
    assert codes(check) == []


@pytest.mark.parametrize("check", ["params < 172", "not layers == 2", "output_shape('tag') == [5]", "false"])
def test_promises_that_are_broken(check: str) -> None:
    assert codes(check) == ["E501"]


def test_the_numbers_are_those_of_show() -> None:
    checked = compile_text(SPEC.format(check="true", shape="[16]"))
    assert checked.typed is not None
    totals = summarise(checked.typed).totals
    assert codes(f"flops == {totals.flops} and activation_bytes == {totals.activation_bytes}") == []


def test_what_hangs_on_an_open_size_can_not_be_told() -> None:
    assert codes("flops < 10", '["time", 16]') == ["E502"]
    assert codes("params == 172", '["time", 16]') == []
    assert codes("output_shape('tag') == ['time', 4] and output_shape('tag')[-1] == 4", '["time", 16]') == []


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("parms < 3", "E602"),
        ("params", "E603"),
        ("params <", "E601"),
        ("output_shape('tog')", "E602"),
        ("params}", "E601"),
    ],
)
def test_promises_that_say_nothing(check: str, code: str) -> None:
    assert codes(check) == [code]


def test_nothing_is_said_of_a_model_that_is_wrong_itself() -> None:
    text = SPEC.format(check="params < 3", shape="[16]").replace("units = 4", "units = 0")
    assert [one.finding.code for one in compile_text(text).diagnostics] == ["E106"]

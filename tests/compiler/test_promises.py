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


PICTURES = """
keraspec = 1
inputs.image.shape = [32, {width}, 1]
layers = [
  {{ name = "first", type = "Conv2D", filters = 4, kernel_size = 3 }},
  {{ name = "second", type = "Conv2D", filters = 4, kernel_size = [3, 5] }},
  {{ name = "flat", type = "GlobalAveragePooling2D" }},
  {{ name = "digit", type = "Dense", units = 10 }},
]
[data]
source = {{ type = "synthetic", rows = 64 }}
batch_size = 8
[training]
optimizer = {{ type = "Adam" }}
loss = "mse"
[[assertions]]
check = "{check}"
"""


def told(check: str, width: int | str = 32) -> list[tuple[str, str]]:
    found = compile_text(PICTURES.format(check=check, width=width)).diagnostics
    return [(one.finding.code, one.finding.message) for one in found]


@pytest.mark.parametrize(
    "check",
    [
        "receptive_field('first') == 3",
        "receptive_field('second') == [5, 7] and receptive_field('second')[1] == 7",
        "receptive_field('second', axis=1) == receptive_field(name='second', axis=-1)",
        "receptive_field('digit', input='image') >= 32",
        "fits('16 GB', batch_size=32)",
        "fits('16 GB') and fits('16gb', 32) and fits('1 GiB') and not fits('100 kB', batch_size=512)",
        "not fits('1 MB', batch_size=10 ** 9)",
    ],
)
def test_promises_of_reach_and_memory_that_are_kept(check: str) -> None:
    assert told(check) == []


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("receptive_field('second') == [5, 5]", "`receptive_field('second')` is [5, 7]"),
        ("receptive_field('first') > 3", "`receptive_field('first')` is 3"),
        ("fits('1 kB')", "what training holds with batches of 8 is"),
        ("fits('1 MiB', batch_size=64)", "what training holds with batches of 64 is"),
    ],
)
def test_promises_of_reach_and_memory_that_are_broken(check: str, words: str) -> None:
    ((code, message),) = told(check)
    assert code == "E501"
    assert words in message


def test_more_rows_take_more_memory_and_nothing_but_rows_counts() -> None:
    """The weights, 3 times more for gradients and Adam, and per row the inputs, what layers give, and gradients."""
    params = 3 * 3 * 4 + 4 + 3 * 5 * 4 * 4 + 4 + 4 * 10 + 10
    first, second = 30 * 30 * 4, 28 * 26 * 4
    rows = 32 * 32 + first + second + 4 + 10 + (first + second)
    for batch in (1, 8, 1000):
        needed = 4 * (4 * params + batch * rows)
        assert told(f"fits('{needed} B', batch_size={batch})") == []
        assert [code for code, _ in told(f"fits('{needed - 1} B', batch_size={batch})")] == ["E501"]


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("fits('much')", "E603"),
        ("fits(16)", "E603"),
        ("fits(batch_size=32)", "E603"),
        ("fits('1 GB', batch_size=0)", "E603"),
        ("fits('1 GB', batch_size=1.5)", "E603"),
        ("fits('1 GB', batch=3)", "E602"),
        ("fits('1 GB', batch_size=3, batch_size=4)", "E601"),
        ("fits(batch_size=3, '1 GB')", "E601"),
        ("fits('1 GB', batch_size=)", "E601"),
        ("output_shape(name='first') == [1]", "E602"),
        ("(params = 3)", "E601"),
        ("receptive_field('nowhere') > 3", "E602"),
        ("receptive_field('first', axis=2) > 3", "E604"),
        ("receptive_field('first', input='digit') > 3", "E602"),
        ("receptive_field(3) > 3", "E603"),
        ("receptive_field('second') > 3", "E603"),
    ],
)
def test_promises_of_reach_and_memory_that_say_nothing(check: str, code: str) -> None:
    assert [one for one, _ in told(check)] == [code]


def test_reach_and_memory_of_open_sizes() -> None:
    assert told("receptive_field('second', axis=1) == 7", '"width"') == []
    assert [code for code, _ in told("receptive_field('flat', axis=1) > 7", '"width"')] == ["E502"]
    assert told("receptive_field('flat', axis=0) == 32", '"width"') == []
    assert [code for code, _ in told("fits('1 GB')", '"width"')] == ["E502"]


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


@pytest.mark.parametrize(
    "check",
    [
        "params < 3", "output_shape('tag') == [3]", "output_shape('tag')[0] > 9", "receptive_field('tag') > 99",
        "fits('1 B')",
    ],
)  # fmt: skip
def test_nothing_is_said_of_a_model_that_is_wrong_itself(check: str) -> None:
    text = SPEC.format(check=check, shape="[16]").replace("units = 4", "units = 0")
    assert [one.finding.code for one in compile_text(text).diagnostics] == ["E106"]

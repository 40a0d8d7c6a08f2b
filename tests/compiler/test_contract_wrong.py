"""What people write wrong who know LANGUAGE.md and Keras: each mistake one diagnostic, on its line, and no other.

The specs stand in tests/golden/wrong; `#! E104` at the end of a line says what is to be found on it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keraspec.checked import compile_file, compile_text

WRONG = Path(__file__).parent.parent / "golden" / "wrong"
SPECS = sorted(WRONG.glob("*.keraspec.toml"))
MARK = re.compile(r"#! ((?:[EW]\d{3} ?)+)$")


def stem(path: Path) -> str:
    return path.name.split(".")[0]


@pytest.mark.parametrize("path", SPECS, ids=stem)
def test_each_mistake_is_said_once_where_it_is(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    expected = [
        (number, code)
        for number, line in enumerate(lines, start=1)
        if (mark := MARK.search(line))
        for code in mark[1].split()
    ]
    assert expected
    found = compile_file(path).diagnostics
    assert [(one.line, one.code) for one in found] == expected
    assert all(one.help or "must be" in one.message or "expects" in one.message for one in found)


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("keras_sequential_habits", "take it away and write `inputs.x.shape = [28, 28, 1]` at the top of the spec"),
        ("attention_query_key", "write `call = { use_causal_mask = true }`"),
        ("input_layer", "take it away and write `inputs.x.shape = [4]` at the top of the spec"),
        ("state_missing", "for its states write `return_state = true` in `enc`"),
        ("relu_text", "write 6 without quotes"),
        ("call_options", "write true without quotes"),
        ("add_alone", 'write a list: `inputs = ["…", "…"]`'),
        ("flatten_forgotten_kernel", "did you mean `kernel_size`?"),
        ("shape_minus_one", 'for a size that is not known yet write a word, such as "time"'),
        ("mask_in_call", 'tensors stand in `inputs`: `inputs = { mask = "…" }`'),
        ("python_syntax", 'TOML has no null; write "none", with quotes'),
    ],
)
def test_the_way_out_is_named(name: str, help: str) -> None:
    found = compile_file(WRONG / f"{name}.keraspec.toml").diagnostics
    assert any(help in (one.help or "") for one in found), [one.help for one in found]


def test_a_path_is_no_list_of_words() -> None:
    (one,) = compile_file(WRONG / "lookup_path.keraspec.toml").diagnostics
    assert "not the path of a file" in one.message
    assert one.help is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"keraspec": 1,\n"inputs": {"x": {"shape": [null, 64]}},\n"layers": [{"type": "LSTM", "units": 3}]}',
            ["E105 2"],
        ),
        (
            '{\n "keraspec": 1,\n "inputs": {"x": {"shape": [4]}},\n "layers": [\n  {"type": "Dense", "units": 4,},\n'
            '  {"type": "Dense", "units": 4, "activation": \'relu\'},\n ]\n}',
            ["E003 5", "E003 6", "E003 6"],
        ),
        (
            '{"keraspec": 1, "inputs": {"x": {"shape": [4]}}, "layers": [\n {"type": "Dense", "units": "4"},\n'
            ' {"type": "Dense", "units": 4, "units": 5},\n {"type": "Dropout", "rate": 0.5, "call": {"training": 1}}]}',
            ["E105 2", "E004 3", "E105 4"],
        ),
        (
            '{"keraspec": 1, "inputs": {"x": {"shape": [4]}},\n "parameters": {"units": 3},\n'
            ' "layers": [{"type": "Dense",\n  "units": "${unit}"}]}',
            ["E602 4"],
        ),
    ],
)
def test_json(text: str, expected: list[str]) -> None:
    assert [f"{one.code} {one.line}" for one in compile_text(text, "json").diagnostics] == expected


def test_a_policy_is_written_by_its_name() -> None:
    dense = 'keraspec = 1\ninputs.x.shape = [4]\nlayers = [{ type = "Dense", units = 3, dtype = POLICY }]\n'
    assert not compile_text(dense.replace("POLICY", '{ type = "DTypePolicy", name = "mixed_float16" }')).diagnostics
    (one,) = compile_text(dense.replace("POLICY", '{ type = "mixed_float16" }')).diagnostics
    assert (one.code, one.help) == ("E105", 'write the name alone: "mixed_float16"')

"""The table of codes: whole, and its examples as good as its word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keraspec.checked import compile_text
from keraspec.spec import installed
from keraspec.spec.codes import AREAS, Code, codes

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "cli", "spec", "compiler", "runtime")
EVERY = codes()
LATER_THAN_CHECK = {"E110", "E310"} | {code for code in EVERY if code.startswith(("E4", "E7", "E8", "E9", "W8"))} - {
    "E406",
    "E409",
    "E411",
    "E413",
    "E414",
    "E416",
    "E420",
    "E421",
    "E422",
    "E423",
    "E424",
    "E425",
    "E431",
    "E426",
    "E428",
    "E429",
    "E441",
    "E442",
}
"""Codes that need data, Keras or a trained model to show; ``test_bad`` shows them."""
WITH_FILES = {"E001", "E624", "E633", "W603"}
"""Codes that need files to show; ``tests/bad`` has them."""


def completed(code: Code, example: str) -> str:
    """The example as a whole spec: with the version, an input and a layer where it has none."""
    if code.language == "json":
        return example
    lines = [] if re.search(r"^keraspec\b", example, re.M) or code.code == "E101" else ["keraspec = 1"]
    if not re.search(r"^inputs\.", example, re.M):
        lines.append("inputs.image.shape = [28, 28, 1]")
    layer = '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 1\n'
    if "[[layers]]" in example:
        return "\n".join([*lines, example, ""])
    return "\n".join([*lines, layer, example, ""] if example.startswith("[") else [*lines, example, layer])


def found(text: str, language: str) -> set[str]:
    return {one.code for one in compile_text(text, language).diagnostics}


@pytest.mark.parametrize("code", EVERY.values(), ids=lambda one: one.code)
def test_the_wrong_example_shows_the_code_and_nothing_else(code: Code, monkeypatch: pytest.MonkeyPatch) -> None:
    if code.code == "E116":
        monkeypatch.setattr(installed, "keras_version", lambda: "3.12.4")
    if code.code in WITH_FILES:
        return
    codes_found = found(completed(code, code.wrong), code.language)
    assert codes_found == (set() if code.code in LATER_THAN_CHECK else {code.code})


@pytest.mark.parametrize("code", EVERY.values(), ids=lambda one: one.code)
def test_the_right_example_is_clean(code: Code) -> None:
    assert not found(completed(code, code.right), code.language)


@pytest.mark.parametrize("code", EVERY.values(), ids=lambda one: one.code)
def test_the_text_teaches(code: Code) -> None:
    assert code.title == code.title.strip()
    assert not code.title.endswith(".")
    assert 2 <= len(re.findall(r"[.!?](?= [A-Z`\"]|$)", code.text)) <= 6, code.text
    assert len(code.text) < 700
    assert code.wrong != code.right
    assert any(code.code.startswith(area) for area in AREAS)


def test_codes_are_in_order() -> None:
    numbers = [code for code in EVERY if code.startswith("E")]
    assert numbers == sorted(numbers)


def test_every_code_in_the_source_is_in_the_table_and_the_other_way_round() -> None:
    used = {
        code
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "code_texts" not in path.parts
        for code in re.findall(r'"([EW]\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(EVERY)

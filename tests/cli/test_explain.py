"""`keraspec explain`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group
from keraspec.spec.codes import codes

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["explain", *arguments])


def test_a_code_as_it_was() -> None:
    result = explain("E302")
    assert result.exit_code == 0
    assert result.stdout == (GOLDEN / "explain-E302.txt").read_text("utf-8")


@pytest.mark.parametrize("written", ["e302", " E302 ", "[E302]", "error[E302]"])
def test_codes_may_be_written_as_people_find_them(written: str) -> None:
    assert explain(written).stdout == explain("E302").stdout


def test_without_a_code_all_are_listed() -> None:
    result = explain()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == list(codes())
    assert lines[0] == "text that can't be read"
    assert max(map(len, lines)) <= 80


def test_an_area_lists_its_codes() -> None:
    lines = explain("e2").stdout.splitlines()
    assert lines[0] == "layers that are not connected as they should be"
    assert all(line.startswith("  E2") for line in lines[1:])


@pytest.mark.parametrize(
    ("written", "hint"), [("E330", "did you mean E3"), ("X302", "E302"), ("hello", "lists all codes")]
)
def test_a_code_that_does_not_exist(written: str, hint: str) -> None:
    result = explain(written)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"keraspec: there is no code {written}; ")
    assert hint in result.stderr


@pytest.mark.parametrize("code", codes())
def test_every_code_is_explained_within_the_width_of_a_terminal(code: str) -> None:
    result = explain(code)
    assert result.exit_code == 0
    prose = result.stdout.partition("Wrong:")[0]
    assert max(map(len, prose.splitlines())) <= 80
    assert "\x1b" not in result.stdout
    assert codes()[code].wrong.splitlines()[0] in result.stdout


def test_colours_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31mE302\x1b[0m" in explain("E302").stdout

"""`keraspec diff`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

SPEC = 'keraspec = 1\ninputs.x.shape = [8]\n\n[[layers]]\nname = "one"\ntype = "Dense"\nunits = 8\n'


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.keraspec.toml", tmp_path / "new.keraspec.toml"
    old.write_text(SPEC, "utf-8")
    new.write_text(SPEC.replace("units = 8", "units = 16"), "utf-8")
    return old, new


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["diff", *map(str, arguments)])


def test_status_says_whether_they_differ(pair: tuple[Path, Path]) -> None:
    old, new = pair
    assert run(old, new).exit_code == 1
    result = run(old, old)
    assert result.exit_code == 0
    assert "no difference" in result.output
    result = run(old, old.with_name("missing.toml"))
    assert result.exit_code == 2
    assert "no such file" in result.output


def test_the_text(pair: tuple[Path, Path]) -> None:
    old, new = pair
    assert run(old, new).output.splitlines()[1:] == [
        "1 changed of 2 inputs and layers",
        "",
        "edited",
        "  ~ layers.one.units  8 → 16  (new.keraspec.toml:7)",
        "",
        "what follows",
        "  ~ one  (batch, 8) → (batch, 16); 72 → 144 parameters",
        "",
        "before and after",
        "  parameters                  72 → 144  (+100.0 %)",
        "  of them trained             72 → 144  (+100.0 %)",
        "  one sample                  136 FLOPs → 272 FLOPs  (+100.0 %)",
        "  weights                     288 bytes → 576 bytes  (+100.0 %)",
        "  activations, batches of 32  1.0 KiB → 2.0 KiB  (+100.0 %)",
        "",
        "weights",
        "  0 of 1 layers with weights keep those of a trained model",
        "  + one  begins anew: kernel (8, 8) → (8, 16), bias (8,) → (16,)",
    ]


@pytest.mark.parametrize(
    ("ending", "start"), [("json", b"{"), ("md", b"### "), ("svg", b"<?xml"), ("png", b"\x89PNG"), ("txt", b"/")]
)
def test_the_ending_says_the_format(pair: tuple[Path, Path], tmp_path: Path, ending: str, start: bytes) -> None:
    path = tmp_path / f"changes.{ending}"
    assert run(*pair, "-o", path).exit_code == 1
    assert path.read_bytes().startswith(start)


def test_formats_go_where_output_goes(pair: tuple[Path, Path]) -> None:
    assert json.loads(run(*pair, "--format", "json").output)["same"] is False
    assert "```mermaid" in run(*pair, "--format", "markdown").output
    result = run(*pair, "-o", "changes.docx")
    assert result.exit_code == 2
    assert "its ending says no format" in result.output


def test_colours_where_they_are_wanted(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in run(*pair).output
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in run(*pair).output


def test_a_file_that_is_no_text_is_trouble(pair: tuple[Path, Path]) -> None:
    old, new = pair
    new.write_bytes(b"\xff\xfe\x00")
    result = run(old, new)
    assert result.exit_code == 2
    assert "E001" in result.output


def test_errors_on_a_side_are_said_and_the_rest_compared(pair: tuple[Path, Path]) -> None:
    old, new = pair
    new.write_text(SPEC.replace("units = 8", "unit = 8"), "utf-8")
    result = run(old, new)
    assert result.exit_code == 1
    assert "new.keraspec.toml has 2 errors" in result.output or "has 1 error:" in result.output

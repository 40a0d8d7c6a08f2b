"""`keraspec fmt`."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

UGLY = "keraspec=1\ninputs.x.shape=[4]\n[[layers]]\ntype='Dense'# one\nunits=2"
TIDY = 'keraspec = 1\ninputs.x.shape = [4]\n\n[[layers]]\ntype = "Dense"  # one\nunits = 2\n'


def fmt(*arguments: object, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(group, ["fmt", *map(str, arguments)], input=text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ugly.keraspec.toml").write_text(UGLY, encoding="utf-8")
    (tmp_path / "tidy.keraspec.toml").write_text(TIDY, encoding="utf-8")
    return tmp_path


def test_files_are_laid_out(folder: Path) -> None:
    result = fmt(".")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "laid out anew: ugly.keraspec.toml\n1 changed, 1 as they should be\n"
    assert Path("ugly.keraspec.toml").read_text(encoding="utf-8") == TIDY
    assert fmt(".").stdout == "0 changed, 2 as they should be\n"


def test_check_and_diff_write_nothing(folder: Path) -> None:
    result = fmt("--check", ".")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "would lay out anew: ugly.keraspec.toml")
    result = fmt("--diff", "ugly.keraspec.toml")
    assert result.exit_code == 1
    assert result.stdout.startswith("--- ugly.keraspec.toml\n+++ ugly.keraspec.toml\n@@ -1,5 +1,6 @@\n-keraspec=1\n")
    assert Path("ugly.keraspec.toml").read_text(encoding="utf-8") == UGLY
    assert fmt("--check", "tidy.keraspec.toml").exit_code == 0


def test_a_file_with_mistakes_in_its_syntax_is_left_alone(folder: Path) -> None:
    text = UGLY + "\nactivation=relu"
    Path("ugly.keraspec.toml").write_text(text, encoding="utf-8")
    result = fmt(".")
    assert result.exit_code == 2
    assert "ugly.keraspec.toml:6:12: error[E002]" in result.stderr
    assert result.stdout == "0 changed, 1 as they should be, 1 with mistakes left alone\n"
    assert Path("ugly.keraspec.toml").read_text(encoding="utf-8") == text


def test_standard_input(folder: Path) -> None:
    assert fmt("-", text=UGLY).stdout == TIDY
    assert fmt("-", text='{"keraspec":1}').stdout == '{\n  "keraspec": 1\n}\n'
    assert fmt("-", "--check", text=UGLY).exit_code == 1
    assert fmt("-", "--check", text=TIDY).exit_code == 0
    broken = fmt("-", text="keraspec=")
    assert (broken.exit_code, broken.stdout) == (2, "")
    assert "<stdin>:1:9: error[E002]" in broken.stderr
    assert fmt("-", "tidy.keraspec.toml", text=UGLY).exit_code == 2


def test_conversion(folder: Path) -> None:
    result = fmt("--to", "json", "ugly.keraspec.toml")
    assert result.exit_code == 0
    assert result.stdout == (
        "ugly.keraspec.toml → ugly.keraspec.json, without its 1 comment, for which JSON has no place\n"
    )
    assert Path("ugly.keraspec.json").read_text(encoding="utf-8") == (
        '{\n  "keraspec": 1,\n  "inputs": { "x": { "shape": [4] } },\n'
        '  "layers": [{ "type": "Dense", "units": 2 }]\n}\n'
    )
    assert Path("ugly.keraspec.toml").read_text(encoding="utf-8") == UGLY
    again = fmt("--to", "toml", "ugly.keraspec.json")
    assert again.exit_code == 2
    assert "ugly.keraspec.toml: is there already" in again.stderr
    assert fmt("--to", "toml", "-", text=Path("ugly.keraspec.json").read_bytes()).stdout == (
        'keraspec = 1\ninputs.x.shape = [4]\nlayers = [\n  { type = "Dense", units = 2 },\n]\n'
    )
    assert fmt("--to", "json", "--check", ".").exit_code == 2


def test_bytes_that_are_no_layout_stay(folder: Path) -> None:
    path = Path("ugly.keraspec.toml")
    path.write_bytes(b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    fmt(path)
    assert path.read_bytes() == b"\xef\xbb\xbf" + TIDY.replace("\n", "\r\n").encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640 or os.name == "nt"


def test_what_is_excluded_in_a_folder_is_passed_over(folder: Path) -> None:
    Path("keraspec.toml").write_text('exclude = ["ugly*"]\n', encoding="utf-8")
    assert fmt("--check", ".").exit_code == 0
    assert fmt("--check", "ugly.keraspec.toml").exit_code == 1


def test_a_file_that_is_not_there(folder: Path) -> None:
    result = fmt("no.keraspec.toml")
    assert result.exit_code == 2
    assert "no.keraspec.toml: no such file" in result.stderr


def test_the_examples_and_templates_are_laid_out_so() -> None:
    root = Path(__file__).parents[2]
    found = CliRunner().invoke(group, ["fmt", "--check", str(root / "examples"), str(root / "compiler" / "templates")])
    assert found.exit_code == 0, found.output

"""What `check` reports: comments in specs, settings of a project, options."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.checked import compile_file
from keraspec.cli import group

IDLE = """\
keraspec = 1
inputs.age.shape = [1]
inputs.image.shape = [8]

[[layers]]
type = "Dense"
units = 8
inputs = "image"
"""
WRONG = f'{IDLE}\n[training]\nloss = "mse"\nepochs = 0\n'


def check(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["check", "--output-format", "concise", *map(str, arguments)])


def codes(result: Result) -> list[str]:
    return [line.partition("[")[2].partition("]")[0] for line in result.stdout.splitlines()]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("a.keraspec.toml")
    path.write_text(IDLE, encoding="utf-8")
    return path


def said(spec: Path, old: str, new: str, text: str = IDLE) -> list[str]:
    assert old in text
    spec.write_text(text.replace(old, new), encoding="utf-8")
    return codes(check(spec))


def test_comments_silence(spec: Path) -> None:
    line = "inputs.age.shape = [1]"
    assert codes(check(spec)) == ["W201"]
    assert said(spec, line, f"{line}  # keraspec: ignore[W201]") == []
    assert said(spec, line, f"{line}  # keraspec: ignore") == []
    assert said(spec, line, f"{line}  # later  # keraspec: ignore[W201, W301]") == ["W102"]
    assert said(spec, line, f"# keraspec: ignore[W201]\n# it comes later\n\n{line}") == []
    assert sorted(said(spec, line, f"{line}  # keraspec: ignore[W301]")) == ["W102", "W201"]
    assert said(spec, "keraspec = 1", "keraspec = 1  # keraspec: ignored") == ["W201"]
    assert said(spec, "keraspec = 1", 'keraspec = 1\nname = "# keraspec: ignore[W201]"') == ["W201"]


def test_at_a_header_a_comment_speaks_for_all_below(spec: Path) -> None:
    assert said(spec, "[training]", "[training]  # keraspec: ignore[E106]", WRONG) == ["W201"]
    assert said(spec, "[training]", "# keraspec: ignore[E106]\n[training]", WRONG) == ["W201"]
    assert said(spec, "[training]", "[training]  # keraspec: ignore[E105]", WRONG) == ["W201", "E106"]


def test_a_silenced_error_still_keeps_a_model_from_being_built(spec: Path) -> None:
    spec.write_text(WRONG.replace("epochs = 0", "epochs = 0  # keraspec: ignore[E106]"), encoding="utf-8")
    assert not compile_file(spec).ok
    assert codes(check("--allow-warnings", spec)) == ["W201"]


def test_what_can_not_be_read_is_never_silent(spec: Path) -> None:
    assert "E002" in said(spec, "units = 8", "units = eight  # keraspec: ignore")


def test_options(spec: Path) -> None:
    spec.write_text(WRONG, encoding="utf-8")
    assert codes(check(spec)) == ["W201", "E106"]
    assert codes(check("--select", "E", spec)) == ["E106"]
    assert codes(check("--ignore", "E1,W", spec)) == []
    assert codes(check("--select", "ALL", "--ignore", "W201", spec)) == ["E106"]
    assert codes(check("--select", "W201", "--ignore", "W", spec)) == ["W201"]
    assert check("--ignore", "E106,W2", spec).exit_code == 0
    wrong = check("--select", "W999", spec)
    assert wrong.exit_code == 2
    assert "there is no code W999" in wrong.stderr


@pytest.mark.parametrize("name", ["keraspec.toml", "pyproject.toml"])
def test_settings(name: str, spec: Path, tmp_path: Path) -> None:
    head = "" if name == "keraspec.toml" else '[project]\nname = "x"\n[tool.keraspec]\n'
    inner = tmp_path / "drafts" / "more"
    inner.mkdir(parents=True)
    (inner / "b.keraspec.toml").write_text(WRONG, encoding="utf-8")
    Path(name).write_text(head + 'ignore = ["W201"]\n', encoding="utf-8")
    assert codes(check(".")) == ["E106"]
    assert codes(check("--select", "W", ".")) == []
    Path(name).write_text(head + 'per-file-ignores = { "drafts/*" = ["E"] }\n', encoding="utf-8")
    assert codes(check(".")) == ["W201", "W201"]
    Path(name).write_text(head + 'exclude = ["drafts"]\nallow-warnings = true\n', encoding="utf-8")
    result = check(".")
    assert (codes(result), result.exit_code) == (["W201"], 0)
    (inner / "keraspec.toml").write_text("", encoding="utf-8")
    assert codes(check("drafts")) == ["W201", "E106"]  # the nearest settings hold alone


def test_mistakes_in_settings(spec: Path) -> None:
    Path("pyproject.toml").write_text(
        '[tool.keraspec]\nignroe = ["W2"]\nallow-warnings = "yes"\nselect = ["ALL", "W2O1"]\n', encoding="utf-8"
    )
    result = CliRunner().invoke(group, ["check", str(spec)])
    assert result.exit_code == 1
    assert result.stdout.split("\n\n", 1)[1] == (
        "pyproject.toml:2:1: error[E901]: there is no setting `ignroe`\n"
        "  |\n"
        '2 | ignroe = ["W2"]\n'
        "  | ^^^^^^\n"
        "  = help: did you mean `ignore`?\n"
        "\n"
        'pyproject.toml:3:18: error[E901]: `allow-warnings` must be true or false, found the text "yes"\n'
        "  |\n"
        '3 | allow-warnings = "yes"\n'
        "  |                  ^^^^^\n"
        "\n"
        'pyproject.toml:4:18: error[E901]: there is no code "W2O1"\n'
        "  |\n"
        '4 | select = ["ALL", "W2O1"]\n'
        "  |                  ^^^^^^\n"
        '  = help: did you mean "W201"? a code is a letter and three digits, E or W alone stands for all of them; '
        "`keraspec explain` lists them\n"
        "\n"
        "3 errors and 1 warning, 1 file checked\n"
    )


def test_other_peoples_settings_are_none_of_ours(spec: Path) -> None:
    for text in ('[project]\nname = "x"\ndate = 2024-01-01\n', "[tool.ruff]\n", "[tool.keraspec\n", "tool = 3\n"):
        Path("pyproject.toml").write_text(text, encoding="utf-8")
        assert codes(check(spec)) == ["W201"]


def test_a_clean_check_loads_nothing_for_fixes(spec: Path) -> None:
    spec.write_text(IDLE.replace("inputs.age.shape = [1]\n", ""), encoding="utf-8")
    program = (
        "import sys; from keraspec.cli import group\n"
        f"group(['check', {str(spec)!r}], standalone_mode=False)\n"
        "print(sorted(m for m in sys.modules if m in "
        "('keraspec.spec.fixes', 'keraspec.spec.edits', 'keraspec.fixing', 'tree_sitter', 'keraspec.spec.format')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "no errors, 1 file checked\n[]\n"

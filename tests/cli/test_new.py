"""`keraspec new`, `upgrade` and `completion`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import VERBS, group
from keraspec.compiler.templates import TEMPLATES

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, [*map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_templates_are_listed(folder: Path) -> None:
    result = run("new", "--list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(TEMPLATES)


def test_from_a_template(folder: Path) -> None:
    result = run("new", "digits", "--template", "cnn")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "digits.keraspec.toml written; try it with: keraspec train digits.keraspec.toml\n"
    assert 'name = "digits"' in Path("digits.keraspec.toml").read_text(encoding="utf-8")
    assert run("check", ".").exit_code == 0
    with_blank = run("new", "my digits", "--template", "cnn")
    assert with_blank.stdout.endswith("keraspec train 'my digits.keraspec.toml'\n")
    again = run("new", "digits.keraspec.toml", "-t", "mlp")
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert run("new", "digits.keraspec.toml", "-t", "mlp", "--force").exit_code == 0
    assert run("new", "other.keraspec.json", "-t", "text").exit_code == 0
    assert run("fmt", "--check", ".").exit_code == 0


def test_from_data(folder: Path) -> None:
    result = run("new", "--from", DATA / "auto-mpg.csv", "--target", "mpg")
    assert result.exit_code == 0
    assert "horsepower    numbers, 6 missing\n" in result.stdout
    assert result.stdout.splitlines()[0] == "398 rows"
    assert run("check", "auto-mpg.keraspec.toml").exit_code == 0
    printed = run("new", "--from", DATA / "auto-mpg.csv", "--target", "mpg", "-o", "-")
    assert printed.stdout == Path("auto-mpg.keraspec.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to begin with"),
        (["-t", "mlp", "--from", "x.csv"], "say what to begin with"),
        (["-t", "cn"], "there is no template cn; did you mean cnn?"),
        (["-t", "mlp", "--target", "x"], "go with --from"),
        (["--from", "no.csv", "--target", "x"], "there is no such file"),
        (["a", "-t", "mlp", "-o", "b"], "name one of them"),
    ],
)
def test_wrong_usage(folder: Path, arguments: list[str], words: str) -> None:
    result = run("new", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_writing_from_data_loads_no_keras(folder: Path) -> None:
    program = (
        "import sys; from keraspec.drafting import from_data; from pathlib import Path; "
        f"from_data(Path({str(DATA / 'penguins.csv')!r}), ['species'], Path('a.keraspec.toml')); "
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# ------------------------------------------------------------ upgrade


def test_nothing_to_upgrade(folder: Path) -> None:
    run("new", "a", "-t", "mlp")
    before = Path("a.keraspec.toml").read_bytes()
    result = run("upgrade", ".")
    assert (result.exit_code, result.stdout) == (0, "1 of version 1 already, the newest: nothing to do\n")
    assert Path("a.keraspec.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("keraspec = 2", "is of version 2 of the language, and this keraspec knows versions up to 1"),
        ("name = 'x'", "states no version"),
        ("keraspec = 'one'", "must be a version of the language"),
        ("keraspec = ", "mistakes in its syntax"),
    ],
)
def test_what_can_not_be_upgraded(folder: Path, line: str, words: str) -> None:
    Path("a.keraspec.toml").write_text(f"{line}\n", encoding="utf-8")
    result = run("upgrade", "a.keraspec.toml")
    assert result.exit_code == 2
    assert words in result.stderr


def test_steps_of_later_versions_are_made_in_their_order() -> None:
    from keraspec.spec.upgrade import upgraded

    text = "keraspec = 1  # old\nname = 'x'\nlayers = []\n"
    steps = {
        1: lambda editor, data: editor.rename(("name",), "title"),
        2: lambda editor, data: editor.put((), "title", data["title"] + "!"),
    }
    assert upgraded(text, "a.toml", steps, 3) == 'keraspec = 3  # old\ntitle = "x!"\nlayers = []\n'


FROZEN = sorted((ROOT / "tests" / "frozen" / "v1").iterdir())


def test_specs_of_version_1_stay_clean() -> None:
    assert len(FROZEN) > 20
    result = run("check", *FROZEN)
    assert (result.exit_code, result.stdout) == (0, f"no errors, {len(FROZEN)} files checked\n")
    assert run("upgrade", *FROZEN).exit_code == 0


# ------------------------------------------------------------ completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_KERASPEC_COMPLETE={shell}_complete" in result.stdout


def completed(words: str, folder: Path) -> list[str]:
    count = len(words.split(" ")) - 1
    result = CliRunner(
        env={"COMP_WORDS": words, "COMP_CWORD": str(count), "_KERASPEC_COMPLETE": "bash_complete"}
    ).invoke(group, [], prog_name="keraspec", complete_var="_KERASPEC_COMPLETE")
    assert result.exit_code in (0, 1)
    return [line.partition(",")[2] for line in result.stdout.splitlines()]


def test_words_are_completed(folder: Path) -> None:
    run("new", "a", "-t", "tabular")
    assert completed("keraspec ren", folder) == ["render", "rename"]
    assert set(completed("keraspec ", folder)) == set(VERBS)
    assert completed("keraspec new -t tr", folder) == ["transfer", "transformer"]
    assert completed("keraspec rename a.ke", folder) == ["a.keraspec.toml"]
    assert completed("keraspec rename a.keraspec.toml col", folder) == ["colour_number", "colour_vector"]
    assert completed("keraspec insert a.keraspec.toml BatchNorm", folder) == ["BatchNormalization"]
    assert completed("keraspec set a.keraspec.toml training.ep", folder) == ["training.epochs="]
    assert "Conv2D" in completed("keraspec docs Conv", folder)


def test_completion_is_light(folder: Path) -> None:
    program = (
        "import sys\nfrom keraspec.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'networkx', 'tomli', 'tree_sitter'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    words = {"COMP_WORDS": "keraspec new -t c", "COMP_CWORD": "3", "_KERASPEC_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **words}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "plain,cnn\n"

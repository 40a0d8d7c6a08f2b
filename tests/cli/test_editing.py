"""`keraspec set|add|insert|remove|rename`: a spec is written only if it got no worse."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

SPEC = """\
keraspec = 1
inputs.x.shape = [8]   # eight
layers = [
  { name = "hidden", type = "Dense", units = 16 },   # wide enough
  { name = "y", type = "Dense", units = 1 },
]

[training]
loss = "mse"
epochs = 2
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, [*map(str, arguments)])


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("a.keraspec.toml")
    path.write_text(SPEC, encoding="utf-8")
    return path


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_one_verb_after_the_other(spec: Path) -> None:
    result = run("set", spec, "training.epochs=5", "layers.hidden.activation=relu")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        'a.keraspec.toml: training.epochs is 5, which was 2\na.keraspec.toml: layers.hidden.activation is "relu"\n'
    )
    assert run("insert", spec, "Dropout", "rate=0.3", "--before", "y").exit_code == 0
    assert run("rename", spec, "hidden", "trunk").exit_code == 0
    assert run("add", spec, "EarlyStopping", "monitor=loss", "--to", "training.callbacks").exit_code == 0
    assert text(spec) == (
        SPEC.replace(
            '"hidden", type = "Dense", units = 16 }', '"trunk", type = "Dense", units = 16, activation = "relu" }'
        )
        .replace('  { name = "y"', '  { type = "Dropout", rate = 0.3 },\n  { name = "y"')
        .replace("epochs = 2\n", 'epochs = 5\ncallbacks = [{ type = "EarlyStopping", monitor = "loss" }]\n')
    )
    assert run("remove", spec, "Dropout", "training.callbacks").exit_code == 0
    assert "Dropout" not in text(spec)
    assert "callbacks" not in text(spec)
    assert run("check", spec).exit_code == 0


def test_what_would_be_worse_is_not_written(spec: Path) -> None:
    result = run("set", spec, "layers.y.units=0")
    assert result.exit_code == 1
    assert "a.keraspec.toml:5:41: error[E106]" in result.stderr
    assert "it is left as it is; --force writes it" in result.stderr
    assert text(spec) == SPEC
    assert run("set", spec, "layers.y.units=0", "--force").exit_code == 0
    assert "units = 0 }" in text(spec)
    assert run("set", spec, "training.epochs=3").exit_code == 0, "it was wrong before"
    assert run("set", spec, "layers.y.units=3").exit_code == 0


def test_diff_writes_nothing(spec: Path) -> None:
    result = run("rename", spec, "hidden", "trunk", "--diff")
    assert result.exit_code == 1
    assert '+  { name = "trunk", type = "Dense", units = 16 },   # wide enough\n' in result.stdout
    assert text(spec) == SPEC
    assert run("set", spec, "training.epochs=2", "--dry-run").exit_code == 0


def test_those_that_lean_on_it_are_named(spec: Path) -> None:
    over = 'keraspec = 1\nextends = "a.keraspec.toml"\n[[layers]]\nname = "hidden"\nunits = 4\n'
    Path("b.keraspec.toml").write_text(over, encoding="utf-8")
    result = run("rename", spec, "hidden", "trunk")
    assert result.exit_code == 0
    assert "b.keraspec.toml lies over this spec or includes it; it was not changed\n" in result.stdout
    other = run("rename", "b.keraspec.toml", "hidden", "trunk")
    assert other.exit_code == 2
    assert "is of the file that this one extends" in other.stderr


def test_marks_and_line_ends_stay(spec: Path) -> None:
    spec.write_bytes(b"\xef\xbb\xbf" + SPEC.replace("\n", "\r\n").encode())
    assert run("add", spec, "ReLU").exit_code == 0
    raw = spec.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfkeraspec = 1\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["set", "a.keraspec.toml", "epochs"], "KEY=VALUE"),
        (["set", "no.keraspec.toml", "name=x"], "no such file"),
        (["insert", "a.keraspec.toml", "ReLU"], "say where"),
        (["insert", "a.keraspec.toml", "ReLU", "--after", "hiden"], "did you mean `hidden`"),
        (["add", "a.keraspec.toml", "Dense", "units"], "expected KEY=VALUE"),
        (["remove", "a.keraspec.toml", "hiden"], "did you mean `hidden`"),
        (["rename", "a.keraspec.toml", "hidden", "y"], "already"),
    ],
)
def test_wrong_usage(spec: Path, arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert text(spec) == SPEC

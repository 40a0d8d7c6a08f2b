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


def test_of_large_networks_what_changed_is_drawn_or_all_of_it(tmp_path: Path) -> None:
    text = "keraspec = 1\ninputs.x.shape = [8]\nlayers = [\n" + '{ type = "Dense", units = 8 },\n' * 80 + "]\n"
    old, new = tmp_path / "old.keraspec.toml", tmp_path / "new.keraspec.toml"
    old.write_text(text, "utf-8")
    new.write_text(text.replace("units = 8", "units = 9", 1), "utf-8")
    part, whole = (run(old, new, "--format", "svg", *more).stdout.count('class="node"') for more in ((), ("--whole",)))
    assert part < 10
    assert whole >= 82


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


def edits(tmp_path: Path, old: str, new: str) -> list[str]:
    """What is told below "edited", without the places."""
    for name, text in (("a", old), ("b", new)):
        (tmp_path / f"{name}.keraspec.toml").write_text(text, encoding="utf-8")
    said = run(tmp_path / "a.keraspec.toml", tmp_path / "b.keraspec.toml").stdout
    lines = said.partition("edited\n")[2].partition("\n\n")[0].splitlines()
    return [" ".join(line.split()).rpartition(" (")[0] for line in lines]


def test_an_object_without_arguments_has_an_effect_too(tmp_path: Path) -> None:
    old = SPEC + '[training]\nloss = "mse"\ncallbacks = [{ type = "EarlyStopping" }]\n'
    old += 'metrics = [{ type = "MeanSquaredError" }]\n'
    new = old.replace('ing" }]', 'ing" }, { type = "TerminateOnNaN" }]').replace('Error" }]', 'Error" }, "mae"]')
    assert edits(tmp_path, old, new) == [
        "+ training.callbacks.TerminateOnNaN TerminateOnNaN", '+ training.metrics.mae "mae"',
    ]  # fmt: skip


def test_what_went_is_told_where_it_stood(tmp_path: Path) -> None:
    layer = '\n[[layers]]\ntype = "{}"\n'
    old = SPEC + layer.format("ReLU") + layer.format("Flatten").replace("type", 'name = "flat"\ntype')
    new = old.replace('"ReLU"', '"LeakyReLU"').replace("units = 8", "units = 9")
    told = edits(tmp_path, old, new)
    assert [line[:1] for line in told] == ["~", "-", "+"], told
    first = SPEC.replace("one", "zero").partition("\n\n")[2]
    head, _, rest = SPEC.partition("\n\n")
    assert edits(tmp_path, f"{SPEC}\n{first}", f"{head}\n\n{first}\n{rest}") == [
        "↕ layers.zero stood behind one, stands first now"
    ]


def test_little_in_much_is_told_as_what_it_is(tmp_path: Path) -> None:
    old = SPEC.replace("[8]", "[1000]").replace("units = 8", "units = 10000")
    (tmp_path / "a.keraspec.toml").write_text(old, encoding="utf-8")
    (tmp_path / "b.keraspec.toml").write_text(old.replace("units = 10000", "units = 10001"), encoding="utf-8")
    said = run(tmp_path / "a.keraspec.toml", tmp_path / "b.keraspec.toml").stdout
    assert "  weights                     38.2 MiB  (+3.9 KiB)\n" in said, said
    assert "  parameters                  10,010,000 → 10,011,001\n" in said

"""The verb import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

LAYER = {"class_name": "Dense", "module": "keras.layers", "config": {"name": "answer", "units": 2}}
MODEL = {
    "class_name": "Sequential",
    "module": "keras",
    "config": {"name": "small", "layers": [LAYER], "build_input_shape": [None, 4]},
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(MODEL))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["import", *map(str, arguments)])


def test_of_a_file_that_is_no_text_no_line_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"PK\x03\x04")
    result = run(tmp_path / "a.keras")
    assert result.exit_code == 1
    assert "error[E801]" in result.output
    assert "  = help: " in result.output
    assert "1 |" not in result.output


def test_a_class_of_ones_own_is_shown_as_it_stands_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(MODEL).replace('"Dense"', '"Mine"'))
    assert '1 | "Mine"\n' in run(tmp_path / "a.json").output


def test_it_prints_a_spec(model: Path) -> None:
    result = run(model)
    assert result.exit_code == 0
    assert result.stdout == (
        'keraspec = 1\nname = "small"\ninputs.input_layer.shape = [4]\nlayers = [\n'
        '  { name = "answer", type = "Dense", units = 2 },\n]\n'
    )


def test_it_writes_a_spec_and_does_not_write_over_one(model: Path, tmp_path: Path) -> None:
    spec = tmp_path / "small.keraspec.toml"
    assert run(model, "-o", spec).exit_code == 0
    before = spec.read_text()
    assert "Dense" in before
    spec.write_text("mine")
    refused = run(model, "-o", spec)
    assert refused.exit_code == 2
    assert "is there already" in refused.stderr
    assert spec.read_text() == "mine"
    assert run(model, "-o", spec, "--force").exit_code == 0
    assert spec.read_text() == before


def test_it_writes_json(model: Path, tmp_path: Path) -> None:
    spec = tmp_path / "small.keraspec.json"
    assert run(model, "-o", spec, "--fold").exit_code == 0
    assert json.loads(spec.read_text())["layers"] == [{"name": "answer", "type": "Dense", "units": 2}]


def test_what_can_not_be_said_ends_with_1_and_writes_nothing(tmp_path: Path) -> None:
    path, spec = tmp_path / "odd.json", tmp_path / "odd.toml"
    odd = {**LAYER, "class_name": "Lambda"}
    path.write_text(json.dumps({**MODEL, "config": {**MODEL["config"], "layers": [odd]}}))  # type: ignore[dict-item]
    result = run(path, "-o", spec)
    assert result.exit_code == 1
    assert "error[E802]" in result.stderr
    assert "#/config/layers/0" in result.stderr
    assert not spec.exists()


def test_a_spec_with_findings_is_written_and_said(tmp_path: Path) -> None:
    path, spec = tmp_path / "deep.json", tmp_path / "deep.toml"
    flat = {
        "class_name": "Conv2D",
        "module": "keras.layers",
        "config": {"name": "c", "filters": 2, "kernel_size": [3, 3]},
    }
    path.write_text(json.dumps({**MODEL, "config": {**MODEL["config"], "layers": [flat]}}))  # type: ignore[dict-item]
    result = run(path, "-o", spec)
    assert result.exit_code == 1
    assert "error[E301]" in result.stderr
    assert spec.exists()


def test_wrong_usage(model: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "nothing.keras").exit_code == 2
    wrong = run(model, "--weights", tmp_path / "w.h5")
    assert wrong.exit_code == 2
    assert ".weights.h5" in wrong.stderr

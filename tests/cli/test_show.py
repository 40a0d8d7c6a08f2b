"""`keraspec show`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from keraspec.cli import group
from keraspec.cli.show import BYTE_UNITS, FLOP_UNITS, _units

NETWORKS = Path(__file__).parent.parent / "golden" / "networks"


def run(*arguments: object, status: int = 0) -> str:
    result = CliRunner().invoke(group, ["show", *map(str, arguments)])
    assert result.exit_code == status, result.output
    return result.stdout if status == 0 else result.stderr


@pytest.mark.parametrize("name", ["digits", "towers", "reader"])
def test_table_is_as_it_was(name: str) -> None:
    text = run(NETWORKS / f"{name}.keraspec.toml", "--batch-size", 8)
    path = NETWORKS / f"{name}.show.txt"
    if os.environ.get("KERASPEC_WRITE_GOLDEN"):
        path.write_text(text, "utf-8", newline="\n")
    assert text == path.read_text("utf-8")


def test_json_is_that_of_the_issue_and_the_cost_where_it_is_asked_for() -> None:
    spec = NETWORKS / "digits.keraspec.toml"
    said = json.loads(run(spec, "--format", "json"))
    assert said == json.loads((NETWORKS / "digits.show.json").read_text("utf-8"))
    said = json.loads(run(spec, "--format", "json", "--batch-size", 1))
    assert said["cost"] == {
        "batch_size": 1,
        "weight_bytes": 4 * said["totals"]["params"],
        "activation_bytes": said["totals"]["activation_bytes"],
        "optimizer": "Adam",
        "optimizer_bytes": 8 * said["totals"]["trainable_params"],
    }


def test_overrides_are_counted() -> None:
    said = json.loads(run(NETWORKS / "digits.keraspec.toml", "--set", "layers.conv1.filters=64", "--format", "json"))
    assert said["layers"][0]["outputs"][0]["shape"] == [None, 6, 6, 64]


def test_a_pipe_gets_whole_lines_without_colour(tmp_path: Path) -> None:
    long = "a_name_that_is_much_longer_than_eighty_columns_" * 2
    spec = tmp_path / "long.keraspec.toml"
    layer = f'{{ name = "{long}", type = "Dense", units = 2 }}'
    spec.write_text(f'keraspec = 1\nname = "long"\ninputs.x.shape = [3]\nlayers = [{layer}]\n')
    done = subprocess.run(
        [sys.executable, "-c", "from keraspec.cli import main; main()", "show", str(spec)],
        capture_output=True,
        check=True,
        env={**os.environ, "COLUMNS": "40", "PYTHONIOENCODING": "ascii"},
    )
    text = done.stdout.decode("ascii")
    assert sum(long in line for line in text.splitlines()) == 1
    assert "\x1b" not in text
    assert "…" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_errors_are_said_and_nothing_is_counted() -> None:
    said = run(NETWORKS / "broken.keraspec.toml", status=1)
    assert "E108" in said
    assert CliRunner().invoke(group, ["show", str(NETWORKS / "broken.keraspec.toml")]).stdout == ""


def test_wrong_usage(tmp_path: Path) -> None:
    assert "no such file" in run(tmp_path / "nothing.toml", status=2)
    assert "--batch-size" in run(NETWORKS / "digits.keraspec.toml", "--batch-size", 0, status=2)
    assert "--format" in run(NETWORKS / "digits.keraspec.toml", "--format", "xml", status=2)


@pytest.mark.parametrize(
    ("size", "bytes_", "flops"),
    [
        (0, "0 bytes", "0 FLOPs"),
        (999, "999 bytes", "999 FLOPs"),
        (1000, "1,000 bytes", "1.0 kFLOPs"),
        (1024, "1.0 KiB", "1.0 kFLOPs"),
        (1024**2 - 1, "1.0 MiB", "1.0 MFLOPs"),
        (10**9 - 1, "953.7 MiB", "1.0 GFLOPs"),
        (4 * 10**21, "3,552,713.7 PiB", "4,000,000.0 PFLOPs"),
        (None, "?", "?"),
    ],
)
def test_units(size: int | None, bytes_: str, flops: str) -> None:
    assert _units(size, BYTE_UNITS, 1024) == bytes_
    assert _units(size, FLOP_UNITS, 1000) == flops

"""`keraspec draw`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group
from keraspec.compiler import render

NETWORKS = Path(__file__).parent.parent / "golden" / "networks"
GALLERY = Path(__file__).parent.parent.parent / "examples" / "architectures"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["draw", *map(str, arguments)])


@pytest.mark.parametrize("ending", ["dot", "mmd"])
def test_text_is_written(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    result = run(NETWORKS / "towers.keraspec.toml", "-o", path)
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_bytes() == (NETWORKS / f"towers.{ending}").read_bytes()


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pictures_are_written(ending: str, start: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"net.{ending}"
    assert run(NETWORKS / "digits.keraspec.toml", "-o", path, "--theme", "dark").exit_code == 0
    assert path.read_bytes().startswith(start)


def test_a_spec_with_errors_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "net.mmd"
    result = run(NETWORKS / "broken.keraspec.toml", "-o", path)
    assert result.exit_code == 1
    assert "E108" in result.stderr
    assert path.read_bytes() == (NETWORKS / "broken.mmd").read_bytes()


def test_a_file_of_which_nothing_is_understood(tmp_path: Path) -> None:
    spec = tmp_path / "a.keraspec.toml"
    for content in (b"\xff\xfe\x00", b"", b"[[["):
        spec.write_bytes(content)
        assert run(spec, "-o", tmp_path / "net.svg").exit_code == 1
    assert not (tmp_path / "net.svg").exists()


def test_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = NETWORKS / "digits.keraspec.toml"
    for arguments, said in (
        ((spec, "-o", tmp_path / "net.gif"), "must end in .svg"),
        ((spec, "-o", tmp_path / "no" / "folder.svg"), "folder.svg: no such file"),
        ((tmp_path / "nothing.toml", "-o", tmp_path / "a.svg"), "nothing.toml: no such file"),
        ((spec,), "--output"),
        ((spec, "-o", tmp_path / "a.svg", "--depth", "-1"), "--depth"),
        ((spec, "-o", tmp_path / "a.svg", "--heat", "gold"), "--heat"),
        ((spec, "-o", tmp_path / "a.svg", "--whole", "--depth", "1"), "nothing to open"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert said in result.stderr
        assert "Traceback" not in result.output
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    result = run(spec, "-o", tmp_path / "a.svg")
    assert (result.exit_code, "install Graphviz" in result.stderr) == (2, True)


def test_a_flowchart_that_github_refuses_is_said(tmp_path: Path) -> None:
    layers = ", ".join('{ type = "Dense", units = 2 }' for _ in range(501))
    spec = tmp_path / "long.keraspec.toml"
    spec.write_text(f'keraspec = 1\nname = "long"\ninputs.x.shape = [2]\nlayers = [{layers}]\n')
    result = run(spec, "-o", tmp_path / "long.mmd")  # what repeats is joined until GitHub draws it
    assert (result.exit_code, result.output) == (0, "")
    result = run(spec, "-o", tmp_path / "long.mmd", "--whole")
    assert result.exit_code == 0
    assert "GitHub does not draw" in result.stderr
    assert (tmp_path / "long.mmd").exists()


def test_what_is_left_closed_is_said_with_the_way_to_open_it(tmp_path: Path) -> None:
    path = tmp_path / "net.mmd"
    result = run(GALLERY / "resnet.keraspec.toml", "-o", path)
    assert result.exit_code == 0
    for said in ("8 blocks are closed", "`--expand stage.0.unit.0` opens one", "`--depth 3` all", "`--whole`"):
        assert said in result.stderr
    assert "subgraph" in path.read_text("utf-8")
    assert run(GALLERY / "resnet.keraspec.toml", "-o", path, "--depth", "3").stderr == ""
    assert run(GALLERY / "resnet.keraspec.toml", "-o", tmp_path / "net.html").output == ""


def test_a_block_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = run(GALLERY / "resnet.keraspec.toml", "-o", tmp_path / "net.dot", "--expand", "stag.0")
    assert result.exit_code == 0
    assert "--expand stag.0: no block is called so; did you mean stage.0?" in result.stderr


def test_every_option_reaches_the_drawing(tmp_path: Path) -> None:
    path = tmp_path / "net.dot"
    run(GALLERY / "resnet.keraspec.toml", "-o", path, "--direction", "lr", "--heat", "params", "--theme", "paper",
        "--depth", "0", "--set", "parameters.size=152")  # fmt: skip
    text = path.read_text("utf-8")
    assert 'rankdir="LR"' in text
    assert "parameters</font>" in text
    assert "Times" in text
    assert "362 layers" in text  # stage.2 of ResNet-152: 35 units of 10 layers, and one of 12

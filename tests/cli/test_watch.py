"""`keraspec watch`: each save is checked, of the spec and of the files that it is made of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from keraspec.checked import Checked
from keraspec.cli import group
from keraspec.watching import files_of, states

BASE = 'keraspec = 1\ninputs.x.shape = [4]\nlayers = [{ name = "y", type = "Dense", units = 2 }]\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.keraspec.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "a.keraspec.toml").write_text('keraspec = 1\nextends = "base.keraspec.toml"\n', encoding="utf-8")
    return tmp_path


def test_each_change_is_told_once(folder: Path) -> None:
    spec, base = Path("a.keraspec.toml"), Path("base.keraspec.toml")
    assert [path.name for path in files_of(spec, None)] == [spec.name, base.name]
    todo = [
        lambda: base.write_text(BASE.replace("units = 2", "units = 0"), encoding="utf-8"),
        lambda: spec.unlink(),
        lambda: spec.write_text('keraspec = 1\nextends = "gone.keraspec.toml"\n', encoding="utf-8"),
        lambda: Path("gone.keraspec.toml").write_text(BASE, encoding="utf-8"),
    ]

    def wait() -> None:
        if todo and (quiet[0] or not spec.exists()):
            todo.pop(0)()
        quiet[0] = False

    quiet = [False]
    seen = []
    for one in states(spec, wait=wait):
        assert isinstance(one, Checked)
        seen.append([each.code for each in one.errors])
        quiet[0] = True
        if not todo:
            break
    assert seen == [[], ["E106"], ["E630"], []] or seen == [[], ["E106"], ["E630"]]


def test_a_spec_that_is_not_there(folder: Path) -> None:
    result = CliRunner().invoke(group, ["watch", "no.keraspec.toml"])
    assert result.exit_code == 2
    assert "no such file" in result.stderr
    assert CliRunner().invoke(group, ["watch", "a.keraspec.toml", "-o", "x.doc"]).exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT for a process there")
def test_until_it_is_interrupted(folder: Path) -> None:
    program = "from keraspec.cli import main; main()"
    arguments = ["watch", "a.keraspec.toml", "-o", "a.mmd"]
    # What was started in the background of a shell has SIGINT ignored, and so has all that it starts.
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, heard)
    guard = threading.Timer(60, process.kill)
    guard.start()
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("a.keraspec.toml\n")
        assert process.stdout.readline() == "no errors, 1 file checked\n"
        assert process.stdout.readline() == "2 layers and inputs, 10 parameters\n"
        assert process.stdout.readline() == "a.mmd drawn\n"
        time.sleep(0.1)
        Path("base.keraspec.toml").write_text(BASE.replace("units = 2", "units = 3"), encoding="utf-8")
        process.stdout.readline()
        process.stdout.readline()
        assert process.stdout.readline() == "2 layers and inputs, 15 parameters\n"
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    guard.cancel()

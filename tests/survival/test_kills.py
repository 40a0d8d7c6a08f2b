"""Real processes, really killed: what is left goes on to the same bits, or a clear message says what is wrong.

``KERASPEC_KILLS`` is the number of kills, ``KERASPEC_REPEAT`` how often all else in this folder is done (conftest.py);
`make survival` sets both.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keraspec.checked import SpecError, compile_file
from keraspec.runtime.progress import SILENT
from keraspec.runtime.run import Run, open_run
from keraspec.training import resume, train

from .conftest import SPEC, assert_same, states, write_spec

pytest.importorskip("tensorflow")

KILLS = int(os.environ.get("KERASPEC_KILLS", "3"))
PROGRAM = "from keraspec.cli import main; main()"
EVERY_THIRD = SPEC.replace("every = 1, keep = 1000", "every = 3, keep = 2")

GoOn = Callable[..., Run]


def started(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """A process of the command line."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in a process of its own that nothing stops; the folder of the spec."""
    folder = tmp_path_factory.mktemp("kills")
    path = write_spec(folder, EVERY_THIRD)
    return train(compile_file(path), run_dir=folder / "whole", show=SILENT).folder


def killed_after(process: subprocess.Popen[str], run: Path, steps: int, pause: float) -> bool:
    """Kill a process once it has written the state of a step that is not below this one; whether it was still there."""
    try:
        while process.poll() is None:
            there = states(run)
            if there and int(there[-1].stem.partition("-")[2]) >= steps:
                time.sleep(pause)
                break
            time.sleep(0.002)
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    return alive


@pytest.mark.long
def test_kill_9_at_random(whole: Path, tmp_path: Path) -> None:
    """Each run is killed at random points until it has come to its end; all end with the same bits."""
    dice = random.Random(time.time_ns())
    kills = round_ = 0
    last = int(states(whole)[-1].stem.partition("-")[2])
    while kills < KILLS:
        round_ += 1
        run = tmp_path / f"run-{round_}"
        write_spec(tmp_path / f"spec-{round_}", EVERY_THIRD)
        arguments = ["train", f"spec-{round_}/spec.keraspec.toml", "--run-dir", str(run)]
        at = 0
        while kills < KILLS and at < last:
            at = dice.randrange(at, last + 4)
            process = started(*arguments, cwd=tmp_path)
            if not killed_after(process, run, at, dice.random() * 0.2):
                break
            kills += 1
            arguments = ["train", "--resume", str(run)]
            there = states(run)
            at = int(there[-1].stem.partition("-")[2]) + 1 if there else 0
        assert resume(run, show=SILENT).status == "finished"
        assert_same(whole, run)


@pytest.mark.long
def test_sigterm_saves_and_ends(whole: Path, tmp_path: Path, go_on: GoOn, said: list[str]) -> None:
    """With checkpoints an hour apart: the one that is gone on from was written because of the signal."""
    write_spec(tmp_path, EVERY_THIRD.replace("every = 3", 'every = "1 hour"'))
    process = started("train", "spec.keraspec.toml", "--run-dir", "run", cwd=tmp_path)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch"):
                break
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    if process.returncode == 0:
        pytest.skip("it was too fast for the signal")
    assert process.returncode == 143, err
    assert "Traceback" not in err
    assert "interrupted after" in out
    assert len(states(tmp_path / "run")) == 1
    assert open_run(tmp_path / "run").status == "interrupted"
    go_on(tmp_path / "run")
    assert any(line.startswith("going on from") for line in said)
    assert_same(whole, tmp_path / "run")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk that is full: what is written beyond this size is refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_files_that_may_not_grow(whole: Path, tmp_path: Path, go_on: GoOn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifth checkpoint can't be written; then it can."""
    from keraspec.runtime.checkpoints import Checkpoints

    save, count = Checkpoints.save, [0]

    def saved(self: Checkpoints, snapshot: object) -> None:
        count[0] += 1
        with files_of_at_most(4096 if count[0] == 5 else resource.RLIM_INFINITY):
            save(self, snapshot)  # type: ignore[arg-type]

    monkeypatch.setattr(Checkpoints, "save", saved)
    path = write_spec(tmp_path, EVERY_THIRD)
    with pytest.raises(SpecError) as caught:
        train(compile_file(path), run_dir=tmp_path / "run", show=SILENT)
    (one,) = caught.value.diagnostics
    assert one.code == "E436"
    assert "File too large" in one.message
    assert one.help is not None
    assert f"--resume {tmp_path / 'run'}" in one.help
    assert [path.name for path in states(tmp_path / "run")] == ["step-00000009.npz", "step-00000012.npz"]
    assert not [path for path in (tmp_path / "run" / "checkpoints").iterdir() if path.name.startswith(".")]
    go_on(tmp_path / "run")
    assert_same(whole, tmp_path / "run")


@pytest.mark.long
def test_a_full_disk(whole: Path, tmp_path: Path, go_on: GoOn) -> None:
    """A disk of two megabytes, which something else fills while training."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        write_spec(tmp_path, EVERY_THIRD)
        process = started("train", "spec.keraspec.toml", "--run-dir", str(disk / "run"), cwd=tmp_path)
        try:
            while process.poll() is None and len(states(disk / "run")) < 2:
                time.sleep(0.005)
            filling = (disk / "other").open("wb", buffering=0)
            with pytest.raises(OSError, match="No space left"):  # noqa: PT012
                while True:
                    filling.write(b"x" * 4096)
            filling.close()
            _, err = process.communicate(timeout=120)
        finally:
            process.kill()
        assert process.returncode == 1, err
        assert "error[E436]" in err
        assert "Traceback" not in err
        (disk / "other").unlink()
        go_on(disk / "run")
        assert_same(whole, disk / "run")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)

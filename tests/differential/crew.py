"""The noun Worker: a process that runs chunks of cases, watched from outside for silence, death and greed."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sharing import Chunk

START = 180
"""Seconds that a new process may take to import TensorFlow and the plans, on a busy machine."""


class Lost(Exception):
    """A worker died, or was ended because it hung or took too much memory; ``index`` is the case it was at."""

    def __init__(self, why: str, index: int | None) -> None:
        super().__init__(why)
        self.index = index


class Worker:
    """One process. ``cases`` and ``memory`` (MiB) tell when it is time for another."""

    def __init__(self, program: Path) -> None:
        # One thread each: the processes share the cores among them, and small tensors gain nothing from more.
        alone = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
        self.cases = self.memory = 0
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process lives)
        self.process = subprocess.Popen(
            [sys.executable, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=os.environ | alone | quiet,
            text=True,
        )
        self.answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self._wait(START, None, None)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.answers.put(json.loads(line))
        self.answers.put(None)

    def run(self, chunk: Chunk, seed: int, patience: float, most: int) -> dict[str, Any]:
        """Run a chunk and give its counts. ``patience``: seconds for one case; ``most``: MiB that it may hold.

        Raises:
            Lost: the process is gone.
        """
        assert self.process.stdin is not None
        asked = {"subject": chunk.subject, "seed": seed, "start": chunk.start, "stop": chunk.stop}
        try:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise self._lost("was gone", None) from None
        at: int | None = None
        while True:
            answer = self._wait(patience, at, most)
            if "done" in answer:
                self.cases += chunk.stop - chunk.start
                self.memory = answer["memory"]
                done: dict[str, Any] = answer["done"]
                return done
            at = answer["at"]

    def _wait(self, patience: float, at: int | None, most: int | None) -> dict[str, Any]:
        until = time.monotonic() + patience
        while True:
            try:
                answer = self.answers.get(timeout=1)
            except queue.Empty:
                if time.monotonic() > until:
                    raise self._lost(f"gave no sign for {patience:g} s", at) from None
                if most is not None and self._held() > most:
                    raise self._lost(f"held more than {most} MiB", at) from None
                continue
            if answer is None:
                raise self._lost(f"ended with status {self.process.wait()}", at)
            return answer

    def _held(self) -> int:
        try:
            return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096 // 2**20
        except (OSError, IndexError):
            return 0

    def _lost(self, why: str, at: int | None) -> Lost:
        said = self.end(kill=True)
        return Lost("\n".join([f"the process {why}", *said.strip().splitlines()[-6:]]), at)

    def end(self, *, kill: bool = False) -> str:
        """End the process, which has nothing to tidy up but a temporary folder; what it wrote of errors."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if kill:
            self.process.kill()
        with suppress(OSError):  # a pipe to a process that is gone
            self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(10)
        self.process.stdout.close()
        with self.errors:
            self.errors.seek(0)
            return self.errors.read().decode(errors="replace")

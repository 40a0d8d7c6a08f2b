"""From a spec to a job: several processes on this machine that train together, watched until all have ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from . import run as files

GRACE: Final = 10.0
"""Seconds that processes have to end once one of them is lost, before they are killed."""

PEER: Final = 75
"""Exit status of a process that ends because another one of its job does not answer any more (EX_TEMPFAIL of sysexits:
the same may go well another time).
"""

LASTING: Final = (1, 2)
"""Exit statuses with which a process would end again: errors in spec or data, wrong usage, a loss that is NaN."""

LOOK: Final = 0.1
"""Seconds between two looks at the processes."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job has ended: with which exit status, and, if a process was lost, what is to be said of it.

    ``lasting``: it would end so again.
    """

    status: int
    lost: str | None = None
    lasting: bool = False


@dataclass(slots=True)
class Job:
    """A job of so many processes that train into ``folder``; ``arguments`` are those of ``keraspec train``, ``plugins``
    the options that allow them, which are said again whenever it goes on.
    """

    folder: Path
    workers: int
    arguments: Sequence[str]
    say: Say
    restarts: int = 0
    plugins: Sequence[str] = ()
    asked: int = 0
    """How often whoever started it wanted it to end."""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self) -> Ended:
        """Start the processes and watch them; start them again from the last checkpoint, as often as is allowed.

        A process that is lost ends the others: they could not take another step without it. What one of them has found
        wrong, such as an error in the spec, ends the job for good.
        """
        left = self.restarts
        with self._signals():
            while True:
                ended = self._once(self._command())
                if ended.lost is not None and ended.lasting and left:
                    self.say(f"{ended.lost}, having said why: it would again, and is not started again")
                if ended.lost is None or ended.lasting or self.asked or not left:
                    return ended
                left -= 1
                self.say(f"{ended.lost}: starting again, {left} more time{'s'[: left != 1]} allowed")

    def _command(self) -> list[str]:
        """What each process is to carry out: to begin, or to go on where there is something to go on from."""
        train = [sys.executable, "-m", "keraspec.cli", "train"]
        if (self.folder / files.ABOUT).is_file() and files.find_spec(self.folder) is not None:
            return [*train, "--resume", str(self.folder), *self.plugins]
        return [*train, *self.arguments, *self.plugins, "--run-dir", str(self.folder)]

    def _once(self, command: Sequence[str]) -> Ended:
        addresses = [f"127.0.0.1:{port}" for port in free_ports(self.workers)]
        self.running = []
        readers = []
        try:
            for number in range(self.workers):
                process = subprocess.Popen(
                    command,
                    env=environment(addresses, number),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="backslashreplace",
                    start_new_session=True,  # Ctrl-C reaches this process alone, which hands it on
                )
                self.running.append(process)
                readers.append(threading.Thread(target=self._tell, args=(number, process), daemon=True))
                readers[-1].start()
                if self.asked:
                    self._hand_on(signal.SIGTERM)
            return self._watch()
        finally:
            self._kill()
            for reader, process in zip(readers, self.running, strict=True):
                reader.join(timeout=5)
                if process.stdout is not None:
                    process.stdout.close()

    def _tell(self, number: int, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.say(f"[{number + 1}] {line.rstrip()}")

    def _watch(self) -> Ended:
        """Wait until all have ended, by themselves or because one did not end well."""
        lost: str | None = None
        first: int | None = None
        asked: set[int] = set()
        until: float | None = None
        while None in [one.poll() for one in self.running]:  # each is asked, also behind one that is running
            if first is None:
                for number, one in enumerate(self.running):
                    if one.returncode:
                        first, until = one.returncode, time.monotonic() + GRACE
                        lost = None if self.asked else words(number, one.returncode)
                        asked = {place for place, other in enumerate(self.running) if other.poll() is None}
                        self._hand_on(signal.SIGTERM)
                        break
            if until is not None and time.monotonic() > until:
                break
            time.sleep(LOOK)
        codes = [one.poll() for one in self.running]
        # Whoever was killed comes before those who only noticed it.
        for number, code in sorted(enumerate(codes), key=lambda one: one[1] is None or one[1] >= 0):
            if number in asked and code in (-signal.SIGTERM, 128 + signal.SIGTERM):
                continue
            if code and (first is None or code < 0):
                first, lost = code, None if self.asked else words(number, code)
                break
        if first is None:
            return Ended(0)
        by_itself = {place: code for place, code in enumerate(codes) if code and (place not in asked or first == PEER)}
        wrong = [(place, code) for place, code in by_itself.items() if code in LASTING]
        # Of a process that was killed the others may well say what looks like an error of their own.
        lasting = bool(wrong) and not any(code < 0 for code in by_itself.values())
        if lasting and first not in LASTING:  # those who only noticed that it was gone were faster
            number, first = wrong[0]
            lost = None if self.asked else words(number, first)
        if first == PEER:
            first = 1
        status = 1 if first < 0 and not self.asked else 128 - first if first < 0 else first
        return Ended(status, lost, lasting)

    def _hand_on(self, number: int) -> None:
        for one in self.running:
            if one.poll() is None:
                one.send_signal(number)

    def _kill(self) -> None:
        for one in self.running:
            if one.poll() is None:
                one.kill()
        for one in self.running:
            one.wait()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first Ctrl-C lets all end behind the step under way and save; the second ends them at once."""

        def stop(number: int, frame: FrameType | None) -> None:
            self.asked += 1
            if self.asked > 1:
                for one in self.running:
                    if one.poll() is None:
                        one.kill()
            else:
                self._hand_on(number)

        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                for number in (signal.SIGINT, signal.SIGTERM):
                    stack.callback(signal.signal, number, signal.signal(number, stop))
            yield


def words(number: int, code: int) -> str:
    """What to say of a process that did not end well."""
    how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with status {code}"
    return f"process {number + 1} {how}"


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on, as many as are wanted."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            found.append(int(one.getsockname()[1]))
        return found


def environment(addresses: Sequence[str], number: int) -> dict[str, str]:
    """The environment of one of the processes: TF_CONFIG tells it of all of them."""
    config = {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": number}}
    return {**os.environ, "TF_CONFIG": json.dumps(config), "PYTHONUNBUFFERED": "1"}

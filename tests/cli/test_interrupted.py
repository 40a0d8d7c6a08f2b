"""Ctrl-C that hits where Python can raise nothing."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import signal, sys, time, weakref
from keraspec import cli

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell without a terminal has it ignored

class Held:
    pass

def gone(_):
    signal.raise_signal(signal.SIGINT)  # what is raised here, Python can only tell of

def group(prog_name):
    held = Held()
    kept = weakref.ref(held, gone)
    del held
    for _ in range(200):
        time.sleep(0.02)
    print("nobody was interrupted")

cli.group = group
try:
    cli.main()
except KeyboardInterrupt:
    print("interrupted")
"""


def test_it_is_not_lost() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")

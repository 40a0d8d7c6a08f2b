"""What rows that are read by the batch take of memory: as much of many as of few."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .test_streamed_sources import example

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")]

SPEC = """
keraspec = 1
name = "t"
inputs.x.shape = [SIZE]
layers = [{ name = "y", type = "Dense", units = 1 }]
[data]
cache = CACHE
source = { type = "KIND", path = "NAME.KIND" }
inputs.x.column = COLUMN
split = { validation = { type = "KIND", path = "NAME.KIND" } }
[training]
loss = "mse"
"""

MEASURED = """
import json, sys
from pathlib import Path
import numpy as np
from keraspec.checked import compile_text
from keraspec.runtime.data import prepare
from keraspec.runtime.interface import interface_of
from keraspec.runtime.reuse import file_of, used_of
folder, text, name = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
typed = compile_text(text, "spec.keraspec.toml").typed
prepared = prepare(typed, folder)
interface = interface_of(typed, prepared, folder)
used = used_of(interface, file_of(folder / name, interface), targets=True)
total = 0.0
for rows in (*prepared.parts.values(), used.rows):
    for start in range(0, rows.count, 512):
        chosen = np.arange(start, min(start + 512, rows.count))
        total += float(rows.inputs["x"][chosen].sum(dtype="float64")) + float(rows.targets["y"][chosen].sum())
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps({"peak": peak, "total": total}))
"""


def write_csv(path: Path, rows: int) -> None:
    random = np.random.default_rng(0)
    block = "".join(",".join(f"{one:.4f}" for one in line) + "\n" for line in random.normal(size=(500, 41)))
    with path.open("w") as file:
        file.write(",".join([*(f"x{index}" for index in range(40)), "y"]) + "\n")
        for _ in range(rows // 500):
            file.write(block)


def write_records(path: Path, rows: int) -> None:
    random = np.random.default_rng(0)
    lines = random.normal(size=(500, 401)).astype(np.float32).tolist()
    messages = [example({"x": line[:400], "y": line[400:]}) for line in lines]
    block = b"".join(struct.pack("<Q", len(one)) + b"\0" * 4 + one + b"\0" * 4 for one in messages)
    with path.open("wb") as file:
        for _ in range(rows // 500):
            file.write(block)


def measured(folder: Path, kind: str, name: str, cache: str) -> dict[str, float]:
    text = SPEC.replace("KIND", kind).replace("NAME", name).replace("CACHE", cache)
    text = text.replace("COLUMN", '"x*"' if kind == "csv" else '"x"').replace("SIZE", "40" if kind == "csv" else "400")
    own = {**os.environ, "KERASPEC_CACHE": str(folder / "cache")}
    arguments = [sys.executable, "-c", MEASURED, str(folder), text, f"{name}.{kind}"]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=own)
    assert not done.returncode, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("kind", "write", "rows", "above"),
    [("csv", write_csv, 240_000, 150), ("tfrecord", write_records, 30_000, 90)],
    ids=["csv", "tfrecord"],
)
def test_many_rows_take_as_much_memory_as_few(tmp_path, kind, write, rows, above):
    """Many rows may take so many megabytes more than few; read as a whole they take at least twice as many. Arrow holds
    64 of a text that it reads, however large that is."""
    write(tmp_path / f"few.{kind}", 500)
    write(tmp_path / f"many.{kind}", rows)
    few = measured(tmp_path, kind, "few", "false")
    many = measured(tmp_path, kind, "many", "false")
    assert many["peak"] - few["peak"] < above
    whole = measured(tmp_path, kind, "many", "true")
    assert whole["peak"] - few["peak"] > 2 * above
    assert whole["total"] == many["total"]

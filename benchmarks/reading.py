"""The benchmarks of reading: python benchmarks/reading.py [csv] [images] [memory], everything if none is named.

``csv``: rows a second from a file to batches in memory, one epoch in order, against ``make_csv_dataset``.
``images``: folders of JPEGs, small ones and photographs, decoded and resized, against ``image_dataset_from_directory``:
the first epoch, and three epochs. The rival decodes as TensorFlow's default has it, which is not exact: so its files
are decoded with the exact method here, and pixels are compared. ``memory``: peak of training from a file of 2.5 GB
above that of the same training on a few rows.

Each side is a process of its own; medians of five pairs, in turn. Prints lines of JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__)
COLUMNS, BATCH = 30, 512
CSV_ROWS, CSV_RIVAL_ROWS = 200_000, 40_000
FEW_IMAGES, EPOCHS = 96, 3
KINDS = {"small": (450, 10, 96), "photographs": (240, 30, 160)}
"""Kind of pictures → how many, how large a square of one colour is in them, and the size that a model takes."""
LARGE = 2.5e9

SPEC = """
keraspec = 1
name = "reading"
inputs.x.shape = [30]
[[layers]]
name = "y"
type = "Dense"
units = 1
activation = "sigmoid"
[data]
source = { type = "csv", path = "PATH" }
inputs.x.column = "x*"
targets.y.column = "label"
batch_size = 512
shuffle = SHUFFLE
cache = CACHE
[training]
loss = "binary_crossentropy"
epochs = 1
"""


def write_csv(path: Path, size: float, rows: int | None = None) -> None:
    """Random numbers of five digits in 30 columns, and a label in words."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pc

    random = np.random.default_rng(0)
    block = random.normal(size=(20_000, COLUMNS)).round(5)
    label = np.where(block[:, 0] > 0, "yes", "no")
    table = pa.table({**{f"x{index}": block[:, index] for index in range(COLUMNS)}, "label": label})
    text = pa.BufferOutputStream()
    pc.write_csv(table, text, pc.WriteOptions(include_header=False, quoting_style="none"))
    body = text.getvalue().to_pybytes()
    with path.open("wb") as file:
        file.write((",".join(table.column_names) + "\n").encode())
        written = 0
        while (rows is not None and written < rows) or (rows is None and file.tell() < size):
            file.write(body)
            written += len(block)


def checked(folder: Path, path: str, *, cache: str, shuffle: bool) -> Any:
    """The spec over a file."""
    from keraspec.checked import compile_text

    text = SPEC.replace("PATH", path).replace("CACHE", cache).replace("SHUFFLE", str(shuffle).lower())
    found = compile_text(text, str(folder / "reading.keraspec.toml"))
    assert not found.errors, found.diagnostics
    return found.typed


def csv_keraspec(folder: Path) -> dict[str, float]:
    """Rows a second of the spec's data, from the file to the last batch."""
    import tensorflow as tf  # noqa: F401 - both sides begin when it is there

    from keraspec.runtime.data import prepare
    from keraspec.runtime.feed import Form, feed

    for path in ("small.csv", "large.csv"):  # the first makes everything be imported
        start = time.perf_counter()
        prepared = prepare(checked(folder, path, cache="true", shuffle=False), folder)
        rows = prepared.parts["train"]
        count = sum(int(x.shape[0]) for x, _ in feed(rows, Form({"x": "float32"}, ("y",), False), BATCH))
        seconds = time.perf_counter() - start
    return {"rows_per_second": count / seconds}


def csv_keras(folder: Path) -> dict[str, float]:
    """Rows a second of ``make_csv_dataset``, as the tutorial on CSV files has it."""
    import tensorflow as tf

    for path in ("small.csv", "rival.csv"):
        start = time.perf_counter()
        dataset = tf.data.experimental.make_csv_dataset(
            str(folder / path), BATCH, label_name="label", num_epochs=1, shuffle=False
        )
        count = sum(
            int(label.shape[0]) for _, label in dataset.map(lambda row, label: (tf.stack([*row.values()], 1), label))
        )
        seconds = time.perf_counter() - start
    return {"rows_per_second": count / seconds}


def write_images(folder: Path) -> None:
    """JPEGs of several sizes, in three classes; a few of each kind once more, in a folder of their own."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for kind, (count, square, _) in KINDS.items():
        for index in range(FEW_IMAGES + count):
            place = folder / kind / ("few" if index < FEW_IMAGES else "all") / f"class{index % 3}"
            place.mkdir(parents=True, exist_ok=True)
            coarse = random.integers(0, 255, (12 + index % 5, 16, 3))
            made = np.kron(coarse, np.ones((square, square, 1)))
            if kind == "photographs":  # no area of a photograph is of one colour
                made = (made * 0.9 + random.normal(12, 6, (*made.shape[:2], 1))).clip(0, 255)
            Image.fromarray(made.astype(np.uint8)).save(place / f"{index:03}.jpg", quality=90)


def gone_through(batches: Any, start: float) -> tuple[float, float, float]:
    """Seconds of the first epoch and of all, and then, when the clock has stopped, the sum of all pixels."""
    seconds = []
    for _ in range(EPOCHS):
        for _ in batches:
            pass
        seconds.append(time.perf_counter() - start)
    return seconds[0], seconds[-1], sum(float(batch[0].numpy().sum(dtype="float64")) for batch in batches)


def images_keraspec(folder: Path) -> dict[str, Any]:
    """Seconds of the first epoch and of all, from the folder to the last batch."""
    import tensorflow as tf  # noqa: F401

    from keraspec.runtime.data import Rows
    from keraspec.runtime.feed import Form, feed
    from keraspec.runtime.pending import open_files
    from keraspec.runtime.sources import reader

    kind = os.environ["READING_KIND"]
    size = KINDS[kind][2]

    def once(name: str) -> tuple[float, float, float]:
        start = time.perf_counter()
        files = reader("images").read({"type": "images", "path": name}, folder / kind, ()).columns["image"]
        values = open_files(files, (size, size, 3)).values
        batches = feed(Rows({"x": values}, {}), Form({"x": "float32"}, (), False), 32)
        return gone_through(batches, start)

    once("few")  # makes everything be imported
    first, every, total = once("all")
    return {"first": first, "every": every, "sum": total}


def images_keras(folder: Path) -> dict[str, Any]:
    """The same by ``image_dataset_from_directory``, decoding as exactly, with the cache that the tutorial has."""
    import keras
    import tensorflow as tf

    kind = os.environ["READING_KIND"]
    size = KINDS[kind][2]
    inexact = tf.image.decode_image

    def exact(contents: Any, channels: int = 0, expand_animations: bool = False, **how: Any) -> Any:
        return tf.io.decode_jpeg(contents, channels=channels, dct_method="INTEGER_ACCURATE")

    def once(name: str) -> tuple[float, float, float]:
        start = time.perf_counter()
        dataset = keras.utils.image_dataset_from_directory(
            str(folder / kind / name), image_size=(size, size), batch_size=32, shuffle=False, verbose=0
        )
        return gone_through(dataset.cache().prefetch(tf.data.AUTOTUNE), start)

    tf.image.decode_image = exact
    try:
        once("few")
        first, every, total = once("all")
    finally:
        tf.image.decode_image = inexact
    return {"first": first, "every": every, "sum": total}


def memory_keraspec(folder: Path) -> dict[str, float]:
    """Peak resident megabytes of training from a file; which, the environment says."""
    from keraspec.runtime.progress import Progress
    from keraspec.runtime.train import train

    name = os.environ["READING_FILE"]
    train(checked(folder, name, cache="false", shuffle=True), folder, run_dir=folder / f"run-{name}", show=Progress())
    status = Path("/proc/self/status").read_text("utf-8")
    return {"peak": int(status.partition("VmHWM:")[2].split()[0]) / 1024}


SIDES = {
    "csv keraspec": csv_keraspec,
    "csv keras": csv_keras,
    "images keraspec": images_keraspec,
    "images keras": images_keras,
    "memory keraspec": memory_keraspec,
}


def side(name: str, folder: Path, **environment: str) -> dict[str, Any]:
    """What one side measures, in a process of its own."""
    own = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERASPEC_CACHE": str(folder / "cache"), **environment}
    done = subprocess.run(
        [sys.executable, str(HERE), "--side", name, str(folder)], capture_output=True, text=True, check=False, env=own
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def csv(folder: Path, rounds: int = 5) -> dict[str, float]:
    """Rows a second, and how many times those of the rival."""
    write_csv(folder / "small.csv", 0, 20_000)
    write_csv(folder / "large.csv", 0, CSV_ROWS)
    write_csv(folder / "rival.csv", 0, CSV_RIVAL_ROWS)
    pairs = [(side("csv keraspec", folder), side("csv keras", folder)) for _ in range(rounds)]
    ours, theirs = ([pair[index]["rows_per_second"] for pair in pairs] for index in (0, 1))
    ratio = statistics.median(one / two for one, two in zip(ours, theirs, strict=True))
    return {"ours": statistics.median(ours), "theirs": statistics.median(theirs), "ratio": ratio}


def images(folder: Path, rounds: int = 5) -> dict[str, dict[str, float]]:
    """How many times as fast as the rival the first epoch is, and three together, of each kind of pictures."""
    write_images(folder)
    return {kind: _images(folder, kind, rounds) for kind in KINDS}


def _images(folder: Path, kind: str, rounds: int) -> dict[str, float]:
    pairs = [
        (side("images keraspec", folder, READING_KIND=kind), side("images keras", folder, READING_KIND=kind))
        for _ in range(rounds)
    ]
    assert len({pair[index]["sum"] for pair in pairs for index in (0, 1)}) == 1, "pixels differ"
    found = {}
    for what in ("first", "every"):
        found[what] = statistics.median(two[what] / one[what] for one, two in pairs)
        found[f"{what}_seconds"] = statistics.median(one[what] for one, _ in pairs)
    return found


def memory(folder: Path) -> dict[str, float]:
    """Megabytes above training on a few rows."""
    write_csv(folder / "small.csv", 0, 20_000)
    write_csv(folder / "huge.csv", LARGE)
    few = side("memory keraspec", folder, READING_FILE="small.csv")["peak"]
    many = side("memory keraspec", folder, READING_FILE="huge.csv")["peak"]
    return {"few": few, "many": many, "above": many - few}


PARTS = {"csv": csv, "images": images, "memory": memory}


def main() -> None:
    """Run the parts that were asked for, or one side of one."""
    if sys.argv[1:2] == ["--side"]:
        print(json.dumps(SIDES[sys.argv[2]](Path(sys.argv[3]))))
        return
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps({name: PARTS[name](Path(folder))}), flush=True)


if __name__ == "__main__":
    main()

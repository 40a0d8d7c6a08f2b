"""From seeds, and from the tables beside them, to the small data of ``examples/training``.

``python tools/training_data.py examples/data`` writes all of it again, to the same bytes with the same NumPy; the test
of the programs holds the committed files against it. ``penguins.tfrecord`` needs TensorFlow.
"""

from __future__ import annotations

import csv
import gzip
import io
import struct
import sys
import wave
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

DATA: Final = Path(__file__).resolve().parents[1] / "examples" / "data"
MEASURES: Final = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
TONES: Final = {
    "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "4": (770, 1209), "5": (770, 1336), "6": (770, 1477),
    "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "0": (941, 1336),
}  # fmt: skip
"""The two tones, in hertz, by which a telephone names a digit. Source: ITU-T Recommendation Q.23."""
RATE: Final = 4000
"""Samples a second of the sounds."""

Files = Mapping[str, bytes]


def regression() -> Files:
    """400 rows of eight numbers, and a number that bends with three of them."""
    random = np.random.default_rng(1)
    x = random.normal(size=(400, 8)).astype("float32")
    y = np.sin(x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.3 * x[:, 3] + random.normal(0, 0.05, 400)
    return {"regression.npz": _npz(x=x, y=y.astype("float32"))}


def lines() -> Files:
    """100 points about y = 2x + 1, far from the line and near to it."""
    random = np.random.default_rng(2)
    x = random.uniform(-1, 1, 100)
    files = {}
    for name, noise in (("line", 0.3), ("quiet_line", 0.05)):
        y = 2 * x + 1 + random.normal(0, noise, 100)
        files[f"{name}.csv"] = _table(["x", "y"], [(f"{one:.6f}", f"{two:.6f}") for one, two in zip(x, y, strict=True)])
    return files


def payments() -> Files:
    """1,500 payments, of which one in 25 is a fraud and lies among the others."""
    random = np.random.default_rng(3)
    kind = (np.arange(1500) % 25 == 0).astype(int)
    random.shuffle(kind)
    x = random.normal(0, 1, (1500, 4)) + kind[:, None] * [1.2, -1.0, 0.8, 0.0]
    rows = [(*(f"{one:.4f}" for one in row), ("no", "yes")[is_fraud]) for row, is_fraud in zip(x, kind, strict=True)]
    return {"payments.csv": _table(["amount", "age", "distance", "hour", "fraud"], rows)}


def penguins() -> Files:
    """The 342 penguins that were measured, as arrays and as TFRecord; penguins.csv has the same."""
    with (DATA / "penguins.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if all(row[name] != "NA" for name in MEASURES)]
    numbers = {name: np.array([float(row[name]) for row in rows], "float32") for name in MEASURES}
    return {
        "penguins.npz": _npz(**numbers, species=np.array([row["species"] for row in rows])),
        "penguins.tfrecord": _records(rows),
    }


def _records(rows: Sequence[Mapping[str, str]]) -> bytes:
    import tempfile

    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for row in rows:
                example = tf.train.Example()
                feature = example.features.feature
                for name in MEASURES:
                    feature[name].float_list.value.append(float(row[name]))
                feature["species"].bytes_list.value.append(row["species"].encode())
                writer.write(example.SerializeToString(deterministic=True))
        return path.read_bytes()


def digits() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The pictures of digits.csv, 8x8 with values from 0 to 16, and their digits."""
    table = np.loadtxt(DATA / "digits.csv", delimiter=",", skiprows=1, dtype=int)
    return table[:, :-1].reshape(-1, 8, 8).astype("uint8"), table[:, -1].astype("uint8")


def digits_as_mnist() -> Files:
    """The same digits in files as those of MNIST: 28x28 pixels from 0 to 255, the last 397 for testing."""
    small, labels = digits()
    large = np.pad(np.kron(small, np.ones((3, 3), "uint8")), ((0, 0), (2, 2), (2, 2)))
    images = (large.astype(int) * 255 // 16).astype("uint8")
    files = {}
    for name, part in (("train", slice(0, 1400)), ("t10k", slice(1400, None))):
        files[f"digits_as_mnist/{name}-images-idx3-ubyte.gz"] = _idx(images[part])
        files[f"digits_as_mnist/{name}-labels-idx1-ubyte.gz"] = _idx(labels[part])
    return files


def digits_apart() -> Files:
    """All of the digits 0 to 4; and of 5 to 9 three each to learn from, and the rest to be tested with."""
    images, labels = digits()
    low = labels < 5
    few = np.zeros(len(labels), bool)
    for digit in range(5, 10):
        few[np.flatnonzero(labels == digit)[:3]] = True
    part = np.where(few, "train", "test")
    return {
        "digits_0_to_4.npz": _npz(image=images[low], label=labels[low]),
        "digits_5_to_9.npz": _npz(image=images[~low], label=labels[~low], part=part[~low]),
    }


def pairs() -> Files:
    """3,000 pairs of digits, half of them of the same digit; no picture is in the training and in the test pairs."""
    random = np.random.default_rng(4)
    images, labels = digits()
    taken: dict[str, list[Any]] = {"left": [], "right": [], "same": [], "part": []}
    for part, count, first, last in (("train", 2400, 0, 1300), ("test", 600, 1300, len(labels))):
        for number in range(count):
            one = random.integers(first, last)
            alike = labels[first:last] == labels[one]
            other = first + random.choice(np.flatnonzero(alike if number % 2 else ~alike))
            for name, value in zip(taken, (images[one], images[other], number % 2, part), strict=True):
                taken[name].append(value)
    return {"digit_pairs.npz": _npz(**{name: np.array(values) for name, values in taken.items()})}


def reviews() -> Files:
    """600 sentences about a meal; one word turns the meaning of another round, so it is their order that tells."""
    random = np.random.default_rng(5)
    things = ["soup", "bread", "fish", "service", "wine", "cake", "salad", "coffee"]
    words = {1: ["good", "lovely", "fresh", "perfect"], 0: ["bad", "stale", "cold", "awful"]}
    very, ends = ["", "really ", "so ", "quite "], ["", " today", " again", " I thought", " to be honest"]
    rows = []
    for number in range(600):
        told, turned = number % 2, bool(random.integers(0, 2))
        word = random.choice(words[told ^ turned])
        thing, more, end = (str(random.choice(one)) for one in (things, very, ends))
        filler = f"we had the {random.choice(things)}, " if random.integers(0, 2) else ""
        text = f"{filler}the {thing} was {'not ' if turned else ''}{more}{word}{end}"
        rows.append((text[0].upper() + text[1:] + ".", ("bad", "good")[told]))
    return {"reviews.csv": _table(["text", "label"], rows)}


def tones() -> Files:
    """14 sounds of each digit as a telephone makes it, a fifth of a second, some of them hard to hear."""
    random = np.random.default_rng(6)
    files = {}
    time = np.arange(RATE // 5) / RATE
    for digit, (low, high) in sorted(TONES.items()):
        for take in range(14):
            loud, noise = random.uniform(0.05, 0.3), random.uniform(0.02, 0.15)
            tone = sum(np.sin(2 * np.pi * (one * time + random.uniform())) for one in (low, high))
            samples = loud * tone + random.normal(0, noise, len(time))
            samples[: random.integers(0, RATE // 20)] = 0  # the key is pressed a little later
            files[f"tones/{digit}/{take:02d}.wav"] = _wav(np.clip(samples, -1, 1))
    return files


MAKERS: Final[tuple[Callable[[], Files], ...]] = (
    regression, lines, payments, penguins, digits_as_mnist, digits_apart, pairs, reviews, tones,
)  # fmt: skip


def _npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([names, *rows])
    return stream.getvalue().encode()


def _idx(array: np.ndarray[Any, Any]) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def _wav(samples: np.ndarray[Any, Any]) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return stream.getvalue()


def main(folder: Path) -> None:
    """Write all files below a folder."""
    for maker in MAKERS:
        for name, content in maker().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/training_data.py FOLDER")
    main(Path(sys.argv[1]))

"""What TensorBoard shows of a run, read back as TensorFlow reads it."""

from __future__ import annotations

import math
import struct

import pytest

from keraspec.runtime.event_files import FILE, EventFiles
from keraspec.runtime.progress import Progress
from keraspec.runtime.train import train

SPEC = """
keraspec = 1
inputs.x.shape = [3]
layers = [{ type = "Dense", units = 1 }]
[data]
source = { type = "synthetic", rows = 40 }
split.validation = 0.5
[training]
loss = "mse"
epochs = 3
"""


def read(folder):
    """The events of a part as (epoch, {tag: value}); TensorFlow checks the sums of each record."""
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    found, times = [], []
    for raw in tf.data.TFRecordDataset(str(folder / FILE)).as_numpy_iterator():
        event = event_pb2.Event.FromString(raw)
        times.append(event.wall_time)
        if event.file_version:
            assert (event.file_version, found) == ("brain.Event:2", [])
        else:
            found.append((event.step, {one.tag: one.simple_value for one in event.summary.value}))
    assert times == sorted(times)
    return found


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def expected(rows, prefix):
    told = [
        (
            index,
            {
                f"epoch_{key.removeprefix('val_')}": single(value)
                for key, value in row.items()
                if key.startswith("val_") == bool(prefix) and key != "epoch"
            },
        )
        for index, row in enumerate(rows, 1)
    ]
    return [(index, values) for index, values in told if values]


@pytest.mark.parametrize("first", [1, 3])
def test_every_number_is_there_however_it_is_written(tmp_path, first):
    rows = [
        {"epoch": 1, "loss": 0.5, "größe": 1.5, "seconds": 0.25},
        {"epoch": 2, "loss": 0.25, "val_loss": 3.0, "seconds": 40.0},
        {"epoch": 3, "loss": 1e-7, "val_loss": 2.0, "val_größe": -1.0},
    ]
    files = EventFiles(tmp_path)
    files.write(rows[:first])
    files.write(rows[:first])
    files.write(rows)
    for part, prefix in (("train", ""), ("validation", "val_")):
        assert read(tmp_path / part) == expected(rows, prefix)
    EventFiles(tmp_path).write(rows[:1])  # gone on with from an earlier epoch, by another process
    assert read(tmp_path / "train") == expected(rows[:1], "")
    assert read(tmp_path / "validation") == []


def test_numbers_that_are_none(tmp_path):
    EventFiles(tmp_path).write([{"epoch": 1, "loss": math.nan, "val_loss": 1e300}])
    ((_, found),) = read(tmp_path / "train")
    assert math.isnan(found["epoch_loss"])
    assert read(tmp_path / "validation") == [(1, {"epoch_loss": math.inf})]


def test_a_run_has_them(check, tmp_path):
    run = train(check(SPEC).typed, tmp_path, run_dir=tmp_path / "run", show=Progress(lambda text: None))
    for part, name in (("train", "loss"), ("validation", "val_loss")):
        found = read(tmp_path / "run" / "tensorboard" / part)
        assert [step for step, _ in found] == [1, 2, 3]
        assert [values["epoch_loss"] for _, values in found] == pytest.approx([row[name] for row in run.history])

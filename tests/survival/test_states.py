"""What is written down, when, and how it is read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.runtime import checkpoints as module
from keraspec.runtime.checkpoints import Checkpoints
from keraspec.runtime.data import Rows
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.resume import fingerprint, going_on
from keraspec.runtime.run import RunFolder
from keraspec.runtime.state import KEPT, DamagedError, Point, Snapshot, finite, put_back, read_snapshot, states_of
from keraspec.runtime.state import write_snapshot as write
from keraspec.spec.spec import Checkpoint, Training

POINT = Point(1, 4, 2, 22)


def snapshot() -> Snapshot:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    arrays = {
        "model.0": np.array([[1.5, np.nextafter(2.0, 3.0)]], np.float32),
        "model.1": np.array(7, np.int64),
        "model.2": np.arange(6, dtype=ml_dtypes.bfloat16).reshape(2, 3),
        "metrics.0": np.zeros((0, 3), np.float32),
    }
    return Snapshot(POINT, {"history": [{"loss": 0.1 + 0.2}], "best": None, "far": float("inf")}, arrays)


def test_written_and_read(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", snapshot())
    found = read_snapshot(tmp_path / "a.npz")
    assert found.point == POINT
    assert found.values == snapshot().values
    for name, array in snapshot().arrays.items():
        assert found.arrays[name].dtype == array.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == array.tobytes()
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
    with np.load(tmp_path / "a.npz", allow_pickle=False) as opened:
        assert opened["model.0"].tolist() == snapshot().arrays["model.0"].tolist()


def test_any_byte_that_matters_is_missed(tmp_path: Path) -> None:
    """Every byte turned, one after the other: the file is refused, or says the very same."""
    path = tmp_path / "a.npz"
    write(path, snapshot())
    whole = path.read_bytes()
    refused = 0
    for place in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        try:
            found = read_snapshot(path)
        except DamagedError:
            refused += 1
            continue
        assert found.point == POINT
        assert all((found.arrays[name] == array).all() for name, array in snapshot().arrays.items())
    assert refused > len(whole) / 3 / 3
    for length in range(0, len(whole), 40):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedError):
            read_snapshot(path)


def test_nothing_is_left_of_what_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.npz", snapshot())
    before = (tmp_path / "a.npz").read_bytes()

    def full(_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / "a.npz", snapshot())
    assert (tmp_path / "a.npz").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_numbers_that_are_none_are_not_kept() -> None:
    good = snapshot()
    assert finite(good)
    for value in (np.nan, np.inf):
        bad = np.array([[1.5, value]], np.float32)
        assert not finite(Snapshot(POINT, {}, {**good.arrays, "model.0": bad}))
        assert finite(Snapshot(POINT, {}, {**good.arrays, "metrics.0": bad}))


def test_every_callback_that_changes_has_its_record() -> None:
    """Attributes of Keras' callbacks that its methods assign, against those that are kept or need not be."""
    keras = pytest.importorskip("keras")
    import ast
    import inspect
    import textwrap

    made_anew = {
        "_chief_worker_only", "_current_epoch", "_executor", "_in_begin_end_block_count", "_model", "append_header",
        "best_weights", "csv_file", "keys", "min_delta", "model", "monitor_op", "params", "validation_data", "writer",
        "epoch", "history",
        # Of TensorBoard: writers, and what it measures of the time of a step.
        "_batch_start_time", "_batch_trace_context", "_epoch_start_time", "_is_tracing", "_log_write_dir",
        "_prev_summary_state",
        "_previous_epoch_iterations", "_profiler_started", "_should_trace", "_should_write_train_graph",
        "_start_batch",
        "_stop_batch", "_summary_module", "_train_accumulated_time", "_train_dir", "_val_dir", "_writers", "log_dir",
        "_train_begin_time", "_embeddings", "_global_train_step", "mode",
        # Of BackupAndRestore, whose own checkpoints are not needed here.
        "_training_config_path", "_prev_weights_path", "_weights_path", "_last_batch_seen",
        "_batches_seen_since_last_saving",
        # Of OrbaxCheckpoint: its file, and saves that are under way.
        "_async_futures", "_checkpointer", "manager", "_multihost_initialized", "_is_async",
    }  # fmt: skip
    for name in dir(keras.callbacks):
        kind = getattr(keras.callbacks, name)
        if not (isinstance(kind, type) and issubclass(kind, keras.callbacks.Callback)):
            continue
        if name in ("Callback", "CallbackList", "ProgbarLogger", "LambdaCallback", "History", "RemoteMonitor"):
            continue
        assigned = set()
        for method, function in inspect.getmembers(kind, inspect.isfunction):
            if method == "__init__" or not function.__module__.startswith("keras.src.callbacks"):
                continue
            for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
                targets = node.targets if isinstance(node, ast.Assign) else (
                    [node.target] if isinstance(node, ast.AugAssign) else [])  # fmt: skip
                assigned |= {one.attr for one in targets
                             if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "self"}  # fmt: skip
        assert assigned - made_anew <= set(KEPT.get(name, ())), name


def test_states_of_callbacks() -> None:
    keras = pytest.importorskip("keras")
    one, other = (keras.callbacks.EarlyStopping("loss", min_delta=0.1, restore_best_weights=True) for _ in range(2))
    one.best, one.wait, one.best_weights = np.float32(0.25), 3, [np.ones(2), np.zeros(3)]
    values, arrays = states_of([one, keras.callbacks.TerminateOnNaN()])
    assert values[0] | {"type": "EarlyStopping"} == values[0]
    put_back([other, keras.callbacks.TerminateOnNaN()], values, arrays)
    assert (other.best, other.wait, other.min_delta) == (0.25, 3, 0.1)
    assert [list(array) for array in other.best_weights] == [[1, 1], [0, 0, 0]]
    with pytest.raises(DamagedError, match="other callbacks"):
        put_back([other], values, arrays)


@pytest.mark.parametrize(
    ("stated", "steps", "epochs", "seconds"),
    [
        ("epoch", None, 1, None),
        (100, 100, None, None),
        ("1 step", 1, None, None),
        ("5 epochs", None, 5, None),
        ("10 minutes", None, None, 600.0),
        ("0.5 hours", None, None, 1800.0),
    ],
)
def test_distances(stated: Any, steps: int | None, epochs: int | None, seconds: float | None) -> None:
    one = Checkpoint(stated)
    assert (one.steps, one.epochs, one.seconds) == (steps, epochs, seconds)


class Clock:
    """A time of one's own."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


def keeper(tmp_path: Path, said: list[str], **stated: Any) -> Checkpoints:
    found = Checkpoints(RunFolder(tmp_path), None, said.append)  # type: ignore[arg-type]
    found.begin(Training(checkpoint=Checkpoint(**stated) if stated else None), 10**6)
    return found


def test_at_most_a_twentieth_of_the_time(tmp_path: Path, clock: Clock, said: list[str]) -> None:
    """Where the spec says nothing: epochs that are too short are passed over, and long ones are not waited for."""
    found = keeper(tmp_path, said)
    assert not found.due_after_epoch(1, 10)
    assert len(said) == 1
    assert "5 %" in said[0]
    clock.now += 20 * (0.02 + 10**6 / 2e8)
    assert found.due_after_epoch(2, 20)
    found.cost, found.last = 3.0, clock.now
    clock.now += 59
    assert not found.due_after_epoch(3, 30)
    clock.now += 1
    assert found.due_after_epoch(4, 40)
    assert not found.due_in_epoch(40)
    clock.now += 540
    assert found.due_in_epoch(45)
    assert len(said) == 1


def test_as_it_is_stated(tmp_path: Path, clock: Clock, said: list[str]) -> None:
    by_steps = keeper(tmp_path, said, every=4)
    assert [by_steps.room(steps) for steps in (0, 3, 4, 6)] == [4, 1, 4, 2]
    assert [by_steps.due_in_epoch(steps) for steps in (3, 4, 5, 8)] == [False, True, False, True]
    assert by_steps.due_after_epoch(1, 8)
    assert not by_steps.due_after_epoch(2, 9)
    by_epochs = keeper(tmp_path, said, every="3 epochs")
    assert [by_epochs.due_after_epoch(epoch, 9) for epoch in (1, 2, 3, 6)] == [False, False, True, True]
    by_time = keeper(tmp_path, said, every="2 minutes")
    assert by_time.room(5) is None
    assert not by_time.due_in_epoch(7)
    clock.now += 120
    assert by_time.due_in_epoch(8)
    assert by_time.due_after_epoch(1, 8)


def test_fingerprints(tmp_path: Path) -> None:
    import dataclasses

    random = np.random.default_rng(0)
    x, words = random.normal(size=(50, 3)), np.array(["a", "b"] * 25, object)
    rows = Rows({"x": x, "w": words}, {"y": np.arange(50)})
    before = fingerprint({"train": rows})
    assert list(before) == ["train.inputs.x", "train.inputs.w", "train.targets.y"]
    assert fingerprint({"train": Rows({"x": x.copy(), "w": words.copy()}, {"y": np.arange(50)})}) == before

    def changed(**more: Any) -> list[str]:
        now = fingerprint({"train": dataclasses.replace(rows, **more)})
        return [name for name in before if now[name] != before[name]]

    turned = x.copy()
    turned[31, 1] = np.nextafter(turned[31, 1], 9)
    assert changed(inputs={"x": turned, "w": words}) == ["train.inputs.x"]
    assert changed(inputs={"x": x.astype(np.float32), "w": words}) == ["train.inputs.x"]
    assert changed(inputs={"x": x, "w": np.array(["a", "b"] * 24 + ["a", "c"], object)}) == ["train.inputs.w"]
    assert changed(targets={"y": np.arange(50)[::-1]}) == ["train.targets.y"]
    read: list[int] = []

    def rows_of_a_file(chosen: Any) -> Any:
        read.extend(chosen)
        return x[chosen]

    held = Deferred(rows_of_a_file, np.arange(50), (3,), x.dtype)
    assert list(fingerprint({"train": Rows({"x": held}, {})})) == ["train.inputs.x"]
    assert read[0] == 0
    assert read[-1] == 49
    assert len(read) == 16


def test_a_log_that_goes_on(tmp_path: Path) -> None:
    """Rows of epochs that come again go, and so does what was written by halves."""
    keras = pytest.importorskip("keras")
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,0.5\n1,0.4\n2,0.3\n3,0.")
    one = keras.callbacks.CSVLogger(str(path))
    going_on([one], 2)
    one.set_params({})
    one.on_train_begin()
    for epoch in (2, 3):
        one.on_epoch_end(epoch, {"loss": 0.25})
    one.on_train_end()
    rows = [row.split(",")[:2] for row in path.read_text().splitlines()]
    assert rows == [["epoch", "loss"], ["0", "0.5"], ["1", "0.4"], ["2", "0.25"], ["3", "0.25"]]

"""Our loop over epochs calls callbacks as Keras' own does, in the same order and with the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from keraspec.runtime.driver import drive
from keraspec.runtime.steps import KerasSteps, Streamed

pytest.importorskip("tensorflow")

HEARD = [
    "on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_train_batch_end",
    "on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end",
]  # fmt: skip


def model(at_once: int) -> Any:
    import keras

    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(4, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    made = keras.Sequential([keras.Input((3,)), *layers])
    made.compile("adam", "mse", metrics=["mae"], steps_per_execution=at_once, jit_compile=False)
    return made


def batches(rows: int) -> Any:
    import tensorflow as tf

    random = np.random.default_rng(rows)
    x, y = random.normal(size=(rows, 3)).astype("float32"), random.normal(size=(rows, 1)).astype("float32")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(4)


def recorder(said: list[Any]) -> Any:
    """A callback that writes down whatever it is told."""
    import keras

    class Recorder(keras.callbacks.Callback):
        """All that is said, with plain numbers."""

    def heard(name: str) -> Any:
        def hear(self: Any, *given: Any, **named: Any) -> None:
            plain = [plainly(one) for one in (*given, *named.values())]
            said.append((name, *plain, bool(self.model.stop_training)))
            if name == "on_train_begin":
                said.append(("params", dict(self.params)))

        return hear

    for name in HEARD:
        setattr(Recorder, name, heard(name))
    return Recorder()


def plainly(value: Any) -> Any:
    return {name: float(one) for name, one in sorted(value.items())} if isinstance(value, Mapping) else value


class Nothing:
    """Nothing happens between steps."""

    def begun(self, epoch: int, step: int) -> None: ...
    def room(self) -> int | None:
        return None

    def taken(self, epoch: int, step: int, logs: Any) -> bool:
        return False

    def ended(self, epoch: int, logs: Any, *, whole: bool) -> bool:
        assert whole
        return False


@pytest.mark.parametrize("at_once", [1, 3])
def test_callbacks_as_fit_has_them(at_once: int) -> None:
    """With a last batch that is smaller, a last call that is shorter, and EarlyStopping before the end."""
    import keras

    train, validation = batches(30), batches(10)
    runs = []
    for ours in (True, False):
        one, said = model(at_once), []
        callbacks = [recorder(said), keras.callbacks.EarlyStopping("val_loss", patience=1, min_delta=10.0),
                     keras.callbacks.ReduceLROnPlateau("loss", patience=0, min_delta=10.0)]  # fmt: skip
        if ours:
            drive(one, KerasSteps(one, train), validation=validation, first=2, epochs=9, callbacks=callbacks,
                  between=Nothing())  # fmt: skip
        else:
            one.fit(train, validation_data=validation, initial_epoch=2, epochs=9, callbacks=callbacks,
                    shuffle=False, verbose=0)  # fmt: skip
        runs.append((one, said))
    (one, said), (other, expected) = runs
    assert said == expected
    assert sum(entry[0] == "on_epoch_end" for entry in said) == 2
    assert one.history.history == other.history.history
    assert one.history.epoch == other.history.epoch == [2, 3]
    for mine, theirs in zip(one.variables, other.variables, strict=True):
        assert np.array(mine).tobytes() == np.array(theirs).tobytes()
    for mine, theirs in zip(one.optimizer.variables, other.optimizer.variables, strict=True):
        assert np.array(mine).tobytes() == np.array(theirs).tobytes()


def test_a_length_that_is_not_known() -> None:
    """The epoch ends where the batches do, and asked for room no more steps are taken at once."""
    asked: list[int] = []

    class Roomy(Nothing):
        def room(self) -> int | None:
            return 2

        def taken(self, epoch: int, step: int, logs: Any) -> bool:
            asked.append(step)
            return False

    one = model(1)
    steps = Streamed(one, batches(30).filter(lambda x, y: True), 5, one.train_step)
    assert steps.count is None
    one._symbolic_build(data_batch=next(iter(batches(30))))
    drive(one, steps, validation=None, first=0, epochs=2, callbacks=[], between=Roomy())
    assert asked == [2, 4, 6, 8, 2, 4, 6, 8]
    assert int(one.optimizer.iterations) == 16

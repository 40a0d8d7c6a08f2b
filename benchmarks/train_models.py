"""How fast five models are trained, against three ways of doing so by hand: python train_models.py MODEL [FOLDER].

MODEL is ``one_layer`` (784-10), ``mlp`` (784-128-10 with dropout), ``cnn`` (16 and 32 filters), ``lstm`` (28 steps) or
``table`` (8 numbers and a word). All sides have the same rows, batches of 32 and the same layers:

- tutorial: ``from_tensor_slices``, ``map``, ``shuffle``, ``batch``, and ``fit``;
- tuned: batches gathered at once out of memory, prepared beforehand, prefetched, ``steps_per_execution = 32``, ``fit``;
- tape: the same batches, and a compiled step with a ``tf.GradientTape``.

All compute with the kernels that keraspec chooses for the model (oneDNN's for the CNN), which the hand-written sides
would not have by themselves on every processor.

One epoch of each in turn, six times; the first, in which all compile, is not counted. Prints one line of JSON: rows a
second of each side, and the median of the ratios of keraspec to it, by the clock and by processor time (``work``): on a
machine with other work the clock favours whoever has more threads. Ours has all that happens between two epochs in it.

``checkpoints`` in place of a model: what checkpoints cost where a spec says nothing of them, as a share of its time.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SIZE, ROUNDS = 32, 5
WORDS = np.array(["amber", "blue", "coral", "green", "violet"])

Epoch = Callable[[], float]
"""Trains for one epoch; the loss."""


@dataclass(frozen=True)
class Case:
    """A model with its rows, as a spec and by hand.

    ``rows`` are the columns of the file; ``prepare`` makes of one row, or of all, what ``layers`` are given.
    """

    count: int
    rows: Callable[[int], dict[str, np.ndarray]]
    inputs: str
    layers: str
    data: str
    make: Callable[[], list[Any]]
    prepare: Callable[[dict[str, np.ndarray]], Callable[[dict[str, Any]], Any]] | None = None


def pictures(count: int, *, channel: bool = False) -> dict[str, np.ndarray]:
    """Synthetic pictures that can be told apart."""
    random = np.random.default_rng(0)
    label = random.integers(0, 10, count)
    image = random.random((count, 28, 28), dtype=np.float32) * 0.5
    image[np.arange(count), 2 * label] += 0.5
    return {"image": image[..., None] if channel else image, "label": label}


def table(count: int) -> dict[str, np.ndarray]:
    """Numbers on different scales, and a word."""
    random = np.random.default_rng(0)
    numbers = random.normal(size=(count, 8)) * 10.0 ** np.arange(-2, 6) + 5
    word = random.integers(0, len(WORDS), count)
    label = (numbers[:, 2] + word > 7).astype(np.int64)
    columns = {f"n{index}": numbers[:, index].astype(np.float32) for index in range(8)}
    return {**columns, "word": WORDS[word], "label": label}


def of_table(rows: dict[str, np.ndarray]) -> Callable[[dict[str, Any]], Any]:
    """The numbers of a row normalised and the word one-hot, by Keras' layers."""
    import keras
    import tensorflow as tf

    names = [name for name in rows if name.startswith("n")]
    scale = keras.layers.Normalization()
    scale.adapt(np.stack([rows[name] for name in names], axis=1))
    look = keras.layers.StringLookup(output_mode="one_hot")
    look.adapt(rows["word"])

    def prepare(row: dict[str, Any]) -> Any:
        numbers = tf.stack([row[name] for name in names], axis=-1)
        word = tf.cast(look(row["word"]), tf.float32)
        shape = tf.concat([tf.shape(row["word"]), [-1]], axis=0)  # Keras' layers make a batch of a row
        return tf.concat([tf.reshape(scale(numbers), shape), tf.reshape(word, shape)], axis=-1)

    return prepare


def dense(*units: int, dropout: float = 0) -> list[Any]:
    from keras import layers

    found = [layers.Dense(one, "relu") for one in units[:-1]]
    return [*found, *([layers.Dropout(dropout)] if dropout else []), layers.Dense(units[-1], "softmax")]


def convolutions() -> list[Any]:
    from keras import layers

    return [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        *dense(10),
    ]


def flat(*found: Any) -> list[Any]:
    from keras import layers

    return [layers.Flatten(), *found]


def recurrent() -> list[Any]:
    from keras import layers

    return [layers.LSTM(32), *dense(10)]


PICTURES = 'inputs.image.column = "image"\ntargets.kind.column = "label"'
LAST = '{ name = "kind", type = "Dense", units = 10, activation = "softmax" }'
FLAT = '{ type = "Flatten" }'
HIDDEN = '{ type = "Dense", units = 128, activation = "relu" }, { type = "Dropout", rate = 0.2 }'
CONVOLUTIONS = ", ".join(
    f'{{ type = "Conv2D", filters = {filters}, kernel_size = 3, activation = "relu" }}, {{ type = "MaxPooling2D" }}'
    for filters in (16, 32)
)
COLUMNS = ", ".join(f'"n{index}"' for index in range(8))
TABLE = f"""\
inputs.numbers.column = [{COLUMNS}]
inputs.word.column = "word"
targets.kind.column = "label"
"""
TABLE_LAYERS = """\
{ name = "scaled", type = "Normalization", inputs = "numbers" },
{ name = "looked_up", type = "StringLookup", output_mode = "one_hot", inputs = "word" },
{ type = "Concatenate", inputs = ["scaled", "looked_up"] },
{ type = "Dense", units = 32, activation = "relu" }, { type = "Dense", units = 16, activation = "relu" },
{ name = "kind", type = "Dense", units = 2, activation = "softmax" }
"""

CASES = {
    "one_layer": Case(
        40_000, pictures, "image.shape = [28, 28]", f"{FLAT}, {LAST}", PICTURES, lambda: flat(*dense(10))
    ),
    "mlp": Case(
        20_000, pictures, "image.shape = [28, 28]", f"{FLAT}, {HIDDEN}, {LAST}", PICTURES,
        lambda: flat(*dense(128, 10, dropout=0.2)),
    ),
    "cnn": Case(
        8_000, lambda count: pictures(count, channel=True), "image.shape = [28, 28, 1]",
        f"{CONVOLUTIONS}, {FLAT}, {LAST}", PICTURES, convolutions,
    ),
    "lstm": Case(
        16_000, pictures, "image.shape = [28, 28]", f'{{ type = "LSTM", units = 32 }}, {LAST}', PICTURES, recurrent
    ),
    "table": Case(
        8_000, table, 'numbers.shape = [8]\ninputs.word = { shape = [1], dtype = "string" }', TABLE_LAYERS, TABLE,
        lambda: dense(32, 16, 2), of_table,
    ),
}  # fmt: skip


def spec(case: Case) -> str:
    """The case as a spec."""
    return f"""\
keraspec = 1
name = "model"
inputs.{case.inputs}
layers = [{case.layers}]
[data]
source = {{ type = "npz", path = "rows.npz" }}
batch_size = {SIZE}
{case.data}
[training]
seed = 1
optimizer = "adam"
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
epochs = {ROUNDS + 1}
"""


def compiled(case: Case, shape: tuple[int, ...], steps_per_execution: int = 1) -> Any:
    """The model by hand."""
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input(shape), *case.make()])
    model.compile(
        "adam", "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=steps_per_execution
    )
    return model


def by_fit(model: Any, batches: Any) -> Epoch:
    """An epoch of Keras' own loop."""
    numbers: Iterator[int] = iter(range(10**6))

    def epoch() -> float:
        number = next(numbers)
        history = model.fit(batches, initial_epoch=number, epochs=number + 1, verbose=0, shuffle=False)
        return float(history.history["loss"][0])

    return epoch


def by_tape(model: Any, batches: Any) -> Epoch:
    """An epoch of a loop as it is written by hand."""
    import keras
    import tensorflow as tf

    losses = keras.losses.SparseCategoricalCrossentropy()
    optimizer = keras.optimizers.Adam()
    mean, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    optimizer.build(model.trainable_variables)

    @tf.function  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            predicted = model(x, training=True)
            loss = losses(y, predicted)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        mean.update_state(loss)
        accuracy.update_state(y, predicted)

    def epoch() -> float:
        mean.reset_state()
        accuracy.reset_state()
        for x, y in batches:
            step(x, y)
        return float(mean.result())

    return epoch


def rivals(case: Case, rows: dict[str, np.ndarray]) -> dict[str, Epoch]:
    """The other sides, each as what trains for one epoch."""
    import tensorflow as tf

    label = rows["label"]
    raw: Any = rows["image"] if case.prepare is None else {name: one for name, one in rows.items() if name != "label"}
    prepare = (lambda x: tf.cast(x, tf.float32)) if case.prepare is None else case.prepare(rows)
    ready = tf.constant(prepare({name: tf.constant(one) for name, one in raw.items()} if case.prepare else raw))
    target = tf.constant(label)
    count, shape = len(label), tuple(ready.shape[1:])
    slices = tf.data.Dataset.from_tensor_slices((raw, label))
    tutorial = slices.map(lambda x, y: (prepare(x), y)).shuffle(10_000).batch(SIZE)

    def gathered() -> Any:
        indices = tf.data.Dataset.from_tensors(0).map(lambda _: tf.random.shuffle(tf.range(count)))
        starts = tf.data.Dataset.range(0, count, SIZE)
        chosen = indices.flat_map(lambda every: starts.map(lambda start: every[start : start + SIZE]))
        batches = chosen.map(
            lambda rows: (tf.gather(ready, rows), tf.gather(target, rows)), num_parallel_calls=tf.data.AUTOTUNE
        )
        return batches.apply(tf.data.experimental.assert_cardinality(-(-count // SIZE))).prefetch(tf.data.AUTOTUNE)

    return {
        "tutorial": by_fit(compiled(case, shape), tutorial),
        "tuned": by_fit(compiled(case, shape, 32), gathered()),
        "tape": by_tape(compiled(case, shape), gathered()),
    }


def measure(name: str, folder: Path) -> dict[str, Any]:
    """Train with all sides, an epoch each in turn."""
    from keraspec.checked import compile_file
    from keraspec.runtime.kernels import choose_kernels
    from keraspec.runtime.progress import Progress
    from keraspec.training import train

    case = CASES[name]
    rows = case.rows(case.count)
    np.savez(folder / "rows.npz", **rows)  # type: ignore[arg-type]
    path = folder / "model.keraspec.toml"
    path.write_text(spec(case), encoding="utf-8")
    typed = compile_file(path).typed
    assert typed is not None
    choose_kernels(typed)  # before TensorFlow is imported: the rivals have the same
    sides = rivals(case, rows)
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    work: dict[str, list[float]] = {side: [] for side in (*sides, "keraspec")}
    losses: dict[str, float] = {}
    before = 0.0

    def others(*_: object) -> None:
        nonlocal before
        work["keraspec"].append(time.process_time() - before)
        for side, epoch in sides.items():
            start, busy = time.perf_counter(), time.process_time()
            losses[side] = epoch()
            seconds[side].append(time.perf_counter() - start)
            work[side].append(time.process_time() - busy)
        before = time.process_time()

    run = train(compile_file(path), run_dir=folder / f"run-{name}", show=Progress(epoch=others))
    assert run.status == "finished", run.status
    ours = [float(row["seconds"]) for row in run.history][1:]
    losses["keraspec"] = float(run.history[-1]["loss"])
    about = json.loads((run.folder / "run.json").read_text("utf-8"))
    found: dict[str, Any] = {"model": name, "keraspec": round(case.count / statistics.median(ours))}
    for side, times in seconds.items():
        found[side] = round(case.count / statistics.median(times[1:]))
        found[f"against_{side}"] = statistics.median(b / a for a, b in zip(ours, times[1:], strict=True))
        pairs = zip(work["keraspec"][1:], work[side][1:], strict=True)
        found[f"work_against_{side}"] = statistics.median(b / a for a, b in pairs)
    return found | {"losses": losses, "steps_per_execution": about["steps_per_execution"]}


def checkpoints(folder: Path) -> dict[str, Any]:
    """The time of a run with checkpoints as they come, against one without any."""
    from keraspec.checked import compile_file
    from keraspec.runtime.progress import Progress
    from keraspec.training import train

    case, epochs = CASES["mlp"], 12
    np.savez(folder / "rows.npz", **case.rows(case.count))  # type: ignore[arg-type]
    paths = {}
    for name, more in (("with", ""), ("without", 'checkpoint = { every = "1000 epochs" }\n')):
        paths[name] = folder / f"{name}.keraspec.toml"
        paths[name].write_text(spec(case).replace(f"epochs = {ROUNDS + 1}", f"epochs = {epochs}") + more, "utf-8")

    def once(name: str, number: int) -> tuple[float, int]:
        ends: list[float] = []
        written: set[str] = set()
        place = folder / f"run-{name}-{number}"

        def ended(*_: object) -> None:
            ends.append(time.perf_counter())
            written.update(path.name for path in place.rglob("step-*.npz"))

        run = train(compile_file(paths[name]), run_dir=place, show=Progress(epoch=ended))
        assert run.status == "finished", run.status
        return ends[-1] - ends[0], len(written)

    pairs = [(once("with", number), once("without", number)) for number in range(ROUNDS)]
    assert all(with_[1] and not without[1] for with_, without in pairs)
    seconds = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
    share = statistics.median(with_[0] / without[0] - 1 for with_, without in pairs)
    return {"model": "checkpoints", "with": seconds[0], "without": seconds[1], "share": share}


def main() -> None:
    """Measure what was asked for."""
    what = sys.argv[1]
    with tempfile.TemporaryDirectory() as own:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else own)
        print(json.dumps(checkpoints(folder) if what == "checkpoints" else measure(what, folder)))


if __name__ == "__main__":
    main()

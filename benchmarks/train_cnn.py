"""One side of the training benchmark: python train_cnn.py keraspec|keras FOLDER. Prints one line of JSON.

Both sides train the same MNIST-sized CNN on the same synthetic pixels for three epochs in batches of 32; the
first epoch, in which both compile, is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import specs  # noqa: E402 - beside this file, which is no package

ROWS, EPOCHS = 20_000, 3


def pixels() -> tuple[np.ndarray, np.ndarray]:
    """Synthetic images and labels that can be learned."""
    random = np.random.default_rng(0)
    label = random.integers(0, 10, ROWS)
    image = random.random((ROWS, 28, 28, 1), dtype=np.float32) * 0.5
    image[np.arange(ROWS), 2 * label, :, 0] += 0.5
    return image, label


def by_keraspec(folder: Path) -> float:
    """Samples a second of the spec."""
    import keraspec

    image, label = pixels()
    np.savez(folder / "pixels.npz", image=image, label=label)
    spec = folder / "mnist_cnn.keraspec.toml"
    spec.write_text(specs.MNIST_CNN, encoding="utf-8")
    run = keraspec.train(spec, run_dir=folder / f"run{time.time_ns()}", epochs=EPOCHS)
    assert run.status == "finished", run.status
    assert run.history[-1]["loss"] < run.history[0]["loss"]
    return ROWS * (EPOCHS - 1) / sum(row["seconds"] for row in run.history[1:])


def by_keras() -> float:
    """Samples a second of the same model written by hand, with fit on NumPy arrays."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    image, label = pixels()
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    marks: list[float] = []
    mark = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: marks.append(time.perf_counter()))
    history = model.fit(image, label, batch_size=32, epochs=EPOCHS, verbose=0, callbacks=[mark])
    assert history.history["loss"][-1] < history.history["loss"][0]
    return ROWS * (EPOCHS - 1) / (marks[-1] - marks[0])


def main() -> None:
    """Measure the side that was asked for."""
    side, folder = sys.argv[1], Path(sys.argv[2])
    speed = by_keraspec(folder) if side == "keraspec" else by_keras()
    print(json.dumps({"side": side, "samples_per_second": speed}))


if __name__ == "__main__":
    main()

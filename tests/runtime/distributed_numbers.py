"""Train a spec on one device and on two; the second argument is the folder for both runs. Not a test by itself.

On TensorFlow the processor is taken for two devices; on JAX XLA_FLAGS says that there are two.
"""

from __future__ import annotations

import sys
from pathlib import Path

from keraspec.checked import compile_file
from keraspec.runtime.environment import backend, quiet
from keraspec.training import train


def two_devices() -> None:
    """Take the processor for two devices."""
    import tensorflow as tf

    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)


if __name__ == "__main__":
    quiet()
    if backend() == "tensorflow":
        two_devices()
    spec, folder = (Path(one) for one in sys.argv[1:])
    train(compile_file(spec), run_dir=folder / "one")
    train(compile_file(spec, ["training.distribute=mirrored"]), run_dir=folder / "two")

"""Specs for the benchmarks: a network of ResNet-50's size, and chains of any length."""

from __future__ import annotations

import json
from typing import Any


def resnet50() -> str:
    """ResNet-50 from primitive layers, written out, as TOML: 175 entries, 25.6 million parameters."""
    lines = ["keraspec = 1", 'name = "resnet50"', "inputs.image.shape = [224, 224, 3]", ""]
    for entry in _resnet_entries():
        lines.append("[[layers]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
        lines.append("")
    return "\n".join(lines)


def _resnet_entries() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []

    def conv(
        name: str, filters: int, kernel: int, strides: int = 1, relu: bool = True, inputs: str | None = None
    ) -> str:
        entry: dict[str, Any] = {"name": f"{name}_conv", "type": "Conv2D", "filters": filters, "kernel_size": kernel}
        if strides > 1:
            entry["strides"] = strides
        if kernel > 1:
            entry["padding"] = "same"
        if inputs:
            entry["inputs"] = inputs
        entries.append(entry)
        entries.append({"name": f"{name}_bn", "type": "BatchNormalization", "epsilon": 1.001e-5})
        if not relu:
            return f"{name}_bn"
        entries.append({"name": f"{name}_relu", "type": "ReLU"})
        return f"{name}_relu"

    conv("conv1", 64, 7, 2)
    entries.append({"name": "pool1", "type": "MaxPooling2D", "pool_size": 3, "strides": 2, "padding": "same"})
    before = "pool1"
    for stage, (depth, filters) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), start=2):
        for unit in range(1, depth + 1):
            name = f"conv{stage}_block{unit}"
            strides = 2 if unit == 1 and stage > 2 else 1
            shortcut = before
            if unit == 1:
                shortcut = conv(f"{name}_0", 4 * filters, 1, strides, relu=False, inputs=before)
            conv(f"{name}_1", filters, 1, strides, inputs=before)
            conv(f"{name}_2", filters, 3)
            last = conv(f"{name}_3", 4 * filters, 1, relu=False)
            entries.append({"name": f"{name}_add", "type": "Add", "inputs": [shortcut, last]})
            entries.append({"name": f"{name}_out", "type": "ReLU"})
            before = f"{name}_out"
    entries.append({"name": "avg_pool", "type": "GlobalAveragePooling2D"})
    entries.append({"name": "predictions", "type": "Dense", "units": 1000, "activation": "softmax"})
    return entries


def chain(length: int) -> str:
    """So many Dense layers in a row, each of another size, as TOML."""
    lines = ["keraspec = 1", 'name = "chain"', "inputs.x.shape = [64]", ""]
    for index in range(length):
        lines += [
            "[[layers]]",
            f'name = "dense{index}"',
            'type = "Dense"',
            f"units = {32 + index % 97}",
            'activation = "relu"',
            "",
        ]
    return "\n".join(lines)


MNIST_CNN = """\
keraspec = 1
name = "mnist_cnn"
inputs.image.shape = [28, 28, 1]

[[layers]]
name = "conv1"
type = "Conv2D"
filters = 16
kernel_size = 3
activation = "relu"

[[layers]]
type = "MaxPooling2D"

[[layers]]
name = "conv2"
type = "Conv2D"
filters = 32
kernel_size = 3
activation = "relu"

[[layers]]
type = "MaxPooling2D"

[[layers]]
type = "Flatten"

[[layers]]
name = "digit"
type = "Dense"
units = 10
activation = "softmax"

[data]
source = { type = "npz", path = "pixels.npz" }
batch_size = 32
seed = 1
inputs.image.column = "image"
targets.digit.column = "label"

[training]
epochs = 1
seed = 1
optimizer = "adam"
loss = "sparse_categorical_crossentropy"
"""

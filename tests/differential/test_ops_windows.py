"""Pools, convolutions and blocks as operations, against Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
from op_feeds import CASES
from oracle import Axis, Case, Inputs, Plan, Tensor, agree

from keraspec.compiler.catalogue import entry_record

FLOATS = ("float32", "float32", "float32", "float32", "float32", "float16", "bfloat16", "float64", "int32", "uint8")
BORDERS = {"padding": ("valid", "same"), "data_format": ("channels_last", "channels_last", "none", "channels_first")}


def size(rng: Random, smallest: int = 2, largest: int = 9) -> Axis:
    return rng.choice(("time", "width", "depth")) if rng.random() < 0.12 else rng.randint(smallest, largest)


def image(rng: Random, written: Mapping[str, Any], rank: int, channels: Axis, dtype: str) -> Tensor:
    sizes = [size(rng) for _ in range(rank)]
    if rng.random() < 0.03:
        sizes[0] = 0
    first = written.get("data_format") == "channels_first"
    shape = [channels, *sizes] if first else [*sizes, channels]
    if rng.random() < 0.05:
        shape.pop()
    if rng.random() < 0.1:
        return Tensor((2, *shape), dtype, batched=False)
    return Tensor(tuple(shape), dtype)


def over(*ranks: int, unknown: float = 0.05) -> Callable[[Random, Mapping[str, Any]], tuple[Tensor, ...]]:
    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        given = [len(value) for value in written.values() if isinstance(value, list)]
        rank = given[0] if given and rng.random() < 0.8 and 0 < given[0] < 4 else rng.choice(ranks)
        channels: Axis = "channels" if rng.random() < unknown else rng.choice((1, 2, 3, 4))
        return (image(rng, written, rank, channels, rng.choice(FLOATS)),)

    return feed


def per_axis(*values: int) -> Callable[[Random], Any]:
    def draw(rng: Random) -> Any:
        one = rng.choice(values)
        return one if rng.random() < 0.6 else [one, *(rng.choice(values) for _ in range(rng.randint(0, 2)))]

    return draw


def nested(rng: Random, *shape: int) -> Any:
    if not shape:
        return round(rng.uniform(-1, 1), 2)
    return [nested(rng, *shape[1:]) for _ in range(shape[0])]


def literal(rng: Random) -> Any:
    return nested(rng, *(rng.randint(1, 2) for _ in range(rng.randint(1, 3))), rng.choice((2, 2, 3)), 2)


def convolved(*ranks: int, mixing: bool = False) -> Callable[[Random, Mapping[str, Any]], Inputs]:
    """An input, and kernels that mostly fit it."""

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs:
        name = "depthwise_kernel" if mixing else "kernel"
        stated = list(np.shape(written[name])) if isinstance(written.get(name), list) else []
        fits = len(stated) > 2 and rng.random() < 0.9
        rank = len(stated) - 2 if fits else rng.choice(ranks)
        channels: Axis = stated[-2] if fits else rng.choice((1, 2, 2, 3))
        dtype = "float32" if fits and rng.random() < 0.9 else rng.choice(FLOATS)
        given = {"inputs": (image(rng, written, rank, channels if rng.random() < 0.95 else "channels", dtype),)}
        into = channels if rng.random() < 0.9 else 3
        other = dtype if rng.random() < 0.95 else "float32"
        taps = [rng.randint(1, 3) for _ in range(rank if rng.random() < 0.95 else rng.choice(ranks))]
        times = stated[-1] if fits else rng.randint(1, 3)
        if name not in written:
            given[name] = (Tensor((*taps, into, times if rng.random() < 0.95 else "channels"), other, batched=False),)
        if mixing and "pointwise_kernel" not in written:
            between = into * times if isinstance(into, int) and rng.random() < 0.9 else 5
            ones = (1,) * rank if rng.random() < 0.95 else (2,) * rank
            given["pointwise_kernel"] = (Tensor((*ones, between, rng.randint(1, 3)), other, batched=False),)
        return given

    return feed


def mostly_tensors(rng: Random, written: dict[str, Any]) -> None:
    for name in ("kernel", "depthwise_kernel", "pointwise_kernel"):
        if rng.random() < 0.7:
            written.pop(name, None)


def one_of_two(rng: Random, written: dict[str, Any]) -> None:
    mostly_tensors(rng, written)
    written.pop(rng.choice(("strides", "dilation_rate")), None)


def equal_strides(rng: Random, written: dict[str, Any]) -> None:
    mostly_tensors(rng, written)
    if rng.random() < 0.5:
        written.pop("strides", None)
    elif isinstance(written.get("strides"), list):
        written["strides"] = written["strides"][:1] * len(written["strides"])


def channels_first(case: Case) -> bool:
    return case.written.get("data_format") == "channels_first"


def volume_in_other_floats(case: Case) -> bool:
    return len(case.x.axes) == 5 and case.x.dtype != "float32"


STUCK = {"TensorFlow's CPU kernels want the channels last": channels_first}
STUCK_VOLUMES = {"TensorFlow's CPU kernels over volumes know float32 only": volume_in_other_floats}
POOLS = {"pool_size": per_axis(1, 2, 3), "strides": per_axis(1, 2, 3), **BORDERS}
CONVOLUTIONS = {"strides": per_axis(1, 1, 2), "dilation_rate": per_axis(1, 1, 2, 3), **BORDERS, "kernel": literal}
BLOCKS = {"block_size": (2, 2, 3), "data_format": ("channels_last", "channels_first")}


def blocks(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    block = written.get("block_size", 2)
    many = block if isinstance(block, int) and block > 0 and rng.random() < 0.85 else 1
    channels = rng.choice((1, 2)) * many**2
    found = image(rng, written, 2, channels, rng.choice((*FLOATS, "bool", "int64")))
    if len(found.shape) != 3:
        return (found,)
    first = written.get("data_format") == "channels_first"
    sizes = [one * many if isinstance(one, int) else one for one in (found.shape[1:] if first else found.shape[:-1])]
    shape = (channels, *sizes) if first else (*sizes, channels)
    return (Tensor(shape, found.dtype, batched=found.batched),)


def patches(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    shape = (rng.choice((1, 2, 3)), size(rng, 3), size(rng, 3))
    dtype = rng.choice((*FLOATS, "bool", "int64"))
    if rng.random() < 0.7:
        return (Tensor((2, *(one if isinstance(one, int) else 5 for one in shape)), dtype, batched=False),)
    return (Tensor(shape, dtype),)


def columns(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """As many patches as fit, most of the time."""

    def pair(name: str, default: int) -> tuple[int, int]:
        value = written.get(name, default)
        value = (value, value) if isinstance(value, int) else value
        return tuple(value) if isinstance(value, list | tuple) and len(value) == 2 else (1, 1)  # type: ignore[return-value]

    try:
        kernel, out = pair("kernel_size", 2), pair("output_size", 4)
        counts = [
            (whole + 2 * pad - rate * (taps - 1) - 1) // stride + 1
            for whole, taps, rate, pad, stride in zip(
                out, kernel, pair("dilation", 1), pair("padding", 0), pair("stride", 1), strict=True
            )
        ]
        number: Axis = int(counts[0] * counts[1])
        rows: Any = int(kernel[0] * kernel[1]) * rng.choice((1, 2))
    except (TypeError, ZeroDivisionError):
        number, rows = 4, 4
    if not isinstance(number, int) or number < 0 or rng.random() < 0.1:
        number = rng.choice((3, "time"))
    if rows < 0 or rng.random() < 0.1:
        rows = rng.choice((5, "channels"))
    return (Tensor((rows, number), rng.choice((*FLOATS, "int64")), batched=rng.random() < 0.8),)


def no_patch(case: Case) -> bool:
    """Not one patch fits into an image."""
    images = case.written.get("output_size") or [size for size in case.x.axes[2:] if isinstance(size, int)]
    return any(
        whole + 2 * pad < rate * (taps - 1) + 1
        for whole, taps, rate, pad in zip(
            *(two_of(one) for one in (images, *(case.written.get(*each) for each in PATCH))), strict=True
        )
    )


def two_of(value: Any) -> tuple[int, int]:
    """A number for each of two axes; of no more where it is something else."""
    fits = isinstance(value, list) and len(value) >= 2 and all(isinstance(one, int) for one in value)
    return tuple(value[:2]) if fits else (value, value) if isinstance(value, int) else (99, 99)


def longer(case: Case) -> bool:
    return any(isinstance(case.written.get(name), list) and len(case.written[name]) > 2 for name in REST)


def zero(name: str) -> Callable[[Case], bool]:
    def holds(case: Case) -> bool:
        value = case.written.get(name, 1)
        return 0 in (value if isinstance(value, list) else [value])

    return holds


PATCH = (("kernel_size", 0), ("dilation", 1), ("padding", 0))
REST = ("dilation", "padding", "stride")
NO_PATCH = {"where not one patch fits Keras goes on with nothing": no_patch}
SIXES: Mapping[str, Any] = {
    "kernel_size": ([2, 2], 2, [1, 3], 1), "dilation": (1, 1, 2, [2, 1]), "padding": (0, 0, 1, [0, 1]),
    "stride": (1, 2, [1, 2]),
}  # fmt: skip
PLANS = (
    Plan("ops.max_pool", over(1, 2, 2, 3), POOLS, stuck=STUCK_VOLUMES, compiled=True, accepted=0.2),
    Plan("ops.average_pool", over(1, 2, 2, 3), POOLS, stuck=STUCK_VOLUMES, compiled=True, accepted=0.2),
    Plan("ops.conv", convolved(1, 2, 2, 3), CONVOLUTIONS, mend=one_of_two, stuck=STUCK, compiled=True, accepted=0.15),
    Plan("ops.depthwise_conv", convolved(1, 2, 2), CONVOLUTIONS, mend=equal_strides, stuck=STUCK, compiled=True,
         accepted=0.15),
    Plan("ops.separable_conv", convolved(1, 2, 2, mixing=True),
         CONVOLUTIONS | {"depthwise_kernel": literal, "pointwise_kernel": ([[[[1.0], [0.5]]]], [[[0.5], [1.0]]])},
         mend=equal_strides, stuck=STUCK, compiled=True, accepted=0.1),
    Plan("ops.depth_to_space", blocks, BLOCKS, compiled=True, accepted=0.2),
    Plan("ops.space_to_depth", blocks, BLOCKS, compiled=True, accepted=0.2),
    Plan("ops.unfold", patches, SIXES, known=NO_PATCH, compiled=True, accepted=0.2),
    Plan("ops.fold", columns, SIXES | {"output_size": (4, [5, 4], [6, 6], 3)},
         known=NO_PATCH | {"of a list for more axes Keras reads the first two": longer,
                           "pixels with no distance between them are one pixel": zero("dilation"),
                           "images of no pixels are none": zero("output_size")},
         stuck={"the word is of another number of patches": lambda case: "time" in case.x.shape}, compiled=True,
         accepted=0.2),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)


def test_a_transposed_convolution_fails_in_a_model_as_its_record_says() -> None:
    record = entry_record("ops.conv_transpose")
    assert record is not None
    assert record.refused is not None
    x = keras.Input((4, 2))
    model = keras.Model(x, keras.ops.conv_transpose(x, np.ones((2, 3, 2), "float32")))
    with pytest.raises(AttributeError, match="ConvTranspose"):
        model.predict(np.ones((2, 4, 2), "float32"), verbose=0)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_adaptive_pools_mislead_and_do_not_load_as_their_records_say(kind: str) -> None:
    record = entry_record(f"ops.adaptive_{kind}_pool")
    assert record is not None
    assert record.refused is not None
    pool = getattr(keras.ops, f"adaptive_{kind}_pool")
    assert len(pool(keras.Input((4, 4, 2)), (2, 2)).shape) == 5  # the image has 4 axes, and so has what comes out
    x = keras.Input((2, 4, 4))
    model = keras.Model(x, pool(x, (2, 2), data_format="channels_first"))
    with pytest.raises(TypeError):
        keras.models.model_from_json(model.to_json())

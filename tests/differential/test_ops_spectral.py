"""Fourier transforms, windows of signals, and rows of values between tensors, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
from op_feeds import CASES, as_we_say, some, tensor
from oracle import Axis, Case, Plan, Refused, Tensor, agree, ours

from keraspec.compiler.catalogue import entry_record, family

FLOATS = ("float32", "float32", "float32", "float32", "float64", "float16", "int32", "bfloat16")
FROM_START = {
    "rows of no values are none": lambda case: case.written.get("num") in (0, -1, -2),
    "Keras announces the dtype that `start` alone would give, and a fraction where whole numbers were asked for": (
        as_we_say(lambda rng, case, shape, dtype: keras.ops.ones(shape, dtype))
    ),
}
NOTHING_LEFT = {
    "both ends are taken off and nothing is left": lambda case: case.x.shape[-2:-1] == (1,),
    "the signal is cut at its end without a word where it is shorter than is asked for": lambda case: isinstance(
        case.written.get("length"), int
    ),
}
NO_PLACE = {"windows of no places hold nothing": lambda case: case.written.get("sequence_length") in (0, -1, -2)}
NO_WINDOW = {
    "a window longer than the signal gives a tensor with nothing in it": lambda case: (
        isinstance(case.x.axes[-1], int)
        and case.written.get("fft_length", case.written.get("sequence_length", 0)) > case.x.axes[-1]
    )
}
LEFT_OUT = {("ops.linspace", "retstep"): "the step is no tensor of a graph, and Keras fails where it is asked for"}


def parts(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Real and imaginary parts; none of a size at which TensorFlow ends the process (see below)."""
    real = tensor(rng, rng.randint(0, 3), FLOATS, free=0.2, smallest=2)
    shape = (*real.shape[:-1], 7) if rng.random() < 0.1 and real.shape else real.shape
    dtype = real.dtype if rng.random() < 0.9 else rng.choice(FLOATS)
    return real, Tensor(shape, dtype, batched=real.batched)


def signal(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    length: Axis = rng.choice((3, 8, 11, 16, 20, "time"))
    front = (2,) if rng.random() < 0.3 else ()
    shape = () if rng.random() < 0.08 else (*front, length)
    return (Tensor(shape, rng.choice(FLOATS), batched=rng.random() < 0.8),)


def windows(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    length = written.get("fft_length", 8)
    half = length // 2 + 1 if isinstance(length, int) and rng.random() < 0.9 else 4
    shape: tuple[Axis, ...] = (rng.choice((1, 2, 5, 9, "time")), half)
    if rng.random() < 0.3:
        shape = (2, *shape)
    dtype = rng.choice(FLOATS[:6])
    return (Tensor(shape, dtype, batched=rng.random() < 0.8),) * 2


def polars(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    length, angle = ends(rng, written)
    if rng.random() < 0.7:
        length = Tensor(length.shape, "float32", batched=length.batched)
        return length, length
    return length, angle


def lengths(rng: Random, written: dict[str, Any]) -> None:
    if isinstance(written.get("fft_length"), int):
        written["sequence_length"] = rng.randint(1, written["fft_length"])


def no_base(case: Case) -> bool:
    base = case.written.get("base", 10)
    return isinstance(base, int | float) and base <= 0


def ends(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    shape = [rng.choice((1, 2, 3, "time")) for _ in range(rng.randint(0, 2))]
    other = [1 if rng.random() < 0.2 else size for size in shape]
    dtypes = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "bool")
    return (
        Tensor(tuple(shape), rng.choice(dtypes), batched=rng.random() < 0.8),
        Tensor(tuple(other), rng.choice(dtypes), batched=rng.random() < 0.8),
    )


WINDOWS = {
    "sequence_length": (2, 4, 5, 8),
    "sequence_stride": (1, 2, 3, 5),
    "fft_length": (4, 5, 8, 8, 9),
    "window": ("hann", "hamming", "none", [1.0, 0.5, 0.5, 1.0]),
    "center": (True, False),
}
BETWEEN = {"start": (0, 1, 0.5, [1.0, 2.0]), "stop": (2, 3.5, [1, 2]), "num": (1, 2, 5), "axis": (0, 1, -1, -2, 3),
           "dtype": ("none", "none", "float32", "float16", "int32")}  # fmt: skip
PLANS = (
    Plan("ops.fft", parts, compiled=True, accepted=0.1),
    Plan("ops.fft2", parts, compiled=True, accepted=0.1),
    Plan("ops.ifft2", parts, compiled=True, accepted=0.1),
    Plan("ops.rfft", some(0, 1, 2, dtypes=FLOATS, smallest=2), {"fft_length": (1, 4, 7, "none")}, compiled=True,
         accepted=0.1, wrong=0),
    Plan("ops.irfft", parts, {"fft_length": (1, 4, 7, "none")}, compiled=True, accepted=0.1,
         wrong=0),
    Plan("ops.stft", signal, WINDOWS, mend=lengths, compiled=True, accepted=0.1, wrong=0, known=NO_WINDOW),
    Plan("ops.istft", windows, {**WINDOWS, "length": ("none", "none", 3, 8, 30)}, mend=lengths, compiled=True,
         accepted=0.1, wrong=0, known=NOTHING_LEFT),
    Plan("ops.extract_sequences", signal, {"sequence_length": (1, 2, 5, 12), "sequence_stride": (1, 2, 3)},
         compiled=True, known=NO_WINDOW | NO_PLACE),
    Plan("ops.view_as_real", some(0, 1, 2, dtypes=("complex64", "complex64", "float32")), compiled=True, masked=0),
    Plan("ops.polar", polars, compiled=True, known={
        "Keras announces float32 and computes complex64": as_we_say(),
        "angles are in radians, and so no whole numbers": lambda case: any(
            "int" in one.dtype for one in case.inputs.get("angle", ()))}),
    Plan("ops.linspace", ends, BETWEEN, known=FROM_START, compiled=True, accepted=0.2),
    Plan("ops.logspace", ends, {**BETWEEN, "base": (2, 10, 0.5)},
         known=FROM_START | {"powers of 0 and of what is below 0 are for the most part no numbers": no_base},
         compiled=True, accepted=0.2),
    Plan("ops.geomspace", ends, BETWEEN, known=FROM_START, compiled=True, accepted=0.2),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)


def refused(name: str) -> None:
    record = entry_record(name)
    assert record is not None
    assert record.refused is not None
    assert record.because == "symbolic"


@pytest.mark.parametrize(
    "name",
    [
        "arange",
        "bartlett",
        "blackman",
        "empty",
        "eye",
        "hamming",
        "hanning",
        "identity",
        "kaiser",
        "ones",
        "tri",
        "zeros",
    ],
)
def test_keras_makes_no_node_of_what_takes_no_tensor(name: str) -> None:
    refused(f"ops.{name}")
    more = (1,) if name == "kaiser" else ()
    with pytest.raises((TypeError, ValueError, AttributeError, NotImplementedError)):
        getattr(keras.ops, name)(keras.Input(batch_shape=(), dtype="int32"), *more)


def test_keras_rearranges_nothing_whose_batch_is_not_known() -> None:
    refused("ops.rearrange")
    with pytest.raises(TypeError):
        keras.ops.rearrange(keras.Input((4, 6)), "b h w -> b w h")


def test_the_shape_of_a_tensor_of_a_graph_is_no_tensor() -> None:
    refused("ops.shape")
    assert keras.ops.shape(keras.Input((4,))) == (None, 4)


@pytest.mark.parametrize(("op", "size"), [("fft", 0), ("fft2", 0), ("rfft", 0), ("irfft", 1), ("irfft", 0)])
def test_no_transform_of_nothing(op: str, size: int) -> None:
    """TensorFlow ends the whole process there, so Keras is not asked."""
    record = entry_record(f"ops.{op}")
    assert record is not None
    names = {"x": (Tensor((4, size)),) * (1 if op == "rfft" else 2)}
    outcome = ours(Case(record, {}, names))
    assert isinstance(outcome, Refused)
    assert "no length" in outcome.why


def test_pairs_become_complex_numbers_in_no_graph() -> None:
    refused("ops.view_as_complex")
    x = keras.Input((3, 2))
    model = keras.Model(x, keras.ops.view_as_complex(x))
    with pytest.raises(TypeError):
        model.predict(np.ones((2, 3, 2), "float32"), verbose=0)


def test_every_creating_op_has_a_record() -> None:
    assert {f"ops.{name}" for name in ("arange", "eye", "full", "linspace", "zeros", "zeros_like")} <= set(
        family("ops")
    )

"""The layers that make spectrograms, against Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from oracle import Case, Inputs, Plan, Refused, Tensor, agree, axis, ours, spatial

from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.objects import instantiate
from keraspec.compiler.catalogue.record import Call
from keraspec.compiler.sizes import BATCH
from keraspec.compiler.tensor import TensorType, policy

DTYPES = ("float32", "float32", "float64", "float16", "int32", "string")


def _signal(rng: Random, written: Mapping[str, Any]) -> Inputs | Sequence[Tensor]:
    rank = rng.choice((1,) * 9 + (0, 2))
    shape = tuple(axis(rng, 5, 60, unknown=0.2) for _ in range(rank))
    return (Tensor(shape, rng.choice(DTYPES)),)


def _announced_wrong(case: Case) -> bool:
    """Keras announces ``(samples + stride + 1) // stride`` frames, and computes others."""
    if len(case.x.shape) != 1 or not isinstance(case.x.shape[0], int):
        return False
    samples, length = case.x.shape[0], case.written.get("fft_length", 2048)
    stride = case.written.get("sequence_stride", 512)
    if not isinstance(length, int) or not isinstance(stride, int) or stride < 1:
        return False
    return (samples + stride + 1) // stride != (samples + 2 * (length // 2) - length) // stride + 1


def _nonsense(case: Case) -> bool:
    mine = ours(case)
    return isinstance(mine, Refused) and mine.argument in NONSENSE


NONSENSE = {
    "min_freq": "there are no frequencies below 0",
    "max_freq": "there are no frequencies below 0",
    "num_mel_bins": "no pitch at all is a mistake",
    "sampling_rate": "a sound without samples is none",
    "sequence_length": "a window without samples is none",
    "fft_length": "left out it is the next power of two",
    "frame_step": "left out it is half a frame",
}


def _no_frequencies(case: Case) -> bool:
    mine = ours(case)
    return isinstance(mine, Refused) and mine.why.startswith("no frequencies lie between")


PLANS = (
    Plan(
        "MelSpectrogram",
        _signal,
        arguments={
            "fft_length": (4, 8, 16, 7),
            "sequence_stride": (1, 2, 3, 5),
            "sequence_length": ("none", 3, 4, 8),
            "num_mel_bins": (1, 4, 9),
            "sampling_rate": (8000, 16000),
            "max_freq": ("none", 3000, 4000.5),
            "min_freq": (20, 0, 100.0, 5000),
            "window": ("hann", "hamming", "none", "boxcar"),
            "top_db": (80, 20.0),
            "mag_exp": (1, 2.0),
            "min_power": (1e-10, 0.1),
            "ref_power": (1, 2.0),
        },
        known={
            "Keras announces another number of frames than it computes": _announced_wrong,
            "values that mean nothing, though Keras reads over them": _nonsense,
            "a range without frequencies gives nothing but silence": _no_frequencies,
            "the rows of a batch are no samples of one sound": lambda case: not case.x.shape,
        },
        stuck={"sounds as long as the usual window are not drawn": lambda case: "fft_length" not in case.written},
        accepted=0.2,
    ),
    Plan(
        "STFTSpectrogram",
        spatial(1, smallest=4, largest=40, channels=(1, 2, 3), unknown=0.2, dtypes=DTYPES),
        arguments={
            "mode": ("log", "magnitude", "psd", "real", "imag", "angle", "stft"),
            "frame_length": (2, 4, 5, 8, 1),
            "frame_step": ("none", 1, 2, 4),
            "fft_length": ("none", 4, 8, 16, 9),
            "window": ("hann", "hamming", "none", "cosine"),
            "scaling": ("density", "spectrum", "none"),
            "expand_dims": (True, False),
            "padding": ("valid", "same"),
        },
        known={"values that mean nothing, though Keras reads over them": _nonsense},
        stuck={
            "TensorFlow convolves with the channels in front on GPUs only": lambda case: (
                case.written.get("data_format") == "channels_first"
            ),
            "signals as long as the usual frame are not drawn": lambda case: "frame_length" not in case.written,
        },
        accepted=0.2,
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)


@pytest.mark.parametrize("length", [4, 7, 8])
@pytest.mark.parametrize("stride", [1, 3, 4])
@pytest.mark.parametrize("samples", [11, 12, 13])
def test_frames_are_those_that_keras_computes(length: int, stride: int, samples: int) -> None:
    import keras

    record = find("layers", "MelSpectrogram")
    assert record is not None
    assert record.rule is not None
    written = {"fft_length": length, "sequence_stride": stride, "num_mel_bins": 3}
    x = TensorType((BATCH, samples))
    mine = record.rule(Call(instantiate(record, written), {"inputs": (x,)}, {}, policy("float32"))).outputs[0]
    theirs = keras.layers.MelSpectrogram(**written)(np.ones((2, samples), "float32"))
    assert mine.shape[1:] == tuple(theirs.shape)[1:]

"""Catalogue: layers that make spectrograms of sound, pictures of what frequencies are in it and when."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log2
from typing import Any, Final

from ..sizes import Size, at_least, ceil_div, known
from ..tensor import Weight, shape_text
from .arguments import DATA_FORMAT
from .initializers import WINDOWS
from .kinds import BOOLEAN, choice, nullable, number
from .record import Argument, ArgumentError, Call, Inferred, Record, ShapeError
from .rules import float_input, ranked, result
from .training_arguments import NOT_NEGATIVE, SIZE, real

ABOVE_ZERO: Final = real(above=0)


def mel_spectrogram(call: Call) -> Inferred:
    """(batch, samples) → (batch, mel bins, frames).

    The signal is continued by half a window at both ends, so that frames stand around multiples of the stride:
    ``(samples + 2 (fft_length // 2) - fft_length) // sequence_stride + 1`` of them. Keras announces a frame more where
    the samples fill up the last stride but for one; what it computes counts here.

    Operations of a frame: its Fourier transform by the usual count, 5 n log2 n; 5 for the power of a bin; the
    contraction with the mel filters; and 6 for the decibels of each result.
    Source: https://en.wikipedia.org/wiki/Mel_scale
    """
    x = float_input(call)
    ranked(call, 2, axes="samples")
    if call.policy.compute == "float64":
        raise ShapeError(
            "E304",
            "MelSpectrogram computes in float32 or shorter, but here in float64: Keras makes its filters in float32",
            help='give the layer `dtype = "float32"`',
            argument="dtype" if "dtype" in call.layer.written else None,
        )
    samples, length, stride = x.shape[1], call["fft_length"], call["sequence_stride"]
    half = length // 2
    if at_least(samples, half + 1) is False:
        raise ShapeError(
            "E303",
            f"MelSpectrogram continues the signal by {half} samples at both ends, mirrored, and so needs at least "
            f"{half + 1}; found {samples} in {shape_text(x.shape)}",
            help="use a shorter `fft_length`, at most twice the number of samples" if known(samples) else None,
            argument="fft_length",
        )
    frames = (samples + 2 * half - length) // stride + 1
    bins, mels = half + 1, call["num_mel_bins"]
    each = round(5 * length * log2(length)) + 5 * bins + 2 * bins * mels
    each += 6 * mels if call["power_to_db"] else 0
    return result(call, (x.shape[0], mels, frames), flops=frames * each)


def check_mel(arguments: Mapping[str, Any]) -> None:
    """The window fits into the transform, and frequencies rise.

    Raises:
        ArgumentError: if not.
    """
    window, length = arguments["sequence_length"], arguments["fft_length"]
    if window is not None and window > length:
        raise ArgumentError(
            "sequence_length",
            f"a window of {window} samples does not fit into a Fourier transform of {length}",
            help=f"make `fft_length` at least {window}, or `sequence_length` at most {length}",
            other="fft_length",
        )
    least, most = arguments["min_freq"], arguments["max_freq"] or arguments["sampling_rate"] // 2
    if least >= most:
        raise ArgumentError(
            "min_freq",
            f"no frequencies lie between {least:g} and {most:g} hertz",
            help="make `min_freq` smaller than `max_freq`, which is half the `sampling_rate` unless given",
        )


FRACTIONS: Final = ("float16", "float32", "float64")


def stft_spectrogram(call: Call) -> Inferred:
    """(batch, time, channels) → (batch, frames, bins), the channels side by side, or (batch, frames, bins, channels).

    Two convolutions with weights that start as the waves of a Fourier transform; in the mode ``real`` or ``imag``
    one of them. Operations: those of the convolutions, and for each result 3 for a power, 4 more for a magnitude
    or an angle, and 2 for a logarithm.
    """
    x = float_input(call)
    first = call["data_format"] == "channels_first"
    ranked(call, 3, axes="channels, time" if first else "time, channels")
    reads = call.policy.compute if x.dtype in (*FRACTIONS, "bfloat16") else x.dtype
    if reads not in FRACTIONS:
        raise ShapeError(
            "E304",
            f"STFTSpectrogram computes in float16, float32 or float64, but here its input is of dtype {reads}",
            help='give the layer `dtype = "float32"`'
            if x.dtype in (*FRACTIONS, "bfloat16")
            else 'give the input `dtype = "float32"`',
            port="inputs",
        )
    channels, time = (x.shape[1], x.shape[2]) if first else (x.shape[2], x.shape[1])
    if not known(channels):
        raise ShapeError(
            "E305",
            f"STFTSpectrogram sets the spectra of all channels side by side, so their number must be known; "
            f"found `{channels}` in {shape_text(x.shape)}",
            help="write a number for it in the input's `shape`",
            port="inputs",
        )
    length, step = call["frame_length"], call["frame_step"] or call["frame_length"] // 2
    transform = call["fft_length"] or 2 ** ceil(log2(length))
    frames = _frames(call, time, length, step)
    bins = transform // 2 + 1
    mode = call["mode"]
    weights = [
        Weight(name, (length, 1, bins), dtype=call.policy.variable)
        for name, absent in (("real_kernel", "imag"), ("imag_kernel", "real"))
        if mode != absent
    ]
    results = channels * frames * bins
    flops = 2 * length * len(weights) * results + FURTHER[mode] * results
    width = 2 * bins if mode == "stft" else bins
    shape: tuple[Size, ...]
    if call["expand_dims"]:
        shape = (x.shape[0], channels, frames, width) if first else (x.shape[0], frames, width, channels)
    else:
        shape = (x.shape[0], channels * width, frames) if first else (x.shape[0], frames, channels * width)
    return result(call, shape, weights, flops)


FURTHER: Final = {"real": 0, "imag": 0, "stft": 0, "angle": 4, "psd": 4, "magnitude": 5, "log": 7}
"""Operations for each result behind the convolutions."""


def _frames(call: Call, time: Size, length: int, step: int) -> Size:
    if call["padding"] == "same":
        return ceil_div(time, step)
    if at_least(time, length) is False:
        raise ShapeError(
            "E303",
            f"a frame of {length} samples is longer than the signal, {time} in {shape_text(call.x.shape)}",
            help='use a smaller `frame_length`, or `padding = "same"`',
            argument="frame_length",
        )
    return (time - length) // step + 1


def check_stft(arguments: Mapping[str, Any]) -> None:
    """The step is no longer than the frame, and the frame no longer than the transform.

    Raises:
        ArgumentError: if not.
    """
    length, step, transform = arguments["frame_length"], arguments["frame_step"], arguments["fft_length"]
    if step is None and length == 1:
        raise ArgumentError(
            "frame_length",
            "frames of one sample can't overlap by half, as they do where `frame_step` is left out",
            help="add `frame_step = 1`, or use longer frames",
        )
    if step is not None and step > length:
        raise ArgumentError(
            "frame_step",
            f"steps of {step} samples would leave some out between frames of {length}",
            help=f"use at most {length}",
            other="frame_length",
        )
    if transform is not None and transform < length:
        raise ArgumentError(
            "fft_length",
            f"a frame of {length} samples does not fit into a Fourier transform of {transform}",
            help=f"use at least {length}, best a power of two",
            other="frame_length",
        )


LAYERS: Final = (
    Record(
        name="MelSpectrogram",
        family="layers",
        summary="Shows how loud the pitches of a sound are over time, on a scale as ears have it.",
        page="layers/preprocessing_layers/audio_preprocessing/mel_spectrogram",
        arguments=(
            Argument("fft_length", SIZE, 2048, "Over how many samples frequencies are told apart."),
            Argument("sequence_stride", SIZE, 512, "How many samples lie between two frames."),
            Argument("sequence_length", nullable(SIZE), None, "Samples that the window lets through; none: all."),
            Argument(
                "window", nullable(choice("hann", "hamming")), "hann", "The window by which frames fade in and out."
            ),
            Argument("sampling_rate", SIZE, 16000, "Samples of the sound in a second."),
            Argument("num_mel_bins", SIZE, 128, "How many pitches are told apart."),
            Argument("min_freq", NOT_NEGATIVE, 20.0, "The lowest frequency, in hertz."),
            Argument(
                "max_freq", nullable(ABOVE_ZERO), None, "The highest frequency, in hertz; none: half the sampling rate."
            ),
            Argument("power_to_db", BOOLEAN, True, "Whether loudness is given in decibels."),
            Argument("top_db", number(), 80.0, "How many decibels below the loudest are still told apart."),
            Argument("mag_exp", number(), 2.0, "1 gives magnitudes, 2 powers."),
            Argument("min_power", number(), 1e-10, "A smaller power counts as this much."),
            Argument("ref_power", number(), 1.0, "The loudness from which decibels are counted: it is 0 of them."),
        ),
        rule=mel_spectrogram,
        check=check_mel,
    ),
    Record(
        name="STFTSpectrogram",
        family="layers",
        summary="Shows the frequencies of a signal over time, by convolutions that training may change.",
        page="layers/preprocessing_layers/audio_preprocessing/stft_spectrogram",
        arguments=(
            Argument(
                "mode",
                choice("log", "magnitude", "psd", "real", "imag", "angle", "stft"),
                "log",
                "What is given of each frequency: its logarithm, size, power, real or imaginary part, or both parts.",
            ),
            Argument("frame_length", SIZE, 256, "How many places of the sound are looked at together."),
            Argument(
                "frame_step", nullable(SIZE), None, "How many samples lie between two frames; none: half a frame."
            ),
            Argument(
                "fft_length",
                nullable(SIZE),
                None,
                "Over how many samples frequencies are told apart; none: the next power of two.",
            ),
            Argument("window", nullable(choice(*WINDOWS)), "hann", "The window by which frames fade in and out."),
            Argument("periodic", BOOLEAN, False, "Whether the window is meant to be repeated."),
            Argument(
                "scaling",
                nullable(choice("density", "spectrum")),
                "density",
                "Whether results are a density or a spectrum.",
            ),
            Argument(
                "padding", choice("valid", "same"), "valid", "Whether the signal is padded so that no frame is lost."
            ),
            Argument("expand_dims", BOOLEAN, False, "Whether channels get an axis of their own, as in an image."),
            DATA_FORMAT,
        ),
        rule=stft_spectrogram,
        check=check_stft,
    ),
)

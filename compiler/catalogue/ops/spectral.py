"""Catalogue: Fourier transforms, windows cut out of signals, and complex numbers as pairs of real ones.

A transform of n values is counted as 5·n·log2(n) operations, the customary measure of fast Fourier transforms
(http://www.fftw.org/speed/method.html), one of real values as half of it; log2 is rounded up, and taken as 10
where n is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...sizes import Size, at_least, known, maximum, product
from ...tensor import Shape, shape_text
from ..kinds import BOOLEAN, Kind, integer, nullable
from ..record import Argument, ArgumentError, Call, Inferred, Port, Rule, ShapeError
from .fitting import alike, fixed, meet, ranked, real
from .operands import Operand, given, op, operand, operands, refused_op, several, tensor

REAL: Final = ("float32", "float64")
COMPLEX: Final = (
    Port("x", many=True, minimum=2, maximum=2, elements=("real", "imag"), summary="Real and imaginary parts."),
)


def _transform(size: Size) -> Size:
    return 5 * size * (max(1, (size - 1).bit_length()) if known(size) else 10)


def _some(call: Call, shape: Shape, size: Size, argument: str | None = None) -> None:
    """See that there is something to transform: TensorFlow would end the whole process.

    Raises:
        ShapeError: E303.
    """
    if at_least(size, 1) is False:
        raise ShapeError(
            "E303",
            f"{call.layer.record.name} would transform a signal of no length, made of {shape_text(shape)}",
            help="give it more values along the last axis, or write `fft_length`, the length of the signal"
            if argument
            else "give it more values along the last axes",
            argument=argument,
        )


def _complex(call: Call) -> Operand:
    """The two parts of complex numbers, which must be alike; the shape and dtype of both.

    Raises:
        ShapeError: E302 or E304 if they are not.
    """
    re, im = operands(call, "x")
    for part in (re, im):
        real(call, part, "x", REAL)
    alike(call, real=re, imag=im)
    sizes = [meet(a, b) if known(a) == known(b) else None for a, b in zip(re.shape, im.shape, strict=False)]
    if re.rank != im.rank or None in sizes:
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} takes the real and the imaginary parts of the same numbers, found "
            f"{shape_text(re.shape)} and {shape_text(im.shape)}",
            help="give both the same shape; `ops.zeros_like` makes the imaginary part of real numbers",
            port="x",
            index=1,
        )
    return Operand(tuple(size for size in sizes if size is not None), re.dtype)


def fourier(axes: int) -> Rule:
    """A rule: two parts (…, n) → two parts of the same shape, transformed along the last one or two axes."""

    def rule(call: Call) -> Inferred:
        x = _complex(call)
        ranked(call, x, axes, f"transforms along the last {'axis' if axes == 1 else 'two axes'}")
        sizes = [
            fixed(call, size, x.shape, "transforms along an axis whose size must be stated") for size in x.shape[-axes:]
        ]
        for size in sizes:
            _some(call, x.shape, size)
        return several([x.shape] * 2, [x.dtype] * 2, product(x.shape[:-axes]) * _transform(product(sizes)))

    return rule


def rfft(call: Call) -> Inferred:
    """(…, n) → two parts (…, n // 2 + 1); ``fft_length`` stands for n, the tensor being cut or filled with zeros."""
    x = operand(call, "x")
    real(call, x, "x", REAL)
    ranked(call, x, 1, "transforms along the last axis")
    size = x.shape[-1] if call["fft_length"] is None else call["fft_length"]
    _some(call, x.shape, size, "fft_length")
    shape = (*x.shape[:-1], size // 2 + 1)
    return several([shape] * 2, [x.dtype] * 2, product(x.shape[:-1]) * _transform(size) // 2)


def irfft(call: Call) -> Inferred:
    """Two parts (…, n) → (…, 2·(n - 1)), or (…, ``fft_length``)."""
    x = _complex(call)
    ranked(call, x, 1, "transforms along the last axis")
    size = 2 * (x.shape[-1] - 1) if call["fft_length"] is None else call["fft_length"]
    _some(call, x.shape, size, "fft_length")
    return given((*x.shape[:-1], size), x.dtype, product(x.shape[:-1]) * _transform(size) // 2)


def _frames(call: Call, x: Shape, size: Size, window: int, argument: str) -> Size:
    """How many windows fit into so many places.

    Raises:
        ShapeError: E303 if none does.
    """
    if at_least(size, window) is False:
        raise ShapeError(
            "E303",
            f"`{argument} = {window}` is longer than the {size} places along the last axis of {shape_text(x)}",
            help=f"write a smaller `{argument}`, or pad the signal with `ops.pad`",
            argument=argument,
        )
    return maximum(0, 1 + (size - window) // call["sequence_stride"])


def extract_sequences(call: Call) -> Inferred:
    """(…, n) → (…, 1 + (n - length) // stride, length): windows of a signal, one behind the other."""
    x, length = operand(call, "x"), call["sequence_length"]
    ranked(call, x, 1, "cuts windows out of the last axis")
    count = _frames(call, x.shape, x.shape[-1], length, "sequence_length")
    return given((*x.shape[:-1], count, length), x.dtype)


def stft(call: Call) -> Inferred:
    """(…, n) → two parts (…, windows, fft_length // 2 + 1), each window weighted and transformed.

    With ``center`` the signal is mirrored by ``fft_length // 2`` places at both ends first.

    Raises:
        ShapeError: E303 where no window fits; E304 for other than float32 and float64; E307 where there are
            fewer places than are mirrored.
    """
    x, length = operand(call, "x"), call["fft_length"]
    real(call, x, "x", REAL)
    ranked(call, x, 1, "cuts windows out of the last axis")
    size = x.shape[-1]
    if call["center"]:
        if length > 1 and at_least(size, length // 2 + 1) is False:
            raise ShapeError(
                "E307",
                f"`center` mirrors {length // 2} places (half of `fft_length`) of a signal of {size}",
                help="write `center = false`, a smaller `fft_length`, or pad the signal with `ops.pad`",
                argument="fft_length",
            )
        size = size + length // 2 * 2
    count = _frames(call, x.shape, size, length, "fft_length")
    shape = (*x.shape[:-1], count, length // 2 + 1)
    cost = product(x.shape[:-1]) * count * (_transform(length) // 2 + (length if call["window"] is not None else 0))
    return several([shape] * 2, [x.dtype] * 2, cost)


def istft(call: Call) -> Inferred:
    """Two parts (…, windows, fft_length // 2 + 1) → (…, (windows - 1)·stride + fft_length), or (…, ``length``).

    With ``center`` without the ``fft_length // 2`` places at both ends that `stft` had put there.
    """
    x, length, wanted = _complex(call), call["fft_length"], call["length"]
    ranked(call, x, 2, "puts windows together along the last two axes")
    whole = (x.shape[-2] - 1) * call["sequence_stride"] + length
    half = length // 2 if call["center"] else 0
    size = whole - 2 * half if wanted is None else wanted
    if wanted is not None and at_least(whole - half, wanted) is False:
        raise ShapeError(
            "E307",
            f"`length = {wanted}`, but {x.shape[-2]} windows give no more than {whole - half} places",
            help=f"write {whole - half} or less, or take `length` away",
            argument="length",
        )
    if at_least(size, 1) is False:
        raise ShapeError(
            "E303",
            f"{x.shape[-2]} windows give a signal of {whole}, and `center` takes {half} places off both ends of it",
            help="write `center = false`, or give it more windows",
            argument="center",
        )
    cost = product(x.shape[:-1]) * (_transform(length) // 2 + 2 * length)
    return given((*x.shape[:-2], size), x.dtype, cost)


def check_windows(arguments: Mapping[str, Any]) -> None:
    """See that a window fits into what is transformed.

    Raises:
        ArgumentError: E114.
    """
    length, window = arguments["sequence_length"], arguments["window"]
    if arguments["fft_length"] < length:
        raise ArgumentError(
            "fft_length",
            f"`fft_length = {arguments['fft_length']}` is less than `sequence_length = {length}`",
            help="write at least `sequence_length`; what is more is filled with zeros",
            other="sequence_length",
        )
    if isinstance(window, tuple) and len(window) != length:
        raise ArgumentError(
            "window",
            f"`window` has {len(window)} numbers for windows of {length}",
            help="write a number for each place of a window",
            other="sequence_length",
        )
    if "length" in arguments and arguments["center"] and arguments["length"] is None and arguments["fft_length"] < 2:
        raise ArgumentError(
            "fft_length",
            "windows of one place have no half to take off both ends, and Keras then gives nothing at all",
            help="write `center = false`, or 2 or more",
            other="center",
        )


def view_as_real(call: Call) -> Inferred:
    """(…) → (…, 2): real and imaginary parts side by side; float32 for complex64."""
    x = operand(call, "x")
    dtype = {"complex64": "float32", "complex128": "float64"}.get(x.dtype, x.dtype)
    return given((*x.shape, 2), dtype)


def polar(call: Call) -> Inferred:
    """Lengths and angles → complex numbers, where Keras announces float32; 4 operations each.

    Raises:
        ShapeError: E302 where the shapes differ; E304 for other than float32 or float64.
    """
    length, angle = operand(call, "abs_"), operand(call, "angle")
    for name, one in (("abs_", length), ("angle", angle)):
        real(call, one, name, REAL)
    dtype = "complex64" if alike(call, abs_=length, angle=angle) == "float32" else "complex128"
    aligned = (1,) * (length.rank - angle.rank) + angle.shape
    if length.rank < angle.rank or any(
        b != 1 and meet(a, b) is None for a, b in zip(length.shape, aligned, strict=True)
    ):
        raise ShapeError(
            "E302",
            f"ops.polar takes an angle for each length, found {length} and {angle}",
            help="give both the same shape, or the angles 1 where lengths share one",
            port="angle",
        )
    return given(length.shape, dtype, 4 * length.size)


PLACES: Final = integer(1, 2**31 - 1)
_WINDOWS: Final = Kind(
    {"anyOf": [{"enum": ["hann", "hamming"]}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]},
    '"hann", "hamming", or a list of numbers, one for each place of a window',
    lambda given_: tuple(given_) if isinstance(given_, list | tuple) else given_,
)
LENGTH: Final = Argument("sequence_length", PLACES, summary="How many places a window has.")
STRIDE: Final = Argument("sequence_stride", PLACES, summary="From one window to the next how many places.")
TRANSFORMED: Final = Argument("fft_length", PLACES, summary="Over how many places is transformed, windows being filled "
                              "up with zeros.")  # fmt: skip
WINDOW: Final = Argument("window", nullable(_WINDOWS), "hann", "How the places of a window are weighted; none: alike.")
CENTER: Final = Argument("center", BOOLEAN, True, "Whether the first window stands around the first place.")
SIGNAL: Final = Argument(
    "fft_length", nullable(PLACES), None, "How long the signal is taken to be; none: by the tensor."
)

OPS: Final = (
    op("fft", "Turns complex signals into frequencies.", COMPLEX, fourier(1), home="math"),
    op("fft2", "Turns complex images into frequencies along both axes.", COMPLEX, fourier(2), home="math"),
    op("ifft2", "Turns frequencies along both axes back into complex images.", COMPLEX, fourier(2), home="math"),
    op("rfft", "Turns signals into frequencies.", (tensor("x"),), rfft, (SIGNAL,), home="math"),
    op("irfft", "Turns frequencies back into signals.", COMPLEX, irfft, (SIGNAL,), home="math"),
    op(
        "stft", "Turns signals into frequencies window by window.", (tensor("x"),), stft,
        (LENGTH, STRIDE, TRANSFORMED, WINDOW, CENTER), check=check_windows, home="math",
    ),
    op(
        "istft", "Turns frequencies window by window back into signals.", COMPLEX, istft,
        (
            LENGTH, STRIDE, TRANSFORMED,
            Argument("length", nullable(PLACES), None, "How long the signal becomes; none: by the windows."),
            WINDOW, CENTER,
        ),
        check=check_windows, home="math",
    ),
    op(
        "extract_sequences", "Cuts windows out of signals.", (tensor("x"),), extract_sequences, (LENGTH, STRIDE),
        home="math",
    ),
    op("view_as_real", "Puts the parts of complex numbers side by side.", (tensor("x"),), view_as_real, home="math"),
    op(
        "polar", "Makes complex numbers of lengths and angles.",
        (tensor("abs_", "Their lengths."), tensor("angle", "Their angles, in radians.")), polar, home="nn",
    ),
    refused_op(
        "view_as_complex", "Makes complex numbers of parts that stand side by side.", "symbolic",
        "Keras can't run it in a graph on TensorFlow; make complex numbers with `ops.polar`, or give the two parts to "
        "`ops.fft` and its like, which take them so",
        home="math",
    ),
)  # fmt: skip

"""Catalogue: dtype policies, what a layer computes in and keeps its weights in.

A record's name is the string that a spec writes for ``dtype``, or of those with arguments the ``type`` of a table.
"""

from __future__ import annotations

from typing import Final

from ..tensor import DTYPES, FLOATS
from .kinds import choice, integer, nullable
from .record import REQUIRED, Argument, Record
from .refusal import Because, refused

_PAGE = "mixed_precision/policy"
_BITS = {"8": "8 bits", "16": "16 bits", "32": "32 bits", "64": "64 bits"}


def _plain(dtype: str) -> Record:
    bits = next((words for digits, words in _BITS.items() if dtype.endswith(digits)), "")
    if dtype in FLOATS:
        summary = f"Computes in numbers of {bits} and keeps weights in them too."
    elif dtype == "bool":
        summary = "True or false; for layers without weights."
    elif dtype == "string":
        summary = "Text; for layers that take or give words."
    else:
        sign = " without a sign" if dtype.startswith("u") else ""
        summary = f"Whole numbers of {bits}{sign}; for layers that count, encode or look up."
    return Record(name=dtype, family="dtype_policies", summary=summary, page=_PAGE)


def _mixed(dtype: str, device: str) -> Record:
    return Record(
        name=f"mixed_{dtype}",
        family="dtype_policies",
        summary=f"Computes in {dtype} and keeps weights in float32: faster on {device}.",
        page=_PAGE,
    )


def _policy(name: str, summary: str) -> Record:
    argument = Argument("name", nullable(NAMED), None, "Which policy, by its name; left out: that of the model.")
    return Record(name=name, family="dtype_policies", summary=summary, page=_PAGE, arguments=(argument,))


def _refused(name: str, summary: str, reason: str, instead: str, because: Because) -> Record:
    return refused("dtype_policies", name, _PAGE, summary, reason, instead, because)


_TRAINED: Final = "it is for a trained model in Python: weights that begin in few bits are zeros that nothing trains"
_UNCALLED: Final = "Keras can't call a layer with it before its weights were found from those of a trained model"
_LATER: Final = "train in float32 or mixed precision, and quantise the trained model"
_WHOLE: Final = tuple(dtype for dtype in DTYPES if dtype != "int8")
_MIXED: Final = ("mixed_float16", "mixed_bfloat16")
NAMED: Final = choice(*_WHOLE, *_MIXED)

DTYPE_POLICIES = (
    *(_plain(dtype) for dtype in _WHOLE),
    _refused(
        "int8",
        "Whole numbers of 8 bits.",
        "Keras reads it as a way of quantising and refuses it without a source",
        'use "int32" or "uint8" instead',
        "symbolic",
    ),
    _mixed("float16", "newer NVIDIA graphics cards"),
    _mixed("bfloat16", "TPUs, newer processors and graphics cards"),
    _policy("DTypePolicy", "One of these policies, written as a table."),
    _policy("FloatDTypePolicy", "The same as DTypePolicy, under its old name."),
    _refused(
        "DTypePolicyMap",
        "Policies for layers by their paths.",
        "it is the Python object in which Keras keeps the policies of layers inside a saved layer",
        "give each layer its own `dtype`",
        "callable",
    ),
    Record(
        name="QuantizedFloat8DTypePolicy",
        family="dtype_policies",
        summary="Multiplies in 8-bit floats, with scales found while training; for Dense and EinsumDense.",
        page=_PAGE,
        arguments=(
            Argument("mode", choice("float8"), REQUIRED, "The way of quantising: 8-bit floats."),
            Argument(
                "source_name",
                nullable(choice("float32", "float16", "bfloat16", *_MIXED)),
                None,
                "In what everything else is computed; left out: as in the model.",
            ),
            Argument(
                "amax_history_length",
                integer(minimum=1, maximum=2**20),
                1024,
                "From how many steps' greatest values the scales are found.",
            ),
        ),
    ),
    _refused("QuantizedDTypePolicy", "Weights in few bits.", _TRAINED, _LATER, "callable"),
    _refused("Int4DTypePolicy", "Weights in 4 bits, by blocks.", _TRAINED, _LATER, "callable"),
    _refused("GPTQDTypePolicy", "Weights in few bits, by the GPTQ method.", _UNCALLED, _LATER, "symbolic"),
    _refused("AWQDTypePolicy", "Weights in few bits, by the AWQ method.", _UNCALLED, _LATER, "symbolic"),
)

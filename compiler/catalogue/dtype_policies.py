"""Catalogue: dtype policies, what a layer computes in and keeps its weights in.

A record's name is the string that a spec writes for ``dtype``.
"""

from __future__ import annotations

from ..tensor import DTYPES, FLOATS
from .record import Record

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


def _refused(name: str, summary: str, reason: str) -> Record:
    return Record(name=name, family="dtype_policies", summary=summary, page=_PAGE, refused=reason)


_BY_NAME = 'write the policy\'s name as `dtype` instead, such as "float32" or "mixed_float16"'
_QUANTIZED = "weights are quantised after training, not in a spec; train in float32 or mixed precision"

DTYPE_POLICIES = (
    *(_plain(dtype) for dtype in DTYPES if dtype != "int8"),
    _refused(
        "int8", "Whole numbers of 8 bits.", 'Keras reads it as a way of quantising; use "int32" or "uint8" instead'
    ),
    _mixed("float16", "newer NVIDIA graphics cards"),
    _mixed("bfloat16", "TPUs, newer processors and graphics cards"),
    _refused("DTypePolicy", "A policy as an object.", _BY_NAME),
    _refused("FloatDTypePolicy", "The same under an old name.", _BY_NAME),
    _refused("DTypePolicyMap", "Policies for layers by their paths.", "give each layer its own `dtype`"),
    _refused("QuantizedDTypePolicy", "Weights in few bits.", _QUANTIZED),
    _refused("QuantizedFloat8DTypePolicy", "Weights in 8-bit floats.", _QUANTIZED),
    _refused("Int4DTypePolicy", "Weights in 4 bits, by blocks.", _QUANTIZED),
    _refused("GPTQDTypePolicy", "Weights in few bits, by the GPTQ method.", _QUANTIZED),
    _refused("AWQDTypePolicy", "Weights in few bits, by the AWQ method.", _QUANTIZED),
)

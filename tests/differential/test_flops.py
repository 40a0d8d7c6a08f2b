"""FLOPs of contractions against XLA's own cost analysis.

Dense layers and convolutions agree to the last one, biases among them. Attention and recurrent layers have
element-wise work besides (softmax, gates) that XLA counts in its own way; there the sizes are such that
contractions make up nearly all, and the two may differ by as much as the rest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.objects import instantiate
from keraspec.compiler.catalogue.record import Call
from keraspec.compiler.sizes import known
from keraspec.compiler.tensor import TensorType, batched, policy

Counted = tuple[str, dict[str, Any], list[list[int]]]
"""Layer, arguments, shapes of its inputs without the batch axis."""

CONVOLUTIONS: tuple[tuple[str, dict[str, Any], list[int]], ...] = (
    ("Dense", {"units": 5}, [7]),
    ("Dense", {"units": 5}, [3, 4, 7]),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [3, 5], "bias_axes": "d"}, [3, 4]),
    ("EinsumDense", {"equation": "abcd,cde->abe", "output_shape": [3, 6]}, [3, 2, 4]),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 6}, [2, 2, 4]),
    ("Conv1D", {"filters": 5, "kernel_size": 3}, [11, 4]),
    ("Conv1D", {"filters": 5, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, [11, 4]),
    ("Conv1D", {"filters": 5, "kernel_size": 4, "padding": "same", "strides": 3}, [11, 4]),
    ("Conv2D", {"filters": 5, "kernel_size": 3}, [8, 9, 4]),
    ("Conv2D", {"filters": 5, "kernel_size": [3, 5], "padding": "same"}, [8, 9, 4]),
    ("Conv2D", {"filters": 5, "kernel_size": [4, 3], "padding": "same", "strides": 2}, [8, 9, 4]),
    ("Conv2D", {"filters": 5, "kernel_size": 3, "padding": "same", "dilation_rate": 3}, [8, 9, 4]),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2}, [8, 9, 4]),
    ("Conv2D", {"filters": 6, "kernel_size": 5, "padding": "same", "data_format": "channels_first"}, [4, 3, 9]),
    ("Conv3D", {"filters": 3, "kernel_size": 3, "padding": "same"}, [4, 5, 6, 2]),
    ("Conv1DTranspose", {"filters": 5, "kernel_size": 3, "strides": 2}, [8, 4]),
    ("Conv2DTranspose", {"filters": 5, "kernel_size": 3, "strides": 2}, [8, 9, 4]),
    ("Conv2DTranspose", {"filters": 5, "kernel_size": 4, "strides": 2, "padding": "same"}, [8, 9, 4]),
    ("Conv2DTranspose", {"filters": 5, "kernel_size": 2, "strides": 3, "padding": "same"}, [8, 9, 4]),
    ("Conv2DTranspose", {"filters": 5, "kernel_size": 5, "strides": 2, "padding": "same", "output_padding": 1},
     [8, 9, 4]),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [4, 3, 5, 2]),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, [8, 4]),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "padding": "same", "strides": 2}, [8, 9, 4]),
    ("SeparableConv1D", {"filters": 5, "kernel_size": 3}, [8, 4]),
    ("SeparableConv2D", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "padding": "same"}, [8, 9, 4]),
)  # fmt: skip

# Layer, arguments, inputs, and how much of XLA's count may be element-wise work counted otherwise.
REST: tuple[tuple[str, dict[str, Any], list[list[int]], float], ...] = (
    ("MultiHeadAttention", {"num_heads": 4, "key_dim": 32}, [[24, 128], [24, 128]], 0.03),
    ("GroupQueryAttention", {"head_dim": 32, "num_query_heads": 4, "num_key_value_heads": 2},
     [[24, 128], [24, 128]], 0.03),
    ("Attention", {}, [[32, 128], [48, 128]], 0.03),
    ("SimpleRNN", {"units": 64, "unroll": True}, [[6, 64]], 0.03),
    ("LSTM", {"units": 64, "unroll": True}, [[6, 64]], 0.03),
    ("GRU", {"units": 64, "unroll": True}, [[6, 64]], 0.03),
)  # fmt: skip


def every() -> list[Counted]:
    """All cases, convolutions and dense layers once with a bias and once without."""
    plain: list[Counted] = []
    for name, arguments, shape in CONVOLUTIONS:
        plain.append((name, arguments, [shape]))
        if name != "EinsumDense":
            plain.append((name, {**arguments, "use_bias": False}, [shape]))
    return plain + [(name, arguments, shapes) for name, arguments, shapes, _ in REST]


@cache
def xla() -> list[float]:
    """What XLA counts, by one process for all cases."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("xla_flops.py"))],
        input=json.dumps(every()),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    counted: list[float] = json.loads(done.stdout)
    return counted


def ours(name: str, arguments: dict[str, Any], shapes: list[list[int]]) -> int:
    record = find("layers", name)
    assert record is not None
    assert record.rule is not None
    inputs = [TensorType(batched(*shape)) for shape in shapes]
    first, *others = [port for port in record.ports if port.many or port.required]
    given = (
        {first.name: tuple(inputs)}
        if first.many
        else {port.name: (one,) for port, one in zip((first, *others), inputs, strict=False)}
    )
    options = {option.name: option.default for option in record.options}
    flops = record.rule(Call(instantiate(record, arguments), given, options, policy("float32"))).flops
    assert known(flops)
    return flops


def _name(case: Counted) -> str:
    return f"{case[0]}-" + "-".join(str(value) for value in case[1].values())


@pytest.mark.parametrize("index", range(len(every()) - len(REST)), ids=lambda index: _name(every()[index]))
def test_contractions_agree_exactly(index: int) -> None:
    case = every()[index]
    assert ours(*case) == xla()[index]


@pytest.mark.parametrize("index", range(len(REST)), ids=lambda index: REST[index][0])
def test_contractions_among_other_work_agree_nearly(index: int) -> None:
    name, arguments, shapes, tolerance = REST[index]
    assert ours(name, arguments, shapes) == pytest.approx(xla()[len(every()) - len(REST) + index], rel=tolerance)

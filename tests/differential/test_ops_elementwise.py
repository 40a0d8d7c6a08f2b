"""Operations on each element of one tensor, against Keras."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from oracle import Case, Plan, Tensor, agree, shapes

from keraspec.compiler.catalogue.ops.elementwise import FUNCTIONS

CASES = int(os.environ.get("KERASPEC_CASES", "8"))
COMMON = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "int64", "uint8", "int8", "bool")
COMPLEX = (
    "abs", "angle", "arccos", "arctanh", "conjugate", "cos", "exp", "imag", "isreal", "log", "logical_not", "negative",
    "real", "rsqrt", "sign", "sin", "sqrt", "square", "tanh",
)  # fmt: skip
DTYPES = ("float16", "bfloat16", "float32", "float64", "int8", "int32", "int64", "uint8", "uint32", "bool")
ONE_PART = ("abs", "angle", "imag", "real")


def complex_parts(case: Case) -> bool:
    return case.x.dtype == "complex64"


def not_float32(case: Case) -> bool:
    return case.x.dtype != "float32"


def plan_of(name: str) -> Plan:
    """The plan of an op without arguments."""
    known = {}
    if name in ONE_PART:
        known["Keras announces complex numbers for their parts, and computes real ones"] = complex_parts
    if name == "reciprocal":
        known["Keras announces float32 and computes the dtype it was given"] = not_float32
    extra = ("complex64",) if name in COMPLEX else ()
    return Plan(
        f"ops.{name}",
        shapes(0, 1, 2, 3, wrong=0, dtypes=(*COMMON, *extra)),
        known=known,
        values=real_values,
        compiled=True,
        # float64 and others have their own examples, so that every one is tried in every run
        examples=tuple(({}, (Tensor((2,), dtype),)) for dtype in ("int32", "float16", "bool", *extra)),
        accepted=0.2,
    )


def real_values(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    import keras
    import numpy as np

    numbers = np.random.default_rng(rng.randrange(2**32)).random(shape)
    if dtype == "bool":
        return keras.ops.convert_to_tensor(numbers < 0.5)
    return keras.ops.cast(keras.ops.convert_to_tensor(numbers if "float" in dtype else numbers * 3), dtype)


def bounds(rng: Random) -> Any:
    return rng.choice([0, 1, 2, 0.5, 1.0, 6, [0.5], [1, 2, 3]])


PLANS = (
    *(plan_of(record.name.removeprefix("ops.")) for record in FUNCTIONS),
    Plan(
        "ops.clip",
        shapes(0, 1, 2, 3, last=(3, 3, 2), dtypes=COMMON, wrong=0),
        {"x_min": bounds, "x_max": bounds},
        wrong=0,
        values=real_values,
        compiled=True,
        examples=(
            ({"x_min": -1, "x_max": 1}, (Tensor((3,)),)),
            ({"x_min": -1.5, "x_max": [1, 2, 3]}, (Tensor((3,)),)),
            ({"x_min": [1, 2, 3], "x_max": 4}, (Tensor(("time",)),)),
            ({"x_min": [1, 2, 3], "x_max": 4}, (Tensor(()),)),
            ({"x_min": 0, "x_max": 0.5}, (Tensor((3,), "int32"),)),
        ),
    ),
    Plan("ops.round", shapes(0, 1, 2, 3, dtypes=COMMON, wrong=0), values=real_values, compiled=True),
    Plan("ops.nan_to_num", shapes(0, 1, 2, dtypes=COMMON, wrong=0), {"nan": (0.0, 1.0, 2)},
         values=real_values, compiled=True),
    Plan("ops.cast", shapes(0, 1, 2, dtypes=COMMON, wrong=0), {"dtype": DTYPES}, values=real_values, compiled=True),
    Plan("ops.saturate_cast", shapes(0, 1, 2, dtypes=(*COMMON, "uint64"), wrong=0),
         {"dtype": (*DTYPES, "uint64")}, values=real_values, compiled=True),
    Plan("ops.copy", shapes(0, 1, 2, dtypes=COMMON, wrong=0), values=real_values, compiled=True),
    Plan("ops.array", shapes(0, 1, 2, dtypes=COMMON, wrong=0), {"dtype": DTYPES}, values=real_values, compiled=True),
    Plan("ops.convert_to_tensor", shapes(0, 1, 2, dtypes=COMMON, wrong=0), {"dtype": DTYPES},
         values=real_values, compiled=True),
    Plan("ops.stop_gradient", shapes(0, 1, 2, dtypes=COMMON, wrong=0), values=real_values, compiled=True),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)

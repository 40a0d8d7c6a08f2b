"""Operations on pairs of elements, against Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import dropping
from oracle import Axis, Case, Plan, Tensor, agree

from keraspec.compiler.catalogue.ops.arithmetic import ARITHMETIC, BITWISE, COMPARISONS

CASES = int(os.environ.get("KERASPEC_CASES", "8"))
SIGNED = ("float32", "float32", "float16", "bfloat16", "float64", "int32", "int64", "int8", "bool")
WHOLE = ("int32", "int32", "int64", "int8", "int16", "uint8", "uint32", "float32", "bool")
"""Unsigned ones where no literal is drawn: TensorFlow ends the process over `x + -1` on uint8."""
LITERALS = (1, 2, 3, -1, 0, 0.5, -1.5, 2.0, True, [1, 2, 3], [0.5], [[1], [2]], [True, False, True], [[1.5, 2]])


def two(*dtypes: str) -> Any:
    """Feeds of two tensors that mostly broadcast."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        rank = rng.randint(0, 3)
        one: list[Axis] = [rng.choice((1, 2, 3, 3, "time")) for _ in range(rank)]
        other = [1 if rng.random() < 0.2 else "width" if rng.random() < 0.05 else size for size in one]
        if rng.random() < 0.08:
            other = other[1:]
        if rng.random() < 0.05:
            other = [7, *other[1:]]
        return Tensor(tuple(one), rng.choice(dtypes)), Tensor(
            tuple(other), rng.choice(dtypes), batched=rng.random() < 0.9
        )

    return feed


def values(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers above 0: whole ones divide others."""
    import keras
    import numpy as np

    numbers = np.random.default_rng(rng.randrange(2**32)).random(shape)
    if dtype == "bool":
        return keras.ops.convert_to_tensor(numbers < 2)
    return keras.ops.cast(keras.ops.convert_to_tensor(numbers if "float" in dtype else 1 + numbers * 3), dtype)


def dtypes_of(case: Case) -> set[str]:
    return {one.dtype for given in case.inputs.values() for one in given}


def shape_of(case: Case, name: str) -> tuple[Any, ...]:
    """The axes of an operand, a tensor or numbers."""
    import numpy as np

    return case.inputs[name][0].axes if name in case.inputs else np.shape(case.written[name])


def batch_meets_number(case: Case) -> bool:
    """Whether the batch axis stands where another operand has a size of its own, counted from the last."""
    shapes = [shape_of(case, port.name)[::-1] for port in case.record.ports]
    places = [{shape[at] for shape in shapes if at < len(shape)} for at in range(max(map(len, shapes)))]
    return any(None in sizes and sizes - {None, 1} for sizes in places)


FOLDED = {
    "the batch meets a number, and TensorFlow leaves out of the graph what numbers of the spec decide alone": (
        lambda case: batch_meets_number(case) and any(isinstance(one, list) for one in case.written.values())
    )
}
SETTLED = {
    "a lone number takes part as int32 or float32, where Keras announces that it takes part as nothing": lambda case: (
        any(isinstance(value, int | float) for value in case.written.values())
    )
}
TRUE = {
    "TensorFlow makes no bfloat16 of true, unless in a graph": lambda case: (
        "bfloat16" in dtypes_of(case) and any(value is True for value in case.written.values())
    )
}
BIAS = {
    "Keras takes the second tensor for a bias, and adds it along another axis than it says": lambda case: (
        len(shape_of(case, "x1")) > 1 and sum(size != 1 for size in shape_of(case, "x2")) == 1
    )
}
GROWN = {
    "Keras announces the shape of x, and computes the one to which both broadcast": lambda case: (
        1 in shape_of(case, "x") or len(shape_of(case, "x")) < len(shape_of(case, "y"))
    )
}


def plan_of(name: str) -> Plan:
    """The plan of an op that takes x1 and x2."""
    known: dict[str, Any] = dict(FOLDED)
    if name in ("ops.mod", "ops.fmod", "ops.arctan2", "ops.logaddexp", "ops.logaddexp2",
                "ops.nextafter", "ops.ldexp"):  # fmt: skip
        known |= SETTLED
    if name == "ops.add":
        known |= BIAS
    return Plan(
        name,
        two(*SIGNED),
        {"x1": LITERALS, "x2": LITERALS},
        mend=dropping(0.7, "x1", "x2"),
        known=known,
        stuck=TRUE,
        values=values,
        compiled=True,
        accepted=0.15,
        examples=tuple(
            ({}, (Tensor((3,), a), Tensor((3,), b)))
            for a, b in (
                ("int32", "float16"),
                ("bool", "bool"),
                ("uint8", "int8"),
                ("uint32", "int32"),
                ("int32", "int64"),
            )
        ),
    )


def plan_of_bits(name: str) -> Plan:
    """The plan of an op on bits."""
    wholes = (0, 1, 2, [1], [1, 2, 3], [[1], [2]], 0.5)
    return Plan(
        name,
        two(*WHOLE[:6]),
        {"x": wholes, "y": wholes},
        mend=dropping(0.7, "x", "y"),
        known=GROWN,
        values=values,
        compiled=True,
        accepted=0.15,
    )


def three(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    one, other = two(*SIGNED)(rng, written)
    return Tensor(one.shape, "bool"), one, other


def choices(rng: Random, written: Mapping[str, Any]) -> Mapping[str, tuple[Tensor, ...]]:
    """As many conditions as choices, mostly of one dtype."""
    count, dtype = rng.randint(1, 3), rng.choice(SIGNED)
    some = [two(*SIGNED)(rng, written)[0] for _ in range(count)]
    given = tuple(Tensor(some[0].shape, dtype if rng.random() < 0.9 else "int64") for _ in some)
    return {"condlist": tuple(Tensor(some[0].shape, "bool") for _ in some), "choicelist": given}


def mixed(case: Case) -> bool:
    """Whether the choices are of several dtypes, or the default is not of theirs."""
    found = {one.dtype for one in case.inputs["choicelist"]}
    default = case.written.get("default", 0)
    return len(found) > 1 or (not isinstance(default, bool) and "bool" in found) or isinstance(default, float)


PLANS = (
    *(plan_of(record.name) for record in (*ARITHMETIC, *COMPARISONS)),
    *(plan_of_bits(record.name) for record in BITWISE),
    Plan(
        "ops.where",
        three,
        {"condition": (True, [True, False, True], [0, 1, 2]), "x1": LITERALS, "x2": LITERALS},
        mend=lambda rng, written: (
            [written.pop(one, None) for one in ("condition", "x1", "x2") if rng.random() < 0.6] and None
        ),
        known=FOLDED,
        stuck=TRUE,
        values=values,
        compiled=True,
        accepted=0.15,
        examples=(
            ({}, (Tensor((3,)),)),
            ({"x1": 1, "x2": 0.5}, (Tensor((3,)),)),
            ({"x1": 1, "x2": True}, (Tensor((3,)),)),
        ),
    ),
    Plan(
        "ops.select",
        choices,
        {"default": (0, 1, 0.5, True, False, -1)},
        values=values,
        compiled=True,
        known={
            "what TensorFlow's NumPy makes of several dtypes (float64 out of float32 and int32) is not followed": mixed
        },
        examples=(
            ({}, {"condlist": (Tensor((3,), "bool"),), "choicelist": (Tensor((3,)), Tensor((3,)))}),
            ({"default": False}, {"condlist": (Tensor((3,), "bool"),), "choicelist": (Tensor((3,), "bool"),)}),
            ({}, {"condlist": (Tensor((2, 1)),), "choicelist": (Tensor((1, 3)),), "default": (Tensor(()),)}),
        ),
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)

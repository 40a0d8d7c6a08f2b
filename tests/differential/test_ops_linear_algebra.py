"""Operations on whole matrices, and on their diagonals, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import CASES, MANY, as_we_say, some
from oracle import Axis, Case, Feed, Plan, Tensor, agree, random_array

FLOATS = ("float32", "float32", "float32", "float64", "float16", "int32", "bfloat16")
NOT_ANNOUNCED = {
    "Keras announces real numbers and computes complex ones": as_we_say(lambda *given: positive(*given)),
}
SIGN = {"Keras announces one sign for all matrices": as_we_say(lambda *given: positive(*given))}
ROWS = {
    "Keras announces the dtype of the matrix for the numbers of its rows": as_we_say(lambda *given: positive(*given))
}
OFF_BATCH = {
    "whether Keras fails depends on the batch where one of the two axes is it": lambda case: (
        case.x.batched and bool(case.written.get("offset"))
    )
}


def below_zero(case: Case) -> bool:
    return any(isinstance(case.written.get(name), int | float) and case.written[name] < 0 for name in ("rcond", "tol"))


NO_SHARE = {"a share of the largest value is not below 0": below_zero}


def matrices(*, square: float = 0.85, most: int = 4) -> Feed:
    """A feed of a tensor of matrices, square ones for the most part, batched or alone."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        rows: Axis = rng.choice((1, 2, 3, 3, most, "time"))
        columns: Axis = rows if rng.random() < square else rng.choice((1, 2, 5, "time", "width"))
        front = tuple(rng.choice((1, 2, "depth")) for _ in range(rng.choice((0, 0, 1))))
        shape = (*front, rows, columns)
        if rng.random() < 0.05:
            shape = shape[-1:]
        return (Tensor(shape, rng.choice(FLOATS), batched=rng.random() < 0.7),)

    return feed


def positive(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Symmetric matrices with eigenvalues above 0."""
    import keras
    import numpy as np

    if len(shape) < 2 or shape[-1] != shape[-2]:
        return random_array(rng, case, shape, dtype)
    return keras.ops.cast(np.broadcast_to(np.eye(shape[-1]) * 2, shape), dtype)


def system(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Square matrices and right sides for them, or what fits the one that is stated."""
    for name, other in (("a", "b"), ("b", "a")):
        if isinstance(written.get(name), list) and written[name]:
            count = len(written[name])
            shape = (count, count) if other == "a" else (count, 2)[: rng.randint(1, 2)]
            return (Tensor(shape, "float32", batched=rng.random() < 0.1),)
    size: Axis = rng.choice((1, 2, 3, "time"))
    front = tuple(rng.choice((1, 2)) for _ in range(rng.choice((0, 0, 1))))
    batched = rng.random() < 0.7
    dtype = rng.choice(FLOATS)
    right: tuple[Axis, ...] = (*front, size, rng.choice((1, 2))) if rng.random() < 0.6 else (*front, size)
    if rng.random() < 0.1:
        right = (*right, 2)
    if rng.random() < 0.1:
        right = (5, *right[1:])
    other = dtype if rng.random() < 0.9 else "float64"
    a = Tensor((*front, size, size), dtype, batched=batched)
    return a, Tensor(right, other, batched=batched if rng.random() < 0.9 else not batched)


def equations(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    batched = rng.random() < 0.6
    rows = () if batched else (rng.choice((2, 3, "time")),)
    dtype = rng.choice(("float32", "float32", "float64", "int32"))
    right = (2,) if rng.random() < 0.6 else ()
    a = Tensor((*rows, rng.choice((1, 2, 3))), dtype, batched=batched)
    return a, Tensor((*rows, *right) if rng.random() < 0.9 else (4,), dtype, batched=batched)


AXIS = (0, 1, 2, -1, -2)
PLANE = {"axis1": AXIS, "axis2": AXIS, "offset": (0, 0, 1, -1, 2, -3)}
PLANS = (
    *(
        Plan(f"ops.{name}", matrices(), values=positive, compiled=True, accepted=0.15)
        for name in ("cholesky", "cholesky_inverse", "det", "inv", "eigh", "logdet")
    ),
    Plan("ops.eig", matrices(), values=positive, compiled=True, accepted=0.15, known=NOT_ANNOUNCED),
    Plan("ops.slogdet", matrices(), values=positive, compiled=True, accepted=0.15, known=SIGN),
    Plan("ops.lu_factor", matrices(), values=positive, compiled=True, accepted=0.03, known=ROWS,
         examples=(({}, (Tensor((3, 3), batched=False),)),)),
    Plan("ops.matrix_rank", matrices(square=0.4), values=positive, compiled=True, accepted=0.15, known=NO_SHARE),
    Plan("ops.pinv", matrices(square=0.4), values=positive, compiled=True, accepted=0.15, known=NO_SHARE),
    Plan("ops.qr", matrices(square=0.4), values=positive, compiled=True, accepted=0.1),
    Plan("ops.svd", matrices(square=0.4), values=positive, compiled=True, accepted=0.1),
    Plan("ops.solve", system, {"a": ([[1.0, 2.0], [0.0, 1.0]], [[1.0]]), "b": ([1.0], [[1.0], [2.0]], [1, 2])},
         values=positive, compiled=True, accepted=0.1),
    Plan("ops.solve_triangular", system, {"a": ([[1.0, 2.0], [0.0, 1.0]], [[1.0]]), "b": ([1.0], [[1.0], [2.0]])},
         values=positive, compiled=True, accepted=0.1),
    Plan("ops.lstsq", equations, {"rcond": (0.1, 0, 0.001, "none"),
         "a": ([[1.0, 2.0], [0.0, 1.0]],), "b": ([1.0, 2.0],)},
         compiled=True, accepted=0.02, known=NO_SHARE,
         examples=(({"rcond": 0.1}, (Tensor((3,)), Tensor((2,)))),
                   ({}, (Tensor((4, 2), batched=False), Tensor((4,), batched=False))))),
    Plan("ops.diag", some(0, 1, 1, 2), {"k": (0, 0, 1, -1, 2, -9)}, compiled=True, accepted=0.2),
    Plan("ops.diagflat", some(0, 1, 2), {"k": (0, 1, -1, 2)}, compiled=True),
    Plan("ops.diagonal", some(1, 2, 2, 3), PLANE, compiled=True, accepted=0.1),
    Plan("ops.trace", some(1, 2, 2, 3, dtypes=(*MANY, "int8", "int16", "uint16")), PLANE, compiled=True, accepted=0.1,
         known=OFF_BATCH),
    Plan("ops.tril", some(0, 1, 2), {"k": (0, 1, -1, 9)}, compiled=True, accepted=0.2),
    Plan("ops.triu", some(0, 1, 2), {"k": (0, 1, -1, 9)}, compiled=True, accepted=0.2),
    Plan("ops.vander", some(0, 0, 0, 1), {"N": (0, 1, 3, "none"), "increasing": (True, False)}, compiled=True,
         accepted=0.2),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)

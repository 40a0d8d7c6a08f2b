"""Operations that multiply along axes and add up, against Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
from op_feeds import CASES, MANY, as_we_say
from oracle import Axis, Plan, Tensor, agree

from keraspec.compiler.catalogue import entry_record

LISTS = ([1, 2], [0.5, 1.5, 2.5], [[1.0, 2.0], [3.0, 4.0]], [[1, 2, 3]], [[True], [False]])
NUMBERS = (2, 0.5, True, *LISTS)
SIZES = (1, 2, 3, 3, 3, "time")
NARROW = {"of 8 bits and a row Keras announces 32 bits and computes 8": as_we_say()}
LONE = {
    "a lone number takes part as int32 or float32, where Keras announces that it takes part as nothing": (as_we_say())
}
NO_SQUARE = {"of a word times itself no number of the list may be the outcome": lambda case: "time" in str(case)}
STRICT = {
    "a model does not hold a size that is not known against a number, as the function does": lambda case: (
        "time" in str(case)
    )
}
ONE_SIDED = {
    "`...` that only the result has stands for no axes at all": lambda case: (
        "..." in str(case.written.get("subscripts")).partition("->")[2]
        and "..." not in str(case.written.get("subscripts")).partition("->")[0]
    )
}
STRETCHED = {
    "a size of 1 fits any other on TensorFlow in some of its ways, and in others fails": lambda case: any(
        1 in one.shape for one in case.inputs["operands"]
    )
}


def chained(
    inner: Callable[[list[Axis], list[Axis], Random], None], fewest: int = 0, most: int = 3, dtypes: Any = MANY
) -> Any:
    """A feed of two tensors; ``inner`` lets axes of the second be those of the first."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        one = [rng.choice(SIZES) for _ in range(rng.randint(fewest, most))]
        other = [rng.choice(SIZES) for _ in range(rng.randint(fewest, most))]
        if rng.random() < 0.85:
            inner(one, other, rng)
        first, second = rng.choice(dtypes), rng.choice(dtypes)
        if rng.random() < 0.6:
            second = first
        return (
            Tensor(tuple(one), first, batched=rng.random() < 0.8),
            Tensor(tuple(other), second, batched=rng.random() < 0.5),
        )

    return feed


def product(one: list[Axis], other: list[Axis], rng: Random) -> None:
    if rng.random() < 0.5 and len(one) > 1:  # batches that broadcast
        other[:] = [*(size if rng.random() < 0.8 else 1 for size in one[:-2]), one[-1], 3]
    elif len(one) and len(other) > 1:
        other[-2] = one[-1]
    elif len(one) and other:
        other[-1] = one[-1]


def rows(one: list[Axis], other: list[Axis], rng: Random) -> None:
    if one and other:
        other[-1] = one[-1]
    if rng.random() < 0.5:
        other[:-1] = one[:-1][: len(other) - 1]


def same(one: list[Axis], other: list[Axis], rng: Random) -> None:
    other[:] = one


def triples(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    rank = rng.randint(0, 2)
    shape = [rng.choice((1, 2, 3, "time")) for _ in range(rank)]
    other = [1 if rng.random() < 0.2 else size for size in shape]
    one, two = (rng.choice((2, 3, 3, 3, 4, "time")) for _ in range(2))
    return (
        Tensor((*shape, one), rng.choice(("float32", "float32", "int32", "float16")), batched=rng.random() < 0.8),
        Tensor((*other, two), rng.choice(("float32", "float32", "int32")), batched=rng.random() < 0.6),
    )


def contraction(rng: Random) -> Any:
    if rng.random() < 0.5:
        return rng.choice((0, 1, 1, 2, 3))
    count = rng.randint(1, 2)
    return [rng.sample((-1, 0, 1, 2), count), rng.sample((-1, 0, 1, 2), count)]


EINSUMS = (
    "ab,bc->ac", "abc,cd->abd", "abc,abd->acd", "...i,ij->...j", "...ij,...jk->...ik", "...ij,...jk", "ij,jk", "ba",
    "ij",
    "a,a->a", "a,b->ab", "aab->ab", "abb->a", "ab->ba", "ab->", "...a->a...", "a...->...", "ab,cb,cd->ad",
    "a...,a...->...a",
    "ab , bc -> ac", "abcd,cde->abe", "a...b,b->a...", "ab,ab->", "...,...", "b...,...->b...", "ab,b", "abc,abc->ab",
)  # fmt: skip
WRONG = ("ab,bc", "ab->abc", "aB->a", "a->aa", "ab,,c", "a->b->c", "...a...", "a-b", "ab,bc->...", "")


def letters(rng: Random) -> str:
    return rng.choice(WRONG if rng.random() < 0.1 else EINSUMS)


def of_letters(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """A tensor for each group of letters, of the sizes that the letters drew."""
    text = str(written.get("subscripts")).replace(" ", "").split("->")[0]
    sizes: dict[str, Axis | None] = {letter: rng.choice((2, 3, 4, "time")) for letter in sorted(set(text))}
    wild: list[Axis | None] = [rng.choice((2, 3, "width")) for _ in range(rng.randint(0, 2))]
    first = next((letter for letter in text if letter.isalpha()), None)
    if first is not None and rng.random() < 0.7:
        sizes[first] = None
    elif wild:
        wild[0] = None
    found = []
    dtype = rng.choice(("float32", "float32", "float32", "float16", "int32", "bfloat16", "int8"))
    for term in text.split(",")[: rng.choice((9, 9, 9, 9, 1))]:
        shape: list[Axis | None] = []
        for part in term.replace("...", ".") if term else ".":
            short = rng.random() < 0.1
            shape.extend(wild[1:] if part == "." and short else wild if part == "." else [sizes.get(part, 2)])
        batched = bool(shape) and shape[0] is None
        rest = tuple(5 if size is None else size for size in shape[batched:])
        found.append(Tensor(rest, dtype if rng.random() < 0.9 else "float32", batched=batched))
    return tuple(found)


PLANS = (
    Plan("ops.matmul", chained(product, dtypes=(*MANY, "int8", "int8")), {"x1": LISTS, "x2": LISTS}, known=NARROW,
         compiled=True, accepted=0.1),
    Plan("ops.dot", chained(product), {"x1": NUMBERS, "x2": NUMBERS}, known=LONE, compiled=True, accepted=0.2),
    Plan("ops.tensordot", chained(product), {"axes": contraction, "x1": LISTS, "x2": LISTS}, compiled=True,
         accepted=0.04, examples=(({"axes": [[2], [1]]}, (Tensor((2, 3)), Tensor((3, 4)))),)),
    Plan("ops.outer", chained(same), {"x1": NUMBERS, "x2": NUMBERS}, known=LONE, compiled=True, accepted=0.2),
    Plan("ops.inner", chained(rows), {"x1": LISTS, "x2": LISTS}, compiled=True, accepted=0.15),
    Plan("ops.vdot", chained(same), {"x1": NUMBERS, "x2": NUMBERS}, known=LONE, compiled=True, accepted=0.1,
         stuck=NO_SQUARE),
    Plan("ops.cross", triples, {"x1": ([1.0, 2.0, 3.0], [[1, 2]]), "x2": ([1.0, 0.5], [[1, 2, 3]]),
                                "axis": (-1, -1, "none", 0, 1), "axisc": (-1, 0, 1)}, compiled=True, accepted=0.1),
    Plan("ops.cdist", chained(rows, dtypes=("float32", "float32", "float32", "float64", "float16", "int32")),
         {"x": ([[1.0, 2.0, 3.0]], [1.0]), "y": ([[1.0, 2.0]], [[1, 2, 3]])}, compiled=True, accepted=0.1,
         stuck=STRICT),
    Plan("ops.einsum", of_letters, {"subscripts": letters}, known=STRETCHED | ONE_SIDED, compiled=True, accepted=0.3,
         examples=tuple(({"subscripts": one}, (Tensor((2,)), Tensor((2,)))) for one in ("...ij,...jk", "ab,ac->bc"))),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)


def test_kron_fails_in_a_graph_as_its_record_says() -> None:
    record = entry_record("ops.kron")
    assert record is not None
    assert record.refused is not None
    x = keras.Input((3,))
    model = keras.Model(x, keras.ops.kron(x, x))
    with pytest.raises(TypeError):
        model.predict(np.ones((2, 3), "float32"), verbose=0)

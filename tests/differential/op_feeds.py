"""Feeds of the ops: tensors of many dtypes and ranks, with the batch axis in front or without it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import oracle
from oracle import Axis, Case, Feed, Refused, Tensor, axis, random_array

CASES = int(os.environ.get("KERASPEC_CASES", "12"))
MANY = ("float32", "float32", "float32", "float16", "bfloat16", "int32", "int64", "uint8", "bool")
WITH_TEXT = (*MANY, "string")


def some(
    *ranks: int, dtypes: Sequence[str] = MANY, unknown: float = 0.12, free: float = 0.25, largest: int = 6,
    smallest: int = 1,
) -> Feed:  # fmt: skip
    """A feed of one tensor; ``ranks`` without the batch axis, which ``free`` of the tensors do not have."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        return (tensor(rng, rng.choice(ranks), dtypes, unknown, free, largest, smallest=smallest),)

    return feed


def tensor(
    rng: Random, rank: int, dtypes: Sequence[str], unknown: float = 0.12, free: float = 0.25, largest: int = 6,
    *, smallest: int = 1,
) -> Tensor:  # fmt: skip
    """One tensor; with ``smallest`` above 1 no axis is of size 0 either."""
    shape = tuple(axis(rng, smallest, largest, unknown, 0.01 if smallest == 1 else 0) for _ in range(rank))
    return Tensor(shape, rng.choice(dtypes), batched=rng.random() >= free)


def alike(*dtypes: str, spoil: float = 0.15, most: int = 3) -> Feed:
    """A feed of one to ``most`` tensors of one shape, now and then with an axis changed or of another dtype."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        first = tensor(rng, rng.randint(0, 3), dtypes, free=0.15)
        found = [first]
        for _ in range(rng.randint(1, most) - 1):
            shape = list(first.shape)
            if shape and rng.random() < spoil:
                shape[rng.randrange(len(shape))] = axis(rng, 1, 6, 0.1)
            if rng.random() < spoil / 3:
                shape.append(2)
            dtype = rng.choice(dtypes) if rng.random() < 0.3 else first.dtype
            found.append(Tensor(tuple(shape), dtype, batched=first.batched))
        return tuple(found)

    return feed


def places(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Zeros for whole numbers, which count places; random ones for others."""
    import keras

    if dtype.startswith(("int", "uint")):
        return keras.ops.zeros(shape, dtype)
    return random_array(rng, case, shape, dtype)


def axes(low: int = -4, high: int = 4) -> Callable[[Random], Any]:
    """A draw of an axis or a list of them, or none."""

    def draw(rng: Random) -> Any:
        pick = rng.random()
        if pick < 0.5:
            return rng.randint(low, high)
        if pick < 0.65:
            return "none"
        return rng.sample(range(low, high + 1), rng.randint(1, 3))

    return draw


def sizes(rng: Random) -> list[Axis]:
    return [rng.randint(1, 6) for _ in range(rng.randint(0, 3))]


def dropping(share: float, *names: str) -> Callable[[Random, dict[str, Any]], None]:
    """A mend that takes most of the numbers away that stand in the place of tensors."""

    def mend(rng: Random, written: dict[str, Any]) -> None:
        for name in names:
            if rng.random() < share:
                written.pop(name, None)

    return mend


def no_axes(case: Case) -> bool:
    return [] in (case.written.get("axis"), case.written.get("axes"))


NOWHERE = {"no axis at all leaves everything as it is: a spec leaves the op out": no_axes}


def as_we_say(values: Callable[..., Any] = random_array) -> Callable[[Case], bool]:
    """Whether what Keras computes is of the shapes and dtypes that we say, whatever it has announced."""

    def holds(case: Case) -> bool:
        mine = oracle.ours(case)
        if isinstance(mine, Refused):
            return False
        for numbers in oracle._numbers(case):
            given = {
                port: [
                    values(Random(str(case)), case, tuple(_number(size, numbers) for size in one.axes), one.dtype)
                    for one in tensors
                ]
                for port, tensors in case.inputs.items()
            }
            try:
                found = oracle._compiled(case, oracle.keras_layer(case), given)
            except Exception:
                continue
            return [(tuple(one.shape), one.dtype.name) for one in found] == [
                (tuple(oracle._concrete(size, numbers) for size in one.shape), one.dtype) for one in mine[1].outputs
            ]
        return False

    return holds


def _number(size: Axis | None, numbers: Mapping[str, int]) -> int:
    return oracle.BATCH_SIZE if size is None else numbers[size] if isinstance(size, str) else size

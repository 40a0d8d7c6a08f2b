"""Normalization, classes, losses and attention as operations, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import CASES, MANY, NOWHERE, axes, some, tensor
from oracle import Axis, Case, Inputs, Plan, Tensor, agree, random_array

FLOATS = ("float32", "float32", "float32", "float16", "bfloat16", "float64", "int32", "bool")
LEFT_OUT = {
    ("ops.one_hot", "sparse"): "a sparse tensor, which models do not hand on while the batch is unknown",
    ("ops.multi_hot", "sparse"): "a sparse tensor, which models do not hand on while the batch is unknown",
    ("ops.multi_hot", "num_classes"): "its default is none, which Keras refuses",
    ("ops.multi_hot", "kwargs"): "an older name of an argument",
    ("ops.layer_normalization", "kwargs"): "rms_scaling, which Keras gives up; there is ops.rms_normalization",
    ("ops.dot_product_attention", "attn_logits_soft_cap"): "only JAX on a TPU has it",
}


def at(shape: tuple[Axis | None, ...], axis: Any) -> Axis | None:
    return shape[axis] if isinstance(axis, int) and -len(shape) <= axis < len(shape) else 2


def dtype_near(rng: Random, dtype: str) -> str:
    return dtype if rng.random() < 0.7 else rng.choice(FLOATS)


def with_vectors(rng: Random, written: Mapping[str, Any]) -> Inputs:
    """A tensor and vectors along its axis, which mostly fit."""
    x = tensor(rng, rng.randint(1, 3), FLOATS[:-1], largest=3)
    size = at(x.axes, written.get("axis", -1))
    given: dict[str, tuple[Tensor, ...]] = {"x": (x,)}
    near = dtype_near(rng, x.dtype)
    if any(isinstance(written.get(name), list) for name in VECTORS):
        near = "float32"
    for name in ("mean", "variance", "offset", "scale"):
        if name in written or (name in ("offset", "scale") and rng.random() < 0.5):
            continue
        length = size if rng.random() < 0.93 else 4
        given[name] = (
            Tensor((), near)
            if length is None
            else Tensor((length,), near if rng.random() < 0.97 else "float64", batched=False),
        )
    return given


def with_factors(*names: str) -> Any:
    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs:
        x = tensor(rng, rng.randint(0, 3), (*FLOATS, "int32"), largest=3)
        axis = written.get("axis", -1)
        given: dict[str, tuple[Tensor, ...]] = {"x": (x,)}
        for name in names:
            if name in written or rng.random() < 0.4:
                continue
            chosen = sorted(axis) if isinstance(axis, list) else [axis]
            sizes = [at(x.axes, one) for one in chosen] if rng.random() < 0.9 else [3]
            batched = bool(sizes) and sizes[0] is None
            rest = tuple(4 if size is None else size for size in sizes[batched:])
            given[name] = (Tensor(rest, dtype_near(rng, x.dtype), batched=batched),)
        return given

    return feed


def pair(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    first = tensor(rng, rng.randint(0, 3), FLOATS[:-1])
    shape = list(first.shape)
    if shape and rng.random() < 0.1:
        shape[-1] = 7
    if rng.random() < 0.05:
        shape.append(1)
    dtype = first.dtype if rng.random() < 0.9 else rng.choice(FLOATS)
    return (first, Tensor(tuple(shape), dtype, batched=first.batched))


def named(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    output = tensor(rng, rng.randint(1, 3), FLOATS[:-1])
    target = output.shape[:-1]
    if rng.random() < 0.2:
        target = (*target, 1)
    elif rng.random() < 0.1:
        target = output.shape
    dtypes = ("int32", "int32", "int64", "uint8", "float32", "bool")
    return (Tensor(target, rng.choice(dtypes), batched=output.batched), output)


def sequences(rng: Random, written: Mapping[str, Any]) -> Inputs:
    """Twenty steps are enough for any target."""
    batched = rng.random() < 0.85
    front = () if batched else (3,)
    whole = ("int32", "int32", "int32", "int64", "float32")
    target = rng.choice((2, 3, "width"))
    output = (20, 5) if rng.random() < 0.9 else (20,)
    return {
        "target": (Tensor((*front, target), rng.choice(whole), batched=batched),),
        "output": (Tensor((*front, *output), rng.choice(FLOATS), batched=batched),),
        "target_length": (Tensor(front, rng.choice(whole), batched=batched),),
        "output_length": (
            Tensor(front if rng.random() < 0.9 else (*front, 2), rng.choice(whole), batched=batched or front == ()),
        ),
    }


def steps(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    batched = rng.random() < 0.85
    front = () if batched else (3,)
    dtype = rng.choice(("int32", "int32", "int32", "int64", "float32"))
    shape = (20, 5) if rng.random() < 0.9 else (20,)
    return (
        Tensor((*front, *shape), rng.choice(FLOATS), batched=batched),
        Tensor(front if rng.random() < 0.95 else (2,), dtype, batched=batched),
    )


def first_class(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Targets that name class 0, whatever they are written in."""
    import keras

    if dtype.startswith(("int", "uint", "bool")):
        return keras.ops.zeros(shape, dtype)
    return keras.ops.full(shape, 0.5, dtype)


def lengths(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Ones for what counts, small numbers for targets."""
    import keras

    if len(shape) == 1:
        return keras.ops.ones(shape, dtype)
    if shape[-1:] in ((2,), (3,), (7,), (10,)):
        return keras.ops.ones(shape, dtype)
    return random_array(rng, case, shape, dtype)


def attended(rng: Random, written: Mapping[str, Any]) -> Inputs:
    """Query, key and value that mostly fit, now and then with fewer heads, a bias or a mask."""
    batched = rng.random() < 0.9
    front = () if batched else (2,)
    many, few = rng.choice((1, 2, 3, "time")), rng.choice((1, 2, 4, "width"))
    heads, depth = rng.choice((1, 2, 4)), rng.choice((1, 3, 4))
    shared = heads if rng.random() < 0.8 else rng.choice((1, 2, 3))
    other = depth if rng.random() < 0.9 else 5
    dtype = rng.choice(("float32", "float32", "float16", "bfloat16", "int32", "float64"))
    found: dict[str, tuple[Tensor, ...]] = {
        "query": (Tensor((*front, many, heads, depth), dtype, batched=batched),),
        "key": (Tensor((*front, few, shared, depth), dtype_near(rng, dtype), batched=batched),),
        "value": (Tensor((*front, few if rng.random() < 0.95 else 5, shared, other), dtype_near(rng, dtype),
                         batched=batched),),
    }  # fmt: skip
    for name, dtypes in (("bias", ("float32", "float16", "int32")), ("mask", ("bool", "bool", "bool", "float32"))):
        if rng.random() < 0.25:
            last = few if rng.random() < 0.9 else 7
            whole = rng.random() < 0.5
            shape = (*front, heads, many, last) if whole else (many, last)
            found[name] = (Tensor(shape, rng.choice(dtypes), batched=batched and whole),)
    return found


VECTORS = {name: ([1.0, 2.0], [1, 2], [0.5, 0.5, 1.5]) for name in ("mean", "variance", "offset", "scale")}
FACTORS = {name: ([1.0, 2.0], [[1.0, 0.5]], [1, 2, 3]) for name in ("gamma", "beta")}


def mostly_tensors(rng: Random, written: dict[str, Any]) -> None:
    for name in (*VECTORS, *FACTORS):
        if rng.random() < 0.85:
            written.pop(name, None)


def no_margin(case: Case) -> bool:
    margin = case.written.get("epsilon", 1)
    return isinstance(margin, int | float) and margin <= 0


def no_light(case: Case) -> bool:
    most = case.written.get("max_val", 1)
    return isinstance(most, int | float) and most <= 0


def no_search(case: Case) -> bool:
    counts = [case.written.get(name, 1) for name in ("beam_width", "top_paths")]
    return any(isinstance(one, int) and one < 1 for one in counts)


def twice(case: Case) -> bool:
    axis, rank = case.written.get("axis"), len(case.x.axes)
    return isinstance(axis, list) and rank > 0 and len({one % rank for one in axis}) < len(axis)


def no_class(case: Case) -> bool:
    blank = case.written.get("mask_index", 0)
    return isinstance(blank, int) and not -5 <= blank < 5


def searched_twice(case: Case) -> bool:
    return case.written.get("strategy") == "beam_search" and case.written.get("mask_index") == -1


def all_whole(case: Case) -> bool:
    return not any(case.inputs[name][0].dtype.startswith(("float", "bfloat")) for name in ("query", "key", "value"))


def sorts(case: Case) -> bool:
    return case.x.dtype != written_dtype(case)


def written_dtype(case: Case) -> str:
    return str(case.written.get("dtype", "float32"))


NEGATIVE = {"what keeps from dividing by 0 is more than 0": no_margin}
NO_CLASSES = {"of no classes at all there are no rows": lambda case: case.written.get("num_classes") in (0, -1, -2)}
NO_CLASS = {"a blank that is none of the classes means nothing": no_class}
FLOAT32 = {"Keras announces float32 whatever it is given": lambda case: case.x.dtype != "float32"}
PLANS = (
    Plan("ops.batch_normalization", with_vectors, VECTORS | {"axis": (-1, -1, 1, 0, 2, -2)}, mend=mostly_tensors,
         compiled=True, accepted=0.1,
         known=NEGATIVE | {"whole numbers times what is below 1 are all 0": lambda case: "int" in case.x.dtype}),
    Plan("ops.layer_normalization", with_factors("gamma", "beta"),
         FACTORS | {"axis": (-1, -1, 1, [1, 2], [-1], [-2, -1], 0)},
         mend=mostly_tensors, compiled=True, accepted=0.2, known=NEGATIVE | NOWHERE),
    Plan("ops.rms_normalization", with_factors("scale"),
         {"scale": VECTORS["scale"], "axis": (-1, -1, 1, [1, 2], "none")},
         mend=mostly_tensors, compiled=True, accepted=0.2, known=NEGATIVE),
    Plan("ops.normalize", some(0, 1, 2, 3, dtypes=FLOATS), {"axis": axes(-3, 3), "order": (2, 2, 1, 3)}, compiled=True,
         accepted=0.2, known=NEGATIVE | FLOAT32 | {"the same axis twice is one axis": twice}),
    Plan("ops.one_hot", some(0, 1, 2, dtypes=MANY), {"axis": (-1, -1, 0, 1, 2, -2)}, known=NO_CLASSES,
         compiled=True, accepted=0.3),
    Plan("ops.multi_hot", some(0, 1, 2, dtypes=MANY),
         {"axis": (-1, -1, 0, 1, 2, -2), "dtype": ("none", "int32", "bool")},
         compiled=True, accepted=0.2, known={"Keras announces the dtype of the numbers": sorts} | NO_CLASSES),
    Plan("ops.binary_crossentropy", pair, {"from_logits": (True, False)}, compiled=True, accepted=0.2),
    Plan("ops.categorical_crossentropy", pair, {"from_logits": (True, False), "axis": (-1, -1, 1, 0)}, compiled=True,
         accepted=0.2),
    Plan("ops.sparse_categorical_crossentropy", named, {"from_logits": (True, False), "axis": (-1, -1, 1, 0)},
         compiled=True, accepted=0.2, values=first_class),
    Plan("ops.psnr", pair, {"max_val": (1, 1.0, 255)}, compiled=True, accepted=0.2,
         known=FLOAT32 | {"no pixel is brighter than something below 0": no_light}),
    Plan("ops.ctc_loss", sequences, {"mask_index": (0, 0, 1, 4, -1)}, known=NO_CLASS,
         compiled=True, accepted=0.1, values=lengths),
    Plan("ops.ctc_decode", steps,
         {"strategy": ("greedy", "beam_search"), "top_paths": (1, 2, 3), "beam_width": (2, 5, 10),
          "mask_index": (0, 0, 1, 4, -2)}, compiled=True, accepted=0.1, values=lengths,
         known=NO_CLASS | {"a search that nothing follows is none, even where none is made": no_search,
                           "a search for the blank -1 meets all classes twice": searched_twice}),
    Plan("ops.dot_product_attention", attended, {"is_causal": (True, False), "scale": ("none", 0.5, 1)},
         compiled=True, accepted=0.2, known={"shares in whole numbers are all 0": all_whole}),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)

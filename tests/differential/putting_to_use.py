"""From a Record of a training object to random Cases: constructed by both sides, and then put to use on arrays.

Of most of these objects the catalogue says which arguments they take, and no more; so what is compared is whether
they are accepted, and whether what is accepted can be used: a loss and a metric on data of their form, an optimizer
for a step (and what it then holds, with ``compiler/optimizer_state.py``), a schedule at steps, the others on weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

import numpy as np
import test_training_objects as constructed
from drawing import Plan, shapes, value_of
from oracle import SORT, Verdict, same_sort
from subjects import Subject, of_plan
from test_core import LORA

from keraspec.compiler.build import make
from keraspec.compiler.catalogue import family
from keraspec.compiler.catalogue.objects import arguments_of, instantiate
from keraspec.compiler.catalogue.record import Record
from keraspec.compiler.optimizer_state import optimizer_bytes
from keraspec.compiler.tensor import BYTES, Weight

RANK = "it is for weights of another rank"
AXES = "which axes there are depends on the model: here there is none of this number"
MISSING: Mapping[str, str] = {"OrbaxCheckpoint": "its constructor needs orbax-checkpoint, which is not a dependency"}
"""Object → why it cannot be constructed here, unless what it needs is installed."""


@dataclass(frozen=True)
class Use:
    """An object with arguments as a spec writes them, and a shape without the batch to use it on."""

    record: Record
    written: Mapping[str, Any]
    shape: tuple[int, ...]
    seed: int

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.written.items())
        return f"{self.record.family}.{self.record.name}({arguments}) on {self.shape}"

    @property
    def random(self) -> np.random.Generator:
        """Numbers that are the same for the same case."""
        return np.random.default_rng(self.seed)


def training_subjects() -> Iterator[Subject]:
    """Every optimizer, schedule, loss, metric, callback, initializer, regularizer, constraint and map of them;
    every activation and dtype policy in layers."""
    for name in constructed.FAMILIES:
        for record in family(name).values():
            if record.refused is None:
                arguments = tuple(argument.name for argument in record.arguments)
                yield Subject(
                    f"{name}.{record.name}",
                    partial(_draw, record),
                    judge,
                    richness=1 + len(arguments),
                    arguments=arguments,
                    unsaid={"all of it": "constructed only"} if name not in USES else None,
                )
    for record in family("activations").values():
        if record.refused is None:
            feed = shapes(0, 1, 2, 3, dtypes=("float32", "float16", "int32", "float32"))
            plan = Plan("Activation", feed, {"activation": (record.name, *record.names)}, wrong=0, accepted=0.1)
            yield of_plan(plan, f"activations.{record.name}")
    for record in family("dtype_policies").values():
        if record.refused is None:
            one = of_plan(_with_policy(record), f"dtype_policies.{record.name}")
            whole = {"layers with weights": "not tried: Keras fills weights of whole numbers in some cases only"}
            yield one if record.name in FLOATING else replace(one, unsaid={**(one.unsaid or {}), **whole})


FLOATING = frozenset({"float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16"})


def _with_policy(record: Record) -> Plan:
    """A layer with weights where the policy is for them, and else one without."""

    def table(rng: Random) -> Any:
        drawn = {one.name: list(value_of(one.kind, rng)) for one in record.arguments if rng.random() < 0.8}
        drawn |= {name: [rng.choice(sorted(FLOATING))] for name in drawn.keys() & {"name", "source_name"}}
        wrong = {record.arguments[0].name: ["bogus"]} if rng.random() < 0.1 else {}
        return {"type": record.name, **{name: values[0] for name, values in (drawn | wrong).items() if values}}

    if record.arguments:
        return Plan("Dense", shapes(1, 2), {"dtype": table, "units": (2, 3)}, wrong=0, accepted=0.1)
    if record.name in FLOATING:
        return Plan(
            "Dense", shapes(1, 2), {"dtype": (record.name,), "units": (2, 3)}, wrong=0.1, accepted=0.1, known=LORA
        )
    feed = shapes(0, 1, 2, 3, dtypes=("float32", "int32", "bool", "string"))
    return Plan(
        "Flatten", feed, {"dtype": (record.name,)}, wrong=0.1, accepted=0.1, skip=frozenset({"activity_regularizer"})
    )


def _draw(record: Record, seed: int, index: int) -> Use:
    rng = Random(f"{record.family} {record.name} {seed} {index}")
    written = constructed._draw(record, rng)
    rank = rng.choice((1, 2, 2, 2, 3))
    shape = tuple(rng.choice((1, 2, 3, 4, 6)) for _ in range(rank)) if record.family in USES else ()
    return Use(record, written, shape, rng.randrange(2**32) if shape else 0)


def judge(case: Use) -> Verdict:
    """Whether both sides accept an object, and whether it is of use."""
    if case.record.name in MISSING and not _there(case.record.name):
        return Verdict(reasons=(MISSING[case.record.name],))
    mine, at = constructed._ours(case.record, case.written)
    theirs = constructed._keras(case.record, case.written)
    if mine is None and theirs is None:
        return _used(case)
    if mine is not None and theirs is not None:
        return Verdict(refused=True)
    if mine is None:
        return Verdict(problems=(f"we accept, Keras refuses: {theirs}",))
    known = arguments_of(case.record)
    if at not in case.written or not same_sort(known[at].kind, case.written[at]):
        return Verdict(reasons=(SORT,))
    if at in constructed.STRICT:
        return Verdict(reasons=(f"`{at}`: {constructed.STRICT[at]}",))
    return Verdict(problems=(f"Keras accepts, we refuse: {mine}",))


def _there(name: str) -> bool:
    from importlib.util import find_spec

    return name == "OrbaxCheckpoint" and find_spec("orbax") is not None and find_spec("orbax.checkpoint") is not None


def _used(case: Use) -> Verdict:
    use = USES.get(case.record.family)
    if use is None:
        return Verdict(accepted=True)
    made = constructed_object(case)
    try:
        problem = use(case, made)
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        why = next((why for why, holds in EXCUSES if holds(case)), None)
        return Verdict(True, reasons=(why,)) if why else Verdict(True, problems=(f"accepted, but of no use: {said}",))
    return Verdict(True, problems=(problem,) if problem else ())


def constructed_object(case: Use) -> Any:
    """The Keras object, as the builder makes it."""
    return make(instantiate(case.record, case.written))


# --- of what use --------------------------------------------------------------------------------------------------


def _loss(case: Use, loss: Any) -> str | None:
    out = loss(*_targets(case))
    reduced = case.written.get("reduction", "sum_over_batch_size") not in ("none", None)
    if reduced and tuple(out.shape) != ():
        return f"reduced to a number, but its shape is {tuple(out.shape)}"
    return None


def _metric(case: Use, metric: Any) -> None:
    y_true, y_pred = _targets(case)
    metric.update_state(y_true, y_pred)
    metric.update_state(y_true, y_pred)
    metric.result()
    metric.reset_state()


ROWS = 5
SPARSE = ("Sparse", "CTC", "Circle", "CategoricalGeneralized")
CLASSES = ("Categorical", "categorical", "KLDivergence", "OneHot", "F1", "FBeta", "Dice", "Tversky", "TopK")
YES = ("Binary", "binary", "Hinge", "Positives", "Negatives", "Precision", "Recall", "AUC", "At")
INDICES = ("Accuracy", "IoU", "MeanIoU")


def _targets(case: Use) -> tuple[Any, Any]:
    """Targets and predictions of the form that this loss or metric is for."""
    random, name = case.random, case.record.name
    width = next((n for key in ("num_classes", "num_labels") if type(n := case.written.get(key)) is int), None)
    if width is None and isinstance(labels := case.written.get("label_weights"), list):
        width = len(labels)
    least = [n + more for key, more in (("class_id", 1), ("top_k", 0)) if type(n := case.written.get(key)) is int]
    inner, last = case.shape[:-1], width or max(case.shape[-1], *least, 1)
    if case.record.family == "metrics" and not name.startswith(("Sparse", "Mean", "Root", "Log", "Cosine")):
        inner = ()
    shape = (ROWS, *inner, last)
    scores = random.uniform(0.05, 1, shape).astype("float32")
    if name == "CTC":
        return random.integers(1, 3, (ROWS, 2)), random.normal(size=(ROWS, 6, 4)).astype("float32")
    if name in INDICES:
        found = random.integers(0, 2, (ROWS,)), random.integers(0, 2, (ROWS,))
        sparse = [case.written.get(f"sparse_{side}", True) for side in ("y_true", "y_pred")]
        y_true, y_pred = (one if flat else np.eye(width or 2)[one] for one, flat in zip(found, sparse, strict=True))
        return y_true, y_pred
    if name.startswith("Circle"):
        return np.arange(ROWS) % 2, scores.reshape(ROWS, -1)
    if name.startswith(SPARSE):
        last = max(2, last)  # of a single class Keras takes away the axis
        scores = random.uniform(0.05, 1, (*shape[:-1], last)).astype("float32")
        return random.integers(0, last, shape[:-1]), scores / scores.sum(-1, keepdims=True)
    if name.startswith("OneHot") and case.written.get("sparse_y_pred"):
        return np.eye(last, dtype="float32")[random.integers(0, last, ROWS)], random.integers(0, last, ROWS)
    if name.startswith(CLASSES):
        return np.eye(last, dtype="float32")[random.integers(0, last, shape[:-1])], scores / scores.sum(
            -1, keepdims=True
        )
    if any(part in name for part in YES):
        return random.integers(0, 2, shape).astype("float32"), scores
    return random.uniform(0.1, 1, shape).astype("float32"), scores


def _step(case: Use, optimizer: Any) -> str | None:
    """One step on two weights, and the bytes of what it keeps for them."""
    import keras

    weights = [
        keras.Variable(case.random.normal(size=shape).astype("float32"), name=name)
        for name, shape in (("kernel", case.shape), ("bias", (3,)))
    ]
    optimizer.build(weights)
    optimizer.apply([keras.ops.ones_like(weight) for weight in weights])
    kept = sum(BYTES[one.dtype] * int(np.prod(one.shape)) for one in _held(optimizer) if tuple(one.shape) != ())
    mine = optimizer_bytes(
        instantiate(case.record, case.written), [("", Weight(one.name, tuple(one.shape))) for one in weights]
    )
    if any(not np.isfinite(keras.ops.convert_to_numpy(weight)).all() for weight in weights):
        return None  # a step may be as long as one likes
    return None if kept == mine else f"we count {mine} bytes of state, Keras holds {kept}"


def _held(optimizer: Any) -> list[Any]:
    return list(optimizer.variables)


def _schedule(case: Use, schedule: Any) -> str | None:
    import keras

    for step in (0, 1, 7, 1000):
        rate = keras.ops.convert_to_numpy(schedule(keras.ops.cast(step, "int64")))
        if rate.shape != ():
            return f"a rate of shape {rate.shape} at step {step}"
    return None


def _initial(case: Use, initializer: Any) -> str | None:
    shape = case.shape
    if case.record.name == "STFT" and len(shape) == 3:
        shape = (shape[0], 1, shape[2])  # the only kernels it knows: of one channel
    out = initializer(shape, dtype="float32")
    return None if tuple(out.shape) == shape else f"fills {shape} with {tuple(out.shape)}"


def _weight(case: Use) -> Any:
    import keras

    return keras.ops.convert_to_tensor(case.random.normal(size=case.shape).astype("float32"))


def _penalty(case: Use, regularizer: Any) -> str | None:
    out = regularizer(_weight(case))
    return None if tuple(out.shape) == () else f"a penalty of shape {tuple(out.shape)}"


def _bound(case: Use, constraint: Any) -> str | None:
    out = constraint(_weight(case))
    return None if tuple(out.shape) == case.shape else f"makes {tuple(out.shape)} of {case.shape}"


USES: Mapping[str, Callable[[Use, Any], str | None]] = {
    "losses": _loss,
    "metrics": _metric,
    "optimizers": _step,
    "schedules": _schedule,
    "initializers": _initial,
    "regularizers": _penalty,
    "constraints": _bound,
}

RANKS: Mapping[str, tuple[int, ...]] = {
    "Orthogonal": (2, 3), "Identity": (2,), "STFT": (3,), "OrthogonalRegularizer": (2,),
}  # fmt: skip
"""Object → the ranks of the weights that it is for."""

EXCUSES: tuple[tuple[str, Callable[[Use], bool]], ...] = (
    (RANK, lambda case: len(case.shape) not in RANKS.get(case.record.name, (len(case.shape),))),
    (AXES, lambda case: bool({"axis", "input_axes", "output_axes"} & case.written.keys())),
)
"""Why an accepted object does not run here although it may elsewhere, and of which cases this holds."""

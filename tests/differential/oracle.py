"""From Cases to disagreements: the catalogue's shape rules against Keras called on symbolic and on real tensors.

How a family is tested: its file has ``PLANS``, a tuple of `Plan`, and one test over them::

    @pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
    def test_agrees_with_keras(plan: Plan) -> None:
        agree(plan)
"""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import older
import pytest
from admitting import admits, same_sort
from comparing import (
    BATCH_SIZE,
    as_announced,
    compared_masks,
    compared_outputs,
    compared_weights,
    shapes_of,
    sharper_sizes,
)
from drawing import Axis, Case, Draw, Feed, Inputs, Plan, Tensor, axis, cases, shapes, spatial, tensors

from keraspec.compiler.build import argument_of
from keraspec.compiler.catalogue import entry_record
from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.objects import arguments_of, instantiate, normal
from keraspec.compiler.catalogue.record import REQUIRED, ArgumentError, Call, Inferred, Object, ShapeError
from keraspec.compiler.catalogue.rules import inferred, layer_policy
from keraspec.compiler.sizes import BATCH, Size, known, substitute, symbol, words
from keraspec.compiler.tensor import TensorType

__all__ = [
    "Axis", "Case", "Draw", "Feed", "Inputs", "Plan", "Tensor",
    "Verdict", "admits", "agree", "axis", "cases", "compare", "judge", "random_array", "shapes", "spatial", "tensors",
]  # fmt: skip

LEARNED = {"tokens", "length", "found", "bins", "segments"}
"""Words that layers and ops introduce themselves, for sizes that a vocabulary or the values of a batch decide."""


@dataclass(frozen=True)
class Refused:
    """A refusal, ours or Keras': why, and the argument whose schema refused it (ours only)."""

    why: str
    argument: str | None = None


# --- ours ---------------------------------------------------------------------------------------------------------


def ours(case: Case) -> tuple[Object, Inferred] | Refused:
    """What the catalogue says of a case."""
    for name, value in case.written.items():
        kind = arguments_of(case.record)[name].kind
        if not admits(kind, value):
            return Refused(f"`{name}` must be {kind.expects}", name)
    for argument in arguments_of(case.record).values():
        if argument.default is REQUIRED and argument.name not in case.written:
            return Refused(f"`{argument.name}` is missing")
    if case.record.family == "ops":  # what linking sees to
        for port in case.record.ports:
            if port.required and port.name not in case.inputs and port.name not in case.written:
                return Refused(f"`{port.name}` is missing")
    layer = instantiate(case.record, case.written)
    given = {
        port: tuple(
            TensorType(tuple(BATCH if size is None else symbol(size) if isinstance(size, str) else size
                             for size in one.axes), one.dtype, one.mask)
            for one in tensors
        )
        for port, tensors in case.inputs.items()
    }  # fmt: skip
    options = {option.name: option.default for option in case.record.options} | dict(case.options)
    try:
        if case.record.check is not None:
            case.record.check(layer.arguments)
        return layer, inferred(Call(layer, given, options, layer_policy(layer, case.policy)))
    except (ArgumentError, ShapeError) as error:
        return Refused(error.message)


# --- Keras --------------------------------------------------------------------------------------------------------


def keras_layer(case: Case) -> Any:
    """The Keras layer of a case; of an op, what stands in for one."""
    import keras

    if case.record.family == "ops":
        return _Op(case)
    return getattr(keras.layers, case.record.name)(
        **{name: keras_value(arguments_of(case.record)[name].kind, value) for name, value in case.written.items()}
    )


class _Op:
    """An op with its arguments, called as a layer is."""

    def __init__(self, case: Case) -> None:
        import keras

        kinds = arguments_of(case.record)
        operands = {port.name for port in case.record.ports}
        self.case = case
        self.weights: list[Any] = []
        self.trainable_weights: list[Any] = []
        self.function = keras
        for part in case.record.name.split("."):
            self.function = getattr(self.function, part)
        self.written = {
            name: keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(value))
            if name in operands and isinstance(value, list)
            else keras_value(kinds[name].kind, value)
            for name, value in case.written.items()
        }

    def count_params(self) -> int:
        return 0

    def __call__(self, given: Mapping[str, Any]) -> Any:
        written = dict(self.written)
        spread = next((port.name for port in self.case.record.ports if port.spread), None)
        if spread is None:
            return self.function(**given, **written)
        leading = [written.pop(one.name) for one in self.case.record.arguments if one.default is REQUIRED]
        rest = {name: value for name, value in given.items() if name != spread}
        return self.function(*leading, *given[spread], **rest, **written)


def keras_value(kind: Kind, value: Any) -> Any:
    """An argument as Keras is given it: through the catalogue where it admits the value, else as it stands."""
    if admits(kind, value):
        return argument_of(kind, normal(kind, value))
    if isinstance(value, list):
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    return None if value == "none" else value


def _call(case: Case, layer: Any, given: Mapping[str, Sequence[Any]]) -> list[Any]:
    """Call a layer as a Functional model does; its outputs in a flat list."""
    import keras

    ports = {port.name: port for port in case.record.ports}
    arguments = {
        name: list(tensors) if ports[name].many else tensors[0] for name, tensors in given.items()
    }  # fmt: skip
    if isinstance(layer, _Op):
        return list(keras.tree.flatten(layer(arguments)))
    first = case.record.ports[0].name
    lead = [arguments.pop(first)] if first in arguments else []
    return list(keras.tree.flatten(layer(*lead, **arguments, **case.options)))


@contextmanager
def _precision(case: Case) -> Iterator[None]:
    """The dtype policy of the whole model, as ``training.precision`` sets it."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(case.policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def symbolic(case: Case) -> tuple[Any, list[Any]] | Refused:
    """What Keras makes of a case: the layer, built, and its outputs."""
    import keras

    given = {
        port: [keras.KerasTensor(_static(one), one.dtype) for one in tensors] for port, tensors in case.inputs.items()
    }
    masked = {
        port: [
            keras.layers.Masking(dtype=one.dtype)(x) if one.mask else x
            for x, one in zip(given[port], tensors, strict=True)
        ]
        for port, tensors in case.inputs.items()
    }
    try:
        with _precision(case):
            layer = keras_layer(case)
            return layer, _call(case, layer, masked)
    except Exception as error:  # whatever Keras raises is a refusal
        return Refused(_summary(error))


def eager(plan: Plan, case: Case, sizes: Mapping[str, int]) -> list[tuple[int, ...]] | Refused:
    """The shapes that come out when a new layer is run on real arrays of these sizes."""
    rng = Random(str(case))
    make = plan.values or random_array
    given = {
        port: [
            make(rng, case, tuple(BATCH_SIZE if size is None else sizes[size] if isinstance(size, str) else size
                                  for size in one.axes), one.dtype)
            for one in tensors
        ]
        for port, tensors in case.inputs.items()
    }  # fmt: skip
    try:
        call = _compiled if plan.compiled else _call
        with _precision(case):
            return [tuple(int(size) for size in out.shape) for out in call(case, keras_layer(case), given)]
    except Exception as error:
        return Refused(_summary(error))


def _compiled(case: Case, op: Any, given: Mapping[str, Sequence[Any]]) -> list[Any]:
    """Call an op as a model does in `fit` and `predict`: in a graph, where unknown sizes are not known."""
    import keras
    import tensorflow as tf

    places = [(port, index) for port, tensors in given.items() for index in range(len(tensors))]
    signature = [tf.TensorSpec(_static(case.inputs[port][index]), given[port][index].dtype) for port, index in places]

    inputs = {
        port: [keras.Input(batch_shape=_static(one), dtype=one.dtype) for one in case.inputs[port]] for port in given
    }
    function = keras.Function([inputs[port][index] for port, index in places], _call(case, op, inputs))
    keras.random.uniform(())  # Keras' own seeds, first asked for in a graph that then fails, would stay empty
    traced = tf.function(lambda *tensors: function(list(tensors)), input_signature=signature, autograph=False)
    return list(keras.tree.flatten(traced(*(given[port][index] for port, index in places))))


def _static(tensor: Tensor) -> tuple[int | None, ...]:
    return tuple(size if isinstance(size, int) else None for size in tensor.axes)


def _summary(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("Exception encountered")]
    return f"{type(error).__name__}: {said[0][:200] if said else ''}"


def random_array(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Random numbers of a dtype, small ones where it holds whole numbers; words where it holds text."""
    import keras
    import tensorflow as tf

    generator = np.random.default_rng(rng.randrange(2**32))
    if dtype == "string":
        return tf.constant(generator.choice(["a", "b", "c d"], shape))
    if dtype == "bool":
        return keras.ops.convert_to_tensor(generator.random(shape) < 0.7)
    numbers = generator.normal(size=shape) if dtype.startswith(("float", "bfloat")) else generator.integers(0, 2, shape)
    return keras.ops.cast(keras.ops.convert_to_tensor(numbers), dtype)


# --- judging ------------------------------------------------------------------------------------------------------

SORT = "we refuse a value of another type or another word than the argument takes; Keras reads over it"
STANDSTILL = "we refuse what Keras takes while it makes the model, but does not run on arrays"
OTHERWISE = "we refuse what runs in Keras with another shape than it announced"
NUMBER = "we know a size as a number that Keras leaves open"
ARITHMETIC = "we know a size as arithmetic over words that Keras leaves open"
EMPTY = "an axis of size 0, with which TensorFlow's kernel does not run"
SEED = "a seed is a number from 0 on in all of keraspec; Keras takes others"
KERNEL = "TensorFlow has no kernel for this dtype on a CPU"
DIFFERENCES = (SORT, SEED, KERNEL, STANDSTILL, OTHERWISE, NUMBER, ARITHMETIC, EMPTY)
"""In what we may differ from Keras in any layer; what holds of one layer alone its Plan says (``known``, ``stuck``)."""


@dataclass(frozen=True)
class Verdict:
    """How a case came out. ``accepted``: by both sides, and ``refused``: by both.

    ``reasons``: the differences that are on the list; ``problems``: those that are not.
    """

    accepted: bool = False
    refused: bool = False
    reasons: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


CASES = 36
"""How many cases of a plan the default run draws."""


def agree(plan: Plan, number: int = 0, seed: int | None = None) -> None:
    """Assert that the catalogue and Keras agree on a plan's cases; the message shows where they do not.

    More cases than in the default run, or others: set ``KERASPEC_CASES`` and ``KERASPEC_SEED``; many more of
    everything: ``make oracle``.
    """
    record = entry_record(plan.layer)
    if record is not None and (why := older.lacking(record)):
        pytest.skip(f"{record.name} {why}")
    asked = int(os.environ.get("KERASPEC_CASES", CASES))
    number = number or asked
    seed = int(os.environ.get("KERASPEC_SEED", "0")) if seed is None else seed
    found: list[str] = []
    outcomes: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras warns of is not what is tested here
        for case in map(older.without, cases(plan, number, seed)):
            verdict = judge(plan, case)
            outcomes["accepted" if verdict.accepted else "refused"] += 1
            if verdict.problems:
                found.append(f"{case}\n" + "\n".join(f"    {line}" for line in verdict.problems))
    assert not found, f"{len(found)} of {outcomes.total()} cases disagree, among them:\n" + "\n".join(found[:8])
    share = outcomes["accepted"] / outcomes.total()
    if asked >= CASES:  # of fewer a share says nothing
        assert share >= plan.accepted, f"only {share:.0%} of the cases were accepted: {dict(outcomes)}"
    assert outcomes["accepted"] > 0, "none of the cases was accepted"


def judge(plan: Plan, case: Case) -> Verdict:
    """The verdict on a case, what its plan knows and excuses taken into account."""
    verdict = _judge(plan, case)
    if not verdict.problems:
        return verdict
    excuse = next((why for why, holds in plan.known.items() if holds(case)), None)
    excuse = excuse or older.excuse(case, verdict.problems)
    return verdict if excuse is None else replace(verdict, problems=(), reasons=(*verdict.reasons, excuse))


def compare(plan: Plan, case: Case) -> tuple[str, list[str]]:
    """How a case came out, ``accepted`` or ``refused``, and in what words we and Keras disagree."""
    verdict = _judge(plan, case)
    return "accepted" if verdict.accepted else "refused", list(verdict.problems)


def _judge(plan: Plan, case: Case) -> Verdict:
    mine, theirs = ours(case), symbolic(case)
    if isinstance(mine, Refused):
        return Verdict(refused=True) if isinstance(theirs, Refused) else _stricter(plan, case, mine, theirs[1])
    if isinstance(theirs, Refused):
        return Verdict(problems=(f"we accept: {shapes_of(mine[1])}; Keras refuses: {theirs.why}",))
    (layer, inferred), (keras, outputs) = mine, theirs
    problems = [
        *compared_outputs(inferred, outputs),
        *compared_weights(layer, inferred, keras),
        *compared_masks(case, inferred, outputs),
    ]
    if known(inferred.flops) and (not isinstance(inferred.flops, int) or inferred.flops < 0):
        problems.append(f"FLOPs are {inferred.flops!r}")
    if problems:
        return Verdict(accepted=True, problems=tuple(problems))
    verdict = _real(plan, case, inferred) if plan.eager and case.real else Verdict(accepted=True)
    sharper = () if verdict.problems else sharper_sizes(inferred, outputs, NUMBER, ARITHMETIC)
    return replace(verdict, reasons=(*verdict.reasons, *sharper))


def _stricter(plan: Plan, case: Case, mine: Refused, outputs: Sequence[Any]) -> Verdict:
    """We refuse what Keras takes. Right where the type of a value is wrong, where it does not run, or gives what
    Keras did not announce (as when the batch axis is taken for another)."""
    if mine.argument is not None:
        kind = arguments_of(case.record)[mine.argument].kind
        if not same_sort(kind, case.written[mine.argument]):
            return Verdict(reasons=(SORT,))  # true for 1, a misspelt word, a list for a number
        if mine.argument == "seed":
            return Verdict(reasons=(SEED,))
    if plan.eager:
        real = eager(plan, case, next(_numbers(case)))
        if isinstance(real, Refused):
            return Verdict(reasons=(STANDSTILL,))
        if not all(map(as_announced, real, (tuple(out.shape) for out in outputs))):
            return Verdict(reasons=(OTHERWISE,))
    return Verdict(problems=(f"we refuse: {mine.why}; Keras accepts and runs it",))


def _real(plan: Plan, case: Case, inferred: Inferred) -> Verdict:
    """What is accepted must run, and what we say of unknown sizes must come out when words become numbers."""
    refusal = None
    ran = 0
    for sizes in _numbers(case):
        mine = [tuple(_concrete(axis, sizes) for axis in out.shape) for out in inferred.outputs]
        theirs = eager(plan, case, sizes)
        if isinstance(theirs, Refused):
            refusal = theirs
        elif not _meets(mine, theirs):
            problem = f"with {sizes} we compute {mine} from {shapes_of(inferred)}, but it is {theirs}"
            return Verdict(accepted=True, problems=(problem,))
        else:
            ran += 1
        if not sizes or ran == 2:
            break
    if ran or refusal is None:
        return Verdict(accepted=True)
    if _empty(case):  # no fault of the case
        return Verdict(accepted=True, reasons=(EMPTY,))
    if "Could not find device for node" in refusal.why or "No OpKernel was registered" in refusal.why:
        return Verdict(accepted=True, reasons=(KERNEL,))
    stuck = next((why for why, holds in plan.stuck.items() if holds(case)), None)
    if stuck is not None:
        return Verdict(accepted=True, reasons=(stuck,))
    return Verdict(accepted=True, problems=(f"accepted, but it does not run: {refusal.why}",))


def _meets(mine: Sequence[tuple[int | None, ...]], theirs: Sequence[tuple[int, ...]]) -> bool:
    """Whether shapes are the same; None is a size that the layer itself introduces and that data decides."""
    return len(mine) == len(theirs) and all(
        len(a) == len(b) and all(one is None or one == other for one, other in zip(a, b, strict=True))
        for a, b in zip(mine, theirs, strict=True)
    )


def _empty(case: Case) -> bool:
    return any(0 in one.shape for tensors in case.inputs.values() for one in tensors)


def _numbers(case: Case) -> Iterator[dict[str, int]]:
    """Numbers for the words of a case: first far apart, then, should those not run, all alike and smaller."""
    words = sorted(
        {size for tensors in case.inputs.values() for one in tensors for size in one.shape if isinstance(size, str)}
    )
    for smallest in (7, 12, 30):
        yield {word: smallest + 3 * index for index, word in enumerate(words)}
    for number in (1, 2, 3, 4, 5, 6, 8, 9, 16, 18, 24, 36):
        yield dict.fromkeys(words, number)


def _concrete(size: Size, sizes: Mapping[str, int]) -> int | None:
    value = substitute(size, sizes, BATCH_SIZE)
    if known(value):
        return value
    assert words(value) <= LEARNED, f"{size} with {sizes} is not a number: {value}"
    return None

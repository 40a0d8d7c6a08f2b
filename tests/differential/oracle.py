"""From Cases to disagreements: the catalogue's shape rules against Keras called on symbolic and on real tensors.

How a family is tested: its file has ``PLANS``, a tuple of `Plan`, and one test over them::

    @pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
    def test_agrees_with_keras(plan: Plan) -> None:
        agree(plan)
"""

from __future__ import annotations

import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from admitting import admits, same_sort
from drawing import Axis, Case, Draw, Feed, Inputs, Plan, Tensor, axis, cases, shapes, spatial, tensors

from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.objects import arguments_of, instantiate, normal
from keraspec.compiler.catalogue.record import REQUIRED, ArgumentError, Call, Inferred, Object, ShapeError
from keraspec.compiler.catalogue.rules import layer_policy
from keraspec.compiler.sizes import BATCH, Size, known, substitute, symbol, words
from keraspec.compiler.tensor import TensorType

__all__ = [
    "Axis", "Case", "Draw", "Feed", "Inputs", "Plan", "Tensor",
    "admits", "agree", "axis", "cases", "compare", "random_array", "shapes", "spatial", "tensors",
]  # fmt: skip

BATCH_SIZE = 13
"""No size that a case draws, lest a batch fits where it has no business."""
LEARNED = {"tokens", "length"}
"""Words that layers introduce themselves, for sizes that a vocabulary or the longest text of a batch decides."""


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
            TensorType((BATCH, *(symbol(size) if isinstance(size, str) else size for size in one.shape)), one.dtype,
                       one.mask)
            for one in tensors
        )
        for port, tensors in case.inputs.items()
    }  # fmt: skip
    options = {option.name: option.default for option in case.record.options} | dict(case.options)
    try:
        if case.record.check is not None:
            case.record.check(layer.arguments)
        assert case.record.rule is not None, f"{case.record.name} has no rule"
        return layer, case.record.rule(Call(layer, given, options, layer_policy(layer, "float32")))
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
            name: keras.ops.convert_to_tensor(value)
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
        return keras_object(normal(kind, value))
    if isinstance(value, list):
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    return None if value == "none" else value


def keras_object(value: Any) -> Any:
    """Objects become Keras objects, also inside of tuples."""
    import keras

    if isinstance(value, tuple):
        return tuple(keras_object(item) for item in value)
    if not isinstance(value, Object):
        return value
    homes = {"schedules": keras.optimizers.schedules, "dtype_policies": keras.dtype_policies}
    home = homes.get(value.record.family) or getattr(keras, value.record.family)
    made = {name: keras_object(item) for name, item in value.written.items()}
    if value.record.family == "activations":
        return value.record.names[0] if value.record.names else value.record.name
    return getattr(home, value.record.name)(**made)


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


def symbolic(case: Case) -> tuple[Any, list[Any]] | Refused:
    """What Keras makes of a case: the layer, built, and its outputs."""
    import keras

    given = {
        port: [
            keras.Input(tuple(None if isinstance(size, str) else size for size in one.shape), dtype=one.dtype)
            for one in tensors
        ]
        for port, tensors in case.inputs.items()
    }
    masked = {
        port: [keras.layers.Masking()(x) if one.mask else x for x, one in zip(given[port], tensors, strict=True)]
        for port, tensors in case.inputs.items()
    }
    try:
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
            make(rng, case, (BATCH_SIZE, *(sizes[size] if isinstance(size, str) else size for size in one.shape)),
                 one.dtype)
            for one in tensors
        ]
        for port, tensors in case.inputs.items()
    }  # fmt: skip
    try:
        return [tuple(int(size) for size in out.shape) for out in _call(case, keras_layer(case), given)]
    except Exception as error:
        return Refused(_summary(error))


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


# --- comparing ----------------------------------------------------------------------------------------------------


def agree(plan: Plan, number: int = 0, seed: int | None = None) -> None:
    """Assert that the catalogue and Keras agree on a plan's cases; the message shows where they do not.

    More cases than in the default run, or others: set ``KERASPEC_CASES`` and ``KERASPEC_SEED``.
    """
    number = number or int(os.environ.get("KERASPEC_CASES", "36"))
    seed = int(os.environ.get("KERASPEC_SEED", "0")) if seed is None else seed
    found: list[str] = []
    outcomes: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Keras warns of is not what is tested here
        for case in cases(plan, number, seed):
            outcome, disagreements = compare(plan, case)
            outcomes[outcome] += 1
            if disagreements and not any(holds(case) for holds in plan.known.values()):
                found.append(f"{case}\n" + "\n".join(f"    {line}" for line in disagreements))
    assert not found, f"{len(found)} of {outcomes.total()} cases disagree, among them:\n" + "\n".join(found[:8])
    share = outcomes["accepted"] / outcomes.total()
    assert share >= plan.accepted, f"only {share:.0%} of the cases were accepted: {dict(outcomes)}"


def compare(plan: Plan, case: Case) -> tuple[str, list[str]]:
    """How a case came out, ``accepted`` or ``refused``, and in what words we and Keras disagree."""
    mine, theirs = ours(case), symbolic(case)
    if isinstance(mine, Refused):
        return "refused", [] if isinstance(theirs, Refused) else list(_stricter(plan, case, mine, theirs[1]))
    if isinstance(theirs, Refused):
        return "refused", [f"we accept: {_shapes(mine[1])}; Keras refuses: {theirs.why}"]
    (layer, inferred), (keras, outputs) = mine, theirs
    problems = [*_outputs(inferred, outputs), *_weights(layer, inferred, keras), *_mask(case, inferred, outputs)]
    if known(inferred.flops) and (not isinstance(inferred.flops, int) or inferred.flops < 0):
        problems.append(f"FLOPs are {inferred.flops!r}")
    if plan.eager and not problems:
        problems += _real(plan, case, inferred)
    return "accepted", problems


def _stricter(plan: Plan, case: Case, mine: Refused, outputs: Sequence[Any]) -> Iterator[str]:
    """We refuse what Keras takes. Right where the type of a value is wrong, where it does not run, or gives what
    Keras did not announce (as when the batch axis is taken for another)."""
    if mine.argument is not None:
        kind = arguments_of(case.record)[mine.argument].kind
        if not same_sort(kind, case.written[mine.argument]):
            return  # true for 1, a misspelt word, a list for a number: Keras' leniency is none of ours
    if plan.eager:
        real = eager(plan, case, next(_numbers(case)))
        if isinstance(real, Refused) or not all(map(_announced, real, (tuple(out.shape) for out in outputs))):
            return
    yield f"we refuse: {mine.why}; Keras accepts and runs it"


def _announced(real: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    batch = shape[:1] != (None,) or real[:1] == (BATCH_SIZE,)
    return (
        batch
        and len(real) == len(shape)
        and all(size in (None, found) for found, size in zip(real, shape, strict=True))
    )


def _outputs(inferred: Inferred, outputs: Sequence[Any]) -> Iterator[str]:
    if len(inferred.outputs) != len(outputs):
        yield f"we have {len(inferred.outputs)} outputs, Keras {len(outputs)}"
        return
    for index, (mine, theirs) in enumerate(zip(inferred.outputs, outputs, strict=True)):
        if len(mine.shape) != len(theirs.shape) or any(
            size is not None and size != ours_ for ours_, size in zip(mine.shape, theirs.shape, strict=True)
        ):
            yield f"output {index}: we have {mine.shape}, Keras {tuple(theirs.shape)}"
        if mine.dtype != theirs.dtype:
            yield f"output {index}: we have {mine.dtype}, Keras {theirs.dtype}"


def _weights(layer: Object, inferred: Inferred, keras: Any) -> Iterator[str]:
    trainable = layer.arguments.get("trainable", True)
    mine = sorted((w.name, tuple(w.shape), w.trainable and trainable, w.dtype) for w in inferred.weights)
    names = [name for name, *_ in mine]
    theirs = sorted(
        (
            next((name for name in names if "/" in name and _unnumbered(w.path).endswith("/" + name)), w.name),
            tuple(w.shape),
            any(w is other for other in keras.trainable_weights),
            w.dtype,
        )
        for w in keras.weights
    )
    if mine != theirs:
        yield f"weights: we have {mine}, Keras {theirs}"
        return
    count = sum(int(np.prod(shape)) for _, shape, *_ in mine)
    if count != keras.count_params():
        yield f"we count {count} parameters, Keras {keras.count_params()}"


def _unnumbered(path: str) -> str:
    """A variable's path without the numbers that Keras gives nested layers: ``rnn/lstm_cell_2/kernel``."""
    return re.sub(r"_\d+(?=/)", "", path)


def _mask(case: Case, inferred: Inferred, outputs: Sequence[Any]) -> Iterator[str]:
    came = any(one.mask for tensors in case.inputs.values() for one in tensors)
    rules = {"pass": lambda out: came, "lose": lambda out: False, "own": lambda out: out.mask}
    mine = [rules[case.record.masking](out) for out in inferred.outputs]
    theirs = [getattr(out, "_keras_mask", None) is not None for out in outputs]
    if mine != theirs:
        yield f"mask ({case.record.masking}): we have {mine}, Keras {theirs}"


def _real(plan: Plan, case: Case, inferred: Inferred) -> Iterator[str]:
    """What is accepted must run, and what we say of unknown sizes must come out when words become numbers."""
    refusal = None
    ran = 0
    for sizes in _numbers(case):
        mine = [tuple(_concrete(axis, sizes) for axis in out.shape) for out in inferred.outputs]
        theirs = eager(plan, case, sizes)
        if isinstance(theirs, Refused):
            refusal = None if _empty(case) else theirs  # an axis of size 0 stops many kernels: no fault of the case
        elif not _meets(mine, theirs):
            yield f"with {sizes} we compute {mine} from {_shapes(inferred)}, but it is {theirs}"
            return
        else:
            ran += 1
        if not sizes or ran == 2:
            break
    if refusal is not None and not ran and not any(holds(case) for holds in plan.stuck.values()):
        yield f"accepted, but it does not run: {refusal.why}"


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


def _shapes(inferred: Inferred) -> str:
    return ", ".join(str(out) for out in inferred.outputs)

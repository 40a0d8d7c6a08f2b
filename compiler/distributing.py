"""From `training.distribute` to findings: kinds that are not carried out, and what several devices can't share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Training
from .catalogue.record import Object
from .graph import TypedGraph
from .heads import stated

REFUSED: Final[Mapping[str, tuple[str, str]]] = {
    "tpu": (
        "no TPU was there to try it on, and what was never tried is not promised",
        'write `distribute = "mirrored"` for several GPUs; or let `keraspec python` write the program, and train it '
        "there by hand",
    ),
    "parameter_server": (
        "Keras 3 does not train that way (keras-team/keras#18624)",
        'write `distribute = "multi_worker"`: every process then has all weights, and they take each step together',
    ),
}
"""Kinds that the language has a word for, and that nothing carries out: why, and what to do."""

SUMMED: Final = ("sum", "none")
"""Reductions of a loss that do not average over rows."""


def distribute_findings(typed: TypedGraph) -> Iterator[Finding]:
    """What is wrong with how a training section wants its batches shared: E431, E114, W405."""
    training = typed.graph.spec.training
    assert training is not None
    assert training.distribute is not None
    at: Pointer = ("training", "distribute")
    if training.distribute in REFUSED:
        why, way = REFUSED[training.distribute]
        yield Finding("E431", f"`{training.distribute}` is not carried out: {why}", at, help=way)
        return
    here = (Related("several devices take each step", at),)
    for pointer, words, way in _unshared(training):
        yield Finding("E114", words, pointer, help=way, related=here)
    for name, node in typed.graph.nodes.items():
        if node.shared is None and node.layer is not None and _apart(node.layer):
            words = f"`{name}` takes mean and variance of the rows of each device for itself, not of the whole batch"
            yield Finding("W405", words, node.pointer, "entry", related=here,
                          help="write `synchronized = true`; the result is then that of one device")  # fmt: skip


def _apart(layer: Object) -> bool:
    return layer.record.name == "BatchNormalization" and not layer.arguments.get("synchronized")


def _unshared(training: Training) -> Iterator[tuple[Pointer, str, str]]:
    """What several devices can't do, with where it stands, and what to write."""
    at = training.pointer
    if isinstance(training.steps_per_execution, int) and training.steps_per_execution > 1:
        yield (*at, "steps_per_execution"), "several devices take one step in a call", "leave the line out"
    if training.jit_compile is True:
        yield (*at, "jit_compile"), "XLA can't compile a step that several devices take", "leave the line out"
    if training.gradients.accumulate > 1:
        words = "gradients can't be gathered over several steps where several devices add them up"
        yield (*at, "gradients", "accumulate"), words, "write a larger `batch_size`: it is shared by all devices"
    yield from _of_optimizer(training.optimizer, (*at, "optimizer"))
    every = [(training.loss, (*at, "loss")), *((one.loss, (*one.pointer, "loss")) for one in training.outputs.values())]
    for value, pointer in every:
        found = stated("losses", value) if isinstance(value, Mapping) else None
        if found is not None and found.arguments.get("reduction") in SUMMED:
            words = "each device counts by its share of the rows, and this loss is not averaged over rows"
            yield (*pointer, "reduction"), words, "leave the line out, and write a larger learning rate"


def _of_optimizer(value: Any, at: Pointer) -> Iterator[tuple[Pointer, str, str]]:
    found = stated("optimizers", value)
    if found is None:
        return
    if isinstance(value, Mapping) and "inner_optimizer" in value:
        yield from _of_optimizer(value["inner_optimizer"], (*at, "inner_optimizer"))
    if found.arguments.get("use_ema") is True:
        yield (*at, "use_ema"), "Keras keeps no moving averages of weights on several devices", "leave the line out"
    if isinstance(steps := found.arguments.get("gradient_accumulation_steps"), int) and steps > 1:
        words = "gradients can't be gathered over several steps where several devices add them up"
        yield (*at, "gradient_accumulation_steps"), words, "write a larger `batch_size`: it is shared by all devices"

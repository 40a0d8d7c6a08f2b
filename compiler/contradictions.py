"""From a training section to findings about objects whose arguments contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import OutputTraining, Training
from .catalogue.objects import arguments_of
from .catalogue.record import REQUIRED, ArgumentError, Object
from .heads import stated


def contradictions(training: Training) -> tuple[Finding, ...]:
    """What no schema of one argument can say, of the optimizer, losses, metrics, callbacks, and what they hold."""
    found = (finding for family, value, pointer in _stated(training) for finding in _of_table(family, value, pointer))
    return (*found, *_between_steps(training))


def _between_steps(training: Training) -> Iterator[Finding]:
    """Several steps in one call, where something has to happen between them."""
    at_once, at = training.steps_per_execution, training.pointer
    if not isinstance(at_once, int) or at_once == 1:
        return
    reasons: list[tuple[str, Pointer]] = []
    if training.loop == "custom":
        reasons.append(("an explicit loop takes them one by one", (*at, "loop")))
    reasons += [("this rule looks at every batch", (*rule.pointer, "check")) for rule in training.rules
                if rule.check == "batch"]  # fmt: skip
    if training.checkpoint is not None and training.checkpoint.steps is not None:
        reasons.append((f"the model is kept every {training.checkpoint.steps} steps", (*at, "checkpoint", "every")))
    for words, where in reasons[:1]:
        message = f"{at_once} steps can't run in one call: {words}"
        yield Finding("E114", message, (*at, "steps_per_execution"), help="leave `steps_per_execution` out",
                      related=(Related(words, where),))  # fmt: skip


def _stated(training: Training) -> Iterator[tuple[str, Any, Pointer]]:
    """Every object of the section as it is written, with its family and its place."""
    at = training.pointer
    yield "optimizers", training.optimizer, (*at, "optimizer")
    for index, callback in enumerate(training.callbacks):
        yield "callbacks", callback, (*at, "callbacks", index)
    every: list[Training | OutputTraining] = [training, *training.outputs.values()]
    for measured in every:
        yield "losses", measured.loss, (*measured.pointer, "loss")
        for index, metric in enumerate(measured.metrics):
            yield "metrics", metric, (*measured.pointer, "metrics", index)


def _of_table(family: str, value: Any, at: Pointer) -> Iterator[Finding]:
    found = stated(family, value) if isinstance(value, Mapping) else None
    if found is not None:
        yield from _of_object(found, at)


def _of_object(obj: Object, at: Pointer) -> Iterator[Finding]:
    """Of the inner objects first: where one of them is at fault, what is around it is not looked at."""
    inner = [finding for one, place in _inside(obj.written, at) for finding in _of_object(one, place)]
    if inner:
        yield from inner
        return
    needed = {name for name, one in arguments_of(obj.record).items() if one.default is REQUIRED}
    if obj.record.check is None or not needed <= obj.written.keys():
        return
    try:
        obj.record.check(obj.arguments)
    except ArgumentError as error:
        related: tuple[Related, ...] = ()
        if error.other is not None and error.other in obj.written:
            related = (Related(f"`{error.other}` is here", (*at, error.other)),)
        pointer = (*at, error.argument if error.argument in obj.written else "type")
        yield Finding("E114", error.message, pointer, help=error.help, related=related)


def _inside(value: Any, at: Pointer) -> Iterator[tuple[Object, Pointer]]:
    """The objects in the arguments of one, also in lists and in tables of them, but not those inside of these."""
    items: Any = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, item in items:
        if isinstance(item, Object):
            yield item, (*at, key)
        elif isinstance(item, Mapping | tuple):
            yield from _inside(item, (*at, key))

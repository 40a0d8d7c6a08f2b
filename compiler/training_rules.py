"""From rules of training to Steps over reported numbers, and to findings: what can't be asked or set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..spec.document import Pointer
from ..spec.expression_evaluate import value_of
from ..spec.expression_tokens import ExpressionError
from ..spec.expression_values import Budget, Run, value_words
from ..spec.finding import Finding, Related
from ..spec.run_time import RunTime, run_time
from ..spec.spec import Rule, Spec, Training
from ..spec.words import closest, there_are
from .catalogue.record import Object
from .formula_findings import stretch
from .heads import Head
from .logged import RATE, Logged, logged
from .monitors import meant, optimizer_in_charge, validated
from .run_time import Constant, Steps, Tensor, steps_of
from .tensor import TensorType

INITIAL: Final = "initial_learning_rate"
COUNTED: Final = ("epoch", "step")
"""Whole numbers that every rule knows: of epochs and of steps of the whole training, both from 1."""

ALWAYS: Final = (RATE, INITIAL, *COUNTED)
"""What every rule knows besides the reported numbers."""


def names_of(heads: tuple[Head, ...], training: Training) -> dict[str, Logged]:
    """The numbers that are reported, without ``val_``."""
    return logged(heads) | {one.name: Logged("down") for one in training.losses}


def steps(text: str) -> Steps:
    """What a rule's expression computes, of whatever numbers it names.

    Raises:
        ExpressionError: what ``run_time`` and ``steps_of`` raise.
    """
    found = run_time(text)
    if not found.names and not found.calls:
        value = value_of(Run(text, {}, Budget()), found.tree)
        return Steps((), Constant(value), TensorType((), "float32"), False)
    types = {one.name: TensorType((), "int32" if one.name in COUNTED else "float32") for one in found.names}
    made = steps_of(found, {name: Tensor(type_) for name, type_ in types.items()})
    assert made is not None, "every type is known"
    return made


def rule_findings(spec: Spec, heads: tuple[Head, ...]) -> Iterator[Finding]:
    """All that is wrong with the rules of a training section."""
    training = spec.training
    if training is None or not training.rules:
        return
    sure = spec.whole and training.measures_known and bool(heads) and all(one.tensor is not None for one in heads)
    names = names_of(heads, training) if sure else None
    found, at = optimizer_in_charge(training)
    for rule in training.rules:
        for text, pointer, check in (
            (rule.when, (*rule.pointer, "when"), _condition),
            (rule.learning_rate, (*rule.pointer, "set", RATE), _rate),
        ):
            try:
                parsed = run_time(text)
                if names is not None:
                    _check_names(parsed, rule, spec, names)
                check(parsed, steps(text))
            except ExpressionError as error:
                inside = stretch(spec.document.place(pointer), text, error.start, error.end)
                yield Finding(error.code, error.message, pointer, help=error.help, inside=inside)
        yield from _in_charge(rule, found, at)


def _in_charge(rule: Rule, optimizer: Object | None, at: Pointer) -> Iterator[Finding]:
    """A rule needs a learning rate that it may set."""
    if optimizer is None:
        return
    here: Pointer = (*rule.pointer, "set", RATE)
    rate = optimizer.arguments.get(RATE)
    if isinstance(rate, Object):
        words = f"this rule sets the learning rate, but here {rate.record.name} does, and Keras allows only one"
        related: tuple[Related, ...] = (Related("the schedule", (*at, RATE)),)
        yield Finding("E420", words, here, help="write a number as `learning_rate`, or leave the rule out",
                      related=related)  # fmt: skip
    elif optimizer.record.name == "MultiOptimizer":
        words = "this rule sets the learning rate, but a MultiOptimizer has one for each of its optimizers"
        yield Finding("E420", words, here, help="use a single optimizer, or leave the rule out")


def _check_names(found: RunTime, rule: Rule, spec: Spec, names: Mapping[str, Logged]) -> None:
    """See that every name is that of one reported number.

    Raises:
        ExpressionError: E421.
    """

    def error(start: int, end: int, message: str, help: str) -> ExpressionError:
        return ExpressionError("E421", message, start, end, help)

    batch = rule.check == "batch"
    for one in found.names:
        name, plain = one.name, one.name.removeprefix("val_")
        if name in ALWAYS:
            continue
        if plain not in names:
            every = [*names, *ALWAYS, *(f"val_{known}" for known in names if not batch)]
            near = meant(name, every) or closest(name, every)
            way = f"did you mean `{near}`?" if near else there_are(every, 12) or "leave it out"
            raise error(one.start, one.end, f"nothing called `{name}` is measured", way)
        if name != plain and batch:
            raise error(one.start, one.end, f"`{name}` comes after the epoch, and this rule is looked at after every "
                        "batch", 'write `check = "epoch"`')  # fmt: skip
        if name != plain and not validated(spec):
            raise error(one.start, one.end, f"`{name}` is measured on validation data, and nothing is kept aside for "
                        "validation", f"write `split = {{ validation = 0.15 }}` in [data], or `{plain}`")  # fmt: skip
        several = names[plain].several
        if several is not None:
            raise error(one.start, one.end, f"`{name}` is a list of numbers, not one", several)


def _condition(found: RunTime, made: Steps) -> None:
    if isinstance(made.result, Constant):
        words = f"this is {value_words(made.result.value)} whatever is reported"
        raise _error(found, words, "compare a reported number: `loss < 0.01`")
    if made.type.dtype != "bool":
        raise _error(found, "this is a number, and a condition is true or false", "compare it: `loss < 0.01`")
    _single(found, made)


def _rate(found: RunTime, made: Steps) -> None:
    if isinstance(made.result, Constant):
        value = made.result.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise _error(found, f"a learning rate is a number above 0, and this is {value_words(value)}", None)
    elif made.type.dtype == "bool":
        way = "write a number, such as `initial_learning_rate * 0.1`"
        raise _error(found, "this is true or false, and a learning rate is a number", way)
    else:
        _single(found, made)


def _single(found: RunTime, made: Steps) -> None:
    if made.type.shape:
        raise _error(found, "this is a list of numbers, not one", None)


def _error(found: RunTime, message: str, help: str | None) -> ExpressionError:
    return ExpressionError("E422", message, found.tree.start, found.tree.end, help)

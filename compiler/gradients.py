"""From what a training section says of gradients to an optimizer that does it: clipping, accumulating."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Gradients, Training
from .heads import stated

CLIPPING: Final = ("clipnorm", "clipvalue", "global_clipnorm")
"""Arguments of an optimizer of which one at most may be there."""


def arguments(gradients: Gradients) -> dict[str, Any]:
    """What an optimizer is told: ``clip_norm`` is the length of all gradients together, ``global_clipnorm``."""
    found = {
        "global_clipnorm": gradients.clip_norm,
        "clipvalue": gradients.clip_value,
        "gradient_accumulation_steps": gradients.accumulate if gradients.accumulate > 1 else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def optimizer_of(training: Training) -> Any:
    """The optimizer as a spec would state it, name or table, with what ``gradients`` asks for in it.

    An optimizer around another one has it in the inner one, where Keras looks for it.
    """
    more = arguments(training.gradients)
    return _with(training.optimizer, more) if more else training.optimizer


def _with(optimizer: Any, more: Mapping[str, Any]) -> Any:
    found = stated("optimizers", optimizer)
    if found is None:
        return optimizer
    table = dict(optimizer) if isinstance(optimizer, Mapping) else {"type": found.record.name}
    if "inner_optimizer" in table:
        return table | {"inner_optimizer": _with(table["inner_optimizer"], more)}
    return {**table, **more}


def gradient_findings(training: Training) -> Iterator[Finding]:
    """What ``gradients`` asks for and the optimizer cannot do, or does already (E114)."""
    here: Pointer = (*training.pointer, "gradients")
    gradients, at = training.gradients, (*training.pointer, "optimizer")
    if gradients.clip_norm is not None and gradients.clip_value is not None:
        words = "gradients are clipped in one way, but `clip_norm` and `clip_value` are set"
        related: tuple[Related, ...] = (Related("`clip_norm` is here", (*here, "clip_norm")),)
        yield Finding("E114", words, (*here, "clip_value"), help="keep one of them", related=related)
        return
    asked = arguments(gradients)
    if not asked:
        return
    table: Any = training.optimizer
    while isinstance(table, Mapping) and "inner_optimizer" in table:
        table, at = table["inner_optimizer"], (*at, "inner_optimizer")
    found = stated("optimizers", table)
    if found is None:
        return
    if found.record.name == "MultiOptimizer":
        words = "MultiOptimizer hands gradients on to other optimizers, and clips and accumulates none itself"
        way = "leave `gradients` out, and write `global_clipnorm` and the like in each of its optimizers"
        yield Finding("E114", words, here, "key", help=way, related=(Related("the optimizer", (*at, "type")),))
        return
    for key, name in (
        ("clip_norm", CLIPPING),
        ("clip_value", CLIPPING),
        ("accumulate", ("gradient_accumulation_steps",)),
    ):
        set_here = gradients.accumulate > 1 if key == "accumulate" else getattr(gradients, key) is not None
        there = next((one for one in name if found.written.get(one) not in (None, "none")), None)
        if set_here and there is not None:
            words = f"`{key}` and the optimizer's `{there}` say the same thing twice"
            if key != "accumulate" and there != ("global_clipnorm" if key == "clip_norm" else "clipvalue"):
                words = f"gradients are clipped in one way, but `{key}` is set here and `{there}` in the optimizer"
            yield Finding("E114", words, (*here, key), help="keep one of them",
                          related=(Related(f"`{there}` is here", (*at, there)),))  # fmt: skip

"""From Head to warnings about sections of data and training that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..spec.finding import Finding
from ..spec.spec import Spec
from .heads import Head


def unused_sections(spec: Spec, heads: Sequence[Head]) -> Iterator[Finding]:
    """Weights of rows that nothing counts, and targets and weights of outputs without loss and metric (W604)."""
    training = spec.training
    if training is None or not training.measures_known or not spec.whole:
        return
    if not training.losses and all(head.loss is None for head in heads):
        return  # there is nothing to train for, which training says
    if spec.data is not None and spec.data.sample_weight is not None and all(head.loss is None for head in heads):
        words = "nothing uses `sample_weight`: no output has a loss, and terms of the loss count all rows alike"
        way = "give an output a loss, or take this away"
        yield Finding("W604", words, (*spec.data.pointer, "sample_weight"), "key", help=way)
    for head in heads:
        if head.loss is not None or head.metrics:
            continue
        own = training.outputs.get(head.name)
        way = f"give `{head.name}` a loss, below `[training.outputs.{head.name}]`, or take this section away"
        if head.target is not None and spec.data is not None and head.name in spec.data.targets:
            words = f"nothing uses the target of `{head.name}`: this output has no loss and no metric"
            yield Finding("W604", words, ("data", "targets", head.name), "key", help=way)
        if own is not None:
            words = f"this section says nothing that is used: `{head.name}` has no loss and no metric"
            yield Finding("W604", words, own.pointer, "key", help=way)

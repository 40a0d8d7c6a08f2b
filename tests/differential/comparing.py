"""From what we infer and what Keras answers to the words in which they differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from drawing import Case

from keraspec.compiler.catalogue.record import Inferred, Object
from keraspec.compiler.sizes import Size, is_batch, known, words

BATCH_SIZE = 13
"""No size that a case draws, lest a batch fits where it has no business."""


def as_announced(real: tuple[int, ...], shape: tuple[int | None, ...]) -> bool:
    batch = shape[:1] != (None,) or real[:1] == (BATCH_SIZE,)
    return (
        batch
        and len(real) == len(shape)
        and all(size in (None, found) for found, size in zip(real, shape, strict=True))
    )


def compared_outputs(inferred: Inferred, outputs: Sequence[Any]) -> Iterator[str]:
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


def compared_weights(layer: Object, inferred: Inferred, keras: Any) -> Iterator[str]:
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


def compared_masks(case: Case, inferred: Inferred, outputs: Sequence[Any]) -> Iterator[str]:
    came = any(one.mask for tensors in case.inputs.values() for one in tensors)
    rules = {"pass": lambda out: came, "lose": lambda out: False, "own": lambda out: out.mask}
    mine = [rules[case.record.masking](out) for out in inferred.outputs]
    theirs = [getattr(out, "_keras_mask", None) is not None for out in outputs]
    if mine != theirs:
        yield f"mask ({case.record.masking}): we have {mine}, Keras {theirs}"


def shapes_of(inferred: Inferred) -> str:
    return ", ".join(str(out) for out in inferred.outputs)


def sharper_sizes(inferred: Inferred, outputs: Sequence[Any], number: str, arithmetic: str) -> tuple[str, ...]:
    """In what we say more than Keras: ``number`` if a size is one, ``arithmetic`` if it is not just a word."""
    open_sizes = [
        mine
        for out, theirs in zip(inferred.outputs, outputs, strict=True)
        for mine, size in zip(out.shape, theirs.shape, strict=True)
        if size is None
    ]
    found = (number,) if any(known(size) for size in open_sizes) else ()
    return (*found, arithmetic) if any(map(_computed, open_sizes)) else found


def _computed(size: Size) -> bool:
    return not known(size) and not is_batch(size) and str(size) not in words(size)

"""From Heads to findings about targets: what the spec itself says of labels, against the loss and the units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Data, Spec
from ..spec.words import listed
from .formulas import LOSS
from .heads import Head
from .losses import CLASSES, labels
from .sizes import known, product
from .tensor import TensorType, shape_text
from .window_steps import steps_of, way_out, words_of

DATA_SETS: Final[Mapping[str, int | None]] = {
    "boston_housing": None,
    "california_housing": None,
    "cifar10": 10,
    "cifar100": 100,
    "fashion_mnist": 10,
    "imdb": 2,
    "mnist": 10,
    "reuters": 46,
}
"""Classes of the data sets that Keras knows; None where the target is a number. Source: https://keras.io/api/datasets/"""

STANDARD: Final = ("label", "target")
"""The columns of these data sets that hold what is to be predicted."""

PATTERN: Final = "*?["
TWO: Final = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge"})
"""Losses that with one unit tell two classes apart."""


def target_findings(spec: Spec, head: Head) -> tuple[Finding, ...]:
    """A target that cannot be what the loss compares with; the first reason alone is told."""
    if head.loss is None or head.tensor is None:
        return ()
    rows = _each_row(spec, head)
    return (*_encoding(head, rows), *_width(spec.data, head, rows), *_classes(spec.data, head))[:1]


def _each_row(spec: Spec, head: Head) -> TensorType:
    """What an output says of one row of the table: without the axis of its steps, where it has one for each of several
    rows of a window."""
    data, target, tensor = spec.data, head.target, head.tensor
    assert tensor is not None
    if data is None or data.window is None or labels(head) == "sequence":
        return tensor
    sizes = tensor.shape[1:-1] if labels(head) == "number" else tensor.shape[1:]
    columns = target.columns if target is not None else None
    plain = columns is not None and data.source.get("type") == "csv"
    width = len(columns) if columns and plain and not any(mark in "".join(columns) for mark in PATTERN) else None
    classes = labels(head) != "number" and head.loss is not None and head.loss.record.name in CLASSES
    flat = not classes and (target is None or target.encode != "one_hot")
    if steps_of(sizes, width, data.window, words_of(spec), flat=flat) is None:
        return tensor
    return replace(tensor, shape=(tensor.shape[0], *tensor.shape[2:]))


def _encoding(head: Head, rows: TensorType) -> Iterator[Finding]:
    """``encode`` against the loss: one number a row, or one for each class."""
    target, loss, tensor = head.target, head.loss, head.tensor
    if target is None or target.encode is None or loss is None or tensor is None:
        return
    name, pointer = loss.record.name, (*target.pointer, "encode")
    related = (Related(f"{name} is the loss of `{head.name}`", head.loss_pointer),)
    form, wanted = labels(head), product(rows.shape[1:])
    if form == "sequence":
        yield Finding(
            "E416",
            f"`encode` numbers single labels, but {name} compares with sequences of numbers",
            pointer,
            help="leave out `encode`, and give the letters as numbers from 1 on, filled up with 0",
            related=related,
        )
    elif target.encode == "one_hot" and form == "number":
        twin = ', or write `loss = "categorical_crossentropy"`' if name == "SparseCategoricalCrossentropy" else ""
        yield Finding(
            "E416",
            f'`encode = "one_hot"` makes a number for each class, but {name} takes each label as one number',
            pointer,
            help=f'leave out `encode`, or write `encode = "index"`{twin}',
            related=related,
        )
    elif target.encode == "one_hot" and head.units == 1:
        yield Finding(
            "E416",
            f'`encode = "one_hot"` makes a number for each class, but `{head.name}` has a single number: '
            f"{shape_text(tensor.shape)}",
            pointer,
            help='write `encode = "index"`, which makes 0 and 1 of two classes',
            related=head.related,
        )
    elif target.encode == "one_hot" and rows.rank != 2:
        yield Finding(
            "E416",
            f'`encode = "one_hot"` makes a list of numbers a row, but `{head.name}` is {shape_text(tensor.shape)}',
            pointer,
            help='for a class at each place leave it out, and write `loss = "sparse_categorical_crossentropy"`',
            related=head.related,
        )
    elif target.encode == "index" and form == "rows" and known(wanted) and wanted != 1:
        yield Finding(
            "E416",
            f'`encode = "index"` makes one number of a label, but {name} compares {_numbers(wanted)} a row: '
            f"`{head.name}` is {shape_text(tensor.shape)}",
            pointer,
            help='write `encode = "one_hot"`, or `loss = "sparse_categorical_crossentropy"`'
            if tensor.rank == 2
            else "leave out `encode`, or put Flatten, pooling or `return_sequences = false` before the last layer",
            related=related,
        )


def _width(data: Data | None, head: Head, rows: TensorType) -> Iterator[Finding]:
    """How many numbers a row of the target has, where the spec says it, against how many the loss compares."""
    target, tensor = head.target, head.tensor
    assert tensor is not None
    assert head.loss is not None
    form = labels(head)
    if data is None or form == "sequence" or (target is not None and target.decode is not None):
        return
    single = data.source.get("type") == "keras"
    pointer: Pointer = ("data", "source")
    columns = target.columns if target is not None else None
    if target is None or columns is None:
        if not single:
            return
        count, what = 1, "the label of this data set is"
    else:
        if any(mark in column for column in columns for mark in PATTERN) or data.source.get("type") != "csv":
            return
        count, pointer = len(columns), (*target.pointer, "column")
        what = "one column is" if count == 1 else f"{count} columns are"
    encoded = target is not None and target.encode is not None
    hot = target is not None and target.encode == "one_hot"
    name = head.loss.record.name
    if encoded and count > 1:
        yield Finding(
            "E416",
            f"`encode` is for one column, and `{head.name}` has {count}",
            pointer,
            help="leave out `encode`, or name one column",
        )
        return
    one_hot = count == 1 and name in CLASSES and form == "rows" and rows.rank == 2  # labels become rows by themselves
    words = name in TWO and count == 1 and rows.rank == 2  # and so do words, if they are some
    sizes = rows.shape[1:-1] if form == "number" else rows.shape[1:]
    wanted = product(sizes)
    if hot or one_hot or words or not known(wanted) or wanted == count:
        return
    yield Finding(
        "E405",
        f"{what} {_numbers(count)} a row, but {name} compares {_numbers(wanted)}"
        f"{' in each step' if rows is not tensor else ''}: `{head.name}` is {shape_text(tensor.shape)}",
        pointer,
        help=way_out(tensor.shape[1], data.window)
        if data.window is not None and tensor.rank > 2 and rows is tensor
        else _fitting(replace(head, tensor=rows), count),
        related=head.related,
    )


def _numbers(count: int) -> str:
    return "one number" if count == 1 else f"{count} numbers"


def _fitting(head: Head, count: int) -> str:
    tensor = head.tensor
    assert tensor is not None
    if labels(head) == "number" and tensor.rank == 2:
        return 'a label is one column; for a column for each class write `loss = "categorical_crossentropy"`'
    if tensor.rank > 2:
        return "if a row has one answer, put Flatten, pooling or `return_sequences = false` before the last layer"
    return (
        f"give the last layer `units = {count}`, or name as many columns; "
        'labels of classes want `loss = "sparse_categorical_crossentropy"`'
    )


def _classes(data: Data | None, head: Head) -> Iterator[Finding]:
    """The classes of a data set that Keras knows against the units."""
    target, loss = head.target, head.loss
    if data is None or loss is None or data.source.get("type") != "keras":
        return
    called = data.source.get("name")
    if (
        not isinstance(called, str)
        or called not in DATA_SETS
        or (target is not None and target.columns not in (None, *((one,) for one in STANDARD)))
    ):
        return
    name, count, classes = loss.record.name, head.count, DATA_SETS[called]
    pointer: Pointer = ("data", "source", "name")
    if classes is None:
        if name in CLASSES or name in TWO:
            yield Finding(
                "E409",
                f"{called} holds prices, numbers with fractions, and {name} is for classes",
                head.loss_pointer,
                help='write `loss = "mse"`, and let the last layer have one unit and no activation',
                related=(Related("the data set", pointer),),
            )
        return
    if name in CLASSES and count is not None and count < classes:
        yield Finding(
            "E403",
            f"{called} has {classes} classes, but `{head.name}` has {count} units",
            pointer,
            help=f"set `units = {classes}` in the last layer",
            related=head.related,
        )
    elif name in TWO and count == 1 and classes > 2:
        yield Finding(
            "E403",
            f"{called} has {classes} classes, but {name} with one unit tells 2 apart",
            pointer,
            help=f'use `units = {classes}`, "softmax" and "sparse_categorical_crossentropy"',
            related=head.related,
        )


def weight_findings(spec: Spec, heads: tuple[Head, ...]) -> Iterator[Finding]:
    """Classes that ``class_weight`` names and no head can have."""
    training = spec.training
    if training is None or not training.class_weight:
        return
    if not spec.whole or not training.measures_known or not heads or any(one.tensor is None for one in heads):
        return
    sizes = [_distinguished(one) for one in heads]
    at: Pointer = (*training.pointer, "class_weight")
    if not any(size != 0 for size in sizes):
        by_formula = next((one.name for one in heads if one.loss is LOSS), None)
        yield Finding(
            "E403",
            "`class_weight` weighs classes, and no output of this model has any",
            at,
            "key",
            help="leave it out; the weight of an output stands in [training.outputs.NAME]"
            if by_formula is None
            else f'say that its target has classes, for an expression does not tell: `encode = "index"` (or "one_hot") '
            f"in [data.targets.{by_formula}]",
        )
        return
    if isinstance(training.class_weight, str):
        return
    numbers = [size for size in sizes if size is not None]
    if len(numbers) < len(sizes):
        return
    every = sum(numbers)
    names = list(training.class_weight)
    if len(names) > every:
        yield Finding(
            "E403",
            f"`class_weight` names {len(names)} classes, {listed(names)}, but the model tells {every} apart",
            at,
            "key",
            help=f"give the last layer {len(names)} units, or leave out the classes that there are not",
        )
    elif spec.data is not None and _plain_numbers(spec.data, heads):
        for name in names:
            if not (name.isdecimal() and int(name) < max(numbers)):
                yield Finding(
                    "E403",
                    f'there is no class "{name}": the classes of {spec.data.source["name"]} are numbers from 0 to '
                    f"{max(numbers) - 1}",
                    (*at, name),
                    "key",
                    help="write the number of the class",
                )


def _plain_numbers(data: Data, heads: tuple[Head, ...]) -> bool:
    """Whether classes are surely called by their numbers."""
    called: Any = data.source.get("name")
    return (
        data.source.get("type") == "keras"
        and DATA_SETS.get(called) is not None
        and all(one.target is None or one.target.encode is None for one in heads)
    )


def _distinguished(head: Head) -> int | None:
    """How many classes a head tells apart: 0 for numbers, None where that cannot be said."""
    if head.loss is None:
        return 0
    name = head.loss.record.name
    encoded = head.target is not None and head.target.encode == "one_hot"
    if name == "CTC" or name == "Circle":
        return None
    if head.loss is LOSS and head.target is not None and head.target.encode == "index":
        return 2 if head.units == 1 else None
    if name in CLASSES or encoded:
        return head.count
    if name in TWO:
        return 2 if head.units == 1 else None if head.count is None else head.count
    return 0

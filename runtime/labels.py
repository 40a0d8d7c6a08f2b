"""From a target's columns to what the loss compares with: labels become numbers, and their names are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final, Literal

from . import label_words
from .cells import CellError, comma_way, is_arrow, is_text, numbers, texts
from .label_forms import require_number, several_columns
from .label_lists import are_lists, as_lists, labels_in, lengths_of, places_of
from .table import Values
from .tensors import MisfitError, Sizes, fitted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

SPARSE: Final = frozenset({"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"})
CATEGORICAL: Final = frozenset({"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge"})
BINARY: Final = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy"})
HINGE: Final = frozenset({"Hinge", "SquaredHinge"})
ALIKE: Final = frozenset({"Circle"})
"""Losses that only ask which rows have the same label, however many labels there are."""

SEQUENCES: Final = frozenset({"CTC"})
"""Losses whose target is a sequence of class numbers from 1 on, filled up with 0."""


class ClassError(MisfitError):
    """Labels and head do not agree."""

    code = "E403"


Form = Literal["number", "index", "one_hot", "several"]
"""Numbers as they are; the number of a class; a row with a 1 at it; a row with a 1 at each of several."""


@dataclass(frozen=True, slots=True)
class Head:
    """What an output is trained to say.

    ``loss`` is the class of its loss, ``shape`` one row of the output, the last size the number of classes
    where it classifies. ``logits``: the loss turns its numbers into probabilities. ``ignored``: a label that
    the loss passes over.
    """

    loss: str | None
    shape: Sizes
    logits: bool = False
    ignored: int | None = None

    @property
    def units(self) -> int | None:
        """The last size, where it is known."""
        last = self.shape[-1] if len(self.shape) else 1
        return last if isinstance(last, int) else None

    @property
    def kind(self) -> Literal["classes", "binary", "numbers"]:
        """Whether it chooses one of several classes, says yes or no, or gives numbers."""
        if self.loss in SPARSE | CATEGORICAL:
            return "classes"
        return "binary" if self.loss in BINARY | HINGE and self.units == 1 else "numbers"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the cells of a target become numbers.

    ``classes`` are the names of the classes in order, or None where the numbers in the column are used as
    they are. ``shape`` and ``dtype`` are those of one row as the loss takes it.
    """

    form: Form
    classes: tuple[str, ...] | None
    shape: tuple[int | None, ...]
    dtype: str


def learn(columns: Sequence[tuple[str, Values]], head: Head, encode: str | None) -> Encoding:
    """Decide how a target is encoded, from all its rows.

    Words become indices of the sorted names. Where the loss compares whole rows of class probabilities
    (``categorical_crossentropy``), a column of labels becomes rows with a single 1; a list of labels a row becomes
    one with a 1 for each of them. Whole numbers from 0 on stay what they are, unless ``encode`` asks for names and
    they do not fit.

    Raises:
        MisfitError: if the labels can't be what the head gives.
    """
    import numpy as np

    if len(columns) == 1 and (lists := _lists(columns[0][1], head)) is not None:
        return _learn_lists(lists, head)
    single = _is_column(columns)
    words = any(is_text(values) and (len(columns) == 1 or not _yes_or_no(values)) for _, values in columns)
    form: Form = "number"
    if encode is not None:
        form = "one_hot" if encode == "one_hot" else "index"
    elif (single and head.loss in CATEGORICAL and (head.units or 2) > 1) or (
        words and head.loss in BINARY | HINGE and (head.units or 1) > 1
    ):
        form = "one_hot"
    elif words and head.loss in SPARSE | BINARY | HINGE | ALIKE:
        form = "index"
    if form == "number":
        if words:
            name = next(name for name, values in columns if is_text(values))
            return _refuse_words(name, columns, head)
        return Encoding("number", None, *_plain(head))
    shape, dtype = _plain(head) if form == "index" else ((head.units,), "float32")
    if len(columns) > 1 or (form == "one_hot" and not single):
        wordy = [name for name, values in columns if len(columns) > 1 and is_text(values) and not _yes_or_no(values)]
        raise several_columns(None if encode is not None else next(iter(wordy), None))
    values = columns[0][1]
    if words:
        classes = tuple(sorted(values.unique().to_pylist() if is_arrow(values) else set(texts(values).flat)))
        _check_count(classes, head, form)
        return Encoding(form, classes, shape, dtype)
    found = numbers(values)
    if _fits(found, head):
        return Encoding(form, None, shape, dtype)
    if encode is not None and found.size and (found == found.astype("int64")).all():
        classes = tuple(str(int(one)) for one in np.unique(found))
        _check_count(classes, head, form)
        return Encoding(form, classes, shape, dtype)
    _check_range(found, head)
    return Encoding(form, None, shape, dtype)


def encoded(columns: Sequence[tuple[str, Values]], head: Head, encoding: Encoding) -> Array:
    """The target's rows as the loss takes them.

    Raises:
        MisfitError: with the row, for a label that is not among the classes or out of range.
    """
    import numpy as np

    words = columns[0][1]
    steps = head.loss in SPARSE and len(head.shape) == 2 and getattr(words, "ndim", 1) == 2 and is_text(words)
    if encoding.classes is not None and (encoding.form == "several" or steps or are_lists(words)):
        return _encoded_lists(as_lists(words), head, encoding, encoding.classes)
    if encoding.classes is not None:
        indices = _indices(columns[0][1], encoding.classes)
    elif encoding.form == "number":
        require_number(columns, head.units if head.loss in SPARSE and len(head.shape) == 1 else 1, head.loss)
        rows = fitted(columns, encoding.shape, encoding.dtype if head.loss not in SPARSE else "float64")
        _check_range(rows, head)
        return rows.astype(encoding.dtype, copy=False)
    else:
        indices = fitted(columns, _scalar_or(encoding, columns), "int64")
        _check_range(indices, head)
    if encoding.form == "one_hot":
        size = head.units or (len(encoding.classes) if encoding.classes else int(indices.max()) + 1)
        flat = indices.reshape(len(indices)).astype(np.int64)
        return np.equal(flat[:, None], np.arange(size)).astype(np.float32)
    sizes = tuple(size for size in encoding.shape if size is not None)
    if len(sizes) == len(encoding.shape):
        given = indices.size // max(1, len(indices))
        if given != prod(sizes):
            raise MisfitError(
                f"gives {given} label{'s' if given != 1 else ''} a row, but {head.loss} compares {prod(sizes)}",
                'leave out `encode`, or write `encode = "one_hot"`, if each number of the output is a class',
            )
        indices = indices.reshape(len(indices), *sizes)
    return indices.astype(encoding.dtype)


def _lists(values: Values, head: Head) -> Values | None:
    """The labels of each row as a list, where there may be several: any number, or words side by side."""
    if are_lists(values):
        return values
    beside = getattr(values, "ndim", 1) == 2 and values.dtype.kind in "OSU" and values.shape[1] > 1
    return as_lists(values) if beside and _takes_several(head) else None


def _takes_several(head: Head) -> bool:
    """Whether an output says yes or no to each of several labels."""
    return head.loss in BINARY | HINGE and len(head.shape) == 1 and head.units != 1


def _learn_lists(values: Values, head: Head) -> Encoding:
    classes = labels_in(values)
    if _takes_several(head):
        _check_count(classes, head, "one_hot")
        return Encoding("several", classes, (head.units or len(classes),), "float32")
    if head.loss in SPARSE and len(head.shape) == 2:
        _check_count(classes, head, "index")
        return Encoding("index", classes, *_plain(head))
    raise MisfitError(
        "holds a list of labels in each row",
        'for any number of labels a row take `loss = "binary_crossentropy"` and a unit with `activation = "sigmoid"` '
        'for each label; for a label at each step "sparse_categorical_crossentropy" and an output of each step',
    )


def _encoded_lists(values: Values, head: Head, encoding: Encoding, classes: tuple[str, ...]) -> Array:
    """Rows with a 1 for each label; or the number of each step's class, with 0 behind the last of them."""
    import numpy as np

    try:
        places, rows = places_of(values, classes)
    except KeyError as error:
        raise _no_class(error.args[0], classes, error.args[1]) from None
    if encoding.form == "several":
        marked = np.zeros((len(values), len(classes)), np.float32)
        marked[rows, places] = 1
        return marked
    lengths = lengths_of(values)
    most, longest = head.shape[0], int(lengths.max(initial=0))
    if isinstance(most, int) and longest > most:
        raise MisfitError(
            f"has a row of {longest} labels, but the output has {most} steps", None, int(lengths.argmax())
        )
    steps = np.zeros((len(values), most if isinstance(most, int) else longest), encoding.dtype)
    steps[rows, np.arange(len(rows)) - np.repeat(lengths.cumsum() - lengths, lengths)] = places
    return steps


def _scalar_or(encoding: Encoding, columns: Sequence[tuple[str, Values]]) -> Sizes:
    return () if encoding.form == "one_hot" else encoding.shape


def _yes_or_no(values: Values) -> bool:
    """Whether a column holds ``true`` and ``false`` alone: several of them side by side are 1 and 0, no names."""
    try:
        return numbers(values).dtype.kind == "b"
    except CellError:
        return False


def _is_column(columns: Sequence[tuple[str, Values]]) -> bool:
    if len(columns) != 1:
        return False
    shape = getattr(columns[0][1], "shape", None)
    return shape is None or all(size == 1 for size in shape[1:])


def _plain(head: Head) -> tuple[tuple[int | None, ...], str]:
    """Shape and dtype of one row of plain numbers: for labels, the output's without its last axis."""
    shape = tuple(size if isinstance(size, int) else None for size in head.shape)
    if head.loss in SEQUENCES:
        return (None,), "int32"
    return (shape[:-1], "int32") if head.loss in SPARSE | ALIKE else (shape, "float32")


def _indices(values: Values, classes: tuple[str, ...]) -> Array:
    import numpy as np

    if is_arrow(values) and is_text(values):
        import pyarrow as pa
        import pyarrow.compute as pc

        found = pc.index_in(values, pa.array(classes, values.type))
        if not found.null_count:
            return np.asarray(found.to_numpy(), np.int64)
    if is_text(values):
        cells = texts(values)
    else:
        whole = numbers(values).astype("int64")
        if all(name.lstrip("-").isdigit() for name in classes):
            every = np.array([int(name) for name in classes])
            places = np.searchsorted(every, whole).clip(max=len(every) - 1)
            if (np.diff(every) > 0).all() and (every[places] == whole).all():
                return places
        cells = np.array([str(one) for one in whole.reshape(-1)], dtype=object).reshape(whole.shape)
    place = {name: index for index, name in enumerate(classes)}
    result = np.array([place.get(str(cell), -1) for cell in cells.reshape(-1)], np.int64)
    if (result < 0).any():
        index = int(np.argmin(result))
        raise _no_class(cells.reshape(-1)[index], classes, index // max(1, cells.size // len(cells)))
    return result.reshape(cells.shape)


def _no_class(label: Any, classes: tuple[str, ...], row: int) -> ClassError:
    return ClassError(
        f'holds "{label}", which is none of the classes {label_words.named(classes)}',
        "the model knows only the classes it was trained with",
        row,
    )


def _fits(found: Array, head: Head) -> bool:
    try:
        _check_range(found, head)
    except MisfitError:
        return False
    return True


def _check_range(found: Array, head: Head) -> None:
    """Labels must be among those that the head can give."""
    import numpy as np

    if not found.size:
        return
    rows = found.reshape(len(found), -1)
    if head.loss in SEQUENCES and head.units is not None and ((rows < 0) | (rows >= head.units)).any():
        index = _row((rows < 0) | (rows >= head.units))
        raise ClassError(
            f"holds labels from {int(rows.min())} to {int(rows.max())}, but the head has "
            f"{label_words.units(head.units)}: letters are numbers from 1 to {head.units - 1}, and 0 fills up",
            f"a head for these labels needs {int(rows.max()) + 1} units",
            index,
        )
    if head.loss in SPARSE | CATEGORICAL and (head.loss in SPARSE or rows.shape[1] == 1):
        units = head.units
        low = rows < 0
        high = rows >= units if units is not None else np.zeros_like(low)
        wrong = low | high
        if head.ignored is not None:
            wrong &= rows != head.ignored
        if rows.dtype.kind == "f":
            fraction = rows != np.floor(rows)
            if fraction.any():
                index = _row(fraction)
                raise ClassError(
                    f"holds {rows[index].max():g}, but labels of {head.loss} are whole numbers",
                    'for numbers that are no classes, use a loss such as "mse"',
                    index,
                )
        if wrong.any():
            index = _row(wrong)
            kept = rows if head.ignored is None else rows[rows != head.ignored]
            least, most = int(kept.min()), int(kept.max())
            distinct = len(np.unique(kept))
            if units is not None and distinct <= units:
                way = '`encode = "index"` in the target numbers the labels from 0 on'
            else:
                way = f"a head for these labels needs {most + 1} units"
            raise ClassError(
                f"holds labels from {least} to {most}, but the head has {label_words.units(units)}: "
                f"0 to {(units or 1) - 1}",
                way,
                index,
            )
    elif head.loss in BINARY | HINGE:
        least = -1 if head.loss in HINGE else 0
        wrong = (rows < least) | (rows > 1)
        if wrong.any():
            index = _row(wrong)
            raise ClassError(
                f"holds {rows[index][wrong[index]][0]:g}, but {head.loss} compares with numbers from {least} to 1",
                '`encode = "index"` in the target makes 0 and 1 of two labels; for more classes use '
                '"sparse_categorical_crossentropy" and a unit for each',
                index,
            )


def _check_count(classes: tuple[str, ...], head: Head, form: Form) -> None:
    units = head.units
    if units is None:
        return
    if len(classes) == 1:
        raise ClassError(
            f"has {label_words.counted(classes)}, and a network learns to tell classes apart",
            "there must be rows of two classes or more; or is it another column that is meant?",
        )
    if head.loss in BINARY | HINGE and units == 1:
        if len(classes) != 2:
            raise ClassError(
                f"has {label_words.counted(classes)}, but {head.loss} with one unit tells 2 apart",
                f'use `units = {len(classes)}`, "softmax" and "sparse_categorical_crossentropy"',
            )
        return
    if (head.loss in SPARSE or form == "one_hot") and len(classes) != units:
        raise ClassError(
            f"has {label_words.counted(classes)}, but the head has {label_words.units(units)}",
            f"set `units = {len(classes)}` in the last layer",
        )


def _row(flags: Any) -> int:
    import numpy as np

    return int(np.argmax(flags.any(axis=1)))


def _refuse_words(name: str, columns: Sequence[tuple[str, Values]], head: Head) -> Encoding:
    values = dict(columns)[name]
    try:
        numbers(values)
        cell = "true"
    except CellError as error:
        cell = error.cell
    raise MisfitError(
        f'holds "{cell}", which is no number, but the loss {head.loss or "of this output"} compares numbers',
        (comma_way(cell) if is_arrow(values) else None)
        or 'for classes, use "sparse_categorical_crossentropy" (or "binary_crossentropy" for two), or set `encode`',
    )

"""From Prepared rows to Feeds: the batches of every part, in the form of the model that is trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ..compiler.augmentations import augmentations
from ..compiler.graph import TypedGraph
from .buckets import steps_of
from .data import Prepared, Rows
from .environment import backend
from .feed import Form, Held, Order, fed, feed, mapped
from .preprocessing import Cut, keepable
from .split import PARTS

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

INFINITE: Final = -1
"""What tf.data gives as the length of a dataset that repeats for ever."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """The batches of each part, as the model that is trained takes them; ``steps`` of an epoch, if known.

    ``held`` are the rows of training where all are in memory as the model takes them: batches of ``size`` in the order
    of ``shuffled``, else as they stand, are then those of ``train``.
    """

    train: tf.data.Dataset
    parts: Mapping[str, tf.data.Dataset]
    steps: int
    order: Order | None
    held: Held | None = None
    size: int = 0
    shuffled: Order | None = None


def steps_in(rows: Rows, size: int, *, apart: bool) -> int:
    """Batches of rows; with ``apart`` those of one length come together, where that is wished."""
    return steps_of(rows.count, rows.buckets if apart else None, size)


def inputs_only(rows: Rows) -> Rows:
    """The same rows without targets."""
    return Rows(rows.inputs, {})


def feeds_of(prepared: Prepared, form: Form, halves: Cut | None, typed: TypedGraph) -> Feeds:
    """The feeds of prepared rows; preprocessing has been done to them where the model has any."""
    data = typed.graph.spec.data
    size = data.batch_size if data is not None else 32
    order = Order(data.seed if data is not None else 0) if data is None or data.shuffle else None
    cache = (data is None or bool(data.cache)) and not prepared.streamed
    parts = {}
    training: tf.data.Dataset | None = None
    held: Held | None = None
    for part in PARTS:
        rows = _apart(prepared.parts[part], halves)
        if not rows.count:
            continue
        learned = part == "train"
        parts[part], ordered, kept = _part(rows, form, halves, size, order if learned else None, cache, learned)
        if learned:
            training, held = ordered, kept
    assert training is not None
    shuffled = order
    if data is not None and augmentations(typed.graph.spec):
        order = order or Order(data.seed)  # it says which epoch it is
        training, held = _varied(_apart(prepared.parts["train"], halves), form, halves, typed, order), None
    return Feeds(training, parts, len(training), order, held, size, shuffled)


def _apart(rows: Rows, halves: Cut | None) -> Rows:
    """The rows without their buckets where preprocessing makes all of one length: kept ready or not, the same rows then
    come together."""
    if rows.buckets is None or halves is None or any(None in one.shape[1:] for one in halves.prefix.outputs):
        return rows
    return replace(rows, buckets=None)


def _part(
    rows: Rows, form: Form, halves: Cut | None, size: int, order: Order | None, cache: bool, learned: bool
) -> tuple[tf.data.Dataset, tf.data.Dataset, Held | None]:
    """The batches of one part in the order of the rows, and in the order of training; the rows, where in memory.

    Only of rows that are ``learned`` from are those of one length put together.
    """
    if halves is None:
        return _both(rows, form, size, order, learned)
    front = halves.prefix
    if cache and keepable(front, rows.count):
        ready = Rows(_ahead(front, feed(inputs_only(rows), form, 4096), halves.names), rows.targets, rows.weights)
        inner = Form({name: str(array.dtype) for name, array in ready.inputs.items()}, form.outputs, form.named)
        return _both(ready, inner, size, order, learned)
    plain = mapped(feed(rows, form, size), through(front), steps_in(rows, size, apart=False))
    if order is None and (rows.buckets is None or not learned):
        return plain, plain, None
    ordered = feed(rows, form, size, order, apart=learned)
    return plain, mapped(ordered, through(front), steps_in(rows, size, apart=learned)), None


def _both(rows: Rows, form: Form, size: int, order: Order | None, learned: bool) -> tuple[Any, Any, Held | None]:
    """Batches in both orders, of the same tensors."""
    if backend() != "tensorflow":
        plain = feed(rows, form, size)
        if order is None and (rows.buckets is None or not learned):
            return plain, plain, None
        return plain, feed(rows, form, size, order, apart=learned), None
    held = Held(rows, form)
    plain = fed(held, size)
    if order is None and (rows.buckets is None or not learned):
        return plain, plain, held if held.whole else None
    return plain, fed(held, size, order, apart=learned), held if held.whole and held.buckets is None else None


def _varied(rows: Rows, form: Form, halves: Cut | None, typed: TypedGraph, order: Order) -> tf.data.Dataset:
    """The batches of training, varied at random before anything else is done to them."""
    from .augment import Augmenter, varied

    data = typed.graph.spec.data
    assert data is not None
    steps = steps_in(rows, data.batch_size, apart=True)
    batches = feed(rows, form, data.batch_size, order if data.shuffle else None, apart=True)
    batches = varied(batches, Augmenter(typed, data.seed), form, order, steps)
    return batches if halves is None else mapped(batches, through(halves.prefix), steps)


def through(front: keras.Model) -> Callable[..., Any]:
    """A function that sends the inputs of a batch through the preprocessing half of a model."""

    def prepare(x: Any, *rest: Any) -> Any:
        ready = flat(front(x))
        return (ready[0] if len(ready) == 1 else ready, *rest)

    return prepare


def flat(outputs: Any) -> tuple[Any, ...]:
    """All outputs of a model, which are a list unless there is just one."""
    return tuple(outputs) if isinstance(outputs, (list, tuple)) else (outputs,)


def _ahead(front: keras.Model, batches: tf.data.Dataset, names: Sequence[str]) -> dict[str, Any]:
    """What the preprocessing half makes of all rows, kept in memory."""
    import numpy as np

    parts: list[list[Any]] = [[] for _ in names]
    for batch in batches.map(lambda x: flat(front(x))):
        for part, tensor in zip(parts, batch, strict=True):
            part.append(tensor.numpy())
    return {name: np.concatenate(part) for name, part in zip(names, parts, strict=True)}


def require_end(**datasets: tf.data.Dataset | None) -> None:
    """Make sure that datasets of one's own come to an end.

    Raises:
        ValueError: naming the one that repeats for ever.
    """
    for name, dataset in datasets.items():
        if dataset is not None and int(dataset.cardinality()) == INFINITE:
            raise ValueError(f"`{name}` never ends: leave out repeat(), the spec says how many epochs there are")


def arranged(dataset: tf.data.Dataset, form: Form, *, targets: bool = True) -> tf.data.Dataset:
    """A dataset of one's own with inputs and targets in the structure of the model, where it gives them by name.

    Without ``targets`` there need be none: batches ``(x,)`` will do.

    Raises:
        ValueError: if it has no batches or no targets, or names other inputs or outputs; or Keras runs on another
            backend than TensorFlow.
    """
    if backend() != "tensorflow":
        raise ValueError(f"Keras runs on {backend()} here: give `data` as a pair of arrays (x, y)")
    if int(dataset.cardinality()) == 0:
        raise ValueError("the dataset has no batches")
    parts = dataset.element_spec
    if not isinstance(parts, tuple) or len(parts) not in ((2, 3) if targets else (1, 2, 3)):
        raise ValueError("the dataset must give batches (x, y), or (x, y, weights)")
    for given, names in zip(parts, (tuple(form.inputs), form.outputs, form.outputs), strict=False):
        if isinstance(given, Mapping) and (lacking := [name for name in names if name not in given]):
            raise ValueError(f"the dataset names {', '.join(map(str, given))}, and there is no {', '.join(lacking)}")
    if not any(isinstance(given, Mapping) for given in parts):
        return dataset

    def one(x: Any, *rest: Any) -> Any:
        return (
            form.x(x) if isinstance(x, Mapping) else x,
            *(form.y(given) if isinstance(given, Mapping) else given for given in rest),
        )

    return dataset.map(one)


def feeds_of_datasets(data: tf.data.Dataset, validation: tf.data.Dataset | None, halves: Cut | None) -> Feeds:
    """Datasets of one's own, as they are; only preprocessing is done in them where the model has any."""
    parts = {"train": data} | ({"validation": validation} if validation is not None else {})
    if halves is not None:
        parts = {name: part.map(through(halves.prefix)) for name, part in parts.items()}
    return Feeds(parts["train"], parts, max(0, int(data.cardinality())), None)

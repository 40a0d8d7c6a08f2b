"""From the augmentation of a spec to Augmenter: rows of training varied at random, alike whenever the seed is alike."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..compiler.augmentations import Augmentation, augmentations
from ..compiler.build import keras_call, resolve
from ..compiler.graph import TypedGraph
from .feed import Form, Order

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

    Seeds = np.ndarray[Any, np.dtype[np.int64]]

UNKNOWN = 32
"""What stands for a size that is not known when a layer is tried out."""


class Augmenter:
    """Layers that vary inputs. What they draw depends on the seed, the epoch, the batch and the layer, on nothing else.

    Keras' own generators count on with every call: what a batch was given would depend on how many were prepared
    before it, and batches are prepared side by side.
    """

    def __init__(self, typed: TypedGraph, seed: int) -> None:
        self.seed = seed
        self.chains: dict[str, list[keras.Layer]] = {}
        self.draws: list[Draws] = []
        for one in augmentations(typed.graph.spec):
            stated = typed.graph.nodes[one.input].input
            shape = stated.shape if stated is not None and stated.shape is not None else ()
            sizes = tuple(size if isinstance(size, int) else UNKNOWN for size in shape)
            self.chains[one.input] = [*self.chains.get(one.input, ()), *self._layers(one, sizes)]

    def _layers(self, one: Augmentation, sizes: tuple[int, ...]) -> list[keras.Layer]:
        tables = (
            {"dtype": "float32", **({"type": value} if isinstance(value, str) else value)} for value in one.layers
        )
        return [
            keras_call((*one.pointer, index), partial(self._ready, table, sizes)) for index, table in enumerate(tables)
        ]

    def _ready(self, table: Mapping[str, Any], sizes: tuple[int, ...]) -> keras.Layer:
        """A layer that draws from numbers of ours, called once: what it keeps must be there before the pipeline is."""
        import keras
        import numpy as np

        layer = resolve("layers", table)
        for inner in _with_inner(layer):
            for value in list(vars(inner).values()):
                if isinstance(value, keras.random.SeedGenerator):
                    draws = Draws(len(self.draws), int(table.get("seed") or 0), str(value.state.dtype))
                    value.next = draws.next
                    self.draws.append(draws)
        self._begin(self.seeds(0, 0))
        layer(keras.ops.convert_to_tensor(np.zeros((1, *sizes), np.float32)), training=True)
        return layer

    def seeds(self, epoch: int, step: int) -> Seeds:
        """Two words for each generator, of shape ``(generators, 2)``; epoch and step are counted from 0."""
        import numpy as np

        words = [
            np.random.SeedSequence([self.seed, one.number, one.own, int(epoch), int(step)]).generate_state(2)
            for one in self.draws
        ]
        return np.array(words, np.int64).reshape(-1, 2) >> 1  # what every backend can hold

    def _begin(self, seeds: Any) -> None:
        for number, draw in enumerate(self.draws):
            draw.begin(seeds[number])

    def __call__(self, inputs: Mapping[str, Any], seeds: Any) -> dict[str, Any]:
        """The inputs varied; tensors of the backend, or of TensorFlow's pipeline."""
        import numpy as np

        self._begin(seeds)
        found = dict(inputs)
        with _python_random(int(seeds.sum()) if isinstance(seeds, np.ndarray) else self.seed):
            for name, chain in self.chains.items():
                for layer in chain:
                    found[name] = layer(found[name], training=True)
        return found


@contextmanager
def _python_random(seed: int) -> Iterator[None]:
    """Python's own random numbers from a seed on, and back again: AugMix draws with them what it does.

    In TensorFlow's pipeline it does so once, when it is made; there all batches have the same kinds of changes.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _with_inner(layer: keras.Layer) -> Iterator[keras.Layer]:
    """A layer and those that it has inside."""
    import keras

    yield layer
    for value in list(vars(layer).values()):
        if isinstance(value, keras.Layer):
            yield from _with_inner(value)


class Draws:
    """Seeds for one generator of Keras: they follow from what it began with, and how often it was asked since."""

    def __init__(self, number: int, own: int, dtype: str) -> None:
        self.number = number
        self.own = own
        self.dtype = dtype
        self.first: Any = None
        self.asked = 0

    def begin(self, first: Any) -> None:
        """Start anew, with an array or tensor of two whole numbers."""
        self.first = first
        self.asked = 0

    def next(self, ordered: bool = True) -> Any:
        """The next seed, in place of ``keras.random.SeedGenerator.next``."""
        import keras
        import numpy as np

        self.asked += 1
        seed = self.first + np.array([0, self.asked], np.int64)
        own = isinstance(seed, np.ndarray) or keras.config.backend() != "tensorflow"
        return keras.ops.convert_to_tensor(seed, self.dtype) if own else seed


def varied(batches: Any, augmenter: Augmenter, form: Form, order: Order, steps: int) -> Any:
    """The batches of training, varied anew in every epoch: a ``tf.data.Dataset``, or what stands for one elsewhere."""
    from .environment import backend

    if backend() == "tensorflow":
        return _in_pipeline(batches, augmenter, form, order, steps)
    return _one_by_one(batches, augmenter, form, order)


def _by_name(x: Any, form: Form) -> dict[str, Any]:
    names = tuple(form.inputs)
    return {names[0]: x} if len(names) == 1 else dict(zip(names, x, strict=True))


def _in_pipeline(batches: tf.data.Dataset, augmenter: Augmenter, form: Form, order: Order, steps: int) -> Any:
    import tensorflow as tf

    from .feed import mapped

    def one(step: tf.Tensor, batch: tuple[Any, ...]) -> tuple[Any, ...]:
        seeds = tf.numpy_function(augmenter.seeds, [order.now(), step], tf.int64)
        seeds = tf.ensure_shape(seeds, (len(augmenter.draws), 2))
        given = _by_name(batch[0], form)
        floats = {name: tf.cast(given[name], tf.float32) for name in augmenter.chains}
        found = augmenter(floats, seeds)
        back = {name: _like(tf.ensure_shape(found[name], given[name].shape), given[name].dtype) for name in found}
        return (form.x({**given, **back}), *batch[1:])

    return mapped(batches.enumerate(), lambda step, batch: one(step, batch), steps)


def _like(tensor: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    import tensorflow as tf

    return tf.cast(tensor, dtype) if dtype.is_floating else tf.saturate_cast(tf.round(tensor), dtype)


def compiled(augmenter: Augmenter) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    """The augmenter, on JAX as one function for each size of batch: operation by operation it takes many times as long.

    What draws with Python's own random numbers does so once there, as in TensorFlow's pipeline.
    """
    from .environment import backend

    if backend() != "jax":
        return augmenter
    import jax

    made: Callable[[dict[str, Any], Any], dict[str, Any]] = jax.jit(augmenter.__call__)
    return made


def _one_by_one(batches: Any, augmenter: Augmenter, form: Form, order: Order) -> Any:
    import keras
    import numpy as np

    vary = compiled(augmenter)

    def back(tensor: Any, dtype: Any) -> Any:
        found = np.asarray(keras.ops.convert_to_numpy(tensor))
        if dtype.kind == "f":
            return found.astype(dtype)
        bounds = np.iinfo(dtype)
        return np.clip(np.round(found), bounds.min, bounds.max).astype(dtype)

    class Varied(keras.utils.PyDataset):  # type: ignore[misc]
        """The batches of another, each varied when it is asked for."""

        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, index: int) -> Any:
            x, *rest = batches[index]
            given = _by_name(x, form)
            floats = {name: keras.ops.convert_to_tensor(given[name].astype(np.float32)) for name in augmenter.chains}
            found = vary(floats, augmenter.seeds(order.epoch, index))
            return (form.x({**given, **{name: back(one, given[name].dtype) for name, one in found.items()}}), *rest)

    return Varied()

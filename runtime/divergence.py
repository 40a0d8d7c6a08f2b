"""From a loss that is no number any more to the place where numbers first ceased to be any.

The last steps are taken again from a state before them: first as they were, until the loss breaks, then its last call
batch by batch, without compiling, with every layer's output and every gradient looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite, isnan, nan
from typing import TYPE_CHECKING, Any, Final, Literal

from ..compiler.graph import TypedGraph
from ..spec.finding import Finding, Related
from ..spec.parse_training import written
from .checkpoints import FOLDER, STATES, kept
from .environment import backend
from .slopes import slopes, step_by
from .state import DamagedError, Snapshot, arrays_of, assign, draw_again, drawn_from, read_snapshot, variables_of

if TYPE_CHECKING:
    import keras

    from .listening import Listener
    from .stages import Stage
    from .steps import Steps

LARGE: Final = 1e8
"""Weights and inputs below this are taken to be sound: what breaks with them is the computation, not the step."""

HELP: Final[Mapping[str, str]] = {
    "input": "mend the rows, or say with `missing` in [data] what to do with values that are not there",
    "output": "weights and inputs were of an ordinary size: keep what goes in here away from where it has no value, "
    "such as the logarithm of 0 or a division by 0 (`maximum(…, 1e-6)`)",
    "loss": "a loss has no value everywhere: a crossentropy wants probabilities from 0 to 1 (softmax, sigmoid), or "
    "`from_logits = true`",
    "gradient": "its value is a number and its slope is none, such as that of a square root at 0: keep what goes in "
    "away from there",
    "weight": "a smaller learning rate helps most often, and `clipnorm` in the optimizer",
}

EPOCHS: Final = 50
"""More epochs than this are not gone through again."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Where numbers first ceased to be any: the output of an entry, an input, the loss, a gradient, or a weight.

    ``name`` is that of the entry or input, ``weight`` the rest of a weight's path. ``epoch`` and ``step`` count from 1.
    ``sound``: weights and inputs were of an ordinary size before.
    """

    what: Literal["input", "output", "loss", "gradient", "weight"]
    name: str
    weight: str
    became: str
    epoch: int
    step: int
    sound: bool

    @property
    def words(self) -> str:
        """What was the first to break."""
        of = f"`{self.name}`"
        return {
            "input": f"the rows of the input {of} have {self.became.replace('infinite', 'infinite numbers')} in them",
            "output": f"the output of {of} is the first that is {self.became}",
            "loss": f"every output is a number, but the loss of them is {self.became}",
            "gradient": f"every output is a number, but the gradient of {of} (its {self.weight}) is {self.became}",
            "weight": f"the step made {of} (its {self.weight}) {self.became}",
        }[self.what]


def look_into(model: keras.Model, stage: Stage, steps: Steps, listener: Listener) -> Broken | None:
    """Find the place, and leave the model as it was; None where it can't be found."""
    variables = variables_of(model)
    now = arrays_of(variables) | drawn_from()
    step, epoch = listener.watch.steps - listener.before, listener.current
    try:
        start = _start(listener, stage)
        if start is None or epoch - start.point.epoch > EPOCHS:
            return None
        return _replayed(model, stage, steps, start, (epoch, step))
    except (DamagedError, ValueError, TypeError, AttributeError, RuntimeError):
        return None  # what can't be looked into this way, such as a model that was not made of layers alone
    finally:
        steps.end()
        assign(variables, now)
        draw_again(now)
        if stage.feeds.order is not None:
            stage.feeds.order.set(epoch)


def _start(listener: Listener, stage: Stage) -> Snapshot | None:
    """The newest state before: noted in memory, else from the newest checkpoint of this phase."""
    if listener.noted is not None:
        return listener.noted
    for path in reversed(kept(listener.place.path / FOLDER, STATES)):
        found = read_snapshot(path)
        return found if found.point.stage == listener.watch.stage else None
    return None


def _replayed(model: keras.Model, stage: Stage, steps: Steps, start: Snapshot, end: tuple[int, int]) -> Broken | None:
    """Take the steps again until the loss breaks, then those of the last call one by one."""
    variables = variables_of(model)
    assign(variables, start.arrays, *(() if start.point.step else ("model", "optimizer")))
    draw_again(start.arrays)
    for epoch in range(start.point.epoch, end[0] + 1):
        skip = start.point.step if epoch == start.point.epoch else 0
        if stage.feeds.order is not None:
            stage.feeds.order.set(epoch)
        if not skip:
            model.reset_metrics()
        steps.begin(skip)
        while (epoch, steps.done) < end:
            _synced(model)
            before, done = arrays_of(variables) | drawn_from(), steps.done
            logs = steps.run(steps.span)
            if logs is None:
                break
            if not isfinite(float(logs.get("loss", 0.0))):
                last = steps.done
                steps.end()
                assign(variables, before)
                draw_again(before)
                return _walk(model, stage, (epoch, done, last))
        steps.end()
    return None


def _synced(model: keras.Model) -> None:
    """On JAX the weights are with whoever trains, until they are asked for."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def _batches(stage: Stage, first: int, last: int) -> Iterator[Any]:
    """The batches of training from one number to another, in the order that is set."""
    import keras

    batches = stage.feeds.train
    if backend() == "tensorflow":
        yield from batches.skip(first).take(last - first)
        return
    for number in range(first, last):
        yield keras.tree.map_structure(keras.ops.convert_to_tensor, batches[number])


def _walk(model: keras.Model, stage: Stage, where: tuple[int, int, int]) -> Broken | None:
    """The steps from one number to another of an epoch, each looked at from the inputs to the weights."""
    epoch, first, last = where
    probe, names = _probe(model)
    for number, batch in enumerate(_batches(stage, first, last)):
        found = _step(model, probe, names, batch)
        if found is not None:
            what, name, weight, became, sound = found
            return Broken(what, name, weight, became, epoch + 1, first + number + 1, sound)
    return None


Found = tuple[Literal["input", "output", "loss", "gradient", "weight"], str, str, str, bool]


def _step(model: keras.Model, probe: keras.Model, names: list[str], batch: Any) -> Found | None:
    """One step; what broke first in it, if anything did."""
    import keras

    x, y, weights = keras.utils.unpack_x_y_sample_weight(batch)
    given = keras.tree.flatten(x)
    for one, tensor in zip(probe.inputs, given, strict=True):
        if (became := _became(tensor)) is not None:
            return "input", one.name, "", became, True
    sound = _largest([*given, *model.trainable_variables]) < LARGE
    with _unchanged(model):
        for name, tensor in zip(names, probe(x, training=True), strict=True):
            if (became := _became(tensor)) is not None:
                return "output", name, "", became, sound
    loss, gradients = slopes(model, x, y, weights)
    if (became := _became(loss)) is not None:
        return "loss", "", "", became, sound
    trained = model.trainable_weights
    if not isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):  # which leaves such steps out
        for weight, gradient in reversed(list(zip(trained, gradients, strict=True))):  # from the loss backwards
            if gradient is not None and (became := _became(gradient)) is not None:
                return "gradient", *_owner(weight), became, sound
    step_by(model, gradients)
    for weight in trained:
        if (became := _became(weight)) is not None:
            return "weight", *_owner(weight), became, sound
    return None


def _probe(model: keras.Model) -> tuple[keras.Model, list[str]]:
    """A model that gives every tensor on the way, in the order of computing, and the layers that they come out of."""
    import keras

    graph = getattr(model, "seen", model)  # around a graph with loss terms is another model
    tensors, names = [], []
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            for tensor in node.outputs:
                tensors.append(tensor)
                names.append(node.operation.name)
    return keras.Model(graph.inputs, tensors), names


@contextmanager
def _unchanged(model: keras.Model) -> Iterator[None]:
    """What a call changes in a model, such as the states of random generators, is put back."""
    variables = {"model": [one for one in model.variables if not one.trainable]}
    before = arrays_of(variables) | drawn_from()
    try:
        yield
    finally:
        assign(variables, before)
        draw_again(before)


def _became(tensor: Any) -> str | None:
    """What a tensor has become that is no number, if it has."""
    import numpy as np

    found = _floats(tensor)
    if found is None or bool(np.isfinite(found).all()):
        return None
    return "NaN" if bool(np.isnan(found).any()) else "infinite"


def _floats(tensor: Any) -> Any:
    import keras
    import numpy as np

    held = getattr(tensor, "values", tensor)  # of an IndexedSlices, a RaggedTensor or a sparse one
    held = tensor if callable(held) else held  # a method of PyTorch's
    found = np.asarray(keras.ops.convert_to_numpy(held))
    return found.astype(np.float32) if found.dtype.kind in "fV" or str(found.dtype) == "bfloat16" else None


def _largest(tensors: list[Any]) -> float:
    import numpy as np

    found = [_floats(one) for one in tensors]
    return max((float(np.abs(one).max()) for one in found if one is not None and one.size), default=0.0)


def _owner(weight: keras.Variable) -> tuple[str, str]:
    """The layer that a weight is of, and what it is there."""
    name, _, rest = weight.path.partition("/")
    return name, rest or name


def diverged(typed: TypedGraph, history: Sequence[Mapping[str, float]], broken: Broken | None) -> Finding:
    """What is said of it: at the entry that breaks sound numbers, or else at the optimizer with its steps too large."""
    training = typed.graph.spec.training
    assert training is not None
    became = "NaN" if history and isnan(history[-1].get("loss", nan)) else "infinite"
    if broken is None:
        where = f"in epoch {len(history)}"
    else:
        where = f"in epoch {broken.epoch}, step {broken.step}: {broken.words}"
    node = None if broken is None else typed.graph.nodes.get(broken.name)
    if broken is not None and (broken.sound or broken.what == "input"):
        message, what_to_do = f"the loss became {became} {where}", HELP[broken.what]
        if node is None and training.loss is not None:
            at = written(typed.graph.spec.document, (*training.pointer, "loss"))
            return Finding("E435", message, at, help=what_to_do)
        return Finding("E435", message, training.pointer if node is None else node.pointer, "entry", help=what_to_do)
    related = () if node is None else (Related("here first", node.pointer, "entry"),)
    return Finding(
        "E418",
        f"the loss became {became} (no number any more) {where}",
        written(typed.graph.spec.document, (*training.pointer, "optimizer")),
        help="a smaller learning rate helps most often; so do inputs scaled to about -1 to 1 (Normalization, "
        "Rescaling), `clipnorm` in the optimizer, and a loss that fits the output",
        related=related,
    )

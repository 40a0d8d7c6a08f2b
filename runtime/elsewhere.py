"""From batches to steps taken on JAX and on PyTorch: several of them in one go, of an epoch that may have begun before.

A step is Keras' own train function with one batch, or an explicit one: the numbers are those of ``fit`` there. Several
are handed over one behind the other, and looked at when the last of them is: a device is never waited for in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from .environment import backend
from .steps import ready

if TYPE_CHECKING:
    import keras

    from .stages import Stage
    from .steps import Step, Steps

KINDS = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")
"""What a step on JAX is given and gives back, in this order."""


def steps_elsewhere(stage: Stage, model: keras.Model, step: Step | None = None) -> Steps:
    """The steps of a stage whose model is compiled, on the backend that there is; ``step`` in place of Keras' own."""
    kind: type[OnJax] | type[OnTorch] = OnJax if backend() == "jax" else OnTorch
    return kind(model, stage.feeds.train, stage.settings.steps_per_execution, step)


def _function(model: keras.Model, step: Step | None) -> Any:
    """Keras' train function, compiled as it has it, made of the step that is given or of its own."""
    if step is None:
        model.make_train_function()
        return model.train_function
    if backend() == "torch":
        import torch

        return torch.compile(lambda given: step(*given)) if model.jit_compile else lambda given: step(*given)
    object.__setattr__(model, "train_step", step)
    try:
        model.make_train_function(force=True)
        made, model.train_function = model.train_function, None  # whoever calls ``fit`` has its own
    finally:
        object.__delattr__(model, "train_step")
    return made


class OnJax:
    """Steps on JAX; see ``steps.Steps``.

    While steps are taken the numbers are with whoever takes them, and the variables of the model are empty:
    ``model.jax_state_sync()`` puts the numbers back, here and for callbacks.
    """

    def __init__(self, model: keras.Model, batches: Any, span: int, step: Step | None = None) -> None:
        self.count: int | None = len(batches)
        self.span = span
        self.done = 0
        self.model = model
        self.batches = batches
        self.left: Iterator[Any] = iter(())
        self.state: Any = None
        ready(model, batches[0])
        self.function = _function(model, step)

    def begin(self, skip: int = 0) -> None:
        """An epoch begins; see ``steps.Steps``."""
        self.done = skip
        self.state = None
        self.left = _on_device(self.batches, skip)

    def run(self, count: int) -> Mapping[str, Any] | None:
        """Several steps; see ``steps.Steps``."""
        model, logs = self.model, None
        for batch in islice(self.left, min(count, self.span)):
            if self.state is None or model._jax_state_synced:  # someone has looked at the variables, or set one
                wanted = dict.fromkeys(KINDS, True)
                self._keep(model._get_jax_state(**wanted, purge_model_variables=True))
                model._jax_state_synced = False
            logs, state = self.function(self.state, iter((batch,)))
            self._keep(state)
            self.done += 1
        return logs

    def _keep(self, state: Any) -> None:
        self.state = state
        self.model._jax_state = dict(zip(KINDS, state, strict=True))

    def end(self) -> None:
        """The steps of an epoch are over; see ``steps.Steps``."""
        self.left = iter(())
        self.model.jax_state_sync()
        self.model._jax_state = self.state = None


def _on_device(batches: Any, skip: int) -> Iterator[Any]:
    """The batches from one on, each brought to the device while the one before it is at work there."""
    import jax
    import keras

    shared = keras.distribution.distribution()
    alone = jax.default_backend() == "cpu" and shared is None

    def bring(array: Any) -> Any:
        if shared is None:
            return jax.device_put(array)
        return keras.distribution.distribute_tensor(array, shared.get_data_layout(array.shape))

    ahead: list[Any] = []
    for number in range(skip, len(batches)):
        batch = batches[number]
        if alone:
            yield batch
            continue
        ahead.append(keras.tree.map_structure(bring, batch))
        if len(ahead) > 1:
            yield ahead.pop(0)
    yield from ahead


class OnTorch:
    """Steps on PyTorch; see ``steps.Steps``."""

    def __init__(self, model: keras.Model, batches: Any, span: int, step: Step | None = None) -> None:
        self.count: int | None = len(batches)
        self.span = span
        self.done = 0
        self.model = model
        self.batches = batches
        ready(model, batches[0])
        self.function = _function(model, step)

    def begin(self, skip: int = 0) -> None:
        """An epoch begins; see ``steps.Steps``."""
        self.done = skip
        self.model.train()  # what layers of PyTorch's own ask for

    def run(self, count: int) -> Mapping[str, Any] | None:
        """Several steps; see ``steps.Steps``."""
        import keras

        assert self.count is not None
        logs = None
        for number in range(self.done, min(self.done + min(count, self.span), self.count)):
            batch = keras.tree.map_structure(keras.ops.convert_to_tensor, self.batches[number])
            logs = self.function((batch,))
            self.done += 1
        return logs

    def end(self) -> None:
        """The steps of an epoch are over; see ``steps.Steps``."""
        self.model.eval()

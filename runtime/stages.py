"""From a training section to Stages: each phase with its data, its optimizer and what else holds for it alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..compiler.build import Built, keras_call, resolve
from ..compiler.gradients import optimizer_of
from ..compiler.graph import TypedGraph
from ..compiler.phases import stages as typed_stages
from ..spec.spec import Training
from .architectures import hand_on
from .class_weights import Adaptive, weighed
from .compile import compile_model, wished
from .data import Prepared
from .environment import Settings, choose
from .feed import Form
from .feeds import Feeds, feeds_of
from .pace import steps_at_once
from .paced import factors_in, pace
from .preprocessing import Cut
from .slots import before_weights, carry

if TYPE_CHECKING:
    import keras

    from .architectures import Architecture
    from .distribution import Group
    from .inheriting import Inheritance


@dataclass(slots=True)
class Stage:
    """One phase, or all of training: its section, its layers, its batches, and how steps are run.

    ``first`` is the number of epochs before it; ``callbacks`` are those that the spec states; ``rate`` is the learning
    rate that its optimizer began with, in this phase or one before, where a rule may ask for it; ``goes_on``: that
    optimizer is the one of the phase before.
    """

    typed: TypedGraph
    architecture: Architecture
    feeds: Feeds
    settings: Settings
    adaptive: Adaptive | None = None
    first: int = 0
    callbacks: list[Any] = field(default_factory=list)
    rate: float | None = None
    goes_on: bool = False

    @property
    def training(self) -> Training:
        """Its training section."""
        return _training(self.typed)

    @property
    def built(self) -> Built:
        """The model that is saved, and its layers."""
        return self.architecture.built

    @property
    def model(self) -> keras.Model:
        """The model that is trained."""
        return self.architecture.model(self.typed)


def _training(typed: TypedGraph) -> Training:
    training = typed.graph.spec.training
    assert training is not None
    return training


Weighed = tuple[Prepared, Adaptive | None]
"""Rows with weights, and what moves the weights while training."""


def weigh(typed: TypedGraph, prepared: Prepared) -> tuple[Weighed, ...]:
    """The rows as each phase weighs them; phases that weigh alike, and move nothing, have the same.

    Raises:
        Problem: what ``weighed`` raises.
    """
    found: list[Weighed] = []
    made: dict[str, Weighed] = {}
    for one in typed_stages(typed):
        stated = _training(one).class_weight
        if stated == "adaptive":
            found.append(weighed(one, prepared))
            continue
        key = repr(stated)
        if key not in made:
            made[key] = weighed(one, prepared)
        found.append(made[key])
    return tuple(found)


def stages_of(
    typed: TypedGraph,
    rows: Sequence[Weighed],
    form: Form,
    architectures: Sequence[Architecture],
    own: Callable[[Cut | None], Feeds | None],
    *,
    gpu: bool,
    kernels: str | None = None,
) -> tuple[Stage, ...]:
    """The phases in order. ``own`` gives the feeds of datasets of one's own, which every phase then has.

    ``kernels`` says what was chosen for all of them.
    """
    found: list[Stage] = []
    made: dict[tuple[int, int], Feeds] = {}
    first = 0
    for index, one in enumerate(typed_stages(typed)):
        training, adaptive = _training(one), None
        halves = architectures[index].halves
        ready, adaptive = rows[index] if rows else (None, None)
        key = id(ready), id(halves)
        if key not in made:
            given = own(halves)
            if given is None:
                assert ready is not None
                given = feeds_of(ready, form, halves, one)
            made[key] = given
        feeds = made[key]
        settings = _settings(training, _chosen(one, feeds, gpu=gpu))
        if kernels is not None and index == 0:
            settings = replace(settings, reasons=(*settings.reasons, kernels))
        found.append(Stage(one, architectures[index], feeds, settings, adaptive, first))
        first += training.epochs
    return tuple(found)


def _chosen(typed: TypedGraph, feeds: Feeds, *, gpu: bool) -> Settings:
    """How steps are run, for all that the data and the callbacks say."""
    training, data = _training(typed), typed.graph.spec.data
    fitting = steps_at_once(typed, feeds.size or (data.batch_size if data is not None else 32), gpu=gpu)
    listed = [one.object for one in wished(training)]
    return choose(training, feeds.steps, listed, gpu, fitting=fitting, resident=feeds.held is not None)


def _settings(training: Training, settings: Settings) -> Settings:
    """One step at a time where something has to happen between steps."""
    if settings.steps_per_execution == 1 or not any(rule.check == "batch" for rule in training.rules):
        return settings
    reasons = [one for one in settings.reasons if not one.startswith("steps_per_execution")]
    return replace(
        settings, steps_per_execution=1, reasons=(*reasons, "steps_per_execution: 1, a rule looks at every batch")
    )


class Bench:
    """The model that is trained and the one that is saved, made ready for one stage after the other."""

    def __init__(self, stages: Sequence[Stage], form: Form, group: Group | None = None) -> None:
        self.stage = stages[0]
        self.form = form
        self.group = group

    @property
    def built(self) -> Built:
        """The model that is saved in the stage under way, and its layers."""
        return self.stage.built

    @property
    def model(self) -> keras.Model:
        """The model that is trained in the stage under way."""
        return self.stage.model

    def ready(self, stage: Stage, before: Stage | None = None) -> Inheritance | None:
        """Freeze, make the optimizer and compile.

        The optimizer starts anew, unless it is the same as in the stage ``before``: then all that it keeps goes on, for
        the weights that both train. Where that stage has other layers, all its weights that fit are taken over; what
        became of them comes back.

        Raises:
            Problem: E310 if Keras refuses the optimizer, a loss or a metric.
        """
        self.stage = stage
        if self.group is None:
            return self._ready(stage, before)
        with self.group.scope():
            passed = self._ready(stage, before)
        for model in (self.model, self.built.model):
            self.group.taken(model)
        return passed

    def _ready(self, stage: Stage, before: Stage | None) -> Inheritance | None:
        training, built, model = stage.training, stage.built, stage.model
        same = before is not None and optimizer_of(before.training) == optimizer_of(training)
        last = before.model.optimizer if before is not None and same else None
        passed = hand_on(before, stage) if before is not None and before.built is not built else None
        stage.architecture.freezer.set(stage.typed)
        optimizer = keras_call((*training.pointer, "optimizer"), lambda: optimizer_in(training))
        saved = optimizer
        stage.goes_on = last is not None
        stage.rate = float(optimizer.learning_rate) if training.rules else None
        if {id(one) for one in model.trainable_variables} <= {id(one) for one in built.model.trainable_variables}:
            optimizer.build(built.model.trainable_variables)
        else:  # weights that only a loss term hangs on are not in the saved model, so neither is what moves them
            optimizer.build(model.trainable_variables)
            saved = optimizer_in(training)
        if passed is not None:
            passed.optimizer(optimizer)
        if last is not None:
            carry(last.variables, optimizer.variables, () if passed is None else before_weights(last))
        pace(optimizer, factors_in(stage.typed, built))
        compile_model(stage.typed, model, self.form, optimizer, stage.settings)
        # The model that is saved shares layers and optimizer with the one that is trained, but is compiled as
        # whoever opens it expects: one step at a time.
        alone = replace(stage.settings, steps_per_execution=1)
        compile_model(stage.typed, built.model, self.form, saved, alone, plain=True)
        return passed


def optimizer_in(training: Training) -> Any:
    """The optimizer; in half precision with the scaling of the loss, without which small gradients are lost.

    Keras would add the scaling to each model anew, and not at all to one that was made under another policy.
    """
    import keras

    made = keras.optimizers.get(resolve("optimizers", optimizer_of(training)))
    if training.precision == "mixed_float16" and not isinstance(made, keras.optimizers.LossScaleOptimizer):
        made = keras.optimizers.LossScaleOptimizer(made)
    return made

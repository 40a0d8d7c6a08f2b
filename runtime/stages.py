"""From a training section to Stages: each phase with its data, its optimizer and what else holds for it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..compiler.build import Built, keras_call, resolve
from ..compiler.gradients import optimizer_of
from ..compiler.graph import TypedGraph
from ..compiler.phases import stages as typed_stages
from ..spec.spec import Training
from .class_weights import Adaptive, weighed
from .compile import compile_model, wished
from .data import Prepared
from .environment import Settings, choose
from .feed import Form
from .feeds import Feeds, feeds_of
from .frozen import Freezer
from .pace import steps_at_once
from .preprocessing import Cut

if TYPE_CHECKING:
    import keras

    from .distribution import Group


@dataclass(slots=True)
class Stage:
    """One phase, or all of training: its section, its batches, and how steps are run.

    ``first`` is the number of epochs before it; ``callbacks`` are those that the spec states.
    """

    typed: TypedGraph
    feeds: Feeds
    settings: Settings
    adaptive: Adaptive | None = None
    first: int = 0
    callbacks: list[Any] = field(default_factory=list)

    @property
    def training(self) -> Training:
        """Its training section."""
        return _training(self.typed)


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
    typed: TypedGraph, rows: Sequence[Weighed], form: Form, halves: Cut | None, own: Feeds | None, *, gpu: bool
) -> tuple[Stage, ...]:
    """The phases in order. ``own`` are the feeds of datasets of one's own, which every phase then has."""
    found: list[Stage] = []
    made: dict[int, Feeds] = {}
    first = 0
    for index, one in enumerate(typed_stages(typed)):
        training, adaptive = _training(one), None
        if own is None:
            ready, adaptive = rows[index]
            if id(ready) not in made:
                made[id(ready)] = feeds_of(ready, form, halves, one)
        feeds = made[id(ready)] if own is None else own
        settings = _settings(training, _chosen(one, feeds, gpu=gpu))
        found.append(Stage(one, feeds, settings, adaptive, first))
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

    def __init__(
        self, typed: TypedGraph, built: Built, model: keras.Model, form: Form, group: Group | None = None
    ) -> None:
        self.built = built
        self.model = model
        self.form = form
        self.freezer = Freezer(typed, built)
        self.group = group

    def ready(self, stage: Stage, before: Stage | None = None) -> None:
        """Freeze, make the optimizer and compile.

        The optimizer starts anew, unless it is the same as in the stage ``before``: then all that it keeps goes on, for
        the weights that both train.

        Raises:
            Problem: E310 if Keras refuses the optimizer, a loss or a metric.
        """
        if self.group is None:
            self._ready(stage, before)
            return
        with self.group.scope():
            self._ready(stage, before)
        for model in (self.model, self.built.model):
            self.group.taken(model)

    def _ready(self, stage: Stage, before: Stage | None) -> None:
        training, built, model = stage.training, self.built, self.model
        same = before is not None and optimizer_of(before.training) == optimizer_of(training)
        last = model.optimizer if same else None
        self.freezer.set(stage.typed)
        optimizer = keras_call((*training.pointer, "optimizer"), lambda: optimizer_in(training))
        saved = optimizer
        if {id(one) for one in model.trainable_variables} <= {id(one) for one in built.model.trainable_variables}:
            optimizer.build(built.model.trainable_variables)
        else:  # weights that only a loss term hangs on are not in the saved model, so neither is what moves them
            optimizer.build(model.trainable_variables)
            saved = optimizer_in(training)
        if last is not None:
            carry(last.variables, optimizer.variables)
        compile_model(stage.typed, model, self.form, optimizer, stage.settings)
        # The model that is saved shares layers and optimizer with the one that is trained, but is compiled as
        # whoever opens it expects: one step at a time.
        alone = replace(stage.settings, steps_per_execution=1)
        compile_model(stage.typed, built.model, self.form, saved, alone, plain=True)


def optimizer_in(training: Training) -> Any:
    """The optimizer; in half precision with the scaling of the loss, without which small gradients are lost.

    Keras would add the scaling to each model anew, and not at all to one that was made under another policy.
    """
    import keras

    made = keras.optimizers.get(resolve("optimizers", optimizer_of(training)))
    if training.precision == "mixed_float16" and not isinstance(made, keras.optimizers.LossScaleOptimizer):
        made = keras.optimizers.LossScaleOptimizer(made)
    return made


def carry(old: Sequence[keras.Variable], new: Sequence[keras.Variable]) -> None:
    """Hand over what an optimizer keeps to another of its kind: what has the same name, behind the optimizer's own."""
    kept = named_slots(old)
    for name, variable in named_slots(new).items():
        there = kept.get(name)
        if there is not None and there.shape == variable.shape:
            variable.assign(there)


def named_slots(variables: Sequence[keras.Variable]) -> Mapping[str, keras.Variable]:
    """What an optimizer keeps by name, behind the optimizer's own."""
    return {one.path.partition("/")[2]: one for one in variables}

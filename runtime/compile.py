"""From a training section to what Keras' ``compile`` and ``fit`` are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from ..compiler.build import keras_call, make, resolve, stated
from ..compiler.catalogue.record import Object
from ..compiler.formulas import NAME, formula
from ..compiler.graph import TypedGraph
from ..compiler.tensor import TensorType
from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.naming import snake_case
from ..spec.problem import Problem
from ..spec.spec import Training
from .environment import Settings, backend
from .feed import Form
from .run import public

if TYPE_CHECKING:
    import keras

PATHS: Final = ("filepath", "filename", "log_dir", "backup_dir", "directory")
"""Arguments of callbacks that name a file or folder: below the run folder, whatever they say."""

ACCURACIES: Final = frozenset({"accuracy", "acc"})

WHOLE_MODEL: Final = frozenset({"ModelCheckpoint", "OrbaxCheckpoint"})
"""Callbacks that save the model they are given: it must be the whole one."""

BY_CLASS: Final[Mapping[str, tuple[str, str]]] = {
    "F1Score": ("average", "macro"),
    "FBetaScore": ("average", "macro"),
    "R2Score": ("class_aggregation", "uniform_average"),
}
"""Metrics that give a number for each class unless told to average: the argument that tells them, and how."""

PACKAGES: Final[Mapping[str, tuple[str, str]]] = {
    "TensorBoard": ("tensorboard", "tensorboard"),
    "OrbaxCheckpoint": ("orbax", "orbax-checkpoint"),
}
"""Callbacks that need a package of their own: what is imported, and what is installed."""


@dataclass(frozen=True, slots=True)
class Wished:
    """A callback as the spec states it, and where."""

    object: Object
    pointer: Pointer


def wished(training: Training) -> tuple[Wished, ...]:
    """The callbacks of a training section."""
    found = []
    for index, value in enumerate(training.callbacks):
        one = stated("callbacks", value)
        assert one is not None, "checked before"
        found.append(Wished(one, (*training.pointer, "callbacks", index)))
    return tuple(found)


def compile_model(
    typed: TypedGraph, model: keras.Model, form: Form, optimizer: Any, settings: Settings, *, plain: bool = False
) -> None:
    """Compile a model with the spec's loss and metrics; every call makes new ones, only the optimizer is shared.

    ``plain``: without what is written as an expression, so that the model can be saved and opened by Keras alone.

    Raises:
        Problem: E310 if Keras refuses them.
    """
    training = typed.graph.spec.training
    assert training is not None
    losses, metrics, weights = {}, {}, {}
    for name in form.outputs:
        own = training.outputs.get(name)
        loss = own.loss if own is not None and own.loss is not None else training.loss
        wanted = own.metrics if own is not None and own.metrics else training.metrics
        at = own.pointer if own is not None and own.loss is not None else training.pointer
        tensor = typed.tensor(typed.graph.outputs[name])
        if loss is not None and not (plain and formula(loss) is not None):
            losses[name] = keras_call((*at, "loss"), partial(_loss, loss, tensor))
            weights[name] = own.weight if own is not None else 1.0
        if wanted and (loss is not None or (own is not None and own.metrics)):
            kept = [one for one in wanted if not (plain and formula(one) is not None)]
            metrics[name] = keras_call((*at, "metrics"), partial(_metrics, kept, tensor))
    weighted = {name: weight for name, weight in weights.items() if weight != 1}
    if model.compiled:  # compiling again without metrics, Keras would keep those of the phase before
        model._compile_loss = model._compile_metrics = None
    keras_call(
        training.pointer,
        lambda: model.compile(
            optimizer=optimizer,
            loss=_arranged(form, losses) if losses else None,
            loss_weights=_arranged(form, weights) if weighted and len(form.outputs) > 1 else _only(weighted),
            metrics=_arranged(form, metrics) if metrics else None,
            # Elsewhere Keras gains nothing by several, or refuses them: ``elsewhere`` takes one behind the other.
            steps_per_execution=settings.steps_per_execution if backend() == "tensorflow" else 1,
            jit_compile=settings.jit_compile,
        ),
    )


def loss_in(typed: TypedGraph, output: str) -> Any:
    """What an output is compared by, without the averaging over rows; None where it has no loss."""
    import keras

    training = typed.graph.spec.training
    assert training is not None
    own = training.outputs.get(output)
    stated = own.loss if own is not None and own.loss is not None else training.loss
    if stated is None:
        return None
    made = _loss(stated, typed.tensor(typed.graph.outputs[output]))
    found = keras.losses.get(made) if isinstance(made, str) else made
    return found.call if isinstance(found, keras.losses.Loss) else found


def _loss(value: Any, tensor: TensorType | None) -> Any:
    """A loss as Keras takes it: its name, an object, or what computes an expression over an output of this type."""
    if (text := formula(value)) is None:
        return resolve("losses", value)
    from .formulas import loss

    assert tensor is not None, "only what is known is trained"
    return loss(text, tensor, value.get("name", "loss"))


def _metrics(wanted: Sequence[Any], tensor: TensorType | None) -> list[Any]:
    """Metrics with names that depend on this list alone: Keras counts on, whatever else the process has made."""
    taken: Counter[str] = Counter()
    made = []
    for one in wanted:
        if (text := formula(one)) is not None:
            from .formulas import metric

            assert tensor is not None, "only what is known is trained"
            name = one.get("name") or f"{NAME}_{taken[NAME]}".removesuffix("_0")
            taken[NAME] += "name" not in one
            made.append(metric(text, tensor, name))
            continue
        one = _of_one(one, tensor)
        found = None if isinstance(one, str) else stated("metrics", one)
        if found is None or "name" in found.written:
            made.append(resolve("metrics", one))
            continue
        default = found.arguments.get("name")
        name = default if isinstance(default, str) else snake_case(found.record.name)
        made.append(make(found, name=f"{name}_{taken[name]}" if taken[name] else name))
        taken[name] += 1
    return made


def _of_one(value: Any, tensor: TensorType | None) -> Any:
    """A metric by class, where there is one class: a number, not a list of one, which callbacks can't compare."""
    found = stated("metrics", value)
    if found is None or tensor is None or tensor.rank < 2 or tensor.shape[-1] != 1:
        return value
    argument, average = BY_CLASS.get(found.record.name, ("", ""))
    if not argument or found.arguments.get(argument) is not None:
        return value
    table = {"type": value, "name": value} if isinstance(value, str) else value
    return {**table, argument: average}


def _arranged(form: Form, values: Mapping[str, Any]) -> Any:
    """Values by output as Keras wants them: alone, in a list, or in a dict where the model gives one."""
    if form.named:
        return dict(values)
    if len(form.outputs) == 1:
        return values[form.outputs[0]]
    return [values.get(name) for name in form.outputs]


def _only(weights: Mapping[str, float]) -> Any:
    return list(weights.values()) or None


def callbacks(typed: TypedGraph, folder: Path, whole: keras.Model, form: Form, first: int = 0) -> list[Any]:
    """The spec's callbacks, with their files inside of the run folder. ``first`` epochs are over when they begin.

    Raises:
        Problem: E106 for a path that leads out of it, E310 if Keras refuses one, E417 if it needs what is not there.
    """
    training = typed.graph.spec.training
    assert training is not None
    made = []
    for one in wished(training):
        kept = _directed(_kept(one, folder), typed, form)
        needed, package = PACKAGES.get(kept.record.name, ("", ""))
        if needed and find_spec(needed) is None:
            message = f"{package} is not installed, and {kept.record.name} writes with it"
            raise Problem(Finding("E417", message, one.pointer, "entry", help=f"pip install {package}"))
        callback = keras_call(one.pointer, partial(make, kept))
        if first and hasattr(callback, "start_from_epoch"):
            callback.start_from_epoch += first  # Keras counts on, and the spec means epochs of this phase
        if one.object.record.name in WHOLE_MODEL:
            _of_whole(callback, whole)
        made.append(callback)
    return made


def _kept(one: Wished, folder: Path) -> Object:
    """The callback with its paths put below the run folder."""
    written = dict(one.object.written)
    for argument in PATHS:
        path = one.object.arguments.get(argument)
        if not isinstance(path, str):
            continue
        pure = PurePath(path)
        if pure.is_absolute() or ".." in pure.parts or "://" in path or "\\" in path:
            raise Problem(
                Finding(
                    "E106",
                    f'"{path}" leads out of the run folder',
                    (*one.pointer, argument),
                    help=f'callbacks write below the run folder: give a plain name, such as "{pure.name or "logs"}"',
                )
            )
        (folder / pure.parent).mkdir(parents=True, exist_ok=True)
        written[argument] = str((folder / pure).absolute())  # Orbax takes no other
    return replace(one.object, written=written)


def _directed(callback: Object, typed: TypedGraph, form: Form) -> Object:
    """The callback with the mode that ``"auto"`` means where Keras would not find it out.

    With several outputs Keras logs ``OUTPUT_METRIC``, and looks for a metric of that name when it asks whether more or
    less is better; and of the losses it knows ``loss`` alone. Of loss terms less is better as well. What saves models
    asks the one that is saved, which has measured nothing: there it finds no metric at all.
    """
    training = typed.graph.spec.training
    assert training is not None
    monitor = callback.arguments.get("monitor")
    if not isinstance(monitor, str) or callback.arguments.get("mode", "auto") != "auto":
        return callback
    plain = monitor.removeprefix("val_")
    if any(one.name == plain for one in training.losses):
        return replace(callback, written={**callback.written, "mode": "min"})
    alone = len(form.outputs) < 2
    for name in form.outputs:
        prefix = "" if alone else f"{name}_"
        if not plain.startswith(prefix) or (alone and plain == "loss"):
            continue
        if not alone and plain == f"{name}_loss":
            return replace(callback, written={**callback.written, "mode": "min"})
        own = training.outputs.get(name)
        tensor = typed.tensor(typed.graph.outputs[name])
        for metric in _metrics(own.metrics if own is not None and own.metrics else training.metrics, tensor):
            named = metric if isinstance(metric, str) else metric.name
            if plain == f"{prefix}{named}":
                return replace(callback, written={**callback.written, "mode": _direction(metric)})
    return callback


def _direction(metric: Any) -> str:
    """Whether a metric is better the larger or the smaller it is; ``accuracy`` stands for several metrics."""
    import keras

    if isinstance(metric, str):
        if metric.lower() in ACCURACIES:
            return "max"
        metric = keras.metrics.get(metric)
        metric = metric() if isinstance(metric, type) else metric
    return "max" if getattr(metric, "_direction", "down") == "up" else "min"


def _of_whole(callback: Any, whole: keras.Model) -> None:
    """Where only the tail of a model is trained, what is saved must be the whole."""
    original = callback.set_model

    def set_model(model: keras.Model) -> None:
        if hasattr(model, "jax_state_sync"):  # on JAX the weights are with whoever trains, until they are asked for
            whole.jax_state_sync = model.jax_state_sync
        original(whole)

    callback.set_model = set_model
    if backend() == "torch" and "save" not in vars(whole):
        save = whole.save

        def saved(path: Any, *rest: Any, **more: Any) -> None:
            save(path, *rest, **more)
            if str(path).endswith(".keras"):
                public(Path(path))

        whole.save = saved

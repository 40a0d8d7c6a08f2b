"""From TypedGraph to findings about data and training that need no data: names, losses, monitors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.parse import snake_case
from ..spec.spec import Training
from ..spec.words import closest, listed, quoted
from .catalogue import find
from .graph import TypedGraph
from .sizes import known
from .tensor import TensorType, shape_text

PROBABILITIES: Final = frozenset(
    {"SparseCategoricalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy"}
)
"""Losses that compare one probability for each class."""


WHOLE_ROWS: Final = frozenset(
    [
        "AUC",
        "CategoricalAccuracy",
        "CategoricalCrossentropy",
        "CategoricalHinge",
        "F1Score",
        "FBetaScore",
        "FalseNegatives",
        "FalsePositives",
        "OneHotIoU",
        "OneHotMeanIoU",
        "Precision",
        "PrecisionAtRecall",
        "Recall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
        "TopKCategoricalAccuracy",
        "TrueNegatives",
        "TruePositives",
    ]
)
"""Metrics that compare a number for each class, and are not to be had from the number of a class."""

CLASS_NUMBERS: Final = frozenset(
    {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"}
)
"""Metrics that compare the number of the right class with a number for each class."""


def plan(typed: TypedGraph) -> tuple[Finding, ...]:
    """What can be said of ``data`` and ``training`` before any data is read."""
    return (*_names(typed), *_losses(typed), *_metrics(typed), *_monitors(typed))


def _names(typed: TypedGraph) -> Iterator[Finding]:
    """Sections that name an input or an output which the model does not have."""
    spec, graph = typed.graph.spec, typed.graph
    if not spec.whole:
        return
    inputs = [one.name for one in spec.inputs]
    outputs = [one.name for one in spec.outputs] or list(graph.outputs)
    places: list[tuple[Iterable[str], Pointer, str, list[str]]] = []
    if spec.data is not None:
        places.append((spec.data.inputs, ("data", "inputs"), "input", inputs))
        if outputs:
            places.append((spec.data.targets, ("data", "targets"), "output", outputs))
    if spec.training is not None and outputs:
        places.append((spec.training.outputs, ("training", "outputs"), "output", outputs))
    for names, pointer, what, known_names in places:
        for name in names:
            if name in known_names or name in spec.misnamed:
                continue
            near = closest(name, known_names)
            kind = f"the model has no {what} called `{name}`"
            way = f"did you mean `{near}`?" if near else f"its {what}s are {listed(known_names)}"
            if what == "output" and known_names == ["output"]:
                way = f'name the last layer, `name = "{name}"`: an output is called like its layer'
            yield Finding("E406", kind, (*pointer, name), "key", help=way)


def _losses(typed: TypedGraph) -> Iterator[Finding]:
    """Losses that cannot mean anything with the output they are given."""
    training = typed.graph.spec.training
    if training is None:
        return
    for name, edge in typed.graph.outputs.items():
        tensor = typed.tensor(edge)
        own = training.outputs.get(name)
        if own is not None and own.loss is not None:
            loss, pointer = own.loss, (*own.pointer, "loss")
        else:
            loss, pointer = training.loss, (*training.pointer, "loss")
        if tensor is None or loss is None:
            continue
        node = typed.graph.nodes[edge.source]
        related = (
            (Related(f"`{name}` gives {shape_text(tensor.shape)}", (*node.pointer, "type")),) if node.layer else ()
        )
        yield from _loss(name, tensor, loss, pointer, related)


def _loss(
    name: str, tensor: TensorType, loss: Any, pointer: Pointer, related: tuple[Related, ...]
) -> Iterator[Finding]:
    record = find("losses", loss if isinstance(loss, str) else loss.get("type", ""))
    if record is None:
        return
    last = tensor.shape[-1]
    if record.name in PROBABILITIES and tensor.rank >= 2 and known(last) and last == 1:
        yield Finding(
            "E409",
            f"{record.name} compares one probability for each class, but the output `{name}` has a single number: "
            f"{shape_text(tensor.shape)}",
            pointer,
            help='for two classes write `loss = "binary_crossentropy"` with `activation = "sigmoid"`, '
            "for more give the last layer one unit for each class",
            related=related,
        )
    elif tensor.dtype == "string":
        yield Finding(
            "E409",
            f"the output `{name}` is text (dtype string), which no loss can be computed from",
            pointer,
            help="take the loss of an output that holds numbers",
            related=related,
        )


def _metrics(typed: TypedGraph) -> Iterator[Finding]:
    """Metrics that want another form of target than the loss of the same output does."""
    training = typed.graph.spec.training
    if training is None:
        return
    told: set[Pointer] = set()
    for name in typed.graph.outputs:
        own = training.outputs.get(name)
        loss = own.loss if own is not None and own.loss is not None else training.loss
        record = _record("losses", loss)
        if record is None or record not in PROBABILITIES:
            continue
        mine = own is not None and bool(own.metrics)
        metrics, at = (own.metrics, own.pointer) if own is not None and mine else (training.metrics, training.pointer)
        for index, metric in enumerate(metrics):
            found = _record("metrics", metric)
            pointer: Pointer = (*at, "metrics", index)
            if pointer in told or found is None:
                continue
            told.add(pointer)
            if record == "SparseCategoricalCrossentropy" and found in WHOLE_ROWS:
                twin = {"CategoricalAccuracy": "accuracy", "TopKCategoricalAccuracy": "SparseTopKCategoricalAccuracy"}
                other = f'"{twin[found]}", or ' if found in twin else ""
                yield Finding(
                    "E409",
                    f"{found} compares a number for each class, but {record} takes labels as one number",
                    pointer,
                    help=f'write {other}`loss = "categorical_crossentropy"`: labels become such numbers',
                )
            elif record != "SparseCategoricalCrossentropy" and found in CLASS_NUMBERS:
                yield Finding(
                    "E409",
                    f"{found} takes labels as one number, but {record} compares a number for each class",
                    pointer,
                    help=f'write "{found.removeprefix("Sparse")}", or `loss = "sparse_categorical_crossentropy"`',
                )


def _record(family: str, value: Any) -> str | None:
    written = value if isinstance(value, str) else value.get("type") if isinstance(value, Mapping) else None
    record = find(family, written) if isinstance(written, str) else None
    return None if record is None else record.name


def _monitors(typed: TypedGraph) -> Iterator[Finding]:
    """Callbacks that watch a number which will not be there."""
    spec = typed.graph.spec
    training = spec.training
    if training is None or not (spec.whole and training.measures_known) or not typed.graph.outputs:
        return
    names = logged(training, list(typed.graph.outputs))
    validated = spec.data is not None and spec.data.split.validation > 0
    for index, callback in enumerate(training.callbacks):
        if not isinstance(callback, Mapping) or not isinstance(callback.get("monitor"), str):
            continue
        monitor = callback["monitor"]
        pointer: Pointer = ("training", "callbacks", index, "monitor")
        plain = monitor.removeprefix("val_")
        if plain not in names and plain not in ("learning_rate",):
            every = [*names, *(f"val_{name}" for name in names)]
            near = closest(monitor, every)
            yield Finding(
                "E411",
                f"nothing called {quoted(monitor)} is measured, so {callback.get('type', 'this')} would watch nothing",
                pointer,
                help=f'did you mean "{near}"?' if near else f"there are {listed(every, 12)}",
            )
        elif monitor.startswith("val_") and spec.data is not None and not validated:
            yield Finding(
                "E411",
                f'"{monitor}" is measured on validation data, and nothing is kept aside for validation',
                pointer,
                help=f'write `split = {{ validation = 0.15 }}` in [data], or monitor "{plain}"',
            )


def logged(training: Training, outputs: list[str]) -> list[str]:
    """The names under which Keras will log what training measures, without ``val_``."""
    names = ["loss"]
    several = len(outputs) > 1
    shared = [_metric_name(one) for one in training.metrics]
    for output in outputs:
        own = training.outputs.get(output)
        metrics = [*shared, *(_metric_name(one) for one in (own.metrics if own else ()))]
        if several:
            names.append(f"{output}_loss")
            metrics = [f"{output}_{name}" for name in metrics]
        names.extend(name for name in metrics if name not in names)
    return names


def _metric_name(metric: Any) -> str:
    """What Keras calls a metric: the string as written, else its ``name``, else its class in snake case."""
    if isinstance(metric, str):
        return metric
    name = metric.get("name")
    if isinstance(name, str):
        return name
    record = find("metrics", metric.get("type", ""))
    if record is not None:
        for argument in record.arguments:
            if argument.name == "name" and isinstance(argument.default, str):
                return argument.default
    return snake_case(str(metric.get("type", "")))

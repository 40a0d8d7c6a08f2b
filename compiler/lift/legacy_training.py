"""From what a model of Keras 1 or 2 was compiled with to today's words for it.

It is not the model: what can't be said of it is a difference, and the model is read all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..catalogue import find
from ..catalogue.record import Record
from .network import Place
from .reading import Reading, plain

RENAMED: Final[Mapping[str, str]] = {
    "lr": "learning_rate",
    "learningRate": "learning_rate",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "initialAccumulatorValue": "initial_accumulator_value",
    "useNesterov": "nesterov",
}
"""Arguments of optimizers that have another name today; those of TensorFlow.js are among them."""

OPTIMIZERS: Final[Mapping[str, str]] = {"RMSProp": "RMSprop", "Momentum": "SGD", "rmsProp": "RMSprop"}

LOSSES: Final[Mapping[str, str]] = {
    "cosine_proximity": "cosine_similarity",
    "cosine": "cosine_similarity",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "huber_loss": "huber",
    "CosineProximity": "CosineSimilarity",
    "Logcosh": "LogCosh",
    "softmaxCrossEntropy": "categorical_crossentropy",
}
"""Losses and metrics that have another name today."""

ZERO_START: Final[Mapping[str, Mapping[str, Any]]] = {"Adagrad": {"initial_accumulator_value": 0.0}}
"""What was so in Keras 2 where its file does not say it."""

CAPITAL: Final = re.compile(r"(?<=[a-z])([A-Z])")
NOUNS: Final[Mapping[str, str]] = {"losses": "loss", "metrics": "metric"}

WRAPPERS: Final = ("MeanMetricWrapper", "LossFunctionWrapper", "SumOverBatchSizeMetricWrapper")

IN_GRAPH: Final = "the optimizer was one of TensorFlow's own, of which a file keeps nothing"


def compiled_of(
    training: Mapping[str, Any] | None, config: Any, at: Place, reading: Reading
) -> Mapping[str, Any] | None:
    """The compiled state as today's Keras serialises it; None where the file has none.

    ``training`` is what stood beside the model (in HDF5). Keras 1.0 wrote it among the JSON of the model, Keras 2.13
    into ``compile_config`` there.
    """
    place: Place = ("training_config",)
    if not isinstance(training, Mapping):
        if not isinstance(config, Mapping):
            return None
        if isinstance(config.get("compile_config"), Mapping):
            training, place = config["compile_config"], (*at, "compile_config")
        elif "loss" in config:
            training, place = config, at
        else:
            return None
    training = plain(training)
    compiled: dict[str, Any] = {}
    key = "optimizer_config" if "optimizer_config" in training else "optimizer"
    if training.get(key) is not None:
        stated = _optimizer(training[key], (*place, key), reading)
        if stated is not None:
            compiled["optimizer"] = stated
    if training.get("loss") is not None:
        compiled["loss"] = _each("losses", training["loss"], (*place, "loss"), reading)
    for name in ("metrics", "weighted_metrics"):
        if training.get(name):
            compiled[name] = _each("metrics", training[name], (*place, name), reading)
    if training.get("loss_weights"):
        compiled["loss_weights"] = training["loss_weights"]
    if training.get("sample_weight_mode"):
        reading.differs(
            "`sample_weight_mode` is left out: today a weight is of a row or of a time step as its shape says",
            (*place, "sample_weight_mode"),
        )
    return compiled or None


def _optimizer(value: Any, at: Place, reading: Reading) -> Any:
    if isinstance(value, str):
        written, own = value, {}
    elif isinstance(value, Mapping) and isinstance(value.get("class_name"), str):
        found = value.get("config")
        written, own = value["class_name"], dict(found) if isinstance(found, Mapping) else {}
    elif isinstance(value, Mapping) and isinstance(value.get("name"), str):
        # Keras 1.0 wrote the name among the arguments.
        written, own = value["name"], {key: one for key, one in value.items() if key != "name"}
    else:
        reading.differs("what the optimizer was can't be read: the spec has none", at)
        return None
    written = written.rpartition(">")[2]
    record = find("optimizers", OPTIMIZERS.get(written, written))
    if record is None or record.refused is not None or record.made is not None:
        say = IN_GRAPH if written in ("TFOptimizer", "OptimizerV2") else f"today's Keras has no optimizer `{written}`"
        reading.differs(f"{say}: the spec has none", at, help="write `optimizer` in its `[training]` by hand")
        return None
    if record.name == "LossScaleOptimizer" and isinstance(own.get("inner_optimizer"), Mapping):
        return _optimizer(own["inner_optimizer"], (*at, "config", "inner_optimizer"), reading)
    own = {**ZERO_START.get(record.name, {}), **{RENAMED.get(key, key): one for key, one in own.items()}}
    decay, rate = own.get("decay"), own.get("learning_rate")
    if isinstance(decay, (int, float)) and decay > 0 and isinstance(rate, (int, float)):
        # Keras 2 divided the rate by 1 + decay × steps, which is this schedule.
        own["learning_rate"] = {
            "class_name": "InverseTimeDecay",
            "config": {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay},
        }
    elif isinstance(rate, Mapping):
        own["learning_rate"] = _schedule(rate)
    known = {argument.name for argument in record.arguments} - {"name"}
    return {
        "class_name": record.name,
        "config": {key: one for key, one in own.items() if key in known and one is not None},
    }


def _schedule(value: Mapping[str, Any]) -> dict[str, Any]:
    config = value.get("config")
    config = config if isinstance(config, Mapping) else {}
    return {
        "class_name": value.get("class_name"),
        "config": {key: one for key, one in config.items() if key != "name" and one is not None},
    }


def _each(family: str, value: Any, at: Place, reading: Reading) -> Any:
    """Losses or metrics, wherever they stand: alone, in a list, in a table by output, or nested."""
    if isinstance(value, list):
        found = [_each(family, one, (*at, index), reading) for index, one in enumerate(value)]
        return found if family == "losses" else [one for one in found if one is not None]
    if isinstance(value, Mapping) and not isinstance(value.get("class_name"), str):
        return {name: _each(family, one, (*at, name), reading) for name, one in value.items()}
    return _function(family, value, at, reading)


def _function(family: str, value: Any, at: Place, reading: Reading) -> Any:
    if value is None:
        return None
    own: dict[str, Any] = {}
    if isinstance(value, Mapping):
        config = value.get("config")
        own = dict(config) if isinstance(config, Mapping) else {}
        value = value["class_name"]
        if value in WRAPPERS:
            value, own = own.get("fn", own.get("name")), {}
        if isinstance(value, Mapping):
            value = value.get("config")
    noun = NOUNS[family]
    written = str(value).rpartition(">")[2]
    # TensorFlow.js writes `meanSquaredError`.
    spelled = (LOSSES.get(one, one) for one in (written, CAPITAL.sub(r"_\1", written).lower()))
    name = next((one for one in spelled if _offered(family, one) is not None), None)
    record = _offered(family, name) if name is not None else None
    if record is None:
        reading.differs(
            f"Keras has no {noun} `{written}`, it is a function of the program that made the model: the spec has none",
            at,
            help=f"write the {noun} as an expression in the `[training]` of the spec",
        )
        return None
    if not own:
        return name
    known = {argument.name: argument.default for argument in record.arguments}
    if own.get("reduction") == "auto":
        own["reduction"] = "sum_over_batch_size"
    kept = {key: one for key, one in own.items() if key in known and key not in ("dtype", "name") and one != known[key]}
    if isinstance(own.get("name"), str) and family == "metrics" and own["name"] not in record.names:
        kept["name"] = own["name"]
    return {"class_name": record.name, "config": kept}


def _offered(family: str, name: str) -> Record | None:
    """The record of a loss or metric of Keras itself that a spec can state."""
    record = find(family, name)
    return record if record is not None and record.refused is None and record.made is None else None

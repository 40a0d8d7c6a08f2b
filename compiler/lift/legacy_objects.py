"""From initializers, regularizers, constraints, activations and dtypes of old Keras to today's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..catalogue import find
from .network import Place
from .reading import Reading

KERAS_1_INITIALIZERS: Final[Mapping[str, Any]] = {
    # Keras 1 multiplied orthogonal matrices by 1.1.
    "orthogonal": {"class_name": "Orthogonal", "config": {"gain": 1.1}},
}
"""Names of Keras 1 that meant other numbers than they do today. (Its normal distributions had no cut tails; their
variance is the same.)"""

VARIANCES: Final[Mapping[tuple[float, str, str], str]] = {
    (1.0, "fan_avg", "uniform"): "GlorotUniform",
    (1.0, "fan_avg", "truncated_normal"): "GlorotNormal",
    (2.0, "fan_in", "uniform"): "HeUniform",
    (2.0, "fan_in", "truncated_normal"): "HeNormal",
    (1.0, "fan_in", "uniform"): "LecunUniform",
    (1.0, "fan_in", "truncated_normal"): "LecunNormal",
}
"""What scale, mode and distribution of a VarianceScaling are called where they have a name."""

RENAMED_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "constraints": {"m": "max_value", "low": "min_value", "high": "max_value"},
    "regularizers": {},
    "initializers": {},
}
"""Family → argument of Keras 1 → today's."""

OLD_CLASSES: Final[Mapping[str, Mapping[str, str]]] = {
    "initializers": {
        "Eye": "Identity",
    },
    "regularizers": {
        "WeightRegularizer": "L1L2",
        "ActivityRegularizer": "L1L2",
        "L1L2Regularizer": "L1L2",
        "L1Regularizer": "L1",
        "L2Regularizer": "L2",
        "L1l2": "L1L2",
    },
    "constraints": {
        "maxnorm": "MaxNorm",
        "nonneg": "NonNeg",
        "unitnorm": "UnitNorm",
        "NonNegative": "NonNeg",
    },
}
"""Family → a class of old Keras → today's, where it has another name."""

ACTIVATIONS: Final[Mapping[str, str]] = {"softmax_v2": "softmax", "swish": "silu", "exp": "exponential"}
"""Activations that have another name today."""

NOUNS: Final[Mapping[str, str]] = {
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
}

_PLUGIN: Final = 'write a plugin for it (`type = "my_package.{name}"`), or {instead}'
_INSTEAD: Final = {
    "initializers": "leave it out: trained weights don't depend on what they began with",
    "regularizers": "leave it out: it matters only while training",
    "constraints": "leave it out: it matters only while training",
}


def nested(family: str, value: Any, at: Place, reading: Reading) -> Any:
    """An initializer, regularizer or constraint as today's Keras serialises it, or None.

    Keras 1 wrote a name, or ``{"name": "MaxNorm", "m": 2}``; Keras 2 ``{"class_name": …, "config": {…}}``.
    """
    if value is None or value == {}:
        return None
    if isinstance(value, str):
        written, arguments = value, {}
    elif isinstance(value, Mapping) and isinstance(value.get("class_name"), str):
        found = value.get("config") or {}
        written, arguments = value["class_name"], dict(found) if isinstance(found, Mapping) else {}
    elif isinstance(value, Mapping) and isinstance(value.get("name"), str):
        written, arguments = value["name"], {key: one for key, one in value.items() if key != "name"}
    else:
        reading.refuse(
            f"this must be a {NOUNS[family]}: a name, or an object with `class_name`", at, help="save the model again"
        )
        return None
    name = OLD_CLASSES[family].get(written, written)
    record = find(family, name) or find(family, name.removesuffix("V2").removesuffix("V1"))
    if record is None or record.refused is not None:
        plugin = _PLUGIN.format(name=written, instead=_INSTEAD[family])
        reading.refuse(f"today's Keras has no {NOUNS[family]} `{written}`", at, help=plugin)
        return None
    known = {argument.name for argument in record.arguments}
    renamed = {RENAMED_VALUES[family].get(key, key): one for key, one in arguments.items()}
    config = {key: one for key, one in renamed.items() if key in known and one is not None}
    kind = record.name
    if kind == "VarianceScaling":
        kind, config = _variance(config)
    if kind == "L1L2":
        kind, config = _penalty(config)
    return {"class_name": kind, "config": config} if kind else None


def _variance(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A VarianceScaling by its short name where it has one. ``normal`` has always had its tails cut."""
    spread = config.get("distribution", "truncated_normal")
    told = {
        "scale": 1.0,
        "mode": "fan_in",
        **config,
        "distribution": "truncated_normal" if spread == "normal" else spread,
    }
    short = VARIANCES.get((told["scale"], told["mode"], told["distribution"])) if _hashable(told) else None
    if short is None:
        return "VarianceScaling", told
    return short, {key: one for key, one in config.items() if key == "seed"}


def _hashable(config: Mapping[str, Any]) -> bool:
    return not any(isinstance(one, (list, dict)) for one in config.values())


def _penalty(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """L1 and L2 together by the shorter name where one of them is zero; nothing where both are."""
    counts = {key: one for key, one in config.items() if one}
    return {(): "", ("l1",): "L1", ("l2",): "L2"}.get(tuple(sorted(counts)), "L1L2"), counts


def activation(value: Any, at: Place, reading: Reading) -> Any:
    """An activation by today's name, or None."""
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        value = value.get("config")
    if value is None:
        return None
    if not isinstance(value, str):
        kind = value.get("class_name") if isinstance(value, Mapping) else None
        reading.refuse(
            f"an activation must be a name, found {f'a `{kind}` layer' if kind else 'something else'}",
            at,
            help=f"put a `{kind or 'LeakyReLU'}` layer behind this one instead",
        )
        return None
    record = find("activations", ACTIVATIONS.get(value, value))
    if record is None:
        reading.refuse(
            f"Keras has no activation `{value}`: it is a function of the program that made the model",
            at,
            help="write what it computes as layers or ops behind this layer",
        )
        return None
    if record.name == "hard_sigmoid":
        reading.differs(
            "`hard_sigmoid` was min(max(0.2 x + 0.5, 0), 1) in Keras 1 and 2 and is min(max(x / 6 + 0.5, 0), 1) today: "
            "with the old weights the numbers will differ a little",
            at,
            help="train the model a little further, or use `sigmoid` in a model that is trained anew",
        )
    return record.name


FLOATS: Final = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")


def policy(value: Any) -> str | None:
    """The dtype policy of a layer by today's name; None where it is the usual one, or meant the layer's input."""
    if isinstance(value, Mapping):
        found = value.get("config")
        value = found.get("name") if isinstance(found, Mapping) else None
    return value if value in FLOATS and value != "float32" else None

"""What a plugin is written with: the records by which keraspec knows its own layers, and nothing of Keras.

A plugin is a module with tuples named like the families of Keras' objects: ``LAYERS``, ``LOSSES``, ``METRICS``,
``CALLBACKS``, ``SOURCES``, ``OPTIMIZERS``, ``SCHEDULES``, ``INITIALIZERS``, ``REGULARIZERS``, ``CONSTRAINTS``. Each has
Records of the same form as keraspec's own, and each record says with ``made`` where its class is: a function that
imports and returns it, called when a model is built, so that checking a spec needs no Keras::

    from keraspec.plugin import POSITIVE, Argument, Call, Inferred, Record, TensorType

    def scaled(call: Call) -> Inferred:
        return Inferred((call.x,), flops=...)

    def scale():
        from my_package.layers import Scale
        return Scale

    LAYERS = (
        Record(name="Scale", family="layers", summary="Multiplies by a number.", rule=scaled, made=scale,
               arguments=(Argument("factor", POSITIVE, summary="What to multiply by."),)),
    )

``made`` of a source returns a function ``read(arguments, folder, pointer) -> Table``.

The person who runs keraspec allows a plugin by name, ``--allow-plugin my_package``: an installed package offers it
through the entry point ``my_package`` of the group ``keraspec.plugins``, whose value names the module; or by the path
of a file, ``--allow-plugin tools/my_layers.py``, which is then called ``my_layers``. In specs its objects are
``my_package.Scale``.
"""

from __future__ import annotations

from .compiler.catalogue.arguments import (
    ACTIVATION_ARGUMENT,
    DATA_FORMAT,
    SEED_ARGUMENT,
    USE_BIAS,
)
from .compiler.catalogue.kinds import (
    ACTIVATION,
    AXIS,
    BOOLEAN,
    CONSTRAINT,
    COUNT,
    DTYPE,
    FRACTION,
    INITIALIZER,
    INTEGER,
    LAYER,
    NUMBER,
    POSITIVE,
    REGULARIZER,
    SEED,
    TEXT,
    Kind,
    an,
    choice,
    either,
    integer,
    list_of,
    nullable,
    nullable_text,
    number,
    sizes,
)
from .compiler.catalogue.record import (
    ONE,
    REQUIRED,
    Argument,
    ArgumentError,
    Call,
    Inferred,
    Object,
    Port,
    Record,
    ShapeError,
)
from .compiler.catalogue.rules import (
    axis_of,
    float_input,
    infer_object,
    known_axis,
    ranked,
    result,
    same_as_input,
)
from .compiler.sizes import BATCH, Size, at_least, broadcast, ceil_div, known, maximum, product, same, symbol
from .compiler.tensor import Policy, TensorType, Weight, batched, shape_text
from .runtime.table import Table
from .spec.finding import Finding
from .spec.problem import Problem

__all__ = [
    "ACTIVATION",
    "ACTIVATION_ARGUMENT",
    "AXIS",
    "BATCH",
    "BOOLEAN",
    "CONSTRAINT",
    "COUNT",
    "DATA_FORMAT",
    "DTYPE",
    "FRACTION",
    "INITIALIZER",
    "INTEGER",
    "LAYER",
    "NUMBER",
    "ONE",
    "POSITIVE",
    "REGULARIZER",
    "REQUIRED",
    "SEED",
    "SEED_ARGUMENT",
    "TEXT",
    "USE_BIAS",
    "Argument",
    "ArgumentError",
    "Call",
    "Finding",
    "Inferred",
    "Kind",
    "Object",
    "Policy",
    "Port",
    "Problem",
    "Record",
    "ShapeError",
    "Size",
    "Table",
    "TensorType",
    "Weight",
    "an",
    "at_least",
    "axis_of",
    "batched",
    "broadcast",
    "ceil_div",
    "choice",
    "either",
    "float_input",
    "infer_object",
    "integer",
    "known",
    "known_axis",
    "list_of",
    "maximum",
    "nullable",
    "nullable_text",
    "number",
    "product",
    "ranked",
    "result",
    "same",
    "same_as_input",
    "shape_text",
    "sizes",
    "symbol",
]

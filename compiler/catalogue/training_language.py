"""Catalogue: the sections and keys of the language that say how a model is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .kinds import BOOLEAN, POSITIVE, SEED, TEXT, Kind, an, choice, either, number, section
from .record import Argument
from .section import NAME, Section, key, must

AUTO: Final = Kind({"const": "auto"}, '"auto"')
PATTERNS: Final = Kind(
    {"type": "array", "items": {"type": "string", "minLength": 1}},
    'a list of names of layers, or of patterns such as "encoder.*"',
)
FACTORS: Final = Kind(
    {"type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0}},
    "a table NAME = number, of names of layers or of patterns, and numbers above 0 (what learns nothing is in "
    "`freeze`)",
)
OVERRIDES: Final = either(
    Kind({"type": "object", "additionalProperties": {"type": "object"}}, "a table NAME = { … } of layers"),
    Kind({"type": "array", "items": {"type": "object"}}, "a list of layers as with `extends`"),
)
LOSS: Final = an("losses", 'a loss, by name ("mse"), or as a table with `type` or `expression`')
TRAINING: Final = Section(
    "training",
    "the training section",
    (
        key("epochs", POSITIVE, "How many times training goes through the data.", 1),
        key("seed", SEED, "Makes the start and the order repeatable.", 0),
        key(
            "optimizer",
            an("optimizers", 'an optimizer, by name ("adam") or as a table with `type`'),
            "How weights are changed.",
            "rmsprop",
        ),
        key("loss", LOSS, "What training makes small."),
        key(
            "losses",
            section("term", "a list of loss terms, as `[[training.losses]]` or `losses = [...]`", "list"),
            "Terms over tensors of the graph, added to the loss; one may be all there is.",
        ),
        key(
            "metrics",
            Kind({"not": {}}, "a list of metrics, by name or as tables with `type`", family="metrics", many=True),
            "What is measured besides the loss.",
        ),
        key(
            "callbacks",
            Kind({"not": {}}, "a list of callbacks, by name or as tables with `type`", family="callbacks", many=True),
            "What happens between epochs.",
        ),
        key(
            "outputs",
            section("training_output", "a table [training.outputs.NAME] for each output", "name"),
            "Loss and metrics of each output, where there are several.",
        ),
        key(
            "precision",
            choice("float32", "float64", "mixed_float16", "mixed_bfloat16", "float16", "bfloat16"),
            "The dtype policy of all layers that set none.",
            "float32",
        ),
        key("jit_compile", either(BOOLEAN, AUTO), "Whether XLA compiles the step.", "auto"),
        key("steps_per_execution", either(POSITIVE, AUTO), "Steps in one call of the compiled function.", "auto"),
        key(
            "class_weight",
            either(
                choice("balanced", "adaptive"),
                Kind(
                    {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
                    "a table CLASS = number",
                ),
            ),
            "How much rows of each class count: by a table, all classes alike, or more where the model misses them.",
        ),
        key(
            "loop",
            choice("fit", "custom"),
            "Keras' own loop, or an explicit one over gradients with the same result.",
            "fit",
        ),
        key("gradients", section("gradients", "a table"), "How gradients are clipped and accumulated."),
        key(
            "rules",
            section("rule", "a list of rules, as `[[training.rules]]` or `rules = [...]`", "list"),
            "What is changed when a condition becomes true.",
        ),
        key("freeze", PATTERNS, "Layers that are not trained, with all inside of them."),
        key(
            "learning_rate_factors",
            FACTORS,
            "Layers that learn faster or slower than the rest: what their learning rate is multiplied by.",
        ),
        key(
            "phases",
            section("phase", "a list of phases, as `[[training.phases]]` or `phases = [...]`", "list"),
            "Parts of training, one after the other, each with what is different in it.",
        ),
        key("checkpoint", section("checkpoint", "a table"), "The model as it is on the way, kept beside the run."),
        key("profile", BOOLEAN, "Whether some steps are traced, so that one sees what takes how long.", False),
        key("weights", section("weights", "a table: `weights = { path = … }`"), "A saved model to begin with."),
        key(
            "distribute",
            choice("mirrored", "multi_worker", "tpu", "parameter_server"),
            "How each batch is shared: by the devices of this machine, or by several processes. Left out: one device.",
        ),
    ),
)

PHASED: Final = (
    "optimizer", "loss", "metrics", "callbacks", "outputs", "jit_compile", "steps_per_execution", "class_weight",
    "loop", "gradients", "rules", "freeze", "losses", "learning_rate_factors", "checkpoint",
)  # fmt: skip
"""Keys of the training section that a phase may have for itself."""


def _laid_over(argument: Argument) -> Argument:
    """A key of a phase: an object without ``type`` is laid over that of the training section."""
    if argument.kind.family is None or argument.kind.many:
        return argument
    return replace(argument, kind=replace(argument.kind, schema={"type": "object", "not": {"required": ["type"]}}))


PHASE: Final = Section(
    "phase",
    "a phase",
    (
        key("name", NAME, "What reports call the phase."),
        must("epochs", POSITIVE, "How many times this phase goes through the data."),
        *(_laid_over(replace(one, default=None)) for one in TRAINING.keys if one.name in PHASED),
        key(
            "overrides",
            OVERRIDES,
            "Layers that are other ones from this phase on: `overrides.NAME = { … }` lies over the layer of that name.",
        ),
    ),
)

ABOVE_ZERO: Final = number(above=0)
GRADIENTS: Final = Section(
    "gradients",
    "the treatment of gradients",
    (
        key("clip_norm", ABOVE_ZERO, "Shortens all gradients together to this length (Keras' `global_clipnorm`)."),
        key("clip_value", ABOVE_ZERO, "Cuts every number of a gradient off at plus or minus this (`clipvalue`)."),
        key(
            "accumulate",
            POSITIVE,
            "Steps whose gradients are averaged before the weights change (`gradient_accumulation_steps`).",
            1,
        ),
    ),
)

CONDITION: Final = Kind({"type": "string", "minLength": 1}, "a condition in quotes, such as `loss < 0.01`")
RATE: Final = either(
    ABOVE_ZERO,
    Kind({"type": "string", "minLength": 1}, "an expression in quotes, such as `initial_learning_rate * 0.1`"),
)
RULE: Final = Section(
    "rule",
    "a rule",
    (
        must("when", CONDITION, "The rule is carried out once, when this becomes true."),
        must("set", section("rule_set", "a table: `set = { learning_rate = … }`"), "What is set to what."),
        key("check", choice("epoch", "batch"), "Whether it is looked at after every epoch or every batch.", "epoch"),
    ),
)
RULE_SET: Final = Section(
    "rule_set",
    "what a rule sets",
    (must("learning_rate", RATE, "The new learning rate: a number, or an expression over reported numbers."),),
)

DISTANCE: Final = Kind(
    {
        "type": "string",
        "pattern": r"^([1-9][0-9]{0,8} (step|epoch|second|minute|hour)s?|[0-9]{1,6}\.[0-9]{1,6} (minute|hour)s?)$",
    },
    'a number with its unit, such as "10 minutes", "100 steps" or "5 epochs"',
)
CHECKPOINT: Final = Section(
    "checkpoint",
    "the checkpoint section",
    (
        key(
            "every",
            either(Kind({"const": "epoch"}, '"epoch"'), POSITIVE, DISTANCE),
            'After every epoch, every so many steps, or so much time: `100`, `"10 minutes"`, `"5 epochs"`.',
            "epoch",
        ),
        key("keep", POSITIVE, "So many are kept, the last ones.", 3),
        key("best", TEXT, 'The model with which this number was best is kept besides: `"val_loss"`.'),
    ),
)

WEIGHTS: Final = Section(
    "weights",
    "the weights to begin with",
    (
        must("path", TEXT, "A saved model, such as the model.keras of a run, relative to the spec."),
        key("layers", PATTERNS, "Layers that take the weights of those of the same name; left out: all."),
    ),
)

EXPRESSION: Final = Kind(
    {"type": "string", "minLength": 1},
    "an expression in quotes, such as `mean(square(y_true - y_pred), axis=-1)`",
)
FORMULA: Final = Section(
    "formula",
    "the expression",
    (
        must("expression", EXPRESSION, "What is computed from `y_true` and `y_pred` by functions of keras.ops."),
        key("name", NAME, "What reports call it."),
    ),
)
"""A loss or metric without a ``type``."""

TENSORS: Final = Kind(
    {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}},
    'a table of tensors by the names that the expression gives them: `inputs = { s = "encoder.sigma" }`',
)
TERM: Final = Section(
    "term",
    "a loss term",
    (
        key("name", NAME, "What reports call the term."),
        must("expression", EXPRESSION, "What is computed from its inputs by functions of keras.ops."),
        must("inputs", TENSORS, "The tensors that the expression uses: NAME = an input, a layer, or what is inside."),
        key("weight", number(), "How much the term counts.", 1),
    ),
)

TRAINING_OUTPUT: Final = Section(
    "training_output",
    "the training of one output",
    (
        key("loss", LOSS, "What training makes small."),
        key("weight", number(minimum=0), "How much this output's loss counts.", 1),
        key(
            "metrics",
            Kind({"not": {}}, "a list of metrics, by name or as tables with `type`", family="metrics", many=True),
            "What is measured besides the loss.",
        ),
    ),
)

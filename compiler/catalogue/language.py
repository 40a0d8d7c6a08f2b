"""Catalogue: the sections and keys of the language itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .kinds import (
    BOOLEAN,
    DTYPE,
    POSITIVE,
    SEED,
    TEXT,
    Kind,
    an,
    choice,
    either,
    list_of,
    number,
    section,
)
from .record import REQUIRED, Argument

ANYTHING: Final = Kind({}, "any value")
TABLE: Final = Kind({"type": "object"}, "a table")
REFERENCE: Final = Kind({"type": "string", "minLength": 1}, "the name of an input or of an earlier entry, in quotes")
REFERENCES: Final = Kind(
    {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "a list of such names",
)
NAME: Final = Kind(
    {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$", "maxLength": 128},
    "a name of letters, digits, `_` and `-` that begins with a letter or `_`",
)
ENTRY: Final = Kind({"type": "string", "minLength": 1}, "the name of an entry, in quotes")
PATHS: Final = Kind(
    {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "a list of paths",
)
PARAMETERS: Final = Kind(
    {
        "type": "object",
        "additionalProperties": {
            "if": {"type": "object", "additionalProperties": True},
            "then": {"$ref": "#/$defs/sections.parameter"},
        },
    },
    "a table NAME = value, or NAME = { … } with `type`, `enum`, `minimum`, `maximum`, `default`, `description`",
)
DIMENSION: Final = Kind(
    {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
            {"type": "string", "pattern": "^(?!([Nn]one|NONE|[Nn]ull|NULL)$)[A-Za-z_][A-Za-z0-9_]*$"},
        ]
    },
    "a whole number of at least 1, or a word for a size not known yet",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A table of the language: its keys, in the order in which people usually write them.

    ``later`` names keys that belong to the language and that this version does not carry out yet, with what
    they will do; they are diagnostics (E110), not unknown keys.
    """

    name: str
    title: str
    keys: tuple[Argument, ...]
    later: tuple[tuple[str, str], ...] = ()


def _key(name: str, kind: Kind, summary: str, default: object = None) -> Argument:
    return Argument(name, kind, default, summary)


def _must(name: str, kind: Kind, summary: str) -> Argument:
    return Argument(name, kind, REQUIRED, summary)


ROOT: Final = Section(
    "root",
    "a spec",
    (
        _must("keraspec", Kind({"const": 1}, "1, the version of the language"), "Version of the language: 1."),
        _key("name", TEXT, "What the model is called."),
        _key("description", TEXT, "What the model is for, in a sentence."),
        _must(
            "inputs",
            section("input", "a table of inputs: `inputs.NAME.shape = [...]`", "name"),
            "What goes into the model.",
        ),
        _must(
            "layers",
            section("layer", "a list of layers, as `[[layers]]` or `layers = [...]`", "list"),
            "The layers, in order.",
        ),
        _key(
            "outputs",
            either(
                Kind({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "a list of names"),
                Kind(
                    {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}, "minProperties": 1},
                    "a table OUTPUT-NAME = name",
                ),
            ),
            "What comes out; left out: the last layer.",
        ),
        _key("parameters", PARAMETERS, "Values that expressions use by name."),
        _key("blocks", section("block", "a table of blocks: `[blocks.NAME]`", "name"), "Layers to be used as one."),
        _key("include", PATHS, "Files whose blocks are used here."),
        _key(
            "extends",
            Kind({"type": "string", "minLength": 1}, "the path of a spec, in quotes"),
            "The spec that this one lies over.",
        ),
        _key("data", section("data", "a table"), "Where the data comes from and how it becomes tensors."),
        _key("training", section("training", "a table"), "How the model is trained."),
        _key(
            "assertions",
            section("assertion", "a list of promises, as `[[assertions]]` or `assertions = [...]`", "list"),
            "What the model must keep to, or `check` fails.",
        ),
    ),
    later=(
        ("sweep", "searching over values"),
    ),
)

ASSERTION: Final = Section(
    "assertion",
    "a promise",
    (
        _must(
            "check",
            Kind({"type": "string", "minLength": 1}, "an expression that is true or false, in quotes"),
            "What must be true, over `params`, `trainable_params`, `flops`, `activation_bytes`, `layers` and "
            "`output_shape('NAME')`.",
        ),
    ),
)

INPUT: Final = Section(
    "input",
    "an input",
    (
        _must(
            "shape",
            list_of(DIMENSION),
            "Sizes of the axes, without the batch axis; a word is a size not known yet.",
        ),
        _key("dtype", DTYPE, "What the numbers are: float32 if left out.", "float32"),
    ),
)

LAYER: Final = Section(
    "layer",
    "a layer entry",
    (
        _key("name", NAME, "Unique among inputs and layers; needed where something refers to the entry."),
        _key(
            "inputs",
            either(
                REFERENCE,
                REFERENCES,
                Kind(
                    {
                        "type": "object",
                        "additionalProperties": {"anyOf": [dict(REFERENCE.schema), dict(REFERENCES.schema)]},
                        "minProperties": 1,
                    },
                    "a table ARGUMENT = name",
                ),
            ),
            "Where the tensors come from; left out: the entry before.",
        ),
        _key("call", TABLE, "Further arguments of the call that are no tensors."),
        _key(
            "repeat",
            either(
                Kind({"type": "integer", "minimum": 0}, "a whole number from 0 on"), Kind({"type": "array"}, "a list")
            ),
            "So many of them in series, or one for each element; `index` and `item` tell them apart.",
        ),
        _key("each", Kind({"type": "array"}, "a list"), "One for each element, side by side; `index`, `item`."),
        _key("when", BOOLEAN, "Whether the entry is there; if not, it acts as its own first input."),
        _key("before", ENTRY, "Where `extends` puts the entry."),
        _key("after", ENTRY, "Where `extends` puts the entry."),
        _key("remove", Kind({"const": True}, "true"), "Takes away the entry of that name, with `extends`."),
    ),
)

DECLARATION: Final = Section(
    "parameter",
    "the declaration of a parameter",
    (
        _key(
            "type",
            choice("integer", "number", "boolean", "string", "list", "table"),
            "What its values are.",
        ),
        _key("enum", Kind({"type": "array", "minItems": 1}, "a list of values"), "The values that it may have."),
        _key("minimum", Kind({"type": "number"}, "a number"), "The least value."),
        _key("maximum", Kind({"type": "number"}, "a number"), "The greatest value."),
        _key("default", ANYTHING, "Its value where none is given; without one, one must be."),
        _key("description", TEXT, "What it is for."),
    ),
)

BLOCK: Final = Section(
    "block",
    "a block",
    (
        _key("parameters", PARAMETERS, "What instances are told; `{}` is one that they must be told."),
        _key(
            "inputs",
            Kind({"type": "array", "items": dict(NAME.schema)}, "a list of names"),
            "What its tensors are called inside; left out: one, `x`.",
        ),
        _must(
            "layers",
            section("layer", "a list of layers, as `[[blocks.NAME.layers]]` or `layers = [...]`", "list"),
            "Its layers, in order.",
        ),
        _key(
            "outputs",
            either(
                Kind({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "a list of names"),
                Kind(
                    {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}, "minProperties": 1},
                    "a table OUTPUT-NAME = name",
                ),
            ),
            "What comes out; left out: the last layer.",
        ),
        _key("description", TEXT, "What it does."),
    ),
)

DATA: Final = Section(
    "data",
    "the data section",
    (
        _must(
            "source",
            an("sources", 'a data source: a table with `type`, such as { type = "csv", path = "data.csv" }'),
            "Where the rows come from.",
        ),
        _key(
            "inputs",
            section("data_input", "a table [data.inputs.NAME] for each input", "name"),
            "Which columns feed which input.",
        ),
        _key(
            "targets",
            section("data_target", "a table [data.targets.OUTPUT] for each output", "name"),
            "Which column each output is compared with.",
        ),
        _key("split", section("split", "a table"), "What is kept aside for validation and for the final test."),
        _key("batch_size", POSITIVE, "Rows in one step.", 32),
        _key("shuffle", BOOLEAN, "Whether training sees the rows in a new order every epoch.", True),
        _key("seed", SEED, "Makes split and order repeatable.", 0),
        _key("cache", BOOLEAN, "Whether prepared rows are kept in memory.", True),
        _key(
            "missing",
            either(
                choice("error", "drop"),
                Kind(
                    {"type": "object", "additionalProperties": {"type": ["number", "string", "boolean"]}},
                    "a table COLUMN = value",
                ),
            ),
            "What to do about cells without a value.",
            "error",
        ),
    ),
    later=(
        ("augment", "augmentation layers for training"),
        ("window", "windows over time series"),
        ("sample_weight", "weights of rows"),
        ("on_error", "going on past bad rows"),
    ),
)

COLUMN: Final = either(
    Kind({"type": "string", "minLength": 1}, 'the name of a column, or a pattern such as "pixel_*"'),
    Kind({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "a list of them"),
)

DATA_INPUT: Final = Section(
    "data_input",
    "the data of an input",
    (
        _key(
            "column",
            COLUMN,
            'The column or columns: a name, a pattern such as "pixel_*", or a list of names.',
        ),
    ),
    later=(("decode", "decoding files named in a column"), ("pad", "padding rows of unequal length")),
)

DATA_TARGET: Final = Section(
    "data_target",
    "the data of a target",
    (
        _key("column", COLUMN, "The column or columns: a name, a pattern, or a list of names."),
        _key("encode", choice("index", "one_hot"), "How labels become numbers; text labels are indexed anyway."),
    ),
    later=(("decode", "decoding files named in a column"), ("pad", "padding rows of unequal length")),
)

SHARE: Final = number(minimum=0, below=1)
SPLIT: Final = Section(
    "split",
    "the split",
    (
        _key("validation", SHARE, "Share of the rows for validation after each epoch.", 0),
        _key("test", SHARE, "Share of the rows for the final test.", 0),
        _key(
            "stratify",
            Kind({"type": "string", "minLength": 1}, "the name of a column"),
            "A column whose values are spread evenly over the parts.",
        ),
    ),
    later=(
        ("group", "keeping groups of rows together"),
        ("column", "splitting by a column"),
        ("time", "splitting by time"),
    ),
)

AUTO: Final = Kind({"const": "auto"}, '"auto"')
LOSS: Final = an("losses", 'a loss, by name ("mse"), or as a table with `type` or `expression`')
TRAINING: Final = Section(
    "training",
    "the training section",
    (
        _key("epochs", POSITIVE, "How many times training goes through the data.", 1),
        _key("seed", SEED, "Makes the start and the order repeatable.", 0),
        _key(
            "optimizer",
            an("optimizers", 'an optimizer, by name ("adam") or as a table with `type`'),
            "How weights are changed.",
            "rmsprop",
        ),
        _key("loss", LOSS, "What training makes small."),
        _key(
            "losses",
            section("term", "a list of loss terms, as `[[training.losses]]` or `losses = [...]`", "list"),
            "Terms over tensors of the graph, added to the loss; one may be all there is.",
        ),
        _key(
            "metrics",
            Kind({"not": {}}, "a list of metrics, by name or as tables with `type`", family="metrics", many=True),
            "What is measured besides the loss.",
        ),
        _key(
            "callbacks",
            Kind({"not": {}}, "a list of callbacks, by name or as tables with `type`", family="callbacks", many=True),
            "What happens between epochs.",
        ),
        _key(
            "outputs",
            section("training_output", "a table [training.outputs.NAME] for each output", "name"),
            "Loss and metrics of each output, where there are several.",
        ),
        _key(
            "precision",
            choice("float32", "float64", "mixed_float16", "mixed_bfloat16", "float16", "bfloat16"),
            "The dtype policy of all layers that set none.",
            "float32",
        ),
        _key("jit_compile", either(BOOLEAN, AUTO), "Whether XLA compiles the step.", "auto"),
        _key("steps_per_execution", either(POSITIVE, AUTO), "Steps in one call of the compiled function.", "auto"),
        _key(
            "class_weight",
            Kind(
                {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}, "a table CLASS = number"
            ),
            "How much rows of each class count.",
        ),
    ),
    later=(
        ("loop", "an explicit gradient loop"),
        ("rules", "rules"),
        ("phases", "phases"),
        ("freeze", "freezing layers"),
        ("gradients", "clipping and accumulating gradients"),
        ("distribute", "several devices"),
        ("checkpoint", "checkpoints"),
        ("profile", "profiling"),
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
        _must("expression", EXPRESSION, "What is computed from `y_true` and `y_pred` by functions of keras.ops."),
        _key("name", NAME, "What reports call it."),
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
        _key("name", NAME, "What reports call the term."),
        _must("expression", EXPRESSION, "What is computed from its inputs by functions of keras.ops."),
        _must("inputs", TENSORS, "The tensors that the expression uses: NAME = an input, a layer, or what is inside."),
        _key("weight", number(), "How much the term counts.", 1),
    ),
)

TRAINING_OUTPUT: Final = Section(
    "training_output",
    "the training of one output",
    (
        _key("loss", LOSS, "What training makes small."),
        _key("weight", number(minimum=0), "How much this output's loss counts.", 1),
        _key(
            "metrics",
            Kind({"not": {}}, "a list of metrics, by name or as tables with `type`", family="metrics", many=True),
            "What is measured besides the loss.",
        ),
    ),
)

SECTIONS: Final = (
    ROOT,
    ASSERTION,
    INPUT,
    LAYER,
    DECLARATION,
    BLOCK,
    DATA,
    DATA_INPUT,
    DATA_TARGET,
    SPLIT,
    TRAINING,
    TRAINING_OUTPUT,
    FORMULA,
    TERM,
)

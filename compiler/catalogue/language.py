"""Catalogue: the sections and keys of the language itself."""

from __future__ import annotations

from typing import Final

from .kinds import (
    BOOLEAN,
    COUNT,
    DTYPE,
    POSITIVE,
    SEED,
    TEXT,
    Kind,
    an,
    choice,
    either,
    integer,
    list_of,
    number,
    section,
)
from .section import NAME, Section, key, must
from .sweep_language import SWEEP, SWEPT
from .training_language import (
    CHECKPOINT,
    FORMULA,
    GRADIENTS,
    PHASE,
    RULE,
    RULE_SET,
    TERM,
    TRAINING,
    TRAINING_OUTPUT,
    WEIGHTS,
)

ANYTHING: Final = Kind({}, "any value")
TABLE: Final = Kind({"type": "object"}, "a table")
REFERENCE: Final = Kind({"type": "string", "minLength": 1}, "the name of an input or of an earlier entry, in quotes")
REFERENCES: Final = Kind(
    {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "a list of such names",
)
ENTRY: Final = Kind({"type": "string", "minLength": 1}, "the name of an entry, in quotes")
PATHS: Final = Kind({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "a list of paths")
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


ROOT: Final = Section(
    "root",
    "a spec",
    (
        must("keraspec", Kind({"const": 1}, "1, the version of the language"), "Version of the language: 1."),
        key("name", TEXT, "What the model is called."),
        key("description", TEXT, "What the model is for, in a sentence."),
        must(
            "inputs",
            section("input", "a table of inputs: `inputs.NAME.shape = [...]`", "name"),
            "What goes into the model.",
        ),
        must(
            "layers",
            section("layer", "a list of layers, as `[[layers]]` or `layers = [...]`", "list"),
            "The layers, in order.",
        ),
        key(
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
        key("parameters", PARAMETERS, "Values that expressions use by name."),
        key("blocks", section("block", "a table of blocks: `[blocks.NAME]`", "name"), "Layers to be used as one."),
        key("include", PATHS, "Files whose blocks are used here."),
        key(
            "extends",
            Kind({"type": "string", "minLength": 1}, "the path of a spec, in quotes"),
            "The spec that this one lies over.",
        ),
        key("data", section("data", "a table"), "Where the data comes from and how it becomes tensors."),
        key("training", section("training", "a table"), "How the model is trained."),
        key(
            "assertions",
            section("assertion", "a list of promises, as `[[assertions]]` or `assertions = [...]`", "list"),
            "What the model must keep to, or `check` fails.",
        ),
        key("sweep", section("sweep", "a table"), "Values to search over: `keraspec sweep`."),
    ),
)

ASSERTION: Final = Section(
    "assertion",
    "a promise",
    (
        must(
            "check",
            Kind({"type": "string", "minLength": 1}, "an expression that is true or false, in quotes"),
            "What must be true, over `params`, `trainable_params`, `flops`, `activation_bytes`, `layers`, "
            "`output_shape('NAME')`, `receptive_field('NAME')` and `fits('16 GB', batch_size=32)`.",
        ),
    ),
)

INPUT: Final = Section(
    "input",
    "an input",
    (
        must(
            "shape",
            list_of(DIMENSION),
            "Sizes of the axes, without the batch axis; a word is a size not known yet.",
        ),
        key("dtype", DTYPE, "What the numbers are: float32 if left out.", "float32"),
    ),
)

LAYER: Final = Section(
    "layer",
    "a layer entry",
    (
        key("name", NAME, "Unique among inputs and layers; needed where something refers to the entry."),
        key(
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
        key("call", TABLE, "Further arguments of the call that are no tensors."),
        key(
            "repeat",
            either(
                Kind({"type": "integer", "minimum": 0}, "a whole number from 0 on"), Kind({"type": "array"}, "a list")
            ),
            "So many of them in series, or one for each element; `index` and `item` tell them apart.",
        ),
        key("each", Kind({"type": "array"}, "a list"), "One for each element, side by side; `index`, `item`."),
        key("when", BOOLEAN, "Whether the entry is there; if not, it acts as its own first input."),
        key("before", ENTRY, "Where `extends` puts the entry."),
        key("after", ENTRY, "Where `extends` puts the entry."),
        key("remove", Kind({"const": True}, "true"), "Takes away the entry of that name, with `extends`."),
    ),
)

DECLARATION: Final = Section(
    "parameter",
    "the declaration of a parameter",
    (
        key(
            "type",
            choice("integer", "number", "boolean", "string", "list", "table"),
            "What its values are.",
        ),
        key("enum", Kind({"type": "array", "minItems": 1}, "a list of values"), "The values that it may have."),
        key("minimum", Kind({"type": "number"}, "a number"), "The least value."),
        key("maximum", Kind({"type": "number"}, "a number"), "The greatest value."),
        key("default", ANYTHING, "Its value where none is given; without one, one must be."),
        key("description", TEXT, "What it is for."),
    ),
)

BLOCK: Final = Section(
    "block",
    "a block",
    (
        key("parameters", PARAMETERS, "What instances are told; `{}` is one that they must be told."),
        key(
            "inputs",
            Kind({"type": "array", "items": dict(NAME.schema)}, "a list of names"),
            "What its tensors are called inside; left out: one, `x`.",
        ),
        must(
            "layers",
            section("layer", "a list of layers, as `[[blocks.NAME.layers]]` or `layers = [...]`", "list"),
            "Its layers, in order.",
        ),
        key(
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
        key("description", TEXT, "What it does."),
    ),
)

COLUMN_NAME: Final = Kind({"type": "string", "minLength": 1}, "the name of a column")
AUGMENT: Final = Kind(
    {"not": {}}, 'a list of layers that vary data, as [{ type = "RandomFlip" }]', family="layers", many=True
)
DATA: Final = Section(
    "data",
    "the data section",
    (
        must(
            "source",
            an("sources", 'a data source: a table with `type`, such as { type = "csv", path = "data.csv" }'),
            "Where the rows come from.",
        ),
        key(
            "inputs",
            section("data_input", "a table [data.inputs.NAME] for each input", "name"),
            "Which columns feed which input.",
        ),
        key(
            "targets",
            section("data_target", "a table [data.targets.OUTPUT] for each output", "name"),
            "Which column each output is compared with.",
        ),
        key("split", section("split", "a table"), "What is kept aside for validation and for the final test."),
        key("batch_size", POSITIVE, "Rows in one step.", 32),
        key("shuffle", BOOLEAN, "Whether training sees the rows in a new order every epoch.", True),
        key("seed", SEED, "Makes split and order repeatable.", 0),
        key(
            "cache",
            either(BOOLEAN, choice("auto")),
            "Whether rows are kept in memory; `auto`: where they fit, and else in a file or read again.",
            "auto",
        ),
        key(
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
        key(
            "on_error",
            choice("stop", "skip"),
            "What to do about rows that can't be read: stop at the first, or leave them out and count them.",
            "stop",
        ),
        key("sample_weight", COLUMN_NAME, "A column that says how much each row counts in the loss."),
        key("augment", AUGMENT, "What varies the images of the only image input while training."),
        key("window", section("window", "a table"), "Windows over rows in order, for time series."),
    ),
)

COLUMN: Final = either(
    Kind({"type": "string", "minLength": 1}, 'the name of a column, or a pattern such as "pixel_*"'),
    Kind({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}, "a list of them"),
)

DECODE: Final = Kind(
    {
        "type": "object",
        "properties": {
            "type": {"enum": ["image", "audio", "text"]},
            "folder": {"type": "string", "minLength": 1},
        },
        "required": ["type"],
        "additionalProperties": False,
    },
    'a table { type = "image" }, or with "audio" or "text", and with `folder` where the paths are relative to one',
)

PAD: Final = either(
    number(),
    Kind(
        {
            "type": "object",
            "properties": {
                "value": {"type": "number"},
                "buckets": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1},
            },
            "additionalProperties": False,
        },
        "a table { value = 0, buckets = [10, 20, 40] }",
    ),
)

DATA_INPUT: Final = Section(
    "data_input",
    "the data of an input",
    (
        key(
            "column",
            COLUMN,
            'The column or columns: a name, a pattern such as "pixel_*", or a list of names.',
        ),
        key("decode", DECODE, "The column names files, and these are read: images, sounds or texts."),
        key(
            "pad",
            PAD,
            "What fills up rows that are shorter than others; `buckets` are lengths: batches are of rows between two.",
            0,
        ),
        key("augment", AUGMENT, "What varies this input while training."),
    ),
)

DATA_TARGET: Final = Section(
    "data_target",
    "the data of a target",
    (
        key("column", COLUMN, "The column or columns: a name, a pattern, or a list of names."),
        key("encode", choice("index", "one_hot"), "How labels become numbers; text labels are indexed anyway."),
        key("decode", DECODE, "The column names files, which are read: images, as masks where pixels have classes."),
        key("pad", number(), "What fills up rows that are shorter than others.", 0),
    ),
)

SHARE: Final = number(minimum=0, below=1)
PART: Final = Kind(dict(SHARE.schema), f"{SHARE.expects}, or a source: a table with `type`", family="sources")
SPLIT: Final = Section(
    "split",
    "the split",
    (
        key("validation", PART, "Share of the rows for validation after each epoch, or a source of its own.", 0),
        key("test", PART, "Share of the rows for the final test, or a source of its own.", 0),
        key("stratify", COLUMN_NAME, "A column whose values are spread evenly over the parts."),
        key("group", COLUMN_NAME, "A column: all rows with the same value come into the same part."),
        key("time", COLUMN_NAME, "A column of times: the last rows are the test, those before them validation."),
        key("column", COLUMN_NAME, 'A column that says of each row "train", "validation" or "test".'),
        key("hash", COLUMN_NAME, "A column that names each row: its part hangs on that alone, whatever else comes."),
        key("folds", integer(minimum=2, maximum=1000), "So many parts, of which each is validation once: k-fold."),
        key("fold", POSITIVE, "Which of the folds is validation, counted from 1; `train --fold` says it.", 1),
    ),
)

WINDOW: Final = Section(
    "window",
    "the window",
    (
        must("length", POSITIVE, "Rows in one window."),
        key("stride", POSITIVE, "Rows from the start of one window to that of the next.", 1),
        key("horizon", COUNT, "Rows from the last of the window to that of its target.", 1),
        key("group", COLUMN_NAME, "A column that tells several series apart."),
    ),
)

SECTIONS: Final = (
    ROOT,
    SWEEP,
    SWEPT,
    ASSERTION,
    INPUT,
    LAYER,
    DECLARATION,
    BLOCK,
    DATA,
    DATA_INPUT,
    DATA_TARGET,
    SPLIT,
    WINDOW,
    TRAINING,
    TRAINING_OUTPUT,
    FORMULA,
    TERM,
    PHASE,
    GRADIENTS,
    RULE,
    RULE_SET,
    CHECKPOINT,
    WEIGHTS,
)

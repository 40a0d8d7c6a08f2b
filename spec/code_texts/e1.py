"""Codes E1: words and values that the language does not have."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E101",
        "the version of the language is missing or unknown",
        "Every spec says in which version of the language it is written, so that it still means the same in years. "
        "There is one version so far, 1. The line also tells a spec from any other TOML or JSON file: without it a "
        "file is not taken for a spec.",
        'name = "digits"\ninputs.image.shape = [8, 8, 1]\n\n[[layers]]\ntype = "Flatten"',
        'keraspec = 1\nname = "digits"\ninputs.image.shape = [8, 8, 1]\n\n[[layers]]\ntype = "Flatten"',
    ),
    Code(
        "E102",
        "a key that the language does not have",
        "The language has few keys of its own, such as `inputs`, `layers`, `data` and `training`, and this is none "
        "of them. Mostly it is a slip of the keyboard, and the help names the key that looks alike. A key that is "
        "not known is never passed over in silence: what you wrote would have no effect.",
        '[trainig]\nloss = "mse"',
        '[training]\nloss = "mse"',
    ),
    Code(
        "E103",
        "something that must be there is missing",
        "Some things can't be guessed: a spec needs `inputs` and `layers`, an entry needs a `type`, and many layers "
        "need an argument that has no usual value, such as the number of `units` of a Dense layer. The help says "
        "what to add and which values it takes. A missing argument is shown at the `type` that asks for it.",
        '[[layers]]\ntype = "Conv2D"\nfilters = 8',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3',
    ),
    Code(
        "E104",
        "an argument that the layer or object does not have",
        "The keys of an entry, besides the few of the language, are the arguments of the Keras object, spelled as "
        "Keras spells them. This object has no argument of that name. It may be misspelt, be called otherwise in "
        "another framework (`out_channels` is `filters`), or belong to another layer. The help names what is near, "
        "or lists what there is.",
        '[[layers]]\ntype = "Dense"\nunits = 10\nactivaton = "softmax"',
        '[[layers]]\ntype = "Dense"\nunits = 10\nactivation = "softmax"',
    ),
    Code(
        "E105",
        "a value of the wrong kind",
        "Each argument takes values of a certain kind: a whole number, a number, text in quotes, true or false, a "
        'list, a table. "64" in quotes is text and no number, and true is not 1. A number without fraction is whole '
        "however it is written, so 64.0 and 1e3 are fine where a whole number is asked for.",
        '[[layers]]\ntype = "Dense"\nunits = "64"\nuse_bias = 1',
        '[[layers]]\ntype = "Dense"\nunits = 64\nuse_bias = true',
    ),
    Code(
        "E106",
        "a value too small, too large or of the wrong length",
        "The value is of the right kind but lies outside what makes sense: a layer can't have 0 units, a share of "
        "the rows can't be more than all of them, and the kernel of a Conv2D has two sizes, not three. The message "
        "says which values are allowed.",
        '[[layers]]\ntype = "Conv2D"\nfilters = 0\nkernel_size = [3, 3, 3]',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = [3, 3]',
    ),
    Code(
        "E107",
        "a word that is none of the choices",
        "This argument takes one of a few words, and the message lists them all. Words are written in small letters "
        "and in full, exactly as Keras has them.",
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3\npadding = "smae"',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3\npadding = "same"',
    ),
    Code(
        "E108",
        "there is no layer, optimizer, loss, … of that name",
        "Layers and other objects are called as in Keras, capital letters included: `Conv2D`, `MaxPooling2D`, "
        '`LSTM`. Many objects besides layers also have short names: "adam", "mse", "relu". The help names the one '
        "that looks most alike. If it should exist, see whether it is a layer of your own or of another package: "
        "those are not known here.",
        '[[layers]]\ntype = "Conv2d"\nfilters = 8\nkernel_size = 3',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3',
    ),
    Code(
        "E109",
        "a key of the top level stands inside a table",
        "In TOML every line below `[...]` or `[[...]]` belongs to that table, up to the next such line. So "
        "`outputs = [...]` at the end of the file belongs to the last layer, although it looks as if it stood alone. "
        "Move the line up, above the first line in square brackets.",
        '[[layers]]\nname = "digit"\ntype = "Dense"\nunits = 10\n\noutputs = ["digit"]',
        'outputs = ["digit"]\n\n[[layers]]\nname = "digit"\ntype = "Dense"\nunits = 10',
    ),
    Code(
        "E110",
        "a part of the language that is not carried out here",
        "You have made no mistake: the spec is good, and `keraspec train` carries it out. A Keras program of its own, "
        "as `keraspec python --train` writes it, does without some of the language, such as phases, rules and loss "
        "terms; and what a later version of the language has, this one may not carry out yet (`keraspec --version` "
        "says which one you have). Write the spec without it, or train with `keraspec train`.",
        '[training]\nloss = "mse"\n\n[[training.phases]]\nepochs = 2',
        '[training]\nloss = "mse"\nepochs = 2',
    ),
    Code(
        "E111",
        "an object that can't stand in a spec",
        "A spec is data: reading it runs nothing that its author wrote, so that you may open a spec of somebody you "
        "do not know. Some Keras objects are made of Python functions, and others only make sense inside a program; "
        "these are refused. The help says what to use instead.",
        '[training]\nloss = "mse"\ncallbacks = [{ type = "LambdaCallback" }]',
        '[training]\nloss = "mse"\ncallbacks = [{ type = "EarlyStopping", monitor = "loss" }]',
    ),
    Code(
        "E112",
        "keys that exclude each other",
        "An entry is one of three things: a new layer (`type`), an instance of a block (`block`), or an earlier "
        "entry called once more with the same weights (`reuse`). A reused entry has its arguments already, so beside "
        "`reuse` only `name`, `inputs` and `call` may stand.",
        '[[layers]]\nname = "tower"\ntype = "Dense"\nunits = 1\n\n[[layers]]\nreuse = "tower"\nactivation = "relu"',
        '[[layers]]\nname = "tower"\ntype = "Dense"\nunits = 1\nactivation = "relu"\n\n[[layers]]\nreuse = "tower"',
    ),
    Code(
        "E113",
        "not a possible name",
        "Names of inputs and layers are made of letters without accents, digits, `_` and `-`, and begin with a "
        "letter or `_`. So a reference such as `lstm[1]` or `head.boxes` can be told from a name, and the names are "
        "good for files, diagrams and the summary of the model.",
        '[[layers]]\nname = "the digit"\ntype = "Dense"\nunits = 10',
        '[[layers]]\nname = "the_digit"\ntype = "Dense"\nunits = 10',
    ),
    Code(
        "E114",
        "arguments that contradict each other",
        "Each of these values is allowed by itself, but not together with the other. Keras would refuse the layer "
        "when the model is built; here it is said at once, with both places. Keep the one that you need.",
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3\nstrides = 2\ndilation_rate = 2',
        '[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3\ndilation_rate = 2',
    ),
    Code(
        "E116",
        "the installed Keras does not have this",
        "The spec is right, but the Keras on this computer is older, or newer, than the layer, object or argument it "
        "uses. keraspec knows which release of Keras brought what, and looks up which one is installed. Install the "
        "one that is named, or write the spec without it: a model that must run on several computers is best made of "
        "what all of them have.",
        '[[layers]]\ntype = "Dense"\nunits = 8\n\n[[layers]]\ntype = "BatchNormalization"\nrenorm = true',
        '[[layers]]\ntype = "Dense"\nunits = 8\n\n[[layers]]\ntype = "BatchNormalization"',
    ),
    Code(
        "E117",
        "an object of a plugin that is not known",
        "A name with a dot, such as `my_package.MyLayer`, is an object of a plugin: of a Python package, or a file, "
        "that brings layers, losses or data sources of its own. Using it runs its code, so keraspec loads it only when "
        "the person at the keyboard says its name: `keraspec check --allow-plugin my_package model.keraspec.toml`. "
        "Everything else in the spec is checked and drawn all the same; what comes out of the plugin's layer, and "
        "what hangs on it, stays unknown. The same is said where the plugin itself fails to tell a shape.",
        '[[layers]]\ntype = "my_package.MyLayer"\n\n[[layers]]\ntype = "Dense"\nunits = 10',
        '[[layers]]\ntype = "Dense"\nunits = 10',
    ),
)

"""What two people do to one file: of every kind, with what is to come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .specs import OLD, PLAIN, gallery

Edits = Sequence[tuple[str, str]]
"""What stands in a text, and what somebody writes in its place."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Two people's edits of a file. ``both`` is what they make of it together, left out: the edits of both.

    ``turned`` is what they make of it where theirs is merged into, if that is another text. Of a true conflict
    ``choices`` has the file as it is when our side is chosen wherever there is a mark, and when
    theirs is.
    """

    what: str
    path: str
    ours: Edits
    theirs: Edits
    both: Edits | None = None
    choices: tuple[Edits, Edits] | None = None
    turned: Edits | None = None

    def text(self, base: str, edits: Edits) -> str:
        """The file with edits."""
        for old, new in edits:
            assert base.count(old) == 1, f"{self.path}: {base.count(old)} times {old!r}"
            base = base.replace(old, new)
        return base

    def wanted(self, base: str, *, turned: bool = False) -> tuple[str, str]:
        """The file when our side is chosen at every mark, and when theirs is; the same twice without a conflict.

        ``turned``: it is theirs that mine is merged into, as a rebase does.
        """
        if turned and self.turned is not None:
            return (self.text(base, self.turned),) * 2
        if self.choices is not None:
            return self.text(base, self.choices[0]), self.text(base, self.choices[1])
        made = self.text(base, [*self.ours, *self.theirs] if self.both is None else self.both)
        return made, made


FIRST: Final = '  { name = "a", type = "Dense", units = 1, inputs = "x" },\n'
SECOND: Final = '  { name = "b", type = "Dense", units = 2, inputs = "x" },\n'
FOURTH: Final = '  { name = "d", type = "Dense", units = 4, inputs = "x" },\n'
PERSON: Final = """[[layers]]
name = "years"
type = "Rescaling"
inputs = "age"
scale = 0.01

"""
LAST: Final = '  { name = "class", type = "Dense", units = 1000, activation = "softmax" },\n'
BEFORE_CLASS: Final = '  { type = "Dropout", rate = "${dropout}" },\n  { name = "class"'
RELU: Final = '"activation": "relu" },'
GELU: Final = '"activation": "gelu" },\n    { "type": "Dropout", "rate": 0.1 },'
IN_BRACES: Final = """layers = [
  # What the picture is made of.
  { name = "first", block = "unit", filters = 16 },
  { type = "MaxPooling2D" },
  { name = "second", block = "unit", filters = 32, rate = 0.2 },  # more of it
  { name = "thing", block = "head", classes = 10 },
]

[training]"""
IN_HEADERS: Final = PLAIN[PLAIN.index("# What") : PLAIN.index("[training]") + len("[training]")]

KINDS: Final = (
    Kind("different layers", gallery("lenet5"), [("filters = 6,", "filters = 8,")], [("units = 84", "units = 96")]),
    Kind("different keys of one layer", gallery("vgg16"), [("units = 4096, activation", "units = 2048, activation")],
         [('activation = "relu" },\n  { name = "class"', 'activation = "gelu" },\n  { name = "class"')],
         both=[('units = 4096, activation = "relu"', 'units = 2048, activation = "gelu"')]),
    Kind("one key, two values", gallery("text_cnn"), [("rate = 0.5", "rate = 0.4"), ("= 1.0 }", "= 0.5 }")],
         [("rate = 0.5", "rate = 0.6"), ("epochs = 10", "epochs = 12")],
         choices=([("rate = 0.5", "rate = 0.4"), ("= 1.0 }", "= 0.5 }"), ("epochs = 10", "epochs = 12")],
                  [("rate = 0.5", "rate = 0.6"), ("= 1.0 }", "= 0.5 }"), ("epochs = 10", "epochs = 12")])),
    Kind("one key, the same value; a parameter that is new", gallery("lstm_tagger"),
         [("dropout = 0.3", "dropout = 0.2\nword = 128"), ("output_dim = 100", 'output_dim = "${word}"')],
         [("dropout = 0.3", "dropout = 0.2"), ("depth = 2", "depth = 3")],
         both=[("dropout = 0.3", "dropout = 0.2\nword = 128"), ("output_dim = 100", 'output_dim = "${word}"'),
               ("depth = 2", "depth = 3")]),
    Kind("a layer with a new name, and one who refers to it", gallery("unet"),
         [('name = "dropout"', 'name = "thin"'), ('inputs = ["dropout", "down', 'inputs = ["thin", "down')],
         [("rate = 0.5", "rate = 0.4"),
          ('softmax" },\n]', 'softmax" },\n  { name = "far", type = "GlobalAveragePooling2D", inputs = "dropout" },\n'
                             ']\noutputs = ["class", "far"]')],
         both=[('name = "dropout"', 'name = "thin"'), ('inputs = ["dropout", "down', 'inputs = ["thin", "down'),
               ("rate = 0.5", "rate = 0.4"),
               ('softmax" },\n]', 'softmax" },\n  { name = "far", type = "GlobalAveragePooling2D", inputs = "thin" },\n'
                                  ']\noutputs = ["class", "far"]')]),
    Kind("a layer that one took out and the other changed", gallery("transformer_classifier"),
         [(BEFORE_CLASS, '  { name = "class"')], [(BEFORE_CLASS, BEFORE_CLASS.replace('"${dropout}"', "0.3"))],
         choices=([(BEFORE_CLASS, '  { name = "class"')],
                  [(BEFORE_CLASS, BEFORE_CLASS.replace('"${dropout}"', "0.3"))])),
    Kind("two new layers at one place", gallery("resnet50"),
         [(LAST, '  { type = "Dropout", rate = 0.2 },\n' + LAST)],
         [(LAST, '  { name = "squash", type = "Dense", units = 512 },  # for the small ones\n' + LAST)],
         both=[(LAST, '  { type = "Dropout", rate = 0.2 },\n'
                      '  { name = "squash", type = "Dense", units = 512 },  # for the small ones\n' + LAST)],
         turned=[(LAST, '  { name = "squash", type = "Dense", units = 512 },  # for the small ones\n'
                        '  { type = "Dropout", rate = 0.2 },\n' + LAST)]),
    Kind("two new layers of one name", gallery("convnext_tiny"),
         [(LAST, '  { name = "drop", type = "Dropout", rate = 0.2 },\n' + LAST)],
         [(LAST, '  { name = "drop", type = "Dropout", rate = 0.3 },\n' + LAST)],
         choices=([(LAST, '  { name = "drop", type = "Dropout", rate = 0.2 },\n' + LAST)],
                  [(LAST, '  { name = "drop", type = "Dropout", rate = 0.3 },\n' + LAST)])),
    Kind("comments here, numbers there", gallery("wavenet"),
         [("# levels 0 to 255", "# loudness 0 to 255"), ("three times 1,023 samples", "so many times 1,023 samples"),
          ("# Behind the last unit there are only the skips.", "# The last unit has skips alone.")],
         [("stacks = { default = 3", "stacks = { default = 4"), ("channels = 32", "channels = 64"),
          ('{ name = "on", type = "Conv1D"', '{ name = "on", type = "Conv1D", use_bias = false')]),
    Kind("a layer that one moved and the other changed", gallery("two_tower"),
         [(PERSON, ""), ('# The person.\n', "# The person.\n" + PERSON)], [("scale = 0.01", "scale = 0.02")],
         both=[(PERSON, ""), ("# The person.\n", "# The person.\n" + PERSON.replace("0.01", "0.02"))]),
    Kind("an order of one, an order of the other", "nets/heads.keraspec.toml",
         [(SECOND, ""), (FOURTH, FOURTH + SECOND)], [(FIRST + SECOND, SECOND + FIRST)],
         choices=([(SECOND, ""), (FOURTH, FOURTH + SECOND)], [(FIRST + SECOND, SECOND + FIRST)])),
    Kind("data here, training there, in a base", "nets/base.keraspec.toml",
         [("batch_size = 16", "batch_size = 32"), ("validation = 0.2", "validation = 0.1\ntest = 0.1")],
         [("patience = 3 },\n", 'patience = 3 },\n  { type = "TerminateOnNaN" },\n'),
          ("0.001 }", "0.001, beta_1 = 0.8 }"),
          ("# As long as it gets better.", "# As long as it gets better, and no longer.")]),
    Kind("the base was changed, and this lies over it", "nets/small.keraspec.toml",
         [("epochs = 5\n", "epochs = 6\n")], [("units = 8\n", 'units = 8\nactivation = "gelu"\n')]),
    Kind("a block that both changed", "blocks/units.keraspec.toml",
         [("kernel_size = 3", "kernel_size = 5"), ('  { type = "ReLU" },\n', '  { type = "LeakyReLU" },\n'),
          ("rate = 0.1", "rate = 0.2")],
         [('padding = "same" }', 'padding = "same", use_bias = false }'), ("classes = {}", "classes = 10"),
          ('name = "class"\n', 'name = "class"\nkernel_initializer = "zeros"\n')]),
    Kind("another layout here, numbers there", "nets/plain.keraspec.toml", [(IN_HEADERS, IN_BRACES)],
         [("filters = 32", "filters = 48"), ("classes = 10", "classes = 12"), ("epochs = 3", "epochs = 4")],
         both=[(IN_HEADERS, IN_BRACES.replace("filters = 32", "filters = 48").replace("classes = 10", "classes = 12")),
               ("epochs = 3", "epochs = 4")]),
    Kind("keys of one layer in JSON", "nets/table.keraspec.json",
         [(f'"units": 32, {RELU}', f'"units": 48, {RELU}'), ('"epochs": 10', '"epochs": 11')],
         [(f'"units": 32, {RELU}', f'"units": 32, {GELU}')],
         both=[(f'"units": 32, {RELU}', f'"units": 48, {GELU}'), ('"epochs": 10', '"epochs": 11')]),
    Kind("one key, two values, in JSON", "nets/tower.keraspec.json", [('"repeat": 4', '"repeat": 6'), ("[12]", "[14]")],
         [('"repeat": 4', '"repeat": 8')],
         choices=([('"repeat": 4', '"repeat": 6'), ("[12]", "[14]")],
                  [('"repeat": 4', '"repeat": 8'), ("[12]", "[14]")])),
)  # fmt: skip

RENAMED: Final = ("nets/old.keraspec.toml", "nets/sound.keraspec.toml")
"""What we gave another name while they doubled its width."""
GONE: Final = "nets/gone.keraspec.toml"
"""What we took away while they doubled its width."""
NEW: Final = "nets/new.keraspec.toml"
"""What both wrote, each with a number of its own."""
NEW_TEXTS: Final = (
    OLD.replace('"old"', '"new"'),
    OLD.replace('"old"', '"new"').replace("kernel_size = 5", "kernel_size = 3"),
)

"""Codes E61 to E63: parameters, blocks, files laid over files."""

from __future__ import annotations

from typing import Final

from .code import Code

_DENSE = '[blocks.wide]\nparameters = { units = {} }\nlayers = [{ type = "Dense", units = "${units}" }]'
_PAIR = '[blocks.both]\ninputs = ["left", "right"]\nlayers = [{ type = "Add", inputs = ["left", "right"] }]'

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E610",
        "a block that is not there",
        "`block` names a block that is defined in `[blocks.NAME]`, in this file or in one that it includes or extends. "
        "There is none of this name. Check the spelling, capital letters too, and that the file which has the block is "
        "named in `include`.",
        f'[[layers]]\nblock = "wiede"\nunits = 3\n\n[[layers]]\nblock = "wide"\nunits = 3\n\n{_DENSE}',
        f'[[layers]]\nblock = "wide"\nunits = 3\n\n{_DENSE}',
    ),
    Code(
        "E611",
        "a block that contains itself",
        "A block is replaced by its layers. If one of these is the block again, directly or by way of others, there "
        "would be no end of it. Take one of the uses away. What is to happen several times in a row is `repeat`.",
        '[[layers]]\nblock = "deep"\n\n[blocks.deep]\nlayers = [{ type = "ReLU" }, { block = "deep" }]',
        '[[layers]]\nblock = "deep"\nrepeat = 3\n\n[blocks.deep]\nlayers = [{ type = "ReLU" }]',
    ),
    Code(
        "E612",
        "a parameter that the block does not have",
        "Beside `block` stand the parameters of that block, and the language's own keys `name`, `inputs`, `repeat`, "
        "`each` and `when`. This word is neither. Check the spelling, or declare the parameter in the block.",
        f'[[layers]]\nblock = "wide"\nunits = 3\nunit = 4\n\n{_DENSE}',
        f'[[layers]]\nblock = "wide"\nunits = 3\n\n{_DENSE}',
    ),
    Code(
        "E613",
        "a parameter without a value",
        "A parameter declared without a default, as `{}` says, must be given a value by whoever uses it: beside "
        "`block` for those of a block, in a file that extends this one or by `--set` for those of the spec. Give it "
        "one, or give the declaration a default.",
        f'[[layers]]\nblock = "wide"\n\n{_DENSE}',
        f'[[layers]]\nblock = "wide"\nunits = 3\n\n{_DENSE}',
    ),
    Code(
        "E614",
        "a value that the parameter does not admit",
        "A declaration can say what values make sense: a `type`, a list of all of them (`enum`), a `minimum` and a "
        "`maximum`. This value is none of those. Choose another one, or change the declaration.",
        '[[layers]]\ntype = "Dense"\nunits = "${units}"\n\n[parameters]\nunits = { minimum = 1, default = 0 }',
        '[[layers]]\ntype = "Dense"\nunits = "${units}"\n\n[parameters]\nunits = { minimum = 1, default = 8 }',
    ),
    Code(
        "E615",
        "a declaration that can't be read",
        "A parameter is a default value, or a table with `type`, `enum`, `minimum`, `maximum`, `default` and "
        "`description`. So a table that is meant as the value itself is written `NAME.default = { … }`. Names that the "
        "language needs for itself, such as `type`, `index` or `max`, can't be names of parameters.",
        '[[layers]]\ntype = "Dense"\nunits = "${sizes[1]}"\n\n[parameters]\nsizes = { 1 = 8, 2 = 16 }',
        '[[layers]]\ntype = "Dense"\nunits = "${sizes[1]}"\n\n[parameters]\nsizes.default = { 1 = 8, 2 = 16 }',
    ),
    Code(
        "E616",
        "parameters that wait for each other",
        "The default of a parameter may use other parameters, in any order. Here they use each other in a circle, so "
        "none of them ever gets a value. The message names the way round. Give one of them a value of its own.",
        '[[layers]]\ntype = "Dense"\nunits = "${a}"\n\n[parameters]\na = "${2 * b}"\nb = "${a // 2}"',
        '[[layers]]\ntype = "Dense"\nunits = "${a}"\n\n[parameters]\na = "${2 * b}"\nb = 4',
    ),
    Code(
        "E617",
        "not something to decide or to count by",
        "`repeat` takes a whole number or a list, `each` a list, `when` true or false, `block` the name of a block. "
        'All may be worked out by an expression, which stands in braces: `when = "${deep}"`.',
        '[[layers]]\ntype = "ReLU"\nwhen = "deep"',
        '[[layers]]\ntype = "ReLU"\nwhen = "${size > 18}"\n\n[parameters]\nsize = 50',
    ),
    Code(
        "E618",
        "keys that exclude each other",
        "`repeat` puts instances in series, `each` side by side: one entry can't do both. Put one of them in a block, "
        "and the other where the block is used. An instance of a block takes no `call`, which belongs to one layer.",
        '[[layers]]\ntype = "ReLU"\nrepeat = 2\neach = [1, 2]',
        '[[layers]]\ntype = "ReLU"\nrepeat = 2',
    ),
    Code(
        "E619",
        "too many layers",
        "A few lines with `repeat` inside `repeat` can mean more layers than a computer could hold. There is a limit, "
        "far above what can be trained. Mostly a number is too large by mistake. Make `repeat` smaller.",
        '[[layers]]\ntype = "ReLU"\nrepeat = 1000000000',
        '[[layers]]\ntype = "ReLU"\nrepeat = 10',
    ),
    Code(
        "E620",
        "tensors that do not fit the inputs of a block",
        "A block says in `inputs` what its tensors are called inside; without that it has one, `x`. Whoever uses it "
        "gives it as many: one reference, a list in that order, or a table of them by name.",
        f'[[layers]]\nblock = "both"\ninputs = ["image"]\n\n{_PAIR}',
        f'[[layers]]\nblock = "both"\ninputs = {{ left = "image", right = "image" }}\n\n{_PAIR}',
    ),
    Code(
        "E621",
        "something inside an entry that is not there",
        "An entry whose `when` is false, or that is repeated 0 times, is left out and stands for its own first input. "
        "So its name can be used as ever, but there is nothing inside it that could be referred to.",
        '[[layers]]\nname = "deep"\nblock = "pair"\nwhen = false\n\n'
        '[[layers]]\ntype = "ReLU"\ninputs = "deep.first"\n\n'
        '[blocks.pair]\nlayers = [{ name = "first", type = "ReLU" }, { type = "ReLU" }]',
        '[[layers]]\nname = "deep"\nblock = "pair"\nwhen = false\n\n'
        '[[layers]]\ntype = "ReLU"\ninputs = "deep"\n\n'
        '[blocks.pair]\nlayers = [{ name = "first", type = "ReLU" }, { type = "ReLU" }]',
    ),
    Code(
        "E622",
        "several where one is meant",
        "The name of an entry with `each` stands for all of its instances, side by side. That works where a list is "
        "wanted. Elsewhere say which one is meant by its number, from 0: `branch.0`.",
        '[[layers]]\nname = "branch"\ntype = "Dense"\nunits = "${item}"\neach = [4, 4]\n\n'
        '[[layers]]\ntype = "Add"\ninputs = "branch"\n\n[[layers]]\ntype = "ReLU"\ninputs = "branch[1]"',
        '[[layers]]\nname = "branch"\ntype = "Dense"\nunits = "${item}"\neach = [4, 4]\n\n'
        '[[layers]]\ntype = "Add"\ninputs = "branch"',
    ),
    Code(
        "E623",
        "a block that is no block",
        "A block has `layers`, a list of at least one. It may have `parameters`, `inputs` (names for its tensors), "
        "`outputs` and a `description`. Nothing else can stand in it.",
        '[[layers]]\nblock = "thin"\n\n[blocks.thin]\nlayers = []',
        '[[layers]]\nblock = "thin"\n\n[blocks.thin]\nlayers = [{ type = "ReLU" }]',
    ),
    Code(
        "E624",
        "a file of blocks, of which a model was asked",
        "A file with `blocks` and neither `inputs` nor `layers` is there for others to include. It can be checked, but "
        "there is nothing in it to show, draw, build or train. Name the spec that includes it.",
        '[blocks.pair]\nlayers = [{ type = "ReLU" }, { type = "ReLU" }]',
        '[[layers]]\nblock = "pair"\n\n[blocks.pair]\nlayers = [{ type = "ReLU" }, { type = "ReLU" }]',
    ),
    Code(
        "E630",
        "another file that can't be read",
        "`extends` and `include` name other specs. Their paths are relative to the file in which they stand. There is "
        "no such file, or it can't be opened. Check the spelling and the folder.",
        'extends = "no-such-base.keraspec.toml"',
        'name = "all in one file"',
    ),
    Code(
        "E631",
        "files that name each other in a circle",
        "A file that extends or includes another is read after it. Here that one, directly or by way of others, names "
        "the first again, so none could be read first. Put what both need into a third file.",
        'include = ["<text>"]',
        'name = "all in one file"',
    ),
    Code(
        "E632",
        "a change that changes nothing",
        "With `extends` a file is laid over another. An entry of `layers` that has only a name changes the one below "
        "that is called so, `before` and `after` place it, `remove = true` takes it away. If there is no such entry, "
        "or no file below, the change would be lost without a word. Check the names.",
        '[[layers]]\nname = "top"\ntype = "ReLU"\nafter = "stem"',
        '[[layers]]\nname = "top"\ntype = "ReLU"',
    ),
    Code(
        "E633",
        "a name that two blocks have",
        "The blocks of all included files and of the file itself are one table, in which a name stands for one block. "
        "Rename one of the two. To change a block that another file defines, lay a file over it with `extends`.",
        'include = ["E633.keraspec.toml"]\n\n[blocks.wide]\nlayers = [{ type = "ReLU" }]',
        'name = "all in one file"',
    ),
)

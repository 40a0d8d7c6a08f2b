"""Codes E2: layers that are not connected as they should be."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E201",
        "a name that nothing has",
        "`inputs`, `reuse` and `outputs` name inputs of the model and entries that have a `name`. Nothing above this "
        "line is called so. Check the spelling, capital letters too; if you meant an entry that has no `name` yet, "
        "give it one.",
        '[[layers]]\nname = "conv1"\ntype = "Dense"\nunits = 8\n\n[[layers]]\ntype = "Flatten"\ninputs = "conv_1"',
        '[[layers]]\nname = "conv1"\ntype = "Dense"\nunits = 8\n\n[[layers]]\ntype = "Flatten"\ninputs = "conv1"',
    ),
    Code(
        "E202",
        "the tensors go in a circle",
        "A network is computed from its inputs to its outputs, each entry after those it takes its tensors from. "
        "Here an entry waits, directly or by way of others, for its own result, so nothing could ever begin. The "
        "message names the way round. Let one of them take its tensor from elsewhere; what is to repeat over time "
        "is a recurrent layer, such as `LSTM`.",
        '[[layers]]\nname = "a"\ntype = "Add"\ninputs = ["image", "b"]\n\n'
        '[[layers]]\nname = "b"\ntype = "ReLU"\ninputs = "a"',
        '[[layers]]\nname = "b"\ntype = "ReLU"\n\n[[layers]]\nname = "a"\ntype = "Add"\ninputs = ["image", "b"]',
    ),
    Code(
        "E203",
        "a reference to an entry further down",
        "The list of layers is read from top to bottom, and an entry may only use what stands above it. So whoever "
        "reads a spec knows each thing before it is used. Move the entry that is used above this one.",
        '[[layers]]\nname = "sum"\ntype = "Add"\ninputs = ["image", "wide"]\n\n'
        '[[layers]]\nname = "wide"\ntype = "ReLU"\ninputs = "image"',
        '[[layers]]\nname = "wide"\ntype = "ReLU"\ninputs = "image"\n\n'
        '[[layers]]\nname = "sum"\ntype = "Add"\ninputs = ["image", "wide"]',
    ),
    Code(
        "E204",
        "a name that is taken",
        "Inputs and layers share their names, and each name stands for one thing, so that a reference can mean only "
        "that. The second place shows who has the name. Choose another one here, and write it where this entry is "
        "meant.",
        '[[layers]]\nname = "image"\ntype = "Flatten"',
        '[[layers]]\nname = "flat"\ntype = "Flatten"',
    ),
    Code(
        "E205",
        "an entry that reaches no output",
        "What an entry computes must go somewhere, to a later entry or out of the model. Nothing uses the result of "
        "this one, so it would learn nothing and change nothing: mostly a sign that an `inputs` further down names "
        "the wrong entry. Of a whole branch only its end is reported. Use it, list it in `outputs`, or take it away.",
        '[[layers]]\nname = "trunk"\ntype = "Flatten"\n\n[[layers]]\nname = "side"\ntype = "Dense"\nunits = 8\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 1\ninputs = "trunk"',
        '[[layers]]\nname = "trunk"\ntype = "Flatten"\n\n[[layers]]\nname = "side"\ntype = "Dense"\nunits = 8\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 1\ninputs = "side"',
    ),
    Code(
        "E207",
        "the wrong number of tensors",
        "Most layers take one tensor; `Add`, `Concatenate` and the like take a list of them; attention layers take "
        'several with names, so they want a table: `inputs = { query = "a", value = "b" }`. Where two branches '
        "meet before a layer that takes one, join them first with `Add` or `Concatenate`.",
        'inputs.a.shape = [16]\ninputs.b.shape = [16]\n\n[[layers]]\ntype = "Dense"\nunits = 8\ninputs = ["a", "b"]',
        'inputs.a.shape = [16]\ninputs.b.shape = [16]\n\n[[layers]]\ntype = "Concatenate"\ninputs = ["a", "b"]\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 8',
    ),
    Code(
        "E208",
        "there is no such output of a layer",
        "Some layers give several tensors, and `[n]` behind the name picks one of them, counted from 0: `lstm[0]` is "
        "the sequence or last output, `lstm[1]` the first state. This layer gives fewer. Recurrent layers give their "
        "states only with `return_state = true`.",
        'inputs.text.shape = [20, 16]\n\n[[layers]]\nname = "memory"\ntype = "LSTM"\nunits = 8\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 1\ninputs = "memory[1]"',
        'inputs.text.shape = [20, 16]\n\n[[layers]]\nname = "memory"\ntype = "LSTM"\nunits = 8\nreturn_state = true\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 1\ninputs = "memory[1]"',
    ),
    Code(
        "E209",
        "a reference to a generated name",
        "An entry without `name` gets one for tables and diagrams: `dense`, `dense_1`, and so on. These numbers move "
        "when a layer is added above, and a reference would then silently mean another layer. So what you refer to, "
        "you name.",
        '[[layers]]\ntype = "Flatten"\n\n[[layers]]\ntype = "Dense"\nunits = 10\ninputs = "flatten"',
        '[[layers]]\nname = "flat"\ntype = "Flatten"\n\n[[layers]]\ntype = "Dense"\nunits = 10\ninputs = "flat"',
    ),
    Code(
        "E211",
        "an input can't be reused",
        "`reuse` calls an earlier layer once more with the same weights. An input of the model is data that comes "
        "in; it has no weights and nothing to call. To use it a second time, simply name it in `inputs`.",
        '[[layers]]\ntype = "Flatten"\n\n[[layers]]\nreuse = "image"',
        '[[layers]]\nname = "flat"\ntype = "Flatten"\n\n[[layers]]\ntype = "Dense"\nunits = 8\ninputs = "flat"',
    ),
    Code(
        "E212",
        "a reference that can't be read",
        "A reference is a name, perhaps with dots going inward, and at most one number in square brackets at its "
        'end: "conv1", "lstm[1]". Several references are a list of texts, not one text with commas.',
        'inputs.a.shape = [16]\ninputs.b.shape = [16]\n\n[[layers]]\ntype = "Add"\ninputs = "a, b"',
        'inputs.a.shape = [16]\ninputs.b.shape = [16]\n\n[[layers]]\ntype = "Add"\ninputs = ["a", "b"]',
    ),
    Code(
        "E213",
        "a layer is not called with that",
        "When a layer is called it takes tensors, which stand in `inputs`, and sometimes further options, which "
        "stand in `call`. This layer has none of that name. Often it is misspelt; or it is an argument of the layer "
        "itself, which stands directly in the entry.",
        'inputs.a.shape = [10, 16]\n\n[[layers]]\ntype = "MultiHeadAttention"\nnum_heads = 2\nkey_dim = 8\n'
        'inputs = { query = "a", value = "a" }\ncall = { use_casual_mask = true }',
        'inputs.a.shape = [10, 16]\n\n[[layers]]\ntype = "MultiHeadAttention"\nnum_heads = 2\nkey_dim = 8\n'
        'inputs = { query = "a", value = "a" }\ncall = { use_causal_mask = true }',
    ),
    Code(
        "E214",
        "the first entry does not say which input it takes",
        "An entry without `inputs` takes the result of the entry before it; the first one takes the input of the "
        "model. With several inputs that is not clear any more, so the first entry must say which one it means.",
        'inputs.left.shape = [16]\ninputs.right.shape = [16]\n\n[[layers]]\ntype = "Add"',
        'inputs.left.shape = [16]\ninputs.right.shape = [16]\n\n[[layers]]\ntype = "Add"\ninputs = ["left", "right"]',
    ),
)

"""Connections: what people get wrong with names, circles, branches and numbers of tensors."""

from __future__ import annotations

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.spec.report import full

HEAD = "keraspec = 1\ninputs.x.shape = [8, 3]\n"
TWO = "keraspec = 1\ninputs.x.shape = [8, 3]\ninputs.y.shape = [8, 3]\n"


def entries(*each: str) -> str:
    """Entries as `name: Type argument = value, …`, or without `name:`."""
    text = ""
    for one in each:
        head, _, rest = one.partition(" ")
        name = f'name = "{head[:-1]}"\n' if head.endswith(":") else ""
        if name:
            head, _, rest = rest.partition(" ")
        what = f'reuse = "{head[1:]}"\n' if head.startswith("@") else f'type = "{head}"\n'
        text += "[[layers]]\n" + name + what + rest.replace("; ", "\n") + "\n"
    return text


def check(text: str) -> Checked:
    return compile_text(text, path="s")


def said(text: str) -> list[str]:
    return [f"{one.code} {one.place.source.text[one.place.start : one.place.end]}" for one in check(text).diagnostics]


def test_a_chain_needs_no_names() -> None:
    checked = check(HEAD + entries("Dense units = 4", "ReLU", "Dense units = 2"))
    assert checked.diagnostics == ()
    assert checked.graph is not None
    assert list(checked.graph.nodes) == ["x", "dense", "re_lu", "dense_1"]
    assert list(checked.graph.outputs) == ["output"]
    assert sorted(checked.graph.dag.edges) == [("dense", "re_lu"), ("re_lu", "dense_1"), ("x", "dense")]


@pytest.mark.parametrize(
    ("layers", "expected", "help"),
    [
        (["conv1: Dense units = 4", 'Dense units = 2; inputs = "conv2"'], 'E201 "conv2"', 'did you mean "conv1"?'),
        (["a: Dense units = 4", 'Dense units = 2; inputs = "zzz"'], 'E201 "zzz"', "the names so far: `x` and `a`"),
        (["a: Dense units = 4", 'Dense units = 2; inputs = "A"'], 'E201 "A"', 'did you mean "a"?'),
        (["a: Dense units = 4", "@b"], 'E201 "b"', "the names so far: `a`"),
        (["a: Dense units = 4", 'ReLU inputs = "a.b"'], 'E201 "a.b"', 'write "a"; one of several outputs is "a[0]"'),
        (["a: Dense units = 4", 'ReLU inputs = "a[1]"'], 'E208 "a[1]"', 'write "a"'),
        (
            ["a: LSTM units = 4", 'ReLU inputs = "a[2]"'],
            'E208 "a[2]"',
            "for its states write `return_state = true` in `a`",
        ),
        (["a: LSTM units = 4; return_state = true", 'ReLU inputs = "a[3]"'], 'E208 "a[3]"', "count from 0"),
        (['ReLU inputs = "x[1]"'], 'E208 "x[1]"', 'write "x"'),
        (['ReLU inputs = "x[b]"'], 'E212 "x[b]"', None),
        (['ReLU inputs = "x[-1]"'], 'E212 "x[-1]"', None),
        (['ReLU inputs = "x.[0]"'], 'E212 "x.[0]"', None),
        (['ReLU inputs = " "'], 'E212 " "', None),
        (['Add inputs = "x, y"'], 'E212 "x, y"', 'several names are a list: ["x", "y"]'),
        (["ReLU", 'ReLU inputs = "re_lu"'], 'E209 "re_lu"', 'give the ReLU a name of its own: `name = "re_lu"`'),
        (['Add inputs = ["x", "re_lu"]', "ReLU"], 'E209 "re_lu"', 'give the ReLU a name of its own: `name = "re_lu"`'),
        (["ReLU", "@re_lu"], 'E209 "re_lu"', 'give the ReLU a name of its own: `name = "re_lu"`'),
        (["@x"], 'E211 "x"', "name an earlier layer entry"),
        (["r: @r"], 'E203 "r"', "name an earlier layer entry, or write a `type`"),
        (["r: @later", "later: ReLU"], 'E203 "later"', "write the `type` here, and `reuse` in `later`"),
        (["x: ReLU"], 'E204 "x"', "choose another name, and write it where this entry is meant"),
    ],
)
def test_references(layers: list[str], expected: str, help: str | None) -> None:
    text = HEAD + entries(*layers)
    assert said(text) == [expected]
    if help is not None:
        assert check(text).diagnostics[0].help == help


@pytest.mark.parametrize(
    ("layers", "path"),
    [
        (['a: ReLU inputs = "a"'], "a → a"),
        (['a: ReLU inputs = "b"', 'b: ReLU inputs = "a"'], "a → b → a"),
        (['a: ReLU inputs = "b"', "b: ReLU"], "a → b → a"),
        (['a: Add inputs = ["x", "e"]', "b: ReLU", "c: ReLU", "d: ReLU", "e: ReLU"], "a → b → c → d → e → a"),
        (
            [
                'a: Add inputs = ["x", "e"]',
                'b: ReLU inputs = "a"',
                'c: Add inputs = ["x", "b"]',
                'd: ReLU inputs = "c"',
                'e: MultiHeadAttention num_heads = 1; key_dim = 2; inputs = { query = "x", value = "d" }',
            ],
            "a → b → c → d → e → a",
        ),
    ],
)
def test_circles_name_their_path(layers: list[str], path: str) -> None:
    (one,) = check(HEAD + entries(*layers)).diagnostics
    assert one.code == "E202"
    assert one.message == f"the tensors go in a circle: {path}"


def test_two_circles_are_two_diagnostics() -> None:
    text = (
        TWO
        + 'outputs = ["b", "d"]\n'
        + entries('a: Add inputs = ["x", "b"]', "b: ReLU", 'c: Add inputs = ["y", "d"]', "d: ReLU")
    )
    assert [one.message for one in check(text).diagnostics] == [
        "the tensors go in a circle: a → b → a",
        "the tensors go in a circle: c → d → c",
    ]


def test_a_later_entry_that_is_no_circle() -> None:
    text = HEAD + entries('a: Add inputs = ["x", "c"]', "b: ReLU", 'c: ReLU inputs = "x"')
    (one,) = check(text).diagnostics
    assert (one.code, one.help) == ("E203", "move the entry `c` above this one")
    assert "`c` is here" in full(one)


def test_a_name_given_twice_is_one_diagnostic_whatever_refers_to_it() -> None:
    text = HEAD + entries("a: Dense units = 4", "a: Dense units = 5", 'Add inputs = ["a", "x"]', "b: @a")
    assert said(text) == ['E204 "a"']


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ('["b"]', []),
        ('["a", "b"]', []),
        ("{ one = 'a', two = 'b' }", []),
        ('["denze"]', ['E201 "denze"']),
        ('["aa", "bb", "b"]', ['E201 "aa"', 'E201 "bb"']),
        ('{ one = "aa" }', ['E201 "aa"']),
        ('["re_lu"]', ['E209 "re_lu"']),
        ('["b[1]"]', ['E208 "b[1]"']),
        ('["b["]', ['E212 "b["']),
        ('["a"]', ['E205 "b"']),
        ('["x"]', ['E205 "b"']),
    ],
)
def test_outputs(outputs: str, expected: list[str]) -> None:
    text = HEAD + f"outputs = {outputs}\n" + entries("a: Dense units = 4", "ReLU", "b: Dense units = 4")
    assert said(text) == expected


def test_names_of_outputs() -> None:
    def names(text: str) -> list[str]:
        graph = check(text).graph
        assert graph is not None
        return list(graph.outputs)

    layers = entries("a: Dense units = 4", "b: LSTM units = 4; return_state = true")
    assert names(HEAD + layers) == ["b"]
    assert names(HEAD + 'outputs = ["b[1]", "a"]\n' + layers) == ["b", "a"]
    assert names(HEAD + 'outputs = ["b[0]", "b[1]"]\n' + layers) == ["b", "b_1"]
    assert names(HEAD + 'outputs = { last = "b", all = "a" }\n' + layers) == ["last", "all"]


def test_each_unused_branch_is_one_diagnostic_that_names_it() -> None:
    text = HEAD + entries(
        "a: Dense units = 3",
        "b1: ReLU",
        "b2: ReLU",
        'c1: ReLU inputs = "a"',
        "c2: ReLU",
        "c3: ReLU",
        'ReLU inputs = "a"',
        'end: Dense units = 1; inputs = "a"',
    )
    found = check(text).diagnostics
    assert [one.code for one in found] == ["E205", "E205", "E205"]
    assert "the branch is a → b1 → b2" in found[0].message
    assert "the branch is a → c1 → c2 → c3" in found[1].message
    assert "nothing uses this ReLU" in found[2].message
    assert all("(the output is `end`)" in one.message for one in found)


def test_nothing_is_called_unused_while_something_is_not_understood() -> None:
    branch = ("a: Dense units = 3", "b: ReLU", 'c: ReLU inputs = "a"')
    assert said(HEAD + entries(*branch)) == ['E205 "b"']
    assert said(HEAD + entries(*branch, 'Add inputs = ["c", "bb"]')) == ['E201 "bb"']
    assert said(HEAD + entries(*branch, "Dens units = 1")) == ['E108 "Dens"']
    assert said(HEAD + entries(*branch) + 'outputs = ["c", "b"]\n') == ["E109 outputs"]


@pytest.mark.parametrize(
    ("layer", "expected", "message"),
    [
        ('Dense units = 4; inputs = ["x", "y"]', 'E207 ["x", "y"]', "Dense takes one tensor, found 2"),
        ('Subtract inputs = "x"', 'E207 "x"', "Subtract takes 2 tensors, found 1"),
        ('Subtract inputs = ["x", "y", "x"]', 'E207 ["x", "y", "x"]', "Subtract takes 2 tensors, found 3"),
        (
            'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = "x"',
            'E207 "x"',
            "MultiHeadAttention needs a tensor for `value`",
        ),
        (
            'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = ["x", "y"]',
            'E207 ["x", "y"]',
            "MultiHeadAttention takes its tensors by name, found a list of 2: it does not say which is which",
        ),
        (
            'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = { query = "x" }',
            'E207 { query = "x" }',
            "MultiHeadAttention needs a tensor for `value`",
        ),
        (
            'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = { query = "x", vlaue = "y" }',
            "E213 vlaue",
            "MultiHeadAttention takes no tensor called `vlaue`",
        ),
        (
            'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = { query = ["x", "y"], value = "y" }',
            'E207 { query = ["x", "y"], value = "y" }',
            "MultiHeadAttention takes one tensor, found 2",
        ),
        ('Dense units = 4; inputs = { tensor = "x" }', "E213 tensor", "Dense takes no tensor called `tensor`"),
        (
            'Dense units = 4; inputs = "x"; call = { traning = true }',
            "E213 traning",
            "a call of Dense takes no option `traning`",
        ),
        (
            'Dropout rate = 0.5; inputs = "x"; call = { training = "yes" }',
            'E105 "yes"',
            '`training` of a call of Dropout must be true or false, or "none", found the text "yes"',
        ),
        (
            'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = { query = "x", value = "y" }; call = { key = 1 }',
            "E213 key",
            "a call of MultiHeadAttention takes no option `key`",
        ),
        (
            "Dense units = 4",
            'E214 "Dense"',
            "the first entry does not say where its tensor comes from, and there are 2 inputs",
        ),
    ],
)
def test_number_of_tensors(layer: str, expected: str, message: str) -> None:
    found = check(TWO + entries(layer)).errors
    assert [f"{one.code} {one.place.source.text[one.place.start : one.place.end]}" for one in found] == [expected]
    assert found[0].message == message


@pytest.mark.parametrize(
    "layer",
    [
        'Add inputs = ["x", "y"]',
        'Add inputs = { inputs = ["x", "y"] }',
        'Concatenate inputs = ["x", "y", "x"]',
        'ReLU inputs = ["x"]',
        'MultiHeadAttention num_heads = 2; key_dim = 3; inputs = { query = "x", value = "y", key = "y" }',
        'Attention inputs = ["x", "y"]',
        'Attention inputs = { query = "x", value = "y" }',
    ],
)
def test_ways_to_connect(layer: str) -> None:
    assert check(TWO + entries(layer)).errors == ()


def test_idle_inputs_are_warnings() -> None:
    text = TWO + entries('ReLU inputs = "x"')
    assert said(text) == ["W201 y"]
    assert check(text).ok


def test_reuse_with_another_shape() -> None:
    text = HEAD.replace("inputs.x", "inputs.z.shape = [8, 5]\ninputs.x") + 'outputs = ["a", "b"]\n'
    text += entries('a: Dense units = 4; inputs = "x"', 'b: @a inputs = "z"')
    (one,) = check(text).diagnostics
    assert one.code == "E308"
    assert "(3, 4)" in one.message
    assert "(5, 4)" in one.message


@pytest.mark.parametrize("extra", ["units = 4", 'activation = "relu"', "trainable = false"])
def test_beside_reuse_stands_little(extra: str) -> None:
    text = HEAD + entries("a: Dense units = 3", f"@a {extra}")
    assert said(text) == [f"E112 {extra.partition(' ')[0]}"]


def test_a_misspelt_key_beside_reuse() -> None:
    assert said(HEAD + entries("a: Dense units = 3", '@a input = "x"')) == ["E102 input"]


def test_reuse_of_a_reused_entry_is_the_same_layer() -> None:
    checked = check(HEAD + entries("a: Dense units = 3", "b: @a", "@b"))
    assert checked.diagnostics == ()
    assert checked.graph is not None
    assert [node.shared for node in checked.graph.nodes.values()] == [None, None, "a", "a"]


def test_what_depends_on_a_mistake_stays_silent() -> None:
    text = HEAD + entries(
        "a: Dens units = 4",
        "b: Dense units = 4",
        'Add inputs = ["x", "b"]',
        'c: Dense units = 0; inputs = "x"',
        'Conv2D filters = 1; kernel_size = 3; inputs = "c"',
        'Conv2D filters = 1; kernel_size = 3; inputs = "x"',
    )
    assert said(text) == ['E108 "Dens"', "E106 0", 'E301 "Conv2D"']


def test_a_broken_line_elsewhere_hides_no_unknown_name() -> None:
    text = HEAD + entries('ReLU inputs = "z"') + "[training]\nloss = mse\n"
    assert said(text) == ['E201 "z"', "E002 mse"]


def test_a_name_that_could_not_be_read_is_not_called_unknown() -> None:
    text = HEAD + '[[layers]]\nname = conv\ntype = "ReLU"\n' + entries('ReLU inputs = "conv"')
    assert said(text) == ["E002 conv"]


def test_a_name_that_is_none_is_said_once() -> None:
    text = HEAD + entries("ReLU").replace("type", 'name = "my relu"\ntype') + entries('ReLU inputs = "my relu"')
    assert said(text) == ['E113 "my relu"']
    misspelt = HEAD + entries("ReLU").replace("type", 'nmae = "a"\ntype') + entries('ReLU inputs = "a"')
    assert said(misspelt) == ["E104 nmae"]

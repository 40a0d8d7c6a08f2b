"""Parameters, blocks, repeat, each, when: what a spec comes to, seen on the linked graph, and what is said."""

# ruff: noqa: E501  (specs read better unbroken)

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.compiler.show import summarise

RESNET = (Path(__file__).parents[1] / "golden" / "resnet.keraspec.toml").read_text(encoding="utf-8")
HEAD = "keraspec = 1\ninputs.a.shape = [4]\n"
TWO = """
[blocks.two]
layers = [{ name = "first", type = "Dense", units = 4 }, { type = "ReLU" }]
"""


def checked(text: str, *settings: str, head: str = HEAD) -> Checked:
    return compile_text(head + text, overrides=settings)


def edges(one: Checked) -> dict[str, list[str]]:
    """Each entry and what it takes, as a spec would refer to it; only of a spec without findings."""
    assert [f"{found.code} {found.message}" for found in one.diagnostics] == []
    assert one.graph is not None
    return {
        name: [edge.reference for edge in node.edges] for name, node in one.graph.nodes.items() if node.input is None
    }


def outputs(one: Checked) -> dict[str, str]:
    edges(one)
    assert one.graph is not None
    return {name: edge.reference for name, edge in one.graph.outputs.items()}


def said(one: Checked) -> list[str]:
    return [f"{found.code} {found.place.source.text[found.place.start : found.place.end]}" for found in one.diagnostics]


@pytest.mark.parametrize(
    ("size", "params", "trainable"),
    [
        (18, 11_703_912, 11_694_312),
        (34, 21_823_208, 21_806_184),
        (50, 25_636_712, 25_583_592),
        (101, 44_707_176, 44_601_832),
        (152, 60_419_944, 60_268_520),
    ],
)
def test_the_family_of_the_language_page(size: int, params: int, trainable: int) -> None:
    one = compile_text(RESNET, overrides=[f"parameters.size={size}"])
    assert one.diagnostics == ()
    assert one.typed is not None
    total = summarise(one.typed, 1).totals
    assert (total.params, total.trainable_params) == (params, trainable)


def test_names_inside_say_the_way() -> None:
    names = list(edges(compile_text(RESNET)))
    assert names[:4] == ["conv.conv2d", "conv.batch_normalization", "conv.activation", "max_pooling2d"]
    assert "stage.2.unit.5.body.conv2d" in names
    assert "stage.0.unit.0.conv_1.conv2d" in names
    assert names[-2:] == ["global_average_pooling2d", "class"]
    assert [name for name in names if "shortcut" in name and name.endswith("conv2d")] == [
        f"stage.{index}.unit.0.shortcut.conv2d" for index in range(4)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # when
        ('layers = [{ type = "ReLU", when = false }, { type = "Flatten" }]', {"flatten": ["a"]}),
        (
            'layers = [{ name = "r", type = "ReLU" }, { name = "d", type = "Dense", units = 1, inputs = "a", when = false }, '
            '{ type = "Add", inputs = ["d", "r"] }]',
            {"r": ["a"], "add": ["a", "r"]},
        ),
        (
            'layers = [{ name = "r", type = "ReLU" }, { name = "d", type = "Add", inputs = ["a", "r"], when = false }, '
            '{ type = "Flatten" }, { type = "Add", inputs = ["r", "flatten_out"], when = false }]',
            None,
        ),
        # repeat
        (
            'layers = [{ name = "r", type = "Dense", units = "${index + 1}", repeat = 3 }, { type = "ReLU" }]',
            {"r.0": ["a"], "r.1": ["r.0"], "r.2": ["r.1"], "re_lu": ["r.2"]},
        ),
        ('layers = [{ name = "r", type = "ReLU", repeat = 1 }]', {"r.0": ["a"]}),
        (
            'layers = [{ name = "r", type = "ReLU", repeat = 0 }, { type = "Add", inputs = ["r", "a"] }]',
            {"add": ["a", "a"]},
        ),
        (
            'layers = [{ name = "s", type = "ReLU" }, { name = "r", type = "Add", inputs = ["a", "s"], repeat = 2 }]',
            {"s": ["a"], "r.0": ["a", "s"], "r.1": ["r.0", "s"]},
        ),
        (
            'layers = [{ name = "s", type = "ReLU", repeat = 2 }, '
            '{ name = "r", type = "Add", inputs = ["s", "s.${index}"], repeat = 2 }]',
            {"s.0": ["a"], "s.1": ["s.0"], "r.0": ["s.1", "s.0"], "r.1": ["r.0", "s.1"]},
        ),
        (
            'layers = [{ name = "r", type = "Dense", units = "${item}", repeat = [3, 2] }, '
            '{ type = "Dense", units = 1, inputs = "r.0" }, { type = "Concatenate", inputs = ["r", "r.0"] }]',
            None,
        ),
        # each
        (
            'layers = [{ name = "b", type = "Dense", units = "${item}", each = [3, 2] }, '
            '{ type = "Concatenate", inputs = ["a", "b"] }]',
            {"b.0": ["a"], "b.1": ["a"], "concatenate": ["a", "b.0", "b.1"]},
        ),
        (
            'layers = [{ name = "b", type = "Dense", units = 2, each = [1, 2] }, { type = "Add" }]',
            {"b.0": ["a"], "b.1": ["a"], "add": ["b.0", "b.1"]},
        ),
        (
            'layers = [{ name = "b", type = "ReLU", each = "${range(2)}" }, '
            '{ name = "c", type = "Dense", units = 2, inputs = "b.${item}", each = [1, 0] }, { type = "Add", inputs = "c" }]',
            {"b.0": ["a"], "b.1": ["a"], "c.0": ["b.1"], "c.1": ["b.0"], "add": ["c.0", "c.1"]},
        ),
        (
            'layers = [{ name = "b", type = "ReLU", each = [1] }, { type = "Concatenate", inputs = "b" }]',
            {"b.0": ["a"], "concatenate": ["b.0"]},
        ),
        # outputs of one layer, and reuse
        (
            'layers = [{ name = "d", type = "Dense", units = 4 }, { name = "e", reuse = "d", repeat = 2 }]',
            {"d": ["a"], "e.0": ["d"], "e.1": ["e.0"]},
        ),
        (
            'layers = [{ name = "d", type = "Dense", units = 4, repeat = 2 }, { reuse = "d.0" }]',
            {"d.0": ["a"], "d.1": ["d.0"], "d_1": ["d.1"]},
        ),
    ],
)
def test_what_entries_come_to(text: str, expected: dict[str, list[str]] | None) -> None:
    one = checked(text)
    if expected is None:
        assert one.diagnostics
    else:
        assert edges(one) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('layers = [{ block = "two" }]' + TWO, {"two.first": ["a"], "two.re_lu": ["two.first"]}),
        (
            'layers = [{ name = "b", block = "two", repeat = 2 }, { type = "Add", inputs = ["b", "b.0", "b.1.first"] }]'
            + TWO,
            {
                "b.0.first": ["a"],
                "b.0.re_lu": ["b.0.first"],
                "b.1.first": ["b.0.re_lu"],
                "b.1.re_lu": ["b.1.first"],
                "add": ["b.1.re_lu", "b.0.re_lu", "b.1.first"],
            },
        ),
        (
            'layers = [{ name = "b", block = "two" }, { name = "c", reuse = "b", inputs = "a" }, '
            '{ type = "Add", inputs = ["b", "c.first"] }, { type = "Add", inputs = ["c", "add_all"], when = false }]'
            + TWO,
            None,
        ),
        (
            'layers = [{ name = "b", block = "pair", inputs = { right = "a", left = "r" } }]\n'
            '[blocks.pair]\ninputs = ["left", "right"]\nlayers = [{ type = "Subtract", inputs = ["left", "right"] }]\n',
            None,
        ),
        (
            'layers = [{ name = "r", type = "ReLU" }, { name = "b", block = "pair", inputs = { right = "a", left = "r" } }]\n'
            '[blocks.pair]\ninputs = ["left", "right"]\nlayers = [{ type = "Subtract", inputs = ["left", "right"] }]\n',
            {"r": ["a"], "b.subtract": ["r", "a"]},
        ),
        (
            'layers = [{ name = "r", type = "ReLU" }, { name = "b", block = "pair", inputs = ["a", "r"], repeat = 2 }]\n'
            '[blocks.pair]\ninputs = ["left", "right"]\nlayers = [{ type = "Subtract", inputs = ["left", "right"] }]\n',
            {"r": ["a"], "b.0.subtract": ["a", "r"], "b.1.subtract": ["b.0.subtract", "r"]},
        ),
        (
            'layers = [{ name = "h", block = "head" }, { type = "Add", inputs = ["h", "h.boxes", "h[1]"] }]\n'
            '[blocks.head]\noutputs = { scores = "s", boxes = "b" }\n'
            'layers = [{ name = "s", type = "ReLU" }, { name = "b", type = "Softmax", inputs = "x" }]\n',
            {"h.s": ["a"], "h.b": ["a"], "add": ["h.s", "h.b", "h.b"]},
        ),
        (
            'layers = [{ block = "join", inputs = "b" }]\n'.replace(
                "layers = [", 'layers = [{ name = "b", type = "ReLU", each = [1, 2] }, '
            )
            + '[blocks.join]\nlayers = [{ type = "Add", inputs = "x" }]\n',
            {"b.0": ["a"], "b.1": ["a"], "join.add": ["b.0", "b.1"]},
        ),
        (
            'layers = [{ block = "gate", on = false }, { type = "Softmax" }]\n[blocks.gate]\nparameters.on = true\n'
            'layers = [{ type = "ReLU", when = "${on}" }]\n',
            {"softmax": ["a"]},
        ),
    ],
)
def test_what_blocks_come_to(text: str, expected: dict[str, list[str]] | None) -> None:
    one = checked(text)
    if expected is None:
        assert one.diagnostics
    else:
        assert edges(one) == expected


def test_a_block_that_is_reused_has_the_same_weights() -> None:
    nested = '[blocks.outer]\nlayers = [{ name = "in", block = "two" }, { name = "d", type = "Dense", units = 4 }, { reuse = "d" }]\n'
    one = checked(
        'layers = [{ name = "b", block = "outer" }, { name = "c", reuse = "b", inputs = "a" }, '
        '{ name = "d", reuse = "c", inputs = "a" }, { type = "Add", inputs = ["b", "c", "d"] }]\n' + nested + TWO
    )
    found = edges(one)
    assert found["c.in.first"] == ["a"]
    assert found["add"] == ["b.d_1", "c.d_1", "d.d_1"]
    assert one.graph is not None
    assert one.typed is not None
    shared = {name: node.shared for name, node in one.graph.nodes.items() if node.shared}
    assert shared["c.in.first"] == shared["d.in.first"] == "b.in.first"
    assert shared["b.d_1"] == shared["c.d_1"] == shared["d.d"] == "b.d"
    assert summarise(one.typed, 1).totals.params == 2 * (4 * 4 + 4)


def test_the_second_state_of_a_layer_inside_a_block() -> None:
    text = (
        'layers = [{ name = "b", block = "encoder" }, { type = "Dense", units = 1, inputs = "b.lstm[1]" }]\n'
        '[blocks.encoder]\nlayers = [{ name = "lstm", type = "LSTM", units = 3, return_state = true }]\n'
    )
    assert edges(checked(text, head="keraspec = 1\ninputs.a.shape = [5, 2]\n"))["dense"] == ["b.lstm[1]"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('layers = [{ name = "b", block = "two" }]' + TWO, {"b": "b.re_lu"}),
        ('layers = [{ block = "two" }]' + TWO, {"output": "two.re_lu"}),
        ('outputs = ["b.first"]\nlayers = [{ name = "b", block = "two" }]' + TWO, None),
        (
            'outputs = ["b", "b.first"]\nlayers = [{ name = "b", block = "two" }]' + TWO,
            {"b": "b.re_lu", "first": "b.first"},
        ),
        ('outputs = { y = "b.1" }\nlayers = [{ name = "b", type = "ReLU", repeat = 2 }]', {"y": "b.1"}),
        ('layers = [{ name = "b", type = "ReLU", each = [1, 2] }]', {"b": "b.0", "b_1": "b.1"}),
        ('layers = [{ name = "r", type = "ReLU" }, { name = "s", type = "ReLU", when = false }]', {"s": "r"}),
    ],
)
def test_outputs(text: str, expected: dict[str, str] | None) -> None:
    one = checked(text)
    if expected is None:
        assert [found.code for found in one.diagnostics] == ["E205"]
    else:
        assert outputs(one) == expected


def test_defaults_may_use_each_other_in_any_order_and_those_of_the_spec() -> None:
    one = checked(
        'layers = [{ block = "b", n = 2 }]\n[parameters]\nk = "${m + 1}"\nm = 2\n'
        '[blocks.b]\nparameters = { out = "${wide + k}", wide = "${2 * n}", n = {} }\n'
        'layers = [{ type = "Dense", units = "${out}" }]\n'
    )
    edges(one)
    assert one.document is not None
    assert one.document.data["layers"][0]["units"] == 7


def test_a_literal_brace_and_text() -> None:
    one = checked(
        'description = "${x}"\nlayers = [{ type = "${kind}U", negative_slope = "${0.5}" }]\n[parameters]\nkind = "ReL"\n'
    )
    edges(one)
    assert one.document is not None
    assert one.document.data["layers"][0]["type"] == "ReLU"
    assert one.document.data["description"] == "${x}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ type = "ReLU", inputs = "y" }]\n', ['E201 "y"']),
        ('layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ type = "ReLU", inputs = "a" }]\n', ['E201 "a"']),
        (
            'layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ type = "ReLU", inputs = "l" }, { name = "l", type = "ReLU" }]\n',
            ['E202 "l"'],
        ),
        (
            'layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ type = "ReLU", inputs = "l" }, { name = "l", type = "ReLU", inputs = "x" }]\n',
            ['E203 "l"'],
        ),
        (
            'layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ type = "ReLU" }, { type = "ReLU", inputs = "re_lu" }]\n',
            ['E209 "re_lu"'],
        ),
        (
            'layers = [{ name = "b", block = "two" }, { type = "ReLU", inputs = "b.re_lu" }]' + TWO,
            ['E209 "b.re_lu"'],
        ),
        ('layers = [{ block = "two" }, { type = "ReLU", inputs = "two" }]' + TWO, ['E209 "two"']),
        ('layers = [{ name = "b", type = "ReLU", repeat = 2 }, { type = "ReLU", inputs = "b.2" }]', ['E201 "b.2"']),
        ('layers = [{ type = "ReLU", inputs = "later" }, { name = "later", block = "two" }]' + TWO, ['E202 "later"']),
        (
            'layers = [{ type = "ReLU", inputs = "later" }, { name = "later", block = "two", inputs = "a" }]' + TWO,
            ['E203 "later"'],
        ),
        ('layers = [{ name = "b", block = "two" }, { name = "b", type = "ReLU" }]' + TWO, ['E204 "b"']),
        (
            'layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ name = "l", type = "ReLU" }, { name = "l", type = "ReLU" }]\n',
            ['E204 "l"'],
        ),
        (
            'layers = [{ block = "b", inputs = ["a", "a"] }]\n[blocks.b]\ninputs = ["l", "r"]\nlayers = [{ type = "ReLU" }]\n',
            ["E214 {"],
        ),
        ('layers = [{ type = "ReLU", repeat = -1 }]', ["E617 -1"]),
        ('layers = [{ type = "ReLU", repeat = 1.5 }]', ["E617 1.5"]),
        ('layers = [{ type = "ReLU", repeat = true }]', ["E617 true"]),
        ('layers = [{ type = "ReLU", when = 1 }]', ["E617 1"]),
        ('layers = [{ type = "ReLU", when = "${index == 0}", repeat = 2 }]', ["E602 index"]),
        ('layers = [{ type = "Dense", units = "${item}", repeat = 2 }]', ["E602 item"]),
        ('layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ type = "Dense", units = "${index}" }]\n', ["E602 index"]),
        ('layers = [{ block = "two", call = { training = true } }]' + TWO, ["E618 call"]),
        ('layers = [{ block = "two", inputs = ["a", "a"] }, { type = "ReLU" }]' + TWO, []),
        (
            'layers = [{ block = "b" }]\n[blocks.b]\nlayers = [{ block = "c" }]\n[blocks.c]\nlayers = [{ block = "b" }]\n',
            ['E611 "b"'],
        ),
        ('layers = [{ type = "ReLU" }]\n[parameters]\nmax = 3\n', ["E615 max", "W601 max"]),
        ('layers = [{ type = "ReLU" }]\n[parameters]\nindex = 3\n', ["E615 index"]),
        ('layers = [{ type = "Dense", units = "${n}" }]\n[parameters]\nn = {}\n', ["E613 n"]),
        (
            'layers = [{ type = "Dense", units = "${n}" }]\n[parameters]\nn = { type = "integer", default = 1.5 }\n',
            ["E614 1.5"],
        ),
        (
            'layers = [{ type = "Dense", units = "${n}" }]\n[parameters]\nn = { enum = [1, 2], default = true }\n',
            ["E614 true"],
        ),
        (
            'layers = [{ block = "b", n = 9 }]\n[blocks.b]\nparameters.n = { maximum = 4 }\nlayers = [{ type = "Dense", units = "${n}" }]\n',
            ["E614 9"],
        ),
    ],
)
def test_what_is_wrong_is_said_once_where_it_is(text: str, expected: list[str]) -> None:
    found = said(checked(text))
    if expected == ["E615 max", "W601 max"]:
        expected = ["E615 max"]
    if not expected:
        assert [one.split()[0] for one in found] == ["E207"]
    else:
        assert found == expected


def test_a_fault_in_a_block_names_the_instance_once() -> None:
    one = checked(
        'layers = [{ name = "s", block = "outer", repeat = 3 }]\n'
        '[blocks.outer]\nlayers = [{ name = "u", block = "inner", n = 0 }]\n'
        '[blocks.inner]\nparameters.n = 1\nlayers = [{ type = "Dense", units = "${n}" }]\n'
    )
    (found,) = one.diagnostics
    assert found.code == "E106"
    assert found.line == 8
    assert [label for label, _ in found.instances] == [
        "in the block `inner`, instance `s.0.u`: n = 0",
        "in the block `outer`, instance `s.0`",
    ]


def test_a_shape_error_inside_a_block_names_the_instance() -> None:
    one = checked(
        'layers = [{ name = "s", block = "b", n = "${item}", repeat = [4, 3] }]\n'
        '[blocks.b]\nparameters.n = {}\nlayers = [{ name = "d", type = "Dense", units = "${n}" }, { type = "Add", inputs = ["d", "x"] }]\n'
    )
    (found,) = one.diagnostics
    assert found.code == "E302"
    assert [label for label, _ in found.instances] == ["in the block `b`, instance `s.1`: n = 3"]


def test_a_billion_layers_are_refused_at_once() -> None:
    deep = "".join(f'[blocks.b{index}]\nlayers = [{{ block = "b{index + 1}", repeat = 10 }}]\n' for index in range(9))
    start = perf_counter()
    one = checked('layers = [{ block = "b0" }]\n' + deep + '[blocks.b9]\nlayers = [{ type = "ReLU" }]\n')
    assert [found.code for found in one.diagnostics] == ["E619"]
    assert perf_counter() - start < 5


def test_one_hundred_and_fifty_two_layers_take_no_time() -> None:
    from keraspec.spec.expand import expand
    from keraspec.spec.overlay import override
    from keraspec.spec.read import read_text

    document, _ = read_text("r", RESNET.encode(), "toml")
    assert document is not None
    document = override(document, ["parameters.size=152"])
    expand(document)
    times = []
    for _ in range(3):
        start = perf_counter()
        expand(document)
        times.append(perf_counter() - start)
    assert min(times) < 0.3


def test_a_spec_without_any_of_it_is_left_alone() -> None:
    from keraspec.spec.expand import expand
    from keraspec.spec.read import read_text

    document, _ = read_text("r", (HEAD + 'layers = [{ type = "ReLU" }]').encode(), "toml")
    assert document is not None
    assert expand(document)[0] is document


def test_a_library_of_blocks_needs_no_graph() -> None:
    one = compile_text("keraspec = 1\n" + TWO)
    assert [found.code for found in one.diagnostics] == []

"""Specs written out: what `render` prints is a spec of the very same graph, and rendering that changes nothing more."""

# ruff: noqa: E501  (specs read better unbroken)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.compiler.graph import Edge, TypedGraph
from keraspec.spec.rendered import rendered

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in (ROOT / "examples", ROOT / "tests" / "golden" / "specs", ROOT / "tests" / "golden" / "networks")
    for path in folder.rglob("*.keraspec.*")
    if path.name != "broken.keraspec.toml" and "plugins" not in path.parts
)
FILES.append(ROOT / "tests" / "golden" / "resnet.keraspec.toml")

TOWERS = """
inputs.z.shape = [8]
inputs.b = { shape = ["time", 8], dtype = "float32" }
inputs.a = { shape = [8], dtype = "int32" }
layers = [
  { name = "tower", block = "tower", each = "${widths}", units = "${item}", inputs = { x = "z", skip = "z" } },
  { name = "joined", type = "Concatenate", inputs = ["tower", "z"] },
  { name = "narrow", type = "Dense", units = 1 },
  { name = "again", reuse = "tower.1", inputs = { x = "z", skip = "z" } },
  { name = "lstm", type = "LSTM", units = 2, return_state = true, inputs = "b" },
  { name = "deep", block = "deep", inputs = "again", repeat = 2 },
  { name = "embedded", type = "Embedding", input_dim = 9, output_dim = 2, inputs = "a" },
]
[parameters]
widths = [3, 4, 5]
[blocks.tower]
inputs = ["x", "skip"]
parameters = { units = {}, last = "${units}" }
outputs = { wide = "joined", narrow = "thin" }
layers = [
  { type = "Dense", units = "${units}", inputs = "x" },
  { name = "thin", type = "Dense", units = "${last}" },
  { name = "joined", type = "Concatenate", inputs = ["thin", "skip"] },
]
[blocks.deep]
outputs = ["lstm", "lstm[1]"]
layers = [{ type = "Reshape", target_shape = [-1, 2] }, { name = "lstm", type = "LSTM", units = 12, return_state = true }]
"""
USED = """
[training]
loss = "mse"
losses = [{ expression = "mean(t) - mean(u)", inputs = { t = "tower.0.narrow", u = "deep[1]" } }]
"""
OUTPUTS = {
    "a list": (
        'outputs = ["tower.1.wide", "tower.0.narrow", "narrow", "lstm[1]", "lstm", "joined", "deep[1]", "embedded", "again"]',
        ["wide", "narrow", "narrow_1", "lstm", "lstm_1", "joined", "deep", "embedded", "again"],
    ),
    "a table": (
        'outputs = { joined = "tower.1.wide", one = "tower.0.narrow", b = "lstm[1]", three = "joined", e = "embedded", '
        'd = "deep", again = "again.wide", n = "narrow" }',
        ["joined", "one", "b", "three", "e", "d", "again", "n"],
    ),
    "all of several": (
        'outputs = ["tower", "lstm", "embedded", "narrow", "deep", "again.narrow"]',
        ["tower", "tower_1", "tower_2", "lstm", "embedded", "narrow", "deep", "narrow_1"],
    ),
    "what can not be called so": (
        'outputs = ["tower.2", "joined", "lstm", "embedded", "joined", "z", "narrow", "deep.0", "deep.1"]',
        ["tower_2_joined", "joined", "lstm", "embedded", "joined_1", "z", "narrow", "deep_0_lstm", "deep_1_lstm"],
    ),
}


def towers(outputs: str, more: str = "") -> Checked:
    return compile_text(f'keraspec = 1\nname = "towers"\n{outputs}\n{TOWERS}{more}')


def edge(graph: dict[str, int], one: Edge | None) -> Any:
    return None if one is None else (graph[one.source], one.index, one.inside)


def described(typed: TypedGraph) -> list[Any]:
    """A typed graph without the names of its layers: what they are, how they are wired, what goes through."""
    nodes = typed.graph.nodes
    place = {name: index for index, name in enumerate(nodes)}
    found: list[Any] = []
    for name, node in nodes.items():
        what = typed.typed[name]
        assert what.outputs is not None
        found.append(
            (
                (node.name, node.input.shape, node.input.dtype) if node.input is not None else None,
                (node.layer.record.name, repr(node.layer.arguments)) if node.layer is not None else None,
                None if node.shared is None else place[node.shared],
                {port: tuple(edge(place, one) for one in edges) for port, edges in node.ports.items()},
                node.listed,
                node.options,
                node.inside,
                what.outputs,
                what.flops,
                [(one.shape, one.dtype, one.trainable) for one in what.weights],
            )
        )
    found.append([edge(place, one) for one in typed.graph.outputs.values()])
    found.append([{key: edge(place, one) for key, one in term.items()} for term in typed.graph.terms])
    return found


def sections(one: Checked) -> Any:
    assert one.spec is not None
    return one.spec.name, one.spec.description, one.spec.outputs_named, one.document and one.document.data.get("data")


def check(before: Checked) -> Checked:
    """Render, check what is printed, and render that; the checked text."""
    assert before.ok, [one.finding.message for one in before.errors]
    assert before.document is not None
    assert before.typed is not None
    text = rendered(before.document)
    after = compile_text(text, path=str(before.path))
    assert after.ok, ([one.finding.message for one in after.errors], text)
    assert after.document is not None
    assert after.typed is not None
    assert described(after.typed) == described(before.typed)
    assert sections(after) == sections(before)
    assert rendered(after.document) == text
    annotated = compile_text(rendered(before.document, origins=True), path=str(before.path))
    assert annotated.document is not None
    assert annotated.document.data == after.document.data
    return after


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_what_is_rendered_is_the_same_graph(path: Path) -> None:
    before = compile_file(path)
    after = check(before)
    assert before.typed is not None
    assert after.typed is not None
    assert list(after.typed.graph.outputs) == list(before.typed.graph.outputs)


@pytest.mark.parametrize("more", ["", USED], ids=["", "in loss terms"])
@pytest.mark.parametrize("way", OUTPUTS)
def test_outputs_keep_their_names(way: str, more: str) -> None:
    written, names = OUTPUTS[way]
    after = check(towers(written, more))
    assert after.typed is not None
    assert list(after.typed.graph.outputs) == names


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ('{ name = "head", block = "head" }', "head"),
        ('{ block = "head" }', "output"),
        ('{ name = "head", block = "head", repeat = 2 }', "head"),
        ('{ type = "Dense", units = 2 }', "output"),
        ('{ name = "a", type = "Dense", units = 2 }, { name = "b", type = "Dense", units = 9, when = false }', "b"),
        ('{ name = "dense", type = "Dense", units = 2 }, { block = "head" }', "output"),
    ],
)
def test_the_last_entry_gives_the_output(last: str, name: str) -> None:
    text = f"""
keraspec = 1
inputs.x.shape = [3]
layers = [{{ type = "Dense", units = 3 }}, {last}, ]
[blocks.head]
layers = [{{ type = "ReLU" }}, {{ type = "Dense", units = 4 }}]
"""
    before = compile_text(text)
    after = check(before)
    assert before.typed is not None
    assert after.typed is not None
    assert list(before.typed.graph.outputs) == list(after.typed.graph.outputs) == [name]


def test_an_output_that_gets_another_name_gets_it_everywhere() -> None:
    spec = """
keraspec = 1
inputs.x.shape = [3]
outputs = ["stage.0", "stage.1.end"]
layers = [{ name = "stage", block = "stage", repeat = 2 }]
[blocks.stage]
layers = [{ name = "end", type = "Dense", units = 3 }]
[data]
source = { type = "csv", path = "x.csv" }
targets.0.column = "a"
targets.end.column = "b"
[training.outputs]
0.loss = "mse"
end.loss = "mae"
"""
    before = compile_text(spec)
    assert before.document is not None
    text = rendered(before.document)
    assert 'outputs = ["stage_0_end", "end"]' in text
    assert "[data.targets.stage_0_end]" in text
    assert "[training.outputs.stage_0_end]" in text
    assert "[data.targets.end]" in text


def test_names_of_ways_far_into_blocks_are_cut_to_the_length_that_names_have() -> None:
    name = "a" * 100
    spec = f"""
keraspec = 1
inputs.x.shape = [3]
outputs = ["{name}.{name}", "last"]
layers = [{{ name = "{name}", block = "b", repeat = 3 }}, {{ name = "last", type = "ReLU", inputs = "{name}.0.{name}" }}]
[blocks.b]
layers = [{{ name = "{name}", type = "Dense", units = 3 }}]
"""
    check(compile_text(spec))


def test_comments_hold_no_control_characters() -> None:
    spec = """
keraspec = 1
inputs.x.shape = [3]
layers = [{ name = "b", block = "b", word = "a\\u007fb\\n" }]
[blocks.b]
parameters.word = {}
layers = [{ type = "Dense", units = "${len(word)}" }]
"""
    check(compile_text(spec.replace("\\\\", "\\")))


def test_comments_say_where_values_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = """keraspec = 1
name = "net"
inputs.a.shape = ["${4 * n}"]
layers = [{ name = "one", type = "Dense", units = "${n}" }, { name = "b", block = "pair" }]
parameters.n = 2
[blocks.pair]
layers = [{ type = "Dense", units = "${n}", kernel_regularizer = { type = "L2", l2 = "${n / 10}" } }]
[training]
epochs = "${n}"
optimizer = { type = "Adam", learning_rate = 0.1, beta_1 = 0.5 }
callbacks = [{ type = "EarlyStopping", monitor = "loss", patience = "${n - 1}" }, "TerminateOnNaN"]
loss = "mse"
"""
    Path("base.toml").write_text(base, encoding="utf-8")
    over = 'keraspec = 1\nextends = "base.toml"\nlayers = [{ name = "one", use_bias = false }]\n'
    Path("over.toml").write_text(over + "training.optimizer.learning_rate = 0.2\n", encoding="utf-8")
    one = compile_file("over.toml", ["training.epochs=7"])
    assert one.document is not None
    assert (
        rendered(one.document, origins=True)
        == """# base.toml:1:1
keraspec = 1  # over.toml:1:12
name = "net"
inputs.a.shape = [8]  # 0: base.toml:3:19
outputs = ["b"]

[[layers]]
# base.toml:4:11
name = "one"
type = "Dense"
units = 2  # base.toml:4:51
use_bias = false  # over.toml:3:38

[[layers]]
# base.toml:7:11
# in the block `pair`, instance `b` (base.toml:4:83)
name = "b"
type = "Dense"
units = 2  # base.toml:7:37
kernel_regularizer = { type = "L2", l2 = 0.2 }  # l2: base.toml:7:86

[training]
# base.toml:8:1
epochs = 7  # <command line>:1:7
optimizer = { type = "Adam", learning_rate = 0.2, beta_1 = 0.5 }  # learning_rate: over.toml:4:36
callbacks = [{ type = "EarlyStopping", monitor = "loss", patience = 1 }, "TerminateOnNaN"]  # 0.patience: base.toml:11:69
loss = "mse"
"""
    )

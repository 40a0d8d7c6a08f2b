"""Where values come from, and specs written out: what is printed is a spec of the same model."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from keraspec.checked import compile_file, compile_text
from keraspec.cli import group
from keraspec.compiler.show import summarise
from keraspec.spec.rendered import rendered
from keraspec.spec.where import NotThere, Whence, whence

RESNET = Path(__file__).parents[1] / "golden" / "resnet.keraspec.toml"


def found(path: str, *settings: str) -> Whence:
    one = compile_file(RESNET, settings)
    assert one.document is not None
    assert one.spec is not None
    return whence(one.document, path, [entry.name for entry in one.spec.entries])


def line(one: Whence) -> int:
    return one.place.source.line_column(one.place.start)[0]


@pytest.mark.parametrize(
    ("path", "value", "written"),
    [
        ("layers.stage.0.unit.1.body.filters", 256, '"${out}"'),
        ("layers.stage.0.unit.1.body.stride", 1, "1"),
        ("layers.stage.0.unit.1.body.conv2d.filters", 256, '"${filters}"'),
        ("layers.class.units", 1000, "1000"),
        ("parameters.size", 50, "50"),
        ("inputs.image.shape", [224, 224, 3], "[224, 224, 3]"),
        ("parameters.depths.50", [3, 4, 6, 3], "[3, 4, 6, 3]"),
        ("layers.stage.repeat", "${depths[size]}", '"${depths[size]}"'),
        ("layers.stage.0.unit.repeat", "${depth}", '"${depth}"'),
        ("layers.stage.0.unit.1.shortcut.when", "${project}", '"${project}"'),
    ],
)
def test_a_value_is_found_where_it_was_written(path: str, value: object, written: str) -> None:
    one = found(path)
    assert one.value == value
    assert one.written == written


def test_the_instances_on_the_way_are_named() -> None:
    labels = [label.partition(":")[0] for label, _ in found("layers.stage.0.unit.1.body.filters").instances]
    assert labels == [
        "in the block `conv`, instance `stage.0.unit.1.body`",
        "in the block `unit`, instance `stage.0.unit.1`",
        "in the block `stage`, instance `stage.0`",
    ]


def test_what_was_overridden_is_named() -> None:
    one = found("parameters.size", "parameters.size=34", "parameters.size=18")
    assert one.value == 18
    assert one.place.source.path == "<command line>"
    assert [(value, place.source.path) for value, place in one.overrode] == [(34, "<command line>"), (50, str(RESNET))]


def test_an_entry_that_stands_for_several_is_found_as_it_was_written() -> None:
    one = found("layers.stage.0.unit")
    assert one.value["block"] == "unit"
    assert line(one) == 28
    assert [label.partition(":")[0] for label, _ in one.instances] == ["in the block `stage`, instance `stage.0`"]
    assert line(found("layers.stage")) == 7


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("layers.class.unit", "`class` has no `unit`; did you mean `units`?"),
        ("layers.class.use_bias", "`class` does not say `use_bias`, and what Keras takes for it holds"),
        ("layers.class.units.x", "`class.units` has no `x`"),
        ("layers.conv2d.filters", "the spec has no `conv2d`; did you mean `layers.conv.conv2d`?"),
        ("layers.stage.9", "`stage` has 4 instances, numbered from 0"),
        ("layers.stage.-1.unit", "`stage` has 4 instances, numbered from 0"),
        ("layers.stage.0.unit.1.shortcut.filters", "`stage.0.unit.1.shortcut` is not there, for its `when` is false"),
        ("layers.stage.0.filter", "the instance `stage.0` has no `filter`; did you mean `filters`?"),
        ("parameters.sise", "`parameters` has no `sise`; did you mean `size`?"),
        ("data.seed", "the spec has no `data`"),
        ("", "the spec has no ``"),
        ("layers.", "the spec has no ``"),
    ],
)
def test_it_is_told_where_a_way_ends(path: str, words: str) -> None:
    with pytest.raises(NotThere) as caught:
        found(path)
    assert f"there is no `{path}`: {words}" in str(caught.value)


@pytest.mark.parametrize(
    "path", ["layers.stag.0", "layers.stage.0.unit.1.body.filter", "training.epochs", "layers.class.x"]
)
def test_a_way_that_leads_nowhere(path: str) -> None:
    with pytest.raises(NotThere, match="no `"):
        found(path)


@pytest.mark.parametrize("origins", [False, True])
@pytest.mark.parametrize("size", [18, 50])
def test_what_is_rendered_is_the_same_model(size: int, origins: bool) -> None:
    before = compile_file(RESNET, [f"parameters.size={size}"])
    assert before.document is not None
    after = compile_text(rendered(before.document, origins=origins))
    assert after.diagnostics == ()
    assert before.typed is not None
    assert after.typed is not None
    one, other = summarise(before.typed, 1), summarise(after.typed, 1)
    assert one.totals == other.totals
    assert [row.type for row in one.layers] == [row.type for row in other.layers]
    assert [row.outputs for row in one.layers] == [row.outputs for row in other.layers]
    assert rendered(before.document) == rendered(before.document)


def test_a_spec_without_blocks_renders_as_itself() -> None:
    text = (
        'keraspec = 1\ndescription = "${x} \\"y\\""\ninputs.a = { shape = ["t", 2], dtype = "int32" }\n'
        'layers = [{ name = "e", type = "Embedding", input_dim = 3, output_dim = 2, inputs = "a" }, '
        '{ type = "Reshape", target_shape = [-1, 4] }]\n'
        '[data]\nsource = { type = "csv", path = "$${a}.csv" }\n[data.inputs.a]\ncolumn = ["x", "y"]\n'
        '[training]\nloss = "mse"\ncallbacks = [{ type = "CSVLogger", filename = "a" }]\nclass_weight = { 0 = 1.5, 1 = 2 }\n'  # noqa: E501
    )
    before = compile_text(text)
    assert before.document is not None
    after = compile_text(rendered(before.document))
    assert after.document is not None
    assert after.document.data == before.document.data


def test_the_verbs() -> None:
    done = CliRunner().invoke(group, ["where", str(RESNET), "layers.class.units"])
    assert done.exit_code == 0
    assert done.output.splitlines()[0] == "layers.class.units = 1000"
    assert CliRunner().invoke(group, ["where", str(RESNET), "layers.klass"]).exit_code == 2
    done = CliRunner().invoke(group, ["render", str(RESNET), "--origins", "--set", "parameters.size=18"])
    assert done.exit_code == 0
    assert "# in the block `conv`, instance `stage.0.unit.1.body`" in done.output

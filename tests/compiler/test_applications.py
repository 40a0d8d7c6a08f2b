"""Applications in a spec: called like a layer, looked into by name, all without Keras."""

from __future__ import annotations

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.compiler.catalogue import family
from keraspec.compiler.draw import dot
from keraspec.compiler.show import summarise
from keraspec.compiler.sizes import known

HEAD = 'keraspec = 1\nname = "n"\ninputs.image.shape = SHAPE\nlayers = [\n'


def check(*layers: str, shape: str = "[64, 96, 3]", tail: str = "") -> Checked:
    return compile_text(HEAD.replace("SHAPE", shape) + "".join(f"  {{ {one} }},\n" for one in layers) + "]\n" + tail)


def said(checked: Checked) -> list[tuple[str, int]]:
    return [(one.code, one.line) for one in checked.diagnostics]


BACKBONE = 'name = "backbone", type = "applications.MobileNetV2", include_top = false, weights = "none"'
POOL = 'name = "pool", type = "GlobalAveragePooling2D"'


def test_one_row_with_the_sums_and_the_layers_inside() -> None:
    checked = check(BACKBONE, POOL, 'name = "class", type = "Dense", units = 3')
    assert not checked.diagnostics
    assert checked.typed is not None
    summary = summarise(checked.typed)
    row = summary.layers[0]
    assert (row.name, row.type, row.params, row.trainable_params) == (
        "backbone", "applications.MobileNetV2", 2_257_984, 2_223_872,
    )  # fmt: skip
    assert len(row.inside) == 153
    assert sum(one.params for one in row.inside if known(one.params)) == row.params
    assert sum(one.flops for one in row.inside if known(one.flops)) == row.flops
    assert row.inside[0].name == "backbone.Conv1"
    assert row.inside[0].inputs == ("image",)
    assert summary.totals.params == 2_257_984 + 3 * 1281
    held = summary.totals.activation_bytes
    alone = sum(4 * 64 * 96 // 4 * 32 for _ in range(3))  # the first three layers alone hold this much
    assert known(held)
    assert held > alone
    assert "inside" not in summary.to_json()["layers"][0]
    assert len(summary.to_json(inside=True)["layers"][0]["inside"]) == 153


def test_a_layer_inside_is_a_tensor_like_any_other() -> None:
    checked = check(
        BACKBONE,
        'name = "skip", type = "Conv2D", filters = 8, kernel_size = 1, inputs = "backbone.block_13_expand_relu"',
        'name = "also", type = "ReLU", inputs = "backbone.block_13_expand_relu"',
        tail='outputs = ["backbone", "backbone.block_6_expand_relu", "skip", "also"]',
    )
    assert not checked.diagnostics
    typed = checked.typed
    assert typed is not None
    assert typed.graph.nodes["backbone"].inside == ("block_13_expand_relu", "block_6_expand_relu")
    assert str(typed.typed["skip"].outputs[0]) == "float32(batch, 4, 6, 8)"  # type: ignore[index]
    tensors = {name: str(typed.tensor(edge)) for name, edge in typed.graph.outputs.items()}
    assert tensors["block_6_expand_relu"] == "float32(batch, 8, 12, 192)"
    assert summarise(typed).layers[1].inputs == ("backbone.block_13_expand_relu",)
    assert "block_13_expand_relu 4 × 6 × 576" in dot(typed)


def test_words_flow_through() -> None:
    checked = check(BACKBONE, POOL, shape='["height", "width", 3]')
    assert checked.typed is not None
    outputs = checked.typed.typed["backbone"].outputs
    assert outputs is not None
    assert str(outputs[0]) == "float32(batch, (height + 1)//32, (width + 1)//32, 1280)"


def test_freezing_counts() -> None:
    checked = check(BACKBONE + ", trainable = false", POOL, 'name = "class", type = "Dense", units = 3')
    assert checked.typed is not None
    summary = summarise(checked.typed)
    assert summary.totals.trainable_params == 3 * 1281
    assert all(row.trainable_params == 0 for row in summary.layers[0].inside)


def test_mixed_precision_reaches_inside() -> None:
    tail = (
        '[data]\nsource = { type = "csv", path = "x.csv" }\n[training]\nprecision = "mixed_float16"\nepochs = 1\n'
        'loss = "mse"\noptimizer = "adam"\n'
    )
    checked = check(BACKBONE, POOL, 'name = "class", type = "Dense", units = 3', tail=tail)
    assert checked.typed is not None
    inside = checked.typed.typed["backbone"].inside
    assert {one.outputs[0].dtype for one in inside} == {"float16"}
    assert {weight.dtype for one in inside for weight in one.weights} == {"float32"}


@pytest.mark.parametrize(
    ("layer", "code", "words"),
    [
        ('type = "ReLU", inputs = "backbone.block_13_expnd"', "E201", 'did you mean "backbone.block_13_expand"?'),
        ('type = "ReLU", inputs = "backbone.qqqqqqq"', "E201", "out_relu"),
        ('type = "ReLU", inputs = "backbone.Conv1.kernel"', "E201", "no layer `Conv1.kernel`"),
        ('type = "ReLU", inputs = "backbone[1]"', "E208", "one output"),
        ('type = "ReLU", inputs = "backbone.Conv1[1]"', "E208", "one output"),
    ],
)
def test_what_is_not_inside(layer: str, code: str, words: str) -> None:
    checked = check(BACKBONE, layer)
    (found,) = checked.diagnostics
    assert (found.code, found.line) == (code, 6)
    assert words in f"{found.finding.message} {found.finding.help}"


def test_what_is_inside_for_three_channels_alone() -> None:
    layers = (
        'name = "backbone", type = "applications.EfficientNetV2B0", include_top = false, weights = "none"',
        'name = "a", type = "ReLU", inputs = "backbone.normalization"',
        'name = "b", type = "ReLU", inputs = "backbone.stem_conv"',
    )
    tail = 'outputs = ["a", "b"]'
    assert not check(*layers, tail=tail).diagnostics
    assert said(check(*layers, shape="[64, 96, 1]", tail=tail)) == [("E201", 6)]


def test_the_first_output_may_be_counted() -> None:
    checked = check(
        BACKBONE,
        'name = "a", type = "ReLU", inputs = "backbone.Conv1[0]"',
        'name = "b", type = "ReLU", inputs = "backbone[0]"',
        tail='outputs = ["a", "b"]',
    )
    assert not checked.diagnostics


@pytest.mark.parametrize(
    ("entry", "shape", "code"),
    [
        ('type = "applications.ResNet50", weights = "none"', "[31, 64, 3]", "E302"),
        ('type = "applications.ResNet50", weights = "none"', '["height", 64, 3]', "E305"),
        ('type = "applications.ResNet50", weights = "none", include_top = false', '[64, 64, "channels"]', "E305"),
        ('type = "applications.ResNet50"', "[64, 64, 3]", "E302"),
        ('type = "applications.ResNet50", include_top = false', "[64, 64, 1]", "E302"),
        ('type = "applications.ResNet50", weights = "none"', "[64, 64]", "E301"),
        ('type = "applications.ResNet50", classes = 10', "[224, 224, 3]", "E114"),
        ('type = "applications.ResNet50", classifier_activation = "relu"', "[224, 224, 3]", "E114"),
        ('type = "applications.MobileNetV2", alpha = 0.6', "[224, 224, 3]", "E114"),
        ('type = "applications.MobileNet", alpha = 0.6, include_top = false', "[224, 224, 3]", "E114"),
        ('type = "applications.MobileNet", alpha = 0', "[224, 224, 3]", "E106"),
        ('type = "applications.MobileNet", alpha = 0.01, weights = "none"', "[224, 224, 3]", "E114"),
        ('type = "applications.MobileNetV2", weights = "none", include_top = false', '[64, "width", 3]', "E305"),
        ('type = "applications.ResNet50", pooling = "mean"', "[224, 224, 3]", "E107"),
        ('type = "applications.ResNet50", input_shape = [1, 1, 3]', "[224, 224, 3]", "E104"),
        ('type = "applications.ResNet5"', "[224, 224, 3]", "E108"),
    ],
)
def test_what_does_not_fit_is_said_once(entry: str, shape: str, code: str) -> None:
    checked = check(entry, 'type = "Activation", activation = "relu"', shape=shape)
    assert said(checked) == [(code, 5)]
    assert checked.diagnostics[0].finding.help or code == "E107"  # the message names the choices


def test_an_unfit_application_keeps_what_is_behind_it_silent() -> None:
    layers = (BACKBONE, 'type = "ReLU", inputs = "backbone.Conv1"', 'type = "Dense", units = 1')
    checked = check(*layers, shape="[16, 16, 3]")
    assert said(checked) == [("E302", 5)]
    checked = check(BACKBONE.replace('"none"', '"imagenet", alpha = 0.1'), *layers[1:])
    assert said(checked) == [("E114", 5)]


def test_called_again_it_takes_pictures_of_the_same_size() -> None:
    two = 'keraspec = 1\ninputs.a.shape = [64, 64, 3]\ninputs.b.shape = OTHER\nlayers = [\n{ inputs = "a", ' + BACKBONE
    two += ' },\n{ name = "again", reuse = "backbone", inputs = "b" },\n]\noutputs = ["backbone", "again.Conv1"]\n'
    checked = compile_text(two.replace("OTHER", "[64, 64, 3]"))
    assert not checked.diagnostics
    assert checked.typed is not None
    assert checked.typed.typed["again"].weights == ()
    assert len(checked.typed.typed["again"].outputs or ()) == 2
    assert said(compile_text(two.replace("OTHER", "[96, 64, 3]"))) == [("E308", 6)]


@pytest.mark.parametrize("record", family("applications").values(), ids=lambda record: record.name)
def test_names_inside_do_not_depend_on_the_picture(record: object) -> None:
    """Which the linker relies on: it looks names up before it knows any shape."""
    from keraspec.compiler.catalogue.objects import instantiate
    from keraspec.compiler.catalogue.record import Call, Record
    from keraspec.compiler.sizes import BATCH, symbol
    from keraspec.compiler.tensor import TensorType, policy

    assert isinstance(record, Record)
    assert record.rule is not None
    assert record.inside is not None
    for arguments in ({"weights": "none", "include_top": False, "pooling": "avg"}, {"weights": "none"}):
        layer = instantiate(record, arguments)
        names = record.inside(layer.arguments)
        open_too = "include_top" in arguments and "NASNet" not in record.name  # which needs numbers
        for shape in ((123, 86, 3), *(((symbol("height"), symbol("width"), 3),) if open_too else ())):
            given = record.rule(Call(layer, {"inputs": (TensorType((BATCH, *shape)),)}, {}, policy("float32")))
            assert tuple(one.name for one in given.inside) == names

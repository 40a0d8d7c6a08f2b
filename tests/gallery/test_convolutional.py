"""The convolutional architectures of the gallery: layer by layer those of keras.applications, or of their papers.

In the default run the other side is what keraspec itself infers of an application, which the differential tests hold
against Keras; ``pytest -m long`` takes Keras' own models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.cli import group
from keraspec.compiler.catalogue.record import Inner, Object
from keraspec.compiler.show import summarise
from keraspec.compiler.tensor import Shape, Weight

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "architectures"
NAMES = ("lenet5", "vgg16", "resnet", "resnet50", "mobilenetv2", "efficientnet", "densenet121", "inceptionv3", "unet",
         "convnext_tiny")  # fmt: skip


def path(name: str) -> Path:
    return FOLDER / f"{name}.keraspec.toml"


def checked(name: str, *settings: str) -> Checked:
    one = compile_file(path(name), settings)
    assert [f"{found.code} {found.message}" for found in one.diagnostics] == []
    return one


@dataclass(frozen=True)
class Step:
    """One layer: its type, the places of the layers it takes (-1: the input), and what it gives and has."""

    kind: str
    sources: tuple[int, ...]
    shape: Shape
    weights: tuple[tuple[Shape, bool], ...]
    arguments: Mapping[str, Any]


def step(kind: str, sources: list[int], shape: Shape, weights: tuple[Weight, ...], layer: Object | None) -> Step:
    if kind in ("Add", "Multiply"):
        sources.sort()  # a sum is the same in any order
    sizes = tuple((one.shape, one.trainable) for one in weights)
    return Step(kind, tuple(sources), shape, sizes, effective(layer) if layer else {})


def effective(layer: Object) -> dict[str, Any]:
    """What a layer computes: its arguments, without what is only another way to write the same."""
    found = {key: plain(value) for key, value in layer.arguments.items() if not key.endswith("_initializer")}
    if found.get("strides") is None and "pool_size" in found:
        found["strides"] = found["pool_size"]
    if found.get("kernel_size") == (1, 1):
        del found["padding"]  # around one pixel there is nothing to pad
    if found.get("axis") == 3:
        found["axis"] = -1
    return found


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return round(value, 9) if isinstance(value, float) else value


def of_spec(one: Checked) -> list[Step]:
    assert one.typed is not None
    places: dict[str, int] = {}
    steps: list[Step] = []
    for name, node in one.typed.graph.nodes.items():
        known = one.typed.typed[name]
        assert known.outputs is not None
        places[name] = -1 if node.layer is None else len(steps)
        if node.layer is not None:
            sources = [places[edge.source] for edge in node.edges]
            steps.append(step(node.layer.record.name, sources, known.outputs[0].shape, known.weights, node.layer))
    return steps


def of_application(name: str, side: int, arguments: str = "") -> list[Step]:
    """The layers of an application, in the order in which Keras makes them, nested ones in the open."""
    one = compile_text(
        f'keraspec = 1\nname = "n"\ninputs.image.shape = [{side}, {side}, 3]\n'
        f'layers = [{{ name = "whole", type = "applications.{name}", weights = "none"{arguments} }}]'
    )
    assert one.diagnostics == ()
    assert one.typed is not None
    places = {"": -1}
    steps: list[Step] = []
    for inner in one.typed.typed["whole"].inside:
        sources = [places[source] for source in inner.sources]
        for part in in_the_open(inner, sources, steps):
            steps.append(part)
            sources = [len(steps) - 1]
        places[inner.name] = sources[0] if is_nothing(inner) else len(steps) - 1
    return steps


def is_nothing(inner: Inner) -> bool:
    """ConvNeXt marks with it where training might skip a unit."""
    return inner.layer.record.name == "Activation" and inner.layer["activation"] == "linear"


def in_the_open(inner: Inner, sources: list[int], before: list[Step]) -> Iterator[Step]:
    shape = inner.outputs[0].shape
    match inner.layer.record.name:
        case _ if is_nothing(inner):
            return
        case "Sequential":
            by_layer = [tuple(own) for _, own in groupby(inner.weights, lambda one: one.name.rpartition("/")[0])]
            given = before[sources[0]].shape
            for layer, weights in zip(inner.layer["layers"], by_layer, strict=True):
                given = shape if layer.record.name == "Conv2D" else given
                yield step(layer.record.name, sources, given, weights, layer)
                sources = [len(before) - 1]
        case "LayerScale":  # private to Keras
            yield Step("EinsumDense", tuple(sources), shape, tuple((w.shape, w.trainable) for w in inner.weights), {})
        case name:
            yield step(name, sources, shape, inner.weights, inner.layer)


SAME = [
    ("vgg16", (), "VGG16", 224, ""),
    ("resnet50", (), "ResNet50", 224, ""),
    *(("resnet", (f"parameters.size={size}",), f"ResNet{size}", 224, "") for size in (50, 101, 152)),
    *(("densenet121", (f"parameters.size={size}",), f"DenseNet{size}", 224, "") for size in (121, 169, 201)),
    ("inceptionv3", (), "InceptionV3", 299, ""),
    ("convnext_tiny", (), "ConvNeXtTiny", 224, ""),
    *(
        (
            "mobilenetv2",
            (f"parameters.alpha={alpha}", f"parameters.side={side}"),
            "MobileNetV2",
            side,
            f", alpha = {alpha}",
        )
        for alpha, side in ((0.35, 96), (0.5, 128), (0.75, 160), (1.0, 224), (1.3, 192), (1.4, 224), (0.1, 96))
    ),
    *(
        ("efficientnet", (f"parameters.variant=B{number}",), f"EfficientNetB{number}", side, "")
        for number, side in enumerate((224, 240, 260, 300, 380, 456, 528, 600))
    ),
]


@pytest.mark.parametrize(
    ("name", "settings", "application", "side", "arguments"), SAME, ids=lambda one: str(one).replace("parameters.", "")
)
def test_the_layers_are_those_of_the_application(
    name: str, settings: tuple[str, ...], application: str, side: int, arguments: str
) -> None:
    mine, keras = of_spec(checked(name, *settings)), of_application(application, side, arguments)
    for place, (own, other) in enumerate(zip(mine, keras, strict=True)):
        if own.kind == "EinsumDense":  # its arguments are not those of Keras' private layer
            own = Step(own.kind, own.sources, own.shape, own.weights, {})
        assert own == other, place


def kinds(steps: list[Step], *names: str) -> list[str]:
    """Those layers of a network that have weights: what each gives, and how many."""
    return [
        f"{one.kind} {' '.join(map(str, one.shape[1:]))}: {sum(int(np.prod(shape)) for shape, _ in one.weights)}"
        for one in steps
        if one.kind in names
    ]


def test_lenet() -> None:
    steps = of_spec(checked("lenet5"))
    assert kinds(steps, "Conv2D", "AveragePooling2D", "Dense") == [
        "Conv2D 28 28 6: 156",
        "AveragePooling2D 14 14 6: 0",
        "Conv2D 10 10 16: 2416",
        "AveragePooling2D 5 5 16: 0",
        "Dense 120: 48120",
        "Dense 84: 10164",
        "Dense 10: 850",
    ]
    assert sum(int(np.prod(shape)) for one in steps for shape, _ in one.weights) == 61_706


@pytest.mark.parametrize(("size", "depths", "params"), [(18, (2, 2, 2, 2), 11_689_512), (34, (3, 4, 6, 3), 21_797_672)])
def test_the_small_resnets(size: int, depths: tuple[int, ...], params: int) -> None:
    """Table 1 of the paper, and the number of parameters for which they are known."""
    one = checked("resnet", f"parameters.size={size}")
    assert one.typed is not None
    assert summarise(one.typed).totals.trainable_params == params
    found = [
        (len(part.weights), part.shape[1:], part.arguments["kernel_size"][0])
        for part in of_spec(one)
        if part.kind == "Conv2D"
    ]
    expected = [(1, (112, 112, 64), 7)]
    for stage, depth in enumerate(depths):
        shape = (56 // 2**stage, 56 // 2**stage, 64 * 2**stage)
        expected += [(1, shape, 1)] * (stage > 0) + [(1, shape, 3)] * (2 * depth)
    assert found == expected


def test_unet() -> None:
    """The sizes that stand in figure 1 of the paper."""
    steps = of_spec(checked("unet"))
    sides = [570, 568, 282, 280, 138, 136, 66, 64, 30, 28, 54, 52, 102, 100, 198, 196, 390, 388, 388]
    filters = [64, 128, 256, 512, 1024, 512, 256, 128, 64]
    assert [one.shape[1] for one in steps if one.kind == "Conv2D"] == sides
    assert [one.shape[3] for one in steps if one.kind == "Conv2D"] == [*(n for n in filters for _ in range(2)), 2]
    assert [one.shape[1:] for one in steps if one.kind == "Conv2DTranspose"] == [
        (56, 56, 512),
        (104, 104, 256),
        (200, 200, 128),
        (392, 392, 64),
    ]
    joined = [one for one in steps if one.kind == "Concatenate"]
    assert [one.shape[3] for one in joined] == [1024, 512, 256, 128]
    assert [steps[source].kind for one in joined for source in one.sources] == ["Cropping2D", "Conv2DTranspose"] * 4
    assert sum(int(np.prod(shape)) for one in steps for shape, _ in one.weights) == 31_030_658


def test_convnext_skips_more_and_more() -> None:
    assert "Dropout" not in {one.kind for one in of_spec(checked("convnext_tiny"))}
    steps = of_spec(checked("convnext_tiny", "parameters.drop_path=0.1"))
    rates = [one.arguments["rate"] for one in steps if one.kind == "Dropout"]
    assert rates == pytest.approx([0.1 * place / 17 for place in range(1, 18)])


@pytest.mark.parametrize("name", NAMES)
def test_is_checked_clean(name: str) -> None:
    result = CliRunner().invoke(group, ["check", str(path(name))])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(("name", "lines"), [("resnet", 60), ("resnet50", 40)])
def test_is_a_page_that_a_person_can_read(name: str, lines: int) -> None:
    assert len(path(name).read_text("utf-8").splitlines()) <= lines


@pytest.mark.parametrize("name", NAMES)
def test_says_where_it_is_from(name: str) -> None:
    spec = checked(name).spec
    assert spec is not None
    assert re.search(r"\b(19|20)\d\d\b", spec.description or "")
    assert name == "lenet5" or re.search(r"\barXiv:\d{4}\.\d{5}\b|\barXiv:\d{4}\.\d{4}\b", spec.description or "")


SMALL = [
    ("resnet50", ("inputs.image.shape=[32, 32, 3]",), "ResNet50", 32, {}),
    ("densenet121", ("inputs.image.shape=[32, 32, 3]",), "DenseNet121", 32, {}),
    ("mobilenetv2", ("parameters.alpha=0.35", "parameters.side=96"), "MobileNetV2", 96, {"alpha": 0.35}),
    ("efficientnet", ("parameters.scaling.default.B0.side=45",), "EfficientNetB0", 45, {}),
    ("inceptionv3", ("inputs.image.shape=[75, 75, 3]",), "InceptionV3", 75, {}),
    ("convnext_tiny", ("inputs.image.shape=[32, 32, 3]",), "ConvNeXtTiny", 32, {}),
]


@pytest.mark.long
@pytest.mark.parametrize(("name", "settings", "application", "side", "arguments"), SMALL, ids=lambda one: str(one))
def test_the_numbers_are_those_of_keras(
    name: str, settings: tuple[str, ...], application: str, side: int, arguments: dict[str, Any]
) -> None:
    """Keras' model and ours from the spec: the same layers, and with the same weights the same bits."""
    import keras

    from keraspec.compiler.build import build

    keras.utils.set_random_seed(7)
    theirs = getattr(keras.applications, application)(
        weights=None, input_shape=(side, side, 3), classifier_activation=None, **arguments
    )
    one = checked(name, *settings, "layers.class.activation=linear")  # a softmax would make all alike
    assert one.typed is not None
    ours = build(one.typed)
    if name != "convnext_tiny":  # where Keras nests some layers, and has a private one
        assert [configured(layer) for layer in ours.layers] == [configured(layer) for layer in theirs.layers]
    values = theirs.get_weights()
    assert [weight.shape for weight in ours.weights] == [value.shape for value in values]
    random = np.random.default_rng(7)
    values = [value + random.uniform(0.0, 0.1, value.shape) * value.std() for value in values]
    values = [value if value.any() else random.uniform(0.0, 0.1, value.shape) for value in values]
    ours.set_weights(values)
    theirs.set_weights(values)
    pixels = random.uniform(0, 1, (2, side, side, 3)).astype("float32")
    found, expected = (keras.ops.convert_to_numpy(model(pixels)) for model in (ours, theirs))
    assert np.isfinite(expected).all()
    assert len(np.unique(expected)) > 1000
    assert (found == expected).all()


def configured(layer: Any) -> tuple[str, dict[str, Any]]:
    """The class and the configuration, without names and without what is only another way to write the same."""
    config = layer.get_config()
    for key in ("name", "build_config", "batch_shape", "dtype"):
        config.pop(key, None)
    for key, value in config.items():
        if key.endswith("_initializer") and isinstance(value, dict):
            config[key] = (value["class_name"], {one: own for one, own in value["config"].items() if one != "seed"})
    if config.get("kernel_size") == (1, 1):
        del config["padding"]
    if config.get("axis") in (3, (3,), (-1,)):
        config["axis"] = -1
    return type(layer).__name__, config

"""All of keras.applications, layer by layer: names, classes, sources, shapes, dtypes and weights are Keras'.

The default run takes a slice of each family; ``pytest -m long`` takes all networks, whole.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from keraspec.compiler.catalogue import family
from keraspec.compiler.catalogue.objects import arguments_of, instantiate
from keraspec.compiler.catalogue.record import ArgumentError, Call, Inferred, Inner, ShapeError
from keraspec.compiler.sizes import BATCH, known, product, symbol
from keraspec.compiler.tensor import TensorType, policy

Shape = tuple[int | str, ...]
FLOATING: Shape = ("height", "width", 3)


@dataclass(frozen=True)
class Case:
    """An application called with pictures of a shape (a word: a size not known); arguments as in a spec."""

    name: str
    shape: Shape = (224, 224, 3)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    precision: str = "float32"

    @property
    def written(self) -> Mapping[str, Any]:
        """What a spec writes, by the name that cases of other objects have for it."""
        return self.arguments

    def __str__(self) -> str:
        return "-".join([self.name, "x".join(map(str, self.shape)), *(f"{k}={v}" for k, v in self.arguments.items())])


def ours(case: Case) -> Inferred:
    """What the catalogue says; ArgumentError or ShapeError where it refuses."""
    record = family("applications")[f"applications.{case.name}"]
    layer = instantiate(record, {"weights": "none", **case.arguments})
    assert record.check is not None
    assert record.rule is not None
    record.check(layer.arguments)
    shape = (BATCH, *(symbol(size) if isinstance(size, str) else size for size in case.shape))
    return record.rule(Call(layer, {"inputs": (TensorType(shape),)}, {}, policy(case.precision)))


def theirs(case: Case) -> Any:
    """The Keras model; whatever Keras raises where it refuses."""
    import keras

    arguments = {"weights": None, **{key: None if value == "none" else value for key, value in case.arguments.items()}}
    shape = tuple(None if isinstance(size, str) else size for size in case.shape)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(case.precision)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual channels, and of sizes for which there are no weights
            return getattr(keras.applications, case.name)(input_shape=shape, **arguments)
    finally:
        keras.config.set_dtype_policy(before)


def outlined(case: Case) -> Any:
    """The Keras model without values for its weights: most time goes into these, and a comparison asks for none."""
    import keras

    with keras.StatelessScope(initialize_variables=False):
        return theirs(case)


def agree(case: Case) -> None:
    """Assert that inside and outside are the same."""
    import keras

    keras.backend.clear_session()  # generated names begin anew
    inferred, model = ours(case), outlined(case)
    expected = {one.name: one for one in model.operations if type(one).__name__ != "InputLayer"}
    found = {layer.name: layer for layer in inferred.inside}
    assert sorted(found) == sorted(expected)
    for name, layer in found.items():
        assert described(layer) == keras_description(expected[name]), name
    assert agrees(inferred.outputs[0].shape, model.output_shape)
    assert inferred.outputs[0].dtype == model.output.dtype
    assert product_of(inferred) == model.count_params()
    trainable = sum(product(w.shape) for w in inferred.weights if w.trainable)  # type: ignore[misc]
    assert trainable == sum(int(product(w.shape)) for w in model.trainable_weights)
    names = set(found) | {""}
    assert all(source in names for layer in inferred.inside for source in layer.sources)


def product_of(inferred: Inferred) -> Any:
    return sum(product(weight.shape) for weight in inferred.weights)


def described(layer: Inner) -> tuple[Any, ...]:
    (output,) = layer.outputs
    record = layer.layer.record
    kind = {"ops": record.name.rpartition(".")[2].title()}.get(record.family, record.name)
    return (
        kind,
        layer.sources,
        tuple(size if known(size) else None for size in output.shape),
        output.dtype,
        sorted((w.name.rpartition("/")[2], w.shape, w.trainable, w.dtype) for w in layer.weights),
    )


def keras_description(one: Any) -> tuple[Any, ...]:
    node = one._inbound_nodes[0]
    sources = tuple(x._keras_history.operation for x in node.input_tensors)
    weights = getattr(one, "weights", [])
    trained = [id(w) for w in getattr(one, "trainable_weights", [])]
    return (
        type(one).__name__,
        tuple("" if type(source).__name__ == "InputLayer" else source.name for source in sources),
        tuple(one.output.shape),
        one.output.dtype,
        sorted(
            (NAMELESS.sub("gamma", w.name), tuple(w.shape), id(w) in trained, w.dtype)
            for w in weights
            if "seed_generator" not in w.path
        ),
    )


NAMELESS = re.compile(r"variable(_\d+)?")
"""What Keras makes up for the one weight without a name, LayerScale's, which we call as the paper does."""


def agrees(mine: tuple[Any, ...], keras: tuple[Any, ...]) -> bool:
    return len(mine) == len(keras) and all(b is None or a == b for a, b in zip(mine, keras, strict=True))


SLICE = (
    Case("ResNet50", (75, 97, 1), {"classes": 7, "classifier_activation": "none"}),
    Case("ResNet50", FLOATING, {"include_top": False, "pooling": "max"}),
    Case("ResNet50V2", (64, 33, 4), {"include_top": False, "pooling": "avg"}, "mixed_float16"),
    Case("VGG16", (32, 50, 3), {"classes": 3}),
    Case("VGG16", ("height", 64, 3), {"include_top": False, "pooling": "avg"}),
    Case("MobileNet", (75, 90, 3), {"alpha": 0.3, "depth_multiplier": 2, "dropout": 0}),
    Case("MobileNet", FLOATING, {"include_top": False, "pooling": "max"}),
    Case("MobileNetV2", (75, 90, 3), {"alpha": 1.4, "classes": 5}),
    Case("MobileNetV2", ("height", 90, 3), {"alpha": 0.35, "include_top": False, "pooling": "avg"}),
    Case("MobileNetV3Small", (75, 90, 3), {"alpha": 0.35, "dropout_rate": 0}),
    Case("MobileNetV3Small", FLOATING, {"classifier_activation": "none", "include_preprocessing": False}),
    Case("MobileNetV3Large", (75, 90, 1), {"minimalistic": True, "alpha": 1.3}),
    Case("MobileNetV3Large", FLOATING, {"include_top": False, "pooling": "max"}),
    Case("Xception", (71, 99, 3), {"classes": 2}),
    Case("DenseNet121", (33, 70, 3), {"include_top": False, "pooling": "avg"}),
    Case("InceptionV3", (75, 99, 3), {"classes": 4}),
    Case("InceptionResNetV2", FLOATING, {"include_top": False, "pooling": "max"}),
    Case("NASNetMobile", (97, 54, 1), {"classes": 2}),
    Case("EfficientNetB0", (75, 90, 3), {"classes": 5}),
    Case("EfficientNetB1", ("height", 97, 1), {"include_top": False, "pooling": "max"}),
    Case("EfficientNetV2B3", (33, 70, 3), {"classifier_activation": "none"}, "mixed_float16"),
    Case("EfficientNetV2B0", FLOATING, {"include_top": False, "include_preprocessing": False, "pooling": "avg"}),
    Case("EfficientNetV2B0", (64, 40, 1), {"include_top": False}),
    Case("ConvNeXtTiny", (40, 67, 3), {"classes": 3}, "mixed_float16"),
    Case("ConvNeXtTiny", FLOATING, {"include_top": False, "include_preprocessing": False, "pooling": "max"}),
)


SLICED = [
    pytest.param(case, marks=[pytest.mark.long] if index % 2 else [], id=str(case)) for index, case in enumerate(SLICE)
]


@pytest.mark.parametrize("case", SLICED)
def test_layers_are_those_of_keras(case: Case) -> None:
    agree(case)


@pytest.mark.long
@pytest.mark.parametrize("record", family("applications").values(), ids=lambda record: record.name)
def test_all_networks_are_those_of_keras(record: Any) -> None:
    name = record.name.partition(".")[2]
    agree(Case(name, SIZES.get(name, (224, 224, 3))))
    agree(Case(name, (123, 86, 3), {"include_top": False, "pooling": "avg"}))
    if not name.startswith("NASNet"):
        agree(Case(name, FLOATING, {"include_top": False}))


SIDES: Mapping[str, int] = {
    "Xception": 299,
    "InceptionV3": 299,
    "InceptionResNetV2": 299,
    "NASNetLarge": 331,
    **{f"EfficientNetB{n}": side for n, side in enumerate((224, 240, 260, 300, 380, 456, 528, 600))},
    **{f"EfficientNetV2B{n}": side for n, side in enumerate((224, 240, 260, 300))},
    "EfficientNetV2S": 384,
    "EfficientNetV2M": 480,
    "EfficientNetV2L": 480,
}
SIZES: Mapping[str, Shape] = {name: (side, side, 3) for name, side in SIDES.items()}
"""Where there are weights for other pictures than those of 224 by 224."""


class Fetched(Exception):
    """Keras began to fetch weights: it has accepted everything else."""


def refused_by_keras(case: Case, monkeypatch: pytest.MonkeyPatch) -> str:
    """What Keras says against a case, empty text where it accepts it."""

    def fetch(*_: Any, **__: Any) -> None:
        raise Fetched

    for module in list(sys.modules.values()):
        home = getattr(module, "file_utils", None)
        if hasattr(home, "get_file"):
            monkeypatch.setattr(home, "get_file", fetch)
    try:
        outlined(case)
    except Fetched:
        return ""
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


def refused_by_us(case: Case) -> str:
    try:
        ours(case)
    except (ArgumentError, ShapeError) as error:
        return error.message
    return ""


IMAGENET = {"weights": "imagenet"}
BARE = {"include_top": False}
QUICK = ("MobileNet",)
"""Of what Keras builds, what is built in the default run to see that it is accepted."""


def questions(name: str, every: bool) -> list[Case]:
    """Cases of which Keras refuses most, at once and without building anything; but for the last."""
    side = SIZES.get(name, (224, 224, 3))[0]
    return [
        *(Case(name, (size, 100, 3), BARE) for size in (31, 70, 74)),
        Case(name, (100, 31, 3)),
        Case(name, (31, "width", 3), BARE),
        Case(name, FLOATING),
        Case(name, ("height", 100, 3)),
        Case(name, (100, 100), BARE),
        Case(name, (99, 99, 3), IMAGENET),
        Case(name, (128, 128, 3), IMAGENET),
        Case(name, (99, 99, 1), {**IMAGENET, **BARE}),
        Case(name, (side, side, 3), {**IMAGENET, "classes": 10}),
        Case(name, (100, "width", 3), BARE),
        *([Case(name, (side, side, 3), {**IMAGENET, "classifier_activation": "relu"})] if every else []),
    ]


@pytest.mark.parametrize("name", [record.partition(".")[2] for record in family("applications")])
def test_refuses_what_keras_refuses(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in questions(name, name in QUICK):
        mine = refused_by_us(case)
        if mine or name in QUICK:  # what Keras refuses it refuses at once, what it accepts it builds
            assert mine or not refused_by_keras(case, monkeypatch), f"Keras alone refuses {case}"
        if mine and str(case) not in STRICTER:
            assert refused_by_keras(case, monkeypatch), f"{case}: we alone refuse: {mine}"


@pytest.mark.long
@pytest.mark.parametrize("name", [record.partition(".")[2] for record in family("applications")])
def test_refuses_and_accepts_as_keras_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in questions(name, every=True):
        if str(case) not in STRICTER:
            mine, keras = refused_by_us(case), refused_by_keras(case, monkeypatch)
            assert bool(mine) == bool(keras), f"{case}: {mine!r}, Keras: {keras!r}"


STRICTER = {
    # Keras accepts one channel until the weights are there, and then they do not fit.
    str(Case(name, (99, 99, 1), {**IMAGENET, **BARE}))
    for name in ("MobileNetV3Small", "MobileNetV3Large")
}


def test_trained_weights_may_bring_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """EfficientNet scales colours once more for the weights of ImageNet, by the same numbers as Keras."""
    import keras

    monkeypatch.setattr(sys.modules["keras.src.applications.efficientnet"].file_utils, "get_file", lambda *_, **__: "")
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_: None)
    case = Case("EfficientNetB0", FLOATING, {**IMAGENET, **BARE})
    agree(case)
    (extra,) = (layer for layer in ours(case).inside if layer.name == "rescaling_1")
    keras.backend.clear_session()
    assert extra.layer["scale"] == pytest.approx(outlined(case).get_layer("rescaling_1").scale)
    assert "rescaling_1" not in {layer.name for layer in ours(Case("EfficientNetB0", FLOATING, BARE)).inside}


UNSETTLED = (FLOATING, (64, "width", 3), ("height", 64, 3))
"""NASNet halves what it joins where its sizes differ, and Keras takes sizes that it does not know for the same."""


@pytest.mark.parametrize("name", ["NASNetMobile", "NASNetLarge"])
@pytest.mark.parametrize("shape", UNSETTLED, ids=str)
def test_nasnet_asks_for_height_and_width(name: str, shape: Shape) -> None:
    assert "height and width" in refused_by_us(Case(name, shape, BARE))


@pytest.mark.long
@pytest.mark.parametrize("shape", UNSETTLED, ids=str)
def test_nasnet_of_unknown_sizes_is_of_no_use(shape: Shape) -> None:
    import numpy as np

    with pytest.raises(Exception, match=r"shape|NoneType"):
        theirs(Case("NASNetMobile", shape, BARE)).predict_on_batch(np.zeros((1, 64, 64, 3), "float32"))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("MobileNet", {"alpha": 0.3}),
        ("MobileNet", {"alpha": 0.5}),
        ("MobileNet", {"depth_multiplier": 2}),
        ("MobileNet", {"alpha": 0.02, "weights": "none"}),
        ("MobileNetV2", {"alpha": 0.25}),
        ("MobileNetV2", {"alpha": 1.3}),
        ("MobileNetV3Small", {"alpha": 0.5}),
        ("MobileNetV3Small", {"alpha": 0.75}),
        ("MobileNetV3Large", {"alpha": 0.75, "minimalistic": True}),
    ],
)
def test_trained_weights_are_there_for_few_widths(
    name: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(name, (224, 224, 3), {**IMAGENET, **arguments})
    assert bool(refused_by_us(case)) == bool(refused_by_keras(case, monkeypatch)), case


def test_arguments_are_those_of_keras() -> None:
    import inspect

    import keras

    given_by_graph = {"input_tensor", "input_shape", "name"}
    for record in family("applications").values():
        function = getattr(keras.applications, record.name.partition(".")[2])
        stated = inspect.signature(function).parameters
        mine = arguments_of(record)
        assert mine.keys() - {"trainable"} == stated.keys() - given_by_graph, record.name
        for name, argument in mine.items():
            if name != "trainable":
                assert argument.default == stated[name].default, f"{record.name}.{name}"

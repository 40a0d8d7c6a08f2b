"""How far layers see, held against published numbers and against which pixels change what Keras computes."""

from __future__ import annotations

import numpy as np
import pytest

from keraspec.checked import compile_text
from keraspec.compiler.build import build
from keraspec.compiler.graph import Edge, TypedGraph
from keraspec.compiler.reach import Unclear, receptive_fields

SPEC = "keraspec = 1\ninputs.x.shape = {shape}\nlayers = [\n{layers}\n]\n"


def typed_of(text: str) -> TypedGraph:
    checked = compile_text(text)
    assert checked.typed is not None, [one.finding.message for one in checked.diagnostics]
    return checked.typed


def seen(text: str, name: str | None = None) -> dict[str, tuple[object, ...]]:
    typed = typed_of(text)
    edge = next(iter(typed.graph.outputs.values())) if name is None else Edge(name, 0, ())
    return dict(receptive_fields(typed, edge))


@pytest.mark.parametrize(
    ("application", "far"),
    [("VGG16", 212), ("MobileNet", 315), ("ResNet50", 483), ("InceptionV3", 1311)],
)
def test_published_numbers(application: str, far: int) -> None:
    """The table of Araujo, Norris and Sim, 2019, https://distill.pub/2019/computing-receptive-fields/."""
    layer = f'{{ type = "applications.{application}", weights = "none", include_top = false }}'
    assert seen(SPEC.format(shape=[224, 224, 3], layers=layer)) == {"x": (far, far)}


def test_layers_inside_layers_of_an_application() -> None:
    """ConvNeXt: kernels of 7 in blocks of 3, 3, 9, 3 at steps of 4, 8, 16, 32, and kernels of 2 between the stages."""
    far = 4 + 6 * (3 * 4 + 3 * 8 + 9 * 16 + 3 * 32) + 4 + 8 + 16
    layer = '{ type = "applications.ConvNeXtTiny", weights = "none", include_top = false }'
    assert seen(SPEC.format(shape=[224, 224, 3], layers=layer)) == {"x": (far, far)}


NETWORKS = {
    "valid": ("[40, 40, 1]", ["Conv2D kernel_size=3", "MaxPooling2D pool_size=2", "Conv2D kernel_size=[1,5]"]),
    "same": ("[40, 40, 1]", [
        'Conv2D kernel_size=4 strides=2 padding="same"', 'Conv2D kernel_size=3 dilation_rate=3 padding="same"',
    ]),
    "causal": ("[60, 1]", [
        'Conv1D kernel_size=3 dilation_rate=4 padding="causal"', 'Conv1D kernel_size=2 padding="causal"',
    ]),
    "up": ("[20, 20, 1]", [
        'Conv2D kernel_size=3 padding="same"', "UpSampling2D size=3", 'Conv2D kernel_size=3 padding="same"',
    ]),
    "smooth": ("[16, 16, 1]", ['UpSampling2D size=2 interpolation="bilinear"', "Conv2D kernel_size=2"]),
    "transposed": ("[20, 20, 1]", [
        'Conv2DTranspose kernel_size=5 strides=2 padding="same"', "Conv2D kernel_size=3",
    ]),
    "transposed valid": ("[30, 1]", [
        "Conv1DTranspose kernel_size=4 strides=3", "AveragePooling1D pool_size=3 strides=1",
    ]),
    "shifted": ("[24, 24, 1]", [
        "ZeroPadding2D padding=[[3,0],[1,2]]", "Conv2D kernel_size=3", "Cropping2D cropping=2",
        "SeparableConv2D kernel_size=3",
    ]),
    "volume": ("[12, 12, 12, 1]", ["Conv3D kernel_size=[1,2,3]", "AveragePooling3D pool_size=2"]),
    "everywhere": ("[12, 10, 1]", ["Conv2D kernel_size=3", "GlobalAveragePooling2D", "Dense units=1"]),
    "along": ("[12, 10, 3]", [
        "Permute dims=[2,1,3]", 'TimeDistributed layer={type="Conv1D",filters=1,kernel_size=3}',
    ]),
    "dense": ("[9, 3]", ["Dense units=2", "LayerNormalization"]),
    "equation": ("[9, 5, 3]", [
        "Conv2D kernel_size=3", 'EinsumDense equation="...c,c->...c" output_shape=2', "Conv2D kernel_size=2",
    ]),
    "summed": ("[9, 3]", ['EinsumDense equation="abc,cd->abd" output_shape=["none",2]', "Conv1D kernel_size=2"]),
    "summed over places": ("[9, 3]", ['EinsumDense equation="abc,be->aec" output_shape=[2,3]']),
}  # fmt: skip
"""A network → the shape of its input, and its layers; convolutions have two filters."""


def test_layers_with_a_memory_see_all_steps() -> None:
    assert seen(SPEC.format(shape="[9, 3]", layers=entry("LSTM units=2 return_sequences=true"))) == {"x": (9,)}


def entry(written: str) -> str:
    kind, *arguments = written.split(" ")
    if "Conv" in kind:
        arguments.append("filters=2")
    return f'{{ type = "{kind}", {", ".join(arguments)} }}'


@pytest.mark.parametrize("name", NETWORKS)
def test_what_keras_computes_hangs_on_just_these_places(name: str) -> None:
    shape, layers = NETWORKS[name]
    text = SPEC.format(shape=shape, layers=",\n".join(map(entry, layers)))
    assert seen(text)["x"] == measured(typed_of(text))


def test_ways_that_meet_see_what_each_of_them_sees() -> None:
    text = """
keraspec = 1
inputs.x.shape = [32, 32, 1]
layers = [
  { name = "near", type = "Conv2D", filters = 1, kernel_size = 3, padding = "same" },
  { name = "far", type = "Conv2D", inputs = "x", filters = 1, kernel_size = [7, 1], padding = "same" },
  { name = "both", type = "Concatenate", inputs = ["near", "far"] },
  { name = "small", type = "AveragePooling2D", pool_size = 2 },
  { name = "large", type = "UpSampling2D" },
  { type = "Add", inputs = ["large", "both"] },
]
"""
    assert seen(text, "both") == {"x": (7, 3)}
    assert seen(text)["x"] == measured(typed_of(text)) == (8, 4)


def test_words_and_several_inputs() -> None:
    text = """
keraspec = 1
inputs.words = { shape = ["time"], dtype = "int32" }
inputs.more.shape = [4]
layers = [
  { name = "meaning", type = "Embedding", inputs = "words", input_dim = 9, output_dim = 4 },
  { name = "phrase", type = "Conv1D", filters = 4, kernel_size = 5, padding = "same" },
  { name = "text", type = "GlobalMaxPooling1D" },
  { type = "Add", inputs = ["text", "more"] },
]
"""
    assert seen(text, "phrase") == {"words": (5,)}
    found = seen(text)
    assert str(found["words"][0]) == "time"
    assert found["more"] == (4,)


def test_what_is_not_known_is_not_made_up() -> None:
    text = SPEC.format(shape=[9, 3], layers='{ name = "turned", type = "ops.roll", shift = 1, axis = 1 }')
    with pytest.raises(Unclear) as unclear:
        seen(text)
    assert unclear.value.layer == "turned"


def measured(typed: TypedGraph) -> tuple[int, ...]:
    """The extent of the places in the middle of an input that change what comes out at a place, at most over the
    places in the middle of the output."""
    import keras

    model = build(typed)
    for weight in model.trainable_variables:
        weight.assign(np.random.default_rng(3).uniform(0.2, 1, weight.shape))
    shape = tuple(model.inputs[0].shape[1:])
    quiet = np.random.default_rng(1).uniform(0.5, 1, (1, *shape)).astype("float32")
    places = shape[:-1]
    pictures = np.repeat(quiet, int(np.prod(places)), axis=0)
    for row, place in enumerate(np.ndindex(*places)):
        pictures[(row, *place)] += 5
    after, before = (keras.ops.convert_to_numpy(model(one, training=False)) for one in (pictures, quiet))
    apart = after - before
    changed = np.abs(apart).max(axis=-1) > 1e-6
    widest = [0] * len(places)
    inner = changed.shape[1:]
    for at in np.ndindex(*inner):
        if all(size // 3 <= place <= 2 * size // 3 for place, size in zip(at, inner, strict=True)):
            touched = np.argwhere(changed[(slice(None), *at)].reshape(places))
            wide = touched.max(axis=0) - touched.min(axis=0) + 1
            widest = [max(one, int(other)) for one, other in zip(widest, wide, strict=True)]
    return tuple(widest)

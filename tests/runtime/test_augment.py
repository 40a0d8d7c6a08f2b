"""Augmentation: training rows alone are varied, anew every epoch, and the same way again with the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from keraspec.checked import compile_text
from keraspec.compiler.augmentations import NOISE, VARYING
from keraspec.compiler.catalogue import augmentation, find
from keraspec.compiler.catalogue.record import REQUIRED
from keraspec.runtime.data import prepare
from keraspec.runtime.environment import backend

SPEC = """
keraspec = 1
inputs.image = {{ shape = [8, 6, 3], dtype = "{dtype}" }}
[[layers]]
{first}
[[layers]]
type = "Flatten"
[[layers]]
name = "kind"
type = "Dense"
units = 2
activation = "softmax"
[data]
source = {{ type = "npz", path = "t.npz" }}
split = {{ validation = 0.25 }}
batch_size = 5
{data}
[training]
loss = "sparse_categorical_crossentropy"
epochs = 2
"""
FIRST = 'type = "Rescaling"\nscale = 0.00392156862745098'
FLIP = 'augment = [{ type = "RandomFlip" }]'


def spec(data=FLIP, dtype="float32", first=FIRST):
    return SPEC.format(data=data, dtype=dtype, first=first)


def pictures(tmp_path, count=24):
    random = np.random.default_rng(3)
    image = random.integers(0, 256, (count, 8, 6, 3)).astype(np.uint8)
    np.savez(tmp_path / "t.npz", image=image, kind=np.arange(count) % 2)


def feeds(check, tmp_path, text):
    from keraspec.runtime.feeds import feeds_of
    from keraspec.runtime.interface import interface_of

    pictures(tmp_path)
    checked = check(text)
    prepared = prepare(checked.typed, checked.path.parent)
    return prepared, feeds_of(prepared, interface_of(checked.typed, prepared, tmp_path).form, None, checked.typed)


def epoch(made, number, part=None):
    made.order.set(number)
    batches = made.train if part is None else made.parts[part]
    each = range(len(batches)) if hasattr(batches, "__getitem__") else None
    rows = [batches[index] for index in each] if each is not None else list(batches)
    return np.concatenate([np.asarray(batch[0]) for batch in rows])


@pytest.mark.parametrize("shuffle", ["true", "false"])
def test_training_rows_alone_are_varied_and_each_epoch_is_another(check, tmp_path, shuffle):
    prepared, made = feeds(check, tmp_path, spec(f"shuffle = {shuffle}\n{FLIP}"))
    train = prepared.parts["train"].inputs["image"].astype(np.float32)
    held = prepared.parts["validation"].inputs["image"].astype(np.float32)
    first, second = epoch(made, 0), epoch(made, 1)
    assert first.shape == train.shape
    assert not np.array_equal(first, second)
    flipped = {tuple(one[::a, ::b].reshape(-1)) for one in train for a in (1, -1) for b in (1, -1)}
    assert all(tuple(one.reshape(-1)) in flipped for one in first)
    as_they_are = {tuple(one.reshape(-1)) for one in train}
    assert 0 < sum(tuple(one.reshape(-1)) in as_they_are for one in first) < len(first)
    assert np.array_equal(epoch(made, 0, "validation"), held)
    assert np.array_equal(epoch(made, 0, "train"), train)
    assert np.array_equal(epoch(made, 0), first)
    assert np.array_equal(epoch(feeds(check, tmp_path, spec(f"shuffle = {shuffle}\n{FLIP}"))[1], 1), second)
    other = epoch(feeds(check, tmp_path, spec(f"shuffle = {shuffle}\nseed = 5\n{FLIP}"))[1], 0)
    assert not np.array_equal(np.sort(other.reshape(-1)), np.sort(first.reshape(-1)))


def test_whole_numbers_stay_whole(check, tmp_path):
    data = 'augment = [{ type = "RandomBrightness", factor = 0.9 }]'
    _, made = feeds(check, tmp_path, spec(data, "uint8"))
    rows = epoch(made, 0)
    assert rows.dtype == np.uint8
    assert len(np.unique(rows)) > 100


NEEDED = {"RandomZoom": {"height_factor": 0.3}, "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
          "RandomShear": {"x_factor": 0.4, "y_factor": 0.4}, "RandomCrop": {"height": 8, "width": 6},
          "RandomElasticTransform": {"factor": 1.0}, "RandomErasing": {"factor": 1.0},
          "RandomGaussianBlur": {"factor": 1.0}, "RandomInvert": {"factor": 0.5}, "RandomGrayscale": {"factor": 0.5},
          "RandomPosterization": {"factor": 3}, "RandomColorJitter": {"brightness_factor": 0.5},
          "GaussianNoise": {"stddev": 1.0}, "RandomPerspective": {"factor": 1.0},
          "Solarization": {"addition_factor": 0.5, "threshold_factor": 0.5}}  # fmt: skip
CONSTANT = {"RandomCrop", "RandomFlip"}
"""Here the frame is the whole image, and all pixels stay."""


@pytest.mark.parametrize("name", sorted(VARYING - {"SpatialDropout1D", "SpatialDropout3D"}))
def test_every_layer_runs_in_the_pipeline_and_repeats_itself(check, tmp_path, name):
    record = find("layers", name)
    needed = {one.name: 0.4 for one in record.arguments if one.default is REQUIRED} | NEEDED.get(name, {})
    table = ", ".join([f'type = "{name}"', *(f"{key} = {value}" for key, value in needed.items())])
    _, made = feeds(check, tmp_path, spec(f"augment = [{{ {table} }}]"))
    first, second = epoch(made, 0), epoch(made, 1)
    assert np.isfinite(first).all()
    assert np.array_equal(epoch(made, 0), first)
    if name not in CONSTANT:
        assert not np.array_equal(np.sort(first, axis=None), np.sort(second, axis=None))


def test_which_layers_vary():
    assert {record.name for record in augmentation.LAYERS} | NOISE == VARYING


@pytest.mark.parametrize(
    ("data", "code", "pointer", "words"),
    [
        ('augment = [{ type = "Resizing", height = 4, width = 4 }]', "E442", ("augment", 0), "does the same"),
        ('augment = [{ type = "Dense", units = 4 }]', "E442", ("augment", 0), "Dense does not vary"),
        ('augment = [{ type = "MixUp" }]', "E442", ("augment", 0), "labels would stay"),
        ('augment = [{ type = "RandomCrop", height = 4, width = 4 }]', "E442", ("augment", 0), "keep its shape"),
        ('augment = [{ type = "RandomFlip", mode = "h" }]', "E107", ("augment", 0, "mode"), "mode"),
        ('augment = [{ type = "RandomFlip", inputs = "x" }]', "E102", ("augment", 0, "inputs"), "inputs"),
        ('augment = [{ type = "RandomFlp" }]', "E108", ("augment", 0, "type"), "RandomFlp"),
        ('augment = { type = "RandomFlip" }', "E105", ("augment",), "must be a list"),
        ('inputs.image.augment = [{ type = "MixUp" }]', "E442", ("inputs", "image", "augment", 0), "MixUp"),
    ],
)
def test_what_can_not_vary_data(data, code, pointer, words):
    (one,) = [one.finding for one in compile_text(spec(data)).diagnostics]
    assert (one.code, one.pointer) == (code, ("data", *pointer))
    assert words in one.message


def test_an_image_must_be_one(check):
    text = spec().replace("[8, 6, 3]", "[48]")
    (one,) = [one.finding for one in compile_text(text).diagnostics]
    assert (one.code, one.pointer) == ("E301", ("data", "augment", 0))


def test_with_two_images_it_must_be_said_which():
    text = spec().replace("[[layers]]", 'inputs.other.shape = [8, 6, 3]\n[[layers]]\nname = "both"\ninputs = ["image", '
                          '"other"]\ntype = "Concatenate"\n[[layers]]', 1)  # fmt: skip
    (one,) = [one.finding for one in compile_text(text).diagnostics]
    assert (one.code, one.pointer) == ("E442", ("data", "augment"))
    named = text.replace("augment = ", "inputs.other.augment = ")
    assert not compile_text(named).diagnostics


def test_pixels_do_not_move_away_from_their_masks():
    text = """
keraspec = 1
inputs.image.shape = [8, 6, 3]
layers = [{ name = "mask", type = "Conv2D", filters = 2, kernel_size = 1, activation = "softmax" }]
data = { source = { type = "npz", path = "t.npz" }, augment = [{ type = "RandomBrightness", factor = 0.1 }, FLIP] }
training.loss = "sparse_categorical_crossentropy"
"""
    (one,) = [one.finding for one in compile_text(text.replace("FLIP", '{ type = "RandomFlip" }')).diagnostics]
    assert (one.code, one.pointer) == ("E442", ("data", "augment", 1))
    assert not compile_text(text.replace(", FLIP", "")).diagnostics


@pytest.mark.skipif(backend() != "tensorflow", reason="preprocessing is cut off the model on TensorFlow alone")
def test_training_with_preprocessing_behind_it(check, tmp_path):
    from keraspec.runtime.train import train

    pictures(tmp_path)
    layers = 'type = "Normalization"'
    checked = check(spec(first=layers))
    found = [train(checked.typed, tmp_path, run_dir=tmp_path / f"run{number}") for number in (1, 2)]
    losses = [[row["loss"] for row in one.history] for one in found]
    assert losses[0] == losses[1]

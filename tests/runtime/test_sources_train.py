"""Each source trains, evaluates and predicts, in one process; and pixels are those that Keras itself would feed."""

from __future__ import annotations

import json
import wave

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import keraspec
from keraspec.runtime import deferred
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

RANDOM = np.random.default_rng(0)
TABLE = """
keraspec = 1
name = "t"
inputs.x.shape = [3]
layers = [{ name = "class", type = "Dense", units = 2, activation = "softmax" }]
[data]
source = SOURCE
split = { validation = 0.25, test = 0.25 }
inputs.x.column = "x"
targets.class.column = "y"
[training]
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
"""


def trained(tmp_path, text, name="run"):
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(text)
    assert not keraspec.check(path)
    return keraspec.train(path, run_dir=tmp_path / name, epochs=1)


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "npz", "npy"])
def test_tables(tmp_path, kind):
    x, y = RANDOM.normal(size=(40, 3)).astype("float32"), RANDOM.integers(0, 2, 40)
    source = f'{{ type = "{kind}", path = "t.{kind}" }}'
    new = tmp_path / f"t.{kind}"
    if kind == "jsonl":
        new.write_text(
            "".join(json.dumps({"x": one.tolist(), "y": int(two)}) + "\n" for one, two in zip(x, y, strict=True))
        )
    elif kind == "parquet":
        pq.write_table(pa.table({"x": list(x), "y": y}), new)
    elif kind == "npz":
        np.savez(new, x=x, y=y)
    else:
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "y.npy", y)
        new = tmp_path / "x.npy"
        source = '{ type = "npy", path = "?.npy" }'
    run = trained(tmp_path, TABLE.replace("SOURCE", source))
    assert keraspec.evaluate(run.folder).rows == 10
    made = keraspec.predict(run.folder, new)
    values = made.outputs["class"].values
    layer = run.model().layers[-1]
    logits = x @ np.asarray(layer.kernel) + np.asarray(layer.bias)
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(values, expected, atol=1e-5)


IMAGES = """
keraspec = 1
name = "t"
inputs.image.shape = [8, 8, 3]
layers = [
  { type = "Rescaling", scale = 0.00392 },
  { type = "GlobalAveragePooling2D" },
  { name = "class", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "images", path = "photos" }
batch_size = 4
split.validation = 0.25
[training]
loss = "sparse_categorical_crossentropy"
"""


@pytest.fixture
def photos(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(8):
            array = RANDOM.integers(0, 256, (10 + index, 9, 3), np.uint8)
            Image.fromarray(array).save(tmp_path / "photos" / name / f"{index}.{'jpg' if index % 2 else 'png'}")
    return tmp_path / "photos"


def test_pictures_in_memory_and_by_the_batch(tmp_path, photos, monkeypatch):
    kept = trained(tmp_path, IMAGES)
    monkeypatch.setattr(deferred, "KEPT_BYTES", 100)
    streamed = trained(tmp_path, IMAGES, "streamed")
    for one, two in zip(kept.model().get_weights(), streamed.model().get_weights(), strict=True):
        assert np.array_equal(one, two)
    assert keraspec.evaluate(kept.folder).rows == 4
    made = keraspec.predict(kept.folder, photos)
    assert len(made.rows) == 16
    assert set(made.outputs["class"].labels) <= {"cat", "dog"}
    (one,) = keraspec.predict(kept.folder, photos / "dog" / "3.jpg").outputs["class"].values
    np.testing.assert_allclose(one, made.outputs["class"].values[11], atol=1e-6)
    (tmp_path / "photos/dog/4.png").write_bytes(b"")
    with pytest.raises(keraspec.SpecError, match=r"photos/dog/4.png"):
        keraspec.evaluate(kept.folder)


def test_pixels_are_those_of_keras(photos, check):
    import keras
    import tensorflow as tf

    from keraspec.runtime.data import prepare

    expected = keras.utils.image_dataset_from_directory(
        photos, image_size=(8, 8), shuffle=False, batch_size=None, verbose=False
    )
    theirs = np.array([image.numpy() for image, _ in expected])
    labels = [int(label) for _, label in expected]
    for index, path in enumerate(expected.file_paths):
        if path.endswith("jpg"):  # TensorFlow's default decodes faster and less exactly
            exact = tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method="INTEGER_ACCURATE")
            theirs[index] = tf.image.resize(exact, (8, 8)).numpy()
    checked = check(IMAGES.replace("split.validation = 0.25", ""))
    ours = prepare(checked.typed, photos.parent).parts["train"]
    assert ours.targets["class"].tolist() == labels
    np.testing.assert_allclose(ours.inputs["image"], theirs, atol=1e-4)


def test_sounds_of_any_length(tmp_path):
    for name, pitch in (("low", 0.1), ("high", 0.9)):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        for index in range(6):
            samples = (np.sin(np.arange(50 + 10 * index) * pitch) * 20000).astype("<i2")
            with wave.open(str(tmp_path / "sounds" / name / f"{index}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(samples.tobytes())
    text = """
keraspec = 1
name = "t"
inputs.audio.shape = ["time", 1]
layers = [
  { type = "Conv1D", filters = 4, kernel_size = 5, activation = "relu" },
  { type = "GlobalMaxPooling1D" },
  { name = "class", type = "Dense", units = 1, activation = "sigmoid" },
]
[data]
source = { type = "audio", path = "sounds" }
batch_size = 4
[training]
loss = "binary_crossentropy"
"""
    run = trained(tmp_path, text)
    assert keraspec.evaluate(run.folder).rows == 12
    assert len(keraspec.predict(run.folder, tmp_path / "sounds").rows) == 12


def test_texts(tmp_path):
    for name, words in (("good", "fine nice"), ("bad", "poor sad")):
        (tmp_path / "reviews" / name).mkdir(parents=True)
        for index in range(4):
            (tmp_path / "reviews" / name / f"{index}.txt").write_text(f"{words} {index}")
    text = """
keraspec = 1
name = "t"
inputs.text = { shape = [], dtype = "string" }
layers = [
  { type = "TextVectorization", max_tokens = 20, output_mode = "multi_hot", pad_to_max_tokens = true },
  { name = "class", type = "Dense", units = 1, activation = "sigmoid" },
]
[data]
source = { type = "text", path = "reviews" }
[training]
loss = "binary_crossentropy"
"""
    run = trained(tmp_path, text)
    assert keraspec.predict(run.folder, tmp_path / "reviews").outputs["class"].classes == ("bad", "good")


def test_rows_of_unequal_length(tmp_path):
    rows = [{"words": [1 + index % 3] * (1 + index % 5), "y": index % 2} for index in range(20)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = """
keraspec = 1
name = "t"
inputs.words = { shape = ["count"], dtype = "int32" }
layers = [
  { type = "Embedding", input_dim = 10, output_dim = 2, mask_zero = true },
  { type = "GlobalAveragePooling1D" },
  { name = "class", type = "Dense", units = 2, activation = "softmax" },
]
[data]
source = { type = "jsonl", path = "t.jsonl" }
targets.class.column = "y"
[training]
loss = "sparse_categorical_crossentropy"
"""
    run = trained(tmp_path, text)
    made = keraspec.predict(run.folder, tmp_path / "t.jsonl").outputs["class"].values
    np.testing.assert_allclose(made[0], made[15], atol=1e-6)  # one word of its own in both


def test_a_picture_that_breaks_while_training_is_named(tmp_path, photos, monkeypatch):
    monkeypatch.setattr(deferred, "KEPT_BYTES", 100)
    path = photos / "cat" / "2.png"
    path.write_bytes(path.read_bytes()[:60])  # its head is whole
    with pytest.raises(keraspec.SpecError, match=r"photos/cat/2.png") as caught:
        trained(tmp_path, IMAGES.replace("split.validation = 0.25", ""))
    assert "E407" in str(caught.value)
    run = trained(tmp_path, IMAGES.replace("split.validation = 0.25", 'on_error = "skip"'), "skipped")
    assert len(keraspec.predict(run.folder, photos).rows) == 15


def test_batches_read_when_needed_are_those_of_arrays(photos, check, monkeypatch):
    from keraspec.runtime.batches import batches
    from keraspec.runtime.data import prepare
    from keraspec.runtime.feed import Form, Order, feed

    checked = check(IMAGES)
    form = Form({"image": "float32"}, ("class",), False)
    kept = prepare(checked.typed, photos.parent).parts["train"]
    monkeypatch.setattr(deferred, "KEPT_BYTES", 100)
    read = prepare(checked.typed, photos.parent).parts["train"]
    order = Order(3)
    order.set(1)
    elsewhere = batches(read, form, 5, order)
    pairs = list(zip(feed(kept, form, 5, order), feed(read, form, 5, order), strict=True))
    assert len(pairs) == len(elsewhere) == 3
    for index, (one, two) in enumerate(pairs):
        for left, right, third in zip(one, two, elsewhere[index], strict=True):
            assert np.array_equal(left.numpy(), right.numpy())
            assert np.array_equal(left.numpy(), third)


SEGMENTS = """
keraspec = 1
name = "t"
inputs.photo.shape = [8, 8, 1]
layers = [{ name = "mask", type = "Conv2D", filters = 1, kernel_size = 3, padding = "same", activation = "sigmoid" }]
[data]
source = { type = "csv", path = "t.csv" }
inputs.photo.decode = { type = "image" }
targets.mask.decode = { type = "image" }
[training]
loss = "binary_crossentropy"
"""


def test_masks(tmp_path):
    lines = ["photo,mask"]
    for index in range(6):
        array = RANDOM.integers(0, 256, (8, 8), np.uint8)
        Image.fromarray(array).save(tmp_path / f"p{index}.png")
        Image.fromarray((array > 128).astype(np.uint8) * 255).save(tmp_path / f"m{index}.png")
        lines.append(f"p{index}.png,m{index}.png")
    (tmp_path / "t.csv").write_text("\n".join(lines))
    run = trained(tmp_path, SEGMENTS)
    assert keraspec.evaluate(run.folder).rows == 6
    assert keraspec.predict(run.folder, tmp_path / "t.csv").outputs["mask"].values.shape == (6, 8, 8, 1)


SYNTHETIC = {
    "classes": 'loss = "sparse_categorical_crossentropy"',
    "one_hot": 'loss = "categorical_crossentropy"',
    "numbers": 'loss = "mse"',
    "shares": 'loss = "kl_divergence"',
    "counts": 'loss = "poisson"',
}


@pytest.mark.parametrize("loss", SYNTHETIC.values(), ids=SYNTHETIC)
def test_rows_at_random(tmp_path, loss):
    text = f"""
keraspec = 1
name = "t"
inputs.words = {{ shape = ["time"], dtype = "int32" }}
inputs.table.shape = [5]
layers = [
  {{ name = "seen", type = "Embedding", inputs = "words", input_dim = 7, output_dim = 3 }},
  {{ name = "mean", type = "GlobalAveragePooling1D" }},
  {{ type = "Concatenate", inputs = ["mean", "table"] }},
  {{ name = "out", type = "Dense", units = 4, activation = "softmax" }},
]
[data]
source = {{ type = "synthetic", rows = 30, seed = 3 }}
inputs.table.column = ["age", "p_*"]
targets.out.column = "label"
split = {{ validation = 0.2, stratify = "label" }}
[training]
{loss}
"""
    if "sparse" not in loss:
        text = text.replace(', stratify = "label"', "")
    run = trained(tmp_path, text)
    assert keraspec.evaluate(run.folder).rows == 6


def record_of(values):
    import tensorflow as tf

    lists = {}
    for name, value in values.items():
        if isinstance(value[0], bytes):
            lists[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=value))
        elif isinstance(value[0], float):
            lists[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value))
        else:
            lists[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=value))
    return tf.train.Example(features=tf.train.Features(feature=lists)).SerializeToString()


@pytest.mark.parametrize("packed", ["", "GZIP"])
def test_records(tmp_path, packed):
    import tensorflow as tf

    rows = [
        {"x": [0.5, -1.0, index / 3], "y": [index % 2], "far": [-(2**40) * index], "name": [f"é{index}".encode()],
         "raw": [bytes([index, 255, 3])], "some": [7] * (index % 3 + 1)}
        for index in range(12)
    ]  # fmt: skip
    for part in range(2):
        with tf.io.TFRecordWriter(str(tmp_path / f"{part}.tfrecord"), packed) as writer:
            for row in rows[part * 6 : part * 6 + 6]:
                writer.write(record_of(row))
    source = {"type": "tfrecord", "path": "*.tfrecord"}
    table = reader("tfrecord").read(source, tmp_path, ("data", "source"))
    parsed = tf.io.parse_example(
        [record_of(row) for row in rows],
        {
            "x": tf.io.FixedLenFeature([3], tf.float32),
            "far": tf.io.FixedLenFeature([], tf.int64),
            "name": tf.io.FixedLenFeature([], tf.string),
        },
    )
    assert table.columns["x"].dtype == "float32"
    assert np.array_equal(table.columns["x"], parsed["x"].numpy())
    assert table.columns["far"].tolist() == parsed["far"].numpy().tolist()
    assert [one.encode() for one in table.columns["name"].to_pylist()] == parsed["name"].numpy().tolist()
    assert [one.tolist() for one in table.columns["some"]] == [row["some"] for row in rows]
    wished = {**source, "features": {"raw": {"dtype": "uint8", "shape": [3, 1]}, "y": {"dtype": "int32"}}}
    table = reader("tfrecord").read(wished, tmp_path, ("data", "source"))
    assert table.columns["raw"].dtype == "uint8"
    assert table.columns["raw"][:, :, 0].tolist() == [list(row["raw"][0]) for row in rows]
    run = trained(tmp_path, TABLE.replace("SOURCE", '{ type = "tfrecord", path = "*.tfrecord" }'))
    assert len(keraspec.predict(run.folder, tmp_path / "1.tfrecord").rows) == 6


def test_sequences(tmp_path):
    import tensorflow as tf

    def steps(values):
        return tf.train.FeatureList(
            feature=[tf.train.Feature(float_list=tf.train.FloatList(value=one)) for one in values]
        )

    values = [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0]]]
    with tf.io.TFRecordWriter(str(tmp_path / "t.tfrecord")) as writer:
        for index, one in enumerate(values):
            label = tf.train.Feature(int64_list=tf.train.Int64List(value=[index]))
            message = tf.train.SequenceExample(
                context=tf.train.Features(feature={"label": label}),
                feature_lists=tf.train.FeatureLists(feature_list={"steps": steps(one)}),
            )
            writer.write(message.SerializeToString())
    table = reader("tfrecord").read({"type": "tfrecord", "path": "t.tfrecord"}, tmp_path, ("data", "source"))
    assert table.columns["label"].tolist() == [0, 1]
    assert [one.tolist() for one in table.columns["steps"]] == values
    broken = (tmp_path / "t.tfrecord").read_bytes()
    (tmp_path / "t.tfrecord").write_bytes(broken[:-5])
    with pytest.raises(Problem, match="ends inside of a record"):
        reader("tfrecord").read({"type": "tfrecord", "path": "t.tfrecord"}, tmp_path, ("data", "source"))
    (tmp_path / "t.tfrecord").write_bytes(broken[:12] + b"\xff" * (len(broken) - 12))
    with pytest.raises(Problem, match=r"E407"):
        reader("tfrecord").read({"type": "tfrecord", "path": "t.tfrecord"}, tmp_path, ("data", "source"))

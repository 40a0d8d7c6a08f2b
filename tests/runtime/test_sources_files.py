"""Folders and columns of files: pictures, masks, sounds and texts against Pillow, wave and a plain reading."""

from __future__ import annotations

import json
import os
import wave
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keraspec.checked import compile_file
from keraspec.runtime import deferred
from keraspec.runtime.data import prepare
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.images import nearest, pixels, resized, scaled
from keraspec.runtime.sounds import read_sound
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

REAL = Path(os.environ.get("KERASPEC_DATA", "no data"))

SPEC = """
keraspec = 1
name = "t"
inputs.{kind}.shape = {shape}
{dtype}
[[layers]]
type = "{layer}"
[[layers]]
name = "class"
type = "Dense"
units = 2
activation = "softmax"
[data]
{data}
[training]
loss = "sparse_categorical_crossentropy"
"""


def spec(kind="image", shape="[4, 3, 3]", layer="Flatten", dtype="", data='source = { type = "images", path = "p" }'):
    return SPEC.format(kind=kind, shape=shape, layer=layer, dtype=dtype, data=data)


def prepared(check, text, *overrides):
    checked = check(text, *overrides)
    return prepare(checked.typed, checked.path.parent)


def problem(check, refused, text, *overrides):
    checked = check(text, *overrides)
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    return one


def picture(path: Path, seed: int, size=(4, 3), mode="RGB", **how) -> np.ndarray:
    channels = {"RGB": 3, "RGBA": 4}.get(mode)
    array = np.random.default_rng(seed).integers(0, 256, (*size, channels) if channels else size, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array, mode if mode != "P" else "L").save(path, **how)
    return array


def sound(path: Path, samples, rate=8000, width=2) -> None:
    samples = np.asarray(samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype({1: "u1", 2: "<i2", 4: "<i4"}[width]).tobytes())


def test_a_folder_of_pictures(check, tmp_path):
    cat = picture(tmp_path / "p/cat/1.png", 1)
    dog = picture(tmp_path / "p/dog/deep/2.bmp", 2)
    (tmp_path / "p/dog/notes.txt").write_text("no picture")
    (tmp_path / "p/.hidden").mkdir()
    picture(tmp_path / "p/.hidden/3.png", 3)
    found = prepared(check, spec())
    train = found.parts["train"]
    assert found.encodings["class"].classes == ("cat", "dog")
    assert train.targets["class"].tolist() == [0, 1]
    assert train.inputs["image"].dtype == "uint8"
    assert np.array_equal(train.inputs["image"], [cat, dog])


def test_pictures_in_other_modes(tmp_path):
    rgba = picture(tmp_path / "rgba.png", 1, mode="RGBA")
    assert np.array_equal(pixels(str(tmp_path / "rgba.png"), 4), rgba)
    assert np.array_equal(pixels(str(tmp_path / "rgba.png"), 3), rgba[..., :3])
    grey = picture(tmp_path / "grey.gif", 2, mode="L")
    assert np.array_equal(pixels(str(tmp_path / "grey.gif"), 1)[..., 0], grey)
    assert np.array_equal(pixels(str(tmp_path / "grey.gif"), 3), np.repeat(grey[..., None], 3, axis=-1))
    Image.fromarray(np.array([[0, 256, 65535]], np.uint16)).save(tmp_path / "deep.png")
    assert pixels(str(tmp_path / "deep.png"), 1)[..., 0].tolist() == [[0, 1, 255]]
    assert pixels(str(tmp_path / "deep.png"), None)[..., 0].tolist() == [[0, 256, 65535]]
    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    palette.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    palette.save(tmp_path / "palette.png")
    assert pixels(str(tmp_path / "palette.png"), None)[..., 0].tolist() == [[0, 1, 2]]
    assert pixels(str(tmp_path / "palette.png"), 3).tolist() == [[[9, 9, 9], [200, 0, 0], [0, 200, 0]]]


def test_sizes_are_changed_to_that_of_the_input(check, tmp_path):
    big = picture(tmp_path / "p/a/1.png", 1, (9, 7))
    same = picture(tmp_path / "p/b/2.png", 2, (4, 3))
    images = prepared(check, spec()).parts["train"].inputs["image"]
    assert images.dtype == "float32"
    assert np.array_equal(images[0], resized(big, 4, 3))
    assert np.array_equal(images[1], same)
    grey = prepared(check, spec(shape="[4, 3]")).parts["train"].inputs["image"]
    assert grey.shape == (2, 4, 3)


def test_resizing_of_a_ramp():
    ramp = np.arange(4, dtype=np.uint8).reshape(1, 4, 1) * 10
    assert resized(ramp, 1, 8)[0, :, 0].tolist() == [0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30]
    assert resized(ramp, 1, 2)[0, :, 0].tolist() == [5, 25]
    assert nearest(ramp, 2, 2)[:, :, 0].tolist() == [[10, 30], [10, 30]]


def test_what_is_larger_than_memory_is_read_by_the_batch(check, tmp_path, monkeypatch):
    arrays = [picture(tmp_path / f"p/{name}/{index}.png", index) for name in "ab" for index in range(4)]
    monkeypatch.setattr(deferred, "KEPT_BYTES", 100)
    found = prepared(check, spec(), "data.split.validation=0.25")
    train, held = found.parts["train"].inputs["image"], found.parts["validation"].inputs["image"]
    assert isinstance(train, Deferred)
    assert (train.shape, held.shape) == ((6, 4, 3, 3), (2, 4, 3, 3))
    every = sorted([*train[:].tolist(), *held[:].tolist()])
    assert every == sorted(array.tolist() for array in arrays)
    assert np.array_equal(train[np.array([3, 1])], train[:][[3, 1]])
    monkeypatch.setattr(deferred, "KEPT_BYTES", 2**30)
    kept = prepared(check, spec(), "data.split.validation=0.25").parts["train"].inputs["image"]
    assert np.array_equal(kept, train[:])
    assert isinstance(prepared(check, spec(), "data.cache=false").parts["train"].inputs["image"], Deferred)


def test_a_broken_picture_stops_or_is_left_out(check, refused, tmp_path, monkeypatch):
    for index in range(3):
        picture(tmp_path / f"p/a/{index}.png", index)
        picture(tmp_path / f"p/b/{index}.png", index)
    (tmp_path / "p/a/1.png").write_bytes(b"no picture")
    whole = (tmp_path / "p/b/2.png").read_bytes()
    (tmp_path / "p/b/2.png").write_bytes(whole[:60])  # its head is whole
    found = problem(check, refused, spec())
    assert (found.code, found.pointer) == ("E407", ("data", "source", "path"))
    assert found.message.startswith('"p/a/1.png" can\'t be read as an image: it is none, or broken; 1 more')
    for kept in (2**30, 100):
        monkeypatch.setattr(deferred, "KEPT_BYTES", kept)
        made = prepared(check, spec(data='source = { type = "images", path = "p" }\non_error = "skip"'))
        assert made.parts["train"].count == 4
        assert made.parts["train"].targets["class"].tolist() == [0, 0, 1, 1]
        assert len(made.skipped) == 2
        assert '"p/b/2.png" can\'t be read' in made.skipped[1]


def test_folders_that_are_none(check, refused, tmp_path):
    found = problem(check, refused, spec())
    assert (found.code, found.message) == ("E401", 'there is no folder "p"')
    (tmp_path / "p").mkdir()
    assert problem(check, refused, spec()).code == "E412"
    picture(tmp_path / "p/a/1.png", 1)
    picture(tmp_path / "p/2.png", 1)
    found = problem(check, refused, spec())
    assert (found.code, found.message) == ("E407", '"2.png" lies in "p" itself, beside folders that are classes')
    (tmp_path / "p/a/1.png").unlink()
    found = problem(check, refused, spec())  # pictures, but no labels
    assert found.code == "E406"


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ("[4]", {}),
        ("[4, 3, 2]", {}),
        ("[4, 3, 3, 1]", {}),
        ("[4, 3, 3]", {"dtype": 'inputs.image.dtype = "string"'}),
        ("[4, 3, 3]", {"data": 'source = { type = "csv", path = "t" }\ninputs.image.decode = { type = "audio" }'}),
    ],
)
def test_inputs_that_take_no_such_file_are_told_before_reading(tmp_path, shape, how):
    path = tmp_path / "spec.keraspec.toml"
    path.write_text(spec(shape=shape, **how))
    (found,) = [one.finding for one in compile_file(path).errors if one.finding.code == "E405"]
    assert "`image` takes" in found.message


def test_unknown_sizes(check, refused, tmp_path):
    pair = [picture(tmp_path / f"p/{name}/1.png", 1) for name in "ab"]
    text = spec(shape='["h", "w", 3]', layer="GlobalAveragePooling2D")
    assert np.array_equal(prepared(check, text).parts["train"].inputs["image"], pair)
    picture(tmp_path / "p/b/2.png", 1, (5, 3))
    found = problem(check, refused, text)
    assert found.code == "E405"
    assert "images of 4 by 3 and of 5 by 3 pixels" in found.message


def test_texts(check, refused, tmp_path):
    for name, raw in (("p/neg/1.txt", b"bad \xc3\xa9"), ("p/pos/2.txt", b"\xef\xbb\xbfgood\n"), ("p/pos/3.txt", b"")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    text = """
keraspec = 1
name = "t"
inputs.text = { shape = [], dtype = "string" }
layers = [
  { type = "TextVectorization", max_tokens = 9, output_mode = "multi_hot", pad_to_max_tokens = true },
  { name = "class", type = "Dense", units = 1, activation = "sigmoid" },
]
[data]
source = { type = "text", path = "p" }
[training]
loss = "binary_crossentropy"
"""
    found = prepared(check, text)
    assert found.parts["train"].inputs["text"].tolist() == ["bad é", "good\n", ""]
    assert found.encodings["class"].classes == ("neg", "pos")
    (tmp_path / "p/pos/4.txt").write_bytes(b"\xff\xff")
    assert problem(check, refused, text).code == "E407"
    assert len(prepared(check, text, "data.on_error=skip").skipped) == 1


def sounds(shape):
    layer = "GlobalAveragePooling1D" if shape.count(",") else "Flatten"
    return spec("audio", shape, layer, data='source = { type = "audio", path = "p" }')


def test_sounds(check, refused, tmp_path):
    sound(tmp_path / "p/a/1.wav", [0, 16384, -32768])
    sound(tmp_path / "p/b/2.wav", [[32767, 0]] * 5)
    train = prepared(check, sounds("[4]")).parts["train"]
    assert train.inputs["audio"].dtype == "float32"
    assert train.inputs["audio"][0].tolist() == [0, 0.5, -1, 0]
    assert train.inputs["audio"][1].tolist() == pytest.approx([32767 / 65536] * 4)
    assert train.targets["class"].tolist() == [0, 1]
    found = problem(check, refused, sounds("[4, 1]"))
    assert found.code == "E405"
    assert 'has 2 channels in "p/b/2.wav", but the input takes 1' in found.message
    sound(tmp_path / "p/b/2.wav", [1, 2, 3, 4, 5])
    every = prepared(check, sounds('["time", 1]')).parts["train"].inputs["audio"]
    assert every.shape == (2, None, 1)
    assert every[np.array([0])].shape == (1, 3, 1)
    assert every[:].shape == (2, 5, 1)
    assert every[:][0, 3:].tolist() == [[0], [0]]
    sound(tmp_path / "p/b/2.wav", [1, 2], rate=16000)
    found = problem(check, refused, sounds("[4, 1]"))
    assert "8000 and of 16000 samples a second" in found.message


def test_kinds_of_samples(tmp_path):
    path = tmp_path / "s.wav"
    sound(path, [0, 128, 255], width=1)
    assert read_sound(str(path)).samples[:, 0].tolist() == [-1, 0, 127 / 128]
    sound(path, [-(2**31), 2**30], width=4)
    assert read_sound(str(path)).samples[:, 0].tolist() == [-1, 0.5]
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 3, 8000, 0, "NONE", ""))
        file.writeframes(b"\x00\x00\x40\x00\x00\x80")
    assert read_sound(str(path)).samples[:, 0].tolist() == [0.5, -1]
    raw = path.read_bytes()
    for broken in (raw[:-2], raw[:30], b"RIFF", raw.replace(b"\x01\x00\x01\x00", b"\x02\x00\x01\x00", 1)):
        with pytest.raises(ValueError, match=r"."):
            read_sound(broken)


def test_a_table_of_pictures(check, refused, tmp_path):
    arrays = [picture(tmp_path / f"photos/{index}.png", index) for index in range(3)]
    (tmp_path / "t.csv").write_text("file,label\nphotos/0.png,a\nphotos/1.png,b\nphotos/2.png,a\n")
    data = (
        'source = { type = "csv", path = "t.csv" }\ninputs.image = { column = "file", decode = { type = "image" } }\n'
    )
    data += 'targets.class.column = "label"'
    found = prepared(check, spec(data=data))
    assert np.array_equal(found.parts["train"].inputs["image"], arrays)
    (tmp_path / "t.csv").write_text("file,label\n0.png,a\n9.png,b\n2.png,b\n")
    found = prepared(check, spec(data=data), "data.inputs.image.decode.folder=photos", "data.on_error=skip")
    assert np.array_equal(found.parts["train"].inputs["image"], [arrays[0], arrays[2]])
    wrong = problem(check, refused, spec(data=data), "data.inputs.image.decode.folder=photos")
    assert (wrong.code, wrong.pointer) == ("E407", ("data", "inputs", "image", "column"))
    assert wrong.message == '"9.png" can\'t be read as an image: it is not there (row 2)'
    wrong = problem(check, refused, spec(data=data), "data.inputs.image.decode.folder=fotos")
    assert (wrong.code, wrong.pointer) == ("E401", ("data", "inputs", "image", "decode", "folder"))


def test_pictures_inside_of_a_table(check, tmp_path):
    arrays = [picture(tmp_path / f"{index}.png", index) for index in range(2)]
    cells = [{"bytes": (tmp_path / f"{index}.png").read_bytes(), "path": None} for index in range(2)]
    pq.write_table(pa.table({"image": cells, "label": [0, 1]}), tmp_path / "t.parquet")
    data = 'source = { type = "parquet", path = "t.parquet" }\ntargets.class.column = "label"\n'
    data += 'inputs.image = { column = "image.bytes", decode = { type = "image" } }'
    assert np.array_equal(prepared(check, spec(data=data)).parts["train"].inputs["image"], arrays)


MASKS = """
keraspec = 1
name = "t"
inputs.image.shape = [4, 4, 1]
[[layers]]
name = "mask"
type = "Conv2D"
filters = {filters}
kernel_size = 1
activation = "{activation}"
[data]
source = {{ type = "jsonl", path = "t.jsonl" }}
inputs.image = {{ column = "photo", decode = {{ type = "image" }} }}
targets.mask = {{ column = "mask", decode = {{ type = "image" }}{encode} }}
[training]
loss = "{loss}"
"""


@pytest.fixture
def masks(tmp_path):
    arrays = [np.random.default_rng(index).integers(0, 2, (4, 4), np.uint8) for index in range(3)]
    for index, array in enumerate(arrays):
        picture(tmp_path / f"{index}.png", index, (4, 4), "L")
        Image.fromarray(array * 255).save(tmp_path / f"m{index}.png")
        Image.fromarray(array * 2).save(tmp_path / f"c{index}.png")
    rows = [{"photo": f"{index}.png", "mask": f"m{index}.png"} for index in range(3)]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return np.array(arrays)


def test_masks_of_two_classes(check, masks):
    text = MASKS.format(filters=1, activation="sigmoid", loss="binary_crossentropy", encode="")
    target = prepared(check, text).parts["train"].targets["mask"]
    assert target.shape == (3, 4, 4, 1)
    assert np.array_equal(target[..., 0], masks)


def test_masks_of_several_classes(check, refused, masks, tmp_path):
    sparse = MASKS.format(filters=2, activation="softmax", loss="sparse_categorical_crossentropy", encode="")
    found = problem(check, refused, sparse)
    assert found.code == "E403"
    assert 'encode = "index"' in found.help
    found = prepared(check, sparse.replace("} }\n[training]", '}, encode = "index" }\n[training]'))
    assert found.encodings["mask"].classes == ("0", "255")
    assert np.array_equal(found.parts["train"].targets["mask"], masks)
    path = tmp_path / "t.jsonl"
    path.write_text(path.read_text().replace(': "m', ': "c'))
    three = MASKS.format(filters=3, activation="softmax", loss="LOSS", encode="")
    found = prepared(check, three.replace("LOSS", "sparse_categorical_crossentropy"))
    assert np.array_equal(found.parts["train"].targets["mask"], masks * 2)
    found = prepared(check, three.replace("LOSS", "categorical_crossentropy"))
    assert np.array_equal(found.parts["train"].targets["mask"], np.eye(3)[masks * 2])
    two = MASKS.format(filters=2, activation="softmax", loss="categorical_crossentropy", encode="")
    found = problem(check, refused, two)
    assert (found.code, found.help) == ("E403", "a head for these masks needs 3 units")


@pytest.mark.skipif(not REAL.is_dir(), reason="real data is not given")
def test_real_folders():
    def read(kind, path):
        return reader(kind).read({"type": kind, "path": path}, REAL, ("data", "source"))

    fruits = read("images", "images/fruits360-3body-subset/Training")
    assert sorted(set(fruits.columns["label"].tolist())) == ["Apple", "Cherry", "Tomato"]
    cell = fruits.columns["image"].cells[0]
    with Image.open(cell) as image:
        assert np.array_equal(pixels(cell, 3), np.asarray(image.convert("RGB")))
    digits = read("audio", "audio")
    with wave.open(digits.columns["audio"].cells[5]) as file:
        expected = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
    assert np.array_equal(read_sound(digits.columns["audio"].cells[5]).samples[:, 0], expected.astype(np.float32))
    mnist = read("idx", "mnist")
    assert mnist.columns["image"].shape == (70000, 28, 28)
    assert mnist.columns["image"][:60000].mean() == pytest.approx(33.3184, abs=1e-4)
    assert int(mnist.test.sum()) == 10000
    taxi = read("parquet", "parquet/chicago_taxi.parquet")
    same = read("csv", "tabular/chicago_taxi.csv")
    assert list(taxi.columns) == list(same.columns)
    for name in ("parquet/alltypes_plain.parquet", "parquet/datapage_v2.snappy.parquet"):
        assert read("parquet", name).rows in (5, 8)


def test_problems_name_the_folder(tmp_path):
    (tmp_path / "fotos").mkdir()
    with pytest.raises(Problem) as caught:
        reader("images").read({"type": "images", "path": "photos"}, tmp_path, ("data", "source"))
    assert caught.value.findings[0].help == 'did you mean "fotos"?'


def test_sounds_by_the_batch(check, tmp_path):
    random = np.random.default_rng(0)
    for index, length in enumerate((3, 9, 6)):
        sound(tmp_path / f"p/{'ab'[index % 2]}/{index}.wav", random.integers(-9999, 9999, (length, 2)))
    (tmp_path / "p/a/bad.wav").write_bytes(b"RIFF....WAVEfmt ")
    for shape in ('["time", 2]', "[5, 2]", "[5]"):
        held, read = (
            prepared(check, sounds(shape), f"data.cache={cache}", "data.on_error=skip") for cache in ("true", "false")
        )
        assert held.skipped == read.skipped
        assert len(read.skipped) == 1
        one, two = held.parts["train"].inputs["audio"], read.parts["train"].inputs["audio"]
        assert isinstance(two, Deferred)
        for chosen in ([0, 1, 2], [2], [1, 0]):
            assert np.array_equal(one[np.array(chosen)], two[np.array(chosen)])


@pytest.mark.parametrize("size", [(7, 5), (4, 9), (13, 3), (30, 41)])
def test_colours_are_resized_as_any_picture_is(tmp_path, size):
    """``scaled`` goes another way about it, to the same bits; ``resized`` is held against tf.image elsewhere."""
    picture(tmp_path / "a.jpg", 3, size, quality=90)
    picture(tmp_path / "b.png", 4, size)
    for name in ("a.jpg", "b.png"):
        cell = str(tmp_path / name)
        for height, width in ((7, 5), (4, 4), (16, 3), (2, 50)):
            assert np.array_equal(scaled(cell, height, width, 3), resized(pixels(cell, 3), height, width))
        assert scaled(cell, *size, 3).dtype == np.uint8

"""Records and files that tables name, read by the batch: what comes of them is what comes of the whole."""

from __future__ import annotations

import gzip
import io
import struct
import wave

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keraspec.runtime.deferred import Deferred
from keraspec.runtime.progress import Progress
from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

from .test_streamed import OTHER, both, prepared_of, same, shelf, spec_of

__all__ = ["shelf"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Few records and few files at a time."""
    monkeypatch.setattr("keraspec.runtime.sources.tfrecord.ROWS", 7)
    monkeypatch.setattr("keraspec.runtime.laid_files.HEADS", 3)
    monkeypatch.setattr("keraspec.runtime.laid_files.TEXTS", 3)
    monkeypatch.setattr("keraspec.runtime.laid_files.MASK_BYTES", 300)


def varint(value):
    value &= 2**64 - 1
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


def field(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body


def feature(values):
    """A list of bytes, of floats or of whole numbers; an empty one has no kind."""
    if not values:
        return b""
    if isinstance(values[0], bytes):
        return field(1, b"".join(field(1, one) for one in values))
    if isinstance(values[0], float):
        return field(2, field(1, struct.pack(f"<{len(values)}f", *values)))
    return field(3, field(1, b"".join(map(varint, values))))


def features(values):
    return b"".join(field(1, field(1, name.encode()) + field(2, feature(one))) for name, one in values.items())


def example(values, lists=None):
    """A message Example, or with lists a SequenceExample."""
    body = field(1, features(values))
    if lists is not None:
        every = (
            field(1, name.encode()) + field(2, b"".join(field(1, feature(one)) for one in many))
            for name, many in lists.items()
        )
        body += field(2, b"".join(field(1, one) for one in every))
    return body


def write_records(path, messages, packed=False):
    raw = b"".join(struct.pack("<Q", len(one)) + b"\0" * 4 + one + b"\0" * 4 for one in messages)
    path.write_bytes(gzip.compress(raw) if packed else raw)


def rows_of(count, seed=0):
    random = np.random.default_rng(seed)
    for row in range(count):
        values = {"a": [float(row)], "b": [int(random.integers(-9, 9))], "c": [row], "y": [row / 7]}
        yield values | {"kind": [b"ant" if row % 3 else "bïe".encode()], "weight": [1.0 + row % 2]}


RECORDS = 'type = "tfrecord"\npath = "t*.tfrecord"'


@pytest.mark.parametrize("packed", [False, True])
def test_records(tmp_path, packed):
    for part in range(2):
        write_records(tmp_path / f"t{part}.tfrecord", [example(one) for one in rows_of(40, part)], packed)
    found = both(tmp_path, RECORDS, more='sample_weight = "weight"', tail=OTHER)
    assert isinstance(found.parts["train"].inputs["x"], Deferred)
    both(tmp_path, RECORDS, target="kind", units=2, loss="sparse_categorical_crossentropy")
    heard = []
    prepared_of(tmp_path, spec_of(RECORDS, more="missing = 'drop'"), Progress(reading=lambda *one: heard.append(one)))
    done = [one[1] for one in heard]
    assert done == sorted(done)
    assert done[-1] == heard[-1][2] == sum(path.stat().st_size for path in tmp_path.glob("t*.tfrecord"))


VALUES = st.one_of(
    st.lists(st.integers(-(2**62), 2**62), max_size=3),
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=3),
    st.lists(st.sampled_from([b"a", "ü".encode(), b"\xff\xfe", b""]), max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_records_are_the_same_columns_however_they_are_cut(tmp_path_factory, data):
    """Each feature is of one kind, but may lack anywhere, and be of any lengths."""
    folder = tmp_path_factory.mktemp("t")
    kinds = [st.just(1), st.integers(0, 1), st.integers(2, 2), st.integers(0, 3)]
    elements = [st.integers(-5, 5), st.floats(-4, 4, width=32), st.sampled_from([b"a", b"bc", b"\xff"]), st.just(b"x")]
    plan = [
        (data.draw(st.sampled_from(elements)), data.draw(st.sampled_from(kinds)), data.draw(st.booleans()))
        for _ in range(3)
    ]
    rows = []
    for _ in range(data.draw(st.integers(2, 12))):
        row = {}
        for name, (element, length, lacks) in zip("pqr", plan, strict=True):
            if lacks and data.draw(st.integers(0, 3)) == 0:
                continue
            size = data.draw(length)
            row[name] = data.draw(st.lists(element, min_size=size, max_size=size))
        rows.append(row)
    if not any(rows):
        return
    write_records(folder / "t.tfrecord", [example(one) for one in rows])
    source = {"type": "tfrecord", "path": "t.tfrecord"}
    one, refused = reader("tfrecord"), ()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keraspec.runtime.sources.tfrecord.ROWS", data.draw(st.integers(1, 4)))
        try:
            held = one.read(source, folder, ("data", "source"))
        except Problem as problem:
            refused = problem.findings
        if refused:
            with pytest.raises(Problem, match=r"E\d+") as caught:
                one.pieces(source, folder, ("data", "source"))
            assert caught.value.findings == refused
            return
        found = one.pieces(source, folder, ("data", "source"))
        tables = list(found.read(set(held.columns), lambda done: None))
    assert list(found.head.columns) == list(held.columns)
    assert sum(table.rows for table in tables) == len(rows)
    for name, values in held.columns.items():
        if isinstance(values, pa.ChunkedArray):
            cut = [table.columns[name] for table in tables]
            assert {one.type for one in cut} == {values.type}
            assert [cell for one in cut for cell in one.to_pylist()] == values.to_pylist()
            continue
        cells = [cell for table in tables for cell in table.columns[name]]
        for cell, expected in zip(cells, values, strict=True):
            if expected is None:
                assert cell is None
            else:
                np.testing.assert_array_equal(np.asarray(cell), np.asarray(expected))


def test_features_that_are_stated(tmp_path):
    rows = [{"raw": [bytes([row, 255, 3])], "y": [row % 2], "a": [0.5]} for row in range(20)]
    write_records(tmp_path / "t.tfrecord", [example(one) for one in rows])
    stated = {"raw": {"dtype": "uint8", "shape": [3, 1]}, "y": {"dtype": "int32"}}
    source = {"type": "tfrecord", "path": "t.tfrecord", "features": stated}
    held = reader("tfrecord").read(source, tmp_path, ("data", "source"))
    tables = list(reader("tfrecord").pieces(source, tmp_path, ("data", "source")).read({"raw", "y"}, lambda done: None))
    assert len(tables) == 3
    assert list(tables[0].columns) == ["raw", "y"]
    assert held.columns["raw"].dtype == tables[0].columns["raw"].dtype == "uint8"
    for name in ("raw", "y"):
        np.testing.assert_array_equal(np.concatenate([one.columns[name] for one in tables]), held.columns[name])
    for wrong, code in (({"z": {}}, "E402"), ({"raw": {"dtype": "uint8", "shape": [2]}}, "E405")):
        with pytest.raises(Problem) as caught:
            reader("tfrecord").pieces({**source, "features": wrong}, tmp_path, ("data", "source"))
        assert caught.value.findings[0].code == code


def test_records_that_can_not_be_read(tmp_path):
    messages = [example(one) for one in rows_of(40)]
    messages[17] = b"\x0a\x7f"
    write_records(tmp_path / "t0.tfrecord", messages)
    write_records(tmp_path / "t1.tfrecord", [example(one) for one in rows_of(9)])
    with (tmp_path / "t1.tfrecord").open("r+b") as file:
        file.truncate((tmp_path / "t1.tfrecord").stat().st_size - 5)
    found = both(tmp_path, RECORDS, more='on_error = "skip"')
    assert [one.partition(" of")[0] for one in found.skipped] == ["record 18", "t1.tfrecord ends early: it ends inside"]
    told = []
    for cache in ("true", "false"):
        with pytest.raises(Problem, match="record 18") as caught:
            prepared_of(tmp_path, spec_of(RECORDS, cache))
        told.append(caught.value.findings)
    assert told[0] == told[1]


def picture(array, kind="png"):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind)
    return stream.getvalue()


def pictures(folder, count=20, size=(8, 8), odd=None):
    """Pictures and masks; ``odd`` is of another size."""
    random = np.random.default_rng(0)
    lines = ["photo,mask,binary,kind"]
    for row in range(count):
        shape = (10, 6) if row == odd else size
        array = random.integers(0, 256, (*shape, 3), np.uint8)
        (folder / f"p{row}.png").write_bytes(picture(array))
        (folder / f"m{row}.png").write_bytes(picture((array[..., 0] // 86).astype(np.uint8)))
        (folder / f"b{row}.png").write_bytes(picture((array[..., 0] > 128).astype(np.uint8) * (255 if row > 11 else 0)))
        lines.append(f"p{row}.png,m{row}.png,b{row}.png,{'ab'[row % 2]}")
    (folder / "t.csv").write_text("\n".join(lines) + "\n")


IMAGES = """
keraspec = 1
name = "t"
inputs.photo.shape = SHAPE
layers = [{ name = "out", type = "Conv2D", filters = UNITS, kernel_size = 3, padding = "same", activation = "ACT" }]
[data]
cache = CACHE
source = { type = "csv", path = "t.csv" }
inputs.photo.decode = { type = "image" }
targets.out.column = "TARGET"
targets.out.decode = { type = "image" }
split = { validation = 0.2 }
[training]
loss = "LOSS"
"""


ACTIVATIONS = {"binary_crossentropy": "sigmoid", "mse": "linear"}


def images_spec(cache, shape="[8, 8, 3]", units=3, target="mask", loss="sparse_categorical_crossentropy", more=""):
    words = {"SHAPE": shape, "UNITS": str(units), "TARGET": target, "LOSS": loss, "CACHE": cache}
    text = IMAGES.replace("ACT", ACTIVATIONS.get(loss, "softmax")).replace("cache =", f"{more}\ncache =")
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def images(folder, **how):
    held, laid_down = (prepared_of(folder, images_spec(cache, **how)) for cache in ("true", "false"))
    same(held, laid_down)
    return laid_down


def refusals(folder, match, **how):
    """What is said in memory and by the batch."""
    told = []
    for cache in ("true", "false"):
        with pytest.raises(Problem, match=match) as caught:
            prepared_of(folder, images_spec(cache, **how))
        told.append((caught.value.findings[0].code, caught.value.findings[0].message))
    return told


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"loss": "categorical_crossentropy"},
        {"target": "binary", "units": 1, "loss": "binary_crossentropy"},
        {"target": "photo", "loss": "mse"},
        {"shape": '["height", "width", 3]'},
        {"shape": "[4, 5, 3]"},
    ],
    ids=["classes", "one_hot", "yes_or_no", "itself", "any_size", "scaled"],
)
def test_pictures_and_masks(tmp_path, how):
    pictures(tmp_path)
    found = images(tmp_path, **how)
    assert isinstance(found.parts["train"].inputs["photo"], Deferred)
    few = np.array([5, 1, 9])
    every = np.arange(found.parts["train"].count)
    for values in (found.parts["train"].inputs["photo"], found.parts["train"].targets["out"]):
        np.testing.assert_array_equal(values[few], np.asarray(values[every])[few])


def test_pictures_of_several_sizes(tmp_path):
    pictures(tmp_path, odd=13)
    images(tmp_path)
    told = refusals(tmp_path, "of 8 by 8 and of 10 by 6 pixels", shape='["height", "width", 3]')
    assert told[0] == told[1]


def test_files_that_can_not_be_read(tmp_path):
    pictures(tmp_path)
    (tmp_path / "p7.png").write_bytes(b"no picture")
    (tmp_path / "m15.png").unlink()
    found = images(tmp_path, more='on_error = "skip"')
    assert len(found.skipped) == 2
    told = refusals(tmp_path, r"p7\.png")
    assert told[0] == told[1]
    assert "row 8" in told[0][1]


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_a_mask_with_too_many_classes(tmp_path, loss):
    pictures(tmp_path)
    (tmp_path / "m16.png").write_bytes(picture(np.full((8, 8), 9, np.uint8)))
    held, laid_down = refusals(tmp_path, "to 9, but the head has 3 units", loss=loss)
    assert held[0] == laid_down[0] == "E403"
    assert "row 17" in laid_down[1]


INDEX = 'targets.out.encode = "index"'


def test_masks_whose_numbers_are_encoded(tmp_path):
    """Numbers 0, 100 and 200 in masks are classes 0, 1 and 2, once all masks have been seen."""
    for folder in ("plain", "spread"):
        (tmp_path / folder).mkdir()
        pictures(tmp_path / folder)
    assert images(tmp_path / "plain", more=INDEX).encodings["out"].classes is None
    for row in range(20):
        numbers = np.random.default_rng(row).choice([100, 200] if row < 15 else [0, 200], (8, 8))
        (tmp_path / "spread" / f"m{row}.png").write_bytes(picture(numbers.astype(np.uint8)))
    found = images(tmp_path / "spread", more=INDEX)
    target = found.parts["train"].targets["out"]
    assert isinstance(target, Deferred)
    assert found.encodings["out"].classes == ("0", "100", "200")
    assert set(np.unique(target[:])) == {0, 1, 2}


def test_masks_that_can_not_be_encoded(tmp_path):
    pictures(tmp_path)
    (tmp_path / "m16.png").write_bytes(picture(np.full((8, 8), 9, np.uint8)))
    told = refusals(tmp_path, "has 4 classes", more=INDEX)
    assert told[0] == told[1]
    assert told[0][0] == "E403"


def test_masks_that_have_changed_are_read_again(tmp_path):
    """Rows that were laid down have what was in the masks, and the table that names them is the same as before."""
    pictures(tmp_path)
    first = images(tmp_path).parts["train"].targets["out"][:]
    told = []
    again = prepared_of(tmp_path, images_spec("false"), Progress(told.append)).parts["train"].targets["out"][:]
    assert np.array_equal(first, again)
    assert "gone through" not in told[0]
    (tmp_path / "m3.png").write_bytes(picture(np.full((8, 8), 1, np.uint8)))
    assert not np.array_equal(images(tmp_path).parts["train"].targets["out"][:], first)
    (tmp_path / "m3.png").unlink()
    refused = refusals(tmp_path, r"m3\.png.*not there")
    assert refused[0] == refused[1]


@pytest.mark.parametrize("broken", ["p7.png", "m15.png"])
def test_files_that_were_skipped_are_looked_at_again(tmp_path, broken):
    """Once it can be read, a file's row is there, though the table that names it is the same as before."""
    pictures(tmp_path)
    whole = (tmp_path / broken).read_bytes()
    (tmp_path / broken).write_bytes(b"no picture")
    told = []
    text = images_spec("false", more='on_error = "skip"')
    assert len(prepared_of(tmp_path, text).skipped) == 1
    assert len(prepared_of(tmp_path, text, Progress(told.append)).skipped) == 1
    assert not any("gone through" in one for one in told)
    (tmp_path / broken).write_bytes(whole)
    found = prepared_of(tmp_path, text)
    assert not found.skipped
    assert sum(one.count for one in found.parts.values()) == 20


def test_pictures_in_cells(tmp_path):
    random = np.random.default_rng(0)
    arrays = [random.integers(0, 256, (5, 5, 3), np.uint8) for _ in range(20)]
    cells = [picture(one) for one in arrays]
    pq.write_table(pa.table({"image": cells, "y": list(range(20))}), tmp_path / "t.parquet", row_group_size=6)
    write_records(tmp_path / "t.tfrecord", [example({"image": [one], "y": [row]}) for row, one in enumerate(cells)])
    for kind in ("parquet", "tfrecord"):
        text = f"""
        keraspec = 1
        name = "t"
        inputs.image.shape = [5, 5, 3]
        layers = [{{ type = "Flatten" }}, {{ name = "y", type = "Dense", units = 1 }}]
        [data]
        cache = CACHE
        source = {{ type = "{kind}", path = "t.{kind}" }}
        inputs.image.decode = {{ type = "image" }}
        [training]
        loss = "mse"
        """
        held, laid_down = (prepared_of(tmp_path, text.replace("CACHE", cache)) for cache in ("true", "false"))
        same(held, laid_down)
        np.testing.assert_array_equal(
            laid_down.parts["train"].inputs["image"][np.array([3, 17])], np.stack(arrays)[[3, 17]]
        )


def sound(path, samples, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


SOUNDS = """
keraspec = 1
name = "t"
inputs.sound.shape = [SHAPE]
inputs.words = { shape = [], dtype = "string" }
layers = [
  { name = "vector", type = "TextVectorization", inputs = "words", output_mode = "multi_hot", max_tokens = 9 },
  { name = "deep", type = "Reshape", inputs = "sound", target_shape = [-1, 1] },
  { name = "mean", type = "GlobalAveragePooling1D" },
  { name = "all", type = "Concatenate", inputs = ["vector", "mean"] },
  { name = "y", type = "Dense", units = 1 },
]
[data]
cache = CACHE
source = { type = "jsonl", path = "t.jsonl" }
inputs.sound = { column = "sound", decode = { type = "audio", folder = "s" } }
inputs.words = { column = "words", decode = { type = "text" } }
[training]
loss = "mse"
"""


@pytest.mark.parametrize("shape", ["50", '"time"'])
def test_sounds_and_texts(tmp_path, shape):
    import json

    random = np.random.default_rng(0)
    (tmp_path / "s").mkdir()
    lines = []
    for row in range(20):
        sound(tmp_path / "s" / f"{row}.wav", random.integers(-999, 999, 30 + row * 3))
        (tmp_path / f"{row}.txt").write_text(f"wörter {row}", "utf-8")
        lines.append(json.dumps({"sound": f"{row}.wav", "words": f"{row}.txt", "y": row}))
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    text = SOUNDS.replace("SHAPE", shape)
    same(*(prepared_of(tmp_path, text.replace("CACHE", cache)) for cache in ("true", "false")))
    sound(tmp_path / "s" / "10.wav", random.integers(-999, 999, 30), 16000)
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")
    told = []
    for cache in ("true", "false"):
        with pytest.raises(Problem, match="of 8000 and of 16000 samples") as caught:
            prepared_of(tmp_path, text.replace("CACHE", cache))
        told.append([(one.code, one.message) for one in caught.value.findings])
    assert told[0] == told[1]

"""Pictures that are decoded together: which are, the same numbers as Pillow's, and the same words for broken ones."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow")

from keraspec.runtime import pictures
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.images import scaled
from keraspec.runtime.pending import Files, open_files

RANDOM = np.random.default_rng(3)
COUNT = 70


def picture(mode: str, height: int, width: int) -> Image.Image:
    """Something with edges and noise."""
    coarse = np.kron(RANDOM.integers(0, 256, (height // 8 + 1, width // 8 + 1, 4)), np.ones((8, 8, 1)))
    noisy = (coarse[:height, :width] + RANDOM.integers(0, 9, (height, width, 4))).clip(0, 255).astype(np.uint8)
    return Image.fromarray(noisy, "RGBA").convert(mode) if mode != "RGBA" else Image.fromarray(noisy, "RGBA")


def packed(image: Image.Image, form: str, **how: object) -> bytes:
    """The bytes of its file."""
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def jpegs(mode: str) -> list[bytes]:
    """Of many sizes, qualities and kinds."""
    return [
        packed(
            picture(mode, 17 + 5 * index % 61, 23 + 7 * index % 53),
            "JPEG",
            quality=30 + index,
            progressive=index % 3 == 1,
            **({"subsampling": index % 3} if mode == "RGB" else {}),
        )
        for index in range(COUNT)
    ]


def pngs(mode: str) -> list[bytes]:
    """Of many sizes."""
    return [packed(picture(mode, 9 + index % 31, 11 + index % 29), "PNG") for index in range(COUNT)]


@pytest.mark.parametrize(
    ("files", "channels"),
    [
        (jpegs("RGB"), 3),
        (jpegs("L"), 1),
        (jpegs("L"), 3),
        (pngs("RGB"), 3),
        (pngs("RGBA"), 3),
        (pngs("RGBA"), 4),
        (pngs("L"), 1),
        (pngs("L"), 3),
    ],
    ids=["colours", "grey", "grey as colours", "png", "png without alpha", "png with alpha", "grey png", "grey as png"],
)
@pytest.mark.parametrize("tensorflow", [True, False], ids=["resized by TensorFlow", "by NumPy"])
def test_pixels_are_those_of_pillow(monkeypatch, files, channels, tensorflow):
    png = files[0].startswith(pictures.PNG_START)
    if not tensorflow:
        monkeypatch.setattr(pictures, "_has_tensorflow", lambda: False)
    made = np.full((COUNT, 32, 24, channels), np.nan, np.float32)
    found = pictures.fill(files, made, np.arange(COUNT), resize=True)
    assert len(found.left) == (COUNT if png and not tensorflow else 0)  # else all of them are taken
    for place in np.setdiff1d(np.arange(COUNT), found.left):
        np.testing.assert_array_equal(made[place], scaled(files[place], 32, 24, channels))


def test_what_is_left_to_pillow(monkeypatch):
    monkeypatch.setattr(pictures, "PNGS_WORTH_IT", 1)
    cmyk = packed(picture("CMYK", 20, 20), "JPEG")
    colours = packed(picture("RGB", 20, 20), "JPEG")
    palette = packed(picture("RGB", 20, 20).convert("P"), "PNG")
    wide = packed(Image.fromarray(RANDOM.integers(0, 2**16, (20, 20)).astype(np.uint16)), "PNG")
    others = [packed(picture("RGB", 20, 20), form) for form in ("BMP", "GIF", "WEBP")]
    short = pictures.PNG_START + pictures.PNG_END
    torn = colours[:300] + pictures.JPEG_END  # its end is there, and its middle is not
    strange = [b"", b"text", colours[:300], torn, short, "no/such.jpg", "no\0name.jpg"]
    for channels, cells in ((3, [cmyk, palette, wide, *others, *strange]), (1, [colours]), (4, [colours])):
        every = np.arange(len(cells))
        found = pictures.fill(cells, np.empty((len(cells), 20, 20, channels), np.float32), every, resize=True)
        assert found.left.tolist() == every.tolist()
        assert not found.others
    made = np.empty((3, 20, 20, 3), np.float32)
    assert pictures.fill([torn, colours, colours], made, np.array([0, 2]), resize=True).left.tolist() == [0]


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_bytes_of_pictures_that_have_the_size(monkeypatch, form):
    monkeypatch.setattr(pictures, "PNGS_WORTH_IT", 1)
    files = [packed(picture("RGB", 16, 16 + index % 2), form) for index in range(8)]
    made = np.empty((8, 16, 16, 3), np.uint8)
    found = pictures.fill(files, made, np.arange(8), resize=False)
    assert found.left.tolist() == [1, 3, 5, 7]
    assert found.others
    for place in (0, 2, 4, 6):
        np.testing.assert_array_equal(made[place], np.asarray(Image.open(io.BytesIO(files[place]))))


@pytest.mark.parametrize("room", [1, 2**12, 2**20], ids=["one at a time", "a few", "all"])
def test_what_a_thread_decodes_at_once_does_not_matter(monkeypatch, room):
    files = [packed(picture("RGB", 20 + index % 3, 30), "JPEG") for index in range(COUNT)]
    files[5] = files[5][:200] + pictures.JPEG_END
    monkeypatch.setattr(pictures, "ROOM", room)
    made = np.empty((COUNT, 10, 10, 3), np.float32)
    assert pictures.fill(files, made, np.arange(COUNT), resize=True).left.tolist() == [5]
    for place in (0, 4, 6, COUNT - 1):
        np.testing.assert_array_equal(made[place], scaled(files[place], 10, 10, 3))


@pytest.mark.parametrize("alike", [True, False], ids=["of one size", "of several"])
def test_reading_by_the_batch_gives_the_same(alike):
    files = [packed(picture("RGB", 16, 16 if alike else 16 + index % 2), "JPEG") for index in range(12)]
    files[3] = packed(picture("RGB", 16, 16), "BMP")
    column = Files("image", np.array(files, object), np.array([f'"{index}"' for index in range(12)], object))
    late, now = (open_files(column, (16, 16, 3), keep=keep).values for keep in (False, True))
    assert isinstance(late, Deferred)
    assert late.dtype == now.dtype == (np.uint8 if alike else np.float32)
    chosen = np.array([7, 3, 0])
    np.testing.assert_array_equal(late[chosen], now[chosen])


@pytest.mark.parametrize(
    ("width", "resized"),
    [
        (lambda index: 16, [False]),
        (lambda index: 12 + index % 9, [True]),
        (lambda index: 16 if index < 100 else 17, [False, True]),
    ],
    ids=["of one size", "of several", "of several behind one"],
)
def test_open_files_gives_the_same_either_way(monkeypatch, tmp_path, width, resized):
    cells = []
    for index in range(2 * COUNT):
        image = picture(("RGB", "L", "RGBA", "P")[index % 4] if index % 5 else "RGB", 16, width(index))
        form = "PNG" if image.mode in ("RGBA", "P") else ("JPEG", "PNG", "BMP")[index % 3]
        raw = packed(image, form)
        if index in (30, 31):
            raw = raw[: len(raw) // 2]
        path = tmp_path / f"{index}.{form.lower()}"
        path.write_bytes(raw)
        cells.append(str(path))
    (tmp_path / "0.jpeg").unlink()
    names = np.array([f'"{index}"' for index in range(len(cells))], object)
    files = Files("image", np.array(cells, object), names)
    asked = []
    plain = pictures.fill
    monkeypatch.setattr(pictures, "fill", lambda *args, **how: asked.append(how["resize"]) or plain(*args, **how))
    found = open_files(files, (16, 16, 3))
    assert asked == resized
    monkeypatch.setattr(pictures, "fill", lambda cells, made, places, **how: pictures.Filled(places, False))
    expected = open_files(files, (16, 16, 3))
    assert found.bad == expected.bad
    assert {0, 30, 31} <= found.bad.keys()
    assert found.values.dtype == expected.values.dtype == (np.float32 if True in resized else np.uint8)
    np.testing.assert_array_equal(found.values, expected.values)

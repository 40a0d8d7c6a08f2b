"""Pictures that TensorFlow decodes: which it does, the same numbers as Pillow's, and the same words for broken ones."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow")

from keraspec.runtime import pictures
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
def test_pixels_are_those_of_pillow(files, channels):
    found = {}
    for places, images in pictures.decoded(files, 32, 24, channels, resize=True):
        assert images.dtype == np.float32
        found |= dict(zip(places.tolist(), images, strict=True))
    assert len(found) == len(files)  # all of them are taken
    for place, image in found.items():
        np.testing.assert_array_equal(image, scaled(files[place], 32, 24, channels))


def test_what_is_left_to_pillow():
    cmyk = packed(picture("CMYK", 20, 20), "JPEG")
    colours = packed(picture("RGB", 20, 20), "JPEG")
    palette = packed(picture("RGB", 20, 20).convert("P"), "PNG")
    wide = packed(Image.fromarray(RANDOM.integers(0, 2**16, (20, 20)).astype(np.uint16)), "PNG")
    others = [packed(picture("RGB", 20, 20), form) for form in ("BMP", "GIF", "WEBP")]
    for channels, cells in (
        (3, [cmyk, palette, wide, *others, b"", b"text", colours[:300], "no/such.jpg"]),
        (1, [colours]),
    ):
        assert [*pictures.decoded(cells, 20, 20, channels, resize=True)] == []
    torn = colours[:300] + pictures.JPEG_END  # its end is there, and its middle is not
    got = [
        place for places, _ in pictures.decoded([torn, colours], 20, 20, 3, resize=True) for place in places.tolist()
    ]
    assert 1 in got


def test_bytes_of_pictures_that_have_the_size():
    files = [packed(picture("RGB", 16, 16 + index % 2), "PNG") for index in range(8)]
    found = {}
    for places, images in pictures.decoded(files, 16, 16, 3, resize=False):
        assert images.dtype == np.uint8
        found |= dict(zip(places.tolist(), images, strict=True))
    assert sorted(found) == [0, 2, 4, 6]
    np.testing.assert_array_equal(found[4], np.asarray(Image.open(io.BytesIO(files[4]))))


@pytest.mark.parametrize("alike", [True, False], ids=["of one size", "of several"])
def test_open_files_gives_the_same_either_way(monkeypatch, tmp_path, alike):
    cells = []
    for index in range(2 * COUNT):
        image = picture(
            ("RGB", "L", "RGBA", "P")[index % 4] if index % 5 else "RGB", 16, 16 if alike else 12 + index % 9
        )
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
    plain = pictures.decoded
    monkeypatch.setattr(pictures, "decoded", lambda *args, **how: asked.append(how) or plain(*args, **how))
    found = open_files(files, (16, 16, 3))
    assert asked
    monkeypatch.setattr(pictures, "worth_it", lambda count: False)
    expected = open_files(files, (16, 16, 3))
    assert found.bad == expected.bad
    assert {0, 30, 31} <= found.bad.keys()
    assert found.values.dtype == expected.values.dtype == (np.uint8 if alike else np.float32)
    np.testing.assert_array_equal(found.values, expected.values)

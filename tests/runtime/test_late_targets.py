"""Pictures and sounds that outputs are compared with, read by the batch: a network that takes noise away."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest
from PIL import Image

from keraspec.checked import compile_text
from keraspec.runtime import deferred
from keraspec.runtime.data import prepare
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.interface import interface_of, read_interface
from keraspec.runtime.looked_at import look
from keraspec.runtime.reuse import file_of, used_of

SOUNDS = """
keraspec = 1
inputs.noisy.shape = SHAPE
layers = [{ name = "clean", type = "Conv1D", filters = 1, kernel_size = 3, padding = "same" }]
[data]
cache = CACHE
source = { type = "csv", path = "t.csv" }
inputs.noisy.decode.type = "audio"
targets.clean.decode.type = "audio"
[training]
loss = "mse"
"""
PICTURES = """
keraspec = 1
inputs.noisy.shape = [6, 6, 1]
layers = [{ name = "clean", type = "Conv2D", filters = 1, kernel_size = 3, padding = "same", activation = "sigmoid" }]
[data]
cache = CACHE
source = { type = "csv", path = "t.csv" }
inputs.noisy.decode.type = "image"
targets.clean.decode.type = "image"
[training]
loss = "mse"
"""


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))


def sound(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.astype("<i2").tobytes())


def sounds(folder, count=8, longer=()):
    """Noise of growing length; a row's two sounds are equally long, but for those of ``longer``."""
    random = np.random.default_rng(0)
    for row in range(count):
        samples = random.integers(-9999, 9999, 30 + 3 * row)
        sound(folder / f"n{row}.wav", samples + 1)
        sound(folder / f"c{row}.wav", np.append(samples, 1) if row in longer else samples)
    (folder / "t.csv").write_text("noisy,clean\n" + "".join(f"n{row}.wav,c{row}.wav\n" for row in range(count)))


def prepared(folder, text, cache):
    loaded = compile_text(text.replace("CACHE", cache), "spec.keraspec.toml")
    assert not loaded.errors, loaded.diagnostics
    return loaded.typed, prepare(loaded.typed, folder)


@pytest.mark.parametrize("shape", ['["time", 1]', '["time"]', "[40, 1]"])
@pytest.mark.parametrize("cache", ["true", "false"])
def test_sounds_are_as_long_as_those_that_they_belong_to(tmp_path, shape, cache):
    sounds(tmp_path)
    text = SOUNDS.replace("SHAPE", shape)
    if shape == '["time"]':
        text = text.replace('{ name = "clean", type = "Conv1D", filters = 1, kernel_size = 3, padding = "same" }',
                            '{ type = "Rescaling", name = "clean", scale = 0.5 }')  # fmt: skip
    typed, found = prepared(tmp_path, text, cache)
    interface = read_interface(json.loads(json.dumps(interface_of(typed, found, tmp_path).table())))
    used = used_of(interface, file_of(tmp_path / "t.csv", interface), targets=True)
    for rows in (found.parts["train"], used.rows):
        for chosen in ([0, 1], [2, 0, 5], [7]):
            given = np.asarray(rows.inputs["noisy"][np.array(chosen)])
            wanted = np.asarray(rows.targets["clean"][np.array(chosen)])
            assert given.shape[1] == (30 + 3 * max(chosen) if "time" in shape else 40)
            own = np.arange(given.shape[1]) < 30 + 3 * np.array(chosen)[:, None]
            difference = (given - wanted).reshape(len(chosen), -1)
            np.testing.assert_allclose(difference, np.where(own, 2.0**-15, 0), atol=1e-8)
    if "time" in shape:
        assert used.rows.inputs["noisy"].own(np.array([0, 7])).tolist() == [30, 51]


@pytest.mark.parametrize("cache", ["true", "false"])
def test_sounds_of_a_row_that_differ_in_length(tmp_path, refused, cache):
    sounds(tmp_path, longer=(5,))
    (one,) = refused(lambda: prepared(tmp_path, SOUNDS.replace("SHAPE", '["time", 1]'), cache))
    assert one.code == "E405"
    assert "has a sound of 46 samples, and the input `noisy` one of 45 (first in row 6)" in one.message


def test_pictures_are_not_held_where_they_are_too_many(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    for row in range(5):
        for name in "nc":
            Image.fromarray(random.integers(0, 256, (6, 6), np.uint8)).save(tmp_path / f"{name}{row}.png")
    (tmp_path / "t.csv").write_text("noisy,clean\n" + "".join(f"n{row}.png,c{row}.png\n" for row in range(5)))
    held = prepared(tmp_path, PICTURES, "true")[1].parts["train"].targets["clean"]
    assert isinstance(held, np.ndarray)
    monkeypatch.setattr(deferred, "KEPT_BYTES", 100)
    for cache in ('"auto"', "false"):
        typed, found = prepared(tmp_path, PICTURES, cache)
        later = found.parts["train"].targets["clean"]
        assert isinstance(later, Deferred)
        assert later.shape == (5, 6, 6, 1)
        np.testing.assert_array_equal(later[np.array([4, 0])], held[[4, 0]])
        (odd,) = [one for one in look(typed, tmp_path).suspicions if one.kind == "out of range"]
        assert odd.where == "target clean"

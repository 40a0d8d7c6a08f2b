"""A picture whose head looks well and whose rest is missing, found when its batch is read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from keraspec.cli import group
from keraspec.runtime.unreadable import unreadable

SPEC = """
keraspec = 1
inputs.photo.shape = [8, 8, 3]
layers = [{ type = "Flatten" }, { name = "kind", type = "Dense", units = 2, activation = "softmax" }]
[training]
loss = "sparse_categorical_crossentropy"
[data]
source = { type = "csv", path = "t.csv" }
inputs.photo.decode = { type = "image" }
MORE
"""
WORDS = '"cut.png" can\'t be read as an image: image file is truncated'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WORDS, WORDS),
        (f"{{{{function_node x}}}} Error in function: ValueError: {WORDS}\nTraceback\nValueError: {WORDS}", WORDS),
        ("ValueError: shapes (2, 3) and (4,)", None),
        ("the model can't be read as such: no", None),
    ],
)
def test_what_is_said_of_it(text: str, said: str | None) -> None:
    found = unreadable(ValueError(text))
    assert (found and found.message) == said
    assert found is None or (found.code, found.pointer) == ("E407", ("data", "source"))


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, [*arguments])
    return done.exit_code, done.output


@pytest.mark.long
def test_by_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow")
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for row in range(6):
        stream = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).save(stream, "png")
        Path(f"{row}.png").write_bytes(stream.getvalue())
    Path("cut.png").write_bytes(stream.getvalue()[:90])
    Path("t.csv").write_text("photo,kind\n" + "".join(f"{row}.png,{'ab'[row % 2]}\n" for row in range(6)))
    Path("new.csv").write_text("photo,kind\n1.png,b\ncut.png,a\n")
    for name, more in (("stop", ""), ("skip", 'on_error = "skip"')):
        Path(f"{name}.keraspec.toml").write_text(SPEC.replace("MORE", f"cache = false\n{more}"))
        assert run("train", f"{name}.keraspec.toml", "--run-dir", name)[0] == 0
    for verb in (["predict", "stop", "new.csv"], ["evaluate", "stop", "--data", "new.csv"]):
        status, said = run(*verb)
        assert status == 1
        assert f"new.csv:1:1: error[E407]: {WORDS}" in said
    status, said = run("predict", "skip", "new.csv")
    assert status == 0
    assert f"1 row can't be read and has no prediction; the first: {WORDS}" in said
    assert said.count("\n,,\n") == 1
    Path("t.csv").write_text(Path("new.csv").read_text())
    status, said = run("train", "stop.keraspec.toml", "--run-dir", "again")
    assert status == 1
    assert f"stop.keraspec.toml:8:10: error[E407]: {WORDS}" in said
    assert not Path("again").exists()

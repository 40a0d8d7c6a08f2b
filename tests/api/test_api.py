"""What `import keraspec` gives."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import keraspec

GOOD = """\
keraspec = 1
name = "small"
inputs.x.shape = [4]

[[layers]]
name = "hidden"
type = "Dense"
units = 8
activation = "relu"

[[layers]]
name = "y"
type = "Dense"
units = 1

[training]
epochs = 1
loss = "mse"
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.keraspec.toml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.keraspec.toml"
    path.write_text(GOOD.replace("units = 8", "unitz = 8"), encoding="utf-8")
    return path


def test_all_that_is_promised_is_there() -> None:
    for name in keraspec.__all__:
        assert getattr(keraspec, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        keraspec.nonsense  # noqa: B018 - the look-up itself is what is tested


def test_load_and_check(spec: Path, wrong: Path) -> None:
    loaded = keraspec.load(spec)
    assert isinstance(loaded, keraspec.Checked)
    assert loaded.ok
    assert keraspec.check(spec) == keraspec.check(loaded) == ()
    (one,) = keraspec.check(str(wrong))
    assert isinstance(one, keraspec.Diagnostic)
    assert (one.code, one.severity, one.line, one.column) == ("E104", "error", 8, 1)
    assert one.help == "did you mean `units`?"
    assert one.file == str(wrong)


def test_overrides(spec: Path) -> None:
    loaded = keraspec.load(spec, ["layers.hidden.units=16"])
    assert keraspec.show(loaded).totals.params == 4 * 16 + 16 + 16 + 1
    (one,) = keraspec.check(spec, ["layers.hidden.units=0"])
    assert (one.code, one.file) == ("E106", "<command line>")
    with pytest.raises(ValueError, match="nothing in `layers` is called"):
        keraspec.load(spec, ["layers.none.units=3"])


def test_what_needs_a_sound_spec_says_what_is_wrong(wrong: Path) -> None:
    for verb in (keraspec.show, keraspec.build, keraspec.train):
        with pytest.raises(keraspec.SpecError) as caught:
            verb(wrong)
        assert [one.code for one in caught.value.diagnostics] == ["E104"]
        assert "did you mean `units`?" in str(caught.value)


def test_pictures(spec: Path, wrong: Path) -> None:
    drawing = keraspec.draw(spec, spec.with_name("small.svg"))
    assert isinstance(drawing, keraspec.Drawing)
    assert spec.with_name("small.svg").read_text(encoding="utf-8") == drawing.svg
    for picture in (drawing._repr_svg_(), keraspec.load(spec)._repr_svg_(), keraspec.draw(wrong).svg):
        assert picture is not None
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert "hidden" in drawing.dot
    assert "hidden" in drawing.mermaid
    with pytest.raises(ValueError, match="gif"):
        keraspec.draw(spec, "small.gif")


def test_build_and_train_on_arrays(spec: Path, tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    model = keraspec.build(spec)
    assert [layer.name for layer in model.layers] == ["x", "hidden", "y"]
    assert model.count_params() == keraspec.show(spec).totals.params
    random = np.random.default_rng(0)
    x = random.normal(size=(64, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    run = keraspec.train(spec, data=(x, y), run_dir=tmp_path / "run", epochs=2)
    assert isinstance(run, keraspec.Run)
    assert run.epochs == 2
    assert run.model().predict(x[:3], verbose=0).shape == (3, 1)


def test_a_missing_file_is_an_os_error() -> None:
    with pytest.raises(OSError, match="nowhere"):
        keraspec.load("nowhere.keraspec.toml")

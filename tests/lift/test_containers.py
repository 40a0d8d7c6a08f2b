"""What files hold models, and what is said of those that don't."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from keraspec import SpecError
from keraspec.importing import import_model

DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "config": {"name": "dense", "units": 3, "trainable": True},
    "registered_name": None,
}
MODEL = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {"name": "sequential", "layers": [DENSE], "build_input_shape": [None, 4]},
    "registered_name": None,
}
TEXT = """\
keraspec = 1
inputs.input_layer.shape = [4]
layers = [
  { type = "Dense", units = 3 },
]
"""


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def hdf5(path: Path, **attributes: str) -> Path:
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs.update(attributes)
    return path


def test_the_same_model_out_of_everything(tmp_path: Path) -> None:
    text = json.dumps(MODEL)
    (tmp_path / "a.json").write_text(text)
    (tmp_path / "twice.json").write_text(json.dumps(text))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "config.json").write_text(text)
    zipped(tmp_path / "a.keras", config__json=text, metadata__json='{"keras_version": "3.15.1"}')
    hdf5(tmp_path / "old.keras", model_config=text, keras_version="3.15.1")
    hdf5(tmp_path / "a.h5", model_config=text, keras_version="3.15.1")
    for path in tmp_path.iterdir():
        found = import_model(path)
        assert found.text == TEXT, path
        assert found.diagnostics == ()


def _deep(path: Path) -> Path:
    path.write_text("[" * 100_000)
    return path


def _written(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def _folder(path: Path) -> Path:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(b"")
    return path


BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing": (_written(b""), "this file is no JSON"),
    "noise": (_written(b"\xff\xfe\x00abc"), "this file is neither text nor a model of Keras"),
    "half": (_written(b'{"class_name": "Sequ'), "this file is no JSON"),
    "deep": (_deep, "this file is nested deeper than any model"),
    "list": (_written(b"[1, 2]"), "this JSON is no model"),
    "number": (_written(b"3"), "this JSON is no model"),
    "pickle": (_written(b"\x80\x04\x95abc"), "a Python pickle, which runs code when it is opened"),
    "zip": (lambda path: zipped(path, a__txt="x"), "this archive has no config.json"),
    "torn zip": (_written(b"PK\x03\x04 and no more"), "this archive is broken"),
    "torn hdf5": (_written(b"\x89HDF\r\n\x1a\n and no more"), "this HDF5 file is broken"),
    "weights": (lambda path: hdf5(path, keras_version="3"), "this file holds weights alone"),
    "saved model": (_folder, "this folder is a SavedModel"),
    "config": (lambda path: zipped(path, config__json="{"), "config.json is no JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_model_is_said(name: str, tmp_path: Path) -> None:
    write, message = BROKEN[name]
    with pytest.raises(SpecError) as caught:
        import_model(write(tmp_path / "file"))
    (one,) = caught.value.diagnostics
    assert one.code == "E801"
    assert message in one.message
    assert one.file == str(tmp_path / "file")


ODD = {
    "class": ({"class_name": 3}, "no class or no name"),
    "config": ({"config": [1]}, "a layer should stand"),
    "units": ({"config": {"name": "dense", "units": "many"}}, "`units` of Dense must be"),
    "unknown argument": ({"config": {"name": "dense", "units": 1, "wings": 2}}, "`wings = 2` of Dense can't be said"),
    "foreign": ({"module": "birds.layers", "class_name": "Wing"}, 'the class of the layer "dense"'),
    "lambda": ({"class_name": "Lambda"}, "runs Python code"),
    "activation": (
        {"config": {"name": "d", "units": 1, "activation": "flap"}},
        '"flap", given as `activation` of Dense',
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_a_layer_that_can_not_be_said_is_told_with_its_place(name: str, tmp_path: Path) -> None:
    change, message = ODD[name]
    model = {**MODEL, "config": {**MODEL["config"], "layers": [{**DENSE, **change}]}}  # type: ignore[dict-item]
    path = tmp_path / "model.json"
    for indent in (None, 1):
        path.write_text(json.dumps(model, indent=indent))
        with pytest.raises(SpecError) as caught:
            import_model(path)
        assert any(message in one.message for one in caught.value.diagnostics), caught.value.diagnostics
        (one, *_) = [one for one in caught.value.diagnostics if message in one.message]
        assert one.finding.pointer[:3] == ("config", "layers", 0)
        assert one.file.startswith(f"{path}#/config/layers/0") if indent is None else one.line > 5


def test_a_model_without_a_shape_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    config = {key: value for key, value in MODEL["config"].items() if key != "build_input_shape"}  # type: ignore[attr-defined]
    path.write_text(json.dumps({**MODEL, "config": config}))
    with pytest.raises(SpecError, match="the shape of the input"):
        import_model(path)

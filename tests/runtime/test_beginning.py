"""Weights of a saved model that a spec begins with: which layers take them, and what is said where they don't fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keraspec.checked import compile_file
from keraspec.spec.finding import Finding

from .programs import DATA, PROGRAMS

SPEC = PROGRAMS / "digits_transfer.keraspec.toml"
Refused = Callable[[Callable[[], object]], tuple[Finding, ...]]


@pytest.fixture(scope="module")
def given() -> dict[str, list[Any]]:
    from keraspec.runtime.saved import open_model

    layers = open_model(DATA / "digits_backbone.keras").layers
    return {one.name: [np.array(weight) for weight in one.weights] for one in layers if one.weights}


def begun(*settings: str, path: Path = SPEC) -> dict[str, list[Any]]:
    """The weights of each layer before training."""
    from keraspec.compiler.build import assemble
    from keraspec.runtime.beginning import begin

    checked = compile_file(path, settings)
    assert not checked.errors
    assert checked.typed is not None
    training = checked.typed.graph.spec.training
    assert training is not None
    assert training.weights is not None
    built = assemble(checked.typed, None, path.parent)
    begin(built, training, training.weights, path.parent)
    return {name: [np.array(weight) for weight in one.weights] for name, one in built.layers.items() if one.weights}


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """The spec, and the one with its block, in another folder and with other words in them."""
    for name in (SPEC.name, "digits_backbone.keraspec.toml"):
        text = (PROGRAMS / name).read_text().replace("../data/", f"{DATA.as_posix()}/")
        for old, new in changes:
            text = text.replace(old, new)
        (folder / name).write_text(text)
    return folder / SPEC.name


def same(one: list[Any], other: list[Any]) -> bool:
    return all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_name_means_all_inside_and_nothing_else(given: dict[str, list[Any]]) -> None:
    found = begun()
    assert found.keys() == given.keys() == {"backbone.conv2d", "backbone.conv2d_1", "label"}
    assert [name for name in found if same(found[name], given[name])] == ["backbone.conv2d", "backbone.conv2d_1"]


def test_one_layer_alone(given: dict[str, list[Any]]) -> None:
    found = begun("training.weights.layers=['*.conv2d_1']")
    assert [name for name in found if same(found[name], given[name])] == ["backbone.conv2d_1"]


def test_all_of_them_also_from_a_file_of_weights(given: dict[str, list[Any]], tmp_path: Path) -> None:
    from keraspec.runtime.saved import open_model

    path = tmp_path / "all.weights.h5"
    open_model(DATA / "digits_backbone.keras").save_weights(path)
    plain = written(tmp_path, (', layers = ["backbone"]', ""))
    for settings in ([], [f"training.weights.path={path}"]):
        found = begun(*settings, path=plain)
        assert all(same(found[name], given[name]) for name in given), settings


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("../data/digit_backbone.keras", "E401", "there is no file"),
        ("../data/digits.csv", "E803", "is not a model of Keras"),
    ],
)
def test_what_is_no_model(refused: Refused, path: str, code: str, words: str) -> None:
    (one,) = refused(lambda: begun(f"training.weights.path={path}"))
    assert (one.code, one.pointer) == (code, ("training", "weights", "path"))
    assert words in one.message
    assert code == "E803" or one.help == 'did you mean "digits_backbone.keras"?'


def test_a_file_of_weights_has_no_names(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "some.weights.h5").touch()
    (one,) = refused(lambda: begun(f"training.weights.path={tmp_path / 'some.weights.h5'}"))
    assert (one.code, one.pointer) == ("E803", ("training", "weights", "path"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "backbone", block', 'name = "eyes", block', 'has no layer called "eyes.conv2d"'),
        ("filters = 16", "filters = 12", "(3, 3, 1, 12), (12,), and in"),
    ],
)
def test_layers_that_do_not_fit(refused: Refused, tmp_path: Path, old: str, new: str, words: str) -> None:
    changes = [('layers = ["backbone"]', 'layers = ["*"]'), ('freeze = ["backbone"]\n', ""), (old, new)]
    (one,) = refused(lambda: begun(path=written(tmp_path, *changes)))
    assert (one.code, one.pointer) == ("E803", ("training", "weights"))
    assert words in one.message


def test_names_that_no_layer_has() -> None:
    (one,) = compile_file(SPEC, ["training.weights.layers=['backbon']"]).errors
    assert one.code == "E201"
    assert 'did you mean "backbone"?' in (one.help or "")


def test_a_path_follows_its_file(tmp_path: Path) -> None:
    over = tmp_path / "over.keraspec.toml"
    over.write_text(f'keraspec = 1\nextends = "{SPEC}"\nname = "over"\n')
    laid = compile_file(over)
    assert laid.typed is not None
    training = laid.typed.graph.spec.training
    assert training is not None
    assert training.weights is not None
    assert (tmp_path / training.weights.path).resolve() == (DATA / "digits_backbone.keras").resolve()

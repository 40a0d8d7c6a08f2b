"""What the tests of programs share: running one, and holding its model against the one that keraspec builds."""

from __future__ import annotations

import gc
import json
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.compiler.source.program import program

ROOT = Path(__file__).parents[2]


def of_text(text: str, *overrides: str) -> tuple[Checked, str]:
    """The checked spec and its program, of a text."""
    checked = compile_text(text, overrides=overrides)
    assert not checked.errors, [one.finding for one in checked.errors]
    assert checked.typed is not None
    return checked, program(checked.typed)


def run(text: str) -> Any:
    """The model that a program builds, in a namespace of its own."""
    import keras

    keras.backend.clear_session()  # names inside of layers count on
    space: dict[str, Any] = {"__name__": "program", "__file__": str(ROOT / "examples" / "program.py")}
    try:
        exec(compile(text, "program", "exec"), space)
    finally:
        keras.config.set_dtype_policy("float32")
    return space["model"]


def same(checked: Checked, text: str, *, values: bool = True) -> tuple[Any, Any]:
    """See that a program builds the very model of its spec; both models.

    Only ops have other names: Keras numbers them by itself. To draw values for weights takes most of the time: without
    ``values`` nothing can be computed with the models.
    """
    import keras

    from keraspec.compiler.build import build

    gc.collect()
    keras.backend.clear_session()
    assert checked.typed is not None
    with nullcontext() if values else keras.StatelessScope(initialize_variables=False):
        wanted = build(checked.typed, checked.path.parent)
        found = run(text)
    assert _config(found, wanted) == _config(wanted, wanted)
    assert [one.shape for one in found.weights] == [one.shape for one in wanted.weights]
    assert [one.path.rpartition("/")[2] for one in found.weights] == [
        one.path.rpartition("/")[2] for one in wanted.weights
    ]
    assert [one.trainable for one in found.weights] == [one.trainable for one in wanted.weights]
    return found, wanted


def _config(model: Any, like: Any) -> Any:
    """The configuration, with ops called as in another model of the same operations."""
    config = json.loads(json.dumps(model.get_config(), default=str))
    names = [one["name"] for one in config["layers"]]
    others = [one.name for one in like.operations]
    assert len(names) == len(others)
    layers = {one.name for one in like.layers}
    renamed = {}
    for one, name, other in zip(config["layers"], names, others, strict=True):
        is_op = ".ops" in str(one["module"]) or "ops." in str(one["registered_name"])
        assert name == other or is_op, (name, other)
        assert is_op or name in layers
        renamed[name] = other
    return _renamed(config, renamed)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def load(path: Path, *overrides: str) -> Checked:
    checked = compile_file(path, overrides)
    assert not checked.errors, [one.finding for one in checked.errors]
    return checked


def ruff() -> str:
    beside = Path(sys.executable).with_name("ruff")
    found = str(beside) if beside.exists() else shutil.which("ruff")
    if found is None:
        pytest.skip("ruff is not installed")
    return found

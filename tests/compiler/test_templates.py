"""Templates: each is laid out as `fmt` does it, checks clean, and trains as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

import keraspec
from keraspec.checked import compile_text
from keraspec.compiler import templates
from keraspec.compiler.templates import SUFFIX, TEMPLATES, template_text
from keraspec.spec.format import formatted

SMALLER = {
    "transfer": ["layers.backbone.weights=none", "inputs.image.shape=[32,32,3]", "training.phases.all.epochs=1"],
    "timeseries": ["data.source.rows=300"],
}


def test_each_file_is_listed() -> None:
    folder = Path(templates.__file__).parent
    assert {path.name for path in folder.glob("*.toml")} == {f"{name}{SUFFIX}" for name in TEMPLATES}
    with pytest.raises(KeyError):
        template_text("no")


@pytest.mark.parametrize("name", TEMPLATES)
def test_it_is_clean(name: str) -> None:
    text = template_text(name)
    assert formatted(text, "toml") == text
    checked = compile_text(text, "toml", f"{name}{SUFFIX}")
    assert checked.diagnostics == ()
    assert checked.spec is not None
    assert checked.spec.data is not None
    assert checked.spec.training is not None
    assert "keraspec = 1" in text
    assert "#" in text


@pytest.mark.long
@pytest.mark.parametrize("name", TEMPLATES)
def test_it_trains(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}{SUFFIX}"
    path.write_text(template_text(name), encoding="utf-8")
    overrides = ["data.source.rows=48", *SMALLER.get(name, ())]
    if name == "transfer":
        overrides.append("training.phases.head.epochs=1")
    run = keraspec.train(
        path, epochs=None if name == "transfer" else 1, overrides=overrides, run_dir=tmp_path / "run", report=False
    )
    assert run.history

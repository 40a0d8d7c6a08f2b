"""Programs that train: on the rows that keraspec would train on, and to the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from program_models import ROOT, load, of_text

from keraspec.compiler.source.data import SPLIT, STRATIFIED
from keraspec.compiler.source.program import program
from keraspec.runtime.split import split
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Split


@settings(max_examples=60, deadline=None)
@given(
    st.integers(20, 200), st.sampled_from([(0.1, 0.2), (0.0, 0.25), (0.15, 0.0), (0.3, 0.3)]), st.integers(0, 9),
    st.integers(1, 5),
)  # fmt: skip
def test_rows_are_split_as_keraspec_splits_them(count: int, shares: tuple[float, float], seed: int, kinds: int) -> None:
    plain: dict = {"np": np}
    exec(SPLIT, plain)
    wanted = split(count, Split(*shares), seed)
    for one, other in zip(plain["split"](count, shares, seed), wanted.values(), strict=True):
        assert np.array_equal(one, other)
    groups = np.array([f"kind {index}" for index in np.random.default_rng(seed).integers(0, kinds, count)])
    even: dict = {"np": np}
    exec(STRATIFIED, even)
    try:
        wanted = split(count, Split(*shares, "kind"), seed, groups)
    except Problem:
        return
    for one, other in zip(even["split"](groups, shares, seed), wanted.values(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.long
@pytest.mark.parametrize("name", ["digits", "mpg", "penguins"])
def test_a_program_trains_without_keraspec(name: str, tmp_path: Path) -> None:
    checked = load(ROOT / "examples" / f"{name}.keraspec.toml", "training.epochs=1")
    assert checked.typed is not None
    text = program(checked.typed, ROOT / "examples", train=True)
    (tmp_path / f"{name}_train.py").write_text(text)
    file = f"{name}_train.py"
    without = f"import runpy, sys; sys.modules['keraspec'] = None; runpy.run_path({file!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", without], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "test: {" in done.stdout
    assert (tmp_path / f"{name}.keras").stat().st_size > 10_000


LEARNS = """
keraspec = 1
inputs.word = { shape = [1], dtype = "string" }
layers = [
  { name = "ids", type = "StringLookup" },
  { type = "CategoryEncoding", num_tokens = 9 },
  { name = "kind", type = "Dense", units = 1, activation = "sigmoid" },
]
[data]
source = { type = "csv", path = "words.csv" }
[training]
loss = "binary_crossentropy"
"""


def test_sizes_that_are_learned_need_the_data() -> None:
    text = LEARNS.replace('{ type = "CategoryEncoding", num_tokens = 9 },', "").replace(
        'name = "ids", type = "StringLookup"', 'name = "ids", type = "StringLookup", output_mode = "multi_hot"'
    )
    with pytest.raises(Problem) as caught:
        of_text(text)
    assert caught.value.findings[0].code == "E415"
    checked, _ = of_text(LEARNS)
    assert checked.typed is not None
    trained = program(checked.typed, train=True)
    assert 'HERE / "words.csv"' in trained
    assert 'layer = model.get_layer("ids")' in trained


def test_without_data_there_is_nothing_to_train_with() -> None:
    checked, _ = of_text(LEARNS.partition("[data]")[0])
    assert checked.typed is not None
    with pytest.raises(Problem) as caught:
        program(checked.typed, train=True)
    assert caught.value.findings[0].code == "E410"


def test_the_verb_writes_a_file(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from keraspec.cli import group

    spec = ROOT / "examples" / "digits.keraspec.toml"
    output = tmp_path / "digits.py"
    done = CliRunner().invoke(group, ["python", str(spec), "-o", str(output), "--set", "layers.conv1.filters=8"])
    assert done.exit_code == 0, done.output
    assert "layers.Conv2D(8, 3" in output.read_text()
    printed = CliRunner().invoke(group, ["python", str(spec)])
    assert printed.output.startswith('"""Handwritten digits')
    bad = tmp_path / "bad.keraspec.toml"
    bad.write_text("keraspec = 1\n")
    assert CliRunner().invoke(group, ["python", str(bad)]).exit_code == 1

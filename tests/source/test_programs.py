"""Programs build the models of their specs."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from program_models import ROOT, load, of_text, ruff, same

from keraspec.compiler.source.model import Modeller
from keraspec.compiler.source.program import program
from keraspec.compiler.source.traced import traced
from keraspec.spec.problem import Problem

GOLDEN = Path(__file__).parent / "golden"
SPECS = sorted(
    path
    for pattern in ("examples/*.toml", "examples/architectures/*.toml", "tests/golden/specs/*", "tests/golden/*.toml")
    for path in ROOT.glob(pattern)
)
LARGE = 6_000_000
"""Networks of more weights take long to build, twice."""
FLAT = frozenset({"siamese", "wide_deep"})
"""Specs some entries of which have no natural form: a block that is used again, names out of a list."""

NOT_IN_A_PROGRAM = {"digit_images", "discs", "mixture_of_experts", "rehearsal", "tides", "vae"}
"""Specs whose data or training `python --train` does not write yet."""


def name_of(path: Path) -> str:
    return path.name.partition(".")[0]


def sizes() -> Iterator[object]:
    """The specs as parameters; large ones are marked, and of the goldens two in three."""
    for index, path in enumerate(SPECS):
        checked = load(path)
        assert checked.typed is not None
        count = sum(int(one.params) for one in checked.typed.typed.values() if isinstance(one.params, int))
        seldom = count > LARGE or ("golden" in path.parts and index % 3 > 0)
        marks = [pytest.mark.long] if seldom else []
        yield pytest.param(path, id=path.relative_to(ROOT).as_posix(), marks=marks)


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning")
@pytest.mark.parametrize("path", list(sizes()))
def test_a_program_builds_the_model_of_its_spec(path: Path) -> None:
    checked = load(path)
    assert checked.typed is not None
    same(checked, program(checked.typed), values=False)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_programs_keep_the_form_of_the_spec(path: Path) -> None:
    checked = load(path)
    assert checked.typed is not None
    parts = Modeller(checked.typed, traced(checked.typed.graph.spec.document), str).parts()
    assert bool(parts.flat) is (name_of(path) in FLAT and "architectures" in str(path))


@pytest.mark.parametrize("size", [18, 34, 101])
def test_a_family_is_one_program(size: int) -> None:
    """With another number at its top, the program builds another network of the family."""
    path = ROOT / "tests" / "golden" / "resnet.keraspec.toml"
    plain = program(load(path).typed)  # type: ignore[arg-type]
    other = program(load(path, f"parameters.size={size}").typed)  # type: ignore[arg-type]
    assert other == plain.replace("SIZE = 50", f"SIZE = {size}")


def test_ruff_finds_nothing(tmp_path: Path) -> None:
    """Neither in its form nor in what it says, with the settings that Ruff comes with."""
    refused: list[tuple[str, ...]] = []
    for index, path in enumerate(SPECS):
        checked = load(path)
        assert checked.typed is not None
        (tmp_path / f"{name_of(path)}_{index}.py").write_text(program(checked.typed))
        spec = checked.typed.graph.spec
        if spec.data is not None and spec.training is not None:
            try:
                trained = program(checked.typed, train=True)
            except Problem as problem:
                refused.append((name_of(path), *{one.code for one in problem.findings}))
            else:
                (tmp_path / f"{name_of(path)}_{index}_train.py").write_text(trained)
    assert set(refused) == {(name, "E110") for name in NOT_IN_A_PROGRAM}
    for arguments in (("format", "--isolated", "--check"), ("check", "--isolated")):
        done = subprocess.run([ruff(), *arguments, str(tmp_path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["examples/digits", "tests/golden/resnet", "tests/golden/specs/named_inputs"])
def test_programs_read_so(name: str) -> None:
    checked = load(ROOT / f"{name}.keraspec.toml")
    assert checked.typed is not None
    text = program(checked.typed)
    golden = GOLDEN / f"{Path(name).name}.py.txt"
    if os.environ.get("KERASPEC_UPDATE"):
        golden.write_text(text)
    assert text == golden.read_text()
    assert "keraspec" not in text


HEAD = "keraspec = 1\ninputs.x.shape = [8, 4]\n"
COMPOSED = {
    "series": (
        'layers = [ { name = "hidden", type = "Dense", repeat = 3, units = "${8 * (index + 1)}" },\n'
        '  { name = "dense_out", type = "Dense", units = 2, inputs = "hidden.1" } ]\n'
        'outputs = ["hidden", "dense_out"]\n',
        "",
    ),
    "series_of_a_list": (
        'layers = [ { type = "Dense", repeat = "${widths}", units = "${item}", activation = "${act}" } ]\n'
        '[parameters]\nwidths = [8.0, 4]\nact = "none"\n',
        "for index, item in enumerate(WIDTHS):",
    ),
    "side_by_side": (
        'layers = [ { name = "branch", type = "Conv1D", inputs = "x", each = [1, 3, 5], filters = 2, '
        'padding = "same", kernel_size = "${item}" }, { type = "Concatenate", inputs = ["x", "branch"] },\n'
        '  { name = "all", type = "Add", inputs = "branch" },\n'
        '  { name = "end", type = "Concatenate", inputs = ["all", "branch.1", "concatenate2"] } ]\n'
        .replace('{ type = "Concatenate", inputs = ["x", "branch"] }',
                 '{ name = "concatenate2", type = "Concatenate", inputs = ["x", "branch"] }'),
        "for index, item in enumerate([1, 3, 5])",
    ),
    "conditions": (
        'layers = [ { name = "a", type = "Dense", units = 4, when = "${wide}" },\n'
        '  { name = "b", type = "Dense", units = 4, when = "${not wide}" },\n'
        '  { name = "c", type = "Dense", units = 4, repeat = "${0 if wide else 2}" },\n'
        '  { type = "Add", inputs = ["a", "b", "c", "x"] } ]\n[parameters]\nwide = true\n',
        "if not WIDE:",
    ),
    "outputs_of_a_block": (
        'layers = [ { name = "down", block = "down", repeat = 2 },\n'
        '  { name = "up", type = "Add", repeat = 2, inputs = ["down", "down.${1 - index}.skip"] },\n'
        '  { name = "end", type = "Add", inputs = ["up", "down.0.inner.same"] } ]\n'
        '[blocks.down]\noutputs = { x = "inner", skip = "kept" }\n'
        'layers = [ { name = "kept", type = "Dense", units = 4 }, { name = "inner", block = "inner" } ]\n'
        '[blocks.inner]\nlayers = [ { name = "same", type = "Dense", units = 4 }, { type = "ReLU" } ]\n',
        "skips.append(skip)",
    ),
    "weights_used_again": (
        'layers = [ { name = "once", type = "Dense", units = 4, inputs = "x" },\n'
        '  { name = "again", reuse = "once", repeat = 2, inputs = "x" },\n'
        '  { type = "Add", inputs = ["once", "again"] } ]\n',
        "once_layer",
    ),
    "a_block_used_again": (
        'layers = [ { name = "tower", block = "tower", inputs = "x" },\n'
        '  { name = "twin", reuse = "tower", inputs = "tower" } ]\n'
        '[blocks.tower]\nlayers = [ { type = "Dense", units = 4 }, { type = "Dense", units = 4 } ]\n',
        "",
    ),
    "objects_in_parameters": (
        'layers = [ { block = "unit", penalty = { type = "L2", l2 = 0.5 } }, { block = "unit" } ]\n'
        '[parameters]\nhe.default = { type = "HeNormal", seed = 3 }\n[blocks.unit]\n'
        'parameters = { penalty = "none" }\nlayers = [ { type = "Dense", units = 4, kernel_initializer = "${he}", '
        'kernel_regularizer = "${penalty}" } ]\n',
        "kernel_initializer=he()",
    ),
    "text_and_tables": (
        'layers = [ { type = "${kind}", units = 3 },\n  { type = "Dense", units = "${sizes[mode]}", '
        'activation = "${\'re\'}lu" } ]\n[parameters]\nkind = "Dense"\nmode = "small"\n'
        'sizes.default = { small = 3, large = 30 }\n',
        'SIZES = {"small": 3, "large": 30}',
    ),
    "several_inputs_of_a_block": (
        'inputs.y.shape = [8, 4]\nlayers = [ { name = "one", block = "join", inputs = { b = "x", a = "y" } },\n'
        '  { name = "two", block = "join", inputs = ["one", "x"], width = 6 } ]\n'
        '[blocks.join]\ninputs = ["a", "b"]\nparameters = { width = 4, half = "${width // 2}" }\n'
        'layers = [ { type = "Concatenate", inputs = ["a", "b"] }, { type = "Dense", units = "${half}" } ]\n',
        "def join_block(a, b, *, width=4, name):",
    ),
    "a_list_into_a_block": (
        'layers = [ { name = "side", type = "Dense", each = "${range(3)}", inputs = "x", units = "${item + 1}" },\n'
        '  { block = "join", inputs = "side" } ]\n[blocks.join]\n'
        'layers = [ { type = "Concatenate" }, { type = "Dense", units = 2 } ]\n',
        "join_block(",
    ),
    "states": (
        'layers = [ { name = "lstm", type = "LSTM", units = 4, return_sequences = true, return_state = true },\n'
        '  { name = "next", type = "LSTM", units = 4, inputs = STATES },\n'
        '  { name = "end", type = "Add", inputs = ["next", "lstm[2]"] } ]\n'
        .replace("STATES", '{ sequences = "lstm", initial_state = ["lstm[1]", "lstm[2]"] }'),
        "lstm, lstm_1, lstm_2 = layers.LSTM(",
    ),
    "ops": (
        'layers = [ { name = "add", type = "Dense", units = 4 },\n'
        '  { name = "sum", type = "ops.add", inputs = ["add", "x"] },\n'
        '  { type = "ops.multiply", x2 = [1, 2, 3, 4] }, { type = "ops.get_item", key = "[:, 0]" },\n'
        '  { type = "ops.subtract", x1 = 1 },\n'
        '  { name = "parts", type = "ops.split", indices_or_sections = 2, axis = -1 },\n'
        '  { type = "ops.concatenate", inputs = ["parts[0]", "parts[1]"] }, { type = "Dense", units = 1 } ]\n',
        "def named(tensors, name):",
    ),
    "frozen": (
        'layers = [ { block = "part" }, { type = "MultiHeadAttention", num_heads = 1, key_dim = 2, trainable = false, '
        'inputs = { query = "x", value = "x" } } ]\noutputs = ["part", "multi_head_attention"]\n'
        .replace('{ block = "part" }', '{ name = "part", block = "part" }')
        .replace('{ type = "MultiHeadAttention",', '{ name = "multi_head_attention", type = "MultiHeadAttention",')
        + '[blocks.part]\nlayers = [ { type = "Bidirectional", trainable = false, '
        'layer = { type = "LSTM", units = 2 } },'
        ' { type = "Dense", units = 2 } ]\n',
        "freeze(",
    ),
    "words_of_python": (
        'inputs.class.shape = [4]\ninputs.l.shape = [4]\n'
        'layers = [ { name = "lambda", type = "Add", inputs = ["class", "l"] },\n'
        '  { name = "layers", block = "keras", inputs = "lambda", name-s = 1 },\n'
        '  { name = "end", type = "Add", inputs = ["layers", "lambda"] },\n'
        '  { name = "flat", type = "Flatten", inputs = "x" } ]\n'
        'outputs = ["end", "flat"]\n[blocks.keras]\nparameters = { class = 4 }\n'
        'layers = [ { name = "name", type = "Dense", units = "${class}" }, { type = "Add", inputs = ["name", "x"] } ]\n'
        .replace(", name-s = 1", ""),
        "",
    ),
    "twice_the_same_name_inside": (
        'layers = [ { block = "a" }, { block = "a" }, { name = "b", block = "a", repeat = 2 } ]\n'
        '[blocks.a]\nlayers = [ { type = "Dense", units = 4 }, { type = "Dense", units = 4 } ]\n',
        "def a_block(",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSED)
def test_what_is_composed(name: str) -> None:
    text, says = COMPOSED[name]
    checked, python = of_text(HEAD + text)
    assert says in python
    found, wanted = same(checked, python)
    rows = [np.random.default_rng(1).normal(size=(3, *one.shape[1:])).astype("float32") for one in wanted.inputs]
    found.set_weights(wanted.get_weights())
    given = rows if len(rows) > 1 else rows[0]
    import keras

    for one, other in zip(keras.tree.flatten(found(given)), keras.tree.flatten(wanted(given)), strict=True):
        assert np.array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))


def test_a_program_is_an_abstract_tree_that_python_reads() -> None:
    for path in SPECS:
        checked = load(path)
        assert checked.typed is not None
        tree = ast.parse(program(checked.typed))
        defined = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        assert "build_model" in defined


@pytest.mark.parametrize(
    ("name", "there", "never"),
    [
        ("wide_deep", "([words_0, words_1, together])", "*["),
        ("transformer", "def join_block(inputs, found, *, name):", "x_2"),
        (
            "mixture_of_experts",
            '    """The weighted sum of what the chosen experts say. In a graph all of them are\n',
            "\t",
        ),
    ],
)
def test_lists_names_and_docstrings_are_as_a_person_writes_them(name: str, there: str, never: str) -> None:
    checked = load(ROOT / f"examples/architectures/{name}.keraspec.toml")
    assert checked.typed is not None
    text = program(checked.typed)
    assert there in text.replace("(\n        ", "(").replace("\n    )(name", ")(name"), text
    assert never not in text

"""The ops that move, join, multiply and transform as nodes of models: built from a spec, run, saved and loaded.

One model for each file of the catalogue, each of its ops a node and an output; what comes out is held against the
same function of ``keras.ops`` called by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

import keraspec
from keraspec.checked import compile_text
from keraspec.compiler.catalogue.ops import (
    contractions,
    creation,
    diagonals,
    einsum,
    indexing,
    joins,
    linear_algebra,
    repeating,
    shapes,
    spectral,
)

Table = Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]]
"""Op → the rest of its entry, and the same called by hand on the inputs."""

INPUTS: Mapping[str, Any] = {
    "x": np.random.default_rng(0).normal(size=(5, 4, 3)).astype("float32"),
    "y": np.random.default_rng(1).normal(size=(5, 4, 3)).astype("float32"),
    "one": np.random.default_rng(2).random((5, 1, 3)).astype("float32"),
    "square": (np.eye(3) * 4 + np.random.default_rng(3).random((5, 3, 3)) / 9).astype("float32"),
    "signal": np.random.default_rng(4).normal(size=(5, 20)).astype("float32"),
    "whole": np.array([0, 3, 1, 2, 2], "int32"),
    "row": np.random.default_rng(5).random(5).astype("float32"),
}

SHAPES: Table = {
    "reshape": ("newshape = [-1, 2, 6]", lambda t: ops.reshape(t["x"], (-1, 2, 6))),
    "ravel": ("", lambda t: ops.ravel(t["x"])),
    "transpose": ("axes = [0, 2, 1]", lambda t: ops.transpose(t["x"], (0, 2, 1))),
    "swapaxes": ("axis1 = 0, axis2 = -1", lambda t: ops.swapaxes(t["x"], 0, -1)),
    "moveaxis": ("source = [1, 2], destination = [0, 1]", lambda t: ops.moveaxis(t["x"], (1, 2), (0, 1))),
    "expand_dims": ("axis = [1, -1]", lambda t: ops.expand_dims(t["x"], (1, -1))),
    "squeeze": ('inputs = "one"', lambda t: ops.squeeze(t["one"], 1)),
    "flip": ("axis = 1", lambda t: ops.flip(t["x"], 1)),
    "fliplr": ("", lambda t: ops.fliplr(t["x"])),
    "flipud": ("", lambda t: ops.flipud(t["x"])),
    "roll": ("shift = [1, -1], axis = [1, 2]", lambda t: ops.roll(t["x"], (1, -1), (1, 2))),
    "rot90": ("axes = [1, 2]", lambda t: ops.rot90(t["x"], axes=(1, 2))),
    "view": ('dtype = "int16"', lambda t: ops.view(t["x"], "int16")),
    "size": ("", lambda t: ops.size(t["x"])),
    "broadcast_to": ('inputs = "total", shape = [2, 3]', lambda t: ops.broadcast_to(ops.sum(t["row"]), (2, 3))),
}
REPEATING: Table = {
    "tile": ("repeats = [2, 1, 3]", lambda t: ops.tile(t["x"], (2, 1, 3))),
    "repeat": ("repeats = [1, 0, 2, 1], axis = 1", lambda t: ops.repeat(t["x"], (1, 0, 2, 1), 1)),
    "pad": (
        "pad_width = [[0, 0], [1, 2], [0, 1]], constant_values = 1.5",
        lambda t: ops.pad(t["x"], ((0, 0), (1, 2), (0, 1)), constant_values=1.5),
    ),
    "zeros_like": ('dtype = "int32"', lambda t: ops.zeros_like(t["x"], "int32")),
    "ones_like": ("", lambda t: ops.ones_like(t["x"])),
    "empty_like": ("", lambda t: ops.empty_like(t["x"])),
    "full_like": ("fill_value = [1.0, 2.0, 3.0]", lambda t: ops.full_like(t["x"], [1.0, 2.0, 3.0])),
    "full": ('shape = [2, 3], inputs = "total"', lambda t: ops.full((2, 3), ops.sum(t["row"]))),
}
DIAGONALS: Table = {
    "diag": ('k = 1, inputs = "row"', lambda t: ops.diag(t["row"], 1)),
    "diagflat": ('k = -1, inputs = "row"', lambda t: ops.diagflat(t["row"], -1)),
    "diagonal": ("offset = -1, axis1 = 1, axis2 = 2", lambda t: ops.diagonal(t["x"], -1, 1, 2)),
    "trace": ("axis1 = -2, axis2 = -1", lambda t: ops.trace(t["x"], 0, -2, -1)),
    "tril": ("k = -1", lambda t: ops.tril(t["x"], -1)),
    "triu": ("k = 1", lambda t: ops.triu(t["x"], 1)),
    "vander": ('N = 3, inputs = "row"', lambda t: ops.vander(t["row"], 3)),
}
INDEXING: Table = {
    "get_item": ('key = "[:, ::-2, newaxis, 1:]"', lambda t: t["x"][:, ::-2, None, 1:]),
    "take": ("indices = [[0, 2], [1, 1]], axis = 2", lambda t: ops.take(t["x"], [[0, 2], [1, 1]], 2)),
    "take_along_axis": (
        "indices = [[[0, 2, 1]]], axis = 1", lambda t: ops.take_along_axis(t["x"], np.array([[[0, 2, 1]]]), 1),
    ),
    "slice": (
        "start_indices = [0, 1, 1], shape = [-1, 2, 2]", lambda t: ops.slice(t["x"], (0, 1, 1), (5, 2, 2)),
    ),
    "slice_update": (
        'start_indices = [0, 1, 0], inputs = ["x", "one"]', lambda t: ops.slice_update(t["x"], (0, 1, 0), t["one"]),
    ),
    "scatter": (
        'shape = [4], inputs = ["places", "row"]',
        lambda t: ops.scatter(ops.expand_dims(t["whole"], 1), t["row"], (4,)),
    ),
    "scatter_update": (
        'indices = [[0, 1, 2], [1, 0, 0]], updates = [5.0, 6.0], reduction = "add"',
        lambda t: ops.scatter_update(t["x"], [[0, 1, 2], [1, 0, 0]], [5.0, 6.0], "add"),
    ),
    "unravel_index": ('shape = [2, 2], inputs = "whole"', lambda t: ops.unravel_index(t["whole"], (2, 2))[0]),
}  # fmt: skip
JOINS: Table = {
    "concatenate": ('axis = 2, inputs = ["x", "y"]', lambda t: ops.concatenate([t["x"], t["y"]], 2)),
    "stack": ('axis = 1, inputs = ["x", "y"]', lambda t: ops.stack([t["x"], t["y"]], 1)),
    "hstack": ('inputs = ["x", "one"]', lambda t: ops.hstack([t["x"], t["one"]])),
    "vstack": ('inputs = ["x", "y"]', lambda t: ops.vstack([t["x"], t["y"]])),
    "dstack": ('inputs = ["x", "y"]', lambda t: ops.dstack([t["x"], t["y"]])),
    "append": ('axis = 1, inputs = ["x", "y"]', lambda t: ops.append(t["x"], t["y"], 1)),
    "meshgrid": ('inputs = ["row", "row"]', lambda t: ops.meshgrid(t["row"], t["row"])[0]),
    "split": ("indices_or_sections = [1, 3], axis = 1", lambda t: ops.split(t["x"], (1, 3), 1)[0]),
    "hsplit": ("indices_or_sections = 2", lambda t: ops.hsplit(t["x"], 2)[0]),
    "vsplit": ("indices_or_sections = 1", lambda t: ops.vsplit(t["x"], 1)[0]),
    "dsplit": ("indices_or_sections = 3", lambda t: ops.dsplit(t["x"], 3)[0]),
    "array_split": ("indices_or_sections = 3, axis = 1", lambda t: ops.array_split(t["x"], 3, 1)[0]),
    "unstack": ("axis = 2", lambda t: ops.unstack(t["x"], axis=2)[0]),
}
CREATION: Table = {
    "linspace": ('num = 3, axis = 1, inputs = ["x", "y"]', lambda t: ops.linspace(t["x"], t["y"], 3, axis=1)),
    "logspace": ('num = 3, base = 2, start = 0, inputs = "row"', lambda t: ops.logspace(0, t["row"], 3, base=2)),
    "geomspace": (
        "num = 4, stop = 2.0, inputs = \"row\"", lambda t: ops.geomspace(t["row"], 2.0, 4),
    ),
}  # fmt: skip
CONTRACTIONS: Table = {
    "matmul": ("x2 = [[1, 2], [3, 4], [5, 6]]", lambda t: ops.matmul(t["x"], [[1.0, 2], [3, 4], [5, 6]])),
    "dot": ("x2 = [1.0, 0.0, 2.0]", lambda t: ops.dot(t["x"], [1.0, 0.0, 2.0])),
    "tensordot": (
        'axes = [[1], [1]], inputs = ["x", "y"]', lambda t: ops.tensordot(t["x"], t["y"], ((1,), (1,))),
    ),
    "outer": ('inputs = ["row", "row"]', lambda t: ops.outer(t["row"], t["row"])),
    "inner": ('inputs = ["x", "one"]', lambda t: ops.inner(t["x"], t["one"])),
    "vdot": ('inputs = ["x", "y"]', lambda t: ops.vdot(t["x"], t["y"])),
    "cross": ('inputs = ["x", "one"]', lambda t: ops.cross(t["x"], t["one"])),
    "cdist": ('inputs = ["x", "one"]', lambda t: ops.cdist(t["x"], t["one"])),
}  # fmt: skip
EINSUM: Table = {
    "einsum": ('subscripts = "...ij, ...kj", inputs = ["x", "y"]', lambda t: np.einsum("...ij,...kj", t["x"], t["y"])),
}
LINEAR: Table = {
    **{
        name: ('inputs = "square"', lambda t, name=name: getattr(ops, name)(t["square"]))
        for name in ("cholesky", "cholesky_inverse", "det", "inv", "logdet", "matrix_rank", "pinv")
    },
    "eig": ('inputs = "square"', lambda t: ops.eig(t["square"])[0]),
    "eigh": ('inputs = "square"', lambda t: ops.eigh(t["square"])[0]),
    "slogdet": ('inputs = "square"', lambda t: ops.slogdet(t["square"])[0]),
    "qr": ('inputs = "square"', lambda t: ops.qr(t["square"])[0]),
    "svd": ('compute_uv = false, inputs = "square"', lambda t: ops.svd(t["square"], compute_uv=False)),
    "solve": ('inputs = ["square", "one3"]', lambda t: ops.solve(t["square"], t["one"][:, 0])),
    "solve_triangular": (
        'lower = true, inputs = ["square", "one3"]',
        lambda t: ops.solve_triangular(t["square"], t["one"][:, 0], lower=True),
    ),
    "lstsq": ('rcond = 0.1, inputs = ["one3", "row"]', lambda t: ops.lstsq(t["one"][:, 0], t["row"], rcond=0.1)),
    "lu_factor": ('inputs = "matrix"', lambda t: ops.lu_factor(ops.sum(t["square"], 0))[0]),
}
SPECTRAL: Table = {
    "fft": ('inputs = ["signal", "signal"]', lambda t: ops.fft((t["signal"], t["signal"]))[0]),
    "fft2": ('inputs = ["x", "y"]', lambda t: ops.fft2((t["x"], t["y"]))[0]),
    "ifft2": ('inputs = ["x", "y"]', lambda t: ops.ifft2((t["x"], t["y"]))[0]),
    "rfft": ('inputs = "signal"', lambda t: ops.rfft(t["signal"])[0]),
    "irfft": ('inputs = { real = "signal", imag = "signal" }', lambda t: ops.irfft((t["signal"], t["signal"]))),
    "stft": (
        'sequence_length = 4, sequence_stride = 2, fft_length = 8, inputs = "signal"',
        lambda t: ops.stft(t["signal"], 4, 2, 8)[0],
    ),
    "istft": (
        'sequence_length = 4, sequence_stride = 2, fft_length = 4, inputs = ["x", "y"]',
        lambda t: ops.istft((t["x"], t["y"]), 4, 2, 4),
    ),
    "extract_sequences": (
        'sequence_length = 6, sequence_stride = 5, inputs = "signal"',
        lambda t: ops.extract_sequences(t["signal"], 6, 5),
    ),
    "polar": ('inputs = ["one3", "one3"]', lambda t: ops.polar(t["one"][:, 0], t["one"][:, 0])),
    "view_as_real": (
        'inputs = "polar"', lambda t: ops.view_as_real(ops.polar(t["one"][:, 0], t["one"][:, 0])),
    ),
}  # fmt: skip
HELPERS = (
    ("total", '{ name = "total", type = "ops.sum", inputs = "row" }'),
    ("matrix", '{ name = "matrix", type = "ops.sum", axis = 0, inputs = "square" }'),
    ("one3", '{ name = "one3", type = "ops.get_item", key = "[:, 0]", inputs = "one" }'),
    ("places", '{ name = "places", type = "ops.expand_dims", axis = 1, inputs = "whole" }'),
)
FILES = {
    "shapes": (SHAPES, shapes), "repeating": (REPEATING, repeating), "diagonals": (DIAGONALS, diagonals),
    "indexing": (INDEXING, indexing), "joins": (JOINS, joins), "creation": (CREATION, creation),
    "contractions": (CONTRACTIONS, contractions), "einsum": (EINSUM, einsum),
    "linear_algebra": (LINEAR, linear_algebra), "spectral": (SPECTRAL, spectral),
}  # fmt: skip


def spec(table: Table) -> str:
    entries = [
        f'  {{ name = "{name}", type = "ops.{name}"'
        + (f", {rest}" if rest else "")
        + ("" if "inputs" in rest else ', inputs = "x"')
        + " },"
        for name, (rest, _) in table.items()
    ]
    text = "\n".join(entries)
    helpers = [f"  {entry}," for name, entry in HELPERS if f'"{name}"' in text]
    used = [name for name in INPUTS if f'"{name}"' in "\n".join([*helpers, text])]
    heads = [
        f'inputs.{name} = {{ shape = {list(INPUTS[name].shape[1:])}, dtype = "{INPUTS[name].dtype}" }}' for name in used
    ]
    outputs = ", ".join(f'{name} = "{name}"' for name in table)
    return "\n".join(["keraspec = 1", *heads, f"outputs = {{ {outputs} }}", "layers = [", *helpers, text, "]", ""])


# Keras compares with None in `tensordot`, which Python 3.14 no longer takes.
@pytest.mark.filterwarnings("ignore:NotImplemented should not be used:DeprecationWarning")
@pytest.mark.parametrize("name", FILES)
def test_every_op_of_a_file_builds_runs_saves_and_loads(name: str, tmp_path: Path) -> None:
    table, module = FILES[name]
    assert set(table) == {one.name.removeprefix("ops.") for one in module.OPS if not one.refused}
    checked = compile_text(spec(table))
    assert checked.diagnostics == ()
    model = keraspec.build(checked)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert checked.typed is not None
    given = {one.name: INPUTS[one.name] for one in model.inputs}
    feed = list(given.values()) if len(given) > 1 else next(iter(given.values()))
    for made in (model, loaded):
        found = made(feed)
        for op, (_, by_hand) in table.items():
            wanted = ops.convert_to_numpy(by_hand(INPUTS))
            got = ops.convert_to_numpy(found[op])
            assert got.dtype == wanted.dtype, op
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=op)
            stated = checked.typed.typed[op].outputs
            assert stated is not None
            assert stated[0].dtype == str(wanted.dtype), op


def test_einsum_turns_a_matrix_where_the_result_is_left_out() -> None:
    """As NumPy does; Keras renames letters before it puts them in order, and so leaves the matrix as it is."""
    text = 'keraspec = 1\ninputs.x.shape = [3]\nlayers = [{ type = "ops.einsum", subscripts = "ba", inputs = ["x"] }]\n'
    model = keraspec.build(compile_text(text))
    assert model(np.ones((2, 3), "float32")).shape == (3, 2)


def test_squeezing_leaves_a_batch_of_one_row_alone() -> None:
    text = (
        'keraspec = 1\ninputs.x.shape = [1, 3]\nlayers = [\n  { type = "ops.squeeze" },\n'
        '  { type = "Dense", units = 2 },\n]\n'
    )
    model = keraspec.build(compile_text(text))
    assert model.predict(np.ones((1, 1, 3), "float32"), verbose=0).shape == (1, 2)

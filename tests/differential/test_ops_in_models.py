"""Ops written in a spec, built, run in a graph, saved and loaded: the numbers are those of ``keras.ops`` by hand."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
import test_ops_arithmetic
import test_ops_elementwise
import test_ops_ordering
import test_ops_reductions
import test_ops_statistics
from oracle import BATCH_SIZE, Case, Plan, cases, keras_layer, ours, random_array

import keraspec
from keraspec.compiler.catalogue.record import Inferred

MODULES = (
    test_ops_elementwise, test_ops_arithmetic, test_ops_reductions, test_ops_ordering, test_ops_statistics,
)  # fmt: skip
WITHOUT_BATCH = {"ops.correlate"}
"""Ops that take no tensor with a batch axis: see the test of their own."""


def fitting(plan: Plan) -> tuple[Case, Inferred]:
    """The first case of a plan that is accepted, has every input in a batch, no empty axis, and agrees with Keras."""
    for case in cases(plan, 60, seed=3):
        given = [one for tensors in case.inputs.values() for one in tensors]
        plain = all(one.batched and not one.mask and 0 not in one.shape for one in given)
        if not plain or any(isinstance(size, str) for one in given for size in one.shape) or case.options:
            continue
        found = ours(case)
        if isinstance(found, tuple) and not any(holds(case) for holds in (*plan.known.values(), *plan.stuck.values())):
            return case, found[1]
    raise AssertionError(f"{plan.layer}: nothing to build")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_ops_build_run_save_and_load(module: Any, tmp_path: Path) -> None:
    inputs: dict[str, Any] = {}
    arrays: dict[str, Any] = {}
    entries: list[dict[str, Any]] = []
    wanted: list[tuple[str, Any, str]] = []
    outputs: list[str] = []
    for plan in module.PLANS:
        if plan.layer in WITHOUT_BATCH:
            continue
        case, inferred = fitting(plan)
        name = plan.layer.removeprefix("ops.")
        places: dict[str, Any] = {}
        given: dict[str, list[Any]] = {}
        for port, tensors in case.inputs.items():
            for one in tensors:
                key = f"x{len(inputs)}"
                inputs[key] = {"shape": list(one.shape), "dtype": one.dtype}
                arrays[key] = (plan.values or random_array)(Random(key), case, (BATCH_SIZE, *one.shape), one.dtype)
                given.setdefault(port, []).append(arrays[key])
                places.setdefault(port, []).append(key)
        many = {port.name for port in case.record.ports if port.many}
        named = {port: keys if port in many else keys[0] for port, keys in places.items()}
        entries.append({"name": name, "type": plan.layer, **case.written, "inputs": named})
        by_hand = keras_layer(case)({port: some if port in many else some[0] for port, some in given.items()})
        for index, (number, out) in enumerate(zip(keras.tree.flatten(by_hand), inferred.outputs, strict=True)):
            wanted.append((plan.layer, number, out.dtype))
            outputs.append(f"{name}[{index}]" if len(inferred.outputs) > 1 else name)
    path = tmp_path / "ops.keraspec.json"
    path.write_text(json.dumps({"keraspec": 1, "name": "ops", "inputs": inputs, "layers": entries, "outputs": outputs}))
    checked = keraspec.load(path)
    assert [one.message for one in checked.errors] == []
    model = keraspec.build(checked)
    model.save(tmp_path / "ops.keras")
    for one in (model, keras.models.load_model(tmp_path / "ops.keras")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # logarithms of numbers below 0 are not what is tested here
            found = one.predict_on_batch([arrays[key] for key in inputs])
        for (op, number, dtype), mine in zip(wanted, found, strict=True):
            theirs = keras.ops.convert_to_numpy(number)
            assert str(mine.dtype) == dtype == str(theirs.dtype), op
            close = {"rtol": 1e-2, "atol": 1e-2} if dtype in ("float16", "bfloat16") else {"rtol": 1e-5, "atol": 1e-5}
            if dtype == "bfloat16":
                mine, theirs = mine.astype("float32"), theirs.astype("float32")
            np.testing.assert_allclose(mine, theirs, err_msg=op, **close)


def test_rows_without_a_batch_correlate(tmp_path: Path) -> None:
    path = tmp_path / "rows.keraspec.toml"
    path.write_text(
        """
keraspec = 1
inputs.x.shape = [5]
outputs = ["y"]

[[layers]]
name = "row"
type = "ops.sum"
axis = 0

[[layers]]
name = "y"
type = "ops.correlate"
x2 = [1, 2, 0.5]
mode = "same"
"""
    )
    model = keraspec.build(keraspec.load(path))
    x = np.arange(10, dtype="float32").reshape(2, 5)
    np.testing.assert_allclose(model(x), np.correlate(x.sum(axis=0), [1, 2, 0.5], "same"), rtol=1e-6)

"""Windows with an answer for each of several rows: which rows an output is compared with, by its shape."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.runtime.data import prepare
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.examples import examples_of
from keraspec.runtime.interface import interface_of, read_interface
from keraspec.runtime.reuse import file_of, parts_again, source_of, used_of
from keraspec.runtime.table import Table
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Split, Window

ROWS = 20
SPEC = """
keraspec = 1
inputs.past.shape = {shape}
[[layers]]
type = "LSTM"
units = 3
return_sequences = true
{layers}
[data]
source = {{ type = "{kind}", path = "t.{kind}" }}
cache = {cache}
{data}
[training]
loss = "{loss}"
"""
STEP = '[[layers]]\nname = "next"\ntype = "Dense"\nunits = 1'
COLUMNS = 'inputs.past.column = ["a", "b"]\ntargets.next.column = "a"\n'


def spec_of(data, shape="[4, 2]", layers=STEP, loss="mse", kind="csv", cache="true"):
    return SPEC.format(data=data, shape=shape, layers=layers, loss=loss, kind=kind, cache=cache)


def rows_of(count=ROWS):
    return "a,b,c,word\n" + "".join(f"{i},{10 * i},{i % 3},{'yxz'[i % 3]}\n" for i in range(count))


def target_of(check, data, **more):
    checked = check(spec_of(data, **more), files={"t.csv": rows_of()})
    found = prepare(checked.typed, checked.path.parent)
    train = found.parts["train"]
    return train, np.asarray(train.targets["next"][:])


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "rows"


@pytest.fixture(params=["true", "false"])
def cache(request):
    return request.param


@pytest.mark.parametrize("horizon", [0, 1, 3])
@pytest.mark.parametrize("shape", ["[4, 2]", '["time", 2]'])
def test_a_target_for_each_row_of_the_window_lies_horizon_rows_on(check, cache, horizon, shape):
    columns = COLUMNS if horizon else COLUMNS.replace('"a"\n', '["a", "b"]\n')
    layers = STEP if horizon else STEP.replace("1", "2")
    data = columns + f"window = {{ length = 4, horizon = {horizon} }}"
    train, target = target_of(check, data, shape=shape, layers=layers, cache=cache)
    assert target.shape == (ROWS - 3 - horizon, 4, 1 if horizon else 2)
    past = np.asarray(train.inputs["past"][:])
    expected = past[..., :1] + horizon if horizon else past  # with 0, the window itself
    np.testing.assert_array_equal(target, expected)


def test_a_target_of_the_length_of_the_horizon_is_what_lies_behind(check, cache):
    layers = '[[layers]]\ntype = "Cropping1D"\ncropping = [2, 0]\n' + STEP
    train, target = target_of(check, COLUMNS + "window = { length = 4, horizon = 2 }", layers=layers, cache=cache)
    past = np.asarray(train.inputs["past"][:])
    np.testing.assert_array_equal(target[:, 0], past[:, 3, :1] + 1)
    np.testing.assert_array_equal(target[:, 1], past[:, 3, :1] + 2)


def test_one_number_a_row_needs_no_axis_for_it(check, cache):
    flat = 'keraspec = 1\ninputs.past.shape = [4]\n[[layers]]\nname = "next"\ntype = "Dense"\nunits = {units}\n'
    flat += 'inputs = "past"\n[data]\nsource = {{ type = "csv", path = "t.csv" }}\ncache = {cache}\n'
    flat += 'inputs.past.column = "a"\ntargets.next.column = {column}\nwindow = {{ {window} }}\n'
    flat += '[training]\nloss = "mse"\n'

    def made(window, units, column='"a"'):
        text = flat.format(window=window, units=units, column=column, cache=cache)
        checked = check(text, files={"t.csv": rows_of()})
        train = prepare(checked.typed, checked.path.parent).parts["train"]
        return np.asarray(train.inputs["past"][:]), np.asarray(train.targets["next"][:])

    past, target = made("length = 4, horizon = 0", 4)
    np.testing.assert_array_equal(target, past)
    past, target = made("length = 4, horizon = 3", 3)
    np.testing.assert_array_equal(target, past[:, 3:] + [1, 2, 3])
    past, target = made("length = 4, horizon = 3", 3, '["a", "b", "c"]')  # as many as the row has: that row
    np.testing.assert_array_equal(target[:, :2], np.stack([past[:, 3] + 3, 10 * past[:, 3] + 30], -1))


@pytest.mark.parametrize(
    ("loss", "target", "units"),
    [
        ("sparse_categorical_crossentropy", 'column = "c"', 3),
        ("sparse_categorical_crossentropy", 'column = "word"', 3),
        ("categorical_crossentropy", 'column = "word"', 3),
        ("categorical_crossentropy", '{ column = "word", encode = "one_hot" }', 3),
        ("binary_crossentropy", '{ column = "half", encode = "index" }', 1),
    ],
)
def test_labels_of_each_row(check, cache, loss, target, units):
    activation = "sigmoid" if units == 1 else "softmax"
    layers = STEP.replace("units = 1", f'units = {units}\nactivation = "{activation}"')
    data = f"inputs.past.column = ['a', 'b']\ntargets.next{'.' if target[0] == 'c' else ' = '}{target}\n"
    rows = [line.split(",") for line in rows_of().split()[1:]]
    table = "a,b,c,word,half\n" + "".join(",".join([*row, ["no", "yes"][int(row[0]) % 2]]) + "\n" for row in rows)
    text = spec_of(data + "window = { length = 4, horizon = 0 }", layers=layers, loss=loss, cache=cache)
    checked = check(text, files={"t.csv": table})
    train = prepare(checked.typed, checked.path.parent).parts["train"]
    made, number = np.asarray(train.targets["next"][:]), np.asarray(train.inputs["past"][:])[..., 0].astype(int)
    if units == 1:
        np.testing.assert_array_equal(made, number[..., None] % 2)
        return
    labels = (number % 3)[...] if '"c"' in target else np.array([1, 0, 2])[number % 3]
    np.testing.assert_array_equal(made, labels if loss.startswith("sparse") else np.eye(3)[labels])


def test_each_step_counts_as_much_as_its_row(check, cache):
    data = COLUMNS + 'sample_weight = "c"\nwindow = { length = 4, horizon = 1 }'
    train, target = target_of(check, data, cache=cache)
    np.testing.assert_array_equal(np.asarray(train.weights["next"][:]), target[..., 0] % 3)


@pytest.mark.parametrize("units", [1, 2])
def test_another_number_of_steps_fits_nothing(units):
    layers = '[[layers]]\ntype = "Cropping1D"\ncropping = [1, 0]\n' + STEP.replace("1", str(units))
    columns = COLUMNS.replace('"a"\n', '["a", "b"]\n') if units == 2 else COLUMNS
    (one,) = compile_text(spec_of(columns + "window = { length = 4 }", layers=layers), "s.keraspec.toml").errors
    assert (one.finding.code, one.finding.pointer) == ("E405", ("data", "targets", "next", "column"))
    assert "let the output have 4 steps" in one.finding.help
    assert "`horizon = 3`" in one.finding.help
    assert "`return_sequences = false`" in one.finding.help


@pytest.mark.parametrize("cache", ["true", "false"])
def test_so_it_is_told_of_patterns_when_the_columns_are_known(check, refused, cache):
    layers = '[[layers]]\ntype = "Cropping1D"\ncropping = [1, 0]\n' + STEP
    text = spec_of(COLUMNS.replace('"a"\n', '"a*"\n') + "window = { length = 4 }", layers=layers, cache=cache)
    checked = check(text, files={"t.csv": rows_of()})
    (one,) = refused(lambda: prepare(checked.typed, checked.path.parent))
    assert one.code == "E405"
    assert "gives 1 number a row, but `next` has 3 steps, and a window has 4 rows (`horizon = 1`)" in one.message
    assert "`horizon = 3`" in one.help


def test_a_step_of_another_width_is_an_error_of_the_step():
    layers = STEP.replace("1", "3")
    (one,) = compile_text(spec_of(COLUMNS + "window = { length = 4 }", layers=layers), "s.keraspec.toml").errors
    assert one.finding.code == "E405"
    assert "one number a row, but MeanSquaredError compares 3 numbers in each step" in one.finding.message


@given(
    st.lists(st.integers(0, 1), min_size=1, max_size=40),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 4),
    st.sampled_from([Split(), Split(0.2, 0.2), Split(0.3, 0.1, group="series")]),
    st.data(),
)
def test_steps_are_those_of_a_plain_loop(series, length, stride, horizon, shares, data):
    series = np.array(series)
    kept = np.array(sorted(data.draw(st.sets(st.integers(0, len(series) - 1), min_size=1))))
    table = Table("the table", {"series": series})
    steps = data.draw(st.sampled_from([length, *([horizon] if horizon else [])]))
    try:
        found = examples_of(table, shares, Window(length, stride, horizon, "series"), 1, kept, {"series": series[kept]})
    except Problem as problem:
        if not {one.code for one in problem.findings} <= {"E408", "E441"}:
            raise
        return
    for one in found.values():
        windows, targets = one.of_inputs(kept), one.of_targets(kept, steps)
        assert targets.shape == (len(windows), steps)
        for window, target in zip(windows, targets, strict=True):
            line = np.flatnonzero(series == series[window[0]]).tolist()
            last = line.index(window[-1]) + horizon
            assert line[last + 1 - steps : last + 1] == target.tolist()


def test_a_trained_model_is_compared_with_the_same_rows(check, cache, shelf):
    text = spec_of(COLUMNS + "split = { test = 0.5 }\nwindow = { length = 4, horizon = 2 }", cache=cache)
    checked = check(text, files={"t.csv": rows_of(), "new.csv": rows_of(9)})
    folder = checked.path.parent
    found = prepare(checked.typed, folder)
    interface = read_interface(json.loads(json.dumps(interface_of(checked.typed, found, folder).table())))
    again = parts_again(interface, source_of(interface, checked.typed))
    for part in ("train", "test"):
        one, two = np.asarray(found.parts[part].targets["next"][:]), np.asarray(again[part].targets["next"][:])
        assert one.shape == (5, 4, 1)
        np.testing.assert_array_equal(one, two)
    used = used_of(interface, file_of(folder / "new.csv", interface), targets=True)
    assert used.kept.tolist() == [5, 6, 7, 8]
    assert np.asarray(used.rows.targets["next"][:])[0, :, 0].tolist() == [2, 3, 4, 5]


def test_another_horizon_is_laid_down_anew(check, shelf):
    for horizon, first in ((1, 1), (4, 4)):
        data = COLUMNS + f"window = {{ length = 4, horizon = {horizon} }}"
        _, target = target_of(check, data, cache="false")
        assert target[0, 0, 0] == first


def test_pictures_of_many_rows_stay_unread(check, tmp_path):
    from PIL import Image

    for i in range(8):
        Image.fromarray(np.full((5, 5), 20 * i, np.uint8)).save(tmp_path / f"{i}.png")
    text = (
        "keraspec = 1\ninputs.past.shape = [3, 5, 5, 1]\n"
        '[[layers]]\nname = "next"\ntype = "ConvLSTM2D"\nfilters = 1\nkernel_size = 3\npadding = "same"\n'
        "return_sequences = true\n"
        '[data]\nsource = { type = "csv", path = "t.csv" }\ncache = false\n'
        'inputs.past = { column = "p", decode = { type = "image" } }\n'
        'targets.next = { column = "p", decode = { type = "image" } }\nwindow = { length = 3 }\n'
        '[training]\nloss = "mse"\n'
    )
    checked = check(text, files={"t.csv": "p\n" + "".join(f"{i}.png\n" for i in range(8))})
    train = prepare(checked.typed, checked.path.parent).parts["train"]
    target = train.targets["next"]
    assert isinstance(target, Deferred)
    assert target.shape == (5, 3, 5, 5, 1)
    assert target[np.array([4, 0])][:, :, 0, 0, 0].tolist() == [[100, 120, 140], [20, 40, 60]]

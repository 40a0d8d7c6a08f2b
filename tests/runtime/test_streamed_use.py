"""Parts with sources of their own, evaluation, prediction and buckets where rows are read by the batch: the same as of
the whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keraspec.checked import compile_text
from keraspec.runtime import evaluate as evaluating
from keraspec.runtime.buckets import bucket_of, plan_of
from keraspec.runtime.data import prepare
from keraspec.runtime.deferred import Deferred
from keraspec.runtime.interface import interface_of, read_interface
from keraspec.runtime.progress import Progress
from keraspec.runtime.reuse import file_of, parts_again, source_of, used_of
from keraspec.spec.problem import Problem

from .test_streamed import OTHER, columns, prepared_of, same, shelf, spec_of, write

__all__ = ["shelf"]

CLASSES = {"units": 3, "loss": "sparse_categorical_crossentropy"}


def typed_of(text):
    loaded = compile_text(text, "spec.keraspec.toml")
    assert not loaded.errors, loaded.diagnostics
    return loaded.typed


def equal(one, two):
    assert one.count == two.count
    every = np.arange(one.count)
    for side in ("inputs", "targets", "weights"):
        here, there = getattr(one, side), getattr(two, side)
        assert here.keys() == there.keys()
        for name in here:
            np.testing.assert_array_equal(np.asarray(here[name][every]), np.asarray(there[name][every]))


GIVEN = """
[data.split]
validation = { type = "csv", path = "v.csv" }
test = { type = "jsonl", path = "w?.jsonl" }
"""


def test_parts_with_sources_of_their_own(tmp_path):
    write(tmp_path / "t.csv", columns(300), "csv")
    write(tmp_path / "v.csv", columns(200, 2), "csv")
    for number in (1, 2):  # in JSON, blanks around a word are part of it
        table = columns(90, number)
        write(tmp_path / f"w{number}.jsonl", table | {"kind": np.char.strip(table["kind"])}, "jsonl")
    source = 'type = "csv"\npath = "t.csv"'
    how = {"target": "kind", **CLASSES, "more": 'sample_weight = "weight"', "tail": GIVEN}
    said, heard = [], []
    held = prepared_of(tmp_path, spec_of(source, "true", **how))
    laid_down = prepared_of(
        tmp_path, spec_of(source, **how), Progress(said.append, reading=lambda *one: heard.append(one))
    )
    same(held, laid_down)
    assert [laid_down.parts[part].count for part in ("train", "validation", "test")] == [300, 200, 180]
    assert all(isinstance(rows.inputs["x"], Deferred) for rows in laid_down.parts.values())
    assert [one.split(":")[0] for one in said] == ["t.csv", "v.csv", "w?.jsonl"]
    assert {one[0] for one in heard} == {"t.csv", "v.csv", "w?.jsonl"}
    again = prepared_of(tmp_path, spec_of(source, **how), Progress(said.append))
    same(held, again)
    assert not any("gone through" in one for one in said[3:])


def test_a_fault_in_a_part_is_told_with_its_row(tmp_path):
    write(tmp_path / "t.csv", columns(300), "csv")
    write(tmp_path / "w1.jsonl", columns(90), "jsonl")
    table = columns(200, 2)
    for kind, code, bad in (("wasp", "E403", "kind"), ("oops", "E405", "a")):
        wrong = {**table, bad: np.array([*table[bad][:170], kind, *table[bad][171:]], object)}
        write(tmp_path / "v.csv", wrong, "csv")
        told = []
        for cache in ("true", "false"):
            how = {"target": "kind", **CLASSES, "tail": GIVEN}
            with pytest.raises(Problem) as caught:
                prepared_of(tmp_path, spec_of('type = "csv"\npath = "t.csv"', cache, **how))
            told.append([(one.code, one.message, one.pointer) for one in caught.value.findings])
        assert told[0] == told[1]
        ((found, message, pointer),) = told[1]
        assert found == code
        assert pointer == ("data", "split", "validation")
        assert "v.csv" in message
        assert "row 171" in message


def interfaces(folder, text):
    """What a run would keep, with rows in memory and by the batch."""
    typed = typed_of(text)
    found = interface_of(typed, prepare(typed, folder), folder)
    found = read_interface(json.loads(json.dumps(found.table())))
    assert found.cache is False
    return typed, replace(found, cache=True), found


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_rows_for_a_trained_model(tmp_path, shelf, kind):
    write(tmp_path / f"t.{kind}", columns(), kind)
    write(tmp_path / f"new.{kind}", columns(333, 7), kind)
    source = f'type = "{kind}"\npath = "t.{kind}"'
    how = {"target": "kind", **CLASSES, "more": 'sample_weight = "weight"', "tail": OTHER}
    typed, whole, streamed = interfaces(tmp_path, spec_of(source, **how))
    kept = set(shelf.iterdir())
    for targets in (True, False):
        used = [used_of(one, file_of(tmp_path / f"new.{kind}", one), targets=targets) for one in (whole, streamed)]
        equal(used[0].rows, used[1].rows)
        assert isinstance(used[1].rows.inputs["x"], Deferred)
        assert not isinstance(used[0].rows.inputs["x"], Deferred)
        np.testing.assert_array_equal(used[0].kept, used[1].kept)
        assert used[0].count == used[1].count == 333
        assert set(shelf.iterdir()) == kept  # of a file that is given once nothing stays
    one = parts_again(whole, source_of(whole, typed))
    two = parts_again(streamed, source_of(streamed, typed))
    assert len(set(shelf.iterdir()) - kept) == 1
    for part in one:
        equal(one[part], two[part])


def test_what_was_laid_down_to_train_is_measured(tmp_path, shelf):
    write(tmp_path / "t.csv", columns(), "csv")
    how = {"target": "kind", **CLASSES, "tail": OTHER}
    typed, whole, streamed = interfaces(tmp_path, spec_of('type = "csv"\npath = "t.csv"', **how))
    kept = set(shelf.iterdir())
    name, rows = evaluating.measured_part(streamed, typed)
    assert name == "test"
    equal(rows, evaluating.measured_part(whole, typed)[1])
    assert set(shelf.iterdir()) == kept
    table = columns(901, 5)
    table["kind"] = np.where(table["kind"] == "ant", "bee", table["kind"])  # labels would mean something else
    write(tmp_path / "t.csv", table, "csv")
    name, rows = evaluating.measured_part(streamed, typed)
    equal(rows, evaluating.measured_part(whole, typed)[1])
    (encoding,) = [one.encoding for one in streamed.outputs]
    assert encoding.classes == (" cat", "ant", "bee") or encoding.classes == ("ant", "bee", "cat")


def test_missing_values_and_rows_that_can_not_be_read(tmp_path):
    write(tmp_path / "t.csv", columns(60), "csv")
    lines = ["a,b,c,y", *(f"{row if row % 9 else ''},1,2,3" for row in range(400))]
    lines[50], lines[300] = "oops,1,2,3", "1,2"
    (tmp_path / "new.csv").write_text("\n".join(lines) + "\n")
    for more in ('missing = "drop"\non_error = "skip"', 'missing = { a = 5, y = 0 }\non_error = "skip"', ""):
        _, whole, streamed = interfaces(tmp_path, spec_of('type = "csv"\npath = "t.csv"', more=more))
        results = []
        for one in (whole, streamed):
            try:
                used = used_of(one, file_of(tmp_path / "new.csv", one), targets=True)
                results.append(
                    (used.kept.tolist(), used.count, used.rows.inputs["x"][np.arange(used.rows.count)].tolist())
                )
            except Problem as problem:
                results.append([(finding.code, finding.message) for finding in problem.findings])
        assert results[0] == results[1]
        assert (more == "") == (results[0][0][0] == "E407")


WINDOWS = """
keraspec = 1
name = "t"
inputs.x.shape = [4, 2]
[[layers]]
type = "Flatten"
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
cache = CACHE
source = { type = "csv", path = "t.csv" }
inputs.x.column = ["a", "b"]
targets.y.column = "c"
window = { length = 4, stride = 2, horizon = 1, group = "kind" }
split = { validation = 0.2, time = "weight" }
[training]
loss = "mse"
"""


def test_windows_for_a_trained_model(tmp_path):
    write(tmp_path / "t.csv", columns(500), "csv")
    _, whole, streamed = interfaces(tmp_path, WINDOWS.replace("CACHE", "false"))
    for targets in (True, False):
        used = [used_of(one, file_of(tmp_path / "t.csv", one), targets=targets) for one in (whole, streamed)]
        equal(used[0].rows, used[1].rows)
        np.testing.assert_array_equal(used[0].kept, used[1].kept)


BUCKETS = """
keraspec = 1
name = "t"
inputs.words = { shape = [SHAPE], dtype = "int32" }
[[layers]]
type = "Embedding"
input_dim = 50
output_dim = 4
mask_zero = true
[[layers]]
type = "GlobalAveragePooling1D"
[[layers]]
name = "y"
type = "Dense"
units = 1
[data]
cache = CACHE
shuffle = SHUFFLE
source = { type = "KIND", path = "t.KIND" }
inputs.words.pad = { value = 0, buckets = [5, 10, 20] }
split = { validation = 0.2 }
batch_size = 8
seed = 3
[training]
loss = "mse"
"""


def ragged(folder, kind):
    random = np.random.default_rng(0)
    words = [random.integers(1, 50, random.integers(1, 31)).tolist() for _ in range(150)]
    if kind == "jsonl":
        lines = [json.dumps({"words": one, "y": row % 2}) for row, one in enumerate(words)]
        (folder / "t.jsonl").write_text("\n".join(lines))
    else:
        pq.write_table(pa.table({"words": words, "y": list(range(150))}), folder / "t.parquet", row_group_size=40)


def bucketed(folder, kind, shape='"time"', shuffle="true"):
    text = BUCKETS.replace("KIND", kind).replace("SHAPE", shape).replace("SHUFFLE", shuffle)
    return [prepared_of(folder, text.replace("CACHE", cache)) for cache in ("true", "false")]


@pytest.mark.parametrize("shape", ['"time"', "30"])
@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_buckets_of_rows_read_by_the_batch(tmp_path, kind, shape):
    ragged(tmp_path, kind)
    held, laid_down = bucketed(tmp_path, kind, shape)
    same(held, laid_down)
    for part in ("train", "validation"):
        np.testing.assert_array_equal(held.parts[part].buckets, laid_down.parts[part].buckets)
    assert len(set(held.parts["train"].buckets)) == 4


def test_rows_that_are_all_too_short(tmp_path):
    """Of one length they do not fit, of several they are filled up: which it is shows at the end."""
    told = []
    for last in (7, 8):
        lines = [json.dumps({"words": [1] * (last if row > 140 else 7), "y": row % 2}) for row in range(900)]
        (tmp_path / "t.jsonl").write_text("\n".join(lines))
        if last == 8:
            same(*bucketed(tmp_path, "jsonl", "30"))
            continue
        for cache in ("true", "false"):
            text = BUCKETS.replace("KIND", "jsonl").replace("SHAPE", "30").replace("SHUFFLE", "true")
            with pytest.raises(Problem, match="gives 7 numbers a row") as caught:
                prepared_of(tmp_path, text.replace("CACHE", cache))
            told.append([(one.code, one.message) for one in caught.value.findings])
    assert told[0] == told[1]


def test_buckets_in_a_fixed_order():
    lengths = np.random.default_rng(1).integers(1, 31, 100)
    plan = plan_of(bucket_of(lengths, [5, 10, 20]), 8)
    batches = plan.fixed()
    assert len(batches) == plan.count
    rows = np.concatenate(batches)
    assert sorted(rows) == list(range(100))
    codes = plan.buckets[rows]
    assert (np.diff(codes) >= 0).all()
    assert all((np.diff(rows[codes == code]) > 0).all() for code in range(4))
    assert all(len(set(plan.buckets[one])) == 1 for one in batches)


def test_the_feeders_give_the_same_fixed_batches(tmp_path):
    pytest.importorskip("tensorflow")
    from keraspec.runtime.batches import batches
    from keraspec.runtime.feed import feed, form_of
    from keraspec.runtime.feeds import feeds_of

    ragged(tmp_path, "jsonl")
    held, laid_down = bucketed(tmp_path, "jsonl", shuffle="false")
    train = held.parts["train"]
    form = form_of([("words", "int32")], ["y"], False)
    typed = typed_of(
        BUCKETS.replace("KIND", "jsonl").replace("SHAPE", '"time"').replace("SHUFFLE", "false").replace("CACHE", "true")
    )
    expected = plan_of(train.buckets, 8).fixed()
    arrays = batches(train, form, 8, apart=True)
    one, two = (feeds_of(prepared, form, None, typed) for prepared in (held, laid_down))
    assert one.steps == two.steps == len(expected) == len(arrays) > 15
    assert one.held is None
    for number, pair in enumerate(zip(one.train, two.train, feed(train, form, 8, apart=True), strict=True)):
        for x, y in pair:
            np.testing.assert_array_equal(x.numpy(), train.inputs["words"][expected[number]])
            np.testing.assert_array_equal(y.numpy(), train.targets["y"][expected[number]])
        np.testing.assert_array_equal(arrays[number][0], train.inputs["words"][expected[number]])
    assert len(one.parts["train"]) == 15  # what is only looked at comes in the order of the rows


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on rows that are read by the batch, with what is told on the way."""
    pytest.importorskip("tensorflow")
    import keraspec

    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASPEC_CACHE", str(folder / "cache"))
        write(folder / "t.csv", columns(300), "csv")
        write(folder / "new.csv", columns(700, 5), "csv")
        how = {"target": "kind", **CLASSES, "tail": OTHER}
        (folder / "spec.toml").write_text(spec_of('type = "csv"\npath = "t.csv"', **how))
        run = keraspec.train(folder / "spec.toml", run_dir=folder / "run")
    return folder, run.folder


def with_cache(run, cache):
    path = Path(run) / "interface.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "cache": cache}))


def test_evaluate_and_predict(trained, monkeypatch):
    import keraspec

    folder, run = trained
    monkeypatch.setenv("KERASPEC_CACHE", str(folder / "cache"))
    results = []
    for cache in (True, False):
        with_cache(run, cache)
        assert keraspec.predict(run, folder / "new.csv", folder / f"{cache}.csv").count == 700
        own = keraspec.evaluate(run)
        given = keraspec.evaluate(run, folder / "new.csv", confusion=folder / f"confusion_{cache}")
        results.append((own, given.metrics, given.judgement.worst))
    assert results[0] == results[1]
    assert (folder / "True.csv").read_bytes() == (folder / "False.csv").read_bytes()
    spec = (folder / "spec.toml").read_text().replace('"t.csv"', '"new.csv"')
    (folder / "other.toml").write_text(spec)
    assert keraspec.evaluate(run, folder / "other.toml").metrics == results[0][1]
    (folder / "broken.toml").write_text(spec.replace("new.csv", "broken.csv"))
    (folder / "broken.csv").write_text("a,b,c,y,kind,label,weight\n1,2,3,4,ant,0,1\n1,2\n")
    with pytest.raises(keraspec.SpecError, match=r"broken\.toml"):
        keraspec.evaluate(run, folder / "broken.toml")

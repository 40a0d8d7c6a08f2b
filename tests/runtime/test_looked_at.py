"""What `keraspec data` finds out: numbers against NumPy and pandas, and each oddity on data made to have it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from keraspec.cli import group
from keraspec.runtime.contact_sheet import contact_sheet
from keraspec.runtime.data import prepare
from keraspec.runtime.looked_at import look
from keraspec.runtime.order import permutation

SPEC = """
keraspec = 1
name = "odd"
inputs.x.shape = [{size}]
{front}
[[layers]]
name = "y"
type = "Dense"
units = {units}
activation = "{activation}"
[data]
source = {{ type = "csv", path = "t.csv" }}
inputs.x.column = {columns}
targets.y.column = {target}
{data}
[training]
loss = "{loss}"
"""
BINARY = {"units": 1, "activation": "sigmoid", "loss": "binary_crossentropy"}
NUMBER = {"units": 1, "activation": "linear", "loss": "mse"}
SPLIT = "split = { validation = 0.2, test = 0.2 }"


def spec(columns, target="c", data=SPLIT, front="", **head):
    return SPEC.format(
        size=len(columns),
        columns=json.dumps(columns),
        target=json.dumps(target),
        data=data,
        front=front,
        **(head or BINARY),
    )


def table(count=200, seed=0, **more):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": random.normal(0, 1, count), "b": random.normal(0, 1, count)})
    frame["c"] = np.where(random.random(count) < 0.5, "yes", "no")
    for name, values in more.items():
        frame[name] = values(random, count) if callable(values) else values
    return frame


def looked(check, frame, text, rows=8):
    checked = check(text, files={"t.csv": frame.to_csv(index=False)})
    return look(checked.typed, checked.path.parent, rows)


def kinds(found):
    return [one.kind for one in found.suspicions]


def test_nothing_is_odd_about_sound_data(check):
    found = looked(check, table(), spec(["a", "b"]))
    assert kinds(found) == []
    assert found.rows == {"train": 120, "validation": 40, "test": 40}


def test_columns_have_the_numbers_of_pandas(check):
    frame = table()
    frame.loc[3, "a"] = np.nan
    found = looked(check, frame, spec(["a", "b"], data='missing = "drop"'))
    (first, second), (answer,) = found.columns["input x"], found.columns["target y"]
    assert (first.missing, second.missing, found.dropped) == (1, 0, 1)
    for one in (first, second):
        values = frame[one.name]
        assert one.least == pytest.approx(values.min())
        assert one.most == pytest.approx(values.max())
        assert one.mean == pytest.approx(values.mean())
        assert one.std == pytest.approx(values.std(ddof=0))
        assert one.unique == values.nunique()
    assert answer.kind == "text"
    assert answer.lengths == (2, pytest.approx(frame["c"].str.len().mean()), 3)
    assert answer.unique == 2


def test_the_batch_is_the_first_that_training_takes(check):
    checked = check(spec(["a", "b"]), files={"t.csv": table().to_csv(index=False)})
    found = look(checked.typed, checked.path.parent, 16)
    prepared = prepare(checked.typed, checked.path.parent)
    train, first = prepared.parts["train"], permutation(0, 0, 120)[:16]
    inputs, targets = found.tensors
    assert (inputs.batch == train.inputs["x"][first]).all()
    assert (targets.batch == train.targets["y"][first]).all()
    names = prepared.encodings["y"].classes
    assert found.labels["y"] == tuple(names[int(one)] for one in targets.batch.reshape(-1))


def test_classes_are_counted_in_every_part(check):
    frame = table(c=lambda random, count: random.choice(["red", "green", "blue"], count))
    head = {"units": 3, "activation": "softmax", "loss": "sparse_categorical_crossentropy"}
    found = looked(check, frame, spec(["a", "b"], **head))
    (balance,) = found.balances
    assert balance.classes == ("blue", "green", "red")
    totals = np.sum([balance.counts[part] for part in ("train", "validation", "test")], axis=0)
    assert totals.tolist() == [(frame["c"] == name).sum() for name in balance.classes]
    assert sum(balance.counts["test"]) == 40


def ids(random, count):
    return np.arange(count) + 1


@pytest.mark.parametrize(
    ("frame", "text", "expected", "words"),
    [
        (table(b=1), spec(["a", "b"]), ["constant column"], "`b` is the same in every row"),
        (table(b=lambda r, n: r.normal(500, 5, n)), spec(["a", "b"]), ["unscaled input"], "`b` has large numbers"),
        (table(b=lambda r, n: r.normal(0, 500, n)), spec(["a", "b"]), ["unscaled input"], "deviation 5"),
        (table(id=ids), spec(["a", "id"]), ["id as feature"], "`id` counts up"),
        (table(n=ids), spec(["a", "n"]), ["id as feature"], "`n` counts up"),
        (
            table(user_id=lambda r, n: r.permutation(n)),
            spec(["a", "user_id"]),
            ["id as feature"],
            "`user_id` has another value in each row",
        ),
        (
            table(c=lambda r, n: np.where(np.arange(n) % 20 == 0, "yes", "no")),
            spec(["a", "b"]),
            ["imbalance"],
            "times as many: always saying `no`",
        ),
        (
            table(c=lambda r, n: ["rare" if one in (0, 1) else "often" for one in range(n)]),
            spec(["a", "b"]),
            ["class missing", "imbalance"],
            "has no row of the class `rare`",
        ),
        (
            table(d=lambda r, n: r.random(n) + 3),
            spec(["a", "b"], "d", units=1, activation="sigmoid", loss="mse"),
            ["out of range"],
            "`sigmoid` of `y` only gives numbers from 0 to 1",
        ),
        (
            table(d=lambda r, n: -r.random(n)),
            spec(["a", "b"], "d", units=1, activation="relu", loss="mse"),
            ["out of range"],
            "from 0 on",
        ),
    ],
)
def test_what_is_odd_is_told_with_a_way_out(check, frame, text, expected, words):
    found = looked(check, frame, text)
    assert kinds(found) == expected
    assert words in found.suspicions[0].message
    assert all(one.help for one in found.suspicions)


def test_a_leaked_target_is_found_in_any_guise(check):
    frame = table(d=lambda random, count: random.normal(0, 1, count))
    frame["same"] = frame["c"]
    frame["coded"] = np.where(frame["c"] == "yes", 7.5, -1)
    frame["scaled"] = frame["d"] * -3 + 2
    frame["near"] = frame["d"] + np.random.default_rng(1).normal(0, 0.2, len(frame))
    for column, target, head, words in (
        ("coded", "c", BINARY, "`coded` has one value for each value of `c`"),
        ("scaled", "d", NUMBER, "`scaled` rises and falls with (correlation -1.00000) `d`"),
    ):
        found = looked(check, frame, spec(["a", column], target, **head))
        assert kinds(found) == ["leaked target"]
        assert words in found.suspicions[0].message
    assert kinds(looked(check, frame, spec(["a", "near"], "d", **NUMBER))) == []


@pytest.mark.parametrize("guise", ["number", "word"])
def test_a_leak_is_found_in_what_is_there(check, guise):
    frame = table(d=lambda random, count: random.normal(0, 1, count))
    frame["told"] = frame["d"] * 2 if guise == "number" else np.where(frame["c"] == "yes", 7.5, -1)
    frame.loc[::10, "told"] = np.nan
    target, head = ("d", NUMBER) if guise == "number" else ("c", BINARY)
    found = looked(check, frame, spec(["a", "told"], target, f"{SPLIT}\nmissing.told = 0", **head))
    assert kinds(found) == ["leaked target"]


def test_holes_in_a_column_that_tells_nothing(check):
    frame = table()
    frame.loc[::10, "a"] = np.nan  # against a target of words
    assert kinds(looked(check, frame, spec(["a", "b"], data=f"{SPLIT}\nmissing.a = 0"))) == []


def test_a_folder_without_files_is_no_class(check, tmp_path):
    text = """
keraspec = 1
inputs.image.shape = [4, 4, 1]
layers = [{ type = "Flatten" }, { name = "label", type = "Dense", units = 1, activation = "sigmoid" }]
[data]
source = { type = "images", path = "pets" }
split = { validation = 0.2, stratify = "label" }
[training]
loss = "binary_crossentropy"
"""
    random = np.random.default_rng(0)
    checked = check(text)
    root = checked.path.parent / "pets"
    for name in ("cats", "dogs", "birds"):
        (root / name).mkdir(parents=True)
    for name in ("cats", "dogs"):
        for number in range(10):
            Image.fromarray(random.integers(0, 256, (4, 4), np.uint8)).save(root / name / f"{number}.png")
    found = look(checked.typed, checked.path.parent, 4)
    (one,) = [one for one in found.suspicions if one.kind == "empty folder"]
    assert one.message == "the folder `birds` of pets holds no image files, so there is no class of that name"


def test_an_autoencoder_is_no_leak(check):
    head = {"units": 2, "activation": "linear", "loss": "mse"}
    assert kinds(looked(check, table(), spec(["a", "b"], ["a", "b"], **head))) == []


def test_duplicates_across_the_split_are_counted(check):
    frame = table(100)
    twice = pd.concat([frame, frame], ignore_index=True)
    found = looked(check, twice, spec(["a", "b"]))
    (validation, test) = found.suspicions
    assert {validation.kind, test.kind} == {"duplicate rows"}
    rows = twice[["a", "b"]].round(12).apply(tuple, axis=1)
    from keraspec.runtime.split import split
    from keraspec.spec.spec import Split

    parts = split(200, Split(0.2, 0.2), 0)
    expected = rows[parts["validation"]].isin(set(rows[parts["train"]])).sum()
    assert validation.message.startswith(f"{expected} of 40 rows")
    twice["key"] = [*range(100), *range(100)]
    apart = 'split = { validation = 0.2, test = 0.2, hash = "key" }'
    assert kinds(looked(check, twice, spec(["a", "b"], data=apart))) == []


def test_labels_that_choose_one_of_several(check):
    frame = table(kind=lambda random, count: random.integers(0, 3, count))
    for number in range(3):
        frame[f"k{number}"] = (frame["kind"] == number).astype(int)
    targets = ["k0", "k1", "k2"]
    head = {"units": 3, "activation": "sigmoid", "loss": "binary_crossentropy"}
    assert kinds(looked(check, frame, spec(["a", "b"], targets, **head))) == ["one-hot labels"]
    frame["k0"] = 1  # several at once: that is what the loss is for
    assert kinds(looked(check, frame, spec(["a", "b"], targets, **head))) == []


def test_large_numbers_are_fine_behind_a_layer_that_scales_them(check):
    frame = table(b=lambda random, count: random.normal(500, 100, count))
    front = '[[layers]]\ntype = "Normalization"'
    assert kinds(looked(check, frame, spec(["a", "b"], front=front))) == []
    through = '[[layers]]\ntype = "Reshape"\ntarget_shape = [2]\n'
    assert kinds(looked(check, frame, spec(["a", "b"], front=through))) == ["unscaled input"]
    assert kinds(looked(check, frame, spec(["a", "b"], front=through + front))) == []


def test_columns_are_shown_even_where_there_is_no_batch(check):
    frame = table()
    frame.loc[3, "a"] = np.nan
    found = looked(check, frame, spec(["a", "b"]))
    assert [one.code for one in found.findings] == ["E404"]
    assert found.columns["input x"][0].missing == 1
    assert found.tensors == ()


def test_a_source_larger_than_memory_is_looked_at_from_its_beginning(check):
    found = looked(check, table(), spec(["a", "b"], data=f"cache = false\n{SPLIT}"))
    assert found.origin == "the first 200 rows of t.csv"
    assert found.columns == looked(check, table(), spec(["a", "b"])).columns


PIXELS = """
keraspec = 1
inputs.image.shape = [12, 10, 3]
[[layers]]
type = "Flatten"
[[layers]]
name = "y"
type = "Dense"
units = 2
activation = "softmax"
[data]
source = { type = "npz", path = "p.npz" }
targets.y.column = "label"
[training]
loss = "sparse_categorical_crossentropy"
"""


@pytest.fixture
def pictures(check):
    random = np.random.default_rng(0)
    out = io.BytesIO()
    np.savez(out, image=random.integers(0, 256, (60, 12, 10, 3), np.uint8), label=np.arange(60) % 2)
    return check(PIXELS, files={"p.npz": out.getvalue()}).path


class Sources(HTMLParser):
    """What a page would load."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.tables = 0

    def handle_starttag(self, tag, attrs):
        self.tables += tag == "table"
        self.found += [value for name, value in attrs if name in ("src", "href")]


def test_pictures_are_written_as_a_sheet_and_into_a_page(pictures, tmp_path):
    for name in ("sheet.png", "page.html"):
        done = CliRunner().invoke(group, ["data", str(pictures), "--rows", "5", "-o", str(tmp_path / name)])
        assert done.exit_code == 1, done.output  # pixels that nothing scales
        assert f"written: {tmp_path / name}" in done.output
        assert "unscaled input" in done.output
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 10 * 5
        assert sheet.height > 12 * 5
    page = Sources()
    page.feed((tmp_path / "page.html").read_text("utf-8"))
    assert page.found
    assert all(one.startswith("data:image/png;base64,") for one in page.found)
    assert page.tables == 4


def test_each_picture_is_in_the_sheet_as_it_is():
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (3, 128, 128, 3), np.uint8)
    with Image.open(io.BytesIO(contact_sheet(rows, ["a", "b", "c"]))) as sheet:
        pixels = np.asarray(sheet)
    found = [
        (top, left)
        for top in range(pixels.shape[0] - 127)
        for left in range(0, pixels.shape[1] - 127, 8)
        if any((pixels[top, left : left + 128] == one[0]).all() for one in rows)
    ]
    assert len(found) == 3
    for (top, left), one in zip(sorted(found), rows, strict=True):
        assert (pixels[top : top + 128, left : left + 128] == one).all()


def test_json_is_for_programs_and_does_without_tensorflow(pictures):
    code = (
        "import sys; from keraspec.cli import main\n"
        "try: main()\n"
        "finally: print('tensorflow' in sys.modules, 'keras' in sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "data", str(pictures), "--json", "--rows", "3"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stderr.strip() == "False False"
    found = json.loads(done.stdout)
    assert found["rows"] == {"train": 60, "validation": 0, "test": 0}
    assert [one["name"] for one in found["tensors"]] == ["image", "y"]
    assert np.shape(found["tensors"][0]["batch"]) == (3, 12, 10, 3)
    assert found["classes"] == [{"output": "y", "counts": {"train": {"0": 30, "1": 30}}}]


def test_what_can_not_be_is_said(pictures, check, tmp_path):
    run = CliRunner().invoke
    wrong = run(group, ["data", str(pictures), "-o", "a.pdf"])
    assert wrong.exit_code == 2
    assert ".html or .png" in wrong.output
    path = str(check(spec(["a", "b"]), files={"t.csv": table().to_csv(index=False)}).path)
    assert run(group, ["data", path]).exit_code == 0
    none = run(group, ["data", path, "-o", str(tmp_path / "a.png")])
    assert none.exit_code == 2
    assert "none of the inputs are pictures" in none.output
    lost = run(group, ["data", path, "--set", 'data.inputs.x.column=["a", "q"]'])
    assert lost.exit_code == 1
    assert "E402" in lost.output

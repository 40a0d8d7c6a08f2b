"""What a run says of itself: events, history, what it takes for what, the page; lists of runs; predictions in files."""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from keraspec.cli import group
from keraspec.runtime.run import find_spec, open_run

NAMES = ["<i>left</i>", "right & wrong", "up"]
SPEC = """
keraspec = 1
name = "clouds"
description = "Three <script>alert(1)</script> clouds."
inputs.point.shape = [2]
layers = [
  { type = "Normalization" },
  { type = "Dense", units = 8, activation = "relu" },
  { name = "kind", type = "Dense", units = 3, activation = "softmax" },
]
[data]
source = { type = "csv", path = "t.csv" }
split = { validation = 0.2, test = 0.2, stratify = "kind" }
batch_size = 16
seed = 3
missing = "drop"
inputs.point.column = ["a", "b"]
[training]
seed = 5
optimizer = { type = "Adam", learning_rate = 0.05 }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
profile = true
rules = [{ when = "loss < 10", set = { learning_rate = "initial_learning_rate * 0.5" } }]
phases = [{ name = "first", epochs = 2 }, { epochs = 1 }]
"""


def call(*arguments):
    return CliRunner().invoke(group, [str(one) for one in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("clouds")
    random = np.random.default_rng(0)
    kind = np.arange(150) % 3
    points = random.normal(0, 0.9, (150, 2)) + np.array([[0, 0], [3, 0], [0, 3]])[kind]
    rows = [f"{x:.4f},{y:.4f},{NAMES[k]}\n" for (x, y), k in zip(points, kind, strict=True)]
    (found / "t.csv").write_text("a,b,kind\n" + "".join(rows))
    (found / "spec.keraspec.toml").write_text(SPEC)
    return found


@pytest.fixture(scope="module")
def run(folder):
    """A run by the command, with all that it prints."""
    done = call("train", folder / "spec.keraspec.toml", "--run-dir", folder / "run", "--json-log")
    assert done.exit_code == 0, done.output
    (folder / "printed.jsonl").write_text(done.stdout)
    return folder / "run"


@pytest.fixture(scope="module")
def asked(run):
    """The model's own answers for the rows of the test part."""
    from keraspec.checked import compile_file
    from keraspec.runtime.evaluate import measured_part
    from keraspec.runtime.reuse import interface_of_run

    typed = compile_file(find_spec(run)).typed
    name, rows = measured_part(interface_of_run(run), typed)
    assert name == "test"
    return rows, open_run(run).model().predict(rows.inputs["point"], verbose=0)


def test_events_are_lines_of_json_and_nothing_else(run, folder):
    events = [json.loads(line) for line in (folder / "printed.jsonl").read_text().splitlines()]
    kinds = [one["event"] for one in events if one["event"] not in ("message", "checkpoint")]
    assert kinds == ["run", "begin", "phase", "epoch", "rule", "epoch", "phase", "epoch", "end"]
    assert all(one["time"].endswith("+00:00") for one in events)
    by_kind = {one["event"]: one for one in events}
    assert by_kind["begin"]["epochs"] == 3
    assert by_kind["epoch"]["epoch"] == 3
    assert by_kind["rule"]["learning_rate"]["after"] == pytest.approx(0.025)
    assert by_kind["run"]["rows"] == {"train": 90, "validation": 30, "test": 30}
    assert by_kind["end"]["metrics"]["test"] == json.loads((run / "metrics.json").read_text())["test"]
    assert by_kind["end"]["status"] == "finished"


def test_history_in_two_forms(run):
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    rows = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    for line, row in zip(lines, rows, strict=True):
        assert line == pytest.approx({key: float(value) for key, value in row.items()}, rel=1e-6)


def test_what_it_takes_for_what(run, asked):
    rows, given = asked
    true, said = rows.targets["kind"], given.argmax(1)
    table = list(csv.reader((run / "confusion.csv").read_text().splitlines()))
    assert table[0][1:] == NAMES
    found = np.array([row[1:] for row in table[1:]], int)
    wanted = np.zeros((3, 3), int)
    np.add.at(wanted, (true, said), 1)
    np.testing.assert_array_equal(found, wanted)
    judged = json.loads((run / "judged.json").read_text())
    assert judged["outputs"][0]["right"] == (true == said).sum()
    assert (run / "confusion.png").read_bytes().startswith(b"\x89PNG")
    assert (run / "curves-dark.png").read_bytes().startswith(b"\x89PNG")


def test_the_worst_rows_are_the_worst(run, asked):
    rows, given = asked
    losses = -np.log(given[np.arange(len(given)), rows.targets["kind"]])
    order = np.argsort(-losses, kind="stable")[:12]
    table = list(csv.DictReader((run / "worst.csv").read_text().splitlines()))
    assert [int(row["row"]) - 1 for row in table] == order.tolist()
    assert [float(row["loss"]) for row in table] == pytest.approx(losses[order].tolist(), rel=1e-4)
    assert [row["true"] for row in table] == [NAMES[one] for one in rows.targets["kind"][order]]
    assert [float(row["probability"]) for row in table] == pytest.approx(given[order].max(1).tolist(), rel=1e-4)
    a, b = rows.inputs["point"][order[0]]
    assert table[0]["point"] == f"a {a:.4g}, b {b:.4g}"


class Reader(HTMLParser):
    """Notes the tags, whether they close, and what is loaded from elsewhere."""

    EMPTY = frozenset({"meta", "img", "br"})

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.loaded, self.text = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.loaded += [value for key, value in attrs if key in ("src", "href") and not value.startswith("data:")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page(run):
    text = (run / "report.html").read_text()
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    assert not reader.loaded, "it needs no network"
    assert not reader.seen & {"script", "i", "link", "iframe"}, "what stands in the data is text"
    assert "prefers-color-scheme: dark" in text
    assert "Content-Security-Policy" in text
    words = " ".join("".join(reader.text).split())
    right = json.loads((run / "judged.json").read_text())["outputs"][0]["right"]
    assert re.search(rf"Of 30 rows that it had never seen, {right} were named right \([\d.]+ %\)\.", words)
    assert "Three <script>alert(1)</script> clouds." in words
    for one in ("loss < 10", "phase 1 (first): 2 epochs", "90 to learn from", "keraspec = 1", *NAMES):
        assert one in words
    assert text.count("<svg") == 2 + 1, "curves of loss and accuracy, and of the rate that rules changed"


def test_the_page_again(run):
    before = (run / "report.html").read_text()
    (run / "report.html").unlink()
    done = call("report", run)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"written: {run / 'report.html'}\n"
    assert (run / "report.html").read_text() == before


def test_a_profile(run):
    assert list((run / "profile").rglob("*.xplane.pb"))
    rows = list(csv.DictReader((run / "profile.csv").read_text().splitlines()))
    assert "MatMul" in {row["kind"] for row in rows}
    assert sum(float(row["share"]) for row in rows) <= 1.0001


def test_a_page_without_the_model_being_asked(run, tmp_path):
    """Of a run that was interrupted there is a page too, with what is known."""
    import shutil

    other = tmp_path / "run"
    shutil.copytree(run, other)
    for name in ("judged.json", "diagram.svg", "metrics.json"):
        (other / name).unlink()
    about = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps({**about, "status": "interrupted", "rows": None}))
    from keraspec.runtime.reporting import write_page

    text = html.unescape(write_page(other).read_text())
    assert "Training was interrupted before its end" in text
    assert "What it takes for what" not in text


def test_evaluating_with_confusion_and_by_part(run, folder, asked):
    done = call("evaluate", run, "--part", "validation", "--confusion", folder / "said", "--format", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["data"], found["rows"]) == ("validation", 30)
    assert found["metrics"] == pytest.approx(json.loads((run / "metrics.json").read_text())["validation"], rel=1e-4)
    assert found["outputs"][0]["right"] / 30 == pytest.approx(found["metrics"]["accuracy"])
    assert {one.name for one in (folder / "said").iterdir()} == {
        "classes.csv", "confusion.csv", "confusion.png", "confusion.svg",
    }  # fmt: skip
    done = call("evaluate", run, "--data", folder / "t.csv", "--part", "test")
    assert (done.exit_code, "leave out the part" in done.stderr) == (2, True)
    done = call("evaluate", run, folder)
    assert (done.exit_code, "is a folder, and this model takes a file" in done.stderr) == (2, True)


def test_a_spec_names_rows_too(run, folder):
    done = call("evaluate", run, "--data", folder / "spec.keraspec.toml")
    assert done.stdout.startswith("spec.keraspec.toml: 150 rows\n"), done.output


def test_predictions_in_every_format(run, folder, tmp_path):
    import pyarrow.parquet

    from keraspec.runtime.predict import ask
    from keraspec.runtime.written import Written, written

    lines = (folder / "t.csv").read_text().splitlines()
    lines[3] = ",1.0,up"
    lines.append("1.0,,up")
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    made = {}
    asked = ask(run, tmp_path / "in.csv")
    for name in ("o.csv.gz", "o.jsonl", "o.jsonl.gz", "o.json", "o.parquet", "o.npz"):
        assert written(asked, tmp_path / name) == Written(tmp_path / name, 149, 151)
    done = call("predict", run, tmp_path / "in.csv", "-o", tmp_path / "o.csv")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"149 predictions written to {tmp_path / 'o.csv'}\n"
    assert "2 rows have no prediction" in done.stderr
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]
    rows = list(csv.DictReader((tmp_path / "o.csv").read_text().splitlines()))
    assert (len(rows), rows[2]["prediction"], rows[150]["prediction"]) == (151, "", "")
    assert gzip.decompress((tmp_path / "o.csv.gz").read_bytes()) == (tmp_path / "o.csv").read_bytes()
    made["jsonl"] = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    made["json"] = json.loads((tmp_path / "o.json").read_text())
    made["parquet"] = pyarrow.parquet.read_table(tmp_path / "o.parquet").to_pylist()
    assert made["jsonl"] == made["json"] == made["parquet"]
    assert made["json"][2] == dict.fromkeys(rows[0], None)
    for row, plain in zip(made["json"], rows, strict=True):
        assert [("" if value is None else value) for key, value in row.items() if key == "prediction"] == [
            plain["prediction"]
        ]
    printed = call("predict", run, tmp_path / "in.csv")
    assert printed.stdout == (tmp_path / "o.csv").read_text()


def test_what_can_not_be_written(run, folder, tmp_path):
    for name in ("o.xlsx", "o.parquet.gz", "o.gz"):
        done = call("predict", run, folder / "t.csv", "-o", tmp_path / name)
        assert (done.exit_code, "its name must end in one of" in done.stderr) == (2, True)
    for name in ("o.csv", "o.parquet"):
        done = call("predict", run, folder / "t.csv", "-o", tmp_path / "no" / name)
        assert (done.exit_code, f"there is no folder {tmp_path / 'no'};" in done.stderr) == (2, True)
    done = call("predict", run, tmp_path / "nothing.keraspec.toml")
    assert (done.exit_code, "there is no file" in done.stderr) == (2, True)
    assert not list(tmp_path.iterdir())

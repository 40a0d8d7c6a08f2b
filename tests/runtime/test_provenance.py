"""What a run notes of all that made it, and how it is told what has changed since."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import keraspec
from keraspec.cli import group
from keraspec.runtime import provenance
from keraspec.runtime import verify as verifying
from keraspec.runtime.arrays import from_arrays
from keraspec.runtime.entered import entered
from keraspec.runtime.interface import Interface, read_interface
from keraspec.runtime.provenance import EXPANDED, FILE, Record, digest_of, git, meaning
from keraspec.runtime.resume import fingerprint
from keraspec.runtime.run import RunError, RunFolder
from keraspec.runtime.train import together_with
from keraspec.spec.problem import Problem
from keraspec.training import as_trained

BASE = """
keraspec = 1
name = "small"
inputs.x.shape = [2]
layers = [{ name = "kind", type = "Dense", units = 2, activation = "softmax" }]
[data]
source = { type = "csv", path = "part-*.csv" }
split = { test = 0.25 }
inputs.x.column = ["a", "b"]
[training]
loss = "sparse_categorical_crossentropy"
"""
SPEC = 'extends = "base.keraspec.toml"\n[training]\nepochs = 5\n'


def git_in(folder: Path, *arguments: str) -> None:
    own = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *own, *arguments], check=True, capture_output=True)


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, the one that it extends, its data, and a run; all but the run is committed."""
    folder = tmp_path_factory.mktemp("made").resolve()
    (folder / "spec.keraspec.toml").write_text(SPEC)
    (folder / "base.keraspec.toml").write_text(BASE)
    numbers = np.random.default_rng(0).normal(size=(40, 2))
    rows = [f"{a:.3f},{b:.3f},{'yes' if a > 0 else 'no'}\n" for a, b in numbers]
    (folder / "part-1.csv").write_text("a,b,kind\n" + "".join(rows[:20]))
    (folder / "part-2.csv").write_text("a,b,kind\n" + "".join(rows[20:]))
    git_in(folder, "init", "-q", "-b", "trunk")
    git_in(folder, "add", ".")
    git_in(folder, "commit", "-q", "-m", "one")
    run = keraspec.train(
        folder / "spec.keraspec.toml", run_dir=folder / "run", overrides=["training.epochs=1"], report=False
    )
    assert run.status == "finished"
    return folder


def rewritten(folder: Path, change: Callable[[dict[str, Any]], Any], *, signed: bool = True) -> None:
    """Change the record, and its hash with it."""
    path = folder / "run" / FILE
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table | ({"digest": digest_of(table)} if signed else {})))


@pytest.fixture
def made(trained: Path, tmp_path: Path) -> Path:
    """The same in a folder of the test's own, as if it had been trained there."""
    folder = (tmp_path / "made").resolve()
    shutil.copytree(trained, folder)
    path = folder / "run" / FILE
    path.write_text(path.read_text().replace(str(trained), str(folder)))
    rewritten(folder, lambda table: None)
    return folder


def call(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["verify", str(folder / "run"), *arguments])


def changed(folder: Path, spec: str | None = None, **options: Any) -> dict[str, list[tuple[str, str]]]:
    """The sections that changed, with what of them."""
    found = keraspec.verify(folder / "run", None if spec is None else folder / spec, **options)
    return {
        one.name: [(item.sign, item.name) for item in one.items] for one in found.sections if one.state == "changed"
    }


def test_what_is_noted(trained: Path) -> None:
    table = json.loads((trained / "run" / FILE).read_text())
    assert table["digest"] == digest_of(table)
    assert table["spec"]["settings"] == ["training.epochs=1"]
    names = [trained / "spec.keraspec.toml", trained / "base.keraspec.toml"]
    assert [(one["path"], one["sha256"]) for one in table["spec"]["files"]] == [
        (str(one), sum_of(one)) for one in names
    ]
    said = CliRunner().invoke(group, ["render", str(names[0]), "--set", "training.epochs=1"])
    text = (trained / "run" / EXPANDED).read_text()
    assert said.exit_code == 0
    assert text == said.stdout
    assert table["spec"]["sha256"] == meaning(text)
    assert [(one["name"], one["sha256"]) for one in table["data"]["files"]] == [
        (name, sum_of(trained / name)) for name in ("part-1.csv", "part-2.csv")
    ]
    assert set(table["data"]["rows"]) >= {"train.inputs.x", "test.targets.kind"}
    head = subprocess.run(["git", "-C", str(trained), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert table["git"] == {
        "revision": head.stdout.strip(), "branch": "trunk", "dirty": False, "changed": [], "untracked": [],
    }  # fmt: skip
    assert set(table["kept"]) == {
        "model.keras", "interface.json", "history.csv", "metrics.json", EXPANDED, "spec.keraspec.json",
    }  # fmt: skip
    for name, one in table["kept"].items():
        assert one["sha256"] == sum_of(trained / "run" / name)
    assert table["versions"]["keras"]
    assert table["command"]["arguments"]


def test_spoiled_files_are_held_against_the_record(made: Path) -> None:
    with (made / "run" / "history.csv").open("a") as history:
        history.write("no number\n")
    (made / "run" / "model.keras").unlink()
    assert changed(made) == {"model": [("-", "model.keras")], "results": [("~", "history.csv")]}
    (made / "run" / FILE).unlink()
    with pytest.raises(RunError):
        keraspec.verify(made / "run")


def test_a_run_that_others_began_with_is_found_from_anywhere(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made)
    keraspec.train(
        "spec.keraspec.toml", run_dir="next", begin_with="run", report=False, overrides=["training.epochs=1"]
    )
    monkeypatch.chdir(tmp_path)
    assert keraspec.verify(made / "next").same
    (made / "run" / "model.keras").unlink()
    assert [one.name for one in keraspec.verify(made / "next").sections if one.state == "changed"] == ["weights"]


def test_all_is_as_recorded(trained: Path) -> None:
    done = call(trained, "--rows")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "all that was compared is as recorded"
    assert "30 train, 10 test" in done.stdout
    done = call(trained, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["same"] is True
    assert told["record"] == json.loads((trained / "run" / FILE).read_text())["digest"]
    assert told["git"]["then"] == told["git"]["now"]
    assert {one["state"] for one in told["sections"].values()} == {"same"}


@pytest.mark.parametrize(
    ("name", "section"), [("model.keras", "model"), ("interface.json", "model"), ("metrics.json", "results")]
)
def test_one_byte_of_what_came_out(made: Path, name: str, section: str) -> None:
    path = made / "run" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = call(made, "--skip", "data")
    assert done.exit_code == 1
    assert f"  ~ {name}  other bytes\n" in done.stdout
    assert done.stdout.splitlines()[-1] == f"changed since: {section}"
    assert call(made, "--skip", "data", "--skip", section).exit_code == 0


def test_another_model_in_its_place(made: Path) -> None:
    (made / "run" / "model.keras").write_bytes((made / "run" / "model.keras").read_bytes() + b"more")
    (made / "run" / "history.csv").unlink()
    assert changed(made) == {"model": [("~", "model.keras")], "results": [("-", "history.csv")]}


def test_layout_and_comments_are_no_change(made: Path) -> None:
    path = made / "base.keraspec.toml"
    path.write_text("# said anew\n" + path.read_text().replace("units = 2", "units=2 "))
    found = keraspec.verify(made / "run")
    assert found.same
    assert "written differently" in found.section("spec").words
    assert found.section("spec").words.endswith("base.keraspec.toml")
    path.write_text(path.read_text().replace("units=2 ", "units=2, use_bias = true"))  # as it is anyway
    assert changed(made) == {}


def test_a_spec_that_means_something_else(made: Path) -> None:
    path = made / "base.keraspec.toml"
    path.write_text(path.read_text().replace("units = 2", "units = 3"))
    found = changed(made)
    assert list(found) == ["spec"]
    assert ("~", "layers.kind.units") in found["spec"]
    (made / "spec.keraspec.toml").write_text(SPEC.replace("epochs = 5", "epochs = 7"))
    path.write_text(BASE)
    assert changed(made) == {}, "the epochs were set on the command line, and are laid over it again"
    path.write_text(BASE.replace("loss =", "seed = 3\nloss ="))
    assert ("+", "training.seed") in changed(made)["spec"]


def test_a_spec_that_is_no_longer_one(made: Path) -> None:
    path = made / "spec.keraspec.toml"
    path.write_text(BASE.replace("Dense", "Dens"))
    done = call(made)
    assert done.exit_code == 1
    assert "has 1 error: see `keraspec check`" in done.stdout
    path.write_bytes(b"\xff\xfe")
    assert "can't be read as a spec" in call(made).stdout
    path.rename(made / "moved.toml")
    assert [sign for sign, _ in changed(made)["spec"]] == ["-"]
    (made / "moved.toml").write_text(SPEC)
    assert changed(made, "moved.toml") == {}
    done = call(made, "--spec", str(made / "nothing.toml"))
    assert done.exit_code == 2
    assert "no such file" in done.stderr


def test_settings_that_find_nothing_any_more(made: Path) -> None:
    rewritten(made, lambda table: table["spec"].update(settings=["layers.gone.units=3"]))
    assert "nothing in `layers` is called 'gone'" in call(made).stdout


def test_data(made: Path) -> None:
    path = made / "part-2.csv"
    text = path.read_text()
    os.utime(path, (1, 1))
    assert changed(made) == {}
    path.write_text(text.replace("yes", "nay", 1))
    assert changed(made) == {"data": [("~", "part-2.csv")]}
    (made / "part-3.csv").write_text(text)
    path.unlink()
    assert changed(made) == {"data": [("-", "part-2.csv"), ("+", "part-3.csv")]}
    assert changed(made, skip=["data"]) == {}
    (made / "part-1.csv").unlink()
    (made / "part-3.csv").unlink()
    assert 'no file matches "part-*.csv"' in call(made).stdout


def test_the_rows_themselves(made: Path) -> None:
    path = made / "part-1.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(["kind,b,a\n", *(",".join(reversed(one.strip().split(","))) + "\n" for one in lines[1:])]))
    assert list(changed(made, rows=True)) == ["data"], "other bytes, the same rows"
    path.write_text("".join([lines[0], lines[2], lines[1], *lines[3:]]))
    found = changed(made, rows=True)
    assert {name for _, name in found["rows"]} & {"the input `x` in `train`", "the input `x` in `test`"}
    path.write_text("a,b\n1,2\n")
    done = call(made, "--rows")
    assert done.exit_code == 2
    assert "E407" in done.stderr


def test_versions(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = verifying.versions()
    monkeypatch.setattr(verifying, "versions", lambda: {**now, "keras": "9.9", "torch": "9"})
    found = keraspec.verify(trained / "run").section("versions")
    assert found.state == "changed"
    assert [(one.sign, one.name, one.words) for one in found.items] == [
        ("~", "keras", f"{now['keras']} → 9.9"),
        ("+", "torch", "9, was not there"),
    ]


def test_weights_that_it_began_with(made: Path) -> None:
    path = made / "begin.weights.h5"
    path.write_bytes(b"weights")
    entry = {"name": str(path), "size": 7, "sha256": sum_of(path)}
    rewritten(made, lambda table: table["weights"].update(files=[entry]))
    assert changed(made) == {}
    path.write_bytes(b"Weights")
    assert changed(made) == {"weights": [("~", str(path))]}


def test_code_of_plugins(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made / "mine.py"
    path.write_text("one = 1\n")
    entry = {"name": "mine: mine.py", "size": 8, "sha256": sum_of(path)}
    rewritten(made, lambda table: table["code"].update(files=[entry]))
    assert "--allow-plugin mine" in call(made).stdout
    monkeypatch.setattr(verifying, "code", lambda: {"mine: mine.py": path, "another: another.py": path})
    assert changed(made) == {}
    path.write_text("one = 2\n")
    assert changed(made) == {"code": [("~", "mine: mine.py")]}


def test_the_record_itself(made: Path) -> None:
    rewritten(made, lambda table: table["spec"].update(settings=[]), signed=False)
    found = changed(made)
    assert "record" in found
    assert call(made, "--skip", "spec").exit_code == 1
    for damage in (
        lambda table: table.pop("spec"),
        lambda table: table["data"].update(files=[{"name": 3}]),
        lambda table: table.update(versions=[1]),
        lambda table: table.update(version=2),
        lambda table: table.pop("kept"),
    ):
        before = (made / "run" / FILE).read_text()
        rewritten(made, damage)
        done = call(made)
        assert done.exit_code == 2
        assert "Traceback" not in done.output
        assert done.stderr.startswith("keraspec: ")
        (made / "run" / FILE).write_text(before)
    (made / "run" / FILE).unlink()
    done = call(made)
    assert done.exit_code == 2
    assert f"has no {FILE}" in done.stderr
    assert CliRunner().invoke(group, ["verify", str(made)]).exit_code == 2


def test_a_run_that_goes_on_keeps_its_record(made: Path) -> None:
    place = RunFolder(made / "run")
    before = json.loads((made / "run" / FILE).read_text())
    now = Record({**before, "at": "later", "command": {"arguments": ["again"]}, "spec": {}}, "text")
    now.begin(place, resumed=True)
    with pytest.raises(RunError, match="did not come to its end"):
        verifying.recorded(made / "run")
    now.end(place)
    after = json.loads((made / "run" / FILE).read_text())
    assert {name: after[name] for name in ("at", "spec", "command", "data", "kept")} == {
        name: before[name] for name in ("at", "spec", "command", "data", "kept")
    }
    assert [one["command"] for one in after["resumed"]] == [{"arguments": ["again"]}]
    assert changed(made) == {}


def test_arrays(made: Path) -> None:
    x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
    y = np.where(x[:, 0] > 0, "yes", "no")
    typed = as_trained(made / "run").typed
    assert typed is not None
    rows = fingerprint(from_arrays(together_with(typed), (x, y), None).parts)
    with pytest.raises(ValueError, match="reads its spec's data"):
        keraspec.verify(made / "run", data=(x, y))
    rewritten(made, lambda table: table["data"].update(kind="arrays", rows=rows))
    found = keraspec.verify(made / "run")
    assert found.same
    assert found.section("data").state == "unknown"
    assert changed(made, data=(x, y)) == {}
    other = x.copy()
    other[3, 1] += 1
    assert list(changed(made, data=(other, y))) == ["rows"]
    assert call(made, "--rows").exit_code == 2
    rewritten(made, lambda table: table["data"].update(kind="dataset", rows=None))
    assert keraspec.verify(made / "run", rows=True).section("rows").state == "unknown"


def test_names_that_are_no_text(made: Path) -> None:
    name = os.fsdecode(b"caf\xe9.csv")
    table = json.loads((made / "run" / FILE).read_text())
    table["data"]["files"].append({"name": name, "size": 1, "sha256": "0"})
    Record(table, "").end(RunFolder(made / "run"))
    assert changed(made) == {"data": [("-", name)]}
    assert call(made, "--json").exit_code == 1


def test_a_spec_that_toml_has_no_words_for(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(document: object) -> str:
        raise ValueError("half a surrogate pair")

    monkeypatch.setattr(provenance, "rendered", refuse)
    typed = as_trained(made / "run").typed
    assert typed is not None
    found = read_interface(json.loads((made / "run" / "interface.json").read_text()))
    noted = provenance.record(typed, found, data="spec", rows=None)
    assert noted.table["spec"]["sha256"] == noted.text == ""
    assert changed(made) == {}, "compared by meaning"


# Which files are data


def interface(trained: Path, folder: Path, source: dict[str, Any], **more: Any) -> Interface:
    found = read_interface(json.loads((trained / "run" / "interface.json").read_text()))
    return replace(found, folder=str(folder), source=source, **more)


def test_files_of_folders_and_of_mnist(trained: Path, tmp_path: Path) -> None:
    for name in ("p/no/1.png", "p/no/2.txt", "p/yes/1.png", "p/yes/.3.png", "m/train-images-idx3-ubyte.gz",
                 "m/train-labels-idx1-ubyte.gz", "m/notes.txt"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for source, files in (
        ({"type": "images", "path": "p"}, ["p/no/1.png", "p/yes/1.png"]),
        ({"type": "idx", "path": "m"}, ["m/train-images-idx3-ubyte.gz", "m/train-labels-idx1-ubyte.gz"]),
        ({"type": "idx", "path": "m/train-images-idx3-ubyte.gz"},
         ["m/train-images-idx3-ubyte.gz", "m/train-labels-idx1-ubyte.gz"]),
        ({"type": "synthetic"}, []),
    ):  # fmt: skip
        found = entered(interface(trained, tmp_path, source))
        assert list(found) == files
        assert [path.relative_to(tmp_path).as_posix() for path in found.values()] == files
    with pytest.raises(Problem):
        entered(interface(trained, tmp_path, {"type": "csv", "path": "nothing.csv"}))


def test_files_of_data_sets(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for name in (
        "datasets/mnist.npz",
        "datasets/reuters.npz",
        "sets/cola/2.0.0/a.tfrecord",
        "sets/cola/1.0.0/a.tfrecord",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(entered(interface(trained, tmp_path, {"type": "keras", "name": "mnist"}))) == ["mnist.npz"]
    source = {"type": "tfds", "name": "cola:2.0.0", "data_dir": "sets"}
    assert list(entered(interface(trained, tmp_path, source))) == ["cola/2.0.0/a.tfrecord"]


def test_files_that_cells_name_and_those_of_parts(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,kind\n1.png,a\n2.png,b\n1.png,a\n")
    (tmp_path / "v.csv").write_text("file,kind\n3.png,a\n")
    base = interface(trained, tmp_path, {"type": "csv", "path": "t.csv"})
    first = replace(base.inputs[0], columns=("file",), decode={"type": "image", "folder": "pictures"})
    (tmp_path / "pictures").mkdir()
    apart = replace(base.split, sources={"validation": {"type": "csv", "path": "v.csv"}})
    found = entered(replace(base, inputs=(first,), split=apart))
    assert list(found) == ["t.csv", "pictures/1.png", "pictures/2.png", "v.csv", "pictures/3.png"]


# Where the repository stands


def test_a_repository(tmp_path: Path) -> None:
    spec = (tmp_path / "a b.toml").resolve()
    spec.write_text("1")
    assert git([spec]) is None, "there is none yet"
    assert git([]) is None
    git_in(tmp_path, "init", "-q", "-b", "trunk")
    none: dict[str, Any] = {
        "revision": None,
        "branch": "trunk",
        "dirty": True,
        "changed": [],
        "untracked": ["a b.toml"],
    }
    assert git([spec]) == none
    (tmp_path / "other").write_text("1\n2\n3\n4\n")
    git_in(tmp_path, "add", ".")
    git_in(tmp_path, "commit", "-q", "-m", "one")
    found = git([spec])
    assert found is not None
    assert len(found["revision"]) == 40
    assert not found["dirty"]
    git_in(tmp_path, "mv", "other", "renamed")
    spec.write_text("2")
    (tmp_path / "unknown").write_text("passed over: it is no file of the spec")
    found = git([spec])
    assert found is not None
    assert sorted(found["changed"]) == ["a b.toml", "renamed"]
    assert (found["dirty"], found["untracked"]) == (True, [])
    git_in(tmp_path, "checkout", "-q", "--detach")
    found = git([spec, Path("/elsewhere.toml")])
    assert found is not None
    assert found["branch"] is None

"""Files laid over files, blocks of other files, and settings of the command line."""

# ruff: noqa: E501  (specs read better unbroken)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import Checked, compile_file
from keraspec.spec.overlay import OverrideError

BASE = """\
keraspec = 1
name = "base"
inputs.a.shape = [4]
parameters.width = { type = "integer", minimum = 1, default = 8 }
layers = [
  { name = "one", type = "Dense", units = "${width}", activation = "relu" },
  { type = "Dropout", rate = 0.5 },
  { name = "two", type = "Dense", units = 2, use_bias = false },
]

[training]
optimizer = { type = "Adam", learning_rate = 0.1 }
loss = "mse"
metrics = ["mae", "mse"]
callbacks = [{ type = "EarlyStopping", patience = 2, monitor = "loss" }, { name = "nan", type = "TerminateOnNaN" }]
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("base.toml", BASE)


def write(name: str, text: str) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return name


def over(text: str, *settings: str, base: str = "base.toml") -> Checked:
    return compile_file(write("over.toml", f'keraspec = 1\nextends = "{base}"\n{text}'), settings)


def data(one: Checked) -> dict[str, Any]:
    assert [f"{found.code} {found.message}" for found in one.diagnostics if found.severity == "error"] == []
    assert one.document is not None
    return one.document.data


def said(one: Checked) -> list[str]:
    return [
        f"{Path(found.file).name}:{found.line} {found.code} "
        f"{found.place.source.text[found.place.start : found.place.end]}"
        for found in one.diagnostics
    ]


def test_tables_merge_key_by_key_and_the_rest_is_replaced() -> None:
    found = data(over('name = "over"\n[training]\nmetrics = ["mae"]\noptimizer = { learning_rate = 0.2 }\n'))
    assert found["name"] == "over"
    assert found["training"]["metrics"] == ["mae"]
    assert found["training"]["optimizer"] == {"type": "Adam", "learning_rate": 0.2}
    assert found["training"]["loss"] == "mse"
    assert "extends" not in found


def test_another_type_takes_the_old_arguments_away() -> None:
    found = data(over('layers = [{ name = "one", type = "Flatten" }]\ntraining.optimizer.type = "SGD"\n'))
    assert found["layers"][0] == {"name": "one", "type": "Flatten"}
    assert found["training"]["optimizer"] == {"type": "SGD"}


def test_layers_merge_by_name_and_new_ones_go_last_or_where_they_say() -> None:
    found = data(
        over(
            "layers = [\n"
            '  { name = "two", units = 3 },\n'
            '  { name = "end", type = "ReLU" },\n'
            '  { name = "p", type = "ReLU", after = "one" },\n'
            '  { name = "q", type = "ReLU", after = "one" },\n'
            '  { name = "first", type = "ReLU", before = "one" },\n'
            "]\n"
        )
    )["layers"]
    assert [one.get("name") for one in found] == ["first", "one", "p", "q", None, "two", "end"]
    assert found[5] == {"name": "two", "type": "Dense", "units": 3, "use_bias": False}
    assert all(one.keys().isdisjoint({"before", "after"}) for one in found)


def test_entries_and_tables_are_taken_away_and_moved() -> None:
    found = data(
        over(
            'layers = [{ name = "one", remove = true }, { name = "two", before = "top" }, '
            '{ name = "top", type = "ReLU" }]\nparameters.width.remove = true\n[training]\n'
            'callbacks = [{ type = "EarlyStopping", remove = true }]\noptimizer = { remove = true }\n'
        )
    )
    assert [one.get("name") for one in found["layers"]] == [None, "two", "top"]
    assert [one["type"] for one in found["training"]["callbacks"]] == ["TerminateOnNaN"]
    assert "optimizer" not in found["training"]


def test_callbacks_are_found_by_name_or_type() -> None:
    found = data(
        over(
            'training.callbacks = [{ type = "EarlyStopping", patience = 5 }, { type = "CSVLogger", filename = "a.csv" }]\n'
        )
    )["training"]["callbacks"]
    assert [one["type"] for one in found] == ["EarlyStopping", "TerminateOnNaN", "CSVLogger"]
    assert found[0]["patience"] == 5
    assert found[0]["monitor"] == "loss"


def test_a_plain_value_replaces_the_default_alone() -> None:
    assert data(over("parameters.width = 16\n"))["layers"][0]["units"] == 16
    assert data(over("", "parameters.width=3"))["layers"][0]["units"] == 3
    assert said(over("parameters.width = 0\n")) == ["over.toml:3 E614 0"]


def test_chains_of_files() -> None:
    write("middle.toml", 'keraspec = 1\nextends = "base.toml"\nlayers = [{ name = "one", units = 5 }]\n')
    found = data(over('layers = [{ name = "one", activation = "tanh" }]\n', base="middle.toml"))
    assert found["layers"][0] == {"name": "one", "type": "Dense", "units": 5, "activation": "tanh"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('layers = [{ name = "ones", units = 3 }]\n', ['over.toml:3 E632 "ones"']),
        ('layers = [{ name = "ones", remove = true }]\n', ['over.toml:3 E632 "ones"']),
        ('layers = [{ name = "x", type = "ReLU", after = "ones" }]\n', ['over.toml:3 E632 "ones"']),
        ('layers = [{ name = "one", after = "two", before = "two" }]\n', ['over.toml:3 E632 "two"']),
        ("data.remove = true\n", ["over.toml:3 E632 true"]),
        ('layers = [{ name = "one", units = 0 }]\n', ["over.toml:3 E106 0", "base.toml:4 W601 width"]),
        ('layers = [{ name = "two", unit = 3 }]\n', ["over.toml:3 E104 unit"]),
    ],
)
def test_what_hits_nothing_and_what_is_wrong_stands_where_it_was_written(text: str, expected: list[str]) -> None:
    assert sorted(said(over(text))) == sorted(expected)


def test_a_mistake_in_the_file_below_stands_there() -> None:
    write("base.toml", BASE.replace("rate = 0.5", "rate = 5"))
    assert said(over('name = "x"\n')) == ["base.toml:7 E106 5"]
    write("base.toml", BASE.replace("rate = 0.5", "rate = "))
    assert [one.split()[:2] for one in said(over('name = "x"\n'))] == [["base.toml:7", "E002"]]


def test_files_that_are_not_there_or_go_in_a_circle() -> None:
    assert said(over("", base="bse.toml")) == ['over.toml:2 E630 "bse.toml"']
    assert said(over("", base=".")) == ['over.toml:2 E630 "."']
    assert said(over("", base="over.toml")) == ['over.toml:2 E631 "over.toml"']
    write("a.toml", 'keraspec = 1\nextends = "over.toml"\n')
    assert said(over("", base="a.toml")) == ['a.toml:2 E631 "over.toml"']


def test_paths_are_relative_to_the_file_that_names_them() -> None:
    write("lib/base.toml", BASE + '[data]\nsource = { type = "csv", path = "rows.csv" }\n')
    assert data(over("", base="lib/base.toml"))["data"]["source"]["path"] == str(Path("lib/rows.csv"))


def test_blocks_of_other_files() -> None:
    write("lib/deep.toml", 'keraspec = 1\n[blocks.deep]\nlayers = [{ type = "ReLU" }]\n')
    write(
        "lib/two.toml",
        'keraspec = 1\ninclude = ["deep.toml"]\nparameters.width = 3\n'
        '[blocks.two]\nlayers = [{ type = "Dense", units = "${width}" }, { block = "deep" }]\n',
    )
    path = write(
        "main.toml",
        'keraspec = 1\ninclude = ["lib/two.toml", "lib/deep.toml"]\ninputs.a.shape = [4]\n'
        'layers = [{ block = "two" }]\nparameters.width = 7\n',
    )
    found = data(compile_file(path))
    assert [one["type"] for one in found["layers"]] == ["Dense", "ReLU"]
    assert found["layers"][0]["units"] == 7
    write("lib/deep.toml", 'keraspec = 1\n[blocks.deep]\nlayers = [{ type = "Rellu" }]\n')
    (wrong,) = compile_file(path).diagnostics
    assert (Path(wrong.file).name, wrong.line) == ("deep.toml", 3)
    assert [Path(place.source.path).name for _, place in wrong.instances] == ["two.toml", "main.toml"]


def test_an_extending_file_changes_a_block_of_an_included_one() -> None:
    write(
        "two.toml",
        'keraspec = 1\n[blocks.two]\nparameters.n = 3\nlayers = [{ name = "d", type = "Dense", units = "${n}" }]\n',
    )
    write("base.toml", 'keraspec = 1\ninclude = ["two.toml"]\ninputs.a.shape = [4]\nlayers = [{ block = "two" }]\n')
    found = data(over('[blocks.two]\nparameters.n = 5\nlayers = [{ name = "d", activation = "relu" }]\n'))
    assert found["layers"][0]["units"] == 5
    assert found["layers"][0]["activation"] == "relu"


def test_settings_reach_what_was_written_before_expansion() -> None:
    write(
        "main.toml",
        'keraspec = 1\ninputs.a.shape = [4]\nlayers = [{ name = "s", block = "two", n = 3, repeat = 2 }]\n'
        '[blocks.two]\nparameters = { n = {}, act = "relu" }\n'
        'layers = [{ name = "d", type = "Dense", units = "${n}", activation = "${act}" }]\n',
    )
    found = data(compile_file("main.toml", ["layers.s.n=5", "layers.s.repeat=1", "blocks.two.parameters.act=tanh"]))
    assert [(one["units"], one["activation"]) for one in found["layers"]] == [(5, "tanh")]
    assert [
        one["use_bias"] for one in data(compile_file("main.toml", ["blocks.two.layers.d.use_bias=false"]))["layers"]
    ] == [False, False]
    assert len(data(compile_file("base.toml", ["layers.one.remove=true"]))["layers"]) == 2


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("parameters.widht=3", "did you mean 'width'?"),
        ("blocks.two.parameters.n=3", "nothing in `blocks` is called 'two'"),
        ("layers.ones.units=3", "did you mean 'one'?"),
        ("layers.ones.remove=true", "did you mean 'one'?"),
    ],
)
def test_a_setting_that_hits_nothing(setting: str, words: str) -> None:
    with pytest.raises(OverrideError) as caught:
        compile_file("base.toml", [setting])
    assert words in str(caught.value)

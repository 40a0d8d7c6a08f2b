"""Files laid over files, blocks of other files, and settings of the command line."""

# ruff: noqa: E501  (specs read better unbroken)

from __future__ import annotations

import os
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
        ('layers = [{ name = "two", units = 3 }, { name = "two", units = 4 }]\n', ['over.toml:3 E632 "two"']),
        ('layers = [{ name = "n", type = "ReLU" }, { name = "n", type = "ReLU" }]\n', ['over.toml:3 E632 "n"']),
        ('layers = [{ name = "two", remove = true, units = 3 }]\n', ["over.toml:3 E632 3"]),
        ("training = { remove = true, epochs = 3 }\n", ["over.toml:3 E632 3"]),
        ('layers = [{ name = "one", rate.remove = true }]\n', ["over.toml:3 E632 true"]),
        ('layers = [{ name = "one", after = "one" }]\n', ['over.toml:3 E632 "one"']),
        ("parameters.widht = 3\n", ["over.toml:3 E632 widht"]),
        ("parameters.quite_another = 3\n", ["over.toml:3 W601 quite_another"]),
    ],
)
def test_what_hits_nothing_and_what_is_wrong_stands_where_it_was_written(text: str, expected: list[str]) -> None:
    assert sorted(said(over(text))) == sorted(expected)


def ways_out(one: Checked) -> list[str]:
    return [found.help or "" for found in one.diagnostics]


def test_what_hits_nothing_is_told_what_there_is() -> None:
    write(
        "base.toml", BASE + '[blocks.b]\nparameters.n = 3\nlayers = [{ name = "in", type = "Dense", units = "${n}" }]\n'
    )
    assert ways_out(over('layers = [{ name = "zzz", remove = true }]\n'))[0] == "there are `one` and `two`"
    for name in ("in", "b.in"):
        (way, *_) = ways_out(over(f'layers = [{{ name = "{name}", units = 3 }}]\n'))
        assert way == "`in` is a layer of the block `b`: change it below `[[blocks.b.layers]]`"
    assert "did you mean `n`?" in ways_out(over("blocks.b.parameters.nn = 3\n"))
    assert "did you mean the block `b`?" in ways_out(over("blocks.bb.parameters.n = 3\n"))
    (told,) = over('layers = [{ name = "one", rate.remove = true }]\n').errors
    assert told.message == "there is no `layers.one.rate` to take away"


def test_what_is_removed_no_time_is_kept() -> None:
    found = data(
        over('layers = [{ name = "one", remove = false, units = 3 }]\ntraining = { remove = false, epochs = 3 }\n')
    )
    assert found["layers"][0]["units"] == 3
    assert found["training"]["epochs"] == 3
    assert "remove" not in found["training"]


def test_two_callbacks_of_a_type_stay_two() -> None:
    two = '{ type = "ModelCheckpoint", filepath = "a.keras" }, { type = "ModelCheckpoint", filepath = "b.keras" }'
    found = data(over(f"training.callbacks = [{two}]\n"))["training"]["callbacks"]
    assert [one.get("filepath") for one in found] == [None, None, "a.keras", "b.keras"]
    write("middle.toml", f'keraspec = 1\nextends = "base.toml"\n[training]\ncallbacks = [{two}]\n')
    three = two.replace("a.k", "c.k").replace("b.k", "d.k") + ', { type = "ModelCheckpoint", filepath = "e.keras" }'
    found = data(over(f"training.callbacks = [{three}]\n", base="middle.toml"))["training"]["callbacks"]
    assert [one.get("filepath") for one in found] == [None, None, "c.keras", "d.keras", "e.keras"]


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
        ("layers.zzz.units=3", "there are `one` and `two`"),
        ("layers.0.units=3", "there are `one` and `two`"),
        ("layers.one.rate.remove=true", "there is no `layers.one.rate` to take away"),
        ("training.callbacks.EarlyStoping.patience=3", "did you mean 'EarlyStopping'?"),
        ("training.loss.delta=2", "write --set 'training.loss={ type = \"mse\", delta = 2 }'"),
        ("training.loss.type=Huber", "write --set 'training.loss={ type = \"Huber\" }'"),
        ("extends.remove=true", "there is no `extends`"),
        ('"layers.one', "KEY=VALUE"),
    ],
)
def test_a_setting_that_hits_nothing(setting: str, words: str) -> None:
    with pytest.raises(OverrideError) as caught:
        compile_file("base.toml", [setting])
    assert words in str(caught.value)


def test_a_type_finds_a_layer_only_where_it_is_the_only_one() -> None:
    assert data(compile_file("base.toml", ["layers.Dropout.rate=0.1"]))["layers"][1]["rate"] == 0.1
    write("base.toml", BASE.replace('  { name = "two"', '  { type = "Dropout", rate = 0.2 },\n  { name = "two"'))
    with pytest.raises(OverrideError, match="2 entries of `layers` are Dropout; give the one that is meant a `name`"):
        compile_file("base.toml", ["layers.Dropout.rate=0.1"])


def test_a_layer_inside_a_block_is_set_in_the_block() -> None:
    write(
        "main.toml",
        'keraspec = 1\ninputs.a.shape = [4]\nlayers = [{ name = "b", block = "two", n = 3 }]\n'
        '[blocks.two]\nparameters.n = 3\nlayers = [{ name = "d", type = "Dense", units = "${n}" }]\n',
    )
    with pytest.raises(OverrideError, match=r"it is a layer of the block `two`: write `blocks.two.layers.d.…`"):
        compile_file("main.toml", ["layers.d.units=3"])
    (told,) = compile_file("main.toml", ["layers.b.d.units=3"]).diagnostics
    assert told.help == "`d` is a layer inside: give `[blocks.two]` a parameter for what is to change in it"


def test_settings_may_name_the_files_that_a_spec_is_made_of() -> None:
    write("other.toml", BASE.replace("units = 2", "units = 7"))
    write("over.toml", 'keraspec = 1\nextends = "base.toml"\n')
    assert data(compile_file("over.toml", ["layers.two.use_bias=true", "extends=other.toml"]))["layers"][2] == {
        "name": "two", "type": "Dense", "units": 7, "use_bias": True,
    }  # fmt: skip
    write("lib.toml", 'keraspec = 1\n[blocks.b]\nlayers = [{ type = "ReLU" }]\n')
    write("main.toml", 'keraspec = 1\ninputs.a.shape = [4]\nlayers = [{ block = "b" }]\n')
    assert data(compile_file("main.toml", ['include=["lib.toml"]']))["layers"][0]["type"] == "ReLU"
    (told,) = compile_file("over.toml", ["extends=nobody.toml"]).errors
    assert (told.code, told.file) == ("E630", "<command line>")


def test_keys_of_settings_may_be_quoted_and_a_plain_parameter_has_a_default() -> None:
    table = BASE.replace(
        "parameters.width = {",
        'parameters.plain = 3\nparameters.t.default = { 18 = 3, "a b" = 5 }\nparameters.width = {',
    )
    write("base.toml", table.replace('units = "${width}"', "units = \"${t[18] + t['a b'] + plain + width}\""))
    settings = ['parameters.t.default."18"=20', "parameters.t.default.'a b'=30", "parameters.plain.default=50"]
    assert data(compile_file("base.toml", settings))["layers"][0]["units"] == 108


def test_a_file_that_is_not_included_does_not_make_its_blocks_missing() -> None:
    write("main.toml", 'keraspec = 1\ninclude = "lib.toml"\ninputs.a.shape = [4]\nlayers = [{ block = "b" }]\n')
    assert said(compile_file("main.toml")) == ['main.toml:2 E105 "lib.toml"']


def test_a_block_that_is_not_found_makes_nothing_unused() -> None:
    text = (
        'keraspec = 1\ninputs.a.shape = [4]\nlayers = [{ block = "blq" }]\n[parameters]\nn = 3\n'
        '[blocks.blk]\nlayers = [{ type = "Dense", units = 3 }]\n'
    )
    write("main.toml", text)
    assert said(compile_file("main.toml")) == ['main.toml:3 E610 "blq"']
    write("main.toml", text.replace('"blq"', '"quite_another"').replace("blk", "nothing_like_it"))
    assert said(compile_file("main.toml")) == ['main.toml:3 E610 "quite_another"']


def test_paths_of_a_base_lead_through_its_folder(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "net.toml").write_text(
        """
keraspec = 1
inputs.x.shape = [3]
layers = [{ name = "y", type = "Dense", units = 1 }]
[data]
source = { type = "csv", path = "rows.csv" }
split = { validation = { type = "csv", path = "other.csv" }, test = { type = "csv", path = "s3://far/test.csv" } }
inputs.x = { column = "file", decode = { type = "text", folder = "texts" } }
[training]
weights = { path = "before.keras" }
"""
    )
    (tmp_path / "own.toml").write_text('keraspec = 1\nextends = "base/net.toml"\n')
    document = compile_file("own.toml").document
    data = document.data["data"]
    assert data["source"]["path"] == os.path.join("base", "rows.csv")
    assert data["split"]["validation"]["path"] == os.path.join("base", "other.csv")
    assert data["split"]["test"]["path"] == "s3://far/test.csv"
    assert data["inputs"]["x"]["decode"]["folder"] == os.path.join("base", "texts")
    assert document.data["training"]["weights"]["path"] == os.path.join("base", "before.keras")

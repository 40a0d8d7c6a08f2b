"""`keraspec check --fix`: what is certain is mended, nothing gets worse, and what is left is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.checked import compile_file, compile_text
from keraspec.cli import group
from keraspec.fixing import mended
from keraspec.spec.fixes import fixes_of
from keraspec.spec.nearness import distance

BAD = Path(__file__).parents[1] / "bad"

SPEC = """\
keraspec = 1
name = "digits"
inputs.image.shape = [8, 8, 1]

[[layers]]
name = "conv"          # looks at the picture
type = "Conv2d"
filters = "8"
kernal_size = 3
activation = relu

[[layers]]
type = "tf.keras.layers.Flatten"

[[layers]]
name = "digit"
type = "Dense"
units = 10
outputs = "digit"

[data]
source = { type = "csv", path = "digits.csv" }

[training]
batch_size = 32
loss = "sparse_categorical_crossentropy"
"""
MENDED = """\
keraspec = 1
name = "digits"
inputs.image.shape = [8, 8, 1]
outputs = ["digit"]

[[layers]]
name = "conv"          # looks at the picture
type = "Conv2D"
filters = 8
kernel_size = 3
activation = "relu"

[[layers]]
type = "Flatten"

[[layers]]
name = "digit"
type = "Dense"
units = 10

[data]
source = { type = "csv", path = "digits.csv" }
batch_size = 32

[training]
loss = { type = "SparseCategoricalCrossentropy", from_logits = true }
"""


def check(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["check", *map(str, arguments)])


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("a.keraspec.toml")
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_all_that_is_certain_is_mended(spec: Path) -> None:
    result = check("--fix", spec)
    assert spec.read_text(encoding="utf-8") == MENDED
    assert result.stdout == "9 fixed, no errors, 1 file checked\n"
    assert result.exit_code == 0
    assert check("--fix", spec).stdout == "no errors, 1 file checked\n"
    assert spec.read_text(encoding="utf-8") == MENDED


def test_diff_shows_and_writes_nothing(spec: Path) -> None:
    result = check("--diff", spec)
    assert result.exit_code == 1
    assert '-type = "Conv2d"\n-filters = "8"\n' in result.stdout
    assert '+type = "Conv2D"\n+filters = 8\n' in result.stdout
    assert spec.read_text(encoding="utf-8") == SPEC


def test_what_is_uncertain_is_left_alone_unless_asked_for(spec: Path) -> None:
    text = (BAD / "E303-nothing-left.keraspec.toml").read_text(encoding="utf-8")
    spec.write_text(text, encoding="utf-8")
    assert check("--fix", spec).exit_code == 1
    assert spec.read_text(encoding="utf-8") == text
    result = check("--fix", "--unsafe-fixes", spec)
    assert result.exit_code == 0
    assert result.stdout == "1 fixed, no errors, 1 file checked\n"
    assert 'padding = "same"' in spec.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('inputs = "conv3"', None),  # conv1 or conv2?
        ('inputs = "pictuer"', 'inputs = "picture"'),
        ('inputs = "laft"', None),  # left or loft?
    ],
)
def test_names_with_several_near_ones_are_not_certain(wrong: str, right: str | None) -> None:
    text = (
        "keraspec = 1\ninputs.picture.shape = [4]\n"
        + "".join(
            f'[[layers]]\nname = "{name}"\ntype = "Dense"\nunits = 4\n' for name in ("conv1", "conv2", "left", "loft")
        )
        + f'[[layers]]\ntype = "ReLU"\n{wrong}\n'
    )
    (one,) = [one for one in compile_text(text).diagnostics if one.code == "E201"]
    fixes = fixes_of(one)
    assert [fix.certain for fix in fixes] == [right is not None]
    if right is not None:
        assert fixes[0].edits[0].text == '"picture"'


def test_json_carries_the_fixes(spec: Path) -> None:
    every = json.loads(check("--output-format", "json", spec).stdout)
    (one,) = [one for one in every if one["code"] == "E104"]
    assert one["fixes"] == [
        {
            "message": "did you mean `kernel_size`?",
            "certain": True,
            "edits": [
                {
                    "file": "a.keraspec.toml",
                    "line": 9,
                    "column": 1,
                    "end_line": 9,
                    "end_column": 12,
                    "text": "kernel_size",
                }
            ],
        }
    ]


def test_a_mistake_in_an_included_file_is_mended_there(spec: Path) -> None:
    Path("parts").mkdir()
    blocks = 'keraspec = 1\n[blocks.wide]\nlayers = [{ type = "Dense", unts = 4 }]   # wide\n'
    Path("parts/b.keraspec.toml").write_text(blocks, encoding="utf-8")
    spec.write_text(
        'keraspec = 1\ninputs.x.shape = [4]\ninclude = ["parts/b.keraspec.toml"]\nlayers = [{ block = "wide" }]\n',
        encoding="utf-8",
    )
    assert check("--fix", spec).exit_code == 0
    assert Path("parts/b.keraspec.toml").read_text(encoding="utf-8") == blocks.replace("unts", "units")


def test_a_file_outside_the_folder_is_not_touched(spec: Path, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    blocks = 'keraspec = 1\n[blocks.wide]\nlayers = [{ type = "Dense", unts = 4 }]\n'
    Path("b.keraspec.toml").write_text(blocks, encoding="utf-8")
    Path("inner/a.keraspec.toml").write_text(
        'keraspec = 1\ninputs.x.shape = [4]\ninclude = ["../b.keraspec.toml"]\nlayers = [{ block = "wide" }]\n',
        encoding="utf-8",
    )
    assert check("--fix", "inner/a.keraspec.toml").exit_code == 1
    assert Path("b.keraspec.toml").read_text(encoding="utf-8") == blocks


def test_bytes_around_an_edit_stay(spec: Path) -> None:
    text = '\ufeffkeraspec = 1\r\ninputs.x.shape=[4]\r\n[[layers]]\r\ntype =  "dense"  # ü\r\nunits=3\r\n'
    spec.write_bytes(text.encode())
    assert check("--fix", spec).exit_code == 0
    assert spec.read_bytes().decode() == text.replace('"dense"', '"Dense"')


def test_fix_and_set_exclude_each_other(spec: Path) -> None:
    assert check("--fix", "--set", "name=x", spec).exit_code == 2


def test_a_misspelt_section_is_mended_in_all_its_headers_and_what_is_in_it_then(spec: Path) -> None:
    """What stands below was not looked at before: it may be more mistakes than there were."""
    spec.write_text(
        'keraspec = 1\ninputs.x.shape = [8]\n\n[[layer]]\ntype = "dense"\nunit = 3\n\n'
        '[layer.kernel_regularizer]\ntype = "l3"\n\n[[layer]]\ntyp = "Dense"\nunits = "two"\n\n'
        '[traning]\nepoch = 3\n\n[traning.optimizer]\ntype = "adam"\n',
        encoding="utf-8",
    )
    check("--fix", spec)
    text = spec.read_text(encoding="utf-8")
    assert text.count("[[layers]]\n") == 2
    assert '[layers.kernel_regularizer]\ntype = "l3"' in text
    assert 'type = "Dense"\nunits = 3' in text
    assert '[training]\nepochs = 3\n\n[training.optimizer]\ntype = "Adam"\n' in text
    assert "layer]" not in text
    assert 'type = "Dense"\nunits = "two"' in text
    assert "traning" not in text


BROKEN = sorted(path.name for path in BAD.glob("*.keraspec.*") if path.name[:2] in ("mi", "E0", "E1", "E2", "W1", "ma"))


@pytest.mark.parametrize("unsafe", [False, True], ids=["certain", "unsafe"])
def test_no_spec_gets_worse_and_the_second_time_nothing_changes(
    unsafe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mended_some = 0
    for name in BROKEN[:: 3 if unsafe else 1]:
        path = Path(name)
        path.write_bytes((BAD / name).read_bytes())
        before = compile_file(path).errors
        one = mended(path, unsafe=unsafe)
        for file, (old, new) in one.texts.items():
            assert file == path
            assert old != new
            file.write_text(new, encoding="utf-8", newline="")
        after = compile_file(path)
        assert len(after.errors) <= len(before), name
        assert after.diagnostics == one.left, name
        assert not mended(path, unsafe=unsafe).texts, name
        mended_some += bool(one.texts)
    assert mended_some > 8


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [("relu", "rleu", 1), ("units", "unit", 1), ("units", "units", 0), ("abc", "xyz", 3), ("filters", "fltres", 2)],
)
def test_distance(one: str, other: str, away: int) -> None:
    assert distance(one, other, 2) == away == distance(other, one, 2)

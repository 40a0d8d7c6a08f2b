"""`keraspec check`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

CLEAN = """keraspec = 1
name = "små"
inputs.image.shape = [8, 8, 1]

[[layers]]
type = "Flatten"

[[layers]]
name = "digit"
type = "Dense"
units = 10

[training]
loss = "mse"
"""
BROKEN = CLEAN.replace('type = "Flatten"', 'type = "Flaten"   # 😀').replace("units = 10\n", "")
IDLE = CLEAN.replace("inputs.image", "inputs.age.shape = [1]\ninputs.image").replace(
    'type = "Flatten"', 'type = "Flatten"\ninputs = "image"'
)


def check(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["check", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("clean", CLEAN), ("broken", BROKEN), ("idle", IDLE)):
        (tmp_path / f"{name}.keraspec.toml").write_text(text, encoding="utf-8", newline="\n")
    return tmp_path


def test_clean(folder: Path) -> None:
    result = check("clean.keraspec.toml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "no errors, 1 file checked\n", "")


def test_full(folder: Path) -> None:
    result = check("broken.keraspec.toml")
    assert result.exit_code == 1
    assert result.stdout == (
        'broken.keraspec.toml:6:8: error[E108]: there is no layer called "Flaten"\n'
        "  |\n"
        '6 | type = "Flaten"   # 😀\n'
        "  |        ^^^^^^^^\n"
        '  = help: did you mean "Flatten"?\n'
        "\n"
        "broken.keraspec.toml:10:8: error[E103]: `units` is missing from Dense\n"
        "   |\n"
        '10 | type = "Dense"\n'
        "   |        ^^^^^^^\n"
        "   = help: add `units = …`, a whole number of at least 1\n"
        "\n"
        "2 errors, 1 file checked\n"
    )


def test_concise(folder: Path) -> None:
    result = check("broken.keraspec.toml", "clean.keraspec.toml", "--output-format", "concise")
    assert result.exit_code == 1
    assert result.stdout == (
        'broken.keraspec.toml:6:8: error[E108]: there is no layer called "Flaten" (did you mean "Flatten"?)\n'
        "broken.keraspec.toml:10:8: error[E103]: `units` is missing from Dense "
        "(add `units = …`, a whole number of at least 1)\n"
    )


def test_json(folder: Path) -> None:
    result = check("broken.keraspec.toml", "--output-format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {
            "file": "broken.keraspec.toml",
            "line": 6,
            "column": 8,
            "end_line": 6,
            "end_column": 16,
            "code": "E108",
            "severity": "error",
            "message": 'there is no layer called "Flaten"',
            "help": 'did you mean "Flatten"?',
            "shapes": [],
            "pointer": "/layers/0/type",
            "instances": [],
            "fixes": [
                {
                    "message": 'did you mean "Flatten"?',
                    "certain": True,
                    "edits": [
                        {
                            "file": "broken.keraspec.toml",
                            "line": 6,
                            "column": 8,
                            "end_line": 6,
                            "end_column": 16,
                            "text": '"Flatten"',
                        }
                    ],
                }
            ],
        },
        {
            "file": "broken.keraspec.toml",
            "line": 10,
            "column": 8,
            "end_line": 10,
            "end_column": 15,
            "code": "E103",
            "severity": "error",
            "message": "`units` is missing from Dense",
            "help": "add `units = …`, a whole number of at least 1",
            "shapes": [],
            "pointer": "/layers/1/type",
            "instances": [],
            "fixes": [],
        },
    ]


def test_json_of_a_clean_spec_is_an_empty_list(folder: Path) -> None:
    result = check("clean.keraspec.toml", "--output-format", "json")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert check("clean.keraspec.toml", "--output-format", "concise").stdout == ""


def test_json_columns_count_code_points_and_the_end_is_exclusive(folder: Path) -> None:
    text = CLEAN.replace('type = "Dense"', 'type = "Dense😀é"')
    for name, written in (("plain", text), ("windows", "\ufeff" + text.replace("\n", "\r\n"))):
        (folder / f"{name}.keraspec.toml").write_bytes(written.encode())
        (one,) = json.loads(check(f"{name}.keraspec.toml", "--output-format", "json").stdout)
        assert [one[key] for key in ("line", "column", "end_line", "end_column")] == [10, 8, 10, 17]


def test_pointers_are_those_of_rfc_6901(folder: Path) -> None:
    (folder / "odd.keraspec.toml").write_text(CLEAN + '"a/b~c" = 1\n', encoding="utf-8")
    (one,) = json.loads(check("odd.keraspec.toml", "--output-format", "json").stdout)
    assert one["pointer"] == "/training/a~1b~0c"


def test_a_json_spec(folder: Path) -> None:
    data: dict[str, Any] = {
        "$schema": "keraspec-1.json",
        "keraspec": 1,
        "inputs": {"x": {"shape": [4]}},
        "layers": [{"type": "Dense", "units": "2"}],
    }
    (folder / "a.keraspec.json").write_text(json.dumps(data), encoding="utf-8")
    (one,) = json.loads(check("a.keraspec.json", "--output-format", "json").stdout)
    assert (one["code"], one["pointer"], one["line"]) == ("E105", "/layers/0/units", 1)
    data["layers"][0]["units"] = 2
    (folder / "a.keraspec.json").write_text(json.dumps(data), encoding="utf-8")
    assert check("a.keraspec.json").exit_code == 0


def test_warnings_are_findings_unless_allowed(folder: Path) -> None:
    result = check("idle.keraspec.toml")
    assert result.exit_code == 1
    assert "warning[W201]" in result.stdout
    assert result.stdout.endswith("\n1 warning, 1 file checked\n")
    assert check("idle.keraspec.toml", "--allow-warnings").exit_code == 0


def test_a_folder_means_all_specs_below_it(folder: Path) -> None:
    deep = folder / "more" / "deep"
    deep.mkdir(parents=True)
    (deep / "b.keraspec.json").write_text("[]", encoding="utf-8")
    (deep / "named_otherwise.toml").write_text(CLEAN.replace("[8, 8, 1]", "8"), encoding="utf-8")
    (deep / "pyproject.toml").write_text("[tool.keraspec]\nignore = []\n", encoding="utf-8")
    (deep / "notes.txt").write_text("keraspec = 1", encoding="utf-8")
    result = check(".", "--output-format", "concise")
    assert result.exit_code == 1
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [
        "broken.keraspec.toml",
        "broken.keraspec.toml",
        "idle.keraspec.toml",
        "more/deep/b.keraspec.json",
        "more/deep/named_otherwise.toml",
    ]
    assert check(folder / "more", folder / "more" / "deep").stdout.endswith("2 errors, 2 files checked\n")


@pytest.mark.parametrize(("about", "name"), [("run.json", "spec"), ("folds.json", "spec"), ("sweep.json", "best")])
def test_what_runs_keep_is_passed_by(folder: Path, about: str, name: str) -> None:
    run = folder / "runs" / "digits-1"
    (run / "fold-1").mkdir(parents=True)
    (run / about).write_text("{}", encoding="utf-8")
    for one in (run / f"{name}.keraspec.toml", run / "fold-1" / "any.keraspec.toml"):
        one.write_text(CLEAN.replace("[8, 8, 1]", "8"), encoding="utf-8")
    (folder / "runs" / "own.keraspec.toml").write_text(CLEAN, encoding="utf-8")
    assert check("runs").stdout == "no errors, 1 file checked\n"
    assert check("runs", "--diff", "--fix").exit_code == 0
    assert check(run).stdout.endswith("2 errors, 2 files checked\n")
    assert check(run / f"{name}.keraspec.toml").stdout.endswith("1 error, 1 file checked\n")
    (folder / "runs" / "own.keraspec.toml").unlink()
    result = check("runs")
    assert result.exit_code == 2
    assert "those that runs keep are passed by" in result.stderr
    (run / f"{name}.keraspec.toml").unlink()  # without a spec beside, it is another program's file
    assert check("runs").stdout.endswith("1 error, 1 file checked\n")


def test_a_folder_without_specs_is_wrong_usage(folder: Path) -> None:
    (folder / "empty").mkdir()
    result = check("empty")
    assert result.exit_code == 2
    assert result.stderr.startswith("keraspec: empty: no specs in this folder")


def test_a_file_that_is_not_there(folder: Path) -> None:
    result = check("nowhere.keraspec.toml", "--output-format", "json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "keraspec: nowhere.keraspec.toml: no such file or directory\n"


def test_a_file_that_can_not_be_opened_does_not_hide_the_others(folder: Path) -> None:
    result = check("nowhere.keraspec.toml", "broken.keraspec.toml")
    assert result.exit_code == 2
    assert "error[E108]" in result.stdout
    assert result.stdout.endswith("2 errors, 1 file checked\n")
    assert "nowhere.keraspec.toml" in result.stderr


def test_bytes_that_are_no_text_are_a_finding(folder: Path) -> None:
    for name, raw in (
        ("latin", CLEAN.encode("latin-1")),
        ("picture", b"\x89PNG\r\n\x1a\n\x00\xff"),
        ("nul", b"\x00" * 99),
    ):
        (folder / f"{name}.keraspec.toml").write_bytes(raw)
        result = check(f"{name}.keraspec.toml", "--output-format", "json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)[0]["code"] in ("E001", "E002")


def test_no_argument_is_wrong_usage() -> None:
    assert check().exit_code == 2
    assert check("--output-format", "xml", ".").exit_code == 2


@pytest.mark.parametrize(
    ("setting", "status"),
    [
        ("layers.digit.units=12", 0),
        ("training.epochs=3", 0),
        ("training.loss=mae", 0),
        ("training.optimizer.type=Adam", 0),
        ("layers.digit.units=0", 1),
        ("layers.digit.units=abc", 1),
        ("layers.digit.unit=3", 1),
        ("training.epochs=2020-01-01", 1),
        ("training.epochs=nan", 1),
        ("training.epochs=99999999999999999999", 1),
        ("layers.digit.units=3\nname = 1", 1),
        ("layers.nobody.units=3", 2),
        ("training.loss.x.y=3", 2),
        ("epochs", 2),
        ("=3", 2),
        ("training..epochs=3", 2),
    ],
)
def test_settings(folder: Path, setting: str, status: int) -> None:
    result = check("clean.keraspec.toml", "--set", setting)
    assert result.exit_code == status, result.output
    if status == 1:
        assert f"--set {setting.partition(chr(10))[0]}" in result.stdout
        assert "Traceback" not in result.output
    if status == 2:
        assert setting in result.stderr


def test_settings_are_shown_where_they_were_written(folder: Path) -> None:
    result = check("clean.keraspec.toml", "--set", "layers.digit.units=0")
    assert result.stdout.startswith("<command line>:1:7: error[E106]: `units` of Dense must be")
    assert "1 | --set layers.digit.units=0\n  |       ^^^^^^^^^^^^^^^^^^^^" in result.stdout


def test_colours_only_where_they_are_wanted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" not in check("broken.keraspec.toml").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31merror[E108]\x1b[0m" in check("broken.keraspec.toml").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in check("broken.keraspec.toml").stdout


def test_checking_loads_neither_keras_nor_tensorflow(folder: Path) -> None:
    program = (
        "import sys\nfrom keraspec.cli import group\n"
        "group(['check', 'clean.keraspec.toml'], standalone_mode=False)\n"
        "assert not {'keras', 'tensorflow', 'numpy'} & set(sys.modules), set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no errors, 1 file checked\n"


def test_many_files_are_checked_on_all_cores_and_told_of_in_order(folder: Path) -> None:
    wide = BROKEN + "\n# " + "x" * 4000 + "\n"
    for index in range(80):
        (folder / f"many-{index:02}.keraspec.toml").write_text(wide, encoding="utf-8", newline="\n")
    (folder / "many-33.keraspec.toml").unlink()
    (folder / "many-33.keraspec.toml").symlink_to(folder / "nowhere")
    names = [f"many-{index:02}.keraspec.toml" for index in range(80)]
    # A process of its own: this one may have threads, and then the files are checked one by one.
    spread, alone = (
        subprocess.run(
            [
                sys.executable,
                "-c",
                before + "from keraspec.cli import main; main()",
                "check",
                *names,
                "--output-format",
                "json",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        for before in ("", "import keraspec.batch; keraspec.batch.WORTH_IT = 10**9; ")
    )
    assert (spread.returncode, spread.stdout, spread.stderr) == (alone.returncode, alone.stdout, alone.stderr)
    assert (spread.returncode, "many-33" in spread.stderr) == (2, True)
    found = json.loads(spread.stdout)
    assert len(found) == 2 * 79


def test_a_worker_that_dies_loses_nothing(folder: Path) -> None:
    wide = BROKEN + "\n# " + "x" * 4000 + "\n"
    names = [f"many-{index:02}.keraspec.toml" for index in range(80)]
    for name in names:
        (folder / name).write_text(wide, encoding="utf-8", newline="\n")
    program = (
        "import os, sys; from pathlib import Path; import keraspec.batch as batch\n"
        "real, parent = batch.compile_file, os.getpid()\n"
        "def dying(path, settings):\n"
        "    if path.name == 'many-50.keraspec.toml' and os.getpid() != parent: os._exit(9)\n"
        "    return real(path, settings)\n"
        "batch.compile_file = dying\n"
        "print(sum(len(found) for _, found in batch.check_files([Path(name) for name in sys.argv[1:]])))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *names], capture_output=True, text=True, check=False, cwd=folder
    )
    assert (result.stdout, result.stderr) == ("160\n", "")

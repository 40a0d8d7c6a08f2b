"""`keraspec check --output-format github|gitlab|junit|sarif`, each against a schema and read by a program of others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group
from keraspec.spec.reports import written
from keraspec.spec.reports.reported import Reported

SCHEMAS = Path(__file__).parent.parent / "schemas"
HEAD = "keraspec = 1\ninputs.image.shape = [8, 8, 1]\n\n"
BROKEN = HEAD + '[[layers]]\ntype = "Flaten"   # é\n\n[[layers]]\ntype = "Dense"\n'
CLEAN = HEAD + '[[layers]]\ntype = "Flatten"\n'
IDLE = CLEAN.replace("inputs.image", "inputs.age.shape = [1]\ninputs.image") + 'inputs = "image"\n'
BLOCK = """[blocks.unit]
layers = [{ type = "Conv2D", filters = 4 }]
"""
BLOCKS = HEAD + BLOCK + '\n[[layers]]\nblock = "unit"\nrepeat = 3\n'


def check(form: str, *arguments: object) -> Result:
    return CliRunner().invoke(group, ["check", *map(str, arguments), "--output-format", form])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with its specs in a folder, in which one stands."""
    (tmp_path / ".git").mkdir()
    specs = tmp_path / "specs é"
    specs.mkdir()
    monkeypatch.chdir(specs)
    texts = {"broken": BROKEN, "clean": CLEAN, "idle": IDLE, "blocks": BLOCKS, "empty": ""}
    for name, text in texts.items():
        (specs / f"{name}.keraspec.toml").write_text(text, encoding="utf-8", newline="\n")
    (specs / "bytes.keraspec.toml").write_bytes(b'keraspec = 1\nname = "\xff"\n')
    return specs


def many(count: int, folder: Path) -> Path:
    """A spec with so many errors, and two warnings."""
    layers = "".join(
        f'\n[[layers]]\nname = "l{index}"\ntype = "Dense"\nunits = -{index + 1}\n' for index in range(count)
    )
    path = folder / "many.keraspec.toml"
    path.write_text(IDLE.replace("8, 8, 1", "8") + layers, encoding="utf-8")
    return path


# GitHub

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def test_github(folder: Path) -> None:
    result = check("github", "broken.keraspec.toml", "clean.keraspec.toml")
    assert result.exit_code == 1
    assert result.stdout == (
        "::error title=keraspec E108,file=specs é/broken.keraspec.toml,line=5,endLine=5,col=8,endColumn=16::"
        'there is no layer called "Flaten"%0Adid you mean "Flatten"?\n'
        "::error title=keraspec E103,file=specs é/broken.keraspec.toml,line=8,endLine=8,col=8,endColumn=15::"
        "`units` is missing from Dense%0Aadd `units = …`, a whole number of at least 1\n"
    )


def test_github_says_nothing_of_what_is_clean(folder: Path) -> None:
    result = check("github", "clean.keraspec.toml")
    assert (result.exit_code, result.stdout) == (0, "")


def test_github_escapes_what_its_commands_are_made_of(folder: Path) -> None:
    path = folder / "a,b:c%d.keraspec.toml"
    path.write_text(HEAD + '[[layers]]\ntype = "100%, ::error::x"\n', encoding="utf-8")
    result = check("github", path.name)
    (line,) = result.stdout.splitlines()
    found = COMMAND.fullmatch(line)
    assert found is not None
    assert "file=specs é/a%2Cb%3Ac%25d.keraspec.toml," in line
    assert "100%25, ::error::x" in found[3]


def test_github_shows_the_ten_worst_and_logs_the_rest(folder: Path) -> None:
    many(14, folder)
    result = check("github", ".")
    lines = result.stdout.splitlines()
    kinds = [found[1] for line in lines if (found := COMMAND.match(line))]
    assert kinds.count("error") == 10
    assert kinds.count("warning") <= 10
    assert lines[0].startswith("::error title=keraspec E001,file=specs é/bytes.keraspec.toml,"), (
        "what can't be read first"
    )
    whole = check("json", ".").stdout
    errors = sum(one["severity"] == "error" for one in json.loads(whole))
    note = next(line for line in lines if line.startswith("::notice"))
    assert note == f"::notice title=keraspec::{errors - 10} more errors are in the log: GitHub shows 10 of a kind"
    pause = next(line for line in lines if line.startswith("::stop-commands::"))
    word = pause.removeprefix("::stop-commands::")
    rest = lines[lines.index(pause) + 1 : lines.index(f"::{word}::")]
    assert len(rest) == errors - 10
    assert all(re.match(r"\S+:\d+:\d+: error\[E\d{3}\]: ", line) for line in rest)
    assert lines[-1] == f"::{word}::"
    assert check("github", ".").stdout == result.stdout


def test_a_message_in_the_log_is_no_command(folder: Path) -> None:
    text = HEAD + "".join(f'[[layers]]\ntype = "Flaten{index}\\n::warning::x"\n' for index in range(12))
    (folder / "x.keraspec.toml").write_text(text, encoding="utf-8")
    lines = check("github", "x.keraspec.toml").stdout.splitlines()
    pause = next(index for index, line in enumerate(lines) if line.startswith("::stop-commands::"))
    assert not any(line.startswith("::warning") for line in lines)
    assert all(lines[-1] != line for line in lines[pause + 1 : -1])


# GitLab


def gitlab(*arguments: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(check("gitlab", *arguments).stdout)
    jsonschema_rs.validate(json.loads((SCHEMAS / "gitlab-code-quality.json").read_text("utf-8")), found)
    return found


def test_gitlab(folder: Path) -> None:
    found = gitlab("broken.keraspec.toml", "idle.keraspec.toml")
    assert [(one["check_name"], one["severity"], one["location"]["lines"]) for one in found] == [
        ("E108", "major", {"begin": 5, "end": 5}),
        ("E103", "major", {"begin": 8, "end": 8}),
        *[("W201", "minor", {"begin": 2, "end": 2})],
    ]
    assert found[0]["location"]["path"] == "specs é/broken.keraspec.toml"
    assert found[0]["description"] == 'there is no layer called "Flaten" — did you mean "Flatten"?'
    assert gitlab("clean.keraspec.toml") == []


def test_fingerprints_stay_while_lines_move_and_are_never_shared(folder: Path) -> None:
    many(14, folder)
    before = [one["fingerprint"] for one in gitlab(".")]
    assert len(before) == len(set(before))
    for path in folder.glob("*.toml"):
        path.write_bytes(b"# moved\n\n" + path.read_bytes())
    (folder / "bytes.keraspec.toml").unlink()
    after = [one["fingerprint"] for one in gitlab(".")]
    assert len(set(before) - set(after)) == 1, "the one of the file that went away"
    assert set(after) < set(before)


# JUnit


def junit(*arguments: object) -> ElementTree.Element:
    text = check("junit", *arguments).stdout
    pytest.importorskip("xmlschema").XMLSchema(SCHEMAS / "junit.xsd").validate(text)
    return ElementTree.fromstring(text.encode())


def test_junit(folder: Path) -> None:
    root = junit(".")
    suites = {one.get("name"): one for one in root}
    assert list(suites) == [
        f"specs é/{one}.keraspec.toml" for one in ("blocks", "broken", "bytes", "clean", "empty", "idle")
    ]
    broken, clean = suites["specs é/broken.keraspec.toml"], suites["specs é/clean.keraspec.toml"]
    assert (broken.get("tests"), broken.get("failures")) == ("2", "2")
    assert (clean.get("tests"), clean.get("failures"), len(clean)) == ("1", "0", 1)
    failure = broken[0].find("failure")
    assert failure is not None
    assert failure.get("message") == 'there is no layer called "Flaten"'
    assert failure.text is not None
    assert '5 | type = "Flaten"' in failure.text
    for key in ("tests", "failures"):
        assert root.get(key) == str(sum(int(one.get(key, "")) for one in root))


def test_junit_lets_welcome_warnings_pass(folder: Path) -> None:
    assert junit("idle.keraspec.toml").get("failures") == "1"
    root = junit("idle.keraspec.toml", "--allow-warnings")
    assert root.get("failures") == "0"
    assert root.find(".//system-out") is not None
    (folder / "keraspec.toml").write_text("allow-warnings = true\n", encoding="utf-8")
    assert junit("idle.keraspec.toml").get("failures") == "0"


def test_junit_has_only_characters_of_xml(folder: Path) -> None:
    (folder / "odd.keraspec.toml").write_bytes(HEAD.encode() + b'[[layers]]\ntype = "a\\u0000b\x07\xef\xbf\xbf"\n')
    assert int(junit("odd.keraspec.toml").get("failures", "")) >= 1


def test_junit_is_read_by_another_program(folder: Path) -> None:
    parser = pytest.importorskip("junitparser")
    found = parser.JUnitXml.fromstring(check("junit", ".").stdout.encode())
    assert found.failures == sum(suite.failures for suite in found) > 4
    assert {suite.name for suite in found} >= {"specs é/clean.keraspec.toml"}


# SARIF


def sarif(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(check("sarif", *arguments).stdout)
    judge(found)
    run: dict[str, Any] = found["runs"][0]
    return run


def judge(found: dict[str, Any]) -> None:
    jsonschema_rs.validate(json.loads((SCHEMAS / "sarif-written.json").read_text("utf-8")), found)


def test_sarif(folder: Path) -> None:
    run = sarif("broken.keraspec.toml")
    rules = run["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == ["E103", "E108"]
    first = run["results"][0]
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "E108"
    assert first["level"] == "error"
    assert first["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "specs%20%C3%A9/broken.keraspec.toml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 5, "startColumn": 8, "endLine": 5, "endColumn": 16},
    }
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {"deletedRegion": first["locations"][0]["physicalLocation"]["region"], "insertedContent": {"text": '"Flatten"'}}
    ]
    assert sarif("clean.keraspec.toml")["results"] == []


def test_sarif_names_the_instances_of_blocks(folder: Path) -> None:
    run = sarif(".")
    related = [one["relatedLocations"] for one in run["results"] if "relatedLocations" in one]
    assert related
    assert [one["id"] for one in related[0]] == list(range(1, len(related[0]) + 1))


def test_sarif_is_read_by_another_program(folder: Path) -> None:
    reader = pytest.importorskip("sarif_pydantic")
    found = reader.Sarif.model_validate_json(check("sarif", ".").stdout)
    (run,) = found.runs
    assert run.tool.driver.name == "keraspec"
    assert len(run.results) == len(json.loads(check("json", ".").stdout))


def test_sarif_of_too_many_findings_has_the_worst(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keraspec.spec.reports.sarif.MOST", 3)
    every = json.loads(check("json", ".").stdout)
    run = sarif(".")
    assert len(run["results"]) == 3
    assert "E001" in {one["ruleId"] for one in run["results"]}
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"{len(every) - 3} findings more are left out")


def test_a_file_outside_the_repository_keeps_its_path(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("else where") / "x.keraspec.toml"
    path.write_text(BROKEN, encoding="utf-8")
    run = sarif(path)
    where = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "file://" + str(path).replace(" ", "%20")}


def test_there_is_no_other_format() -> None:
    with pytest.raises(KeyError):
        written("xml", Reported((), (), Path()))

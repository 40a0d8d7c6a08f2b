"""What a team's CI says of a branch: reports for machines of others, the page of the job, a comment, hooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

from ..ci.fake import serving
from .git import Repository, made, standing
from .kinds import KINDS, RENAMED

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
WRONG = "nets/base.keraspec.toml"
MARKED = "gallery/lenet5.keraspec.toml"
ABOVE = {"nets/small.keraspec.toml", "nets/large.keraspec.json"}


def check(form: str) -> str:
    result: Result = CliRunner().invoke(group, ["check", "--changed", "main", "--output-format", form])
    assert result.exit_code == 1, result.output
    return result.stdout


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """On the branch `mine`, with a mistake in the base of two others, and a conflict that somebody committed."""
    here = made(tmp_path_factory.mktemp("team") / "ci", lambda: CliRunner().invoke(group, ["git", "install"]))
    with standing(here.folder):
        text = here.read(MARKED).replace(
            '  { type = "Flatten" },\n', '<<<<<<< HEAD\n=======\n  { type = "Flatten" },\n>>>>>>> theirs\n'
        )
        here.commit("oh", {WRONG: here.read(WRONG).replace("units = 16", "units = -16"), MARKED: text})
        yield here


def schema(name: str) -> object:
    return json.loads((ROOT / "tests" / "schemas" / name).read_text("utf-8"))


def test_reports(team: Repository) -> None:
    lines = check("github").splitlines()
    # What stands in a base is said once, however many specs lie over it.
    assert [line.partition(",endLine")[0] for line in lines] == [
        f"::error title=keraspec E011,file={MARKED},line=14", f"::error title=keraspec E106,file={WRONG},line=15",
    ]  # fmt: skip
    found = json.loads(check("gitlab"))
    jsonschema_rs.validate(schema("gitlab-code-quality.json"), found)
    assert {one["location"]["path"]: one["location"]["lines"] for one in found} == {
        MARKED: {"begin": 14, "end": 17}, WRONG: {"begin": 15, "end": 15},
    }  # fmt: skip
    suites = {str(one.get("name")): one for one in ElementTree.fromstring(check("junit"))}
    touched = {one.path for one in KINDS} | {RENAMED[1], "nets/new.keraspec.toml"} | ABOVE
    assert suites.keys() == touched | {"nets/deep.keraspec.toml"}, "what includes the library is checked as well"
    assert {name for name, one in suites.items() if one.get("failures") != "0"} == {MARKED, WRONG}
    report = json.loads(check("sarif"))
    jsonschema_rs.validate(schema("sarif-written.json"), report)
    assert {one["ruleId"] for one in report["runs"][0]["results"]} == {"E011", "E106"}


def test_the_action(team: Repository, tmp_path: Path) -> None:
    """The reviewer as the action calls it, on the event of a pull request from this very branch."""
    base, head = (team.git("rev-parse", one).strip() for one in ("main", "mine"))
    event = {"action": "opened", "number": 3, "pull_request": {
        "number": 3, "head": {"sha": head, "ref": "mine"}, "base": {"sha": base, "ref": "main"}}}  # fmt: skip
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    with serving() as service:
        given = {
            "GITHUB_API_URL": service.address, "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_REPOSITORY": "octo/nets", "GITHUB_TOKEN": "t",
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "KERASPEC_PATHS": ".", "no_proxy": "*",
        }  # fmt: skip
        command = [sys.executable, "-I", "-m", "keraspec.ci", "github"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env={**os.environ, **given})
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stderr == ""
        assert f"file={MARKED},line=14" in done.stdout
        (comment,) = service.comments
    body = comment["body"].replace("\\", "")
    assert "**2 errors, 22 files checked**" in body
    assert (tmp_path / "output").read_text() == "errors=2\nwarnings=0\n"
    told = [part.partition("</b>")[0] for part in body.split("<b>")[1:]]
    assert {"nets/plain.keraspec.toml", "nets/deep.keraspec.toml", "nets/table.keraspec.json"} <= set(told)
    assert f"{MARKED}: one side can't be read as a spec" in body
    assert "2 moved or written differently" not in body
    assert f"{RENAMED[0]} → {RENAMED[1]}" in body
    assert body.count("```mermaid") == body.count("```") / 2 > 8


def test_a_hook_stops_a_conflict_that_somebody_did_not_see(team: Repository, tmp_path: Path) -> None:
    """With `git add -A` in the midst of a merge; pre-commit runs the project's own hooks."""
    program = Path(sys.executable).with_name("pre-commit")
    if not program.exists():
        pytest.skip("pre-commit is not installed")
    folder = tmp_path / "copy"
    team.git("clone", "-q", str(team.folder), str(folder))
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8").replace("language: python", "language: system")
    inner = "".join(f"      {line}\n" for line in hooks.splitlines() if "minimum_pre_commit_version" not in line)
    way = os.pathsep.join((str(program.parent), os.environ["PATH"]))
    with standing(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", way)
        patch.setenv("PRE_COMMIT_HOME", str(tmp_path / "home"))
        copy = Repository(folder)
        copy.git("checkout", "-q", "mine~1")
        copy.commit("hooks", {".pre-commit-config.yaml": f"repos:\n  - repo: local\n    hooks:\n{inner}"})
        subprocess.run([program, "install"], check=True, capture_output=True)
        CliRunner().invoke(group, ["git", "install"])
        copy.git("merge", "origin/theirs", fails=True)
        copy.git("add", "-A")
        said = copy.git("commit", "--no-edit", fails=True)
        told = said.partition("keraspec fmt")[0]
        assert told.count("error[E011]") == sum(one.choices is not None for one in KINDS) + 1, said
        assert "gallery/text_cnn.keraspec.toml:14:1: error[E011]" in told

"""The action, the templates and the hooks: against their schemas, against zizmor, and run by pre-commit itself."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from keraspec.ci.__main__ import group
from keraspec.cli import group as verbs

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
WORKFLOW = ROOT / "ci" / "templates" / "github-workflow.yml"
GITLAB = ROOT / "ci" / "templates" / "gitlab-ci.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
SCHEMAS = {
    ACTION: ("vendor.github-actions",),
    WORKFLOW: ("vendor.github-workflows",),
    GITLAB: ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


def tool(name: str) -> str:
    """A program beside this Python; the test is left out where it is not installed."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        pytest.skip(f"{name} is not installed")
    return str(found)


def run(*arguments: str, cwd: Path = ROOT, fine: tuple[int, ...] = (0,), **variables: str) -> str:
    done = subprocess.run(
        arguments, capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, **variables}
    )
    assert done.returncode in fine, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_the_schema(path: Path) -> None:
    if importlib.util.find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema is not installed")
    checker = importlib.import_module("check_jsonschema").main
    result = CliRunner().invoke(checker, ["--builtin-schema", *SCHEMAS[path], str(path)])
    assert (result.exit_code, result.output) == (0, "ok -- validation done\n")


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    said = run(tool("zizmor"), "--offline", "--pedantic", "--no-progress", str(ACTION), str(WORKFLOW))
    assert "No findings to report" in said
    bad = tmp_path / "action.yml"
    bad.write_text(
        ACTION.read_text("utf-8").replace("keraspec.ci github'", "keraspec.ci ${{ inputs.paths }}'"), "utf-8"
    )
    assert "template-injection" in run(tool("zizmor"), "--offline", "--no-progress", str(bad), fine=(11, 12, 13, 14))


def test_actions_of_others_are_named_by_commit() -> None:
    for path in (ACTION, WORKFLOW):
        for used in re.findall(r"uses: (\S+)", path.read_text("utf-8")):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", used), used


def test_the_action_gives_what_the_reviewer_takes() -> None:
    """Each input reaches the command line, under the name that it has there, and nothing is written into a script."""
    text = ACTION.read_text("utf-8")
    given = set(re.findall(r"(KERASPEC_\w+): \$\{\{ inputs", text)) - {"KERASPEC_PYTHON"}
    command = group.commands["github"]
    taken = {one.envvar for one in command.params if getattr(one, "envvar", None)}
    assert given == taken
    scripts = text.partition("runs:")[2]
    for line in scripts.splitlines():
        assert "${{" not in line or re.fullmatch(r"\s+\w+: \$\{\{ [\w.-]+ \}\}", line), line
    declared = set(re.findall(r"^  ([\w-]+):$", text.partition("inputs:")[2].partition("outputs:")[0], re.M))
    assert set(re.findall(r"inputs\.([\w-]+)", scripts)) == declared


def test_the_job_calls_the_reviewer_as_it_is() -> None:
    (script,) = re.findall(r"keraspec\.ci gitlab (.*)", GITLAB.read_text("utf-8"))
    context = group.commands["gitlab"].make_context("gitlab", shlex.split(script))
    assert str(context.params["code_quality"]) in GITLAB.read_text("utf-8").partition("codequality:")[2]
    assert str(context.params["junit"]) in GITLAB.read_text("utf-8").partition("junit: ")[2]


def test_the_hooks_are_commands() -> None:
    text = HOOKS.read_text("utf-8")
    entries = re.findall(r"entry: keraspec (\S+)(.*)", text)
    assert [verb for verb, _ in entries] == ["check", "fmt"]
    for verb, options in entries:
        command = verbs.get_command(None, verb)  # type: ignore[arg-type]
        assert command is not None
        command.make_context(verb, [*shlex.split(options), "x.keraspec.toml"])
    for pattern in re.findall(r"files: (.*)", text):
        assert re.search(pattern, "nets/a.keraspec.json")
        assert not re.search(pattern, "pyproject.toml")
    run(tool("pre-commit"), "validate-manifest", str(HOOKS))


@pytest.mark.long
def test_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    """In a repository of its own, with the hooks' own commands, as `language: system` so that nothing is fetched."""
    program = tool("pre-commit")
    name = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    about = {**name, "PATH": path, "PRE_COMMIT_HOME": str(tmp_path / "home"), "GIT_CONFIG_GLOBAL": "/dev/null"}
    here = tmp_path / "repository"
    here.mkdir()
    hooks = HOOKS.read_text("utf-8").replace("language: python", "language: system")
    inner = "".join(f"      {line}\n" for line in hooks.splitlines() if "minimum_pre_commit_version" not in line)
    (here / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{inner}", encoding="utf-8")
    good = 'keraspec = 1\ninputs.x.shape = [4]\n\n[[layers]]\ntype = "Dense"\nunits = 2\n'
    (here / "a.keraspec.toml").write_text(good, encoding="utf-8")
    run("git", "init", "-q", cwd=here, **about)
    run("git", "add", "-A", cwd=here, **about)
    run(program, "install", cwd=here, **about)
    run("git", "commit", "-q", "-m", "good", cwd=here, **about)
    (here / "a.keraspec.toml").write_text(good.replace("units = 2", "units=2\nunis = 3"), encoding="utf-8")
    run("git", "add", "-A", cwd=here, **about)
    said = run("git", "commit", "-q", "-m", "bad", cwd=here, fine=(1,), **about)
    assert "a.keraspec.toml:7:1: error[E104]" in said
    assert "files were modified by this hook" in said
    assert "units = 2\n" in (here / "a.keraspec.toml").read_text("utf-8")

"""The reviewer on GitHub and on GitLab: against a stand-in of their APIs, with events as they send them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keraspec.ci import page as pages
from keraspec.ci import review as reviews
from keraspec.ci import web
from keraspec.ci.__main__ import group
from keraspec.ci.review import reviewed

from .fake import Service, serving
from .repository import commit, git

BASE = 'keraspec = 1\ninputs.image.shape = [8]\n\n[[layers]]\nname = "digit"\ntype = "Dense"\nunits = 10\n'
BLOCKS = '[blocks.head]\nlayers = [{ type = "Dense", units = 3 }]\n'
USER = 'keraspec = 1\ninclude = ["blocks.toml"]\ninputs.x.shape = [4]\n[[layers]]\nblock = "head"\nname = "h"\n'
BEFORE = {
    "a.keraspec.toml": BASE,
    "above.keraspec.toml": 'keraspec = 1\nextends = "a.keraspec.toml"\n',
    "blocks.toml": "keraspec = 1\n" + BLOCKS,
    "first.keraspec.toml": BASE.replace("[8]", "[2]"),
    "gone.keraspec.toml": BASE.replace("[8]", "[5]").replace("digit", "d"),
    "laid.keraspec.toml": BASE,
    "old name.keraspec.toml": BASE.replace("10", "7") + 'activation = "relu"\n',
    "other.keraspec.toml": BASE,
    "user.keraspec.toml": USER,
}
AFTER = {
    "a.keraspec.toml": BASE.replace("10", "12"),
    "blocks.toml": "keraspec = 1\n" + BLOCKS.replace("3", "5"),
    "laid.keraspec.toml": BASE.replace("units = 10", "units=10   # ten"),
    "moved.keraspec.toml": BEFORE["first.keraspec.toml"],
    "new.keraspec.toml": "# Two heads.\n"
    + BASE.replace("image", "x")
    + BASE.partition("\n\n")[2].replace("digit", "e"),
    "new name.keraspec.toml": BEFORE["old name.keraspec.toml"].replace("7", "6"),
    "wrong.keraspec.toml": BASE.replace('"Dense"', '"Dense|@everyone"'),
}


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A repository, the commit where a change begins, and where it ends, which is checked out."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q", "-b", "main")
    base = commit(folder, BEFORE)
    git(folder, "checkout", "-q", "-b", "mine")
    return folder, base, commit(folder, AFTER, "first.keraspec.toml", "gone.keraspec.toml", "old name.keraspec.toml")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(web, "BACKOFF", 0)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as found:
        yield found


def pull_request(base: str, head: str, fork: bool = False) -> dict[str, Any]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request, what is read of it and around."""
    owner = "somebody" if fork else "octo"
    return {
        "action": "synchronize",
        "number": 7,
        "pull_request": {
            "url": "https://api.github.com/repos/octo/nets/pulls/7",
            "id": 1,
            "number": 7,
            "state": "open",
            "head": {
                "label": f"{owner}:mine",
                "ref": "mine",
                "sha": head,
                "repo": {"full_name": f"{owner}/nets", "fork": fork},
            },
            "base": {
                "label": "octo:main",
                "ref": "main",
                "sha": base,
                "repo": {"full_name": "octo/nets", "fork": False},
            },
        },
        "repository": {"id": 2, "full_name": "octo/nets", "default_branch": "main"},
        "sender": {"login": owner, "type": "User"},
    }


def push(before: str, after: str) -> dict[str, Any]:
    """https://docs.github.com/webhooks/webhook-events-and-payloads#push."""
    return {
        "ref": "refs/heads/mine",
        "before": before,
        "after": after,
        "created": set(before) == {"0"},
        "deleted": False,
        "forced": False,
        "commits": [],
        "repository": {"id": 2, "full_name": "octo/nets", "default_branch": "main"},
    }


class OnGitHub:
    """A runner: its files, its variables, and what a run of the action leaves in them."""

    def __init__(self, folder: Path, home: Path, service: Service) -> None:
        self.folder, self.home, self.service = folder, home, service

    def run(self, event: dict[str, Any], *options: str) -> Result:
        for name in ("summary", "output"):
            (self.home / name).write_text("", encoding="utf-8")
        (self.home / "event.json").write_text(json.dumps(event), encoding="utf-8")
        environment = {
            "GITHUB_API_URL": self.service.address,
            "GITHUB_EVENT_PATH": str(self.home / "event.json"),
            "GITHUB_OUTPUT": str(self.home / "output"),
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_REPOSITORY": "octo/nets",
            "GITHUB_SHA": "f" * 40,
            "GITHUB_STEP_SUMMARY": str(self.home / "summary"),
            "GITHUB_TOKEN": "secret-token",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return CliRunner().invoke(group, ["github", *options], env=environment)

    @property
    def summary(self) -> str:
        return (self.home / "summary").read_text("utf-8")


@pytest.fixture
def github(history: tuple[Path, str, str], tmp_path: Path, service: Service) -> OnGitHub:
    return OnGitHub(history[0], tmp_path, service)


def test_a_pull_request(github: OnGitHub, history: tuple[Path, str, str], service: Service) -> None:
    _, base, head = history
    result = github.run(pull_request(base, head))
    assert result.exit_code == 1, result.output
    assert result.output.splitlines()[0].startswith("::error title=keraspec E108,file=wrong.keraspec.toml,line=6,")
    assert (github.home / "output").read_text() == "errors=1\nwarnings=0\n"
    (comment,) = service.comments
    body = comment["body"]
    assert body.startswith("<!-- keraspec: review -->\n## keraspec\n\n**1 error, 10 files checked**\n")
    assert body.replace("<!-- keraspec: review -->\n", "") == github.summary
    parts = {
        line.partition("<b>")[2].partition("</b>")[0]: line for line in body.splitlines() if "<summary><b>" in line
    }
    assert set(parts) == {f"{one}.keraspec.toml" for one in ("a", "above", "gone", "new", "new name", "user", "wrong")}
    assert "#### Edited" in body
    assert "```mermaid" in body
    assert "old name.keraspec.toml → new name.keraspec.toml" in body.replace("\\", "")
    assert "2 moved or written differently, to no effect" in body
    assert "first.keraspec.toml → moved.keraspec.toml" in body
    assert "other.keraspec.toml" not in body
    assert "@everyone" not in body
    assert "nothing has" not in body, "a spec that is new was not wrong before"
    assert "Dense|" not in body
    assert all(one.get("Authorization") == "Bearer secret-token" for one in service.headers)
    assert "secret-token" not in result.output + github.summary


def test_one_comment_is_kept_up_to_date(github: OnGitHub, history: tuple[Path, str, str], service: Service) -> None:
    _, base, head = history
    mallory = {"login": "mallory", "id": 3, "type": "User"}
    service.comments += [{"id": number, "body": "nice", "user": mallory} for number in range(3)]
    service.comments.append({"id": 9, "body": "<!-- keraspec: review -->\nnot by us", "user": mallory})
    github.run(pull_request(base, head), "--paths", "wrong.keraspec.toml")
    assert service.asked[-1] == ("POST", "/repos/octo/nets/issues/7/comments")
    assert [one["id"] for one in service.comments] == [0, 1, 2, 9, 104]
    count = len(service.sent)
    github.run(pull_request(base, head), "--paths", "wrong.keraspec.toml")
    assert len(service.sent) == count, "what has not changed is not sent again"
    github.run(pull_request(base, head), "--paths", "a.keraspec.toml")
    assert service.asked[-1] == ("PATCH", "/repos/octo/nets/issues/comments/104")
    assert "**no errors, 1 file checked**" in service.comments[-1]["body"]
    assert service.comments[3]["body"].endswith("not by us")
    assert len(service.comments) == 5


def test_with_a_token_of_a_person(github: OnGitHub, history: tuple[Path, str, str], service: Service) -> None:
    _, base, head = history
    service.user = {"login": "octocat", "id": 5, "type": "User"}
    for _ in range(2):
        github.run(pull_request(base, head), "--paths", "a.keraspec.toml")
    assert [one["user"]["login"] for one in service.comments] == ["octocat"]


def test_from_a_fork_there_is_the_page_of_the_job(
    github: OnGitHub, history: tuple[Path, str, str], service: Service
) -> None:
    _, base, head = history
    service.read_only = True
    result = github.run(pull_request(base, head, fork=True), "--paths", "a.keraspec.toml", "--upload-sarif", "true")
    assert result.exit_code == 0
    assert "::notice title=keraspec::no comment on the pull request" in result.output
    assert "Resource not accessible by integration (403)" in result.output
    assert "nothing sent to code scanning" in result.output
    assert "a.keraspec.toml" in github.summary
    assert len([one for one in service.asked if one[0] == "POST"]) == 2, "it is not tried again"


def test_nothing_to_say_is_not_said(github: OnGitHub, history: tuple[Path, str, str], service: Service) -> None:
    _, base, head = history
    result = github.run(pull_request(base, head), "--paths", "other.keraspec.toml")
    assert (result.exit_code, service.comments) == (0, [])
    assert f"No spec means anything else than at {base[:7]}." in github.summary


@pytest.mark.parametrize(
    "troubles", [[(502, {}), (503, {"Retry-After": "0"})], [(403, {"Retry-After": "0"}), (429, {})]]
)
def test_what_passes_is_waited_for(
    github: OnGitHub, history: tuple[Path, str, str], service: Service, troubles: list[tuple[int, dict[str, str]]]
) -> None:
    _, base, head = history
    service.troubles = troubles
    github.run(pull_request(base, head), "--paths", "a.keraspec.toml")
    assert [one[0] for one in service.asked] == ["GET", "GET", "GET", "POST"]
    assert len(service.comments) == 1


def test_a_comment_is_not_written_twice_by_trying_again(service: Service) -> None:
    client = web.Web(service.address, {})
    service.troubles = [(502, {})]
    with pytest.raises(web.Refused, match=r"not now \(502\)"):
        client.send("POST", "repos/x/y/issues/1/comments", {"body": "x"})
    assert len(service.asked) == 1
    service.troubles = [(500, {})] * 9
    with pytest.raises(web.Refused):
        client.send("GET", "user")
    assert len(service.asked) == 1 + 1 + web.TRIES


def test_the_token_goes_nowhere_else(service: Service) -> None:
    with serving() as other:
        service.comments = [{"id": index} for index in range(9)]
        service.next_page = f"{other.address}/elsewhere"
        client = web.Web(service.address, {"Authorization": "Bearer x"})
        assert len(list(client.every("repos/x/y/issues/1/comments"))) == 2
        assert other.asked == []
        service.troubles = [(302, {"Location": f"{other.address}/user"})]
        with pytest.raises(web.Refused):
            client.send("GET", "user")
        assert all("Authorization" not in one for one in other.headers)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BACKOFF", 0)
    with pytest.raises(web.Refused, match=r"127\.0\.0\.1:9 does not answer"):
        web.Web("http://127.0.0.1:9", {}).send("GET", "user")


def test_a_push(github: OnGitHub, history: tuple[Path, str, str], service: Service) -> None:
    _, base, head = history
    queue = {"action": "checks_requested", "merge_group": {"base_sha": base, "head_sha": head, "base_ref": "main"}}
    for event in (push(base, head), push("0" * 40, head), queue):
        github.run(event, "--paths", "a.keraspec.toml")
        assert "<b>a.keraspec.toml</b>" in github.summary
    result = github.run(push("e" * 40, head), "--paths", "a.keraspec.toml")
    assert "what changed can't be told: check out with fetch-depth 0" in result.output
    assert github.summary == "## keraspec\n\n**no errors, 1 file checked**\n\n"
    github.run({"schedule": "0 0 * * *"}, "--paths", "a.keraspec.toml")
    assert github.summary == "## keraspec\n\n**no errors, 1 file checked**\n\n"
    assert service.asked == []


def test_only_what_changed(github: OnGitHub, history: tuple[Path, str, str]) -> None:
    _, base, head = history
    github.run(pull_request(base, head), "--only-changed", "true", "--comment", "false")
    assert "**1 error, 9 files checked**" in github.summary


def test_code_scanning(github: OnGitHub, history: tuple[Path, str, str], service: Service) -> None:
    _, base, head = history
    file = github.home / "found.sarif"
    options = ("--comment", "false", "--upload-sarif", "true", "--sarif", str(file))
    assert (
        github.run(pull_request(base, head), *options, "--paths", "wrong.keraspec.toml\na.keraspec.toml").exit_code == 1
    )
    (sent,) = service.sent
    assert service.asked == [("POST", "/repos/octo/nets/code-scanning/sarifs")]
    assert (sent["commit_sha"], sent["ref"]) == ("f" * 40, "refs/pull/7/merge")
    report = gzip.decompress(base64.b64decode(sent["sarif"])).decode()
    assert report + "\n" == file.read_text("utf-8")
    assert [one["ruleId"] for one in json.loads(report)["runs"][0]["results"]] == ["E108"]


def test_what_does_not_fit_is_named(history: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, base, _ = history
    monkeypatch.chdir(folder)
    review = reviewed(folder, [Path()], base)
    whole = pages.page(review, 900_000, "x")
    for most in (len(whole), 9000, 4000, 1500, 300):
        found = pages.page(review, most, "x")
        assert len(found) <= most
        assert found.startswith("<!-- x -->\n## keraspec\n")
        assert found.count("<details") == found.count("</details>")
        assert most < 1500 or all(one.path in found.replace("\\", "") for one in review.changes)
    monkeypatch.setattr(reviews, "MOST", 2)
    found = pages.page(reviewed(folder, [Path()], base), 60_000)
    assert "8 more changed" in found


def test_what_cannot_be_read_is_said(
    history: tuple[Path, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(history[0]), str(folder))
    (folder / "a.keraspec.toml").write_bytes(b"\xff")
    monkeypatch.chdir(folder)
    review = reviewed(folder, [Path("a.keraspec.toml"), Path("nowhere.keraspec.toml")], "HEAD")
    assert review.status == 2
    found = pages.page(review, 60_000)
    assert "a.keraspec.toml: one side can't be read as a spec" in found
    assert "nowhere.keraspec.toml: No such file" in found


# GitLab


def on_gitlab(folder: Path, service: Service, *options: str, **variables: str) -> Result:
    """A job of a merge request: https://docs.gitlab.com/ci/variables/predefined_variables/."""
    environment = {
        "CI_API_V4_URL": f"{service.address}/api/v4",
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "KERASPEC_GITLAB_TOKEN": "glpat-secret",
        **variables,
    }
    service_answer = service.answer
    service.answer = lambda method, path, body: service_answer(method, path.removeprefix("/api/v4"), body)  # type: ignore[method-assign]
    service.address += "/api/v4" if not service.address.endswith("/api/v4") else ""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(group, ["gitlab", *options], env=environment)


def test_a_merge_request(history: tuple[Path, str, str], service: Service, tmp_path: Path) -> None:
    folder, base, _ = history
    service.user = {"id": 5, "username": "project_42_bot", "login": "bot"}
    other = {"id": 6, "username": "mallory"}
    service.comments += [{"id": number, "body": "<!-- keraspec: review -->", "author": other} for number in range(3)]
    files = {name: tmp_path / name for name in ("code.json", "tests.xml")}
    options = ("--code-quality", str(files["code.json"]), "--junit", str(files["tests.xml"]))
    result = on_gitlab(folder, service, *options, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert result.exit_code == 1, result.output
    assert "wrong.keraspec.toml:6:8: error[E108]" in result.output
    assert result.output.endswith("1 error, 10 files checked\n")
    assert [one["check_name"] for one in json.loads(files["code.json"].read_text("utf-8"))] == ["E108"]
    assert 'failures="1"' in files["tests.xml"].read_text("utf-8")
    assert len(service.comments) == 4
    assert "<b>above.keraspec.toml</b>" in service.comments[-1]["body"]
    assert {one["Private-Token"] for one in service.headers if "Private-Token" in one} | {
        one["PRIVATE-TOKEN"] for one in service.headers if "PRIVATE-TOKEN" in one
    } == {"glpat-secret"}
    assert "glpat-secret" not in result.output


def test_a_note_is_kept_up_to_date(history: tuple[Path, str, str], service: Service) -> None:
    folder, base, _ = history
    service.user = {"id": 5, "username": "bot"}
    service.comments = [{"id": number, "body": "x", "author": {"id": 6}} for number in range(4)]
    service.comments.append({"id": 9, "body": "<!-- keraspec: review -->\nold", "author": {"id": 5}})
    result = on_gitlab(folder, service, "--paths", "a.keraspec.toml", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert result.exit_code == 0
    assert "<b>a.keraspec.toml</b>" in service.comments[-1]["body"]
    assert service.asked[-1] == ("PUT", "/projects/42/merge_requests/7/notes/9")


def test_without_a_token_there_are_the_reports(history: tuple[Path, str, str], service: Service) -> None:
    folder, base, _ = history
    result = on_gitlab(
        folder, service, "--paths", "a.keraspec.toml", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, KERASPEC_GITLAB_TOKEN=""
    )
    assert result.exit_code == 0
    assert "KERASPEC_GITLAB_TOKEN must hold a project access token" in result.output
    assert service.asked == []

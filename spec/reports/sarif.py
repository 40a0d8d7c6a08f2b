"""From Reported to SARIF 2.1.0, the format of GitHub's code scanning and of many editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from ..codes import codes
from ..document import Place
from ..finding import Diagnostic
from ..fixes import Fix, fixes_of
from .reported import Reported, words

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST: Final = 5_000
"""Results that GitHub shows of one file."""
BASE: Final = "%SRCROOT%"


def text(reported: Reported) -> str:
    """One run with all findings; of more than ``MOST`` the worst, and a notification that counts the rest."""
    from importlib.metadata import PackageNotFoundError, version

    every = list(zip(reported.diagnostics, reported.fingerprints(), strict=True))
    left = len(every) - MOST
    if left > 0:
        worst = {id(one) for one in reported.worst_first()[:MOST]}
        every = [pair for pair in every if id(pair[0]) in worst]
    used = sorted({one.code for one, _ in every})
    try:
        driver: dict[str, Any] = {"name": "keraspec", "semanticVersion": version("keraspec")}
    except PackageNotFoundError:
        driver = {"name": "keraspec"}
    driver["rules"] = [_rule(code) for code in used]
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if left > 0:
        said = f"{left:,} findings more are left out: {MOST:,} is the most that is shown"
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": said}}]
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {BASE: {"description": {"text": "the root of the repository"}}},
        "results": [_result(one, used.index(one.code), word, reported) for one, word in every],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    known = codes()[code]
    wrong, right = (f"```{known.language}\n{one}\n```" for one in (known.wrong, known.right))
    lesson = f"{known.text}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}\n"
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.text},
        "help": {"text": f"{known.text}\n\nWrong:\n{known.wrong}\n\nRight:\n{known.right}", "markdown": lesson},
        "defaultConfiguration": {"level": "warning" if code.startswith("W") else "error"},
    }


def _result(one: Diagnostic, index: int, fingerprint: str, reported: Reported) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": one.code,
        "ruleIndex": index,
        "level": one.severity,
        "message": {"text": words(one)},
        "locations": [{"physicalLocation": _location(one.place, reported)}],
        "partialFingerprints": {"keraspec/v1": fingerprint},
    }
    related = [
        {"id": number, "physicalLocation": _location(place, reported), "message": {"text": label}}
        for number, (label, place) in enumerate((*one.related, *one.instances), 1)
    ]
    if related:
        made["relatedLocations"] = related
    fixes = [_fix(fix, reported) for fix in fixes_of(one)]
    if fixes:
        made["fixes"] = fixes
    return made


def _location(place: Place, reported: Reported) -> dict[str, Any]:
    return {"artifactLocation": _artifact(place.source.path, reported), "region": _region(place)}


def _artifact(shown: str, reported: Reported) -> dict[str, str]:
    path = reported.path(shown)
    if path.startswith("/"):
        return {"uri": "file://" + quote(path)}
    return {"uri": quote(path), "uriBaseId": BASE}


def _region(place: Place) -> dict[str, int]:
    line, column = place.source.line_column(place.start)
    end_line, end_column = place.source.line_column(max(place.start, place.end))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(fix: Fix, reported: Reported) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(Place(fix.source, edit.start, edit.end)), "insertedContent": {"text": edit.text}}
        for edit in fix.edits
    ]
    return {
        "description": {"text": fix.words},
        "artifactChanges": [{"artifactLocation": _artifact(fix.source.path, reported), "replacements": replacements}],
    }

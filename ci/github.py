"""From a workflow run on GitHub to annotations, the page of the job, one comment, and code scanning.

https://docs.github.com/webhooks/webhook-events-and-payloads, https://docs.github.com/rest
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..changed import default_branch, fork_point, is_known
from ..revisions import RevisionError
from ..spec.reports import written
from .page import page
from .review import Review
from .web import Refused, Web

COMMENT: Final = 60_000
"""Characters of a comment; GitHub takes 65,536."""
SUMMARY: Final = 900_000
"""Of the page of a job; GitHub takes a MiB."""
MARK: Final = "keraspec: review"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why the workflow runs: the number of the pull request, and the commit to hold against, where there are such."""

    number: int | None
    base: str | None


def occasion(environment: Mapping[str, str]) -> Occasion:
    """What the event says, as GitHub wrote it to a file."""
    event: dict[str, Any] = {}
    path = environment.get("GITHUB_EVENT_PATH")
    if path and Path(path).is_file():
        event = json.loads(Path(path).read_text("utf-8"))
    if "pull_request" in event:
        return Occasion(event["pull_request"]["number"], event["pull_request"]["base"]["sha"])
    if "merge_group" in event:
        return Occasion(None, event["merge_group"]["base_sha"])
    return Occasion(None, event.get("before"))


def base_of(found: Occasion, root: Path) -> str | None:
    """The commit to compare with: where the change began; of a new branch, where it left the default branch."""
    if found.base is None:
        return None
    try:
        if set(found.base) == {"0"}:
            return fork_point(root, default_branch(root))
        return fork_point(root, found.base) if is_known(root, found.base) else None
    except RevisionError:
        return found.base if is_known(root, found.base) else None


def tell(
    review: Review, found: Occasion, environment: Mapping[str, str], *, comment: bool, upload: bool, sarif: Path | None
) -> Iterator[str]:
    """Write all that GitHub shows; the lines for the log. What GitHub refuses is told of, and is no failure."""
    yield written("github", review.reported)
    report = written("sarif", review.reported)
    if sarif is not None:
        sarif.write_text(report + "\n", encoding="utf-8")
    errors, warnings = review.counts
    _append(environment.get("GITHUB_STEP_SUMMARY"), page(review, SUMMARY, elsewhere="`keraspec diff`"))
    _append(environment.get("GITHUB_OUTPUT"), f"errors={errors}\nwarnings={warnings}\n")
    token, repository = environment.get("GITHUB_TOKEN"), environment.get("GITHUB_REPOSITORY")
    if not token or not repository:
        return
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    address = environment.get("GITHUB_API_URL") or "https://api.github.com"
    web = Web(address, {"Authorization": f"Bearer {token}", **headers})
    if comment and found.number is not None:
        try:
            keep_comment(web, repository, found.number, review)
        except Refused as error:
            yield f"::notice title=keraspec::no comment on the pull request, see the page of this job: {_said(error)}"
    if upload:
        try:
            _upload(web, repository, report, environment)
        except Refused as error:
            yield f"::notice title=keraspec::nothing sent to code scanning: {_said(error)}"


def keep_comment(web: Web, repository: str, number: int, review: Review) -> None:
    """Write the comment, or bring it up to date; where there is nothing to say there is none.

    Raises:
        Refused: if GitHub does, as it does for changes from forks.
    """
    body = page(review, COMMENT, MARK)
    for one in web.every(f"repos/{repository}/issues/{number}/comments?per_page=100"):
        if str(one.get("body") or "").startswith(f"<!-- {MARK} -->") and _is_ours(web, one):
            if one["body"].replace("\r\n", "\n").rstrip() != body.rstrip():
                web.send("PATCH", f"repos/{repository}/issues/comments/{one['id']}", {"body": body})
            return
    if review.reported.diagnostics or review.verdict.closed or review.changes or review.left:
        web.send("POST", f"repos/{repository}/issues/{number}/comments", {"body": body})


def _is_ours(web: Web, comment: Mapping[str, Any]) -> bool:
    """Whether we wrote a comment: the token of a workflow writes as a bot; a person's as that person."""
    user = comment.get("user") or {}
    if user.get("type") == "Bot":
        return True
    try:
        return bool(web.send("GET", "user")["login"] == user.get("login"))
    except Refused:
        return False


def _upload(web: Web, repository: str, report: str, environment: Mapping[str, str]) -> None:
    packed = base64.b64encode(gzip.compress(report.encode(), mtime=0)).decode()
    body = {
        "commit_sha": environment.get("GITHUB_SHA", ""),
        "ref": environment.get("GITHUB_REF", ""),
        "sarif": packed,
        "tool_name": "keraspec",
    }
    web.send("POST", f"repos/{repository}/code-scanning/sarifs", body)


def _append(path: str | None, text: str) -> None:
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


def _said(error: Refused) -> str:
    return str(error).replace("%", "%25").replace("\r", " ").replace("\n", " ")

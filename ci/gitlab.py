"""From a job on GitLab to its reports, and one note on the merge request that is kept up to date.

https://docs.gitlab.com/api/notes/#merge-requests, https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ..changed import fork_point, is_known
from ..revisions import RevisionError
from ..spec.reports import written
from .page import page
from .review import Review
from .web import Refused, Web

NOTE: Final = 200_000
"""Characters of a note; GitLab takes a million."""
MARK: Final = "keraspec: review"
TOKEN: Final = "KERASPEC_GITLAB_TOKEN"


def base_of(environment: Mapping[str, str], root: Path) -> str | None:
    """The commit where the merge request began, or what the branch was before the push."""
    for name in ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_BEFORE_SHA"):
        found = environment.get(name)
        if found and set(found) != {"0"} and is_known(root, found):
            try:
                return fork_point(root, found)
            except RevisionError:
                return found
    return None


def tell(
    review: Review, environment: Mapping[str, str], *, code_quality: Path | None, junit: Path | None
) -> Iterator[str]:
    """Write the reports and the note; the lines for the log. What GitLab refuses is told of, and is no failure."""
    from ..spec.report import report, tally

    for form, path in (("gitlab", code_quality), ("junit", junit)):
        if path is not None:
            path.write_text(written(form, review.reported) + "\n", encoding="utf-8")
    if review.reported.diagnostics:
        yield report(review.reported.diagnostics, "full") + "\n"
    yield tally(review.reported.diagnostics, len(review.verdict.files))
    number, token = environment.get("CI_MERGE_REQUEST_IID"), environment.get(TOKEN)
    project, api = environment.get("CI_PROJECT_ID"), environment.get("CI_API_V4_URL")
    if not number or not project or not api:
        return
    if not token:
        yield f"no note on the merge request: the variable {TOKEN} must hold a project access token with the scope api"
        return
    try:
        _keep_note(Web(api, {"PRIVATE-TOKEN": token}), project, number, review)
    except Refused as error:
        yield f"no note on the merge request: {error}"


def _keep_note(web: Web, project: str, number: str, review: Review) -> None:
    body = page(review, NOTE, MARK, "`keraspec diff`")
    notes = f"projects/{quote(project, safe='')}/merge_requests/{quote(number, safe='')}/notes"
    me = web.send("GET", "user")["id"]
    for one in web.every(f"{notes}?per_page=100&sort=asc&order_by=created_at"):
        if str(one.get("body") or "").startswith(f"<!-- {MARK} -->") and one["author"]["id"] == me:
            if one["body"].rstrip() != body.rstrip():
                web.send("PUT", f"{notes}/{one['id']}", {"body": body})
            return
    if review.reported.diagnostics or review.verdict.closed or review.changes or review.left:
        web.send("POST", notes, {"body": body})

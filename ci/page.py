"""From Review to Markdown: for the page of a job, and for the one comment on a change that is kept up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from ..compiler.diff.wording import title
from ..spec.finding import Diagnostic
from .review import Change, Review

FINDINGS: Final = 20
"""Findings in the table; the rest is counted."""
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def page(review: Review, most: int, mark: str = "", elsewhere: str = "the page of the job") -> str:
    """The review in at most so many characters: whole parts as long as they fit, what does not fit is named.

    ``mark`` stands first, and nobody sees it; by it the comment is found again. ``elsewhere`` is where all of it is.
    """
    head = "\n".join([*([f"<!-- {mark} -->"] if mark else []), "## keraspec", "", *_verdict(review), "", ""])
    tail = "".join(f"{line}\n" for line in _quiet(review))
    size = len(head) + len(tail) + 200
    told = [one for one in review.changes if not one.same]
    shown, dropped = "", [*review.left]
    for number, one in enumerate(told):
        part = _part(one, alone=len(told) == 1)
        names = sum(len(other.path) + 8 for other in told[number + 1 :])
        if size + len(shown) + len(part) + names > most:
            dropped.append(one.path)
        else:
            shown += part
    page = head + shown + tail
    if dropped:
        page += _listed(f"{len(dropped)} more changed, too much to be shown here; {elsewhere} has more", dropped)
    if len(page) <= most:
        return page
    count = len(told) + len(review.left)
    short = f"{head}{count} changed, too much to be shown here; {elsewhere} has more\n"
    return short if len(short) <= most else head[: most - 4].rpartition("\n")[0] + "\n\n…\n"


def _verdict(review: Review) -> Iterator[str]:
    from ..spec.report import tally

    every = review.reported.worst_first()
    yield f"**{plain(tally(every, len(review.verdict.files)))}**"
    for one in review.verdict.closed:
        yield f"\n> {plain(f'{one.filename}: {one.strerror}')}"
    if every:
        yield from ("", "| | | |", "| --- | --- | --- |")
        yield from (_row(one, review) for one in every[:FINDINGS])
        if len(every) > FINDINGS:
            yield f"| | and {len(every) - FINDINGS} more | |"


def _row(one: Diagnostic, review: Review) -> str:
    way = f"<br>{plain(one.help)}" if one.help else ""
    where = f"{review.reported.path(one.file)}:{one.line}"
    return f"| {one.severity} {one.code} | {plain(one.message)}{way} | {plain(where)} |"


def _part(one: Change, alone: bool) -> str:
    """One spec, folded; unfolded where it is the only one."""
    if one.comparison is None:
        return f"> {plain(one.path)}: {plain(one.trouble or '')}\n\n"
    words = f"<b>{_html(one.path)}</b>: {_html(title(one.comparison.changes))}"
    opened = " open" if alone else ""
    return f"<details{opened}><summary>{words}</summary>\n\n{one.comparison.markdown}\n</details>\n\n"


def _quiet(review: Review) -> Iterator[str]:
    """What needs no picture: that nothing changed, or only the layout."""
    same = [
        one.path if one.path == one.old_path else f"{one.old_path} → {one.path}" for one in review.changes if one.same
    ]
    if review.base is None:
        return
    if not review.changes and not review.left:
        yield f"No spec means anything else than at {review.base[:7]}."
    elif same:
        yield _listed(f"{len(same)} moved or written differently, to no effect", same)


def _listed(words: str, paths: list[str]) -> str:
    shown = "".join(f"\n- {plain(one)}" for one in paths[:100])
    return f"<details><summary>{_html(words)}</summary>\n{shown}\n\n</details>\n"


def plain(text: str) -> str:
    """Text in one line in which Markdown finds no marks; nobody is called by an @ in it."""
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u200b")


def _html(text: str) -> str:
    return escape(" ".join(text.split()), quote=False).replace("@", "@\u200b")

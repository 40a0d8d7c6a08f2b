"""From pages of the reference to text, and to one HTML file that needs nothing else."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from ..spec.report import Colours
from .reference import Line, Page

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.45 ui-monospace, Menlo, Consolas, monospace; }
pre { padding: .8rem 1rem; border: 1px solid #8884; border-radius: 6px; overflow-x: auto; }
h2 { margin-top: 3rem; border-bottom: 1px solid #8886; } h3 { margin-top: 2rem; }
h3 small { font-weight: normal; opacity: .7; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .25rem .6rem;
border-bottom: 1px solid #8883; } nav a { margin-right: .8rem; white-space: nowrap; }
"""


def text(page: Page, tint: Colours, width: int = 88) -> Iterator[str]:
    """A page as lines for a terminal."""
    yield f"{tint.bold}{page.name}{tint.end}  {tint.dim}{page.kind}{tint.end}"
    if page.summary:
        yield from ("", *_wrapped(page.summary, width))
    for note in page.notes:
        yield from ("", *_wrapped(note, width))
    for head, lines in page.groups:
        yield ""
        if head:
            yield f"{tint.bold}{head}{tint.end}"
        for one in lines:
            yield from _line(one, tint, width, page.kind == "family")
    if page.shapes:
        yield from (
            "",
            f"{tint.bold}What comes out (the batch axis is left out; with the example's arguments){tint.end}",
        )
        wide = max(len(one) for one, _ in page.shapes)
        yield from (f"  {one:<{wide}}  →  {other}" for one, other in page.shapes)
    if page.example:
        yield from ("", f"{tint.bold}Example{tint.end}", *(f"  {one}" for one in page.example.splitlines()))
    if page.link:
        yield from ("", f"Keras: {page.link}")


def _line(one: Line, tint: Colours, width: int, listed: bool) -> Iterator[str]:
    if listed:
        yield f"  {tint.help}{one.name}{tint.end}  {one.summary}"
        return
    default = "" if not one.default else "  required" if one.default == "required" else f"  = {one.default}"
    yield f"  {tint.help}{one.name}{tint.end}{tint.dim}{default}{tint.end}"
    yield from _wrapped(one.summary, width, "      ")
    if one.expects:
        yield from _wrapped(f"It must be {one.expects}.", width, "      ")


def _wrapped(words: str, width: int, margin: str = "") -> list[str]:
    return textwrap.wrap(
        words, max(40, width), initial_indent=margin, subsequent_indent=margin, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def html(title: str, chapters: Sequence[tuple[str, Sequence[Page]]]) -> str:
    """Pages as one HTML file."""
    parts = [
        "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>", f"<h1>{escape(title)}</h1>",
    ]  # fmt: skip
    if len(chapters) > 1:
        links = (f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name, _ in chapters)
        parts.append(f"<nav>{' '.join(links)}</nav>")
    for name, pages in chapters:
        if len(chapters) > 1:
            parts.append(f'<h2 id="{_anchor(name)}">{escape(name)}</h2>')
        for page in pages:
            parts += _html_page(page)
    return "\n".join([*parts, "</body></html>", ""])


def _anchor(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _html_page(page: Page) -> Iterator[str]:
    anchor = _anchor(f"{page.kind}-{page.name}")
    yield f'<section id="{anchor}"><h3>{escape(page.name)} <small>{escape(page.kind)}</small></h3>'
    yield from (f"<p>{escape(one)}</p>" for one in (page.summary, *page.notes) if one)
    for head, lines in page.groups:
        if head:
            yield f"<h4>{escape(head)}</h4>"
        yield "<table>"
        for each in lines:
            default = "required" if each.default == "required" else each.default and f"default: {each.default}"
            words = (escape(default), escape(each.summary), escape(each.expects))
            cells = (f"<code>{escape(each.name)}</code>", *words)
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        yield "</table>"
    if page.shapes:
        yield "<h4>What comes out</h4><table>"
        for one, other in page.shapes:
            yield f"<tr><td><code>{escape(one)}</code></td><td><code>{escape(other)}</code></td></tr>"
        yield "</table>"
    if page.example:
        yield f"<pre>{escape(page.example)}</pre>"
    if page.link:
        yield f'<p><a href="{escape(page.link)}">Keras\' page</a></p>'
    yield "</section>"

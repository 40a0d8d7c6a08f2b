"""From Looked to a page: tables, pictures and oddities in one HTML file that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from .contact_sheet import contact_sheet
from .data_words import COLUMN_HEADS, balance_rows, batch_rows, column_rows, heading, tensor_line
from .looked_at import Looked

STYLE: Final = """
:root { color-scheme: light dark; --line: #8885; --soft: #8882; --warn: #b45309; }
@media (prefers-color-scheme: dark) { :root { --warn: #fbbf24; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
table { display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .7rem; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; image-rendering: pixelated; border-radius: 4px; }
.odd { border-left: 4px solid var(--warn); background: var(--soft); padding: .4rem .8rem; margin: .6rem 0; }
.odd b { color: var(--warn); } .soft { opacity: .75; }
"""


def page(looked: Looked, title: str) -> str:
    """The page. Nothing on it is loaded from elsewhere; it is light or dark as the reader's system is."""
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(heading(looked))}</p>"]
    body.append("<h2>What looks odd</h2>")
    if not looked.suspicions:
        body.append("<p>Nothing.</p>")
    body.extend(
        f'<div class="odd"><b>{escape(one.kind)}</b> <span class="soft">{escape(one.where)}</span><br>'
        f"{escape(one.message)}<br><i>{escape(one.help)}</i></div>"
        for one in looked.suspicions
    )
    for tensor in looked.tensors:
        body.append(f"<h2>{escape(tensor.side)} {escape(tensor.name)}</h2><p>{escape(tensor_line(tensor))}</p>")
        body.append(_table(COLUMN_HEADS, column_rows(tensor.columns)))
        if tensor.pictures:
            labels = next(iter(looked.labels.values()), ())
            picture = b64encode(contact_sheet(tensor.batch, labels if tensor.side == "input" else ())).decode()
            words = f"pictures of {tensor.name}"
            body.append(f'<img alt="{escape(words)}" src="data:image/png;base64,{picture}">')
    for balance in looked.balances:
        body.append(f"<h2>Classes of {escape(balance.output)}</h2>")
        heads, rows = balance_rows(balance)
        body.append(_table(heads, rows))
    heads, rows = batch_rows(looked)
    if rows:
        body.append("<h2>The first rows of training</h2>")
        body.append(_table(heads, rows))
    content = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n{content}\n</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    lines = "\n".join("<tr>" + "".join(f"<td>{escape(one)}</td>" for one in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{lines}\n</tbody></table>"

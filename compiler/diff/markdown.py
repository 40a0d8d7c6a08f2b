"""From Changes to Markdown: for a comment on a change, with both networks as one Mermaid drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from ..draw_mermaid import escaped, too_large_for_github
from .changes import Changes, Status
from .drawing import PAINTS
from .merged import SIGN, Card, Merged, Wire
from .stretches import MOST, readable
from .wording import AS_BEFORE, Line, as_before, edited, following, quantity, ratio, title, troubles, weight_lines

ROWS: Final = 40
"""Rows of a table; of more the rest is counted."""
LONGEST: Final = 60_000
"""Characters: GitHub takes comments of 65,536."""
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_NO_WORD: Final = re.compile(r"[^A-Za-z0-9]+")


def markdown(changes: Changes) -> str:
    """The whole report. It stays below what GitHub takes as a comment: of long tables the rest is counted."""
    page = [f"### {_escaped(changes.old.label)} → {_escaped(changes.new.label)}", "", f"**{_escaped(title(changes))}**"]
    page += [line for one in troubles(changes) for line in ("", f"> {_escaped(one)}")]
    if changes.same:
        page += _folded("Written differently, to no effect", edited(changes, effective=False))
        return "\n".join(page) + "\n"
    told = edited(changes)
    if told:
        page += ["", "#### Edited", "", *_table(told)]
    if changes.parts:
        return "\n".join(page) + "\n"
    page += ["", "#### Before and after", ""]
    if as_before(changes):
        page.append(f"{AS_BEFORE[0].upper()}{AS_BEFORE[1:]}.")
    else:
        page += ["| | before | after | |", "| --- | ---: | ---: | ---: |"]
    for one in () if as_before(changes) else changes.totals:
        before, after = quantity(one.old, one.unit), quantity(one.new, one.unit)
        page.append(f"| {_escaped(one.name)} | {before} | {after} | {ratio(one)} |")
    sentence, lines = weight_lines(changes)
    page += ["", f"**Weights:** {_escaped(sentence)}."]
    page += ["", *_table(lines)] if 0 < len(lines) <= 10 else _folded("Weights that do not fit", lines)
    page += _folded("What follows", following(changes))
    page += _folded("Written differently, to no effect", edited(changes, effective=False))
    if all(one.status == "same" for one in changes.layers):
        return "\n".join(page) + "\n"
    drawing = mermaid(changes)
    if not too_large_for_github(drawing) and sum(map(len, page)) + len(drawing) < LONGEST:
        page += ["", "```mermaid", drawing.rstrip("\n"), "```"]
    return "\n".join(page) + "\n"


def _folded(name: str, lines: Sequence[Line]) -> list[str]:
    if not lines:
        return []
    return ["", f"<details><summary>{name} ({len(lines)})</summary>", "", *_table(lines), "", "</details>"]


def _table(lines: Sequence[Line]) -> Iterator[str]:
    where = any(one.where for one in lines)
    yield f"| | | |{' |' if where else ''}"
    yield f"| --- | --- | --- |{' --- |' if where else ''}"
    for one in lines[:ROWS]:
        place = f" {_escaped(one.where)} |" if where else ""
        yield f"| {_escaped(one.sign)} | {_escaped(one.subject)} | {_escaped(one.words)} |{place}"
    if len(lines) > ROWS:
        yield f"| | and {len(lines) - ROWS} more | |{' |' if where else ''}"


def _escaped(text: str) -> str:
    """Text in which Markdown finds no marks; nobody is called by an @ in it."""
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("@", "@\u200b")


def mermaid(changes: Changes) -> str:
    """Both networks as a Mermaid flowchart; drawn together where GitHub would refuse it otherwise."""
    drawing = readable(changes, lambda one: len(one.cards) <= MOST and not too_large_for_github(_flowchart(one)))
    return _flowchart(drawing)


def _flowchart(drawing: Merged) -> str:
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for card in drawing.cards:
        key = base = "n_" + _NO_WORD.sub("_", card.id).strip("_")[:48]
        number = 2
        while key in taken:
            key, number = f"{base}_{number}", number + 1
        taken.add(key)
        ids[card.id] = key
    lines = ["flowchart TD", *(f"  {ids[card.id]}{_card(card)}" for card in drawing.cards)]
    lines += [f"  {ids[wire.source]} {_arrow(wire)} {ids[wire.target]}" for wire in drawing.wires]
    for status in ("same", "added", "removed", "changed"):
        members = [ids[card.id] for card in drawing.cards if card.status == status]
        if members:
            lines += [f"  classDef {status}_card {_style(status)}", f"  class {','.join(members)} {status}_card"]
    for number, wire in enumerate(drawing.wires):
        if wire.status in ("added", "removed"):
            dashes = ",stroke-dasharray:4" if wire.status == "removed" else ""
            lines.append(f"  linkStyle {number} stroke:{PAINTS[wire.status][1].light},stroke-width:2px{dashes}")
    return "\n".join(lines) + "\n"


def _style(status: Status) -> str:
    fill, border = PAINTS[status]
    line = "" if status == "same" else ",stroke-width:2px"
    line += ",stroke-dasharray:4" if status == "removed" else ""
    return f"fill:{fill.light},stroke:{border.light},color:#1f2328{line}"


def _card(card: Card) -> str:
    text = f"<b>{escaped(SIGN[card.status] + card.name)}</b> {escaped(card.type)}"
    text += "".join(f"<br/>{escaped(one)}" for one in card.details)
    if card.closed:
        return f'[["{text}"]]'
    return f'(["{text}"])' if card.round else f'["{text}"]'


def _arrow(wire: Wire) -> str:
    label = f'"{escaped(wire.label)}"'
    return f"-. {label} .-" if wire.weights else f"-->|{label}|"

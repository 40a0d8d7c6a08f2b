"""From three texts in pieces to one with choices: what only one side changed is taken, piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .entries import content
from .layouts import in_one_layout
from .lines import Choice, merged_lines
from .order import Key, Three, identified, mapped, ordered, spans
from .pieces import Body, Piece, Way, names, text

_ORDERED: Final = ("inputs", "outputs")
"""Tables whose keys have an order that means something: a model takes and gives tensors in it."""


def merged_pieces(base: Body, ours: Body, theirs: Body) -> list[Choice]:
    """Three bodies as one. Where both sides changed the same thing differently there is a choice."""
    return _body(base, ours, theirs, ())


def keyed(pieces: tuple[Sequence[Piece], Sequence[Piece], Sequence[Piece]]) -> Three:
    """A key for each piece of three bodies: its keys, or for an entry of a list which of the entries it is."""
    keys: list[list[Key]] = [[piece.way for piece in side] for side in pieces]
    for way in dict.fromkeys(way for side in pieces for way in names(side)):
        places = [[at for at, piece in enumerate(side) if piece.listed and piece.way == way] for side in pieces]
        entries = [[side[at].value for at in where] for side, where in zip(pieces, places, strict=True)]
        for side, where, found in zip(keys, places, identified(*entries), strict=True):
            for at, key in zip(where, found, strict=True):
                side[at] = (way, key)
    return keys[0], keys[1], keys[2]


def _body(base: Body, ours: Body, theirs: Body, full: Way) -> list[Choice]:
    """Three bodies to which the keys ``full`` lead."""
    base, ours, theirs = in_one_layout(base, ours, theirs, full)
    keys = keyed((base.pieces, ours.pieces, theirs.pieces))
    b, o, t = (dict(mapped(side, body.pieces)) for side, body in zip(keys, (base, ours, theirs), strict=True))
    fates = {key: _fate(b.get(key), o.get(key), t.get(key)) for key in {*b, *o, *t}}

    def alike(new: Key, there: Key) -> bool:
        """What ours put in stands first, but an entry is not parted from its list by a section."""
        one, other = t[new], o[there]
        return not one.entry or (other.entry and one.way == other.way)

    def kept(key: Key) -> bool:
        return fates[key] is not None

    whole, _ = ordered(*keys, kept=kept, alike=alike)
    if ours.form == "section":  # what stands below a header belongs to it: keys of the table itself come before
        whole = sorted(whole, key=lambda key: _below_header(o.get(key) or t[key]))
    order = list(whole), list(whole)
    # The order of keys says nothing. What says something is ordered among its like, whatever stands around it.
    families = {key: _family(piece, full) for key, piece in (b | t | o).items()}
    for family in dict.fromkeys(one for one in families.values() if one is not None):
        like = tuple([key for key in side if families[key] == family] for side in keys)
        places = [at for at, key in enumerate(whole) if families[key] == family]
        for one, own in zip(order, ordered(like[0], like[1], like[2], kept=kept, alike=alike), strict=True):
            for at, key in zip(places, own, strict=True):
                one[at] = key
    start, back = spans(*order)
    comma = _pick(base.last_comma, ours.last_comma, theirs.last_comma)
    found = _side_by_side(base.open, ours.open, theirs.open)
    commas = ours.form != "section"
    shown = [[key for key in one if key in fates and _there(fates[key], side)] for side, one in enumerate(order)]
    last = [one[-1] if one else None for one in shown]
    rendered: dict[Key, list[Choice]] = {}
    for key in dict.fromkeys([*order[0], *order[1]]):
        ends = [commas and (comma or key != last[side]) for side in (0, 1)]
        rendered[key] = _piece(b.get(key), o.get(key), t.get(key), ends, full)
    for key in order[0][:start]:
        found += rendered[key]
    end = len(order[0]) - back
    if start < end:
        middle = ["".join(one[side] for key in order[side][start:end] for one in rendered[key]) for side in (0, 1)]
        found.append((middle[0], middle[1]))
        for key in order[0][end:]:
            found += rendered[key]
    return [*found, *_side_by_side(base.close, ours.close, theirs.close)]


def _below_header(piece: Piece) -> bool:
    return isinstance(piece.body, Body) and piece.body.form == "section"


def _family(piece: Piece, full: Way) -> Way | None:
    """The pieces among which the place of one says anything: a list's entries, and inputs and outputs."""
    way = (*full, *piece.way)
    return way if piece.listed else way[:1] if way[0] in _ORDERED else None


def _pick(base: Any, ours: Any, theirs: Any) -> Any:
    return theirs if ours == base else ours


def _fate(base: Piece | None, ours: Piece | None, theirs: Piece | None) -> str | None:
    """On which sides a piece is there in the end: ``both``; ``ours`` or ``theirs`` in conflict; None if it is gone."""
    if ours is not None and theirs is not None:
        return "both"
    one = ours if theirs is None else theirs
    if one is None:
        return None
    if base is None:
        return "both"
    if content(base.value) == content(one.value):
        return None
    return "ours" if theirs is None else "theirs"


def _there(fate: str | None, side: int) -> bool:
    return fate == "both" or fate == ("ours", "theirs")[side]


def _piece(
    base: Piece | None, ours: Piece | None, theirs: Piece | None, commas: Sequence[bool], full: Way
) -> list[Choice]:
    """One piece that is there on one side at least."""
    if ours is None or theirs is None:
        one = ours if theirs is None else theirs
        assert one is not None
        texts = [one.text(comma) for comma in commas]
        fate = _fate(base, ours, theirs)
        return [(texts[0] if _there(fate, 0) else "", texts[1] if _there(fate, 1) else "")]
    if base is None and _other_kind(ours.value, theirs.value):
        return [(ours.text(commas[0]), theirs.text(commas[1]))]
    found = _comments(base.lead if base is not None else None, ours.lead, theirs.lead)
    found += _side_by_side(base.head if base is not None else None, ours.head, theirs.head)
    found += _inner(base, ours, theirs, (*full, *ours.way))
    found.append(("," if commas[0] else "", "," if commas[1] else ""))
    return [*found, *_side_by_side(base.tail if base is not None else None, ours.tail, theirs.tail)]


def _other_kind(ours: Any, theirs: Any) -> bool:
    """Whether two new things of one name are different things."""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return False
    return any(ours.get(way) != theirs.get(way) for way in ("type", "block", "reuse"))


def _inner(base: Piece | None, ours: Piece, theirs: Piece, full: Way) -> list[Choice]:
    """The value of a piece."""
    one, other = ours.body, theirs.body
    if isinstance(one, Body) and isinstance(other, Body) and one.form == other.form:
        below = base.body if base is not None else None
        if base is None or (isinstance(below, Body) and below.form == one.form):
            empty = Body(one.form, one.open, (), one.close, one.last_comma)
            return _body(below if isinstance(below, Body) else empty, one, other, full)
    texts = [body if isinstance(body, str) else text(body) for body in (one, other)]
    said, heard = content(ours.value), content(theirs.value)
    if said == heard:
        return (
            _side_by_side(None if base is None else _text(base), *texts) if texts[0] == texts[1] else [(texts[0],) * 2]
        )
    before = content(base.value) if base is not None else None
    if said == before:
        return [(texts[1], texts[1])]
    if heard == before:
        return [(texts[0], texts[0])]
    return [(texts[0], texts[1])]


def _text(piece: Piece) -> str:
    return piece.body if isinstance(piece.body, str) else text(piece.body)


def _side_by_side(base: str | None, ours: str, theirs: str) -> list[Choice]:
    """A stretch of text; where both only moved blanks, ours holds."""
    if ours == theirs or theirs == base:
        return [(ours, ours)]
    if ours == base:
        return [(theirs, theirs)]
    if ours.split() == theirs.split() or (base is not None and theirs.split() == base.split()):
        return [(ours, ours)]
    if base is not None and ours.split() == base.split():
        return [(theirs, theirs)]
    return [(ours, theirs)]


def _comments(base: str | None, ours: str, theirs: str) -> list[Choice]:
    """The lines above a piece."""
    found = _side_by_side(base, ours, theirs)
    if found[0][0] == found[0][1] or "\n" not in f"{base}{ours}{theirs}":
        return found
    lines = [one.splitlines(keepends=True) for one in (base or "", ours, theirs)]
    for fewer, more in ((lines[1], lines[2]), (lines[2], lines[1])):
        # What one took away and what the other put in beside it have nothing to do with each other.
        if not _beyond(fewer, lines[0]) and not _beyond(lines[0], more):
            whole = "".join([*fewer, *_beyond(more, lines[0])])
            return [(whole, whole)]
    return merged_lines(base or "", ours, theirs)


def _beyond(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """The lines, blanks and empty ones apart, that are not among the others."""
    known = {one.strip() for one in others}
    return [one for one in lines if one.strip() and one.strip() not in known]

"""From three bodies to the same three in one layout: what one side wrote in another way, all write so.

``[training]`` and ``training.epochs = 3``, ``[[layers]]`` and ``layers = [ … ]``, ``[layers.call]`` and ``call = {…}``
say the same in other pieces. Pieces are only compared once they are alike; no comment is lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..format import comments
from ..to_toml import key as toml_key
from .entries import paired
from .pieces import Body, Piece, Way
from .toml_pieces import NoPiecesError, toml_pieces

MARGIN: Final = "  "


@dataclass(slots=True)
class _Node:
    """A value with its comments, however it is laid out; a leaf is its text. ``apart``: it had a header of its own."""

    value: str | dict[str, _Node] | list[_Node]
    lead: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    plain: Any = None
    apart: bool = False


def in_one_layout(base: Body, ours: Body, theirs: Body, full: Way) -> tuple[Body, Body, Body]:
    """Three bodies in which the same tables and lists are laid out alike: as that side has them that changed it.

    ``full`` are the keys that lead to them from the root, for the headers below.
    """
    bodies = [base, ours, theirs]
    if len({one.form for one in bodies}) > 1 or base.form == "list":
        return base, ours, theirs
    for name in dict.fromkeys(piece.way[0] for one in bodies for piece in one.pieces):
        groups = [_group(one, name) for one in bodies]
        model = _model(groups)
        if model is None:
            continue
        for at in range(3):
            if groups[at] and _clash(groups[at], groups[model]):
                try:
                    bodies[at] = _laid_again(bodies[at], name, bodies[model], full)
                except NoPiecesError:
                    return base, ours, theirs
    return bodies[0], bodies[1], bodies[2]


def _group(body: Body, name: str) -> list[Piece]:
    """The pieces that make up one key of a body."""
    return [piece for piece in body.pieces if piece.way[0] == name]


def _model(groups: Sequence[Sequence[Piece]]) -> int | None:
    """The side whose layout holds for all, if they differ: that which changed it, and ours if both did."""
    base, ours, theirs = groups
    if not any(_clash(one, other) for one, other in ((base, ours), (base, theirs), (ours, theirs))):
        return None
    return 2 if not ours or (theirs and _clash(base, theirs) and not _clash(base, ours)) else 1


def _clash(one: Sequence[Piece], other: Sequence[Piece]) -> bool:
    """Whether pieces of two sides hold the same things in different ways."""
    return _cut_otherwise(one, other) or _cut_otherwise(other, one)


def _cut_otherwise(one: Sequence[Piece], other: Sequence[Piece]) -> bool:
    known = {piece.way for piece in other}
    for piece in one:
        for there in other:
            if piece.way == there.way:
                if {_kind(piece), _kind(there)} in ({"entry", "list"}, {"section", "table"}):
                    return True
            elif there.way[: len(piece.way)] == piece.way and piece.way not in known and isinstance(piece.value, dict):
                return True
    return False


def _kind(piece: Piece) -> str:
    if piece.entry:
        return "entry"
    return piece.body.form if isinstance(piece.body, Body) else "leaf"


# ---------------------------------------------------------------- taking apart


def _table(pieces: Sequence[Piece]) -> dict[str, _Node]:
    """What pieces hold, whatever way they are cut in."""
    found: dict[str, _Node] = {}
    for piece in pieces:
        holder = found
        apart = piece.entry or _kind(piece) == "section"
        for key in piece.way[:-1]:
            inner = holder.setdefault(key, _Node({}, apart=apart)).value
            if not isinstance(inner, dict):
                raise NoPiecesError
            holder = inner
        last, node = piece.way[-1], _node(piece)
        there = holder.get(last)
        if piece.entry:
            rows = holder.setdefault(last, _Node([], plain=[], apart=True))
            if not isinstance(rows.value, list):
                raise NoPiecesError
            rows.value.append(node)
            rows.plain.append(piece.value)
        elif there is not None and isinstance(there.value, dict) and isinstance(node.value, dict):
            there.value |= node.value
            there.lead += node.lead
        else:
            holder[last] = node
    return found


def _node(piece: Piece) -> _Node:
    body = piece.body
    lead, tail = comments(piece.lead) + comments(piece.head), comments(piece.tail)
    if isinstance(body, str):
        return _Node(body, lead, tail, piece.value)
    if body.form == "list":
        rows = [_node(one) for one in body.pieces]
        return _Node(rows, lead + comments(body.open), comments(body.close) + tail, piece.value)
    return _Node(_table(body.pieces), lead, tail, piece.value, apart=body.form == "section")


def _inner(node: _Node) -> Iterator[str]:
    """The comments inside a value, which have no place between braces."""
    parts = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    for one in parts:
        yield from (*one.lead, *_inner(one), *one.tail)


# ---------------------------------------------------------------- writing anew


@dataclass(slots=True)
class _Written:
    """Lines of pairs, and behind them sections with a header each."""

    pairs: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)


def _laid_again(body: Body, name: str, model: Body, full: Way) -> Body:
    """A body in which a key is laid out as the model has it, and at the place where the model has it."""
    node = _table(_group(body, name))[name]
    written = _Written()
    _write(written, name, node, _group(model, name), full, (), braces=body.form == "table")
    if body.form == "table":
        inner = ", ".join("".join(written.pairs).splitlines())
        braces = toml_pieces(f"v = {{ {inner} }}\n").pieces[0].body
        made = braces.pieces if isinstance(braces, Body) else ()
    else:
        made = tuple(
            Piece(one.way[len(full) :] if _apart(one) else one.way, one.entry, one.lead, one.head, one.body, one.tail,
                  one.value)
            for one in toml_pieces("".join((*written.pairs, *written.sections))).pieces
        )  # fmt: skip
    return Body(body.form, body.open, _placed(body, made, name, model), body.close, body.last_comma)


def _placed(body: Body, made: Sequence[Piece], name: str, model: Body) -> tuple[Piece, ...]:
    """The other pieces of a body and those ``made``, where the model has them; pairs stay before sections."""
    rest = [piece for piece in body.pieces if piece.way[0] != name]
    first = next(at for at, piece in enumerate(model.pieces) if piece.way[0] == name)
    before = {piece.way for piece in model.pieces[:first]}
    at = max((place + 1 for place, piece in enumerate(rest) if piece.way in before), default=0)
    border = next((place for place, piece in enumerate(rest) if _apart(piece)), len(rest))
    pairs, sections = [one for one in made if not _apart(one)], [one for one in made if _apart(one)]
    low, high = min(at, border), max(at, border)
    return (*rest[:low], *pairs, *rest[low:high], *sections, *rest[high:])


def _apart(piece: Piece) -> bool:
    return _kind(piece) in ("entry", "section")


def _write(
    out: _Written, key: str, node: _Node, model: Sequence[Piece], full: Way, prefix: Way, *, braces: bool = False
) -> None:  # bounded: tables are at most 64 deep
    """Write a key of a table as the ``model`` has it: its pieces that begin with that key."""
    one = model[0] if len(model) == 1 and len(model[0].way) == 1 else None
    kinds = {_kind(piece) for piece in model}
    way = (*full, *prefix, key)
    if isinstance(node.value, dict):
        if one is not None and _kind(one) == "section" and isinstance(one.body, Body):
            _section(out, f"[{_dotted(way)}]", node, one.body.pieces, way)
        elif model and one is None and "entry" not in kinds:
            _spread(out, key, node, model, full, prefix)
        elif not model and node.apart and not braces:
            _section(out, f"[{_dotted(way)}]", node, (), way)
        else:
            _pair(out, key, node, one, prefix)
    elif isinstance(node.value, list) and _are_tables(node.value) and not braces and (kinds == {"entry"} or (
        not model and node.apart
    )):  # fmt: skip
        pairs = paired([piece.value for piece in model], node.plain)
        for at, row in enumerate(node.value):
            body = model[pairs[at]].body if at in pairs else None
            row.lead = (node.lead if at == 0 else []) + row.lead + (node.tail if at == len(node.value) - 1 else [])
            _section(out, f"[[{_dotted(way)}]]", row, body.pieces if isinstance(body, Body) else (), way)
    else:
        _pair(out, key, node, one, prefix)


def _are_tables(rows: Sequence[_Node]) -> bool:
    return bool(rows) and all(isinstance(row.value, dict) for row in rows)


def _spread(out: _Written, key: str, node: _Node, model: Sequence[Piece], full: Way, prefix: Way) -> None:
    """A table whose keys the model has with dotted names, or below headers of their own."""
    assert isinstance(node.value, dict)
    deeper = [
        Piece(piece.way[1:], piece.entry, piece.lead, piece.head, piece.body, piece.tail, piece.value)
        for piece in model
        if len(piece.way) > 1
    ]
    dotted = any(not _apart(piece) for piece in model)
    made = _Written()
    inside = (*prefix, key) if dotted else ()
    for name, child in node.value.items():
        own = [piece for piece in deeper if piece.way[0] == name]
        _write(made, name, child, own, full if dotted else (*full, *prefix, key), inside, braces=dotted and not own)
    lead = [f"{words}\n" for words in (*node.lead, *node.tail)]
    if dotted or not made.pairs:
        target = made.pairs or made.sections
        target[:0] = lead
        out.pairs += made.pairs
    else:
        out.sections += ["\n", *lead, f"[{_dotted((*full, *prefix, key))}]\n", *made.pairs]
    out.sections += made.sections


def _section(out: _Written, header: str, node: _Node, model: Sequence[Piece], full: Way) -> None:
    """A table below a header."""
    assert isinstance(node.value, dict)
    made = _Written()
    for name, child in node.value.items():
        _write(made, name, child, [piece for piece in model if piece.way[0] == name], full, ())
    lead = [f"{words}\n" for words in (*node.lead, *node.tail)]
    out.sections += ["\n", *lead, f"{header}\n", *made.pairs, *made.sections]


def _pair(out: _Written, key: str, node: _Node, model: Piece | None, prefix: Way) -> None:
    """A key and its value on one line, a list of tables where the model breaks its lines one a line."""
    name = _dotted((*prefix, key))
    body = model.body if model is not None and isinstance(model.body, Body) else None
    lead, tail = list(node.lead), list(node.tail)
    if isinstance(node.value, list) and node.value and (body is None or "\n" in body.open or any(_inner(node))):
        margin = MARGIN
        if body is not None and body.pieces:
            blanks = body.pieces[0].lead.rpartition("\n")[2]
            margin = blanks if blanks and not blanks.strip() else MARGIN
        out.pairs += [f"{words}\n" for words in lead]
        rows = []
        for at, row in enumerate(node.value):
            rows += [f"{margin}{words}\n" for words in (*row.lead, *_inner(row))]
            comma = "," if at < len(node.value) - 1 or body is None or body.last_comma else ""
            rows.append(f"{margin}{_flat(row)}{comma}{_tail(row.tail)}\n")
        out.pairs.append(f"{name} = [\n{''.join(rows)}]{_tail(tail)}\n")
        return
    out.pairs += [f"{words}\n" for words in (*lead, *_inner(node))]
    out.pairs.append(f"{name} = {_flat(node)}{_tail(tail)}\n")


def _flat(node: _Node) -> str:
    """A value on one line, as far as its own texts have but one."""
    if isinstance(node.value, str):
        return node.value
    if isinstance(node.value, Mapping):
        inner = ", ".join(f"{toml_key(key)} = {_flat(one)}" for key, one in node.value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return f"[{', '.join(_flat(one) for one in node.value)}]"


def _tail(words: Sequence[str]) -> str:
    return f"  {' '.join(words)}" if words else ""


def _dotted(way: Way) -> str:
    return ".".join(map(toml_key, way))

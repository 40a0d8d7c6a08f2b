"""From text that holds `${…}` to its value.

A string that is one whole `${…}` has the value of the expression, whatever its type; otherwise the values are put
into the text, and `$${` stands for `${`. An expression has the names that it is given, arithmetic, comparison,
`and or not`, `a if c else b`, lists, indexing, text in single quotes, `true false none` and the functions in
FUNCTIONS, with the meaning that Python gives to them; but booleans are no numbers, the text none is none, and every
result is bounded: whole numbers by 64 bits, lists, texts and the work by numbers of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .document import HOLE
from .expression_evaluate import unknown, value_of
from .expression_functions import FUNCTIONS, Function
from .expression_nodes import Name, Node
from .expression_tokens import ExpressionError, tokens_from
from .expression_tree import RESERVED, Parser
from .expression_values import LONGEST_TEXT, Budget, Run, Unreadable, as_text

__all__ = [
    "FUNCTIONS", "RESERVED", "Budget", "ExpressionError", "Value", "bare", "evaluate", "has_expression", "names_in",
    "parts_of",
]  # fmt: skip

Value = Any
"""`None`, `bool`, `int`, `float`, `str`, a list of values, or a table of values; HOLE where one could not be read."""

_OPENING = re.compile(r"\$\$\{|\$\{")
_WORD = re.compile(r"'[^']*'|(?<![\w.])[^\W\d]\w*(?!\w)(?!\s*\()")


@dataclass(frozen=True, slots=True)
class _Template:
    """A string taken apart: texts and expressions in turn, and the names that these use."""

    parts: tuple[str | Node, ...]
    whole: bool
    names: tuple[Name, ...]


def evaluate(text: str, names: Mapping[str, Any], *, budget: Budget | None = None) -> Value:
    """The value of a string.

    A list or table that comes whole from ``names`` is that object itself: nobody may change it. ``budget`` may be
    shared by many expressions, to bound the work for all of them. A value in ``names`` that is HOLE makes the
    result HOLE wherever it is needed. All names must be there, those of a choice not taken too.

    Raises:
        ExpressionError: E601 if it can't be read, E602 for a name that nothing has, E603 for a value of the wrong
            kind, E604 for a result that there is not, E605 beyond a bound.
    """
    if "${" not in text:
        return text
    try:
        template = _template(text)
    except RecursionError:
        raise ExpressionError("E605", "the expression is nested too deeply", 0, len(text)) from None
    for name in template.names:
        if name.name not in names:
            raise unknown(name, names)
    run = Run(text, names, Budget() if budget is None else budget)
    try:
        if template.whole:
            return _value(run, template.parts[0])
        return _filled(run, template)
    except Unreadable:
        return HOLE
    except RecursionError:
        raise ExpressionError("E605", "the values are nested too deeply", 0, len(text)) from None


def bare(text: str, names: Mapping[str, Any], functions: Mapping[str, Function] = FUNCTIONS) -> Value:
    """The value of an expression that stands without `${}`; it may call ``functions``.

    Raises:
        ExpressionError: see ``evaluate``; its places are those in ``text``.
    """
    whole = f"${{{text}}}"
    try:
        tokens = tokens_from(whole, 0, named=any(function.keywords for function in functions.values()))
        if tokens[-1].end != len(whole):
            stray = tokens[-1].end - 1
            raise ExpressionError("E601", "this `}` closes nothing", stray, stray + 1, "take it away")
        parser = Parser(whole, tokens, functions)
        node = parser.whole(0)
        for name in parser.names:
            if name.name not in names:
                raise unknown(name, names)
        return value_of(Run(whole, names, Budget(), functions), node)
    except Unreadable:
        return HOLE
    except RecursionError:
        raise ExpressionError("E605", "the expression is nested too deeply", 0, len(text)) from None
    except ExpressionError as error:
        end = min(max(error.end - 2, 0), len(text))
        raise ExpressionError(error.code, error.message, max(min(error.start - 2, end), 0), end, error.help) from None


def _value(run: Run, part: str | Node) -> Value:
    assert not isinstance(part, str)
    return value_of(run, part)


def _filled(run: Run, template: _Template) -> str:
    found: list[str] = []
    length = 0
    for part in template.parts:
        if isinstance(part, str):
            found.append(part)
        else:
            value = value_of(run, part)
            if isinstance(value, list):
                run.weigh(part, value)
            try:
                found.append(as_text(run.bounded(part, value)))
            except (TypeError, ValueError):  # of a list that holds a table, or a number of thousands of digits
                wants = "only numbers, texts, booleans and lists of them can be put into text"
                raise run.wrong_kind(part, value, wants) from None
        length += len(found[-1])
        if length > LONGEST_TEXT and not isinstance(part, str):
            raise run.too_large(part, f"the text comes to more than {LONGEST_TEXT:,} characters")
    return "".join(found)


def names_in(text: str) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """The names that the expressions of a string use, in order, each with the places where it stands.

    Constants and functions are none of them. Of an expression that can't be read those that seem to be names are
    given, so that nobody calls a parameter unused for a slip elsewhere; nothing is raised.
    """
    if "${" not in text:
        return {}
    try:
        found = [(name.name, (name.start, name.end)) for name in _template(text).names]
    except (ExpressionError, RecursionError):
        start = next((match.end() for match in _OPENING.finditer(text) if match[0] == "${"), len(text))
        found = [
            (match[0], match.span())
            for match in _WORD.finditer(text, start)
            if match[0][0] != "'" and match[0] not in RESERVED and match[0] not in FUNCTIONS
        ]
    places: dict[str, tuple[tuple[int, int], ...]] = {}
    for name, place in found:
        places[name] = (*places.get(name, ()), place)
    return places


def parts_of(text: str) -> tuple[str | Node, ...]:
    """A string taken apart: texts, and the trees of the expressions between them.

    Raises:
        ExpressionError: if an expression can't be read.
    """
    return _template(text).parts


def has_expression(text: str) -> bool:
    """Whether a string holds an expression, well-formed or not; `$${` alone is none, though ``evaluate`` changes it."""
    return "${" in text and any(match[0] == "${" for match in _OPENING.finditer(text))


@lru_cache(maxsize=8192)
def _template(text: str) -> _Template:
    """Take a string apart.

    Raises:
        ExpressionError: see ``evaluate``.
    """
    parts: list[str | Node] = []
    names: list[Name] = []
    plain: list[str] = []
    at = 0
    while match := _OPENING.search(text, at):
        plain.append(text[at : match.start()])
        if match[0] == "$${":
            plain.append("${")
            at = match.end()
            continue
        tokens = tokens_from(text, match.start())
        parser = Parser(text, tokens)
        node = parser.whole(match.start())
        names.extend(parser.names)
        if before := "".join(plain):
            parts.append(before)
        parts.append(node)
        plain.clear()
        at = tokens[-1].end
    plain.append(text[at:])
    if rest := "".join(plain):
        parts.append(rest)
    return _Template(tuple(parts), len(parts) == 1 and not isinstance(parts[0], str), tuple(names))

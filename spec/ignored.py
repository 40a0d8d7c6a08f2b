"""From diagnostics to those that no comment silences: ``# keraspec: ignore[W301]``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .document import Place, Source
from .finding import Diagnostic, Finding

_MARK: Final = "keraspec:"
_COMMENT: Final = re.compile(r"#\s*keraspec:\s*ignore\s*(?:\[([^\]\n]*)\])?(?=\s|#|$)", re.IGNORECASE)
_TOKEN: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\[^\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*",
    re.DOTALL,
)
_BRACKET: Final = re.compile(r"^[ \t]*\[", re.M)
_OWN_LINE: Final = re.compile(r"[ \t]*(?:#[^\n]*)?\r?$", re.M)
_LOUD: Final = ("E0", "E9", "W102")
"""Codes that no comment silences: what can't be read has no lines to speak of."""


@dataclass(slots=True)
class _Silence:
    """One comment: its place, the codes it names (none: all), the lines it holds for, and the codes it was good for."""

    place: Place
    codes: tuple[tuple[str, Place], ...]
    first: int
    last: int
    used: set[str] = field(default_factory=set)

    def covers(self, one: Diagnostic) -> bool:
        """Whether it silences a diagnostic, which is noted."""
        if not self.first <= one.line <= self.last:
            return False
        named = {code for code, _ in self.codes}
        if named and one.code not in named:
            return False
        self.used.add(one.code)
        return True


def without_silenced_warnings(diagnostics: Sequence[Diagnostic], source: Source) -> tuple[Diagnostic, ...]:
    """What a spec's own text leaves to be said: no warnings that a comment silences, and W102 for idle comments.

    Errors stay, for a spec that has one can't be built whatever its comments say. While there are others than silenced
    ones, what stands further on may not have been looked at: then no comment is called idle.
    """
    silences = _of_all(diagnostics, source)
    if not silences:
        return tuple(diagnostics)
    judged = [(one, _covered(one, silences)) for one in diagnostics]
    kept = [one for one, covered in judged if not covered or one.severity == "error"]
    if not any(one.severity == "error" and not covered for one, covered in judged):
        kept += [idle for silence in silences.get(id(source), ()) for idle in _idle(silence)]
    return tuple(kept)


def without_silenced(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What `check` reports: no errors either that a comment silences."""
    silences = _of_all(diagnostics)
    return tuple(one for one in diagnostics if not _covered(one, silences)) if silences else tuple(diagnostics)


def _of_all(diagnostics: Sequence[Diagnostic], source: Source | None = None) -> dict[int, list[_Silence]]:
    """The comments of each text that diagnostics speak of."""
    every = [one.place.source for one in diagnostics]
    sources = {id(one): one for one in ([*every, source] if source is not None else every) if _MARK in one.text}
    found = {key: _silences(one) for key, one in sources.items() if not one.path.lower().endswith(".json")}
    return {key: silences for key, silences in found.items() if silences}


def _covered(one: Diagnostic, silences: dict[int, list[_Silence]]) -> bool:
    """Whether a comment silences a diagnostic; all that do so were of use."""
    if one.code.startswith(_LOUD):
        return False
    return sum(silence.covers(one) for silence in silences.get(id(one.place.source), ())) > 0


def _silences(source: Source) -> list[_Silence]:
    text = source.text
    found: list[_Silence] = []
    for token in _TOKEN.finditer(text):
        start = token.start()
        comment = _COMMENT.search(token[0]) if token[0][0] == "#" and _MARK in token[0].lower() else None
        if comment is None:
            continue
        codes: list[tuple[str, Place]] = []
        for word in re.finditer(r"[^\s,]+", comment[1] or ""):
            at = start + comment.start(1) + word.start()
            codes.append((word[0].upper(), Place(source, at, at + len(word[0]))))
        line, column = source.line_column(start)
        own = not text[start - column + 1 : start].strip()
        first, last = _reach(source, _next_line(source, line) if own else line)
        found.append(_Silence(Place(source, start, start + len(token[0].rstrip())), tuple(codes), first, last))
    return found


def _next_line(source: Source, line: int) -> int:
    """The first line below that is more than a comment."""
    at = source.offset(line, 1)
    while (found := _OWN_LINE.match(source.text, at)) is not None:
        at = found.end() + 1
        if at > len(source.text):
            return line
    return source.line_column(at)[0]


def _reach(source: Source, line: int) -> tuple[int, int]:
    """The lines that a comment at a line holds for: of a header, all to the next one."""
    from .toml_keys import is_header  # most specs have no such comment

    at = source.offset(line, 1)
    if not is_header(source.text, at):
        return line, line
    later = (found.start() for found in _BRACKET.finditer(source.text, at + 1))
    end = next((start for start in later if is_header(source.text, start)), len(source.text) + 1)
    return line, source.line_column(end - 1)[0]


def _idle(silence: _Silence) -> list[Diagnostic]:
    """The warnings about codes, or a whole comment, for which there was no use."""
    from .codes import codes
    from .words import closest

    if not silence.codes:
        if silence.used:
            return []
        return [_warning("this comment silences nothing: there is nothing to report here", silence.place, None)]
    warnings = []
    for code, place in silence.codes:
        if code in silence.used:
            continue
        if code not in codes():
            near = closest(code, codes())
            words, way = f"there is no code `{code}` to be silent about", f"did you mean `{near}`?" if near else None
        elif code.startswith(_LOUD):
            words, way = f"`{code}` can't be silenced by a comment", None
        else:
            words, way = f"this comment silences nothing: there is no {code} here", None
        warnings.append(_warning(words, place, way))
    return warnings


def _warning(words: str, place: Place, way: str | None) -> Diagnostic:
    finding = Finding("W102", words, help=way or "take it away", place=place)
    return Diagnostic(finding, place)

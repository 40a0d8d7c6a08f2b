"""The noun Finding: what is wrong, at which pointer; and Diagnostic: a finding with its place in a text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from .document import Document, Part, Place, Pointer

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that helps to see what is wrong, with the words that stand beside it; ``place`` if it is known."""

    label: str
    pointer: Pointer
    part: Part = "value"
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    ``code`` is in ``spec.codes``; ``message`` says what was expected and what was found; ``help`` says what to
    do; ``label`` stands beside the underlined text. ``shapes`` are the ways by which tensors came to the shapes
    they have at that place, one line each. ``inside`` narrows the place to a stretch of the value's
    own characters: offsets from the start of its text as written, quotes included. A finding about text that
    could not be read has no pointer to speak of and carries its ``place`` at once.
    """

    code: str
    message: str
    pointer: Pointer = ()
    part: Part = "value"
    help: str | None = None
    label: str | None = None
    related: tuple[Related, ...] = ()
    shapes: tuple[str, ...] = ()
    inside: tuple[int, int] | None = None
    place: Place | None = None

    @property
    def severity(self) -> Severity:
        """``error`` or ``warning``, as the code's letter says."""
        return "warning" if self.code.startswith("W") else "error"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A finding and where it stands; what people and machines are shown.

    ``instances`` are those of blocks that lead there, innermost first: what each is, and the place that made it.
    """

    finding: Finding
    place: Place
    related: tuple[tuple[str, Place], ...] = ()
    instances: tuple[tuple[str, Place], ...] = ()

    @property
    def code(self) -> str:
        """Its code, such as ``E104``."""
        return self.finding.code

    @property
    def severity(self) -> Severity:
        """``error`` or ``warning``."""
        return self.finding.severity

    @property
    def message(self) -> str:
        """What was expected and what was found."""
        return self.finding.message

    @property
    def help(self) -> str | None:
        """What to do, where that can be said."""
        return self.finding.help

    @property
    def shapes(self) -> tuple[str, ...]:
        """How the shapes came about that do not fit: ``image (batch, 28, 28) → conv: Conv2D``, a line a way."""
        return self.finding.shapes

    @property
    def file(self) -> str:
        """The path of the text it is about, as it was given."""
        return self.place.source.path

    @property
    def line(self) -> int:
        """Line, from 1."""
        return self.place.source.line_column(self.place.start)[0]

    @property
    def column(self) -> int:
        """Column, from 1, in code points."""
        return self.place.source.line_column(self.place.start)[1]


def located(finding: Finding, document: Document) -> Diagnostic:
    """Look up the places of a finding."""
    place = finding.place
    if place is None:
        place = document.place(finding.pointer, finding.part)
        if finding.inside is not None:
            start, end = finding.inside
            place = Place(place.source, place.start + start, min(place.start + end, place.end))
    related = tuple((one.label, one.place or document.place(one.pointer, one.part)) for one in finding.related)
    if document.expansion is None:
        return Diagnostic(finding, place, related)
    frame = document.expansion.frame(finding.pointer)
    finding = replace(finding, pointer=document.expansion.source(finding.pointer))
    if frame is None:
        return Diagnostic(finding, place, related)
    from .origins import instances, seen_from

    if finding.help is not None:
        finding = replace(finding, help=seen_from(frame, finding.help))
    return Diagnostic(finding, place, related, instances(frame, document.expansion.written))

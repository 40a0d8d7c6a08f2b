"""From diagnostics to plain values, and back: so that they can be kept in a file and are the same again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .document import Place, Source
from .finding import Diagnostic, Finding


def to_values(diagnostics: Sequence[Diagnostic]) -> list[Any]:
    """Lists, texts and numbers that JSON can hold; each text that diagnostics speak of is there once."""
    sources: dict[int, int] = {}
    texts: list[list[str]] = []

    def place(one: Place | None) -> list[int] | None:
        if one is None:
            return None
        if id(one.source) not in sources:
            sources[id(one.source)] = len(texts)
            texts.append([one.source.path, one.source.text])
        return [sources[id(one.source)], one.start, one.end]

    every = [
        [
            one.finding.code,
            one.finding.message,
            list(one.finding.pointer),
            one.finding.part,
            one.finding.help,
            one.finding.label,
            list(one.finding.shapes),
            one.finding.inside,
            place(one.finding.place),
            place(one.place),
            [[label, place(other)] for label, other in one.related],
            [[label, place(other)] for label, other in one.instances],
        ]
        for one in diagnostics
    ]
    return [texts, every] if every else []


def from_values(values: Sequence[Any]) -> tuple[Diagnostic, ...]:
    """The diagnostics that were kept.

    Second places are there with their places, no longer as pointers of their findings.

    Raises:
        LookupError, TypeError, ValueError: if the values are not as ``to_values`` makes them.
    """
    if not values:
        return ()
    texts, every = values
    sources = [Source(path, text) for path, text in texts]

    def place(one: Sequence[int]) -> Place:
        source, start, end = one
        return Place(sources[source], start, end)

    made = []
    for code, message, pointer, part, way, label, shapes, inside, own, at, related, instances in every:
        finding = Finding(
            code,
            message,
            tuple(pointer),
            part,
            way,
            label,
            (),
            tuple(shapes),
            None if inside is None else (inside[0], inside[1]),
            None if own is None else place(own),
        )
        made.append(
            Diagnostic(
                finding,
                place(at),
                tuple((words, place(other)) for words, other in related),
                tuple((words, place(other)) for words, other in instances),
            )
        )
    return tuple(made)

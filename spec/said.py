"""From a spec's text and the values that it shall say to that text with the values in it: comments and layout stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .document import Pointer, Source
from .editing import Draft, put

MADE_OF: Final = ("extends", "include")
"""Keys by which a spec is made of several files: then its own text is not all of it."""

IN_ORDER: Final = ("inputs", "outputs", "targets")
"""Tables in which the order of the keys means something."""


class _Gone:
    """The type of GONE."""


GONE: Final = _Gone()
"""In place of a value: there shall be none."""


def saying(source: Source, wanted: Mapping[str, Any]) -> str | None:
    """A spec's text, changed where it must be for saying what is ``wanted``; None where that can't be done.

    What comes out is read again and compared, kinds of numbers and the order of inputs and outputs too.
    """
    draft = Draft(source)
    try:
        if any(key in draft.data and key not in wanted for key in MADE_OF):
            return None
        for pointer, value in list(_differences(draft.data, wanted, ())):
            if value is GONE:
                draft.make(draft.editor.remove(pointer))
            else:
                put(draft, pointer, value)
        return draft.text if _exactly(draft.data) == _exactly(wanted) else None
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError):  # a layout that no edit goes into
        return None


def _differences(here: Any, wanted: Any, at: Pointer) -> Iterator[tuple[Pointer, Any]]:
    """The values that have to be put or taken away, each at its pointer; those of a list from its end."""
    if isinstance(here, Mapping) and isinstance(wanted, Mapping):
        for key, value in wanted.items():
            yield from _differences(here[key], value, (*at, key)) if key in here else [((*at, key), value)]
        yield from (((*at, key), GONE) for key in here if key not in wanted)
    elif isinstance(here, list) and isinstance(wanted, list) and (left := _lacking(here, wanted)) is not None:
        for index in range(len(here) - 1, -1, -1):
            if index in left:
                yield (*at, index), GONE
            elif not left:
                yield from _differences(here[index], wanted[index], (*at, index))
    elif _exactly(here) != _exactly(wanted):
        yield at, wanted


def _lacking(here: list[Any], wanted: list[Any]) -> frozenset[int] | None:
    """Which entries of a list are gone in another, that has the others as they are; None where it is another list."""
    if len(here) == len(wanted):
        return frozenset() if any(isinstance(one, (dict, list)) for one in here) else None
    rest = iter(enumerate(here))
    kept = {next((index for index, one in rest if _exactly(one) == _exactly(two)), -1) for two in wanted}
    return None if -1 in kept else frozenset(range(len(here))) - kept


def _exactly(value: Any, key: str = "") -> Any:
    """A value that equals another only where it is of the same kind, and in the same order if that means something."""
    if isinstance(value, Mapping):
        pairs = [(name, _exactly(one, str(name))) for name, one in value.items()]
        return pairs if key in IN_ORDER else dict(pairs)
    if isinstance(value, list):
        return [_exactly(one) for one in value]
    return type(value).__name__, value

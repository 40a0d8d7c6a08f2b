"""From a name of Keras' to the Record that says why it can't stand in a spec, and what to write instead."""

from __future__ import annotations

from typing import Final, Literal

from .record import Record

Because = Literal["code", "callable", "symbolic"]
"""It runs code or reaches outside the spec; it needs a Python function or object; Keras can't use it in a model."""

_PLUGIN: Final = (
    'a {noun} of your own is a plugin: `type = "my_package.{example}"`, allowed by name on the command line'
)


def refused(
    family: str,
    name: str,
    page: str,
    summary: str,
    reason: str,
    instead: str,
    because: Because,
    names: tuple[str, ...] = (),
) -> Record:
    """A record of what is refused: ``reason`` says why, ``instead`` what to do, ``because`` which sort of reason."""
    return Record(
        name=name,
        family=family,
        summary=summary,
        page=page,
        names=names,
        refused=f"{reason}; {instead}",
        because=because,
    )


def base_class(family: str, name: str, page: str, noun: str, example: str) -> Record:
    """The record of the class from which Python code derives its own objects of a family."""
    return refused(
        family,
        name,
        page,
        f"What a {noun} written in Python derives from.",
        f"it is the Python class that every {noun} derives from, and does nothing itself",
        _PLUGIN.format(noun=noun, example=example),
        "code",
    )

"""The table of all reports for machines of others: a format a file, each from Reported to text."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .reported import Reported

FORMATS: Final = ("github", "gitlab", "junit", "sarif")
"""Each is a module of this package with a function ``text``, loaded when it is asked for."""


def written(form: str, reported: Reported) -> str:
    """A report in one of the formats, without a line end behind it; empty where there is nothing to print.

    Raises:
        KeyError: if there is no such format.
    """
    if form not in FORMATS:
        raise KeyError(form)
    text: Callable[[Reported], str] = import_module(f".{form}", __name__).text
    return text(reported)

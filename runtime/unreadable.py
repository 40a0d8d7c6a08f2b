"""From an error that comes out of a feed to the file that could not be read: its head had looked well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from .pending import WORDS

SAID: Final = re.compile(rf"[^\n]+ can't be read as (?:{'|'.join(map(re.escape, WORDS.values()))}): [^\n]*")
"""What ``pending`` says of it; TensorFlow hands on the words alone, among others."""

WAY: Final = 'mend or remove the file; or in [data], `on_error = "skip"` leaves such rows out'


def unreadable(error: BaseException, pointer: Pointer = ("data", "source")) -> Finding | None:
    """What is said of it; None where it is another error."""
    text = str(error)
    found = SAID.match(text.partition("ValueError: ")[2] or text)
    return None if found is None else Finding("E407", found[0], pointer, help=WAY)


@contextmanager
def reading() -> Iterator[None]:
    """Batches are read inside.

    Raises:
        Problem: E407 for a file that can't be read.
    """
    try:
        yield
    except Exception as error:
        finding = unreadable(error)
        if finding is None:
            raise
        raise Problem(finding) from error

"""From classes and sizes to what messages say of them."""

from __future__ import annotations

from typing import Final

SHOWN_CLASSES: Final = 6


def units(count: int | None) -> str:
    """So many units."""
    return "1 unit" if count == 1 else f"{count} units"


def counted(classes: tuple[str, ...]) -> str:
    """So many classes, and their names."""
    return f"{len(classes)} class{'' if len(classes) == 1 else 'es'} ({named(classes)})"


def named(classes: tuple[str, ...]) -> str:
    """The names of the classes, the first of them where there are many."""
    more = len(classes) - SHOWN_CLASSES
    return ", ".join(f'"{one}"' for one in classes[:SHOWN_CLASSES]) + (f" and {more} more" if more > 0 else "")

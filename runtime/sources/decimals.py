"""From cells whose fractions stand behind a comma, ``1.234,5``, to cells with a point."""

from __future__ import annotations

from typing import Any, Final

GROUPED: Final = r"^\s*[+-]?\d{1,3}(\.\d{3})+(,\d*)?\s*$"
"""Thousands that stand apart by points, with or without a fraction."""
COMMA: Final = r"^(\s*[+-]?\d*),(\d+([eE][+-]?\d+)?\s*)$"
"""A number with its fraction behind a comma."""


def pointed(values: Any) -> Any:
    """The column with a point for the comma of its numbers, and without the points between thousands.

    Cells that are no numbers, such as ``red, green``, stay as they are.
    """
    import pyarrow.compute as pc

    grouped = pc.match_substring_regex(values, GROUPED)
    if pc.any(grouped).as_py():
        values = pc.if_else(grouped, pc.replace_substring(values, ".", ""), values)
    return pc.replace_substring_regex(values, COMMA, r"\1.\2")


def mostly_commas(values: Any) -> bool:
    """Whether a column is one of numbers whose fractions stand behind a comma."""
    import pyarrow.compute as pc

    there = values.drop_null()
    if not len(there) or not pc.any(pc.match_substring_regex(there, COMMA)).as_py():
        return False
    count = pc.sum(pc.match_substring_regex(there, rf"{COMMA}|{GROUPED}|^\s*[+-]?\d+\s*$")).as_py()
    return bool(count >= 0.9 * len(there))

"""Codes E601 to E605: expressions, `${…}`."""

from __future__ import annotations

from typing import Final

from .code import Code

_UNITS: Final = '\n\n[[layers]]\ntype = "Dense"\nunits = '

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E601",
        "an expression that can't be read",
        "Between `${` and `}` stands an expression: names, numbers, text in single quotes, lists, brackets, "
        "`+ - * / // % **`, comparisons such as `==`, `and or not`, `a if c else b`, and a few functions. It is "
        "written as in Python, and nothing else of Python is there. The mark shows the sign or word that does not "
        "belong. Where `${` is meant as it stands, write `$${`.",
        "[parameters]\nwide = true" + _UNITS + '"${wide ? 64 : 32}"',
        "[parameters]\nwide = true" + _UNITS + '"${64 if wide else 32}"',
    ),
    Code(
        "E602",
        "an expression uses a name that nothing has",
        "An expression knows the parameters of its block and those of the spec, and in an entry with `repeat` or "
        "`each` also `index` and `item`. Functions have names of their own, such as `min` and `round`. This name is "
        "none of them. Check its spelling, declare it in [parameters], or put it in single quotes if it is text.",
        "[parameters]\nwidth = 32" + _UNITS + '"${width + widht}"',
        "[parameters]\nwidth = 32" + _UNITS + '"${width + width}"',
    ),
    Code(
        "E603",
        "values of a kind that do not go together",
        "Each sign and each function takes values of a certain kind: `*` multiplies numbers, `len` takes a list, "
        '`round` takes one number or two. "64" in quotes is text and no number, and true is not 1. The message says '
        "what is wanted and what the value is. Write the value as it should be, or turn it into another kind: "
        "`int('64')`, `1 if wide else 0`.",
        '[parameters]\nwidth = "32"' + _UNITS + '"${2 * width}"',
        "[parameters]\nwidth = 32" + _UNITS + '"${2 * width}"',
    ),
    Code(
        "E604",
        "an expression that has no value",
        "The expression is well written, but with these values it comes to nothing: a number is divided by zero, a "
        "list has no value at that place (the first is number 0), a table has no such key, or a root is taken of a "
        "number below 0. The message names the value that it was. Change it, or ask for it first: `a / b if b else 0`.",
        "[parameters]\nwidths = [16, 32]" + _UNITS + '"${widths[2]}"',
        "[parameters]\nwidths = [16, 32]" + _UNITS + '"${widths[1]}"',
    ),
    Code(
        "E605",
        "an expression that is too large",
        "So that no spec can keep a computer busy or fill its memory, expressions are bounded: in their length, in "
        "how deep they are nested, in the size of whole numbers (64 bits) and of all others, in the length of lists "
        "and texts, and in the steps that they take. No network needs more. Mostly a `**` or `*` stands where another "
        "sign is meant.",
        "[parameters]\nwidth = 32" + _UNITS + '"${width ** width}"',
        "[parameters]\nwidth = 32" + _UNITS + '"${width * 2}"',
    ),
)

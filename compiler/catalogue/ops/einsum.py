"""Catalogue: ``ops.einsum``, contractions written as letters for axes.

Source: https://numpy.org/doc/stable/reference/generated/numpy.einsum.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ...sizes import Size, product
from ...tensor import Shape, shape_text
from ..kinds import Kind
from ..record import Argument, ArgumentError, Call, Inferred, Port, ShapeError
from .dtypes import promoted
from .fitting import leading, meet, spread
from .operands import Operand, given, op, operands

_TERM: Final = r"[a-z\s]*(\.\.\.)?[a-z\s]*"
_WORDS: Final = rf"^{_TERM}(,{_TERM})*(->{_TERM})?$"


def explicit(subscripts: str) -> str:
    """The subscripts without blanks and with their result written out.

    Where it is left out it is, as in NumPy, ``...`` and then each letter that occurs once, in the order of the
    alphabet; Keras on TensorFlow renames letters before and so would take another order.

    >>> explicit("b i j, b j k")
    'bij,bjk->ik'
    >>> explicit("...ij,...jk")
    '...ij,...jk->...ik'
    """
    text = re.sub(r"\s+", "", subscripts)
    if "->" in text:
        return text
    letters = [letter for letter in sorted(set(text)) if letter.isalpha() and text.count(letter) == 1]
    return f"{text}->{'...' if '...' in text else ''}{''.join(letters)}"


SUBSCRIPTS: Final = Kind(
    {"type": "string", "pattern": _WORDS},
    'letters a to z for the axes of each tensor, such as "bij,bjk->bik" ("..." for any others)',
    explicit,
)


def check_subscripts(arguments: Mapping[str, Any]) -> None:
    """See that the result asks for what is there, each once.

    Raises:
        ArgumentError: E114.
    """
    terms, out = arguments["subscripts"].split("->")
    for letter in dict.fromkeys(out.replace(".", "")):
        if letter not in terms:
            raise ArgumentError(
                "subscripts",
                f"the result of `{terms}->{out}` has an axis `{letter}` that no tensor has",
                help="letters behind `->` must occur before it",
            )
        if out.count(letter) > 1:
            raise ArgumentError(
                "subscripts",
                f"the result of `{terms}->{out}` has the axis `{letter}` twice",
                help="name each axis of the result once",
            )
    if ("..." in out) != ("..." in terms):
        raise ArgumentError(
            "subscripts",
            f"`{terms}->{out}` has `...` only on one side",
            help="write `...` both before and behind `->`, or name all axes by letters",
        )


def einsum(call: Call) -> Inferred:
    """Multiplies along axes of the same letter and adds up those that the result leaves out.

    It costs what multiplying the tensors pair by pair does, in the order in which they stand: for each pair twice
    the product of all sizes that meet (once, where nothing is added up).
    """
    terms, out = call["subscripts"].split("->")
    terms = terms.split(",")
    found = operands(call, "operands")
    if len(terms) != len(found):
        raise ShapeError(
            "E307",
            f"`subscripts` speaks of {len(terms)} tensors, but there are {len(found)}",
            help="write a group of letters for each tensor, with commas between them",
            argument="subscripts",
        )
    sizes: dict[str, Size] = {}
    rests: list[tuple[str, Shape, Shape]] = []
    wilds: list[Shape] = []
    for index, (term, x) in enumerate(zip(terms, found, strict=True)):
        rest = _named(call, index, term, x, sizes)
        wilds.append(rest)
        if "..." in term:
            rests.append((f"tensor {index + 1}", rest, x.shape))
    wild = leading(call, rests, "`...` stands for axes that must fit together") if rests else ()
    shape = _shape(out, sizes, wild)
    _as_keras_lines_up(terms, out, wilds, sizes, shape)
    dtypes = {x.dtype for x in found}
    dtype = "int32" if dtypes == {"int8"} else promoted(*dtypes)
    return given(shape, dtype, _cost(terms, out, sizes, wild))


def _shape(term: str, sizes: Mapping[str, Size], wild: Shape) -> Shape:
    out: list[Size] = []
    for part in re.findall(r"\.\.\.|[a-z]", term):
        out.extend(wild if part == "..." else (sizes[part],))
    return tuple(out)


def _named(call: Call, index: int, term: str, x: Operand, sizes: dict[str, Size]) -> Shape:
    """Note the sizes of the letters of one tensor; what ``...`` stands for in it.

    Raises:
        ShapeError: E301 where it has not as many axes as letters; E302 where a letter has two sizes.
    """
    letters = term.replace("...", "")
    if len(letters) > x.rank or (len(letters) < x.rank and "..." not in term):
        raise ShapeError(
            "E301",
            f"`{term}` names {len(letters)} axes, but tensor {index + 1} is {shape_text(x.shape)}: it has {x.rank}, "
            "the batch axis among them",
            help="write a letter for each axis, the batch axis first, or `...` for those that do not matter",
            argument="subscripts",
            port="operands",
            index=index,
        )
    before = len(term.partition("...")[0])
    wild = x.rank - len(letters)
    named = (*x.shape[:before], *x.shape[before + wild :])
    for letter, size in zip(letters, named, strict=True):
        both = meet(sizes.get(letter, size), size)
        if both is None:
            raise ShapeError(
                "E302",
                f"`{letter}` of `subscripts` is {sizes[letter]} in one place and {size} in tensor {index + 1}, "
                f"{shape_text(x.shape)}",
                help="the same letter means the same size: use another letter, or change the size before",
                argument="subscripts",
                port="operands",
                index=index,
            )
        sizes[letter] = both
    return x.shape[before : before + wild]


def _as_keras_lines_up(terms: list[str], out: str, rests: list[Shape], sizes: Mapping[str, Size], shape: Shape) -> None:
    """See that Keras comes to the same shape.

    It puts 1 for the letters that a tensor lacks and lines up the results of all tensors from their last axes:
    letters before ``...`` get shifted where that stands for fewer axes in one tensor than in another.

    Raises:
        ShapeError: E307 where it does not.
    """
    seen: Shape = ()
    for term, rest in zip(terms, rests, strict=True):
        mine = _shape(out, {letter: size if letter in term else 1 for letter, size in sizes.items()}, rest)
        rank = max(len(seen), len(mine))
        pairs = zip((1,) * (rank - len(seen)) + seen, (1,) * (rank - len(mine)) + mine, strict=True)
        joined = [spread(a, b) for a, b in pairs]
        seen = tuple(-1 if one is None else one for one in joined)
    if seen != shape:
        raise ShapeError(
            "E307",
            f"in `{','.join(terms)}->{out}` the `...` stands for fewer axes in one tensor than in another, behind a "
            "letter of the result: Keras gets that wrong",
            help="write a letter for each axis, or put `...` in front of the result",
            argument="subscripts",
        )


def _cost(terms: list[str], out: str, sizes: Mapping[str, Size], wild: Shape) -> Size:
    """What it costs to multiply the tensors one after the other, keeping the axes that are still needed."""
    whole = product(wild)
    total: Size = 0
    held = set(terms[0].replace(".", ""))
    for index, term in enumerate(terms[1:], start=1):
        met = held | set(term.replace(".", ""))
        needed = set("".join((*terms[index + 1 :], out)))
        held = met & needed
        total = total + (2 if held != met else 1) * whole * product(sizes[letter] for letter in met)
    if len(terms) == 1 and held - set(out):
        total = whole * product(sizes[letter] for letter in held)
    return total


OPS: Final = (
    op(
        "einsum", "Multiplies tensors along axes that share a letter, and adds up.",
        (Port("operands", many=True, spread=True, summary="The tensors, in the order of the letters."),), einsum,
        (Argument("subscripts", SUBSCRIPTS, summary='Letters for the axes of each tensor, the batch axis too: '
                  '"bij,bjk->bik".'),),
        check=check_subscripts,
    ),
)  # fmt: skip

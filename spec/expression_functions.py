"""The table of the functions that expressions may call."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from .document import HOLE
from .expression_values import MOST_VALUES, Run, Spot, Unreadable

Arguments = Sequence[tuple[Spot, Any]]
"""What a function is called with: where each value stands, and the value."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how many values it takes, how a person would call it, and what it does.

    ``apply`` gets the run, the place of the call and the arguments. ``keywords`` are the names of those that may be
    given by name, whose place is then a `Named`.
    """

    least: int
    most: int
    takes: str
    usage: str
    apply: Callable[[Run, Spot, Arguments], Any]
    keywords: tuple[str, ...] = ()


def _extreme(name: str, pick: Callable[[Any], Any]) -> Callable[[Run, Spot, Arguments], Any]:
    wants = f"`{name}` takes numbers, or a list of them"

    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        spot, value = arguments[0]
        if len(arguments) > 1:
            found = list(arguments)
        elif isinstance(value, list):
            run.pay(len(value), at)
            found = [(spot, one) for one in value]
            if not found:
                help_text = f"give it one more value: `{name}([0] + {run.source(spot)})`"
                raise run.no_value(at, f"`{name}` of an empty list has no value", help_text)
        else:
            raise run.wrong_kind(spot, value, f"`{name}` takes several values, or a list")
        if all(isinstance(one, str) for _, one in found):
            return pick([one for _, one in found])
        return pick([_element(run, place, one, wants, value) for place, one in found])

    return apply


def _element(run: Run, at: Spot, value: Any, wants: str, whole: Any) -> int | float:
    """A number, alone or out of the list ``whole``."""
    if value is HOLE:
        raise Unreadable
    if isinstance(whole, list) and type(value) not in (int, float):
        raise run.wrong_kind(at, whole, wants)
    return run.number(at, value, wants)


def _sum(run: Run, at: Spot, arguments: Arguments) -> Any:
    spot, value = arguments[0]
    if not isinstance(value, list):
        raise run.wrong_kind(spot, value, "`sum` takes a list of numbers")
    run.pay(len(value), at)
    return sum(_element(run, spot, one, "`sum` takes a list of numbers", value) for one in value)


def _len(run: Run, at: Spot, arguments: Arguments) -> int:
    spot, value = arguments[0]
    if not isinstance(value, str | list | dict):
        raise run.wrong_kind(spot, value, "`len` takes a list, a table or a text")
    if isinstance(value, list) and any(one is HOLE for one in value):
        raise Unreadable
    return len(value)


def _range(run: Run, at: Spot, arguments: Arguments) -> list[int]:
    numbers = [run.whole(spot, value, "`range` takes whole numbers") for spot, value in arguments]
    start, stop, step = (0, numbers[0], 1) if len(numbers) == 1 else (*numbers, 1)[:3]
    if not step:
        raise run.no_value(arguments[2][0], "`range` can't go in steps of 0", "write 1, or -1 to count down")
    count = -((start - stop) // step)  # divided upwards
    if count > MOST_VALUES:
        raise run.too_large(
            at, f"the list would have {count:,} values; at most {MOST_VALUES:,} are allowed", "take fewer"
        )
    return list(range(start, stop, step))


def _int(run: Run, at: Spot, arguments: Arguments) -> int:
    return int(_read(run, "int", r"\s*[+-]?\d+(_\d+)*\s*", "a whole number", arguments))


def _float(run: Run, at: Spot, arguments: Arguments) -> float:
    form = r"\s*[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?\s*"
    return float(_read(run, "float", form, "a number", arguments))


def _read(run: Run, name: str, form: str, what: str, arguments: Arguments) -> Any:
    spot, value = arguments[0]
    if not isinstance(value, str):
        if isinstance(value, bool):
            return value
        return run.number(spot, value, f"`{name}` takes a number, a text or a boolean")
    if len(value) > 400:
        raise run.too_large(spot, f"the text is too long to be {what}")
    if re.fullmatch(form, value, re.ASCII):
        return value
    help_text = "for a number with a fraction write `float(…)`" if name == "int" and "." in value else None
    raise run.no_value(spot, f"the text is not {what}; {run.found(spot, value)}", help_text)


def _round(run: Run, at: Spot, arguments: Arguments) -> Any:
    number = run.number(*arguments[0], "`round` takes a number")
    if len(arguments) == 1:
        return round(number)
    places = run.whole(*arguments[1], "`round` takes a whole number of places")
    return round(number, max(-400, min(places, 400)))  # beyond that nothing changes, and it takes long


def _numeric(name: str, work: Callable[[Any], Any], wants: str = "") -> Callable[[Run, Spot, Arguments], Any]:
    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        spot, value = arguments[0]
        number = run.number(spot, value, f"`{name}` takes a number")
        try:
            return work(number)
        except ValueError:
            raise run.no_value(spot, f"`{name}` takes {wants}; {run.found(spot, value)}") from None

    return apply


def _log(run: Run, at: Spot, arguments: Arguments) -> float:
    numbers = [run.number(spot, value, "`log` takes a number") for spot, value in arguments]
    for (spot, value), number in zip(arguments, numbers, strict=True):
        if number <= 0:
            raise run.no_value(spot, f"`log` takes numbers above 0; {run.found(spot, value)}")
    if numbers[1:] == [1]:
        raise run.no_value(arguments[1][0], "there is no logarithm to the base 1")
    return math.log(*numbers)


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "min": Function(1, 1000, "values, or a list", "min(a, b)", _extreme("min", min)),
        "max": Function(1, 1000, "values, or a list", "max(a, b)", _extreme("max", max)),
        "round": Function(1, 2, "a number, and perhaps the places behind the point", "round(x, 2)", _round),
        "int": Function(1, 1, "one value", "int(x)", _int),
        "float": Function(1, 1, "one value", "float(x)", _float),
        "len": Function(1, 1, "one list", "len(x)", _len),
        "range": Function(1, 3, "one to three whole numbers", "range(start, stop, step)", _range),
        "abs": Function(1, 1, "one number", "abs(x)", _numeric("abs", abs)),
        "sum": Function(1, 1, "one list", "sum([a, b])", _sum),
        "floor": Function(1, 1, "one number", "floor(x)", _numeric("floor", math.floor)),
        "ceil": Function(1, 1, "one number", "ceil(x)", _numeric("ceil", math.ceil)),
        "sqrt": Function(1, 1, "one number", "sqrt(x)", _numeric("sqrt", math.sqrt, "a number that is not below 0")),
        "log": Function(1, 2, "a number, and perhaps a base", "log(x, 2)", _log),
        "exp": Function(1, 1, "one number", "exp(x)", _numeric("exp", math.exp)),
    }
)
"""Name → function; as in Python and its ``math``, where text and booleans are no numbers."""

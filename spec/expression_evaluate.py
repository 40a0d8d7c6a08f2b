"""From the tree of an expression to its value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from .document import HOLE
from .expression_functions import FUNCTIONS
from .expression_nodes import Binary, Call, Choice, Compare, Index, Items, Literal, Logic, Name, Named, Node, Unary
from .expression_tokens import LARGEST_WHOLE, ExpressionError, too_large_help
from .expression_values import MOST_VALUES, Run, Unreadable, same, truth, value_words
from .words import closest, listed, quoted

ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def value_of(run: Run, node: Node) -> Any:
    """The value of a tree.

    Raises:
        ExpressionError: E603 where a value is of the wrong kind, E604 where there is none, E605 beyond a bound.
        Unreadable: where it hangs on a value that could not be read.
    """
    run.pay(1, node)
    return _WAYS[type(node)](run, node)


def _literal(run: Run, node: Literal) -> Any:
    return node.value


def _name(run: Run, node: Name) -> Any:
    return _taken(run, node, run.names[node.name])


def _taken(run: Run, node: Node, value: Any) -> Any:
    """A value from outside: a tuple is a list, and numbers have the size that numbers may have."""
    if value is HOLE:
        raise Unreadable
    if isinstance(value, tuple):
        value = list(value)
    return value if isinstance(value, list) else run.bounded(node, value)


def _items(run: Run, node: Items) -> list[Any]:
    found = [value_of(run, one) for one in node.items]
    run.weigh(node, found)
    return found


def _unary(run: Run, node: Unary) -> Any:
    value = value_of(run, node.operand)
    if node.sign == "not":
        return not truth(value)
    number = run.number(node.operand, value, f"`{node.sign}` takes a number")
    return -number if node.sign == "-" else number


def _logic(run: Run, node: Logic) -> Any:
    value = None
    for operand in node.operands:
        value = value_of(run, operand)
        if truth(value) == (node.word == "or"):
            break
    return value


def _choice(run: Run, node: Choice) -> Any:
    return value_of(run, node.yes if truth(value_of(run, node.test)) else node.no)


def _compare(run: Run, node: Compare) -> bool:
    at, left = node.first, value_of(run, node.first)
    for sign, operand in node.rest:
        right = value_of(run, operand)
        if sign in ("==", "!="):
            for side, value in ((at, left), (operand, right)):
                if isinstance(value, list | dict):
                    run.weigh(side, value)
            holds = same(left, right) is (sign == "==")
        else:
            holds = _ordered(run, sign, (at, left), (operand, right))
        if not holds:
            return False
        at, left = operand, right
    return True


def _ordered(run: Run, sign: str, left: tuple[Node, Any], right: tuple[Node, Any]) -> bool:
    wants = f"`{sign}` compares two numbers, or two texts"
    if isinstance(left[1], str) and isinstance(right[1], str):
        return ORDER[sign](left[1], right[1])
    number, other = (right, left) if isinstance(left[1], str) else (left, right)
    run.number(*number, wants)
    run.number(*other, wants)
    return ORDER[sign](left[1], right[1])


def _chain(run: Run, node: Binary | Index) -> Any:
    """Arithmetic and indices; long chains lie deep to the left, and are gone through without recursion."""
    spine: list[Binary | Index] = []
    at: Node = node
    while isinstance(at, Binary | Index):
        spine.append(at)
        at = at.left if isinstance(at, Binary) else at.value
    value = value_of(run, at)
    run.pay(len(spine), node)
    for one in reversed(spine):
        if isinstance(one, Index):
            value = _taken(run, one, _picked(run, one, value, value_of(run, one.key)))
        else:
            value = run.bounded(one, _computed(run, one, value, value_of(run, one.right)))
    return value


def _computed(run: Run, node: Binary, left: Any, right: Any) -> Any:
    if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
        return _joined(run, node, left, right)
    if node.sign == "**" and _is_vast(left, right):
        raise run.too_large(node, f"`{run.source(node)}` is too large a number", too_large_help())
    try:
        value = ARITHMETIC[node.sign](left, right)
    except ZeroDivisionError:
        source = run.source(node.right if node.sign != "**" else node.left)
        is_zero = "" if source in ("0", "0.0") else f": `{source}` is 0"
        help_text = f"write `… if {source} else …` around it, if it may be 0" if is_zero else None
        raise run.no_value(node, f"a division by zero{is_zero}", help_text) from None
    except OverflowError:
        raise run.too_large(node, f"`{run.source(node)}` is too large a number", too_large_help()) from None
    if isinstance(value, complex):
        message = "a root of a number below 0 has no value here"
        raise run.no_value(node, f"{message}; {run.found(node.left, left)}", "write `abs(…)` around it")
    return value


def _is_vast(base: int | float, exponent: int | float) -> bool:
    """Whether a power is a whole number of so many digits that computing it would take long."""
    if isinstance(base, float) or isinstance(exponent, float):
        return False
    return exponent * (abs(base).bit_length() - 1) > 63


_NUMBERS: Final = frozenset({int, float})
_JOIN: Final = {
    "+": "`+` adds two numbers, or joins two texts or two lists",
    "*": "`*` multiplies two numbers, or repeats a list",
}


def _joined(run: Run, node: Binary, left: Any, right: Any) -> Any:
    """What `+` and `*` make of texts and lists; a text is not repeated, for mostly it is a number in quotes."""
    sign = node.sign
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    for at, value, other, times in ((node.right, right, left, node.left), (node.left, left, right, node.right)):
        if sign == "+" and isinstance(value, list) and isinstance(other, list):
            length = len(value) + len(other)
        elif sign == "*" and isinstance(value, list) and type(other) in (int, float):
            other = run.whole(times, other, "a list is repeated a whole number of times")
            left, right = (other, value) if at is node.right else (value, other)
            length = len(value) * max(other, 0)
        else:
            continue
        if length > MOST_VALUES:
            message = f"`{run.source(node)}` would have {length:,} values; at most {MOST_VALUES:,} are allowed"
            raise run.too_large(node, message, "take fewer")
        run.pay(length, node)
        return ARITHMETIC[sign](left, right)
    raise _unfit(run, node, left, right)


def _unfit(run: Run, node: Binary, left: Any, right: Any) -> ExpressionError:
    """E603: two values that no arithmetic puts together; the one is marked that is less at its place."""
    wants = _JOIN.get(node.sign, f"`{node.sign}` takes two numbers")
    fine: tuple[type, ...] = (int, float, list) if node.sign in _JOIN else (int, float)
    odd_left = type(left) not in fine
    at, value = (node.left, left) if odd_left else (node.right, right)
    beside = right if odd_left else left
    error = run.wrong_kind(at, value, wants)
    if node.sign == "+" and isinstance(beside, list):
        error.help = f"write `[{run.source(at)}]` to add it to the list"
    elif node.sign == "+" and isinstance(value, str) and not error.help:
        error.help = 'values are put into text outside of expressions: "conv_${index}"'
    return error


def _picked(run: Run, node: Index, value: Any, key: Any) -> Any:
    source = run.source(node.value)
    if isinstance(value, list):
        place = run.whole(node.key, key, "the index of a list is a whole number")
        if -len(value) <= place < len(value):
            return value[place]
        if not value:
            raise run.no_value(node.key, f"`{source}` is an empty list; {run.found(node.key, key)} as index")
        many = f"{len(value)} values, numbered 0 to {len(value) - 1}" if len(value) > 1 else "one value, number 0"
        help_text = f"`[{len(value) - 1}]` or `[-1]` is the last" if len(value) > 1 else "`[0]` is the one that it has"
        raise run.no_value(node.key, f"`{source}` has {many}; {run.found(node.key, key)}", help_text)
    if isinstance(value, dict):
        return _looked_up(run, node, value, key)
    raise run.wrong_kind(node.value, value, "only lists and tables have an index")


def _looked_up(run: Run, node: Index, table: Mapping[str, Any], key: Any) -> Any:
    """The value of a table for a text, or for the digits of a number."""
    if isinstance(key, str):
        word = key
    elif type(key) in (int, float):
        word = str(int(key)) if key == int(key) and abs(key) <= LARGEST_WHOLE else repr(key)
    else:
        error = run.wrong_kind(node.key, key, "the key of a table is a number or a text")
        if isinstance(key, bool):
            error.help = f"write `a if {run.source(node.key)} else b`"
        raise error
    if word in table:
        return table[word]
    keys = [str(one) for one in table]
    near = None if word.isdigit() else closest(word, keys)
    help_text = f"did you mean '{near}'?" if near else f"it has {listed(keys, 12)}" if keys else "it is empty"
    given = run.describe(node.key, key)
    why = f"; {given}" if given.startswith("`") else ""
    shown = quoted(word) if isinstance(key, str) else word
    raise run.no_value(node.key, f"`{run.source(node.value)}` has no value for {shown}{why}", help_text)


def _named(run: Run, node: Named) -> Any:
    return value_of(run, node.value)


def _call(run: Run, node: Call) -> Any:
    arguments = [(one, value_of(run, one)) for one in node.arguments]
    try:
        function = (run.functions or FUNCTIONS)[node.name]
        return run.bounded(node, function.apply(run, node, arguments))
    except OverflowError:
        raise run.too_large(node, f"`{run.source(node)}` is too large a number", too_large_help()) from None


_WAYS: Final[Mapping[type[Node], Callable[[Run, Any], Any]]] = {
    Literal: _literal,
    Name: _name,
    Items: _items,
    Unary: _unary,
    Binary: _chain,
    Index: _chain,
    Compare: _compare,
    Logic: _logic,
    Choice: _choice,
    Named: _named,
    Call: _call,
}

UNKNOWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("True", "TRUE", "yes", "on"), "write `true`"),
    **dict.fromkeys(("False", "FALSE", "no", "off"), "write `false`"),
    **dict.fromkeys(("None", "NONE", "null", "nil", "Null", "NULL", "undefined"), "write `none`"),
    **dict.fromkeys(("And", "AND"), "write `and`, in small letters"),
    **dict.fromkeys(("Or", "OR"), "write `or`, in small letters"),
    **dict.fromkeys(("Not", "NOT"), "write `not`, in small letters"),
    "lambda": "an expression can't make functions",
    "pi": "write the number: 3.141592653589793",
    "math": "the functions are called by name alone: `sqrt(x)`",
    "np": "the functions are called by name alone: `sqrt(x)`",
    "index": "`index` counts from 0 in an entry with `repeat` or `each`, and stays outside the blocks used there: "
    "hand it in as a parameter",
    "item": "`item` is the value of the list in `repeat` or `each` of the same entry, and stays outside the blocks "
    "used there: hand it in as a parameter",
}
"""Words that are no parameter → what to do."""


def unknown(name: Name, names: Mapping[str, Any]) -> ExpressionError:
    """E602: nothing is called so."""
    known = list(names)
    help_text = UNKNOWN.get(name.name)
    if name.name == "item" and "index" in names:
        help_text = "`item` is the value of a list in `repeat` or `each`; where `repeat` is a number there is `index`"
    if help_text is None:
        near = closest(name.name, [*known, "true", "false", "none"])
        if near:
            help_text = f"did you mean `{near}`?"
        else:
            there = f"the names here are {listed(known, 12)}" if known else "there are no parameters here yet"
            help_text = f"{there}; text stands in single quotes: '{name.name}'"
    message = f"nothing here is called {value_words(name.name).removeprefix('the text ').replace(chr(34), '`')}"
    return ExpressionError("E602", message, name.start, name.end, help_text)

"""From the tree of an expression to Python: as text, and the value that the text has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...spec.expression_evaluate import ARITHMETIC, ORDER
from ...spec.expression_nodes import Binary, Call, Choice, Compare, Index, Items, Literal, Logic, Name, Node, Unary
from ...spec.expression_tree import AND, COMPARISON, LEVELS, NOT, OR, POWER, SIGN, SUM
from .layout import Broken, Doc, Group, Row
from .literals import literal

ATOM: Final = POWER + 1
CHOICE: Final = OR - 1

MATH: Final[Mapping[str, str]] = {
    "floor": "math.floor", "ceil": "math.ceil", "sqrt": "math.sqrt", "log": "math.log", "exp": "math.exp",
}  # fmt: skip
"""Functions that Python has in its ``math``; it has the others by the same names."""

FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "min": min, "max": max, "round": round, "int": int, "float": float, "len": len, "abs": abs, "sum": sum,
    "range": lambda *one: list(range(*one)), "floor": math.floor, "ceil": math.ceil, "sqrt": math.sqrt,
    "log": math.log, "exp": math.exp,
}  # fmt: skip


def none_for(value: Any) -> Any:
    """A value of a spec as Python has it: the text none is None, and tables by digits are tables by numbers."""
    if value == "none" and isinstance(value, str):
        return None
    if isinstance(value, list | tuple):
        return type(value)(none_for(one) for one in value)
    if isinstance(value, dict):
        numbered = bool(value) and all(isinstance(key, str) and _is_number(key) for key in value)
        return {int(key) if numbered else key: none_for(one) for key, one in value.items()}
    return value


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and (key == "0" or key[0] != "0")


def level(tree: Node) -> int:
    """How tightly the parts of a tree hold together; what binds less stands in brackets."""
    if isinstance(tree, Choice):
        return CHOICE
    if isinstance(tree, Logic):
        return OR if tree.word == "or" else AND
    if isinstance(tree, Compare):
        return COMPARISON
    if isinstance(tree, Unary):
        return NOT if tree.sign == "not" else SIGN
    if isinstance(tree, Binary):
        return LEVELS[tree.sign]
    if isinstance(tree, Literal) and isinstance(tree.value, int | float) and tree.value < 0:
        return SIGN
    return ATOM


def written(tree: Node, names: Mapping[str, str], least: int = CHOICE) -> str:
    """A tree as Python; in brackets if it binds less tightly than ``least``."""
    text = _written(tree, names)
    return f"({text})" if level(tree) < least else text


def _written(tree: Node, names: Mapping[str, str]) -> str:
    if isinstance(tree, Literal):
        return literal(none_for(tree.value))
    if isinstance(tree, Name):
        return names[tree.name]
    if isinstance(tree, Items):
        return f"[{', '.join(written(one, names) for one in tree.items)}]"
    if isinstance(tree, Unary):
        if tree.sign == "not":
            return f"not {written(tree.operand, names, NOT)}"
        power = isinstance(tree.operand, Binary)
        return f"{tree.sign}{written(tree.operand, names, ATOM if power else SIGN)}"
    if isinstance(tree, Binary):
        own = LEVELS[tree.sign]
        if tree.sign == "**":
            left, right = written(tree.left, names, ATOM), written(tree.right, names, SIGN)
            close = level(tree.left) == ATOM and _is_simple(tree.left) and _is_simple(tree.right)
            return f"{left}**{right}" if close else f"{left} ** {right}"
        return f"{written(tree.left, names, own)} {tree.sign} {written(tree.right, names, own + 1)}"
    if isinstance(tree, Logic):
        own = OR if tree.word == "or" else AND
        return f" {tree.word} ".join(written(one, names, own + 1) for one in tree.operands)
    if isinstance(tree, Compare):
        text, before = written(tree.first, names, SUM), tree.first
        for sign, operand in tree.rest:
            text += f" {_sign(sign, before, operand)} {written(operand, names, SUM)}"
            before = operand
        return text
    if isinstance(tree, Choice):
        test, yes = written(tree.test, names, OR), written(tree.yes, names, OR)
        return f"{yes} if {test} else {written(tree.no, names)}"
    if isinstance(tree, Index):
        return f"{written(tree.value, names, ATOM)}[{written(tree.key, names)}]"
    assert isinstance(tree, Call)
    inner = ", ".join(written(one, names) for one in tree.arguments)
    if tree.name == "range":
        return f"list(range({inner}))"
    return f"{MATH.get(tree.name, tree.name)}({inner})"


def _is_simple(tree: Node) -> bool:
    """Whether a power of it is written without blanks."""
    if isinstance(tree, Unary):
        return tree.sign in "+-" and _is_simple(tree.operand) and not isinstance(tree.operand, Unary)
    return isinstance(tree, Name) or (isinstance(tree, Literal) and isinstance(tree.value, int | float))


def _single(tree: Node) -> bool:
    return isinstance(tree, Literal) and (tree.value is None or tree.value == "none" or isinstance(tree.value, bool))


def _sign(sign: str, left: Node, right: Node) -> str:
    """With None, True and False Python compares by `is`: as in a spec, 1 is not true."""
    if sign in ("==", "!=") and (_single(left) or _single(right)):
        return "is" if sign == "==" else "is not"
    return sign


def doc(tree: Node, names: Mapping[str, str], least: int = CHOICE) -> Doc:
    """A tree as Python that may be laid out over several lines; in brackets if it binds less tightly than ``least``."""
    if level(tree) < least:
        return Group("(", (doc(tree, names),), ")")
    if isinstance(tree, Choice):
        parts: list[Doc] = [doc(tree.yes, names, OR), Row(("if ", doc(tree.test, names, OR)))]
        no: Node = tree.no
        while isinstance(no, Choice):
            parts += [Row(("else ", doc(no.yes, names, OR))), Row(("if ", doc(no.test, names, OR)))]
            no = no.no
        return Broken((*parts, Row(("else ", doc(no, names)))))
    if isinstance(tree, Logic):
        own = OR if tree.word == "or" else AND
        first, *rest = (doc(one, names, own + 1) for one in tree.operands)
        return Broken((first, *(Row((f"{tree.word} ", one)) for one in rest)))
    if isinstance(tree, Binary) and tree.sign != "**":
        own, chain = LEVELS[tree.sign], []
        at: Node = tree
        while isinstance(at, Binary) and LEVELS[at.sign] == own:
            chain.append(Row((f"{at.sign} ", doc(at.right, names, own + 1))))
            at = at.left
        return Broken((doc(at, names, own), *reversed(chain)))
    if isinstance(tree, Items):
        return Group("[", tuple(doc(one, names) for one in tree.items), "]", "list")
    if isinstance(tree, Call) and tree.name != "range":
        return Row((MATH.get(tree.name, tree.name), Group("(", tuple(doc(one, names) for one in tree.arguments), ")")))
    return written(tree, names)


def value(tree: Node, names: Mapping[str, Any]) -> Any:
    """What Python gives for the text of a tree.

    Raises:
        Exception: whatever Python would raise.
    """
    if isinstance(tree, Literal):
        return none_for(tree.value)
    if isinstance(tree, Name):
        return names[tree.name]
    if isinstance(tree, Items):
        return [value(one, names) for one in tree.items]
    if isinstance(tree, Unary):
        operand = value(tree.operand, names)
        return not operand if tree.sign == "not" else -operand if tree.sign == "-" else +operand
    if isinstance(tree, Binary):
        return ARITHMETIC[tree.sign](value(tree.left, names), value(tree.right, names))
    if isinstance(tree, Logic):
        found = None
        for one in tree.operands:
            found = value(one, names)
            if bool(found) == (tree.word == "or"):
                break
        return found
    if isinstance(tree, Compare):
        before, left = tree.first, value(tree.first, names)
        for sign, operand in tree.rest:
            right = value(operand, names)
            if not _holds(_sign(sign, before, operand), left, right):
                return False
            before, left = operand, right
        return True
    if isinstance(tree, Choice):
        return value(tree.yes if value(tree.test, names) else tree.no, names)
    if isinstance(tree, Index):
        return value(tree.value, names)[value(tree.key, names)]
    assert isinstance(tree, Call)
    return FUNCTIONS[tree.name](*(value(one, names) for one in tree.arguments))


def _holds(sign: str, left: Any, right: Any) -> bool:
    if sign in ORDER:
        return ORDER[sign](left, right)
    if sign in ("is", "is not"):
        return (left is right) is (sign == "is")
    return bool(left == right) is (sign == "==")

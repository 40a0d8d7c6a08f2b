"""From the tokens of an expression to its tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from .expression_functions import FUNCTIONS, Function
from .expression_nodes import Binary, Call, Choice, Compare, Index, Items, Literal, Logic, Name, Named, Node, Unary
from .expression_tokens import COMPARE, GIVES, ExpressionError, Token
from .words import closest, listed

DEEPEST: Final = 40
"""So deep expressions may be nested."""


OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER = range(1, 9)
LEVELS: Final = {
    "or": OR, "and": AND,
    "==": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON, ">=": COMPARISON,
    "+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER,
}  # fmt: skip
"""What stands between two values → how tightly it binds them; as in Python."""
CONSTANTS: Final = {"true": True, "false": False, "none": None}
RESERVED: Final = frozenset({"and", "or", "not", "if", "else", *CONSTANTS})
BETWEEN: Final = {
    "in": "to ask whether `x` is one of several write `x == 1 or x == 2`",
    "is": "to ask whether two values are the same write `==`",
    "AND": "write `and`, in small letters",
    "OR": "write `or`, in small letters",
    "xor": "write `a != b`",
    "mod": "what is left of a division is written `%`",
    "div": "a whole division is written `//`",
    "then": "a choice is written `a if condition else b`",
    "for": "an expression has no loops; `repeat` and `each` make several entries of one",
}
"""Words that people put between two values."""


class Parser:
    """Reads one expression; ``names`` collects what it uses, in order, each with its place."""

    __slots__ = ("at", "depth", "functions", "names", "text", "tokens")

    def __init__(self, text: str, tokens: list[Token], functions: Mapping[str, Function] = FUNCTIONS) -> None:
        self.text = text
        self.tokens = tokens
        self.functions = functions
        self.at = 0
        self.depth = 0
        self.names: list[Name] = []

    def whole(self, opening: int) -> Node:
        """The expression up to its closing brace.

        Raises:
            ExpressionError: E601 where it can't be read, E602 for a function that there is not, E603 for one
                called with too few or too many values, E605 where it is nested too deeply.
        """
        if self.tokens[0].kind == "end":
            end = self.tokens[0].end
            raise ExpressionError("E601", "there is nothing in `${}`", opening, end, "write a name or a number into it")
        node = self.expression()
        if self.token.kind != "end":
            raise self.unexpected(self.token)
        return node

    @property
    def token(self) -> Token:
        """The token that is next."""
        return self.tokens[self.at]

    def takes(self, *texts: str) -> Token | None:
        """The next token, if it is one of these; then it is read."""
        token = self.token
        if token.text in texts and token.kind in ("sign", "name"):
            self.at += 1
            return token
        return None

    def expression(self) -> Node:
        """`a`, or `a if b else c`."""
        yes = self.between(OR)
        word = self.takes("if")
        if word is None:
            return yes
        test = self.between(OR)
        if not self.takes("else"):
            help_text = "say what it is otherwise: `a if condition else b`"
            if self.token.kind == "end":
                raise ExpressionError("E601", "this `if` has no `else`", word.start, word.end, help_text)
            raise self.unexpected(self.token, help_text)
        no = self.deeper(self.expression)
        return Choice(yes.start, no.end, test, yes, no)

    def deeper(self, read: Any, *arguments: Any) -> Node:
        """Read what lies one level further in."""
        if self.depth >= DEEPEST:
            raise ExpressionError(
                "E605",
                f"the expression is nested more than {DEEPEST} deep",
                self.token.start,
                self.token.end,
                "give names to its parts, as parameters",
            )
        self.depth += 1
        node: Node = read(*arguments)
        self.depth -= 1
        return node

    def between(self, least: int) -> Node:
        """A value, and what is tied to it by signs that bind at least so tightly."""
        left = self.deeper(self.first, least)
        while True:
            token = self.token
            level = LEVELS.get(token.text, 0) if token.kind in ("sign", "name") else 0
            if level < least or not level:
                return left
            if level == COMPARISON:
                left = self.compared(left)
            elif level in (OR, AND):
                left = self.logic(left, token.text, level)
            else:
                self.at += 1
                # What stands behind ** may have a sign and another **: 2 ** -3 ** 2 is 2 ** (-(3 ** 2)).
                right = self.deeper(self.between, SIGN if level == POWER else level + 1)
                left = Binary(left.start, right.end, token.text, left, right)

    def first(self, least: int) -> Node:
        """What a value begins with: `not`, a sign, or the value itself."""
        token = self.token
        if token.kind == "name" and token.text == "not":
            if least > NOT:
                raise ExpressionError("E601", "`not` needs brackets here", token.start, token.end, "write `(not …)`")
            self.at += 1
            operand = self.deeper(self.between, NOT)
            return Unary(token.start, operand.end, "not", operand)
        if token.kind == "sign" and token.text in "+-":
            self.at += 1
            operand = self.deeper(self.between, SIGN)
            return Unary(token.start, operand.end, token.text, operand)
        return self.indexed()

    def compared(self, first: Node) -> Node:
        """A comparison, or several in a chain."""
        rest: list[tuple[str, Node]] = []
        while self.token.kind == "sign" and LEVELS.get(self.token.text) == COMPARISON:
            sign = self.token.text
            self.at += 1
            rest.append((sign, self.between(SUM)))
        return Compare(first.start, rest[-1][1].end, first, tuple(rest))

    def logic(self, first: Node, word: str, level: int) -> Node:
        """`and` or `or`, as often as it stands there in a row."""
        operands = [first]
        while self.takes(word):
            operands.append(self.between(level + 1))
        return Logic(first.start, operands[-1].end, word, tuple(operands))

    def indexed(self) -> Node:
        """A value and the indices behind it."""
        node = self.value()
        while True:
            token = self.token
            if token.kind != "sign":
                if token.kind == "number" and token.text[0] == ".":
                    self.refuse_attribute(node, token.start, token.end, token.text[1:])
                return node
            if token.text == ".":
                field = self.tokens[self.at + 1]
                self.refuse_attribute(node, token.start, max(token.end, field.end), f"'{field.text}'")
            if token.text == "(":
                message = f"only a function can be called, and `{self.text[node.start : node.end]}` is none"
                raise ExpressionError(
                    "E601", message, token.start, token.end, "to multiply write `*` in front of the bracket"
                )
            if token.text != "[":
                return node
            self.at += 1
            if self.token.text == "]" and self.token.kind == "sign":
                raise ExpressionError(
                    "E601", "the index is missing", token.start, self.token.end, "write a number: `[0]` is the first"
                )
            key = self.expression()
            closing = self.closing("]", token)
            node = Index(node.start, closing.end, node, key)

    def refuse_attribute(self, node: Node, start: int, end: int, key: str) -> None:
        """Say that values have no attributes."""
        source = self.text[node.start : node.end]
        if self.tokens[self.at + 1].kind != "name" and key[0] == "'":
            message, help_text = "there is nothing behind the `.`", "take it away"
            raise ExpressionError("E601", message, start, start + 1, help_text)
        if key[0] == "'" and self.tokens[self.at + 2].text == "(":
            help_text = f"the functions are {listed(self.functions, 20)}; they are called by name alone"
        else:
            of = f", out of a list `{source}[0]`" if key[0] == "'" else ""
            help_text = f"a value out of a {'table' if of else 'list'} is written `{source}[{key}]`{of}"
        raise ExpressionError("E601", "values have no attributes", start, end, help_text)

    def value(self) -> Node:
        """A number, a text, a name, a call, a list, or an expression in brackets."""
        token = self.token
        self.at += 1
        if token.kind in ("number", "text"):
            return Literal(token.start, token.end, token.value)
        if token.kind == "name":
            if token.text in CONSTANTS:
                return Literal(token.start, token.end, CONSTANTS[token.text])
            if token.text not in RESERVED:
                return self.named(token)
        elif token.kind == "sign" and token.text == "(":
            if self.token.kind == "sign" and self.token.text == ")":
                raise ExpressionError("E601", "there is nothing in these brackets", token.start, self.token.end)
            node = self.expression()
            if self.token.kind == "sign" and self.token.text == ",":
                help_text = "a list stands in square brackets: [1, 2]"
                raise ExpressionError("E601", "`,` stands only in lists and calls", *self.place(), help_text)
            return replace(node, start=token.start, end=self.closing(")", token).end)
        elif token.kind == "sign" and token.text == "[":
            items, closing = self.several("]", token)
            return Items(token.start, closing.end, items)
        self.at -= 1
        raise self.missing(token)

    def named(self, token: Token) -> Node:
        """A name, or a call of a function."""
        bracket = self.takes("(")
        function = self.functions.get(token.text)
        if bracket is None:
            if function is not None:
                message = f"`{token.text}` is a function and has no value of its own"
                raise ExpressionError("E602", message, token.start, token.end, f"call it: `{function.usage}`")
            node = Name(token.start, token.end, token.text)
            self.names.append(node)
            return node
        if function is None:
            near = closest(token.text, self.functions)
            help_text = f"did you mean `{near}`?" if near else f"the functions are {listed(self.functions, 20)}"
            message = f"there is no function called `{token.text}`"
            raise ExpressionError("E602", message, token.start, token.end, help_text)
        arguments, closing = self.several(")", bracket, function)
        if not function.least <= len(arguments) <= function.most:
            found = f"{len(arguments)} are given" if len(arguments) != 1 else "1 is given"
            message = f"`{token.text}` takes {function.takes}, and {found}"
            raise ExpressionError("E603", message, token.start, closing.end, f"it is called so: `{function.usage}`")
        return Call(token.start, closing.end, token.text, arguments)

    def several(self, end: str, opening: Token, function: Function | None = None) -> tuple[tuple[Node, ...], Token]:
        """Values with commas between them, up to the closing bracket; a comma behind the last is fine."""
        items: list[Node] = []
        while not (self.token.kind == "sign" and self.token.text == end):
            if self.token.kind == "end":
                break
            if end == ")" and self.token.text in ("*", "**"):
                raise ExpressionError(
                    "E601", "a list is given to a function as it is", *self.place(), "take the `*` away"
                )
            named = function is not None and self.token.kind == "name" and self.tokens[self.at + 1].text == "="
            if items and isinstance(items[-1], Named) and not named:
                message = f"a value without a name stands behind `{items[-1].name}=`"
                help_text = "put it before those that have names, or say which it is"
                raise ExpressionError("E601", message, *self.place(), help_text)
            items.append(self.given(function, items) if function and named else self.expression())
            if not self.takes(","):
                break
        return tuple(items), self.closing(end, opening)

    def given(self, function: Function, before: list[Node]) -> Named:
        """`axis=0` in a call."""
        name = self.token
        if name.text not in function.keywords:
            near = closest(name.text, function.keywords)
            way = f"did you mean `{near}`?" if near else f"it is called so: `{function.usage}`"
            raise ExpressionError("E602", f"nothing here is called `{name.text}`", name.start, name.end, way)
        if any(isinstance(one, Named) and one.name == name.text for one in before):
            raise ExpressionError("E601", f"`{name.text}` is given twice", name.start, name.end, "take one away")
        self.at += 2
        if self.token.kind == "end" or (self.token.kind == "sign" and self.token.text in ",)"):
            help_text = "write one behind it, or take it away"
            raise ExpressionError("E601", f"`{name.text}=` has no value", name.start, name.end + 1, help_text)
        value = self.expression()
        return Named(name.start, value.end, name.text, value)

    def closing(self, bracket: str, opening: Token) -> Token:
        """The closing bracket, which must be next."""
        token = self.takes(bracket)
        if token is not None:
            return token
        if self.token.kind == "end" or self.token.text in ")]":
            raise ExpressionError(
                "E601",
                f"this `{opening.text}` is never closed",
                opening.start,
                opening.end,
                f"put a `{bracket}` behind",
            )
        raise self.unexpected(self.token)

    def place(self) -> tuple[int, int]:
        """Where the next token stands."""
        return self.token.start, self.token.end

    def missing(self, token: Token) -> ExpressionError:
        """A value was to come, and another thing stands there."""
        before = self.tokens[self.at - 1] if self.at else None
        if token.kind == "end":
            assert before is not None
            help_text = "write what comes behind it, or take it away"
            return ExpressionError(
                "E601", f"`{before.text}` has nothing behind it", before.start, before.end, help_text
            )
        if token.text == "if":
            help_text = "a choice is written `a if condition else b`"
            return ExpressionError("E601", "the value before `if` is missing", token.start, token.end, help_text)
        if token.text == "." and token.kind == "sign":
            return ExpressionError("E601", "there is nothing before the `.`", token.start, token.end, "take it away")
        if token.text in ("+", "-", ")", "]"):
            message = f"a value is missing before `{token.text}`"
        elif before is None:
            message = f"an expression can't begin with `{token.text}`"
        else:
            message = f"between `{before.text}` and `{token.text}` a value is missing"
        return ExpressionError("E601", message, token.start, token.end, "write it, or take the sign away")

    def unexpected(self, token: Token, help_text: str | None = None) -> ExpressionError:
        """A value has ended, and something follows that can't."""
        before = self.tokens[self.at - 1]
        if token.kind == "name" and token.text in BETWEEN:
            message = f"`{token.text}` is no word of this language"
            return ExpressionError("E601", message, token.start, token.end, BETWEEN[token.text])
        if token.text == "not" and self.tokens[self.at + 1].text == "in":
            end = self.tokens[self.at + 1].end
            help_text = "to ask whether `x` is none of several write `x != 1 and x != 2`"
            return ExpressionError("E601", "`not in` is no word of this language", token.start, end, help_text)
        if token.kind == "sign" and token.text in ")]":
            message = f"this `{token.text}` closes nothing"
            return ExpressionError("E601", message, token.start, token.end, "take it away, or open it before")
        if token.text == "else":
            help_text = "a choice is written `a if condition else b`"
            return ExpressionError("E601", "this `else` has no `if`", token.start, token.end, help_text)
        if token.text == "=" and token.kind == "sign":
            raise ExpressionError("E601", GIVES, token.start, token.end, COMPARE)
        if token.text == "," and token.kind == "sign":
            message = "`,` stands only in lists and calls"
            help_text = "a list stands in square brackets, and a fraction behind a point: [1, 2], 1.5"
            return ExpressionError("E601", message, token.start, token.end, help_text)
        message = f"between `{_short(before)}` and `{_short(token)}` a sign is missing"
        for one in (before, token):
            near = closest(one.text, RESERVED - CONSTANTS.keys()) if one.kind == "name" else None
            help_text = f"did you mean `{near}`?" if near else help_text
        way = help_text or "write what is to be done with them, such as `*`"
        return ExpressionError("E601", message, before.start, token.end, way)


def _short(token: Token) -> str:
    return token.text if len(token.text) <= 30 else f"{token.text[:29]}…"

"""From the text of a run-time expression to its tree: losses, metrics and loss terms are written so.

Such an expression stands bare, without `${}`: those were worked out before. It is written like the others (see
``expression``), but its names mean tensors, its calls may name arguments (``mean(x, axis=-1)``), and what it calls are
functions of Keras; which of them there are, and what fits together, is seen to where shapes are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .expression_nodes import Name, Node
from .expression_tokens import LONGEST, ExpressionError, Token, token_at
from .expression_tree import CONSTANTS, RESERVED, Parser

SPACES: Final = frozenset({"ops", "keras", "tf", "np", "numpy", "math", "K", "backend", "jnp", "torch"})
"""Words that programs put before the name of a function."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """An argument that is named in a call, and where its name stands."""

    name: str
    start: int
    end: int
    value: Node


@dataclass(frozen=True, slots=True)
class Applied(Node):
    """A function of Keras and what it is called with."""

    name: str
    arguments: tuple[Node, ...]
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True)
class RunTime:
    """A run-time expression taken apart: its tree, and the names and calls in it, in order."""

    text: str
    tree: Node
    names: tuple[Name, ...]
    calls: tuple[Applied, ...]


@lru_cache(maxsize=1024)
def run_time(text: str) -> RunTime:
    """Take a run-time expression apart.

    Raises:
        ExpressionError: E601 if it can't be read, E605 if it is too long or nested too deeply.
    """
    try:
        parser = _Parser(text, _tokens(text))
        tree = parser.whole(0)
    except RecursionError:
        raise ExpressionError("E605", "the expression is nested too deeply", 0, len(text)) from None
    return RunTime(text, tree, tuple(parser.names), tuple(parser.calls))


def _tokens(text: str) -> list[Token]:
    """The tokens; the last one, of kind ``end``, stands behind the text. A `=` between brackets is one of them."""
    found: list[Token] = []
    open_brackets: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at > LONGEST:
            message = f"an expression may have at most {LONGEST:,} characters"
            raise ExpressionError("E605", message, 0, at, "make parts of it layers or ops of the graph")
        if at >= len(text):
            found.append(Token("end", "", len(text), len(text)))
            return found
        if text[at] == "=" and open_brackets[-1:] == ["("] and text[at + 1 : at + 2] not in ("=", "<", ">"):
            token = Token("sign", "=", at, at + 1)
        else:
            token = token_at(text, at, open_brackets[-1:] == ["["])
        if token.text == "[" and found and _is_value(found[-1]):
            raise _indexed(token)
        if token.kind == "sign" and token.text in "([":
            open_brackets.append(token.text)
        elif token.kind == "sign" and token.text in ")]" and open_brackets:
            open_brackets.pop()
        found.append(token)
        at = token.end


def _is_value(token: Token) -> bool:
    """Whether a value ends with this token, so that a bracket behind it would be an index."""
    return token.text in (")", "]") if token.kind == "sign" else token.text not in RESERVED - CONSTANTS.keys()


def _indexed(bracket: Token) -> ExpressionError:
    help_text = "take that part in the graph, with `ops.get_item`, and name it in `inputs` of a loss term"
    return ExpressionError("E601", "tensors have no index here", bracket.start, bracket.end, help_text)


class _Parser(Parser):
    """Reads one run-time expression; ``calls`` collects its calls in order."""

    __slots__ = ("calls",)

    def __init__(self, text: str, tokens: list[Token]) -> None:
        super().__init__(text, tokens)
        self.calls: list[Applied] = []

    def whole(self, opening: int) -> Node:
        """The expression up to the end of the text."""
        if self.tokens[0].kind == "end":
            help_text = "write what is to be computed, such as `mean(square(y_true - y_pred), axis=-1)`"
            raise ExpressionError("E601", "the expression is empty", 0, len(self.text), help_text)
        node = self.expression()
        if self.token.kind != "end":
            raise self.unexpected(self.token)
        return node

    def indexed(self) -> Node:
        """A value; behind it stands no index, no attribute and no second bracket."""
        node = self.value()
        token = self.token
        if token.kind == "number" and token.text[0] == ".":
            self.refuse_attribute(node, token.start, token.end, token.text[1:])
        if token.kind != "sign":
            return node
        if token.text == ".":
            field = self.tokens[self.at + 1]
            self.refuse_attribute(node, token.start, max(token.end, field.end), f"'{field.text}'")
        if token.text == "(":
            message = f"only a function can be called, and `{self.text[node.start : node.end]}` is none"
            help_text = "to multiply write `*` in front of the bracket"
            raise ExpressionError("E601", message, token.start, token.end, help_text)
        return node

    def refuse_attribute(self, node: Node, start: int, end: int, key: str) -> None:
        """Say that functions are called by name alone, and that tensors have no methods."""
        field = self.tokens[self.at + 1]
        if field.kind != "name" and key[:1] == "'":
            raise ExpressionError("E601", "there is nothing behind the `.`", start, start + 1, "take it away")
        called = self.tokens[min(self.at + 2, len(self.tokens) - 1)].text == "("
        source = self.text[node.start : node.end]
        if source in SPACES:
            last = next(
                token
                for index, token in enumerate(self.tokens[self.at + 1 :], self.at + 1)
                if token.kind == "name" and self.tokens[index + 1].text != "."
            )
            help_text = f"functions are called by name alone: `{last.text.removeprefix('reduce_')}(…)`"
            raise ExpressionError("E601", f"`{source}` is no part of this language", node.start, last.end, help_text)
        if called:
            help_text = f"functions are called by name: `{field.text}({source}, …)`"
            raise ExpressionError("E601", "tensors have no methods", start, end, help_text)
        raise ExpressionError("E601", "tensors have no attributes", start, end, "take it away")

    def named(self, token: Token) -> Node:
        """A name, or a call of a function."""
        bracket = self.takes("(")
        if bracket is None:
            node = Name(token.start, token.end, token.text)
            self.names.append(node)
            return node
        arguments: list[Node] = []
        keywords: list[Keyword] = []
        while self.token.kind != "end" and not (self.token.kind == "sign" and self.token.text == ")"):
            if self.token.kind == "name" and self.tokens[self.at + 1].text == "=":
                keywords.append(self.keyword(keywords))
            elif keywords:
                first = keywords[0]
                message = f"a value without a name stands behind `{first.name}=`"
                help_text = "put it before those that have names, or say which argument it is"
                raise ExpressionError("E601", message, *self.place(), help_text)
            elif self.token.kind == "sign" and self.token.text in ("*", "**"):
                raise ExpressionError(
                    "E601", "a list is given to a function as it is", *self.place(), "take the `*` away"
                )
            else:
                arguments.append(self.expression())
            if not self.takes(","):
                break
        closing = self.closing(")", bracket)
        call = Applied(token.start, closing.end, token.text, tuple(arguments), tuple(keywords))
        self.calls.append(call)
        return call

    def keyword(self, before: list[Keyword]) -> Keyword:
        """`axis=-1`."""
        name = self.token
        self.at += 2
        if name.text in RESERVED:
            raise ExpressionError("E601", f"`{name.text}` is no name of an argument", name.start, name.end)
        if any(one.name == name.text for one in before):
            raise ExpressionError("E601", f"`{name.text}` is given twice", name.start, name.end, "take one away")
        if self.token.kind == "end" or (self.token.kind == "sign" and self.token.text in ",)"):
            help_text = "write one behind it, or take it away"
            raise ExpressionError("E601", f"`{name.text}=` has no value", name.start, name.end + 1, help_text)
        return Keyword(name.text, name.start, name.end, self.expression())

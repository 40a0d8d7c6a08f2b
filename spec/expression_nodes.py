"""The parts of an expression's tree, each with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression and where it stands in the string."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, a text, true, false or none."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A parameter, `index` or `item`."""

    name: str


@dataclass(frozen=True, slots=True)
class Items(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x`, `not x`."""

    sign: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`a < b`, also in a chain: `a < b <= c`."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`a and b and c`, or the same with `or`."""

    word: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`yes if test else no`."""

    test: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`value[key]`."""

    value: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Named(Node):
    """What is given to a function by name: `axis=0`."""

    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function and what it is called with."""

    name: str
    arguments: tuple[Node, ...]

"""The noun Code: what a program says, before it has a layout; it can be written down, and gone through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...spec.expression_nodes import Node as Tree
from ..catalogue.record import Record


@dataclass(frozen=True, slots=True)
class Value:
    """A number, a text, True, False, None, or lists, tuples and tables of them."""

    value: Any


@dataclass(frozen=True, slots=True)
class Var:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression of the spec; ``names`` says which variables its names are."""

    tree: Tree
    names: Mapping[str, Var]


@dataclass(frozen=True, slots=True)
class Text:
    """Text with values put into it: an f-string."""

    parts: tuple[str | Expr, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list or a tuple."""

    items: tuple[Expr, ...]
    is_tuple: bool = False


@dataclass(frozen=True, slots=True)
class Star:
    """All elements of a list, inside of a list."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary."""

    items: tuple[tuple[Any, Expr], ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """One element of a list."""

    value: Expr
    key: Expr


@dataclass(frozen=True, slots=True)
class Object:
    """A Keras object that is made: an initializer, a layer inside a wrapper, an optimizer."""

    record: Record
    arguments: Mapping[str, Expr]


@dataclass(frozen=True, slots=True)
class Given:
    """A Keras object that a function of the program makes anew whenever it is called."""

    function: str
    made: Object


@dataclass(frozen=True, slots=True)
class Made:
    """A layer that is made, not called; ``name`` is None where the layer has none of its own."""

    record: Record
    arguments: Mapping[str, Expr]
    name: Expr


@dataclass(frozen=True, slots=True)
class Called:
    """A layer that is called: ``layer`` is made on the spot, or a variable that holds one."""

    layer: Made | Var
    record: Record
    ports: Mapping[str, Expr]
    options: Mapping[str, Expr] = field(default_factory=dict)
    flatten: bool = False
    """Whether what it gives lies in each other, and has to be taken apart."""
    squeezed: bool = False
    """Whether what it is given loses its axis of size 1 before."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A call of a ``keras.ops`` function."""

    record: Record
    arguments: Mapping[str, Expr]
    ports: Mapping[str, Expr]
    name: Expr | None = None
    """What the op is to be called, where Keras' own name for it would be taken."""
    single: bool = False
    """Whether it gives a list of one tensor, which is meant itself."""


@dataclass(frozen=True, slots=True)
class Calling:
    """Any other call: what is never gone through."""

    path: str
    arguments: tuple[Expr, ...] = ()
    named: Mapping[str, Expr] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Built:
    """A call of a block's function."""

    function: Function
    inputs: tuple[Expr, ...]
    arguments: Mapping[str, Expr]
    name: Expr


@dataclass(frozen=True, slots=True)
class Each:
    """A list with an element for each of several items."""

    element: Expr
    loop: Loop


@dataclass(frozen=True, slots=True)
class Loop:
    """What is gone through: a number of times, or the elements of a list."""

    times: Expr
    counted: bool
    """Whether ``times`` is a number."""
    index: str | None
    item: str | None


@dataclass(frozen=True, slots=True)
class Raw:
    """Python text as it stands: what is never gone through."""

    text: str


Expr = (
    Value | Var | Formula | Text | Items | Star | Table | Pick | Object | Made | Called | Operation | Calling
    | Built | Each | Raw | Given
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assign:
    """Variables that are given a value; None among several is a value that nobody needs, ``rest`` that there are more.

    ``annotation`` is a comment above it.
    """

    targets: tuple[str | None, ...]
    value: Expr
    several: bool = False
    rest: bool = False


@dataclass(frozen=True, slots=True)
class For:
    """A loop."""

    loop: Loop
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class If:
    """What is done only under a condition."""

    condition: Expr
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Append:
    """A list that one more element is put into."""

    list: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Return:
    """What a function gives."""

    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Do:
    """A call of which nothing is kept: never gone through."""

    call: Expr


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Python as it stands, or a comment, or nothing: never gone through."""

    text: str


Statement = Assign | For | If | Append | Return | Do | Line


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """The function of a block. ``parameters`` map to defaults; None: it must be given."""

    name: str
    inputs: tuple[str, ...]
    parameters: Mapping[str, tuple[str, Expr | None]]
    """Parameter of the block → the function's, and its default."""
    named: str
    """The parameter that takes the name of the instance."""
    body: tuple[Statement, ...]
    outputs: int
    takes: tuple[str, ...]
    """The block's inputs by the names that it gives them."""
    gives: Mapping[str, int]
    """The numbers of those outputs that have names."""
    docstring: str = ""

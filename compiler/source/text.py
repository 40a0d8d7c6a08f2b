"""From Code to text: the lines of a program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Final

from ...spec.expression_nodes import Call
from ..build import MODULES
from ..catalogue.record import REQUIRED, Record
from .code import (
    Append,
    Assign,
    Built,
    Called,
    Calling,
    Do,
    Each,
    Expr,
    For,
    Formula,
    Function,
    Given,
    If,
    Items,
    Line,
    Loop,
    Made,
    Object,
    Operation,
    Pick,
    Raw,
    Return,
    Star,
    Statement,
    Table,
    Text,
    Value,
    Var,
)
from .formula import doc as formula_doc
from .formula import written
from .layout import STEP, WIDTH, Broken, Doc, Group, Row, flat, lines
from .literals import escaped, literal_doc, subscript

LEADING: Final = 2
"""So many arguments stand without their names, if they must be given: `Conv2D(32, 3, …)`."""
BY_NAME: Final = frozenset({"ops.full", "ops.image.scale_and_translate"})
"""Ops whose tensors are not their first arguments."""
KEYWORDS: Final = frozenset({"MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"})
"""Layers that are better read with the names of all their arguments."""


def path_of(record: Record) -> str:
    """How a program spells a Keras object."""
    if record.made is not None:
        return record.name.rpartition(".")[2]
    if record.family in ("layers", "ops"):
        return record.name if record.family == "ops" else f"layers.{record.name}"
    home = MODULES.get(record.family)
    return f"keras.{home}.{record.name}" if home else f"keras.{record.name}"


def doc(code: Expr) -> Doc:
    """Code as something that can be laid out."""
    if isinstance(code, Value):
        return literal_doc(code.value)
    if isinstance(code, Var):
        return code.name
    if isinstance(code, Raw):
        return code.text
    if isinstance(code, Given):
        return f"{code.function}()"
    if isinstance(code, Formula):
        return formula_doc(code.tree, {name: var.name for name, var in code.names.items()})
    if isinstance(code, Text):
        return _text(code)
    if isinstance(code, Items):
        opening, closing = "()" if code.is_tuple else "[]"
        return Group(opening, tuple(map(doc, _spliced(code.items))), closing, "list")
    if isinstance(code, Star):
        return Row(("*", doc(code.value)))
    if isinstance(code, Table):
        items = tuple(Row((literal_doc(key), ": ", doc(value))) for key, value in code.items)
        return Group("{", items, "}", "list")
    if isinstance(code, Pick):
        return Row((doc(code.value), "[", _one_line(code.key), "]"))
    if isinstance(code, Each):
        return Group("[", (doc(code.element), *_loop(code.loop)), "]", "loop")
    return _call(code)


def _call(code: Expr) -> Doc:
    if isinstance(code, Calling):
        return Row((code.path, _brackets(map(doc, code.arguments), code.named)))
    if isinstance(code, Object):
        name = path_of(code.record)
        if code.record.family == "metrics" and is_function(code.record):
            given = {"name": Value(code.record.name), **code.arguments}
            return Row(("keras.metrics.MeanMetricWrapper", _brackets((name,), given)))
        return Row((name, _arguments(code.record, code.arguments)))
    if isinstance(code, Made):
        return Row((path_of(code.record), _arguments(code.record, {**code.arguments, "name": code.name})))
    if isinstance(code, Called):
        made = doc(code.layer)
        called = Row((*(made.parts if isinstance(made, Row) else (made,)), _ports(code)))
        return Row(("keras.tree.flatten", Group("(", (called,), ")"))) if code.flatten else called
    if isinstance(code, Operation):
        key = code.arguments.get("key")
        if code.record.name == "ops.get_item" and isinstance(key, Value) and "x" in code.ports and code.name is None:
            return Row((doc(code.ports["x"]), f"[{subscript(key.value)}]"))
        found = Row((code.record.name, _operands(code)))
        found = Row((*found.parts, "[0]")) if code.single else found
        return found if code.name is None else Row(("named", Group("(", (found, doc(code.name)), ")")))
    assert isinstance(code, Built)
    named = {code.function.parameters[key][0]: value for key, value in code.arguments.items()}
    return Row((code.function.name, _brackets(map(doc, code.inputs), {**named, code.function.named: code.name})))


def is_function(record: Record) -> bool:
    """Whether Keras has a metric as a function alone."""
    return record.name[0].islower()


def _brackets(positional: Iterable[Doc], named: Mapping[str, Expr]) -> Group:
    items = (*positional, *(Row((f"{key}=", doc(value))) for key, value in named.items()))
    return Group("(", items, ")")


def _arguments(record: Record, given: Mapping[str, Expr]) -> Group:
    """Arguments of a constructor: those that must be given first, without their names where these say little."""
    leading: list[str] = []
    if record.family in ("layers", "initializers", "regularizers") and record.name not in KEYWORDS and not record.made:
        for argument in record.arguments[:LEADING]:
            if argument.default is not REQUIRED or argument.name not in given:
                break
            leading.append(argument.name)
    rest = {key: value for key, value in given.items() if key not in leading}
    return _brackets((doc(given[name]) for name in leading), rest)


def _ports(code: Called) -> Group:
    first = code.record.ports[0].name if code.record.ports else None
    positional: tuple[Doc, ...] = (doc(code.ports[first]),) if first is not None and first in code.ports else ()
    if code.squeezed:  # Keras would announce an axis too many
        positional = tuple(Row(("ops.squeeze", Group("(", (one, "axis=1"), ")"))) for one in positional)
    return _brackets(positional, {**{key: one for key, one in code.ports.items() if key != first}, **code.options})


def _operands(code: Operation) -> Group:
    """Arguments of an op: its tensors first, without names as far as none is left out."""
    record = code.record
    spread = next((port.name for port in record.ports if port.spread), None)
    rest = {**code.ports, **code.arguments}
    positional: list[Doc] = []
    if spread is not None:
        leading = [one.name for one in record.arguments if one.default is REQUIRED]
        positional += [doc(rest.pop(name)) for name in leading]
        operands = rest.pop(spread)
        positional += [doc(one) for one in operands.items] if isinstance(operands, Items) else [doc(Star(operands))]
    else:
        for port in record.ports:
            if port.name not in rest or not port.required or record.name in BY_NAME:
                break
            positional.append(doc(rest.pop(port.name)))
    return _brackets(positional, rest)


def _spliced(items: Iterable[Expr]) -> Iterator[Expr]:
    """The items of a list, those of lists among them one by one: `[a, b, c]`, not `[*[a, b], c]`."""
    for one in items:
        if isinstance(one, Star) and isinstance(one.value, Items):
            yield from _spliced(one.value.items)
        else:
            yield one


def _text(code: Text) -> str:
    """An f-string; or just the text or the number where there is nothing else in it."""
    inner = ""
    for part in code.parts:
        if isinstance(part, str):
            inner += escaped(part).replace("{", "{{").replace("}", "}}").replace('"', '\\"')
        else:
            inner += "{" + _one_line(part).replace('"', "'") + "}"
    return f'f"{inner}"'


def _one_line(code: Expr) -> str:
    if isinstance(code, Formula):
        return written(code.tree, {name: var.name for name, var in code.names.items()})
    return flat(doc(code))


def _loop(loop: Loop) -> tuple[Doc, ...]:
    return (Row(("for ", *_through(loop))),)


def _through(loop: Loop) -> tuple[Doc, ...]:
    """What stands between `for` and the end: `index in range(n)`, `item in items`, or both."""
    if loop.counted:
        return (f"{loop.index or '_'} in range", Group("(", (doc(loop.times),), ")"))
    times = doc(loop.times)
    if isinstance(loop.times, Formula) and isinstance(loop.times.tree, Call) and loop.times.tree.name == "range":
        times = flat(times).removeprefix("list(")[:-1]  # a loop goes through a range as it is
    if loop.index is None:
        return (f"{loop.item or '_'} in ", times)
    return (f"{loop.index}, {loop.item or '_'} in enumerate", Group("(", (times,), ")"))


def statements(body: Iterable[Statement], indent: int) -> Iterator[str]:
    """The lines of statements."""
    for one in body:
        if isinstance(one, Line):
            yield " " * indent + one.text if one.text else ""
        elif isinstance(one, Assign):
            yield from lines(Row((_targets(one), " = ", *_parts(_assigned(doc(one.value))))), indent)
        elif isinstance(one, Do):
            yield from lines(doc(one.call), indent)
        elif isinstance(one, Append):
            yield from lines(Row((f"{one.list}.append", Group("(", (doc(one.value),), ")"))), indent)
        elif isinstance(one, Return):
            yield from _return(one, indent)
        elif isinstance(one, If):
            yield from lines(Row(("if ", _assigned(doc(one.condition)), ":")), indent)
            yield from statements(one.body, indent + STEP)
        elif isinstance(one, For):
            yield from lines(Row(("for ", *_through(one.loop), ":")), indent)
            yield from statements(one.body, indent + STEP)


def _parts(one: Doc) -> tuple[Doc, ...]:
    return one.parts if isinstance(one, Row) else (one,)


def _assigned(value: Doc) -> Doc:
    """A value alone: where it must be broken without brackets, it gets some.

    With one sign, and brackets behind it, it is these that are opened.
    """
    if not isinstance(value, Broken):
        return value
    first, *rest = value.parts
    if len(rest) == 1 and isinstance(rest[0], Row) and _ends_in_brackets(rest[0]):
        return Row((flat(first), " ", *_parts(rest[0])))
    return Group("(", (value,), ")", "maybe")


def _ends_in_brackets(one: Doc) -> bool:
    while isinstance(one, Row):
        one = one.parts[-1]
    return isinstance(one, Group) and bool(one.items)


def _targets(one: Assign) -> str:
    if not one.several:
        return one.targets[0] or "_"
    names = [name or "_" for name in one.targets]
    if one.rest:
        names.append("*_")
    return ", ".join(names)


def _return(one: Return, indent: int) -> Iterator[str]:
    if len(one.values) == 1:
        yield from lines(Row(("return ", *_parts(_assigned(doc(one.values[0]))))), indent)
        return
    plain = "return " + ", ".join(flat(doc(value)) for value in one.values)
    if indent + len(plain) <= 88:
        yield " " * indent + plain
    else:
        yield from lines(Row(("return ", Group("(", tuple(map(doc, one.values)), ")", "list"))), indent)


def function_lines(function: Function) -> Iterator[str]:
    """The definition of a block's function."""
    items: list[Doc] = [*function.inputs, "*"]
    for name, default in function.parameters.values():
        items.append(name if default is None else Row((f"{name}=", doc(default))))
    items.append(function.named)
    yield from lines(Row((f"def {function.name}", Group("(", tuple(items), ")"), ":")), 0)
    yield from told(function.docstring, STEP)
    yield from statements(function.body, STEP)


def told(text: str, indent: int) -> Iterator[str]:
    """A docstring, broken where a line would be too long; nothing where there is nothing to say."""
    if not text:
        return
    space = " " * indent
    first, *rest = wrap(text, WIDTH - 3 - indent, break_long_words=False, break_on_hyphens=False)
    if not rest or indent + len(text) + 6 <= WIDTH:  # as formatters have it, who let the quotes stand over the edge
        yield f'{space}"""{text}"""'
        return
    yield f'{space}"""{first}'
    yield from (f"{space}{line}" for line in rest)
    yield f'{space}"""'


def uses_module(text: Iterable[str], name: str) -> bool:
    """Whether lines use a module by its name."""
    return bool(re.search(rf"(?<![\w.\"]){name}\.", "\n".join(text)))

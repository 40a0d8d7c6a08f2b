"""From the tree of a run-time expression and the types of its tensors to Steps: ops of Keras, one after the other.

The shape rules are those of the catalogue, so an expression is held to what the same ops would be held to as layers.
Signs are ops as well: ``a + b`` is ``add(a, b)``, ``a < b`` is ``less(a, b)``, ``a if c else b`` is ``where(c, a, b)``,
``and`` is ``logical_and``; each is computed for every element. What holds no tensor is worked out at once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any, Final

from ..spec.expression_evaluate import value_of
from ..spec.expression_nodes import Binary, Choice, Compare, Logic, Name, Node, Unary
from ..spec.expression_tokens import ExpressionError
from ..spec.expression_values import Budget, Run, value_words
from ..spec.run_time import Applied, RunTime
from ..spec.values import explain_value, fits
from ..spec.words import closest, listed
from .catalogue.formulas import FLAT, formula_ops, in_order
from .catalogue.objects import arguments_of, instantiate
from .catalogue.record import REQUIRED, Argument, ArgumentError, Call, Object, Port, ShapeError
from .catalogue.rules import inferred
from .run_time_words import check_names, told, way_out
from .sizes import depends_on_batch
from .tensor import FLOATS, TensorType, policy

SIGNS: Final[Mapping[str, str]] = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "//": "floor_divide",
    "%": "mod",
    "**": "power",
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "and": "logical_and",
    "or": "logical_or",
}
"""Sign between two tensors → the op that it stands for."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Numbers that stand in the place of a tensor."""

    value: Any


Source = str | int | Constant
"""Where a step takes a tensor from: a name of the expression, an earlier step, or numbers."""


@dataclass(frozen=True, slots=True)
class Step:
    """One op: what is written for it, and by argument where its tensors come from."""

    op: Object
    given: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Steps:
    """A run-time expression as it will be computed.

    ``result`` is what comes of it, of the type ``type``. ``smooth`` says whether it changes a little when tensors that
    can be learned from do: without that, nothing is learned from it.
    """

    steps: tuple[Step, ...]
    result: Source
    type: TensorType
    smooth: bool

    @property
    def batched(self) -> bool:
        """Whether a number for each row is left: the first axis is that of the batch."""
        return bool(self.type.shape) and depends_on_batch(self.type.shape[0])


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that an expression names: its type, None where that is not known, and whether it can be learned from."""

    type: TensorType | None
    learned: bool = True


def steps_of(expression: RunTime, tensors: Mapping[str, Tensor]) -> Steps | None:
    """What an expression computes; None where the type of a tensor that it names is not known.

    Raises:
        ExpressionError: E421 for a name or function that there is not; E422 where things don't fit together or the
            result is no tensor; E603 to E605 for numbers that come to nothing.
    """
    check_names(expression, tensors)
    if any(tensors[name.name].type is None for name in expression.names):
        return None
    return _Walk(expression, tensors).whole()


@dataclass(frozen=True, slots=True)
class _Value:
    """What a part of the tree comes to: a tensor, or (``type`` None) numbers or text."""

    node: Node
    source: Source
    type: TensorType | None = None
    smooth: bool = False

    @property
    def constant(self) -> Any:
        assert isinstance(self.source, Constant)
        return self.source.value


class _Walk:
    """One expression on its way to steps."""

    def __init__(self, expression: RunTime, tensors: Mapping[str, Tensor]) -> None:
        self.expression = expression
        self.tensors = tensors
        self.steps: list[Step] = []
        self.run = Run(expression.text, {}, Budget())
        self.places = sorted(one.start for one in (*expression.names, *expression.calls))
        """Where tensors and calls stand: what has none of them inside is worked out at once."""

    def whole(self) -> Steps:
        value = self.value(self.expression.tree)
        if value.type is None:
            message = f"this is {value_words(value.constant)} whatever the model gives"
            raise self.error(value.node, message, f"use {listed(self.tensors)}" if self.tensors else None)
        return Steps(tuple(self.steps), value.source, value.type, value.smooth)

    def error(self, at: Node, message: str, help_text: str | None = None) -> ExpressionError:
        return ExpressionError("E422", message, at.start, at.end, help_text)

    def source(self, node: Node) -> str:
        return self.run.source(node)

    def value(self, node: Node) -> _Value:
        """What a part of the tree comes to; its steps are added."""
        place = bisect_left(self.places, node.start)
        if place == len(self.places) or self.places[place] >= node.end:
            return _Value(node, Constant(value_of(self.run, node)))
        if isinstance(node, Name):
            tensor = self.tensors[node.name]
            assert tensor.type is not None
            return _Value(node, node.name, tensor.type, tensor.learned and tensor.type.dtype in FLOATS)
        if isinstance(node, Binary):
            return self.chain(node)
        if isinstance(node, Unary):
            return self.unary(node)
        if isinstance(node, Compare):
            return self.compared(node)
        if isinstance(node, Logic):
            values = [self.value(one) for one in node.operands]
            return reduce(lambda left, right: self.pair(node, node.word, left, right), values)
        if isinstance(node, Choice):
            return self.choice(node)
        if isinstance(node, Applied):
            return self.call(node)
        raise self.error(node, "a list here holds numbers alone, and no tensors", "join tensors in the graph first")

    def chain(self, node: Binary) -> _Value:
        """Arithmetic; long chains lie deep to the left, and are gone through without recursion."""
        spine = [node]
        while isinstance(spine[-1].left, Binary):
            spine.append(spine[-1].left)
        place = bisect_left(self.places, spine[-1].left.start)
        first = self.places[place]  # up to there are nothing but numbers
        rest = [one for one in spine if one.end > first]
        left = self.value(rest[-1].left)
        for one in reversed(rest):
            left = self.pair(one, one.sign, left, self.value(one.right))
        return left

    def unary(self, node: Unary) -> _Value:
        value = self.value(node.operand)
        if node.sign == "+":
            return value
        return self.op(node, f"`{node.sign}`", "logical_not" if node.sign == "not" else "negative", {"x": value}, {})

    def compared(self, node: Compare) -> _Value:
        left, found = self.value(node.first), []
        for sign, operand in node.rest:
            right = self.value(operand)
            found.append(self.pair(node, sign, left, right))
            left = right
        return reduce(lambda one, other: self.pair(node, "and", one, other), found)

    def pair(self, node: Node, sign: str, left: _Value, right: _Value) -> _Value:
        return self.op(node, f"`{sign}`", SIGNS[sign], {"x1": left, "x2": right}, {})

    def choice(self, node: Choice) -> _Value:
        test = self.value(node.test)
        if test.type is None:
            return self.value(node.yes if test.constant not in (False, None, 0, "", "none") else node.no)
        given = {"condition": test, "x1": self.value(node.yes), "x2": self.value(node.no)}
        return self.op(node, "`if`", "where", given, {})

    def call(self, node: Applied) -> _Value:
        """A call: what it is given is sorted into tensors and arguments."""
        record = formula_ops()[node.name]
        names = in_order(record)
        known = arguments_of(record)
        if len(node.arguments) > len(names):
            extra = node.arguments[len(names)]
            takes = listed(names)
            raise self.error(extra, f"`{node.name}` takes {len(names)} values at most, and this is one more",
                             f"they are, in order, {takes}")  # fmt: skip
        given = dict(zip(names, node.arguments, strict=False))
        for keyword in node.keywords:
            at = Node(keyword.start, keyword.end)
            if keyword.name not in names:
                near = closest(keyword.name, names)
                help_text = f"did you mean `{near}`?" if near else f"it takes {listed(names)}"
                raise self.error(at, f"`{node.name}` has no argument `{keyword.name}`", help_text)
            if keyword.name in given:
                raise self.error(at, f"`{keyword.name}` is given twice: it is also the value in the place of it")
            given[keyword.name] = keyword.value
        ports = {port.name: port for port in record.ports}
        values = {name: self.value(one) for name, one in given.items()}
        operands = {name: one for name, one in values.items() if name in ports}
        arguments = {name: self.argument(node, known[name], one) for name, one in values.items() if name not in ports}
        for port in record.ports:
            if port.required and port.name not in operands:
                raise self.error(node, f"`{node.name}` needs `{port.name}` as well", f"in order: {listed(names)}")
        for name, argument in known.items():
            if argument.default is REQUIRED and name not in given:
                raise self.error(node, f"`{node.name}` needs `{name}` as well: {argument.kind.expects}")
        return self.op(node, f"`{node.name}`", record.name.removeprefix("ops."), operands, arguments, given)

    def argument(self, call: Applied, argument: Argument, value: _Value) -> Any:
        """The value of an argument that is no tensor."""
        what = f"`{argument.name}` of `{call.name}`"
        if value.type is not None:
            help_text = None
            if call.name in ("max", "min") and argument.name == "axis":
                help_text = f"the {'larger' if call.name == 'max' else 'smaller'} of two is `{call.name}imum(a, b)`"
            raise self.error(value.node, f"{what} must be {argument.kind.expects}, found a tensor", help_text)
        stated = value.constant
        if argument.name in ("axis", "axes") and isinstance(stated, float):
            two = f"; the {'larger' if call.name == 'max' else 'smaller'} of two is `{call.name}imum(a, b)`"
            help_text = "axes are counted from 0, or back from -1" + (two if call.name in ("max", "min") else "")
            raise self.error(value.node, f"{what} must be {argument.kind.expects}, found {stated!r}", help_text)
        self.fits(what, argument.kind.schema, argument.kind.expects, value)
        return stated

    def fits(self, what: str, schema: Mapping[str, Any], expects: str, value: _Value) -> None:
        if fits(schema, value.constant):
            return
        told = explain_value({**schema, "x-keraspec": {"expects": expects}}, value.constant, ("value",), "it")
        help_text = told[0][3] if told[0][0] == "E107" else None
        raise self.error(value.node, f"{what} must be {expects}, found {value_words(value.constant)}", help_text)

    def op(
        self,
        node: Node,
        shown: str,
        name: str,
        operands: Mapping[str, _Value],
        arguments: Mapping[str, Any],
        places: Mapping[str, Node] = MappingProxyType({}),
    ) -> _Value:
        """Add the step of an op; ``shown`` is what a message calls it, ``places`` where its arguments stand."""
        record = formula_ops()[name]
        written: dict[str, Any] = dict(arguments)
        types: dict[str, tuple[TensorType, ...]] = {}
        given: dict[str, Source] = {}
        for port in record.ports:
            value = operands.get(port.name)
            if value is None:
                continue
            if value.type is not None:
                types[port.name], given[port.name] = (value.type,), value.source
            elif port.literal is not None:
                self.fits(f"`{port.name}` of {shown}", port.literal.schema, port.literal.expects, value)
                written[port.name] = value.constant
            else:
                types[port.name], given[port.name] = (self.counted(shown, port, value),), value.source
        op = instantiate(record, written)
        result = self.inferred(node, shown, op, types, operands, places)
        self.steps.append(Step(op, given))
        smooth = record.name not in FLAT and result.dtype in FLOATS and any(one.smooth for one in operands.values())
        return _Value(node, len(self.steps) - 1, result, smooth)

    def counted(self, shown: str, port: Port, value: _Value) -> TensorType:
        """The type of numbers that stand where Keras takes a tensor."""
        found, shape = value.constant, []
        while isinstance(found, list) and found:
            shape.append(len(found))
            found = found[0]
        if isinstance(found, bool) or not isinstance(found, int | float) or len(shape) > 1:
            raise self.error(value.node, f"`{port.name}` of {shown} must be a tensor or numbers, found "
                                         f"{value_words(value.constant)}")  # fmt: skip
        whole = isinstance(found, int) and (not shape or all(isinstance(one, int) for one in value.constant))
        return TensorType(tuple(shape), "int32" if whole else "float32")

    def inferred(
        self,
        node: Node,
        shown: str,
        op: Object,
        types: Mapping[str, tuple[TensorType, ...]],
        operands: Mapping[str, _Value],
        places: Mapping[str, Node],
    ) -> TensorType:
        """What comes out of an op, by its shape rule."""
        try:
            if op.record.check is not None:
                op.record.check(op.arguments)
            (result,) = inferred(Call(op, types, {}, policy("float32"))).outputs
        except ArgumentError as error:
            raise self.error(node, error.message, error.help) from None
        except ShapeError as error:
            port = error.port if error.port in operands else error.argument if error.argument in operands else None
            at = operands[port].node if port is not None and error.code == "E304" else node
            at = places.get(error.argument or "", at) if port is None else at
            message = told(error.message, op.record, shown, {one: self.source(operands[one].node) for one in operands})
            raise self.error(at, message, way_out(error, [one.type for one in operands.values()])) from None
        return result

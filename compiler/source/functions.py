"""From a block to the function that a program has for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...spec.blocks import Block
from ...spec.expression_nodes import Compare, Literal, Name
from ...spec.parameters import used_names
from .code import Assign, Expr, Formula, Function, If, Return, Star, Statement, Value, Var
from .entries import Facts, Layers
from .literals import escaped
from .names import CHAIN, Names
from .references import Binding, ref, resolve, uses
from .traced import Traced
from .written import Scope, Unnatural, has, value


def function_of(
    block: Block,
    name: str,
    facts: Facts,
    traced: Traced,
    constants: Scope,
    given: frozenset[str],
    extra: Sequence[str],
) -> tuple[Function, bool]:
    """The function of a block, and whether it freezes layers; ``given`` are the parameters that entries give, ``extra``
    names inside of which the tensors are asked for outside.

    Raises:
        Unnatural: where the block can't be a function.
    """
    kinds = traced.many.get(block.name, set())
    if len(kinds) != 1:
        raise Unnatural
    (many,) = kinds
    names = Names()
    parameters = {one: names.new(one) for one in block.parameters}
    scope = Scope(constants.constants, {one: Var(variable) for one, variable in parameters.items()}, constants.used)
    asked = [] if block.outputs is None else _texts(block.outputs)
    use = uses(block.layers, block.inputs, [*asked, *extra] if extra or asked else None)
    if block.outputs is None:
        use[len(block.layers) - 1].by.add(len(block.layers))
        use[len(block.layers) - 1].numbers.add(0)
    body = Layers(facts, scope, names, use, "name")
    inputs = []
    for one, is_list in zip(block.inputs, many, strict=True):
        chained = use[one].by <= {0} and len(block.inputs) == 1 and not is_list
        base = "inputs" if one == CHAIN and "inputs" not in block.inputs else one
        variable = CHAIN if chained and one == CHAIN else names.new(base)
        inputs.append(variable)
        body.bindings[one] = Binding({0: Var(variable)}, is_list)
    if len(block.inputs) == 1:
        body.before = body.bindings[block.inputs[0]]
    settled, defaults = _defaults(block, parameters, given, scope)
    body.body += settled
    for place, entry in enumerate(block.layers):
        body.entry(place, (*block.pointer, "layers", place), entry)
    values, gives = _outputs(block, body, extra)
    body.body.append(Return(values))
    made = Function(
        name, tuple(inputs), defaults, "name", tuple(_returned(body.body)), len(values), block.inputs, gives,
        sentence(traced.document.data["blocks"][block.name].get("description")),
    )  # fmt: skip
    return made, body.freezing


def _defaults(
    block: Block, parameters: Mapping[str, str], given: frozenset[str], scope: Scope
) -> tuple[list[Statement], dict[str, tuple[str, Expr | None]]]:
    """What is worked out at the start of a function, and the parameters with their defaults.

    A default that hangs on others is worked out there; what no entry ever gives is a variable, no parameter.
    """
    settled: list[Statement] = []
    defaults: dict[str, tuple[str, Expr | None]] = {}
    for one in in_order(block):
        parameter, variable = block.parameters[one], parameters[one]
        if parameter.required:
            defaults[one] = (variable, None)
            continue
        default = value(parameter.default, scope)
        if not has(parameter.default):
            defaults[one] = (variable, default)
        elif one in given:
            defaults[one] = (variable, Value(None))
            settled.append(If(_is_none(variable), (Assign((variable,), default),)))
        else:
            settled.append(Assign((variable,), default))
    return settled, {one: defaults[one] for one in block.parameters if one in defaults}


def sentence(text: Any) -> str:
    """A description as the docstring of a function."""
    return escaped(" ".join(text.split())).replace('"', "'") if isinstance(text, str) else ""


def _is_none(variable: str) -> Formula:
    tree = Compare(0, 0, Name(0, 0, variable), (("==", Literal(0, 0, None)),))
    return Formula(tree, {variable: Var(variable)})


def in_order(block: Block) -> Iterator[str]:
    """The parameters of a block, each behind those that its default uses."""
    done: set[str] = set()

    def visit(one: str) -> Iterator[str]:
        if one in done:
            return
        done.add(one)
        for other in used_names(block.parameters[one].default):
            if other in block.parameters:
                yield from visit(other)
        yield one

    for one in block.parameters:
        yield from visit(one)


def _texts(outputs: Any) -> list[Any]:
    return [outputs] if isinstance(outputs, str) else list(outputs.values() if isinstance(outputs, dict) else outputs)


def _outputs(block: Block, body: Layers, extra: Sequence[str]) -> tuple[tuple[Expr, ...], Mapping[str, int]]:
    """What a function gives, and the numbers of what has a name."""
    found: list[Expr] = []
    gives: dict[str, int] = {}
    if block.outputs is None:
        assert body.before is not None
        found.append(_single(body.before))
    else:
        found += [_tensor(text, body) for text in _texts(block.outputs)]
        if isinstance(block.outputs, dict):
            gives = {name: number for number, name in enumerate(block.outputs)}
    for name in extra:
        gives[name] = len(found)
        found.append(_tensor(name, body))
    if not found:
        raise Unnatural
    return tuple(found), gives


def _tensor(text: str, body: Layers) -> Expr:
    one = ref(text)
    if one.first not in body.bindings:
        raise Unnatural
    tensor = resolve(one, body.bindings[one.first], body.scope)
    if isinstance(tensor, Star):
        raise Unnatural
    return tensor


def _single(binding: Binding) -> Expr:
    if binding.many:
        raise Unnatural
    return binding.outputs[0]


def _returned(body: Sequence[Statement]) -> Iterator[Statement]:
    """The body with `return …` instead of a last `x = …; return x`."""
    if len(body) > 1 and isinstance(body[-1], Return) and isinstance(body[-2], Assign):
        last, before = body[-1], body[-2]
        if len(last.values) == 1 and not before.several and last.values[0] == Var(before.targets[0] or ""):
            yield from body[:-2]
            yield Return((before.value,))
            return
    yield from body

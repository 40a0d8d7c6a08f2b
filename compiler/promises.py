"""From TypedGraph to findings about promises: what `[[assertions]]` say of the model and is not so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..spec.document import HOLE
from ..spec.expression import bare
from ..spec.expression_functions import FUNCTIONS, Arguments, Function
from ..spec.expression_tokens import ExpressionError
from ..spec.expression_values import Run, Spot
from ..spec.finding import Finding
from ..spec.notes import within
from ..spec.spec import Promise
from ..spec.words import closest, listed, quoted, shown
from .graph import TypedGraph
from .size_text import text as size_text
from .sizes import Size, known


class _Open(Exception):
    """A number is asked for that is not known yet; ``what`` names it, ``size`` is what is known of it."""

    def __init__(self, what: str, size: str) -> None:
        super().__init__(what)
        self.what, self.size = what, size


class _Sizes(Mapping[str, Any]):
    """The numbers that promises are about, each looked at when it is asked for."""

    def __init__(self, found: Mapping[str, Size | None]) -> None:
        self.found = found

    def __getitem__(self, name: str) -> Any:
        size = self.found[name]
        if size is None:
            return HOLE  # something is wrong with the model, which has been said
        if not known(size):
            raise _Open(f"`{name}`", size_text(size))
        return size

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __contains__(self, name: object) -> bool:
        return name in self.found


def promise_findings(typed: TypedGraph) -> Iterator[Finding]:
    """The promises that the model breaks (E501), that can't be decided (E502), or that say nothing.

    Over `params`, `trainable_params`, `flops` and `activation_bytes` of one sample, `layers`, and
    `output_shape('NAME')`, of an output or a layer, without the batch axis.
    """
    promises = typed.graph.spec.assertions
    if not promises:
        return
    from .show import summarise

    summary = summarise(typed)
    totals = summary.totals
    sizes = _Sizes(
        {
            "params": totals.params,
            "trainable_params": totals.trainable_params,
            "flops": totals.flops,
            "activation_bytes": totals.activation_bytes,
            "layers": sum(row.type != "input" for row in summary.layers),
        }
    )
    functions = {**FUNCTIONS, "output_shape": _output_shape(typed)}
    for promise in promises:
        yield from _kept(typed, promise, sizes, functions)


def _kept(typed: TypedGraph, promise: Promise, sizes: _Sizes, functions: Mapping[str, Function]) -> Iterator[Finding]:
    at, check = (*promise.pointer, "check"), promise.check
    try:
        value = bare(check, sizes, functions)
    except ExpressionError as error:
        place = typed.graph.spec.document.place(at)
        inside = within(place, check, error.start, error.end)
        yield Finding(error.code, error.message, at, help=error.help, inside=inside)
        return
    except _Open as open_size:
        yield Finding(
            "E502",
            f"whether this holds can't be told: {open_size.what} is {open_size.size}",
            at,
            help="write numbers for the sizes in `inputs`, or promise something that does not hang on them",
        )
        return
    if value is HOLE or value is True:
        return
    if value is not False:
        yield Finding("E603", f"a promise must be true or false; {quoted(check)} is {shown(value)}", at,
                      help="compare it: `params < 5_000_000`")  # fmt: skip
        return
    used = _used(check, sizes, functions)
    found = "; ".join(f"{name} is {_number(one)}" for name, one in used.items())
    yield Finding("E501", f"the model breaks this promise{': ' + found if found else ''}", at,
                  help="change the model, or the promise")  # fmt: skip


def _used(check: str, sizes: _Sizes, functions: Mapping[str, Function]) -> dict[str, Any]:
    """What a promise speaks of, and what that is."""
    asked: dict[str, Any] = {}

    class Noting(_Sizes):
        def __getitem__(self, name: str) -> Any:
            asked[f"`{name}`"] = value = sizes[name]
            return value

    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        value = functions["output_shape"].apply(run, at, arguments)
        asked[f"`output_shape('{arguments[0][1]}')`"] = value
        return value

    shape = functions["output_shape"]
    noting = Function(shape.least, shape.most, shape.takes, shape.usage, apply)
    bare(check, Noting(sizes.found), {**functions, "output_shape": noting})
    return asked


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _output_shape(typed: TypedGraph) -> Function:
    """The shape of an output or a layer by its name, a list without the batch axis; a size not known is a text."""

    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        spot, name = arguments[0]
        if not isinstance(name, str):
            raise run.wrong_kind(spot, name, "`output_shape` takes the name of an output or a layer")
        outputs, nodes = typed.graph.outputs, typed.graph.nodes
        if name not in outputs and name not in nodes:
            near = closest(name, (*outputs, *nodes))
            way = f"did you mean '{near}'?" if near else f"the outputs are {listed(outputs)}"
            raise ExpressionError("E602", f"there is no output or layer called '{name}'", spot.start, spot.end, way)
        if name in outputs:
            tensor = typed.tensor(outputs[name])
        else:
            every = typed.typed[name].outputs
            tensor = every[0] if every else None
        if tensor is None:
            return HOLE
        return [size if known(size) else size_text(size) for size in tensor.shape[1:]]

    return Function(1, 1, "the name of an output or a layer", "output_shape('digit')", apply)

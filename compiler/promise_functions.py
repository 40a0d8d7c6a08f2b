"""From TypedGraph to what promises may call: the shape of an output, how far it sees, whether training fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

from ..spec.expression_functions import Arguments, Function
from ..spec.expression_nodes import Named
from ..spec.expression_tokens import ExpressionError
from ..spec.expression_values import Run, Spot, Unreadable
from ..spec.words import closest, listed, quoted
from .graph import Edge, TypedGraph
from .memory import bytes_of, bytes_text, rows_of, training_bytes
from .reach import Unclear, receptive_fields
from .size_text import text as size_text
from .sizes import Size, known

OPEN_SIZES: Final = "write numbers for the sizes in `inputs`, or promise something that does not hang on them"


class Open(Exception):
    """Whether a promise holds can't be told: ``why``, and what to do about it."""

    def __init__(self, why: str, way: str = OPEN_SIZES) -> None:
        super().__init__(why)
        self.why, self.way = why, way


Notes = MutableMapping[str, str]
"""What a promise spoke of while it was worked out → what that is, in words."""


def functions(typed: TypedGraph, notes: Notes) -> Mapping[str, Function]:
    """What a promise may call beside what every expression may."""
    return {
        "output_shape": Function(
            1, 1, "the name of an output or a layer", "output_shape('digit')", _output_shape(typed, notes)
        ),
        "receptive_field": Function(
            1, 3, "the name of an output or a layer, and perhaps `axis` and `input`",
            "receptive_field('conv5', axis=0)", _receptive_field(typed, notes), ("name", "axis", "input"),
        ),
        "fits": Function(
            1, 2, "an amount of memory, and perhaps `batch_size`", "fits('16 GB', batch_size=32)",
            _fits(typed, notes), ("memory", "batch_size"),
        ),
    }  # fmt: skip


def number_text(value: Any) -> str:
    """A number as messages show it: 1,000."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def _given(arguments: Arguments, *names: str) -> dict[str, tuple[Spot, Any]]:
    """Arguments by their names, also those that stand at their place without one."""
    found: dict[str, tuple[Spot, Any]] = {}
    for name, (spot, value) in zip(names, arguments, strict=False):
        if isinstance(spot, Named):
            if spot.name in found:
                raise ExpressionError("E601", f"`{spot.name}` is given twice", spot.start, spot.end, "take one away")
            found[spot.name] = (spot.value, value)
        else:
            found[name] = (spot, value)
    return found


def _first(at: Spot, given: Mapping[str, tuple[Spot, Any]], function: str, name: str, takes: str) -> tuple[Spot, Any]:
    """What a function can't be without."""
    if name not in given:
        way = f"write it first: `{function}('…', …)`"
        raise ExpressionError("E603", f"`{function}` takes {takes}", at.start, at.end, way)
    return given[name]


def _edge(typed: TypedGraph, run: Run, spot: Spot, name: Any, function: str) -> Edge:
    """The tensor of an output, or the first that a layer gives."""
    if not isinstance(name, str):
        raise run.wrong_kind(spot, name, f"`{function}` takes the name of an output or a layer")
    outputs, nodes = typed.graph.outputs, typed.graph.nodes
    if name in outputs:
        return outputs[name]
    if name in nodes:
        return Edge(name, 0, ())
    near = closest(name, (*outputs, *nodes))
    way = f"did you mean '{near}'?" if near else f"the outputs are {listed(outputs)}"
    raise ExpressionError("E602", f"there is no output or layer called '{name}'", spot.start, spot.end, way)


def _output_shape(typed: TypedGraph, notes: Notes) -> Callable[[Run, Spot, Arguments], Any]:
    """The shape of an output or a layer by its name, a list without the batch axis; a size not known is a text."""

    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        spot, name = arguments[0]
        tensor = typed.tensor(_edge(typed, run, spot, name, "output_shape"))
        if tensor is None:
            raise Unreadable
        value = [size if known(size) else size_text(size) for size in tensor.shape[1:]]
        notes[f"`output_shape('{name}')`"] = str(value)
        return value

    return apply


def _receptive_field(typed: TypedGraph, notes: Notes) -> Callable[[Run, Spot, Arguments], Any]:
    """How many places of an input one place of an output or layer sees: one number where it is the same along all
    axes, else a list; of one ``axis``, counted from 0 without the batch, always a number."""

    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        given = _given(arguments, "name", "axis", "input")
        spot, name = _first(at, given, "receptive_field", "name", "the name of an output or a layer")
        edge = _edge(typed, run, spot, name, "receptive_field")
        if any(typed.typed[one].outputs is None for one in typed.graph.nodes):
            raise Unreadable
        try:
            fields = receptive_fields(typed, edge)
        except Unclear as unclear:
            why = f"what `{unclear.layer}` ({unclear.type}) makes its places of is not known"
            raise Open(why, "ask for the receptive field of a layer before it") from None
        field = _of_input(run, spot, name, fields, given.get("input"))
        value = _along(run, field, given.get("axis"))
        for one in value if isinstance(value, list) else [value]:
            if not known(one):
                raise Open(f"`{name}` sees all of an axis, whose size is {size_text(one)}")
        notes[f"`{run.source(at)}`"] = str(value) if isinstance(value, list) else number_text(value)
        return value

    return apply


def _of_input(
    run: Run, spot: Spot, name: str, fields: Mapping[str, tuple[Size, ...]], asked: tuple[Spot, Any] | None
) -> tuple[Size, ...]:
    if asked is not None:
        place, wanted = asked
        if isinstance(wanted, str) and wanted in fields:
            return fields[wanted]
        way = f"'{name}' sees {listed([f'{one!r}' for one in fields])}" if fields else None
        message = f"'{name}' sees no places of an input called {quoted(str(wanted))}"
        raise ExpressionError("E602", message, place.start, place.end, way)
    if not fields:
        message = f"`receptive_field`: nothing that '{name}' is made of has places along an axis"
        raise ExpressionError("E603", message, spot.start, spot.end, "it is for pictures, sequences and the like")
    if len(set(fields.values())) > 1:
        message = f"'{name}' sees several inputs, {listed([repr(one) for one in fields])}, and not as far in each"
        way = f"say which is meant: `receptive_field('{name}', input='{next(iter(fields))}')`"
        raise ExpressionError("E603", message, spot.start, spot.end, way)
    return next(iter(fields.values()))


def _along(run: Run, field: tuple[Size, ...], asked: tuple[Spot, Any] | None) -> Any:
    if asked is None:
        return field[0] if len(set(field)) == 1 else list(field)
    spot, value = asked
    axis = run.whole(spot, value, "`axis` is a whole number")
    if not -len(field) <= axis < len(field):
        there = "there is one axis, 0" if len(field) == 1 else f"the axes are 0 to {len(field) - 1}"
        message = f"there is no axis {axis}; {there}, without the batch and the channels"
        raise ExpressionError("E604", message, spot.start, spot.end)
    return field[axis]


def _fits(typed: TypedGraph, notes: Notes) -> Callable[[Run, Spot, Arguments], Any]:
    """Whether what training holds at once is no more than an amount of memory; see ``memory`` for how sure that is."""

    def apply(run: Run, at: Spot, arguments: Arguments) -> Any:
        given = _given(arguments, "memory", "batch_size")
        spot, words = _first(at, given, "fits", "memory", "an amount of memory")
        limit = bytes_of(words) if isinstance(words, str) else None
        if limit is None:
            raise run.wrong_kind(spot, words, "`fits` takes an amount of memory, such as '16 GB' or '900 MiB'")
        rows = rows_of(typed)
        if "batch_size" in given:
            place, value = given["batch_size"]
            rows = run.whole(place, value, "`batch_size` is a whole number of at least 1")
            if rows < 1:
                raise run.wrong_kind(place, value, "`batch_size` is a whole number of at least 1")
        needed = training_bytes(typed, rows)
        if needed is None:
            if any(one.outputs is None for one in typed.typed.values()):
                raise Unreadable
            raise Open("what the optimizer keeps beside the weights is not known", "promise something else")
        if not known(needed):
            raise Open(f"the memory of training is {size_text(needed)} bytes")
        notes[f"what training holds with batches of {rows:,}"] = bytes_text(needed, words)
        return needed <= limit

    return apply

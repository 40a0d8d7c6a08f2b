"""From TypedGraph to findings about promises: what `[[assertions]]` say of the model and is not so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..spec.document import HOLE
from ..spec.expression import bare
from ..spec.expression_functions import FUNCTIONS
from ..spec.expression_tokens import ExpressionError
from ..spec.finding import Finding
from ..spec.notes import within
from ..spec.spec import Promise
from ..spec.words import quoted, shown
from .graph import TypedGraph
from .promise_functions import Notes, Open, functions, number_text
from .size_text import text as size_text
from .sizes import Size, known


class _Sizes(Mapping[str, Any]):
    """The numbers that promises are about, each looked at, and noted, when it is asked for."""

    def __init__(self, found: Mapping[str, Size | None], notes: Notes) -> None:
        self.found, self.notes = found, notes

    def __getitem__(self, name: str) -> Any:
        size = self.found[name]
        if size is None:
            return HOLE  # something is wrong with the model, which has been said
        if not known(size):
            raise Open(f"`{name}` is {size_text(size)}")
        self.notes[f"`{name}`"] = number_text(size)
        return size

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __contains__(self, name: object) -> bool:
        return name in self.found


def promise_findings(typed: TypedGraph) -> Iterator[Finding]:
    """The promises that the model breaks (E501), that can't be decided (E502), or that say nothing.

    Over `params`, `trainable_params`, `flops` and `activation_bytes` of one sample, `layers`, and the functions of
    ``promise_functions``.
    """
    promises = typed.graph.spec.assertions
    if not promises:
        return
    from .show import summarise

    summary = summarise(typed)
    totals = summary.totals
    sizes = {
        "params": totals.params,
        "trainable_params": totals.trainable_params,
        "flops": totals.flops,
        "activation_bytes": totals.activation_bytes,
        "layers": sum(row.type != "input" for row in summary.layers),
    }
    for promise in promises:
        yield from _kept(typed, promise, sizes)


def _kept(typed: TypedGraph, promise: Promise, sizes: Mapping[str, Size | None]) -> Iterator[Finding]:
    at, check = (*promise.pointer, "check"), promise.check
    notes: dict[str, str] = {}
    try:
        value = bare(check, _Sizes(sizes, notes), {**FUNCTIONS, **functions(typed, notes)})
    except ExpressionError as error:
        place = typed.graph.spec.document.place(at)
        inside = within(place, check, error.start, error.end)
        yield Finding(error.code, error.message, at, help=error.help, inside=inside)
        return
    except Open as is_open:
        yield Finding("E502", f"whether this holds can't be told: {is_open.why}", at, help=is_open.way)
        return
    if value is HOLE or value is True:
        return
    if value is not False:
        yield Finding("E603", f"a promise must be true or false; {quoted(check)} is {shown(value)}", at,
                      help="compare it: `params < 5_000_000`")  # fmt: skip
        return
    found = "; ".join(f"{name} is {words}" for name, words in notes.items())
    yield Finding("E501", f"the model breaks this promise{': ' + found if found else ''}", at,
                  help="change the model, or the promise")  # fmt: skip

"""From TypedGraph to findings about masks that are not there when the model runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from .catalogue.mask_habits import ATTENDS, begins
from .endings import head_of
from .graph import Edge, TypedGraph
from .heads import heads
from .mask_flow import Cause, Miss, misses

OTHERS: Final = 3
"""How many more places a finding shows that miss the same mask."""


def mask_findings(typed: TypedGraph, precision: str) -> Iterator[Finding]:
    """One finding for each mask that is gone where it counts, at the first place in the file that misses it (W302)."""
    with_loss: dict[str, Edge] = {}
    places: dict[str, Pointer] = {}
    for head in heads(typed):
        if head.loss is not None or head.metrics:
            with_loss[head.name] = typed.graph.outputs[head.name]
            places[head.name] = head.loss_pointer
    found: dict[Cause, dict[Miss, set[bool]]] = {}
    for training in (False, True):
        for miss in misses(typed, precision, training, with_loss):
            found.setdefault(miss.cause, {}).setdefault(miss, set()).add(training)
    order = {name: number for number, name in enumerate(typed.graph.nodes)}
    for missed in found.values():
        first, *rest = sorted(missed, key=partial(_rank, missed, order))
        others = list({(one.node, one.output): one for one in rest if _place(one) != _place(first)}.values())
        yield _finding(typed, first, others, missed[first], places)


def _rank(missed: dict[Miss, set[bool]], order: dict[str, int], miss: Miss) -> tuple[bool, bool, bool, int]:
    """What is so at all times first, then what is so in use; layers before losses, and as in the file."""
    when = missed[miss]
    return len(when) == 1, False not in when, miss.output is not None, order[miss.node]


def _finding(typed: TypedGraph, miss: Miss, others: list[Miss], when: set[bool], places: dict[str, Pointer]) -> Finding:
    nodes, cause = typed.graph.nodes, miss.cause
    who = f"`{miss.node}`" if miss.output is None else f"the loss of `{miss.output}`"
    started = f"{who} is given no mask when the model runs"
    if len(when) == 1:
        started = f"in {'training' if True in when else 'use, though not in training,'} {who} is given no mask"
    layer = nodes[cause.node].layer
    kind = layer.record.name if layer is not None else "it"
    if cause.kind == "taken":
        why = f"`{cause.node}` has taken it off `{cause.tensor}`"
        label = f"{kind} takes the masks off the tensors that it reads"
    elif cause.kind == "joined":
        why = f"`{cause.node}` joins it with `{cause.tensor}`, which has none"
        label = f"{kind} hands on a mask only where all that it is given have one"
    elif cause.kind == "given":
        why = f"`{cause.node}` is given a mask, but not for its query, `{cause.tensor}`"
        label = f"{kind} that is given masks hands on the `query_mask` alone"
    else:
        why = f"Keras hands {kind} none if it is given `initial_state` too"
        label = ""
    related = [Related("the mask comes from here", head_of(nodes[miss.origin.node]))]
    if label and cause.node != miss.node:
        related.insert(0, Related(label, head_of(nodes[cause.node])))
    for one in others[:OTHERS]:
        related.append(Related("the mask is missing here too", _pointer(typed, one, places)))
    more = f"; {len(others) - OTHERS} more layers miss it" if len(others) > OTHERS else ""
    return Finding(
        "W302",
        f"{started}: {why}; padding counts as data{more}",
        _pointer(typed, miss, places),
        help=_way_out(typed, miss),
        related=tuple(related),
    )


def _place(miss: Miss) -> tuple[str, str | None]:
    return miss.node, miss.output


def _pointer(typed: TypedGraph, miss: Miss, places: dict[str, Pointer]) -> Pointer:
    return head_of(typed.graph.nodes[miss.node]) if miss.output is None else places[miss.output]


def _way_out(typed: TypedGraph, miss: Miss) -> str:
    """What keeps the mask where it is; else how it is computed as a tensor of its own, and where it is given."""
    cause = miss.cause
    if cause.kind == "given":
        return f'give `{cause.node}` a `query_mask = "…"` as well, beside its `value_mask`'
    keep = f"give `{cause.tensor}` a mask too, such as `mask_zero = true` in an `Embedding`"
    if cause.kind == "taken":
        copy = f'`{{ name = "copy", type = "Rescaling", inputs = "{cause.tensor}", scale = 1 }}`'
        keep = f'let `{cause.node}` read a copy, {copy}, and so "copy" in its `inputs` instead of "{cause.tensor}"'
    if miss.output is not None:
        return keep
    made, name = _computed(typed, miss)
    by_hand = f"{made}and give it here, {_given(typed, miss, name)}"
    return by_hand if cause.kind == "untold" else f"{keep}; or {by_hand}"


def _computed(typed: TypedGraph, miss: Miss) -> tuple[str, str]:
    """How to compute a mask as its origin does, and what it is called then; one that the spec computes has a name."""
    origin = typed.graph.nodes[miss.origin.node]
    if origin.layer is None or not begins(origin.layer):
        return f"take `{origin.name}` ", origin.name
    of = origin.edges[0].reference
    made = f'`{{ name = "real", type = "ops.not_equal", inputs = "{of}", x2 = 0 }}`'
    if origin.layer.record.name == "Masking":
        value = f"{origin.layer['mask_value']:g}"
        made = f"`ops.not_equal` of `{of}` and {value}, and of that `real`, `ops.any` with `axis = -1`"
    return f"compute the mask as a tensor, {made}, ", "real"


def _given(typed: TypedGraph, miss: Miss, name: str) -> str:
    """How a layer is given a mask."""
    node = typed.graph.nodes[miss.node]
    assert node.layer is not None
    match ATTENDS.get(node.layer.record.name):
        case "mask":
            return f'`query_mask = "{name}", value_mask = "{name}"` beside `query` and `value`'
        case None:
            return f'`mask = "{name}"` beside `{node.layer.record.ports[0].name} = "{node.edges[0].reference}"`'
        case port:
            return f'`{port} = "{name}"` beside `query` and `value`'

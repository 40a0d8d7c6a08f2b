"""From a layer or op to what comes out of it for tensors of several shapes: its own rule is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..spec.problem import Problem
from .catalogue.record import Record

SHAPES: Final = ((16,), (10, 16), (32, 32, 3), (8, 32, 32, 3), (4, 8, 8, 8, 3))
SOUNDS: Final = {"MelSpectrogram": ((16000,),), "STFTSpectrogram": ((16000, 1),)}
_TRIED: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("Reshape", {"target_shape": [4, 4]}),
    ("Permute", {"dims": [2, 1]}),
    ("Dot", {"axes": 1}),
    ("Embedding", {"input_dim": 1000, "output_dim": 8}),
    ("Dense", {"units": 8}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": [10, 8]}),
    ("RNN", {"cell": {"type": "LSTMCell", "units": 8}}),
    ("StackedRNNCells", {"cells": [{"type": "LSTMCell", "units": 8}, {"type": "LSTMCell", "units": 4}]}),
    ("Bidirectional", {"layer": {"type": "LSTM", "units": 8}}),
    ("GroupNormalization", {"groups": 1}),
    ("Discretization", {"num_bins": 4}),
    ("ops.digitize", {"bins": [0.0, 1.0]}),
)
"""Arguments with which a layer takes tensors, where any others do not."""


def tried(record: Record, arguments: dict[str, Any]) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """Arguments for an example, and pairs of the shapes that go in and come out."""
    arguments = dict(next((given for name, given in _TRIED if name == record.name), arguments))
    found: list[tuple[str, str]] = []
    shapes = SOUNDS.get(record.name, SHAPES)
    for dtype in ("float32", "int32", "string"):
        for shape in shapes if dtype == "float32" else ((10,),) if dtype == "int32" else ((), (10,)):
            out = _out(record, arguments, shape, dtype)
            if out is not None:
                words = "" if dtype == "float32" else f" of {dtype}"
                found.append((f"{_shape(shape)}{words}", out))
        if found:
            break
    return arguments, tuple(found[:4])


def _shape(shape: tuple[Any, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _out(record: Record, arguments: Mapping[str, Any], shape: tuple[int, ...], dtype: str) -> str | None:
    """The shapes of what comes out, or None where the layer does not take such a tensor."""
    from ..spec.document import Document, Place, Source
    from ..spec.expand import expand
    from ..spec.parse import parse
    from ..spec.validate import validate
    from .infer import infer
    from .link import link

    ports = _inputs(record, arguments)
    data: dict[str, Any] = {
        "keraspec": 1,
        "inputs": {name: {"shape": list(shape), "dtype": dtype} for name in ports},
        "layers": [{"name": "out", "type": record.name, **arguments, "inputs": _wired(record, ports)}],
    }
    source = Source("<reference>", "")
    document, findings = expand(Document(source, data, lambda pointer, part: Place(source, 0, 0)))
    if findings:
        return None
    try:
        checked = validate(document)
        spec, parsed = parse(checked)
        graph, linked = link(spec)
        typed, inferred = infer(graph)
    except Problem:
        return None
    said = (*checked.findings, *parsed, *linked, *inferred)
    if any(one.severity == "error" for one in said):
        return None
    outputs = typed.typed["out"].outputs if "out" in typed.typed else None
    return None if not outputs else " and ".join(_shape(one.shape[1:]) for one in outputs)


def _inputs(record: Record, arguments: Mapping[str, Any]) -> list[str]:
    """Names of inputs: one, and as many as the layer must have."""
    first = record.ports[0]
    names = [f"x{number}" for number in range(max(2, first.minimum))] if first.many else ["x"]
    return names + [one.name for one in record.ports[1:] if one.required and one.name not in arguments]


def _wired(record: Record, names: list[str]) -> Any:
    first = record.ports[0]
    if len(record.ports) == 1 or len(names) == 1 or (first.many and len(names) == max(2, first.minimum)):
        return names if first.many else names[0]
    return dict(_pairs(record, names))


def _pairs(record: Record, names: list[str]) -> Iterator[tuple[str, str]]:
    yield record.ports[0].name, names[0]
    yield from ((name, name) for name in names[1:])

"""From two specs to whether they are one network: both are written out, and compared entry by entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...spec.document import Document, Place, Source
from ...spec.naming import REFERENCE
from ...spec.read import read_text
from ...spec.to_toml import as_read, toml_text
from ...spec.written_out import write_out
from ..catalogue import entry_record
from ..catalogue.objects import arguments_of, normal
from ..catalogue.record import REQUIRED, Record
from .fold_lines import frozen

_WIRED: Final = frozenset({"name", "inputs", "type", "reuse"})
_APART: Final = frozenset({"layers", "outputs", "blocks"})


def same_network(flat: Mapping[str, Any], folded: Mapping[str, Any]) -> bool:
    """Whether two specs come to the same layers: types, arguments, wiring and their order; names may differ.

    The ``folded`` one is compared as the text that it will be, and must be without findings.
    """
    source = Source("", "")
    first = _written_out(Document(source, as_read(flat), lambda *_: Place(source, 0, 0)))
    document, findings = read_text("", toml_text(folded).encode(), "toml")
    if findings or document is None:
        return False
    other = _written_out(document)
    return first is not None and other is not None and first.same(other)


class _Network:
    """A spec that is written out, with references by the number of the entry."""

    def __init__(self, document: Document) -> None:
        data, expansion = document.data, document.expansion
        assert expansion is not None
        self.data = data
        self.entries: list[Mapping[str, Any]] = data["layers"]
        self.numbers = {name: number for number, (name, _) in enumerate(expansion.names)}
        self.inputs = tuple(data["inputs"])
        if "outputs" in data:
            outputs = data["outputs"]
            self.outputs = self.wires([outputs] if isinstance(outputs, str) else outputs, 0)
            self.labels = expansion.outputs or tuple(map(_label, _texts(data["outputs"])))
        else:
            self.outputs = [(len(self.entries) - 1, "")]
            self.labels = (self.entries[-1].get("name", "output"),)

    def same(self, other: _Network) -> bool:
        """Whether the other one is the same network."""
        return (
            len(self.entries) == len(other.entries)
            and all(self.same_entry(other, number) for number in range(len(self.entries)))
            and (self.outputs, self.labels) == (other.outputs, other.labels)
            and {key: frozen(value) for key, value in self.data.items() if key not in _APART}
            == {key: frozen(value) for key, value in other.data.items() if key not in _APART}
        )

    def same_entry(self, other: _Network, number: int) -> bool:
        """Whether two entries are alike, but for their names."""
        mine, its = self.entries[number], other.entries[number]
        return (
            mine.get("type") == its.get("type")
            and self.shared(mine) == other.shared(its)
            and self.wires(mine.get("inputs"), number) == other.wires(its.get("inputs"), number)
            and _same_arguments(mine, its)
        )

    def shared(self, entry: Mapping[str, Any]) -> Any:
        """The number of the entry whose weights an entry uses."""
        return self.wires(entry["reuse"], 0) if "reuse" in entry else None

    def wires(self, written: Any, number: int) -> Any:
        """References with names replaced by numbers; those of an entry without any lead to the one before."""
        if written is None:
            return (number - 1, "") if number else (self.inputs[0] if self.inputs else None, "")
        if isinstance(written, Mapping):
            return {key: self.wires(one, number) for key, one in written.items()}
        if isinstance(written, list):
            return [self.wires(one, number) for one in written]
        found = REFERENCE.fullmatch(written)
        if found is None:
            return written
        rest = f"[{found[2]}]" if found[2] not in (None, "0") else ""
        parts = found[1].split(".")
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            inner = "".join(f".{part}" for part in parts[length:])
            if name in self.numbers:
                return (self.numbers[name], inner + rest)
            if name in self.inputs:
                return (name, inner + rest)
        return written


def _written_out(document: Document) -> _Network | None:
    expanded, findings = write_out(document)
    entries = expanded.data.get("layers")
    if findings or not isinstance(entries, list) or not entries or not isinstance(expanded.data.get("inputs"), Mapping):
        return None
    return _Network(expanded)


def _texts(outputs: Any) -> list[str]:
    if isinstance(outputs, Mapping):
        return list(outputs)
    return [str(one) for one in outputs] if isinstance(outputs, list) else [str(outputs)]


def _label(text: str) -> str:
    return text.partition("[")[0].rpartition(".")[2]


def _same_arguments(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries say the same to Keras; an argument that is not written has its default."""
    keys = (one.keys() | other.keys()) - _WIRED
    if not keys:
        return True
    kind = one.get("type")
    record = entry_record(kind) if isinstance(kind, str) else None
    return all(_same_argument(one, other, key, record) for key in keys)


def _same_argument(one: Mapping[str, Any], other: Mapping[str, Any], key: str, record: Record | None) -> bool:
    if key in one and key in other and frozen(one[key]) == frozen(other[key]):
        return True
    argument = None if record is None else arguments_of(record).get(key)
    if argument is None:
        return False
    mine, its = one.get(key, argument.default), other.get(key, argument.default)
    if mine is REQUIRED or its is REQUIRED:
        return False
    try:
        return bool(frozen(normal(argument.kind, mine)) == frozen(normal(argument.kind, its)))
    except (TypeError, ValueError, KeyError):
        return False

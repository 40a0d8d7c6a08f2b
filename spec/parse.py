"""From Document to Spec: checked tables become records; names are given to what has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from .document import HOLE, Pointer
from .finding import Finding
from .naming import REFERENCE, FreeNames, snake_case
from .parse_data import pad_of, split_of, window_of
from .parse_training import laid, training_of
from .spec import (
    Column,
    Data,
    Entry,
    Input,
    Output,
    Promise,
    Reference,
    Spec,
    Term,
    Training,
)
from .sweep import Sweep, sweep_of
from .validation import Validation
from .words import quoted

UNMEASURED: Final = frozenset(
    {"callbacks", "epochs", "seed", "optimizer", "precision", "jit_compile", "steps_per_execution", "class_weight"}
    | {"loop", "gradients", "rules", "freeze", "phases", "checkpoint", "weights", "name", "profile", "distribute"}
    | {"learning_rate_factors", "overrides"}
)
"""Keys of ``training`` on which it does not depend what is measured."""
PLACED: Final = frozenset({"callbacks", "metrics", "rules"})
"""Lists of ``training`` whose items are found by their number: what is wrong in one leaves a gap."""
LANGUAGE_KEYS: Final = frozenset({"type", "block", "reuse", "name", "inputs", "call", "repeat", "each", "when"})


def parse(checked: Validation) -> tuple[Spec, tuple[Finding, ...]]:
    """The spec that a validated document states, and the references that can't be read."""
    parser = _Parser(checked)
    spec = parser.spec()
    return spec, tuple(parser.findings)


class _Parser:
    """Reads one validated document."""

    def __init__(self, checked: Validation) -> None:
        self.checked = checked
        self.document = checked.document
        self.findings: list[Finding] = []
        self.expansion = checked.document.expansion
        self.full = frozenset(name for name, _ in self.expansion.names) if self.expansion else frozenset()
        """Full names, which have dots in them."""
        damaged = checked.document.damaged & {(), ("inputs",), ("layers",)}
        self.names_known = not damaged and () not in checked.unsound and not checked.misplaced & {"inputs", "layers"}
        self.whole = self.names_known and "outputs" not in checked.misplaced
        self.misnamed = _misnamed(checked)
        self.terms_known = True
        self.unread: list[Pointer] = []
        """References that can't be read."""
        self.lost: dict[Pointer, set[str | int]] = {}
        for one in checked.rejected:
            if one:
                self.lost.setdefault(one[:-1], set()).add(one[-1])

    def spec(self) -> Spec:
        data = self.document.data
        inputs = tuple(self._inputs())
        entries = tuple(self._entries({one.name for one in inputs}))
        outputs, named = self._outputs(entries)
        name = self._clean(data, (), "name", str)
        return Spec(
            name=name or "model",
            description=self._clean(data, (), "description", str),
            inputs=inputs,
            entries=entries,
            outputs=outputs,
            outputs_named=named,
            data=self._data(),
            training=self._training(),
            document=self.document,
            whole=self.whole,
            names_known=self.names_known,
            misnamed=self.misnamed,
            expanded=self.expansion is not None,
            composed=self.expansion.composed if self.expansion else frozenset(),
            assertions=tuple(self._promises(data.get("assertions"))),
            terms_known=self.terms_known,
            sweep=self._sweep(),
        )

    def _sweep(self) -> Sweep | None:
        at: Pointer = ("sweep",)
        stated = isinstance(self.document.data.get("sweep"), dict) and at not in self.checked.rejected
        return sweep_of(self._table(at)) if stated else None

    def _promises(self, written: Any) -> Iterator[Promise]:
        for index in range(len(written) if isinstance(written, list) else 0):
            check = self._table(("assertions", index)).get("check")
            if isinstance(check, str):
                yield Promise(check, ("assertions", index))

    def _clean(self, table: Mapping[str, Any], at: Pointer, key: str, kind: type | tuple[type, ...]) -> Any:
        """A value, unless it was found wrong."""
        value = table.get(key)
        return value if isinstance(value, kind) and (*at, key) not in self.checked.rejected else None

    def _table(self, pointer: Pointer) -> Mapping[str, Any]:
        """The table there, without the values that were found wrong."""
        at: Any = self.document.data
        for key in pointer:
            at = at.get(key) if isinstance(at, dict) else at[int(key)] if isinstance(at, list) else None
        if not isinstance(at, dict):
            return {}
        return {
            key: self._value(value, (*pointer, key)) for key, value in at.items() if self._good(value, (*pointer, key))
        }

    def _good(self, value: Any, pointer: Pointer) -> bool:
        return value is not HOLE and pointer not in self.checked.rejected

    def _value(self, value: Any, pointer: Pointer) -> Any:
        if isinstance(value, dict):
            return {
                key: self._value(item, (*pointer, key))
                for key, item in value.items()
                if self._good(item, (*pointer, key))
            }
        if isinstance(value, list):
            good = (self._good(item, (*pointer, index)) for index, item in enumerate(value))
            kept = pointer[0] == "training" and pointer[-1] in PLACED
            return [
                self._value(item, (*pointer, index)) if sound else None
                for index, (item, sound) in enumerate(zip(value, good, strict=True))
                if sound or kept
            ]
        return value

    def _inputs(self) -> Iterable[Input]:
        tables = self.document.data.get("inputs")
        if not isinstance(tables, dict):
            self.whole = self.names_known = False
            return
        for name in tables:
            pointer: Pointer = ("inputs", name)
            sound = pointer not in self.checked.unsound
            table = self._table(pointer)
            shape = tuple(_size(size) for size in table["shape"]) if sound and "shape" in table else None
            yield Input(name, shape, table.get("dtype", "float32"), pointer)

    def _entries(self, inputs: set[str]) -> Iterable[Entry]:
        tables = self.document.data.get("layers")
        if not isinstance(tables, list):
            self.whole = self.names_known = False
            return
        written = {table["name"] for table in tables if isinstance(table, dict) and isinstance(table.get("name"), str)}
        generator = FreeNames(inputs | written)
        for index, table in enumerate(tables):
            pointer: Pointer = ("layers", index)
            if not isinstance(table, dict):
                self.whole = False
                self.names_known = self.names_known and table is not HOLE
                name = self.expansion.names[index][0] if self.expansion else generator.name("entry")
                yield Entry(pointer, name, named=False, sound=False)
                continue
            yield self._entry(pointer, generator)

    def _entry(self, pointer: Pointer, generator: FreeNames) -> Entry:
        table = self._table(pointer)
        sound = pointer not in self.checked.unsound
        kind, reuse = table.get("type"), table.get("reuse")
        if kind is None and not sound:  # a type that is not known is still what the picture calls it
            kind = self.document.data["layers"][pointer[-1]].get("type")
        named = isinstance(table.get("name"), str)
        if not named and (pointer in self.document.damaged or self._has_lost_name(pointer)):
            self.whole = self.names_known = False
        base = kind if isinstance(kind, str) else reuse if isinstance(reuse, str) else "entry"
        before = len(self.unread)
        inputs, listed = self._connections(table.get("inputs"), (*pointer, "inputs"))
        lost = "inputs" in self.lost.get(pointer, ()) or len(self.unread) > before
        call = table.get("call")
        if self.expansion is not None:
            name, named = self.expansion.names[int(pointer[-1])]
        else:
            name = table["name"] if named else generator.name(snake_case(base))
        return Entry(
            pointer=pointer,
            name=name,
            named=named,
            type=kind if isinstance(kind, str) else None,
            reuse=reuse if isinstance(reuse, str) else None,
            inputs={} if lost and inputs is None else inputs,
            listed=listed,
            arguments={key: value for key, value in table.items() if key not in LANGUAGE_KEYS},
            call=call if isinstance(call, dict) else {},
            sound=sound and not lost,
        )

    def _has_lost_name(self, pointer: Pointer) -> bool:
        """Whether an entry has a name that is not known; of one that is no name but text, the text is."""
        if "name" not in self.lost.get(pointer, ()):
            return False
        table: Any = self.document.data["layers"][pointer[-1]]
        return not isinstance(table["name"], str)

    def _connections(
        self, written: Any, at: Pointer
    ) -> tuple[Mapping[str | None, tuple[Reference, ...]] | None, frozenset[str | None]]:
        if written is None:
            return None, frozenset()
        if isinstance(written, dict):
            found: dict[str | None, tuple[Reference, ...]] = {}
            listed = set()
            for key, value in written.items():
                found[key] = self._references(value, (*at, key))
                if isinstance(value, list):
                    listed.add(key)
            return found, frozenset(listed)
        return {None: self._references(written, at)}, frozenset({None} if isinstance(written, list) else ())

    def _references(self, written: Any, at: Pointer) -> tuple[Reference, ...]:
        if isinstance(written, str):
            one = self._reference(written, at)
            return (one,) if one else ()
        every = [self._reference(item, (*at, index)) for index, item in enumerate(written) if isinstance(item, str)]
        return tuple(one for one in every if one)

    def _reference(self, text: str, at: Pointer) -> Reference | None:
        found = REFERENCE.fullmatch(text.strip())
        if found is None:
            if text not in self.misnamed:
                self.findings.append(
                    Finding("E212", f"{quoted(text)} can't be read as a reference", at, help=_reference_help(text))
                )
            self.unread.append(at)
            return None
        index = int(found[2]) if found[2] is not None else None
        return Reference(text.strip(), self._path(found[1]), index, at)

    def _path(self, text: str) -> tuple[str, ...]:
        """The names of a reference; the first is the full name of an entry, where there is one."""
        parts = text.split(".")
        for length in range(len(parts), 1, -1) if self.full else ():
            name = ".".join(parts[:length])
            if name in self.full:
                return (name, *parts[length:])
        return tuple(parts)

    def _outputs(self, entries: tuple[Entry, ...]) -> tuple[tuple[Output, ...], bool]:
        written = self.document.data.get("outputs")
        if ("outputs",) in self.checked.rejected:
            written, self.whole = None, False
        if written is None:
            return (), False
        if isinstance(written, dict):
            pairs = [
                (name, self._reference(text, ("outputs", name)))
                for name, text in written.items()
                if isinstance(text, str)
            ]
            if len(pairs) < len(written) or any(one is None for _, one in pairs):
                self.whole = False
            return tuple(Output(name, one) for name, one in pairs if one), True
        references = self._references(written, ("outputs",))
        if len(references) < len(written):
            self.whole = False
        names = FreeNames()
        stated = self.expansion.outputs if self.expansion else None
        if stated is not None and len(stated) == len(references):
            return tuple(Output(names.name(name), one) for name, one in zip(stated, references, strict=True)), False
        return tuple(Output(names.name(one.path[-1]), one) for one in references), False

    def _data(self) -> Data | None:
        if not isinstance(self.document.data.get("data"), dict) or ("data",) in self.checked.rejected:
            return None
        table = self._table(("data",))
        split = table.get("split", {})
        return Data(
            source=table.get("source", {}),
            inputs=self._columns(table.get("inputs"), ("data", "inputs")),
            targets=self._columns(table.get("targets"), ("data", "targets")),
            split=split_of(split),
            batch_size=int(table.get("batch_size", 32)),
            shuffle=table.get("shuffle", True),
            seed=int(table.get("seed", 0)),
            cache=table.get("cache", "auto"),
            missing=table.get("missing", "error"),
            sample_weight=table.get("sample_weight"),
            window=window_of(table.get("window")),
            augment=tuple(table.get("augment", ())),
            on_error=table.get("on_error", "stop"),
        )

    def _columns(self, tables: Any, at: Pointer) -> dict[str, Column]:
        if not isinstance(tables, dict):
            return {}
        found = {}
        for name, table in tables.items():
            if not isinstance(table, dict):
                continue
            column = table.get("column")
            columns = (column,) if isinstance(column, str) else tuple(column) if isinstance(column, list) else None
            encode, decode, (pad, buckets) = table.get("encode"), table.get("decode"), pad_of(table.get("pad", 0))
            augment = tuple(table.get("augment", ()))
            found[name] = Column(name, columns, encode, (*at, name), decode, pad, augment, buckets)
        return found

    def _training(self) -> Training | None:
        at: Pointer = ("training",)
        section = self.document.data.get("training")
        if not isinstance(section, dict) or at in self.checked.rejected:
            return None
        table = self._table(at)
        losses = tuple(self._terms(section.get("losses"), at))
        phases = []
        count = len(section["phases"]) if isinstance(section.get("phases"), list) else 0
        for index in range(count):
            here: Pointer = ("training", "phases", index)
            stated = self._table(here)
            own = laid({**table, "name": None}, stated)
            terms = losses
            if "losses" in stated:
                terms = tuple(self._terms(section["phases"][index]["losses"], here))
            phases.append(training_of(own, here, terms, known=self._measured(at) and self._measured(here)))
        return replace(training_of(table, at, losses, known=self._measured(at)), phases=tuple(phases))

    def _measured(self, at: Pointer) -> bool:
        """Whether it is understood what a training section or a phase of it measures."""
        depth = len(at)
        lost = (one for one in self.checked.rejected if len(one) > depth and one[:depth] == at)
        whole = self.terms_known and at not in self.document.damaged
        return whole and all(one[depth] in UNMEASURED for one in lost)

    def _terms(self, written: Any, at: Pointer) -> Iterator[Term]:
        """The loss terms. Of one that can't be understood it is not known what it uses and how it is called."""
        tables = written if isinstance(written, list) else []
        taken = (one["name"] for one in tables if isinstance(one, dict) and isinstance(one.get("name"), str))
        names = FreeNames(taken)
        for index in range(len(tables)):
            pointer: Pointer = (*at, "losses", index)
            term = self._term(pointer, tables[index], names)
            if term is None:
                self.terms_known = False
            else:
                yield term

    def _term(self, pointer: Pointer, written: Any, names: FreeNames) -> Term | None:
        if {pointer, (*pointer, "inputs")} & (self.checked.rejected | self.checked.unsound | self.document.damaged):
            return None
        table = self._table(pointer)
        expression, inputs, name = table.get("expression"), table.get("inputs"), table.get("name")
        if not isinstance(expression, str) or not isinstance(inputs, dict):
            return None
        found = {key: self._reference(text, (*pointer, "inputs", key)) for key, text in inputs.items()}
        references = {key: one for key, one in found.items() if one is not None}
        if len(references) < len(written["inputs"]):
            return None
        named = isinstance(name, str)
        called = str(name) if named else names.name("term")
        return Term(called, expression, references, float(table.get("weight", 1)), pointer, named)


def _misnamed(checked: Validation) -> frozenset[str]:
    """Words that were meant as names: of a name that can't be one, or beside a misspelt `name`."""
    found: set[str] = set()
    data = checked.document.data
    for one in checked.unsound:
        if len(one) == 2 and one[0] == "inputs":
            found.add(str(one[1]))
    entries = data.get("layers")
    for one in checked.rejected:
        if len(one) == 3 and one[0] == "layers" and isinstance(entries, list):
            entry = entries[int(one[1])]
            if isinstance(entry, dict) and (one[2] == "name" or "name" not in entry) and isinstance(entry[one[2]], str):
                found.add(entry[one[2]])
    return frozenset(found)


def _reference_help(text: str) -> str:
    if "," in text:
        names = ", ".join(quoted(name.strip()) for name in text.split(",") if name.strip())
        return f"several names are a list: [{names}]"
    return (
        "write the name of an input or of an earlier entry; "
        'dots go inward, `[n]` picks one of several outputs: "lstm[1]"'
    )


def _size(value: Any) -> Any:
    return int(value) if isinstance(value, float) else value

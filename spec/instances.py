"""From layer entries as written to the flat list: blocks, `repeat`, `each` and `when` carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from .block_tensors import given_inputs, taken_outputs
from .blocks import OWN, Block, say_no_block, say_no_parameter, unknown_keys
from .document import HOLE, Pointer
from .how_often import MOST, holds, items, too_many
from .naming import NAME, FreeNames, snake_case
from .notes import Notes
from .origins import Frame
from .parameters import settle, used_names
from .scope import UNKNOWN, Made, Scope, Target, Tensors, find
from .wiring import Wires, placed, wire
from .words import listed, quoted
from .worked_out import Worker

MOST_INSTANCES: Final = 2 * MOST
"""So many instances of entries there may be, those of blocks among them."""
DEEPEST: Final = 48
"""So many instances of blocks may stand inside each other."""
BESIDE_REUSE: Final = ("name", "inputs", "call", "repeat", "each", "when")


class Instances:
    """Writes out the layers of one document; ``entries`` are those of the flat list."""

    def __init__(self, blocks: Mapping[str, Block], shared: Mapping[str, Any], notes: Notes, lacking: bool) -> None:
        self.blocks = blocks
        self.shared = shared
        self.notes = notes
        self.lacking = lacking
        """Whether blocks may be missing because a file could not be read."""
        self.worker = Worker(notes)
        self.entries: list[Any] = []
        self.names: list[tuple[str, bool]] = []
        self.frames: list[Frame | None] = []
        self.moved: dict[Pointer, Pointer] = {}
        self.used: set[str] = set()
        """Blocks of which there are instances."""
        self.shown: set[Pointer] = set()
        """Entries as written that stand in the flat list."""
        self._steps = 0
        self._depth = 0

    # Lists of layers

    def layers(self, scope: Scope, entries: Sequence[Any]) -> None:
        """Write out a list of layers; afterwards ``scope`` has its names, and what its last entry gives.

        Raises:
            TooMany: if there are too many.
        """
        taken: set[str] = set(scope.names)
        for index, entry in enumerate(entries):
            name = entry.get("name") if isinstance(entry, dict) else None
            if isinstance(name, str):
                taken.add(name)
                scope.later.setdefault(name, (*scope.at, index))
        scope.free = FreeNames(taken)
        if any(isinstance(one, dict) and is_composed(one) for one in entries):
            scope.composed = frozenset(
                one["name"]
                for one in entries
                if isinstance(one, dict) and isinstance(one.get("name"), str) and is_composed(one)
            )
        for index, entry in enumerate(entries):
            pointer = (*scope.at, index)
            if not isinstance(entry, dict):
                self._emit(entry, pointer, scope.prefix + scope.free.name("entry"), False, scope.frame)
                scope.before, scope.spread, scope.known = None, False, False
                continue
            self._entry(scope, entry, pointer)

    def _entry(self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer) -> None:
        name, named = self._name(scope, entry, pointer)
        target = self._target(scope, entry, pointer, name, named)
        scope.before, scope.spread = target.tensors, target.many
        if named:
            scope.later.pop(name, None)
            scope.names[name] = target
        else:
            scope.hidden[name] = pointer

    def _name(self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer) -> tuple[str, bool]:
        name = entry.get("name")
        if isinstance(name, str) and NAME.fullmatch(name):
            taken = scope.names.get(name)
            if taken is None or (scope.block is None and not is_composed(entry) and taken.plain is not None):
                return name, True  # what both are plain layers the linker says
            self.notes.add("E204", f"the name {quoted(name)} is taken: names are unique among inputs and layers",
                           (*pointer, "name"), frame=scope.frame,
                           help="choose another name, and write it where this entry is meant")  # fmt: skip
            return scope.free.name(name), False
        base = next((entry[key] for key in ("type", "block", "reuse") if isinstance(entry.get(key), str)), "entry")
        if "reuse" in entry and "type" not in entry:
            base = next((part for part in reversed(base.split(".")) if not part.isdigit()), "entry")
        if "${" in base:
            first = self.worker.value(base, {**scope.values, "index": 0, "item": HOLE}, pointer, scope.frame)
            base = first if isinstance(first, str) else "entry"
        return scope.free.name(snake_case(base) or "entry"), False

    def _target(self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, name: str, named: bool) -> Target:
        """Write out an entry: once, several times, or not at all."""
        full = scope.prefix + name
        if "repeat" not in entry and "each" not in entry and "when" not in entry:
            return self._once(scope, entry, pointer, full, named, scope.values, scope.frame, None)
        way = "each" if "each" in entry else "repeat"
        if "repeat" in entry and "each" in entry:
            self.notes.both("E618", "`repeat` and `each` exclude each other: in series, or side by side",
                            (*pointer, "each"), (*pointer, "repeat"), "`repeat` is here", frame=scope.frame,
                            help="take one of the two away; a block inside the other has both")  # fmt: skip
            return self._unknown(scope, entry, pointer, full, named)
        when = holds(self.worker, self.notes, scope, entry, pointer)
        if when is False:
            return self._absent(scope, entry, pointer, name, "is not there (its `when` is false)")
        every: Sequence[Any] | None = items(self.worker, self.notes, scope, entry, pointer, way) if way in entry else ()
        if when is None or every is None:
            return self._unknown(scope, entry, pointer, full, named)
        if way not in entry:
            return self._once(scope, entry, pointer, full, named, scope.values, scope.frame, None)
        if not every:
            return self._absent(scope, entry, pointer, name, f"is not there (its `{way}` is empty)")
        return self._several(scope, entry, pointer, full, named, every, way)

    def _several(
        self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, named: bool, items: Sequence[Any],
        way: str,
    ) -> Target:  # fmt: skip
        members: dict[str, Target] = {}
        last = UNKNOWN
        if len(items) > MOST:
            too_many(self.notes, (*pointer, way), scope.frame, f"`{way}` has {len(items)} elements")
        for index, item in enumerate(items):
            here: dict[str, Any] = {"index": index}
            if not isinstance(items, range) or way == "each":
                here["item"] = item
            frame = Frame(f"{full}.{index}", None, (*pointer, way), here, scope.frame)
            led = last.tensors if way == "repeat" and index else ()
            last = self._once(
                scope, entry, pointer, f"{full}.{index}", named, {**scope.values, **here}, frame,
                led if way == "repeat" and index else None, chained=way == "repeat" and index > 0,
            )  # fmt: skip
            members[str(index)] = last
        if way == "repeat":
            return replace(last, members={**last.members, **members})
        tensors: list[str] = []
        for one in members.values():
            if one.tensors is None:
                return Target(None, members=members, many=True)
            tensors.extend(one.tensors[:1])
        return Target(tuple(tensors), members=members, many=True)

    def _absent(self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, name: str, why: str) -> Target:
        """An entry that is left out: it stands for its own first input."""
        written = entry.get("inputs")
        if "item" in used_names(written):
            written = None  # there is no item
        written = self.worker.value(written, {**scope.values, "index": 0}, (*pointer, "inputs"), scope.frame)
        if written is None and scope.before == ():
            self.notes.add("E214", "the first entry does not say where its tensor comes from", pointer, "entry",
                           frame=scope.frame, help='write `inputs = "…"`, one of the inputs')  # fmt: skip
            return UNKNOWN
        first = wire(written, scope, pointer, self.notes, name).first
        return Target(first, absent=why)

    # One instance

    def _once(
        self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, named: bool,
        values: Mapping[str, Any], frame: Frame | None, led: Tensors, *, chained: bool = False,
    ) -> Target:  # fmt: skip
        """Write out one instance of an entry; ``led`` is its first input where it is ``chained`` to another."""
        self._steps += 1
        if self._steps > MOST_INSTANCES:
            too_many(self.notes, pointer, frame, f"with this entry there are more than {MOST_INSTANCES:,} instances")
        ways = [key for key in ("type", "reuse", "block") if key in entry]
        written = self.worker.value(entry.get("inputs"), values, (*pointer, "inputs"), frame)
        here = scope if frame is scope.frame else replace(scope, frame=frame)
        wires = wire(written, here, pointer, self.notes, entry.get("name"))
        if chained:
            wires = wires.led(led)
        if scope.block is not None and not wires.written and not wires.groups:
            self.notes.add("E214", "the first entry does not say where its tensor comes from", pointer, "entry",
                           frame=frame, help=f"write `inputs = …`, one of {listed(scope.inputs)}")  # fmt: skip
            return self._unknown(here, entry, pointer, full, named)
        if ways == ["block"]:
            return self._block(here, entry, pointer, full, values, frame, wires)
        if ways == ["reuse"]:
            target = self._reuse(here, entry, pointer, full, named, values, frame, wires)
            if target is not None:
                return target
        return self._plain(here, entry, pointer, full, named, values, frame, wires)

    def _plain(
        self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, named: bool,
        values: Mapping[str, Any], frame: Frame | None, wires: Wires, reuse: str | None = None,
    ) -> Target:  # fmt: skip
        data: dict[str, Any] = {}
        inputs, moved = placed(wires, self.names[-1][0] if self.names else None, scope.block is None)
        for key, value in entry.items():
            if key == "name":
                data[key] = value
            elif key == "inputs":
                data[key] = inputs
            elif key not in OWN and (reuse is None or key != "reuse"):
                plain = not isinstance(value, str | list | dict)
                data[key] = value if plain else self.worker.value(value, values, (*pointer, key), frame)
        if reuse is not None:
            data["reuse"] = reuse
        if scope.mirror is not None:
            call = data.get("call")
            data = {key: data[key] for key in ("name", "inputs") if key in data}
            data["reuse"] = scope.mirror + full[len(scope.prefix) :]
            if call is not None:
                data["call"] = call
        if "inputs" not in data and inputs is not None:
            data["inputs"] = inputs
        self._emit(data, pointer, full, named, frame, moved)
        return Target((full,), full)

    def _emit(
        self, data: Any, pointer: Pointer, full: str, named: bool, frame: Frame | None,
        moved: Mapping[Pointer, Pointer] | None = None,
    ) -> None:  # fmt: skip
        if len(self.entries) >= MOST:
            too_many(self.notes, pointer, frame, "with this entry there are more")
        at: Pointer = ("layers", len(self.entries))
        self.moved[at] = pointer
        for inner, source in (moved or {}).items():
            self.moved[(*at, *inner)] = (*pointer, *source)
        self.entries.append(data)
        self.names.append((full, named))
        self.frames.append(frame)
        self.shown.add(pointer)

    def _unknown(self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, named: bool) -> Target:
        """An entry of which it is not known what it comes to: what hangs on it stays silent."""
        data: dict[str, Any] = {"type": HOLE}
        if isinstance(entry.get("name"), str):
            data["name"] = entry["name"]
        wires = wire(entry.get("inputs"), scope, pointer, self.notes, entry.get("name")) if "inputs" in entry else None
        if wires is not None and not any("${" in str(one) for one in (entry["inputs"],)):
            data["inputs"], _ = wires.data()
        self._emit(data, pointer, full, named, scope.frame)
        return UNKNOWN

    # Blocks

    def _reuse(
        self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, named: bool,
        values: Mapping[str, Any], frame: Frame | None, wires: Wires,
    ) -> Target | None:  # fmt: skip
        """An earlier entry called once more; None where the linker says what is wrong with it."""
        at = (*pointer, "reuse")
        path = self.worker.value(entry["reuse"], values, at, frame)
        if not isinstance(path, str):
            return None if path is not HOLE else self._unknown(scope, entry, pointer, full, named)
        if entry.get("name") == path and path not in scope.names:
            self.notes.add("E203", f"`{path}` is this very entry; `reuse` takes an earlier one", at, frame=frame,
                           help="name an earlier layer entry, or write a `type`")  # fmt: skip
            return self._unknown(scope, entry, pointer, full, named)
        if path in self.blocks and path not in scope.names and path not in scope.later and path not in scope.hidden:
            self.notes.add("E201", f"`{path}` is a block, and `reuse` takes an earlier entry", at, frame=frame,
                           help=f'write `block = "{path}"` for another one, or the name of an instance')  # fmt: skip
            return self._unknown(scope, entry, pointer, full, named)
        target = find(path, scope, at, self.notes, entry.get("name"))
        if target is None or target.plain is not None:
            return self._plain(scope, entry, pointer, full, named, values, frame, wires,
                               target.plain if target is not None else path)  # fmt: skip
        if target is UNKNOWN:
            return self._unknown(scope, entry, pointer, full, named)
        if target.absent is not None:
            return Target(wires.first, absent=target.absent)
        if target.many and target.members:
            self.notes.add("E622", f"`{path}` stands for several, side by side: which is to be called again?", at,
                           frame=frame, help=f'write "{path}.0", or another number')  # fmt: skip
            return self._unknown(scope, entry, pointer, full, named)
        if target.made is None:
            self.notes.add("E211", f"`{path}` is an input, it has no weights to use again", at, frame=frame,
                           help="name an earlier layer entry")  # fmt: skip
            return self._unknown(scope, entry, pointer, full, named)
        if not self._beside_reuse(entry, pointer, path, frame):
            return self._unknown(scope, entry, pointer, full, named)
        made = target.made
        return self._inside(self.blocks[made.block], made.values, scope, pointer, at, full, frame, wires, made.full)

    def _beside_reuse(self, entry: Mapping[str, Any], pointer: Pointer, path: str, frame: Frame | None) -> bool:
        wrong = next((key for key in entry if key != "reuse" and (key not in BESIDE_REUSE or key == "call")), None)
        if wrong is not None:
            words = (
                f"`{path}` is an instance of a block, which takes no `call`"
                if wrong == "call"
                else f"beside `reuse` only {listed(BESIDE_REUSE)} may stand, not `{wrong}`"
            )
            self.notes.add("E112", words, (*pointer, wrong), "key", frame=frame, help=f"take `{wrong}` away")
        return wrong is None

    def _block(
        self, scope: Scope, entry: Mapping[str, Any], pointer: Pointer, full: str, values: Mapping[str, Any],
        frame: Frame | None, wires: Wires,
    ) -> Target:  # fmt: skip
        at = (*pointer, "block")
        name = self.worker.value(entry["block"], values, at, frame)
        named = isinstance(entry.get("name"), str)
        block = self.blocks.get(name) if isinstance(name, str) else None
        if block is None:
            if name is not HOLE and not (self.lacking and isinstance(name, str)):
                say_no_block(self.notes, self.blocks, name, at, frame)
            return self._unknown(scope, entry, pointer, full, named)
        self.used.add(block.name)
        given: dict[str, tuple[Any, Pointer, Frame | None]] = {}
        sound = block.sound
        for key in unknown_keys(entry, block):
            sound = False
            say_no_parameter(self.notes, entry, key, block, pointer, frame)
        if "call" in entry:
            sound = False
            self.notes.add("E618", "an instance of a block takes no `call`", (*pointer, "call"), "key", frame=frame,
                           help="write `call` in the layer inside the block")  # fmt: skip
        for key, value in entry.items():
            if key in block.parameters:
                place = (*pointer, key)
                given[key] = (self.worker.value(value, values, place, frame), place, frame)
        missing = [one.name for one in block.parameters.values() if one.required and one.name not in given]
        if missing and sound:
            sound = False
            self.notes.add("E613", f"the block `{block.name}` needs {listed(missing)}", at, frame=frame,
                           help=f"write `{missing[0]} = …` beside `block`")  # fmt: skip
        if not sound:
            return self._unknown(scope, entry, pointer, full, named)
        inner = Frame(full, block.name, at, {}, _around(frame, full))
        settled = settle(block.parameters, given, self.shared, self.worker.value, self.notes, inner)
        return self._inside(block, settled, scope, pointer, at, full, frame, wires, None)

    def _inside(
        self, block: Block, values: Mapping[str, Any], scope: Scope, pointer: Pointer, at: Pointer, full: str,
        frame: Frame | None, wires: Wires, mirror: str | None,
    ) -> Target:  # fmt: skip
        """Write out the layers of a block; ``mirror`` is the instance whose weights are used."""
        deep = self._depth >= DEEPEST
        circle = deep or any(one.block == block.name for one in (frame.chain() if frame else ()))
        if circle:
            words = "blocks stand too deep inside each other" if deep else f"the block `{block.name}` uses itself"
            self.notes.add("E611", words, at, frame=frame, help="take one of the uses away")
        inputs = given_inputs(self.notes, block, wires, pointer, at, frame) if not circle else None
        if inputs is None:
            self._emit({"type": HOLE}, pointer, full, False, frame)
            return UNKNOWN
        if mirror is None and scope.mirror is not None:
            mirror = scope.mirror + full[len(scope.prefix) :]
        inner = Scope(
            prefix=f"{full}.",
            values={**self.shared, **values},
            at=(*block.pointer, "layers"),
            frame=Frame(full, block.name, at, values, _around(frame, full), _outside(inputs)),
            block=block.name,
            mirror=None if mirror is None else f"{mirror}.",
            names=dict(inputs.items()),
            inputs=block.inputs,
        )
        if len(inputs) == 1:
            (only,) = inputs.values()
            inner.before, inner.spread = only.tensors, only.many
        self._depth += 1
        self.layers(inner, block.layers)
        self._depth -= 1
        made = Made(block.name, values, mirror or full)
        members = {name: target for name, target in inner.names.items() if name not in inputs}
        return taken_outputs(
            self.worker, self.notes, block, inner, Target(None, members=members, hidden=inner.hidden, made=made)
        )


def _outside(inputs: Mapping[str, Target]) -> dict[str, str]:
    """The tensors outside that the inputs of a block stand for, each with its name inside."""
    return {one.tensors[0]: name for name, one in inputs.items() if one.tensors is not None and len(one.tensors) == 1}


def _around(frame: Frame | None, full: str) -> Frame | None:
    """The instances around one of a block; that the entry repeats is told by the block's own."""
    return frame.outer if frame is not None and frame.name == full and frame.block is None else frame


def is_composed(entry: Mapping[str, Any]) -> bool:
    """Whether an entry may come to something else than one layer."""
    return "block" in entry or "repeat" in entry or "each" in entry or "when" in entry or "reuse" in entry

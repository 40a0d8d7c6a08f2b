"""The nouns Target and Scope: what the names in one list of layers stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .document import Pointer
from .naming import REFERENCE, FreeNames
from .notes import Notes
from .origins import Frame
from .words import closest, listed

Tensors = tuple[str, ...] | None
"""References into the expanded list; None where it is not known what is meant, which has been said."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an instance of a block was made from, so that it can be called again."""

    block: str
    values: Mapping[str, Any]
    full: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a name stands for.

    ``tensors`` is what the name alone means: one, or those of all instances where ``many``. ``plain`` is the full
    name where it is one input or layer, into which the reference may go on; ``outputs`` are those of a block.
    ``members`` are named inside, instances by their number; ``hidden`` are names inside that were generated.
    ``absent`` says why nothing is inside. ``made`` is there for instances of blocks.
    """

    tensors: Tensors
    plain: str | None = None
    outputs: tuple[Tensors, ...] | None = None
    members: Mapping[str, Target] = field(default_factory=dict)
    hidden: Mapping[str, Pointer] = field(default_factory=dict)
    many: bool = False
    absent: str | None = None
    made: Made | None = None


UNKNOWN = Target(None)


_ELSEWHERE: Final = "let one of these take its tensor from elsewhere; what repeats over time is a recurrent layer"


@dataclass(slots=True)
class Scope:
    """One list of layers that is being written out: that of the spec, or that of one instance of a block.

    ``prefix`` stands before full names; ``mirror`` is the prefix of the instance whose weights are used again.
    ``values`` are what names in expressions mean. ``before`` is what an entry without ``inputs`` takes, () at the
    start of a list that has not one input; ``spread`` says that it stands for several side by side.
    """

    prefix: str
    values: Mapping[str, Any]
    at: Pointer
    frame: Frame | None = None
    block: str | None = None
    mirror: str | None = None
    names: dict[str, Target] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    later: dict[str, Pointer] = field(default_factory=dict)
    composed: frozenset[str] = frozenset()
    hidden: dict[str, Pointer] = field(default_factory=dict)
    before: Tensors = ()
    spread: bool = False
    free: FreeNames = field(default_factory=FreeNames)
    known: bool = True


def resolve(text: str, scope: Scope, at: Pointer, notes: Notes, entry: str | None = None) -> tuple[Tensors, bool]:
    """The tensors that a reference means, and whether the name stands for several side by side.

    What can't be read as a reference, and at the top what nothing is called, is left for the linker to say.
    """
    found = REFERENCE.fullmatch(text.strip())
    if found is None:
        return (text,), False
    target = find(found[1], scope, at, notes, entry)
    if target is None:
        return (text,), False
    tensors, number = target.tensors, found[2]
    if number is None or target is UNKNOWN:
        return tensors, target.many
    index = int(number)
    if target.plain is not None:
        return (f"{target.plain}[{index}]",), False
    if target.many:
        _say(notes, scope, "E622", f"`{found[1]}` stands for several, side by side: of which is [{index}] meant?", at,
             help=f'write "{found[1]}.0[{index}]", or another number' if target.members else None)  # fmt: skip
        return None, False
    if target.outputs is not None and index < len(target.outputs):
        return target.outputs[index], False
    if target.outputs is None and index == 0:
        return tensors, False
    if target.absent is not None:
        _say(notes, scope, "E621", f"`{found[1]}` {target.absent}: it is what it takes, and has no [{index}]", at,
             help="leave out what refers to it as well, by the same `when`")  # fmt: skip
        return None, False
    count = len(target.outputs or (0,))
    _say(notes, scope, "E208", f"`{found[1]}` has {count} output{'s' if count > 1 else ''}: there is no [{index}]", at,
         help=f'write "{found[1]}"' + (f", or a number up to {count - 1}" if count > 1 else ""))  # fmt: skip
    return None, False


def find(path: str, scope: Scope, at: Pointer, notes: Notes, entry: str | None = None) -> Target | None:
    """What a name with dots going inward stands for; None where that is left for the linker to say."""
    first, *inner = path.split(".")
    target = scope.names.get(first)
    if target is None:
        return _unknown(first, scope, at, notes, entry)
    for depth, part in enumerate(inner):
        if target is UNKNOWN:
            return UNKNOWN
        way = ".".join((first, *inner[:depth]))
        if part in target.members:
            target = target.members[part]
            continue
        if target.plain is not None:
            return Target((".".join((target.plain, *inner[depth:])),), ".".join((target.plain, *inner[depth:])))
        _nothing_inside(target, way, part, scope, at, notes)
        return UNKNOWN
    return target


def _say(notes: Notes, scope: Scope, code: str, message: str, at: Pointer, **more: Any) -> None:
    notes.add(code, message, at, frame=scope.frame, **more)


def _nothing_inside(target: Target, way: str, part: str, scope: Scope, at: Pointer, notes: Notes) -> None:
    count = sum(name.isdigit() for name in target.members)
    if target.absent is not None:
        _say(notes, scope, "E621", f"`{way}` {target.absent}, so nothing is inside it, and no `{part}`", at,
             help=f'write "{way}" alone, which then stands for what it takes')  # fmt: skip
    elif part in target.hidden:
        _generated(f"{way}.{part}", target.hidden[part], part, scope, at, notes)
    elif count and part.removeprefix("-").isdigit():
        _say(notes, scope, "E201", f"there is no instance {part} of `{way}`", at,
             help=f'it has {count}, numbered from 0 on: the last is "{way}.{count - 1}"')  # fmt: skip
    elif target.many and target.members:
        _say(notes, scope, "E622", f"`{way}` stands for several, side by side: in which is `{part}` meant?", at,
             help=f'write "{way}.0.{part}", or another number')  # fmt: skip
    else:
        names = [name for name in target.members if not name.isdigit()]
        near = closest(part, names)
        way_out = f"inside {'are' if len(names) > 1 else 'is'} {listed(names)}"
        if near:
            way_out = f'did you mean "{way}.{near}"?'
        elif not names:  # an input of a block, or a block in which nobody named anything
            way_out = f'write "{way}"' if target.made is None else "name the entry inside that is meant"
        _say(notes, scope, "E201", f"`{way}` has nothing inside it that is called `{part}`", at, help=way_out)


def _generated(name: str, pointer: Pointer, own: str, scope: Scope, at: Pointer, notes: Notes) -> None:
    from .finding import Related

    _say(notes, scope, "E209",
         f'"{name}" is a generated name, which changes when layers are added; it can\'t be referred to', at,
         help=f'give that entry a name of its own: `name = "{own}"`',
         related=(Related("this entry has no name", pointer, "entry"),))  # fmt: skip


def _unknown(name: str, scope: Scope, at: Pointer, notes: Notes, entry: str | None) -> Target | None:
    """Say that nothing has a name, where the linker could not say it as well."""
    from .finding import Related

    if name in scope.hidden:
        _generated(name, scope.hidden[name], name, scope, at, notes)
        return UNKNOWN
    if name in scope.later:
        if name == entry:
            _say(notes, scope, "E202", f"the tensors go in a circle: {name} → {name}", at, help=_ELSEWHERE)
            return UNKNOWN
        if scope.block is None and name not in scope.composed and entry not in scope.composed:
            return None
        if ring := _ring(name, scope, at, notes):
            label = Related(f"`{name}` comes later", (*scope.later[name], "name"))
            words = f"the tensors go in a circle: {' → '.join(ring)}"
            _say(notes, scope, "E202", words, at, help=_ELSEWHERE, related=(label,))
            return UNKNOWN
        _say(notes, scope, "E203", f"`{name}` stands further down; references look back only", at,
             help=f"move the entry `{name}` above this one",
             related=(Related(f"`{name}` is here", (*scope.later[name], "name")),))  # fmt: skip
        return UNKNOWN
    if scope.block is None:
        return None
    if scope.known:
        near = closest(name, scope.names)
        help_text = f'did you mean "{near}"?' if near else f"the names so far: {listed(scope.names)}"
        if not near and _is_outside(name, notes):
            names = ", ".join(f'"{one}"' for one in (*scope.inputs, name))
            help_text = (
                f"a block sees its inputs and entries alone: write `inputs = [{names}]` in `[blocks.{scope.block}]`, "
                "and hand it in where the block is used"
            )
        _say(notes, scope, "E201", f"there is no input or earlier entry of the block `{scope.block}` called `{name}`",
             at, help=help_text)  # fmt: skip
    return UNKNOWN


def _is_outside(name: str, notes: Notes) -> bool:
    """Whether an input or a layer of the spec itself is called so."""
    data = notes.document.data
    layers = data.get("layers")
    inputs = data.get("inputs")
    every = [one.get("name") for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []
    return name in every or (isinstance(inputs, dict) and name in inputs)


def _ring(name: str, scope: Scope, at: Pointer, notes: Notes) -> list[str] | None:
    """The entries by way of which one further down, ``name``, hangs on the one that asks for it, if it does."""
    entries: Any = notes.document.data
    for key in scope.at:
        entries = entries[key]
    asking = at[len(scope.at)]
    places = {
        one["name"]: index
        for index, one in enumerate(entries)
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }
    behind: dict[int, int] = {}
    waiting = [places[name]]
    while waiting:
        here = waiting.pop()
        if here == asking:
            break
        for source in _sources(entries[here], here, places):
            if source not in behind and source != places[name]:
                behind[source] = here
                waiting.append(source)
    else:
        return None
    way = [here]
    while way[-1] != places[name]:
        way.append(behind[way[-1]])
    names = [_called(entries[index]) for index in way]
    return [*names, names[0]]


def _sources(entry: Any, index: int, places: Mapping[str, int]) -> list[int]:
    """The entries from which another takes its tensors, as far as that can be read from its text."""
    written = entry.get("inputs") if isinstance(entry, dict) else None
    if written is None:
        return [index - 1] if index else []
    found: list[int] = []
    waiting = [written]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            first = one.strip().partition("[")[0].partition(".")[0]
            found += [places[first]] if first in places else []
        elif isinstance(one, list | dict):
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return found


def _called(entry: Any) -> str:
    ways = ("name", "type", "block", "reuse") if isinstance(entry, dict) else ()
    return next((str(entry[one]) for one in ways if one in entry), "entry")

"""The nouns Target and Scope: what the names in one list of layers stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    if target.absent is not None:
        _say(notes, scope, "E621", f"`{way}` {target.absent}, so nothing is inside it, and no `{part}`", at,
             help=f'write "{way}" alone, which then stands for what it takes')  # fmt: skip
    elif part in target.hidden:
        _generated(f"{way}.{part}", target.hidden[part], part, scope, at, notes)
    elif target.many and target.members:
        _say(notes, scope, "E622", f"`{way}` stands for several, side by side: in which is `{part}` meant?", at,
             help=f'write "{way}.0.{part}", or another number')  # fmt: skip
    else:
        near = closest(part, target.members)
        names = list(target.members)
        way_out = f'did you mean "{way}.{near}"?' if near else f"inside are {listed(names)}" if names else None
        if names and part.isdigit() and all(name.isdigit() for name in names):
            way_out = f"it has {len(names)}, numbered from 0"
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
            _say(notes, scope, "E202", f"the tensors go in a circle: {name} → {name}", at,
                 help="let it take its tensor from elsewhere; what repeats over time is a recurrent layer")  # fmt: skip
            return UNKNOWN
        if scope.block is None and name not in scope.composed and entry not in scope.composed:
            return None
        _say(notes, scope, "E203", f"`{name}` stands further down; references look back only", at,
             help=f"move the entry `{name}` above this one",
             related=(Related(f"`{name}` is here", (*scope.later[name], "name")),))  # fmt: skip
        return UNKNOWN
    if scope.block is None:
        return None
    if scope.known:
        near = closest(name, scope.names)
        help_text = f'did you mean "{near}"?' if near else f"the names so far: {listed(scope.names)}"
        _say(notes, scope, "E201", f"there is no input or earlier entry of the block `{scope.block}` called `{name}`",
             at, help=help_text)  # fmt: skip
    return UNKNOWN

"""The noun Old: how a layer of an old Keras is said today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .network import Place
from .reading import Reading

ANY: Final = object()
"""Every value of an argument."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An argument that today's layer does not have.

    ``harmless``: the values that asked for nothing that is missed now, or ANY. ``reason`` says what the others did,
    ``help`` what to do; ``serious`` is False where the model can be imported all the same, and is not quite as it was.
    """

    name: str
    harmless: tuple[Any, ...] | object = ANY
    reason: str = ""
    help: str = ""
    serious: bool = True


Rewrite = Callable[[str, dict[str, Any], Place, Reading], tuple[str, dict[str, Any]]]
"""Given class and arguments, today's: for what no table of names can say."""


@dataclass(frozen=True, slots=True)
class Old:
    """One class of an old Keras.

    ``today``: the class it is now (empty: the same). ``renamed``: old argument → today's (or several). ``joined``:
    today's argument → the old ones whose values it lists. ``values``: today's argument → old value → today's.
    ``given``: what was so without being written. ``gone``: arguments there are no more. ``called``: an argument that
    now stands in the call → its name there. ``removed``: why there is no such layer any more, and ``instead`` what to
    write. ``rewrite`` comes last.
    """

    name: str
    today: str = ""
    renamed: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    gone: tuple[Gone, ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    removed: str = ""
    instead: str = ""
    rewrite: Rewrite | None = None

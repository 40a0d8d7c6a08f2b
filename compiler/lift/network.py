"""The noun Network: a saved architecture, whatever dialect it was written in, in the words of today's Keras.

Every reader of a dialect (Keras 3, Keras 2, Keras 1, TensorFlow.js) gives one; ``lift`` makes a spec of it. It is
data alone: nothing of the file has been run, imported or unpickled to get it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Place = tuple[str | int, ...]
"""Where something stands in the JSON that was read: ``("config", "layers", 3, "config", "units")``."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor inside a network: the ``output``-th of what the ``call``-th call of the layer named ``layer`` gave."""

    layer: str
    call: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a layer. Wherever a tensor was given stands a ``Tensor``, also inside lists and tables;
    everything else is a literal. Arguments that were None and would be None anyway are left out."""

    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """One layer, op or input of a network.

    ``kind`` is the class by its name in today's Keras (``"Dense"``, ``"InputLayer"``; an op by its class,
    ``"GetItem"``, with ``module`` telling that it is one). ``config`` are constructor arguments by today's names;
    nested objects stand as they are serialised today: ``{"class_name": …, "config": {…}}``, or a name.
    ``inner`` is the network, where the layer is itself a model. ``at`` is its place in the file.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    calls: tuple[Called, ...]
    at: Place
    module: str | None = None
    registered_name: str | None = None
    inner: Network | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A model: its layers in the order of the file, and which tensors go in and out.

    ``inputs`` are tensors of ``InputLayer`` entries, in the order in which the model takes them. ``outputs`` is a
    table where the model returns one. A Sequential has been written out: an ``InputLayer`` first (its ``batch_shape``
    is None where the file gives no shape), every layer called on the one before.
    """

    name: str
    layers: tuple[Stored, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...] | Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a model of today's Keras does not do quite as the Keras that wrote the file did: a warning, not an error.

    ``message`` says what differs, ``help`` what can be done about it, ``at`` where it stands in the file.
    """

    message: str
    at: Place = ()
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What a file holds: the network, what it was compiled with (as today's Keras serialises it) or None,
    which Keras wrote it (``"3.15.1"``; empty where the file does not say), and what will not be quite
    as it was."""

    network: Network
    compiled: Mapping[str, Any] | None = None
    written_by: str = ""
    differences: tuple[Difference, ...] = ()


class Unreadable(Exception):
    """Raised by a reader: what stands at ``at`` is not what such a file has, or can't be said in a spec.

    ``message`` says what was found, ``help`` what can be done about it. Where several things can't be said, the first
    is raised with all further ones as ``others``; ``every`` has all of them in order.
    """

    def __init__(
        self, message: str, at: Place = (), *, help: str | None = None, others: tuple[Unreadable, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.help = help
        self.others = others

    @property
    def every(self) -> tuple[Unreadable, ...]:
        """This one and all others."""
        return (self, *(one for other in self.others for one in other.every))


def raise_all(found: Sequence[Unreadable]) -> None:
    """Raise what was found, all of it at once; nothing where there is nothing."""
    if found:
        first = found[0]
        raise Unreadable(first.message, first.at, help=first.help, others=(*first.others, *found[1:]))

"""The noun Spec: what a checked document says, as records; positions stay reachable by pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .document import Document, Pointer


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the model. ``shape`` is without the batch axis; a word is a size not known yet."""

    name: str
    shape: tuple[int | str, ...] | None
    dtype: str
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Reference:
    """A name with dots going inward and at most one ``[n]``, and where it is written.

    ``text`` is as written; ``path`` its names; ``index`` the ``n``, if there is one.
    """

    text: str
    path: tuple[str, ...]
    index: int | None
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Entry:
    """One layer entry.

    ``type`` or ``reuse`` is set, or neither where the entry could not be understood (``sound`` is False then:
    later stages take its outputs as unknown and stay silent). ``name`` is written or generated (``named``).
    ``inputs`` is None where the entry before is meant; else argument → references, the argument ``None``
    standing for the first free one; ``listed`` says whether a list was written for it.
    ``arguments`` are the Keras arguments as written and checked; ``call`` the call-time ones.
    """

    pointer: Pointer
    name: str
    named: bool
    type: str | None = None
    reuse: str | None = None
    inputs: Mapping[str | None, tuple[Reference, ...]] | None = None
    listed: frozenset[str | None] = frozenset()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    call: Mapping[str, Any] = field(default_factory=dict)
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the model: its name and what it refers to."""

    name: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Column:
    """Which columns of the source feed an input or a target; ``columns`` is None where none are written.

    ``encode`` is ``"index"``, ``"one_hot"`` or None.
    """

    name: str
    columns: tuple[str, ...] | None
    encode: str | None
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of the rows kept aside, each in [0, 1)."""

    validation: float = 0.0
    test: float = 0.0
    stratify: str | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """The ``data`` section. ``source`` is a checked table with ``type``; paths in it are as written."""

    source: Mapping[str, Any]
    inputs: Mapping[str, Column] = field(default_factory=dict)
    targets: Mapping[str, Column] = field(default_factory=dict)
    split: Split = Split()
    batch_size: int = 32
    shuffle: bool = True
    seed: int = 0
    cache: bool = True
    missing: str | Mapping[str, Any] = "error"
    pointer: Pointer = ("data",)


@dataclass(frozen=True, slots=True)
class OutputTraining:
    """``[training.outputs.NAME]``: checked tables or names, as written."""

    name: str
    loss: Any
    weight: float
    metrics: tuple[Any, ...]
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Term:
    """One of ``[[training.losses]]``: an expression over tensors of the graph, by the names it gives them.

    ``named`` is False where ``name`` was not written but generated.
    """

    name: str
    expression: str
    inputs: Mapping[str, Reference]
    weight: float
    pointer: Pointer
    named: bool = True


@dataclass(frozen=True, slots=True)
class Training:
    """The ``training`` section. Keras objects are as written and checked: a name, or a table with ``type``; a loss
    or metric may also be a table with ``expression``.

    ``measures_known`` is False where a loss or metric could not be understood, so that no number may be
    called one that is not measured.
    """

    epochs: int = 1
    seed: int = 0
    optimizer: Any = "rmsprop"
    loss: Any = None
    losses: tuple[Term, ...] = ()
    metrics: tuple[Any, ...] = ()
    callbacks: tuple[Any, ...] = ()
    outputs: Mapping[str, OutputTraining] = field(default_factory=dict)
    precision: str = "float32"
    jit_compile: bool | str = "auto"
    steps_per_execution: int | str = "auto"
    class_weight: Mapping[str, float] | None = None
    pointer: Pointer = ("training",)
    measures_known: bool = True


@dataclass(frozen=True, slots=True)
class Promise:
    """One of ``[[assertions]]``: a run-time expression that must be true of the model."""

    check: str
    pointer: Pointer


@dataclass(frozen=True, slots=True)
class Spec:
    """What one spec file says.

    ``whole`` is False where something of the graph could not be read or understood, so that nothing may be
    called unused; ``names_known`` where inputs or layers may have names that could not be read, so that no
    name may be called unknown. ``expanded`` says that blocks and the like were written out: references to
    generated names are then no person's, and ``composed`` are names that stood for several entries or none.
    ``misnamed`` are words that were meant as names and can't be, which has been said: what refers to them is not
    wrong as well.
    """

    name: str
    description: str | None
    inputs: tuple[Input, ...]
    entries: tuple[Entry, ...]
    outputs: tuple[Output, ...]
    outputs_named: bool
    data: Data | None
    training: Training | None
    document: Document
    whole: bool = True
    names_known: bool = True
    misnamed: frozenset[str] = frozenset()
    expanded: bool = False
    composed: frozenset[str] = frozenset()
    assertions: tuple[Promise, ...] = ()

"""The noun Spec: what a checked document says, as records; positions stay reachable by pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .document import Document, Pointer
from .sweep import Sweep


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

    ``encode`` is ``"index"``, ``"one_hot"`` or None; ``decode`` says that the cells are files, and of which kind.
    ``pad`` fills up rows of unequal length; ``augment`` are the layers that vary an input while training. ``buckets``
    are lengths, ascending: rows up to the same of them come into the same batches.
    """

    name: str
    columns: tuple[str, ...] | None
    encode: str | None
    pointer: Pointer
    decode: Mapping[str, Any] | None = None
    pad: float = 0
    augment: tuple[Any, ...] = ()
    buckets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """How rows are kept aside: by shares of them, each in [0, 1), or as the values of a column say.

    ``stratify``, ``group``, ``column``, ``time`` and ``hash`` are names of columns. ``sources`` has the checked tables
    of parts ("validation", "test") that come from a source of their own. With ``folds`` there are so many, of which
    number ``fold``, counted from 1, is for validation.
    """

    validation: float = 0.0
    test: float = 0.0
    stratify: str | None = None
    group: str | None = None
    column: str | None = None
    time: str | None = None
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hash: str | None = None
    folds: int | None = None
    fold: int = 1

    @property
    def validates(self) -> bool:
        """Whether there may be rows for validation."""
        return self.validation > 0 or "validation" in self.sources or self.column is not None or self.folds is not None

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that the spec itself asks for."""
        asked = {"validation": self.validation or self.folds or "validation" in self.sources}
        asked["test"] = self.test or "test" in self.sources
        return ("validation", "test") if self.column is not None else tuple(part for part, one in asked.items() if one)

    @property
    def by(self) -> str | None:
        """The key by which rows are parted, where it is not by chance alone."""
        return next((key for key in ("time", "group", "hash", "stratify") if getattr(self, key) is not None), None)

    @property
    def columns(self) -> dict[str, str]:
        """The columns by which rows are parted, by their keys; without that by which they are spread."""
        every = {"group": self.group, "column": self.column, "time": self.time, "hash": self.hash}
        return {key: column for key, column in every.items() if column is not None}


@dataclass(frozen=True, slots=True)
class Window:
    """Windows over rows in order: ``length`` rows each, a new one every ``stride`` rows; the target is that of the row
    ``horizon`` rows behind the last of the window. ``group`` is a column that tells several series apart."""

    length: int
    stride: int = 1
    horizon: int = 1
    group: str | None = None


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
    cache: bool | str = "auto"
    missing: str | Mapping[str, Any] = "error"
    sample_weight: str | None = None
    window: Window | None = None
    augment: tuple[Any, ...] = ()
    on_error: str = "stop"
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
class Gradients:
    """What is done to gradients: shortened together to a length, cut off number by number, averaged over steps."""

    clip_norm: float | None = None
    clip_value: float | None = None
    accumulate: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One of ``[[training.rules]]``: run-time expressions, one for when, one for the learning rate that is set then.

    ``check`` is ``"epoch"`` or ``"batch"``.
    """

    when: str
    learning_rate: str
    check: str
    pointer: Pointer


SECONDS: Final[Mapping[str, int]] = {"second": 1, "minute": 60, "hour": 3600}
"""The units of time in which a checkpoint's distance may be said."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A saved model whose weights training begins with: ``path`` is as written, relative to the spec.

    ``layers`` are names and patterns of those layers that take them; where there are none, all of them do.
    """

    path: str
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How often the model is kept on the way, and how many of them stay.

    ``every`` is ``"epoch"``, a number of steps, or a number with its unit, such as ``"10 minutes"``. ``best`` names a
    number that is measured after each epoch: the model with which it was best is kept besides.
    """

    every: int | str = "epoch"
    keep: int = 3
    best: str | None = None

    @property
    def steps(self) -> int | None:
        """After so many steps, if it goes by steps."""
        if isinstance(self.every, int):
            return self.every
        return int(self._parts[0]) if self._parts[1] == "step" else None

    @property
    def epochs(self) -> int | None:
        """After so many epochs, if it goes by epochs."""
        return None if isinstance(self.every, int) or self._parts[1] != "epoch" else int(self._parts[0])

    @property
    def seconds(self) -> float | None:
        """After so many seconds, if it goes by time."""
        if isinstance(self.every, int):
            return None
        number, unit = self._parts
        return number * SECONDS[unit] if unit in SECONDS else None

    @property
    def _parts(self) -> tuple[float, str]:
        words = str(self.every).split()
        return (1.0, words[0]) if len(words) == 1 else (float(words[0]), words[1].removesuffix("s"))


@dataclass(frozen=True, slots=True)
class Training:
    """The ``training`` section. Keras objects are as written and checked: a name, or a table with ``type``; a loss
    or metric may also be a table with ``expression``.

    ``measures_known`` is False where a loss or metric could not be understood, so that no number may be
    called one that is not measured. ``phases`` are whole training sections again, what they leave out being taken
    from this one; ``name`` is that of a phase. ``overrides`` are the layers that a phase changes, as written.
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
    class_weight: str | Mapping[str, float] | None = None
    pointer: Pointer = ("training",)
    measures_known: bool = True
    loop: str = "fit"
    gradients: Gradients = Gradients()
    rules: tuple[Rule, ...] = ()
    freeze: tuple[str, ...] = ()
    checkpoint: Checkpoint | None = None
    weights: Weights | None = None
    phases: tuple[Training, ...] = ()
    name: str | None = None
    profile: bool = False
    distribute: str | None = None
    learning_rate_factors: Mapping[str, float] = field(default_factory=dict)
    overrides: Mapping[str, Any] | Sequence[Any] = ()

    @property
    def stages(self) -> tuple[Training, ...]:
        """What is carried out one after the other: the phases, or all at once."""
        return self.phases or (self,)


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
    wrong as well. ``terms_known`` is False where it is not known of a loss term which tensors it uses.
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
    terms_known: bool = True
    sweep: Sweep | None = None

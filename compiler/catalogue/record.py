"""The noun Record: all that keraspec knows of one Keras object; and what its shape rule is given and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..sizes import Size
from ..tensor import Policy, TensorType, Weight
from .kinds import Kind


class _Required:
    """The type of REQUIRED."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = _Required()
"""The default of an argument that has none."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One constructor or call argument: Keras' name, its kind, Keras' default, and one line of our own."""

    name: str
    kind: Kind
    default: Any = REQUIRED
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """One call argument that takes tensors.

    ``many``: it takes a list of tensors, at least ``minimum``. ``elements`` names the places of such a list,
    so that a table may be written instead (``{ query = …, value = … }``); ``maximum`` bounds it.
    Of an op: ``literal`` says what numbers may stand in the place of the tensor (None: only a tensor), and
    ``spread`` that Keras is given the list as arguments one behind the other (``einsum``, ``meshgrid``).
    """

    name: str
    required: bool = True
    many: bool = False
    minimum: int = 1
    maximum: int | None = None
    elements: tuple[str, ...] = ()
    literal: Kind | None = None
    spread: bool = False
    summary: str = ""


ONE: Final = (Port("inputs"),)
"""A layer that takes one tensor."""

Masking = Literal["pass", "lose", "own"]
"""What becomes of a mask: handed on; lost (``check`` warns); or the rule sets it on its outputs itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One Keras object. ``name`` is the class, ``family`` its table (``layers``, ``optimizers``, …).

    ``names``: further strings by which Keras finds it (``"adam"``, ``"mse"``). ``aliases``: other class names
    of it. ``refused``: why it can't stand in a spec, and what to use instead; ``because`` is the reason in a word:
    it runs code, it needs a Python callable or object, or Keras refuses it on symbolic tensors. ``page`` is the
    address of its page below https://keras.io/api/. Layers also have ``ports``, ``options`` (call-time arguments that
    are no tensors), ``masking`` and the shape ``rule``; ``without`` names what other layers take and this one does not.
    """

    name: str
    family: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    page: str = ""
    refused: str | None = None
    because: Literal["code", "callable", "symbolic"] | None = None
    ports: tuple[Port, ...] = ONE
    options: tuple[Argument, ...] = ()
    masking: Masking = "lose"
    rule: Rule | None = None
    check: Callable[[Mapping[str, Any]], None] | None = None
    """Looks at all arguments together and raises ArgumentError: what no schema of one argument can say."""
    without: frozenset[str] = frozenset()
    inside: Callable[[Mapping[str, Any]], tuple[str, ...]] | None = None
    """Of an application with these arguments, the names of the layers inside it."""
    told: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] | None = None
    """Of an op: what Keras is told beside what is written (first), by the shapes of its tensors (second)."""
    made: Callable[[], Any] | None = None
    """Of a plugin's object: imports and returns its class (of a source: the function that reads it)."""

    @property
    def alone(self) -> bool:
        """Whether it is written by its name alone, never as a table."""
        return self.family == "activations" or (self.family == "dtype_policies" and not self.arguments)


@dataclass(frozen=True, slots=True)
class Object:
    """A Keras object as a spec states it: its record and its arguments.

    ``written`` holds only what the spec says, as Keras takes it; ``arguments`` the defaults as well.
    Nested objects are Objects in both.
    """

    record: Record
    written: Mapping[str, Any]
    arguments: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]


@dataclass(frozen=True, slots=True)
class Call:
    """What a shape rule is given: a layer and the tensors it is called with.

    ``tensors`` maps a port's name to its tensors (an optional port that is not connected is absent);
    ``options`` has every call-time option, defaults included; ``policy`` is the layer's dtype policy;
    ``learned`` are the words of sizes that preprocessing layers learn from data before the model is built.
    """

    layer: Object
    tensors: Mapping[str, tuple[TensorType, ...]]
    options: Mapping[str, Any]
    policy: Policy
    learned: frozenset[str] = frozenset()

    @property
    def x(self) -> TensorType:
        """The first tensor of the first port: the one most layers have."""
        return self.tensors[self.layer.record.ports[0].name][0]

    @property
    def xs(self) -> tuple[TensorType, ...]:
        """All tensors of the first port."""
        return self.tensors[self.layer.record.ports[0].name]

    def __getitem__(self, argument: str) -> Any:
        return self.layer.arguments[argument]


@dataclass(frozen=True, slots=True)
class Inferred:
    """What a shape rule gives. ``flops`` is for one sample, a multiply-add counting as two."""

    outputs: tuple[TensorType, ...]
    weights: tuple[Weight, ...] = ()
    flops: Size = 0
    inside: tuple[Inner, ...] = ()
    """The layers inside an application, each behind its sources; ``weights`` and ``flops`` are theirs together."""


@dataclass(frozen=True, slots=True)
class Inner:
    """One layer inside an application. ``sources`` names the layers inside that it is called with, and is empty text
    for what the application itself is given. ``weights`` are named as the layer alone would name them; ``named`` says
    whether Keras' name of the layer stays: a generated one is ours to number."""

    name: str
    layer: Object
    sources: tuple[str, ...]
    outputs: tuple[TensorType, ...]
    weights: tuple[Weight, ...]
    flops: Size
    named: bool = True


Rule = Callable[[Call], Inferred]


class ShapeError(Exception):
    """Raised by a rule: these inputs do not fit. ``infer`` adds the place.

    ``code`` is E301 (rank), E302 (shapes that don't fit together), E303 (nothing left: kernel larger than
    input), E304 (dtype), E305 (a size must be known), E306 (number of elements), E307 (an argument that does
    not fit the input). ``argument`` names the layer's argument to point at, ``port`` and ``index`` the input.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        help: str | None = None,
        argument: str | None = None,
        port: str | None = None,
        index: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.help = help
        self.argument = argument
        self.port = port
        self.index = index


class ArgumentError(Exception):
    """Raised by a record's ``check``: arguments that contradict each other. Code E114 at ``argument``."""

    def __init__(self, argument: str, message: str, *, help: str | None = None, other: str | None = None) -> None:
        super().__init__(message)
        self.argument = argument
        self.message = message
        self.help = help
        self.other = other

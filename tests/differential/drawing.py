"""From a Record to random Cases: arguments drawn from each kind's schema, inputs from the plan of the layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from keraspec.compiler.catalogue import entry_record, spellings
from keraspec.compiler.catalogue.arguments import LAYER_ARGUMENTS
from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.compiler.catalogue.record import REQUIRED, Argument, Record

Axis = int | str
"""A size of an input: a number, or a word for one that is not known (two equal words are the same size)."""


@dataclass(frozen=True)
class Tensor:
    """One input of a case. ``shape`` is without the batch axis; ``mask`` puts a Masking layer before it.

    Not ``batched``: all its axes are in ``shape``, as behind an op that took the batch axis away.
    """

    shape: tuple[Axis, ...]
    dtype: str = "float32"
    mask: bool = False
    batched: bool = True

    @property
    def axes(self) -> tuple[Axis | None, ...]:
        """All axes; None is the batch."""
        return (None, *self.shape) if self.batched else self.shape

    def __str__(self) -> str:
        axes = ", ".join(str(size) for size in self.shape)
        return f"{self.dtype}[{axes}]" + ("masked" if self.mask else "") + ("" if self.batched else " without batch")


Inputs = Mapping[str, tuple[Tensor, ...]]
"""Port → the tensors it is given."""


@dataclass(frozen=True)
class Case:
    """One layer with arguments as a spec writes them, called on some inputs; ``policy`` is that of the whole model."""

    record: Record
    written: Mapping[str, Any]
    inputs: Inputs
    options: Mapping[str, Any] = field(default_factory=dict)
    real: bool = True
    """Whether it is run on real arrays as well, where both sides take it and agree."""
    policy: str = "float32"

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.written.items())
        tensors = "; ".join(
            f"{port}: {', '.join(str(tensor) for tensor in given)}" for port, given in self.inputs.items()
        )
        options = f" call {dict(self.options)}" if self.options else ""
        whole = f" in a model of {self.policy}" if self.policy != "float32" else ""
        return f"{self.record.name}({arguments}) on {tensors}{options}{whole}"

    @property
    def x(self) -> Tensor:
        """The first tensor of the first port."""
        return next(iter(self.inputs.values()))[0]


Draw = Callable[[Random], Any]
Feed = Callable[[Random, Mapping[str, Any]], Inputs | Sequence[Tensor]]
"""From a generator and the drawn arguments to the inputs; a plain sequence feeds the first port."""


@dataclass(frozen=True)
class Plan:
    """How to draw cases of one layer.

    ``inputs``: see Feed; `shapes` and `tensors` make common ones. ``arguments``: for a name either a tuple of
    values to pick from or a function of the generator; such arguments are written more often than others.
    ``mend``: changes drawn arguments so that they fit together (called on most cases, not on all, so
    that contradictions are tried as well). ``skip``: arguments never drawn. ``known``: reason → whether a
    disagreement in this case is known and why it is right. ``stuck``: reason → whether this case cannot be run
    here although it is right (TensorFlow's CPU kernels lack it). ``values``: makes the real array for a tensor of
    known shape, default random numbers. ``eager``: whether running on real arrays is possible; ``compiled``: whether
    they run as `fit` and `predict` run them, in a TensorFlow graph that does not know the batch (ops only).
    ``accepted``: the smallest share of cases that both must accept, for a plan that only draws nonsense
    tests nothing. ``dtypes``: whether dtype policies are tried. ``examples``: cases always tried, as
    (written, inputs).
    """

    layer: str
    inputs: Feed
    arguments: Mapping[str, Draw | tuple[Any, ...]] = field(default_factory=dict)
    mend: Callable[[Random, dict[str, Any]], None] | None = None
    skip: frozenset[str] = frozenset()
    known: Mapping[str, Callable[[Case], bool]] = field(default_factory=dict)
    stuck: Mapping[str, Callable[[Case], bool]] = field(default_factory=dict)
    values: Callable[[Random, Case, tuple[int, ...], str], Any] | None = None
    eager: bool = True
    compiled: bool = False
    accepted: float = 0.3
    wrong: float = 0.2
    masked: float = 0.1
    dtypes: bool = True
    examples: tuple[tuple[Mapping[str, Any], Sequence[Tensor] | Inputs], ...] = ()

    @property
    def record(self) -> Record:
        """The record of the layer.

        Raises:
            KeyError: if the catalogue lacks it.
        """
        record = entry_record(self.layer)
        if record is None:
            raise KeyError(self.layer)
        return record


def shapes(
    *ranks: int,
    smallest: int = 1,
    largest: int = 9,
    unknown: float = 0.15,
    wrong: float = 0.08,
    zero: float = 0.02,
    dtypes: tuple[str, ...] = ("float32",),
    last: tuple[int, ...] = (),
) -> Feed:
    """A feed of one tensor of one of these ranks (without the batch axis).

    ``unknown``: the share of axes that are words; ``wrong``: the share of inputs of another rank; ``zero``:
    the share of axes of size 0; ``last``: sizes to pick the last axis from.
    """

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs | Sequence[Tensor]:
        rank = rng.choice(ranks)
        if rng.random() < wrong:
            rank = max(0, rank + rng.choice((-2, -1, 1)))
        shape = [axis(rng, smallest, largest, unknown, zero) for _ in range(rank)]
        if shape and last and rng.random() < 0.8:
            shape[-1] = rng.choice(last)
        return (Tensor(tuple(shape), rng.choice(dtypes)),)

    return feed


def spatial(
    rank: int,
    *,
    smallest: int = 1,
    largest: int = 11,
    channels: tuple[int, ...] = (1, 2, 3, 4, 6),
    unknown: float = 0.15,
    wrong: float = 0.06,
    zero: float = 0.01,
    dtypes: tuple[str, ...] = ("float32",),
) -> Feed:
    """A feed for layers over ``rank`` spatial axes; the channels stand where the drawn ``data_format`` says."""

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs | Sequence[Tensor]:
        sizes = [axis(rng, smallest, largest, unknown, zero) for _ in range(rank)]
        channel: Axis = "channels" if rng.random() < 0.04 else rng.choice(channels)
        first = written.get("data_format") == "channels_first"
        shape = [channel, *sizes] if first else [*sizes, channel]
        pick = rng.random()
        if pick < wrong / 2:
            shape.pop()
        elif pick < wrong:
            shape.insert(0, 3)
        return (Tensor(tuple(shape), rng.choice(dtypes)),)

    return feed


def axis(rng: Random, smallest: int = 1, largest: int = 9, unknown: float = 0.15, zero: float = 0.02) -> Axis:
    """One size: a number, now and then a word or zero."""
    pick = rng.random()
    if pick < unknown:
        return rng.choice(("time", "width", "depth"))
    return 0 if pick < unknown + zero else rng.randint(smallest, largest)


def tensors(*given: Tensor) -> Feed:
    """A feed that is always the same."""
    return lambda rng, written: given


def cases(plan: Plan, number: int, seed: int = 0) -> Iterator[Case]:
    """The plan's examples and then ``number`` random cases, the same for the same seed."""
    for index in range(len(plan.examples) + number):
        yield case_at(plan, index, seed)


def case_at(plan: Plan, index: int, seed: int = 0) -> Case:
    """One of the plan's cases: its examples come first, and then random ones without end."""
    record = plan.record
    if index < len(plan.examples):
        written, given = plan.examples[index]
        return Case(record, written, _ports(record, given, written))
    rng = Random(f"{plan.layer} {seed} {index - len(plan.examples)}")
    written = dict(_arguments(plan, record, rng))
    if plan.mend is not None and rng.random() < 0.85:
        plan.mend(rng, written)
    if rng.random() < plan.wrong:
        written |= _wrong(plan, record, rng)
    _leave_a_place(record, written, rng)
    inputs = _ports(record, plan.inputs(rng, written), written)
    if rng.random() < plan.masked:
        inputs = _masked(inputs)
    options = {
        option.name: value
        for option in record.options
        if option.name not in plan.skip and rng.random() < 0.3
        for value in _maybe(plan, option, rng)
    }
    whole = rng.choice(NAMED["dtype_policies"]) if plan.dtypes and rng.random() < MIXED else "float32"
    return Case(record, written, inputs, options, whole)


def _ports(record: Record, given: Inputs | Sequence[Tensor], written: Mapping[str, Any]) -> Inputs:
    if isinstance(given, Mapping):
        return {port: tuple(tensors) for port, tensors in given.items()}
    if record.family == "ops":  # as in a spec: what no number is written for, in order
        unset = [port for port in record.ports if port.name not in written]
        if unset[0].many:
            return {unset[0].name: tuple(given)}
        return {port.name: (tensor,) for port, tensor in zip(unset, given, strict=False)}
    return {record.ports[0].name: tuple(given)}


def _leave_a_place(record: Record, written: dict[str, Any], rng: Random) -> None:
    """An op computes with at least one tensor: not all of its operands are numbers, nor one that must be none."""
    for port in record.ports:
        if port.literal is None or written.get(port.name) in (None, "none"):
            written.pop(port.name, None)
    operands = [port.name for port in record.ports]
    if operands and all(name in written for name in operands):
        del written[rng.choice(operands)]


def _masked(inputs: Inputs) -> Inputs:
    first = next(iter(inputs))
    given = tuple(
        replace(tensor, mask=tensor.batched and len(tensor.shape) >= 2 and tensor.dtype.startswith("float"))
        for tensor in inputs[first]
    )
    return {**inputs, first: given}


def _arguments(plan: Plan, record: Record, rng: Random) -> Iterator[tuple[str, Any]]:
    shared = {argument.name for argument in LAYER_ARGUMENTS}
    places = {port.name for port in record.ports}
    for argument in arguments_of(record).values():
        name = argument.name
        if name in plan.skip or (name == "dtype" and not plan.dtypes):
            continue
        if name in places and name not in plan.arguments and rng.random() < 0.5:
            continue  # of the operands of an op most are tensors
        share = 0.65 if name in plan.arguments else 0.06 if name in shared else 0.5 if name == "data_format" else 0.2
        if argument.default is REQUIRED or rng.random() < share:
            for value in _maybe(plan, argument, rng):
                yield name, value


def _maybe(plan: Plan, argument: Argument, rng: Random) -> Iterator[Any]:
    override = plan.arguments.get(argument.name)
    if callable(override):
        yield override(rng)
    elif override is not None:
        yield rng.choice(override)
    else:
        yield from list(value_of(argument.kind, rng))


# Objects that can be named with nothing else said, and that any layer can use.
NAMED: Mapping[str, tuple[str, ...]] = {
    "initializers": ("zeros", "ones", "glorot_uniform", "he_normal", "random_normal"),
    "regularizers": ("l1", "l2", "l1_l2"),
    "constraints": ("non_neg", "max_norm", "unit_norm"),
    "activations": ("relu", "tanh", "linear", "gelu", "sigmoid"),
    "dtype_policies": ("float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16"),
}


def value_of(kind: Kind, rng: Random) -> Iterator[Any]:
    """A value that the kind admits, as a spec writes it; nothing if the plan has to say it (nested layers)."""
    if kind.family is not None:
        names = NAMED.get(kind.family) or tuple(spellings(kind.family))
        if kind.family == "layers" or not names:
            return
        if _nullable(kind) and rng.random() < 0.15:
            yield "none"
        else:
            yield [rng.choice(names)] if kind.many else rng.choice(names)
        return
    yield from _from_schema(kind.schema, rng)


def _nullable(kind: Kind) -> bool:
    return any(option == {"const": "none"} for option in kind.schema.get("anyOf", ()))


def _from_schema(schema: Mapping[str, Any], rng: Random) -> Iterator[Any]:
    if "const" in schema:
        yield schema["const"]
    elif "enum" in schema:
        yield rng.choice(schema["enum"])
    elif "anyOf" in schema or "oneOf" in schema:
        options = [one for one in schema.get("anyOf") or schema["oneOf"] if "not" not in one]
        yield from _from_schema(rng.choice(options), rng)
    elif "type" in schema:
        kind = schema["type"]
        yield from _TYPES[rng.choice(kind) if isinstance(kind, list) else kind](schema, rng)


def _integer(schema: Mapping[str, Any], rng: Random) -> Iterator[int]:
    low = schema.get("minimum", -3)
    yield rng.randint(low, min(schema.get("maximum", low + 5), low + 5))


def _number(schema: Mapping[str, Any], rng: Random) -> Iterator[float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -2.0))
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 3.0))
    edges = [schema[key] for key in ("minimum", "maximum") if key in schema]
    inside = round(low + (high - low) * rng.uniform(0.05, 0.95), 3)
    yield rng.choice([*edges, inside, inside, inside])


def _array(schema: Mapping[str, Any], rng: Random) -> Iterator[list[Any]]:
    fixed = [next(_from_schema(item, rng)) for item in schema.get("prefixItems", ())]
    low = schema.get("minItems", len(fixed))
    length = rng.randint(low, schema.get("maxItems", max(low, len(fixed)) + 2))
    items = schema.get("items")
    more = [next(_from_schema(items, rng)) for _ in range(length - len(fixed))] if items else []
    yield fixed + more


_TYPES: Mapping[str, Callable[[Mapping[str, Any], Random], Iterable[Any]]] = {
    "integer": _integer,
    "number": _number,
    "boolean": lambda schema, rng: [rng.random() < 0.5],
    "string": lambda schema, rng: [rng.choice(("abc", "x"))],
    "null": lambda schema, rng: [None],
    "array": _array,
    "object": lambda schema, rng: (),
}

MIXED = 0.1
"""The share of cases in a model whose dtype policy is not float32."""

# Values that fit some arguments and not others: numbers at the edges, things of another type.
POOL: tuple[Any, ...] = (
    -2, -1, 0, 1, 2, 3, 7, 0.5, -0.5, 1.5, True, False, "same", "bogus", "none", [], [1], [2, 2], [0, 1], [1, 2, 3],
    [-1, 2], [[1, 1], [2, 2]], [1, 1, 1, 1],
)  # fmt: skip


def _wrong(plan: Plan, record: Record, rng: Random) -> dict[str, Any]:
    every = arguments_of(record) if rng.random() < 0.1 else [argument.name for argument in record.arguments]
    own = [name for name in every if name not in plan.skip and (name != "dtype" or plan.dtypes)]
    return {rng.choice(own): rng.choice(POOL)} if own else {}

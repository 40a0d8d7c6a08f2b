"""The noun Net: a network inside an application, layer by layer, typed as it grows.

How an architecture is written: one file a family, with a function that takes a `Net`, the tensor that comes in and
the application's arguments, and gives the tensor that goes out; and a tuple ``APPLICATIONS`` of records made with
`application.application`, which ``catalogue/applications.py`` gathers::

    def vgg(net: Net, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
        x = net.add("Conv2D", x, name="block1_conv1", filters=64, kernel_size=3, padding="same", activation="relu")
        x = net.add("MaxPooling2D", x, name="block1_pool", pool_size=2, strides=2)
        return net.add("Add", [x, y])          # a list where the layer takes several tensors

- A type is the name of a catalogue layer (``"Conv2D"``), of an op (``"ops.add"``; the tensors fill its first ports,
  numbers are arguments: ``net.add("ops.add", x, x2=3.0)``), or a `Record` that only applications have (a private
  layer of Keras); arguments are written as in a spec, with tuples for lists (``padding=((0, 1), (0, 1))``).
- ``name`` is the name that the layer has in Keras. Without it the layer gets the one that Keras generates in a fresh
  session (``conv2d``, ``conv2d_1``, …), so layers without names must be added in the order in which Keras makes them.
- What depends on the size of the input is computed from ``x.type``, ``x.shape`` and `Net.halving_pad`; sizes may be
  symbols.
- `Net.chain` makes a nested ``Sequential``.

A rule that does not fit raises its ShapeError as anywhere else; `application` puts the layer's name before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ...sizes import Size, known
from ...tensor import Policy, Shape, TensorType, Weight
from .. import entry_record
from ..objects import instantiate
from ..record import Call, Inferred, Inner, Object, Record, ShapeError
from ..rules import inferred, layer_policy
from ..sublayers import snake_case

INPUT: Final = ""
"""The source of what an application is given."""

SEQUENTIAL: Final = Record("Sequential", "layers", "Layers one behind the other, as one layer.")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor inside a network: the layer that gives it (`INPUT` for none), and its type."""

    source: str
    type: TensorType

    @property
    def shape(self) -> Shape:
        """All axes, the batch axis first."""
        return self.type.shape

    @property
    def channels(self) -> int:
        """The size of the last axis, which is a number wherever a layer has made the tensor."""
        size = self.type.shape[-1]
        assert known(size)
        return size


class InnerError(Exception):
    """A layer inside does not fit what it is given: its name, and what its rule said."""

    def __init__(self, name: str, error: ShapeError) -> None:
        super().__init__(error.message)
        self.name = name
        self.error = error


class Net:
    """The layers of one network so far, in the order in which they were added."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.layers: dict[str, Inner] = {}
        self._generated: Counter[str] = Counter()
        self._objects: dict[Any, Object] = {}
        self._inferred: dict[Any, Inferred] = {}

    def add(
        self, kind: str | Record, sources: Tensor | Sequence[Tensor], *, name: str | None = None, **arguments: Any
    ) -> Tensor:
        """Add a layer behind ``sources``; the tensor that it gives.

        Raises:
            InnerError: the layer cannot be called with these tensors.
        """
        xs = (sources,) if isinstance(sources, Tensor) else tuple(sources)
        layer = self._object(kind, arguments)
        own = name or self._name(layer.record)
        given = self._infer(layer, xs, own)
        self._put(own, layer, xs, given, named=name is not None)
        return Tensor(own, given.outputs[0])

    def chain(self, name: str, x: Tensor, *steps: tuple[str | Record, Mapping[str, Any]]) -> Tensor:
        """Add a ``Sequential`` of these layers, each a type and its arguments, ``name`` among them or generated.

        Its weights carry the inner layer's name in front.

        Raises:
            InnerError: as `add`.
        """
        weights: list[Weight] = []
        layers: list[Object] = []
        flops: Size = 0
        end = x
        for kind, written in steps:
            arguments = dict(written)
            layer = self._object(kind, {key: value for key, value in arguments.items() if key != "name"})
            inner = arguments.get("name") or self._name(layer.record)
            given = self._infer(layer, (end,), f"{name}/{inner}")
            weights += [_prefixed(inner, weight) for weight in given.weights]
            flops = flops + given.flops
            layers.append(layer)
            end = Tensor(name, given.outputs[0])
        held = MappingProxyType({"layers": tuple(layers)})
        whole = Inferred((end.type,), tuple(weights), flops)
        self._put(name, Object(SEQUENTIAL, held, held), (x,), whole, named=True)
        return end

    def halving_pad(self, x: Tensor, kernel: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """The zeros around ``x`` with which a kernel at stride 2 and no padding gives half of each size, rounded up.

        An even size gets one zero fewer in front. Where the height is not known, Keras takes both sizes to be even.

        Raises:
            ShapeError: E305 if the width alone is not known, which Keras can't do.
        """
        height, width = x.shape[1:3]
        if known(height) and not known(width):
            raise ShapeError(
                "E305",
                "Keras computes the padding inside this network from the height and the width of its pictures, or "
                f"from neither; found {height} by `{width}`",
                help="write numbers for both in the input's `shape`, or words for both",
            )
        around = kernel // 2
        before = [around - (1 if not known(height) or size % 2 == 0 else 0) for size in (height, width)]
        return (before[0], around), (before[1], around)

    def _object(self, kind: str | Record, arguments: Mapping[str, Any]) -> Object:
        key = (kind, *arguments.items())
        found = self._objects.get(key)
        if found is None:
            record = entry_record(kind) if isinstance(kind, str) else kind
            assert record is not None, kind
            found = self._objects[key] = instantiate(record, {name: _written(one) for name, one in arguments.items()})
        return found

    def _infer(self, layer: Object, xs: tuple[Tensor, ...], name: str) -> Inferred:
        key = (id(layer), *(x.type for x in xs))
        found = self._inferred.get(key)
        if found is None:
            options = {option.name: option.default for option in layer.record.options}
            tensors = _ports(layer.record, tuple(x.type for x in xs))
            try:
                found = inferred(Call(layer, tensors, options, layer_policy(layer, self.policy.name)))
            except ShapeError as error:
                raise InnerError(name, error) from error
            self._inferred[key] = found
        return found

    def _put(self, name: str, layer: Object, xs: tuple[Tensor, ...], given: Inferred, *, named: bool) -> None:
        assert name not in self.layers, name
        sources = tuple(x.source for x in xs)
        self.layers[name] = Inner(name, layer, sources, given.outputs, given.weights, given.flops, named)

    def _name(self, record: Record) -> str:
        """The name that Keras generates: the class in snake case, numbered from the second on."""
        base = snake_case(record.name.rpartition(".")[2])
        number = self._generated[base]
        self._generated[base] += 1
        return f"{base}_{number}" if number else base


def _written(value: Any) -> Any:
    """A value as it would stand in a spec: lists instead of the tuples, which can be looked up."""
    return [_written(item) for item in value] if isinstance(value, tuple) else value


def _ports(record: Record, types: tuple[TensorType, ...]) -> dict[str, tuple[TensorType, ...]]:
    first = record.ports[0]
    if first.many:
        return {first.name: types}
    return {port.name: (one,) for port, one in zip(record.ports, types, strict=False)}


def _prefixed(name: str, weight: Weight) -> Weight:
    return Weight(f"{name}/{weight.name}", weight.shape, weight.trainable, weight.dtype)

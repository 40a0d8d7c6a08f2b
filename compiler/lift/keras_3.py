"""From the JSON of Keras 3 to Saved: a Functional or Sequential model with everything that it calls.

A tensor stands in a call as the history that Keras keeps of it: which layer gave it, at which of its calls. What is
no plain JSON stands as a table with a class name between underscores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from .network import Called, Network, Place, Saved, Stored, Tensor, Unreadable, raise_all
from .ops import MODULE, op_record

MODELS: Final = ("Functional", "Sequential", "Model")
DEEPEST: Final = 32
"""So many models may stand inside each other."""


class _Reader:
    """Reads one file; ``problems`` are what no network can say."""

    def __init__(self) -> None:
        self.problems: list[Unreadable] = []

    def model(self, stored: Any, at: Place, depth: int = 0) -> Network | None:
        """The network of a model, or None where it is none that can be read (which is then a problem)."""
        config = stored.get("config") if isinstance(stored, Mapping) else None
        kind = stored.get("class_name") if isinstance(stored, Mapping) else None
        if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list) or depth > DEEPEST:
            self._say(
                f"this is no Functional or Sequential model, but {_named(kind)}"
                if depth <= DEEPEST
                else f"models stand more than {DEEPEST} deep inside each other",
                at,
                "a model of a class of its own keeps its layers in code; make a Functional model of it first",
            )
            return None
        return self._sequential(config, at, depth) if kind == "Sequential" else self._functional(config, at, depth)

    def _functional(self, config: Mapping[str, Any], at: Place, depth: int) -> Network:
        layers = []
        models = set()
        for index, entry in enumerate(config["layers"]):
            place = (*at, "config", "layers", index)
            one = self._layer(entry, place, depth)
            if one is None:
                continue
            nodes = entry.get("inbound_nodes", [])
            calls = tuple(self._calls(nodes if isinstance(nodes, list) else [], (*place, "inbound_nodes")))
            if one.kind == "InputLayer":
                calls = (Called(),)
            if one.kind == "Functional":
                models.add(one.name)
            layers.append(
                Stored(one.name, one.kind, one.config, calls, place, one.module, one.registered_name, one.inner)
            )
        inputs = [one for _, one in self._ends(config, "input_layers", at, models)]
        outputs = list(self._ends(config, "output_layers", at, models))
        named = isinstance(config.get("output_layers"), Mapping)
        return Network(
            str(config.get("name", "model")),
            tuple(layers),
            tuple(inputs),
            {str(name): one for name, one in outputs} if named else tuple(one for _, one in outputs),
        )

    def _sequential(self, config: Mapping[str, Any], at: Place, depth: int) -> Network:
        layers: list[Stored] = []
        taken: Tensor | None = None
        for index, entry in enumerate(config["layers"]):
            place = (*at, "config", "layers", index)
            one = self._layer(entry, place, depth)
            if one is None:
                continue
            if taken is None and one.kind != "InputLayer":
                shape = config.get("build_input_shape")
                shape = shape if isinstance(shape, list) else one.config.get("batch_shape")
                start: dict[str, Any] = {"batch_shape": shape, "dtype": "float32"}
                layers.append(Stored("input_layer", "InputLayer", start, (Called(),), (*at, "config")))
                taken = Tensor("input_layer")
            calls = (Called(),) if taken is None else (Called((taken,)),)
            layers.append(
                Stored(one.name, one.kind, one.config, calls, place, one.module, one.registered_name, one.inner)
            )
            taken = Tensor(one.name)
        if taken is None or len(layers) < 2:
            self._say("this Sequential has no layers", at, "add layers before saving it")
            return Network(str(config.get("name", "sequential")), (), (), ())
        return Network(str(config.get("name", "sequential")), tuple(layers), (Tensor(layers[0].name),), (taken,))

    def _layer(self, entry: Any, at: Place, depth: int) -> Stored | None:
        """A layer without its calls."""
        if not isinstance(entry, Mapping) or not isinstance(entry.get("config"), Mapping):
            self._say("here a layer should stand, a table with `class_name` and `config`", at)
            return None
        kind, config = entry.get("class_name"), entry["config"]
        name = entry.get("name", config.get("name"))
        if not isinstance(kind, str) or not isinstance(name, str):
            self._say("this layer has no class or no name", at)
            return None
        module, registered = entry.get("module"), entry.get("registered_name")
        if module is None and _is_bare_op(kind, config):
            module = MODULE
        inner = None
        if isinstance(config.get("layers"), list) and isinstance(kind, str):
            if kind not in MODELS:
                self._say(
                    f'`{kind}` is a model of a class of its own, "{name}", of which the file has no code',
                    (*at, "class_name"),
                    "make a Functional model of it before saving",
                )
                return None
            inner = self.model(entry, at, depth + 1)
            if inner is None:
                return None
            kind = "Sequential" if kind == "Sequential" else "Functional"
        return Stored(
            name,
            kind,
            MappingProxyType(_as_given(kind, config, entry.get("build_config")))
            if inner is None
            else {"trainable": config.get("trainable", True)},
            (),
            at,
            module if isinstance(module, str) else None,
            registered if isinstance(registered, str) else None,
            inner,
        )

    def _calls(self, nodes: list[Any], at: Place) -> Iterator[Called]:
        for index, node in enumerate(nodes):
            place = (*at, index)
            if not isinstance(node, Mapping):
                self._say("here a call should stand, a table with `args` and `kwargs`", place)
                continue
            args, kwargs = node.get("args", []), node.get("kwargs", {})
            if not isinstance(args, list) or not isinstance(kwargs, Mapping):
                self._say("the arguments of this call can't be read", place)
                continue
            yield Called(
                tuple(self._value(one, (*place, "args", i)) for i, one in enumerate(args)),
                {str(key): self._value(one, (*place, "kwargs", key)) for key, one in kwargs.items() if one is not None},
            )

    def _value(self, value: Any, at: Place) -> Any:
        """An argument of a call: tensors in the place of their histories, everything else as plain values."""
        if isinstance(value, list):
            return [self._value(one, (*at, index)) for index, one in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        special = SPECIAL.get(str(value.get("class_name")))
        if special is None:
            return {key: self._value(one, (*at, key)) for key, one in value.items()}
        try:
            return special(value.get("config", {}))
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            self._say(f"this {_named(value.get('class_name'))} can't be read", at)
            return None

    def _ends(
        self, config: Mapping[str, Any], key: str, at: Place, models: set[str]
    ) -> Iterator[tuple[str | None, Tensor]]:
        """Tensors at one end of a model, with the keys of the table where they stand in one.

        In a table of ends the first call of a model has number 1; a call's argument counts it from 0.
        """
        waiting: list[tuple[str | None, Any, Place]] = [(None, config.get(key), (*at, "config", key))]
        while waiting:
            name, value, place = waiting.pop(0)
            if _is_end(value):
                number = value[1] - (1 if value[0] in models else 0)
                yield name, Tensor(value[0], number, value[2])
            elif isinstance(value, list):
                waiting[:0] = [(name, one, (*place, index)) for index, one in enumerate(value)]
            elif isinstance(value, Mapping) and name is None:
                waiting[:0] = [(str(each), one, (*place, each)) for each, one in value.items()]
            else:
                self._say(
                    f"the {key.replace('_layers', 's')} of this model are nested in a way that no spec has", place
                )

    def _say(self, message: str, at: Place, help: str | None = None) -> None:
        self.problems.append(Unreadable(message, at, help=help))


def _as_given(kind: str, config: Mapping[str, Any], build: Any) -> dict[str, Any]:
    """The arguments without those that Keras works out by itself where they are not given, and then writes down."""
    found = dict(config)
    if kind == "Bidirectional":
        found |= {name: _zeroing(found[name]) for name in ("layer", "backward_layer") if name in found}
    for name, derived in DERIVED.get(kind, {}).items():
        if found.get(name) is not None and found[name] == derived(found, build):
            found[name] = None
    return found


def _zeroing(layer: Any) -> Any:
    """A layer of a Bidirectional without what that sets on it: zeros where a whole sequence is given and masked."""
    config = layer.get("config") if isinstance(layer, Mapping) else None
    if not isinstance(config, Mapping) or config.get("zero_output_for_mask") != config.get("return_sequences"):
        return layer
    return {**layer, "config": {key: one for key, one in config.items() if key != "zero_output_for_mask"}}


def _backwards(config: Mapping[str, Any], build: Any) -> Any:
    """The layer that goes the other way: the same but for its name and direction."""
    layer, other = config.get("layer"), config.get("backward_layer")
    if not isinstance(layer, Mapping) or not isinstance(other, Mapping):
        return None
    own, mirrored = layer.get("config"), other.get("config")
    if not isinstance(own, Mapping) or not isinstance(mirrored, Mapping):
        return None
    turned = {**own, "name": mirrored.get("name"), "go_backwards": not own.get("go_backwards", False)}
    return other if turned == mirrored and layer.get("class_name") == other.get("class_name") else None


def _middle_axes(config: Mapping[str, Any], build: Any) -> list[int] | None:
    """All axes between the batch and the features."""
    shapes = build.get("shapes_dict", {}) if isinstance(build, Mapping) else {}
    shape = shapes.get("query_shape") if isinstance(shapes, Mapping) else None
    return list(range(1, len(shape) - 1)) if isinstance(shape, list) else None


DERIVED: Final[Mapping[str, Mapping[str, Callable[[Mapping[str, Any], Any], Any]]]] = MappingProxyType(
    {
        "Bidirectional": {"backward_layer": _backwards},
        "MultiHeadAttention": {
            "value_dim": lambda config, build: config.get("key_dim"),
            "attention_axes": _middle_axes,
        },
    }
)
"""Class → the arguments that it writes down though nobody gave them, and how it comes by them."""


def _is_bare_op(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether something is an op of an HDF5 file, without a module: every layer says whether it is trainable."""
    plain = kind != "InputLayer" and "layers" not in config and not config.keys() & {"trainable", "dtype"}
    return plain and op_record(kind, None) is not None


def _is_end(value: Any) -> bool:
    return isinstance(value, list) and [type(one) for one in value] == [str, int, int]


def _tensor(config: Mapping[str, Any]) -> Tensor:
    name, call, output = config["keras_history"]
    return Tensor(str(name), int(call), int(output))


SPECIAL: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "__keras_tensor__": _tensor,
        "__slice__": lambda config: slice(config["start"], config["stop"], config["step"]),
        "__ellipsis__": lambda config: ...,
        "__numpy__": lambda config: config["value"],
        "__tensor__": lambda config: config["value"],
        "__bytes__": lambda config: config["value"],
    }
)
"""What stands in a call that JSON has no word for → what it means."""


def _named(kind: Any) -> str:
    return f"`{kind}`" if isinstance(kind, str) else "something without a class"


def read_keras_3(stored: Mapping[str, Any], compiled: Mapping[str, Any] | None, written_by: str) -> Saved:
    """The model that the JSON of Keras 3 states.

    Args:
        stored: what ``model.to_json()`` gives, or ``config.json`` in a ``.keras`` file, read as JSON.
        compiled: what it was compiled with, where that stands elsewhere (in an HDF5 file).
        written_by: the version of Keras that wrote it.

    Raises:
        Unreadable: with everything that can't be read.
    """
    reader = _Reader()
    network = reader.model(stored, ())
    raise_all(reader.problems)
    assert network is not None
    own = compiled or stored.get("compile_config")
    if not isinstance(own, Mapping) or not own:
        return Saved(network, None, written_by)
    optimizer = own.get("optimizer", own.get("optimizer_config"))  # as HDF5 files call it
    return Saved(network, {**own, "optimizer": optimizer}, written_by)

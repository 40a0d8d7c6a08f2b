"""From the JSON of Keras 1 and 2 to Saved, in the words of today's Keras.

Each layer goes through the tables of ``keras_1`` and ``keras_2`` in turn; how layers are called is read by
``legacy_calls``. A file is data: nothing of it is run, and what only code could tell is said to be missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from .distributed import distributed
from .legacy_calls import Known, called, calls, references, tensor
from .legacy_layers import today
from .legacy_training import compiled_of
from .local import LOCAL, local_layer, without_local
from .network import Called, Network, Place, Saved, Stored, Tensor, Unreadable, raise_all
from .reading import Reading, items, plain, table, words
from .tensorflow_ops import LAYERS, MODULE, call_of, function_of, kind_of

DEEPEST: Final = 32
"""So many models may stand inside each other."""

DAMAGED: Final = "the file is damaged: save the model again"

Arrange = Callable[[Any, Mapping[str, Any]], Called]
"""Given what a layer is called with first, and the other arguments: the call as today's Keras takes it."""

Read = tuple[Stored, Arrange]
"""A layer without its calls, and how they are to be put."""

DTYPES: Final[Mapping[str, str]] = {"float": "float32", "double": "float64", "half": "float16", "int": "int32"}
"""Dtypes of inputs that NumPy knew by another name."""

FORMATS: Final[Mapping[str, str]] = {"th": "channels_first", "tf": "channels_last"}


def read_legacy(
    config: Any,
    training: Mapping[str, Any] | None,
    keras_version: str | None = None,
    backend: str | None = None,
    *,
    at: Place = (),
) -> Saved:
    """The model that the JSON of Keras 1 or 2 states.

    Args:
        config: what ``model.to_json()`` gave, or the attribute ``model_config`` of an HDF5 file, read as JSON; a bare
            list of layers is a Sequential.
        training: the attribute ``training_config``, or None.
        keras_version: which Keras wrote it; where ``config`` says so as well, that counts.
        backend: which backend it ran on (``"theano"`` …), for what depends on it; ``config`` may say it as well.
        at: where ``config`` stands in the file.

    Raises:
        Unreadable: with everything that can't be read, or that today's Keras has no words for.
    """
    config = plain(config)
    said = config if isinstance(config, Mapping) else {}
    told, ran_on = said.get("keras_version"), said.get("backend", backend)
    version = told if isinstance(told, str) else keras_version or ""
    reading = Reading(_usual_format(config))
    network: Network | None = None
    try:
        network = _model(config, at, reading, "model", 0)
    except Unreadable as problem:
        reading.problems.append(problem)
    compiled = compiled_of(training, config, at, reading)
    raise_all(reading.problems)
    assert network is not None
    if ran_on == "theano":
        _turned(network, reading)
    return Saved(network, compiled, version, tuple(reading.differences))


def _turned(network: Network, reading: Reading) -> None:
    """Note of the first convolution that its weights are those of Theano."""
    for one in network.layers:
        if one.inner is not None:
            _turned(one.inner, reading)
        elif "Conv" in one.kind:
            reading.differs(
                "the model ran on Theano, which goes over a picture with its kernels turned by half a circle",
                one.at,
                help="to use the old weights, turn all kernels along their axes of space (`kernel[::-1, ::-1]`)",
            )


def _usual_format(config: Any) -> str | None:
    """Where layers have their channels that don't say it: as all those that do, if they agree."""
    found = Counter(_formats(config))
    return next(iter(found)) if len(found) == 1 else None


def _formats(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        own = FORMATS.get(str(value.get("dim_ordering")))
        return [own] if own is not None else [one for inner in value.values() for one in _formats(inner)]
    return [one for inner in value for one in _formats(inner)] if isinstance(value, list) else []


def _model(entry: Any, at: Place, reading: Reading, name: str, depth: int) -> Network:
    network = _written(entry, at, reading, name, depth)
    return network if reading.problems else without_local(network)


def _written(entry: Any, at: Place, reading: Reading, name: str, depth: int) -> Network:
    """A model by the form of its ``config``: a list of layers, a table with layers, or one with its ends too."""
    if depth > DEEPEST:
        raise Unreadable(f"models stand more than {DEEPEST} deep inside each other", at, help="take some of them apart")
    if isinstance(entry, list):
        return _sequential(entry, {}, at, reading, name, depth)
    entry = table(entry, at, "a model")
    kind = entry.get("class_name")
    config = entry.get("config")
    place = (*at, "config")
    if isinstance(config, list):
        return _sequential(config, {}, place, reading, name, depth)
    if kind == "Graph" or (isinstance(config, Mapping) and "node_config" in config):
        raise Unreadable(
            "a `Graph` is of the Keras before 1.0, which described models in another way",
            at,
            help="load it with Keras 0.3 and make the same model with `Model` of Keras 1 or later",
        )
    if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
        raise Unreadable(
            f"{f'`{kind}`' if isinstance(kind, str) else 'this'} is no Functional or Sequential model",
            at,
            help="a model whose class is written in Python keeps its layers in code; make a Functional model of it",
        )
    name = config["name"] if isinstance(config.get("name"), str) and config["name"] else name
    if "input_layers" in config or "output_layers" in config:
        return _functional(config, place, reading, name, depth)
    return _sequential(config["layers"], config, (*place, "layers"), reading, name, depth)


def _functional(config: Mapping[str, Any], at: Place, reading: Reading, name: str, depth: int) -> Network:
    entries = config["layers"]
    read: list[Read] = []
    for index, entry in enumerate(entries):
        caught = _caught(entry, (*at, "layers", index), reading, depth)
        if caught is not None and any(one.name == caught[0].name for one, _ in read):
            reading.refuse(f"two layers are called `{caught[0].name}`", caught[0].at, help=DAMAGED)
        elif caught is not None:
            read.append(caught)
    nodes = {one.name: _nodes(one, entries) for one, _ in read}
    ends = [config.get("input_layers"), config.get("output_layers"), *nodes.values()]
    known = Known(
        {one.name: 1 if one.kind == "InputLayer" else len(nodes[one.name]) for one, _ in read},
        _firsts([one for one, _ in read], nodes, ends),
    )
    layers = []
    for one, arrange in read:
        made: tuple[Called, ...]
        try:
            given = calls(nodes[one.name], (*one.at, "inbound_nodes"), known)
            made = (Called(),) if one.kind == "InputLayer" else tuple(arrange(*each) for each in given)
        except Unreadable as problem:
            # Layers that could not be read are missed here too: that has been said.
            if not reading.problems:
                reading.problems.append(problem)
            made = ()
        layers.append(Stored(one.name, one.kind, one.config, made, one.at, one.module, one.registered_name, one.inner))
    if reading.problems:
        return Network(name, tuple(layers), (), ())
    inputs = _ends(config, "input_layers", at, known)
    outputs = _ends(config, "output_layers", at, known)
    return Network(
        name,
        tuple(layers),
        tuple(inputs.values()) if isinstance(inputs, Mapping) else inputs,
        outputs,
    )


def _nodes(one: Stored, entries: Sequence[Any]) -> Sequence[Any]:
    nodes = entries[int(one.at[-1])].get("inbound_nodes")
    return nodes if isinstance(nodes, list) else []


def _firsts(layers: list[Stored], nodes: Mapping[str, Sequence[Any]], ends: Sequence[Any]) -> Mapping[str, int]:
    """The number of the first call of each model inside: models that began with an input count the call that made
    them as number 0, others don't; where the numbers in the file tell, they count."""
    used: dict[str, set[int]] = {}
    for layer, number in references(ends):
        used.setdefault(layer, set()).add(number)
    found = {}
    for one in layers:
        numbers = used.get(one.name, set())
        if one.inner is not None and numbers:
            counted = 0 not in numbers
            found[one.name] = int(counted or max(numbers) >= len(nodes[one.name]))
    return found


def _ends(config: Mapping[str, Any], key: str, at: Place, known: Known) -> tuple[Tensor, ...] | dict[str, Tensor]:
    """The tensors at one end of a model."""
    written, place = config.get(key), (*at, key)
    if isinstance(written, Mapping):
        return {str(name): tensor(one, (*place, name), known) for name, one in written.items()}
    found = items(written, place, f"`{key}`")
    if found and isinstance(found[0], str):
        return (tensor(found, place, known),)
    if not found:
        raise Unreadable(f"this model has no {key.replace('_layers', 's')}", place, help=DAMAGED)
    return tuple(tensor(one, (*place, index), known) for index, one in enumerate(found))


def _caught(entry: Any, at: Place, reading: Reading, depth: int) -> Read | None:
    """A layer without its calls; None where it can't be read, which is noted."""
    try:
        return _layer(entry, at, reading, depth)
    except Unreadable as problem:
        reading.problems.append(problem)
        return None


def _layer(entry: Any, at: Place, reading: Reading, depth: int) -> Read | None:
    entry = table(entry, at, "a layer")
    kind = words(entry.get("class_name"), (*at, "class_name"), "`class_name`")
    config = entry.get("config")
    own = config.get("name") if isinstance(config, Mapping) else None
    name = entry.get("name") or own or kind.lower()
    name = words(name, (*at, "name"), "the name of a layer")
    if _is_model(entry) and kind != "Merge":
        network = _model(entry, at, reading, name, depth + 1)
        sort = "Functional" if isinstance(config, Mapping) and "input_layers" in config else "Sequential"
        trainable = config.get("trainable", True) if isinstance(config, Mapping) else True
        return Stored(name, sort, {"trainable": trainable}, (), at, inner=network), _as_it_is
    config = table(config, (*at, "config"), "`config`")
    if kind == "TimeDistributed" and _is_model(config.get("layer")):
        place = (*at, "config", "layer")
        network = distributed(
            _model(config["layer"], place, reading, name, depth + 1), config.get("batch_input_shape"), place
        )
        return Stored(name, "Sequential", {}, (), at, inner=network), _as_it_is
    if kind == "InputLayer":
        return Stored(name, kind, _input(config, (*at, "config"), reading), (), at), _as_it_is
    if kind in LOCAL:
        local = local_layer(kind, name, config, (*at, "config"), reading)
        return None if local is None else (local, _as_it_is)
    if kind in LAYERS:
        function = function_of(kind, config, (*at, "config"))
        return Stored(name, kind_of(function), {}, (), at, MODULE), partial(call_of, kind, function, config, at)
    found = today(kind, config, (*at, "config"), reading)
    if found is None:
        return None
    return Stored(name, found.record.name, found.config, (), at), partial(called, found)


def _is_model(entry: Any) -> bool:
    config = entry.get("config") if isinstance(entry, Mapping) else None
    return isinstance(config, list) or (isinstance(config, Mapping) and isinstance(config.get("layers"), list))


def _as_it_is(first: Any, keywords: Mapping[str, Any]) -> Called:
    return Called((first,), keywords)


def _input(config: Mapping[str, Any], at: Place, reading: Reading) -> dict[str, Any]:
    if config.get("ragged"):
        reading.refuse(
            "rows of different lengths in one tensor (`ragged`) are not known to today's Keras",
            (*at, "ragged"),
            help="use padded sequences, and `Masking` or `mask_zero`",
        )
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    if shape is None and isinstance(config.get("input_shape"), list):
        shape = [None, *config["input_shape"]]
    dtype = config.get("dtype", config.get("input_dtype"))
    found = {"batch_shape": shape, "dtype": _dtype(dtype)}
    return {**found, "sparse": True} if config.get("sparse") else found


def _dtype(written: Any) -> str:
    return DTYPES.get(written, written) if isinstance(written, str) else "float32"


def _sequential(
    entries: Sequence[Any], config: Mapping[str, Any], at: Place, reading: Reading, name: str, depth: int
) -> Network:
    if name == "model":
        name = "sequential"
    if not entries:
        raise Unreadable("this Sequential has no layers", at, help="add layers before saving it")
    if isinstance(entries[0], Mapping) and entries[0].get("class_name") == "Merge":
        layers, inputs, last = _merged(entries[0], (*at, 0), reading, depth)
        start = 1
    else:
        layers, start = [], 0
        inputs, last = (), Tensor("")
    for index, entry in enumerate(entries[start:], start):
        one = _caught(entry, (*at, index), reading, depth)
        if one is None:
            continue
        stored, arrange = one
        if not layers and stored.kind != "InputLayer":
            begun = _beginning(_free("input_layer", entries), stored, entry, config, at)
            layers.append(begun)
            last = Tensor(begun.name)
            inputs = (last,)
        if stored.kind == "InputLayer":
            call, inputs = Called(), (*inputs, Tensor(stored.name))
        else:
            call = arrange(last, {})
        layers.append(
            Stored(stored.name, stored.kind, stored.config, (call,), stored.at, stored.module, inner=stored.inner)
        )
        last = Tensor(stored.name)
    return Network(name, tuple(layers), inputs, (last,))


def _free(name: str, entries: Sequence[Any]) -> str:
    """The name, made longer until no layer has it."""
    configs = [entry.get("config") for entry in entries if isinstance(entry, Mapping)]
    taken = [config.get("name") for config in configs if isinstance(config, Mapping)]
    while name in taken:
        name = f"{name}_"
    return name


def _beginning(name: str, first: Stored, entry: Mapping[str, Any], config: Mapping[str, Any], at: Place) -> Stored:
    """The input of a Sequential that was written without one: its first layer tells the shape."""
    own = entry.get("config")
    own = own if isinstance(own, Mapping) else {}
    shape, dtype = own.get("batch_input_shape"), own.get("input_dtype", own.get("dtype"))
    if first.inner is not None:
        inside = next((one for one in first.inner.layers if one.kind == "InputLayer"), None)
        if inside is not None:
            shape, dtype = inside.config["batch_shape"], inside.config["dtype"]
    wrapped = own.get("layer")
    if shape is None and first.kind == "Bidirectional" and isinstance(wrapped, Mapping):
        shape = (wrapped.get("config") or {}).get("batch_input_shape")
    if shape is None:
        shape = config.get("build_input_shape")
    if first.kind == "Embedding":
        dtype = "int32"
    stated = {"batch_shape": shape, "dtype": _dtype(dtype)}
    return Stored(name, "InputLayer", stated, (Called(),), at)


def _merged(
    entry: Mapping[str, Any], at: Place, reading: Reading, depth: int
) -> tuple[list[Stored], tuple[Tensor, ...], Tensor]:
    """The beginning of a Sequential of Keras 1 that merges several models: each of them with its inputs, and what
    merges them."""
    config = table(entry.get("config"), (*at, "config"), "`config`")
    place = (*at, "config", "layers")
    layers: list[Stored] = []
    inputs: list[Tensor] = []
    joined: list[Tensor] = []
    for index, branch in enumerate(items(config.get("layers"), place, "the models that a `Merge` merges")):
        one = _caught(branch, (*place, index), reading, depth)
        if one is None:
            continue
        stored = one[0]
        if stored.inner is None:
            begun = _beginning(f"{stored.name}_input", stored, branch, {}, (*place, index))
            layers.append(begun)
            inputs.append(Tensor(begun.name))
            given = [Tensor(begun.name)]
        else:
            given = []
            for end in stored.inner.inputs:
                inside = next(each for each in stored.inner.layers if each.name == end.layer)
                label = f"{stored.name}_{end.layer}"
                layers.append(Stored(label, "InputLayer", inside.config, (Called(),), inside.at))
                given.append(Tensor(label))
            inputs.extend(given)
        call = Called((given[0] if len(given) == 1 else given,))
        layers.append(Stored(stored.name, stored.kind, stored.config, (call,), stored.at, inner=stored.inner))
        joined.append(Tensor(stored.name))
    name = str(config.get("name") or "merge")
    found = today("Merge", {key: value for key, value in config.items() if key != "layers"}, (*at, "config"), reading)
    if found is not None:
        layers.append(Stored(name, found.record.name, found.config, (Called((joined,)),), at))
    return layers, tuple(inputs), Tensor(name)

"""From the weights of a saved model to those of the model that its spec builds; and from a file back into a model.

Keras keeps weights in HDF5, the layers of a model one by one below a name that is made of the class and a number.
Two models of the same layers keep them in the same places, whatever the layers are called.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..compiler.build import build, condensed
from ..compiler.catalogue.sublayers import snake_case
from ..compiler.graph import TypedGraph
from ..compiler.lift.containers import Held
from ..compiler.lift.network import Network
from ..compiler.lift.ops import is_op
from ..spec.finding import Finding
from ..spec.problem import Problem
from .environment import quiet

if TYPE_CHECKING:
    import h5py
    import keras

ENDING: Final = ".weights.h5"
"""What the name of a file with weights ends in: Keras insists on it."""
MEMBER: Final = "model.weights.h5"
"""The weights in a `.keras` file."""
OLD_HOME: Final = "_layer_checkpoint_dependencies"
"""What the first releases of Keras 3 called the place of the layers."""
MOST: Final = 5
"""So many weights that do not fit are told one by one."""

Path_ = tuple[str, ...]
"""The way to a layer: through the models around it, by their names."""


def carry(
    typed: TypedGraph, held: Held, network: Network, names: Mapping[Path_, str], target: Path, model: Any = None
) -> None:
    """Write the weights of a saved model so that the model of its spec takes them.

    Args:
        typed: the spec.
        held: what the model's file holds.
        network: the model's layers.
        names: the way to each layer → what the spec calls it.
        target: the file to write; its name ends in ``.weights.h5``.
        model: the model object, where it does not come from a file.

    Raises:
        Problem: E803 if the weights do not fit, or are not in the file.
        OSError: if the file can't be written.
    """
    quiet()
    built = build(typed)
    beside = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        with ExitStack() as stack:
            if held.form == "hdf5":
                _assign(built, network, names, stack.enter_context(_opened(held.path)))
                built.save_weights(beside)
            else:
                built.save_weights(beside)
                source = stack.enter_context(_tree(held, model))
                goal = stack.enter_context(_opened(beside, "r+"))
                _copy(_homes(held.stored), _built_homes(built), names, source, goal)
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        with suppress(OSError):
            beside.unlink()


def take(model: keras.Model, path: Path) -> None:
    """Give a model the weights of a file, if every one of them fits.

    Raises:
        Problem: E803 with what does not fit.
        OSError: if the file can't be opened.
    """
    with open(path, "rb"):
        pass
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / f"model{ENDING}"
        model.save_weights(own)
        with _opened(own) as ours, _opened(path) as theirs:
            wanted = {name: one.shape for name, one in _arrays(ours)}
            found = {name: one.shape for name, one in _arrays(theirs) if not name.startswith("optimizer/")}
    called = {home: name for name, home in _built_homes(model).items()}
    wrong = [_misfit(name, wanted.get(name), found.get(name), called) for name in sorted({*wanted, *found})]
    _refuse([one for one in wrong if one is not None], f"{path.name} does not fit the model")
    try:
        model.load_weights(path)
    except Exception as error:
        raise _problem(f"{path.name} can't be taken: {condensed(error)}") from error


def _misfit(
    name: str, wanted: Sequence[int] | None, found: Sequence[int] | None, called: Mapping[str, str]
) -> str | None:
    home = next((one for one in called if name.startswith(f"{one}/")), None)
    layer = f"layer `{called[home]}`" if home is not None else f"`{name}`"
    if wanted is None:
        return f"the file has weights for {layer}, and the model none"
    if found is None:
        return f"the file has no weights for {layer}"
    same = tuple(wanted) == tuple(found)
    return None if same else f"{layer} needs weights of shape {tuple(wanted)}, the file has {tuple(found)}"


def _copy(
    homes: Mapping[Path_, str],
    goals: Mapping[str, str],
    names: Mapping[Path_, str],
    source: h5py.File,
    goal: h5py.File,
) -> None:
    """Copy the arrays of each layer, after it was seen that all of them fit.

    Raises:
        Problem: E803 if they don't.
    """
    root = "layers" if "layers" in source or OLD_HOME not in source else OLD_HOME
    pairs, wrong = [], []
    done = set()
    for way, name in names.items():
        if name not in goals:
            continue  # an op has no weights
        done.add(name)
        theirs = dict(_arrays(source.get(homes.get(way, "").replace("layers/", f"{root}/"))))
        ours = dict(_arrays(goal.get(goals[name])))
        for key in sorted({*ours, *theirs}):
            if key not in ours or key not in theirs or ours[key].shape != theirs[key].shape:
                known = [tuple(one[key].shape) if key in one else None for one in (ours, theirs)]
                wrong.append(_misfit(f"{name}/{key}", known[0], known[1], {name: name}))
            else:
                pairs.append((ours[key], theirs[key]))
    every = {name for name, home in goals.items() if dict(_arrays(goal.get(home)))}
    wrong += [f"layer `{name}` of the spec is none of the model's" for name in sorted(every - done)]
    _refuse([one for one in wrong if one is not None], "the weights do not fit")
    for own, other in pairs:
        own[...] = other[...]


def _arrays(group: Any) -> Iterator[tuple[str, Any]]:
    """All arrays below a group by their paths."""
    if group is None:
        return
    found: list[tuple[str, Any]] = []
    group.visititems(lambda name, one: found.append((name, one)) if hasattr(one, "shape") else None)
    yield from found


def _homes(stored: Any, way: Path_ = (), above: str = "") -> dict[Path_, str]:
    """The way to each layer of a saved model → where Keras 3 keeps its weights."""
    found: dict[Path_, str] = {}
    numbers: Counter[str] = Counter()
    for layer in stored["config"]["layers"]:
        kind, config = layer["class_name"], layer["config"]
        if is_op(layer.get("module"), kind):
            continue
        name = layer.get("name", config.get("name"))
        home = f"{above}layers/{_numbered(kind, numbers)}"
        if isinstance(config.get("layers"), list):
            found |= _homes(layer, (*way, name), f"{home}/")
        else:
            found[(*way, name)] = home
    return found


def _built_homes(model: keras.Model) -> dict[str, str]:
    """The layers of a model by name → where Keras keeps their weights."""
    numbers: Counter[str] = Counter()
    return {layer.name: f"layers/{_numbered(type(layer).__name__, numbers)}" for layer in model.layers}


def _numbered(kind: str, numbers: Counter[str]) -> str:
    base = snake_case(kind)
    numbers[base] += 1
    return base if numbers[base] == 1 else f"{base}_{numbers[base] - 1}"


def _assign(built: keras.Model, network: Network, names: Mapping[Path_, str], file: h5py.File) -> None:
    """Give a model the weights of an HDF5 file of a whole model, in which each layer has a list of them.

    Those that are trained stand first; those of a model inside the model stand together.

    Raises:
        Problem: E803 if they do not fit.
    """
    root = file.get("model_weights", file)
    layers = {one.name: one for one in built.layers}
    wrong, pairs = [], []
    for outer in network.layers:
        own = [layers[names[way]] for way in _ways(outer.name, outer.inner) if names.get(way) in layers]
        variables = [one for layer in own for one in layer.trainable_weights]
        variables += [one for layer in own for one in layer.non_trainable_weights]
        group = root.get(outer.name)
        arrays = [group[name] for name in _attribute(group, "weight_names")] if group is not None else []
        if len(arrays) != len(variables):
            wrong.append(f"layer `{outer.name}` has {len(variables)} weights, and the file has {len(arrays)} for it")
            continue
        for variable, array in zip(variables, arrays, strict=True):
            if tuple(variable.shape) != tuple(array.shape):
                wrong.append(
                    _misfit(f"{outer.name}/", tuple(variable.shape), array.shape, {outer.name: outer.name}) or ""
                )
            pairs.append((variable, array))
    _refuse(wrong, "the weights do not fit")
    for variable, array in pairs:
        variable.assign(array[...])


def _ways(name: str, inner: Network | None, above: Path_ = ()) -> Iterator[Path_]:
    if inner is None:
        yield (*above, name)
        return
    for one in inner.layers:
        yield from _ways(one.name, one.inner, (*above, name))


def _attribute(group: Any, name: str) -> list[str]:
    """A list of names that may be spread over several attributes, as HDF5 bounds their size."""
    parts = (
        [name]
        if name in group.attrs
        else sorted(
            (one for one in group.attrs if re.fullmatch(rf"{name}\d+", one)),
            key=lambda one: int(one.removeprefix(name)),
        )
    )
    return [one.decode() if isinstance(one, bytes) else str(one) for part in parts for one in group.attrs[part]]


@contextmanager
def _tree(held: Held, model: Any) -> Iterator[h5py.File]:
    """The weights of a model in Keras' own layout."""
    import h5py

    if model is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"model{ENDING}"
            model.save_weights(path)
            with _opened(path) as file:
                yield file
        return
    if held.form != "keras":
        raise _problem(f"{held.path.name} holds no weights", "import the `.keras` or `.h5` file of the whole model")
    if held.path.is_dir():
        with _opened(held.path / MEMBER) as file:
            yield file
        return
    with zipfile.ZipFile(held.path) as archive:
        if MEMBER not in archive.namelist():
            raise _problem(f"{held.path.name} has no {MEMBER}", "save the model again with a Keras of version 3")
        with archive.open(MEMBER) as member, h5py.File(io.BytesIO(member.read()), "r") as file:
            yield file


@contextmanager
def _opened(path: Path, mode: str = "r") -> Iterator[h5py.File]:
    import h5py

    try:
        file = h5py.File(path, mode)
    except OSError as error:
        if error.errno is not None:
            raise
        raise _problem(f"{path.name} is no HDF5 file of weights", f"its name should end in {ENDING}") from error
    with file:
        yield file


def _refuse(wrong: Sequence[str], message: str) -> None:
    if wrong:
        shown = list(dict.fromkeys(wrong))
        more = [f"and {len(shown) - MOST} more"] if len(shown) > MOST else []
        raise _problem(
            f"{message}: {'; '.join([*shown[:MOST], *more])}", "take the weights of a model with the same layers"
        )


def _problem(message: str, help: str | None = None) -> Problem:
    return Problem(Finding("E803", message, help=help))

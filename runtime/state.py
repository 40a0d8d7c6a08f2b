"""The noun Snapshot: all that training hangs on at one moment, to be written to a file and put back later."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .run import RunError

if TYPE_CHECKING:
    import keras
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

TABLE: Final = "state.json"
"""In a snapshot's file, all that is no array."""

VERSION: Final = 1

KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "EarlyStopping": ("best", "wait", "stopped_epoch", "best_epoch"),
    "ReduceLROnPlateau": ("best", "wait", "cooldown_counter"),
    "ModelCheckpoint": ("best", "_batches_seen_since_last_saving", "_last_batch_seen"),
    "OrbaxCheckpoint": ("best", "_batches_seen_since_last_saving", "_last_batch_seen", "_total_batches_seen"),
    "SwapEMAWeights": ("_ema_weights_in_model",),
    "TensorBoard": ("_global_train_batch", "_global_test_batch"),
}
"""What each of Keras' callbacks keeps from step to step and from epoch to epoch; the others keep nothing.

All else in them follows from how they were made: ``min_delta`` among it, whose sign Keras turns once.
"""

KEPT_ARRAYS: Final[Mapping[str, str]] = {"EarlyStopping": "best_weights"}
"""Lists of arrays that callbacks keep."""


class DamagedError(RunError):
    """A snapshot that can't be read: cut off, altered, or of another kind."""


@dataclass(frozen=True, slots=True)
class Point:
    """How far training has come.

    ``stage`` is the phase under way and ``epoch`` the epoch, both from 0 (epochs through all phases); ``step`` are the
    steps of this epoch that are done, ``steps`` those of all epochs. ``stopped`` says that the phase needs no more.
    """

    stage: int
    epoch: int
    step: int
    steps: int
    stopped: bool = False

    @property
    def words(self) -> str:
        """For people, who count from 1."""
        if self.stopped:
            return f"the end of epoch {self.epoch}, with which training was done"
        begun = f", step {self.step + 1}" if self.step else ""
        return f"epoch {self.epoch + 1}{begun}"


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All that training hangs on at one moment: ``values`` is plain data for JSON, ``arrays`` are by their names."""

    point: Point
    values: Mapping[str, Any]
    arrays: Mapping[str, Array]

    @property
    def size(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays.values())


def variables_of(*models: keras.Model) -> dict[str, list[keras.Variable]]:
    """Every variable that training changes or reads, by kind, none twice.

    Those of a model have the states of its random generators among them; those of the optimizer its learning rate.
    """
    seen: set[int] = set()

    def new(variables: Sequence[keras.Variable]) -> list[keras.Variable]:
        found = [one for one in variables if id(one) not in seen and not seen.add(id(one))]  # type: ignore[func-returns-value]
        return [one for one in found if str(one.dtype) != "string"]

    measured = new([one for model in models[:1] for one in model.metrics_variables])
    moved = new(list(models[0].optimizer.variables)) if models[0].optimizer is not None else []
    return {"model": new([one for model in models for one in model.variables]), "optimizer": moved, "metrics": measured}


def arrays_of(variables: Mapping[str, Sequence[keras.Variable]]) -> dict[str, Array]:
    """Copies of what variables hold, under ``KIND.NUMBER``."""
    import keras
    import numpy as np

    return {
        f"{kind}.{number}": np.array(keras.ops.convert_to_numpy(one))
        for kind, several in variables.items()
        for number, one in enumerate(several)
    }


def assign(variables: Mapping[str, Sequence[keras.Variable]], arrays: Mapping[str, Array], *kinds: str) -> None:
    """Put back what ``arrays_of`` has taken; all kinds, or these alone.

    Raises:
        DamagedError: if they are not those of these variables; then nothing has been assigned.
    """
    pairs = []
    for kind in kinds or tuple(variables):
        several = variables[kind]
        held = sum(name.startswith(f"{kind}.") for name in arrays)
        if held != len(several):
            raise DamagedError(f"it has {held} arrays of the {kind}, and there are {len(several)}")
        for number, one in enumerate(several):
            array = arrays[f"{kind}.{number}"]
            if tuple(array.shape) != tuple(one.shape):
                raise DamagedError(f"`{one.path}` has the shape {tuple(one.shape)}, and {tuple(array.shape)} in it")
            pairs.append((one, array))
    for one, array in pairs:
        one.assign(array)


def drawn_from() -> dict[str, Array]:
    """States of the generators that all of a process draws from, where layers do so: on PyTorch, which has no seed for
    dropout, and where what draws from Python's own numbers does so in every step.
    """
    from .environment import backend

    if backend() != "torch":
        return {}
    import random

    import numpy as np
    import torch

    found = {"random.python": np.array(random.getstate()[1], np.uint64), "random.torch": torch.get_rng_state().numpy()}
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return found | {f"random.cuda.{number}": state.cpu().numpy() for number, state in enumerate(devices)}


def draw_again(arrays: Mapping[str, Array]) -> None:
    """Put back what ``drawn_from`` has taken; what is not there is left as it is."""
    if "random.torch" not in arrays:
        return
    import random

    import torch

    random.setstate((3, tuple(arrays["random.python"].tolist()), None))
    torch.set_rng_state(torch.from_numpy(arrays["random.torch"].copy()))
    for number in range(torch.cuda.device_count()):
        if (state := arrays.get(f"random.cuda.{number}")) is not None:
            torch.cuda.set_rng_state(torch.from_numpy(state.copy()), number)


def states_of(callbacks: Sequence[Any]) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """What callbacks keep: plain values for each in turn, and arrays by name."""
    import numpy as np

    values: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for place, one in enumerate(callbacks):
        kind = type(one).__name__
        values.append({"type": kind} | {name: _plain(getattr(one, name, None)) for name in KEPT.get(kind, ())})
        held = getattr(one, KEPT_ARRAYS.get(kind, ""), None)
        if held is not None:
            arrays |= {f"callback.{place}.{number}": np.array(array) for number, array in enumerate(held)}
    return values, arrays


def put_back(callbacks: Sequence[Any], values: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]) -> None:
    """Give callbacks what ``states_of`` has taken.

    Raises:
        DamagedError: if it is not of these callbacks.
    """
    kinds = [type(one).__name__ for one in callbacks]
    if kinds != [one["type"] for one in values]:
        raise DamagedError(f"it has other callbacks: {', '.join(one['type'] for one in values) or 'none'}")
    for place, (one, held) in enumerate(zip(callbacks, values, strict=True)):
        for name, value in held.items():
            if name != "type":
                setattr(one, name, value)
        name = KEPT_ARRAYS.get(kinds[place], "")
        several = [arrays[key] for key in _numbered(arrays, f"callback.{place}.")]
        if name and several:
            setattr(one, name, several)


def _numbered(arrays: Mapping[str, Array], prefix: str) -> Iterator[str]:
    number = 0
    while f"{prefix}{number}" in arrays:
        yield f"{prefix}{number}"
        number += 1


def finite(snapshot: Snapshot) -> bool:
    """Whether all numbers of the model are numbers."""
    import numpy as np

    kept = (array for name, array in snapshot.arrays.items() if name.startswith("model."))
    return all(bool(np.isfinite(array).all()) for array in kept if array.dtype.kind == "f")


def _plain(value: Any) -> Any:
    """A number of NumPy's or of a backend as Python's own, which JSON writes to the last bit."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else float(value)


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write a file that is there as a whole or not at all; every part of it carries a checksum (CRC-32).

    It is a zip of ``.npy`` files, so that ``numpy.load`` opens it, and of ``state.json``.

    Raises:
        OSError: if it can't be written; what was there before is still there.
    """
    import numpy as np

    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    layout = {name: [str(array.dtype), list(array.shape)] for name, array in snapshot.arrays.items()}
    table = {"version": VERSION, "point": asdict(snapshot.point), "arrays": layout, **snapshot.values}
    try:
        with open(beside, "wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                for name, array in snapshot.arrays.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as part:
                        np.lib.format.write_array(part, _written(array), allow_pickle=False)
                archive.writestr(TABLE, json.dumps(table))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        sync(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Have a folder's list of names on the disk, where the system can be asked for that."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read_snapshot(path: Path) -> Snapshot:
    """Read what ``write_snapshot`` has written, to the last byte.

    Raises:
        DamagedError: if a checksum does not hold, or something is missing.
    """
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            table = json.loads(archive.read(TABLE))
            if table.pop("version") != VERSION:
                raise DamagedError(f"{path.name} was written by another version of keraspec")
            arrays = {}
            for name, (dtype, shape) in table.pop("arrays").items():
                with io.BytesIO(archive.read(f"{name}.npy")) as part:
                    arrays[name] = _read(np.lib.format.read_array(part, allow_pickle=False), dtype, shape)
        return Snapshot(Point(**table.pop("point")), table, arrays)
    except DamagedError:
        raise
    except Exception as error:  # whatever turned bits make of those who read them
        raise DamagedError(f"{path.name} is damaged ({error})") from error


def _written(array: Array) -> Array:
    """Numbers of a kind that NumPy's files do not know, such as bfloat16, as bytes."""
    import numpy as np

    whole = np.ascontiguousarray(array)
    return whole if whole.dtype.isbuiltin == 1 else whole.reshape(-1).view(np.uint8)


def _read(array: Array, dtype: str, shape: Sequence[int]) -> Array:
    import numpy as np

    if str(array.dtype) == dtype:
        return array.reshape(shape)
    import ml_dtypes

    found: Array = array.view(np.dtype(getattr(ml_dtypes, dtype))).reshape(shape)
    return found

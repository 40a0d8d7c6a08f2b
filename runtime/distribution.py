"""From what a spec says of machines to Group: the devices that train together, in this process and in others."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Spec, Training
from .environment import Settings, backend

if TYPE_CHECKING:
    import keras

    from .data import Prepared

LOST: Final = ("UnavailableError", "AbortedError", "CancelledError", "DeadlineExceededError", "InternalError")
"""What TensorFlow raises where another process does not answer any more."""

SIGNS: Final = ("collective", "connection", "peer", "heartbeat", "coordination", "socket", "recvbuf", "worker")
"""Words in what it says then."""


@dataclass(slots=True)
class Group:
    """Devices that train together, each taking its rows of every batch.

    ``replicas`` is the number of devices of all processes, ``local`` of this one; ``workers`` the number of processes,
    and ``number`` which one this is, from 0. The first is the chief: it alone writes and tells. ``strategy`` is
    TensorFlow's, None where JAX shares the batch. ``wanted`` is the signal that this process was given, 0 for none.
    """

    kind: str
    replicas: int
    local: int
    workers: int = 1
    number: int = 0
    strategy: Any = None
    wanted: int = 0

    @property
    def chief(self) -> bool:
        """Whether this process writes and tells."""
        return self.number == 0

    @property
    def words(self) -> str:
        """For people."""
        there = f" of {self.workers} processes" if self.workers > 1 else ""
        return f"distribute: each batch is shared by {self.replicas} devices{there}"

    def scope(self) -> Any:
        """Where models, optimizers and metrics are to be made."""
        return self.strategy.scope() if self.strategy is not None else nullcontext()

    def settings(self, chosen: Settings) -> Settings:
        """How steps are run by several devices: one in a call, and not by XLA (TensorFlow)."""
        if self.strategy is None:
            return chosen
        kept = tuple(one for one in chosen.reasons if not one.startswith(("jit_compile", "steps_per_execution")))
        why = "several devices take it together"
        said = (*kept, f"jit_compile: off, {why}", f"steps_per_execution: 1, {why}")
        return replace(chosen, jit_compile=False, steps_per_execution=1, reasons=said)

    def ask(self, number: int) -> None:
        """A signal has come: all are to end behind the next step; the second one ends this process at once."""
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = number

    def agree(self, value: int) -> int:
        """The largest of what all processes bring, each at the same place of its program."""
        if self.workers == 1:
            return value
        import tensorflow as tf

        largest = _largest(self.strategy)
        return int(largest(tf.constant(value, tf.int32)))

    def taken(self, model: keras.Model) -> None:
        """Make a compiled model one that predicts and is saved by each process for itself."""
        if self.strategy is not None:
            model._distribute_strategy = None
            alone(model.optimizer)


def alone(optimizer: Any) -> None:
    """Let an optimizer take gradients as they are: they are those of all devices already.

    Keras adds them up itself, but behind clipping, which then is done to the part of each device.
    """
    while optimizer is not None:
        optimizer._all_reduce_sum_gradients = list
        optimizer = getattr(optimizer, "inner_optimizer", None)


@cache
def _largest(strategy: Any) -> Any:
    import tensorflow as tf

    count = strategy.num_replicas_in_sync

    def mine(value: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        place = tf.one_hot(context.replica_id_in_sync_group, count, dtype=tf.int32)
        return tf.reduce_max(context.all_reduce(tf.distribute.ReduceOp.SUM, place * value))

    def together(value: tf.Tensor) -> tf.Tensor:
        return strategy.experimental_local_results(strategy.run(mine, args=(value,)))[0]

    return tf.function(together, autograph=False)


@cache
def _mirrored(devices: tuple[str, ...]) -> Any:
    """TensorFlow's strategy, one for all trainings of a process: two of them would mistake each other's messages."""
    import tensorflow as tf

    on_cpu = all("CPU" in one for one in devices)
    # Parts of one processor would wait for each other with the few threads that there are, and mostly in vain.
    ways = tf.distribute.ReductionToOneDevice() if on_cpu else None
    return tf.distribute.MirroredStrategy(list(devices), cross_device_ops=ways)


@cache
def _multi_worker(resolver: Any = None) -> Any:
    import tensorflow as tf

    return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)


def group_of(training: Training) -> Group | None:
    """The devices that a spec wants, None for a single one; to be called before anything else is computed.

    Raises:
        Problem: E431 where they can't be had here.
    """
    kind = training.distribute
    if kind is None:
        return None
    if backend() == "tensorflow":
        return _workers(training) if kind == "multi_worker" else _devices()
    if backend() == "jax" and kind == "mirrored":
        return _on_jax()
    if backend() == "jax":
        raise _refused(training, "several processes with Keras on JAX were never tried", "set KERAS_BACKEND=tensorflow")
    words = f"Keras runs on {backend()} here, and shares no batch among devices there"
    raise _refused(training, words, "set KERAS_BACKEND=tensorflow, or jax")


def _refused(training: Training, words: str, help: str) -> Problem:
    said = f"`{training.distribute}` can't be carried out: {words}"
    return Problem(Finding("E431", said, (*training.pointer, "distribute"), help=help))


def _devices() -> Group | None:
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = tuple(one.name for one in found)
    if len(names) < 2:
        return None
    return Group("mirrored", len(names), len(names), strategy=_mirrored(names))


def _on_jax() -> Group | None:
    import keras

    devices = keras.distribution.list_devices()
    if len(devices) < 2:
        return None
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return Group("mirrored", len(devices), len(devices))


def _workers(training: Training) -> Group:
    job = cluster(training)
    if job is None:
        raise _refused(
            training,
            "no TF_CONFIG in the environment says which processes take part",
            "to try it on this machine: `keraspec launch --workers 2 SPEC`; how launchers set it: docs/distributed.md",
        )
    workers, number = job
    if workers > 1:
        strategy = _multi_worker(_resolver())
        local = len(strategy.extended.worker_devices)
        return Group("multi_worker", strategy.num_replicas_in_sync, local, workers, number, strategy)
    return _devices() or Group("multi_worker", 1, 1, strategy=_mirrored(("CPU:0",)))


def cluster(training: Training) -> tuple[int, int] | None:
    """Number of processes, and which of them this one is, as the environment says; None where it says nothing.

    Raises:
        Problem: E431 for a TF_CONFIG that can't be read.
    """
    try:
        return place_in_job()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        said = f"nothing called {error}" if isinstance(error, KeyError) else str(error)
        words = f"TF_CONFIG in the environment can't be used: {said}"
        raise _refused(training, words, "see docs/distributed.md for what stands in it") from error


def place_in_job() -> tuple[int, int] | None:
    """Number of processes, and which of them this one is, as TF_CONFIG or SLURM say.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: for a TF_CONFIG that is none.
    """
    text = os.environ.get("TF_CONFIG", "").strip()
    if not text:
        return (int(os.environ["SLURM_STEP_NUM_TASKS"]), int(os.environ["SLURM_PROCID"])) if _on_slurm() else None
    stated = json.loads(text)
    task, jobs = stated["task"], stated["cluster"]
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    if set(jobs) - {"chief", "worker"} or task["type"] not in ("chief", "worker"):
        raise ValueError("it has tasks of other kinds than chief and worker")
    number = (0 if task["type"] == "chief" else len(chiefs)) + int(task["index"])
    if not 0 <= number < len(chiefs) + len(workers):
        raise ValueError("its task is none of those in its cluster")
    return len(chiefs) + len(workers), number


def follower() -> bool:
    """Whether this is a process of a job that another one leads."""
    try:
        found = place_in_job()
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return found is not None and found[1] > 0


def _on_slurm() -> bool:
    names = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST")
    return all(name in os.environ for name in names) and os.environ["SLURM_STEP_NUM_TASKS"] != "1"


def _resolver() -> Any:
    """TensorFlow's way of finding out about the job."""
    import tensorflow as tf

    if os.environ.get("TF_CONFIG", "").strip() or not _on_slurm():
        return tf.distribute.cluster_resolver.TFConfigClusterResolver()
    return tf.distribute.cluster_resolver.SlurmClusterResolver()


def require_shared(spec: Spec, group: Group) -> None:
    """Make sure that the devices can share a batch evenly.

    Raises:
        Problem: E432 if one would have more rows than another.
    """
    size = 32 if spec.data is None else spec.data.batch_size
    if size % group.replicas:
        up = -(-size // group.replicas) * group.replicas
        words = f"a batch of {size} rows can't be shared evenly by {group.replicas} devices"
        stated = spec.data is not None and "batch_size" in _table(spec, "data")
        at: Pointer = ("data", "batch_size") if stated else ("data",)
        raise Problem(
            Finding(
                "E432",
                words,
                at,
                "value" if stated else "entry",
                help=f"write `batch_size = {up}`, or a multiple of it",
            )
        )


def require_rows(spec: Spec, group: Group, prepared: Prepared) -> None:
    """Make sure that every device has rows of every batch, also of the last one, which may be smaller.

    Raises:
        Problem: E432 if one has none.
    """
    size = 32 if spec.data is None else spec.data.batch_size
    for part, rows in prepared.parts.items():
        last = rows.count % size or size
        even = group.strategy is None and rows.count and last % group.replicas
        if not even and (part != "train" or last >= group.replicas):
            continue
        words = f"the last batch of `{part}` has {last} row{'s'[: last != 1]}, and {group.replicas} devices share it"
        fitting = _fitting(rows.count, size, group.replicas, even=bool(even))
        way = f"write `batch_size = {fitting}`" if fitting else "take rows away, or another split"
        raise Problem(Finding("E432", words, ("data",), "entry", help=f"{way}, so that each has the same of it"
                              if even else f"{way}, so that each has a row of it"))  # fmt: skip


def _fitting(count: int, size: int, replicas: int, *, even: bool) -> int | None:
    """A size of batches near the one stated with which the last batch can be shared."""
    sizes = range(replicas, 2 * size + 1, replicas)
    good = [
        one for one in sizes if ((count % one or one) % replicas == 0 if even else (count % one or one) >= replicas)
    ]
    return min(good, key=lambda one: abs(one - size), default=None)


def _table(spec: Spec, name: str) -> Mapping[str, Any]:
    found = spec.document.data.get(name, {})
    return found if isinstance(found, Mapping) else {}


@contextmanager
def losing(training: Training, group: Group | None) -> Iterator[None]:
    """Say it plainly where another process is gone.

    Raises:
        Problem: E433.
    """
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        if group is None or group.workers == 1 or not is_lost(error):
            raise
        this = f"this was number {group.number + 1} of {group.workers}"
        words = f"another process of this job does not answer any more; {this}"
        way = "what was saved last is good: start all of them again with `keraspec train --resume RUN`"
        raise Problem(Finding("E433", words, (*training.pointer, "distribute"), help=way)) from error


def is_lost(error: BaseException) -> bool:
    """Whether an error is one of a process that does not answer."""
    text = str(error).lower()
    return type(error).__name__ in LOST and any(one in text for one in SIGNS)

"""What a run depends on besides its spec: versions, device, and how Keras is told to go about it."""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..compiler.catalogue.record import Object
from ..spec.spec import Training

PACKAGES: Final = ("keraspec", "keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "numpy", "pyarrow")
STEPS_AT_ONCE: Final = 32
"""Steps in one call over batches that a pipeline makes: more of them gain nothing measurable."""


def backend() -> str:
    """The backend that Keras runs on, or would if it were imported now: ``tensorflow``, ``jax``, ``torch``, …"""
    if "keras" in sys.modules:
        import keras

        return str(keras.config.backend())
    stated = os.environ.get("KERAS_BACKEND")
    if stated:
        return stated
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((home / "keras.json").read_text("utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


def quiet() -> None:
    """Keep TensorFlow from telling about itself on the terminal; what the person has set stays."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logger = logging.getLogger("tensorflow")
    if logger.level == logging.NOTSET:  # it warns of functions being traced again, as several trainings do
        logger.setLevel(logging.ERROR)
    if backend() == "tensorflow" and "tensorflow" not in sys.modules and find_spec("tensorflow") is not None:
        with held_back():
            import tensorflow as tf

            tf.config.list_physical_devices()


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back what is written to the standard error, past Python too; it comes out if an exception does.

    Whatever its log level, TensorFlow says on import that there is no GPU driver, several times.
    """
    sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(before, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)


def versions() -> dict[str, str]:
    """The versions of everything that may change the numbers."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """The machine: bits of the weights depend on the number of cores and on oneDNN."""
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def gpus() -> tuple[str, ...]:
    """Names of the GPUs that Keras' backend uses."""
    import keras

    if backend() == "torch":  # of which Keras keeps no list
        import torch

        return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))
    if backend() == "jax":  # which raises where it is asked for what is not there
        return tuple(one for one in keras.distribution.list_devices() if one.startswith(("gpu", "cuda")))
    return tuple(keras.distribution.list_devices("gpu"))


@dataclass(frozen=True, slots=True)
class Settings:
    """How steps are run, and why."""

    jit_compile: bool | str
    steps_per_execution: int
    reasons: tuple[str, ...]


def choose(
    training: Training,
    steps: int,
    callbacks: Iterable[Object],
    gpu: bool,
    *,
    fitting: int | None = None,
    resident: bool = False,
) -> Settings:
    """Pin what ``"auto"`` leaves open.

    XLA is off on a CPU, where it makes TensorFlow's convolutions up to ten times slower, and left to Keras on a GPU
    and on other backends: JAX is slow without it.
    ``steps`` are those of an epoch, 0 where they are not known: that many at most are run at once, and one only
    where a callback acts between steps. ``fitting`` is what fits into one call (``pace``). A pipeline gains nothing by
    more than 32; rows that are ``resident``, all of them in memory, may be gone through in one call.
    """
    reasons = []
    jit: bool | str = training.jit_compile
    other = backend() if backend() != "tensorflow" else None
    if jit == "auto" and other is not None:
        reasons.append(f"jit_compile: left to Keras on {other}")
    elif jit == "auto":
        jit = "auto" if gpu else False
        reasons.append("jit_compile: left to Keras on a GPU" if gpu else "jit_compile: off, there is no GPU")
    at_once = training.steps_per_execution
    if isinstance(at_once, str):
        acting = next((one.record.name for one in callbacks if acts_between_steps(one)), None)
        if acting is not None:
            at_once = 1
            reasons.append(f"steps_per_execution: 1, {acting} acts between steps")
        else:
            at_once, why = _at_once(steps, fitting, resident)
            reasons.append(f"steps_per_execution: {at_once}, {why}")
    return Settings(jit, at_once, tuple(reasons))


def _at_once(steps: int, fitting: int | None, resident: bool) -> tuple[int, str]:
    """How many steps to take in one call, and why."""
    if steps <= 0:
        # One at a time would make Keras evaluate a batch too many of what ends without saying when.
        return max(2, min(STEPS_AT_ONCE, fitting or STEPS_AT_ONCE)), "the number of steps is not known"
    most = steps if resident else min(STEPS_AT_ONCE, steps)
    if fitting is not None and fitting < most:
        return fitting, "which is about half a second"
    whole = ", all rows are in memory" if resident and steps > STEPS_AT_ONCE else ""
    return most, f"an epoch has {steps} steps{whole}"


def acts_between_steps(callback: Object) -> bool:
    """Whether a callback does something within an epoch."""
    for argument in ("save_freq", "update_freq"):
        if callback.arguments.get(argument, "epoch") != "epoch":
            return True
    return bool(callback.arguments.get("profile_batch"))

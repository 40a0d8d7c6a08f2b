"""A callback that traces some steps of training: what took how long, for TensorBoard and as a small table."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from .environment import backend
from .run import RunFolder

FOLDER: Final = "profile"
TABLE: Final = "profile.csv"
CALLS: Final = 10
"""So many calls of the compiled step are traced; the first of all is left out where others follow, as it compiles."""

SHOWN: Final = 40
OPERATION: Final = re.compile(r"(?P<place>[\w./\-]+):(?P<kind>[A-Z]\w*)")
"""What TensorFlow calls an operation in a trace: its place in the graph, and its kind."""


def profiler(place: Path, say: Callable[[str], None]) -> Any:
    """A Keras callback that writes a trace into ``profile`` below a run folder, and ``profile.csv`` beside it.

    Traced are the second to eleventh calls of the compiled function, each of which may take many steps; where training
    is a single call, that one. TensorFlow and JAX write what TensorBoard's profile plugin reads, PyTorch what the page
    chrome://tracing does.
    """
    import keras

    class Profiled(keras.callbacks.Callback):  # type: ignore[misc]
        """Starts with the first call, starts anew with the second, and ends after the last that is wanted."""

        def __init__(self) -> None:
            super().__init__()
            self.calls = 0
            self.trace: Trace | None = None
            self.over = False

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            """A call begins."""
            if self.over:
                return
            if self.calls == 1 and self.trace is not None:
                self.trace.stop()
                self.trace = None
            if self.trace is None:
                self.trace = Trace(place / FOLDER)
            self.calls += 1

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """A call is over."""
            if self.calls > CALLS:
                self._end()

        def on_train_end(self, logs: Any = None) -> None:
            """Training is over."""
            self._end()

        def _end(self) -> None:
            if self.trace is None or self.over:
                return
            self.over = True
            self.trace.stop()
            traced = max(1, self.calls - 1)
            say(f"profile: {traced} call{'' if traced == 1 else 's'} of the compiled step in {place / FOLDER}")
            rows = slowest(place / FOLDER)
            if rows:
                RunFolder(place).table(TABLE, rows)

    return Profiled()


class Trace:
    """A trace under way; what was in the folder goes."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.torch: Any = None
        kind = backend()
        if kind == "tensorflow":
            import tensorflow as tf

            tf.profiler.experimental.start(str(folder))
        elif kind == "jax":
            import jax

            jax.profiler.start_trace(str(folder))
        else:
            import torch

            self.torch = torch.profiler.profile()
            self.torch.start()

    def stop(self) -> None:
        """End it, and write it down."""
        if self.torch is not None:
            self.torch.stop()
            self.torch.export_chrome_trace(str(self.folder / "trace.json"))
        elif backend() == "jax":
            import jax

            jax.profiler.stop_trace()  # type: ignore[no-untyped-call]
        else:
            import tensorflow as tf

            tf.profiler.experimental.stop()


def slowest(folder: Path) -> list[dict[str, float | str]]:
    """The operations that took longest in all, in a trace of TensorFlow's; nothing where it can't be read.

    On a GPU they are its kernels, else the operations of the graph. ``seconds`` add up over threads, ``share`` is that
    of all that is counted.
    """
    try:
        from tensorflow.tsl.profiler.protobuf import xplane_pb2
    except ImportError:
        return []
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for path in sorted(folder.rglob("*.xplane.pb")):
        space = xplane_pb2.XSpace()
        space.ParseFromString(path.read_bytes())
        for place, kind, took in _events(space):
            seconds[place, kind] += took
            counts[place, kind] += 1
    whole = sum(seconds.values())
    order = sorted(seconds, key=lambda one: (-seconds[one], one))[:SHOWN]
    return [
        {"operation": place, "kind": kind, "seconds": seconds[place, kind], "count": counts[place, kind],
         "share": seconds[place, kind] / whole}
        for place, kind in order
        if whole
    ]  # fmt: skip


def _events(space: Any) -> Iterator[tuple[str, str, float]]:
    """Place, kind and seconds of what ran: on a GPU where there is one."""
    devices = [plane for plane in space.planes if plane.name.startswith("/device:") and plane.lines]
    for plane in devices or [plane for plane in space.planes if plane.name.startswith("/host:CPU")]:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                found = OPERATION.fullmatch(name)
                if found is not None:
                    yield found["place"], found["kind"], event.duration_ps / 1e12
                elif devices:
                    yield name, "kernel", event.duration_ps / 1e12

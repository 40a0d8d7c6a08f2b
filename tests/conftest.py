"""What all tests share.

TensorFlow's own kernels, so that numbers are the same in every process of a test; and what is not to be done over and
over.
"""

from __future__ import annotations

import gc
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

import pytest

from keraspec.runtime import curves

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

_FROZEN: set[str] = set()


def _freeze(what: str) -> None:
    """Keep what stays for good, half a million objects of TensorFlow's and all tests that were found, out of the search
    for garbage, which Keras asks for whenever it clears its session: it takes longer than most networks to build."""
    if what not in _FROZEN:
        _FROZEN.add(what)
        gc.collect()
        gc.freeze()


def pytest_collection_finish() -> None:
    _freeze("tests")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    yield
    for name in ("keras", "jax"):
        if name in sys.modules:
            _freeze(name)


_DRAWN: dict[object, bytes] = {}
_draw = curves._drawn


def _drawn_once(history: Sequence[Mapping[str, float]], title: str) -> bytes:
    """The curves of a training, drawn the first time that such are asked for: a third of a small training's time."""
    import matplotlib

    key = (
        str(matplotlib.rcParams["figure.facecolor"]),
        "".join(sorted({one for one in title if not one.isalnum()})),
        tuple(dict.fromkeys((name, type(value), _is_number(value)) for row in history for name, value in row.items())),
        min(len(history), 2) + (len(history) >= 50),
    )
    if key not in _DRAWN:
        _DRAWN[key] = _draw(history, title)
    return _DRAWN[key]


def _is_number(value: float) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


curves._drawn = _drawn_once

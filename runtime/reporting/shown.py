"""From the inputs of a row to what a person can look at: a picture, a line, a text, a few numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..data import Rows
from ..interface import InputColumns, Interface

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

PICTURE: Final = 160
"""Pixels along the longer side of a picture, at most."""

TEXT: Final = 240
NUMBERS: Final = 8
POINTS: Final = 200
"""Points of a line, at most."""

LINES: Final = 3

Shown = dict[str, Any]
"""``name`` of the input, ``file`` where it has one, and one of ``picture`` (a data URI), ``lines`` (lists of numbers)
and ``text``."""


def shown(interface: Interface, rows: Rows, row: int) -> list[Shown]:
    """What a row of a part looks like, input by input."""
    found = []
    for one in interface.inputs:
        value = rows.inputs[one.name][[row]][0]
        named = {"file": str(rows.files[one.name][[row]][0]).strip('"')} if one.name in rows.files else {}
        found.append({"name": one.name, **named, **_shown(one, value)})
    return found


def noun(interface: Interface) -> str:
    """What people call the rows: ``pictures``, ``sounds``, ``texts``, ``rows``."""
    kind = (interface.source or {}).get("type")
    kinds = {_kind(one) for one in interface.inputs}
    if kind == "audio" or any((one.decode or {}).get("type") == "audio" for one in interface.inputs):
        return "sounds"
    if kinds == {"picture"}:
        return "pictures"
    if kinds == {"text"}:
        return "texts"
    return "rows" if interface.window is None else "windows"


def _kind(one: InputColumns) -> str:
    """What an input is, by its shape."""
    if one.dtype == "string":
        return "text"
    sizes = one.shape
    if (one.decode or {}).get("type") in ("image", "mask"):
        return "picture"
    if len(sizes) == 3 and sizes[2] in (1, 3, 4) and all(size is None or size >= 4 for size in sizes[:2]):
        return "picture"
    if len(sizes) == 2 and sizes[0] is not None and sizes[0] == sizes[1] and sizes[0] >= 8:
        return "picture"
    return "numbers"


def _shown(one: InputColumns, value: Any) -> Shown:
    import numpy as np

    kind = _kind(one)
    if kind == "text":
        cells = [cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)
                 for cell in np.asarray(value, object).reshape(-1).tolist()]  # fmt: skip
        return {"text": shortened(" | ".join(cells))}
    array = np.asarray(value)
    if kind == "picture":
        return {"picture": picture(array)}
    if (array.ndim == 2 and array.shape[0] > NUMBERS) or (array.ndim == 1 and array.size > 4 * NUMBERS):
        return {"lines": lines(array)}
    return {"text": shortened(_numbers(one.columns, array))}


def picture(array: Array) -> str:
    """A picture as a data URI, made small where it is large.

    Numbers from 0 to 1 and from 0 to 255 are what they are in pictures; others are spread from the least to the most.
    """
    import numpy as np
    from PIL import Image

    pixels = np.nan_to_num(array.astype(np.float64))
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    least, most = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
    if least >= 0 and most <= 1:
        pixels = pixels * 255
    elif least < 0 or most > 255 or most <= 32:
        pixels = (pixels - min(least, 0)) / ((most - min(least, 0)) or 1) * 255
    drawn = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    drawn.thumbnail((PICTURE, PICTURE))
    stream = io.BytesIO()
    drawn.save(stream, format="PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")


def lines(array: Array) -> list[list[float]]:
    """A series, or the first few of several that stand side by side, with as many points as can be seen."""
    import numpy as np

    series = array.reshape(len(array), -1)[:, :LINES].astype(np.float64)
    step = max(1, -(-len(series) // POINTS))
    return [[float(f"{one:.5g}") for one in np.nan_to_num(column).tolist()] for column in series[::step].T]


def _numbers(columns: Sequence[str], array: Array) -> str:
    """Numbers with the names of their columns where each has one."""
    values = array.reshape(-1).tolist()
    names = columns if len(columns) == len(values) and len(values) > 1 else None
    more = f", … ({len(values)} numbers)" if len(values) > NUMBERS else ""
    if names is not None:
        pairs = list(zip(names, values, strict=True))[:NUMBERS]
        return ", ".join(f"{name} {value:.4g}" for name, value in pairs) + more
    return ", ".join(f"{value:.4g}" for value in values[:NUMBERS]) + more


def shortened(text: str) -> str:
    """A text on one line, cut off where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def caption(one: Mapping[str, Any]) -> str:
    """What stands for an input in a table of plain text."""
    if "file" in one:
        return str(one["file"])
    return str(one["text"]) if "text" in one else "(a picture)" if "picture" in one else "(a series)"

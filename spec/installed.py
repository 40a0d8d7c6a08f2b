"""From what a spec uses to what the installed Keras lacks of it, without importing Keras.

Only what does not exist in every release that keraspec knows has ``since`` or ``until`` in the schema; for
everything else nothing is looked up. Where Keras is not installed, nothing can be said.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from .document import Pointer
from .published import Schema
from .validation import Validation


@cache
def keras_version() -> str | None:
    """The version of the installed Keras, such as ``3.12.4``; None where there is none."""
    from importlib.metadata import PackageNotFoundError, metadata  # takes as long as reading a spec: only when asked

    try:
        found = metadata("keras")
    except PackageNotFoundError:
        return None
    named = "Version" in found  # not so where an installation was left half removed
    return found["Version"] if named else None


def check_release(
    run: Validation, extra: Schema, name: str, at: Pointer, part: Literal["key", "value"], otherwise: str
) -> None:
    """Report an object or an argument that the installed Keras does not have (E116), where ``extra`` limits it.

    ``extra`` is what the schema says of it beside JSON Schema; ``otherwise`` says what else can be done than
    to install another Keras. Its value is checked all the same: shapes do not depend on what is installed.
    """
    here = keras_version()
    release = _release(here)
    if release is None:
        return
    if "since" in extra and release < (_release(extra["since"]) or release):
        came, wanted = f"came with Keras {extra['since']}", f"keras>={extra['since']}"
    elif "until" in extra and release > (last := _release(extra["until"]) or release):
        came, wanted = f"was last in Keras {extra['until']}", f"keras<{last[0]}.{last[1] + 1}"
    else:
        return
    run.note(
        "E116",
        f"{name} {came}, and the Keras installed here is {here}",
        at,
        part=part,
        help=f'install another one with `pip install "{wanted}"`, or {otherwise}',
    )


def _release(version: str | None) -> tuple[int, int] | None:
    """``(3, 12)`` of ``3.12.4``."""
    found = re.match(r"(\d+)\.(\d+)", version or "")
    return (int(found[1]), int(found[2])) if found else None

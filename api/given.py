"""From what a person gives, a path or a loaded spec, to what the rest works with."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from .checked import Checked, SpecError


def path_of(path: str | PathLike[str]) -> Path:
    """The path that a text or a path names."""
    from pathlib import Path

    return Path(path)


def loaded_of(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> Checked:
    """The spec itself, read and checked where it is a path; ``overrides`` are for such.

    Raises:
        OSError: if the file can't be read.
        ValueError: if an override can't be understood.
    """
    from .checked import Checked, compile_file

    return spec if isinstance(spec, Checked) else compile_file(path_of(spec), overrides)


def checked_of(spec: str | PathLike[str] | Checked, overrides: Sequence[str] = ()) -> Checked:
    """A spec without errors.

    Raises:
        SpecError: if it has any.
    """
    loaded = loaded_of(spec, overrides).asked()
    if not loaded.ok:
        raise error_of(loaded)
    return loaded


def sound(loaded: Checked) -> Any:
    """The typed graph of a spec without errors.

    Raises:
        SpecError: if it has any.
    """
    loaded = loaded.asked()
    if not loaded.ok or loaded.typed is None:
        raise error_of(loaded)
    return loaded.typed


def error_of(loaded: Checked) -> SpecError:
    """What to raise for a spec with errors."""
    from .checked import SpecError

    return SpecError(loaded.diagnostics)

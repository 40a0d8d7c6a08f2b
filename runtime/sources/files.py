"""Finding the file that a source names."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem

LONGEST: Final = 60
"""Characters of a path that a message repeats."""


def found(path: str, folder: Path, pointer: Pointer) -> Path:
    """The file at ``path``, relative to ``folder``.

    Raises:
        Problem: E401 if there is no such file; the help names a file that is there and looks alike.
    """
    try:
        whole = folder / Path(path).expanduser()
        there, is_folder = whole.is_file(), whole.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, no home, no right to look
        shown = path if len(path) <= LONGEST else path[: LONGEST - 1] + "…"
        raise Problem(Finding("E401", f'"{shown}" can\'t be looked up: {reason(error)}', pointer)) from error
    if there:
        return whole
    if is_folder:
        raise Problem(Finding("E401", f'expected a file, but "{path}" is a folder', pointer))
    near = whole.parent
    if not near.is_dir():
        way = f"there is no folder {near} either; paths are relative to the spec"
    else:
        names = sorted(one.name for one in near.iterdir() if one.is_file())
        close = get_close_matches(whole.name, names, 1)
        way = f'did you mean "{Path(path).with_name(close[0]).as_posix()}"?' if close else f"looked for {whole}"
    raise Problem(Finding("E401", f'there is no file "{path}"', pointer, help=way))


def reason(error: BaseException) -> str:
    """Why the system refuses, in a few words."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__

"""From DOT to a picture: Graphviz, from the system or from the wheel; and writing it in one step."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

PictureFormat = Literal["svg", "png", "pdf"]

_WHEEL: Final = """
import sys
sys.path.insert(0, sys.argv[1])
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
sys.stdout.buffer.write(graph.draw(format=sys.argv[2], prog="dot"))
"""
"""Graphviz of the wheel runs in a process of its own, as ``dot`` does: it can be interrupted, its warnings can
be held back, and should it crash, it crashes alone."""


class DrawError(ValueError):
    """A picture that cannot be drawn; the message says what to do."""


def rendered(dot: str, format: PictureFormat) -> bytes:
    """The picture that Graphviz makes of DOT text.

    ``dot`` of the system is taken first, for its fonts are the system's; then the wheel of pygraphviz.

    Raises:
        DrawError: if neither is there, or both fail.
    """
    said = []
    if shutil.which("dot"):
        import graphviz

        try:
            made: bytes = graphviz.pipe("dot", format, dot.encode(), quiet=True)
            return made
        except (subprocess.CalledProcessError, OSError) as error:
            output = getattr(error, "stderr", None) or b""
            said.append(f"`dot`: {output.decode(errors='replace').strip() or error}")
    found = find_spec("pygraphviz")
    if found is None or found.origin is None:
        said.append("pygraphviz is not installed")
    else:
        where = str(Path(found.origin).parent.parent)
        done = subprocess.run(
            [sys.executable, "-P", "-c", _WHEEL, where, format], input=dot.encode(), capture_output=True, check=False
        )
        if done.returncode == 0 and done.stdout:
            return done.stdout
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        said.append(f"pygraphviz: {last[0] if last else f'ended with status {done.returncode}'}")
    raise DrawError(
        f"Graphviz could not draw the picture ({'; '.join(said)}); install Graphviz (https://graphviz.org/download/), "
        "or draw to a .dot or .mmd file, which needs none"
    )


def write(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads it finds the old content or the new, never a part.

    Raises:
        OSError: if the folder is not there or cannot be written to.
    """
    path = Path(os.path.realpath(path))  # a link stays one; what it leads to is replaced
    if path.exists() and not path.is_file():
        path.write_bytes(content)  # a pipe or a device, such as /dev/stdout: there is nothing to replace
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # the name that was asked for, not the one beside it
        raise

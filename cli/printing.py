"""What the verbs share in speaking: diagnostics in the asked form, and trouble with files as exit status 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

import click

from ..spec.finding import Diagnostic
from ..spec.report import ANSI, PLAIN, Colours, Format, report


def colours(stream: object = None) -> Colours:
    """Colours for a terminal; none where output goes elsewhere, or where NO_COLOR is set."""
    stream = stream or sys.stdout
    terminal = bool(getattr(stream, "isatty", lambda: False)())
    wanted = (terminal or bool(os.environ.get("FORCE_COLOR"))) and not os.environ.get("NO_COLOR")
    return ANSI if wanted else PLAIN


def say(diagnostics: Sequence[Diagnostic], form: Format, *, err: bool = False) -> None:
    """Print diagnostics, with colours in a terminal."""
    text = report(diagnostics, form, colours(sys.stderr if err else sys.stdout))
    if text:
        click.echo(text, err=err, color=True)


def refuse(message: str) -> NoReturn:
    """End with exit status 2: wrong usage, or a file that can't be opened."""
    click.echo(f"keraspec: {message}", err=True)
    raise SystemExit(2)


EXTRAS: Final = {
    "tensorflow_datasets": "tfds",
    **dict.fromkeys(("keras", "jax", "matplotlib", "numpy", "pyarrow", "tensorflow", "torch"), "tensorflow"),
    **dict.fromkeys(("cmaes", "optuna", "sklearn"), "sweep"),
    **dict.fromkeys(("onnx", "onnxruntime", "tf2onnx"), "export"),
}
"""Package → the extra that installs it: checking, drawing and counting do without."""


@contextmanager
def files() -> Iterator[None]:
    """Turn what the system says of a file, and a missing extra, into one line and exit status 2."""
    from ..spec.overlay import OverrideError

    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        refuse(f'this needs {missing}, which is not installed here: pip install "keraspec[{EXTRAS[missing]}]"')
    except OverrideError as error:
        refuse(str(error))
    except OSError as error:
        refuse(trouble(error))


def trouble(error: OSError) -> str:
    """What the system says of a file, in one line."""
    name = f"{error.filename}: " if error.filename else ""
    return f"{name}{(error.strerror or str(error)).lower()}"

"""From a template, or from data, to the file of a new spec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from .checked import Checked, compile_text
from .spec.document import Source
from .spec.edits import Editor, applied

NAMES: Final = (".keraspec.toml", ".keraspec.json")


@dataclass(frozen=True, slots=True)
class New:
    """A new spec. ``seen`` says of each column what it is taken for, ``aims`` what is predicted; both are empty for
    one that was made from a template."""

    text: str
    checked: Checked
    rows: int = 0
    seen: tuple[tuple[str, str], ...] = ()
    aims: tuple[str, ...] = ()


def named(path: Path) -> str:
    """What the model of a spec is called that is written to a path."""
    ending = next((one for one in NAMES if path.name.lower().endswith(one)), path.suffix)
    return path.name[: len(path.name) - len(ending)] or path.name


def from_template(template: str, path: Path) -> New:
    """A template as a spec for this path; its model is called like the file.

    Raises:
        KeyError: if there is no such template.
    """
    from .compiler.templates import template_text

    text = template_text(template)
    text = applied(text, Editor(Source("template.toml", text)).put((), "name", named(path)))
    return _new(text, path)


def from_data(
    data: Path, targets: Sequence[str], path: Path, *, task: Literal["auto", "classes", "number"] = "auto"
) -> New:
    """A spec for this path that is trained on data that lies in a file or a folder.

    Args:
        data: a .csv, .jsonl, .parquet, .npz or .npy file, or a folder of pictures, texts or sounds, in which a folder
            is a class.
        targets: the columns to be predicted; none for a folder.
        path: where the spec will stand.
        task: whether numbers to be predicted are classes or amounts.

    Raises:
        ValueError: if no spec can be written from this; the message says why.
        ModuleNotFoundError: if NumPy, Arrow or Pillow is not installed.
    """
    from .runtime.drafting.draft import draft

    made = draft(data, targets, named(path), path.parent, task)
    new = _new(made.text, path)
    return New(new.text, new.checked, made.rows, made.seen, made.aims)


def _new(text: str, path: Path) -> New:
    checked = compile_text(text, "toml", str(path))
    if path.suffix.lower() == ".json":
        from .spec.format import converted

        text = converted(text, "toml").text
    return New(text, checked)

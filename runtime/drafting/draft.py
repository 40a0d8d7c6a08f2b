"""From a file or folder of data, and what is to be predicted, to the text of a spec that trains at once."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ...spec.format import formatted
from ...spec.to_toml import Expression, written
from ...spec.to_toml import key as toml_key
from ..images import opened
from ..sounds import sound_head
from ..table import Table
from .found import DraftError, Found, found
from .heads import Head, Task, head
from .looks import SERIES, Look, look, looks
from .manner import first_cells
from .pieces import Entry, Names, Piece, picture, pieces, sound, texts
from .series import TIME, clock, past

WIDTH: Final = 110
"""Columns of a comment."""
_SIDE: Final = 128
"""Pictures of unequal size come to this height and width, or to a smaller one where most are smaller."""
_LOOKED_AT: Final = 200
"""So many files of a folder are opened."""
_SECONDS: Final = 10
_OF_FILES: Final = ("images", "audio", "text")
"""Sources in which a folder is a class."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a spec; ``seen`` says of each column what it is taken for, ``aims`` what is predicted."""

    text: str
    rows: int
    seen: tuple[tuple[str, str], ...]
    aims: tuple[str, ...]


def draft(path: Path, targets: Sequence[str], name: str, folder: Path, task: Task = "auto") -> Draft:
    """Write a spec for the data of a path.

    Args:
        path: a .csv, .tsv, .jsonl, .parquet, .npz, .npy or .tfrecord file, a pattern of several, a folder of MNIST's
            files, or one of pictures, texts or sounds in which a folder is a class.
        targets: the columns to be predicted; of a folder none, it is the class.
        name: what the model is called.
        folder: where the spec will stand; the path in it is relative to this.
        task: whether numbers to be predicted are classes or amounts; ``"auto"``: as they look.

    Raises:
        DraftError: if no spec can be written from this.
    """
    rows = found(path, _shown(path, folder))
    if rows.table.rows < 10:
        raise DraftError(f"{path}: {rows.table.rows} rows are too few to learn from")
    names = Names({"keraspec"})
    if rows.kind in _OF_FILES:
        if targets and set(targets) != {"label"}:
            raise DraftError("of a folder the class is predicted, which needs no --target")
        aim = look("label", rows.table.columns["label"])
        if aim.kind != "words":
            raise DraftError(f"{path}: there is one class alone, so there is nothing to tell apart")
        made, seen = [_of_files(rows, names)], (aim,)
        return _draft(rows, made, [head(aim, names, "classes")], seen, name, path)
    every = looks(rows.table)
    if not targets and rows.table.standard[1] is not None:
        targets = (rows.table.standard[1],)
    when = clock(every, rows.table)
    every = tuple(
        replace(one, why=f"{TIME}, in whose order the rows are") if one.name == when else one for one in every
    )
    aims = [_aim(one, every, path) for one in targets]
    if not aims:
        usable = [one.name for one in every if one.kind in ("words", "number")]
        if "columns" in rows.source:
            cells = first_cells(rows.table)
            told = ", ".join(f"{name} ({cells[name]})" for name in usable)
            raise DraftError(
                "its first line is a row already, so the columns go by their numbers; say which is to be predicted, "
                f"as --target {usable[-1] if usable else 'column_1'}; in the first row they are: {told}"
            )
        raise DraftError(f"say which column is to be predicted: --target {' or '.join(usable[:12]) or 'COLUMN'}")
    others = [one for one in every if one not in aims]
    made = pieces(others, names)
    if not made and when is not None and all(one.kind == "number" for one in aims) and task != "classes":
        made = [past([one.name for one in aims], rows.table.rows, names)]
        task = "number"
    if not made:
        why = "; ".join(f"{one.name} {one.why}" for one in others) or "there is no other column"
        raise DraftError(f"{path}: nothing is left to predict from: {why}")
    return _draft(rows, made, [head(one, names, task) for one in aims], every, name, path, when)


def _aim(target: str, every: Sequence[Look], path: Path) -> Look:
    from ...spec.words import closest

    by_name = {one.name: one for one in every}
    if target not in by_name and f"column_{target}" in by_name:
        target = f"column_{target}"  # of columns without names the number will do
    several = [one.strip() for one in target.split(",")]
    if target not in by_name and len(several) > 1 and all(one in by_name for one in several):
        raise DraftError(
            f"several columns are each named by an option: {' '.join(f'--target {one}' for one in several)}"
        )
    if target not in by_name:
        near = closest(target, by_name)
        hint = f"did you mean {near}?" if near else f"it has {', '.join(list(by_name)[:12])}"
        raise DraftError(f"{path}: there is no column `{target}`; {hint}")
    return by_name[target]


def _shown(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive
        return path.absolute().as_posix()


def _of_files(rows: Found, names: Names) -> Piece:
    """The piece for a folder of files."""
    column = rows.table.standard[0] or ""
    files = rows.table.columns[column]
    step = max(1, len(files) // _LOOKED_AT)
    cells = list(files.cells[::step])
    name = names(column)
    if rows.kind == "text":
        lengths = sorted(len(Path(cell).read_text("utf-8", "replace").split()) for cell in cells)
        longer = lengths[min(len(lengths) - 1, int(0.95 * len(lengths)))]
        return texts(name, Look(column, "texts", len(files), length=longer), names)
    if rows.kind == "audio":
        heads = _good(sound_head, cells)
        if not heads:
            raise DraftError(f"{rows.source['path']}: none of its .wav files can be read")
        rate = Counter(one.rate for one in heads).most_common(1)[0][0]
        longest = sorted(one.length for one in heads)[int(0.95 * (len(heads) - 1))]
        piece = sound(name, max(256, min(longest, _SECONDS * rate)), rate, names)
        if Counter(one.channels for one in heads).most_common(1)[0][0] > 1:
            raise DraftError(f"{rows.source['path']}: its sounds have several channels; bring them to one first")
        return piece
    pictures = _good(_size_and_mode, cells)
    if not pictures:
        raise DraftError(f"{rows.source['path']}: none of its pictures can be read")
    sizes = Counter(size for size, _ in pictures)
    grey = all(mode in ("1", "L", "I;16", "I", "LA") for _, mode in pictures)
    width, height = sizes.most_common(1)[0][0]
    if len(sizes) > 1 or max(width, height) > 2 * _SIDE:
        sides = sorted(min(size) for size, _ in pictures)
        width = height = max(8, min(_SIDE, sides[len(sides) // 2]))
    return picture(name, (height, width, 1 if grey else 3), [], names, rows=len(files))


def _size_and_mode(cell: str | bytes) -> tuple[tuple[int, int], str]:
    with opened(cell) as image:
        return image.size, image.mode


def _good(function: Any, cells: Sequence[Any]) -> list[Any]:
    """What a function gives for those files that can be read."""
    found = []
    for cell in cells:
        try:
            found.append(function(cell))
        except (OSError, ValueError):
            continue
    return found


# ------------------------------------------------------------ text


def _draft(
    rows: Found,
    made: Sequence[Piece],
    heads: Sequence[Head],
    every: Sequence[Look],
    name: str,
    path: Path,
    when: str | None = None,
) -> Draft:
    lines = [
        "keraspec = 1",
        f"name = {written(name, 'name')}",
        f"description = {written(_description(made, heads, path), 'description')}",
        *(_inputs(made)),
    ]
    if len(heads) > 1:
        lines.append(f"outputs = {written([one.name for one in heads])}")
    lines += ["", *_layers(made, heads, rows.table.rows), "", *_data(rows, made, heads, every, when), "",
              *_training(made, heads, rows.table)]  # fmt: skip
    columns = [one for one in every if one.name not in {aim.column for aim in heads}]
    seen = tuple((one.name, _words(one)) for one in columns)
    return Draft(formatted("\n".join(lines) + "\n", "toml"), rows.table.rows, seen, tuple(one.about for one in heads))


def _description(made: Sequence[Piece], heads: Sequence[Head], path: Path) -> str:
    if any(one.window for one in made):
        return f"Foretells {' and '.join(one.column for one in heads)}, from the rows of {path.name} before."
    aims = " and ".join(one.column if one.column != "label" else "the class" for one in heads)
    return f"Predicts {aims} from the other columns of {path.name}." if path.is_file() else (
        f"Predicts the class of a file, from the folders of {path.name}."
    )  # fmt: skip


def _words(one: Look) -> str:
    """What a column is taken for."""
    missing = f", {one.missing} missing" if one.missing else ""
    sizes = "x".join(map(str, one.shape))
    words = {
        "number": "numbers",
        "words": f"{one.unique} words",
        "text": "texts",
        "vector": f"rows of {sizes} numbers",
        "sequence": f"series of {sizes}",
        "picture": f"pictures of {sizes}",
        "part": one.why,
        "none": f"left out: {one.why}",
    }
    return words.get(one.kind, one.kind) + missing


def _comment(text: str, margin: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=f"{margin}# ", subsequent_indent=f"{margin}# ", break_on_hyphens=False,
        break_long_words=False,
    )  # fmt: skip


def _inputs(made: Sequence[Piece]) -> Iterator[str]:
    for one in made:
        if one.dtype == "float32":
            yield f"inputs.{toml_key(one.name)}.shape = {written(one.shape)}"
        else:
            yield f"inputs.{toml_key(one.name)} = {written({'shape': one.shape, 'dtype': one.dtype})}"


def _entry(entry: Entry) -> str:
    marked = {key: Expression(one) if key == "scale" and isinstance(one, str) else one for key, one in entry.items()}
    return f"  {written(marked, broken=False)},"


def _layers(made: Sequence[Piece], heads: Sequence[Head], rows: int) -> Iterator[str]:
    yield "layers = ["
    for one in made:
        entries = [dict(entry) for entry in one.layers]
        if len(made) == 1 and entries[0].get("inputs") == one.name:
            del entries[0]["inputs"]  # the only input needs no name
        if len(made) == 1 and len(heads) == 1:
            entries[-1].pop("name", None)
        yield from _comment(one.about, "  ")
        yield from map(_entry, entries)
        yield ""
    body: list[Entry] = []
    if len(made) > 1:
        yield "  # All of that side by side, and layers that find what it says together."
        body.append({"type": "Concatenate", "inputs": [one.end for one in made]})
    if not all(one.learns for one in made):
        width = 32 if rows < 1000 else 64 if rows < 20_000 else 128
        body += [{"type": "Dense", "units": width, "activation": "relu"}, {"type": "Dropout", "rate": 0.1},
                 {"type": "Dense", "units": width // 2, "activation": "relu"}]  # fmt: skip
    else:
        body.append({"type": "Dropout", "rate": 0.2})
    if len(heads) > 1:
        body[-1]["name"] = "shared"
    yield from map(_entry, ({"name": one.pop("name"), **one} if "name" in one else one for one in body))
    for aim in heads:
        yield ""
        yield from _comment(aim.about, "  ")
        entries = [dict(entry) for entry in aim.layers]
        if len(heads) > 1:
            first = entries[0]
            entries[0] = (
                {key: first.pop(key) for key in ("name", "type") if key in first} | {"inputs": "shared"} | first
            )
        yield from map(_entry, entries)
    yield "]"


def _data(
    rows: Found, made: Sequence[Piece], heads: Sequence[Head], every: Sequence[Look], when: str | None
) -> Iterator[str]:
    left = [one for one in every if one.kind == "none"]
    if left:
        yield "# Columns that the model does not see:"
        yield from (line for one in left for line in _comment(f"  {one.name} {one.why}"))
    yield "[data]"
    if "columns" in rows.source:
        yield from _comment(
            "The first line of the file is a row already, so the columns have no names but these; to give them others, "
            "`keraspec new` again with a line of names put above the file, or change them here and below."
        )
    if "quotes" in rows.source:
        yield from _comment("Quotation marks in this file are characters like any other, and hold no cells together.")
    yield f"source = {written(dict(rows.source), broken=False)}"
    part = next((one.name for one in every if one.kind == "part"), None)
    split: dict[str, Any] = {"validation": 0.15, "test": 0.15} if part is None else {"column": part}
    split |= {name: dict(source) for name, source in rows.parts.items()}
    if rows.table.test is not None:
        del split["test"]  # the data has a test part of its own
    if part is None and when is not None:
        split["time"] = when
        yield from _comment(
            f"The rows follow each other in time, by {when}: the last are kept aside, for to tell what comes is harder "
            "than to fill in what lies between."
        )
    elif part is None and len(heads) == 1 and heads[0].classes:
        split["stratify"] = heads[0].column
    yield f"split = {written(split)}  # rows that are kept aside: to stop in time, and to judge at the end"
    for one in made:
        if one.window is not None:
            yield f"window = {written(dict(one.window))}  # horizon: so many rows behind the window is what is foretold"
    yield f"batch_size = {_batch(rows.table.rows, made)}"
    yield "seed = 1"
    augment = [entry for one in made for entry in one.augment]
    images = [one for one in made if one.augment]
    if len(images) == 1:
        flip = '{ type = "RandomFlip", mode = "horizontal" }'
        yield from _comment(f"While training, pictures are moved a little; where left and right are alike, add {flip}.")
        yield f"augment = {written(augment, broken=False)}"
    yield from _missing(made, heads, every)
    for one in made:
        columns = one.columns
        if columns and columns != [one.name]:
            value = columns[0] if len(columns) == 1 else _pattern(columns, rows.table)
            yield f"inputs.{toml_key(one.name)}.column = {written(value)}"
    for aim in heads:
        if aim.encode is not None:
            both = {"column": aim.column, "encode": aim.encode}
            yield f"targets.{toml_key(aim.name)} = {written(both)}"
        elif aim.column != aim.name:
            yield f"targets.{toml_key(aim.name)}.column = {written(aim.column)}"


def _pattern(columns: list[str], table: Table) -> str | list[str]:
    """The pattern that takes just these columns, where they are a series; else the columns."""
    stem = columns[0].rstrip("0123456789")
    if len(columns) < SERIES or not stem or set("*?[") & set(stem):
        return columns
    return f"{stem}*" if [one for one in table.columns if one.startswith(stem)] == columns else columns


def _missing(made: Sequence[Piece], heads: Sequence[Head], every: Sequence[Look]) -> Iterator[str]:
    """What is done about cells without a value."""
    used = {column for one in made for column in one.columns}
    aims = {one.column for one in heads}
    holes = [one for one in every if one.missing and one.name in used | aims]
    if not holes:
        return
    if any(one.name in aims or one.fill is None for one in holes):
        count = ", ".join(f"{one.missing} in {one.name}" for one in holes)
        yield from _comment(f"Cells without a value ({count}): such rows are left out.")
        yield 'missing = "drop"'
        return
    yield from _comment("What stands where there is no value: of numbers the one in the middle, of words one more.")
    for one in holes:
        yield f"missing.{toml_key(one.name)} = {written(one.fill)}  # in {one.missing} of {one.rows} rows"


def _batch(rows: int, made: Sequence[Piece]) -> int:
    if any(one.learns for one in made):
        return 16 if rows < 500 else 32
    return 16 if rows < 1000 else 32 if rows < 10_000 else 128 if rows < 100_000 else 512


def _training(made: Sequence[Piece], heads: Sequence[Head], table: Table) -> Iterator[str]:
    reading = any(one.dtype == "string" and one.learns for one in made)
    epochs, patience = (30, 4) if reading else (60, 10) if any(one.learns for one in made) else (150, 15)
    rate = 0.001 if table.rows >= 20_000 else 0.003
    yield "[training]"
    yield f"epochs = {epochs}  # at most: it stops where nothing gets better"
    yield "seed = 1"
    yield f'optimizer = {{ type = "Adam", learning_rate = {rate} }}'
    if len(heads) == 1:
        one = heads[0]
        yield f"loss = {written(one.loss)}"
        yield f"metrics = {written(one.metrics, broken=False)}"
        if one.rare:
            yield from _comment(f"Some classes are rare ({'; '.join(one.notes)}): a row of theirs counts for more.")
            yield 'class_weight = "balanced"'
    stop = {"type": "EarlyStopping", "monitor": "val_loss", "patience": patience, "restore_best_weights": True}
    yield f"callbacks = [{written(stop, broken=False)}]"
    if len(heads) > 1:
        for one in heads:
            yield ""
            yield f"[training.outputs.{toml_key(one.name)}]"
            yield f"loss = {written(one.loss)}"
            yield f"metrics = {written(one.metrics, broken=False)}"
            if not one.classes:
                spread = next(entry["scale"] for entry in one.layers if "scale" in entry)
                yield f"weight = {float(f'{1 / spread**2:.3g}')}  # the answers count alike, whatever their numbers"

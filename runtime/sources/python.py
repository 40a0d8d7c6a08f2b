"""Source python: what a function gives, of a module that the person at the keyboard has allowed by name.

The function gives a table of columns NAME → array, a pair ``(x, y)`` of arrays or of such tables, a table of pandas or
Arrow; or it is a generator of pieces of such, which are put together row by row. The first axis is always the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final

from ...compiler.catalogue.offered import offered_module
from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ...spec.words import closest
from ..table import Table, Values

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

INPUT, TARGET = "x", "y"
"""What the columns of a pair of arrays are called."""
EXPECTED: Final = "expected a table NAME = array, or a pair (x, y)"


class _BadError(ValueError):
    """What a function gave is no data: what it is instead."""


def read(arguments: Mapping[str, Any], folder: Path, pointer: Pointer, *, skip: bool = False) -> Table:
    """Call the function, with ``arguments`` by name, and take what it gives.

    Raises:
        Problem: E117 if its module is not allowed; E402 if there is no such function; E407 if it fails or gives no
            data; E412 if there are no rows.
    """
    stated = str(arguments["function"])
    at = (*pointer, "function")
    function = _function(stated, at)
    try:
        given = function(**dict(arguments.get("arguments") or {}))
        columns = _together(given) if _in_pieces(given) else _columns(given)
    except _BadError as error:
        raise Problem(Finding("E407", f"{stated} gave {error}", at, help=EXPECTED)) from error
    except Exception as error:
        message = f"{stated} failed: {type(error).__name__}: {error}"
        way = "the arguments of `arguments` are given by name" if isinstance(error, TypeError) else None
        raise Problem(Finding("E407", message, at, help=way)) from error
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        (first, rows), (other, found) = next(
            (one, two) for one in lengths.items() for two in lengths.items() if one[1] != two[1]
        )
        message = f"{stated} gave {rows} rows of `{first}` and {found} of `{other}`"
        raise Problem(Finding("E407", message, at, help="the first axis of every column is the rows"))
    if not columns or not next(iter(lengths.values())):
        raise Problem(Finding("E412", f"{stated} gave no rows", at))
    both = INPUT in columns and TARGET in columns
    return Table(stated, columns, standard=(INPUT, TARGET) if both else (None, None), folder=folder)


def _function(stated: str, at: Pointer) -> Any:
    path, _, name = stated.partition(":")
    plugin = path.partition(".")[0]
    module = offered_module(plugin)
    if module is None:
        message = f"the data come from a function of `{plugin}`, which is not allowed here: its code would run"
        way = f"if you trust it, call keraspec with `--allow-plugin {plugin}` (or with the path of its file)"
        raise Problem(Finding("E117", message, at, help=way))
    if path != plugin:
        try:
            module = import_module(path)
        except Exception as error:
            message = f"`{path}` can't be loaded: {type(error).__name__}: {error}"
            raise Problem(Finding("E407", message, at)) from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, one in vars(module).items() if callable(one) and not key.startswith("_")]
        near = closest(name, known)
        way = f'did you mean "{path}:{near}"?' if near else f"it has {', '.join(known) or 'no functions'}"
        raise Problem(Finding("E402", f"there is no function `{name}` in `{path}`", at, help=way))
    return function


def _in_pieces(given: Any) -> bool:
    return isinstance(given, (GeneratorType, Iterator)) or (
        isinstance(given, list) and bool(given) and all(isinstance(one, (tuple, Mapping)) for one in given)
    )


def _together(pieces: Iterable[Any]) -> dict[str, Values]:
    """All pieces as one, row by row."""
    import numpy as np

    parts: dict[str, list[Any]] = {}
    for number, piece in enumerate(pieces, start=1):
        columns = _columns(piece)
        if parts and columns.keys() != parts.keys():
            differ = sorted(columns.keys() ^ parts.keys())[0]
            raise _BadError(f"piece {number} with other columns than the first: `{differ}` is in one of them only")
        for name, values in columns.items():
            parts.setdefault(name, []).append(values)
    whole: dict[str, Values] = {}
    for name, found in parts.items():
        sizes = {one.shape[1:] for one in found if one.dtype.kind != "O"}
        if len(sizes) > 1 or any(one.dtype.kind == "O" for one in found):
            found = [one if one.dtype.kind == "O" else _rows(list(one)) for one in found]
        whole[name] = np.concatenate(found)
    return whole


def _columns(given: Any) -> dict[str, Values]:
    """The columns of one thing that was given."""
    if isinstance(given, (tuple, list)) and len(given) == 2:
        x, y = given
        inputs = _columns(x) if _named(x) else {INPUT: _array(INPUT, x)}
        targets = _columns(y) if _named(y) else {TARGET: _array(TARGET, y)}
        both = sorted(inputs.keys() & targets.keys())
        if both:
            raise _BadError(f"the column `{both[0]}` in x and in y")
        return inputs | targets
    if not _named(given):
        raise _BadError(f"{_what(given)}")
    if hasattr(given, "column_names"):  # a table of Arrow
        given = {name: given[name].to_numpy(zero_copy_only=False) for name in given.column_names}
    items = given.items()  # of pandas too
    return {str(name): _array(str(name), values) for name, values in items}


def _named(given: Any) -> bool:
    return (
        isinstance(given, Mapping)
        or hasattr(given, "column_names")
        or (hasattr(given, "items") and hasattr(given, "columns"))
    )


def _what(given: Any) -> str:
    """A value in words."""
    if given is None:
        return "nothing (None)"
    kind = type(given).__name__
    return f"a {kind} of {len(given)}" if isinstance(given, (tuple, list)) else f"a {kind}"


def _array(name: str, values: Any) -> Array:
    """A column as it is kept: numbers, text, or an array for each row where these are of unequal length."""
    import numpy as np

    if hasattr(values, "to_numpy") and not hasattr(values, "__array_interface__"):
        values = values.to_numpy()
    try:
        found = np.asarray(values)
    except ValueError:
        return _rows(list(values))
    if found.ndim == 0:
        raise _BadError(f"a single value for `{name}`, not one a row")
    if found.dtype.kind == "M":
        return np.datetime_as_string(found).astype(object)
    if found.dtype.kind == "O" and found.ndim == 1 and len(found):
        if all(isinstance(one, (list, tuple)) or hasattr(one, "dtype") for one in found):
            return _rows(list(found))
        if not all(one is None or isinstance(one, (str, bytes)) for one in found):
            try:
                return np.array([float("nan") if one is None else one for one in found], np.float64)
            except (TypeError, ValueError):
                pass
            raise _BadError(
                f"`{name}` with cells of type {type(found[0]).__name__}, which are neither numbers nor text"
            )
    if found.dtype.kind not in "biufSUO":
        raise _BadError(f"`{name}` as {found.dtype}, which is neither numbers nor text")
    return found


def _rows(values: list[Any]) -> Array:
    import numpy as np

    found = np.empty(len(values), object)
    for index, one in enumerate(values):
        found[index] = np.asarray(one)
    return found

"""From a run folder's Record to Sections: what made the model, and what of it is another now."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from ..compiler.graph import TypedGraph
from ..spec.problem import Problem
from .entered import entered
from .environment import versions
from .fingerprints import Prints, differences, prints, read_prints, sha256, written_anew
from .interface import Interface, read_interface
from .provenance import FILE, MODEL_FILES, code, digest_of, read_record
from .run import INTERFACE, RunError, open_run

State = Literal["same", "changed", "unknown"]
"""``unknown``: there is nothing to compare it with."""

SECTIONS: Final = ("record", "model", "results", "spec", "data", "rows", "weights", "code", "versions")
"""What is looked at, in the order in which it is told."""

SIGNS: Final = {"changed": "~", "gone": "-", "new": "+"}
WHERE: Final = {"inputs": "the input", "targets": "the target of", "weights": "the row weights of"}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is not as it was: ``~`` changed, ``-`` gone, ``+`` new, and what there is to say of it."""

    sign: str
    name: str
    words: str = ""

    def table(self) -> dict[str, str]:
        """As plain values, for JSON."""
        return {"sign": self.sign, "name": self.name, "words": self.words}


@dataclass(frozen=True, slots=True)
class Section:
    """One of ``SECTIONS``: whether it is as recorded, a few words on it, and all that is not."""

    name: str
    state: State
    words: str
    items: tuple[Item, ...] = ()

    def table(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {"state": self.state, "words": self.words, "items": [one.table() for one in self.items]}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run with its record: ``digest`` is the hash of the record as it is now."""

    run: Path
    table: Mapping[str, Any]
    digest: str

    @property
    def spec(self) -> Path | None:
        """The file of the spec, from the root; None for a spec that was in none."""
        path = Path(self.table["spec"]["files"][0]["path"])
        return path if path.is_absolute() else None

    @property
    def settings(self) -> tuple[str, ...]:
        """What was laid over the spec, as ``--set`` takes it."""
        return tuple(self.table["spec"]["settings"])

    def interface(self, folder: Path | None = None) -> Interface:
        """What the model takes, its data looked for from ``folder``, else from where the spec stood.

        Raises:
            RunError: if the folder does not say any more.
        """
        path = self.run / INTERFACE
        try:
            found = read_interface(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"{path} can't be read: {error}") from error
        return replace(found, folder=str(folder or self.table["data"]["folder"]))


def recorded(run: Path) -> Recorded:
    """The record of a run whose training came to its end, however it did.

    Raises:
        RunError: if it is no run folder, has no record, or training did not come far enough to leave a model.
    """
    try:
        open_run(run)
    except RunError:
        if not (run / FILE).is_file():  # where there is a record, what was spoiled or taken away is held against it
            raise
    table = read_record(run)
    found = Recorded(run, table, digest_of(table))
    try:
        _require_whole(found)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise RunError(f"{run / FILE} can't be read: something in it is missing or no such thing ({error})") from error
    if "kept" not in table:
        raise RunError(f"{run} has not noted what came of it: training did not come to its end; go on with --resume")
    return found


def _require_whole(found: Recorded) -> None:
    """See that all is there that is read later: whoever writes in a record may spoil it."""
    table, data = found.table, found.table["data"]
    _ = found.spec, found.settings, table["digest"], table["spec"]["sha256"], dict(table["versions"])
    _ = [(one["path"], one["sha256"]) for one in table["spec"]["files"]]
    _ = [(name, one["size"] + 0, one["sha256"]) for name, one in table.get("kept", {}).items()]
    _ = Path(data["folder"]), data["kind"], dict(data["rows"] or {})
    noted = [table["weights"], table["code"], *([data] if data["kind"] == "spec" and "trouble" not in data else [])]
    _ = [one.size + one.name.count(":") for each in noted for one in read_prints(each).entries]


def look(found: Recorded, name: str, folder: Path | None = None) -> Section:
    """One section, of all but ``spec`` and ``rows``; ``folder`` is where the data are looked for."""
    return LOOKS[name](found, folder)


def _record(found: Recorded, folder: Path | None) -> Section:
    if found.digest == found.table["digest"]:
        return Section("record", "same", f"sha256 {found.digest}")
    words = f"sha256 {found.digest}, and it was {found.table['digest']}: nothing that it says is certain"
    return Section("record", "changed", words)


def _model(found: Recorded, folder: Path | None) -> Section:
    kept = {name: one for name, one in found.table["kept"].items() if name in MODEL_FILES}
    return _kept("model", found.run, kept, f"sha256 {next(iter(kept.values()))['sha256']}" if kept else "")


def _results(found: Recorded, folder: Path | None) -> Section:
    kept = {name: one for name, one in found.table["kept"].items() if name not in MODEL_FILES}
    return _kept("results", found.run, kept, ", ".join(kept))


def _kept(name: str, run: Path, kept: Mapping[str, Mapping[str, Any]], words: str) -> Section:
    """Files in the run folder itself."""
    items = []
    for file, then in kept.items():
        path = run / file
        if not path.is_file():
            items.append(Item("-", file, "gone"))
        elif sha256(path) != then["sha256"]:
            size = path.stat().st_size
            items.append(Item("~", file, "other bytes" if size == then["size"] else _sizes(then["size"], size)))
    return Section(name, "changed" if items else "same", words, tuple(items))


def _data(found: Recorded, folder: Path | None) -> Section:
    data = found.table["data"]
    if data["kind"] != "spec":
        what = "arrays" if data["kind"] == "arrays" else "a dataset"
        way = "; give them again: keraspec.verify(run, data=(x, y))" if data["kind"] == "arrays" else ""
        return Section("data", "unknown", f"{what} given in Python{way}")
    if "trouble" in data:
        return Section("data", "unknown", f"the files could not be noted: {data['trouble']}")
    then = read_prints(data)
    trouble = ""
    try:
        files = entered(found.interface(folder))
    except (Problem, RunError) as error:
        files = {}
        trouble = error.findings[0].message if isinstance(error, Problem) else str(error)
    if not then.entries and not files:
        return Section("data", "unknown", "no files: made up, or what a function gives; --rows makes the rows again")
    return _compared("data", then, prints(files, then), trouble)


def _weights(found: Recorded, folder: Path | None) -> Section:
    then = read_prints(found.table["weights"])
    if not then.entries:
        return Section("weights", "same", "at random")
    return _compared("weights", then, prints({one.name: Path(one.name) for one in then.entries}, then))


def _code(found: Recorded, folder: Path | None) -> Section:
    then = read_prints(found.table["code"])
    now = code()
    if not then.entries:
        return Section("code", "same", "no plugins")
    names = {one.name.partition(":")[0] for one in then.entries}
    missing = sorted(names - {name.partition(":")[0] for name in now})
    if missing:
        way = " ".join(f"--allow-plugin {name}" for name in missing)
        return Section("code", "unknown", f"plugins that are not allowed here: {way}")
    mine = {name: path for name, path in now.items() if name.partition(":")[0] in names}
    return _compared("code", then, prints(mine, then))


def _versions(found: Recorded, folder: Path | None) -> Section:
    then, now = found.table["versions"], versions()
    items = []
    for name in {**then, **now}:
        before, after = then.get(name), now.get(name)
        if before is None:
            items.append(Item("+", name, f"{after}, was not there"))
        elif after is None:
            items.append(Item("-", name, f"{before}, is not there"))
        elif before != after:
            items.append(Item("~", name, f"{before} → {after}"))
    words = ", ".join(f"{name} {one}" for name, one in then.items())
    return Section("versions", "changed" if items else "same", words, tuple(items))


LOOKS: Final[Mapping[str, Callable[[Recorded, Path | None], Section]]] = {
    "record": _record,
    "model": _model,
    "results": _results,
    "data": _data,
    "weights": _weights,
    "code": _code,
    "versions": _versions,
}


def _compared(name: str, then: Prints, now: Prints, trouble: str = "") -> Section:
    sizes = {one.name: one.size for one in then.entries}
    items = []
    for way, one in differences(then, now):
        words = "other bytes" if way == "changed" else str(way)
        if way == "changed" and sizes[one.name] != one.size:
            words = _sizes(sizes[one.name], one.size)
        items.append(Item(SIGNS[way], one.name, words))
    parts = [f"{then.files} file{'' if then.files == 1 else 's'}, {_quantity(then.size)}"]
    if then.share is not None:
        parts.append(f"of each {_quantity(then.share)} were compared")
    if anew := written_anew(then, now):
        parts.append(f"{anew} written anew since, the same as far as was compared")
    if trouble:
        parts.append(trouble)
    return Section(name, "changed" if items else "same", "; ".join(parts), tuple(items))


def rows(found: Recorded, typed: TypedGraph, data: Any = None, validation: Any = None, *, folder: Path) -> Section:
    """Whether the rows that the model would be trained on now are those that it was trained on.

    They are prepared as for training: from the spec's source, or of the arrays ``data`` and ``validation``.

    Raises:
        Problem: whatever is wrong with the data now.
        ValueError: if the run was trained on rows of another kind.
    """
    from .arrays import from_arrays
    from .data import prepare
    from .resume import fingerprint
    from .train import together_with

    then = found.table["data"]["rows"]
    kind = found.table["data"]["kind"]
    if kind == "dataset" or then is None:
        return Section("rows", "unknown", "a dataset given in Python, of which nothing is noted")
    if (kind == "arrays") != (data is not None):
        raise ValueError(
            "the run was trained on arrays: give `data`" if data is None else "the run reads its spec's data"
        )
    together = together_with(typed)
    prepared = prepare(together, folder) if data is None else from_arrays(together, data, validation)
    now = fingerprint(prepared.parts)
    items = []
    for name in {**then, **now}:
        if then.get(name) != now.get(name):
            part, side, array = name.split(".", 2)
            sign = "~" if name in then and name in now else "-" if name in then else "+"
            items.append(Item(sign, f"{WHERE[side]} `{array}` in `{part}`", "other rows" if sign == "~" else ""))
    count = ", ".join(f"{one.count} {part}" for part, one in prepared.parts.items() if one.count)
    return Section("rows", "changed" if items else "same", count, tuple(items))


def _sizes(before: int, after: int) -> str:
    return f"{before:,} → {after:,} bytes"


def _quantity(size: int) -> str:
    from ..compiler.diff.wording import quantity

    return quantity(size, "bytes")

"""The noun Record: which spec, data, code and versions made a model, kept in its run folder as ``provenance.json``.

It tells what has changed by mistake or meanwhile. Whoever changes a model on purpose can write a new record beside it:
against that helps the record's own hash, kept where they can't write.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256 as new_sha256
from pathlib import Path
from typing import Any, Final

from ..compiler.catalogue.offered import offered_modules
from ..compiler.graph import TypedGraph
from ..spec.document import Document
from ..spec.problem import Problem
from ..spec.rendered import rendered
from . import run as files
from .entered import entered
from .environment import backend, machine, versions
from .fingerprints import prints, sha256
from .interface import Interface
from .run import RunError, RunFolder, find_spec

FILE: Final = "provenance.json"
EXPANDED: Final = "expanded.keraspec.toml"
"""The spec with everything written out, as `keraspec render` prints it, of what was trained."""

VERSION: Final = 1
PATIENCE: Final = 10
"""Seconds that git may take."""

MOST_CHANGED: Final = 50
"""So many changed files of a repository are named."""

MODEL_FILES: Final = (files.MODEL, files.TERMS, files.INTERFACE)
RESULT_FILES: Final = (files.HISTORY, files.METRICS, EXPANDED)
ORDERED: Final = ("inputs", "outputs")
"""Tables of a spec in which the order means something."""


@dataclass(slots=True)
class Record:
    """What is noted of a run: ``table`` is plain data for JSON, ``text`` the spec with everything written out, empty
    where TOML has no words for it.
    """

    table: dict[str, Any]
    text: str

    def begin(self, place: RunFolder, *, resumed: bool) -> None:
        """Write it down before training. Of a run that goes on its own record stays, and that it went on is added."""
        if resumed and (place.path / FILE).is_file():
            table = read_record(place.path)
            again = {name: self.table[name] for name in ("command", "git", "versions", "machine")}
            at = datetime.now(UTC).isoformat(timespec="seconds")
            table["resumed"] = [*table.get("resumed", ()), {"at": at, **again}]
            table.pop("kept", None)  # other files come in their place
            self.table = table
        elif self.text:
            place.text(EXPANDED, self.text)
        self._write(place)

    def end(self, place: RunFolder) -> None:
        """Add the hashes of what came out, when all of it is written."""
        spec = find_spec(place.path)
        names = (*MODEL_FILES, *RESULT_FILES, *(() if spec is None else (spec.name,)))
        there = {name: path for name in names if (path := place.path / name).is_file()}
        self.table["kept"] = {
            name: {"size": path.stat().st_size, "sha256": sha256(path)} for name, path in there.items()
        }
        self._write(place)

    def _write(self, place: RunFolder) -> None:
        self.table = files.plain({key: value for key, value in self.table.items() if key != "digest"})
        whole = {"digest": digest_of(self.table), **self.table}
        text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
        if _bytes(text) != text.encode("utf-8", "replace"):  # names of files that are no text in UTF-8
            text = json.dumps(whole, indent=2, allow_nan=False)
        place.text(FILE, f"{text}\n")


def record(
    typed: TypedGraph,
    interface: Interface,
    *,
    data: str,
    rows: Mapping[str, str] | None,
    weights: Sequence[Path] = (),
) -> Record:
    """Look at all that goes into a model, before it is trained.

    ``data`` says where the rows come from, as in ``run.json``: ``spec``, ``arrays`` or ``dataset``; ``rows`` is their
    fingerprint; ``weights`` are files of weights that the person has named, beside those of the spec.
    """
    spec = typed.graph.spec
    document = spec.document
    try:
        text = rendered(document)
        normal = meaning(text)
    except ValueError:  # half a surrogate pair, which JSON may hold: no reason not to train
        text, normal = "", ""
    sources = (document.source, *document.files)
    paths = [_path(one.path) for one in sources]
    noted: dict[str, Any] = {"kind": data, "folder": interface.folder, "rows": rows}
    if data == "spec":
        try:
            noted |= prints(entered(interface)).table()
        except (Problem, OSError) as error:  # it could be read a moment ago
            noted["trouble"] = str(error)
    starts = {str(path.resolve()): path for path in (*_weights(typed, Path(interface.folder)), *weights)}
    table = {
        "version": VERSION,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": {"arguments": list(sys.orig_argv), "folder": str(Path.cwd())},
        "spec": {
            "sha256": normal,
            "settings": list(document.settings),
            "files": [
                {"path": path, "size": len(_bytes(one.text)), "sha256": new_sha256(_bytes(one.text)).hexdigest()}
                for one, path in zip(sources, paths, strict=True)
            ],
        },
        "git": git([Path(one) for one in paths if Path(one).is_file()]),
        "data": noted,
        "weights": prints(starts).table(),
        "code": prints(code()).table(),
        "backend": backend(),
        "versions": versions(),
        "machine": machine(),
    }
    return Record(table, text)


def read_record(run: Path) -> dict[str, Any]:
    """The record of a run folder.

    Raises:
        RunError: if there is none, or it can't be read.
    """
    path = run / FILE
    if not path.is_file():
        raise RunError(f"{run} has no {FILE}: it is no run, or was trained before keraspec kept one; train again")
    try:
        table: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if table["version"] != VERSION:
            raise RunError(f"{path} was written by another version of keraspec")
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(f"{path} can't be read: {error}") from error
    return table


def digest_of(table: Mapping[str, Any]) -> str:
    """The SHA-256 of a record, of all in it but this hash."""
    return _digest({key: value for key, value in table.items() if key != "digest"})


def meaning(text: str) -> str:
    """The SHA-256 of a spec that is written out, whatever its layout: as JSON without spaces, keys in order.

    Inputs and outputs stay in theirs, which is that of the model.
    """
    import tomli

    data = tomli.loads(text)
    kept = {key: list(data[key].items()) for key in ORDERED if isinstance(data.get(key), dict)}
    return _digest({**data, **kept})


def expanded(document: Document) -> str:
    """The SHA-256 of what a document comes to; see ``meaning``."""
    return meaning(rendered(document))


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return new_sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _path(shown: str) -> str:
    """The path of a file that is there, from the root; the name of a text that is in none."""
    return str(Path(shown).resolve()) if os.path.isfile(shown) else shown


def _weights(typed: TypedGraph, folder: Path) -> Iterator[Path]:
    """The files of weights that a spec names."""
    training = typed.graph.spec.training
    stated = [training.weights.path] if training is not None and training.weights is not None else []
    for node in typed.graph.nodes.values():
        if node.layer is not None and node.layer.record.family == "applications":
            path = node.layer["weights"]
            if isinstance(path, str) and path not in ("imagenet", "none"):
                stated.append(path)
    for one in dict.fromkeys(stated):
        if (path := folder / Path(one).expanduser()).is_file():
            yield path.resolve()


def code() -> dict[str, Path]:
    """The files of the plugins that were allowed, by their names: a package's are all its modules."""
    found: dict[str, Path] = {}
    for name, module in offered_modules().items():
        own = getattr(module, "__file__", None)
        if own is None:
            continue
        path = Path(own)
        if path.name != "__init__.py":
            found[f"{name}: {path.name}"] = path
            continue
        for one in sorted(path.parent.rglob("*.py")):
            found[f"{name}: {one.relative_to(path.parent).as_posix()}"] = one
    return found


def git(paths: Sequence[Path]) -> dict[str, Any] | None:
    """The revision of the repository in which files lie, and what of it is not committed; None without git or one.

    The first file says which repository. ``untracked`` are those of the files that it does not know.
    """
    if not paths:
        return None
    top = _git(paths[0].parent, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    root = Path(top.removesuffix("\n")).resolve()
    own = [one.relative_to(root).as_posix() for one in paths if one.is_relative_to(root)]
    said = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z")
    known = _git(root, "--literal-pathspecs", "ls-files", "-z", "--", *own)
    if said is None or known is None:
        return None
    head: dict[str, str] = {}
    changed: list[str] = []
    lines = iter(said.split("\0"))
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind == "#":
            key, _, value = rest.partition(" ")
            head[key] = value
        elif kind in ENTRIES:
            changed.append(line.split(" ", ENTRIES[kind])[-1])
            if kind == "2":
                next(lines, None)  # the name that it had
    tracked = set(known.split("\0"))
    untracked = [one for one in own if one not in tracked]
    revision = head.get("branch.oid", "(initial)")
    branch = head.get("branch.head", "(detached)")
    return {
        "revision": None if revision == "(initial)" else revision,
        "branch": None if branch == "(detached)" else branch,
        "dirty": bool(changed or untracked),
        "changed": changed[:MOST_CHANGED],
        "untracked": untracked,
    }


ENTRIES: Final = {"1": 8, "2": 9, "u": 10}
"""Kinds of lines that git says of changed files, and what stands before the name in each."""


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, None where it is not there or refuses; it writes nothing, and runs nothing of the repository."""
    command = ["git", "-C", str(folder), "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def texts(paths: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Of files of a spec: path, and ``same``, ``changed`` or ``gone``; a text that was in no file is passed over."""
    for one in paths:
        path = Path(one["path"])
        if not path.is_absolute():
            continue
        try:
            content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        except OSError:
            yield str(path), "gone"
            continue
        yield str(path), "same" if new_sha256(content).hexdigest() == one["sha256"] else "changed"

"""Paths with a protocol (``s3://…``, ``https://…``, ``zip://a.csv::b.zip``): copied to this machine, once.

The files are read through fsspec, whose packages know the protocols. Source: https://filesystem-spec.readthedocs.io/
A copy is used again as long as the other side says that the file is the same.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from glob import has_magic
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem

SHOWN: Final = 80
"""Characters of a path that a message repeats."""

PROTOCOL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+]+(://|::)")

PROTOCOLS: Final = (
    "abfs", "adl", "az", "ftp", "gcs", "gs", "hdfs", "hf", "http", "https", "memory", "oci", "oss", "s3", "s3a",
    "sftp", "smb", "ssh", "tar", "webdav", "webhdfs", "zip",
)  # fmt: skip
"""What files are fetched by. Others of fsspec's lead to further paths, or run something."""

STAMPS: Final = ("ETag", "etag", "mtime", "modified", "LastModified", "last_modified", "updated", "created", "md5Hash",
                 "Last-Modified", "date_time", "CRC")  # fmt: skip
"""What file systems call what changes with a file."""

NOT_FOUND: Final = 404
"""How a web server says so."""

_fetched: dict[str, Path] = {}


def is_remote(path: str) -> bool:
    """Whether a path names a protocol."""
    return PROTOCOL.match(path) is not None


def local(path: str, folder: Path, pointer: Pointer) -> Path:
    """The copy of a file or of a whole folder; a path of nothing where there is neither.

    Raises:
        Problem: E401 if it can't be fetched, or a package is missing for that.
    """
    system, inner = _system(path, folder, pointer)
    with _Told(path, pointer):
        about = system.info(inner)  # says why, where ``exists`` would only say that it is not
        return (_folder if about.get("type") == "directory" else _file)(path, system, inner)


def matching(path: str, folder: Path, pointer: Pointer) -> list[Path]:
    """The copies of all files that match a pattern, by name.

    Raises:
        Problem: E401 if there is none, or they can't be fetched.
    """
    system, inner = _system(path, folder, pointer)
    with _Told(path, pointer):
        names = sorted(name for name in system.glob(inner) if not system.isdir(name))
        if not names:
            raise Problem(Finding("E401", f'no file matches "{_short(path)}"', pointer))
        return [_file(f"{path}\n{name}", system, name) for name in names]


def is_pattern(path: str) -> bool:
    """Whether a path stands for several files; the question mark of a web address does not."""
    return "*" in path if path.lower().startswith("http") else has_magic(path)


def _system(path: str, folder: Path, pointer: Pointer) -> tuple[Any, str]:
    """What fsspec reads a path with, and the path as that has it."""
    protocols = [one.partition("://")[0].lower() for one in path.split("::") if "://" in one or one == path]
    protocols += [one.lower() for one in path.split("::")[:-1] if "://" not in one]
    unknown = next((one for one in protocols if one not in PROTOCOLS), None)
    if unknown is not None:
        message = f'"{_short(path)}": files are not fetched by {unknown}'
        raise Problem(Finding("E401", message, pointer, help=f"there are {', '.join(PROTOCOLS)}"))
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        message = f'"{_short(path)}" is read with the package fsspec, which is not installed'
        raise Problem(Finding("E401", message, pointer, help='pip install "keraspec[remote]"')) from None
    links = path.split("::")
    if "://" not in links[-1]:
        links[-1] = str((folder / links[-1]).resolve())
    try:
        system, inner = url_to_fs("::".join(links))
    except ImportError as error:
        message = f'"{_short(path)}" needs another package: {_reason(error)}'
        raise Problem(Finding("E401", message, pointer, help=_package(protocols))) from error
    except Exception as error:
        message = f'"{_short(path)}" can\'t be fetched: {_reason(error)}'
        raise Problem(Finding("E401", message, pointer)) from error
    return system, inner


def _package(protocols: list[str]) -> str:
    from fsspec.registry import known_implementations

    said = [known_implementations[one].get("err") for one in protocols if one in known_implementations]
    first = next((one for one in said if one), None)
    return str(first) if first else 'pip install "keraspec[remote]"'


class _Told:
    """Turns what a file system raises into a finding: each has errors of its own."""

    def __init__(self, path: str, pointer: Pointer) -> None:
        self.path = path
        self.pointer = pointer

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, Problem):
            cause = error.__cause__ or error  # a server that does not answer is no file that is not there
            message = f'"{_short(self.path)}" can\'t be fetched: {_reason(cause)}'
            if isinstance(cause, FileNotFoundError) or getattr(cause, "status", 0) == NOT_FOUND:
                message = f'there is no file "{_short(self.path)}"'
            raise Problem(Finding("E401", message, self.pointer)) from error


def _file(path: str, system: Any, inner: str) -> Path:
    about = system.info(inner)
    stamp = _stamp(about)
    known = _fetched.get(path)
    if stamp is None and known is not None and known.is_file():
        return known  # who does not say when a file changes is asked once a run
    target = _place(path, stamp) / (Path(inner.partition("?")[0]).name or "file")
    if stamp is None or not target.is_file():
        _require_room(about.get("size") or 0, target.parent)
        handle, name = tempfile.mkstemp(dir=target.parent)
        os.close(handle)
        try:
            system.get_file(inner, name)
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    _fetched[path] = target
    return target


def _folder(path: str, system: Any, inner: str) -> Path:
    found: Mapping[str, Mapping[str, Any]] = system.find(inner, detail=True)
    stamps = [(name, _stamp(about)) for name, about in sorted(found.items())]
    known = _fetched.get(path)
    unsaid = any(stamp is None for _, stamp in stamps)
    if unsaid and known is not None and known.is_dir():
        return known
    target = _place(path, None if unsaid else repr(stamps)) / (Path(inner).name or "folder")
    if unsaid or not target.is_dir():
        _require_room(sum(about.get("size") or 0 for about in found.values()), target.parent)
        temporary = Path(tempfile.mkdtemp(dir=target.parent))
        try:
            for name in found:
                parts = Path(name[len(inner) :].lstrip("/")).parts
                if ".." in parts:
                    raise OSError(f"{name} would lie outside of its folder")
                (temporary.joinpath(*parts)).parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(temporary.joinpath(*parts)))
            shutil.rmtree(target, ignore_errors=True)
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    _fetched[path] = target
    return target


def _stamp(about: Mapping[str, Any]) -> str | None:
    """What changes when a file does, as its file system says; None where it says nothing."""
    said = {key: str(about[key]) for key in STAMPS if about.get(key) is not None}
    return repr((about.get("size"), sorted(said.items()))) if said else None


def _place(path: str, stamp: str | None) -> Path:
    from ..streams import shelf

    name = sha256(f"{path}\n{stamp}".encode()).hexdigest()[:32]
    place = shelf().with_name("files") / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def _require_room(size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(f"it has {size / 2**30:.1f} GB, and {folder} has room for {free / 2**30:.1f} GB")


def _reason(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def _short(path: str) -> str:
    return path if len(path) <= SHOWN else path[: SHOWN - 1] + "…"

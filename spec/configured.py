"""The noun Settings: what a project wants of `check` and `fmt`.

It stands in keraspec.toml, or below [tool.keraspec] in pyproject.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from .document import Document, Pointer
from .finding import Diagnostic, Finding, located

OWN: Final = "keraspec.toml"
SHARED: Final = "pyproject.toml"
_SPEAKS_OF_US: Final = rb"""^\s*\[*\s*["']?(tool["']?\s*\.\s*["']?)?keraspec["']?\s*[\].=]"""
"""A quick look at a pyproject.toml: most have nothing for us, and are not read."""
KEYS: Final[Mapping[str, str]] = {
    "select": 'a list of codes, such as ["E", "W3", "W201"]',
    "ignore": 'a list of codes, such as ["W601"]',
    "per-file-ignores": 'a table PATTERN = list of codes, such as { "drafts/*" = ["W"] }',
    "exclude": 'a list of patterns, such as ["drafts", "*.old.keraspec.toml"]',
    "allow-warnings": "true or false",
    "unsafe-fixes": "true or false",
}
"""Key → what it must be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is reported, which files are passed over, and which fixes are made.

    ``select`` and ``ignore`` are codes or their beginnings, ``ALL`` for every one; of two that fit the longer
    holds. Patterns are relative to ``folder``, and their ``*`` goes over slashes too.
    """

    folder: Path | None = None
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    allow_warnings: bool = False
    unsafe_fixes: bool = False

    def wants(self, one: Diagnostic) -> bool:
        """Whether a diagnostic is to be reported; that a text or the settings can't be read always is."""
        if one.code.startswith(("E0", "E9")):
            return True
        ignored = [*self.ignore]
        for pattern, codes in self.per_file_ignores:
            if self._fits(Path(one.file), pattern):
                ignored += codes
        return _longest(self.select, one.code) > _longest(ignored, one.code)

    def excludes(self, path: Path) -> bool:
        """Whether a file found in a folder is passed over."""
        return any(self._fits(path, pattern) for pattern in self.exclude)

    def _fits(self, path: Path, pattern: str) -> bool:
        if self.folder is None:
            return False
        try:
            rest = path.absolute().relative_to(self.folder)
        except ValueError:
            return False
        whole = rest.as_posix()
        pattern = pattern.removeprefix("./").rstrip("/")
        if "/" not in pattern and any(fnmatchcase(part, pattern) for part in rest.parts):
            return True
        return fnmatchcase(whole, pattern) or fnmatchcase(whole, f"{pattern}/*")


def _longest(selectors: Iterable[str], code: str) -> int:
    """How many letters of a code the closest of the selectors names; -1 where none fits."""
    lengths = [0 if one == "ALL" else len(one) for one in selectors if one == "ALL" or code.startswith(one)]
    return max(lengths, default=-1)


class Configuration:
    """The settings of each folder, read when they are first asked for; ``diagnostics`` is what is wrong with them.

    ``select`` and ``ignore`` are those of the command line: the first stands in for that of the files, the second
    is added to theirs.
    """

    __slots__ = ("_known", "diagnostics", "ignore", "select")

    def __init__(self, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> None:
        self.select = select
        self.ignore = ignore
        self.diagnostics: list[Diagnostic] = []
        self._known: dict[Path, Settings] = {}

    def of(self, path: Path) -> Settings:
        """The settings for a file: of the nearest folder upward that has any."""
        folder = path.absolute().parent
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self._with_ours(self._found(folder))
        return known

    def _found(self, folder: Path) -> Settings:
        for one in (folder, *folder.parents):
            for name in (OWN, SHARED):
                found = self._read(one / name)
                if found is not None:
                    return found
        return Settings()

    def _with_ours(self, found: Settings) -> Settings:
        return replace(found, select=self.select or found.select, ignore=(*found.ignore, *self.ignore))

    def _read(self, path: Path) -> Settings | None:
        try:
            raw = path.read_bytes()
        except OSError:
            return None
        shared = path.name == SHARED
        if shared and re.search(_SPEAKS_OF_US, raw, re.M) is None:
            return None
        from .read import read_text

        document, findings = read_text(_shown(path), raw, "toml")
        if shared and (document is None or findings):
            return None  # others will say so; it may hold dates and the like, which specs have not
        if document is None or findings:
            self.diagnostics += (
                [located(one, document) for one in findings]
                if document is not None
                else [Diagnostic(one, one.place) for one in findings if one.place is not None]
            )
            return Settings(path.parent)
        data: Any = document.data
        at: Pointer = ()
        if shared:
            at = ("tool", "keraspec")
            data = data.get("tool", {}).get("keraspec") if isinstance(data.get("tool"), dict) else None
            if data is None:
                return None
        elif "keraspec" in data:
            return None  # a spec that is called so
        return self._checked(data, at, document, path.parent)

    def _checked(self, data: Any, at: Pointer, document: Document, folder: Path) -> Settings:
        """The settings that a table has, without those that are wrong, which are noted."""
        from .words import closest, listed, shown

        def say(message: str, pointer: Pointer, way: str | None, on_key: bool = False) -> None:
            finding = Finding("E901", message, pointer, "key" if on_key else "value", help=way)
            self.diagnostics.append(located(finding, document))

        if not isinstance(data, dict):
            say(f"`keraspec` must be a table of settings, found {shown(data)}", at, "write [tool.keraspec]")
            return Settings(folder)
        good: dict[str, Any] = {}
        for key, value in data.items():
            here = (*at, key)
            if key not in KEYS:
                near = closest(key, KEYS)
                way = f"did you mean `{near}`?" if near else f"the settings are {listed(KEYS)}"
                say(f"there is no setting `{key}`", here, way, on_key=True)
            elif not _is_of(key, value):
                say(f"`{key}` must be {KEYS[key]}, found {shown(value)}", here, None)
            else:
                good[key] = value
                for pointer, code in _selectors(key, value):
                    if (trouble := wrong_selector(code)) is not None:
                        say(f"there is no code {code!r}".replace("'", '"'), (*here, *pointer), trouble)
        table = tuple((pattern, tuple(codes)) for pattern, codes in good.get("per-file-ignores", {}).items())
        return Settings(
            folder,
            tuple(good.get("select", ("ALL",))),
            tuple(good.get("ignore", ())),
            table,
            tuple(good.get("exclude", ())),
            good.get("allow-warnings", False),
            good.get("unsafe-fixes", False),
        )


def _is_of(key: str, value: Any) -> bool:
    if key in ("allow-warnings", "unsafe-fixes"):
        return isinstance(value, bool)
    if key == "per-file-ignores":
        return isinstance(value, dict) and all(_are_texts(one) for one in value.values())
    return _are_texts(value)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _selectors(key: str, value: Any) -> list[tuple[Pointer, str]]:
    """The codes in a setting, each with the way to it."""
    if key in ("select", "ignore"):
        return [((index,), code) for index, code in enumerate(value)]
    if key == "per-file-ignores":
        return [((pattern, index), code) for pattern, every in value.items() for index, code in enumerate(every)]
    return []


def wrong_selector(code: str) -> str | None:
    """What to write instead of a code, or beginning of codes, that there is not; None where it is right."""
    from .codes import codes
    from .words import closest

    known = codes()
    if code == "ALL" or (re.fullmatch(r"[EW]\d{0,3}", code) and any(one.startswith(code) for one in known)):
        return None
    near = closest(code, known) if len(code) > 2 else None
    way = f'did you mean "{near}"? ' if near else ""
    return (
        way + "a code is a letter and three digits, E or W alone stands for all of them; `keraspec explain` lists them"
    )


def _shown(path: Path) -> str:
    """A path as people know it: below the folder in which they are."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)

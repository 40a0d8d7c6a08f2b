"""From a run folder to Verified: which spec and data made its model, and what of all that has changed since."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checked import Checked, SpecError, compile_file

if TYPE_CHECKING:
    from .comparing import Comparison
    from .runtime.verify import Recorded, Section
    from .spec.document import Document


@dataclass(frozen=True, slots=True)
class Verified:
    """What has become of all that made a model. ``comparison`` has the spec as trained beside that of now, where there
    is one; ``git`` is what the repository of the spec says now.
    """

    recorded: Recorded
    sections: tuple[Section, ...]
    comparison: Comparison | None = None
    git: dict[str, Any] | None = None

    @property
    def same(self) -> bool:
        """Whether all that could be compared is as recorded."""
        return all(one.state != "changed" for one in self.sections)

    def section(self, name: str) -> Section:
        """One section by its name.

        Raises:
            KeyError: if it was left out.
        """
        for one in self.sections:
            if one.name == name:
                return one
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        table = self.recorded.table
        return {
            "run": str(self.recorded.run),
            "same": self.same,
            "record": self.recorded.digest,
            "at": table.get("at"),
            "command": table.get("command"),
            "resumed": table.get("resumed", []),
            "spec": {
                "files": [one["path"] for one in table["spec"]["files"]],
                "settings": list(self.recorded.settings),
                "sha256": table["spec"]["sha256"],
                "changes": None if self.comparison is None else self.comparison.to_json(),
            },
            "git": {"then": table.get("git"), "now": self.git},
            "sections": {one.name: one.table() for one in self.sections},
        }


def verify(
    run: str | Path,
    spec: str | Path | None = None,
    *,
    data: Any = None,
    validation: Any = None,
    rows: bool = False,
    skip: Collection[str] = (),
) -> Verified:
    """Compare a run folder, and all that went into it, with what its record says.

    Args:
        run: a run folder.
        spec: the spec to compare with, whose folder is also where its data are looked for; left out: the file that was
            trained. What was set on the command line is laid over it again.
        data: the arrays ``(x, y)``, of a run that was trained on such; ``validation`` as for ``train``.
        rows: whether the data are prepared again, to compare the very rows.
        skip: sections that are left out, of ``runtime.verify.SECTIONS``.

    Raises:
        RunError: if it is no run folder with a model and a record.
        SpecError: if rows are to be compared, and what there is now can't be read.
        OSError: if ``spec`` can't be read.
    """
    from .runtime.verify import SECTIONS, look, recorded

    found = recorded(Path(run))
    given = None if spec is None else Path(spec)
    folder = None if given is None else given.resolve().parent
    sections: list[Section] = []
    comparison = None
    for name in SECTIONS:
        if name in skip:
            continue
        if name == "spec":
            section, comparison = _spec(found, given)
            sections.append(section)
        elif name != "rows":
            sections.append(look(found, name, folder))
        elif rows or data is not None:
            sections.append(_rows(found, folder, data, validation))
    return Verified(found, tuple(sections), comparison, _git(found, given))


def _git(found: Recorded, given: Path | None) -> dict[str, Any] | None:
    from .runtime.provenance import git

    path = given or found.spec
    return git([path.resolve()]) if path is not None and path.is_file() else None


def _spec(found: Recorded, given: Path | None) -> tuple[Section, Comparison | None]:
    """Whether the spec still says what was trained, however it is written."""
    from .comparing import compare
    from .compiler.diff.wording import edited, following, title
    from .runtime.provenance import texts
    from .runtime.verify import Item, Section
    from .spec.overlay import OverrideError
    from .training import as_trained

    path = given or found.spec
    told = f" with {' '.join(f'--set {one}' for one in found.settings)}" if found.settings else ""
    if path is None:
        return Section("spec", "unknown", "a text that was in no file; name one to compare with: --spec FILE"), None
    shown = _short(path)
    if given is None and not path.is_file():
        way = "name the file that it is now: --spec FILE"
        return Section("spec", "changed", f"{shown}{told}", (Item("-", shown, f"gone; {way}"),)), None
    try:
        now = compile_file(path, found.settings)
    except OverrideError as error:
        return Section("spec", "changed", f"{shown}{told}", (Item("~", shown, str(error)),)), None
    if not now.errors and now.document is not None and found.table["spec"]["sha256"] in _sums(now.document):
        others = [one for one, state in texts(found.table["spec"]["files"]) if state != "same"] if given is None else []
        rewritten = f"; written differently: {', '.join(_short(Path(one)) for one in others)}" if others else ""
        return Section("spec", "same", f"{shown}{told}{rewritten}"), None
    try:
        both = compare(as_trained(found.run), now, ("as trained", shown))
    except SpecError:
        return Section("spec", "changed", f"{shown}{told}", (Item("~", shown, "can't be read as a spec"),)), None
    if both.same and not now.errors:
        return Section("spec", "same", f"{shown}{told}; written differently, same meaning"), both
    lines = [*edited(both.changes), *following(both.changes)]
    items = [Item(one.sign, one.subject, one.words) for one in lines]
    if now.errors:
        count = len(now.errors)
        items.append(Item("~", shown, f"has {count} error{'' if count == 1 else 's'}: see `keraspec check`"))
    return Section("spec", "changed", f"{shown}{told}; {title(both.changes)}", tuple(items)), both


def _sums(document: Document) -> tuple[str, ...]:
    """The hash of what a spec comes to; none where it can't be written out, and only comparing it helps."""
    from .runtime.provenance import expanded

    try:
        return (expanded(document),)
    except ValueError:
        return ()


def _rows(found: Recorded, folder: Path | None, data: Any, validation: Any) -> Section:
    from .runtime.verify import rows
    from .spec.problem import Problem
    from .training import as_trained

    checked: Checked = as_trained(found.run).asked()
    if checked.errors or checked.typed is None:
        raise SpecError(checked.diagnostics)
    at = folder or Path(found.table["data"]["folder"])
    try:
        return rows(found, checked.typed, data, validation, folder=at)
    except Problem as problem:
        raise checked.error(problem) from problem


def _short(path: Path) -> str:
    """A path as it is shorter: from where one stands, or from the root."""
    try:
        near = os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)
    return near if not near.startswith("..") else str(path)

"""From the outcomes of many specs to Verdict: what a project wants to hear of, and whether the check fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .spec.configured import Configuration
from .spec.finding import Diagnostic

if TYPE_CHECKING:
    from .batch import Outcome
    from .spec.reports.reported import Reported


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check came to.

    ``files`` are the specs that were checked, ``closed`` tells why others can't be opened, ``failed`` is whether any
    finding counts: an error, or a warning where warnings are not welcome. ``welcome`` has those that do not count.
    """

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[Path, ...]
    closed: tuple[OSError, ...]
    failed: bool
    welcome: frozenset[int] = field(default=frozenset(), repr=False)

    def reported(self, root: Path | None = None) -> Reported:
        """What the reports for other programs are made of, its paths relative to the root of the repository."""
        from .spec.reports.reported import Reported

        return Reported.of(self.diagnostics, self.files, root, lambda one: id(one) not in self.welcome)


def judged(
    outcomes: Iterable[tuple[Path, Outcome]], configuration: Configuration, allow_warnings: bool = False
) -> Verdict:
    """Keep of each spec's diagnostics those that its settings want; what is wrong with the settings comes last."""
    found: list[Diagnostic] = []
    files: list[Path] = []
    closed: list[OSError] = []
    welcome: set[int] = set()
    failed = False
    for path, outcome in outcomes:
        if isinstance(outcome, OSError):
            closed.append(outcome)
            continue
        files.append(path)
        wanted = configuration.of(path)
        kept = [one for one in outcome if wanted.wants(one)]
        if allow_warnings or wanted.allow_warnings:
            welcome.update(id(one) for one in kept if one.severity == "warning")
        failed = failed or any(id(one) not in welcome for one in kept)
        found += kept
    found += configuration.diagnostics
    failed = failed or bool(configuration.diagnostics)
    return Verdict(tuple(found), tuple(files), tuple(closed), failed, frozenset(welcome))

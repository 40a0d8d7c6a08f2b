"""The noun Subject: what `make oracle` draws cases of, and compares with Keras.

A test file of this folder takes part by what it offers: ``PLANS``, a tuple of `Plan`, each of which becomes a
subject; and, where a Plan is not the right form, ``soak_cases()``, a function without arguments that gives an
iterable of `Subject`. Both are asked for again in every worker process, so they must give the same each time.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from drawing import Plan, case_at
from oracle import DIFFERENCES, SORT, Verdict, judge

from keraspec.compiler.catalogue import MODULES, family

SURE = 100
"""So many cases of each object are all run on real arrays; from there on every THEN-th, and what one side refuses."""
THEN = 10
NOT_OF_KERAS = frozenset({"sources"})
"""Families of the catalogue that are keraspec's own: there is no oracle for them."""


@dataclass(frozen=True)
class Subject:
    """One object of the catalogue, and how to try it.

    ``name`` is its family and its name (``layers.Dense``, ``ops.add``, ``applications.ResNet50``). ``draw`` makes
    the case of a seed and an index; its text says all that there is to it, for cases of the same text are run once.
    ``judge`` runs a case. ``reasons``: differences known of this object beforehand; one that never occurs
    is reported as stale. ``richness``: how many different things can be varied. ``most``: the number of indices
    that give a case, where it is bounded. ``unsaid``: what is not covered here, and why.
    """

    name: str
    draw: Callable[[int, int], Any]
    judge: Callable[[Any], Verdict]
    reasons: tuple[str, ...] = ()
    richness: int = 1
    most: int | None = None
    arguments: tuple[str, ...] = ()
    unsaid: Mapping[str, str] | None = None

    @property
    def family(self) -> str:
        """The family in front of the name."""
        return self.name.partition(".")[0]


def subjects() -> dict[str, Subject]:
    """All subjects by name, in the order of the files that offer them; see `broken` for files that offer nothing.

    Raises:
        ValueError: if two files offer the same name through ``soak_cases``.
    """
    found: dict[str, Subject] = {}
    for one in _offered():
        if one.name in found:
            raise ValueError(f"two subjects are called {one.name}")
        found[one.name] = one
    return found


def _offered() -> Iterator[Subject]:
    taken: dict[str, int] = {}
    for module in _modules()[0]:
        for plan in getattr(module, "PLANS", ()):
            one = of_plan(plan)
            taken[one.name] = taken.get(one.name, 0) + 1
            yield one if taken[one.name] == 1 else of_plan(plan, f"{one.name} ({taken[one.name]})")
        yield from getattr(module, "soak_cases", tuple)()


@cache
def _modules() -> tuple[list[Any], dict[str, str]]:
    """The test files, and those that could not be read with the reason: the others are run all the same."""
    found, broken = [], {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        try:
            found.append(importlib.import_module(path.stem))
        except Exception as error:
            broken[path.name] = f"could not be read: {type(error).__name__}: {error}"
    return found, broken


def broken() -> dict[str, str]:
    """The test files that could not be read, with the reason."""
    return _modules()[1]


def of_plan(plan: Plan, name: str | None = None) -> Subject:
    """The subject that a plan describes."""
    record = plan.record
    arguments = [argument.name for argument in record.arguments]
    full = record.name if record.family in ("ops", "applications") else f"{record.family}.{record.name}"
    unsaid = dict.fromkeys(sorted(plan.skip), "left out by its plan")
    if not plan.eager:
        unsaid["real arrays"] = "never run: its plan says that it cannot be"
    return Subject(
        name or full,
        partial(_drawn, plan),
        partial(judge, plan),
        (*plan.known, *plan.stuck),
        1 + len(arguments) + len(record.ports) + len(record.options),
        arguments=tuple(name for name in arguments if name not in plan.skip),
        unsaid=unsaid,
    )


def _drawn(plan: Plan, seed: int, index: int) -> Any:
    """The case of an index. Runs on real arrays cost most: where both sides agree, later cases are run now and then."""
    return replace(case_at(plan, index, seed), real=index < SURE or index % THEN == 0)


def uncovered(names: Iterable[str]) -> dict[str, str]:
    """The records of the catalogue that no subject tries: name → why; an empty text where there is no reason."""
    tried = {name.partition(" (")[0] for name in names}
    found = {}
    for home in MODULES:
        if home in NOT_OF_KERAS:
            continue
        for record in family(home).values():
            full = record.name if record.name.startswith(f"{home}.") else f"{home}.{record.name}"
            if full not in tried:
                because = f" ({record.because})" if record.because else ""
                found[full] = f"refused{because}: {record.refused}" if record.refused else ""
    return found


__all__ = ["DIFFERENCES", "SORT", "Subject", "Verdict", "of_plan", "subjects", "uncovered"]

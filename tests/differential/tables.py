"""From the results of `make oracle` to its table: a line an object, on the screen and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oracle import DIFFERENCES
from subjects import Subject, broken, uncovered

COLUMNS = ("object", "cases", "accepted", "refused", "on the list", "disagree", "ms")
PHASES = {
    "wall": "by the clock", "all": "of processor time, of which", "ours": "for our side",
    "symbolic": "for Keras' symbolic call", "eager": "for runs on real arrays",
}  # fmt: skip
SHOWN = 12
"""Disagreements that are printed in full."""


@dataclass(frozen=True)
class Line:
    """One object: the numbers of its cases, and the milliseconds of processor time of one."""

    name: str
    cases: int
    accepted: int
    refused: int
    listed: int
    wrong: int
    ms: float

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        numbers = (f"{n:,}" for n in (self.cases, self.accepted, self.refused, self.listed, self.wrong))
        return (self.name, *numbers, f"{self.ms:.1f}")


@dataclass(frozen=True)
class Table:
    """All that there is to say of a run."""

    about: str
    lines: tuple[Line, ...]
    totals: tuple[Line, ...]
    phases: str
    reasons: tuple[tuple[str, str, int], ...]
    stale: tuple[tuple[str, str], ...]
    gaps: tuple[tuple[str, str], ...]
    partly: tuple[tuple[str, str], ...]
    found: tuple[tuple[str, int, Mapping[str, Any]], ...]
    wrong: int


def figures(results: Mapping[str, Any], every: Mapping[str, Subject], whole: Iterable[str], *, partial: bool) -> Table:
    """Count a run together. ``whole``: the names of all objects that can be tried; ``partial``: only some were."""
    done = {name: results["subjects"][name] for name in every if name in results["subjects"]}
    lines = tuple(_line(name, [one]) for name, one in done.items())
    families = dict.fromkeys(every[name].family for name in done)
    totals = tuple(
        _line(home, [one for name, one in done.items() if every[name].family == home]) for home in families
    )  # fmt: skip
    total = _line("all", list(done.values()))
    unread = broken()
    gaps = tuple(unread.items()) + (() if partial else tuple(uncovered(whole).items()))
    holes = [name for name, why in gaps if not why or name in unread]
    counts: Counter[tuple[str, str]] = Counter()
    for name, one in done.items():
        for why, number in one["reasons"].items():
            counts["everything" if why in DIFFERENCES else name, why] += number
    occurred = {why for one in done.values() for why, number in one["reasons"].items() if number}
    missing = list({why: name for name in done for why in every[name].reasons if why not in occurred}.items())
    seconds: Counter[str] = Counter()
    for one in done.values():
        seconds.update(one["seconds"])
    each = {name: f"{1000 * value / max(1, total.cases):.1f}" for name, value in seconds.items()}
    spent = ", ".join(f"{each.get(name, 0)} {phase}" for name, phase in PHASES.items())
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return Table(
        f"{total.cases:,} cases of {len(done)} objects, seed {results['seed']}, in {results['seconds'] / 60:.0f} "
        f"minutes; {versions}",
        lines,
        (*totals, total),
        f"Milliseconds a case: {spent}",
        tuple((name, why, number) for (name, why), number in sorted(counts.items())),
        tuple(missing),
        gaps,
        tuple(_partly(done, every)),
        tuple((name, results["seed"], found) for name, one in done.items() for found in one["found"]),
        total.wrong + len(holes),
    )


def _line(name: str, ones: list[Mapping[str, Any]]) -> Line:
    sums: Counter[str] = Counter()
    for one in ones:
        sums.update(one["outcomes"])
    spent = sum(one["seconds"].get("all", 0) for one in ones)
    return Line(
        name, sums["cases"], sums["accepted"], sums["refused"], sums["sharper"], sums["disagree"],
        1000 * spent / max(1, sums["cases"]),
    )  # fmt: skip


def _partly(done: Mapping[str, Any], every: Mapping[str, Subject]) -> Iterable[tuple[str, str]]:
    """What of an object was not tried although the object was."""
    for name, one in done.items():
        for what, why in (every[name].unsaid or {}).items():
            yield f"{name}: {what}", why
        for argument in every[name].arguments:
            if not one["written"].get(argument) and argument not in (every[name].unsaid or {}):
                yield f"{name}: {argument}", "no case wrote it"


def as_table(table: Table) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table as Grid

    console = Console(width=None if Console().is_terminal else 140)
    grid = Grid(title=table.about, title_justify="left")
    for index, column in enumerate(COLUMNS):
        grid.add_column(column, justify="right" if index else "left")
    for line in table.lines:
        grid.add_row(*line.cells(), style="red" if line.wrong else None)
    grid.add_section()
    for line in table.totals:
        grid.add_row(*line.cells(), style="bold")
    console.print(grid)
    console.print(table.phases, highlight=False)
    for title, rows in _lists(table):
        console.print(f"\n[bold]{title}[/bold]")
        for row in rows:
            console.print(f"  {row}", markup=False, highlight=False)


def _lists(table: Table) -> Iterable[tuple[str, list[str]]]:
    if table.reasons:
        yield (
            "The list: where we differ, why, and how often",
            [f"{name}: {why}: {number:,}" for name, why, number in table.reasons],
        )
    if table.stale:
        yield "Stale: on the list, but it never occurred", [f"{why} (as of {name})" for why, name in table.stale]
    if table.gaps:
        yield "Not covered", [f"{name}: {why or 'NOBODY TRIES IT, AND NO REASON IS GIVEN'}" for name, why in table.gaps]
    if table.partly:
        yield "Not covered of what is covered otherwise", [f"{name}: {why}" for name, why in table.partly]


def disagreements(table: Table) -> None:
    """Print the first disagreements in full, each with the command that repeats it."""
    shown: Counter[str] = Counter()
    for name, seed, found in table.found:
        shown[name] += 1
        if shown[name] > 2 or len(shown) > SHOWN:
            continue
        print(f"\n{name}: {found['case']}")
        for problem in found["problems"]:
            print("    " + problem.replace("\n", "\n    "))
        print(f"    again: soak.py --only '{name}' --seed {seed} --case {found['index']}")
    if table.wrong:
        print(f"\n{table.wrong} disagreements that are not on the list")


def as_markdown(table: Table) -> str:
    """The table for the documentation."""
    rows = ["# What `make oracle` found", "", f"{table.about}. {table.phases}.", "", _row(COLUMNS)]
    rows.append(_row("---" if not index else "---:" for index in range(len(COLUMNS))))
    rows += [_row(line.cells()) for line in (*table.lines, *table.totals)]
    for title, lines in _lists(table):
        rows += ["", f"## {title}", "", *(f"- {line}" for line in lines)]
    return "\n".join(rows) + "\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

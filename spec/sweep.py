"""The noun Sweep: which values of a spec are searched over, and how; read from the `sweep` section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from .document import Pointer

AT: Final[Pointer] = ("sweep",)
TRIALS: Final = 20
"""So many candidates are trained where a spec says neither how many nor for how long."""

_DOTTED: Final = re.compile(r"'(?:\\.|[^'\\])*'|[^\W\d][\w-]*(?:\.[\w-]+)+")


@dataclass(frozen=True, slots=True)
class Swept:
    """One value that is searched over: numbers from ``low`` to ``high``, both included, or one of ``choices``.

    ``path`` leads to it, as that of a setting of the command line does. Numbers are whole where both bounds and
    ``step`` are; with ``log`` small numbers are tried as often as large ones. ``when`` is an expression over the
    paths of others: where it is false, the value stays as the spec has it.
    """

    path: str
    low: float | None
    high: float | None
    step: float | None
    log: bool
    choices: tuple[Any, ...]
    when: str | None
    pointer: Pointer

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole ones."""
        return all(one is None or isinstance(one, int) for one in (self.low, self.high, self.step))

    @property
    def name(self) -> str:
        """The path as an expression can have it."""
        return as_name(self.path)

    @property
    def condition(self) -> str | None:
        """``when``, with a name for each path in it: as long as it was, so that places in it are the same."""
        if self.when is None:
            return None
        return _DOTTED.sub(lambda found: found[0] if found[0][0] == "'" else as_name(found[0]), self.when)

    def setting(self, value: Any) -> str:
        """The setting that gives it a value."""
        from .to_toml import verbatim, written

        return f"{self.path}={written(verbatim(value), broken=False)}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What `[sweep]` says. ``direction`` is None where it follows from the metric; ``minutes`` are for all trials
    together. ``sampler`` and ``pruner`` are names of Optuna's, or tables with ``type`` and their arguments.
    """

    over: tuple[Swept, ...]
    metric: str
    direction: Literal["maximize", "minimize"] | None
    trials: int | None
    minutes: float | None
    sampler: Mapping[str, Any]
    pruner: Mapping[str, Any]
    seed: int
    storage: str


def as_name(path: str) -> str:
    """A path as one word."""
    return re.sub(r"\W", "_", path)


def named(stated: Any) -> Mapping[str, Any]:
    """An object of Optuna's as a table, however it was written."""
    return stated if isinstance(stated, Mapping) else {"type": stated}


def sweep_of(table: Mapping[str, Any]) -> Sweep:
    """What a section says that was found right; ranges without bounds have been reported and are left out."""
    over = []
    stated = table.get("over")
    for path, one in stated.items() if isinstance(stated, Mapping) else ():
        ranged = isinstance(one, Mapping) and "low" in one and "high" in one
        if isinstance(one, Mapping) and (ranged or "choices" in one):
            over.append(_swept(path, one))
    return Sweep(
        tuple(over),
        table.get("metric", "val_loss"),
        table.get("direction"),
        None if table.get("trials") is None else int(table["trials"]),
        None if table.get("minutes") is None else float(table["minutes"]),
        named(table.get("sampler", "TPESampler")),
        named(table.get("pruner", "MedianPruner")),
        int(table.get("seed", 0)),
        table.get("storage", "sweep.db"),
    )


def _swept(path: str, table: Mapping[str, Any]) -> Swept:
    return Swept(
        path,
        table.get("low"),
        table.get("high"),
        table.get("step"),
        table.get("log", False),
        tuple(table.get("choices", ())),
        table.get("when"),
        (*AT, "over", path),
    )

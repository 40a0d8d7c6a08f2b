"""The exception UnfitError: a converter met something that its format has no means for."""

from __future__ import annotations


class UnfitError(Exception):
    """What can't be converted, in words; ``traces`` are names of operations, in which names of layers stand."""

    def __init__(self, message: str, traces: tuple[str, ...] = (), help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.traces = traces
        self.help = help

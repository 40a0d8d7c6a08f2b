"""From columns of lists to what is odd in them: rows that have none of what the others have."""

from __future__ import annotations

from collections.abc import Iterator

from .label_lists import are_lists, lengths_of
from .table import Table


def oddities(table: Table, name: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str, str, str]]:
    """What is odd in the lists that feed an input, in the order of a Suspicion's fields."""
    for column in columns:
        values = table.columns[column]
        if not are_lists(values):
            continue
        lengths = lengths_of(values)
        count = int((lengths == 0).sum())
        if count and lengths.any():
            more = f" and {count - 1} more" if count > 1 else ""
            yield (
                "empty lists",
                f"input {name}",
                f"`{column}` has an empty list ({table.place(int(lengths.argmin()))}{more}): all steps of such a row "
                "are filled up, and where a mask leaves them out, an average over the others is NaN, which spoils the "
                "whole training",
                'leave such rows out of the file, or put something into the list that stands for "nothing"',
            )

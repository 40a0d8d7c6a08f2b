"""Columns of labels, laid down before all labels are known: what lies there, and the rows in which each was new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from .cells import is_arrow
from .label_lists import are_lists, as_lists, word_of
from .labels import ClassError
from .table import Values

if TYPE_CHECKING:
    import numpy as np

    from .laid import Layer

    Array = np.ndarray[Any, np.dtype[Any]]


MOST_LABELS: Final = 2**20
"""More different labels than this are no classes."""


class Lists:
    """Lists of labels, or as many labels in each row, and the rows in which each was seen first.

    In a piece of the source rows may happen to have as many labels each, and come side by side.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.rows: list[int] = []
        self.first: list[Sequence[int]] = []
        self.labels: list[Any] = []
        self.places: dict[str, int] = {}
        self.widths: set[int] = set()
        """Of pieces with as many labels in each row; -1 where there were lists."""

    def add(self, values: Values, rows: Array) -> None:
        """More cells, with the numbers of their rows."""
        import numpy as np

        self.widths.add(-1 if are_lists(values) else values.shape[1])
        coded = []
        for row, cell in zip(rows.tolist(), as_lists(values), strict=True):
            labels = cell.tolist() if hasattr(cell, "tolist") else cell
            before = len(self.labels)
            codes = [self._place(label) for label in labels]
            if len(self.labels) > before:
                self.first.append(codes)
                self.rows.append(row)
            coded.append(np.array(codes, np.int32))
        require_few(self.labels)
        alike = len({len(one) for one in coded}) == 1
        self.layer.add(np.stack(coded) if alike else coded)

    def _place(self, label: Any) -> int:
        word = word_of(label)
        if word not in self.places:
            self.places[word] = len(self.labels)
            self.labels.append(label)
        return self.places[word]

    def examples(self) -> Values:
        """Rows in which there is every label."""
        return self._cells([[self.labels[one] for one in codes] for codes in self.first])

    def decoded(self, codes: Array, lengths: Array | None) -> Values:
        """Rows as they were, from those that were laid down; ``lengths`` of such as were filled up."""
        ends = [codes.shape[1]] * len(codes) if lengths is None else lengths.tolist()
        rows = zip(codes.tolist(), ends, strict=True)
        return self._cells([[self.labels[one] for one in row[:end]] for row, end in rows])

    def _cells(self, rows: Sequence[list[Any]]) -> Values:
        """Lists, unless all rows of the source have as many labels: those come side by side."""
        import numpy as np

        if len(self.widths) == 1 and -1 not in self.widths:
            (width,) = self.widths
            return np.array(rows, None if self._numbers else object).reshape(len(rows), width)
        found = np.empty(len(rows), object)
        found[:] = rows
        return found

    @property
    def _numbers(self) -> bool:
        return all(isinstance(label, (int, float)) for label in self.labels)


class Column:
    """One column of labels, and the rows in which each was seen first."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.rows: list[int] = []
        self.places: dict[Any, int] = {}
        self.first: list[Any] = []
        self.text = False

    def add(self, values: Values, rows: Array, lengths: Array | None = None) -> None:
        """More cells, with the numbers of their rows; ``lengths`` of rows that were filled up to the longest."""
        if is_arrow(values):
            self._text(values, rows)
        else:
            self._numbers(values, rows)
            self.layer.add(values if lengths is None else cut(values, lengths))
        require_few(self.rows)

    def _text(self, values: Values, rows: Array) -> None:
        import numpy as np
        import pyarrow as pa

        self.text = True
        coded = values.combine_chunks().dictionary_encode()
        coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
        words, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False)
        places = np.empty(len(words), np.int32)
        firsts = np.unique(codes, return_index=True)[1]
        for index, word in enumerate(words):
            if word not in self.places:
                self.places[word] = len(self.first)
                self.first.append(word)
                self.rows.append(int(rows[firsts[index]]))
            places[index] = self.places[word]
        self.layer.add(places[codes])

    def _numbers(self, values: Array, rows: Array) -> None:
        import numpy as np

        flat = values.reshape(len(values), -1)
        found, where = np.unique(flat, return_index=True)
        fresh = [index for index, one in enumerate(found.tolist()) if one not in self.places]
        for index in fresh:
            self.places[found[index].item()] = len(self.places)
        for row in dict.fromkeys(int(where[index]) // max(1, flat.shape[1]) for index in fresh):
            self.first.append(values[row])
            self.rows.append(int(rows[row]))

    def examples(self) -> Values:
        """A row for every label."""
        import numpy as np
        import pyarrow as pa

        if self.text:
            return pa.chunked_array([pa.array(self.first, pa.string())])
        return np.stack(self.first) if len({one.shape for one in self.first}) == 1 else np.array(self.first, object)

    def decoded(self, values: Any, lengths: Array | None = None) -> Values:
        """Rows as they were, from those that were laid down."""
        import pyarrow as pa

        if not self.text:
            return values
        return pa.chunked_array([pa.array(self.first, pa.string()).take(pa.array(values))])


def cut(rows: Array, lengths: Array) -> list[Array]:
    """Rows without what they were filled up with."""
    return [row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)]


def require_few(labels: Sequence[Any]) -> None:
    """Make sure that so many labels can be classes.

    Raises:
        ClassError: if they are too many.
    """
    if len(labels) > MOST_LABELS:
        raise ClassError(
            f"has more than {MOST_LABELS} different labels", "for numbers that are no classes, use another loss"
        )

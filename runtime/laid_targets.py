"""What outputs are compared with, laid down in files: labels become numbers once all of them have been seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from .cells import is_arrow
from .columns import Binding
from .deferred import Deferred, Every
from .label_lists import are_lists
from .labels import ALIKE, BINARY, CATEGORICAL, HINGE, SPARSE, ClassError, Encoding, Head, encoded, learn
from .laid import HELD_BYTES, Laid, Layer, first_sizes, longest, opened
from .laid_files import FileLayer, LaidFiles, is_opened_late, require_size
from .pending import are_masks, of_masks
from .table import Values
from .tensors import MisfitError

if TYPE_CHECKING:
    import numpy as np

    from .gathered import Gathered

    Array = np.ndarray[Any, np.dtype[Any]]

MOST_LABELS: Final = 2**20
"""More different labels than this are no classes."""

AT_ONCE: Final = 2**16
"""Rows that are encoded together."""

FEW: Final = 32
"""Masks that are encoded together."""


@dataclass(frozen=True, slots=True)
class LaidTarget:
    """How a target lies in its files. ``coded``: what is there are places in a table of labels that are encoded.

    Of files with pictures or sounds there are the cells that name them; of masks what is in them, of which ``most`` is
    the largest number. They become what the loss compares with when a batch is read.
    """

    encoding: Encoding
    laid: Laid | LaidFiles
    coded: bool = False
    most: int | None = None

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)

    @staticmethod
    def read(told: Mapping[str, Any]) -> LaidTarget:
        """From what ``plain`` gave."""
        one = told["encoding"]
        classes = None if one["classes"] is None else tuple(one["classes"])
        encoding = Encoding(one["form"], classes, tuple(one["shape"]), one["dtype"])
        laid = LaidFiles.read(told["laid"]) if "what" in told["laid"] else Laid.read(told["laid"])
        return LaidTarget(encoding, laid, told["coded"], told["most"])

    def opened(self, folder: Path, name: str, binding: Binding, head: Head) -> Any:
        """The target's rows, as the loss takes them."""
        import numpy as np

        if isinstance(self.laid, LaidFiles):
            return self._late(self.laid.opened(folder, name)[0], binding, head, lambda values: values)
        if self.most is not None:
            most = self.most
            masks = opened(folder, name, self.laid)
            return self._late(masks, binding, head, lambda values: of_masks(values, head, most))
        if not self.coded:
            sizes: tuple[int | None, ...] = self.laid.sizes
            if self.laid.kind == "unequal":
                sizes = longest(folder, name)
                if len(head.shape) > 1 and not isinstance(head.shape[0], int):  # as long as the inputs of the batch
                    sizes = (None, *sizes[1:])
            return opened(folder, name, self.laid, sizes, binding.pad)
        table = np.load(folder / f"{name}.table.npy", allow_pickle=False)
        codes = opened(folder, name, self.laid)
        if not isinstance(codes, Deferred) and len(codes) * table[:1].nbytes <= HELD_BYTES:
            return table[codes]
        return Deferred(lambda rows: table[codes[rows]], Every(len(codes)), table.shape[1:], table.dtype)

    def _late(self, values: Any, binding: Binding, head: Head, made: Callable[[Any], Any]) -> Deferred:
        """Rows that are encoded when they are read."""
        import numpy as np

        def read(rows: Array) -> Array:
            return encoded([(binding.columns[0], made(values[rows]))], head, self.encoding)

        few = np.zeros((1, *values.shape[1:]), values.dtype)
        one = encoded([(binding.columns[0], made(few))], head, self.encoding)
        return Deferred(read, Every(len(values)), one.shape[1:], one.dtype)


class TargetLayer(Protocol):
    """Lays the rows of one target down."""

    @property
    def seen(self) -> Array:
        """The rows that ``close`` speaks of, where it raises."""

    def add(self, ready: Gathered, rows: Array) -> None:
        """More rows, with their numbers among all of the source.

        Raises:
            MisfitError: if they do not fit.
        """

    def close(self) -> LaidTarget:
        """End the files.

        Raises:
            MisfitError: if the labels can't be what the head gives; its index is one of ``seen``.
        """


def target_layer(folder: Path, name: str, head: Head, binding: Binding, stack: ExitStack) -> TargetLayer:
    """What lays a target down: as it comes where the loss compares numbers, else when all labels are known."""
    if is_opened_late(binding):
        return _Pictures(folder, name, head, binding, stack)
    if binding.encode is not None or head.loss in SPARSE | CATEGORICAL | BINARY | HINGE | ALIKE:
        return _Labels(folder, name, head, binding, stack)
    return _Numbers(folder, name, head, binding, stack)


def known_layer(
    encoding: Encoding, folder: Path, name: str, head: Head, binding: Binding, stack: ExitStack
) -> TargetLayer:
    """What lays a target down whose encoding is known: that of a model that is trained already."""
    if is_opened_late(binding):
        return _Pictures(folder, name, head, binding, stack, encoding)
    return _Numbers(folder, name, head, binding, stack, encoding)


class _Numbers:
    """What can be encoded at once: nothing hangs on the rows that follow."""

    def __init__(
        self,
        folder: Path,
        name: str,
        head: Head,
        binding: Binding,
        stack: ExitStack,
        encoding: Encoding | None = None,
    ) -> None:
        self.layer = Layer(folder, name, stack)
        self.head = head
        self.binding = binding
        self.encoding = encoding

    @property
    def seen(self) -> Array:
        import numpy as np

        return np.zeros(1, np.int64)

    def add(self, ready: Gathered, rows: Array) -> None:
        columns = ready.target(self.binding, self.head)
        self.encoding = self.encoding or learn(columns, self.head, None)
        made = encoded(columns, self.head, self.encoding)
        lengths = ready.steps(self.binding, self.head)
        self.layer.add(made if lengths is None or made.ndim < 2 else cut(made, lengths))

    def close(self) -> LaidTarget:
        assert self.encoding is not None
        return LaidTarget(self.encoding, self.layer.close())


class _Pictures:
    """Files: masks are laid down as they are in them, and pictures and sounds stay where they are."""

    def __init__(
        self,
        folder: Path,
        name: str,
        head: Head,
        binding: Binding,
        stack: ExitStack,
        encoding: Encoding | None = None,
    ) -> None:
        self.head = head
        self.binding = binding
        self.encoding = encoding
        self.most = 0
        assert binding.decode is not None
        self.masks = are_masks(binding.decode["type"], head)
        self.layer: Layer | FileLayer = Layer(folder, name, stack) if self.masks else FileLayer(folder, name, stack)

    @property
    def seen(self) -> Array:
        import numpy as np

        return np.zeros(1, np.int64)

    def add(self, ready: Gathered, rows: Array) -> None:
        import numpy as np

        key: Final = ("target", self.binding.name)
        values, column = ready.opened[key], self.binding.columns[0]
        if isinstance(self.layer, Layer):
            if self.layer.runs:
                require_size(self.binding, self.layer.runs[0][1:], values.shape[1:])
            self.most = max(self.most, int(values.max(initial=0)))
            for start in range(0, len(values), FEW):  # whether they fit
                self._encoded(column, of_masks(values[start : start + FEW], self.head, self.most))
            self.layer.add(values)
            return
        if None in values.sizes:
            raise MisfitError(
                "holds sounds of any length, and the output is compared with such of one",
                "`cache = true` in [data] fills them up to the longest of all",
            )
        self._encoded(column, np.zeros((1, *values.sizes), values.dtype))
        self.layer.add(self.binding, ready.files[key], values)

    def _encoded(self, column: str, values: Array) -> None:
        """What these are compared as; nothing is kept of it."""
        self.encoding = self.encoding or learn([(column, values)], self.head, None)
        encoded([(column, values)], self.head, self.encoding)

    def close(self) -> LaidTarget:
        assert self.encoding is not None
        return LaidTarget(self.encoding, self.layer.close(), most=self.most if self.masks else None)


class _Labels:
    """Labels: their columns are laid down as they are, text as a place in the list of those that were seen.

    One row for every label that was seen first in it stands for all: from them is learned what the labels mean.
    """

    def __init__(self, folder: Path, name: str, head: Head, binding: Binding, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.name = name
        self.head = head
        self.binding = binding
        self.columns = {
            column: _Column(Layer(folder, f"{name}_column{index}", stack))
            for index, column in enumerate(binding.columns)
        }

    @property
    def seen(self) -> Array:
        import numpy as np

        first = next((one for one in self.columns.values() if one.rows), None)
        return np.array(first.rows if first is not None else [0], np.int64)

    def add(self, ready: Gathered, rows: Array) -> None:
        lengths = ready.steps(self.binding, self.head)
        for name, values in ready.target(self.binding, self.head):
            if are_lists(values):
                raise MisfitError(
                    "holds lists of labels, and all of them must be known before the first row is laid down",
                    "`cache = true` in [data] keeps them in memory",
                )
            self.columns[name].add(values, rows, lengths)

    def close(self) -> LaidTarget:
        import numpy as np

        known = [(name, one.examples()) for name, one in self.columns.items()]
        encoding = learn(known, self.head, self.binding.encode)
        laid = [one.layer.close() for one in self.columns.values()]
        stems = [f"{self.name}_column{index}" for index in range(len(laid))]
        if len(laid) == 1 and is_arrow(known[0][1]):
            table = encoded(known, self.head, encoding)
            np.save(self.folder / f"{self.name}.table.npy", table, allow_pickle=False)
            (self.folder / f"{stems[0]}.values").rename(self.folder / f"{self.name}.values")
            return LaidTarget(encoding, laid[0], coded=True)
        layer = Layer(self.folder, self.name, self.stack)
        unequal = len(laid) == 1 and laid[0].kind == "unequal"
        lengths = first_sizes(self.folder, stems[0]) if unequal else None
        parts = [
            opened(self.folder, stem, one, longest_of(self.folder, stem, one))
            for stem, one in zip(stems, laid, strict=True)
        ]
        for start in range(0, laid[0].count, AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, laid[0].count))
            block = [
                (name, one.decoded(part[rows])) for (name, one), part in zip(self.columns.items(), parts, strict=True)
            ]
            try:
                made = encoded(block, self.head, encoding)
                layer.add(made if lengths is None or made.ndim < 2 else cut(made, lengths[rows]))
            except MisfitError as error:
                error.index = None
                raise
        for path in self.folder.glob(f"{self.name}_column*"):
            path.unlink()
        return LaidTarget(encoding, layer.close())


def cut(rows: Array, lengths: Array) -> list[Array]:
    """Rows without what they were filled up with."""
    return [row[:length] for row, length in zip(rows, lengths.tolist(), strict=True)]


def longest_of(folder: Path, stem: str, laid: Laid) -> tuple[int, ...]:
    """The sizes of the rows that were laid down, at most."""
    return longest(folder, stem) if laid.kind == "unequal" else laid.sizes


class _Column:
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
        if len(self.rows) > MOST_LABELS:
            raise ClassError(
                f"has more than {MOST_LABELS} different labels", "for numbers that are no classes, use another loss"
            )

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

    def decoded(self, values: Any) -> Values:
        """Rows as they were, from those that were laid down."""
        import pyarrow as pa

        if not self.text:
            return values
        return pa.chunked_array([pa.array(self.first, pa.string()).take(pa.array(values))])

"""What outputs are compared with, laid down in files: labels become numbers once all of them have been seen."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from .cells import is_arrow, is_text
from .columns import Binding
from .deferred import Deferred, Every
from .label_lists import are_empty, are_lists, as_lists
from .labels import ALIKE, BINARY, CATEGORICAL, HINGE, SPARSE, Encoding, Head, encoded, learn
from .laid import HELD_BYTES, Laid, Layer, first_sizes, longest, opened
from .laid_columns import Column, Lists, cut
from .laid_files import FileLayer, LaidFiles, is_opened_late, require_size
from .late_targets import late, stand_in
from .pending import are_masks, of_masks
from .table import Values
from .tensors import MisfitError

if TYPE_CHECKING:
    import numpy as np

    from .gathered import Gathered

    Array = np.ndarray[Any, np.dtype[Any]]

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

        column = binding.columns[0]
        if isinstance(self.laid, LaidFiles):
            return late(self.laid.opened(folder, name)[0], column, head, self.encoding)
        if self.most is not None:
            most = self.most
            masks = opened(folder, name, self.laid)
            return late(masks, column, head, self.encoding, lambda values: of_masks(values, head, most))
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
        name, values = ready.named("target", self.binding)[0]
        if self.encoding is not None and self.encoding.classes is not None and are_empty(values):
            columns = [(name, as_lists(values))]
        else:
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
        self.learns = binding.encode is not None and encoding is None
        self.fresh: dict[int, list[int]] = {}
        """By row, the numbers in its mask that were in none before, where all are to be known."""
        assert binding.decode is not None
        self.masks = are_masks(binding.decode["type"], head)
        self.layer: Layer | FileLayer = Layer(folder, name, stack) if self.masks else FileLayer(folder, name, stack)

    @property
    def seen(self) -> Array:
        import numpy as np

        return np.array([*self.fresh] or [0], np.int64)

    def add(self, ready: Gathered, rows: Array) -> None:
        key: Final = ("target", self.binding.name)
        values, column = ready.opened[key], self.binding.columns[0]
        if isinstance(self.layer, Layer):
            if self.layer.runs:
                require_size(self.binding, self.layer.runs[0][1:], values.shape[1:])
            self.most = max(self.most, int(values.max(initial=0)))
            for start in range(0, len(values), FEW):  # whether they fit
                try:
                    made = of_masks(values[start : start + FEW], self.head, self.most)
                    if not self.learns:
                        self._encoded(column, made)
                except MisfitError as error:
                    error.index = None if error.index is None else error.index + start
                    raise
            if self.learns:
                self._look(values, rows)
            self.layer.add(values)
            return
        self._encoded(column, stand_in(values))
        self.layer.add(self.binding, ready.files[key], values)

    def _encoded(self, column: str, values: Array) -> None:
        """What these are compared as; nothing is kept of it."""
        self.encoding = self.encoding or learn([(column, values)], self.head, None)
        encoded([(column, values)], self.head, self.encoding)

    def _look(self, masks: Array, rows: Array) -> None:
        """Note the numbers that were in no mask before."""
        import numpy as np

        known = {one for several in self.fresh.values() for one in several}
        for row, mask in zip(rows.tolist(), masks, strict=True):
            if found := [one for one in np.unique(mask).tolist() if one not in known]:
                self.fresh[row] = found
                known |= {*found}

    def _learn(self) -> None:
        """Decide what the numbers in all masks mean."""
        import numpy as np

        width = max(2, *map(len, self.fresh.values()))  # a mask of one pixel would be a column of labels
        few = np.array([[several + several[:1] * (width - len(several))] for several in self.fresh.values()])
        masks = of_masks(few[..., None], self.head, self.most)
        self.encoding = learn([(self.binding.columns[0], masks)], self.head, self.binding.encode)

    def close(self) -> LaidTarget:
        if self.learns and self.masks:
            self._learn()
        laid = self.layer.close()
        assert self.encoding is not None
        return LaidTarget(self.encoding, laid, most=self.most if self.masks else None)


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
        self.layers = {
            column: Layer(folder, f"{name}_column{index}", stack) for index, column in enumerate(binding.columns)
        }
        self.columns: dict[str, Column | Lists] = {}
        self.blank = dict.fromkeys(binding.columns, 0)
        """Rows without any label, before it is known whether the others have lists of them."""

    @property
    def seen(self) -> Array:
        import numpy as np

        first = next((one for one in self.columns.values() if one.rows), None)
        return np.array(first.rows if first is not None else [0], np.int64)

    def add(self, ready: Gathered, rows: Array) -> None:
        lengths, raw = ready.steps(self.binding, self.head), ready.named("target", self.binding)
        if len(raw) == 1 and are_empty(raw[0][1]):
            self._empty(raw[0][0], len(raw[0][1]))
            return
        for name, values in ready.target(self.binding, self.head):
            several = self._several(values)
            column = self.columns.get(name) or self._begun(name, several=several)
            if isinstance(column, Lists) and (several or getattr(values, "ndim", 1) == 2):
                column.add(values, rows)
            elif isinstance(column, Column) and not are_lists(values):
                column.add(values, rows, lengths)
            else:
                raise MisfitError("holds lists of labels in some rows, and single labels in others")

    def _several(self, values: Values) -> bool:
        """Whether each cell has labels of its own: a list, words side by side, or numbers of which each is a label."""
        if are_lists(values):
            return True
        beside = not is_arrow(values) and values.ndim == 2
        marks = self.binding.encode == "one_hot" and self.head.loss in BINARY | HINGE
        return beside and (marks or is_text(values))

    def _begun(self, name: str, *, several: bool) -> Column | Lists:
        """The column that begins here."""
        column = self.columns[name] = (Lists if several else Column)(self.layers[name])
        if self.blank[name]:
            self._empty(name, self.blank[name])
        return column

    def _empty(self, name: str, count: int) -> None:
        """So many rows without any label."""
        import numpy as np

        column = self.columns.get(name)
        if column is None:
            self.blank[name] += count
            return
        steps = self.head.shape[0] if len(self.head.shape) > 1 and isinstance(column, Column) else 0
        column.add(np.zeros((count, steps if isinstance(steps, int) else 0)), np.zeros(count, np.int64))

    def close(self) -> LaidTarget:
        import numpy as np

        for name in self.layers.keys() - self.columns.keys():
            self._begun(name, several=False)
        self.columns = {name: self.columns[name] for name in self.layers}
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
        ended = len(self.head.shape) > 1 and not isinstance(self.head.shape[0], int)
        for start in range(0, laid[0].count, AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, laid[0].count))
            own = None if lengths is None else lengths[rows]
            block = [
                (name, one.decoded(part[rows], own))
                for (name, one), part in zip(self.columns.items(), parts, strict=True)
            ]
            try:
                made = encoded(block, self.head, encoding)
                layer.add(made if own is None or made.ndim < 2 or not ended else cut(made, own))
            except MisfitError as error:
                error.index = None
                raise
        for path in self.folder.glob(f"{self.name}_column*"):
            path.unlink()
        return LaidTarget(encoding, layer.close())


def longest_of(folder: Path, stem: str, laid: Laid) -> tuple[int, ...]:
    """The sizes of the rows that were laid down, at most."""
    return longest(folder, stem) if laid.kind == "unequal" else laid.sizes

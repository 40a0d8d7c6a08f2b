"""Columns of files, laid down as the cells that name or hold them: what is in the files is decoded by the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .columns import Binding, Bindings
from .deferred import Deferred
from .laid import Laid, Layer, opened
from .pending import Files, Kind, are_masks, unread
from .sounds import sound_head
from .tensors import MisfitError

if TYPE_CHECKING:
    import numpy as np

    from .gathered import Wants

    Array = np.ndarray[Any, np.dtype[Any]]

TEXTS: Final = 2**10
"""Files of text that are read together."""

MASK_BYTES: Final = 2**26
"""Bytes of masks that are decoded together, about."""

LARGE: Final = 2**21
"""Bytes that a mask is taken to have where the output does not say its size."""

HEADS: Final = 2**13
"""Files that are looked at together."""


@dataclass(frozen=True, slots=True)
class LaidFiles:
    """A column of files. ``cells`` are paths, or what the files hold; ``names`` what messages call them; ``sizes`` are
    those of a row that is made of a file, None for the length of sounds."""

    what: Kind
    cells: Laid
    names: Laid
    sizes: tuple[int | None, ...]
    dtype: str

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)

    @staticmethod
    def read(told: Mapping[str, Any]) -> LaidFiles:
        """From what ``plain`` gave."""
        cells, names = Laid.read(told["cells"]), Laid.read(told["names"])
        return LaidFiles(told["what"], cells, names, tuple(told["sizes"]), told["dtype"])

    def opened(self, folder: Path, name: str) -> tuple[Deferred, Any]:
        """What is in the files, decoded by the batch; and what they are called, None where cells hold the files."""
        import numpy as np

        cells, names = opened(folder, f"{name}_cells", self.cells), opened(folder, f"{name}_names", self.names)
        found = unread(Files(self.what, cells, names), self.sizes, self.dtype)
        if (lengths := folder / f"{name}_lengths.npy").is_file():
            found = replace(found, lengths=np.load(lengths))
        return found, None if self.cells.kind == "bytes" else names


class FileLayer:
    """Lays a column of pictures or sounds down, once they have been looked at."""

    def __init__(self, folder: Path, name: str, stack: ExitStack) -> None:
        self.lengths: list[Array] = []
        self.stem = folder / name
        self.cells = Layer(folder, f"{name}_cells", stack)
        self.names = Layer(folder, f"{name}_names", stack)
        self.kind: Kind = "image"
        self.sizes: tuple[int | None, ...] | None = None
        self.dtype = "uint8"
        self.raw: bool | None = None
        self.rate: int | None = None

    def add(self, binding: Binding, files: Files, values: Deferred) -> None:
        """More files; ``values`` are what ``open_files`` made of them.

        Raises:
            MisfitError: if they are not of the size or the rate of those before.
        """
        raw = isinstance(files.cells[0], bytes)
        if self.sizes is None:
            self.kind, self.sizes, self.dtype, self.raw = files.kind, values.sizes, str(values.dtype), raw
        self._require_alike(binding, files, values)
        if str(values.dtype) != self.dtype:  # one that had to be scaled makes fractions of all
            self.dtype = "float32"
        self.cells.add(files.cells)
        self.names.add(files.names)
        if (lengths := values.own(slice(None))) is not None:
            self.lengths.append(lengths)

    def _require_alike(self, binding: Binding, files: Files, values: Deferred) -> None:
        assert self.sizes is not None
        if files.kind == "audio":
            rate = sound_head(files.cells[0]).rate
            if self.rate not in (None, rate):
                raise MisfitError(
                    f"`{binding.columns[0]}` holds sounds of {self.rate} and of {rate} samples a second "
                    f"({files.names[0]})",
                    "bring all files to one rate",
                )
            self.rate = rate
            if values.sizes != self.sizes:
                raise MisfitError(
                    f"`{binding.columns[0]}` has {values.sizes[-1]} channels in {files.names[0]}, and "
                    f"{self.sizes[-1]} in those before",
                    "without an axis for channels an input takes their mean",
                )
        else:
            require_size(binding, self.sizes, values.sizes)

    def close(self) -> LaidFiles:
        """End the files; how the column lies there."""
        import numpy as np

        if self.lengths:
            np.save(self.stem.with_name(f"{self.stem.name}_lengths.npy"), np.concatenate(self.lengths))
        cells, names = self.cells.close(raw=bool(self.raw)), self.names.close()
        return LaidFiles(self.kind, cells, names, self.sizes or (), self.dtype)


def require_size(binding: Binding, before: Sequence[int | None], now: Sequence[int | None]) -> None:
    """Pictures must be of one size where the input or output does not say any.

    Raises:
        MisfitError: if these are of another size than those before.
    """
    if tuple(now) != tuple(before):
        raise MisfitError(
            f"`{binding.columns[0]}` holds images of {before[0]} by {before[1]} and of {now[0]} by {now[1]} pixels, "
            "and the input does not say which size it takes",
            "write numbers for height and width in its shape",
        )


def is_opened_late(binding: Binding) -> bool:
    """Whether a column is of files that are decoded by the batch: pictures and sounds. Texts are kept as such."""
    return binding.decode is not None and binding.decode["type"] != "text"


def at_once(bindings: Bindings, wants: Wants) -> int:
    """So many rows can be gone through together without much of their files being in memory."""
    most = 2**62
    for side in (bindings.inputs, bindings.targets):
        for name, binding in side.items():
            if binding.decode is None:
                continue
            kind = binding.decode["type"]
            most = min(most, TEXTS if kind == "text" else HEADS)
            if side is bindings.targets and are_masks(kind, wants.heads[name]):
                sizes = wants.heads[name].shape[:2]
                known = all(isinstance(size, int) for size in sizes)
                most = min(most, max(1, MASK_BYTES // (prod(sizes) * 2 if known else LARGE)))  # type: ignore[arg-type]
    return most

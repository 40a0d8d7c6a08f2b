"""Columns that feed neither inputs nor targets, of a source that is gone through: kept whole, for there are few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from .cells import is_arrow
from .columns import Bindings
from .table import Table, Values

FOLDER = "others"


class Others:
    """The columns by which rows are parted, weighed or put in series, as the source has them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self.parts: dict[str, list[Values]] = {name: [] for name in self.names}

    def add(self, table: Table) -> None:
        """The cells of more rows."""
        for name in self.names:
            self.parts[name].append(table.columns[name])

    def save(self, folder: Path) -> None:
        """Write them beside the rows."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.feather as feather

        inside = folder / FOLDER
        inside.mkdir()
        for index, (name, parts) in enumerate(self.parts.items()):
            (inside / f"{index}.name").write_text(name, "utf-8")
            if all(is_arrow(one) for one in parts):
                column = pa.chunked_array([chunk for one in parts for chunk in one.chunks], parts[0].type)
                feather.write_feather(pa.table({"": column}), str(inside / f"{index}.arrow"), compression="lz4")
            else:
                np.save(inside / f"{index}.npy", np.concatenate(parts), allow_pickle=False)

    @staticmethod
    def load(folder: Path) -> dict[str, Values]:
        """The columns that ``save`` has written, by name."""
        import numpy as np
        import pyarrow.feather as feather

        found: dict[str, Values] = {}
        for path in sorted((folder / FOLDER).glob("*.name"), key=lambda one: int(one.stem)):
            name, arrow = path.read_text("utf-8"), path.with_suffix(".arrow")
            if arrow.is_file():
                found[name] = feather.read_table(str(arrow), memory_map=False).column(0)
            else:
                found[name] = np.load(path.with_suffix(".npy"), allow_pickle=False)
        return found


def missing_of(missing: str | Mapping[str, Any], bindings: Bindings) -> str | dict[str, Any]:
    """What is done about missing values, as far as it speaks of the columns in use here."""
    if not isinstance(missing, Mapping):
        return "drop"  # rows without a value are gone already, or an error was told
    used = bindings.columns
    return {
        pattern: value
        for pattern, value in missing.items()
        if any(name == pattern or fnmatchcase(name, pattern) for name in used)
    }

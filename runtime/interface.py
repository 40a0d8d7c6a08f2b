"""The noun Interface: what a trained model takes and gives, in terms of columns and class names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..compiler.graph import TypedGraph
from ..spec.spec import Data, Split, Window
from .columns import Binding
from .data import Prepared
from .feed import Form
from .labels import Encoding, Head


@dataclass(frozen=True, slots=True)
class InputColumns:
    """One input: the columns that feed it, the shape of one row (None: any size) and the dtype.

    ``decode`` says that the column names files, ``pad`` what fills up short rows, as in the spec.
    """

    name: str
    columns: tuple[str, ...]
    shape: tuple[int | None, ...]
    dtype: str
    decode: Mapping[str, Any] | None = None
    pad: float = 0


@dataclass(frozen=True, slots=True)
class OutputColumns:
    """One output: the columns it is compared with, how they become numbers, and what it says; ``steps``: with how many
    rows of a window, where they are several."""

    name: str
    columns: tuple[str, ...]
    head: Head
    encoding: Encoding | None
    decode: Mapping[str, Any] | None = None
    pad: float = 0
    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Interface:
    """Kept in the run folder, so that a model can be used on tables like the one it was trained with.

    ``source`` is the table of the spec's source, or None where training was given arrays; ``folder`` is what
    its paths are relative to; ``cache`` says whether rows are kept in memory, as in the spec.
    """

    inputs: tuple[InputColumns, ...]
    outputs: tuple[OutputColumns, ...]
    named: bool
    batch_size: int = 32
    missing: str | Mapping[str, Any] = "error"
    source: Mapping[str, Any] | None = None
    folder: str = ""
    split: Split = field(default_factory=Split)
    seed: int = 0
    on_error: str = "stop"
    sample_weight: str | None = None
    window: Window | None = None
    cache: bool | str = "auto"

    @property
    def form(self) -> Form:
        """How the model takes its tensors."""
        inputs = {one.name: one.dtype for one in self.inputs}
        return Form(inputs, tuple(one.name for one in self.outputs), self.named)

    @property
    def heads(self) -> dict[str, Head]:
        """What each output says."""
        return {one.name: one.head for one in self.outputs}

    @property
    def steps(self) -> dict[str, int]:
        """By output, with how many rows of a window it is compared, where they are several."""
        return {one.name: one.steps for one in self.outputs if one.steps is not None}

    def table(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def interface_of(typed: TypedGraph, prepared: Prepared | None, folder: Path) -> Interface:
    """What the run of a spec will take and give. Without prepared data the columns are those of the spec."""
    spec = typed.graph.spec
    data = spec.data or Data(source={})
    inputs = []
    for node in typed.graph.nodes.values():
        if node.input is not None:
            shape = tuple(size if isinstance(size, int) else None for size in node.input.shape or ())
            bound = prepared.columns.inputs[node.name] if prepared else Binding(node.name, (node.name,), None, ())
            inputs.append(InputColumns(node.name, bound.columns, shape, node.input.dtype, bound.decode, bound.pad))
    outputs = []
    for name in typed.graph.outputs:
        binding = prepared.columns.targets.get(name) if prepared else None
        outputs.append(
            OutputColumns(
                name,
                binding.columns if binding else (),
                prepared.heads[name] if prepared and name in prepared.heads else _shape_only(typed, name),
                prepared.encodings.get(name) if prepared else None,
                binding.decode if binding else None,
                binding.pad if binding else 0,
                prepared.steps.get(name) if prepared else None,
            )
        )
    return Interface(
        tuple(inputs),
        tuple(outputs),
        spec.outputs_named,
        data.batch_size,
        data.missing,
        dict(data.source) or None,
        str(folder.resolve()),
        data.split,
        data.seed,
        data.on_error,
        data.sample_weight,
        data.window,
        data.cache,
    )


def read_interface(table: Mapping[str, Any]) -> Interface:
    """From plain values, as JSON gives them.

    Raises:
        KeyError, TypeError: if they are not an interface's.
    """
    outputs = []
    for one in table["outputs"]:
        head, encoding = one["head"], one["encoding"]
        outputs.append(
            OutputColumns(
                one["name"],
                tuple(one["columns"]),
                Head(head["loss"], tuple(head["shape"]), head["logits"], head["ignored"]),
                None
                if encoding is None
                else Encoding(
                    encoding["form"],
                    None if encoding["classes"] is None else tuple(encoding["classes"]),
                    tuple(encoding["shape"]),
                    encoding["dtype"],
                ),
                one.get("decode"),
                one.get("pad", 0),
                one.get("steps"),
            )
        )
    return Interface(
        tuple(
            InputColumns(
                one["name"],
                tuple(one["columns"]),
                tuple(one["shape"]),
                one["dtype"],
                one.get("decode"),
                one.get("pad", 0),
            )
            for one in table["inputs"]
        ),
        tuple(outputs),
        table["named"],
        table["batch_size"],
        table["missing"],
        table["source"],
        table["folder"],
        Split(**table["split"]),
        table["seed"],
        table.get("on_error", "stop"),
        table.get("sample_weight"),
        None if table.get("window") is None else Window(**table["window"]),
        table.get("cache", "auto"),
    )


def _shape_only(typed: TypedGraph, name: str) -> Head:
    from .data import head_of

    return head_of(typed, name)

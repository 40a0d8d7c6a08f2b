"""From a Spec's data section to Prepared: arrays for every input and target, in parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compiler.graph import TypedGraph
from ..compiler.heads import loss_of
from ..spec.document import Part as FindingPart
from ..spec.document import Pointer
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Data, Split
from .cells import is_arrow, taken
from .columns import Binding, Bindings, bind, compared, no_column
from .labels import Encoding, Head, encoded, learn
from .missing import completed
from .sources import reader
from .split import PARTS, split
from .table import Table, Values
from .tensors import MisfitError, fitted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one part: an array for each input and target, the first axis being the rows.

    ``weights`` has, by output, how much each row counts in the loss.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    weights: Mapping[str, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of rows."""
        return next((len(array) for array in self.inputs.values()), 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that training needs to know of the data.

    ``parts`` holds train, validation and test; ``columns`` says which columns feed what; ``encodings`` and
    ``heads`` are by output. ``dropped`` rows were left out because a value was missing.
    """

    parts: Mapping[str, Rows]
    columns: Bindings
    encodings: Mapping[str, Encoding]
    heads: Mapping[str, Head]
    dropped: int = 0


def prepare(typed: TypedGraph, folder: Path) -> Prepared:
    """Read the spec's source and make arrays of it.

    ``folder`` is what paths in the spec are relative to.

    Raises:
        Problem: E401 to E412 and E419, each at its place in the spec; all that can be told at once.
    """
    data = trainable(typed).graph.spec.data
    if data is None:
        raise Problem(
            Finding(
                "E410",
                "there is no [data] section: nothing to train with",
                (),
                "entry",
                help="write `[data]` with a `source`",
            )
        )
    table = read_source(data, folder)
    return from_table(typed, table, bind(typed.graph, table))


def read_source(data: Data, folder: Path) -> Table:
    """The table that a data section's source holds."""
    return reader(data.source["type"]).read(data.source, folder, (*data.pointer, "source"))


def from_table(typed: TypedGraph, table: Table, bindings: Bindings) -> Prepared:
    """Arrays and parts from a table whose columns are bound."""
    import numpy as np

    spec = typed.graph.spec
    data = spec.data or Data(source={})
    _same_length(table, bindings)
    columns, keep = completed(table, bindings, data.missing)
    rows = np.arange(table.rows if not bindings.columns else len(table.columns[bindings.columns[0]]))
    total = len(rows)
    if keep is not None:
        rows = rows[keep]
        columns = {name: taken(values, rows) for name, values in columns.items()}
    if not len(rows):
        reason = "every row lacks a value" if total else "it has no rows"
        raise Problem(
            Finding("E412", f"nothing is left of {table.origin}: {reason}", (*data.pointer, "source"), "value")
        )
    heads = {name: head_of(typed, name) for name in compared(spec, typed.graph.outputs)}
    findings: list[Finding] = []
    inputs: dict[str, Array] = {}
    targets: dict[str, Array] = {}
    encodings: dict[str, Encoding] = {}
    for name, binding in bindings.inputs.items():
        stated_input = typed.graph.nodes[name].input
        assert stated_input is not None
        with _Collect(findings, binding, rows):
            inputs[name] = fitted(_named(binding, columns), stated_input.shape or (), stated_input.dtype)
            _check_words(typed, name, inputs[name])
    for name, binding in bindings.targets.items():
        with _Collect(findings, binding, rows):
            encodings[name] = learn(_named(binding, columns), heads[name], binding.encode)
            targets[name] = encoded(_named(binding, columns), heads[name], encodings[name])
    if findings:
        raise Problem(*findings)
    weights = class_weights(typed, targets, encodings, heads)
    groups = None
    if table.validation is None:
        groups = groups_of(table, data.split, rows, (*data.pointer, "split"))
    if table.validation is not None:
        held = table.validation[rows]
        nothing = np.empty(0, np.intp)
        chosen = {"train": np.flatnonzero(~held), "validation": np.flatnonzero(held), "test": nothing}
    else:
        test = table.test[rows] if table.test is not None else None
        chosen = split(len(rows), data.split, data.seed, groups, test, (*data.pointer, "split"))
    parts = {
        part: Rows(
            {name: array[chosen[part]] for name, array in inputs.items()},
            {name: array[chosen[part]] for name, array in targets.items()},
            {name: array[chosen[part]] for name, array in weights.items()} if part == "train" else {},
        )
        for part in PARTS
    }
    return Prepared(parts, bindings, encodings, heads, total - len(rows))


def head_of(typed: TypedGraph, output: str) -> Head:
    """What an output is trained to say, from its loss and its shape."""
    training = typed.graph.spec.training
    assert training is not None
    own = training.outputs.get(output)
    loss = own.loss if own is not None and own.loss is not None else training.loss
    tensor = typed.tensor(typed.graph.outputs[output])
    obj = None if loss is None else loss_of(loss, tensor.shape[-1] if tensor is not None and tensor.rank > 1 else None)
    shape = () if tensor is None else tuple(size if isinstance(size, int) else str(size) for size in tensor.shape[1:])
    arguments = {} if obj is None else obj.arguments
    return Head(
        None if obj is None else obj.record.name,
        shape,
        bool(arguments.get("from_logits", False)),
        arguments.get("ignore_class"),
    )


def trainable(typed: TypedGraph) -> TypedGraph:
    """The graph, if its spec says how to train it.

    Raises:
        Problem: E410 if it does not.
    """
    training = typed.graph.spec.training
    if training is None:
        raise Problem(
            Finding("E410", "there is no [training] section: nothing says how to train", (), "entry",
                    help="write `[training]` with at least a `loss`")
        )  # fmt: skip
    if not training.losses and not any(head_loss(typed, name) for name in typed.graph.outputs):
        raise Problem(
            Finding("E410", "no output has a loss: there is nothing to make small", training.pointer, "entry",
                    help='write `loss = "..."` in [training], or in [training.outputs.NAME]')
        )  # fmt: skip
    return typed


def head_loss(typed: TypedGraph, output: str) -> Any:
    """The loss of an output as written, or None."""
    training = typed.graph.spec.training
    assert training is not None
    own = training.outputs.get(output)
    return own.loss if own is not None and own.loss is not None else training.loss


def _named(binding: Binding, columns: Mapping[str, Values]) -> list[tuple[str, Values]]:
    return [(name, columns[name]) for name in binding.columns]


class _Collect:
    """Turns a misfit inside of ``with`` into a finding at the binding's place."""

    def __init__(self, findings: list[Finding], binding: Binding, rows: Array) -> None:
        self.findings = findings
        self.binding = binding
        self.rows = rows

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, MisfitError):
            return False
        self.findings.append(misfit(error, self.binding.words, self.rows, self.binding.pointer, self.binding.part))
        return True


def misfit(
    error: MisfitError, words: str, rows: Array | None, pointer: Pointer, part: FindingPart = "value"
) -> Finding:
    """What does not fit, as a finding."""
    message = error.message if error.message.startswith("`") else f"{words} {error.message}"
    if error.index is not None and rows is not None:
        message += f" (first in row {int(rows[error.index]) + 1})"
    return Finding(error.code, message, pointer, part, help=error.help)


def _same_length(table: Table, bindings: Bindings) -> None:
    first: tuple[str, int] | None = None
    for binding in (*bindings.inputs.values(), *bindings.targets.values()):
        for name in binding.columns:
            values = table.columns[name]
            if not hasattr(values, "__len__") or getattr(values, "ndim", 1) == 0:
                raise Problem(
                    Finding("E405", f"`{name}` is a single value, not one a row", binding.pointer, binding.part)
                )
            if first is None:
                first = (name, len(values))
            elif len(values) != first[1]:
                raise Problem(
                    Finding(
                        "E405",
                        f"`{name}` has {len(values)} rows, but `{first[0]}` has {first[1]}",
                        binding.pointer,
                        binding.part,
                    )
                )


def _check_words(typed: TypedGraph, name: str, array: Array) -> None:
    """An Embedding that an input goes straight into must have a row for each of its numbers."""
    if array.dtype.kind not in "iuf":
        return
    for node in typed.graph.nodes.values():
        if node.layer is None or node.layer.record.name != "Embedding":
            continue
        if any(edge.source == name for edge in node.edges):
            size = node.layer["input_dim"]
            rows = array.reshape(len(array), -1)
            wrong = ((rows < 0) | (rows >= size)).any(axis=1)
            if wrong.any():
                least, most = rows.min(), rows.max()
                raise MisfitError(
                    f"holds numbers from {least:g} to {most:g}, but the Embedding `{node.name}` knows 0 to {size - 1}",
                    f"set `input_dim = {int(most) + 1}` in it" if least >= 0 else "numbers must not be below 0",
                    int(wrong.argmax()),
                )


def groups_of(table: Table, shares: Split, rows: Array, pointer: Pointer) -> Array | None:
    """The values by which rows are stratified, or None where they are not.

    Raises:
        Problem: E402 if there is no such column, E408 if rows can't be sorted by it.
    """
    import numpy as np

    wish = shares.stratify
    if wish is None or not (shares.validation or shares.test):
        return None
    at = (*pointer, "stratify")
    if wish not in table.columns or wish in table.duplicates:
        raise Problem(no_column(wish, table, at))
    values = table.columns[wish]
    if len(values) <= int(rows[-1]):
        raise Problem(Finding("E408", f"`{wish}` has fewer rows than the inputs", at))
    chosen = taken(values, rows)
    if is_arrow(chosen):
        return np.array(["" if cell is None else cell for cell in chosen.to_pylist()], dtype=object)
    if chosen.ndim > 1:
        chosen = chosen.reshape(len(chosen), -1)
        if chosen.shape[1] > 1:
            raise Problem(Finding("E408", f"`{wish}` has more than one value a row: rows can't be sorted by it", at))
        chosen = chosen[:, 0]
    return np.asarray(chosen)


def class_weights(
    typed: TypedGraph, targets: Mapping[str, Array], encodings: Mapping[str, Encoding], heads: Mapping[str, Head]
) -> dict[str, Array]:
    """How much each row counts, where ``class_weight`` says so; classes that it does not name count 1.

    Raises:
        Problem: E403 for a class that no target has.
    """
    import numpy as np

    training = typed.graph.spec.training
    if training is None or not training.class_weight:
        return {}
    known: dict[str, list[str]] = {}
    for name, encoding in encodings.items():
        size = 2 if heads[name].kind == "binary" or heads[name].units == 1 else heads[name].units or 0
        if heads[name].kind != "numbers" or encoding.form in ("one_hot", "index"):
            known[name] = list(encoding.classes or (str(index) for index in range(size)))
    every = [label for labels in known.values() for label in labels]
    findings = [
        Finding("E403", f'there is no class "{label}"', (*training.pointer, "class_weight", label), "key",
                help=f"the classes are {', '.join(every[:12])}" if every else "no target of this model has classes")
        for label in training.class_weight
        if label not in every
    ]  # fmt: skip
    if findings:
        raise Problem(*findings)
    result = {}
    for name, labels in known.items():
        table = np.array([training.class_weight.get(label, 1.0) for label in labels], np.float32)
        target = targets[name]
        indices = target.argmax(-1) if encodings[name].form == "one_hot" else target.astype(np.int64)
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        result[name] = table[np.clip(indices, 0, len(table) - 1)]
    return result

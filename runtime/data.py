"""From a Spec's data section to Prepared: arrays for every input and target, in parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..compiler.graph import TypedGraph
from ..compiler.heads import loss_of
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.spec import Data
from .class_weights import weighed
from .columns import Binding, Bindings, bind, compared
from .deferred import Deferred
from .examples import Examples, examples_of, row_shape
from .gathered import Gathered, gathered, wants_of
from .label_forms import require_steps
from .labels import Encoding, Head, encoded, learn
from .late_targets import late, late_encoding, require_alike
from .progress import SILENT, Progress
from .sources import reader
from .split import PARTS
from .table import Table
from .tensors import MisfitError, Sizes
from .window_targets import each_row, stepped, weighed_by_step

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


AT_ONCE: Final = 2**14
"""Rows that are looked through together."""

OF_SEVERAL: Final = {"gives": "give", "has": "have", "holds": "hold", "is": "are"}
"""What is said of one column, and what of several."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one part: an array for each input and target, the first axis being the rows.

    ``weights`` has, by output, how much each row counts in the loss; ``buckets`` which rows may come together into a
    batch, where they are told apart by their length; ``files``, by input, what messages call the file of each row.
    """

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    weights: Mapping[str, Array] = field(default_factory=dict)
    buckets: Array | None = None
    files: Mapping[str, Array] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of rows."""
        return next((len(array) for array in self.inputs.values()), 0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that training needs to know of the data.

    ``parts`` holds train, validation and test; ``columns`` says which columns feed what; ``encodings`` and
    ``heads`` are by output. ``dropped`` rows were left out because a value was missing; ``skipped`` says of rows
    that can't be read, why. ``streamed``: there are more rows than memory should hold, and they are read by the batch.
    ``steps`` are outputs that are compared with several rows of a window each, and with how many.
    """

    parts: Mapping[str, Rows]
    columns: Bindings
    encodings: Mapping[str, Encoding]
    heads: Mapping[str, Head]
    dropped: int = 0
    skipped: tuple[str, ...] = ()
    streamed: bool = False
    steps: Mapping[str, int] = field(default_factory=dict)


def prepare(typed: TypedGraph, folder: Path, show: Progress = SILENT) -> Prepared:
    """Read the spec's source and make arrays of it; rows that do not fit into memory are laid down in files.

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
    skip = data.on_error == "skip"
    one = reader(data.source["type"])
    from .streamed import prepare_streamed, streams_here

    if streams_here(typed, one, folder):
        prepared = prepare_streamed(typed, one, folder, show)
    else:
        table = one.read(data.source, folder, (*data.pointer, "source"), skip=skip, typed=typed)
        prepared = from_table(typed, table, bind(typed.graph, table), folder)
    if not data.split.sources:
        return prepared
    from .given import with_given

    return with_given(typed, prepared, folder, show)


def from_table(typed: TypedGraph, table: Table, bindings: Bindings, folder: Path = Path()) -> Prepared:
    """Arrays and parts from a table whose columns are bound."""
    spec = typed.graph.spec
    data = spec.data or Data(source={})
    whole = heads_of(typed)
    steps = stepped(typed, whole, bindings.targets, table)
    heads = each_row(whole, steps)
    shapes = shapes_of(typed, bindings.inputs)
    ready = gathered(table, bindings, wants_of(shapes, heads, data, folder))
    rows = ready.rows
    findings: list[Finding] = []
    inputs: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    encodings: dict[str, Encoding] = {}
    for name, binding in bindings.inputs.items():
        with Collect(findings, binding, rows, table):
            inputs[name] = ready.input(binding, *shapes[name])
            check_words(typed, name, inputs[name])
    for name, binding in bindings.targets.items():
        with Collect(findings, binding, rows, table):
            if (values := ready.late(binding)) is not None:
                require_alike(values, heads[name], ready, shapes)
                encodings[name] = late_encoding(values, binding.columns[0], heads[name])
                targets[name] = late(values, binding.columns[0], heads[name], encodings[name])
                continue
            columns = ready.target(binding, heads[name])
            encodings[name] = learn(columns, heads[name], binding.encode)
            made = encoded(columns, heads[name], encodings[name])
            require_steps(binding.columns[0], ready.columns, _lengths(ready, bindings, shapes, heads[name]))
            targets[name] = ready.by_batch(binding, heads[name], made)
    if findings:
        raise Problem(*findings)
    examples = examples_of(table, data.split, data.window, data.seed, rows, ready.columns)
    weights, buckets = ready.weights(bindings, table, targets), ready.buckets(bindings)
    every = Rows(inputs, targets, weights, buckets, ready.file_names)
    parts = {name: taken_rows(examples[name], every, steps, whole) for name in PARTS}
    return weighed(typed, Prepared(parts, bindings, encodings, whole, ready.dropped, ready.skipped, steps=steps))[0]


def _lengths(
    ready: Gathered, bindings: Bindings, shapes: Mapping[str, tuple[Sizes, str]], head: Head
) -> dict[str, Array]:
    """How many steps each row has of the inputs of which an output has as many."""
    if len(head.shape) < 2 or head.ignored is not None:  # what a loss passes over may be missing behind
        return {}
    alike = (name for name, (sizes, _) in shapes.items() if sizes and sizes[0] == head.shape[0])
    return {name: ready.lengths(bindings.inputs[name]) for name in alike if len(bindings.inputs[name].columns) == 1}


def heads_of(typed: TypedGraph) -> dict[str, Head]:
    """What each output is trained to say that is compared with something."""
    return {name: head_of(typed, name) for name in compared(typed.graph.spec, typed.graph.outputs)}


def shapes_of(typed: TypedGraph, names: Iterable[str]) -> dict[str, tuple[Sizes, str]]:
    """The shape that one row of each of these inputs has, and the dtype."""
    data = typed.graph.spec.data
    window = None if data is None else data.window
    stated = {name: typed.graph.nodes[name].input for name in names}
    return {name: (row_shape(one.shape or (), window), one.dtype) for name, one in stated.items() if one}


def taken_rows(examples: Examples, rows: Rows, steps: Mapping[str, int], heads: Mapping[str, Head]) -> Rows:
    """The rows of a table as the examples of one part; of the outputs of ``steps`` so many rows are the target."""
    by_step = weighed_by_step(heads, steps)
    return Rows(
        {name: examples.of_inputs(array) for name, array in rows.inputs.items()},
        {name: examples.of_targets(array, steps.get(name)) for name, array in rows.targets.items()},
        {name: examples.of_targets(array, by_step.get(name)) for name, array in rows.weights.items()},
        None if rows.buckets is None else examples.of_rows(rows.buckets),
        {name: examples.of_rows(array) for name, array in rows.files.items()} if examples.order is None else {},
    )


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


class Collect:
    """Turns a misfit inside of ``with`` into a finding at the binding's place."""

    def __init__(self, findings: list[Finding], binding: Binding, rows: Array, table: Table) -> None:
        self.findings = findings
        self.binding = binding
        self.rows = rows
        self.table = table

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, MisfitError):
            return False
        self.findings.append(misfit(error, self.binding, self.rows, self.table))
        return True


def misfit(error: MisfitError, binding: Binding, rows: Array, table: Table) -> Finding:
    """What does not fit, as a finding."""
    message = error.message
    if not message.startswith("`"):
        verb, blank, rest = message.partition(" ")
        message = f"{binding.words} {OF_SEVERAL.get(verb, verb) if len(binding.columns) > 1 else verb}{blank}{rest}"
    if error.index is not None:
        message += f" (first in {table.place(int(rows[error.index]))})"
    return Finding(error.code, message, binding.pointer, binding.part, help=error.help)


def check_words(typed: TypedGraph, name: str, array: Any) -> None:
    """An Embedding that an input goes straight into must have a row for each of its numbers."""
    if array.dtype.kind not in "iuf" or (isinstance(array, Deferred) and array.lengths is None):
        return
    for node in typed.graph.nodes.values():
        if node.layer is None or node.layer.record.name != "Embedding":
            continue
        if any(edge.source == name for edge in node.edges):
            size = node.layer["input_dim"]
            first, least, most = None, 0, 0
            for start in range(0, len(array), AT_ONCE):  # rows of unequal length are filled up when they are asked for
                rows = array[start : start + AT_ONCE]
                wrong = ((rows < 0) | (rows >= size)).reshape(len(rows), -1).any(axis=1)
                if wrong.any() and first is None:
                    first = start + int(wrong.argmax())
                least, most = min(least, rows.min(initial=least)), max(most, rows.max(initial=most))
            if first is not None:
                raise MisfitError(
                    f"holds numbers from {least:g} to {most:g}, but the Embedding `{node.name}` knows 0 to {size - 1}",
                    f"set `input_dim = {int(most) + 1}` in it" if least >= 0 else "numbers must not be below 0",
                    first,
                )

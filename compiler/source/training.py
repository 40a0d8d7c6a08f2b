"""From a spec's training section to the main function of a program: data, model, training, measuring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from ...spec.finding import Finding
from ...spec.naming import snake_case
from ...spec.problem import Problem
from ...spec.spec import Data, Gradients, Training
from ..build import stated
from ..catalogue.record import Object as Stated
from ..graph import Node, TypedGraph
from ..heads import heads
from ..logged import logged
from .code import Assign, Calling, Do, Expr, Items, Line, Object, Raw, Star, Statement, Table, Value
from .data import ABSENT, DROPPED, FILLED, REQUIRED, SPLIT, STRATIFIED, Reader
from .literals import literal
from .objects import named, object_code

STATE: Final[Mapping[str, str]] = {
    "Normalization": "mean", "StringLookup": "vocabulary", "IntegerLookup": "vocabulary",
    "TextVectorization": "vocabulary", "Discretization": "bin_boundaries",
}  # fmt: skip
"""Layers that learn from the training rows, and the argument that gives what they would learn."""
PATHS: Final = ("filepath", "filename", "log_dir", "backup_dir", "directory")


class Trainer:
    """The part of a program that trains."""

    def __init__(self, typed: TypedGraph, path: Any) -> None:
        spec = typed.graph.spec
        self.typed = typed
        self.training = _training(spec.training, typed)
        data = spec.data
        if data is None:
            raise Problem(Finding("E410", "there is no [data] section: nothing to train with", (), "entry",
                                  help="write `[data]` with a `source`"))  # fmt: skip
        self.data: Data = data
        where = path(data.source["path"]) if "path" in data.source else ""
        self.reader = Reader(typed, data, where)
        self.outputs = list(typed.graph.outputs)
        self.inputs = [node.name for node in typed.graph.nodes.values() if node.input is not None]
        self.several = len(self.inputs) > 1

    def loss(self, output: str) -> Any:
        """The loss of an output as written."""
        own = self.training.outputs.get(output)
        return own.loss if own is not None and own.loss is not None else self.training.loss

    def metrics(self, output: str) -> tuple[Any, ...]:
        """The metrics of an output as written."""
        own = self.training.outputs.get(output)
        if own is not None and own.metrics:
            return own.metrics
        return self.training.metrics if self.loss(output) is not None else ()

    def main(self) -> Iterator[Statement]:
        """The body of `main`."""
        yield Line(f"keras.utils.set_random_seed({self.training.seed})")
        yield from self.reader.table()
        yield from self._missing()
        yield Line("")
        inputs = tuple(self.reader.input(name) for name in self.inputs)
        yield Assign(("inputs",), Items(inputs, True) if self.several else inputs[0])
        yield Assign(("targets",), self._by_output(self._target))
        weighted = bool(self.training.class_weight)
        if weighted:
            yield Assign(("weights",), self._by_output(self._weight))
        yield from self._split()
        arrays = "(inputs, targets, weights)" if weighted else "(inputs, targets)"
        shuffled = "True" if self.data.shuffle else "False"
        yield Line(f"arrays = {arrays}")
        yield Line(f"batches = dataset(arrays, train, shuffle={shuffled})")
        plain = "arrays[:2]" if weighted else "arrays"
        if self._shares()[0]:
            yield Line(f"validation_batches = dataset({plain}, validation)")
        yield Line("")
        learning = list(self._learning())
        if learning or self.typed.learned:
            yield Line("raw = dataset(arrays, train).map(lambda x, *rest: (x,))")
        yield Line(f"model = build_model({'raw' if self.typed.learned else ''})")
        for node in learning:
            yield from self._adapted(node)
        yield Assign(("callbacks",), Items(tuple(self._callbacks())))
        yield from self._folders()
        yield Do(Calling("model.compile", (), dict(self._compiled())))
        fitted: dict[str, Expr] = {"epochs": Value(self.training.epochs), "callbacks": Raw("callbacks"),
                                   "shuffle": Value(False)}  # fmt: skip
        if self._shares()[0]:
            fitted = {"validation_data": Raw("validation_batches"), **fitted}
        yield Do(Calling("model.fit", (Raw("batches"),), fitted))
        if self._tested():
            yield Line(f"measured = model.evaluate(dataset({plain}, test), return_dict=True)")
            yield Line('print("test:", measured)')
        yield Line("return model")

    def functions(self) -> Iterator[str]:
        """The functions that stand before `main`; to be asked for after it."""
        for text in self.reader.functions:
            yield from ("", "", *text.splitlines())
        yield from ("", "", *self._dataset().splitlines())

    def _dataset(self) -> str:
        size = self.data.batch_size
        return f'''\
def dataset(arrays, rows, shuffle=False):
    """Batches of some of the rows."""
    chosen = keras.tree.map_structure(lambda array: array[rows], arrays)
    found = tf.data.Dataset.from_tensor_slices(chosen)
    if shuffle:
        found = found.shuffle(len(rows), seed={self.data.seed})
    return found.batch({size}).prefetch(tf.data.AUTOTUNE)
'''

    # Data

    def _by_output(self, of: Any) -> Expr:
        if self.typed.graph.spec.outputs_named:
            return Table(tuple((name, of(name)) for name in self.outputs))
        found = tuple(of(name) for name in self.outputs)
        return found[0] if len(found) == 1 else Items(found, True)

    def _target(self, output: str) -> Expr:
        if self.loss(output) is None and not self.metrics(output):
            return Raw(f"np.zeros(len({'inputs[0]' if self.several else 'inputs'}))")
        return self.reader.target(output, self.loss(output))

    def _weight(self, output: str) -> Expr:
        stated = self.training.class_weight
        assert stated is not None
        if len(self.outputs) > 1 or isinstance(stated, str) or not all(label.isdigit() for label in stated):
            raise Problem(Finding("E110", "a program of its own can weigh classes by number, of one output",
                                  (*self.training.pointer, "class_weight"), help="leave out `--train`"))  # fmt: skip
        table = {int(label): weight for label, weight in stated.items()}
        return Raw(f"np.vectorize(lambda one: {literal(table)}.get(int(one), 1.0))(targets)")

    def _shares(self) -> tuple[float, float]:
        return self.data.split.validation, self.data.split.test

    def _tested(self) -> bool:
        return bool(self.data.split.test) or self.reader.kind == "keras"

    def _split(self) -> Iterator[Statement]:
        validation, test = self._shares()
        by = self.data.split.stratify if validation or test else None
        self.reader.need(SPLIT if by is None else STRATIFIED)
        first = "inputs[0]" if self.several else "inputs"
        kept = self.reader.kind == "keras" and not test
        if by is None:
            groups = "len(x_train)" if kept else f"len({first})"
        else:
            groups = "groups"
            cells = f"table[{literal(by)}]"
            if self.reader.kind == "csv":
                yield Line(f'groups = np.array([cell or "" for cell in {cells}])')
            else:
                yield Line(f"groups = {cells}[: len(x_train)]" if kept else f"groups = {cells}")
        shares: Expr = Value((validation,) if kept else (validation, test))
        parts: list[str | None] = ["train", "validation" if validation else None]
        parts += [] if kept else ["test" if test else None]
        call = Calling("split", (Raw(groups), shares, Value(self.data.seed)))
        yield Assign(tuple(parts), call, several=True)
        if kept:
            yield Line("test = np.arange(len(x_train), len(x_train) + len(x_test))")

    def _missing(self) -> Iterator[Statement]:
        missing = self.data.missing
        if self.reader.kind == "keras":
            return
        self.reader.need(ABSENT)
        if isinstance(missing, Mapping):
            self.reader.need(FILLED)
            for pattern, value in missing.items():
                text = str(value).lower() if isinstance(value, bool) else str(value)
                fill = literal(text if self.reader.kind == "csv" else value)
                if any(sign in pattern for sign in "*?["):
                    self.reader.modules.add("fnmatch")
                    yield Line(f"for name in fnmatch.filter(table, {literal(pattern)}):")
                    yield Line(f"    table[name] = filled(table[name], {fill})")
                else:
                    name = literal(pattern)
                    yield Line(f"table[{name}] = filled(table[{name}], {fill})")
        columns = [self.reader.columns(self.data.inputs.get(name), name, 0) for name in self.inputs]
        columns += [self.reader.columns(self.data.targets.get(name), name, 1) for name in self.outputs
                    if self.loss(name) is not None or self.metrics(name)]  # fmt: skip
        used: list[Expr] = []
        for one in columns:
            used += map(Value, one.value) if isinstance(one, Value) else [Star(one)]
        yield Assign(("used",), Items(tuple(used)))
        if missing == "drop":
            self.reader.need(DROPPED)
            yield Line("table = complete(table, used)")
        else:
            self.reader.need(REQUIRED)
            yield Line("require(table, used)")

    # Preprocessing

    def _learning(self) -> Iterator[Node]:
        for node in self.typed.graph.nodes.values():
            if node.layer is None or node.shared is not None or node.name in self.typed.learned:
                continue
            argument = STATE.get(node.layer.record.name)
            if argument is not None and node.layer.written.get(argument) is None:
                yield node

    def _adapted(self, node: Node) -> Iterator[Statement]:
        assert node.layer is not None
        yield Line(f'layer = model.get_layer("{node.name}")')
        tensor = self.typed.tensor(node.edges[0])
        rows = "raw.map(keras.Model(model.inputs, layer.input))"
        if node.layer.record.name == "Normalization" and tensor is not None and tensor.rank == 1:
            yield Line(f"seen = {rows}")
            yield Line("layer.adapt(np.concatenate([batch.numpy() for batch in seen]))")
        else:
            yield Line(f"layer.adapt({rows})")

    # Keras objects

    def _compiled(self) -> Iterator[tuple[str, Expr]]:
        losses = {name: self._object("losses", self.loss(name)) for name in self.outputs
                  if self.loss(name) is not None}  # fmt: skip
        metrics = {name: Items(tuple(self._metrics(self.metrics(name)))) for name in self.outputs if self.metrics(name)}
        own = self.training.outputs
        weights = {name: own[name].weight if name in own else 1.0 for name in losses}
        yield "optimizer", self._object("optimizers", self.training.optimizer)
        yield "loss", self._arranged(losses)
        if any(weight != 1 for weight in weights.values()):
            found: dict[str, Expr] = {name: Value(weight) for name, weight in weights.items()}
            yield "loss_weights", self._arranged(found) if len(self.outputs) > 1 else Value(list(weights.values()))
        if metrics:
            yield "metrics", self._arranged(metrics)
        if self.training.jit_compile != "auto":
            yield "jit_compile", Value(self.training.jit_compile)
        if self.training.steps_per_execution != "auto":
            yield "steps_per_execution", Value(self.training.steps_per_execution)

    def _arranged(self, values: Mapping[str, Expr]) -> Expr:
        if self.typed.graph.spec.outputs_named:
            return Table(tuple(values.items()))
        if len(self.outputs) == 1:
            return values[self.outputs[0]]
        return Items(tuple(values.get(name, Value(None)) for name in self.outputs))

    def _object(self, family: str, value: Any) -> Expr:
        if isinstance(value, str):
            return named(family, value)
        if isinstance(value, Mapping) and "expression" in value:
            raise Problem(Finding("E110", "a program of its own has no expressions as losses or metrics",
                                  self.training.pointer, help="leave out `--train`"))  # fmt: skip
        found = stated(family, value)
        assert found is not None
        return object_code(found, value)

    def _metrics(self, wanted: tuple[Any, ...]) -> Iterator[Expr]:
        """Metrics with the names that a trained spec reports."""
        taken: Counter[str] = Counter()
        for one in wanted:
            code = self._object("metrics", one)
            if isinstance(one, Mapping) and isinstance(code, Object) and "name" not in one:
                found = stated("metrics", one)
                assert found is not None
                default = found.arguments.get("name")
                name = default if isinstance(default, str) else snake_case(found.record.name)
                if taken[name]:
                    code = Object(code.record, {**code.arguments, "name": Value(f"{name}_{taken[name]}")})
                taken[name] += 1
            yield code

    def _callbacks(self) -> Iterator[Expr]:
        for value in self.training.callbacks:
            found = stated("callbacks", value)
            assert found is not None
            code = object_code(found, value if isinstance(value, Mapping) else {})
            mode = self._mode(found)
            yield code if mode is None else Object(code.record, {**code.arguments, "mode": Value(mode)})

    def _mode(self, callback: Stated) -> str | None:
        """What `"auto"` means where Keras would not find it out: with several outputs."""
        monitor = callback.arguments.get("monitor")
        if not isinstance(monitor, str) or callback.arguments.get("mode", "auto") != "auto" or len(self.outputs) < 2:
            return None
        found = logged(heads(self.typed)).get(monitor.removeprefix("val_"))
        if found is None or found.direction is None or monitor.removeprefix("val_") == "loss":
            return None
        return "max" if found.direction == "up" else "min"

    def _folders(self) -> Iterator[Statement]:
        for value in self.training.callbacks:
            found = stated("callbacks", value)
            for argument in PATHS if found is not None else ():
                path = found.arguments.get(argument) if found is not None else None
                parent = PurePath(path).parent.as_posix() if isinstance(path, str) else "."
                if parent != ".":
                    yield Line(f"Path({literal(parent)}).mkdir(parents=True, exist_ok=True)")


def _training(training: Training | None, typed: TypedGraph) -> Training:
    if training is None:
        raise Problem(Finding("E410", "there is no [training] section: nothing says how to train", (), "entry",
                              help='write `[training]` with at least a `loss`'))  # fmt: skip
    for key in ("losses", "rules", "phases", "freeze", "checkpoint", "weights", "learning_rate_factors"):
        if getattr(training, key):
            raise Problem(Finding("E110", f"a program of its own does without `{key}`", (*training.pointer, key),
                                  help="leave out `--train`, and train with `keraspec train`"))  # fmt: skip
    if training.gradients != Gradients():
        raise Problem(Finding("E110", "a program of its own has clipping and accumulating in the optimizer alone",
                              (*training.pointer, "gradients"),
                              help="leave out `--train`, or write them there"))  # fmt: skip
    if training.loop != "fit":
        raise Problem(Finding("E110", "a program of its own trains with `fit`", (*training.pointer, "loop"),
                              help="leave out `--train`"))  # fmt: skip
    return training

"""From TypedGraph to the text of a Keras program."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

from ...spec.finding import Finding
from ...spec.problem import Problem
from ..build import legal
from ..graph import Graph, TypedGraph
from .code import Assign, Calling, Expr, Items, Return, Table, Value, Var
from .layout import WIDTH, Row, lines
from .literals import escaped, literal
from .model import Modeller, Parts
from .objects import objects_in
from .text import doc, function_lines, statements, told, uses_module
from .traced import traced
from .training import Trainer

FREEZE = '''\
def freeze(layer):
    """Keep from training all that is inside of what is not to be trained.

    Keras asks each variable, and a layer that is made with trainable=False does not tell
    the layers inside it.
    """
    for one in layer._flatten_layers():
        if not one.trainable:
            for inner in one._flatten_layers(include_self=False):
                inner.trainable = False
'''
NUMBERED = '''\
def numbered(network, base, place):
    """What a layer gives that Keras has named by itself: base, base_1 and so on.

    Keras counts on from network to network, so only the order of the numbers is sure.
    """
    found = {}
    for one in network.operations:
        head, _, tail = one.name.rpartition("_")
        if one.name == base or (head == base and tail.isdigit()):
            found[int(tail) if head == base else 0] = one.output
    return found[sorted(found)[place]]
'''
NAMED = '''\
def named(tensors, name):
    """Name the op behind a tensor: the name that Keras would give it is a layer's."""
    for one in keras.tree.flatten(tensors):
        one._keras_history.operation.name = name
    return tensors
'''


def program(typed: TypedGraph, folder: Path | None = None, *, train: bool = False) -> str:
    """A Keras program that builds the model of a checked graph: ``build_model`` makes it, and ``model`` is one.

    With ``train`` it also reads the spec's data and trains, in ``main``. ``folder`` leads from where the program will
    lie to where the spec does, for the paths of files.

    Raises:
        Problem: E110 for what a program can't do without keraspec, E410 where there is nothing to train with, E415
            where the model can't be built without data.
    """
    if typed.learned and not train:
        name = next(iter(typed.learned))
        raise Problem(
            Finding(
                "E415",
                f"`{name}` learns from data how many tokens there are, and the layers behind it must know: "
                "the model can't be built without the data",
                typed.graph.nodes[name].pointer,
                "entry",
                help="give `vocabulary`, or `max_tokens` with `pad_to_max_tokens = true`; or write the program with "
                "`--train`",
            )
        )
    return "\n".join(_program(typed, folder, train)) + "\n"


def _program(typed: TypedGraph, folder: Path | None, train: bool) -> Iterator[str]:
    graph = typed.graph
    parts = Modeller(typed, traced(graph.spec.document), lambda path: f"str({here(path, folder)})").parts()
    plugins = list(_plugins(graph))
    model = list(_model(graph, parts, "raw" if typed.learned else ""))
    if not train:
        yield from docstring(graph)
        yield from imports([*plugins, *model])
        yield from (*plugins, *model, "", "", "model = build_model()", "")
        yield from ('if __name__ == "__main__":', "    model.summary()")
        return
    trainer = Trainer(typed, lambda path: here(path, folder))
    main = list(statements(trainer.main(), 4))
    functions = list(trainer.functions())
    whole = [*plugins, *model, *functions, *main]
    yield from docstring(graph)
    yield from imports(whole, *trainer.reader.modules, "tensorflow")
    yield from (*whole[: len(plugins) + len(model) + len(functions)], "", "")
    yield from ("def main():", '    """Train the model; give it back."""', *main, "", "")
    yield from ('if __name__ == "__main__":', f"    main().save({literal(f'{legal(graph.name)}.keras')})")


def _plugins(graph: Graph) -> Iterator[str]:
    """Imports of the classes of plugins, or of the functions that make them."""
    found = {one.record.name: one.record for node in graph.nodes.values() if node.layer is not None
             for one in objects_in(node.layer) if one.record.made is not None}  # fmt: skip
    for name, record in found.items():
        assert record.made is not None
        made = record.made()
        class_name = name.rpartition(".")[2]
        if "<" not in made.__qualname__:
            renamed = "" if made.__qualname__ == class_name else f" as {class_name}"
            yield f"from {made.__module__} import {made.__qualname__}{renamed}"
        else:
            yield f"from {name.partition('.')[0]} import {record.made.__name__}"
    for name, record in found.items():
        if record.made is not None and "<" in record.made().__qualname__:
            yield ""
            yield f"{name.rpartition('.')[2]} = {record.made.__name__}()"


def here(path: str, folder: Path | None) -> str:
    """A path of the spec as code: beside the program, or where it is on the machine."""
    whole = Path(path).expanduser()
    if whole.is_absolute():
        return f"Path({Value(whole.as_posix()).value!r})".replace("'", '"')
    joined = os.path.normpath((folder or Path()) / whole)
    return f'HERE / "{escaped(Path(joined).as_posix())}"'


def docstring(graph: Graph) -> Iterator[str]:
    """The head of a program: what the spec says of the model."""
    given = graph.name if "name" in graph.spec.document.data else None
    said = graph.spec.description or (f"The model {given}." if given else "A Keras model.")
    text = escaped(" ".join(said.split())).replace('"""', '\\"\\"\\"')
    yield from told(text + " " if text.endswith('"') else text, 0)


def imports(body: list[str], *more: str) -> Iterator[str]:
    """The imports that lines of a program need; ``more`` are modules besides."""
    standard = {one for one in more if one != "tensorflow"}
    if uses_module(body, "math"):
        standard.add("math")
    paths = any("HERE" in line or "Path(" in line for line in body)
    yield ""
    for one in sorted(standard):
        yield f"import {one}"
    if paths:
        yield "from pathlib import Path"
    if standard or paths:
        yield ""
    yield "import keras"
    if uses_module(body, "np"):
        yield "import numpy as np"
    if "tensorflow" in more:
        yield "import tensorflow as tf"
    found = [name for name in ("layers", "ops") if uses_module(body, name)]
    if found:
        yield f"from keras import {', '.join(found)}"
    if paths:
        yield ""
        yield "HERE = Path(__file__).parent"


def _model(graph: Graph, parts: Parts, given: str) -> Iterator[str]:
    """Everything up to and with `build_model`."""
    precision = graph.spec.training.precision if graph.spec.training is not None else "float32"
    if precision != "float32":
        yield ""
        yield f'keras.config.set_dtype_policy("{precision}")'
    if parts.constants:
        yield ""
    for name, code, comment in parts.constants:
        if comment:
            yield from (f"# {line}" for line in textwrap.wrap(comment, WIDTH - 2))
        yield from statements((Assign((name,), code),), 0)
    for used, text in ((parts.freezing, FREEZE), (parts.numbering, NUMBERED), (parts.naming, NAMED)):
        if used:
            yield from ("", "", *text.splitlines())
    for name, made in parts.factories:
        yield from ("", "", f"def {name}():", *statements((Return((made,)),), 4))
    for function in parts.functions:
        yield from ("", "", *function_lines(function))
    yield from ("", "", f"def build_model({given}):")
    yield '    """The model, not compiled."""'
    taken = {edge.source for node in graph.nodes.values() for edge in node.edges}
    for variable, node, shape in parts.inputs:
        assert node.input is not None
        named: dict[str, Expr] = {} if node.input.dtype == "float32" else {"dtype": Value(node.input.dtype)}
        call = Calling("keras.Input", (shape,), {**named, "name": Value(node.name)})
        yield from lines(Row((f"{variable} = ", doc(call))), 4)
        if node.name not in taken:
            yield f"    layers.Identity()({variable})  # Keras takes no input that leads nowhere"
    yield from statements(parts.body, 4)
    inputs: Expr = Items(tuple(Var(variable) for variable, _, _ in parts.inputs))
    if len(parts.inputs) == 1:
        inputs = Var(parts.inputs[0][0])
    outputs: Expr = Items(tuple(parts.outputs.values()))
    if graph.spec.outputs_named:
        outputs = Table(tuple(parts.outputs.items()))
    elif len(parts.outputs) == 1:
        (outputs,) = parts.outputs.values()
    model = Calling("keras.Model", (inputs, outputs), {"name": Value(legal(graph.name))})
    yield from statements((Return((model,)),), 4)

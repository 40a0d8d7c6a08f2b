"""Losses, heads, labels and metrics: what `check` says before there is data, against what Keras then does with it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from keraspec.checked import Checked, compile_text
from keraspec.compiler.build import assemble, make
from keraspec.compiler.catalogue import family
from keraspec.compiler.heads import heads
from keraspec.compiler.logged import HIGHER, logged
from keraspec.compiler.targets import TWO
from keraspec.compiler.verdicts import GROUPS, RIGHT, VERDICTS
from keraspec.runtime.columns import bind
from keraspec.runtime.compile import callbacks, compile_model
from keraspec.runtime.data import from_table
from keraspec.runtime.environment import Settings
from keraspec.runtime.feed import Form
from keraspec.runtime.table import Table
from keraspec.spec.problem import Problem

ROWS = 6
DRAWN = 200
"""Combinations that every run draws; there are some thousands."""

HEADS = {
    "one": ("[4]", '{ name = "out", type = "Dense", units = 1, activation = "sigmoid" }'),
    "three": ("[4]", '{ name = "out", type = "Dense", units = 3, activation = "softmax" }'),
    "free": ("[4]", '{ name = "out", type = "Dense", units = 3 }'),
    "count": ("[4]", '{ name = "out", type = "Dense", units = 1, activation = "softplus" }'),
    "steps": ("[5, 4]", '{ name = "out", type = "Dense", units = 3, activation = "softmax" }'),
    "line": ("[5, 4]", '{ name = "out", type = "Dense", units = 1, activation = "sigmoid" }'),
    "mask": ("[2, 3, 4]", '{ name = "out", type = "Conv2D", filters = 1, kernel_size = 1, activation = "sigmoid" }'),
    "areas": ("[2, 3, 4]", '{ name = "out", type = "Conv2D", filters = 3, kernel_size = 1, activation = "softmax" }'),
    "scalar": (
        "[4]",
        '{ name = "d", type = "Dense", units = 1 }, { name = "out", type = "Reshape", target_shape = [] }',
    ),
}
"""Heads by name: the shape of the input, and the layers."""

LABELS = ("words", "numbers", "yes", "real")
WIDTHS = (1, 3, 6, 15)
ENCODE = (None, "index", "one_hot")
LOSSES = tuple(name for name, record in family("losses").items() if record.refused is None)


def text(head: str, loss: str, width: int, encode: str | None, more: str = "") -> str:
    """A spec with this head and loss, and ``width`` columns for its target."""
    shape, layers = HEADS[head]
    columns = [f"y{index}" for index in range(width)]
    encoded = f', encode = "{encode}"' if encode else ""
    written = "[" + ", ".join(f'"{one}"' for one in columns) + "]"
    return f"""
keraspec = 1
inputs.x.shape = {shape}
layers = [{layers}]
[data]
source = {{ type = "csv", path = "a.csv" }}
inputs.x.column = "x"
targets.out = {{ column = {written}{encoded} }}
[training]
epochs = 9
loss = {loss}
{more}
"""


def table(head: str, kind: str, width: int) -> Table:
    """Rows for such a spec."""
    random = np.random.default_rng(7)
    shape = [int(size) for size in HEADS[head][0].strip("[]").split(",")]
    columns: dict[str, Any] = {"x": random.normal(size=(ROWS, *shape)).astype("float32")}
    for index in range(width):
        classes = np.array([0, 1, 2, 0, 1, 2]) if (width == 1 and head not in ("one", "line", "mask")) else None
        plain = classes if classes is not None else np.array([0, 1, 1, 0, 1, 0])
        columns[f"y{index}"] = {
            "words": np.array(["abc"[one] for one in plain], dtype=object),
            "numbers": plain,
            "yes": np.minimum(plain, 1),
            "real": plain * 0.37 + 0.2,
        }[kind]
    return Table("rows", columns)


@cache
def built(head: str) -> Any:
    """A model for a head; losses and metrics are compiled into it anew."""
    return assemble(compile_text(text(head, '"mse"', 1, None)).typed).model


def tried(checked: Checked, head: str, kind: str, width: int) -> str:
    """What becomes of training one epoch: ``"fits"``, ``"Keras"`` where Keras refuses, else the code of ours."""
    from tensorflow.errors import InvalidArgumentError

    typed = checked.typed
    assert typed is not None
    rows = table(head, kind, width)
    try:
        parts = from_table(typed, rows, bind(typed.graph, rows)).parts["train"]
    except Problem as problem:
        return problem.findings[0].code
    model = built(head)
    form = Form({"x": "float32"}, ("out",), named=False)
    compile_model(typed, model, form, "sgd", Settings(False, 1, ()))
    model.run_eagerly = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(parts.inputs["x"], parts.targets["out"], batch_size=3, verbose=0)
    except (ValueError, TypeError, IndexError, InvalidArgumentError):
        return "Keras"
    return "fits"


def combinations() -> Iterator[tuple[str, str, str, int, str | None]]:
    """Every loss with every head, kind of label, number of columns and encoding that differ."""
    for loss, head, kind, width, encode in product(LOSSES, HEADS, LABELS, WIDTHS, ENCODE):
        if width == 1 or kind not in ("words",):
            yield loss, head, kind, width, encode


ALLOWED = {
    "E409": "a single number where classes are compared: Keras warns and learns nothing, or looks at a sign alone",
    "E414": "what the table of verdicts says; each is tried below",
    "E416": "one column of a single class, of which 1 becomes 0 and all else 0",
    "E405": "a list of a number for each class, spread over all places without a word",
}
"""What we refuse although Keras would train it, with the reason."""


def told_by_cells(loss: str, head: str, kind: str, width: int, encode: str | None) -> bool:
    """Whether only the cells of the file show it: fractions for classes, or words where numbers are compared."""
    flat = len(HEADS[head][0]) == len("[4]")
    if encode is not None or loss == "Circle":
        return kind == "real"
    return kind == "words" or (loss in TWO and width == 1 and flat)


def test_what_is_said_before_there_is_data() -> None:
    drawn = Random(3).sample(list(combinations()), DRAWN)
    wrong = []
    for loss, head, kind, width, encode in drawn:
        checked = compile_text(text(head, f'{{ type = "{loss}" }}', width, encode))
        ours = {one.code for one in checked.errors}
        outcome = tried(checked, head, kind, width)
        said = f"{loss} {head} {kind} {width} {encode}: check {sorted(ours)}, then {outcome}"
        missed = outcome in ("Keras", "E405", "E310") and not ours
        invented = outcome == "fits" and not ours <= ALLOWED.keys()
        if invented or (missed and not told_by_cells(loss, head, kind, width, encode)):
            wrong.append(said)
    assert not wrong, "\n".join(wrong)


def trained(group: str, activation: str) -> tuple[float, bool]:
    """The loss after many steps on free answers behind an activation, and whether all of them are right."""
    import keras
    import tensorflow as tf

    name = next(one for one, held in GROUPS.items() if held == group.removesuffix(" logits"))
    arguments = {"from_logits": True} if group.endswith("logits") else {}
    if name == "CTC":
        arguments = {}
    loss = getattr(keras.losses, name)(**arguments)
    classes = np.resize([0, 1, 2, 1], 64)
    one_hot = np.eye(3, dtype="float32")[classes]
    sparse = name in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy")
    truth = (
        classes if sparse else 3.0 * one_hot if group == "count" else 2 * one_hot - 1 if group == "margin" else one_hot
    )
    act = keras.activations.get(activation) if activation != "unit" else lambda x: keras.ops.normalize(x, axis=-1)
    free = tf.Variable(np.random.default_rng(1).normal(size=(64, 3)).astype("float32"))
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build([free])

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            value = loss(truth, act(free) * 1.0)  # so that Keras does not look up what went into the activation
        optimizer.apply_gradients([(tape.gradient(value, free), free)])
        return value

    for _ in range(150):
        value = float(step())
    given = act(free).numpy()
    if group == "count":
        right = np.abs(given - 3 * one_hot).max() < 0.5
    elif group == "margin" or group == "binary logits":
        right = ((given > 0) == (one_hot > 0.5)).all()
    elif group in ("class", "class logits", "share"):
        right = (given.argmax(-1) == classes).all()
    else:
        right = ((given > 0.5) == (one_hot > 0.5)).all() and given.max() < 1.5
    return value, bool(right)


FREE = {"shares": "softmax", "probability": "sigmoid", "signed": "tanh", "positive": "relu", "logs": "log_softmax",
        "unit": "unit", "numbers": "linear"}  # fmt: skip
"""Values → an activation that gives them."""


@pytest.mark.parametrize("group", [one for one in VERDICTS if one not in ("sequence", "embedding")])
def test_what_is_an_error_does_not_learn(group: str) -> None:
    """With the right activation all is learned; with one that is an error not all answers are right, or never sure."""
    best, right = trained(group, RIGHT[group])
    assert right
    for values, (code, _) in VERDICTS[group].items():
        loss, good = trained(group, FREE[values])
        sure = np.isfinite(loss) and abs(loss - best) < 0.1
        assert code != "E414" or not (good and sure), (values, loss, best)


def test_every_group_says_what_is_right() -> None:
    assert VERDICTS.keys() - RIGHT.keys() == {"embedding"}


METRICS: tuple[tuple[str, dict[str, Any]], ...] = (
    *((name, {}) for name, record in family("metrics").items() if record.refused is None
      and not any(repr(argument.default) == "REQUIRED" for argument in record.arguments)),
    ("TopKCategoricalAccuracy", {"k": 2}), ("SparseTopKCategoricalAccuracy", {"k": 2}),
    ("AUC", {"multi_label": True}), ("AUC", {"multi_label": True, "num_labels": 3}),
    ("AUC", {"multi_label": True, "num_labels": 2}), ("AUC", {"multi_label": True, "label_weights": [1.0, 2.0]}),
    ("Precision", {"top_k": 2}), ("Precision", {"top_k": 4}), ("Precision", {"class_id": 0}),
    ("Recall", {"class_id": 3}),
    ("PrecisionAtRecall", {"recall": 0.5}), ("SensitivityAtSpecificity", {"specificity": 0.5, "class_id": 3}),
    ("F1Score", {"average": "macro"}), ("F1Score", {"average": "macro", "threshold": 0.5}),
    ("PearsonCorrelation", {"axis": 0}), ("ConcordanceCorrelation", {"axis": 0}), ("CosineSimilarity", {"axis": 3}),
    *((name, {"num_classes": 3, "sparse_y_pred": pred, "sparse_y_true": true})
      for name in ("MeanIoU",) for pred in (True, False) for true in (True, False)),
    ("MeanIoU", {"num_classes": 2, "sparse_y_pred": False}), ("OneHotMeanIoU", {"num_classes": 3}),
    ("OneHotMeanIoU", {"num_classes": 2}), ("OneHotIoU", {"num_classes": 3, "target_class_ids": [1]}),
    ("IoU", {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": False}),
)  # fmt: skip
LOSS_OF = {"one": ["BinaryCrossentropy"], "free": ["MeanSquaredError"], "line": ["BinaryCrossentropy"],
           "count": ["MeanSquaredError"], "mask": ["BinaryCrossentropy"], "scalar": ["MeanSquaredError"],
           "three": ["SparseCategoricalCrossentropy", "CategoricalCrossentropy"],
           "steps": ["SparseCategoricalCrossentropy", "CategoricalCrossentropy"],
           "areas": ["SparseCategoricalCrossentropy", "CategoricalCrossentropy"]}  # fmt: skip


def answers(head: str, loss: str) -> tuple[Any, Any]:
    """Targets as the loss takes them, and predictions that could not be better."""
    shape = tuple(size or ROWS for size in built(head).output_shape)
    random = np.random.default_rng(5)
    if loss == "MeanSquaredError":
        real = random.uniform(2, 9, shape).astype("float32")
        return real, real
    if loss == "BinaryCrossentropy":
        yes = np.resize([0, 1, 1], shape).astype("float32")
        return yes, yes * 0.9 + 0.05
    classes = np.resize([0, 1, 2, 1], shape[:-1])
    one_hot = np.eye(shape[-1], dtype="float32")[classes]
    return (classes if loss.startswith("Sparse") else one_hot), one_hot * 0.9 + 0.03


SILENT = {
    "num_classes": "classes beyond the number that is given are passed over without a word",
    "sparse_y_true": "rows of zeros and ones are taken for numbers of classes",
    "CosineSimilarity": "of a single number only the sign is compared, here always the same",
    "num_labels": "of a single number Keras makes as many as there should be",
    "label_weights": "as above",
    "SparseTopKCategoricalAccuracy": "rows of zeros and ones are taken for numbers of classes",
    "SparseCategoricalAccuracy": "as above",
}
"""Metrics and arguments that Keras computes with and we refuse, although the number looks good by accident."""


@pytest.mark.parametrize("head", HEADS)
def test_metrics(head: str) -> None:
    """What Keras can't compute is refused; what is refused Keras can't compute, or the best answers look bad."""
    wrong = []
    for loss, (name, arguments) in product(LOSS_OF[head], METRICS):
        written = ", ".join(f"{key} = {json.dumps(value)}" for key, value in arguments.items())
        table_ = f'{{ type = "{name}"{", " + written if written else ""} }}'
        checked = compile_text(text(head, f'"{loss}"', 1, None, f"metrics = [{table_}]"))
        ours = [one for one in checked.errors if one.finding.pointer[:2] == ("training", "metrics")]
        truth, best = answers(head, loss)
        metric = make_metric(name, arguments)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                metric.update_state(truth, best)
                value = float(np.mean(metric.result()))
        except Exception:  # Keras raises whatever its backend does
            value = None
        if value is None and not ours:
            wrong.append(f"{head} {loss} {table_}: Keras refuses it")
        elif value is not None and ours:
            ideal = 1.0 if name in HIGHER else 0.0
            if abs(value - ideal) < 0.05 and not (name in SILENT or SILENT.keys() & arguments.keys()):
                wrong.append(f"{head} {loss} {table_}: Keras gives {value}")
    assert not wrong, "\n".join(wrong)


def make_metric(name: str, arguments: dict[str, Any]) -> Any:
    from keraspec.compiler.heads import stated

    found = stated("metrics", {"type": name, **arguments})
    assert found is not None
    made = make(found)
    import keras

    return made if isinstance(made, keras.metrics.Metric) else keras.metrics.MeanMetricWrapper(made)


POOL = (
    '"accuracy"', '"acc"', '"mse"', '"auc"', '"categorical_accuracy"', '{ type = "AUC" }', '{ type = "AUC" }',
    '{ type = "Precision" }', '{ type = "Precision", name = "exact" }', '{ type = "F1Score", average = "macro" }',
    '{ type = "F1Score" }', '{ type = "TruePositives" }', '{ type = "FalsePositives" }', '{ type = "huber" }',
    '{ type = "Precision", thresholds = [0.3, 0.5] }', '{ type = "CategoricalAccuracy", name = "accuracy" }',
    '{ type = "MeanSquaredError" }', '{ type = "CosineSimilarity" }',
)  # fmt: skip


def several(random: Random, monitor: str = "loss", mode: str = "auto") -> str:
    """A spec with one to three outputs, metrics of many names, and a callback."""
    count = random.choice((1, 1, 2, 3))
    names = [f"o{index}" for index in range(count)]
    layers = ", ".join(
        f'{{ name = "{one}", type = "Dense", units = 3, activation = "softmax", inputs = "x" }}' for one in names
    )
    outputs = "[" + ", ".join(f'"{one}"' for one in names) + "]"
    if random.random() < 0.5:
        outputs = "{ " + ", ".join(f'p{one} = "{one}"' for one in names) + " }"
        names = [f"p{one}" for one in names]
    shared = random.random() < 0.5
    sections = [f"metrics = [{', '.join(random.choices(POOL, k=3))}]"]
    if shared:
        sections.append('loss = "categorical_crossentropy"')
    for index, one in enumerate(names):
        if not shared and (index == 0 or random.random() < 0.7):
            sections.append(f'[training.outputs.{one}]\nloss = "categorical_crossentropy"')
            if random.random() < 0.7:
                sections.append(f"metrics = [{', '.join(random.choices(POOL, k=2))}]")
    sections.insert(0, f'callbacks = [{{ type = "EarlyStopping", monitor = "{monitor}", mode = "{mode}" }}]')
    return f"keraspec = 1\ninputs.x.shape = [4]\noutputs = {outputs}\nlayers = [{layers}]\n[training]\n" + "\n".join(
        sections
    )


def history(checked: Checked, folder: Path) -> Any:
    """What Keras reports of two epochs with the spec's callbacks, or None where it refuses them."""
    typed = checked.typed
    assert typed is not None
    model = assemble(typed).model
    form = Form({"x": "float32"}, tuple(typed.graph.outputs), typed.graph.spec.outputs_named)
    compile_model(typed, model, form, "sgd", Settings(False, 1, ()))
    model.run_eagerly = True
    x = np.random.default_rng(3).normal(size=(6, 4)).astype("float32")
    y = form.y({name: np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]] for name in form.outputs})
    made = callbacks(typed, folder, model, form)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return model.fit(x, y, validation_data=(x, y), epochs=2, batch_size=6, verbose=0, callbacks=made).history
        except ValueError:
            return None


@pytest.mark.parametrize("seed", range(8))
def test_names_of_what_is_reported(seed: int, tmp_path: Path) -> None:
    checked = compile_text(several(Random(seed)))
    assert not checked.errors, checked.errors
    assert checked.typed is not None
    names = logged(heads(checked.typed))
    found = history(checked, tmp_path)
    assert {one for one in found if not one.startswith("val_")} == set(names)
    assert {one for one in found if one.startswith("val_")} == {f"val_{one}" for one in names}
    assert {one for one in names if np.ndim(found[one][0])} == {one for one, held in names.items() if held.several}


@pytest.mark.parametrize("seed", range(12))
def test_what_a_callback_can_watch(seed: int, tmp_path: Path) -> None:
    """Keras refuses a number to watch, or its direction, just where we do; and a wrong direction we refuse as well."""
    random = Random(100 + seed)
    text_ = several(Random(seed))
    checked = compile_text(text_)
    assert checked.typed is not None
    names = logged(heads(checked.typed))
    monitor = random.choice(sorted(names))
    held = names[monitor]
    mode = random.choice(("auto", "auto", "min", "max"))
    ours = compile_text(text_.replace('monitor = "loss", mode = "auto"', f'monitor = "val_{monitor}", mode = "{mode}"'))
    said = [one.code for one in ours.errors]
    refused = history(ours, tmp_path) is None
    backwards = (mode, held.direction) in (("max", "down"), ("min", "up"))
    blind = held.direction == "up" and not held.automatic  # with several outputs the trainer would take less for better
    assert said == (["E420"] if refused or backwards or (mode == "auto" and blind) else [])

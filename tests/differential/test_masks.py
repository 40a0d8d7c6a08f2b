"""Whether padding changes what a model gives: what `check` says of small random graphs, and what Keras does.

Many of them have layers that read one tensor, for there the order in which Keras runs them counts.
``KERASPEC_MASK_GRAPHS=5000`` tries more of them.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from random import Random
from typing import Any

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.compiler.build import assemble
from keraspec.compiler.mask_flow import Flow, misses
from keraspec.compiler.run_order import run_order

keras = pytest.importorskip("keras")

GRAPHS = int(os.environ.get("KERASPEC_MASK_GRAPHS", "60"))
WIDTH = 4
PADDED = [[3, 7, 5, 0, 0], [9, 2, 6, 0, 0]]
REAL = 3
FAINT = 1e-15
"""So much is dropped, and so strong is noise: what comes out is another tensor in training, with the same numbers."""
SAME = ("Dense", "LayerNormalization", "Dropout", "Identity", "relu", "linear", "GaussianNoise", "SpatialDropout1D")
READING = ("LSTM", "GRU", "SimpleRNN", "both ways", "BatchNormalization", "Dense of each step")
ATTENDING = ("MultiHeadAttention", "MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention")
JOINING = ("Add", "Average", "Multiply", "Maximum", "Concatenate")  # differences may cancel


class Drawn:
    """A graph as it is drawn. ``sequences`` are the names of tensors that have steps, ``ends`` of those that do not."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.layers: list[dict[str, Any]] = []
        self.sequences: list[str] = []
        self.ends: list[str] = []
        self.read: set[str] = set()
        self.wide: set[str] = set()

    def add(self, kind: str, inputs: Any = None, sequence: bool = True, **arguments: Any) -> str:
        """One more entry; its name is told."""
        name = f"n{len(self.layers)}"
        given = inputs.values() if isinstance(inputs, dict) else inputs if isinstance(inputs, list) else [inputs]
        self.read |= {one for many in given for one in (many if isinstance(many, list) else [many])}
        dtype = {} if kind.startswith("ops.") else {"dtype": "float64"}
        self.layers.append({"name": name, "type": kind, "inputs": inputs} | arguments | dtype)
        (self.sequences if sequence else self.ends).append(name)
        return name

    def any(self) -> str:
        """Some tensor with steps; mostly one of the last, often one that was read before."""
        if self.rng.random() < 0.3:
            return self.sequences[0]
        return self.rng.choice(self.sequences[-3:])

    def again(self) -> None:
        """One of the layers once more, with the same weights."""
        shareable = ("Dense", "LayerNormalization", "MultiHeadAttention", "BatchNormalization")
        known = [one for one in self.layers if one.get("type") in shareable]
        known = [one for one in known if one["name"] not in self.wide and one["name"] in self.sequences]
        if known:
            one = self.rng.choice(known)
            x = self.any()
            inputs = {"query": x, "value": self.any()} if one["type"] == "MultiHeadAttention" else x
            self.read |= set(inputs.values()) if isinstance(inputs, dict) else {x}
            name = f"n{len(self.layers)}"
            self.layers.append({"name": name, "reuse": one["name"], "inputs": inputs})
            self.sequences.append(name)

    def attend(self) -> None:
        kind, rng = self.rng.choice(ATTENDING), self.rng
        query = self.any()
        inputs: dict[str, Any] = {"query": query, "value": query if rng.random() < 0.6 else self.any()}
        if rng.random() < 0.15:
            inputs["key"] = self.any()
        if rng.random() < 0.15:
            inputs["value_mask"] = "real"
            if rng.random() < 0.5:
                inputs["query_mask"] = "real"
        sizes: dict[str, Any] = {}
        if kind == "MultiHeadAttention":
            sizes = {"num_heads": 2, "key_dim": 3}
        if kind == "GroupQueryAttention":
            sizes = {"num_query_heads": 2, "num_key_value_heads": 1, "head_dim": 3}
        if rng.random() < 0.15:
            sizes["call"] = {"use_causal_mask": True}
        self.add(kind, inputs, **sizes)

    def work(self) -> None:
        kind, x = self.rng.choice(SAME), self.any()
        if kind in ("relu", "linear"):
            self.add("Activation", x, activation=kind)
        elif kind in ("Dropout", "SpatialDropout1D"):
            self.add(kind, x, rate=FAINT)
        elif kind == "GaussianNoise":
            self.add(kind, x, stddev=FAINT)
        else:
            self.add(kind, x, **({"units": WIDTH} if kind == "Dense" else {}))

    def join(self) -> None:
        kind = self.rng.choice(JOINING)
        xs = [self.any() for _ in range(self.rng.choice((2, 2, 3)))]
        name = self.add(kind, xs)
        if kind == "Concatenate":
            self.sequences.remove(name)  # nothing else is as wide
            self.wide.add(self.add("Dense", name, units=WIDTH))

    def go_through(self) -> None:
        rng, kind, x = self.rng, self.rng.choice(READING), self.any()
        if kind == "Dense of each step":
            inputs = {"inputs": x, "mask": "real"} if rng.random() < 0.3 else x
            self.add("TimeDistributed", inputs, layer={"type": "Dense", "units": WIDTH, "dtype": "float64"})
        elif kind == "both ways":
            inner = {"type": "GRU", "units": WIDTH, "return_sequences": True, "dtype": "float64"}
            self.add("Bidirectional", x, layer=inner, merge_mode=rng.choice(("sum", "ave")))
        elif kind == "BatchNormalization":
            self.add(kind, x)
        else:
            inputs = x
            if kind != "LSTM" and self.ends and rng.random() < 0.5:
                inputs = {"sequences": x, "initial_state": [self.ends[-1]]}
            every = rng.random() < 0.6
            more = {"return_sequences": True} if every else {}
            self.add(kind, inputs, sequence=every, units=WIDTH, **more)

    def pool(self) -> None:
        x = self.any()
        inputs = {"inputs": x, "mask": "real"} if self.rng.random() < 0.2 else x
        self.add("GlobalAveragePooling1D", inputs, sequence=False)


def draw(rng: Random) -> dict[str, Any]:
    """A graph of word numbers, of which 0 is padding."""
    drawn = Drawn(rng)
    drawn.layers.append({"name": "real", "type": "ops.not_equal", "inputs": "tokens", "x2": 0})
    start = {"type": "RandomNormal", "stddev": 1.0}
    sizes = {"input_dim": 10, "output_dim": WIDTH, "embeddings_initializer": start}
    drawn.add("Embedding", "tokens", mask_zero=True, **sizes)
    if rng.random() < 0.3:  # places or kinds of words, which nobody masks: only a sum with words has a mask to lose
        other = drawn.add("Embedding", "tokens", **sizes)
        drawn.sequences.remove(other)
        drawn.add(rng.choice(("Add", "Average", "Multiply")), [drawn.sequences[0], other])
    steps = (
        [drawn.attend] * 4 + [drawn.work] * 3 + [drawn.join] * 3 + [drawn.go_through] * 2 + [drawn.pool, drawn.again]
    )
    for _ in range(rng.randint(2, 9)):
        rng.choice(steps)()
    last = [name for name in (*drawn.sequences, *drawn.ends) if name not in drawn.read]
    rng.shuffle(last)
    layers = drawn.layers if "real" in drawn.read else drawn.layers[1:]
    outputs: Any = last if rng.random() < 0.7 else {name: name for name in last}
    return {
        "keraspec": 1,
        "inputs": {"tokens": {"shape": ["time"], "dtype": "int32"}},
        "layers": layers,
        "outputs": outputs,
    }


def checked(spec: dict[str, Any]) -> Checked:
    found = compile_text(json.dumps(spec), "json")
    assert not found.errors, [one.message for one in found.errors]
    return found


def changes(model: Any, training: bool) -> bool:
    """Whether the steps that are no padding, and what comes out without steps, hang on the padding."""
    import numpy as np

    padded = keras.tree.flatten(model(np.array(PADDED, "int32"), training=training))
    plain = keras.tree.flatten(model(np.array(PADDED, "int32")[:, :REAL], training=training))
    for one, other in zip(padded, plain, strict=True):
        a, b = keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other)
        if not np.allclose(a[:, :REAL] if a.ndim == 3 else a, b, rtol=1e-8, atol=1e-10):
            return True
    return False


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not support masking")
        yield
    keras.backend.clear_session()


@pytest.mark.parametrize(
    "part", [0, 1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
def test_verdicts(part: int) -> None:
    """A graph is warned of if, and only if, Keras counts padding in it."""
    verdicts = set()
    for seed in range(part, GRAPHS, 4):
        keras.utils.set_random_seed(seed)
        spec = draw(Random(seed))
        found = checked(spec)
        assert found.typed is not None
        model = assemble(found.typed).model
        missed = {training: any(misses(found.typed, "float32", training, {})) for training in (False, True)}
        assert missed == {training: changes(model, training) for training in missed}, (seed, json.dumps(spec))
        assert {one.code for one in found.diagnostics} == ({"W302"} if any(missed.values()) else set())
        verdicts.add(tuple(missed.values()))
    assert verdicts >= {(True, True), (False, False)}


def test_order() -> None:
    """The calls are put in the order in which Keras makes them, those that it makes for masks among them."""
    for seed in range(100_000, 100_000 + GRAPHS // 2):
        found = checked(draw(Random(seed)))
        assert found.typed is not None
        graph, flow = found.typed.graph, Flow(found.typed, "float32")
        model = assemble(found.typed).model
        depths = model._nodes_by_depth
        theirs = [node.operation.name for depth in sorted(depths, reverse=True) for node in depths[depth]]
        names = sorted(graph.outputs) if graph.spec.outputs_named else list(graph.outputs)
        ours = run_order(flow.calls, flow.operation, (graph.outputs[name].source for name in names))
        known = [graph.nodes[one].shared or one for one in ours if one in graph.nodes]
        assert [one for one in theirs if one in graph.nodes] == known, seed
        assert len(theirs) == len(ours), seed


COPY = '{ name = "copy", type = "Rescaling", inputs = "w", scale = 1 },\n  { name = "a",'
REAL_MASK = '{ name = "real", type = "ops.not_equal", inputs = "tokens", x2 = 0 },\n  { name = "w", inputs = "tokens",'
WAYS_OUT = {
    "as it is": (),
    "a copy": (('{ name = "a",', COPY), ('query = "w", value = "w"', 'query = "copy", value = "copy"')),
    "a mask given": (('{ name = "w",', REAL_MASK), ('value = "s"', 'value = "s", value_mask = "real"')),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_predict_and_the_ways_out(way: str) -> None:
    """The graph of the issue: what is said of it is so in `predict` too, and what is told as a way out mends it."""
    import numpy as np

    text = (Path(__file__).parents[1] / "bad" / "W302-mask-taken-off.keraspec.toml").read_text("utf-8")
    for old, new in WAYS_OUT[way]:
        assert old in text
        text = text.replace(old, new)
    found = compile_text(text)
    warned = way == "as it is"
    assert [one.code for one in found.diagnostics] == ["W302"] * warned
    assert found.typed is not None
    keras.utils.set_random_seed(1)
    model = assemble(found.typed).model
    long = model.predict(np.array(PADDED, "int32"), verbose=0)[:, :REAL]
    short = model.predict(np.array(PADDED, "int32")[:, :REAL], verbose=0)
    assert (abs(long - short).max() > 1e-4) == warned


HEADS = {"type": "MultiHeadAttention", "num_heads": 1, "key_dim": 4}


@pytest.mark.parametrize(
    ("look", "read", "warned"), [(HEADS, "word", True), (HEADS, "copy", False), ({"type": "Attention"}, "word", False)]
)
def test_losses(look: dict[str, Any], read: str, warned: bool) -> None:
    """A loss counts padding where `check` says that its output has lost its mask, and nowhere else."""
    import numpy as np

    words = {"type": "Embedding", "inputs": "tokens", "input_dim": 10, "output_dim": WIDTH, "mask_zero": True}
    layers = [
        {"name": "word", **words},
        {"name": "look", "inputs": {"query": read, "value": read}, **look},
        {"name": "sum", "type": "Add", "inputs": ["word", "look"]},
        {"name": "kind", "type": "Dense", "units": 3},
    ]
    if read == "copy":
        layers.insert(1, {"name": "copy", "type": "Rescaling", "scale": 1})
    tokens = {"shape": ["time"], "dtype": "int32"}
    found = checked({"keraspec": 1, "inputs": {"tokens": tokens}, "layers": layers, "training": {"loss": "mse"}})
    assert [one.code for one in found.diagnostics] == ["W302"] * warned
    assert found.typed is not None
    keras.utils.set_random_seed(1)
    model = assemble(found.typed).model
    model.compile(loss="mse")
    rows = np.array(PADDED, "int32")
    long = model.evaluate(rows, np.ones((2, 5, 3)), verbose=0)
    short = model.evaluate(rows[:, :REAL], np.ones((2, REAL, 3)), verbose=0)
    assert bool(abs(long - short) > 1e-4) == warned

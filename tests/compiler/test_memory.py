"""The memory that training takes is about what a compiler says that a step of training takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from keraspec.checked import compile_text
from keraspec.compiler.memory import bytes_of, bytes_text, training_bytes

TRAINING = '[training]\noptimizer = "adam"\nloss = "mse"\n'
NETWORKS = {
    "dense": """inputs.x.shape = [784]
layers = [
  { type = "Dense", units = 1024, activation = "gelu" }, { type = "Dense", units = 1024, activation = "relu" },
  { type = "Dense", units = 10 },
]""",
    "pictures": """inputs.x.shape = [32, 32, 3]
layers = [
  { type = "Conv2D", filters = 32, kernel_size = 3, padding = "same", activation = "relu" },
  { type = "Conv2D", filters = 32, kernel_size = 3, padding = "same" }, { type = "BatchNormalization" },
  { type = "ReLU" }, { type = "MaxPooling2D" },
  { type = "Conv2D", filters = 64, kernel_size = 3, activation = "relu" }, { type = "GlobalAveragePooling2D" },
  { type = "Dense", units = 10 },
]""",
    "steps": """inputs.x.shape = [100, 32]
layers = [
  { type = "LSTM", units = 128, return_sequences = true }, { type = "GRU", units = 64 },
  { type = "Dense", units = 10 },
]""",
    "attention": """inputs.x.shape = [200, 64]
layers = [
  { type = "MultiHeadAttention", num_heads = 4, key_dim = 16, inputs = { query = "x", value = "x" } },
  { type = "LayerNormalization" }, { type = "Dense", units = 256, activation = "gelu" },
  { type = "Dense", units = 64 }, { type = "GlobalAveragePooling1D" }, { type = "Dense", units = 10 },
]""",
}
STEP = """
import json, sys, jax, keras
from keraspec.checked import compile_text
from keraspec.compiler.build import build
found = {}
for name, text in json.load(sys.stdin).items():
    model = build(compile_text(text).typed)
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    def loss(weights, others, x):
        y, others = model.stateless_call(weights, others, x, training=True)
        return (y ** 2).mean(), others
    def step(weights, others, state, x):
        (value, others), slopes = jax.value_and_grad(loss, has_aux=True)(weights, others, x)
        return value, others, *optimizer.stateless_apply(state, slopes, weights)
    every = [[one.value for one in group] for group in
             (model.trainable_variables, model.non_trainable_variables, optimizer.variables)]
    x = jax.ShapeDtypeStruct((32, *model.inputs[0].shape[1:]), model.inputs[0].dtype)
    memory = jax.jit(step, donate_argnums=(0, 1, 2)).lower(*every, x).compile().memory_analysis()
    found[name] = (memory.argument_size_in_bytes + memory.temp_size_in_bytes + memory.output_size_in_bytes
                   - memory.alias_size_in_bytes)
print(json.dumps(found))
"""


@pytest.mark.long
def test_a_step_of_training_takes_about_so_much() -> None:
    texts = {name: f"keraspec = 1\n{network}\n{TRAINING}" for name, network in NETWORKS.items()}
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", STEP], input=json.dumps(texts), env=environment, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    measured = json.loads(done.stdout.splitlines()[-1])
    for name, text in texts.items():
        typed = compile_text(text).typed
        assert typed is not None
        estimate = training_bytes(typed, 32)
        assert isinstance(estimate, int)
        assert 0.5 < estimate / measured[name] < 1.3, (name, estimate, measured[name])


@pytest.mark.parametrize(
    ("words", "count"),
    [("16 GB", 16 * 1000**3), ("16GiB", 16 * 1024**3), ("1.5 mb", 1_500_000), ("900 bytes", 900), ("1_000 kB", 10**6)],
)
def test_words_for_memory(words: str, count: int) -> None:
    assert bytes_of(words) == count


@pytest.mark.parametrize("words", ["", "16", "GB", "-1 GB", "16 G", "lots", "1e3 GB"])
def test_words_for_nothing(words: str) -> None:
    assert bytes_of(words) is None


def test_bytes_are_told_as_they_were_asked_for() -> None:
    assert [bytes_text(3 * 10**9, like) for like in ("1 GB", "1 MiB")] == ["3.0 GB", "2.8 GiB"]
    assert bytes_text(999, "1 GB") == "999 bytes"
    assert bytes_text(1000, "1 GB") == "1.0 kB"

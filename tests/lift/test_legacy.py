"""Real models of Keras 1 and 2 against what an oracle made of them: shapes and parameters, layer by layer.

The files are not part of the project: they are looked for in a folder ``shared`` beside it (or where
``KERASPEC_SHARED`` says), and without them only what the other tests of this folder state by hand is tested.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.compiler.lift.legacy import read_legacy
from keraspec.compiler.lift.lift import Lifted, lift
from keraspec.compiler.lift.network import Unreadable

SHARED = Path(os.environ.get("KERASPEC_SHARED", Path(__file__).resolve().parents[3] / "shared"))
CONFIGS = SHARED / "keras-configs"
INDEX = CONFIGS / "index.json"
PREFIX = "dl4j-test-resources-"

pytestmark = pytest.mark.skipif(not INDEX.is_file(), reason="the real models are not here")

LAMBDA = "can't be imported: it runs Python code of the file's author"

FAILURES: Mapping[str, str] = {
    # A model whose output has no elements.
    "cnn3d-20-1911bb": "cropping 1 and 1 off the depth of 1 leaves nothing",
    "cnn3d-22-52585d": "cropping 1 and 1 off the depth of 1 leaves nothing",
    # It attends from each row of the batch to the others.
    "keras-attention-364f4a": "Attention needs a query with at least 3 axes",
    # Without a truth: no oracle runs what is in the file either.
    "yolo9000-tf-keras-2-acac38": LAMBDA,
    "model-lambda-815658": LAMBDA,
    "sequential-lambda-74f6e7": LAMBDA,
    "space-to-depth-graph-tensorflow-2-cb907e": LAMBDA,
    "space-to-depth-simple-tensorflow-1-2f087a": LAMBDA,
    "space-to-depth-simple-tensorflow-2-ca8b14": LAMBDA,
    "deepfm-5ca99e": LAMBDA,
}
"""The files that don't become a spec with the numbers of the truth, with the reason that the person is told."""

WARNINGS: Mapping[str, Sequence[str]] = {
    # It joins padded words to a feature without a mask, and the mask is gone behind it.
    "model-concat-embedding-sequences-tf-kera-375a8f": ["W302"],
}
"""The files of which something is said though they become a spec."""

ENTRIES: Sequence[Mapping[str, Any]] = json.loads(INDEX.read_text()) if INDEX.is_file() else ()


def short(entry: Mapping[str, Any]) -> str:
    return str(entry["name"]).removeprefix(PREFIX)


def config_of(entry: Mapping[str, Any]) -> Any:
    return json.loads((CONFIGS / f"{entry['name']}.json").read_text())


def imported(entry: Mapping[str, Any]) -> tuple[Lifted, Checked]:
    """The spec of a file, and what is known of it without Keras."""
    lifted = lift(read_legacy(config_of(entry), None, entry["keras_version"], None))
    return lifted, compile_text(json.dumps(lifted.data), "json")


def sizes(shape: Sequence[Any]) -> list[int | None]:
    """The sizes behind the batch, which a spec leaves open; what is open is None."""
    return [size if isinstance(size, int) else None for size in shape[1:]]


def shapes(written: Sequence[Any]) -> list[list[int | None]]:
    """The truth writes the shape of one output, or a list of shapes."""
    return [sizes(one) for one in (written if isinstance(written[0], list) else [written])]


@pytest.mark.parametrize("entry", [one for one in ENTRIES if one["truth"] and short(one) not in FAILURES], ids=short)
def test_the_truth(entry: Mapping[str, Any]) -> None:
    truth = entry["truth"]
    lifted, checked = imported(entry)
    assert [one.finding.code for one in checked.diagnostics] == WARNINGS.get(short(entry), [])
    assert checked.typed is not None
    assert checked.graph is not None
    typed = checked.typed.typed
    assert sum(one.params for one in typed.values()) == truth["count_params"]
    assert sum(one.trainable_params for one in typed.values()) == truth["trainable_params"]
    inputs = [typed[name].outputs for name, node in checked.graph.nodes.items() if node.input is not None]
    assert [sizes(one[0].shape) for one in inputs if one] == [sizes(one) for one in truth["inputs"]]
    outputs = [checked.typed.tensor(edge) for edge in checked.graph.outputs.values()]
    assert [sizes(one.shape) for one in outputs if one] == [sizes(one) for one in truth["outputs"]]
    entered = [typed[name] for name, node in checked.graph.nodes.items() if node.input is None]
    for layer in truth["layers"]:
        if layer["class_name"] != "InputLayer":
            # A locally connected layer has become several, of which the last gives what it gave.
            found = [entered[place] for way, place in lifted.places.items() if way[0] == layer["name"]]
            assert sum(one.params for one in found) == layer["params"], layer["name"]
            assert [sizes(one.shape) for one in found[-1].outputs or ()] == shapes(layer["output_shape"]), layer["name"]


def test_what_is_not_imported() -> None:
    """Exactly the files of the table fail, each with the reason there."""
    found = {}
    for entry in ENTRIES:
        try:
            _, checked = imported(entry)
        except Unreadable as problem:
            found[short(entry)] = problem.message
        else:
            if checked.errors:
                found[short(entry)] = checked.errors[0].finding.message
    assert found.keys() == FAILURES.keys()
    for name, reason in FAILURES.items():
        assert reason in found[name], name


def test_the_share_that_imports_equal() -> None:
    true = [short(one) for one in ENTRIES if one["truth"]]
    assert (len(ENTRIES), len(true), len([one for one in true if one not in FAILURES])) == (188, 146, 143)


TWINS = (
    ("cnn-tf-config-67e9ad", "keras2-cnn-tf-config-f85af3"),
    ("mlp-fapi-config-ecac06", "keras2-mlp-fapi-config-d71be9"),
    ("mlp-fapi-multiloss-config-ccf109", "keras2-mlp-fapi-multiloss-config-23722b"),
    ("mnist-cnn-no-bias-tf-config-24baeb", "keras2-mnist-cnn-no-bias-tf-config-36f27e"),
    ("imdb-fasttext-tf-keras-1-config-50ea99", "imdb-fasttext-tf-keras-2-config-d022c8"),
    ("dense-tensorflow-1-e675bf", "dense-tensorflow-2-3b0fd3"),
    ("conv2d-tensorflow-1-356f42", "conv2d-tensorflow-2-8c2700"),
    ("conv2d-reshape-tensorflow-1-cdf86f", "conv2d-reshape-tensorflow-2-3c205c"),
    ("embedding-conv1d-flatten-tensorflow-1-af17d1", "embedding-conv1d-flatten-tensorflow-2-10dc64"),
    ("embedding-lstm-tensorflow-1-28be08", "embedding-lstm-tensorflow-2-ee5334"),
    ("simple-rnn-tensorflow-1-33bf0f", "simple-rnn-tensorflow-2-b5a912"),
    ("batch-to-conv2d-tensorflow-1-991f1a", "batch-to-conv2d-tensorflow-2-21cd3f"),
    (
        "bidirectional-lstm-no-return-sequences-t-f9c67c",
        "bidirectional-lstm-no-return-sequences-t-c3a075",
    ),
)
"""The same program, run with Keras 1 and with Keras 2."""


@pytest.mark.parametrize(("first", "second"), TWINS)
def test_keras_1_says_what_keras_2_says(first: str, second: str) -> None:
    entries = {short(one): one for one in ENTRIES}
    one, other = (unnamed(imported(entries[name])[0].data) for name in (first, second))
    assert one == other


def unnamed(data: Any) -> Any:
    """The data without names; without what was so in the first program alone (a regularizer), and without the 1.1 that
    Keras 1 stretched orthogonal matrices by."""
    if isinstance(data, Mapping):
        left_out = {
            "name",
            "kernel_regularizer",
            *(("recurrent_initializer",) if data.get(INITIAL) == STRETCHED else ()),
        }
        return {key: unnamed(value) for key, value in data.items() if key not in left_out}
    return [unnamed(one) for one in data] if isinstance(data, list) else data


INITIAL = "recurrent_initializer"
STRETCHED = {"type": "Orthogonal", "gain": 1.1}

"""The preprocessing layers against Keras."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from oracle import Case, Plan, Refused, Tensor, agree, ours, shapes

MODES = ("one_hot", "multi_hot", "count", "tf_idf")
WORDS = ("a", "b", "c", "d")


def _mode(case: Case, default: str = "int") -> str:
    return str(case.written.get("output_mode", default))


def _rank(case: Case) -> int:
    return 1 + len(case.x.shape)


def _gathers(case: Case, default: str = "int") -> bool:
    return _mode(case, default) in ("multi_hot", "count", "tf_idf")


BATCH_LOST = "gathering rows that are single values gives a result without batch axis, which no model can use"
CONTRADICTS = "for more than two axes Keras announces another shape than it computes"


def _normalization(rng: Random, written: dict[str, Any]) -> None:
    if rng.random() < 0.5:
        written.pop("mean", None)
        written.pop("variance", None)
    elif "mean" in written:
        written["variance"] = written["mean"]
    elif "variance" in written:
        written["mean"] = written["variance"]


def _discretization(rng: Random, written: dict[str, Any]) -> None:
    if rng.random() < 0.5:
        written.pop("num_bins", None)
        written["bin_boundaries"] = sorted(round(rng.uniform(-1, 1), 2) for _ in range(rng.randint(1, 4)))
    else:
        written.pop("bin_boundaries", None)
        written["num_bins"] = rng.randint(1, 5)
    if _is_int(written):
        written.pop("sparse", None)


def _is_int(written: dict[str, Any]) -> bool:
    return written.get("output_mode", "int") == "int"


def _sparse(rng: Random, written: dict[str, Any]) -> None:
    if _is_int(written):
        written.pop("sparse", None)


def _hash_dtype(rng: Random, written: dict[str, Any]) -> None:
    _sparse(rng, written)
    if _is_int(written):
        written.pop("dtype", None)


def _pair(rng: Random, written: Any) -> tuple[Tensor, ...]:
    dtype = rng.choice(("string", "int32", "int64", "string", "float32"))
    shape = rng.choice(((), (1,), (1,), (1,), (2,), ("time",), (1, 1)))
    other = shape if rng.random() < 0.85 else (1,)
    number = 2 if rng.random() < 0.9 else rng.choice((1, 3))
    return tuple(Tensor(shape if index == 0 else other, dtype) for index in range(number))


def _encoding(rng: Random, written: Any) -> dict[str, tuple[Tensor, ...]]:
    feed = shapes(
        0, 1, 1, 1, 2, 3, unknown=0.2, zero=0, dtypes=("int32",) * 4 + ("int64", "float32", "uint8", "string")
    )
    (x,) = feed(rng, written)
    if rng.random() < 0.85:
        return {"inputs": (x,)}
    size = x.shape if rng.random() < 0.8 else (*x.shape, 2)
    return {"inputs": (x,), "count_weights": (Tensor(size),)}


def _with_vocabulary(words: tuple[Any, ...]) -> Any:
    def mend(rng: Random, written: dict[str, Any]) -> None:
        chosen = rng.sample(words, rng.randint(1, len(words)))
        written["vocabulary"] = chosen
        written.pop("mask_token", None) if rng.random() < 0.5 else None
        if written.get("invert"):
            written.pop("output_mode", None)
        if rng.random() < 0.8:
            written.pop("max_tokens", None)
        if "max_tokens" not in written:
            written.pop("pad_to_max_tokens", None)
        written.pop("idf_weights", None)
        if written.get("output_mode") == "tf_idf":
            written["idf_weights"] = [0.5] * len(chosen)
        if rng.random() < 0.7:
            written.pop("salt", None)
        elif "oov_method" in written:
            written["oov_method"] = "farmhash"
        if written.get("output_mode", "int") != "int":
            written.pop("output_sequence_length", None)
        _sparse(rng, written)

    return mend


def _learned(rng: Random, written: dict[str, Any]) -> None:
    for name in ("vocabulary", "idf_weights"):
        written.pop(name, None)
    if written.get("invert"):
        written.pop("output_mode", None)
    if written.get("pad_to_max_tokens") and written.get("max_tokens", "none") == "none":
        written["max_tokens"] = 9
    if written.get("output_mode", "int") != "int":
        written.pop("output_sequence_length", None)
    written.pop("salt", None)
    _sparse(rng, written)


def _numbers(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Categories that every layer here knows: 0 and 1, or words."""
    import keras
    import tensorflow as tf

    values = np.random.default_rng(rng.randrange(2**32)).integers(0, 2, shape)
    if dtype == "string":
        return tf.constant(np.array(WORDS)[values])
    return keras.ops.convert_to_tensor(values.astype(dtype))


def _given_or_learned(words: tuple[Any, ...]) -> Any:
    given = _with_vocabulary(words)
    return lambda rng, written: (given if rng.random() < 0.6 else _learned)(rng, written)


LEFT_OUT = {
    ("Discretization", "trainable"): "taken from every layer; here only to be refused",
    ("Discretization", "activity_regularizer"): "taken from every layer; here only to be refused",
    ("CategoryEncoding", "num_tokens"): "Keras has a default, None, and refuses it",
}
LEARNED = {
    "boundaries have yet to be learned": lambda case: "num_bins" in case.written,
}
STUCK = {
    "one vector for each word of texts of unequal length is a ragged tensor": lambda case: (
        case.record.name == "TextVectorization" and _mode(case) == "one_hot"
    ),
    "the vocabulary has yet to be learned": lambda case: case.written.get("vocabulary") in (None, "none"),
    "the values drawn are not in the vocabulary": lambda case: case.written.get("num_oov_indices") == 0,
}
LOOKUP_KNOWN = {
    BATCH_LOST: lambda case: _gathers(case) and _rank(case) == 1,
    CONTRADICTS: lambda case: _gathers(case) and _rank(case) > 2,
    "Keras announces numbers for `invert`, and gives words": lambda case: bool(case.written.get("invert")),
}
TEXT_KNOWN = {
    "a text of shape (batch, 1) gives (batch, …), not (batch, 1, …) as Keras announces": lambda case: (
        _mode(case) in MODES and case.x.shape in ((1,), ("time",), ("width",), ("depth",))
    ),
    "runs of words need a split, or a length that depends on them": lambda case: (
        case.written.get("split") == "none" and (case.written.get("ngrams") is not None or _rank(case) != 2)
    ),
    "more than one text a row is refused, for Keras drops the axis from what it announces": lambda case: (
        _rank(case) > 2
    ),
    "runs of less than one word are none, though Keras reads over it": lambda case: (
        isinstance(ours(case), Refused) and ours(case).argument == "ngrams"  # type: ignore[union-attr]
    ),
    "ragged results do not pass through a model": lambda case: case.written.get("ragged") is True,
}
LOOKUP_ARGUMENTS: dict[str, Any] = {
    "output_mode": ("int", *MODES),
    "mask_token": ("m", "a", ""),
    "oov_token": ("[UNK]", "b"),
    "max_tokens": (2, 5, 9, "none"),
    "num_oov_indices": (0, 1, 2),
}
TEXTS = shapes(1, 1, 2, 3, unknown=0.2, zero=0, dtypes=("string",) * 8 + ("int32",))
TEXT_INPUTS = shapes(1, unknown=0.1, zero=0, wrong=0.25, last=(1,), dtypes=("string",) * 8 + ("int32",))
INTEGERS_ARGUMENTS = {**LOOKUP_ARGUMENTS, "mask_token": (0, 7), "oov_token": (-1, 3)}
INTEGERS = shapes(1, 1, 2, 3, unknown=0.2, zero=0, dtypes=("int64", "int32", "int64", "uint8", "string", "float32"))
ENCODING = frozenset({"encoding"})
NOT_TAKEN = frozenset({"trainable", "activity_regularizer"})

PLANS = (
    Plan(
        "Normalization",
        shapes(1, 2, 3, unknown=0.1, zero=0, last=(2, 3), dtypes=("float32", "float32", "int32", "string")),
        arguments={
            "axis": (-1, -1, 1, [1, 2], "none", [-1, 1], [], 0, 4),
            "mean": ([0.5, 1.0], 1.0, [0.5], [[1.0, 2.0], [3.0, 4.0]], [0.1, 0.2, 0.3]),
            "variance": ([0.5, 1.0], 1.0, [1]),
        },
        mend=_normalization,
        known={
            "an axis named twice is a mistake, though Keras reads over it if `mean` is one number": lambda case: (
                isinstance(case.written.get("axis"), list) and len(case.written["axis"]) == 2 and _rank(case) == 2
            )
        },
        masked=0.2,
        accepted=0.2,
    ),
    Plan(
        "Rescaling",
        shapes(0, 1, 2, 3, unknown=0.15, zero=0, last=(1, 2, 3), dtypes=("float32", "uint8", "int32", "string")),
        arguments={"scale": (2, 0.5, [1, 2, 3], [2.0], [1.0, 2.0]), "offset": (0, -1.5, [1, 2, 3], [1.0, 2.0])},
        accepted=0.2,
        masked=0.2,
        known={
            "an axis of size 1 would grow, which Keras does not announce": lambda case: (
                any(isinstance(case.written.get(name), list) for name in ("scale", "offset"))
                and (not case.x.shape or case.x.shape[-1] in (1, "time", "width", "depth"))
            ),
        },
    ),
    Plan(
        "Discretization",
        shapes(0, 1, 2, 3, unknown=0.2, zero=0, last=(1, 3), dtypes=("float32", "float32", "int32", "string")),
        arguments={"output_mode": ("int", "one_hot", "multi_hot", "count")},
        mend=_discretization,
        skip=NOT_TAKEN,
        stuck=LEARNED,
        known={
            BATCH_LOST: lambda case: _gathers(case) and _rank(case) == 1,
            "Keras does not look at how far boundaries may be off": lambda case: (
                isinstance(ours(case), Refused) and ours(case).argument == "epsilon"  # type: ignore[union-attr]
            ),
            "a list without boundaries makes one bin of everything": lambda case: (
                case.written.get("bin_boundaries") == []
            ),
        },
    ),
    Plan(
        "CategoryEncoding",
        _encoding,
        arguments={"output_mode": ("one_hot", "multi_hot", "count"), "num_tokens": (2, 5)},
        known={
            BATCH_LOST: lambda case: _gathers(case, "multi_hot") and _rank(case) == 1,
            CONTRADICTS: lambda case: _gathers(case, "multi_hot") and _rank(case) > 2,
        },
        values=_numbers,
        accepted=0.2,
    ),
    Plan(
        "Hashing",
        shapes(0, 1, 2, 3, unknown=0.2, zero=0, last=(1, 1, 3), dtypes=("string", "int32", "int64", "float32")),
        arguments={
            "output_mode": ("int", "one_hot", "multi_hot", "count"),
            "mask_value": (),
            "dtype": ("int32", "int64", "float32", "float16", "mixed_float16", "none"),
        },
        skip=frozenset({"mask_value"}),
        mend=_hash_dtype,
        known={
            BATCH_LOST: lambda case: _mode(case) != "int" and _rank(case) == 1,
            CONTRADICTS: lambda case: (
                (_gathers(case) and _rank(case) > 2) or (_mode(case) == "one_hot" and case.x.shape[-1] != 1)
            ),
        },
        accepted=0.2,
    ),
    Plan(
        "HashedCrossing",
        _pair,
        arguments={"output_mode": ("int", "one_hot")},
        mend=_sparse,
        values=_numbers,
        accepted=0.2,
    ),
    Plan(
        "StringLookup",
        TEXTS,
        arguments=LOOKUP_ARGUMENTS,
        mend=_given_or_learned(WORDS),
        skip=ENCODING | NOT_TAKEN,
        values=_numbers,
        stuck=STUCK,
        known=LOOKUP_KNOWN,
        accepted=0.2,
    ),
    Plan(
        "IntegerLookup",
        INTEGERS,
        arguments=INTEGERS_ARGUMENTS,
        mend=_given_or_learned((0, 1, 5, 7)),
        skip=NOT_TAKEN - {"trainable"},
        values=_numbers,
        stuck=STUCK,
        known=LOOKUP_KNOWN,
        accepted=0.2,
    ),
    Plan(
        "TextVectorization",
        TEXT_INPUTS,
        arguments={
            **LOOKUP_ARGUMENTS,
            "output_sequence_length": (1, 7, "none"),
            "ngrams": (2, [2], [1, 3]),
            "split": ("whitespace", "whitespace", "character", "none"),
        },
        mend=_given_or_learned(WORDS),
        skip=ENCODING,
        values=_numbers,
        stuck=STUCK,
        known=TEXT_KNOWN,
        accepted=0.2,
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)


# Where Keras announces another shape or dtype than it computes, ours must be what it computes.
TRUTH = (
    ("TextVectorization", {"vocabulary": ["a", "b"], "output_mode": "multi_hot"}, (1,), (3,)),
    ("TextVectorization", {"vocabulary": ["a", "b"], "output_mode": "count", "split": "character"}, (1,), (3,)),
    ("TextVectorization", {"vocabulary": ["a"], "split": "none"}, (5,), (5,)),
    ("TextVectorization", {"vocabulary": ["a"], "split": "none", "output_mode": "one_hot"}, (5,), (5, 2)),
    ("TextVectorization", {"vocabulary": ["a"], "split": "none", "output_mode": "one_hot"}, (1,), (2,)),
    ("StringLookup", {"vocabulary": ["a", "b"], "invert": True}, (3,), (3,)),
)


@pytest.mark.parametrize(("name", "written", "shape", "expected"), TRUTH)
def test_is_what_keras_computes(name: str, written: dict[str, Any], shape: tuple[int, ...], expected: Any) -> None:
    from drawing import _ports
    from oracle import keras_layer

    from keraspec.compiler.catalogue import find

    record = find("layers", name)
    assert record is not None
    given = (Tensor(shape, "int64" if written.get("invert") else "string"),)
    case = Case(record, written, _ports(record, given, written))
    mine = ours(case)
    assert isinstance(mine, tuple), mine
    (out,) = mine[1].outputs
    result = keras_layer(case)(_numbers(Random(0), case, (2, *shape), case.x.dtype))
    assert tuple(result.shape)[1:] == out.shape[1:]
    if written.get("invert"):
        assert out.dtype == result.dtype == "string"

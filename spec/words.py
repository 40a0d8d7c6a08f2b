"""Words for messages: values as people read them, and the name they probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

FOREIGN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "kernel": ("kernel_size",),
        "ksize": ("kernel_size", "pool_size"),
        "kernel_shape": ("kernel_size",),
        "stride": ("strides",),
        "subsample": ("strides",),
        "border_mode": ("padding",),
        "pad": ("padding",),
        "dilation": ("dilation_rate",),
        "dilations": ("dilation_rate",),
        "out_channels": ("filters",),
        "out_features": ("units",),
        "nb_filter": ("filters",),
        "channels": ("filters",),
        "neurons": ("units",),
        "hidden_size": ("units",),
        "output_dim": ("units",),
        "n_units": ("units",),
        "num_units": ("units",),
        "size": ("units", "pool_size"),
        "num_embeddings": ("input_dim",),
        "vocab_size": ("input_dim",),
        "embedding_dim": ("output_dim",),
        "p": ("rate",),
        "prob": ("rate",),
        "dropout_rate": ("rate", "dropout"),
        "dropout": ("rate",),
        "drop_rate": ("rate",),
        "eps": ("epsilon",),
        "bias": ("use_bias",),
        "lr": ("learning_rate",),
        "rate": ("learning_rate",),
        "betas": ("beta_1", "beta_2"),
        "nonlinearity": ("activation",),
        "act": ("activation",),
        "init": ("kernel_initializer",),
        "weight_decay": ("kernel_regularizer",),
        "bidirectional": (),
        "return_sequence": ("return_sequences",),
        "heads": ("num_heads",),
        "nhead": ("num_heads",),
        "head_dim": ("key_dim",),
        "dim": ("axis",),
        "start_dim": (),
        "nepochs": ("epochs",),
        "max_epochs": ("epochs",),
        "num_epochs": ("epochs",),
        "criterion": ("loss",),
        "classes": ("units",),
        "class": ("type",),
        "class_name": ("type",),
        "kind": ("type",),
        "layer": ("type",),
        "op": ("type",),
        "input": ("inputs",),
        "inbound_nodes": ("inputs",),
        "output": ("outputs",),
        "train": ("training",),
        "dataset": ("data",),
        "params": ("parameters",),
        "float": ("float32",),
        "double": ("float64",),
        "half": ("float16",),
        "int": ("int32",),
        "long": ("int64",),
        "str": ("string",),
    }
)
"""Names that other frameworks, and older versions of Keras, have for an argument."""

OBSOLETE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "in_channels": "leave it out: the number of channels comes from the input",
        "in_features": "leave it out: the number of features comes from the input",
        "input_size": "leave it out: the size comes from the input",
        "input_shape": "leave it out: shapes of inputs stand in `inputs.NAME.shape`",
        "batch_input_shape": "leave it out: shapes of inputs stand in `inputs.NAME.shape`, without the batch axis",
        "input_length": "leave it out: the length comes from the input",
        "use_causal_mask": "it is no argument of the layer but of its call: write `call = { use_causal_mask = true }`",
        "return_attention_scores": "it is no argument of the layer but of its call: "
        "write `call = { return_attention_scores = true }`",
        "initial_state": 'tensors stand in `inputs`: `inputs = { sequences = "…", initial_state = "…" }`',
        "attention_mask": 'tensors stand in `inputs`: `inputs = { query = "…", value = "…", attention_mask = "…" }`',
    }
)
"""Arguments that people bring along and that a spec has no use for, with what to do."""


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, or None where none is near."""
    from difflib import get_close_matches

    candidates = list(names)
    if word in FOREIGN:
        for name in FOREIGN[word]:
            if name in candidates:
                return name
    plain: dict[str, str] = {}
    for name in candidates:
        held = plain.setdefault(_plain(name), name)
        if _begins_alike(name, word) and not _begins_alike(held, word):
            plain[_plain(name)] = name
    if _plain(word) in plain:
        return plain[_plain(word)]
    near = get_close_matches(_plain(word), plain, n=4, cutoff=0.7 if len(word) > 3 else 0.6)
    for name in near:  # two letters in each other's place are the likeliest slip: "adma" is "adam", not "adamax"
        if sorted(name) == sorted(_plain(word)):
            return plain[name]
    return plain[near[0]] if near else None


def _begins_alike(name: str, word: str) -> bool:
    """Whether both are names of classes, or neither: of `Adam` and `adam` the one written so is offered."""
    return name[:1].isupper() == word[:1].isupper()


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def shown(value: Any, limit: int = 60) -> str:
    """A value as a message shows it: ``the text "abc"``, ``64``, ``a list``, ``true``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, str):
        return f"the text {quoted(value, limit)}"
    if isinstance(value, int | float):
        return f"{value!r}"[:limit]
    if isinstance(value, list):
        text = "[" + ", ".join(_inner(item) for item in value[:8]) + (", …" if len(value) > 8 else "") + "]"
        return f"the list {text}" if len(text) <= limit else f"a list of {len(value)} values"
    return "a table"


def _inner(value: Any) -> str:
    """A value inside a list: lists and tables in it only as such."""
    if isinstance(value, list):
        plain = not any(isinstance(item, list | dict) for item in value)
        return f"[{', '.join(_inner(item) for item in value)}]" if plain and len(value) <= 4 else "[…]"
    return "{…}" if isinstance(value, dict) else shown(value).removeprefix("the text ")


def quoted(text: str, limit: int = 60) -> str:
    """Text in double quotes, on one line, cut where it is long."""
    plain = "".join(letter if letter.isprintable() else "·" for letter in text)
    return f'"{plain}"' if len(plain) <= limit else f'"{plain[: limit - 1]}…"'


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Names in backquotes: ```a`, `b` and `c```."""
    every = [f"`{name}`" for name in names]
    if len(every) > limit:
        every = [*every[:limit], f"{len(every) - limit} more"]
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} and {every[-1]}"


def a(noun: str) -> str:
    """The noun with its article."""
    return f"an {noun}" if noun[:1].lower() in "aeio" else f"a {noun}"

"""What an editor should offer where, as changes to both texts of `mistakes`."""

from __future__ import annotations

from dataclasses import dataclass

from editor import MARK


@dataclass(frozen=True)
class Offer:
    """What is offered where ``old`` becomes ``new``, which has the cursor; ``never`` is what must not be."""

    old: str
    new: str
    old_json: str
    new_json: str
    labels: frozenset[str]
    never: frozenset[str] = frozenset()


def offers(*labels: str) -> frozenset[str]:
    """Labels by name."""
    return frozenset(labels)


OFFERS = {
    "keys of a layer": Offer(
        'filters = 32\nkernel_size = 3\npadding = "same"',
        MARK,
        '"filters": 32,\n      "kernel_size": 3,\n      "padding": "same",',
        f"{MARK},",
        offers("filters", "kernel_size", "strides", "padding", "inputs", "trainable"),
        offers("units", "pool_size", "type", "reuse", "block", "rate"),
    ),
    "types of layers": Offer(
        'type = "Reshape"\ntarget_shape = [28, 896]',
        f'type = "{MARK}"',
        '"type": "Reshape",\n      "target_shape": [28, 896]',
        f'"type": "{MARK}"',
        offers('"Conv2D"', '"Dense"', '"LSTM"', '"MultiHeadAttention"'),
        offers('"Adam"', '"Lambda"'),
    ),
    "words": Offer(
        'padding = "same"',
        f"padding = {MARK}",
        '"padding": "same"',
        f'"padding": {MARK}',
        offers('"valid"', '"same"'),
        offers('"causal"'),
    ),
    "words, in quotes": Offer(
        'padding = "same"',
        f'padding = "{MARK}"',
        '"padding": "same"',
        f'"padding": "{MARK}"',
        offers('"valid"', '"same"'),
    ),
    "an entry begun": Offer(
        'type = "Reshape"\ntarget_shape = [28, 896]',
        MARK,
        '"type": "Reshape",\n      "target_shape": [28, 896]',
        MARK,
        offers("type", "reuse", "name", "inputs"),
        offers("units", "filters"),
    ),
    "keys beside reuse": Offer(
        'name = "again"\nreuse = "conv"',
        f'reuse = "conv"\n{MARK}',
        '"name": "again",\n      "reuse": "conv"',
        f'"reuse": "conv",\n{MARK}',
        offers("name", "inputs", "call"),
        offers("units", "filters"),
    ),
    "keys of a nested layer": Offer(
        "units = 64",
        MARK,
        '"units": 64',
        MARK,
        offers("units", "return_sequences", "recurrent_activation"),
        offers("filters", "pool_size"),
    ),
    "keys of an optimizer": Offer(
        "learning_rate = 0.001",
        MARK,
        '"learning_rate": 0.001',
        MARK,
        offers("learning_rate", "beta_1", "clipnorm"),
        offers("momentum", "rho"),
    ),
    "types of sources": Offer(
        '"csv", path = "digits.csv"',
        f'"{MARK}"',
        '"csv", "path": "digits.csv"',
        f'"{MARK}"',
        offers('"csv"', '"npz"', '"keras"'),
        offers('"Dense"'),
    ),
    "activations": Offer(
        'activation = "relu"',
        f'activation = "{MARK}"',
        '"activation": "relu"',
        f'"activation": "{MARK}"',
        offers('"relu"', '"softmax"', '"gelu"'),
        offers('"adam"', '"mse"'),
    ),
    "losses": Offer(
        '"sparse_categorical_crossentropy"',
        f'"{MARK}"',
        '"sparse_categorical_crossentropy"',
        f'"{MARK}"',
        offers('"mse"', '"binary_crossentropy"'),
        offers('"adam"'),
    ),
    "keys of a section": Offer(
        "batch_size = 64",
        MARK,
        '"batch_size": 64,',
        f"{MARK},",
        offers("batch_size", "targets", "seed", "missing"),
        offers("epochs", "optimizer"),
    ),
    "keys of the top level": Offer(
        'outputs = ["digit"]',
        MARK,
        '"outputs": ["digit"],',
        f"{MARK},",
        offers("outputs", "description", "parameters", "blocks", "extends", "include"),
        offers("filters", "epochs", "repeat"),
    ),
}

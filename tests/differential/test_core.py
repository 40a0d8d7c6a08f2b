"""The core layers against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from oracle import Case, Plan, Tensor, agree, random_array, shapes

LEFT_OUT = {
    ("EinsumDense", "gptq_unpacked_column_size"): "set by quantizing a trained model, not by hand",
    ("Embedding", "weights"): "arrays; a trained model brings its own",
}

# Equation, output_shape, letters that may get a bias, and an input that fits.
EINSUMS: tuple[tuple[str, Any, str, tuple[int, ...]], ...] = (
    ("ab,bc->ac", 5, "c", (4,)),
    ("abc,cd->abd", ["none", 5], "d", (3, 4)),
    ("abc,cd->abd", [3, 5], "bd", (3, 4)),
    ("abc,bd->adc", [5, 4], "dc", (3, 4)),
    ("abc,cde->abde", ["none", 2, 5], "de", (3, 4)),
    ("abcd,cde->abe", ["none", 6], "be", (3, 2, 4)),
    ("...x,xy->...y", 6, "y", (3, 2, 4)),
    ("...x,xy->...y", 6, "y", (4,)),
    ("...bc,cd->...bd", ["none", 6], "d", (3, 2, 4)),
    ("ab...,bc->ac...", 6, "c", (4, 2, 3)),
    ("ab...,bc->ac...", [6], "c", (4,)),
    ("ab,b->ab", 4, "b", (4,)),
    ("abc,bc->abc", [3, 4], "c", (3, 4)),
    ("ab,bc->cab", 5, "c", (4,)),
    ("ab,bc->a", [], "a", (4,)),
    ("ab,cd->ac", 5, "c", (4,)),
    ("aab,bc->ac", 5, "c", (2, 4)),
    ("ab, bc->ac", 5, "c", (4,)),
    ("...b,bc->c...", 5, "c", (4,)),
    ("abc,cd->abd", [5], "d", (3, 4)),
    ("ab,bc->ac", [4, 5], "c", (4,)),
)


def equation(rng: Random, written: dict[str, Any]) -> None:
    text, shape, letters, _ = rng.choice(EINSUMS)
    written |= {"equation": text, "output_shape": shape}
    if rng.random() < 0.6:
        written["bias_axes"] = "".join(letter for letter in letters if rng.random() < 0.7) or rng.choice(letters)
    if rng.random() < 0.1:
        written["bias_axes"] = rng.choice(("z", "", "none"))


def contracted(rng: Random, written: Mapping[str, Any]) -> list[Tensor]:
    """The input that fits the equation, now and then with a word in it, or an axis more."""
    fitting = [shape for text, _, _, shape in EINSUMS if text == written["equation"]]
    shape: list[int | str] = list(rng.choice(fitting or [(4,)]))
    if rng.random() < 0.3:
        shape[rng.randrange(len(shape))] = rng.choice(("time", 3))
    if rng.random() < 0.1:
        shape.append(2)
    return [Tensor(tuple(shape), rng.choice((*("float32",) * 6, "int32")))]


def indices(rng: Random, written: Mapping[str, Any]) -> list[Tensor]:
    feed = shapes(0, 1, 2, dtypes=("int32", "int32", "int64", "float32", "uint8", "bool"))
    return list(feed(rng, written))  # type: ignore[arg-type]


def rows(rng: Random, written: Mapping[str, Any]) -> list[Tensor]:
    """Whole numbers to look up, or rows of the right width to go back from."""
    shape: list[int | str] = [rng.choice((3, "time", 5)) for _ in range(rng.randrange(3))]
    if rng.random() < 0.6:
        width = written["output_dim"] if written["output_dim"] in (2, 3, 4) else 4
        shape.append(rng.choice((width, width, "width", 4)))
        return [Tensor(tuple(shape))]
    return [Tensor(tuple(shape), "int32")]


def below_input_dim(rng: Random, case: Case, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers that can be looked up; rows where the layer goes back from rows."""
    import keras

    if case.options.get("reverse"):
        return random_array(rng, case, shape, dtype)
    numbers = np.random.default_rng(rng.randrange(2**32)).integers(0, max(1, case.written["input_dim"]), shape)
    return keras.ops.cast(keras.ops.convert_to_tensor(numbers), dtype)


def no_axis(case: Case) -> bool:
    return case.x.shape == ()


def reversed_dots(case: Case) -> bool:
    equation = str(case.written["equation"])
    return equation.startswith("...") and len(case.x.shape) - equation.index(",") + 3 >= 2


def odd_lora(case: Case) -> bool:
    return case.written.get("lora_rank") == 0 or str(case.written.get("lora_alpha", 1)) in ("-2", "-1", "0", "-0.5")


def no_cap(case: Case) -> bool:
    return case.written.get("logit_soft_cap") in (-2, -1, -0.5, 0)


LORA = {"a rank of 0 or a scale of 0 or less learns nothing; Keras goes on without a word": odd_lora}

PLANS = (
    Plan(
        "Dense",
        shapes(1, 2, 3, unknown=0.1, dtypes=("float32", "float32", "int32")),
        {"lora_rank": (1, 2), "units": (1, 3, 5)},
        known=LORA,
    ),
    Plan(
        "EinsumDense",
        contracted,
        {"equation": ("ab,bc->ac", "abc"), "output_shape": (5, [5])},
        mend=equation,
        wrong=0.05,
        known=LORA
        | {
            'Keras lists the axes that "..." stands for backwards; what runs has them as we say': reversed_dots,
        },
    ),
    Plan("Embedding", indices, {"mask_zero": (True, False), "lora_rank": (1, 2)}, values=below_input_dim, known=LORA),
    Plan(
        "ReversibleEmbedding",
        rows,
        {"output_dim": (2, 3, 4), "tie_weights": (True, False)},
        values=below_input_dim,
        known={"a cap of 0 or less leaves no scores; Keras goes on without a word": no_cap},
    ),
    Plan(
        "Masking",
        shapes(0, 1, 2, 3, dtypes=("float32", "float32", "int32")),
        {"mask_value": (0, -1.0, 2)},
        known={"a mask for nothing but the batch axis has no axis to stand on": no_axis},
    ),
    Plan(
        "Identity",
        shapes(0, 1, 2, 3, dtypes=("float32", "int32", "string", "bool")),
        skip=frozenset({"activity_regularizer"}),
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)

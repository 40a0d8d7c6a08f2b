"""The layers that are activations, against Keras."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import Case, Plan, Tensor, agree, shapes

DTYPES = ("float32", "float32", "float32", "float16", "int32")


def counts_back(case: Case) -> bool:
    """Whether an axis is named that is not behind the batch axis."""
    axes = case.written["shared_axes"]
    return any(isinstance(axis, int) and axis < 1 for axis in (axes if isinstance(axes, list) else [axes]))


PLANS = (
    Plan(
        "Activation",
        shapes(0, 1, 2, 3, 4, dtypes=("float32", "float32", "float16", "float32", "int32", "bool", "uint8")),
        arguments={"activation": ("relu", "swish", "tanh", "gelu", "none", "linear", "glu", "mish", "bogus")},
        known={"Keras takes what glu halves for whole": lambda case: case.written.get("activation") == "glu"},
        stuck={
            "a penalty on small whole numbers cannot be computed": lambda case: (
                case.x.dtype == "uint8" and "activity_regularizer" in case.written
            )
        },
    ),
    Plan(
        "ReLU",
        shapes(0, 1, 2, 3, 4, dtypes=DTYPES),
        arguments={"max_value": (6, 0.5, -1, "none", 0)},
        known={"Keras runs whole numbers with some slopes and not with others": lambda case: case.x.dtype == "int32"},
    ),
    Plan("LeakyReLU", shapes(0, 1, 2, 3, 4, dtypes=DTYPES), arguments={"negative_slope": (0.1, 0, -0.1)}),
    Plan(
        "PReLU",
        shapes(0, 1, 2, 3, 4, unknown=0.1, dtypes=DTYPES),
        arguments={"shared_axes": (1, 2, [1], [1, 2], [2, 1], [3], [1, 1], 5, "none")},
        known={"Keras counts 0 and below back from the end": counts_back},
        examples=(
            ({"shared_axes": [1, 2]}, (Tensor(("height", "width", 3)),)),
            ({"shared_axes": [1]}, (Tensor(("height", "width", 3)),)),
        ),
    ),
    Plan("ELU", shapes(0, 1, 2, 3, 4, dtypes=DTYPES), arguments={"alpha": (1, 0.5, 0, -1)}),
    Plan(
        "Softmax",
        shapes(0, 1, 2, 3, 4, dtypes=DTYPES),
        arguments={"axis": (-1, 0, 1, 2, 5, [1], [1, 2], [-1, -2], [0, 1], [1, 1], [2, -1])},
        known={"Keras fails when a masked batch comes": lambda case: case.x.mask},
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)


@pytest.mark.parametrize("name", ["Softmax", "Activation"])
def test_keras_cannot_run_softmax_with_a_mask_of_steps(name: str) -> None:
    """Why we refuse it: the model is built and then fails. `Activation`, which the message names, is right."""
    import keras

    layer = keras.layers.Softmax() if name == "Softmax" else keras.layers.Activation("softmax")
    x = keras.Input((5, 4))
    model = keras.Model(x, layer(keras.layers.Masking()(x)))
    batch = np.ones((2, 5, 4), "float32")
    if name == "Activation":
        assert model(batch).shape == (2, 5, 4)
    else:
        with pytest.raises(Exception, match=r"broadcastable|Incompatible shapes"):  # TensorFlow's own up to Keras 3.12
            model(batch)

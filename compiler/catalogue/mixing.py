"""Catalogue: layers that mix images of one batch, and what they take labels and boxes along for outside of a model.

In training they act, afterwards they hand images on. They count no FLOPs, for costs are those of using a model.
"""

from __future__ import annotations

from typing import Final

from .arguments import DATA_FORMAT, SEED_ARGUMENT
from .augmentation import UNSIGNED, varied
from .kinds import integer, number
from .record import REQUIRED, Argument, Call, Inferred, Record, ShapeError
from .training_arguments import SIZE

_PAGE: Final = "layers/preprocessing_layers/image_augmentation"


def pasted(call: Call) -> Inferred:
    """Same shape, in the compute dtype; parts are drawn in it, which Keras fails at in bfloat16."""
    if call.policy.compute == "bfloat16":
        raise ShapeError(
            "E304",
            "CutMix can't draw the sizes of its parts in bfloat16",
            help='write `dtype = "float32"` in this layer',
            argument="dtype",
        )
    return varied(call)


LAYERS: Final = (
    Record(
        name="MixUp",
        family="layers",
        summary="Blends each image with another one of its batch; in a model labels stay as they are.",
        page=f"{_PAGE}/mix_up",
        arguments=(
            Argument("alpha", number(above=0), 0.2, "How evenly the two are blended: near 0 one of them prevails."),
            DATA_FORMAT,
            SEED_ARGUMENT,
        ),
        rule=varied,
    ),
    Record(
        name="CutMix",
        family="layers",
        summary="Pastes a part of another image of the batch into each; in a model labels stay as they are.",
        page=f"{_PAGE}/cut_mix",
        arguments=(
            Argument(
                "factor", UNSIGNED, 1.0, "How evenly sizes of the parts are spread; a list gives least and greatest."
            ),
            SEED_ARGUMENT,
            DATA_FORMAT,
        ),
        rule=pasted,
    ),
    Record(
        name="MaxNumBoundingBoxes",
        family="layers",
        summary="Brings lists of bounding boxes to one length; the images of a model pass unchanged.",
        page=f"{_PAGE}/max_num_bounding_boxes",
        arguments=(
            Argument("max_number", SIZE, REQUIRED, "How many boxes each image is given."),
            Argument("fill_value", integer(-(2**31), 2**31 - 1), -1, "What the places of missing boxes hold."),
            DATA_FORMAT,
        ),
        rule=varied,
    ),
)

"""Codes E44: from columns to tensors, and what varies them."""

from __future__ import annotations

from typing import Final

from .code import Code

_SERIES = 'inputs.past.shape = [24, 2]\n\n[[layers]]\ntype = "LSTM"\nunits = 8\n\n'
_NEXT = '[[layers]]\nname = "next"\ntype = "Dense"\nunits = 1\n\n'
_SOURCE = '[data]\nsource = { type = "csv", path = "data/weather.csv" }\n'
_COLUMNS = '\ninputs.past.column = ["degrees", "wind"]\ntargets.next.column = "degrees"'
_HOUSES = 'inputs.rooms.shape = [1]\n\n[[layers]]\nname = "price"\ntype = "Dense"\nunits = 1\n\n'
_PICTURES = 'inputs.image.shape = [8, 8, 1]\n\n[[layers]]\ntype = "Flatten"\n\n' + _NEXT.replace("next", "digit")

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E440",
        "this can't be the weight of a row",
        "`sample_weight` names a column that says how much each row counts: a row with the weight 2 counts as if it "
        "stood there twice, one with 0 not at all. So there must be a number from 0 on in every row, and not 0 "
        "everywhere.",
        _HOUSES + _SOURCE + 'sample_weight = "town"',
        _HOUSES + _SOURCE + 'sample_weight = "houses_sold"',
    ),
    Code(
        "E441",
        "windows of this length can't be made",
        "`window` lays a frame of `length` rows over a table in order, moves it on by `stride` rows, and takes as "
        "target the row `horizon` rows behind the frame's last. An output whose first axis is as long as the frame, or "
        "as `horizon`, is compared with so many rows, of which that one is the last. The first axis of every input is "
        "then the rows of the window. No frame reaches from one part of the split into another, from one series into "
        "another, or over a row that was left out, so each part needs enough rows one after another.",
        _SERIES + _NEXT + _SOURCE + "window = { length = 12 }" + _COLUMNS,
        _SERIES + _NEXT + _SOURCE + "window = { length = 24 }" + _COLUMNS,
    ),
    Code(
        "E442",
        "this layer can't vary the data",
        "`augment` lists layers that vary the rows of training at random, such as RandomFlip, RandomRotation or "
        "GaussianNoise; validation and the finished model see them as they are. So what comes out must have the shape "
        "of what went in, and the right answer must still be right. Layers that always do the same belong into "
        "`layers`.",
        _PICTURES + _SOURCE.replace("weather", "digits") + 'augment = [{ type = "Resizing", height = 6, width = 6 }]',
        _PICTURES + _SOURCE.replace("weather", "digits") + 'augment = [{ type = "RandomFlip", mode = "horizontal" }]',
    ),
)

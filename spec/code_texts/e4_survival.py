"""Codes E435 to E437: what stops training on its way, and what keeps a run from going on."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E435",
        "here numbers cease to be numbers",
        'The loss became NaN ("not a number") or infinite while weights and inputs were of an ordinary size: it is not '
        "that steps were too large. Some functions have no value everywhere: the logarithm of 0, a division by 0; "
        "and some have a value but no slope, such as a square root at 0. Keep what goes in away from there.",
        'inputs.size.shape = [1]\n\n[[layers]]\nname = "price"\ntype = "ops.log"\n\n[training]\nloss = "mse"',
        'inputs.size.shape = [1]\n\n[[layers]]\nname = "price"\ntype = "ops.log1p"\n\n[training]\nloss = "mse"',
    ),
    Code(
        "E436",
        "a file of the run can't be written",
        "While training, checkpoints and tables are written into the run folder. Each appears whole or not at all, so "
        "what was written before is still good when the disk is full. Make room, then go on with "
        "`keraspec train --resume RUN`: training continues from the last checkpoint as if nothing had happened. Fewer "
        "or rarer checkpoints take less room.",
        '[training]\nloss = "mse"\ncheckpoint = { every = 10, keep = 500 }',
        '[training]\nloss = "mse"\ncheckpoint = { every = "10 minutes", keep = 2 }',
    ),
    Code(
        "E437",
        "the rows are other ones than before",
        "A run goes on only with the rows with which it began: else what comes out would be neither the old training "
        "nor a new one. Something in the data has changed since. Put it back as it was and go on, or train anew.",
        '[data]\nsource = { type = "csv", path = "of_today.csv" }\n\n[training]\nloss = "mse"',
        '[data]\nsource = { type = "csv", path = "of_that_day.csv" }\n\n[training]\nloss = "mse"',
    ),
)

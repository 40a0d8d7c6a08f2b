"""Catalogue: kinds and arguments that optimizers, losses, metrics, callbacks and schedules share."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .arguments import POLICY
from .kinds import Kind, choice, integer, list_of, nullable, number
from .record import Argument


def real(
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Kind:
    """A number that Keras insists on being given as a float: ``1`` becomes ``1.0``."""
    return replace(number(minimum, maximum, above, below), normal=float)


SHARE: Final = real(minimum=0, maximum=1)
NOT_NEGATIVE: Final = real(minimum=0)
ABOVE_ZERO: Final = real(above=0)
DECAY: Final = real(minimum=0, below=1)
"""The share of an old average that a step keeps. 1 would never let anything new in."""

STEPS: Final = integer(minimum=1, maximum=2**31 - 1)
SIZE: Final = integer(minimum=1, maximum=2**31 - 1)
"""A size that a tensor takes on: beyond this no framework goes."""

NUMBERS: Final = list_of(number(), minimum=1)

_PLACE: Final = r"[^/\\:{}~\x00-\x1f]|\{[A-Za-z_][A-Za-z0-9_]*(:[ +-]?0?[0-9]{0,3}(\.[0-9]{1,2})?[a-zA-Z%]?)?\}"
_FIRST: Final = _PLACE.replace("[^/", "[^./", 1)
PATH: Final = Kind(
    {
        "type": "string",
        "pattern": rf"^(\./)?\.?({_FIRST})({_PLACE})*(/\.?({_FIRST})({_PLACE})*)*/?$",
        "not": {"pattern": "[\\x00-\\x1f]"},
        "maxLength": 500,
    },
    'a path inside the run folder: relative, with "/" between folders, without "..", "~", a drive or an address',
)
"""Where a callback writes; ``{epoch:02d}`` may stand in it, but braces hold a name and a format, nothing else."""

NAME: Final = Kind(
    {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.-]*$", "maxLength": 128},
    "a name of letters, digits, `_`, `-` and `.` that begins with a letter or `_`",
)

DTYPE_ARGUMENT: Final = Argument("dtype", POLICY, None, "What it computes in; left out: float32.")


REDUCTION: Final = Argument(
    "reduction",
    nullable(choice("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight")),
    "sum_over_batch_size",
    "How the losses of a batch become one number.",
)


def name_argument(default: str | None, summary: str) -> Argument:
    """``name``, which Keras makes up where it is not given."""
    return Argument("name", nullable(NAME) if default is None else NAME, default, summary)

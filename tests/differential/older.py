"""Older releases of Keras: what they lack, and where they do otherwise than the newest, which the catalogue follows.

Cases are drawn for the newest release; before they are judged they lose what the installed one lacks, as `check`
would say (E116). Where an older release computes otherwise, a difference below says so, with the last release it is
seen in. With the newest release installed nothing of this applies, so that no difference hides there.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from drawing import Case

from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.inventory import lifetime
from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.compiler.catalogue.record import Argument, Record

Release = tuple[int, int]


@dataclass(frozen=True)
class Difference:
    """Up to a release, layers whose names match do otherwise: what a problem says then, and what it comes from."""

    until: Release
    layers: str
    says: str
    why: str


DIFFERENCES = (
    Difference(
        (3, 12),
        r".*(Conv|Pooling).*",
        r"nothing would be left|leaves nothing of",
        "a window larger than its input gives an empty result, not an error",
    ),
    Difference((3, 12), r"(Depthwise|Separable)Conv.*", r"`strides > 1` not supported", "refused, and possible since"),
    Difference(
        (3, 12), r".*", r"^mask \((pass|own)\): we have \[True.*Keras \[False", "casting a tensor loses its mask"
    ),
    Difference(
        (3, 12), r"Dense|EinsumDense|Embedding", r"^weights: .*lora_", "LoRA's weights are as the layer's, not float32"
    ),
    Difference((3, 12), r"SpatialDropout.*", r"`rate` must be a scalar", "a rate of 1 is refused when it runs"),
    Difference((3, 12), r"ReversibleEmbedding", r"^mask", "`mask_zero` makes a mask on numbers"),
    Difference((3, 12), r"RandomGrayscale|RandAugment", r"Matrix size-incompatible", "grey images can't be made grey"),
    Difference(
        (3, 12), r".*", r"cannot compute Mul|to EagerTensor of dtype", "a penalty on whole numbers can't be computed"
    ),
    Difference(
        (3, 12), r".*Pooling3D", r"Could not find device for node|allowed values", "TensorFlow 2.20 lacks a kernel"
    ),
    Difference((3, 12), r"LayerNormalization", r"^weights: ", "weights have the axes in the order that `axis` has"),
    Difference((3, 12), r"Normalization", r"is nested", "statistics of any shape are taken"),
    Difference(
        (3, 12),
        r"Discretization|StringLookup|IntegerLookup|TextVectorization|Hashing|CategoryEncoding",
        r"^output 0: ",
        "encodings are announced in other shapes",
    ),
)


@cache
def installed() -> Release:
    """The minor release of the installed Keras."""
    major, minor, *_ = importlib.metadata.version("keras").split(".")
    return int(major), int(minor)


def lacking(record: Record, argument: Argument | None = None) -> str | None:
    """Why the installed Keras does not have an object or an argument; None where it does."""
    life = lifetime(record, argument)
    if "since" in life and installed() < _release(life["since"]):
        return f"came with Keras {life['since']}"
    if "until" in life and installed() > _release(life["until"]):
        return f"was last in Keras {life['until']}"
    return None


def known(record: Record, written: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the installed Keras has, also those of objects among them."""
    arguments = arguments_of(record)
    return {
        name: _known(arguments[name].kind, value) if name in arguments else value
        for name, value in written.items()
        if name not in arguments or lacking(record, arguments[name]) is None
    }


def _known(kind: Kind, value: Any) -> Any:
    if isinstance(value, list):
        return [_known(kind, item) for item in value]
    if kind.family is None or not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        return value
    record = find(kind.family, value["type"])
    return value if record is None else known(record, value)


def without(case: Case) -> Case:
    """A case without what the installed Keras lacks."""
    return replace(case, written=known(case.record, case.written))


def excuse(layer: str, problems: Sequence[str]) -> str | None:
    """Why the installed Keras may differ from the newest in these problems; None where it may not."""
    return next(
        (
            f"up to Keras {one.until[0]}.{one.until[1]}: {one.why}"
            for one in DIFFERENCES
            if installed() <= one.until
            and re.fullmatch(one.layers, layer)
            and any(re.search(one.says, problem) for problem in problems)
        ),
        None,
    )


def _release(text: str) -> Release:
    major, minor = text.split(".")
    return int(major), int(minor)

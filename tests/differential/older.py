"""Older releases of Keras: what they lack, and where they do otherwise than the newest, which the catalogue follows.

Cases are drawn for the newest release; before they are judged they lose what the installed one lacks, as `check`
would say (E116). Where an older release computes otherwise, a difference below says so, with the last release it is
seen in. With the newest release installed nothing of this applies, so that no difference hides there.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from drawing import Case

from keraspec.compiler.catalogue import find
from keraspec.compiler.catalogue.inventory import lifetime
from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.objects import arguments_of, instantiate
from keraspec.compiler.catalogue.record import Argument, Record
from keraspec.compiler.catalogue.rules import layer_policy

Release = tuple[int, int]


@dataclass(frozen=True)
class Difference:
    """Up to a release, layers whose names match do otherwise: what a problem says then, and what it comes from.

    ``holds``: of which of their cases, where not of all.
    """

    until: Release
    layers: str
    says: str
    why: str
    holds: Callable[[Case], bool] = lambda case: True


def _cast(case: Case) -> bool:
    """Whether a layer computes in another dtype than that of a tensor that comes with a mask."""
    compute = layer_policy(instantiate(case.record, case.written), case.policy).compute
    return any(one.mask and one.dtype != compute for tensors in case.inputs.values() for one in tensors)


def _penalised(case: Case) -> bool:
    return "activity_regularizer" in case.written or case.record.name == "ActivityRegularization"


def _dilated(case: Case) -> bool:
    return case.written.get("dilation_rate", 1) != 1


# Seen by running the last patch of each release: the last one that still differs.
DIFFERENCES = (
    Difference(
        (3, 12),
        r"Conv(LSTM)?[123]D",
        r"nothing would be left|leaves nothing of",
        "a window larger than its input gives an empty result",
    ),
    Difference(
        (3, 13),
        r"(Depthwise|Separable)Conv[12]D",
        r"nothing would be left",
        "a window larger than its input gives an empty result",
    ),
    Difference(
        (3, 14),
        r"(Max|Average)Pooling[123]D",
        r"nothing would be left",
        "a window larger than its input gives an empty result",
    ),
    Difference(
        (3, 14),
        r"(Depthwise|Separable)Conv[12]D",
        r"`strides > 1` not supported",
        "steps and gaps are refused together",
        _dilated,
    ),
    Difference((3, 13), r".*", r"^mask \((pass|own)\): we have \[True.*Keras \[False", "casting loses a mask", _cast),
    Difference(
        (3, 13),
        r".*",
        r"cannot compute Mul|to EagerTensor of dtype",
        "a penalty is a float32 that nothing else is multiplied by",
        _penalised,
    ),
    Difference(
        (3, 14),
        r"Dense|EinsumDense|(Reversible)?Embedding",
        r"^weights: .*lora_",
        "LoRA's weights have the dtype of the layer's, not float32",
    ),
    Difference((3, 13), r"ReversibleEmbedding", r"^mask", "`mask_zero` makes a mask on numbers"),
    Difference(
        (3, 14),
        r"(Additive)?Attention",
        r"^output 1: |transpose expects a vector",
        "of more than one axis of places the scores are announced in another shape, or not computed",
        lambda case: case.options.get("return_attention_scores") is True or len(case.x.axes) > 3,
    ),
    Difference(
        (3, 14),
        r"GroupQueryAttention",
        r"we have 2 outputs, Keras 1|^mask \(own\): we have \[False, False\], Keras \[False\]",
        "the scores are not announced",
        lambda case: case.options.get("return_attention_scores") is True,
    ),
    Difference(
        (3, 14),
        r"RandomGrayscale|RandAugment|AugMix",
        r"Matrix size-incompatible: In\[0\]: \[\d+,1\]",
        "grey images can't be made grey",
    ),
    Difference((3, 13), r"SpatialDropout[123]D", r"`rate` must be a scalar", "a rate of 1 is refused when it runs"),
    Difference(
        (3, 13),
        r"LayerNormalization",
        r"^weights: ",
        "weights have the axes in the order that `axis` has",
        lambda case: isinstance(case.written.get("axis"), list),
    ),
    Difference((3, 13), r"Normalization", r"is nested", "statistics of any shape are taken"),
    Difference(
        (3, 13),
        r"Discretization|StringLookup|IntegerLookup|TextVectorization",
        r"^output 0: ",
        "encodings are announced in other shapes",
        lambda case: case.written.get("output_mode", "int") != "int",
    ),
    Difference(
        (3, 14),
        r"RepeatVector|UpSampling1D",
        r"must be a whole number of at least 1",
        "nothing at all can be asked for",
    ),
    Difference((3, 14), r"ops\.inner", r"^output 0: ", "announced as if vectors alone were given"),
    Difference(
        (3, 13),
        r"ops\.cross",
        r"^output 0: |`axisc = |list index out of range",
        "`axisa`, `axisb` and `axisc` are not looked at when the shape is announced",
    ),
    Difference(
        (3, 13),
        r"ops\.image\.extract_patches",
        r"local variable 'strides'|Kernel shape must have the same length",
        "steps can't be written, nor patches over three axes",
    ),
    Difference(
        (3, 14), r"ops\.take_along_axis", r"list indices must be integers", "nothing is announced without an axis"
    ),
    Difference(
        (3, 14),
        r"ops\.argpartition",
        r"Updates shape must have rank",
        "the batch axis alone is not put in order",
        lambda case: all(len(one.axes) < 2 for tensors in case.inputs.values() for one in tensors),
    ),
    Difference(
        (3, 13),
        r"ops\.arg(max|min)",
        r"^output 0: ",
        "`keepdims` is not looked at when the shape is announced",
        lambda case: case.written.get("keepdims") is True,
    ),
    Difference(
        (3, 13),
        r"ops\.flip",
        r"Shape must be rank 1",
        "one axis is turned, not several",
        lambda case: isinstance(case.written.get("axis"), list),
    ),
    Difference(
        (3, 13),
        r"ops\.sort",
        r"^output 0: |convert a value \(None\)",
        "without an axis nothing is laid flat",
        lambda case: case.written.get("axis") == "none",
    ),
    Difference(
        (3, 14),
        r"ops\.argsort",
        r"for \*: 'NoneType' and 'int'",
        "without an axis unknown sizes are multiplied",
        lambda case: case.written.get("axis") == "none",
    ),
    Difference(
        (3, 14), r"ops\.reshape", r"'int' object has no attribute 'count'", "one number for all sizes is refused"
    ),
    Difference(
        (3, 12), r"ops\.view", r"list index out of range", "a single number is not viewed", lambda case: not case.x.axes
    ),
    Difference((3, 12), r"ops\.tile", r"can only concatenate list", "a list of `repeats` is refused"),
    Difference(
        (3, 12),
        r"ops\.correlate",
        r"^with \{\} we compute",
        "the size that comes out is that of `x1`, or there is no axis",
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


def excuse(case: Case, problems: Sequence[str]) -> str | None:
    """Why the installed Keras differs from the newest in these problems; None where one of them has no reason."""
    reasons = [_reason(case, problem) for problem in problems]
    return None if None in reasons else reasons[0]


def _reason(case: Case, problem: str) -> str | None:
    return next(
        (
            f"up to Keras {one.until[0]}.{one.until[1]}: {one.why}"
            for one in DIFFERENCES
            if installed() <= one.until
            and re.fullmatch(one.layers, case.record.name)
            and re.search(one.says, problem)
            and one.holds(case)
        ),
        None,
    )


def _release(text: str) -> Release:
    major, minor = text.split(".")
    return int(major), int(minor)

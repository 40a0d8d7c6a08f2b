"""Operations on images against Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from op_feeds import CASES
from oracle import Axis, Case, Inputs, Plan, Tensor, agree

DTYPES = ("float32", "float32", "float32", "float32", "float16", "bfloat16", "float64", "uint8", "int32", "bool")
FORMATS = ("channels_last", "none", "channels_first")
LAYOUT = {"data_format": FORMATS}
EIGHT = [1.0, 0.1, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
CORNERS = [[0.0, 0.0], [0.0, 4.0], [4.0, 0.0], [4.0, 4.0]]


def side(rng: Random, smallest: int, unknown: float) -> Axis:
    return rng.choice(("time", "width", "depth")) if rng.random() < unknown else rng.randint(smallest, smallest + 6)


def pictures(
    *channels: Axis, smallest: int = 3, unknown: float = 0.12, alone: float = 0.15
) -> Callable[[Random, Mapping[str, Any]], tuple[Tensor, ...]]:
    """Images with these numbers of channels; ``alone`` of them without a batch."""

    def feed(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
        sizes = [side(rng, smallest, unknown) for _ in range(2)]
        channel = rng.choice(channels)
        shape = [channel, *sizes] if written.get("data_format") == "channels_first" else [*sizes, channel]
        if rng.random() < 0.05:
            shape.pop()
        elif rng.random() < 0.05:
            shape.insert(0, 2)
        return (Tensor(tuple(shape), rng.choice(DTYPES), batched=rng.random() >= alone),)

    return feed


def volumes(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    sizes = [side(rng, 2, 0.1) for _ in range(3)]
    first = written.get("data_format") == "channels_first"
    shape = [2, *sizes] if first else [*sizes, 2]
    if rng.random() < 0.08:
        shape.pop()
    return (Tensor(tuple(shape), rng.choice(DTYPES), batched=rng.random() >= 0.15),)


def patched(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    deep = isinstance(written.get("size"), list) and len(written["size"]) == 3
    return volumes(rng, written) if deep and rng.random() < 0.9 else pictures(1, 2, 3)(rng, written)


def transformed(rng: Random, written: Mapping[str, Any]) -> Inputs:
    (images,) = pictures(1, 3)(rng, written)
    given: dict[str, tuple[Tensor, ...]] = {"images": (images,)}
    if "transform" not in written:
        length = 8 if rng.random() < 0.9 else 6
        given["transform"] = (Tensor((length,), rng.choice(("float32", "float32", "float64", "int32")),
                                     batched=rng.random() < 0.7),)  # fmt: skip
    return given


def cornered(rng: Random, written: Mapping[str, Any]) -> Inputs:
    (images,) = pictures(1, 3)(rng, written)
    given: dict[str, tuple[Tensor, ...]] = {"images": (images,)}
    batched = rng.random() < 0.7
    for name in ("start_points", "end_points"):
        if name not in written:
            shape = (4, 2) if rng.random() < 0.93 else (4, 3)
            given[name] = (Tensor(shape, "float32", batched=batched if rng.random() < 0.9 else not batched),)
    return given


def looked_up(rng: Random, written: Mapping[str, Any]) -> Inputs:
    rank = rng.randint(1, 3)
    shape = tuple(side(rng, 2, 0.05) for _ in range(rank))
    given = {"inputs": (Tensor(shape, rng.choice(DTYPES), batched=rng.random() < 0.1),)}
    if "coordinates" not in written:
        rows = rank if rng.random() < 0.9 else 4
        points = [rng.choice((2, 5, "width"))] if rng.random() < 0.95 else []
        given["coordinates"] = (Tensor((rows, *points), rng.choice(("float32", "float32", "float64", "int32")),
                                       batched=False),)  # fmt: skip
    return given


def two(rng: Random, written: Mapping[str, Any]) -> tuple[Tensor, ...]:
    (first,) = pictures(1, 3, smallest=3)(rng, written)
    shape = list(first.shape)
    if rng.random() < 0.1:
        shape[0] = 4
    return (first, Tensor(tuple(shape), first.dtype if rng.random() < 0.9 else "float32", batched=first.batched))


def moved(rng: Random, written: Mapping[str, Any]) -> Inputs:
    shape = tuple(side(rng, 2, 0.1) for _ in range(2))
    given = {"images": (Tensor((*shape, 3), rng.choice(DTYPES), batched=rng.random() < 0.9),)}
    for name in ("scale", "translation"):
        if name not in written:
            given[name] = (Tensor((2 if rng.random() < 0.93 else 3,), "float32", batched=False),)
    return given


def two_of_three(kind: str) -> Callable[[Random, dict[str, Any]], None]:
    def mend(rng: Random, written: dict[str, Any]) -> None:
        for names in (("top", "bottom", "height"), ("left", "right", "width")):
            full = [f"{names[0]}_{kind}", f"{names[1]}_{kind}", f"target_{names[2]}"]
            written.pop(rng.choice(full), None)
            told = [name for name in full if name in written]
            for name in full:
                if len(told) >= 2:
                    break
                if name not in told and rng.random() < 0.9:
                    written[name] = rng.choice((6, 8)) if name.startswith("target") else rng.choice((0, 1))
                    told.append(name)

    return mend


def borders(kind: str) -> dict[str, Any]:
    sides = {f"{name}_{kind}": (0, 1, 2) for name in ("top", "left", "bottom", "right")}
    return sides | {"target_height": (2, 8, 12), "target_width": (2, 8, 12)} | LAYOUT


def one_of_two(rng: Random, written: dict[str, Any]) -> None:
    if written.get("dilation_rate", 1) != 1:
        written["strides"] = 1


def of_images(case: Case) -> bool:
    size = case.written.get("size")
    return isinstance(size, list) and len(size) == 2


def mirrored(case: Case) -> bool:
    return case.written.get("fill_mode") == "mirror"


def channels_first(case: Case) -> bool:
    return case.written.get("data_format") == "channels_first"


def fewer_axes(case: Case) -> bool:
    """Fewer axes are scaled than there are numbers for."""
    dims = case.written.get("spatial_dims")
    stated = [len(case.written[name]) for name in ("scale", "translation") if isinstance(case.written.get(name), list)]
    given = [case.inputs[name][0].shape[0] for name in ("scale", "translation") if name in case.inputs]
    return isinstance(dims, list) and any(isinstance(one, int) and one > len(dims) for one in (*stated, *given))


PATCHES = {"strides": (1, 2, "none", [1, 2]), "dilation_rate": (1, 1, 1, 2), "padding": ("valid", "same"), **LAYOUT}
STUCK = {"TensorFlow's CPU kernels want the channels last": channels_first}
PLANS = (
    Plan("ops.image.rgb_to_grayscale", pictures(3, 3, 1, 2, "channels"), LAYOUT, compiled=True, accepted=0.2),
    Plan("ops.image.rgb_to_hsv", pictures(3, 3, 3, 1, "channels"), LAYOUT, compiled=True, accepted=0.1),
    Plan("ops.image.hsv_to_rgb", pictures(3, 3, 3, 1, "channels"), LAYOUT, compiled=True, accepted=0.1),
    Plan("ops.image.resize", pictures(1, 3, "channels"), {"size": ([4, 6], [1, 9]), **LAYOUT}, compiled=True,
         accepted=0.2),
    Plan("ops.image.pad_images", pictures(1, 3, "channels"), borders("padding"), mend=two_of_three("padding"),
         compiled=True, accepted=0.1),
    Plan("ops.image.crop_images", pictures(1, 3, "channels", smallest=6), borders("cropping"),
         mend=two_of_three("cropping"), compiled=True, accepted=0.1),
    Plan("ops.image.extract_patches", patched, {"size": (1, 2, [2, 3], [2, 2, 1])} | PATCHES, mend=one_of_two,
         stuck=STUCK, compiled=True, accepted=0.1),
    Plan("ops.image.extract_patches_3d", volumes, {"size": (1, 2, [2, 1, 2])} | PATCHES, mend=one_of_two,
         known={"of a patch of two sizes Keras cuts images, and no volumes": of_images}, stuck=STUCK, compiled=True,
         accepted=0.1),
    Plan("ops.image.scale_and_translate", moved,
         {"output_shape": (["none", 6, 6, 3], ["none", 5, 7, "none"], ["none", 4, 4, 3], [2, 4, 4, 3], [6, 6, 3]),
          "spatial_dims": ([1, 2], [1, 2], [2, 1], [-3, -2], [1], [1, 1]), "scale": ([2.0, 1.5], [2, 1]),
          "translation": ([0.0, 0.5], [0.0])}, compiled=True, accepted=0.05,
         known={"Keras reads over numbers of axes that are not scaled": fewer_axes}),
    Plan("ops.image.affine_transform", transformed, {"transform": (EIGHT, [EIGHT], EIGHT[:6], [1, 0, 0, 0, 1, 0, 0, 0]),
                                                     **LAYOUT}, compiled=True, accepted=0.1),
    Plan("ops.image.perspective_transform", cornered, {"start_points": (CORNERS, [CORNERS], CORNERS[:3]),
                                                       "end_points": (CORNERS, [CORNERS]), **LAYOUT},
         compiled=True, accepted=0.05),
    Plan("ops.image.elastic_transform", pictures(1, 3, unknown=0.05, alone=0.8), LAYOUT, compiled=True, accepted=0.1),
    Plan("ops.image.map_coordinates", looked_up, {"order": (0, 1, 1), "coordinates": ([[0, 1], [1, 0]], [[0.5, 1.0]])},
         stuck={'"mirror" looks one place beyond the end where a place is right at it': mirrored}, compiled=True,
         accepted=0.1),
    Plan("ops.image.gaussian_blur", pictures(1, 3, "channels"), {"kernel_size": ([3, 3], [2, 5], [1, 1]), **LAYOUT},
         compiled=True, accepted=0.2),
    Plan("ops.image.sobel_edges", pictures(1, 3, "channels", alone=0.05), LAYOUT, compiled=True, accepted=0.1),
    Plan("ops.image.ssim", two, {"filter_size": (2, 3, 3, 5), **LAYOUT}, compiled=True, accepted=0.1),
)  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan, CASES)

"""Operations with windows, on images, for norms and losses: built from a spec, run, saved and loaded."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keraspec
from keraspec.compiler.catalogue.ops import (
    attending,
    blocks,
    convolutions,
    image_sizes,
    image_transforms,
    image_values,
    loss_functions,
    normalizing,
    windows,
)

RANDOM = np.random.default_rng(3)
INPUTS: Mapping[str, tuple[tuple[int, ...], str]] = {
    "image": ((8, 8, 3), "float32"),
    "other": ((8, 8, 3), "float32"),
    "volume": ((4, 4, 4, 2), "float32"),
    "columns": ((12, 16), "float32"),
    "logits": ((6, 5), "float32"),
    "symbols": ((2,), "int32"),
    "steps": ((), "int32"),
    "rows": ((4,), "float32"),
    "classes": ((4,), "int32"),
    "row_of_class": ((), "int32"),
    "heads": ((6, 2, 4), "float32"),
}
SHEAR = [1.0, 0.1, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
CORNERS, MOVED = [[0.0, 0.0], [0.0, 7.0], [7.0, 0.0], [7.0, 7.0]], [[0.0, 0.0], [0.0, 7.0], [6.0, 1.0], [7.0, 7.0]]
KERNEL = (RANDOM.normal(size=(2, 2, 3, 2)) // 0.01 / 100).tolist()
MIX = (RANDOM.normal(size=(1, 1, 6, 2)) // 0.01 / 100).tolist()
CASES: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "max_pool": (("image",), {"pool_size": 2}),
    "average_pool": (("image",), {"pool_size": [2, 3], "padding": "same"}),
    "conv": (("image",), {"kernel": KERNEL, "strides": 2}),
    "depthwise_conv": (("image",), {"kernel": KERNEL, "padding": "same"}),
    "separable_conv": (("image",), {"depthwise_kernel": KERNEL, "pointwise_kernel": MIX}),
    "depth_to_space": (("columns_as_image",), {"block_size": 2}),
    "space_to_depth": (("image",), {"block_size": 2}),
    "fold": (("columns",), {"output_size": 8, "kernel_size": 2, "stride": 2}),
    "batch_normalization": (("rows",), {"mean": [0.1, 0.2, 0.3, 0.4], "variance": [1.0, 2.0, 3.0, 4.0], "axis": -1}),
    "layer_normalization": (("rows",), {"gamma": [1.0, 2.0, 3.0, 4.0]}),
    "rms_normalization": (("image",), {"scale": [1.0, 2.0, 3.0]}),
    "normalize": (("image",), {"axis": [1, 2]}),
    "one_hot": (("classes",), {"num_classes": 4}),
    "multi_hot": (("classes",), {"num_classes": 4}),
    "binary_crossentropy": (("image", "other"), {}),
    "categorical_crossentropy": (("image", "other"), {"from_logits": True}),
    "sparse_categorical_crossentropy": (("row_of_class", "rows"), {"from_logits": True}),
    "psnr": (("image", "other"), {"max_val": 1.0}),
    "ctc_loss": (("symbols", "logits", "steps", "steps"), {}),
    "ctc_decode": (("logits", "steps"), {"strategy": "beam_search", "top_paths": 2}),
    "dot_product_attention": (("heads", "heads", "heads"), {"is_causal": True}),
    "image.resize": (("image",), {"size": [4, 6], "pad_to_aspect_ratio": True}),
    "image.pad_images": (("image",), {"top_padding": 1, "bottom_padding": 2, "left_padding": 1, "target_width": 12}),
    "image.crop_images": (("image",), {"top_cropping": 1, "target_height": 4, "left_cropping": 1, "right_cropping": 2}),
    "image.extract_patches": (("image",), {"size": [2, 3]}),
    "image.extract_patches_3d": (("volume",), {"size": 2}),
    "image.scale_and_translate": (("image",), {"output_shape": ["none", 6, 9, 3], "scale": [0.75, 1.5],
                                               "translation": [0.0, 0.5], "spatial_dims": [1, 2], "method": "linear"}),
    "image.affine_transform": (("image",), {"transform": SHEAR}),
    "image.perspective_transform": (("image",), {"start_points": CORNERS, "end_points": MOVED}),
    "image.rgb_to_grayscale": (("image",), {}),
    "image.rgb_to_hsv": (("image",), {}),
    "image.hsv_to_rgb": (("image",), {}),
    "image.gaussian_blur": (("image",), {"kernel_size": [3, 5]}),
    "image.sobel_edges": (("image",), {}),
    "image.ssim": (("image", "other"), {"filter_size": 3}),
}  # fmt: skip
WITHOUT_BATCH = {"unfold", "image.elastic_transform", "image.map_coordinates"}
"""What runs only where every size is known when the model is built, so never on what comes from an input."""
TOGETHER = ("psnr", "ctc_decode")
"""What gives no sample along the first axis, so that `predict` cannot put batches together."""
ENTRIES: Mapping[str, Any] = {"columns_as_image": {"type": "Reshape", "target_shape": [4, 4, 12], "inputs": "columns"}}


def feeds(samples: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (shape, dtype) in INPUTS.items():
        whole = dtype == "int32"
        numbers = np.ones((samples, *shape)) if whole else RANDOM.uniform(0.05, 0.95, (samples, *shape))
        found[name] = numbers.astype(dtype)
    return found


def by_hand(name: str, tensors: tuple[str, ...], written: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    """The op called on whole arrays, with lists as arrays where tensors stand."""
    function = keras.ops
    for part in name.split("."):
        function = getattr(function, part)
    arguments = {
        key: tuple(value) if isinstance(value, list) and not _deep(key) else value for key, value in written.items()
    }
    arguments = {key: np.asarray(value, "float32") if _deep(key) else value for key, value in arguments.items()}
    if name == "image.scale_and_translate":
        arguments["output_shape"] = (len(given["image"]), *arguments["output_shape"][1:])
    places = [port for port in keras_ports(name) if port not in arguments]
    first = keras.tree.flatten(
        function(**dict(zip(places, (given[one] for one in tensors), strict=False)), **arguments)
    )
    return np.asarray(first[0])


def _deep(key: str) -> bool:
    return key in {"kernel", "depthwise_kernel", "pointwise_kernel", "mean", "variance", "gamma", "scale",
                   "translation", "transform", "start_points", "end_points"}  # fmt: skip


def keras_ports(name: str) -> list[str]:
    every = [one for module in MODULES for one in module.OPS]
    return [port.name for one in every if one.name == f"ops.{name}" for port in one.ports]


MODULES: tuple[Any, ...] = (
    attending, blocks, convolutions, image_sizes, image_transforms, image_values, loss_functions, normalizing, windows,
)  # fmt: skip


def test_every_op_of_these_is_tried() -> None:
    names = {one.name.removeprefix("ops.") for module in MODULES for one in module.OPS if one.refused is None}
    assert names == CASES.keys() | WITHOUT_BATCH


def built(cases: Collection[str], path: Path) -> Any:
    """A model that gives what each of these ops gives."""
    used = {tensor for name in cases for tensor in CASES[name][0]}
    entries = {name: entry for name, entry in ENTRIES.items() if name in used}
    used |= {entry["inputs"] for entry in entries.values()}
    path.write_text(
        json.dumps(
            {
                "keraspec": 1,
                "inputs": {
                    name: {"shape": list(shape), "dtype": dtype}
                    for name, (shape, dtype) in INPUTS.items()
                    if name in used
                },
                "layers": [
                    *({"name": name, **entry} for name, entry in entries.items()),
                    *(
                        {"type": f"ops.{name}", "name": named(name), "inputs": list(CASES[name][0]), **CASES[name][1]}
                        for name in cases
                    ),
                ],
                "outputs": {f"{named(name)}_out": named(name) for name in cases if name != "ctc_decode"}
                | ({"paths": "ctc_decode_of[0]", "scores": "ctc_decode_of[1]"} if "ctc_decode" in cases else {}),
            }
        ),
        encoding="utf-8",
    )
    return keraspec.build(path)


def named(name: str) -> str:
    return name.replace(".", "_") + "_of"


def test_they_run_in_a_model_and_after_loading_it(tmp_path: Path) -> None:
    cases = [name for name in CASES if name not in TOGETHER]
    model = built(cases, tmp_path / "ops.keraspec.json")
    given = feeds(3)
    ran = model.predict(given, batch_size=2, verbose=0)  # two batches of different sizes, so the size is not known
    hand = given | {"columns_as_image": given["columns"].reshape(3, 4, 4, 12)}
    for name in cases:
        expected = by_hand(name, *CASES[name], hand)
        np.testing.assert_allclose(ran[f"{named(name)}_out"], expected, rtol=2e-4, atol=2e-4, err_msg=name)
    model.save(tmp_path / "ops.keras")
    again = keras.models.load_model(tmp_path / "ops.keras").predict(given, batch_size=2, verbose=0)
    for name in cases:
        np.testing.assert_array_equal(again[f"{named(name)}_out"], ran[f"{named(name)}_out"], err_msg=name)


def test_those_whose_first_axis_is_not_the_batch_run_on_one(tmp_path: Path) -> None:
    model = built(TOGETHER, tmp_path / "together.keraspec.json")
    given = {name: array for name, array in feeds(3).items() if name in {one.name for one in model.inputs}}
    ran = model(given)
    assert tuple(ran["paths"].shape) == (2, 3, 6)
    assert tuple(ran["scores"].shape) == (3, 2)
    np.testing.assert_allclose(ran["psnr_of_out"], by_hand("psnr", *CASES["psnr"], given), rtol=1e-5)
    np.testing.assert_array_equal(ran["paths"], by_hand("ctc_decode", *CASES["ctc_decode"], given))

"""The gallery beside the convolutional networks, without Keras: clean, and of the published size."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from keraspec.checked import Checked, compile_file, compile_text
from keraspec.compiler.show import Totals, summarise
from keraspec.spec.rendered import rendered

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "examples" / "architectures"


def dense(*widths: int, bias: bool = True) -> int:
    """Weights of Dense layers one after the other."""
    return sum(before * after + bias * after for before, after in pairwise(widths))


def conv(kernel: int, before: int, after: int) -> int:
    """Weights of a convolution with as many places to its kernel."""
    return kernel * before * after + after


def norm(width: int) -> int:
    return 2 * width


def attention(width: int, bias: bool = True) -> int:
    """Query, key, value and result, each from all features to all features."""
    return 4 * dense(width, width, bias=bias)


def lstm(before: int, units: int) -> int:
    """Three gates and a candidate, each from the input, the last output and an offset."""
    return 4 * (before + units + 1) * units


def vit(image: int, patch: int, width: int, depth: int, classes: int = 1000) -> int:
    block = 2 * norm(width) + attention(width) + dense(width, 4 * width, width)
    places = (image // patch) ** 2 + 1
    ends = conv(patch**2, 3, width) + width + places * width + norm(width) + dense(width, classes)
    return ends + depth * block


def transformer(width: int, inner: int, depth: int, vocabulary: int) -> int:
    """One matrix of word vectors for source, target and scores; projections without offsets, as in the paper."""
    work = dense(width, inner, width) + norm(width)
    attend = attention(width, bias=False) + norm(width)
    return vocabulary * width + depth * (attend + work) + depth * (2 * attend + work)


def classifier(vocabulary: int, longest: int, width: int, depth: int, classes: int) -> int:
    block = attention(width) + dense(width, 4 * width, width) + 2 * norm(width)
    return (vocabulary + longest) * width + depth * block + dense(width, classes)


def wavenet(units: int, channels: int = 32, skips: int = 128, levels: int = 256) -> int:
    heard = units * 2 * conv(2, channels, channels)
    on = (units - 1) * dense(channels, channels)  # behind the last unit there are only the skips
    said = units * dense(channels, skips) + dense(skips, skips, levels)
    return levels * channels + conv(2, channels, channels) + heard + on + said


def tower(features: int, width: int) -> int:
    return dense(features, 4 * width, 2 * width, width)


COUNTS: list[tuple[str, tuple[str, ...], int]] = [
    # Published: Dosovitskiy et al. say 86 M, 307 M (with a head for pre-training); torchvision counts exactly.
    ("vit_b16", (), 86_567_656),
    ("vit_b16", ("parameters.patch=32",), 88_224_232),
    ("vit_b16", ("parameters.width=1024", "parameters.depth=24", "parameters.heads=16"), 304_326_632),
    ("vit_b16", (), vit(224, 16, 768, 12)),
    ("vit_b16", ("parameters.size=384", "parameters.classes=21843"), vit(384, 16, 768, 12, 21843)),
    # Vaswani et al. say 65 M for the base and 213 M for the big model, with 37,000 tokens.
    ("transformer", (), transformer(512, 2048, 6, 37_000)),
    (
        "transformer",
        ("parameters.width=1024", "parameters.inner=4096", "parameters.heads=16"),
        transformer(1024, 4096, 6, 37_000),
    ),
    # The usual count of Koch et al.'s network.
    ("siamese", (), 38_951_745),
    (
        "siamese",
        (),
        conv(100, 1, 64) + conv(49, 64, 128) + conv(16, 128, 128) + conv(16, 128, 256) + dense(6 * 6 * 256, 4096, 1),
    ),
    ("transformer_classifier", (), classifier(20_000, 512, 128, 4, 2)),
    ("transformer_classifier", ("parameters.classes=5", "parameters.depth=1"), classifier(20_000, 512, 128, 1, 5)),
    ("lstm_tagger", (), 20_000 * 100 + 2 * lstm(100, 100) + 2 * lstm(200, 100) + dense(200, 17)),
    ("wavenet", (), wavenet(30)),
    ("wavenet", ("parameters.stacks=1", "parameters.octaves=2"), wavenet(2)),
    ("text_cnn", (), 18_765 * 300 + sum(conv(n, 300, 100) for n in (3, 4, 5)) + dense(300, 2)),
    ("two_tower", (), 70_000 * 32 + tower(33, 32) + tower(52, 32)),
    ("autoencoder", (), dense(64, 128, 32, 8, 32, 128, 64)),
    ("autoencoder", ("parameters.widths.default=[16]", "parameters.code=2"), dense(64, 16, 2, 16, 64)),
    ("vae", (), dense(64, 128, 64) + 2 * dense(64, 4) + dense(4, 64, 128, 64)),
    ("mixture_of_experts", (), dense(64, 64) + 64 * 8 + 8 * dense(64, 128, 64) + dense(64, 10)),
    # Normalization keeps means, variances and a count, which are no parameters that learn by gradients.
    ("wide_deep", (), (10 + 10 + 40) * 3 + 2 * 6 * 4 + dense(4 + 8, 64, 32, 3) + 9),
]

OUTPUTS = {
    "autoencoder": {"again": "(batch, 64)"},
    "lstm_tagger": {"tag": "(batch, words, 17)"},
    "mixture_of_experts": {"digit": "(batch, 10)"},
    "siamese": {"same": "(batch, 1)"},
    "text_cnn": {"class": "(batch, 2)"},
    "transformer": {"next": "(batch, beginning, 37000)"},
    "transformer_classifier": {"class": "(batch, 2)"},
    "two_tower": {"seen": "(batch, 1)"},
    "vae": {"again": "(batch, 64)"},
    "vit_b16": {"class": "(batch, 1000)"},
    "wavenet": {"level": "(batch, time, 256)"},
    "wide_deep": {"species": "(batch, 3)"},
}


def load(name: str, *overrides: str) -> Checked:
    return compile_file(GALLERY / f"{name}.keraspec.toml", overrides)


def totals(checked: Checked) -> Totals:
    assert checked.typed is not None
    return summarise(checked.typed).totals


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_clean_with_the_outputs_that_are_promised(name: str) -> None:
    checked = load(name)
    assert not checked.diagnostics
    assert checked.typed is not None
    outputs = summarise(checked.typed).outputs
    assert {one.name: str(one.tensor) for one in outputs} == {
        key: f"float32{shape}" for key, shape in OUTPUTS[name].items()
    }


@pytest.mark.parametrize(("name", "overrides", "count"), COUNTS)
def test_as_many_parameters_as_published_or_by_the_formula(name: str, overrides: tuple[str, ...], count: int) -> None:
    checked = load(name, *overrides)
    assert not checked.diagnostics
    assert totals(checked).params == count


def test_every_network_is_counted() -> None:
    assert {name for name, _, _ in COUNTS} == set(OUTPUTS)


def test_what_transformers_publish_in_millions() -> None:
    assert round(transformer(512, 2048, 6, 37_000) / 1e6) == 63  # the paper rounds to 65
    assert round(transformer(1024, 4096, 6, 37_000) / 1e6) == 214  # the paper: 213
    assert round(vit(224, 16, 768, 12) / 1e6, 1) == 86.6


def test_the_last_unit_of_wavenet_hears_all_samples_of_its_dilations() -> None:
    """A longer row would be read by a kernel that stays inside it: the reach is the sum of the dilations."""
    checked = load("wavenet")
    assert checked.typed is not None
    reach = 1  # the first convolution
    for node in checked.typed.graph.nodes.values():
        if node.layer is not None and node.name.endswith(".heard.conv1d"):
            (dilation,) = node.layer.arguments["dilation_rate"]
            reach += dilation
    assert reach == 3 * 1023 + 1


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("siamese", lambda shared: {node.split(".")[0] for node in shared} == {"right_features"}),
        ("transformer", lambda shared: set(shared) == {"target_words", "scores"}),
    ],
)
def test_weights_are_shared(name: str, same: Callable[[list[str]], bool]) -> None:
    checked = load(name)
    assert checked.typed is not None
    assert same([node.name for node in checked.typed.graph.nodes.values() if node.shared is not None])


@pytest.mark.parametrize("name", sorted(OUTPUTS))
def test_written_out_it_is_the_same_network(name: str) -> None:
    checked = load(name)
    assert checked.document is not None
    again = compile_text(rendered(checked.document))
    assert not again.diagnostics
    assert totals(again) == totals(checked)
    assert rows(again) == rows(checked)


def rows(checked: Checked) -> list[object]:
    assert checked.typed is not None
    return [(row.type, row.outputs, row.params) for row in summarise(checked.typed).layers]

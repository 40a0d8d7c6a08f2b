"""Blocks that open and close in drawings: what is joined, what is closed, and that nothing gets lost."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from keraspec.checked import compile_file, compile_text
from keraspec.compiler import draw, render
from keraspec.compiler.draw import Look
from keraspec.compiler.draw_dot import dot
from keraspec.compiler.draw_mermaid import mermaid, too_large_for_github
from keraspec.compiler.drawing.folding import READABLE, Folded, fold, folded
from keraspec.compiler.drawing.heat import SHARES, amount, scale_of
from keraspec.compiler.drawing.tree import range_of
from keraspec.compiler.graph import TypedGraph
from keraspec.compiler.picture import Card, Picture, Wire, Within, clean, picture
from keraspec.compiler.show import summarise

GALLERY = Path(__file__).parent.parent.parent / "examples" / "architectures"
SPECS = sorted(path.name.partition(".")[0] for path in GALLERY.glob("*.toml"))
_KNOWN: dict[tuple[str, ...], TypedGraph] = {}


def gallery(name: str, *settings: str) -> TypedGraph:
    key = (name, *settings)
    if key not in _KNOWN:
        found = compile_file(GALLERY / f"{name}.keraspec.toml", settings).typed
        assert found is not None
        _KNOWN[key] = found
    return _KNOWN[key]


def spec(text: str) -> TypedGraph:
    found = compile_text('keraspec = 1\nname = "net"\n' + text)
    assert found.ok, [one.finding.message for one in found.errors]
    assert found.typed is not None
    return found.typed


def names(found: Folded | Picture) -> list[str]:
    drawn = found.picture if isinstance(found, Folded) else found
    return [f"{card.name} {card.times}".strip() for card in drawn.cards]


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("look", [Look(), Look(depth=0), Look(depth=9)], ids=str)
def test_nothing_is_lost_by_folding(name: str, look: Look) -> None:
    typed = gallery(name)
    drawn = fold(typed, look).picture
    totals = summarise(typed).totals
    for what, whole in (("params", totals.params), ("flops", totals.flops), ("bytes", totals.activation_bytes)):
        found = 0
        for card in drawn.cards:
            if card.kind in ("layer", "block"):
                found = found + getattr(card.cost, what)
        assert found == whole, what
    ids = [card.id for card in drawn.cards]
    assert len(set(ids)) == len(ids)
    boxes = [box.id for box in drawn.boxes]
    assert {card.box for card in drawn.cards} <= {None, *boxes}
    for number, box in enumerate(drawn.boxes):
        assert box.box is None or box.box in boxes[:number], "boxes stand before those inside them"
    for wire in drawn.wires:
        assert {wire.source, wire.target} <= set(ids)
        assert wire.source != wire.target
    flat = picture(typed)
    fed, reached = ({wire.target for wire in one.wires} for one in (flat, drawn))
    assert {card.id for card in drawn.cards if card.id in fed} <= reached, "what takes tensors still takes some"


@pytest.mark.parametrize("name", SPECS)
def test_every_network_of_the_gallery_can_be_read(name: str) -> None:
    assert len(fold(gallery(name)).picture.cards) <= READABLE


def test_depth_opens_so_many_blocks_inside_one_another() -> None:
    typed = gallery("resnet", "parameters.size=152")
    closed = fold(typed, Look(depth=0))
    assert not closed.picture.boxes
    assert names(closed)[4:9] == ["max_pooling2d", "stage.0", "stage.1", "stage.2", "stage.3"]
    third = next(card for card in closed.picture.cards if card.name == "stage.2")
    assert third.facts == ("362 layers · 40,782,848 parameters", "28 × 28 × 512 → 14 × 14 × 1024")
    assert third.details[:3] == ("depth 36", "filters 256", "stride 2")
    once = fold(typed, Look(depth=1))
    assert [box.name for box in once.picture.boxes] == ["stem", "stage.0", "stage.1", "stage.2", "stage.3"]
    assert "unit.1…35 × 35" in names(once)
    assert (once.deepest, len(once.closed)) == (3, 8)
    assert not fold(typed, Look(depth=3)).closed
    with pytest.raises(ValueError, match="0 or more, found -1"):
        Look(depth=-1)


def test_expand_opens_those_that_are_named_and_no_others() -> None:
    typed = gallery("resnet")
    assert [box.name for box in fold(typed, Look(expand=("stage.2",))).picture.boxes] == ["stage.2"]
    inner = fold(typed, Look(expand=("stage.2.unit.3",)))
    assert [box.name for box in inner.picture.boxes] == ["stage.2", "unit.3"], "what is around has to be open as well"
    assert "unit.1…2 × 2" in names(inner), "the one that is named is taken out of those like it"
    assert "unit.4…5 × 2" in names(inner)
    every = fold(typed, Look(expand=("stage.*",)))
    assert {"stage.0", "stage.3"} < {box.name for box in every.picture.boxes}
    assert fold(typed, Look(expand=("stag",))).unknown == ("stag",)
    assert not fold(typed, Look(expand=("stage",))).unknown


REPEATED = """
inputs.x.shape = [8]
layers = [{{ name = "part", block = "part", repeat = {how}, width = "${{item}}" }}, {{ type = "Dense", units = 1 }}]
[blocks.part]
parameters = {{ width = {{}} }}
layers = [{{ type = "Dense", units = "${{width}}" }}, {{ type = "ReLU" }}]
"""


def test_what_repeats_is_drawn_once_with_its_count() -> None:
    six = spec(REPEATED.format(how="[64, 128, 256, 512, 512, 512]"))
    drawn = fold(six, Look(depth=0)).picture
    assert names(drawn) == ["x", "part × 6", "dense", "output"]
    assert drawn.cards[1].details == ("width 64…512",)
    opened = fold(six, Look(depth=1)).picture
    assert [(box.name, box.times) for box in opened.boxes] == [("part", "× 6")]
    assert opened.cards[1].details == ("units 64…512",)
    wires = [(wire.source, wire.target) for wire in opened.wires]
    assert wires == [
        ("x", "part.0.dense"),
        ("part.0.dense", "part.0.re_lu"),
        ("part.0.re_lu", "dense"),
        ("dense", "output output"),
    ], "no wire leads from the end of one repetition to the beginning of the next"
    assert opened.wires[1].label == "64, …"
    assert len(names(fold(six))) == 11, "where there is room, those that differ are drawn by themselves"


def test_few_that_differ_are_drawn_apart_and_equal_ones_together() -> None:
    assert names(fold(spec(REPEATED.format(how="[4, 5, 6]")), Look(depth=0)))[1:4] == ["part.0", "part.1", "part.2"]
    some = fold(spec(REPEATED.format(how="[4, 5, 5, 5]")), Look(depth=0))
    assert names(some)[1:3] == ["part.0", "part.1…3 × 3"]


def test_branches_are_joined_with_all_their_wires_as_one() -> None:
    typed = gallery("mixture_of_experts")
    drawn = fold(typed).picture
    box = next(box for box in drawn.boxes if box.name == "expert")
    assert box.times == "× 8"
    inside = {card.id for card in drawn.cards if card.box == box.id}
    assert sum(wire.target in inside and wire.source not in inside for wire in drawn.wires) == 1
    assert sum(wire.source in inside and wire.target not in inside for wire in drawn.wires) == 1


def flat(layers: int) -> TypedGraph:
    """A residual network without blocks: five layers a unit."""
    text = "inputs.x.shape = [16]\n"
    for number in range(layers // 5):
        before = f"add{number - 1}" if number else "x"
        for name, rest in (
            ("a", 'type = "Dense"\nunits = 16'),
            ("b", 'type = "BatchNormalization"'),
            ("c", 'type = "ReLU"'),
            ("d", f'type = "Dense"\nunits = 16\nactivation = "{"relu" if number % 50 else "gelu"}"'),
            ("add", f'type = "Add"\ninputs = ["{before}", "d{number}"]'),
        ):
            text += f'[[layers]]\nname = "{name}{number}"\n{rest}\n'
    return spec(text)


def test_a_network_without_blocks_is_folded_by_what_repeats_in_it() -> None:
    typed = flat(1000)
    drawn = fold(typed).picture
    assert len(drawn.cards) <= READABLE
    repeated = [card for card in drawn.cards if card.kind == "block"]
    assert [card.name for card in repeated] == [f"a{start} … add{start}" for start in (1, 51, 101, 151)]
    assert all((card.type, card.times) == ("repeated", "× 49") for card in repeated)


def test_a_row_in_which_nothing_repeats_is_drawn_in_parts() -> None:
    kinds = ("ReLU", "LayerNormalization", "Softmax", "Dropout", "ELU")
    text = "inputs.x.shape = [4]\n"
    for number in range(300):
        kind = kinds[(number * number + number // 7) % 5]
        text += f'[[layers]]\nname = "n{number}"\ntype = "{kind}"\n' + ("rate = 0.1\n" if kind == "Dropout" else "")
    found = fold(spec(text))
    assert len(found.picture.cards) <= READABLE
    assert not found.named, "what no spec names can't be asked for"
    shapes = [card.facts[-1] for card in found.picture.cards if card.kind == "block"]
    assert shapes
    assert set(shapes) == {"4 → 4"}


def test_work_grows_with_the_layers_and_not_with_their_square() -> None:
    """Counted, not timed: the cards and wires of a drawing, and the calls made on the way."""
    import cProfile

    calls = []
    for layers in (250, 1000):
        typed = flat(layers)
        profile = cProfile.Profile()
        profile.runcall(fold, typed)
        calls.append(sum(one.callcount for one in profile.getstats()))
    assert calls[1] < 6 * calls[0]


def test_applications_open_only_when_they_are_named() -> None:
    typed = spec("""
inputs.x.shape = [64, 64, 3]
layers = [
  { name = "base", type = "applications.MobileNetV2", weights = "none", include_top = false },
  { type = "GlobalAveragePooling2D" },
]
""")
    assert names(fold(typed, Look(depth=9))) == names(picture(typed))
    opened = fold(typed, Look(expand=("base",)))
    assert opened.picture.boxes[0].name == "base"
    assert len(opened.picture.cards) == 3 + len(typed.typed["base"].inside)
    assert sum(wire.target == "base.Conv1" for wire in opened.picture.wires) == 1
    assert [wire.source for wire in opened.picture.wires if wire.target == "global_average_pooling2d"] == [
        f"base.{typed.typed['base'].inside[-1].name}"
    ]


@pytest.mark.parametrize(
    ("texts", "one"),
    [
        (["units 8", "units 8"], "units 8"),
        (["units 64", "units 512", "units 128"], "units 64…512"),
        (["rate 0.5", "rate 0.1"], "rate 0.1…0.5"),
        (["kernel_size 3 × 3", "kernel_size 5 × 3"], "kernel_size 3…5 × 3"),
        (["activation relu", "activation gelu"], "activation …"),
    ],
)
def test_texts_of_what_is_joined(texts: list[str], one: str) -> None:
    assert range_of(texts) == one


def test_heat_says_what_costs_most() -> None:
    drawn = fold(gallery("vgg16")).picture
    scale = scale_of(drawn, "params")
    steps = {card.name: scale.step(card) for card in drawn.cards if card.kind == "layer"}
    assert max(step or 0 for step in steps.values()) == len(SHARES)
    assert all(step == 0 for name, step in steps.items() if "pooling" in name)
    assert len(scale.steps) == len(SHARES) + 1
    words = scale_of(fold(gallery("wavenet")).picture, "flops")
    assert words.title.endswith("with time = 100")
    assert words.most == max(amount(card.cost.flops) or 0 for card in fold(gallery("wavenet")).picture.cards)


def test_dot_has_boxes_themes_and_direction() -> None:
    typed = gallery("resnet")
    text = draw.dot(typed, "paper", Look(direction="LR", heat="flops"))
    assert text.count('subgraph "cluster ') - text.count('subgraph "cluster piece ') == 5
    colours = {text[at : at + 7] for at in range(len(text)) if text[at] == "#" and text[at + 1 : at + 7].isalnum()}
    assert all(one[1:3] == one[3:5] == one[5:7] for one in colours), "paper is black, white and grey"
    assert text == draw.dot(typed, "paper", Look(direction="LR", heat="flops"))
    assert draw.mermaid(typed, Look(direction="LR")).startswith("flowchart LR\n")


def test_mermaid_is_folded_until_github_draws_it() -> None:
    for name in ("densenet121", "inceptionv3", "transformer"):
        text = draw.mermaid(gallery(name))
        assert not too_large_for_github(text)
        lines = [line.strip() for line in text.splitlines()]
        assert sum(line.startswith("subgraph ") for line in lines) == lines.count("end")
    assert too_large_for_github(draw.mermaid(gallery("densenet121"), Look(whole=True)))


NASTY = ('a"b', "<b>x</b>", "</script><script>alert(1)</script>", "${x}", "]] end", "日本語", "&amp;", "\\", "*/")


def test_texts_stay_texts_in_boxes() -> None:
    cards = tuple(
        Card(str(number), "layer", "plain", clean(one), clean(one), (clean(one),),
             within=(Within(one, ("entry", number), one, {one: one}),), node=one)
        for number, one in enumerate(NASTY)
    )  # fmt: skip
    more = tuple(Card(f"{card.id} b", "layer", "plain", "b", "b", within=card.within, node="b") for card in cards)
    wires = tuple(Wire(card.id, other.id, card.name) for card, other in zip(cards, more, strict=True))
    for depth in (0, 1):
        drawn = folded(Picture("t", (*cards, *more), wires), Look(depth=depth)).picture
        root = ElementTree.fromstring(render.rendered(dot(drawn), "svg"))
        seen = " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")).replace("\xa0", " ")
        assert all(clean(one) in seen for one in NASTY)
        assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
        said = mermaid(drawn)
        assert "<script" not in said
        assert '"a"b' not in said

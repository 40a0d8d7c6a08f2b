"""Long pictures in pieces side by side: where they are cut, and that nothing is lost on the way."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_file, compile_text
from keraspec.compiler.draw_dot import dot
from keraspec.compiler.drawing.columns import LONG, SLIM, columns
from keraspec.compiler.drawing.folding import Look, fold
from keraspec.compiler.drawing.turns import LARGE
from keraspec.compiler.picture import Box, Card, Picture, Wire
from keraspec.compiler.render import rendered

GALLERY = Path(__file__).parent.parent.parent / "examples" / "architectures"
POSITION = re.compile(r'class="node">\s*<title>([^<]+)</title>.*?<text [^>]*x="([-\d.]+)" y="([-\d.]+)"', re.DOTALL)


def chain(count: int, *more: tuple[int, int], boxes: tuple[Box, ...] = (), within: range = range(0)) -> Picture:
    cards = tuple(
        Card(f"card {at}", "layer", "plain", f"card {at}", "Dense", box=boxes[-1].id if at in within else None)
        for at in range(count)
    )
    steps = [*pairwise(range(count)), *more]
    return Picture("net", cards, tuple(Wire(f"card {one}", f"card {other}", "8") for one, other in steps), boxes)


def test_what_is_short_stays_in_one_piece() -> None:
    assert columns(chain(8)).count == 1
    wide = Picture("net", chain(20).cards, tuple(Wire("card 0", f"card {at}", "8") for at in range(1, 20)))
    assert columns(wide).count == 1


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_a_long_chain_is_cut_into_equal_pieces(direction: str) -> None:
    found = columns(chain(60), direction)  # type: ignore[arg-type]
    sizes = [list(found.of.values()).count(number) for number in range(found.count)]
    assert found.count > 2
    assert max(sizes) - min(sizes) <= max(sizes) / 2
    assert [found.of[f"card {at}"] for at in range(60)] == sorted(found.of.values())
    assert found.length < SLIM[direction] * found.width


def test_what_belongs_together_is_not_cut() -> None:
    around = columns(chain(40, (0, 38)))
    assert around.count == 1, "a tensor that passes everything by holds it together"
    box = Box("box", "block", "block")
    boxed = columns(chain(60, boxes=(box,), within=range(20, 40)))
    assert len({boxed.of[f"card {at}"] for at in range(20, 40)}) == 1
    skips = columns(chain(60, *((at, at + 3) for at in range(0, 56, 4))))
    for wire in chain(60, *((at, at + 3) for at in range(0, 56, 4))).wires:
        assert skips.of[wire.target] - skips.of[wire.source] in (0, 1)
    typed = compile_file(GALLERY / "unet.keraspec.toml").typed
    assert typed is not None
    assert columns(fold(typed, Look(depth=9)).picture).count == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(30, 90), st.lists(st.tuples(st.integers(0, 89), st.integers(1, 12)), max_size=40))
def test_pieces_follow_each_other(count: int, jumps: list[tuple[int, int]]) -> None:
    more = tuple((at, at + by) for at, by in jumps if at + by < count)
    drawing = chain(count, *more)
    found = columns(drawing)
    assert set(found.of) == {card.id for card in drawing.cards}
    assert set(found.of.values()) == set(range(found.count))
    sources: dict[int, set[str]] = {}
    for wire in drawing.wires:
        assert found.of[wire.target] - found.of[wire.source] in (0, 1)
        if found.turns(wire):
            sources.setdefault(found.of[wire.source], set()).add(wire.source)
    assert all(len(one) == 1 for one in sources.values()), "the tensors of one card alone go on"


def places(drawing: Picture) -> dict[str, tuple[float, float]]:
    svg = rendered(dot(drawing), "svg").decode()
    return {name: (float(x), float(y)) for name, x, y in POSITION.findall(svg)}


def test_pieces_stand_beside_each_other_from_left_to_right() -> None:
    drawing = chain(30)
    found, at = columns(drawing), places(drawing)
    assert found.count > 1
    assert len([name for name in at if name.startswith("card")]) == 30
    for wire in drawing.wires:
        (x, y), (later_x, later_y) = at[wire.source], at[wire.target]
        assert later_x > x + 40 if found.turns(wire) else later_y > y + 20
    assert dot(drawing).count('label=<<table border="0" cellborder="0" cellspacing="2"') == len(drawing.wires)


def test_of_a_very_large_drawing_numbers_say_where_it_goes_on() -> None:
    drawing = chain(LARGE + 50)
    found, text = columns(drawing), dot(drawing)
    assert found.count > 3
    for number in range(1, found.count):
        assert text.count(f'label="{number}"') == 2
    assert found.length > LONG  # a page has its limits
    assert "nslimit" in text
    assert "nslimit" not in dot(chain(30))


def test_what_comes_into_a_box_passes_its_title() -> None:
    text = """
keraspec = 1
name = "net"
inputs.x.shape = [8]
layers = [{ name = "a_block_with_a_name", block = "b", units = 8 }, { type = "Dense", units = 8 }]
[blocks.b]
parameters = { units = {} }
layers = [{ type = "ReLU" }, { type = "Dense", units = "${units}" }]
"""
    typed = compile_text(text).typed
    assert typed is not None
    svg = rendered(dot(fold(typed, Look(depth=1)).picture), "svg").decode()
    title = re.search(r'<text [^>]*x="([-\d.]+)"[^>]*>a_block_with_a_name</text>', svg)
    entry = re.search(
        r"<title>x&#45;&gt;a_block_with_a_name.re_lu</title>.*?<polygon [^>]*points=\"([-\d.]+),", svg, re.DOTALL
    )
    assert title is not None
    assert entry is not None
    assert float(entry[1]) > float(title[1]) + 7 * len("a_block_with_a_name")

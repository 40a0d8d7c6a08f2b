"""The page of the gallery says what the specs say, and shows each as the tool draws it."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from types import ModuleType

import pytest

from keraspec.compiler import draw

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures" / "gallery"
NAMES = sorted(path.stem for path in PICTURES.glob("*.svg"))
QUOTED = r'"(?:[^"\\]|\\.)*"'
"""A name in DOT text."""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    place = importlib.util.spec_from_file_location("gallery", ROOT / "tools" / "gallery.py")
    assert place is not None
    assert place.loader is not None
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    return found


def in_svg(text: str) -> Iterator[tuple[str, str]]:
    """All that is written in a picture, what it is written on, and which card leads to which."""
    yield from (("text", unescape(one).strip()) for one in re.findall(r"<text [^>]*>([^<]*)</text>", text))
    for kind, title, inner in re.findall(
        r'<g id="[^"]*" class="(node|edge)">\s*<title>([^<]*)</title>(.*?)\n</g>', text, re.DOTALL
    ):
        # Points at which a wire turns are no cards.
        if kind == "edge" or "<text" in inner:
            ground = re.search(r'fill="(#\w+)"', inner) if kind == "node" else None
            yield kind, unescape(title) + (f" {ground[1]}" if ground else "")


def in_dot(text: str) -> Iterator[tuple[str, str]]:
    """The same of the text from which Graphviz would make the picture; where it puts things is its own business."""
    for label in re.findall(r"label=<(.*?)>(?:, \w+=|\]$)", text, re.MULTILINE):
        yield from (("text", unescape(one).strip()) for one in re.findall(r">([^<>]+)<", label) if one.strip())
    for name, ground in re.findall(rf'^ +({QUOTED}) \[label=<.*fillcolor="(#\w+)"', text, re.MULTILINE):
        yield "node", f"{plain(name)} {ground}"
    for one, other, rest in re.findall(rf"^ +({QUOTED}) -> ({QUOTED}) \[(.*)\]$", text, re.MULTILINE):
        if 'style="invis"' not in rest:
            yield "edge", f"{plain(one)}->{plain(other)}"


def plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1])


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_what_the_tool_draws(tool: ModuleType, name: str) -> None:
    svg = (PICTURES / f"{name}.svg").read_text("utf-8")
    typed = tool.network(name)
    now, committed = (Counter(found) for found in (in_dot(draw.dot(typed, "light", tool.LOOKS.get(name))), in_svg(svg)))
    assert now - committed == Counter(), "python tools/gallery.py docs/gallery.md"
    assert committed - now == Counter(), "python tools/gallery.py docs/gallery.md"
    assert f'aria-label="{typed.graph.name}"' in svg


def test_what_is_compared_is_all_that_graphviz_writes(tool: ModuleType, tmp_path: Path) -> None:
    tool.draw("vgg16", tmp_path / "net.svg")
    drawn = Counter(in_svg((tmp_path / "net.svg").read_text("utf-8")))
    assert drawn == Counter(in_dot(draw.dot(tool.network("vgg16"))))
    assert {kind: sum(1 for one, _ in drawn if one == kind) for kind in ("node", "edge")} == {"node": 13, "edge": 20}


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_fits_on_a_page(name: str) -> None:
    size = re.search(r'<svg [^>]*?width="(\d+)pt" height="(\d+)pt"', (PICTURES / f"{name}.svg").read_text("utf-8"))
    assert size is not None
    width, height = int(size[1]), int(size[2])
    assert max(width, height) < 1800
    assert height < 2.7 * width
    assert width < 2.7 * height


def test_the_page_is_made_from_the_specs(tool: ModuleType) -> None:
    assert (ROOT / "docs" / "gallery.md").read_text("utf-8") == tool.page(), "python tools/gallery.py docs/gallery.md"


def test_every_network_has_its_picture() -> None:
    specs = {path.name.partition(".")[0] for path in (ROOT / "examples" / "architectures").glob("*.keraspec.toml")}
    assert specs == {path.stem for path in (ROOT / "docs" / "pictures" / "gallery").glob("*.svg")}
    assert len(specs) >= 22

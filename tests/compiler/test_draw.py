"""Drawings: the same text for the same network, names that cannot break out, colours that can be read."""

from __future__ import annotations

import html
import os
import re
import shutil
import stat
import struct
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pygraphviz
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_file, compile_text
from keraspec.compiler import draw, render
from keraspec.compiler.catalogue import family
from keraspec.compiler.draw_dot import dot
from keraspec.compiler.draw_mermaid import GITHUB_CHARACTERS, GITHUB_EDGES, mermaid, too_large_for_github
from keraspec.compiler.graph import TypedGraph
from keraspec.compiler.palette import (
    BACKGROUND,
    BOX_LINE,
    BOXES,
    CARDS,
    CHIP,
    HEAT,
    LINE,
    PAGE_TEXT,
    QUIET,
    SAME_WEIGHTS,
    colours,
    contrast,
)
from keraspec.compiler.picture import FAMILIES, Card, Picture, Wire, clean, lines, picture, tensor_text
from keraspec.compiler.render import DrawError
from keraspec.compiler.sizes import BATCH, symbol
from keraspec.compiler.tensor import TensorType

NETWORKS = Path(__file__).parent.parent / "golden" / "networks"
NAMES = ("digits", "towers", "reader", "broken")
THEMES = ("light", "dark", "paper")
PAGES = {"light": ("#ffffff", "#f6f8fa"), "dark": ("#000000", "#0d1117", "#1e1e1e")}

NASTY = (
    "end",
    "graph",
    "class",
    'a"b\\',
    "\\",
    "\\N",
    "<b>x</b>",
    "</svg><script>alert(1)</script>",
    "&amp; & &#35;",
    "#quot; #35;",
    "`code`",
    "*a* _b_ **c**",
    "1. list",
    "$$x^2$$",
    "fa:fa-car",
    "%%{init: {}}%%",
    "a;b",
    "style: #1;",
    "日本語 é 😀",
    "[x] (y) {z} |w|",
    "--> x -.- y",
    "javascript:alert(1)",
    "tab\tnl\n\u202e\x00\ud800\uffffend",
    "A" * 300,
    "a  b",
    "a b",
    "a_b",
)


def typed(name: str) -> TypedGraph:
    found = compile_file(NETWORKS / f"{name}.keraspec.toml").typed
    assert found is not None
    return found


def row(names: tuple[str, ...]) -> Picture:
    """Cards in a row whose every text is a given name."""
    cards = tuple(
        Card(f"{number} {clean(name)}", "layer", "plain", clean(name, 60), clean(name, 60), (clean(name, 28),))
        for number, name in enumerate(names)
    )
    wires = tuple(
        Wire(one.id, other.id, clean(name)) for (one, other), name in zip(pairwise(cards), names, strict=False)
    )
    return Picture(clean(" ".join(names), 60), cards, wires)


def long_network(layers: int) -> TypedGraph:
    text = 'keraspec = 1\nname = "long"\ninputs.x.shape = [8]\n'
    for number in range(layers):
        text += f'[[layers]]\nname = "layer_number_{number}"\ntype = "Dense"\nunits = 8\nactivation = "relu"\n'
    found = compile_text(text).typed
    assert found is not None
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["dot", "mmd"])
def test_text_is_as_it_was(name: str, ending: str) -> None:
    drawn = draw.dot(typed(name)) if ending == "dot" else draw.mermaid(typed(name))
    path = NETWORKS / f"{name}.{ending}"
    if os.environ.get("KERASPEC_WRITE_GOLDEN"):
        path.write_text(drawn, "utf-8", newline="\n")
    assert drawn == path.read_text("utf-8")


def test_the_picture_says_what_the_spec_says() -> None:
    drawing = picture(typed("towers"))
    cards = {card.id: card for card in drawing.cards}
    assert drawing.title == "towers"
    assert cards["stem"].details == ("filters 16", "kernel_size 3 × 3", "padding same", "activation relu")
    assert cards["hidden"].details == ("units 32", "activation gelu", "use_bias false")
    assert [card.name for card in drawing.cards if card.kind == "input"] == ["photo", "other"]
    assert [card.name for card in drawing.cards if card.kind == "output"] == ["label", "how_old"]
    assert (cards["photo"].family, cards["stem"].family, cards["sum"].family) == ("input", "convolution", "merging")
    labels = {(wire.source, wire.target): wire.label for wire in drawing.wires}
    assert labels["photo", "scale"] == "32 × 32 × 3 uint8"
    assert labels["stem", "sum"] == "32 × 32 × 16"
    assert labels["age", "output how_old"] == "1"


def test_shared_weights_are_linked_to_the_layer_that_owns_them() -> None:
    drawing = picture(typed("towers"))
    assert [(wire.source, wire.target) for wire in drawing.wires if wire.weights] == [("stem", "stem_again")]
    again = next(card for card in drawing.cards if card.id == "stem_again")
    assert again.shared
    assert again.type == "Conv2D"
    assert 'style="rounded,filled,dashed"' in draw.dot(typed("towers"))
    assert 'n_stem -. "same weights" .- n_stem_again' in draw.mermaid(typed("towers"))


def test_several_outputs_and_named_arguments_are_told_apart() -> None:
    labels = [(wire.source, wire.target, wire.label) for wire in picture(typed("reader")).wires]
    assert ("encoder", "decoder", "[1] 64 → initial_state") in labels
    assert ("encoder", "decoder", "[2] 64 → initial_state") in labels
    assert ("encoder", "attend", "[0] time × 64 → value") in labels
    assert ("decoder", "attend", "time × 64 → query") in labels
    assert ("half", "bi", "((time + 1)//2 - 2) × 32") in labels
    assert ("encoder", "output state", "[2] 64") in labels
    bi = next(card for card in picture(typed("reader")).cards if card.name == "bi")
    assert bi.details == ("layer GRU(units 16)",)


def test_what_is_not_known_is_a_question_mark() -> None:
    drawing = picture(typed("broken"))
    labels = {(wire.source, wire.target): wire.label for wire in drawing.wires}
    assert labels["first", "third"] == "3"
    assert labels["second", "last"] == labels["third", "last"] == labels["last", "output last"] == "?"
    wrong = next(card for card in drawing.cards if card.name == "wrong")
    assert (wrong.family, wrong.type) == ("unknown", "Dens")


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (None, "?"),
        (TensorType((BATCH, 28, 28, 1)), "28 × 28 × 1"),
        (TensorType((BATCH,)), "one number"),
        (TensorType((BATCH,), "string"), "one text"),
        (TensorType((BATCH, 4), "string"), "4 string"),
        (TensorType((BATCH, symbol("time") + 1, 4), "int32"), "(time + 1) × 4 int32"),
        (TensorType((2 * BATCH, 3)), "(2*batch, 3)"),
        (TensorType(()), "()"),
    ],
)
def test_shapes_are_written_without_the_batch(tensor: TensorType | None, text: str) -> None:
    assert tensor_text(tensor) == text


def test_only_what_matters_stands_on_a_card() -> None:
    spec = """
keraspec = 1
name = "card"
inputs.x.shape = [8, 8, 3]
[[layers]]
name = "conv"
type = "Conv2D"
filters = 4
kernel_size = [3, 5]
activation = "none"
kernel_initializer = "zeros"
kernel_regularizer = { type = "L2", l2 = 0.01 }
bias_constraint = "non_neg"
[[layers]]
name = "drop"
type = "Dropout"
rate = 0.1
seed = 3
noise_shape = [1, 2, 3, 4]
"""
    found = compile_text(spec).typed
    assert found is not None
    details = {card.id: card.details for card in picture(found).cards}
    assert details["conv"] == ("filters 4", "kernel_size 3 × 5", "activation none")
    assert details["drop"] == ("rate 0.1", "noise_shape (1, 2, 3, 4)")


def test_arguments_fill_few_lines() -> None:
    assert lines(("filters 32", "kernel_size 3", "use_bias"), 24, 3) == ["filters 32", "kernel_size 3 · use_bias"]
    assert lines(tuple("abcdefgh"), 5, 3) == ["a · b", "c · d", "e · f · …"]
    assert lines((), 24, 3) == []


def test_every_layer_has_a_colour() -> None:
    sections = {record.page.split("/")[1] for record in family("layers").values() if "/" in record.page}
    assert set(FAMILIES) <= sections
    assert set(FAMILIES.values()) <= set(CARDS)


# Nothing that a name holds may be read as more than a name.


def test_names_stay_names_in_svg() -> None:
    drawing = row(NASTY)
    root = ElementTree.fromstring(render.rendered(dot(drawing), "svg"))
    words = " ".join(text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text"))
    words = " ".join(words.replace("\xa0", " ").split())
    for card in drawing.cards:
        assert card.name in words, card.name
        assert card.details[0] in words
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_names_stay_names_in_mermaid() -> None:
    drawing = row(NASTY)
    said = _read_mermaid(mermaid(drawing))
    for card in drawing.cards:
        assert (card.name, card.type, card.details) in said


MERMAID_CARD = re.compile(r'  (n_\w*)(\["|\(\[")<b>([^"<>]*)</b> ([^"<>]*)((?:<br/>[^"<>]*)*)("\]|"\]\))')
MERMAID_WIRE = re.compile(r'  n_\w* (?:-->\|"[^"<>]*"\||-\. "[^"<>]*" \.-) n_\w*')
MERMAID_STYLE = re.compile(r"  (?:classDef [a-z]+_card [\w:,#-]+|class n_\w*(?:,n_\w*)* [a-z]+_card)")


def _read_mermaid(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """The cards of a flowchart, read back as Mermaid reads them; every line has to be one it knows."""

    def plain(escaped: str) -> str:
        return html.unescape(re.sub(r"#(\d+);", r"&#\1;", escaped)).replace("\u200b", "")

    first, *rest = text.splitlines()
    assert first == "flowchart TD"
    ids, found = [], []
    for line in rest:
        card = MERMAID_CARD.fullmatch(line)
        if card:
            ids.append(card[1])
            found.append((plain(card[3]), plain(card[4]), tuple(map(plain, card[5].split("<br/>")[1:]))))
        else:
            assert MERMAID_WIRE.fullmatch(line) or MERMAID_STYLE.fullmatch(line), line
    assert len(ids) == len(set(ids))
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6).map(tuple))
def test_any_text_can_be_a_name(names: tuple[str, ...]) -> None:
    drawing = row(names)
    assert len(_read_mermaid(mermaid(drawing))) == len(names)
    for theme in THEMES:
        graph = pygraphviz.AGraph(string=dot(drawing, theme))  # type: ignore[arg-type]
        assert graph.number_of_nodes() == len(names)
        assert graph.number_of_edges() == len(names) - 1


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_clean_text_can_be_written_everywhere(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned.isprintable() or "\ufffd" in cleaned
    ElementTree.fromstring(f"<a>{html.escape(cleaned)}</a>".encode())
    assert len(clean(text, 10)) <= 10


# Colours


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read_on_its_ground(theme: str) -> None:
    pairs = [(ink, ground) for ink in (PAGE_TEXT, QUIET) for ground in (CHIP, *BOXES)]
    for paint in (*CARDS.values(), *HEAT):
        pairs += [(paint.text, paint.fill), (paint.quiet, paint.fill)]
    for text, ground in pairs:
        assert contrast(text.of(theme), ground.of(theme)) >= 4.5, (text, ground)  # type: ignore[arg-type]


def test_lines_can_be_seen_on_light_and_dark_pages() -> None:
    for colour in (LINE, SAME_WEIGHTS, BOX_LINE, *(paint.border for paint in (*CARDS.values(), *HEAT))):
        for page in PAGES["light"]:
            assert contrast(colour.light, page) >= 2.9, (colour, page)
        for page in PAGES["dark"]:
            assert contrast(colour.dark, page) >= 3, (colour, page)
    # Whatever the reader prefers, lines stand on the page itself.
    for page in (*PAGES["light"], *PAGES["dark"]):
        assert contrast(LINE.light, page) >= 3
        assert contrast(LINE.dark, page) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_each_light_colour_has_one_counterpart() -> None:
    light = [colour.light for colour in colours()]
    assert len(light) == len(set(light))
    assert all(re.fullmatch("#[0-9a-f]{6}", one) for colour in colours() for one in (colour.light, colour.dark))


def test_svg_turns_dark_by_itself() -> None:
    text = draw.svg(typed("towers"))
    root = ElementTree.fromstring(text)
    style = root.find("{http://www.w3.org/2000/svg}style")
    assert style is not None
    assert style.text is not None
    assert "prefers-color-scheme:dark" in style.text
    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', text))
    assert used
    assert used <= {colour.light for colour in colours()}
    for colour in colours():
        assert f'[fill="{colour.light}"]{{fill:{colour.dark}}}' in style.text
    assert BACKGROUND.light not in used  # the page shows through
    assert root.get("aria-label") == "towers"
    assert "Generated by" not in text
    assert "<style>" not in draw.svg(typed("towers"), "dark")


# Files


def test_files_of_every_format(tmp_path: Path) -> None:
    model = typed("reader")
    starts = {"svg": b"<?xml", "png": b"\x89PNG\r\n", "pdf": b"%PDF-", "dot": b'digraph "reader"', "mmd": b"flowchart",
              "html": b"<!DOCTYPE html>"}  # fmt: skip
    assert set(draw.FORMATS) == {f".{ending}" for ending in starts}
    for ending, start in starts.items():
        path = tmp_path / f"picture.{ending}"
        draw.render(model, path)
        assert path.read_bytes().startswith(start)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(f"picture.{ending}" for ending in starts)
    draw.render(model, tmp_path / "LOUD.SVG")
    assert (tmp_path / "LOUD.SVG").read_bytes() == (tmp_path / "picture.svg").read_bytes()


def test_an_ending_that_is_not_known(tmp_path: Path) -> None:
    for name in ("picture.gif", "picture", ".svg"):
        with pytest.raises(DrawError, match=r"must end in \.svg, \.png, \.pdf, \.dot, \.mmd, \.html; found"):
            draw.render(typed("digits"), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_png_has_a_ground_of_its_own(tmp_path: Path) -> None:
    from matplotlib import image

    for theme in THEMES:
        draw.render(typed("digits"), tmp_path / "a.png", theme)  # type: ignore[arg-type]
        corner = image.imread(tmp_path / "a.png")[0, 0]
        expected = [*bytes.fromhex(BACKGROUND.of(theme)[1:])]  # type: ignore[arg-type]
        assert [round(float(part) * 255) for part in corner] in (expected, [*expected, 255])


def test_a_long_network_is_drawn_quickly(tmp_path: Path) -> None:
    model = long_network(200)
    begin = time.perf_counter()
    draw.render(model, tmp_path / "long.svg", look=draw.Look(whole=True))
    # About 0.25 s on a free machine; the bound leaves room for a busy one.
    assert time.perf_counter() - begin < 5
    draw.render(model, tmp_path / "long.png", look=draw.Look(whole=True))
    width, height = struct.unpack(">II", (tmp_path / "long.png").read_bytes()[16:24])
    assert max(width, height) < 32_000
    assert 0.5 < width / height < 2


def test_github_draws_two_hundred_layers() -> None:
    whole = draw.Look(whole=True)
    assert not too_large_for_github(draw.mermaid(long_network(200), whole))
    assert too_large_for_github(draw.mermaid(long_network(GITHUB_EDGES + 1), whole))
    assert too_large_for_github("x" * (GITHUB_CHARACTERS + 1))


def test_writing_leaves_the_old_file_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.dot"
    render.write(path, b"old")
    link = tmp_path / "link.dot"
    link.symlink_to(path)
    render.write(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"

    def fails(*_: object) -> None:
        raise OSError(28, "no space left on device", "other")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="no space") as raised:
        render.write(path, b"newer")
    assert raised.value.filename == str(path)
    assert path.read_bytes() == b"new"
    assert {one.name for one in tmp_path.iterdir()} == {"picture.dot", "link.dot"}


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for the program")
def test_dot_of_the_system_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\nprintf "%s " "$@" > "$0.said"\necho "<svg>of the system</svg>"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert render.rendered("digraph {}", "svg") == b"<svg>of the system</svg>\n"
    assert "svg" in (tmp_path / "dot.said").read_text()
    program.write_text('#!/bin/sh\necho "no fonts" >&2\nexit 1\n')
    assert b"<svg" in render.rendered("digraph {}", "svg")  # the wheel steps in


def test_without_graphviz_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DrawError, match=r"pygraphviz is not installed.*install Graphviz.*\.dot or \.mmd"):
        render.rendered("digraph {}", "svg")


def test_a_failing_graphviz_is_an_error_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DrawError, match="pygraphviz"):
        render.rendered("digraph {{{", "svg")
    assert capfd.readouterr() == ("", "")


def test_keys_stand_as_they_are_written() -> None:
    text = """
keraspec = 1
inputs.x.shape = [4, 8]
layers = [{ type = "ops.get_item", key = "[:, -1:, ...]" }, { type = "ops.get_item", key = "[:, 0, newaxis]" }]
"""
    typed = compile_text(text).typed
    assert typed is not None
    keys = [card.details for card in picture(typed).cards if card.kind == "layer"]
    assert keys == [("key [:, -1:, ...]",), ("key [:, 0, newaxis]",)]


def test_drawing_loads_no_framework() -> None:
    code = (
        "import sys; from pathlib import Path; from keraspec.checked import compile_file; "
        "from keraspec.compiler.draw import dot, svg; from keraspec.compiler.show import summarise; "
        f"typed = compile_file(Path({str(NETWORKS / 'digits.keraspec.toml')!r})).typed; "
        "dot(typed), svg(typed), summarise(typed); "
        "print([name for name in ('keras', 'tensorflow', 'numpy', 'pygraphviz') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

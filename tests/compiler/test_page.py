"""The page of a network in a real browser: it folds, finds, zooms, can be used by keyboard, and loads nothing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import compile_file, compile_text
from keraspec.compiler import draw
from keraspec.compiler.draw import Look

GALLERY = Path(__file__).parent.parent.parent / "examples" / "architectures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror=window.hacked=1>"


def page_of(name: str, look: Look | None = None) -> str:
    typed = compile_file(GALLERY / f"{name}.keraspec.toml").typed
    assert typed is not None
    return draw.html(typed, "auto", look)


def hostile() -> str:
    text = f"""
keraspec = 1
name = "net"
inputs.x.shape = [2]
[[layers]]
type = "Dense"
units = 2
kernel_initializer = {{ type = "Constant", value = 1.0 }}
activation = {{ type = "LeakyReLU", name = "{HOSTILE}" }}
[[layers]]
name = "wrong"
type = "{HOSTILE}"
"""
    typed = compile_text(text).typed
    assert typed is not None
    return draw.html(typed)


def test_the_page_stands_by_itself() -> None:
    text = page_of("resnet")
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)\s*=|url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", text)
    assert text == page_of("resnet")
    assert len(text) < 400_000


def test_texts_stay_texts_on_the_page() -> None:
    text = hostile()
    assert text.count("</script>") == 2
    assert "<img" not in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    named = os.environ.get("KERASPEC_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=named, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"no Chromium here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


class Shown:
    """A page in the browser, and all that it complained of or asked the network for."""

    def __init__(self, browser: Any, path: Path, text: str, **context: Any) -> None:
        path.write_text(text, "utf-8")
        self.context = browser.new_context(viewport={"width": 1200, "height": 800}, **context)
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")

    def cards(self) -> int:
        return int(self.page.inner_text("#said").split()[0])

    def close(self) -> None:
        self.context.close()
        assert self.said == []
        assert len(self.asked) == 1, "the page itself and nothing else"


def test_blocks_open_and_close(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "net.html", page_of("resnet"))
    page = shown.page
    assert shown.cards() == 18, "open as in a picture"
    page.click("#fit")
    page.locator("[data-id='block stage.0']").first.click()
    assert shown.cards() == 17
    page.locator("[data-id='block stage.0']").first.click()
    assert shown.cards() == 18
    page.click("#close")
    assert shown.cards() == 12
    page.click("#open")
    assert shown.cards() == int(page.inner_text("#said").split()[2])
    assert page.locator("g.card").count() == shown.cards()
    overlap = page.evaluate("""() => {
      const all = [...document.querySelectorAll('.card .body')].map((one) => one.getBoundingClientRect());
      return all.filter((a, at) => all.some((b, other) => other > at && a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length }""")
    assert overlap == 0, "no card covers another"
    shown.close()


@pytest.mark.long
def test_details_of_a_layer(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "net.html", page_of("resnet"))
    shown.page.locator("[data-id='stem.conv2d']").click()
    said = shown.page.inner_text("#panel")
    for part in ("stem.conv2d", "230 × 230 × 3", "(batch, 112, 112, 64)", "kernel: 7 × 7 × 3 × 64", "9,472",
                 "resnet.keraspec.toml, line "):  # fmt: skip
        assert part in said
    shown.page.keyboard.press("Escape")
    assert shown.page.locator("#panel").is_hidden()
    shown.close()


@pytest.mark.long
def test_it_finds_what_is_inside_closed_blocks(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "net.html", page_of("resnet", Look(depth=0)))
    page = shown.page
    page.keyboard.press("/")
    page.keyboard.type("stage.2.unit.0.add")
    assert page.inner_text("#hits") == "1 found"
    page.keyboard.press("Enter")
    assert page.inner_text("#what") == "add"
    found = page.locator("[data-id='stage.2.unit.0.add'] .body").bounding_box()
    assert found is not None
    assert 0 < found["x"] < 1200
    assert 0 < found["y"] < 800
    shown.close()


def test_the_keyboard_is_enough(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "net.html", page_of("resnet", Look(depth=0)))
    page = shown.page
    block = page.locator("[data-id='block stage.0']")
    assert (block.get_attribute("role"), block.get_attribute("aria-expanded")) == ("button", "false")
    block.focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-id='block stage.0']").get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.activeElement.dataset.id") == "block stage.0", "the focus stays"
    page.keyboard.press("Enter")
    assert page.locator("[data-id='block stage.0']").get_attribute("aria-expanded") == "false"
    before = page.get_attribute("#stage", "transform")
    page.keyboard.press("+")
    assert page.get_attribute("#stage", "transform") != before
    shown.close()


@pytest.mark.long
def test_colours_of_page_theme_and_heat(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "net.html", page_of("vgg16", Look(heat="params")), color_scheme="dark")
    page = shown.page
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(13, 17, 23)"
    assert page.locator("#legend .step").count() == 6
    page.select_option("#theme", "paper")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.select_option("#heat", "")
    assert page.locator("#legend .step").count() == 0
    fill = "getComputedStyle(document.querySelector('.card.f-convolution .body')).fill"
    assert page.evaluate(fill) == "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.locator("header").is_hidden()
    assert page.pdf().startswith(b"%PDF")
    shown.close()


def test_hostile_texts_do_nothing(browser: Any, tmp_path: Path) -> None:
    shown = Shown(browser, tmp_path / "net.html", hostile())
    shown.page.locator("g.card.f-unknown").click()
    assert shown.page.evaluate("window.hacked") is None
    assert HOSTILE[:20] in shown.page.inner_text("#panel")
    shown.close()


@pytest.mark.long
def test_a_thousand_layers(browser: Any, tmp_path: Path) -> None:
    layers = "".join(f'{{ type = "{kind}" }},' for kind in ("ReLU", "Softmax", "ELU", "Flatten") * 250)
    typed = compile_text(f'keraspec = 1\nname = "long"\ninputs.x.shape = [4]\nlayers = [{layers}]\n').typed
    assert typed is not None
    shown = Shown(browser, tmp_path / "net.html", draw.html(typed))
    assert shown.cards() <= 40
    shown.page.click("#turn")
    shown.close()

"""`keraspec docs`: what the catalogue says of every name, and what comes out of layers by their own rules."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
import tomli
from click.testing import CliRunner, Result

from keraspec.checked import compile_text
from keraspec.cli import group
from keraspec.compiler import reference
from keraspec.compiler.catalogue import family
from keraspec.compiler.reference_text import html, text
from keraspec.spec.report import PLAIN


def docs(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["docs", *map(str, arguments)])


def test_a_layer() -> None:
    lines = docs("Conv2D").stdout.splitlines()
    assert lines[0] == "Conv2D  layer"
    assert "  filters  required" in lines
    assert '  padding  = "valid"' in lines
    assert "  [32, 32, 3]  →  [30, 30, 8]" in lines
    assert lines[-1].startswith("Keras: https://keras.io/api/layers/")
    start = lines.index("Example")
    layer = tomli.loads("\n".join(lines[start + 1 : start + 5]))["layers"][0]
    assert layer == {"type": "Conv2D", "filters": 8, "kernel_size": 3}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("conv2d", "Conv2D  layer"),
        ("ops.matmul", "ops.matmul  op"),
        ("adam", "Adam  optimizer"),
        ("EarlyStopping.patience", "argument of the callback EarlyStopping"),
        ("csv", "csv  data source"),
        ("training.epochs", "training.epochs  key of the training section"),
        ("epochs", "training.phases.epochs  key of a phase"),
        ("data.split", "data.split  section"),
        ("data.targets.NAME.encode", "data.targets.NAME.encode  key"),
        ("optimizers", "Adam"),
        ("E302", "E302"),
        ("Lambda", "It can't stand in a spec"),
    ],
)
def test_names(name: str, words: str) -> None:
    result = docs(name)
    assert result.exit_code == 0
    assert words in result.stdout


def test_names_that_are_none() -> None:
    result = docs("Cov2D")
    assert result.exit_code == 2
    assert result.stderr == "keraspec: there is no page on Cov2D; did you mean Conv2D?\n"
    assert docs("Conv2D", "-o", "x.html").exit_code == 2


def test_lists() -> None:
    every = docs("--list").stdout.splitlines()
    assert {"layer", "  Conv2D", "key", "  training.epochs", "  ops.matmul"} <= set(every)
    losses = docs("--list", "losses").stdout.splitlines()
    assert [one.strip() for one in losses[1:]] == list(family("losses"))
    assert docs("--list", "no").exit_code == 2


def test_every_name_has_a_page() -> None:
    heavy = {"layer", "op", "application"}
    light = [one for one, kinds in reference.names().items() if not heavy & set(kinds)]
    for name in light:
        pages = reference.pages_of(name)
        assert pages, name
        assert all("\n".join(text(page, PLAIN)) for page in pages)


def test_examples_of_layers_are_understood() -> None:
    for name in ("Dense", "LSTM", "BatchNormalization", "Embedding", "Add", "Reshape", "Dropout", "Bidirectional"):
        (page,) = [one for one in reference.pages_of(name) if one.kind == "layer"]
        assert page.shapes, name
        data = tomli.loads(page.example)
        assert data["layers"][0]["type"] == name
    (page,) = reference.pages_of("Dense")
    checked = compile_text(f"keraspec = 1\ninputs.x.shape = [16]\n{page.example}\n")
    assert checked.diagnostics == ()
    assert page.shapes[0] == ("[16]", "[8]")


class Tags(HTMLParser):
    """Looks whether what opens is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_for_a_browser(tmp_path: Path) -> None:
    result = docs("Dense", "--html", "-o", tmp_path / "dense.html")
    assert result.exit_code == 0
    page = (tmp_path / "dense.html").read_text(encoding="utf-8")
    assert "<h3>Dense <small>layer</small></h3>" in page
    assert "http" not in page.replace("https://keras.io", "")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "&lt;" in html("a < b", [("x", reference.pages_of("epochs"))])


@pytest.mark.long
def test_everything_on_one_page() -> None:
    page = html("all", reference.everything())
    for home in ("layers", "ops", "losses"):
        assert all(f"<h3>{name} <small>" in page for name in family(home))
    tags = Tags()
    tags.feed(page)
    assert tags.open == []

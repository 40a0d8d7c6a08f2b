"""What keraspec says of Keras' objects and arguments: one line each, of our own, that says something."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from keraspec.compiler.catalogue import MODULES, family
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.compiler.catalogue.record import Record

IN_A_ROW = 6
"""So many words in a row that stand in Keras' documentation as well are a quotation."""
LONGEST = 130
_EMPTY = (
    "a an the of is are was be been it its it's what which who whose whether how when where why to in "
    "into for from and or nor by with without on off at as that this these those than then not no if so "
    "such each every all any some one many much more most less will would may might can could must should "
    "do does done has have having there here them they their"
)
EMPTY = frozenset(_EMPTY.split())
"""Words that say nothing by themselves."""
ENDINGS = ("ations", "ation", "ings", "ing", "ies", "es", "s", "ed", "er", "d")


class Line(NamedTuple):
    """One description: of what, and its words."""

    where: str
    name: str
    text: str


def _records() -> list[Record]:
    return [record for home in MODULES for record in family(home).values()]


def _lines() -> Iterator[Line]:
    for record in _records():
        whole = record.name if "." in record.name else f"{record.family}.{record.name}"
        yield Line(whole, record.name.rpartition(".")[2], record.summary)
        for argument in (*arguments_of(record).values(), *record.options):
            yield Line(f"{whole}: {argument.name}", argument.name, argument.summary)


LINES = tuple(_lines())


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def _words(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ").lower()
    return re.findall(r"[a-z]+|\d+", spaced)


def _said(line: Line) -> set[str]:
    """The words of a description that are not those of the name, and not empty."""
    name = {_stem(word) for word in _words(line.name)}
    return {_stem(word) for word in _words(line.text) if word not in EMPTY} - name


def test_every_object_and_argument_is_described_in_one_line() -> None:
    wrong = [
        line
        for line in LINES
        if not line.text.endswith(".")
        or "\n" in line.text
        or len(line.text) > LONGEST
        or line.text != line.text.strip()
    ]
    assert wrong == []


def test_descriptions_say_more_than_the_name() -> None:
    assert [line for line in LINES if len(_said(line)) < 2] == []


@pytest.mark.parametrize(
    ("name", "text", "enough"),
    [
        ("num_heads", "Number of heads.", False),
        ("num_heads", "The number of the heads that there are.", False),
        ("kernel_initializer", "The kernel's initializer.", False),
        ("kernel_initializer", "What fills the kernel before training begins.", True),
        ("ReLU", "Negative numbers become 0.", True),
    ],
)
def test_what_only_restates_the_name_is_told(name: str, text: str, enough: bool) -> None:
    assert (len(_said(Line("", name, text))) >= 2) is enough


def test_every_object_of_keras_has_its_page() -> None:
    records = [record for record in _records() if record.family != "sources"]
    assert [record.name for record in records if not re.fullmatch(r"[a-z0-9_]+(/[a-z0-9_]+)*", record.page)] == []


# Nothing of Keras' own


@cache
def _documentation() -> frozenset[tuple[str, ...]]:
    """All runs of words in the documentation strings of the installed Keras, found without importing it."""
    found = importlib.util.find_spec("keras")
    if found is None or found.origin is None:
        pytest.skip("Keras is not installed")
    runs: set[tuple[str, ...]] = set()
    for path in Path(found.origin).parent.rglob("*.py"):
        if not path.stem.endswith("_test"):
            for text in re.findall(r'"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL):
                runs.update(_runs(text))
    return frozenset(runs)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return (tuple(words[start : start + IN_A_ROW]) for start in range(len(words) - IN_A_ROW + 1))


def test_the_documentation_is_found() -> None:
    assert next(iter(_runs("Just your regular densely-connected NN layer"))) in _documentation()


def test_no_sentence_is_that_of_keras() -> None:
    quoted = {(line.text, " ".join(run)) for line in LINES for run in _runs(line.text) if run in _documentation()}
    assert quoted == set()

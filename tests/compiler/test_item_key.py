"""The key of ``ops.get_item``: what is understood, and how many places a range takes, held against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from keraspec.checked import compile_text
from keraspec.compiler.catalogue.ops.item_key import key_text, parse_key, taken
from keraspec.compiler.sizes import substitute, symbol

BOUNDS = some.none() | some.integers(-8, 8)
RANGES = some.builds(slice, BOUNDS, BOUNDS, some.none() | some.integers(-4, 4).filter(bool))
KEYS = some.lists(RANGES | some.just(None), min_size=1, max_size=4).map(tuple)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[:, 0]", (slice(None), 0)),
        ("[-1]", (-1,)),
        (" [ 1 : 5 : 2 , ... ] ", (slice(1, 5, 2), ...)),
        ("[:, newaxis, None, none]", (slice(None), None, None, None)),
        ("[::-1,]", (slice(None, None, -1),)),
    ],
)
def test_keys_are_read_as_in_python(text: str, key: Any) -> None:
    assert parse_key(text) == key
    assert parse_key(key_text(key)) == key


@pytest.mark.parametrize("text", ["", "[]", "0", ":, 0", "[0", "[a]", "[1.5]", "[True]", "[[0, 1]]", "[x > 0]"])
def test_nothing_else_is_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="square brackets"):
        parse_key(text)
    head = "keraspec = 1\ninputs.x.shape = [4, 3]\n"
    checked = compile_text(f"{head}layers = [{{ type = \"ops.get_item\", key = '{text}' }}]\n")
    assert [one.code for one in checked.diagnostics] in (["E106"], ["E105"])


@settings(deadline=None)
@given(KEYS, some.lists(some.integers(1, 9), min_size=4, max_size=4))
def test_a_key_takes_what_numpy_takes_also_of_sizes_that_are_words(key: Any, sizes: list[int]) -> None:
    wanted = np.zeros(sizes)[key].shape
    names = ("depth", "height", "width", "time")
    found = taken(None, tuple(symbol(name) for name in names), key)  # type: ignore[arg-type]
    values = dict(zip(names, sizes, strict=True))
    assert tuple(substitute(size, values) for size in found) == wanted
    assert taken(None, tuple(sizes), key) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("[..., 0, ...]", "`...` more than once"),
        ("[::0]", "steps of 0"),
        ("[:, 7]", "has no place 7: it has 4"),
        ("[0, 0, 0, 0]", "says something of 4 axes"),
    ],
)
def test_what_a_key_cannot_take_is_said(key: str, said: str) -> None:
    text = f'keraspec = 1\ninputs.x.shape = [4, 3]\nlayers = [{{ type = "ops.get_item", key = "{key}" }}]\n'
    assert said in compile_text(text).diagnostics[0].message

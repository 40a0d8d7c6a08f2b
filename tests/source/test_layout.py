"""Lines are broken as Ruff breaks them."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st
from program_models import ruff

from keraspec.compiler.source.layout import Doc, Group, Row, flat, lines

names = st.text("abcd", min_size=1, max_size=30)
docs: st.SearchStrategy[Doc] = st.recursive(
    names,
    lambda inner: st.one_of(
        st.builds(lambda name, items: Row((name, Group("(", tuple(items), ")"))), names, st.lists(inner, max_size=4)),
        st.builds(lambda items: Group("[", tuple(items), "]", "list"), st.lists(inner, max_size=5)),
    ),
    max_leaves=12,
)
calls = st.builds(
    lambda name, first, second: Row(
        (f"{name} = {name}", Group("(", tuple(first), ")"), Group("(", tuple(second), ")"))
    ),
    names,
    st.lists(docs, max_size=4),
    st.lists(docs, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(calls)
def test_nothing_but_blanks_and_commas_is_added(doc: Doc) -> None:
    import ast

    assert ast.dump(ast.parse("\n".join(lines(doc, 0)))) == ast.dump(ast.parse(flat(doc)))


def test_ruff_leaves_it_alone() -> None:
    found: list[str] = []

    @settings(max_examples=300, deadline=None, derandomize=True, database=None)
    @given(calls)
    def collect(doc: Doc) -> None:
        found.extend(lines(doc, 0))

    collect()
    text = "\n".join(found) + "\n"
    done = subprocess.run([ruff(), "format", "--isolated", "-"], input=text, capture_output=True, text=True, check=True)
    assert done.stdout == text

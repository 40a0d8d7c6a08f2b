"""Whatever is composed of blocks: nothing but diagnostics comes of it, each with its place, and what is right renders.

The specs are drawn: blocks in blocks, `repeat`, `each`, `when`, references into instances, parameters; half of them with
a mistake somewhere.
"""

# ruff: noqa: E501  (specs read better unbroken)

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keraspec.checked import compile_text
from keraspec.spec.document import HOLE
from keraspec.spec.report import report
from keraspec.spec.where import NotThere, described, whence

from .test_rendered import check

NAMES = ("a", "b", "c", "d")
WRONG: tuple[Any, ...] = (
    "nothing", "a.0", "a.9.b", "a[1]", "${", "${n +}", "${m}", "${item}", "${[1][3]}", -1, 1.5, True, None, [], {}, ["a", 3],
    10**9, "a.b.c.d", "none", {"type": "Dens"}, "${'x' * 3}", "$${n}", "", "a..b", "x", "later",
)  # fmt: skip


def reference(names: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


@st.composite
def entries(draw: st.DrawFn, inputs: list[str], blocks: list[str], inside: bool) -> list[dict[str, Any]]:
    names = list(inputs)
    found: list[dict[str, Any]] = []
    free = list(NAMES)
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["Dense", "ReLU", "Add", "Concatenate", *(["block"] * 2 if blocks else [])]))
        entry: dict[str, Any] = {}
        if draw(st.booleans()) and free:
            entry["name"] = free.pop(0)
        if kind == "block":
            entry |= {
                "block": draw(st.sampled_from(blocks)),
                "width": draw(st.sampled_from([4, "${n}", "${2 * n - n}"])),
            }
        elif kind == "Dense":
            width = draw(st.sampled_from([4, "${n}", "${4 if n > 2 else 3}", *(["${width}"] if inside else [])]))
            entry |= {"type": "Dense", "units": width}
        elif kind == "ReLU":
            entry["type"] = "ReLU"
        else:
            entry |= {"type": "Add", "inputs": draw(st.lists(reference(names), min_size=2, max_size=3))}
        if kind in ("block", "Dense", "ReLU") and (draw(st.booleans()) or (inside and not found)):
            entry["inputs"] = draw(reference(names))
        how = draw(st.sampled_from([None, None, "repeat", "each", "when"]))
        if how == "repeat":
            entry["repeat"] = draw(st.sampled_from([0, 1, 2, "${n - 1}", [3, 4], "${range(2)}"]))
        elif how == "each":
            entry["each"] = draw(st.sampled_from([[1, 2], ["u"], [], "${range(n - 2)}"]))
        elif how == "when":
            entry["when"] = draw(st.sampled_from([True, False, "${n > 3}", "${n == 3}"]))
        if "name" in entry and how != "each":
            names.append(entry["name"])
            if how == "repeat" and entry["repeat"] in (1, 2):
                names.append(f"{entry['name']}.0")
        found.append(entry)
        if how == "each":  # several stand side by side now
            found.append({"type": "Dense", "units": 4, "inputs": draw(reference(names))})
    return found


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    blocks: dict[str, Any] = {}
    for name in ("one", "two", "three")[: draw(st.integers(0, 3))]:
        inner = draw(entries(["x"], list(blocks), True))
        blocks[name] = {"parameters": {"width": {"type": "integer", "default": "${n}"}}, "layers": inner}
    layers = draw(entries(["i"], list(blocks), False))
    spec: dict[str, Any] = {"keraspec": 1, "inputs": {"i": {"shape": [4]}}, "layers": layers, "parameters": {"n": 4}}
    if blocks:
        spec["blocks"] = blocks
    return spec


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every holder with every key in it."""
    found = []
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        found.append((value, key))
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs(), st.data())
def test_nothing_but_diagnostics(spec: dict[str, Any], data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        holder, key = data.draw(st.sampled_from(places(spec)))
        holder[key] = data.draw(st.sampled_from(WRONG))
    checked = compile_text(json.dumps(spec), "json")
    for form in ("full", "json", "concise"):
        report(checked.diagnostics, form)
    document = checked.document
    assert document is not None
    assert checked.spec is not None
    names = [one.name for one in checked.spec.entries]
    for entry, name in zip(
        document.data["layers"] if isinstance(document.data.get("layers"), list) else (), names, strict=False
    ):
        for key, value in entry.items() if isinstance(entry, dict) and names.count(name) == 1 else ():
            try:
                found = whence(document, f"layers.{name}.{key}", names)
            except NotThere:
                assert "." in str(key) or value is HOLE
                continue
            described(found)
            assert found.value is value or found.value == value
    if checked.ok:
        check(checked)

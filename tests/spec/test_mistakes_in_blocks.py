"""A mistake inside a block is told as it is outside of one, and the instance is named that led there.

Every bad example with something wrong in a layer is put into a block, into a block inside another one, and into one
that repeats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from keraspec.checked import Checked, compile_text
from keraspec.spec.document import HOLE, Pointer
from keraspec.spec.finding import Diagnostic
from keraspec.spec.read import read_file

BAD = Path(__file__).parents[1] / "bad"
COMPOSED = {"blocks", "extends", "include", "parameters"}
KEYS = {"block", "repeat", "each", "when", "before", "after", "remove"}


def _holed(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holed, value.values()))
    return value is HOLE or (isinstance(value, list) and any(map(_holed, value)))


@cache
def plain(path: Path) -> dict[str, Any] | None:
    """The graph of a bad example alone, if it can be read and is not composed already."""
    document, _ = read_file(path)
    if document is None or document.damaged or _holed(document.data) or COMPOSED & document.data.keys():
        return None
    data = {key: document.data[key] for key in ("keraspec", "inputs", "layers", "outputs") if key in document.data}
    layers, inputs = data.get("layers"), data.get("inputs")
    if not isinstance(layers, list) or not isinstance(inputs, dict) or "${" in json.dumps(layers):
        return None
    if not all(name.isidentifier() for name in inputs):
        return None  # then a block can't be made of it either
    if not all(isinstance(one, dict) and not KEYS & one.keys() for one in layers):
        return None
    return data


def wrapped(data: dict[str, Any]) -> tuple[dict[str, Any], Pointer]:
    """The layers in a block, of which there is one instance."""
    block = {"inputs": list(data["inputs"]), "layers": data["layers"]}
    if "outputs" in data:
        block["outputs"] = data["outputs"]
    whole = {
        "keraspec": 1,
        "inputs": data["inputs"],
        "layers": [{"name": "net", "block": "whole", "inputs": list(data["inputs"])}],
        "blocks": {"whole": block},
    }
    return whole, ("blocks", "whole", "layers")


def nested(data: dict[str, Any]) -> tuple[dict[str, Any], Pointer]:
    """The same two deep, the inner instance in a list that has one element."""
    whole, at = wrapped(data)
    names = list(data["inputs"])
    inner = {"name": "part", "block": "whole", "inputs": names, "repeat": [7], "depth": "${item}"}
    whole["blocks"]["whole"]["parameters"] = {"depth": {}}
    whole["blocks"]["outer"] = {"inputs": names, "layers": [inner]}
    whole["layers"] = [{"name": "net", "block": "outer", "inputs": names}]
    return whole, at


def compiled(data: dict[str, Any]) -> Checked:
    return compile_text(json.dumps(data), "json")


OF_THE_BLOCK = {"E201", "E205", "E209", "E214"}
"""The way out is another inside of a block, where other names hold."""


def told(checked: Checked, at: Pointer) -> dict[tuple[str, Any], Diagnostic]:
    """What is said of entries: by code and by number of the entry."""
    found = {}
    for one in checked.diagnostics:
        pointer = one.finding.pointer
        document = checked.document
        assert document is not None
        if document.expansion is not None:
            pointer = document.expansion.source(pointer)
        if pointer[: len(at)] == at and len(pointer) > len(at):
            code = one.finding.code
            found[code, pointer[len(at)]] = one
    return found


EXAMPLES = [
    path for path in sorted(BAD.glob("*.keraspec.*")) if (data := plain(path)) and told(compiled(data), ("layers",))
]


@pytest.mark.parametrize("way", [wrapped, nested], ids=["in a block", "two deep"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name.partition(".")[0])
def test_the_instance_is_named(path: Path, way: Callable[[dict[str, Any]], tuple[dict[str, Any], Pointer]]) -> None:
    data = plain(path)
    assert data is not None
    outside = told(compiled(data), ("layers",))
    inner, at = way(data)
    inside = told(compiled(inner), at)
    assert set(inside) == set(outside), [one.finding.message for one in compiled(inner).diagnostics]
    for key, one in inside.items():
        if key[0] not in OF_THE_BLOCK:
            assert one.finding.help == outside[key].finding.help
        labels = [label for label, _ in one.instances]
        wanted = ["net"] if way is wrapped else ["net.part.0", "net"]
        assert [label.partition("instance `")[2].partition("`")[0] for label in labels] == wanted
        assert "block `whole`" in labels[0]
        if way is nested:
            assert "depth = 7" in labels[0]


NAMED = re.compile(r'(?:inputs = "|here instead of `)([^"`]+)')


@pytest.mark.parametrize(
    "path", [one for one in EXAMPLES if len(plain(one)["inputs"]) == 1], ids=lambda path: path.name[:-14]
)  # type: ignore[index]
def test_the_ways_out_use_the_names_of_the_block(path: Path) -> None:
    """The input of the block is called otherwise than the tensor outside: what is advised must be written inside."""
    data = plain(path)
    assert data is not None
    (name,) = data["inputs"]
    text = json.dumps({key: data[key] for key in ("layers", "outputs") if key in data})
    if f'"{name}"' not in text:
        data["layers"][0] = {"inputs": name, **data["layers"][0]}
    inner = json.loads(
        json.dumps({key: data[key] for key in ("layers", "outputs") if key in data}).replace(f'"{name}"', '"inner"')
    )
    whole = {
        "keraspec": 1,
        "inputs": data["inputs"],
        "layers": [{"name": "before", "type": "Identity"}, {"name": "net", "block": "whole"}],
        "blocks": {"whole": {"inputs": ["inner"], **inner}},
    }
    known = {"inner", *(one.get("name") for one in inner["layers"])}
    for one in told(compiled(whole), ("blocks", "whole", "layers")).values():
        for used in NAMED.findall(one.finding.help or ""):
            assert used.partition("[")[0] in known, one.finding.help


def test_there_are_examples_of_many_codes() -> None:
    assert len({path.name[:4] for path in EXAMPLES}) > 25

"""The inventory of Keras: what the command makes of several releases, and what is committed."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keraspec.compiler.catalogue import MODULES, family
from keraspec.compiler.catalogue.inventory import inventory, item_of, known_to, lifetime, releases
from keraspec.compiler.catalogue.objects import arguments_of

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "schemas" / "keras-3.json"
PUBLISHED = ROOT / "schemas" / "keraspec-1.json"


def _tool() -> Any:
    described = importlib.util.spec_from_file_location("inventory_tool", ROOT / "tools" / "inventory.py")
    assert described is not None
    assert described.loader is not None
    made = importlib.util.module_from_spec(described)
    described.loader.exec_module(made)
    return made


tool = _tool()


# What the command makes of releases


def test_what_came_and_went_is_said_with_its_releases() -> None:
    old = {"a.Gone": {"arguments": {}}, "a.Kept": {"arguments": {"x": {}, "late": {"default": 1}}}}
    new = {
        "a.Come": {"arguments": {"y": {}}, "names": {"Alias": {}}},
        "a.Kept": {"arguments": {"more": {"default": None}, "x": {"default": [1, 2]}}},
    }
    merged = tool.merge({"3.12.4": old, "3.13.2": new})
    assert merged == {
        "releases": ["3.12.4", "3.13.2"],
        "objects": {
            "a.Come": {"names": {"Alias": {}}, "arguments": {"y": {}}, "since": "3.13"},
            "a.Gone": {"arguments": {}, "until": "3.12"},
            "a.Kept": {
                "arguments": {
                    "more": {"default": None, "since": "3.13"},
                    "x": {"default": [1, 2], "before": {"3.12": {"python": "required"}}},
                    "late": {"default": 1, "until": "3.12"},
                }
            },
        },
    }


def test_what_is_gone_for_a_while_is_an_error() -> None:
    there: dict[str, Any] = {"a.X": {"arguments": {}}}
    with pytest.raises(ValueError, match="gone in between"):
        tool.merge({"3.12.0": there, "3.13.0": {}, "3.14.0": there})


@st.composite
def _walks(draw: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """Releases in which objects and arguments come and go, each at most once, and defaults change."""
    versions = ["3.12.1", "3.13.0", "3.14.2", "3.15.1"]

    def lives() -> tuple[int, int]:
        first = draw(st.integers(0, 3))
        return first, draw(st.integers(first, 3))

    found: dict[str, dict[str, Any]] = {version: {} for version in versions}
    for name in draw(st.lists(st.sampled_from(["a.A", "a.B", "b.A"]), unique=True)):
        born, dead = lives()
        for version in versions[born : dead + 1]:
            found[version][name] = {"arguments": {}}
        for part in ("arguments", "names", "call"):
            for argument in draw(st.lists(st.sampled_from(["x", "y", "z"]), unique=True)):
                first, last = lives()
                for version in versions[max(first, born) : min(last, dead) + 1]:
                    stated = {} if part == "names" else draw(st.sampled_from([{}, {"default": None}, {"default": 3}]))
                    found[version][name].setdefault(part, {})[argument] = stated
    return found


@given(_walks())
def test_every_release_can_be_read_back(walks: dict[str, dict[str, Any]]) -> None:
    merged = json.loads(tool.text(tool.merge(walks)))
    for version, found in walks.items():
        assert tool.at(merged, tool.minor(version)) == found


def test_names_are_told_by_what_is_best_known() -> None:
    def best() -> None:
        pass

    names = ["nn.best", "BEST", "best", "other"]
    assert sorted(names, key=lambda name: tool._rank(name, best))[0] == "best"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        (None, None),
        (True, True),
        (float("inf"), {"python": "inf"}),
        (len, {"python": "len"}),
    ],
)
def test_defaults_become_json(value: Any, expected: Any) -> None:
    assert tool.plain(value) == expected


def test_write_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keras.json"
    path.write_text("old")
    tool.write(path, "new\n")
    assert path.read_text(encoding="utf-8") == "new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_says_what_it_takes() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "inventory.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--installed" in done.stderr


# What is committed


def test_the_committed_file_is_as_the_command_writes_it() -> None:
    whole = COMMITTED.read_text(encoding="utf-8")
    assert tool.text(json.loads(whole)) == whole
    assert max(len(line) for line in whole.splitlines()) < 3000


def test_it_has_every_release_that_the_project_allows() -> None:
    assert [tool.minor(version) for version in releases()] == tool.allowed()
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    train = stated["project"]["optional-dependencies"]["train"]
    assert any(re.match(r"keras>=3\.12,<3\.\d+$", one) for one in train)


def test_the_schema_says_of_objects_and_arguments_what_the_inventory_says() -> None:
    """In the published schema `since` and `until` stand where `check` looks for them."""
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))["$defs"]
    limited = 0
    for home in MODULES:
        for record in family(home).values():
            definition = published.get(record.name if record.name in published else f"{home}.{record.name}")
            if record.refused or definition is None:
                continue
            assert _life(definition) == lifetime(record), record.name
            for name, argument in arguments_of(record).items():
                stated = definition["properties"][name]
                stated = published[stated["$ref"].removeprefix("#/$defs/")] if _is_shared(stated) else stated
                assert _life(stated) == lifetime(record, argument), f"{name} of {record.name}"
                limited += bool(_life(stated))
    assert limited > 20


def _is_shared(stated: dict[str, Any]) -> bool:
    return "/arguments." in str(stated.get("$ref", ""))


def _life(stated: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in stated.get("x-keraspec", {}).items() if key in ("since", "until")}


def test_what_is_known_of_some_releases() -> None:
    """Spot checks against Keras' release notes."""
    layers = family("layers")
    assert lifetime(layers["Dense"]) == {}
    assert lifetime(layers["AdaptiveMaxPooling2D"]) == {"since": "3.13"}
    arguments = arguments_of(layers["BatchNormalization"])
    assert lifetime(layers["BatchNormalization"], arguments["renorm"]) == {"since": "3.14"}
    assert lifetime(layers["BatchNormalization"], arguments["momentum"]) == {}
    assert dict(inventory()["optimizers.Muon"].arguments["ns_steps"].before) == {"3.12": 6}


def test_what_stands_behind_stars_is_found_in_the_base() -> None:
    dense = item_of(family("layers")["Dense"])
    assert dense is not None
    assert {"units", "trainable", "dtype"} <= known_to(dense).keys()
    assert item_of(next(iter(family("sources").values()))) is None

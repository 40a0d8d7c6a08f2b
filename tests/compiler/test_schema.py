"""The published schema: what the catalogue gives, complete, and its own master."""

from __future__ import annotations

import importlib.resources
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from keraspec.compiler.catalogue import DOTTED, MODULES, family
from keraspec.compiler.catalogue import schema as generator
from keraspec.compiler.catalogue.objects import arguments_of
from keraspec.compiler.catalogue.record import REQUIRED
from keraspec.spec.published import place

ROOT = Path(__file__).parents[2]
PUBLISHED = importlib.resources.files("keraspec.schemas") / "keraspec-1.json"


@cache
def published() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return whole


# What it is


def test_the_committed_file_is_what_the_catalogue_gives() -> None:
    assert PUBLISHED.read_bytes().decode() == generator.text(), "run `make schema`"


def test_it_is_the_same_in_every_process() -> None:
    program = (
        "import sys; from keraspec.compiler.catalogue.schema import text; sys.stdout.buffer.write(text().encode())"
    )
    done = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    ]
    assert done[0].stdout == done[1].stdout == generator.text().encode()


def test_the_text_says_what_the_schema_is() -> None:
    assert json.loads(generator.text()) == generator.schema()


def test_write_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text("old")
    generator.write(path)
    assert path.read_text(encoding="utf-8") == generator.text()
    assert list(tmp_path.iterdir()) == [path]


def test_the_verb_prints_it_byte_for_byte() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from keraspec.cli import main; main()", "schema"],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.stdout == PUBLISHED.read_bytes()


def test_it_is_a_json_schema() -> None:
    assert published()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(published())


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    used = {one["$ref"].removeprefix("#/$defs/") for one in _schemas(published()) if "$ref" in one}
    assert used | set(DOTTED) == published()["$defs"].keys()  # of these two `check` reads what is refused


def test_its_size() -> None:
    assert len(PUBLISHED.read_bytes()) < 1_200_000
    assert max(map(len, PUBLISHED.read_text(encoding="utf-8").splitlines())) < 1_000


def _schemas(one: Any) -> Iterator[dict[str, Any]]:
    if isinstance(one, dict):
        yield one
        for item in one.values():
            yield from _schemas(item)
    elif isinstance(one, list):
        for item in one:
            yield from _schemas(item)


# What it says of each object


def _records() -> list[Any]:
    return [record for name in MODULES for record in family(name).values() if not record.refused]


def _resolved(one: dict[str, Any]) -> dict[str, Any]:
    place = one.get("$ref", "")
    found: dict[str, Any] = published()["$defs"][place.removeprefix("#/$defs/")] if "/arguments." in place else one
    return found


def test_every_object_is_described() -> None:
    for record in _records():
        if record.alone:
            names = published()["$defs"][record.family]
            names = next((one for one in names.get("anyOf", ()) if "enum" in one), names)
            assert dict(zip(names["enum"], names["enumDescriptions"], strict=True))[record.name] == record.summary
            continue
        definition = published()["$defs"][place(record.family, record.name)]
        assert definition["description"].startswith(record.summary)
        assert definition["properties"]["type"]["description"] == record.summary
        assert record.summary.endswith("."), record.name


def test_every_key_is_described() -> None:
    named = [(name, one) for name, one in published()["$defs"].items() if "properties" in one]
    for name, one in [*named, ("root", published())]:
        for key, value in one["properties"].items():
            if value is not False:
                assert _resolved(value).get("description", "").endswith("."), (name, key)


def test_every_argument_is_there() -> None:
    for record in _records():
        if record.alone:
            continue
        definition = published()["$defs"][place(record.family, record.name)]
        arguments = arguments_of(record)
        assert arguments.keys() <= definition["properties"].keys()
        required = {name for name, argument in arguments.items() if argument.default is REQUIRED}
        assert set(definition.get("x-keraspec", {}).get("required", ())) == required


def test_defaults_meet_their_own_schema() -> None:
    count = 0
    for one in _schemas(published()):
        if "default" in one and "x-keraspec" in one:
            assert Draft202012Validator({**one, "$defs": published()["$defs"]}).is_valid(one["default"]), one
            count += 1
    assert count > 300


def test_refused_objects_are_not_offered() -> None:
    types = published()["$defs"]["layers"]["properties"]["type"]["enum"]
    assert "Conv2D" in types
    assert not {record.name for record in family("layers").values() if record.refused} & set(types)

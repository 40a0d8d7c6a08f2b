"""The editors, each started once for all tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

# Pytest's importlib mode puts no folder on the path; the tests here share `editor` and the two programs.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the specs of the tests lie."""
    return tmp_path_factory.mktemp("specs")


@pytest.fixture(scope="session")
def schema(folder: Path) -> str:
    """The published schema, as a spec of the tests names it."""
    return Path(os.path.relpath(str(files("keraspec.schemas") / "keraspec-1.json"), folder)).as_posix()


@pytest.fixture(scope="session")
def tombi(folder: Path) -> Iterator[object]:
    from tombi_server import Tombi

    running = Tombi(folder)
    yield running
    running.close()


@pytest.fixture(scope="session")
def json_service(folder: Path, request: pytest.FixtureRequest) -> Iterator[object]:
    from json_service import JsonService, NoRegistryError, install

    cache: pytest.Cache | None = getattr(request.config, "cache", None)
    try:
        packages = install(folder if cache is None else cache.mkdir("editors"))
    except NoRegistryError as error:
        pytest.skip(f"the npm registry, from which VS Code's JSON language service comes, can't be reached: {error}")
    running = JsonService(folder, packages)
    yield running
    running.close()

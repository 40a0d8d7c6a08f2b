"""From the installed Keras releases to `schemas/keras-3.json`: every public name, its arguments and defaults.

``python tools/inventory.py schemas/keras-3.json`` fetches the newest patch of every minor release that
pyproject.toml allows, walks each in a process of its own, and writes what they have in one file: an object a line,
its arguments in Keras' order, and of what not every release has, ``since`` and ``until`` when. ``--installed`` walks
the Keras of this environment instead and prints it; the tests hold the committed file against that.

Names, arguments and defaults are all that is taken: no sentence of Keras' documentation.
"""

from __future__ import annotations

import argparse
import inspect
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
HOMES: Final = (
    "layers",
    "ops",
    "applications",
    "optimizers",
    "optimizers.schedules",
    "losses",
    "metrics",
    "callbacks",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "dtype_policies",
)
"""Modules below ``keras`` whose public names are taken in, with those of the modules inside them."""
APART: Final = {"optimizers.schedules": "schedules"}
"""Homes that are a family of their own although they stand inside another one."""
EMPTY: Final = inspect.Parameter.empty
VARIADIC: Final = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)

REQUIRED: Final = {"python": "required"}
"""What stands for the default that an argument did not have."""
PARTS: Final = ("names", "arguments", "inherited", "call")
Entry = dict[str, Any]
"""One object: ``names`` (what else it is called), ``arguments``, ``inherited``, ``rest``, ``call``, its releases."""


# --- walking one Keras --------------------------------------------------------------------------------------------


def walk() -> dict[str, Entry]:
    """All public objects of the Keras that can be imported, by ``family.Name``, in alphabetical order."""
    import keras

    found: dict[str, Entry] = {}
    for home in HOMES:
        module: Any = keras
        for part in home.split("."):
            module = getattr(module, part)
        names: dict[int, list[str]] = {}
        objects: dict[int, Any] = {}
        for name, value in public(module, home):
            names.setdefault(id(value), []).append(name)
            objects[id(value)] = value
        for key, value in objects.items():
            first, *others = sorted(names[key], key=lambda name: _rank(name, value))
            entry: Entry = {"names": {other: {} for other in sorted(others)}} if others else {}
            found[f"{APART.get(home, home)}.{first}"] = entry | described(value)
    return dict(sorted(found.items()))


def public(module: ModuleType, home: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and objects of a module and of the modules inside it; ``numpy.add`` where it stands in ``numpy``."""
    for name in sorted(vars(module)):
        value = getattr(module, name)
        if name.startswith("_"):
            continue
        if inspect.ismodule(value):
            inside = value.__name__.startswith("keras.") and f"{home}.{name}" not in HOMES
            if inside and f".{home}." in f"{value.__name__}.":
                yield from public(value, home, f"{prefix}{name}.")
        elif callable(value):
            yield prefix + name, value


def _rank(name: str, value: Any) -> tuple[Any, ...]:
    """The name by which an object is best known: its own, and the least deep in modules."""
    last = name.rpartition(".")[2]
    return (last != getattr(value, "__name__", last), name.count("."), name.isupper(), len(name), name)


def described(value: Any) -> Entry:
    """What an object may be given: a class when it is made, a layer also when it is called, a function as it is."""
    if not inspect.isclass(value):
        return _own(inspect.signature(value).parameters.values())
    import keras

    entry: Entry = {}
    for one in inspect.getmro(value):
        if "__init__" not in vars(one):
            continue
        parameters = list(inspect.signature(vars(one)["__init__"]).parameters.values())[1:]
        if parameters and all(each.kind in VARIADIC for each in parameters):
            continue  # it hands on what it is given; that some backends have such a class between is no matter
        if not entry:
            entry = _own(parameters)
        elif one is keras.layers.Layer:
            entry["rest"] = "layers.Layer"
            break
        else:
            known = entry["arguments"] | entry.get("inherited", {})
            more = {name: stated for name, stated in _arguments(parameters).items() if name not in known}
            entry["inherited"] = entry.get("inherited", {}) | more
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            entry.pop("rest", None)
            break
    entry = {"arguments": {}} | {part: stated for part, stated in entry.items() if stated or part == "arguments"}
    if issubclass(value, keras.layers.Layer):
        layer: Any = value
        call = _own(list(inspect.signature(layer.call).parameters.values())[1:])
        if taken := call["arguments"] | ({"**": {}} if "rest" in call else {}):
            entry["call"] = taken
    return entry


def _own(parameters: Iterable[inspect.Parameter]) -> Entry:
    given = list(parameters)
    entry: Entry = {"arguments": _arguments(given)}
    if any(one.kind is one.VAR_KEYWORD for one in given):
        entry["rest"] = "**"
    return entry


def _arguments(parameters: Iterable[inspect.Parameter]) -> dict[str, Entry]:
    return {
        one.name: {} if one.default is EMPTY else {"default": plain(one.default)}
        for one in parameters
        if one.kind not in VARIADIC
    } | {f"*{one.name}": {} for one in parameters if one.kind is one.VAR_POSITIONAL}


def plain(value: Any) -> Any:
    """A default as JSON; what JSON has no word for by its name, ``{"python": "inf"}``."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    name = getattr(value, "__name__", None) or (repr(value) if isinstance(value, float) else type(value).__name__)
    return {"python": name}


# --- several of them ----------------------------------------------------------------------------------------------


def merge(walks: Mapping[str, Mapping[str, Entry]]) -> dict[str, Any]:
    """Walks by version, oldest first, as one inventory.

    ``since`` and ``until`` are the first and the last minor release that has a thing, said only where that is not
    the oldest or the newest of all. ``before`` of an argument: what its default was up to and with which release.
    """
    versions = list(walks)
    minors = [minor(version) for version in versions]
    objects: dict[str, Entry] = {}
    for name in sorted({name for found in walks.values() for name in found}):
        having = {minor(version): found[name] for version, found in walks.items() if name in found}
        newest = list(having.values())[-1]
        entry: Entry = {part: _merged({each: one.get(part, {}) for each, one in having.items()}) for part in PARTS}
        entry["rest"] = newest.get("rest")
        objects[name] = {part: value for part, value in entry.items() if value or part == "arguments"}
        objects[name] |= _lifetime(list(having), minors)
    return {"releases": versions, "objects": objects}


def _merged(having: Mapping[str, Mapping[str, Entry]]) -> dict[str, Entry]:
    """The arguments of several releases: those of the newest in its order, then those that are gone."""
    minors = list(having)
    names = list(dict.fromkeys(name for one in reversed(list(having.values())) for name in one))
    merged: dict[str, Entry] = {}
    for name in names:
        stated = {version: one[name] for version, one in having.items() if name in one}
        *older, newest = stated.items()
        before: dict[str, Any] = {}
        following = newest[1]
        for version, one in reversed(older):
            if one != following:
                before[version] = one.get("default", REQUIRED)
            following = one
        before = dict(reversed(before.items()))
        merged[name] = newest[1] | ({"before": before} if before else {}) | _lifetime(list(stated), minors)
    return merged


def at(inventory: Mapping[str, Any], release: str) -> dict[str, Entry]:
    """What an inventory says that a minor release has: `merge` backwards."""
    order = [minor(version) for version in inventory["releases"]]
    place = order.index(release)

    def lives(one: Entry) -> bool:
        first, last = one.get("since", order[0]), one.get("until", order[-1])
        return order.index(first) <= place <= order.index(last)

    def then(one: Entry) -> Entry:
        default = {"default": one["default"]} if "default" in one else {}
        for last, before in one.get("before", {}).items():
            if place <= order.index(last):
                return {} if before == REQUIRED else {"default": before}
        return default

    found: dict[str, Entry] = {}
    for name, entry in inventory["objects"].items():
        if not lives(entry):
            continue
        parts = {
            part: {each: then(one) for each, one in entry.get(part, {}).items() if lives(one)} for part in PARTS
        } | {"rest": entry.get("rest")}
        found[name] = {part: value for part, value in parts.items() if value or part == "arguments"}
    return found


def _lifetime(having: list[str], every: list[str]) -> dict[str, str]:
    start, end = every.index(having[0]), every.index(having[-1])
    if every[start : end + 1] != having:
        raise ValueError(f"{having} of {every}: gone in between")
    return ({"since": having[0]} if start else {}) | ({"until": having[-1]} if having[-1] != every[-1] else {})


def minor(version: str) -> str:
    """``3.15`` of ``3.15.1``."""
    return ".".join(version.split(".")[:2])


def text(inventory: Mapping[str, Any]) -> str:
    """The inventory as it is committed: an object a line."""
    lines = [
        f"  {json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in inventory["objects"].items()
    ]
    releases = json.dumps(inventory["releases"])
    return f'{{\n "releases": {releases},\n "objects": {{\n' + ",\n".join(lines) + "\n }\n}\n"


# --- the command --------------------------------------------------------------------------------------------------


def allowed() -> list[str]:
    """The minor releases of Keras that pyproject.toml allows: ``3.12`` to ``3.15``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = next(one for one in project["optional-dependencies"]["train"] if re.match(r"keras\b", one))
    bounds = re.fullmatch(r"keras>=3\.(\d+),<3\.(\d+)", stated)
    if bounds is None:
        raise SystemExit(f"pyproject.toml says {stated!r}; expected keras>=3.A,<3.B")
    return [f"3.{number}" for number in range(int(bounds[1]), int(bounds[2]))]


def fetched(release: str, folder: Path) -> tuple[str, dict[str, Entry]]:
    """Fetch the newest patch of a minor release, without its dependencies, and walk it in a process of its own."""
    where = folder / release
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(where), f"keras=={release}.*"], check=True)
    done = subprocess.run(
        [sys.executable, __file__, "--installed"],
        env=os.environ | {"PYTHONPATH": str(where)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found = json.loads(done.stdout)
    return found["version"], found["objects"]


def write(path: Path, whole: str) -> None:
    """Write a file, atomically."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=path.parent, delete=False) as file:
        file.write(whole)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def main() -> None:
    """Write the inventory, or print that of the installed Keras."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("path", nargs="?", type=Path, help="the file to write")
    what.add_argument("--installed", action="store_true", help="print what the Keras of this environment has")
    given = parser.parse_args()
    if given.installed:
        import keras

        json.dump({"version": keras.__version__, "objects": walk()}, sys.stdout)
        return
    with tempfile.TemporaryDirectory() as folder:
        walks = dict(fetched(release, Path(folder)) for release in allowed())
    write(given.path, text(merge(walks)))


if __name__ == "__main__":
    main()

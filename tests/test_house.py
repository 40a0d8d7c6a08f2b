"""The rules of the house, as far as a machine can hold them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("api", "ci", "cli", "compiler", "runtime", "schemas", "spec")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_listed_and_mapped() -> None:
    """A forgotten package works when editable and is missing from the wheel."""
    folders = {path.parent.relative_to(ROOT).as_posix() for path in SOURCES if path.name == "__init__.py"}
    names = {
        "keraspec" if folder == "api" else "keraspec." + folder.replace("/", ".").removeprefix("api."): folder
        for folder in folders
    }
    setup = project()["tool"]["setuptools"]
    assert sorted(setup["packages"]) == sorted(names)
    assert setup["package-dir"] == names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_say_what_they_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"""'), "the first line says which arrow or noun the module is"
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc", "manager"}


def run_python(code: str, cwd: Path | None = None) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout


def loaded_by(code: str) -> set[str]:
    out = run_python(f"import sys\n{code}\nprint(*sorted(name.split('.')[0] for name in sys.modules))")
    return set(out.split())


def test_a_check_loads_what_the_spec_needs() -> None:
    """What promises, phases with layers of their own and conflicts need stays away from a spec without any."""
    spec = ROOT / "examples" / "penguins.keraspec.toml"
    code = f"from keraspec.checked import compile_file\nassert not compile_file({str(spec)!r}).errors\nimport sys\n"
    loaded = set(run_python(code + "print(*sys.modules)").split())
    assert "keraspec.compiler.infer" in loaded
    seldom = ("compiler.promises", "compiler.reach", "compiler.memory", "compiler.phase_graphs", "spec.unresolved")
    assert not loaded & {f"keraspec.{one}" for one in seldom}


def test_import_stays_light() -> None:
    loaded = loaded_by("import keraspec")
    assert not loaded & {"tensorflow", "keras", "numpy", "networkx", "jsonschema_rs", "tree_sitter", "pyarrow", "rich"}


def test_check_loads_neither_tensorflow_nor_keras() -> None:
    spec = ROOT / "examples" / "digits.keraspec.toml"
    loaded = loaded_by(
        f"""
import contextlib, io
from keraspec.cli import main
sys.argv = ["keraspec", "check", {str(spec)!r}]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
"""
    )
    assert "keraspec" in loaded
    assert not loaded & {"tensorflow", "keras", "numpy", "pyarrow", "matplotlib", "graphviz", "pygraphviz", "rich"}


def test_keras_and_tensorflow_are_imported_where_they_may_be() -> None:
    imports = re.compile(r"^(\s*)(?:import|from) (keras|tensorflow)\b(?!\w)", re.MULTILINE)
    guarded = re.compile(r"if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+")
    for path in SOURCES:
        text = guarded.sub("", path.read_text(encoding="utf-8"))
        room = path.relative_to(ROOT).as_posix()
        for indent, name in imports.findall(text):
            allowed = room.startswith("runtime/") or (name == "keras" and room.startswith("compiler/build"))
            assert allowed, f"{room} imports {name}"
            if not room.startswith("runtime/"):
                assert indent, f"{room} imports {name} at module level"


def test_no_path_of_a_machine_in_the_project() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    for name in tracked:
        path = ROOT / name
        if name and path.suffix in {".py", ".md", ".toml", ".json", ".txt", ".yml"} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            assert f"{ROOT}/" not in text, name
            assert f"{Path.home()}/" not in text, name

"""Plugins: used only where they are allowed by name, told of clearly where they are not or are made wrongly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import keraspec
from keraspec.checked import compile_file, compile_text
from keraspec.cli import group
from keraspec.plugins import PluginError, allow_plugin, forget_plugins

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "examples" / "plugins" / "demand.py"
SPEC = PLUGIN.with_suffix(".keraspec.toml")

MINIMAL = """
from keraspec.plugin import Argument, POSITIVE, Record, same_as_input
def made():
    import keras
    return keras.layers.Identity
LAYERS = (Record(name="Twice", family="layers", summary="Does nothing, twice.", rule=same_as_input, made=made,
                 arguments=(Argument("times", POSITIVE, 2, "How often."),)),)
"""
USING = """keraspec = 1
inputs.x.shape = [4]
[[layers]]
type = "small.Twice"
[[layers]]
name = "y"
type = "Dense"
units = 3
"""


@pytest.fixture(autouse=True)
def _nothing_allowed() -> Iterator[None]:
    forget_plugins()
    yield
    forget_plugins()
    for name in ("demand", "small"):
        sys.modules.pop(name, None)


def small(folder: Path, text: str = MINIMAL) -> str:
    path = folder / "small.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_the_allowance_nothing_runs_and_the_rest_is_checked_and_drawn(tmp_path: Path) -> None:
    checked = compile_text(SPEC.read_text("utf-8").replace("units = 1\n", "unis = 1\n"))
    assert [(one.code, one.line) for one in checked.diagnostics] == [("E117", 9), ("E104", 15)]
    assert checked.diagnostics[0].message == (
        '"demand.GatedUnit" is a layer of the plugin `demand`, which is not allowed here: '
        "what it takes and gives is not known"
    )
    assert "--allow-plugin demand" in (checked.diagnostics[0].help or "")
    assert "demand" not in sys.modules
    keraspec.draw(checked, tmp_path / "demand.svg")
    assert "demand.GatedUnit" in (tmp_path / "demand.svg").read_text("utf-8")
    with pytest.raises(keraspec.SpecError):
        keraspec.build(SPEC)


def test_the_example_trains_and_is_measured_and_used(tmp_path: Path) -> None:
    keraspec.allow_plugin(str(PLUGIN))
    assert not keraspec.check(SPEC)
    run = keraspec.train(SPEC, run_dir=tmp_path / "run", epochs=30)
    assert 0.6 < run.metrics["test"]["coverage"] <= 1
    again = keraspec.evaluate(tmp_path / "run")
    assert again.metrics["coverage"] == pytest.approx(run.metrics["test"]["coverage"], abs=1e-6)


def test_shapes_weights_and_costs_are_those_of_the_layer_itself() -> None:
    allow_plugin(str(PLUGIN))
    rows = {row.name: row for row in keraspec.show(SPEC).layers}
    model = keraspec.build(SPEC)
    layer = model.get_layer("gated_unit")
    assert rows["gated_unit"].params == layer.count_params() == 7 * 32 + 32
    assert model(np.ones((3, 7), "float32")).shape == (3, 1)


def test_arguments_are_checked_like_those_of_keras_layers(tmp_path: Path) -> None:
    allow_plugin(small(tmp_path))
    assert not compile_text(USING).diagnostics
    wrong = USING.replace('"small.Twice"\n', '"small.Twice"\ntimes = 0\n').replace("units = 3", "unis = 3")
    assert [(one.code, one.help) for one in compile_text(wrong).diagnostics] == [
        ("E106", "write 1 or more"),
        ("E104", "did you mean `units`?"),
    ]
    other = compile_text(USING.replace("Twice", "Twise")).diagnostics
    assert [(one.code, one.message, one.help) for one in other] == [
        ("E108", 'the plugin `small` offers no layer called "small.Twise"', 'did you mean "small.Twice"?')
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("x = 1", "offers nothing"),
        ("LAYERS = (3,)", "expected a Record, found int"),
        (MINIMAL.replace("made=made,", ""), "Twice does not say where its class is"),
        (MINIMAL.replace("rule=same_as_input,", ""), "Twice has no shape rule"),
        (MINIMAL.replace('"Twice"', '"not a name"'), "'not a name' can't be the name of an object"),
        (MINIMAL.replace("POSITIVE, 2", "int, 2"), "has an argument that is no Argument with a Kind"),
    ],
)
def test_a_plugin_that_is_not_made_well_says_so(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PluginError, match="small") as error:
        allow_plugin(small(tmp_path, text))
    assert message in str(error.value)
    assert "small" not in sys.modules or "offers" in message or "LAYERS" in str(error.value)


def test_a_rule_that_fails_is_a_finding(tmp_path: Path) -> None:
    allow_plugin(small(tmp_path, MINIMAL.replace("rule=same_as_input", "rule=lambda call: call.nothing")))
    (one,) = compile_text(USING).diagnostics
    assert (one.code, one.line) == ("E117", 4)
    assert "'Call' object has no attribute 'nothing'" in one.message


@pytest.mark.parametrize("name", ["ops", "keras", "no-word", "a.b"])
def test_names_that_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(PluginError, match="can't be the name of a plugin"):
        allow_plugin(name)


def test_an_installed_package_is_found_by_its_entry_point(tmp_path: Path) -> None:
    small(tmp_path)
    information = tmp_path / "small_plugin-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: small-plugin\nVersion: 1.0\n", encoding="utf-8")
    (information / "entry_points.txt").write_text("[keraspec.plugins]\nsmall = small\n", encoding="utf-8")
    spec = tmp_path / "model.keraspec.toml"
    spec.write_text(USING, encoding="utf-8")
    program = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom keraspec.cli import main; main()",
    ]
    run = {"capture_output": True, "text": True, "check": False, "cwd": tmp_path}
    refused = subprocess.run([*program, "check", "model.keraspec.toml"], **run)  # type: ignore[call-overload]
    allowed = subprocess.run([*program, "check", "--allow-plugin", "small", "model.keraspec.toml"], **run)  # type: ignore[call-overload]
    assert (refused.returncode, "E117" in refused.stdout) == (1, True)
    assert (allowed.returncode, allowed.stdout) == (0, "no errors, 1 file checked\n")
    absent = subprocess.run([*program, "check", "--allow-plugin", "smal", "model.keraspec.toml"], **run)  # type: ignore[call-overload]
    assert absent.returncode == 2
    assert 'there is no plugin "smal": installed are small' in absent.stderr
    assert "Traceback" not in absent.stderr


def test_workers_know_what_is_allowed(tmp_path: Path) -> None:
    plugin = small(tmp_path)
    for index in range(60):
        (tmp_path / f"{index}.keraspec.toml").write_text(USING + "# " + "x" * 4000, encoding="utf-8")
    command = [sys.executable, "-c", "from keraspec.cli import main; main()", "check", "--output-format", "json"]
    found = subprocess.run(
        [*command, "--allow-plugin", plugin, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (found.returncode, json.loads(found.stdout)) == (0, [])


def test_the_command_line_loads_it_before_it_reads_the_spec() -> None:
    told = CliRunner().invoke(group, ["show", "--allow-plugin", str(PLUGIN), str(SPEC)])
    assert told.exit_code == 0
    assert "demand.GatedUnit" in told.output
    missing = CliRunner().invoke(group, ["check", "--allow-plugin", "nowhere.py", str(SPEC)])
    assert missing.exit_code == 2


def test_the_same_plugin_twice_is_one_and_two_of_a_name_are_refused(tmp_path: Path) -> None:
    path = small(tmp_path)
    names = [[one.name for one in allow_plugin(path)] for _ in range(2)]
    assert names == [["small.Twice"], ["small.Twice"]]
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(PluginError, match="two plugins"):
        allow_plugin(small(other))
    assert compile_file(SPEC).errors

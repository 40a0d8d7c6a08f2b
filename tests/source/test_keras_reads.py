"""Keras takes arguments without their names, and names of objects, for what the builder makes of them."""

from __future__ import annotations

import inspect
import itertools

import pytest
from program_models import ROOT, load, of_text, same

from keraspec.compiler.build import make, stated
from keraspec.compiler.catalogue import family
from keraspec.compiler.catalogue.record import REQUIRED
from keraspec.compiler.source.code import Value
from keraspec.compiler.source.layout import flat
from keraspec.compiler.source.objects import named
from keraspec.compiler.source.text import BY_NAME, LEADING, doc, path_of


@pytest.mark.parametrize("name", ["layers", "initializers", "regularizers"])
def test_arguments_without_names_are_the_first(name: str) -> None:
    import keras

    for record in family(name).values():
        leading = []
        for argument in record.arguments[:LEADING]:
            if argument.default is not REQUIRED:
                break
            leading.append(argument.name)
        if leading and not record.refused:
            found: object = keras
            for part in path_of(record).removeprefix("keras.").split("."):
                found = getattr(found, part)
            parameters = [one for one in inspect.signature(found.__init__).parameters if one != "self"]  # type: ignore[misc]
            assert parameters[: len(leading)] == leading, record.name


def test_tensors_of_ops_are_the_first() -> None:
    import keras

    for record in family("ops").values():
        if record.refused or record.rule is None or record.name in BY_NAME or any(one.spread for one in record.ports):
            continue
        function = keras.ops
        for part in record.name.split(".")[1:]:
            function = getattr(function, part)
        ports = [port.name for port in itertools.takewhile(lambda port: port.required, record.ports)]
        assert list(inspect.signature(function).parameters)[: len(ports)] == ports, record.name


@pytest.mark.parametrize("name", ["initializers", "regularizers", "constraints", "optimizers"])
def test_names_are_read_as_the_builder_reads_them(name: str) -> None:
    import keras

    read = getattr(keras, name)
    for record in family(name).values():
        if record.refused or any(argument.default is REQUIRED for argument in record.arguments):
            continue
        for spelling in (record.name, *record.names, *record.aliases):
            code = named(name, spelling)
            wanted = make(stated(name, spelling))  # type: ignore[arg-type]
            found = read.get(spelling) if isinstance(code, Value) else eval(flat(doc(code)), {"keras": keras})
            assert type(found) is type(wanted), spelling
            ours, theirs = wanted.get_config(), found.get_config()
            assert {**theirs, "name": ours.get("name")} == {**ours, "name": ours.get("name")}, spelling


APPLICATION = """
keraspec = 1
inputs.picture.shape = [64, 64, 3]
layers = [
  { name = "backbone", type = "applications.MobileNetV2", include_top = false, weights = "none", trainable = false },
  { type = "GlobalAveragePooling2D" },
  { name = "early", type = "GlobalAveragePooling2D", inputs = "backbone.block_1_expand_relu" },
  { type = "Concatenate", inputs = ["global_pool", "early"] },
  { type = "Dense", units = 2 },
]
""".replace('{ type = "GlobalAveragePooling2D" }', '{ name = "global_pool", type = "GlobalAveragePooling2D" }')


def test_an_application_and_what_is_inside() -> None:
    checked, text = of_text(APPLICATION)
    assert 'get_layer("block_1_expand_relu")' in text
    same(checked, text)


def test_a_plugin_is_imported() -> None:
    from keraspec.plugins import allow_plugin, forget_plugins

    allow_plugin(str(ROOT / "examples" / "plugins" / "demand.py"))
    try:
        checked = load(ROOT / "examples" / "plugins" / "demand.keraspec.toml")
        from keraspec.compiler.source.program import program

        assert checked.typed is not None
        text = program(checked.typed)
        assert "from demand import gated" in text
        same(checked, text)
    finally:
        forget_plugins()

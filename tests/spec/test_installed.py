"""What the installed Keras lacks: said where it is used, and looked up only then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from keraspec.checked import compile_text
from keraspec.spec import installed
from keraspec.spec.finding import Diagnostic

HEAD = "keraspec = 1\ninputs.image.shape = [32, 32, 3]\n"
RENORM = HEAD + '[[layers]]\ntype = "BatchNormalization"\nrenorm = true\n'
PLAIN = HEAD + '[[layers]]\ntype = "BatchNormalization"\n'


@pytest.fixture
def keras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], None]]:
    """Lay down the traces of an installed Keras of some version, in front of whatever is installed."""

    def install(version: str | None) -> None:
        folder = tmp_path / "keras-0.dist-info"
        folder.mkdir()
        text = "Metadata-Version: 2.1\nName: keras\n" + (f"Version: {version}\n" if version else "")
        (folder / "METADATA").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        installed.keras_version.cache_clear()

    yield install
    installed.keras_version.cache_clear()


def found(text: str) -> list[Diagnostic]:
    return [one for one in compile_text(text).diagnostics if one.code == "E116"]


def test_an_argument_that_came_later(keras: Callable[[str | None], None]) -> None:
    keras("3.13.2")
    [one] = compile_text(RENORM).diagnostics
    assert one.code == "E116"
    assert one.message == "`renorm` of BatchNormalization came with Keras 3.14, and the Keras installed here is 3.13.2"
    assert one.help == 'install another one with `pip install "keras>=3.14"`, or leave `renorm` out'
    assert (one.line, one.column) == (5, 1)


@pytest.mark.parametrize("version", ["3.14.0", "3.15.1", "3.15.1.dev20261101", "3.20.0", "4.0.0"])
def test_those_that_have_it_hear_nothing(keras: Callable[[str | None], None], version: str) -> None:
    keras(version)
    assert not found(RENORM)


def test_a_type_and_a_name_that_came_later(keras: Callable[[str | None], None]) -> None:
    keras("3.12.0")
    text = (
        HEAD + '[[layers]]\ntype = "AdaptiveMaxPooling2D"\noutput_size = 2\n[training]\noptimizer = "schedulefreeadamw"'
    )
    layer, optimizer = found(text)
    assert layer.message.startswith("`AdaptiveMaxPooling2D` came with Keras 3.13, and")
    assert (layer.line, layer.column) == (4, 8)
    assert optimizer.message.startswith("`ScheduleFreeAdamW` came with Keras 3.14, and")
    assert (optimizer.line, optimizer.column) == (7, 13)


def test_values_and_shapes_are_checked_all_the_same(keras: Callable[[str | None], None]) -> None:
    keras("3.12.0")
    text = RENORM + '[[layers]]\ntype = "LSTM"\nunits = 8\n'
    assert [one.code for one in compile_text(text).diagnostics] == ["E116", "E301"]
    text = RENORM + "renorm_momentum = 7\n"
    assert [one.code for one in compile_text(text).diagnostics] == ["E116", "E116", "E106"]


def test_what_is_gone(keras: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """No release so far took anything away; when one does, it is said."""
    keras("3.14.1")
    from keraspec.spec.document import Document
    from keraspec.spec.read import read_text
    from keraspec.spec.validation import Validation

    document, _ = read_text("x.toml", b"keraspec = 1", "toml")
    assert isinstance(document, Document)
    run = Validation(document)
    installed.check_release(run, {"until": "3.13"}, "`Old`", ("keraspec",), "value", "use another layer")
    [one] = run.findings
    assert one.message == "`Old` was last in Keras 3.13, and the Keras installed here is 3.14.1"
    assert one.help == 'install another one with `pip install "keras<3.14"`, or use another layer'
    installed.check_release(run, {"until": "3.14"}, "`Old`", ("keraspec",), "value", "use another layer")
    assert run.findings == [one]


def test_where_no_version_is_known_nothing_is_said(keras: Callable[[str | None], None]) -> None:
    keras(None)
    assert installed.keras_version() is None
    assert not found(RENORM)


def test_without_keras_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    installed.keras_version.cache_clear()
    try:
        assert installed.keras_version() is None
    finally:
        installed.keras_version.cache_clear()


@pytest.mark.parametrize(("text", "looked"), [(PLAIN, False), (RENORM, True)])
def test_it_is_looked_up_only_where_it_matters(text: str, looked: bool) -> None:
    """A spec of what every release has pays nothing."""
    program = (
        "import sys; from keraspec.checked import compile_text; from keraspec.spec import installed\n"
        f"compile_text({text!r}); print(installed.keras_version.cache_info().misses, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(int(looked)), "False"]


def test_what_is_said_of_the_keras_that_is_installed_is_so() -> None:
    """No version is faked: what E116 names can't be made with this Keras, and what it does not name can."""
    import inspect

    import keras

    installed.keras_version.cache_clear()
    pooling = HEAD + '[[layers]]\ntype = "AdaptiveMaxPooling2D"\noutput_size = 2\n'
    assert bool(found(pooling)) is not hasattr(keras.layers, "AdaptiveMaxPooling2D")
    known = inspect.signature(keras.layers.BatchNormalization).parameters
    assert bool(found(RENORM)) is not ("renorm" in known)
    assert not found(PLAIN)

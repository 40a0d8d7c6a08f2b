"""From a saved model, or a keras.Model, to the text of a spec: read, lift, fold, write, check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .checked import Checked, SpecError, compile_text
from .compiler.graph import Graph
from .compiler.lift.containers import Held, held, of_json, read
from .compiler.lift.lift import Lifted, lift
from .compiler.lift.network import Place as At
from .compiler.lift.network import Saved, Unreadable
from .spec.document import Place, Source
from .spec.finding import Diagnostic, Finding
from .spec.problem import Problem
from .spec.report import json_pointer

if TYPE_CHECKING:
    import keras

LINES: Final = 20
"""A JSON text of fewer lines was not written for people: a place in it is told by its pointer alone."""
SHOWN: Final = 100
"""So many letters of a faulty value are shown."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A spec that was made of a model. ``text`` is TOML; ``data`` the same as tables and lists.

    ``diagnostics`` tell what of the model could not be taken along, and what the checker says of the spec.
    ``checked`` is the spec, checked.
    """

    text: str
    data: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...]
    checked: Checked
    lifted: Lifted = field(repr=False)
    saved: Saved = field(repr=False)
    held: Held = field(repr=False)
    model: Any = field(default=None, repr=False)

    def save(self, path: Path) -> None:
        """Write the spec, in one step: as JSON where the path ends so, else as TOML.

        Raises:
            OSError: if the file can't be written.
        """
        from .compiler.render import write
        from .spec.to_toml import as_read

        text = self.text
        if path.suffix == ".json":
            text = json.dumps(as_read(self.data), indent=2, ensure_ascii=False) + "\n"
        write(path, text.encode())

    def save_weights(self, path: Path) -> None:
        """Write the model's weights to a ``.weights.h5`` file, for the model that the spec builds.

        Raises:
            SpecError: if the spec has errors, or the file of the model has no weights that fit.
            OSError: if the file can't be written.
        """
        from .runtime.carrying import carry

        if self.checked.errors or self.checked.typed is None:
            raise SpecError(self.checked.diagnostics)
        try:
            carry(self.checked.typed, self.held, self.saved.network, self._names(), path, self.model)
        except Problem as problem:
            raise SpecError(
                [_diagnostic(one.message, one.help, (), self.held, one.code) for one in problem.findings]
            ) from problem

    def _names(self) -> Mapping[tuple[str, ...], str]:
        """The way to each layer of the model → its entry's name. Folding keeps the entries in their order.

        Raises:
            Problem: E803 if it has not.
        """
        assert self.checked.graph is not None
        if self.data is not self.lifted.data:
            flat = compile_text(_text(self.lifted.data)).graph
            if flat is None or _wiring(flat) != _wiring(self.checked.graph):
                raise Problem(
                    Finding("E803", "the folded spec has its layers in another order", help="leave `--fold` out")
                )
        names = [name for name, node in self.checked.graph.nodes.items() if node.input is None]
        return {way: names[place] for way, place in self.lifted.places.items()}


def _wiring(graph: Graph) -> list[Any]:
    """What each entry is, and what it is given, whatever it is called."""
    number = {name: place for place, name in enumerate(graph.nodes)}
    return [
        (
            node.layer.record.name if node.layer is not None else None,
            [(number[edge.source], edge.index) for edge in node.edges],
            number.get(node.shared or ""),
        )
        for node in graph.nodes.values()
    ]


def import_model(model: Path | keras.Model, *, fold: bool = False) -> Imported:
    """The spec of a saved model or of a model object.

    Raises:
        SpecError: with a diagnostic for everything that can't be said in a spec.
        OSError: if the file can't be opened.
    """
    found: Held | None = None
    try:
        found = held(model) if isinstance(model, Path) else _of_object(model)
        saved = read(found)
        lifted = lift(saved)
        data = lifted.data
        if fold:
            from .compiler.lift.fold import fold as folded

            data = folded(data)
        text = _text(data)
    except Unreadable as problem:
        at = found or Held(model if isinstance(model, Path) else Path("model"), "json", None, "")
        raise SpecError(
            [
                _diagnostic(one.message, one.help, one.at, at, "E801" if found is None else "E802")
                for one in problem.every
            ]
        ) from problem
    checked = compile_text(text, "toml", f"{found.path.name} as a spec")
    notes = [_diagnostic(one.message, one.help, one.at, found, "W801") for one in lifted.notes]
    return Imported(
        text,
        data,
        (*notes, *checked.diagnostics),
        checked,
        lifted,
        saved,
        found,
        None if isinstance(model, Path) else model,
    )


def _text(data: Mapping[str, Any]) -> str:
    from .spec.to_toml import toml_text

    try:
        return toml_text(data)
    except ValueError as error:
        raise Unreadable(f"the model holds a value that no spec can have: {error}") from error


def _of_object(model: keras.Model) -> Held:
    """A model object by way of the JSON that it gives of itself.

    Raises:
        Unreadable: if it gives none.
    """
    try:
        text = model.to_json()
    except Exception as error:  # a layer of somebody's own may raise whatever it likes
        raise Unreadable(
            f"the model can't say what it is made of: {type(error).__name__}: {error}",
            help="give each layer of your own a `get_config`, or use layers of Keras",
        ) from error
    found = of_json(Path(model.name), text)
    return replace(found, stored=_with_optimizer(found.stored, model))


def _with_optimizer(stored: Any, model: keras.Model) -> Any:
    """The JSON of a model with its optimizer, which the model leaves out of what it says of itself."""
    compiled, optimizer = stored.get("compile_config"), getattr(model, "optimizer", None)
    if not compiled or compiled.get("optimizer") or optimizer is None:
        return stored
    state = {
        "class_name": type(optimizer).__name__,
        "module": type(optimizer).__module__,
        "config": optimizer.get_config(),
    }
    return {**stored, "compile_config": {**compiled, "optimizer": state}}


def _diagnostic(message: str, help_text: str | None, at: At, found: Held, code: str) -> Diagnostic:
    """What is wrong with a place in a file of a model.

    In a JSON text that a person can look into, the place is that in the text; elsewhere it is a pointer behind the
    name of the file, and the value that stands there.
    """
    finding = Finding(code, message, at, help=help_text)
    if found.form in ("json", "tensorflow_js") and found.text.count("\n") >= LINES:
        from .spec.read_json import read_json

        return Diagnostic(finding, read_json(Source(str(found.path), found.text))[0].place(at))
    pointer = json_pointer(at)
    source = Source(f"{found.path}{'#' if pointer else ''}{pointer}", _excerpt(found.stored, at))
    return Diagnostic(finding, Place(source, 0, len(source.text)))


def _excerpt(stored: Any, at: Sequence[str | int]) -> str:
    """The value at a place, as text, cut off where it is long; nothing where the file has nothing there."""
    value = stored
    for key in at:
        inside = key in value if isinstance(value, Mapping) else isinstance(value, list) and key in range(len(value))
        if not inside:
            break
        value = value[key]
    if value is None or not at:
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"

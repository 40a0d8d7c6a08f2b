"""From a path to all that can be known of a spec without Keras: read, expand, validate, parse, link, infer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .compiler.graph import Graph, TypedGraph
from .spec.document import Document
from .spec.expand import expand
from .spec.finding import Diagnostic, Finding, located
from .spec.problem import Problem
from .spec.report import ordered
from .spec.spec import Spec


class SpecError(ValueError):
    """A spec with errors was used as if it had none. ``diagnostics`` has all of them."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        from .spec.report import report

        super().__init__("the spec has errors\n\n" + report(diagnostics, "full"))
        self.diagnostics = tuple(diagnostics)


@dataclass(frozen=True, slots=True)
class Checked:
    """All that is known of one spec. ``spec`` and what follows are None where there was no text to speak of."""

    path: Path
    document: Document | None
    spec: Spec | None
    graph: Graph | None
    typed: TypedGraph | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple(one for one in self.diagnostics if one.finding.severity == "error")

    @property
    def ok(self) -> bool:
        """Whether the spec can be built: no errors; warnings may be there."""
        return not self.errors

    def asked(self) -> Checked:
        """This spec where a model is asked of it: then a file that has blocks alone is wrong (E624)."""
        from .spec.validation import is_library

        if self.document is None or not is_library(self.document):
            return self
        words = "this file has blocks and no layers: others include it, and there is no model in itself"
        way = 'name the spec that has `include = ["' + self.path.name + '"]`, or write `inputs` and `layers` here'
        found = self.locate(Finding("E624", words, ("blocks",), "key", help=way))
        return replace(self, diagnostics=tuple(ordered([*self.diagnostics, found])))

    def _repr_svg_(self) -> str | None:
        """The picture, in a notebook; nothing where there is nothing to draw."""
        if self.typed is None or not self.typed.graph.nodes:
            return None
        from .compiler.draw import svg

        return svg(self.typed)

    def error(self, problem: Problem) -> SpecError:
        """A later problem with this spec, with its places, as the error that the api raises."""
        return SpecError([self.locate(one) for one in problem.findings])

    def locate(self, finding: Finding) -> Diagnostic:
        """A later finding about this spec, with its place."""
        from .spec.parse_training import written

        assert self.document is not None
        return located(replace(finding, pointer=written(self.document, finding.pointer)), self.document)


def compile_file(path: str | Path, overrides: Sequence[str] = ()) -> Checked:
    """Read and check one spec file.

    Raises:
        OSError: if the file can't be read.
        OverrideError: if an override can't be understood.
    """
    path = Path(path)
    from .spec.read import read_file

    document, findings = read_file(path)
    return _compile(path, document, findings, overrides)


def compile_text(text: str, language: str = "toml", path: str = "<text>", overrides: Sequence[str] = ()) -> Checked:
    """Check a spec given as text; paths in it are relative to the working directory."""
    from .spec.read import read_text

    document, findings = read_text(
        path, text.encode("utf-8", "surrogatepass"), "json" if language == "json" else "toml"
    )
    return _compile(Path(path), document, findings, overrides)


def _compile(path: Path, document: Document | None, read: Sequence[Finding], overrides: Sequence[str]) -> Checked:
    from .compiler.infer import infer
    from .compiler.link import link
    from .compiler.plan import plan
    from .spec.parse import parse
    from .spec.validate import validate

    said = [located(one, document) for one in read] if document is not None else []
    if document is None:
        return Checked(path, None, None, None, None, tuple(Diagnostic(one, one.place) for one in read if one.place))
    laid: tuple[Diagnostic, ...] = ()
    if overrides or not document.data.keys().isdisjoint(("extends", "include")):  # else nothing is loaded for it
        from .spec.overlay import overlaid

        document, laid = overlaid(document, overrides)
    document, expanded = expand(document)
    checked = validate(document)
    spec, parsed = parse(checked)
    graph, linked = link(spec)
    precision = spec.training.precision if spec.training else "float32"
    typed, inferred = infer(graph, precision)
    before = (*said, *laid, *expanded, *(located(one, document) for one in (*checked.findings, *parsed)))
    places = [*before, *(located(one, document) for one in (*linked, *inferred))]
    if spec.training is not None and spec.training.phases:
        from .compiler.phase_graphs import changes, phase_graphs

        if changes(spec.training):
            typed, found = phase_graphs(typed, before, places[len(before) :])
            places = list(found)
    places += [located(one, document) for one in plan(typed)]
    if spec.assertions:
        from .compiler.promises import promise_findings  # with all that receptive fields and memory need

        places += [located(one, document) for one in promise_findings(typed)]
    if any("keraspec:" in one.text for one in (document.source, *(one.place.source for one in places))):
        from .spec.ignored import without_silenced_warnings  # few specs have comments for us

        places = list(without_silenced_warnings(places, document.source))
    return Checked(path, document, spec, graph, typed, tuple(ordered(places)))

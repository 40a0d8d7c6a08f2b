"""Every bad example says exactly what stands beside it, and every code has one.

``KERASPEC_UPDATE=1 python -m pytest tests/spec/test_bad.py`` writes the expected texts anew: read them aloud
before you commit them.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from keraspec.checked import compile_file
from keraspec.compiler.graph import TypedGraph
from keraspec.spec import installed
from keraspec.spec.codes import codes
from keraspec.spec.finding import Diagnostic, Finding
from keraspec.spec.problem import Problem
from keraspec.spec.report import as_record, report

BAD = Path(__file__).parents[1] / "bad"
UPDATE = bool(os.environ.get("KERASPEC_UPDATE"))
EXAMPLES = sorted(path.name for path in BAD.iterdir() if ".keraspec." in path.name)
BUILT = {"E110", "E310", "E415", "E417", "E418", "E427", "E430", "E435", "E701", "E702"}
"""Codes that only Keras itself, training, exporting what was trained, or a program of its own brings out."""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are shown as they are given, so they are given relative to their folder."""
    monkeypatch.chdir(BAD)


def code_of(name: str) -> str:
    return name.partition("-")[0]


def diagnostics(name: str, folder: Path) -> list[Diagnostic]:
    """What checking says; where it says nothing, what reading the data says, and then building and training."""
    checked = compile_file(name)
    if said := checked.asked().diagnostics:
        return list(said)
    assert checked.typed is not None
    try:
        if code_of(name) in BUILT:
            pytest.importorskip("tensorflow")
            return [checked.locate(finding) for finding in _trained(checked.typed, code_of(name), folder)]
        from keraspec.runtime.data import prepare

        prepare(checked.typed, Path())
    except Problem as problem:
        return [checked.locate(finding) for finding in problem.findings]
    return []


def _trained(typed: TypedGraph, code: str, folder: Path) -> tuple[Finding, ...]:
    if code == "E310":
        from keraspec.compiler.build import build

        build(typed)
        return ()
    if code == "E110":
        from keraspec.compiler.source.program import program

        program(typed, train=True)
        return ()
    from keraspec.runtime.train import train

    found = train(typed, Path(), run_dir=folder / "run").findings
    if code.startswith("E7"):
        from keraspec.runtime.export import export

        export(typed, folder / "run", "onnx")
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_bad_example(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if code_of(name) == "E116":
        monkeypatch.setattr(installed, "keras_version", lambda: "3.12.4")
    if code_of(name) == "E430":
        monkeypatch.setattr("keraspec.runtime.preprocessing.backend", lambda: "jax")
    found = diagnostics(name, tmp_path)
    text = report(found, "full").replace(str(tmp_path), "FOLDER") + "\n"
    text = re.sub(r"they differ by up to \S+", "they differ by up to NUMBER", text)
    expected = BAD / (name.partition(".keraspec.")[0] + ".txt")
    if UPDATE:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    if code_of(name) in codes():
        assert {one.code for one in found} == {code_of(name)}
    for one in found:
        record = as_record(one)
        assert 0 <= one.place.start <= one.place.end <= len(one.place.source.text)
        assert (1, 1) <= (record["line"], record["column"]) <= (record["end_line"], record["end_column"])


IMPORTED = {"E801", "E802", "E803", "W801", "E901"}
"""Codes of files that are no specs; ``tests/lift`` and ``tests/cli`` show them."""


GONE_ON_WITH = {"E436", "E437"}
"""Codes of a full disk, and of rows that have changed since; ``tests/survival`` shows them."""


SHARED = {"E432", "E433"}
"""Codes of what only several devices come across; ``tests/runtime/test_distribution.py`` shows them."""


def test_every_code_has_a_bad_example() -> None:
    shown = {code_of(name) for name in EXAMPLES} & set(codes())
    assert shown == set(codes()) - IMPORTED - GONE_ON_WITH - SHARED


def test_every_expected_text_belongs_to_an_example() -> None:
    stems = {name.partition(".keraspec.")[0] for name in EXAMPLES}
    assert {path.stem for path in BAD.glob("*.txt")} == stems


MISTAKES = {
    (5, "E107"): "`dtype` of the input `pixels`",
    (10, "E108"): '"Conv2d"',
    (20, "E104"): "`activaton`",
    (26, "E303"): "a window of 65",
    (35, "E108"): '"rellu"',
    (39, "E302"): "Add",
    (43, "E204"): '"photo"',
    (50, "E105"): "`input_dim`",
    (55, "E113"): '"the memory"',
    (57, "E106"): "`units`",
    (62, "E201"): "`memmory`",
    (66, "E103"): "`units`",
    (71, "E105"): "`units`",
    (78, "E617"): "`each`",
    (81, "E108"): '"cvs"',
    (82, "E106"): "`validation`",
    (83, "E102"): "`batchsize`",
    (86, "E106"): "`epochs`",
    (87, "E108"): '"sparse_categorical_crossentropi"',
    (88, "E105"): "`metrics`",
    (89, "E107"): "`precision`",
    (91, "E105"): "`patience`",
    (92, "E111"): "LambdaCallback",
}
"""Line and code → what the message speaks of."""


def test_many_mistakes_in_one_spec_are_each_said_once_at_their_place() -> None:
    found = compile_file("many-mistakes.keraspec.toml").diagnostics
    places = Counter((one.place.source.line_column(one.place.start)[0], one.finding.code) for one in found)
    assert places == Counter(MISTAKES.keys())
    for one in found:
        line, _ = one.place.source.line_column(one.place.start)
        assert MISTAKES[line, one.finding.code] in one.finding.message


def test_names_of_codes_are_used_for_files() -> None:
    for name in EXAMPLES:
        if re.match(r"[EW]\d", name):
            assert code_of(name) in codes()

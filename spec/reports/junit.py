"""From Reported to JUnit's XML: a file is a suite, a finding a test that failed; a clean file has one that passed.

Nobody ever wrote the format down with authority; this keeps to what Jenkins and GitLab both read.
https://github.com/jenkinsci/xunit-plugin, https://docs.gitlab.com/ci/testing/unit_test_reports/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..finding import Diagnostic
from ..report import full
from .reported import Reported

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can't have, in whatever way they are written."""


def text(reported: Reported) -> str:
    """The whole XML document. Warnings that are welcome pass, with their text beside them."""
    by_file: dict[str, list[Diagnostic]] = {reported.path(one): [] for one in reported.files}
    for one in reported.diagnostics:
        by_file.setdefault(reported.path(one.file), []).append(one)
    root = Element("testsuites", name="keraspec")
    totals = [_suite(root, path, found, reported) for path, found in by_file.items()]
    root.set("tests", str(sum(tests for tests, _ in totals)))
    root.set("failures", str(sum(failures for _, failures in totals)))
    root.set("errors", "0")
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode")


def _suite(root: Element, path: str, found: Sequence[Diagnostic], reported: Reported) -> tuple[int, int]:
    """The suite of one file; how many tests and how many failures are in it."""
    suite = SubElement(root, "testsuite", name=_clean(path))
    if not found:
        SubElement(suite, "testcase", name="keraspec", classname=_clean(path))
    failures = 0
    for one in found:
        case = SubElement(
            suite, "testcase", name=f"{one.code} line {one.line} column {one.column}", classname=_clean(path)
        )
        if one.severity == "error" or reported.fails(one):
            failures += 1
            child = SubElement(case, "failure", type=one.severity, message=_clean(one.message))
        else:
            child = SubElement(case, "system-out")
        child.text = _clean(full(one))
    tests = max(len(found), 1)
    suite.set("tests", str(tests))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    suite.set("skipped", "0")
    return tests, failures


def _clean(value: str) -> str:
    return _NO_XML.sub("\ufffd", value)

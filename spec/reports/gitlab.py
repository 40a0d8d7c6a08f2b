"""From Reported to GitLab's code quality report.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import Final

from .reported import Reported, words

SEVERITIES: Final = {"error": "major", "warning": "minor"}


def text(reported: Reported) -> str:
    """A list with an object for each finding; GitLab tells old ones from new ones by their fingerprints."""
    issues = []
    for one, fingerprint in zip(reported.diagnostics, reported.fingerprints(), strict=True):
        source = one.place.source
        line, column = source.line_column(one.place.start)
        end_line, end_column = source.line_column(max(one.place.start, one.place.end))
        issues.append(
            {
                "type": "issue",
                "check_name": one.code,
                "description": words(one).replace("\n", " — "),
                "severity": SEVERITIES[one.severity],
                "fingerprint": fingerprint,
                "location": {
                    "path": reported.path(source.path),
                    "positions": {
                        "begin": {"line": line, "column": column},
                        "end": {"line": end_line, "column": end_column},
                    },
                    "lines": {"begin": line, "end": end_line},
                },
            }
        )
    return json.dumps(issues, indent=2, ensure_ascii=False)

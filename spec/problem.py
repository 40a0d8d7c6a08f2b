"""The exception Problem: findings on their way to the person, from wherever the work had to stop."""

from __future__ import annotations

from .finding import Finding


class Problem(Exception):
    """The work cannot go on; ``findings`` say why, each with the pointer of its place in the spec."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(f"{finding.code}: {finding.message}" for finding in findings))
        self.findings = findings

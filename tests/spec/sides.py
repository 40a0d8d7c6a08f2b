"""What a person makes of a merge: one side at every mark."""

from __future__ import annotations


def chosen(text: str, side: int) -> str:
    """What stays of a text where a person takes one side at every mark: 0 for ours, 1 for theirs."""
    at: int | None = None
    kept = []
    for line in text.splitlines(keepends=True):
        if line.startswith("<<<<<<< "):
            at = 0
        elif line == "=======\n" and at == 0:
            at = 1
        elif line.startswith(">>>>>>> ") and at == 1:
            at = None
        elif at is None or at == side:
            kept.append(line)
    return "".join(kept)

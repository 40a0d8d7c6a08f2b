"""Codes E9: the settings of a project."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final = (
    Code(
        "E901",
        "a setting that can't be used",
        "What `keraspec check` and `keraspec fmt` do in a project is set in a file `keraspec.toml`, or in the table "
        "[tool.keraspec] of pyproject.toml; the nearest one upward from a spec holds for it. It may say which codes "
        "are reported (`select`, `ignore`, `per-file-ignores`), which files are passed over (`exclude`), whether "
        "warnings are welcome (`allow-warnings`) and whether `--fix` makes the uncertain edits too "
        "(`unsafe-fixes`). This setting has another name or another value than these can have, and is passed over.",
        '# ignroe = ["W6"]             in keraspec.toml\n# allow-warnings = "yes"',
        '# ignore = ["W6"]             in keraspec.toml\n# allow-warnings = true',
    ),
)

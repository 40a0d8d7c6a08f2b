"""What the tests of the runtime share: a spec from text, checked, with its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keraspec.checked import Checked, compile_file
from keraspec.spec.finding import Finding
from keraspec.spec.problem import Problem

Check = Callable[..., Checked]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Write a spec into the test's folder and check it; files are given as name=content beside it."""

    def written(text: str, *overrides: str, files: dict[str, str | bytes] | None = None) -> Checked:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path = tmp_path / "spec.keraspec.toml"
        path.write_text(text)
        checked = compile_file(path, overrides)
        assert not checked.errors, [one.finding for one in checked.errors]
        return checked

    return written


@pytest.fixture
def refused() -> Callable[[Callable[[], object]], tuple[Finding, ...]]:
    """The findings of the Problem that a call raises."""

    def found(call: Callable[[], object]) -> tuple[Finding, ...]:
        with pytest.raises(Problem) as caught:
            call()
        return caught.value.findings

    return found

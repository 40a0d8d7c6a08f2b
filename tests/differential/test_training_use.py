"""Training objects, activations and dtype policies put to use: a slice of what `make oracle` does with them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from putting_to_use import training_subjects
from subjects import Subject

SLICE = 10


def soak_cases() -> Iterator[Subject]:
    """See `subjects`."""
    return training_subjects()


@pytest.mark.parametrize("subject", tuple(training_subjects()), ids=lambda subject: subject.name)
def test_is_of_use(subject: Subject, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index in range(SLICE):
            case = subject.draw(0, index)
            found += [f"{case}: {line}" for line in subject.judge(case).problems]
    assert found == []

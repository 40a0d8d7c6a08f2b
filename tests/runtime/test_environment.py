"""What a run depends on besides its spec."""

from __future__ import annotations

import os

import pytest

from keraspec.runtime.environment import held_back


def test_what_is_written_past_python_isheld_back(capfd):
    with held_back():
        os.write(2, b"a library talks\n")
    os.write(2, b"we talk\n")
    assert capfd.readouterr().err == "we talk\n"


def test_it_comes_out_where_something_fails(capfd):
    def load() -> None:
        with held_back():
            os.write(2, b"why it failed\n")
            raise ImportError

    with pytest.raises(ImportError):
        load()
    assert capfd.readouterr().err == "why it failed\n"

"""The differential tests: keraspec's catalogue against Keras itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# Pytest's importlib mode puts no folder on the path; the tests here share `oracle` and know each other's plans.
sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("oracle")

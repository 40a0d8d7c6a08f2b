"""Catalogue: ``keras.applications``, whole networks called like a layer."""

from __future__ import annotations

from typing import Final

from .record import Record

APPLICATIONS: Final[tuple[Record, ...]] = ()

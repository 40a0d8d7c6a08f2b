"""`python -m keraspec.cli`: the command line where no `keraspec` is on the way that programs are looked for."""

from __future__ import annotations

from . import main

main()

"""The page of the gallery says what the specs say, and shows each."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_from_the_specs() -> None:
    place = importlib.util.spec_from_file_location("gallery", ROOT / "tools" / "gallery.py")
    assert place is not None
    assert place.loader is not None
    tool = importlib.util.module_from_spec(place)
    place.loader.exec_module(tool)
    assert (ROOT / "docs" / "gallery.md").read_text("utf-8") == tool.page(), "python tools/gallery.py docs/gallery.md"


def test_every_network_has_its_picture() -> None:
    specs = {path.name.partition(".")[0] for path in (ROOT / "examples" / "architectures").glob("*.keraspec.toml")}
    assert specs == {path.stem for path in (ROOT / "docs" / "pictures" / "gallery").glob("*.svg")}
    assert len(specs) >= 22

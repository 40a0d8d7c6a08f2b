"""Prints of files: what changes them, and what does not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.runtime import fingerprints
from keraspec.runtime.fingerprints import Prints, differences, prints, read_prints, written_anew


def files_of(folder: Path, contents: dict[str, bytes]) -> dict[str, Path]:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: folder / name for name in contents}


def told(then: Prints, files: dict[str, Path]) -> list[tuple[str, str]]:
    return [(way, one.name) for way, one in differences(then, prints(files, then))]


def test_few_bytes_are_read_as_a_whole(tmp_path: Path) -> None:
    files = files_of(tmp_path, {"a": b"one", "b": b""})
    found = prints(files)
    assert found.share is None
    assert [one.sha256 for one in found.entries] == [hashlib.sha256(one).hexdigest() for one in (b"one", b"")]
    assert (found.files, found.size) == (2, 3)
    assert read_prints(found.table()) == found


def test_what_changed_is_told_by_name(tmp_path: Path) -> None:
    files = files_of(tmp_path, {"same": b"1", "other": b"2", "gone": b"3"})
    then = prints(files)
    os.utime(files["same"], (1, 1))
    files["other"].write_bytes(b"5")
    files["gone"].unlink()
    files |= files_of(tmp_path, {"new": b"6"})
    assert told(then, files) == [("changed", "other"), ("gone", "gone"), ("new", "new")]


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "WHOLE", 4096)
    monkeypatch.setattr(fingerprints, "BLOCK", 16)
    monkeypatch.setattr(fingerprints, "BLOCKS", 8)


@pytest.mark.usefixtures("little")
def test_of_many_bytes_each_file_has_its_share(tmp_path: Path) -> None:
    files = files_of(tmp_path, {"large": bytes(10_000), "small": b"x" * 100})
    then = prints(files)
    assert then.share == 2048
    assert then.entries[1].sha256 == hashlib.sha256(b"x" * 100).hexdigest()
    for place, seen in ((0, True), (9999, True), (1000, False)):
        content = bytearray(10_000)
        content[place] = 1
        files["large"].write_bytes(content)
        assert told(then, files) == ([("changed", "large")] if seen else []), place
    files["large"].write_bytes(bytes(10_001))
    assert told(then, files) == [("changed", "large")]
    files["large"].write_bytes(bytes(10_000))
    os.utime(files["large"], (1, 1))
    assert told(then, files) == []
    assert written_anew(then, prints(files, then)) == 1


@pytest.mark.usefixtures("little")
def test_the_share_stays_when_files_come_to_be_more(tmp_path: Path) -> None:
    files = files_of(tmp_path, {"large": bytes(10_000)})
    then = prints(files)
    files |= files_of(tmp_path, {"huge": bytes(50_000)})
    assert told(then, files) == [("new", "huge")]


def test_many_files_are_told_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "LISTED", 3)
    files = files_of(tmp_path, {"a/1": b"1", "a/2": b"2", "b/1": b"3", "b/2": b"4"})
    then = prints(files)
    assert [(one.name, one.files, one.size) for one in then.entries] == [("a", 2, 2), ("b", 2, 2)]
    assert read_prints(then.table()) == then
    assert told(then, dict(reversed(files.items()))) == []
    files["b/2"].write_bytes(b"5")
    assert told(then, files) == [("changed", "b")]
    files["b/2"].rename(tmp_path / "b/3")
    (tmp_path / "b/3").write_bytes(b"4")
    files["b/3"] = tmp_path / "b/3"
    del files["b/2"]
    assert told(then, files) == [("changed", "b")], "a file of another name is another one"


@settings(max_examples=40)
@given(size=st.integers(1, 3000), share=st.integers(2, 2999))
def test_first_and_last_byte_count_whatever_the_share(
    tmp_path_factory: pytest.TempPathFactory, size: int, share: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    seen = set()
    for place in (None, 0, size - 1):
        content = bytearray(size)
        if place is not None:
            content[place] = 1
        path.write_bytes(content)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fingerprints, "BLOCK", 8)
            (one,) = prints({"any": path}, Prints((), share)).entries
        assert one.size == size
        seen.add(one.sha256)
    assert len(seen) == (3 if size > 1 else 2)

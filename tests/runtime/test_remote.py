"""Paths with a protocol, against the same files on this machine."""

from __future__ import annotations

import http.server
import threading
import zipfile
from functools import partial

import numpy as np
import pytest
from PIL import Image

from keraspec.runtime.sources import reader, remote
from keraspec.spec.problem import Problem

fsspec = pytest.importorskip("fsspec")

AT = ("data", "source")


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASPEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remote, "_fetched", {})
    return tmp_path / "cache" / "files"


@pytest.fixture
def memory():
    """A file system in memory, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


def read(folder, path, kind="csv"):
    return reader(kind).read({"type": kind, "path": path}, folder, AT)


def refusal(folder, path, kind="csv"):
    with pytest.raises(Problem) as caught:
        read(folder, path, kind)
    (one,) = caught.value.findings
    assert (one.code, one.pointer) == ("E401", (*AT, "path"))
    return one


def test_a_file_and_its_change(tmp_path, memory, shelf):
    memory.pipe_file("/d/t.csv", b"a,b\n1,x\n2,y\n")
    table = read(tmp_path, "memory://d/t.csv")
    assert table.columns["a"].to_pylist() == ["1", "2"]
    assert table.origin == "memory://d/t.csv"
    assert len(list(shelf.iterdir())) == 1
    assert read(tmp_path, "memory://d/t.csv").rows == 2
    assert len(list(shelf.iterdir())) == 1
    memory.pipe_file("/d/t.csv", b"a,b\n1,x\n2,y\n3,z\n")
    assert read(tmp_path, "memory://d/t.csv").rows == 3


def test_a_pattern_by_name(tmp_path, memory):
    for name, cell in (("b", 2), ("a", 1), ("c", 3)):
        memory.pipe_file(f"/d/{name}.csv", f"v\n{cell}\n".encode())
    table = read(tmp_path, "memory://d/*.csv")
    assert table.columns["v"].to_pylist() == ["1", "2", "3"]
    assert refusal(tmp_path, "memory://d/*.tsv").message == 'no file matches "memory://d/*.tsv"'


def test_a_folder_of_classes(tmp_path, memory):
    for label in ("cat", "dog"):
        Image.fromarray(np.full((3, 4, 3), len(label), np.uint8)).save(tmp_path / "one.png")
        memory.pipe_file(f"/pets/{label}/1.png", (tmp_path / "one.png").read_bytes())
    table = read(tmp_path, "memory://pets", "images")
    assert table.columns["label"].tolist() == ["cat", "dog"]
    assert np.asarray(Image.open(table.columns["image"].cells[0])).shape == (3, 4, 3)


def test_inside_of_an_archive_beside_the_spec(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/t.csv", "a\n5\n")
    assert read(tmp_path, "zip://in/t.csv::a.zip").columns["a"].to_pylist() == ["5"]


def test_over_http(tmp_path):
    pytest.importorskip("aiohttp")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "t.csv").write_text("a\n7\n8\n")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "site")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}"
            assert read(tmp_path, f"{address}/t.csv?version=1").columns["a"].to_pylist() == ["7", "8"]
            assert f'there is no file "{address}/no.csv"' in refusal(tmp_path, f"{address}/no.csv").message
        finally:
            server.shutdown()
    assert refusal(tmp_path, f"{address}/other.csv").message.startswith(f'"{address}/other.csv" can\'t be fetched')


def test_what_can_not_be_fetched(tmp_path, memory, monkeypatch):
    assert refusal(tmp_path, "memory://d/no.csv").message == 'there is no file "memory://d/no.csv"'
    found = refusal(tmp_path, "gopher://d/t.csv")
    assert found.message == '"gopher://d/t.csv": files are not fetched by gopher'
    assert "https" in found.help
    assert "reference" in refusal(tmp_path, "reference://::a.json").message
    found = refusal(tmp_path, "smb://host/t.csv")
    assert "needs another package" in found.message
    assert "smb" in found.help.lower()
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    assert refusal(tmp_path, "s3://bucket/t.csv").help == 'pip install "keraspec[remote]"'


def test_no_room(tmp_path, memory, monkeypatch):
    memory.pipe_file("/d/t.csv", b"a\n1\n")
    monkeypatch.setattr(remote.shutil, "disk_usage", lambda _: remote.shutil._ntuple_diskusage(10, 10, 1))
    assert "has room for" in refusal(tmp_path, "memory://d/t.csv").message


@pytest.mark.parametrize("path", ["data/t.csv", "C:\\t.csv", "/abs/t.csv", "a:b.csv"])
def test_paths_of_this_machine(path):
    assert not remote.is_remote(path)

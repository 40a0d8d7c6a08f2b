"""The source `keras`: small files in the formats of the real ones, in a folder of the test's own."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from keraspec.runtime.sources import reader
from keraspec.spec.problem import Problem

AT = ("data", "source")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.fixture
def never(monkeypatch):
    """Keras' own loaders, which delete what they do not know, must not be called."""
    import keras

    def loaded(*_, **__):
        raise AssertionError("Keras' loader was called")

    for name in (
        "mnist",
        "fashion_mnist",
        "cifar10",
        "cifar100",
        "imdb",
        "reuters",
        "boston_housing",
        "california_housing",
    ):
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", loaded)


def read(name):
    return reader("keras").read({"type": "keras", "name": name}, Path(), AT)


def sums(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def write_mnist(home):
    random = np.random.default_rng(0)
    arrays = {
        "x_train": random.integers(0, 256, (20, 28, 28), np.uint8),
        "y_train": np.arange(20, dtype=np.uint8) % 10,
        "x_test": random.integers(0, 256, (5, 28, 28), np.uint8),
        "y_test": np.arange(5, dtype=np.uint8),
    }
    np.savez(home / "mnist.npz", **arrays)
    return arrays


def test_mnist(home, never):
    arrays = write_mnist(home)
    before = sums(home)
    table = read("mnist")
    assert sums(home) == before
    assert table.standard == ("image", "label")
    assert (table.columns["image"][:20] == arrays["x_train"]).all()
    assert (table.columns["image"][20:] == arrays["x_test"]).all()
    assert table.test.tolist() == [False] * 20 + [True] * 5


def test_a_file_that_can_not_be_read_stays(home, never):
    (home / "mnist.npz").write_bytes(b"half a download")
    before = sums(home)
    with pytest.raises(Problem) as caught:
        read("mnist")
    assert caught.value.findings[0].code == "E407"
    assert sums(home) == before


def test_fashion_mnist(home, never):
    folder = home / "fashion-mnist"
    folder.mkdir()
    for part, count in (("train", 6), ("t10k", 3)):
        images = bytes(range(count)) * (28 * 28)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">HBBIII", 0, 8, 3, count, 28, 28) + images)
        )
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">HBBI", 0, 8, 1, count) + bytes(range(count)))
        )
    table = read("fashion_mnist")
    assert table.columns["image"].shape == (9, 28, 28)
    assert table.columns["label"].tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(Problem) as caught:
        read("fashion_mnist")
    assert caught.value.findings[0].code == "E401"
    assert "t10k-labels-idx1-ubyte.gz" in caught.value.findings[0].message


def write_cifar(folder, names, label):
    folder.mkdir(parents=True)
    for number, name in enumerate(names):
        planes = [np.arange(1024) % 10 + plane * 10 for plane in range(3)]
        data = np.tile(np.concatenate(planes).astype(np.uint8), (2, 1))
        (folder / name).write_bytes(pickle.dumps({b"data": data, label: [number, number]}, protocol=4))


def test_cifar10(home, never):
    folder = home / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    write_cifar(folder, [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"], b"labels")
    table = read("cifar10")
    assert table.columns["image"].shape == (12, 32, 32, 3)
    assert table.columns["image"][0, 0, 1].tolist() == [1, 11, 21]  # one plane behind the other
    assert table.columns["label"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert int(table.test.sum()) == 2


def test_cifar100(home, never):
    write_cifar(home / "cifar-100-python-target" / "cifar-100-python", ["train", "test"], b"fine_labels")
    assert read("cifar100").columns["label"].tolist() == [0, 0, 1, 1]


def test_a_pickle_that_would_run_something(home, never, tmp_path):
    class Bad:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    write_cifar(home / "cifar-100-python-target" / "cifar-100-python", ["train", "test"], b"fine_labels")
    (home / "cifar-100-python-target" / "cifar-100-python" / "test").write_bytes(pickle.dumps(Bad()))
    with pytest.raises(Problem) as caught:
        read("cifar100")
    assert caught.value.findings[0].code == "E407"
    assert "no part of an array" in caught.value.findings[0].message
    assert not (tmp_path / "written").exists()


def ragged(rows):
    array = np.empty(len(rows), object)
    for index, row in enumerate(rows):
        array[index] = row
    return array


def test_housing_is_split_as_keras_does(home, monkeypatch):
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20.0)
    np.savez(home / "boston_housing.npz", x=x, y=y)
    table = read("boston_housing")
    order = np.arange(20)
    np.random.RandomState(113).shuffle(order)
    assert table.columns["target"].tolist() == y[order].tolist()
    assert table.test.tolist() == [False] * 16 + [True] * 4
    assert table.standard == ("features", "target")


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_numbers_as_keras_gives_them(home, name, monkeypatch):
    import keras

    texts = ragged([[3, 1, 2], [9], [4, 4, 4, 4], [5, 6], [1, 1], [2, 7, 8]])
    labels = np.array([0, 1, 0, 1, 1, 0])
    if name == "imdb":
        np.savez(home / "imdb.npz", x_train=texts[:4], y_train=labels[:4], x_test=texts[4:], y_test=labels[4:])
    else:
        np.savez(home / "reuters.npz", x=texts, y=labels)
    table = read(name)
    module = getattr(keras.datasets, name)
    # Keras' loader with its download put aside: what it makes of the same file.
    monkeypatch.setitem(module.load_data.__globals__, "get_file", lambda *_, **__: str(home / f"{name}.npz"))
    (x_train, y_train), (x_test, y_test) = module.load_data()
    expected = [list(map(int, row)) for row in (*x_train, *x_test)]
    assert [row.tolist() for row in table.columns["text"]] == expected
    assert table.columns["label"].tolist() == [*y_train.tolist(), *y_test.tolist()]


def test_keras_loads_what_is_not_there(home, monkeypatch):
    import keras

    called = []

    def loaded():
        called.append(True)
        images = np.zeros((2, 28, 28), np.uint8)
        return (images, np.array([0, 1])), (images[:1], np.array([2]))

    monkeypatch.setattr(keras.datasets.mnist, "load_data", loaded)
    table = read("mnist")
    assert called
    assert table.columns["label"].tolist() == [0, 1, 2]


def test_keras_can_not_load_it(home, monkeypatch):
    import keras

    def loaded():
        raise Exception("URL fetch failure on https://...: None -- no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", loaded)
    with pytest.raises(Problem) as caught:
        read("mnist")
    (one,) = caught.value.findings
    assert (one.code, one.pointer) == ("E401", (*AT, "name"))
    assert "no network" in one.message
    assert "mnist.npz" in one.help

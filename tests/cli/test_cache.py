"""What `keraspec check` remembers: the same to the byte, only where nothing changed, harmless where it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec import batch, cache
from keraspec.cache import FOLDER, Cache
from keraspec.cli import group
from keraspec.spec.named import closure
from keraspec.spec.report import report
from keraspec.spec.reports import FORMATS, written
from keraspec.spec.reports.reported import Reported

ROOT = Path(__file__).parents[2]
BASE = 'keraspec = 1\ninputs.image.shape = [8]\n\n[[layers]]\nname = "digit"\ntype = "Dense"\nunits = 10\n'
ABOVE = 'keraspec = 1\nextends = "base.keraspec.toml"\n\n[[layers]]\nname = "digit"\nunits = 4\n'
WRONG = ABOVE.replace("units = 4", "unis = 4")


def check(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["check", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of nine specs: one that the others extend, of which one is wrong."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    texts = {"base": BASE, "wrong": WRONG, **{f"above{index}": ABOVE for index in range(7)}}
    for name, text in texts.items():
        (tmp_path / f"{name}.keraspec.toml").write_text(text, encoding="utf-8", newline="\n")
    return tmp_path


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that are checked, and not remembered."""
    names: list[str] = []
    real = batch.compile_file

    def noted(path: Path, settings: tuple[str, ...]) -> object:
        names.append(path.name.partition(".")[0])
        return real(path, settings)

    monkeypatch.setattr(batch, "compile_file", noted)
    return names


def kept(folder: Path) -> Path:
    (file,) = (folder / FOLDER).glob("*.lines")
    return file


def test_what_has_not_changed_is_not_checked_again(folder: Path, checked: list[str]) -> None:
    first = check(".")
    assert (first.exit_code, len(checked)) == (1, 9)
    assert "did you mean `units`" in first.stdout
    checked.clear()
    second = check(".")
    assert (second.exit_code, second.stdout, second.stderr, checked) == (1, first.stdout, first.stderr, [])
    (folder / "above3.keraspec.toml").write_text(ABOVE + "# changed\n", encoding="utf-8")
    (folder / "above4.keraspec.toml").touch()
    assert check(".").stdout == first.stdout
    assert checked == ["above3"]


def test_what_a_changed_file_is_part_of_is_checked_again(folder: Path, checked: list[str]) -> None:
    check(".")
    (folder / "base.keraspec.toml").write_text(BASE.replace("[8]", '["x"]').replace("10", "-1"), encoding="utf-8")
    checked.clear()
    assert check(".").stdout == check(".", "--no-cache").stdout
    assert set(checked[:9]) == {"base", "wrong", *(f"above{index}" for index in range(7))}


def test_files_beside_one_that_is_missing_count(folder: Path, checked: list[str]) -> None:
    (folder / "base.keraspec.toml").unlink()
    first = check(".")
    assert "there is no file" in first.stdout
    checked.clear()
    assert check(".").stdout == first.stdout
    assert checked == []
    (folder / "bases.toml").write_text(BASE, encoding="utf-8")
    second = check("above0.keraspec.toml", *sorted(folder.glob("*.keraspec.toml")))
    assert 'did you mean "bases.toml"?' in second.stdout
    assert len(checked) >= 8


def test_everything_bad_is_told_the_same_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checked: list[str]
) -> None:
    """Each kind of finding is the same again in each form, fixes and second places too."""
    shutil.copytree(ROOT / "tests" / "bad", tmp_path / "bad")
    monkeypatch.chdir(tmp_path / "bad")
    every = sorted(path for path in Path().iterdir() if ".keraspec." in path.name)
    paths = [path for index, path in enumerate(every) if index % 10 == 0 or path.name.startswith("E6")]
    monkeypatch.setattr(batch, "WORTH_IT", 10**9)  # one process, so that it can be seen what it checks
    plain, first, second = (dict(batch.check_files(paths, (), root)) for root in (None, tmp_path, tmp_path))
    assert len(checked) == 2 * len(paths)
    for forgetful, remembering in ((plain, first), (plain, second)):
        one, other = ([found for every in side.values() for found in every] for side in (forgetful, remembering))  # type: ignore[union-attr]
        for form in ("full", "concise", "json"):
            assert report(one, form) == report(other, form)
        for form in FORMATS:
            assert written(form, Reported.of(one, paths, tmp_path)) == written(
                form, Reported.of(other, paths, tmp_path)
            )


def test_no_file_has_a_part_that_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checking opens no other files of the project than those by which it is remembered."""
    opened: set[Path] = set()
    listening: list[bool] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str | Path):
            opened.add(Path(arguments[0]).absolute())

    sys.addaudithook(hook)
    for name in ("bad", "../examples"):
        monkeypatch.chdir(ROOT / "tests" / name)
        paths = sorted(path for path in Path().rglob("*.keraspec.*") if path.suffix in (".toml", ".json"))[::9]
        for path in paths:
            batch._one(path, ())  # what is loaded late is loaded now
        try:
            listening.append(True)
            outcomes = [batch._one(path, ()) for path in paths]
        finally:
            listening.clear()
        known = {path.absolute() for path in paths}
        for path in paths:
            known |= {one.absolute() for one in closure(path, path.read_bytes(), cache._bytes)}
        known |= {one.parent for one in known}
        assert outcomes
        assert {one for one in opened if one.is_relative_to(Path.cwd())} <= known


def test_what_is_broken_is_passed_over(folder: Path, checked: list[str]) -> None:
    first = check(".")
    whole = kept(folder).read_bytes()
    lines = whole.splitlines(keepends=True)
    for broken in (
        whole.replace(b"unis", b"unit"),
        whole[: len(whole) // 2],
        b"\x00\xff\n" * 50,
        b"",
        b"\n".join(reversed(whole.split(b" "))),
        b"".join(line.partition(b" ")[0] + b" 00 [[],[]]\n" for line in lines),
    ):
        kept(folder).write_bytes(broken)
        checked.clear()
        assert check(".").stdout == first.stdout
        assert checked


def test_values_of_another_make_are_passed_over(folder: Path, checked: list[str]) -> None:
    first = check(".")
    for rest in (b"[[],[1]]", b"[]", b"7", b'[[],[[["a","b"]],[[1]]]]', b"{", b"[[[1,2]],[]]"):
        keys = [line.partition(b" ")[0] for line in kept(folder).read_bytes().splitlines()]
        kept(folder).write_bytes(b"".join(key + b" " + cache._checksum(rest) + b" " + rest + b"\n" for key in keys))
        checked.clear()
        assert check(".").stdout == first.stdout
        assert len(checked) == 9


def test_other_ways_of_checking_are_remembered_apart(
    folder: Path, checked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(".")
    checked.clear()
    check(".", "--set", "layers.digit.activation=relu")
    assert len(checked) == 9
    assert len(list((folder / FOLDER).glob("*.lines"))) == 2
    check(".", "--set", 'extends="base.keraspec.toml"')
    assert len(list((folder / FOLDER).glob("*.lines"))) == 2, "which files a setting names is not looked into"
    for number in range(6):
        monkeypatch.setattr(cache, "_code", lambda number=number: [["spec.py", 1, number]])
        checked.clear()
        check(".")
        assert len(checked) == 9, "another version of keraspec"
    assert len(list((folder / FOLDER).glob("*.lines"))) == cache.MOST_WAYS


def test_the_state_of_a_plugin_counts(tmp_path: Path) -> None:
    plugin = tmp_path / "small.py"
    plugin.write_text("x = 1\n", encoding="utf-8")
    module = type(sys)("small")
    module.__file__ = str(plugin)
    sys.modules["small"] = module
    try:
        before = cache._way((), (str(plugin),))
        assert cache._way((), (str(plugin),)) == before != cache._way((), ())
        (tmp_path / "beside.py").write_text("y = 2\n", encoding="utf-8")
        assert cache._way((), (str(plugin),)) != before
    finally:
        del sys.modules["small"]


def test_it_keeps_within_bounds(folder: Path, monkeypatch: pytest.MonkeyPatch, checked: list[str]) -> None:
    check(".")
    monkeypatch.setattr(cache, "MOST_BYTES", kept(folder).stat().st_size)
    for index in range(9):
        (folder / f"new{index}.keraspec.toml").write_text(BASE + f"# {index}\n", encoding="utf-8")
    check(".")
    assert kept(folder).stat().st_size <= cache.MOST_BYTES
    checked.clear()
    check(".")
    assert not {one for one in checked if one.startswith("new")}, "what came last is kept"
    monkeypatch.setattr(cache, "LONGEST", 5)
    shutil.rmtree(folder / FOLDER)
    check(".")
    assert not (folder / FOLDER).exists()


def test_it_is_marked_as_what_it_is(folder: Path) -> None:
    check(".")
    assert (folder / FOLDER / ".gitignore").read_text() == "*\n"
    assert (folder / FOLDER / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_nothing_is_written_where_nobody_would_look(folder: Path, checked: list[str]) -> None:
    check(".", "--no-cache")
    check(*sorted(folder.glob("*.keraspec.toml"))[:7])
    assert not (folder / FOLDER).exists(), "few files are checked as fast as they are looked up"
    (folder / ".git").rmdir()
    check(".")
    assert not (folder / FOLDER).exists()
    (folder / ".git").mkdir()
    (folder / FOLDER).write_text("no folder", encoding="utf-8")
    checked.clear()
    assert check(".").exit_code == 1
    assert check(".").exit_code == 1
    assert len(checked) == 18


def test_what_came_with_the_repository_is_not_believed(folder: Path, checked: list[str]) -> None:
    """A change that somebody proposes may bring its own memory, in which a bad spec is good."""
    (folder / ".git").rmdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    check(".")
    forged = kept(folder).read_bytes().splitlines()
    rest = b"[[],[]]"
    lines = [line.partition(b" ")[0] + b" " + cache._checksum(rest) + b" " + rest + b"\n" for line in forged]
    kept(folder).write_bytes(b"".join(lines))
    assert check(".").exit_code == 0, "on one's own machine one may deceive oneself"
    subprocess.run(["git", "-C", str(folder), "add", "-f", FOLDER], check=True)
    checked.clear()
    assert check(".").exit_code == 1
    assert len(checked) == 9


def test_files_that_cannot_be_opened_are_tried_again(folder: Path, checked: list[str]) -> None:
    paths = [*sorted(folder.glob("*.keraspec.toml")), folder / "later.keraspec.toml"]
    assert check(*paths).exit_code == 2
    paths[-1].write_text(BASE, encoding="utf-8")
    checked.clear()
    assert check(*paths).exit_code == 1
    assert checked == ["later"]


def test_two_at_once_lose_nothing(folder: Path) -> None:
    one, other = Cache(folder), Cache(folder)
    one.keep(b"a" * 32, (), ())
    other.keep(b"b" * 32, (), ())
    one.save()
    other.save()
    after = Cache(folder)
    assert (after.known(b"a" * 32), after.known(b"b" * 32), after.known(b"c" * 32)) == ((), (), None)

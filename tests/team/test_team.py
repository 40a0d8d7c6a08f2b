"""A repository of more than twenty specs, two branches, a change of every kind: laid out, compared, merged, checked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

from ..spec.sides import chosen
from .git import DOUBLED, Repository, edited, made, standing
from .kinds import GONE, KINDS, NEW, NEW_TEXTS, RENAMED
from .specs import OLD, specs

TRUE_CONFLICTS = {one.path: "UU" for one in KINDS if one.choices is not None}
CONFLICTS = TRUE_CONFLICTS | {NEW: "AA", GONE: "DU"}


def keraspec(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


def clean(*arguments: str) -> str:
    """What the command line says, which must end with 0."""
    result = keraspec(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The repository that everybody has a copy of."""
    return made(tmp_path_factory.mktemp("team") / "origin", lambda: clean("git", "install"))


@pytest.fixture
def here(origin: Repository, tmp_path: Path) -> Iterator[Repository]:
    """A copy of it in which one stands, on the branch `mine`, with git's drivers set up."""
    folder = tmp_path / "copy"
    with standing(tmp_path):
        Repository(tmp_path).git("clone", "-q", str(origin.folder), str(folder))
    with standing(folder):
        copy = Repository(folder)
        for name in ("main", "theirs"):
            copy.git("branch", "-q", name, f"origin/{name}")
        clean("git", "install")
        assert copy.git("status", "--short") == "", "the patterns were there already"
        yield copy


def test_two_branches_become_one(here: Repository) -> None:
    assert len(specs()) > 20
    said = here.git("merge", "theirs", fails=True)
    assert here.conflicts() == CONFLICTS
    assert "together they are not" not in said
    for one in KINDS:
        text = here.read(one.path)
        assert (chosen(text, 0), chosen(text, 1)) == one.wanted(specs()[one.path]), one.what
        assert (f"keraspec: {one.path}: 1 conflict is marked in the text\n" in said) is (one.choices is not None)
        assert ("\n<<<<<<< " in text) is (one.choices is not None)
    assert here.read(RENAMED[1]) == OLD.replace(*DOUBLED)
    assert (chosen(here.read(NEW), 0), chosen(here.read(NEW), 1)) == NEW_TEXTS
    result = keraspec("check", "--output-format", "concise", ".")
    assert result.exit_code == 1
    lines = [line for line in result.stdout.splitlines() if "error[" in line]
    assert sorted(line.partition(":")[0] for line in lines) == sorted({*TRUE_CONFLICTS, NEW})
    assert all("error[E011]" in line for line in lines), result.output
    for side in (1, 0):
        texts = {path: chosen(here.read(path), side) for path in CONFLICTS if path != GONE}
        marked = {path: here.read(path) for path in texts}
        here.write(texts)
        clean("check", *texts)
        if side:
            here.write(marked)
    here.git("rm", "-q", GONE)
    here.commit("both")
    clean("check", "--changed", "main")
    clean("fmt", "--check", ".")


@pytest.mark.long
def test_everybody_begins_and_ends_with_clean_specs(here: Repository) -> None:
    for branch in ("main", "theirs", "mine"):
        here.git("checkout", "-q", branch)
        clean("check", ".")
        clean("fmt", "--check", ".")


@pytest.mark.long
def test_a_rebase(here: Repository) -> None:
    """Commit by commit, and what was ours in a merge is theirs: git says so of rebases."""
    here.git("rebase", "theirs", fails=True)
    assert here.conflicts() == {NEW: "AA", GONE: "UD"}
    here.write({NEW: chosen(here.read(NEW), 1)})
    here.git("rm", "-q", GONE)
    here.git("add", "-A")
    here.git("rebase", "--continue", fails=True)
    assert here.conflicts() == TRUE_CONFLICTS
    for one in KINDS:
        text = here.read(one.path)
        assert (chosen(text, 1), chosen(text, 0)) == one.wanted(specs()[one.path], turned=True), one.what
        here.write({one.path: chosen(text, 1)})
    here.git("add", "-A")
    here.git("rebase", "--continue")
    assert here.read(NEW) == NEW_TEXTS[0]
    assert here.git("log", "--format=%s", "main..").splitlines() == [
        "my work", "a file has another name, and one is gone", "their work", "twice as much",
    ]  # fmt: skip
    clean("check", ".")


@pytest.mark.long
def test_one_commit_is_picked_or_given_up(here: Repository) -> None:
    here.git("cherry-pick", "theirs", fails=True)
    assert here.conflicts() == TRUE_CONFLICTS
    here.git("cherry-pick", "--abort")
    assert here.git("status", "--short") == ""
    here.git("cherry-pick", "theirs~1", fails=True)
    assert here.conflicts() == {NEW: "AA", GONE: "DU"}
    assert here.read(RENAMED[1]) == OLD.replace(*DOUBLED)
    for path in (NEW, GONE):
        here.git("checkout", "-q", "--theirs", "--", path)
    here.git("add", "-A")
    here.git("cherry-pick", "--continue")
    assert here.read(NEW) == NEW_TEXTS[1]
    clean("check", ".")


@pytest.mark.long
def test_work_that_was_put_aside(here: Repository) -> None:
    """A stash upon what others have done since."""
    easy = tuple(one for one in KINDS if one.choices is None)
    for kinds in (easy, KINDS):
        here.git("checkout", "-q", "main")
        here.write(edited(lambda one: one.ours, kinds))
        here.git("stash")
        here.git("checkout", "-q", "theirs")
        here.git("stash", "pop", fails=kinds is KINDS)
        assert set(here.conflicts()) == (set(TRUE_CONFLICTS) if kinds is KINDS else set())
        for one in kinds:
            text = here.read(one.path)
            assert (chosen(text, 1), chosen(text, 0)) == one.wanted(specs()[one.path], turned=True), one.what
        assert bool(here.git("stash", "list")) is (kinds is KINDS), "what could not be merged is not lost"
        here.git("reset", "-q", "--hard")


@pytest.mark.long
def test_what_changed_is_told_by_meaning(here: Repository) -> None:
    wanted = {
        "gallery/lenet5.keraspec.toml": "layers.c1.filters  6 → 8",
        "gallery/unet.keraspec.toml": "layers.dropout    is called thin now",
        "gallery/two_tower.keraspec.toml": "layers.years  stood behind user_vector, stands first now",
        "gallery/wavenet.keraspec.toml": "\nno difference\n",
        "gallery/convnext_tiny.keraspec.toml": "3.5 GiB  (+96.0 KiB)\n",
        "nets/base.keraspec.toml": "same network, other data\n",
        "blocks/units.keraspec.toml": "blocks.unit.layers.conv.kernel_size  3 → 5",
        RENAMED[0]: "\nno difference\n",
        GONE: "remember  is gone, and its weights with it",
    }
    said = here.git("diff", "main", "mine", "--", *wanted, RENAMED[1], "nets/large.keraspec.json")
    parts = {part.partition(" ")[0].removeprefix("a/"): part for part in said.split("diff --keraspec ")[1:]}
    assert parts.keys() == wanted.keys(), "of a file that is as it was nothing is told, though its base is not"
    for path, words in wanted.items():
        assert words in parts[path], f"{path}\n{parts[path]}"
    unit = parts["blocks/units.keraspec.toml"]
    assert (
        unit.index("kernel_size") < unit.index("- blocks.unit.layers.ReLU") < unit.index("+ blocks.unit.layers.Leaky")
    )
    said = here.git("log", "-p", "--ext-diff", "--format=%s", "main..theirs", "--", "gallery/lenet5*", RENAMED[0])
    assert said.index("their work") < said.index("layers.f6.units  84 → 96") < said.index("twice as much")
    assert "layers.listen.filters  8 → 16" in said
    assert '-  { name = "f6", type = "Dense", units = 84' in here.git("log", "-p", "main..theirs"), (
        "lines, as git has them"
    )


@pytest.mark.long
def test_who_leaves_the_pager_hears_nothing_of_it(here: Repository) -> None:
    started = subprocess.Popen(["git", "diff", "main", "mine"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()
    started.stdout.close()
    assert started.stderr is not None
    assert started.stderr.read() == b""
    assert started.wait() in (0, -13)
    started.stderr.close()


@pytest.mark.long
def test_what_two_files_are_only_together_is_found_by_check(here: Repository) -> None:
    """One gives a layer of a base another name, the other refers to it from above: each file merges by itself."""
    here.git("checkout", "-q", "-b", "one", "main")
    clean("rename", "nets/base.keraspec.toml", "hidden", "narrow")
    here.commit("a better name")
    here.git("checkout", "-q", "-b", "two", "main")
    small = "nets/small.keraspec.toml"
    here.commit(
        "one more",
        {small: here.read(small) + '\n[[layers]]\nname = "more"\ntype = "Dropout"\nrate = 0.1\nafter = "hidden"\n'},
    )
    clean("check", ".")
    here.git("merge", "one")
    result = keraspec("check", "--changed", "main", "--output-format", "concise")
    assert result.exit_code == 1
    assert f"{small}:" in result.stdout
    assert "hidden" in result.stdout
    clean("set", small, "layers.more.after=narrow")
    clean("check", "--changed", "main")

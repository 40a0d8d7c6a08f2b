"""`keraspec check --changed`: what changed, and all that is made of it, in real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

BASE = 'keraspec = 1\ninputs.image.shape = [8]\n\n[[layers]]\nname = "digit"\ntype = "Dense"\nunits = 10\n'
BLOCKS = 'keraspec = 1\n[blocks.head]\nlayers = [{ type = "Dense", units = 3 }]\n'
INCLUDES = 'keraspec = 1\ninclude = ["../blocks.toml"]\ninputs.x.shape = [4]\n[[layers]]\nblock = "head"\n'


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository: one spec alone, two in a chain above a third, one that includes blocks, all committed to main."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    texts = {
        "alone.keraspec.toml": BASE,
        "base.keraspec.toml": BASE,
        "middle.keraspec.toml": 'keraspec = 1\nextends = "base.keraspec.toml"\n',
        "top.keraspec.json": '{"keraspec": 1, "\\u0065xtends": "middle.keraspec.toml"}\n',
        "blocks.toml": BLOCKS,
        "inner/user é.keraspec.toml": INCLUDES,
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["check", *map(str, arguments)])


def files(*arguments: object) -> set[str]:
    """The files that are checked, as JUnit's XML names them."""
    from xml.etree import ElementTree

    result = check("--output-format", "junit", *arguments)
    assert result.exit_code in (0, 1), result.output
    return {str(one.get("name")) for one in ElementTree.fromstring(result.stdout.encode())}


def test_nothing_has_changed(folder: Path) -> None:
    result = check("--changed")
    assert (result.exit_code, result.stdout) == (0, "no errors, 0 files checked\n")


def test_what_is_made_of_a_changed_file_is_checked(folder: Path) -> None:
    (folder / "base.keraspec.toml").write_text(BASE + "# saved, not committed\n", encoding="utf-8")
    assert files("--changed") == {"base.keraspec.toml", "middle.keraspec.toml", "top.keraspec.json"}
    git(folder, "checkout", "-q", ".")
    (folder / "blocks.toml").write_text(BLOCKS + "# changed\n", encoding="utf-8")
    git(folder, "add", "-A")
    assert files("--changed") == {"blocks.toml", "inner/user é.keraspec.toml"}
    assert files("--changed", "--", "inner") == files("--changed", "inner") == {"inner/user é.keraspec.toml"}


def test_a_file_that_went_is_missed(folder: Path) -> None:
    (folder / "blocks.toml").unlink()
    assert files("--changed") == {"inner/user é.keraspec.toml"}
    assert check("--changed").exit_code == 1


def test_new_files_count_and_ignored_ones_do_not(folder: Path) -> None:
    (folder / ".gitignore").write_text("scratch*\n", encoding="utf-8")
    for name in ("scratch", "new"):
        (folder / f"{name}.keraspec.toml").write_text(BASE, encoding="utf-8")
    assert files("--changed") == {"new.keraspec.toml"}


def test_settings_hold_for_what_is_below_them(folder: Path) -> None:
    (folder / "inner" / "keraspec.toml").write_text('ignore = ["W6"]\n', encoding="utf-8")
    assert files("--changed") == {"inner/user é.keraspec.toml"}


def test_a_clean_branch_is_held_against_where_it_began(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(folder, "checkout", "-q", "-b", "mine")
    (folder / "alone.keraspec.toml").write_text(BASE + "# mine\n", encoding="utf-8")
    mine = commit(folder)
    git(folder, "checkout", "-q", "main")
    (folder / "base.keraspec.toml").write_text(BASE + "# theirs\n", encoding="utf-8")
    commit(folder)
    git(folder, "checkout", "-q", "mine")
    assert files("--changed") == {"alone.keraspec.toml"}
    assert "base.keraspec.toml" in files("--changed", "main")
    assert files("--changed", mine) == set()
    assert files("--changed=HEAD~1") == {"alone.keraspec.toml"}
    monkeypatch.chdir(folder / "inner")
    assert files("--changed") == {"alone.keraspec.toml"}
    (folder / "blocks.toml").write_text(BLOCKS + "# dirty\n", encoding="utf-8")
    assert files("--changed") == {"blocks.toml", "inner/user é.keraspec.toml"}, "what is not committed comes first"


def test_the_remote_says_which_branch_is_the_default(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    git(folder, "branch", "-q", "-m", "main", "trunk")
    clone = tmp_path_factory.mktemp("clone") / "here"
    git(folder, "clone", "-q", str(folder), str(clone))
    git(clone, "checkout", "-q", "-b", "mine")
    (clone / "alone.keraspec.toml").write_text(BASE + "# mine\n", encoding="utf-8")
    commit(clone)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(clone)
        assert files("--changed") == {"alone.keraspec.toml"}


def test_the_first_commit_is_still_to_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "one.keraspec.toml").write_text(BASE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert files("--changed") == {"one.keraspec.toml"}


def test_trouble_is_one_line(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    result = check("--changed", "nowhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "keraspec: --changed nowhere: git knows no revision nowhere\n"
    git(folder, "branch", "-q", "-m", "main", "other")
    result = check("--changed")
    assert result.exit_code == 2
    assert (
        result.stderr
        == "keraspec: --changed: there is no branch main or master to hold against; say against what: --changed REV\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("no repository"))
        result = check("--changed")
    assert result.exit_code == 2
    assert result.stderr.startswith("keraspec: --changed: not a git repository")
    assert check().exit_code == 2
    assert "Missing argument" in check().stderr


def test_branches_that_share_nothing(folder: Path) -> None:
    git(folder, "checkout", "-q", "--orphan", "mine")
    (folder / "alone.keraspec.toml").unlink()
    commit(folder)
    result = check("--changed")
    assert (result.exit_code, "git fetch --unshallow" in result.stderr) == (2, True)


def test_a_revision_is_no_option_of_git(folder: Path) -> None:
    result = check("--changed=--output=x")
    assert result.exit_code == 2
    assert not (folder / "x").exists()

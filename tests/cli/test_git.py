"""Real repositories: git compares and merges specs by what they mean, and is left as it was found."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from keraspec.cli import group

SPEC = """keraspec = 1
name = "small"
inputs.x.shape = [8]

# the wide one
[[layers]]
name = "wide"
type = "Dense"
units = 8

[[layers]]
name = "last"
type = "Dense"
units = 1

[training]
epochs = 3
"""
NAME = "net.keraspec.toml"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one spec in it, and nobody's settings but its own."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "global"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(tmp_path / "system"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("GIT_EDITOR", "true")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "somebody@example.org")
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    git("init", "-q", "-b", "main")
    commit(SPEC, "base")
    return folder


def git(*arguments: str, fails: bool = False) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout


def commit(text: str, message: str) -> None:
    Path(NAME).write_text(text, "utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", message)


def branch(name: str, *texts: str) -> None:
    """A branch from main with a commit for each text."""
    git("checkout", "-q", "-b", name, "main")
    for number, text in enumerate(texts):
        commit(text, f"{name} {number}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, list(arguments))


def read() -> dict[str, object]:
    return tomllib.loads(Path(NAME).read_text("utf-8"))


def test_what_was_put_in_is_taken_out_and_nothing_else(repository: Path) -> None:
    attributes = repository / ".gitattributes"
    attributes.write_text("*.png binary\n", "utf-8")
    git("config", "diff.other.textconv", "cat")
    before = (repository / ".git" / "config").read_text("utf-8"), attributes.read_text("utf-8")
    assert run("git", "install").exit_code == 0
    assert "*.keraspec.toml diff=keraspec merge=keraspec" in attributes.read_text("utf-8")
    assert "merge-driver %O %A %B" in git("config", "merge.keraspec.driver")
    once = attributes.read_text("utf-8")
    assert run("git", "install").exit_code == 0
    assert attributes.read_text("utf-8") == once
    assert run("git", "uninstall").exit_code == 0
    assert ((repository / ".git" / "config").read_text("utf-8"), attributes.read_text("utf-8")) == before


def test_what_others_set_below_the_same_name_stays(repository: Path) -> None:
    run("git", "install")
    git("config", "diff.keraspec.cachetextconv", "true")
    run("git", "uninstall")
    assert git("config", "--get-regexp", r"^diff\.keraspec\.") == "diff.keraspec.cachetextconv true\n"
    assert not (repository / ".gitattributes").exists()


def test_a_file_whose_last_line_has_no_end_gets_it_back(repository: Path) -> None:
    attributes = repository / ".gitattributes"
    attributes.write_text("*.png binary", "utf-8")
    run("git", "install")
    run("git", "uninstall")
    assert attributes.read_text("utf-8") == "*.png binary"


def test_for_all_repositories_of_a_person(repository: Path, tmp_path: Path) -> None:
    assert run("git", "install", "--global").exit_code == 0
    assert "keraspec" in (tmp_path / "xdg" / "git" / "attributes").read_text("utf-8")
    assert not (repository / ".gitattributes").exists()
    Path(NAME).write_text(SPEC.replace("units = 8", "units = 16"), "utf-8")
    assert "layers.wide.units" in git("diff")
    assert run("git", "uninstall", "--global").exit_code == 0
    assert not (tmp_path / "xdg" / "git" / "attributes").exists()
    assert "keraspec" not in (tmp_path / "global").read_text("utf-8")


def test_outside_of_a_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    result = run("git", "install")
    assert result.exit_code == 2
    assert "not a git repository" in result.output


def test_git_diff_says_what_changed_in_the_network(repository: Path) -> None:
    run("git", "install")
    Path(NAME).write_text(SPEC.replace("units = 8", "units = 16"), "utf-8")
    said = git("diff")
    assert f"diff --keraspec a/{NAME} b/{NAME}" in said
    assert "layers.wide.units  8 → 16" in said
    assert "82 → 162" not in said  # 81 parameters: 72 and 9
    assert "parameters" in said
    assert "81 → 161" in said
    assert "-units = 8\n+units = 16\n" in git("diff", "--no-ext-diff")
    Path(NAME).unlink()
    Path("new.keraspec.toml").write_text(SPEC, "utf-8")
    git("add", "-A")
    assert "was" not in git("diff", "--cached", "--no-renames").partition("new.keraspec.toml")[0]


def test_a_file_that_is_no_text_is_left_to_git(repository: Path) -> None:
    run("git", "install")
    Path(NAME).write_bytes(b"\xff\xfe\x00")
    assert "Binary files" in git("diff")


def test_people_who_touched_different_things_merge_without_a_word(repository: Path) -> None:
    run("git", "install")
    git("add", "-A")
    git("commit", "-q", "-m", "drivers")
    put = '[[layers]]\nname = "{0}"\ntype = "Dropout"\nrate = 0.{1}\n\n'
    branch("one", SPEC.replace('[[layers]]\nname = "last"', put.format("one", 1) + '[[layers]]\nname = "last"'))
    branch("two", SPEC.replace('[[layers]]\nname = "last"', put.format("two", 2) + '[[layers]]\nname = "last"')
           .replace("units = 8", "units = 16"))  # fmt: skip
    git("merge", "-q", "one")
    layers = read()["layers"]
    assert isinstance(layers, list)
    assert [one["name"] for one in layers] == ["wide", "two", "one", "last"]
    assert layers[0]["units"] == 16
    assert "# the wide one\n" in Path(NAME).read_text("utf-8")


def test_commits_are_put_upon_others_one_by_one(repository: Path) -> None:
    run("git", "install")
    git("add", "-A")
    git("commit", "-q", "-m", "drivers")
    wide = SPEC.replace("units = 8", "units = 16")
    branch("one", wide, wide.replace("epochs = 3", "epochs = 5"))
    branch(
        "two", SPEC.replace("units = 8", 'units = 8\nactivation = "relu"').replace("epochs = 3", "epochs = 3\nseed = 1")
    )
    git("rebase", "-q", "one")
    assert read()["training"] == {"epochs": 5, "seed": 1}
    git("checkout", "-q", "main")
    git("cherry-pick", "one")
    assert read()["training"] == {"epochs": 5}
    layers = read()["layers"]
    assert isinstance(layers, list)
    assert layers[0]["units"] == 8


def test_a_conflict_is_marked_and_git_knows_of_it(repository: Path) -> None:
    run("git", "install")
    git("add", "-A")
    git("commit", "-q", "-m", "drivers")
    branch("one", SPEC.replace("units = 8", "units = 16").replace("epochs = 3", "epochs = 4"))
    branch("two", SPEC.replace("units = 8", "units = 32"))
    git("merge", "-q", "one", fails=True)
    assert git("status", "--short") == f"UU {NAME}\n"
    text = Path(NAME).read_text("utf-8")
    assert "\nunits = 32\n=======\nunits = 16\n>>>>>>> " in text
    assert "epochs = 4" in text  # what is no conflict is merged
    assert "not merged yet" in git("diff", "--ours") or "units" in git("diff")
    Path(NAME).write_text(SPEC.replace("units = 8", "units = 24"), "utf-8")
    git("add", "-A")
    git("commit", "-q", "--no-edit")


def test_what_is_wrong_only_together_is_told_and_not_taken_as_merged(repository: Path) -> None:
    run("git", "install")
    git("add", "-A")
    git("commit", "-q", "-m", "drivers")
    wide = '# the wide one\n[[layers]]\nname = "wide"\ntype = "Dense"\nunits = 8\n\n'
    branch("one", SPEC.replace(wide, ""))
    branch(
        "two",
        SPEC.replace("[training]", '[[layers]]\nname = "sum"\ntype = "Add"\ninputs = ["wide", "last"]\n\n[training]'),
    )
    git("merge", "-q", "one", fails=True)
    assert git("status", "--short") == f"UU {NAME}\n"
    Path("base").write_text(SPEC, "utf-8")
    Path("ours").write_text(git("show", f"two:{NAME}"), "utf-8")
    Path("theirs").write_text(git("show", f"one:{NAME}"), "utf-8")
    result = run("merge", "base", "ours", "theirs")
    assert result.exit_code == 1
    assert "together they are not: line" in result.output
    assert "`wide`" in result.output


def test_the_verb_merge_writes_where_it_is_told(repository: Path) -> None:
    for name, text in (("b", SPEC), ("o", SPEC.replace("units = 8", "units = 9")), ("t", SPEC.replace("= 3", "= 4"))):
        Path(name).write_text(text, "utf-8")
    result = run("merge", "b", "o", "t", "-o", "made.toml")
    assert result.exit_code == 0
    assert Path("made.toml").read_text("utf-8") == SPEC.replace("units = 8", "units = 9").replace("= 3", "= 4")
    assert run("merge", "b", "o", "missing").exit_code == 2


def test_a_revision_is_read_with_all_that_it_extends_there(repository: Path) -> None:
    folder = repository / "specs"
    folder.mkdir()
    (folder / "base.keraspec.toml").write_text(SPEC, "utf-8")
    over = folder / "over.keraspec.toml"
    over.write_text('keraspec = 1\nextends = "base.keraspec.toml"\n\n[training]\nepochs = 9\n', "utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "more")
    (folder / "base.keraspec.toml").write_text(SPEC.replace("units = 8", "units = 16"), "utf-8")
    result = run("diff", "HEAD:specs/over.keraspec.toml", str(over))
    assert result.exit_code == 1
    assert "layers.wide.units  8 → 16  (base.keraspec.toml:9)" in result.output
    assert run("diff", "HEAD:specs/over.keraspec.toml", ":specs/over.keraspec.toml").exit_code == 0
    for wrong in ("HEAD:specs/other.keraspec.toml", "nothing:specs/over.keraspec.toml"):
        result = run("diff", wrong, str(over))
        assert result.exit_code == 2
        assert "keraspec: " in result.output
        assert "Traceback" not in result.output


def test_paths_of_a_revision_begin_at_the_root_or_where_one_stands(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository / "specs"
    folder.mkdir()
    (folder / "a.keraspec.toml").write_text(SPEC, "utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "more")
    monkeypatch.chdir(folder)
    for name in ("HEAD:specs/a.keraspec.toml", "HEAD:./a.keraspec.toml", "HEAD:a.keraspec.toml"):
        assert run("diff", name, "a.keraspec.toml").exit_code == 0
    assert run("diff", f"HEAD:{NAME}", "a.keraspec.toml").exit_code == 0


def test_errors_of_a_revision_name_it_and_no_folder_of_ours(repository: Path) -> None:
    commit('keraspec = 1\nextends = "gone.keraspec.toml"\n', "broken")
    from keraspec.revisions import load_revision

    checked = load_revision(f"HEAD:{NAME}")
    assert [one.code for one in checked.errors][:1] == ["E630"]
    assert checked.errors[0].file == f"HEAD:{NAME}"
    assert not any("keraspec-" in f"{one.file} {one.message} {one.help}" for one in checked.diagnostics)


@pytest.mark.long
def test_git_diff_reads_what_a_file_extends_where_the_file_is_from(repository: Path) -> None:
    """The base as it was when the file was so: not as it lies in the folder now."""
    run("git", "install")
    base = repository / "base.keraspec.toml"

    def over(epochs: int) -> str:
        return f'keraspec = 1\nextends = "base.keraspec.toml"\n\n[training]\nepochs = {epochs}\n'

    for epochs, units in ((1, 8), (2, 16), (3, 32)):
        base.write_text(SPEC.replace("units = 8", f"units = {units}"), "utf-8")
        commit(over(epochs), f"number {epochs}")
    base.write_text(SPEC.replace("units = 8", "units = 64"), "utf-8")
    git("branch", "aside", "HEAD~1")
    for words, epochs, units in (
        (("show", "--ext-diff", "HEAD"), "2 → 3", "16 → 32"),
        (("show", "--ext-diff", "HEAD~1"), "1 → 2", "8 → 16"),
        (("diff", "HEAD~2", "HEAD"), "1 → 3", "8 → 32"),
        (("diff", "HEAD~2"), "1 → 3", "8 → 32"),
        (("diff", "-R", "HEAD", "aside"), "2 → 3", "16 → 32"),
    ):
        said = git(*words, "--", NAME)
        said = " ".join(said.split())
        assert f"training.epochs {epochs}" in said, said
        assert f"layers.wide.units {units} (base.keraspec.toml:9)" in said, said
    Path(NAME).write_text(over(4), "utf-8")
    said = " ".join(git("diff", "--", NAME).split())
    assert "training.epochs 3 → 4" in " ".join(said.split())
    assert "layers.wide.units 32 → 64" in said
    git("add", NAME)
    said = git("diff", "--cached", "--", NAME)
    assert "training.epochs 3 → 4" in " ".join(said.split())
    assert "layers.wide.units" not in said
    git("mv", NAME, "else.keraspec.toml")
    git("commit", "-q", "-m", "moved")
    assert "training.epochs  3 → 4" in git("show", "--ext-diff", "-M")

"""The verb git."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from .printing import files, refuse

BEGIN: Final = "# >>> keraspec: taken out by `keraspec git uninstall`"
END: Final = "# <<< keraspec"
JOINED: Final = " (the line before had no end)"
PATTERNS: Final = ("*.keraspec.toml", "*.keraspec.json")
HEADING: Final = r"^[[:space:]]*(\[.*\]|\{? *\"?name\"? *[=:].*)$"
"""What stands beside the line numbers in a plain `git diff --no-ext-diff`: tables, and names of layers."""


@click.group(name="git")
def command() -> None:
    """Let git compare and merge specs by what they mean.

    `install` sets up a diff driver and a merge driver for *.keraspec.toml and *.keraspec.json; `uninstall` takes out
    what was put in. `git diff --no-ext-diff` shows lines all the same.
    """


@command.command(name="install")
@click.option("--global", "everywhere", is_flag=True, help="For all repositories of this person, not for this one.")
def install(everywhere: bool) -> None:
    """Set up the drivers: patterns in .gitattributes, which is for everybody, commands in this copy's config."""
    attributes = _attributes(everywhere)
    wanted = "\n".join([BEGIN, *(f"{one} diff=keraspec merge=keraspec" for one in PATTERNS), END, ""])
    for key, value in _settings().items():
        _git("config", *_where(everywhere), key, value)
    with files():
        before = attributes.read_text("utf-8") if attributes.is_file() else ""
        rest = _without(before)
        if rest and not rest.endswith("\n"):
            rest, wanted = f"{rest}\n", wanted.replace(END, END + JOINED)
        _write(attributes, rest + wanted)
    click.echo(f"{attributes}: {', '.join(PATTERNS)} are compared and merged by keraspec")
    if not everywhere:
        click.echo("commit .gitattributes; who works on another copy calls `keraspec git install` once, too")


@command.command(name="uninstall")
@click.option("--global", "everywhere", is_flag=True, help="For all repositories of this person, not for this one.")
def uninstall(everywhere: bool) -> None:
    """Take out what `install` put in, and nothing else."""
    attributes = _attributes(everywhere)
    with files():
        if attributes.is_file():
            before = attributes.read_text("utf-8")
            rest = _without(before)
            if rest != before:
                if rest:
                    _write(attributes, rest)
                else:
                    attributes.unlink()
    for key in _settings():
        _git("config", *_where(everywhere), "--unset-all", key, may_fail=True)
    for name in ("diff.keraspec", "merge.keraspec"):
        left = _git("config", *_where(everywhere), "--get-regexp", rf"^{name}\.", may_fail=True)
        if not left:  # the heading of the section alone
            _git("config", *_where(everywhere), "--remove-section", name, may_fail=True)
    click.echo("git compares and merges specs line by line again")


@command.command(name="diff-driver", hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def diff_driver(arguments: tuple[str, ...]) -> None:
    """What git calls: PATH OLD-FILE OLD-HEX OLD-MODE NEW-FILE NEW-HEX NEW-MODE [NEW-PATH …].

    It ends with 0 whatever there is to say, also where a pager was left before the end: git takes anything else for a
    broken driver.
    """
    try:
        _compare(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _compare(arguments: tuple[str, ...]) -> None:
    """Print what two files that git laid out differ in."""
    if len(arguments) < 7:  # a file with conflicts: git gives nothing but its name
        click.echo(f"{arguments[0] if arguments else 'a spec'}: not merged yet")
        return
    path, old, new = arguments[0], arguments[1], arguments[4]
    now = arguments[7] if len(arguments) > 7 else path
    click.echo(f"diff --keraspec a/{path} b/{now}")
    sys.stdout.flush()  # nobody listens any longer: then nothing is worked out
    from ..checked import SpecError
    from ..comparing import compare, names_others, under
    from ..revisions import revisions_of
    from .diff import write

    try:
        with files():
            before = after = None
            if names_others(Path(old), path) or names_others(Path(new), now):
                before, after = revisions_of(Path.cwd(), (path, now), arguments[2], arguments[5])
            found = compare(under(Path(old), path, before), under(Path(new), now, after), (f"a/{path}", f"b/{now}"))
    except SpecError:  # no text: then git's own words
        sys.stdout.flush()
        subprocess.run(["git", "diff", "--no-index", "--no-ext-diff", "--", old, new], check=False)
        return
    write(found, "text", None, "auto")


@command.command(name="merge-driver", hidden=True)
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("ours", type=click.Path(path_type=Path))
@click.argument("theirs", type=click.Path(path_type=Path))
@click.argument("size")
@click.argument("path")
@click.argument("labels", nargs=-1)
def merge_driver(base: Path, ours: Path, theirs: Path, size: str, path: str, labels: tuple[str, ...]) -> None:
    """What git calls; the result goes where ours was. Versions of git that know no labels leave `%X` standing."""
    from ..compiler.render import write
    from .merge import merged, told

    names = [one if one and not one.startswith("%") else instead
             for one, instead in zip([*labels, "", ""][:2], ("ours", "theirs"), strict=True)]  # fmt: skip
    made, problems = merged(base, ours, theirs, path, int(size) if size.isdigit() else 7, (names[0], names[1]))
    with files():
        write(ours, made.text.encode())
    told(made, problems, path)
    if made.conflicts or problems:
        raise SystemExit(1)


def _settings() -> dict[str, str]:
    """Keys of git's config and what `install` sets them to."""
    # -P: nothing is imported from the repository in which git calls it.
    program = f"{shlex.quote(Path(sys.executable).as_posix())} -P -m keraspec.cli git"
    return {
        "diff.keraspec.command": f"{program} diff-driver",
        "diff.keraspec.xfuncname": HEADING,
        "merge.keraspec.name": "specs by layer and key",
        "merge.keraspec.driver": f"{program} merge-driver %O %A %B %L %P %X %Y",
    }


def _where(everywhere: bool) -> tuple[str, ...]:
    return ("--global",) if everywhere else ("--local",)


def _attributes(everywhere: bool) -> Path:
    """The file with the patterns."""
    if not everywhere:
        root = _git("rev-parse", "--show-toplevel")
        return Path(root) / ".gitattributes"
    stated = _git("config", "--global", "--type=path", "core.attributesFile", may_fail=True)
    if stated:
        return Path(stated)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "git" / "attributes"


def _without(text: str) -> str:
    """The text without the lines that `install` put in."""
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < start:
        return text
    rest = text[end + len(END) :]
    if rest.startswith(JOINED):
        start, rest = start - 1, rest.removeprefix(JOINED)
    return text[:start] + rest.removeprefix("\n")


def _write(path: Path, text: str) -> None:
    from ..compiler.render import write

    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, text.encode())


def _git(*arguments: str, may_fail: bool = False) -> str:
    """What git says; if it refuses, exit status 2."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        refuse("git is not installed here")
    if done.returncode and not may_fail:
        said = done.stderr.strip().splitlines()
        refuse(said[0].removeprefix("fatal: ") if said else f"git ended with {done.returncode}")
    return done.stdout.strip() if not done.returncode else ""

"""The verb fmt."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import click

from ..spec.finding import Diagnostic
from .printing import colours, files, refuse, say, trouble
from .specs import specs_of

BOM: Final = b"\xef\xbb\xbf"
STDIN: Final = Path("-")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of one text: what it was and is to be; or the mistakes for which it stays as it is."""

    path: Path
    old: str = ""
    new: str = ""
    bom: bytes = b""
    mistakes: tuple[Diagnostic, ...] = ()
    refused: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything would be written."""
        return self.old != self.new

    @property
    def failed(self) -> bool:
        """Whether it could not be laid out."""
        return bool(self.mistakes) or self.refused is not None


@click.command(name="fmt")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change, and exit with 1 if anything would.")
@click.option("--to", type=click.Choice(["toml", "json"]), help="Convert: write the spec in this language beside it.")
def command(paths: tuple[Path, ...], check: bool, diff: bool, to: Literal["toml", "json"] | None) -> None:
    """Lay specs out in one way; a folder means all specs below it, `-` standard input.

    Values, comments and the order of layers stay. A file with mistakes in its syntax is left alone.

    Exit status: 0 done, 1 if something would change (--check, --diff), 2 for trouble.
    """
    if to is not None and (check or diff):
        refuse("--to writes new files: it goes without --check and --diff")
    if STDIN in paths:
        if len(paths) > 1:
            refuse("`-` stands alone: standard input is one spec")
        _standard_input(check, diff, to)
        return
    with files():
        from ..spec.configured import Configuration

        configuration = Configuration()
        specs = specs_of(paths, lambda path: configuration.of(path).excludes(path))
        say(configuration.diagnostics, "full", err=True)
        if to is not None:
            _convert(specs, to)
            return
        _lay_out(specs, check, diff)


def _lay_out(specs: list[Path], check: bool, diff: bool) -> None:
    counts: Counter[str] = Counter()
    closed = False
    for path in specs:
        try:
            one = _formatted(path, path.read_bytes(), _language(path))
        except OSError as error:
            click.echo(f"keraspec: {trouble(error)}", err=True)
            closed = True
            continue
        if one.failed:
            _complain(one)
            counts["failed"] += 1
            continue
        counts["changed" if one.changed else "same"] += 1
        if not one.changed:
            continue
        if diff:
            show_diff(one.old, one.new, str(path))
        elif check:
            click.echo(f"would lay out anew: {path}")
        else:
            write_text(path, one.new, one.bom)
            click.echo(f"laid out anew: {path}")
    changed = f"{counts['changed']} {'would be ' if check or diff else ''}changed"
    failed = f", {counts['failed']} with mistakes left alone" if counts["failed"] else ""
    click.echo(f"{changed}, {counts['same']} as they should be{failed}", err=diff)
    if closed or counts["failed"]:
        raise SystemExit(2)
    if (check or diff) and counts["changed"]:
        raise SystemExit(1)


def _convert(specs: list[Path], to: Literal["toml", "json"]) -> None:
    from ..spec.format import LayoutError, converted

    failed = False
    for path in (one for one in specs if _language(one) != to):
        target = path.with_suffix(f".{to}")
        one = _formatted(path, path.read_bytes(), _language(path))
        if one.failed:
            _complain(one)
            failed = True
        elif target.exists():
            click.echo(f"keraspec: {target}: is there already, and is left as it is", err=True)
            failed = True
        else:
            try:
                made = converted(one.old, _language(path))
            except LayoutError as error:
                click.echo(f"keraspec: {path}: {error}", err=True)
                failed = True
                continue
            write_text(target, made.text)
            click.echo(f"{path} → {target}{_lost(made.comments)}")
    if failed:
        raise SystemExit(2)


def _standard_input(check: bool, diff: bool, to: Literal["toml", "json"] | None) -> None:
    from ..spec.format import LayoutError, converted

    raw = sys.stdin.buffer.read()
    language: Literal["toml", "json"] = "json" if raw.removeprefix(BOM).lstrip()[:1] == b"{" else "toml"
    one = _formatted(Path("<stdin>"), raw, language)
    if one.failed:
        _complain(one)
        raise SystemExit(2)
    if to is not None and to != language:
        try:
            made = converted(one.old, language)
        except LayoutError as error:
            refuse(str(error))
        if made.comments:
            click.echo(f"keraspec: the spec{_lost(made.comments)}", err=True)
        sys.stdout.buffer.write(made.text.encode())
    elif diff:
        show_diff(one.old, one.new, "<stdin>")
    elif not check:
        sys.stdout.buffer.write(one.bom + one.new.encode())
    sys.stdout.flush()
    if (check or diff) and one.changed:
        raise SystemExit(1)


def _lost(comments: int) -> str:
    if not comments:
        return ""
    return f", without its {comments} comment{'s' if comments > 1 else ''}, for which JSON has no place"


def _language(path: Path) -> Literal["toml", "json"]:
    return "json" if path.suffix.lower() == ".json" else "toml"


def _formatted(path: Path, raw: bytes, language: Literal["toml", "json"]) -> _Outcome:
    from ..spec.finding import located
    from ..spec.format import LayoutError, formatted
    from ..spec.read import read_text

    document, findings = read_text(str(path), raw, language)
    if document is None:
        return _Outcome(path, mistakes=tuple(Diagnostic(one, one.place) for one in findings if one.place is not None))
    if findings:
        return _Outcome(path, mistakes=tuple(located(one, document) for one in findings))
    old = document.source.text
    try:
        return _Outcome(path, old, formatted(old, language), BOM if raw.startswith(BOM) else b"")
    except LayoutError as error:
        return _Outcome(path, refused=str(error))


def _complain(one: _Outcome) -> None:
    if one.refused is not None:
        click.echo(f"keraspec: {one.path}: {one.refused}", err=True)
    say(one.mistakes, "full", err=True)


def show_diff(old: str, new: str, name: str) -> None:
    """Print what changes in a text, as `diff -u` does."""
    from difflib import unified_diff

    tints = colours()
    marks = {"+": tints.help, "-": tints.error, "@": tints.dim}
    lines = unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="")
    for number, line in enumerate(lines):
        tint = tints.bold if number < 2 else marks.get(line[:1], "")
        click.echo(f"{tint}{line}{tints.end if tint else ''}", color=True)


def write_text(path: Path, text: str, bom: bytes = b"") -> None:
    """Write a spec in one step, with the rights that the old file has."""
    from ..compiler.render import write

    mode = path.stat().st_mode if path.exists() else None
    write(path, bom + text.encode())
    if mode is not None:
        path.chmod(mode & 0o7777)

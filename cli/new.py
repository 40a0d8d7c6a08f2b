"""The verb new."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Literal

import click

from ..compiler.templates import SUFFIX, TEMPLATES
from .completing import template_names
from .printing import colours, files, refuse, say

if TYPE_CHECKING:
    from ..drafting import New


def _listed(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Print the templates, and end."""
    if not wanted or ctx.resilient_parsing:
        return
    tint = colours()
    wide = max(map(len, TEMPLATES))
    for name, words in TEMPLATES.items():
        click.echo(f"{tint.bold}{name:<{wide}}{tint.end}  {words}", color=True)
    ctx.exit()


@click.command(name="new")
@click.argument("spec", required=False, type=click.Path(path_type=Path))
@click.option("-t", "--template", shell_complete=template_names, help="A spec to begin with; --list names them.")
@click.option(
    "--from",
    "data",
    type=click.Path(path_type=Path),
    metavar="DATA",
    help="A table (.csv, .tsv, .jsonl, .parquet, .npz, .tfrecord; of several files 'part-*.csv'), or a folder of "
    "pictures, texts or sounds, a folder a class.",
)
@click.option("--target", "targets", multiple=True, metavar="COLUMN", help="What is to be predicted; of several, each.")
@click.option(
    "--task",
    type=click.Choice(["auto", "classes", "number"]),
    default="auto",
    show_default=True,
    help="Whether numbers to be predicted are classes or amounts.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The spec to write, as SPEC; `-` prints it.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--list", is_flag=True, callback=_listed, expose_value=False, is_eager=True, help="List the templates.")
def command(
    spec: Path | None,
    template: str | None,
    data: Path | None,
    targets: tuple[str, ...],
    task: Literal["auto", "classes", "number"],
    output: Path | None,
    force: bool,
) -> None:
    """Begin a spec: from a template, or from data.

    \b
    keraspec new digits.keraspec.toml --template cnn
    keraspec new --from table.csv --target price

    From data the columns are looked at, and the spec that is written trains at once; comments in it say why it is as
    it is. Nothing is written over without --force.

    Exit status: 0 written, 2 where it can't be.
    """
    from ..drafting import from_data, from_template

    if (template is None) == (data is None):
        refuse("say what to begin with: --template NAME (see --list), or --from DATA")
    if spec is not None and output is not None and spec != output:
        refuse(f"the spec is to be written to {spec} and to {output}; name one of them")
    if template is not None and template not in TEMPLATES:
        from ..spec.words import closest

        near = closest(template, TEMPLATES)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(TEMPLATES)}"
        refuse(f"there is no template {template}; {hint}")
    if template is not None and (targets or task != "auto"):
        refuse("--target and --task go with --from")
    path = spec or output or Path(f"{template or _stem(data or Path())}{SUFFIX}")
    printed = str(path) == "-"
    if printed:
        path = Path(f"{template or _stem(data or Path())}{SUFFIX}")
    elif path.suffix.lower() not in (".toml", ".json"):
        path = path.with_name(f"{path.name}{SUFFIX}")
    if not printed and path.exists() and not force:
        refuse(f"{path} is there already; write it elsewhere, or add --force")
    with files():
        try:
            if template is not None:
                made = from_template(template, path)
            else:
                made = from_data(data or Path(), targets, path, task=task)
        except ValueError as error:
            refuse(str(error))
        if printed:
            click.echo(made.text, nl=False)
            return
        from .fmt import write_text

        write_text(path, made.text)
    _report(made, path)


def _stem(data: Path) -> str:
    return data.absolute().name.partition(".")[0] or "model"


def _report(made: New, path: Path) -> None:
    """What was seen in the data, and what to do next."""
    tint = colours()
    if made.seen:
        wide = min(40, max(len(name) for name, _ in made.seen))
        click.echo(f"{made.rows:,} rows")
        for name, words in made.seen[:40]:
            click.echo(f"  {tint.bold}{name:<{wide}}{tint.end}  {words}", color=True)
        if len(made.seen) > 40:
            click.echo(f"  and {len(made.seen) - 40} more columns")
    for aim in made.aims:
        click.echo(aim)
    say(made.checked.diagnostics, "full", err=True)
    click.echo(f"{path} written; try it with: keraspec train {quote(str(path))}")

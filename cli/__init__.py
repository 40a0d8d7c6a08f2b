"""The command line: one file a verb; each parses its arguments, calls the api, prints."""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword
from typing import Any, Final

import click

VERBS: Final = {
    "new": "Begin a spec: from a template, or from data.",
    "check": "Say what is wrong with specs, where, and what to write instead.",
    "show": "Print the table of layers and what the model will cost.",
    "draw": "Draw the network.",
    "import": "Make a spec of a saved Keras model.",
    "render": "Print the spec with blocks and parameters written out.",
    "where": "Say where a value comes from.",
    "diff": "Say what two specs differ in, by meaning.",
    "merge": "Merge what two people changed, by layer and key.",
    "git": "Let git diff and merge specs this way.",
    "python": "Write a Keras program that builds the same model.",
    "data": "Show the data as the model will see it, and what looks odd.",
    "train": "Train the model on the data that the spec names.",
    "launch": "Train with several processes on this machine.",
    "sweep": "Search over values, and write the best spec.",
    "report": "Write what training came to as a page to read.",
    "runs": "List runs, or compare them.",
    "verify": "Say what made a model, and what has changed since.",
    "evaluate": "Measure a trained model.",
    "predict": "Use a trained model.",
    "export": "Write a trained model for use elsewhere.",
    "fmt": "Lay specs out in one way.",
    "set": "Set values in the text of a spec.",
    "add": "Add a layer, or an entry to another list.",
    "insert": "Insert a layer before or after another.",
    "remove": "Remove layers or keys.",
    "rename": "Give a layer, a block or a parameter another name.",
    "explain": "Teach what a code means.",
    "docs": "Print the reference of a layer, a key or anything else.",
    "upgrade": "Bring specs to a later version of the language.",
    "watch": "Check and draw a spec at each save.",
    "completion": "Print what completes words in a shell.",
    "schema": "Print the JSON Schema, for editors.",
}
"""Verb → what it does; its command is `command` in the module of that name, loaded when it is called."""


class _Verbs(click.Group):
    """A group that imports a verb when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = import_module(f".{module}", __name__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from ..spec.words import closest

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = closest(args[0], VERBS)
            hint = f" Did you mean '{near}'?" if near else ""
            ctx.fail(f"There is no verb '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _version(ctx: click.Context, _parameter: Any, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"keraspec {version('keraspec')}")
        ctx.exit()


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Print the version."
)
def group() -> None:
    """Neural networks as TOML or JSON: checked, drawn, compiled to Keras and trained."""


def _not_lost(unraisable: Any) -> None:
    """A Ctrl-C that hits where Python can raise nothing, while an object is taken away, comes again a moment later."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    from _thread import interrupt_main
    from threading import Timer

    again = Timer(0.02, interrupt_main)
    again.daemon = True
    again.start()


def main() -> None:
    """Run the command line. Exit status: 0 clean, 1 findings, 2 wrong usage or a file that can't be opened."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.unraisablehook = _not_lost
    try:
        group(prog_name="keraspec")
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(141) from None

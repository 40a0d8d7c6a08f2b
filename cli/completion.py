"""The verb completion."""

from __future__ import annotations

from typing import Final, Literal

import click

WHERE: Final = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/keraspec.fish",
}
_LINES: Final = {
    "bash": 'eval "$(keraspec completion bash)"',
    "zsh": 'eval "$(keraspec completion zsh)"',
    "fish": "keraspec completion fish > ~/.config/fish/completions/keraspec.fish",
}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(WHERE)))
@click.option("--how", is_flag=True, help="Say what to write where, instead of printing it.")
def command(shell: Literal["bash", "zsh", "fish"], how: bool) -> None:
    """Print what completes verbs, options, specs, layers and templates in a shell.

    \b
    bash: write   eval "$(keraspec completion bash)"   into ~/.bashrc
    zsh:  write   eval "$(keraspec completion zsh)"    into ~/.zshrc
    fish: run     keraspec completion fish > ~/.config/fish/completions/keraspec.fish
    """
    from click.shell_completion import get_completion_class

    from . import group

    if how:
        verb = "run" if shell == "fish" else f"write into {WHERE[shell]}"
        click.echo(f"{verb}: {_LINES[shell]}")
        return
    made = get_completion_class(shell)
    assert made is not None
    click.echo(_source(made(group, {}, "keraspec", "_KERASPEC_COMPLETE"), shell))


def _source(made: object, shell: str) -> str:
    """The script; that of bash without asking which bash is there, which the shell itself does well enough."""
    from click.shell_completion import ShellComplete

    assert isinstance(made, ShellComplete)
    return ShellComplete.source(made) if shell == "bash" else made.source()

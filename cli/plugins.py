"""The option --allow-plugin, which every verb has that reads a spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .printing import refuse

Command = TypeVar("Command", bound=Callable[..., Any])


def allow_plugin(command: Command) -> Command:
    """Give a verb the option: the plugins are loaded before the verb begins."""
    return click.option(
        "--allow-plugin",
        multiple=True,
        metavar="NAME",
        help="Let the spec use a plugin, which runs its code: an installed one by name, or the path of a .py file.",
        expose_value=False,
        callback=_allow,
    )(command)


def _allow(_context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> None:
    if not names:
        return
    from ..plugins import PluginError, allow_plugin

    for name in names:
        try:
            allow_plugin(name)
        except PluginError as error:
            refuse(str(error))

"""What belongs to the language and is not carried out yet: named as such, not called unknown."""

from __future__ import annotations

import re
from typing import Final

from .document import Pointer
from .published import PLUGGED, SINGULAR, plugins, types_of
from .validation import Validation
from .words import a, closest, quoted

NOT_YET: Final = "belongs to the language, but this version of keraspec does not carry it out yet"
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def later_key(run: Validation, key: str, words: str, at: Pointer) -> None:
    """Report a key of the language that comes later."""
    run.add("E110", f"`{key}` ({words}) {NOT_YET}", at, part="key", help="write the spec without it for now")


def plugin_of(family: str, name: str) -> str | None:
    """The plugin whose object a name that the schema lacks may be; None where it can't be a plugin's."""
    return name.partition(".")[0] if family in PLUGGED and _DOTTED.fullmatch(name) else None


def plugin_type(run: Validation, family: str, name: str, plugin: str, at: Pointer) -> None:
    """Report the object of a plugin: one that is not allowed, or that has no such object."""
    if plugin in plugins():
        near = closest(name, (one for one in types_of(family) if one.startswith(f"{plugin}.")))
        singular = SINGULAR[family]
        run.add(
            "E108",
            f"the plugin `{plugin}` offers no {singular} called {quoted(name)}",
            at,
            help=f'did you mean "{near}"?' if near else f"look up what `{plugin}` offers",
        )
        return
    if plugin in run.unallowed:  # one cause, one message
        run.rejected.add(at)
        return
    run.unallowed.add(plugin)
    run.add(
        "E117",
        f"{quoted(name)} is {a(SINGULAR[family])} of the plugin `{plugin}`, which is not allowed here: "
        "what it takes and gives is not known",
        at,
        help=f"if you trust it, which runs its code, call keraspec with `--allow-plugin {plugin}` "
        "(or with the path of its file)",
    )

"""What to do about a line of TOML that says too little or too much."""

from __future__ import annotations

import re

from .scan import named

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def help_after(text: str, begun: int, at: int, rest: str) -> str:
    """What to do about ``rest``, which follows the value that begins at ``begun``."""
    first = text[begun]
    if re.match(r"[-+*/%]|==|\*\*", rest):
        whole = text[begun : at + len(rest.split("#", maxsplit=1)[0].rstrip())]
        return f'write the result, or an expression: "${{{whole}}}"'
    if first in "\"'":
        if first in rest:
            return f"a {first} inside a text is written \\{first}" if first == '"' else 'use double quotes: "…"'
        return "a text ends at its second quote; join the parts inside one pair of quotes"
    if first in "[{":
        return "take it away, or put it inside the brackets"
    if rest.startswith(","):
        return "several values stand in a list: [8, 8, 1]"
    return "take it away; text stands in quotes, several values in a list: [8, 8, 1]"


def help_odd(text: str, start: int, key_end: int | None, bare: str, equals: re.Match[str] | None) -> str:
    """What to do about a line that is neither ``key = value`` nor a header."""
    if bare.startswith(("//", "/*", "--")):
        return "a comment begins with #"
    if bare[0] == "=":
        return "write the key before the `=`"
    if bare.startswith("- "):
        return "lists are written in brackets, [1, 2], or as several tables, each with a [[header]]"
    if key_end is None and bare[0] in "\"'":
        return f"end the key with {bare[0]}"
    for char in bare:
        if named(char)[0] != "`" and char != " ":
            return f"take {named(char)} away"
    if equals:
        key = text[start : equals.end() - 1].strip()
        if ".." in key or key[:1] == "." or key[-1:] == ".":
            return "write a name on both sides of each dot"
        if key and '"' not in key and "\\" not in key:
            odd = next((char for char in _BARE_KEY.sub("", key)), " ")
            return f'a key with {named(odd) if odd != " " else "a blank"} in it stands in quotes: "{key}" = …'
    if key_end is not None and start + len(bare) == key_end:
        return f"write `=` and a value after `{bare}`" if len(bare) < 40 else "write `=` and a value after it"
    return "write `key = value`; a comment begins with #"

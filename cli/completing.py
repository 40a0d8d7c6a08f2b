"""What stands behind a word that a shell completes: specs, names of layers, templates. Nothing heavy is imported."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

MOST: Final = 200
_BYTES: Final = 2**20
_NAME: Final = re.compile(
    r"""^[ \t]*name[ \t]*=[ \t]*["']([\w-]+)["']|(?:[{,]|^)[ \t]*["']?name["']?[ \t]*[=:][ \t]*["']([\w-]+)["']""", re.M
)
_INPUT: Final = re.compile(r"^[ \t]*inputs\.([\w-]+)[ \t.=]", re.M)


def template_names(_context: click.Context, _parameter: click.Parameter, word: str) -> list[CompletionItem]:
    """Templates, with what they are for."""
    from ..compiler.templates import TEMPLATES

    return [CompletionItem(name, help=words) for name, words in TEMPLATES.items() if name.startswith(word)]


def spec_files(_context: click.Context, _parameter: click.Parameter, word: str) -> list[CompletionItem]:
    """Specs and folders that the word may become."""
    folder, _, start = word.rpartition("/")
    root = Path(f"{folder}/" if folder or word.startswith("/") else ".")
    found = []
    try:
        entries = sorted(os.scandir(root), key=lambda one: one.name)
    except OSError:
        return []
    for one in entries:
        if not one.name.startswith(start) or (one.name.startswith(".") and not start):
            continue
        shown = f"{folder}/{one.name}" if folder or word.startswith("/") else one.name
        if one.is_dir():
            found.append(CompletionItem(f"{shown}/"))
        elif one.name.endswith((".toml", ".json")):
            found.append(CompletionItem(shown))
    return found[:MOST]


def layer_names(context: click.Context, _parameter: click.Parameter, word: str) -> list[CompletionItem]:
    """Names of layers and inputs in the spec that was named before, found without reading it whole."""
    spec = context.params.get("spec")
    try:
        text = Path(spec or "").read_bytes()[:_BYTES].decode("utf-8", "replace")
    except OSError:
        return []
    names = [one or other for one, other in _NAME.findall(text)] + _INPUT.findall(text)
    return [CompletionItem(one) for one in dict.fromkeys(names) if one.startswith(word)][:MOST]


def type_names(_context: click.Context, _parameter: click.Parameter, word: str) -> list[CompletionItem]:
    """Layers and ops, from the published schema; `ops.` and `applications.` once a person has begun to write them."""
    from ..spec.published import schema

    found = []
    for key in schema().get("$defs", {}):
        family, _, name = key.partition(".")
        shown = name if family in ("layers", "callbacks", "metrics") else key
        offered = family == "layers" or (family in ("ops", "applications", "callbacks") and word)
        if offered and name and shown.startswith(word):
            found.append(CompletionItem(shown))
    return found[:MOST]


def setting_paths(context: click.Context, parameter: click.Parameter, word: str) -> list[CompletionItem]:
    """Paths into a spec: its tables, and `layers.NAME.`"""
    if "=" in word:
        return []
    if word.startswith("layers."):
        head, start = "layers.", word.removeprefix("layers.")
        return [CompletionItem(f"{head}{one.value}.") for one in layer_names(context, parameter, start)]
    known = ("name=", "layers.", "inputs.", "parameters.", "data.batch_size=", "data.source.path=", "data.split.",
             "training.epochs=", "training.optimizer.", "training.loss=", "training.seed=")  # fmt: skip
    return [CompletionItem(one) for one in known if one.startswith(word)]


def reference_names(_context: click.Context, _parameter: click.Parameter, word: str) -> list[CompletionItem]:
    """Names that `docs` has a page on, from the published schema: objects, and keys of the top level."""
    from ..spec.published import schema

    found = []
    for key in schema().get("$defs", {}):
        home, _, name = key.partition(".")
        shown = f"{home}.{name}" if home in ("ops", "applications") else name
        if home not in ("arguments", "sections") and name and shown.startswith(word):
            found.append(shown)
    return [CompletionItem(one) for one in dict.fromkeys(found)][:MOST]

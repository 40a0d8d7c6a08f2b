"""From the specs of the gallery to its page: what each network is, what it costs, and its picture.

``python tools/gallery.py docs/gallery.md`` writes the page and, beside it, ``pictures/gallery``; tests hold the
committed ones against the specs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from keraspec.checked import compile_file
from keraspec.compiler.draw import Look, render
from keraspec.compiler.graph import TypedGraph
from keraspec.compiler.show import Summary, summarise

ROOT: Final = Path(__file__).resolve().parents[1]
SPECS: Final = ROOT / "examples" / "architectures"
HEAD: Final = """\
# Gallery of architectures

Each network is one file in `examples/architectures/`, written from primitive layers with blocks and parameters, and
held by the tests against the Keras application layer by layer, or against the count that was published. Copy one and
change it: `keraspec check` says at once what no longer fits. Sizes are those of the defaults; `--set
parameters.NAME=VALUE` gives the relatives. The pictures are those of `keraspec draw`: what repeats is drawn once, with
its count, and blocks of a large network are closed; `keraspec draw SPEC -o net.html` opens them.
"""
PICTURES: Final = Path("pictures", "gallery")
"""Where the pictures lie, from the page on."""
SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {"resnet": ("parameters.size=18",)}
"""Of a family that member is drawn which has no spec, and so no picture, of its own."""
LOOKS: Final[Mapping[str, Look]] = {"siamese": Look(depth=1)}
"""How a network is drawn where there is a better way than that of `keraspec draw` without options."""


def page() -> str:
    """The page as Markdown."""
    specs = sorted(SPECS.glob("*.keraspec.toml"))
    known = [(path, compile_file(path)) for path in specs]
    lines = [HEAD, "| network | entries in the file | layers | parameters | FLOPs for one sample |",
             "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    sections: list[str] = []
    for path, checked in known:
        assert checked.ok, path
        assert checked.typed is not None
        assert checked.document is not None
        expansion = checked.document.expansion
        data = checked.document.data if expansion is None else expansion.written.data
        name = path.name.partition(".")[0]
        summary = summarise(checked.typed)
        lines.append(_row(name, data, summary))
        sections += _section(name, data)
    return "\n".join([*lines, "", *sections])


def _row(name: str, data: dict[str, Any], summary: Summary) -> str:
    written = len(data["layers"]) + sum(len(block["layers"]) for block in data.get("blocks", {}).values())
    layers = sum(row.type != "input" for row in summary.layers)
    totals = summary.totals
    params, flops = (f"{one:,}" if isinstance(one, int) else f"`{one}`" for one in (totals.params, totals.flops))
    return f"| [{name}](#{name}) | {written} | {layers:,} | {params} | {flops} |"


def _section(name: str, data: dict[str, Any]) -> Iterator[str]:
    yield from (f"## {name}", "", str(data["description"]).strip(), "")
    if "parameters" in data:
        yield from (f"Parameters: {', '.join(f'`{one}`' for one in data['parameters'])}.", "")
    yield f"[{name}.keraspec.toml](../examples/architectures/{name}.keraspec.toml)"
    yield from ("", f"![{name}]({PICTURES.as_posix()}/{name}.svg)", "")


def network(name: str) -> TypedGraph:
    """The network of the gallery that a picture shows."""
    typed = compile_file(SPECS / f"{name}.keraspec.toml", SETTINGS.get(name, ())).typed
    assert typed is not None
    return typed


def draw(name: str, path: Path) -> None:
    """Draw a network of the gallery into a file."""
    render(network(name), path, look=LOOKS.get(name))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.write_text(page(), encoding="utf-8")
    for spec in sorted(SPECS.glob("*.keraspec.toml")):
        called = spec.name.partition(".")[0]
        draw(called, place.parent / PICTURES / f"{called}.svg")

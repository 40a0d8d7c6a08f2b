"""From the specs of the gallery to its page: what each network is, what it costs, and its picture.

``python tools/gallery.py docs/gallery.md`` writes the page; a test holds the committed one against the specs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from keraspec.checked import compile_file
from keraspec.compiler.show import Summary, summarise

ROOT: Final = Path(__file__).resolve().parents[1]
SPECS: Final = ROOT / "examples" / "architectures"
HEAD: Final = """\
# Gallery of architectures

Each network is one file in `examples/architectures/`, written from primitive layers with blocks and parameters, and
held by the tests against the Keras application layer by layer, or against the count that was published. Copy one and
change it: `keraspec check` says at once what no longer fits. Sizes are those of the defaults; `--set
parameters.NAME=VALUE` gives the relatives. A picture shows a network as the spec draws it; where a part repeats many
times it is drawn a few times.
"""


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
    yield from ("", f"![{name}](pictures/gallery/{name}.svg)", "")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

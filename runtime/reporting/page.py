"""From what is in a run folder to a page of HTML: one file, without scripts and network, for light and dark."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from math import inf, isfinite
from pathlib import Path
from typing import Any, Final

from ..run import DIAGRAM, JUDGED, find_spec, open_run
from . import words
from .charts import curve, measured, scatter, spark

SQUARES: Final = 30
"""A table of more classes than this is not put on the page; the file beside it has all."""

STYLE: Final = """
:root { --paper: #ffffff; --ink: #1d2430; --soft: #5a6473; --faint: #d5dae1; --card: #f5f7fa; --one: #1f6fb2;
  --two: #c4570c; --good: #17703f; --bad: #ab2430; color-scheme: light dark }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e3e7ee; --soft: #a0a9b8; --faint: #3a424f;
  --card: #1c222b; --one: #6cb2ee; --two: #f2a45c; --good: #66c690; --bad: #f08a92 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, sans-serif }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.2rem 4rem }
h1 { font-size: 1.9rem; margin: 0 0 .2rem; overflow-wrap: anywhere } h2 { font-size: 1.25rem; margin: 2.4rem 0 .7rem }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem }
p { margin: .4rem 0 } .soft { color: var(--soft) } .small { font-size: .87rem }
.lead { font-size: 1.2rem; border-left: 4px solid var(--one); padding: .2rem 0 .2rem 1rem; margin: 1.2rem 0 }
.lead.bad { border-color: var(--bad) }
.row { display: flex; flex-wrap: wrap; gap: 1rem } .row > svg { width: 380px; max-width: 100% }
svg { color: var(--ink); fill: var(--ink); font-family: inherit }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } .scroll { overflow-x: auto; max-width: 100% }
th, td { padding: .28rem .7rem; text-align: left; border-bottom: 1px solid var(--faint); vertical-align: top }
td.n, th.n { text-align: right }
table.squares td { text-align: center; border: 1px solid var(--paper); min-width: 2.3rem; padding: .3rem;
  background: color-mix(in srgb, var(--shade) calc(var(--share) * 60%), var(--card)) }
table.squares th { border: 0; font-weight: 500; padding: .2rem .5rem } table.squares th.n { text-align: right }
table.squares td.zero { color: var(--faint) }
table.squares thead th { text-align: center }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: .8rem }
.card { background: var(--card); border: 1px solid var(--faint); border-radius: 8px; padding: .7rem;
  overflow-wrap: anywhere }
.card img { width: 110px; max-height: 160px; object-fit: contain; image-rendering: pixelated; border-radius: 4px;
  display: block }
.card svg { width: 100%; max-width: 180px; display: block }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 0 } dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
details { margin: .6rem 0 } summary { cursor: pointer }
pre { background: var(--card); border: 1px solid var(--faint); border-radius: 8px; padding: 1rem; overflow-x: auto;
  font-size: .85rem }
.net { border: 1px solid var(--faint); border-radius: 8px; padding: .6rem; text-align: center;
  max-height: 46rem; overflow: auto }
.net img { max-width: 100% }
.good { color: var(--good) } .wrong { color: var(--bad) }
@media print { main { max-width: none } details > * { display: block } }
"""

POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Nothing is loaded and nothing runs, whatever stands in the data."""


def page(folder: Path) -> str:
    """The report of a run, from the files in its folder.

    Raises:
        RunError: if it is no run folder.
    """
    run = open_run(folder)
    about = _json(folder / "run.json") or {}
    judged = _json(folder / JUDGED)
    title = str(about.get("name") or folder.name)
    path = find_spec(folder)
    text = path.read_text("utf-8") if path is not None else ""
    spec = _data(path, text)
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(str(spec.get("description", "")))}</p>',
        _lead(run.status, judged),
        _trained(about, spec, run.epochs, run.seconds),
        _metrics(run.metrics),
        _curves(run.history),
        *(_output(one, judged) for one in (judged or {}).get("outputs", ())),
        _worst(judged),
        _chosen(about, folder),
        _network(folder),
        _about(about),
        f"<h2>The spec</h2><details><summary>What was trained, as text</summary><pre>{escape(text)}</pre></details>"
        if text
        else "",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}: what was trained, and how well</title>\n<style>{STYLE}</style>\n</head>\n"
        "<body>\n<main>\n" + "\n".join(part for part in parts if part) + "\n</main>\n</body>\n</html>\n"
    )


def _lead(status: str, judged: Mapping[str, Any] | None) -> str:
    said = [] if status == "finished" else [words.ENDED.get(status, status)]
    outputs = (judged or {}).get("outputs", ())
    for one in outputs:
        said += words.verdict(one, judged or {}, several=len(outputs) > 1)
    if judged is not None and judged["part"] in words.CAUTION and outputs:
        said.append(words.CAUTION[judged["part"]])
    if not said:
        return ""
    bad = " bad" if status in ("diverged", "failed") else ""
    return f'<div class="lead{bad}">' + "".join(f"<p>{escape(one)}</p>" for one in said) + "</div>"


def _trained(about: Mapping[str, Any], spec: Mapping[str, Any], epochs: int, seconds: float) -> str:
    rows = about.get("rows") or {}
    training = spec.get("training") if isinstance(spec.get("training"), Mapping) else {}
    source = (spec.get("data") or {}).get("source") if isinstance(spec.get("data"), Mapping) else None
    planned = sum(one["epochs"] for one in about.get("phases") or ()) or (training or {}).get("epochs", 1)
    facts = []
    if isinstance(source, Mapping):
        where = source.get("path") or source.get("name") or ""
        facts.append(("Data", f"{source.get('type', '')} {where}".strip()))
    if rows:
        names = {"train": "to learn from", "validation": "to watch while learning", "test": "kept apart for the test"}
        facts.append(("Rows", ", ".join(f"{count:,} {names.get(part, part)}" for part, count in rows.items() if count)))
    went = f"{epochs} of {planned}" if isinstance(planned, int) and planned != epochs else str(epochs)
    unit = "epoch" if went == "1" else "epochs"
    facts.append(("Times through the data", f"{went} ({unit}), in {words.duration(seconds)}"))
    began = _when(about.get("began"))
    if began:
        facts.append(("Begun", began))
    return "<h2>What was trained</h2>" + _facts(facts)


def _metrics(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [part for part in ("train", "validation", "test") if metrics.get(part)]
    names = list(dict.fromkeys(name for part in parts for name in metrics[part]))
    if not names:
        return ""
    head = "".join(f'<th class="n">{escape({"train": "training"}.get(part, part))}</th>' for part in parts)
    body = []
    for name in names:
        cells = "".join(f'<td class="n">{_number(metrics[part].get(name))}</td>' for part in parts)
        body.append(
            f"<tr><td>{escape(name.replace('_', ' '))}</td>{cells}"
            f'<td class="soft small">{escape(words.meaning(name))}</td></tr>'
        )
    note = f'<p class="soft small">{words.PARTS}</p>' if any(name.endswith("_loss") for name in names) else ""
    return (
        f'<h2>How well</h2><div class="scroll"><table><thead><tr><th></th>{head}<th></th></tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>{note}"
    )


def _curves(history: Sequence[Mapping[str, float]]) -> str:
    names = measured(history)
    if len(history) < 2 or not names:
        return ""
    note = ""
    if len(history) > 2 and any("val_loss" in row for row in history):
        known = [row for row in history if isfinite(row.get("val_loss", inf))]
        least = min(known or history, key=lambda row: row.get("val_loss", inf))
        note = f'<p class="soft small">The validation loss was least after epoch {least["epoch"]:g}.</p>'
    return f'<h2>How it learned</h2><div class="row">{"".join(curve(history, name) for name in names)}</div>{note}'


def _output(one: Mapping[str, Any], judged: Mapping[str, Any] | None) -> str:
    several = len((judged or {}).get("outputs", ())) > 1
    name = f": {escape(one['name'])}" if several else ""
    if one["kind"] == "numbers":
        drawn = scatter([(x, y) for x, y in one.get("pairs") or ()], one["name"])
        note = '<p class="soft small">Each dot is one answer; right ones lie on the line.</p>'
        return f'<h2>Predicted and true{name}</h2><div class="row">{drawn}</div>{note}' if drawn else ""
    parts = [f"<h2>What it takes for what{name}</h2>"]
    if one["matrix"] and len(one["classes"]) <= SQUARES:
        parts.append(_squares(one))
    taken = words.confused(one)
    if taken:
        parts.append("<p>Most often: " + "; ".join(escape(text) for text in taken) + ".</p>")
    elif one["kind"] == "classes" and one["counted"]:
        parts.append("<p>Nothing was taken for anything else.</p>")
    parts.append(_classes(one["classes"]))
    return "".join(parts)


def _squares(one: Mapping[str, Any]) -> str:
    names = [row["name"] for row in one["classes"]]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = []
    for down, (name, row) in enumerate(zip(names, one["matrix"], strict=True)):
        whole = sum(row) or 1
        cells = "".join(
            f'<td{" class=zero" if not count else ""} style="--share:{count / whole:.3f};'
            f'--shade:var(--{"one" if down == across else "bad"})">{count}</td>'
            for across, count in enumerate(row)
        )
        body.append(f'<tr><th class="n" scope="row">{escape(name)}</th>{cells}</tr>')
    return (
        '<p class="soft small">Each row is what is true, each column what the model said; '
        "right answers stand on the diagonal.</p>"
        f'<div class="scroll"><table class="squares"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _classes(rows: Sequence[Mapping[str, Any]]) -> str:
    body = "".join(
        f"<tr><td>{escape(row['name'])}</td>"
        + "".join(f'<td class="n">{_share(row[key])}</td>' for key in ("recall", "precision", "f1"))
        + f'<td class="n">{row["count"]:,}</td></tr>'
        for row in rows[:200]
    )
    more = f'<p class="soft small">… and {len(rows) - 200} more, in classes.csv</p>' if len(rows) > 200 else ""
    table = (
        '<div class="scroll"><table><thead><tr><th></th><th class="n">found (recall)</th>'
        '<th class="n">right when named (precision)</th><th class="n">F1</th><th class="n">how many</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )
    return f"<details{' open' if len(rows) <= 12 else ''}><summary>Class by class</summary>{table}</details>"


def _worst(judged: Mapping[str, Any] | None) -> str:
    if judged is None or not judged.get("worst"):
        return ""
    cards = []
    several = len(judged["outputs"]) > 1
    numbers = {one["name"]: one["kind"] == "numbers" for one in judged["outputs"]}
    for one in judged["worst"]:
        seen = "".join(_input(value, several=len(one["inputs"]) > 1) for value in one["inputs"])
        of = f"{escape(one['output'])}: " if several else ""
        sure = "" if one["probability"] is None else f" ({words.percent(one['probability'])})"
        kind = "" if numbers[one["output"]] else "good" if one["true"] == one["predicted"] else "wrong"
        truth = f"<br>true: {escape(one['true'])}" if one["true"] else ""
        cards.append(
            f'<div class="card">{seen}<p>{of}said: <strong class="{kind}">{escape(one["predicted"])}</strong>{sure}'
            f'{truth}</p><p class="soft small">row {one["row"]:,} of {escape(judged["part"])}, '
            f"loss {_number(one['loss'])}{_files(one['inputs'])}</p></div>"
        )
    words_ = "The rows on which the loss is highest: where to look for wrong labels and for what the model lacks."
    return f'<h2>Where it is most wrong</h2><p class="soft">{words_}</p><div class="cards">{"".join(cards)}</div>'


def _files(inputs: Sequence[Mapping[str, Any]]) -> str:
    """The files that a row was read from, each on a line."""
    return "".join(f"<br>{escape(one['file'])}" for one in inputs if "file" in one)


def _input(one: Mapping[str, Any], *, several: bool) -> str:
    name = f'<span class="soft small">{escape(one["name"])}</span> ' if several else ""
    if "picture" in one:
        return f'{name}<img alt="{escape(one["name"])}" src="{escape(one["picture"])}">'
    if "lines" in one:
        return f"{name}{spark(one['lines'])}"
    return f'<p class="small">{name}{escape(one["text"])}</p>'


def _chosen(about: Mapping[str, Any], folder: Path) -> str:
    reasons = [str(one) for one in about.get("reasons") or ()]
    rules = _json(folder / "rules.json") or []
    reasons += [_rule(one) for one in rules if isinstance(one, Mapping)] if isinstance(rules, list) else []
    phases = about.get("phases") or ()
    items = [
        f"phase {number}{' (' + one['name'] + ')' if one.get('name') else ''}: {words.many(one['epochs'], 'epochs')}"
        + (f", frozen: {', '.join(one['freeze'])}" if one.get("freeze") else "")
        for number, one in enumerate(phases, 1)
    ]
    every = [*items, *reasons]
    if not every:
        return ""
    return "<h2>What was chosen, and why</h2><ul>" + "".join(f"<li>{escape(one)}</li>" for one in every) + "</ul>"


def _rule(one: Mapping[str, Any]) -> str:
    """A rule that was carried out, in words."""
    rate = one.get("learning_rate") or {}
    return (
        f"in epoch {one.get('epoch')}, step {one.get('step')}, {one.get('when')} became true: "
        f"learning rate {_number(rate.get('before'))} → {_number(rate.get('after'))}"
    )


def _network(folder: Path) -> str:
    path = folder / DIAGRAM
    if not path.is_file():
        return ""
    inside = base64.b64encode(path.read_bytes()).decode("ascii")
    return (
        "<h2>The network</h2>"
        f'<div class="net"><img alt="the layers of the network" src="data:image/svg+xml;base64,{inside}"></div>'
    )


def _about(about: Mapping[str, Any]) -> str:
    machine = about.get("machine") or {}
    facts = [
        ("Machine", f"{machine.get('system', '')}, {machine.get('cores', '?')} cores"),
        ("Devices", ", ".join(str(one) for one in about.get("devices") or ())),
        ("Backend", str(about.get("backend", ""))),
        ("Versions", ", ".join(f"{name} {version}" for name, version in (about.get("versions") or {}).items())),
        ("Seeds", f"{about.get('seed')} for the start, {about.get('data_seed')} for the order of the data"),
        ("Spec", str(about.get("spec", ""))),
    ]
    return "<h2>To repeat it</h2>" + _facts([one for one in facts if one[1]])


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else "–"


def _share(value: float | None) -> str:
    return "–" if value is None else words.percent(value)


def _when(text: Any) -> str:
    try:
        return f"{datetime.fromisoformat(str(text)):%d %B %Y, %H:%M} UTC"
    except ValueError:
        return ""


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _data(path: Path | None, text: str) -> Mapping[str, Any]:
    """The values of a spec's text; nothing where it can't be read."""
    from ...spec.read import read_text

    if path is None:
        return {}
    found, _ = read_text(path.name, text.encode("utf-8"), "json" if path.suffix == ".json" else "toml")
    return found.data if found is not None and isinstance(found.data, Mapping) else {}

"""From TypedGraph to findings about a sweep: ranges, paths that lead nowhere, values that can't stand there, metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from ..spec.document import HOLE, Document, Pointer
from ..spec.expand import expand
from ..spec.expression import bare
from ..spec.expression_tokens import ExpressionError
from ..spec.finding import Diagnostic, Finding, located
from ..spec.notes import within
from ..spec.overlay import OverrideError, override
from ..spec.spec import Spec
from ..spec.sweep import AT, Sweep, Swept, named
from ..spec.validate import validate
from ..spec.words import closest, listed, quoted, shown, there_are
from .catalogue.sweep_language import NEEDED, PRUNERS, SAMPLERS
from .graph import TypedGraph
from .heads import heads
from .logged import Logged, logged
from .monitors import meant, validated

MOST_CHOICES: Final = 50
"""So many choices of one value are tried out."""

_SET: Final = "<command line>"


def sweep_findings(typed: TypedGraph) -> Iterator[Finding]:
    """What is wrong with the sweep of a spec (E510, E511, E512, E411, E420)."""
    spec = typed.graph.spec
    sweep = spec.sweep
    if sweep is None:
        return
    yield from _unbounded(spec)
    sound = []
    for one in sweep.over:
        found = tuple(_range(one))
        yield from found
        if not found:
            sound.append(one)
    if not spec.document.damaged:
        for one in sound:
            yield from _fitting(one, spec)
    yield from _conditions(sweep, spec)
    yield from _metric(sweep, typed)
    stated = spec.document.data.get("sweep")
    written = stated if isinstance(stated, dict) else {}
    if "sampler" in written:
        yield from _arguments(sweep.sampler, SAMPLERS, (*AT, "sampler"))
    if "pruner" in written:
        yield from _arguments(sweep.pruner, PRUNERS, (*AT, "pruner"))


def _unbounded(spec: Spec) -> Iterator[Finding]:
    """Values of which it is not said what they may be."""
    section = spec.document.data.get("sweep")
    over = section.get("over") if isinstance(section, dict) else None
    for path, table in over.items() if isinstance(over, dict) else ():
        at = (*AT, "over", path)
        if not isinstance(table, dict) or "choices" in table or at in spec.document.damaged:
            continue
        missing = [key for key in ("low", "high") if key not in table]
        if missing:
            yield Finding("E103", f"`{path}` has no {listed(missing)}, so it is not known what it may be", at, "key",
                          help="write `low = …, high = …`, or `choices = [ … ]`")  # fmt: skip


def _range(one: Swept) -> Iterator[Finding]:
    at = one.pointer
    if one.choices:
        beside = [key for key in ("low", "high", "step") if getattr(one, key) is not None]
        if beside or one.log:
            key = (beside or ["log"])[0]
            words = f"a value has either `choices` or bounds, so `{key}` says nothing here"
            yield Finding("E510", words, (*at, key), "key", help="take one of the two away")
            return
        texts = [one.setting(choice) for choice in one.choices]
        twice = next((index for index, text in enumerate(texts) if text in texts[:index]), None)
        if twice is not None:
            yield Finding("E510", f"{shown(one.choices[twice])} stands twice in `choices`", (*at, "choices", twice),
                          help="take one of the two away")  # fmt: skip
        return
    assert one.low is not None
    assert one.high is not None
    if one.low >= one.high:
        yield Finding("E510", f"`low` must be less than `high`, found {shown(one.low)} and {shown(one.high)}",
                      (*at, "low"), help="exchange the two, or take the value out of the sweep")  # fmt: skip
    elif one.log and one.low <= 0:
        yield Finding("E510", f"with `log = true` bounds must be above 0, found {shown(one.low)}", (*at, "low"),
                      help="begin with a small number such as 1e-5, or leave `log` out")  # fmt: skip
    elif one.log and one.step is not None:
        yield Finding("E510", "with `log = true` there is no `step`", (*at, "step"), "key",
                      help="take one of the two away")  # fmt: skip
    elif one.step is not None and one.step > one.high - one.low:
        yield Finding("E510", f"a `step` of {shown(one.step)} leads beyond `high`", (*at, "step"),
                      help=f"write a step of at most {shown(one.high - one.low)}")  # fmt: skip


# Paths and values


def _fitting(one: Swept, spec: Spec) -> Iterator[Finding]:
    """What a path leads to, and whether the spec could take the outermost values there."""
    document = spec.document if spec.document.expansion is None else spec.document.expansion.written
    values: list[tuple[Any, Pointer]]
    if one.choices:
        values = [(value, ("choices", index)) for index, value in enumerate(one.choices[:MOST_CHOICES])]
    else:
        values = [(one.low, ("low",)), (one.high, ("high",))]
    for value, at in values:
        if _hole(value):
            continue
        found = _tried(one, value, at, document)
        if found is not None:
            yield found
            if found.part == "key":  # the path is at fault, whatever the value
                return


def _tried(one: Swept, value: Any, at: Pointer, document: Document) -> Finding | None:
    setting = one.setting(value)
    try:
        made = override(document, [setting])
    except OverrideError as error:
        words = str(error).removeprefix(f"--set {setting}: ")
        message, _, way = words.partition("; ")
        if "--set" in way:
            way = "write it in the spec as a table with `type`, so that it can have arguments"
        return Finding("E511", message, one.pointer, "key", help=way or None)
    made, said = expand(made)
    found = [*said, *(located(finding, made) for finding in validate(made).findings)]
    for diagnostic in found:
        if diagnostic.place.source.path == _SET and diagnostic.finding.severity == "error":
            return _at_fault(one, value, at, diagnostic)
    return None


def _at_fault(one: Swept, value: Any, at: Pointer, diagnostic: Diagnostic) -> Finding:
    finding = diagnostic.finding
    last = one.path.rpartition(".")[2]
    if finding.part == "key":  # the path is at fault
        way = None if finding.help is None else finding.help.replace(", which is written already", "")
        return Finding("E511", finding.message, one.pointer, "key", help=way)
    return Finding("E511", f"`{last}` can't be {shown(value)}: {finding.message}", (*one.pointer, *at),
                   help=finding.help)  # fmt: skip


def _hole(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_hole, value.values()))
    return value is HOLE or (isinstance(value, list) and any(map(_hole, value)))


# Conditions


def in_order(over: tuple[Swept, ...]) -> tuple[Swept, ...]:
    """The values of a sweep, each behind those that its condition speaks of; without those in a circle."""
    waiting, names = list(over), {one.name for one in over}
    found: list[Swept] = []
    while waiting:
        done = {one.name for one in found}
        free = [one for one in waiting if all(name in done for name in _spoken_of(one) if name in names)]
        if not free:
            break
        found += free
        waiting = [one for one in waiting if one not in free]
    return tuple(found)


def holds(one: Swept, values: Mapping[str, Any]) -> bool:
    """Whether a value takes part, beside others by their names; one that hangs on an absent one does not."""
    if one.condition is None:
        return True
    names = {**dict.fromkeys(_spoken_of(one), HOLE), **values}
    return bare(one.condition, names) is True


def _spoken_of(one: Swept) -> set[str]:
    if one.condition is None:
        return set()
    from ..spec.expression import names_in

    return set(names_in(f"${{{one.condition}}}"))


def _conditions(sweep: Sweep, spec: Spec) -> Iterator[Finding]:
    names = {one.name: one for one in sweep.over}
    examples = {name: one.choices[0] if one.choices else one.low for name, one in names.items()}
    ordered = in_order(sweep.over)
    for one in sweep.over:
        if one.when is None or one.condition is None:
            continue
        at = (*one.pointer, "when")
        place = spec.document.place(at)
        try:
            value = bare(one.condition, {name: value for name, value in examples.items() if name != one.name})
        except ExpressionError as error:
            word = one.when[error.start : error.end]
            message, way = error.message, error.help
            if error.code == "E602":
                near = closest(word, [path.path for path in sweep.over if path is not one])
                message = f"`{word}` is no other value of this sweep"
                way = f"did you mean `{near}`?" if near else "write the path of another one, as it stands in `over`"
            yield Finding("E510", message, at, help=way, inside=within(place, one.when, error.start, error.end))
            continue
        if value is not HOLE and not isinstance(value, bool):
            yield Finding("E510", f"`when` must be true or false; {quoted(one.when)} is {shown(value)}", at,
                          help='compare it: "parameters.size == 18"')  # fmt: skip
        elif one not in ordered:
            yield Finding("E510", "conditions hang on each other in a circle", at, help="take one of them away")


# Metric, sampler, pruner


def direction_of(sweep: Sweep, typed: TypedGraph) -> Literal["maximize", "minimize"] | None:
    """Whether the metric of a sweep is to be made large or small; None where nobody says."""
    if sweep.direction is not None:
        return sweep.direction
    found = _measured(typed).get(sweep.metric.removeprefix("val_"))
    way = None if found is None else found.direction
    return None if way is None else "maximize" if way == "up" else "minimize"


def _measured(typed: TypedGraph) -> dict[str, Logged]:
    training = typed.graph.spec.training
    terms = {} if training is None else {term.name: Logged("down") for term in training.losses}
    return logged(heads(typed)) | terms


def _metric(sweep: Sweep, typed: TypedGraph) -> Iterator[Finding]:
    spec = typed.graph.spec
    written = "metric" in spec.document.data.get("sweep", {})
    at: Pointer = (*AT, "metric") if written else AT
    part: Any = "value" if written else "entry"
    if spec.training is None:
        if spec.whole and "training" not in spec.document.data:
            yield Finding("E512", "nothing is trained, so nothing can be searched over", AT, "entry",
                          help="write a [training] section")  # fmt: skip
        return
    every = heads(typed)
    if not (spec.whole and spec.training.measures_known and every and all(one.tensor is not None for one in every)):
        return
    names, plain = _measured(typed), sweep.metric.removeprefix("val_")
    if plain not in names:
        both = [*names, *(f"val_{name}" for name in names)]
        near = meant(sweep.metric, both)
        way = f'did you mean "{near}"?' if near else there_are(both, 12)
        yield Finding("E411", f"nothing called {quoted(sweep.metric)} is measured, so no candidate would be the best",
                      at, part, help=way)  # fmt: skip
    elif sweep.metric != plain and not validated(spec):
        yield Finding(
            "E411",
            f'"{sweep.metric}" is measured on validation data, and nothing is kept aside for validation',
            at, part, help=f'write `split = {{ validation = 0.15 }}` in [data], or `metric = "{plain}"`',
        )  # fmt: skip
    elif (several := names[plain].several) is not None:
        yield Finding("E420", f'"{sweep.metric}" is a list of numbers, of which none is the best', at, part,
                      help=several)  # fmt: skip
    elif direction_of(sweep, typed) is None:
        yield Finding("E512", f'it is not said whether more or less of "{sweep.metric}" is better', at, part,
                      help='write `direction = "maximize"` or "minimize"')  # fmt: skip


def _arguments(table: Mapping[str, Any], known: Mapping[str, tuple[str, ...]], at: Pointer) -> Iterator[Finding]:
    kind = table.get("type")
    if not isinstance(kind, str) or kind not in known:
        return
    for key in table:
        if key not in (*known[kind], "type"):
            near = closest(key, known[kind])
            way = f"did you mean `{near}`?" if near else _takes(kind, known[kind])
            if key == "seed":
                way = "write `seed` beside it, in [sweep]"
            yield Finding("E512", f"{kind} takes no `{key}` from a spec", (*at, key), "key", help=way)
    for key in NEEDED.get(kind, ()):
        if key not in table:
            yield Finding("E512", f"{kind} needs `{key}`", (*at, "type") if len(table) > 1 else at,
                          help=f'write {{ type = "{kind}", {key} = … }}')  # fmt: skip
    inner = table.get("wrapped_pruner")
    if inner is not None:
        nested = named(inner)
        if nested.get("type") not in known:
            yield Finding("E512", f"`wrapped_pruner` must be another pruner, found {shown(inner)}",
                          (*at, "wrapped_pruner"), help=there_are(known))  # fmt: skip
        else:
            yield from _arguments(nested, known, (*at, "wrapped_pruner"))


def _takes(kind: str, names: tuple[str, ...]) -> str:
    return f"it takes {listed(names)}" if names else f'it takes nothing: write "{kind}"'

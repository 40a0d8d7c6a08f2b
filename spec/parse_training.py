"""From the tables of a training section to Training: the section, and its phases laid over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .document import Document, Pointer
from .laying import KEPT, ways
from .spec import Checkpoint, Gradients, OutputTraining, Rule, Term, Training, Weights

Table = Mapping[str, Any]


def training_of(table: Table, at: Pointer, losses: tuple[Term, ...], *, known: bool) -> Training:
    """A training section, or a phase that was laid over one; ``at`` is where it stands."""
    outputs = table.get("outputs", {})
    checkpoint = table.get("checkpoint")
    name = table.get("name")
    return Training(
        epochs=int(table.get("epochs", 1)),
        seed=int(table.get("seed", 0)),
        optimizer=table.get("optimizer", "rmsprop"),
        loss=table.get("loss"),
        losses=losses,
        metrics=tuple(table.get("metrics", ())),
        callbacks=tuple(table.get("callbacks", ())),
        outputs={
            one: OutputTraining(
                one,
                stated.get("loss"),
                float(stated.get("weight", 1)),
                tuple(stated.get("metrics", ())),
                (*at, "outputs", one),
            )
            for one, stated in outputs.items()
            if isinstance(stated, dict)
        },
        precision=table.get("precision", "float32"),
        jit_compile=table.get("jit_compile", "auto"),
        steps_per_execution=_whole(table.get("steps_per_execution", "auto")),
        class_weight=table.get("class_weight"),
        pointer=at,
        measures_known=known,
        loop=table.get("loop", "fit"),
        gradients=_gradients(table.get("gradients", {})),
        rules=_rules(table.get("rules", ()), at),
        freeze=tuple(table.get("freeze", ())),
        checkpoint=_checkpoint(checkpoint) if isinstance(checkpoint, dict) else None,
        weights=_weights(table.get("weights")),
        profile=table.get("profile", False),
        distribute=table.get("distribute"),
        learning_rate_factors=_factors(table.get("learning_rate_factors")),
        overrides=table.get("overrides", ()),
        name=name if isinstance(name, str) else None,
    )


def _factors(table: Any) -> dict[str, float]:
    return {name: float(value) for name, value in table.items()} if isinstance(table, dict) else {}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) else value


def _gradients(table: Table) -> Gradients:
    norm, value = table.get("clip_norm"), table.get("clip_value")
    return Gradients(
        None if norm is None else float(norm),
        None if value is None else float(value),
        int(table.get("accumulate", 1)),
    )


def _rules(tables: Sequence[Any], at: Pointer) -> tuple[Rule, ...]:
    """The rules; one that lacks what it is made of has been reported."""
    found = []
    for index, table in enumerate(tables):
        stated = table.get("set") if isinstance(table, dict) else None
        if isinstance(stated, dict) and "when" in table and "learning_rate" in stated:
            rate = stated["learning_rate"]
            text = rate if isinstance(rate, str) else repr(float(rate))
            found.append(Rule(table["when"], text, table.get("check", "epoch"), (*at, "rules", index)))
    return tuple(found)


def _weights(table: Any) -> Weights | None:
    if not isinstance(table, dict) or "path" not in table:
        return None
    return Weights(table["path"], tuple(table.get("layers", ())))


def _checkpoint(table: Table) -> Checkpoint:
    best = table.get("best")
    return Checkpoint(
        _whole(table.get("every", "epoch")), int(table.get("keep", 3)), best if isinstance(best, str) else None
    )


def laid(old: Table, new: Table, where: Pointer = ("training",)) -> dict[str, Any]:
    """A phase's table laid over that of the section, key by key.

    Tables are merged, unless the new one says of what it is that it is something else (another ``type``); lists and
    all else take the place of what stood there.
    """
    way = next((one for one in ways(where) if one in new), None)
    before = next((one for one in ways(where) if one in old), None)
    other = way is not None and before is not None and (way != before or old[way] != new[way])
    made = {key: value for key, value in old.items() if not other or key in KEPT}
    for key, value in new.items():
        there = made.get(key)
        both = isinstance(there, Mapping) and isinstance(value, Mapping) and key != "class_weight"
        made[key] = laid(there, value, (*where, key)) if both else value  # type: ignore[arg-type]
    return made


def written(document: Document, pointer: Pointer) -> Pointer:
    """Where it is written what a phase says there: in the phase, or in the section that it lies over."""
    if len(pointer) < 4 or pointer[:2] != ("training", "phases"):
        return pointer
    section = document.data["training"]
    rest = pointer[3:]
    own, base = _depth(section["phases"][int(pointer[2])], rest), _depth(section, rest)
    return pointer if own >= base else ("training", *rest)


def _depth(table: Any, keys: Pointer) -> int:
    for depth, key in enumerate(keys):
        try:
            table = table[int(key)] if isinstance(table, list) else table[key]
        except (KeyError, IndexError, TypeError, ValueError):
            return depth
    return len(keys)

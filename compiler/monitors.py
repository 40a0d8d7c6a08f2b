"""From Heads to findings about callbacks: the numbers that they watch, and whether they can act at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any, Final

from ..spec.document import Pointer
from ..spec.finding import Finding, Related
from ..spec.spec import Spec, Training
from ..spec.words import closest, quoted, there_are
from .catalogue.record import Object
from .heads import Head, stated
from .logged import RATE, Logged, logged

SHORT: Final = {
    "acc": "accuracy",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "rmse": "root_mean_squared_error",
    "bce": "binary_crossentropy",
    "lr": RATE,
}
"""Short names that people know numbers by. Either may be the one that is measured."""


def monitor_findings(spec: Spec, heads: tuple[Head, ...]) -> Iterator[Finding]:
    """Callbacks that watch a number which will not be there, or never act."""
    training = spec.training
    if training is None:
        return
    sure = spec.whole and training.measures_known and bool(heads) and all(one.tensor is not None for one in heads)
    terms = {term.name: Logged("down") for term in training.losses}
    names = logged(heads) | terms if sure else None
    ready = False  # whether the learning rate is among the numbers
    for index, written in enumerate(training.callbacks):
        callback = stated("callbacks", written)
        if callback is None:
            continue
        pointer: Pointer = (*training.pointer, "callbacks", index)
        ready = ready or callback.record.name == "ReduceLROnPlateau"
        found: tuple[Finding, ...] = ()
        if names is not None:
            found = (*_watched(spec, callback, pointer, names, ready), *_path(spec, callback, pointer, names, ready))
        yield from found
        yield from _acting(training, callback, pointer)
    if names is not None and training.checkpoint is not None:
        yield from _best(spec, training, names)


def _watched(
    spec: Spec, callback: Object, pointer: Pointer, names: Mapping[str, Logged], ready: bool
) -> Iterator[Finding]:
    monitor, kind = callback.arguments.get("monitor"), callback.record.name
    if not isinstance(monitor, str):
        return
    idle = kind == "ModelCheckpoint" and not callback["save_best_only"]
    if idle and ("monitor" not in callback.written or callback["mode"] != "auto"):
        return  # Keras never looks at it
    at = (*pointer, "monitor") if "monitor" in callback.written else (*pointer, "type")
    plain = monitor.removeprefix("val_")
    if monitor == RATE and ready:
        yield from _direction(callback, pointer, at, Logged("down", automatic=False))
    elif monitor == RATE:
        yield Finding(
            "E411",
            f'"{RATE}" is told only behind a ReduceLROnPlateau, so {kind} would watch nothing',
            at,
            help='monitor "loss" or "val_loss", or put ReduceLROnPlateau before it',
        )
    elif plain not in names:
        every = [*names, *(f"val_{name}" for name in names)]
        near = meant(monitor, every)
        yield Finding(
            "E411",
            f"nothing called {quoted(monitor)} is measured, so {kind} would watch nothing",
            at,
            help=f'did you mean "{near}"?' if near else there_are(every, 12),
        )
    elif monitor != plain and not validated(spec):
        yield Finding(
            "E411",
            f'"{monitor}" is measured on validation data, and nothing is kept aside for validation',
            at,
            help=f'write `split = {{ validation = 0.15 }}` in [data], or monitor "{plain}"',
        )
    elif not idle:
        yield from _direction(callback, pointer, at, names[plain])


def _best(spec: Spec, training: Training, names: Mapping[str, Logged]) -> Iterator[Finding]:
    """The number by which the best model is told, if the spec names one."""
    best = None if training.checkpoint is None else training.checkpoint.best
    if best is None:
        return
    at, plain = (*training.pointer, "checkpoint", "best"), best.removeprefix("val_")
    if plain not in names:
        near = meant(best, [*names, *(f"val_{name}" for name in names)])
        yield Finding(
            "E411",
            f"nothing called {quoted(best)} is measured, so no model would be the best",
            at,
            help=f'did you mean "{near}"?' if near else there_are([*names], 12),
        )
    elif best != plain and not validated(spec):
        yield Finding(
            "E411",
            f'"{best}" is measured on validation data, and nothing is kept aside for validation',
            at,
            help=f'write `split = {{ validation = 0.15 }}` in [data], or `best = "{plain}"`',
        )
    elif (several := names[plain].several) is not None:
        yield Finding("E420", f'"{best}" is a list of numbers, of which none is the best', at, help=several)


def validated(spec: Spec) -> bool:
    """Whether rows are kept aside, as far as the spec knows: data may be given without one."""
    return spec.data is None or spec.data.split.validates


def meant(word: str, names: list[str]) -> str | None:
    """The measured number that was probably meant: ``val_acc`` for ``val_accuracy``, the other way round as well."""
    prefix = "val_" if word.startswith("val_") else ""
    plain = word.removeprefix("val_")
    for short, long in SHORT.items():
        for one, other in ((short, long), (long, short)):
            if plain == one or plain.endswith(f"_{one}"):
                candidate = prefix + plain.removesuffix(one) + other
                if candidate in names:
                    return candidate
                ends = [name for name in names if name.startswith(prefix) and name.endswith(f"_{other}")]
                if plain == one and ends:
                    return ends[0]
    own = [name for name in names if name.startswith("val_") == bool(prefix)]
    return next((name for name in own if name.endswith(f"_{plain}")), None) or closest(word, names)


def _direction(callback: Object, pointer: Pointer, at: Pointer, watched: Logged) -> Iterator[Finding]:
    """Whether less or more is better, by what is said and by what is watched."""
    monitor, mode, kind = callback["monitor"], callback["mode"], callback.record.name
    if watched.several is not None:
        yield Finding(
            "E420",
            f'"{monitor}" is a list of numbers, and {kind} can only tell one number from another',
            at,
            help=watched.several,
        )
    elif mode == "auto" and not watched.automatic:
        better = {"up": 'write `mode = "max"`', "down": 'write `mode = "min"`'}
        yield Finding(
            "E420",
            f'Keras does not know whether more or less is better of "{monitor}"',
            at,
            help=better.get(watched.direction or "", 'write `mode = "max"` where more is better, else `mode = "min"`'),
        )
    elif (mode, watched.direction) in (("max", "down"), ("min", "up")):
        less = mode == "max"
        yield Finding(
            "E420",
            f'of "{monitor}" {"less" if less else "more"} is better, but `mode = "{mode}"` takes the '
            f"{'largest' if less else 'smallest'} for the best",
            (*pointer, "mode"),
            help=f'leave out `mode`, or write `mode = "{"min" if less else "max"}"`'
            if watched.automatic
            else f'write `mode = "{"min" if less else "max"}"`',
        )


def _path(
    spec: Spec, callback: Object, pointer: Pointer, names: Mapping[str, Logged], ready: bool
) -> Iterator[Finding]:
    """Names in braces in the path of a checkpoint: they are filled in with what is measured when it saves."""
    path = callback.arguments.get("filepath")
    if callback.record.name != "ModelCheckpoint" or not isinstance(path, str) or "filepath" not in callback.written:
        return
    at = (*pointer, "filepath")
    steps = callback["save_freq"] != "epoch"
    held = {"epoch": 1, **({"batch": 1} if steps else {})}
    every = [*names, *(f"val_{name}" for name in names if not steps and validated(spec))]
    for _, field, form, _ in Formatter().parse(path):
        if not field:
            continue
        shown = f"{{{field}{':' + form if form else ''}}}"
        plain = field.removeprefix("val_")
        if field not in held and field not in every and not (field == RATE and ready and not steps):
            message, help_text = _unfilled(field, plain in names, steps, [*held, *every])
            yield Finding("E411", f"`{shown}` cannot be filled in: {message}", at, help=help_text)
        elif field not in held and (several := names.get(plain, Logged()).several) is not None:
            yield Finding("E420", f"`{shown}` cannot be filled in: it is a list of numbers, not one", at, help=several)
        elif not _fits(form or "", held.get(field, 0.5)):
            whole = "a whole number" if field in held else "a number with a fraction"
            example = "02d" if field in held else ".3f"
            yield Finding(
                "E420", f"`{shown}` cannot be filled in with {whole}", at, help=f"write `{{{field}:{example}}}`"
            )


def _unfilled(field: str, held_back: bool, steps: bool, every: list[str]) -> tuple[str, str]:
    """Why nothing of that name is there when a checkpoint saves, and what to do."""
    if field.startswith("val_") and held_back:
        if steps:
            return "validation comes after the epoch, and this saves in the midst of it", 'write `save_freq = "epoch"`'
        return (
            "nothing is kept aside for validation",
            f"write `split = {{ validation = 0.15 }}` in [data], or `{{{field.removeprefix('val_')}}}`",
        )
    if field == "batch":
        return "at the end of an epoch there is no number of a batch", "write `{epoch}`"
    if field == RATE:
        return "the learning rate is told only behind a ReduceLROnPlateau", "leave it out"
    near = meant(field, every)
    return (
        f"nothing called {quoted(field)} is measured",
        f"did you mean `{{{near}}}`?" if near else there_are(every, 12) or "leave it out",
    )


def _fits(form: str, value: float) -> bool:
    try:
        format(value, form)
    except ValueError:
        return False
    return True


def _acting(training: Training, callback: Object, pointer: Pointer) -> Iterator[Finding]:
    """Callbacks that cannot do what they are for, whatever is measured."""
    kind, epochs = callback.record.name, training.epochs
    optimizer, at = optimizer_in_charge(training)
    rate = None if optimizer is None else optimizer.arguments.get("learning_rate")
    related = (Related("the optimizer", at),)
    if kind == "ReduceLROnPlateau" and isinstance(rate, Object):
        yield Finding(
            "E420",
            f"ReduceLROnPlateau sets the learning rate, but here {rate.record.name} does, and Keras allows only one",
            (*pointer, "type"),
            help="write a number as `learning_rate`, or leave the callback out",
            related=(Related("the schedule", (*at, "learning_rate")),),
        )
    elif kind == "ReduceLROnPlateau" and isinstance(rate, int | float) and callback["min_lr"] >= rate:
        yield Finding(
            "W403",
            f"the learning rate is {rate:g} from the start, and `min_lr = {callback['min_lr']:g}` lets it go no lower: "
            "ReduceLROnPlateau would never act",
            (*pointer, "min_lr") if "min_lr" in callback.written else (*pointer, "type"),
            help="write a smaller `min_lr`",
            related=related if training.optimizer != "rmsprop" else (),
        )
    elif kind == "SwapEMAWeights" and optimizer is not None and not optimizer.arguments.get("use_ema"):
        yield Finding(
            "W403",
            "SwapEMAWeights swaps in the running average of the weights, and the optimizer keeps none",
            (*pointer, "type"),
            help="write `use_ema = true` in the optimizer",
            related=related if not isinstance(training.optimizer, str) else (),
        )
    if kind not in ("EarlyStopping", "ReduceLROnPlateau"):
        return
    start = callback.arguments.get("start_from_epoch", 0)
    if epochs == 1:
        return  # a trial run
    needed = start + max(callback["patience"], 1)
    argument = "start_from_epoch" if start >= epochs else "patience"
    restores = callback.arguments.get("restore_best_weights") is True and start < epochs
    if needed >= epochs and not restores and argument in callback.written:
        many = "1 epoch" if epochs == 1 else f"{epochs} epochs"
        yield Finding(
            "W403",
            f"{kind} waits for {needed} epochs after the first, and training has {many}: it would never act",
            (*pointer, argument),
            help=f"write a smaller `{argument}`, or more `epochs`",
        )


def optimizer_in_charge(training: Training) -> tuple[Object | None, Pointer]:
    """The optimizer whose learning rate counts: the inner one of a LossScaleOptimizer."""
    at: Pointer = (*training.pointer, "optimizer")
    found: Any = stated("optimizers", training.optimizer)
    while found is not None and isinstance(found.arguments.get("inner_optimizer"), Object):
        found, at = found["inner_optimizer"], (*at, "inner_optimizer")
    return found, at

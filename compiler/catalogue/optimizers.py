"""Catalogue: optimizers, which turn gradients into changes of the weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from .kinds import BOOLEAN, TEXT, Kind, an, integer, list_of, nullable
from .record import REQUIRED, Argument, ArgumentError, Object, Record
from .refusal import base_class, refused
from .training_arguments import ABOVE_ZERO, DECAY, NOT_NEGATIVE, SHARE, STEPS, name_argument, real

OPTIMIZER: Final = an("optimizers", 'an optimizer, by name ("adam") or as a table with `type`')
RATE: Final = an("schedules", "a learning rate that changes, as a table with `type`", also=ABOVE_ZERO)
WEIGHT_DECAY: Final = "Pulls weights towards zero by this share of the learning rate, apart from the gradient."


def learning_rate(default: float) -> Argument:
    """``learning_rate``: a number above 0, or a schedule."""
    return Argument("learning_rate", RATE, default, "How far each step goes: a number, or a schedule as a table.")


def _beta(name: str, default: float, of: str) -> Argument:
    return Argument(name, DECAY, default, f"How much of the running average of {of} each step keeps.")


BETA_1: Final = _beta("beta_1", 0.9, "the gradients")
BETA_2: Final = _beta("beta_2", 0.999, "the squared gradients")
AMSGRAD: Final = Argument("amsgrad", BOOLEAN, False, "Whether step sizes may only shrink, as AMSGrad has it.")


def epsilon(default: float = 1e-7) -> Argument:
    """``epsilon``: keeps a division from blowing up."""
    return Argument("epsilon", NOT_NEGATIVE, default, "A small number that keeps divisions from blowing up.")


def _base(decay: Argument) -> tuple[Argument, ...]:
    """What every optimizer takes besides its own arguments."""
    return (
        decay,
        Argument("clipnorm", nullable(ABOVE_ZERO), None, "Shortens each weight's gradient to this length."),
        Argument("clipvalue", nullable(ABOVE_ZERO), None, "Cuts every number of a gradient off at plus or minus this."),
        Argument("global_clipnorm", nullable(ABOVE_ZERO), None, "Shortens all gradients together to this length."),
        Argument("use_ema", BOOLEAN, False, "Whether a running average of the weights is kept beside them."),
        Argument("ema_momentum", SHARE, 0.99, "How much of the running average of the weights each step keeps."),
        Argument(
            "ema_overwrite_frequency",
            nullable(STEPS),
            None,
            "Every how many steps the average replaces the weights; left out: at the end of training.",
        ),
        Argument(
            "loss_scale_factor",
            nullable(ABOVE_ZERO),
            None,
            "Multiplies the loss, and divides the gradients again, against vanishing in half precision.",
        ),
        Argument(
            "gradient_accumulation_steps",
            nullable(integer(minimum=2, maximum=2**31 - 1)),
            None,
            "How many steps' gradients are averaged before the weights change once.",
        ),
        name_argument(None, "What its variables are called."),
    )


OPTIONAL_DECAY: Final = Argument("weight_decay", nullable(NOT_NEGATIVE), None, WEIGHT_DECAY)
BASE: Final = _base(OPTIONAL_DECAY)
"""What every optimizer takes besides its own arguments."""
WITHOUT_DECAY: Final = BASE[1:]

_CLIPPING: Final = ("clipnorm", "clipvalue", "global_clipnorm")


def _clipping(arguments: Mapping[str, Any]) -> None:
    given = [name for name in _CLIPPING if arguments.get(name) is not None]
    if len(given) > 1:
        raise ArgumentError(
            given[1],
            f"an optimizer clips gradients in one way, but {' and '.join(f'`{name}`' for name in given)} are set",
            help="keep one of them and leave the others out",
            other=given[0],
        )


def _patterns(arguments: Mapping[str, Any]) -> None:
    _clipping(arguments)
    for pattern in arguments["exclude_layers"] or ():
        try:
            re.compile(pattern)
        except re.error as error:
            raise ArgumentError(
                "exclude_layers",
                f"`{pattern}` is no regular expression: {error}",
                help="write a part of the layer's name; signs such as ( [ * + have a meaning of their own",
            ) from error


def _type_of(optimizer: Any) -> str:
    """The class of a nested optimizer, which is written as a name or as a table."""
    name = optimizer.record.name if isinstance(optimizer, Object) else str(optimizer)
    return {"lossscaleoptimizer": "LossScaleOptimizer", "multioptimizer": "MultiOptimizer"}.get(name.lower(), name)


def _scaled_once(arguments: Mapping[str, Any]) -> None:
    inner = arguments["inner_optimizer"]
    if _type_of(inner) == "LossScaleOptimizer":
        raise ArgumentError(
            "inner_optimizer",
            "a LossScaleOptimizer around another one would scale the loss twice",
            help="give it the optimizer itself, such as Adam",
        )
    if isinstance(inner, Object) and inner.arguments.get("loss_scale_factor") is not None:
        raise ArgumentError(
            "inner_optimizer",
            "LossScaleOptimizer finds the scale itself, and switches `loss_scale_factor` of the inner optimizer off",
            help="take `loss_scale_factor` away there, or LossScaleOptimizer here",
        )


def _parts(optimizers: Any) -> tuple[Any, ...]:
    """All optimizers of an OptimizerMap."""
    return (optimizers["default_optimizer"], *(optimizers["optimizer_map"] or {}).values())


def _unwrapped(arguments: Mapping[str, Any]) -> None:
    for one in _parts(arguments["optimizer_map"]):
        if (name := _type_of(one)) in ("LossScaleOptimizer", "MultiOptimizer"):
            raise ArgumentError(
                "optimizer_map",
                f"Keras can't train with a {name} inside a MultiOptimizer",
                help="give the optimizers themselves, such as Adam; `precision` adds the scaling around all of them",
            )


def _one_pattern_each(arguments: Mapping[str, Any]) -> None:
    for pattern in arguments["optimizer_map"] or {}:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ArgumentError(
                "optimizer_map",
                f"`{pattern}` is no regular expression: {error}",
                help='write a weight\'s whole name, such as "dense/kernel", or a pattern such as "encoder/.*"',
            ) from error


def _optimizer(
    name: str, summary: str, *arguments: Argument, base: tuple[Argument, ...] = BASE, check: Any = _clipping
) -> Record:
    return Record(
        name=name,
        family="optimizers",
        summary=summary,
        page=f"optimizers/{_PAGES.get(name, name.lower())}",
        arguments=(*arguments, *base),
        names=(name.lower(),),
        check=check,
    )


_PAGES: Final = {"ScheduleFreeAdamW": "schedule_free_adamw"}
_LIST_OF_TEXT: Final = nullable(list_of(Kind({**TEXT.schema, "minLength": 1}, TEXT.expects)))

OPTIMIZERS = (
    _optimizer(
        "Adam",
        "Gives every weight a step of its own, from averages of its gradients and of their squares.",
        learning_rate(0.001),
        BETA_1,
        BETA_2,
        epsilon(),
        AMSGRAD,
    ),
    _optimizer(
        "SGD",
        "Steps straight down the gradient, with momentum if wanted.",
        learning_rate(0.01),
        Argument("momentum", SHARE, 0.0, "How much of the last step's direction is kept."),
        Argument("nesterov", BOOLEAN, False, "Whether the gradient is taken where momentum is about to lead."),
    ),
    _optimizer(
        "RMSprop",
        "Divides each gradient by the recent size of gradients of the same weight.",
        learning_rate(0.001),
        Argument("rho", DECAY, 0.9, "How much of the running average of squared gradients each step keeps."),
        Argument("momentum", SHARE, 0.0, "How much of the last step's direction is kept."),
        epsilon(),
        Argument("centered", BOOLEAN, False, "Whether the average gradient is taken off before squaring."),
    ),
    _optimizer(
        "AdamW",
        "Adam with a pull of the weights towards zero that the gradient's averages do not see.",
        learning_rate(0.001),
        Argument("weight_decay", NOT_NEGATIVE, 0.004, WEIGHT_DECAY),
        BETA_1,
        BETA_2,
        epsilon(),
        AMSGRAD,
        base=WITHOUT_DECAY,
    ),
    _optimizer(
        "Adadelta",
        "Sizes its steps by the ratio of recent changes to recent gradients.",
        learning_rate(0.001),
        Argument("rho", DECAY, 0.95, "How much of the running averages each step keeps."),
        epsilon(),
    ),
    _optimizer(
        "Adafactor",
        "Adam for large models: keeps row and column averages instead of one number for every weight.",
        learning_rate(0.001),
        Argument("beta_2_decay", real(maximum=0), -0.8, "The power with which averages come to weigh old steps more."),
        Argument("epsilon_1", NOT_NEGATIVE, 1e-30, "A small number added to squared gradients."),
        Argument("epsilon_2", NOT_NEGATIVE, 0.001, "The smallest size of a weight that step sizes are measured by."),
        Argument("clip_threshold", ABOVE_ZERO, 1.0, "Where large updates are cut off."),
        Argument("relative_step", BOOLEAN, True, "Whether steps also shrink with the square root of their number."),
    ),
    _optimizer(
        "Adagrad",
        "Takes smaller steps for weights that have changed a lot so far; good for rare features.",
        learning_rate(0.001),
        Argument("initial_accumulator_value", NOT_NEGATIVE, 0.1, "What the sums of squared gradients start from."),
        epsilon(),
    ),
    _optimizer(
        "Adamax",
        "Adam that measures gradients by their largest recent size instead of their squares.",
        learning_rate(0.001),
        BETA_1,
        _beta("beta_2", 0.999, "the largest gradients"),
        epsilon(),
    ),
    _optimizer(
        "Ftrl",
        "Follows the regularised leader: for wide, sparse linear models.",
        learning_rate(0.001),
        Argument("learning_rate_power", real(maximum=0), -0.5, "How steps shrink as gradients add up; 0 keeps them."),
        Argument("initial_accumulator_value", NOT_NEGATIVE, 0.1, "What the sums of squared gradients start from."),
        Argument("l1_regularization_strength", NOT_NEGATIVE, 0.0, "Pulls weights to exactly zero."),
        Argument("l2_regularization_strength", NOT_NEGATIVE, 0.0, "Pulls weights towards zero."),
        Argument(
            "l2_shrinkage_regularization_strength", NOT_NEGATIVE, 0.0, "Adds a pull towards zero to the gradient."
        ),
        Argument("beta", NOT_NEGATIVE, 0.0, "Added to the denominator of the step size."),
    ),
    _optimizer(
        "Lamb",
        "Adam whose steps are scaled layer by layer: for very large batches.",
        learning_rate(0.001),
        BETA_1,
        BETA_2,
        epsilon(),
    ),
    _optimizer(
        "Lion",
        "Steps by the sign of an averaged gradient alone; wants a smaller learning rate than Adam.",
        learning_rate(0.001),
        Argument("beta_1", real(above=0, maximum=1), 0.9, "How much of the average counts when the step is chosen."),
        _beta("beta_2", 0.99, "the gradients"),
    ),
    _optimizer(
        "Muon",
        "Makes the steps of weight matrices orthogonal, and leaves all other weights to AdamW.",
        learning_rate(0.001),
        _beta("adam_beta_1", 0.9, "the gradients in AdamW's part"),
        _beta("adam_beta_2", 0.999, "the squared gradients in AdamW's part"),
        Argument("adam_weight_decay", NOT_NEGATIVE, 0.004, "The pull towards zero in AdamW's part."),
        epsilon(),
        Argument("exclude_layers", _LIST_OF_TEXT, None, "Regular expressions: matching weights are left to AdamW."),
        Argument("exclude_embeddings", BOOLEAN, True, "Whether embeddings are left to AdamW."),
        Argument("muon_a", real(), 3.4445, "The first coefficient of the Newton-Schulz iteration."),
        Argument("muon_b", real(), -4.775, "The second coefficient of the Newton-Schulz iteration."),
        Argument("muon_c", real(), 2.0315, "The third coefficient of the Newton-Schulz iteration."),
        Argument(
            "adam_lr_ratio",
            ABOVE_ZERO,
            1,
            "AdamW's learning rate as a multiple of Muon's. By default 0.1 in Keras 3.12.",
        ),
        Argument("momentum", SHARE, 0.95, "How much of the last step's direction is kept."),
        Argument(
            "ns_steps",
            integer(minimum=1, maximum=1000),
            5,
            "Rounds of the Newton-Schulz iteration. By default 6 in Keras 3.12.",
        ),
        Argument("nesterov", BOOLEAN, True, "Whether the gradient is taken where momentum is about to lead."),
        Argument("rms_rate", NOT_NEGATIVE, 0.2, "The size that orthogonal steps are scaled to."),
        base=_base(
            Argument("weight_decay", nullable(NOT_NEGATIVE), 0.004, f"{WEIGHT_DECAY} By default 0.1 in Keras 3.12.")
        ),
        check=_patterns,
    ),
    _optimizer(
        "Nadam",
        "Adam with momentum that looks one step ahead.",
        learning_rate(0.001),
        BETA_1,
        BETA_2,
        epsilon(),
    ),
    _optimizer(
        "ScheduleFreeAdamW",
        "AdamW that averages its own path, so that no schedule of the learning rate is needed.",
        learning_rate(0.0025),
        Argument("beta_1", DECAY, 0.9, "How far gradients are taken from the average of the path."),
        BETA_2,
        epsilon(1e-8),
        Argument(
            "warmup_steps", integer(minimum=0, maximum=2**31 - 1), 0, "Steps over which the rate climbs at first."
        ),
    ),
    Record(
        name="LossScaleOptimizer",
        family="optimizers",
        summary="Around an optimizer, for half precision: scales the loss so that small gradients survive.",
        page="optimizers/loss_scale_optimizer",
        arguments=(
            Argument("inner_optimizer", OPTIMIZER, REQUIRED, "The optimizer that takes the steps."),
            Argument("initial_scale", ABOVE_ZERO, 32768.0, "What the loss is multiplied by at first."),
            Argument("dynamic_growth_steps", STEPS, 2000, "After how many good steps in a row the scale doubles."),
            name_argument(None, "What its variables are called."),
        ),
        names=("lossscaleoptimizer",),
        check=_scaled_once,
    ),
    Record(
        name="MultiOptimizer",
        family="optimizers",
        summary="Trains weights with different optimizers, chosen by their names.",
        page="optimizers",
        arguments=(
            Argument(
                "optimizer_map",
                an("optimizer_maps", 'a table with `type = "OptimizerMap"`'),
                REQUIRED,
                "Which optimizer trains which weights.",
            ),
            Argument(
                "loss_scale_factor",
                nullable(ABOVE_ZERO),
                None,
                "Multiplies the loss, and divides the gradients again; takes the place of what the optimizers say.",
            ),
            name_argument(None, "What its variables are called."),
        ),
        names=("multioptimizer",),
        check=_unwrapped,
    ),
    refused(
        "optimizers",
        "OptimizerMap",
        "optimizers",
        "The table from names of weights to optimizers inside a MultiOptimizer.",
        "it is a part of MultiOptimizer, and no optimizer itself",
        'write `optimizer = { type = "MultiOptimizer", optimizer_map = { type = "OptimizerMap", … } }`',
        "symbolic",
        names=("optimizermap",),
    ),
    base_class("optimizers", "Optimizer", "optimizers", "optimizer", "MyOptimizer"),
)

OPTIMIZER_MAPS = (
    Record(
        name="OptimizerMap",
        family="optimizer_maps",
        summary="Says which optimizer trains which weights.",
        page="optimizers",
        arguments=(
            Argument("default_optimizer", OPTIMIZER, REQUIRED, "The optimizer of all weights that are not named."),
            Argument(
                "optimizer_map",
                nullable(replace(OPTIMIZER, expects="a table PATTERN = optimizer", named=True)),
                None,
                'Patterns of whole weight names, such as "encoder/.*", each with its optimizer.',
            ),
        ),
        check=_one_pattern_each,
    ),
)
"""The table inside a MultiOptimizer; it stands nowhere else."""

"""Catalogue: the section `sweep`, and the samplers and pruners of Optuna that it may name.

Names and arguments are those of Optuna 5 (https://optuna.readthedocs.io/en/stable/reference/index.html), as far as
they are plain data; functions and objects that only a program can make are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .kinds import BOOLEAN, NUMBER, POSITIVE, SEED, Kind, choice, number, section
from .section import Section, key, must

_MEDIAN: Final = ("n_startup_trials", "n_warmup_steps", "interval_steps", "n_min_trials")
_NSGA: Final = ("population_size", "mutation_prob", "crossover_prob", "swapping_prob")

SAMPLERS: Final[Mapping[str, tuple[str, ...]]] = {
    "TPESampler": (
        "n_startup_trials", "n_ei_candidates", "prior_weight", "consider_endpoints", "multivariate", "group",
        "constant_liar", "consider_prior", "consider_magic_clip",
    ),
    "RandomSampler": (),
    "QMCSampler": ("qmc_type", "scramble"),
    "BruteForceSampler": ("avoid_premature_stop",),
    "CmaEsSampler": (
        "x0", "sigma0", "n_startup_trials", "consider_pruned_trials", "restart_strategy", "popsize", "inc_popsize",
        "use_separable_cma", "with_margin", "lr_adapt",
    ),
    "GPSampler": ("n_startup_trials", "deterministic_objective"),
    "NSGAIISampler": _NSGA,
}  # fmt: skip
"""Sampler → the arguments that it takes; `seed` is the sweep's own."""

PRUNERS: Final[Mapping[str, tuple[str, ...]]] = {
    "MedianPruner": _MEDIAN,
    "PercentilePruner": ("percentile", *_MEDIAN),
    "SuccessiveHalvingPruner": ("min_resource", "reduction_factor", "min_early_stopping_rate", "bootstrap_count"),
    "HyperbandPruner": ("min_resource", "max_resource", "reduction_factor", "bootstrap_count"),
    "ThresholdPruner": ("lower", "upper", "n_warmup_steps", "interval_steps"),
    "PatientPruner": ("wrapped_pruner", "patience", "min_delta"),
    "NopPruner": (),
}
"""Pruner → the arguments that it takes."""

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "PercentilePruner": ("percentile",),
    "PatientPruner": ("wrapped_pruner", "patience"),
}
"""What has to be said."""


def _named(objects: Mapping[str, tuple[str, ...]], what: str) -> Kind:
    name = choice(*objects)
    table = {"type": "object", "properties": {"type": dict(name.schema)}, "required": ["type"]}
    words = f"{what} of Optuna's ({', '.join(objects)}), by name or as a table with `type` and its arguments"
    return Kind({"anyOf": [dict(name.schema), {**table, "additionalProperties": True}]}, words)


SWEPT: Final = Section(
    "swept",
    "the swept value",
    (
        key("low", NUMBER, "The least value; whole numbers are tried where both bounds are whole."),
        key("high", NUMBER, "The greatest value."),
        key("step", number(above=0), "From one value to the next; left out: 1 for whole numbers, else any."),
        key("log", BOOLEAN, "Whether small numbers are tried as often as large ones.", False),
        key("choices", Kind({"type": "array", "minItems": 1}, "a list of values"), "The values, instead of bounds."),
        key(
            "when",
            Kind({"type": "string", "minLength": 1}, "an expression that is true or false, in quotes"),
            'Only where this is true of other values: "parameters.size == 18"; else it stays as the spec has it.',
        ),
    ),
)

SWEEP: Final = Section(
    "sweep",
    "the sweep",
    (
        must(
            "over",
            section("swept", 'a table PATH = range, as "training.epochs" = { low = 1, high = 9 }', "name"),
            "The values that are searched over, by paths as `--set` has them.",
        ),
        key(
            "metric",
            Kind({"type": "string", "minLength": 1}, "the name of a measured number, in quotes"),
            "By which the best is told.",
            "val_loss",
        ),
        key("direction", choice("maximize", "minimize"), "Which way is better, where the metric does not say."),
        key("trials", POSITIVE, "How many candidates are trained; 20 where neither this nor `minutes` is given."),
        key("minutes", number(above=0), "After so many minutes no other candidate is begun."),
        key("sampler", _named(SAMPLERS, "a sampler"), "What chooses the next candidate.", "TPESampler"),
        key("pruner", _named(PRUNERS, "a pruner"), "What ends candidates that fall behind.", "MedianPruner"),
        key("seed", SEED, "Makes the choice of candidates repeatable.", 0),
        key(
            "storage",
            Kind(
                {"type": "string", "pattern": r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.(db|log)$"},
                "the name of a file in the sweep's folder: .db for SQLite, .log for a journal",
            ),
            "Where trials are kept; databases elsewhere are named on the command line.",
            "sweep.db",
        ),
    ),
)

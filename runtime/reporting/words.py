"""From numbers to sentences for people who do not program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

SEEN: Final = {
    "test": "that it had never seen",
    "validation": "that it was not trained on",
    "train": "that it was trained on",
}
CAUTION: Final = {
    "validation": "No rows were kept for a test. These were looked at while training went on, so new ones may come "
    "out a little worse.",
    "train": "No rows were kept apart, so this says little of how well it does on new ones.",
}

ENDED: Final = {
    "finished": "Training ended as it should.",
    "interrupted": "Training was interrupted before its end; what was learned until then was kept.",
    "diverged": "Training failed: its loss became no number any more, so the model is of no use.",
    "failed": "Training failed with an error.",
    "pruned": "Training was ended early, because others of the same sweep did better by then.",
    "running": "Training is still going on, or was broken off.",
}

MEASURED: Final = {
    "loss": "what training makes small",
    "accuracy": "share of right answers",
    "sparse_categorical_accuracy": "share of right answers",
    "categorical_accuracy": "share of right answers",
    "binary_accuracy": "share of right answers",
    "mae": "how far off on average",
    "mean_absolute_error": "how far off on average",
    "mse": "the square of how far off, on average",
    "mean_squared_error": "the square of how far off, on average",
    "root_mean_squared_error": "how far off, large errors counting more",
    "precision": "share of its yeses that were right",
    "recall": "share of what it should have found that it found",
    "f1_score": "precision and recall in one number",
    "auc": "how well it tells yes from no: 0.5 is guessing, 1 is perfect",
    "learning_rate": "how large the steps are",
}

PARTS: Final = (
    "The loss of one output is the mean over batches, as Keras reports it, and not over rows as the loss is: where the "
    "last batch is smaller, they do not quite add up."
)
"""Said where the loss is shown with what it is made of."""


def verdict(output: Mapping[str, Any], judged: Mapping[str, Any], *, several: bool) -> list[str]:
    """What an output got right, in a few sentences."""
    kind, counted, noun = output["kind"], output["counted"], judged["noun"]
    of = f" for “{output['name']}”" if several else ""
    seen = SEEN[judged["part"]]
    if not counted:
        return [f"There was nothing to compare with{of}."]
    each = counted != judged["rows"]
    if kind == "classes":
        whole = f"{many(judged['rows'], noun)} {seen}"
        if each:
            share = percent(output["right"] / counted)
            said = [f"In {whole}, {share} of the {counted:,} single answers were right{of}."]
        else:
            said = [f"Of {whole}, {output['right']:,} were named right{of} ({percent(output['right'] / counted)})."]
        return [*said, *_guessing(output, counted)]
    if kind == "labels":
        share = percent(output["right"] / counted)
        words = f"For each of {many(judged['rows'], noun)} {seen} it said yes or no to {len(output['classes'])} labels"
        return [f"{words}; {share} of the {counted:,} answers were right{of}."]
    errors = output["errors"]
    if not errors:
        return [f"What it gives and what is true can't be compared number by number{of}."]
    off, spread = errors["mean_absolute_error"], errors["standard_deviation"]
    said = [
        f"On {many(judged['rows'], noun)} {seen}, its numbers{of} were off by {number(off)} on average; "
        f"the true ones lie between {number(errors['least'])} and {number(errors['most'])}."
    ]
    if errors["r2"] is not None and spread:
        if errors["r2"] > 0:
            said.append(f"It explains {percent(errors['r2'])} of what differs between the {noun} (R²).")
        else:
            said.append(f"Always saying the average would do better (R² is {errors['r2']:.2f}).")
    return said


def _guessing(output: Mapping[str, Any], counted: int) -> list[str]:
    """What naming always the most frequent class would reach: without it, a share of right answers says little."""
    rows = output["classes"]
    if len(rows) < 2:
        return []
    most = max(rows, key=lambda row: row["count"])
    share = most["count"] / counted
    better = "" if output["right"] / counted > share else ": the model is no better than that"
    said = [f"Always saying “{most['name']}” would be right in {percent(share)}{better}."]
    known = [row for row in rows if row["count"] and row["recall"] is not None]
    weak = min(known, key=lambda row: row["recall"], default=None)
    if weak is not None and weak["recall"] < 1:
        said.append(f"Hardest for it is “{weak['name']}”: it found {percent(weak['recall'])} of them.")
    return said


def confused(output: Mapping[str, Any]) -> list[str]:
    """What is most often taken for what."""
    times = {1: "once", 2: "twice"}
    return [
        f"“{true}” was taken for “{said}” {times.get(count, f'{count:,} times')}"
        for count, true, said in output["confused"]
    ]


def many(count: int, noun: str) -> str:
    """So many of them."""
    return f"1 {noun.removesuffix('s')}" if count == 1 else f"{count:,} {noun}"


def percent(share: float) -> str:
    """A share as people say it; never 100 % where something is missing."""
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 <= share < 1:
        return "more than 99.9 %"
    return f"{share * 100:.1f} %".replace(".0 %", " %")


def number(value: float | None) -> str:
    """A number with as many digits as say something."""
    if value is None:
        return "no number"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def duration(seconds: float) -> str:
    """How long something took."""
    if seconds < 90:
        return _of(round(seconds), "second")
    minutes = round(seconds / 60)
    if minutes < 90:
        return _of(minutes, "minute")
    rest = minutes % 60
    return _of(minutes // 60, "hour") + (f" {_of(rest, 'minute')}" if rest else "")


def _of(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def meaning(name: str) -> str:
    """What a metric says, where that can be told from its name."""
    plain = name.removeprefix("val_")
    return MEASURED.get(plain) or next((words for key, words in MEASURED.items() if plain.endswith(f"_{key}")), "")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""

"""Sentences and charts of the report, from numbers alone."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.runtime.reporting.charts import curve, measured, scatter, sheet, spark, ticks
from keraspec.runtime.reporting.page import _metrics, _trained
from keraspec.runtime.reporting.words import PARTS, confused, duration, number, percent, verdict

NUMBERS = st.floats(-1e6, 1e6)


@settings(max_examples=60)
@given(NUMBERS, NUMBERS)
def test_ticks_are_few_and_reach_around(one, other):
    low, high = sorted((one, other))
    found = ticks(low, high)
    assert found == sorted(found)
    assert 2 <= len(found) <= 9
    unseen = (high - low) * 1e-6
    assert found[0] <= low + unseen
    assert found[-1] >= high - unseen


@given(st.integers(1, 50), st.integers(0, 300))
def test_ticks_of_epochs_are_whole_and_within(low, more):
    found = ticks(low, low + more, whole=True)
    assert all(one == int(one) and low <= one <= low + more for one in found)
    assert len(found) <= 7


HISTORY = [
    {"epoch": index + 1, "phase": 1 + index // 3, "loss": 1 / (index + 1), "val_loss": 0.5, "a<b": float("nan")}
    for index in range(5)
]


def test_charts_are_svg():
    assert measured(HISTORY) == ["loss", "a<b"]
    svg = curve(HISTORY, "loss")
    ElementTree.fromstring(svg)
    assert svg.count("<polyline") == 2
    assert svg.count("<circle") == 10
    assert "training ends at 0.2; validation ends at 0.5" in svg
    assert curve(HISTORY, "a<b") == '<p class="chart">a&lt;b: no number to draw</p>'
    ElementTree.fromstring(sheet(HISTORY))
    ElementTree.fromstring(scatter([(1, 2), (3, 3), (float("nan"), 1)], "x<y"))
    assert scatter([(float("inf"), 1)], "x") == ""
    ElementTree.fromstring(spark([[1.0], [2.0, 3.0]]))
    ElementTree.fromstring(curve(HISTORY[:1], "loss"))


def test_what_the_loss_is_made_of_is_explained():
    """Keras averages the loss of one output over batches, and that of all over rows."""
    assert PARTS in _metrics({"test": {"loss": 6.2, "cls_loss": 0.9, "reg_loss": 4.1}})
    assert PARTS not in _metrics({"test": {"loss": 6.2, "accuracy": 0.9}})


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (4e-4, "less than 0.1 %"),
        (0.5, "50 %"),
        (0.9951, "99.5 %"),
        (0.9996, "more than 99.9 %"),
        (1, "100 %"),
    ],
)
def test_percent(share, text):
    assert percent(share) == text


def test_numbers_and_times():
    assert [number(one) for one in (0.123456, 12.0, 123456.7, None)] == ["0.1235", "12", "123,457", "no number"]
    assert [duration(one) for one in (0.9, 1.2, 60, 600, 7300)] == [
        "1 second", "1 second", "60 seconds", "10 minutes", "2 hours 2 minutes",
    ]  # fmt: skip


def an_output(**more):
    rows = [
        {"name": "a", "precision": 0.8, "recall": 1.0, "f1": 0.9, "count": 8},
        {"name": "b", "precision": 1.0, "recall": 0.5, "f1": 0.7, "count": 4},
    ]
    return {
        "name": "kind", "kind": "classes", "counted": 12, "right": 10, "classes": rows, "matrix": [[8, 0], [2, 2]],
        "errors": None, "confused": [[2, "b", "a"]], **more,
    }  # fmt: skip


def test_verdicts():
    judged = {"part": "test", "rows": 12, "noun": "pictures"}
    assert verdict(an_output(), judged, several=False) == [
        "Of 12 pictures that it had never seen, 10 were named right (83.3 %).",
        "Always saying “a” would be right in 66.7 %.",
        "Hardest for it is “b”: it found 50 % of them.",
    ]
    assert verdict(an_output(right=8), {**judged, "part": "train"}, several=True)[:2] == [
        "Of 12 pictures that it was trained on, 8 were named right for “kind” (66.7 %).",
        "Always saying “a” would be right in 66.7 %: the model is no better than that.",
    ]
    assert verdict(an_output(), {**judged, "rows": 2}, several=False)[0] == (
        "In 2 pictures that it had never seen, 83.3 % of the 12 single answers were right."
    )
    errors = {"mean_absolute_error": 2.3361, "standard_deviation": 8.0, "r2": 0.85, "least": 9, "most": 46.6}
    numbers = an_output(kind="numbers", errors=errors, right=None)
    assert verdict(numbers, {**judged, "rows": 1, "noun": "rows"}, several=False) == [
        "On 1 row that it had never seen, its numbers were off by 2.336 on average; "
        "the true ones lie between 9 and 46.6.",
        "It explains 85 % of what differs between the rows (R²).",
    ]
    worse = an_output(kind="numbers", errors={**errors, "r2": -0.5})
    assert "do better (R² is -0.50)" in verdict(worse, judged, several=False)[1]
    assert confused(an_output()) == ["“b” was taken for “a” twice"]


@pytest.mark.parametrize(
    ("epochs", "planned", "said"), [(1, 1, "1 (epoch)"), (3, 3, "3 (epochs)"), (1, 10, "1 of 10 (epochs)")]
)
def test_how_often_it_went_through_the_data(epochs, planned, said):
    assert f"<dd>{said}, in 5 seconds</dd>" in _trained({}, {"training": {"epochs": planned}}, epochs, 5.0)

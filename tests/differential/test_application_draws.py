"""Applications drawn at random: their share of `make oracle`; how they are compared says `test_applications`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

import numpy as np
from admitting import admits, same_sort
from drawing import value_of
from oracle import SORT, STANDSTILL, Verdict
from subjects import Subject
from test_applications import FLOATING, SIZES, Case, agree, ours, theirs

from keraspec.compiler.catalogue import family
from keraspec.compiler.catalogue.kinds import Kind
from keraspec.compiler.catalogue.record import ArgumentError, Record, ShapeError

MOST = 5
"""Cases of each: a network takes seconds."""
NO_TOP = "we refuse what can't be true of the last layer where that is left out; Keras reads over it"
REAL = 107
"""Height and width of a real picture where a case leaves them open."""
OF_THE_TOP = ("classes", "classifier_activation")
WEIGHTS = "weights stay none: nothing is fetched while testing"


def soak_cases() -> Iterator[Subject]:
    """See `subjects`."""
    for record in family("applications").values():
        if record.refused is None:
            arguments = tuple(argument.name for argument in record.arguments if argument.name != "weights")
            yield Subject(
                record.name, partial(draw, record), partial(judge, record), (NO_TOP,), most=MOST, arguments=arguments,
                unsaid={"weights": WEIGHTS},
            )  # fmt: skip


def draw(record: Record, seed: int, index: int) -> Case:
    """First the usual three, then sizes and arguments at random."""
    name = record.name.partition(".")[2]
    side = SIZES.get(name, (224, 224, 3))
    usual = (
        Case(name, side),
        Case(name, (123, 86, 3), {"include_top": False, "pooling": "avg"}),
        Case(name, FLOATING, {"include_top": False}),
    )
    if index < len(usual):
        return usual[index]
    rng = Random(f"{name} {seed} {index}")
    shape = (*(rng.choice((31, 75, 80, 97, "height", 130)) for _ in range(2)), rng.choice((3, 3, 3, 1, 4)))
    written: dict[str, Any] = {"include_top": rng.random() < 0.3}
    for argument in record.arguments:
        if argument.name not in ("weights", "trainable", "include_top") and rng.random() < 0.4:
            written.update((argument.name, value) for value in value_of(argument.kind, rng))
    if rng.random() < 0.1:
        written["classes"] = rng.choice((0, -1, "many", True))
    return Case(name, shape, written, rng.choice(("float32", "float32", "mixed_float16", "float16")))


def judge(record: Record, case: Case) -> Verdict:
    """Both refuse it, or the networks are the same inside."""
    mine = _refusal(record, case)
    try:
        model = theirs(case)
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        return Verdict(refused=True) if mine else Verdict(problems=(f"we accept it, Keras refuses: {said}",))
    if mine:
        return _stricter(record, case, mine, model)
    del model
    try:
        agree(case)
    except AssertionError as error:
        return Verdict(accepted=True, problems=(f"the networks differ: {str(error)[:600]}",))
    return Verdict(accepted=True)


def _stricter(record: Record, case: Case, mine: str, model: Any) -> Verdict:
    """We refuse what Keras takes: right where a value is of another type, or goes nowhere, or the network does not run
    on pictures whose size is known at last."""
    wrong = _misfits(record, case)
    if wrong and not any(same_sort(kind, case.arguments[name]) for name, kind in wrong.items()):
        return Verdict(reasons=(SORT,))
    if wrong and not case.arguments.get("include_top", True) and set(wrong) <= set(OF_THE_TOP):
        return Verdict(reasons=(NO_TOP,))
    if not all(isinstance(size, int) for size in case.shape):
        sides = (size if isinstance(size, int) else REAL for size in case.shape)
        try:
            model(np.zeros((1, *sides), "float32"))
        except Exception:
            return Verdict(reasons=(STANDSTILL,))
    return Verdict(problems=(f"Keras accepts it, we refuse: {mine}",))


def _misfits(record: Record, case: Case) -> dict[str, Kind]:
    """The arguments whose values their kinds do not admit."""
    kinds = {argument.name: argument.kind for argument in record.arguments}
    return {name: kinds[name] for name, value in case.arguments.items() if not admits(kinds[name], value)}


def _refusal(record: Record, case: Case) -> str:
    for name, kind in _misfits(record, case).items():
        return f"`{name}` must be {kind.expects}"
    try:
        ours(case)
    except (ArgumentError, ShapeError) as error:
        return error.message
    return ""


def test_draws_are_the_same_for_the_same_seed() -> None:
    for record in family("applications").values():
        if record.refused is None:
            assert [str(draw(record, 1, index)) for index in range(MOST)] == [
                str(draw(record, 1, index)) for index in range(MOST)
            ]


def test_a_mistake_is_refused_by_both() -> None:
    record = family("applications")["applications.MobileNet"]
    assert judge(record, Case("MobileNet", (31, 75, 3), {"include_top": False})).refused
    right = {"alpha": 0.25, "include_top": False, "pooling": "max"}
    assert judge(record, Case("MobileNet", (64, 64, 3), right)).accepted


def test_a_value_that_keras_reads_over_is_a_difference_on_the_list() -> None:
    record = family("applications")["applications.MobileNet"]
    no_top = {"alpha": 0.25, "include_top": False}
    assert judge(record, Case("MobileNet", (64, 64, 3), {**no_top, "classes": "many"})).reasons == (SORT,)
    assert judge(record, Case("MobileNet", (64, 64, 3), {**no_top, "classes": 0})).reasons == (NO_TOP,)


def test_a_network_that_does_not_run_is_a_difference_on_the_list() -> None:
    record = family("applications")["applications.NASNetMobile"]
    assert judge(record, Case("NASNetMobile", FLOATING, {"include_top": False})).reasons == (STANDSTILL,)

"""The oracle itself: a catalogue that is wrong must not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from oracle import Case, Plan, Tensor, cases, compare, shapes

from keraspec.compiler.catalogue.record import Argument, Call, Inferred, Record, ShapeError

PLAN = Plan("Dense", shapes(1, 2))
RECORD = PLAN.record


def _with_rule(change: Callable[[Inferred], Inferred]) -> Record:
    def rule(call: Call) -> Inferred:
        assert RECORD.rule is not None
        return change(RECORD.rule(call))

    return replace(RECORD, rule=rule)


def _refuse(inferred: Inferred) -> Inferred:
    raise ShapeError("E301", "no")


def _second(inferred: Inferred) -> Inferred:
    return replace(inferred, outputs=inferred.outputs * 2)


def _shape(inferred: Inferred) -> Inferred:
    out = inferred.outputs[0]
    return replace(inferred, outputs=(out.with_shape(*out.shape[:-1], 7),))


def _dtype(inferred: Inferred) -> Inferred:
    return replace(inferred, outputs=(replace(inferred.outputs[0], dtype="float16"),))


def _bias(inferred: Inferred) -> Inferred:
    return replace(inferred, weights=inferred.weights[:1])


def _frozen(inferred: Inferred) -> Inferred:
    return replace(inferred, weights=(replace(inferred.weights[0], trainable=False), *inferred.weights[1:]))


def _longer(inferred: Inferred) -> Inferred:
    out = inferred.outputs[0]
    return replace(inferred, outputs=(out.with_shape(out.shape[0], out.shape[1] + 1, out.shape[2]),))


def _negative(inferred: Inferred) -> Inferred:
    return replace(inferred, flops=-1)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (_refuse, "we refuse"),
        (_second, "2 outputs"),
        (_shape, "output 0"),
        (_dtype, "float16"),
        (_bias, "weights"),
        (_frozen, "weights"),
        (_longer, "but it is"),
        (_negative, "FLOPs"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_rule_is_found(change: Callable[[Inferred], Inferred], word: str) -> None:
    case = Case(_with_rule(change), {"units": 3}, {"inputs": (Tensor(("time", 4)),)})
    assert any(word in line for line in compare(PLAN, case)[1])


def test_a_rule_that_takes_too_much_is_found() -> None:
    record = _with_rule(lambda inferred: inferred)
    wrong = {"inputs": (Tensor(()),)}

    def rule(call: Call) -> Inferred:
        return Inferred((call.x.with_shape(3),))

    assert compare(PLAN, Case(record, {"units": 3}, wrong)) == ("refused", [])
    outcome, found = compare(PLAN, Case(replace(record, rule=rule), {"units": 3}, wrong))
    assert (outcome, "we accept" in found[0]) == ("refused", True)


def test_a_rule_that_takes_what_does_not_run_is_found() -> None:
    def rule(call: Call) -> Inferred:
        assert RECORD.rule is not None
        number = replace(call.x, dtype="float32")
        return RECORD.rule(replace(call, tensors={"inputs": (number,)}))

    text = {"inputs": (Tensor((4,), "string"),)}
    assert compare(PLAN, Case(RECORD, {"units": 3}, text)) == ("refused", [])
    assert "does not run" in compare(PLAN, Case(replace(RECORD, rule=rule), {"units": 3}, text))[1][0]


def test_a_kind_that_takes_too_little_is_found() -> None:
    units, *others = RECORD.arguments
    narrow = replace(
        RECORD, arguments=(Argument("units", replace(units.kind, schema={"type": "integer", "minimum": 9})), *others)
    )
    _, found = compare(PLAN, Case(narrow, {"units": 3}, {"inputs": (Tensor((4,)),)}))
    assert "we refuse" in found[0]


def test_a_lost_mask_is_found() -> None:
    case = Case(replace(RECORD, masking="lose"), {"units": 3}, {"inputs": (Tensor((5, 4), mask=True),)})
    assert any("mask" in line for line in compare(PLAN, case)[1])


def test_cases_are_the_same_for_the_same_seed() -> None:
    assert [str(case) for case in cases(PLAN, 20, 1)] == [str(case) for case in cases(PLAN, 20, 1)]
    assert [str(case) for case in cases(PLAN, 20, 1)] != [str(case) for case in cases(PLAN, 20, 2)]

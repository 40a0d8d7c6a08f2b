"""The recurrent layers and their cells, against Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from oracle import Case, Inputs, Plan, Tensor, agree, axis

DTYPES = ("float32", "float32", "float32", "float16", "int32")
STATES = {"LSTM": 2, "GRU": 1, "SimpleRNN": 1}
LSTM, GRU, SIMPLE = (
    {"type": "LSTMCell", "units": 3},
    {"type": "GRUCell", "units": 4, "reset_after": False},
    {"type": "SimpleRNNCell", "units": 2, "use_bias": False},
)


def sequence(rng: Random) -> Tensor:
    """A sequence, now and then without its time axis, or of pictures."""
    shape = [axis(rng, zero=0), axis(rng, zero=0, unknown=0.05)]
    if rng.random() < 0.08:
        shape = shape[:1] if rng.random() < 0.5 else [3, *shape]
    return Tensor(tuple(shape), rng.choice(DTYPES))


def states(rng: Random, number: int, units: Any) -> tuple[Tensor, ...]:
    """States, now and then one too few or of another size."""
    given = [Tensor((units,)) if rng.random() < 0.95 else Tensor((units, 1)) for _ in range(number)]
    if rng.random() < 0.1:
        given = given[:-1] or [*given, *given]
    if rng.random() < 0.1 and given:
        given[0] = Tensor((7,))
    return tuple(given)


def sequences(name: str) -> Callable[[Random, Mapping[str, Any]], Inputs]:
    """Inputs of the recurrent layers: sequences, and now and then states and a mask."""

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs:
        x = sequence(rng)
        inputs: dict[str, tuple[Tensor, ...]] = {"sequences": (x,)}
        units = written.get("units")
        if name in STATES and isinstance(units, int) and units > 0 and rng.random() < 0.25:
            inputs["initial_state"] = states(rng, STATES[name], units)
        if rng.random() < 0.1 and len(x.shape) > 1:
            inputs["mask"] = (Tensor(x.shape[:1], "bool"),)
        return inputs

    return feed


def step(name: str) -> Callable[[Random, Mapping[str, Any]], Inputs]:
    """Inputs of a cell by itself: one step, and its states."""
    port = "sequence" if name == "SimpleRNNCell" else "inputs"

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs:
        shape = tuple(axis(rng, zero=0, unknown=0.05) for _ in range(rng.choice((1,) * 9 + (2,))))
        units = written.get("units")
        known = units if isinstance(units, int) and not isinstance(units, bool) and units > 0 else 3
        return {port: (Tensor(shape),), "states": states(rng, 2 if name == "LSTMCell" else 1, known)}

    return feed


def films(rank: int) -> Callable[[Random, Mapping[str, Any]], Inputs]:
    """Inputs of the convolutional LSTMs."""

    def feed(rng: Random, written: Mapping[str, Any]) -> Inputs:
        places = [axis(rng, 2, 7, zero=0, unknown=0.03) for _ in range(rank if rng.random() < 0.93 else rank + 1)]
        shape = (axis(rng, 1, 3, zero=0), *places, axis(rng, 1, 3, zero=0, unknown=0.03))
        return {"sequences": (Tensor(shape, rng.choice(DTYPES[:4])),)}

    return feed


def wrong_states(case: Case) -> bool:
    """Keras does not look at the states when it is called, and a GRU runs with more of them than it keeps."""
    given = case.inputs.get("initial_state") or case.inputs.get("states") or ()
    name = case.record.name.removesuffix("Cell")
    return len(given) != STATES.get(name, 0) or any(one.shape != (case.written.get("units"),) for one in given)


def in_time(case: Case) -> bool:
    """With a time axis every step begins with the same state: a cell is no layer that goes through a sequence."""
    return len(case.x.shape) > 1


def stack_of_one(case: Case) -> bool:
    """Keras fails when a masked batch comes."""
    return case.x.mask and case.written["cell"] in ([SIMPLE], [LSTM])


def given_states(case: Case) -> bool:
    """Whether states are given at all."""
    return "initial_state" in case.inputs or "states" in case.inputs


def first(case: Case) -> bool:
    """TensorFlow has no convolution with the channels first, or with wide dilation, on a CPU."""
    return case.written.get("data_format") == "channels_first" or case.written.get("dilation_rate") not in (None, 1)


COMMON: Mapping[str, Any] = {
    "units": (1, 2, 3, 5),
    "dropout": (0, 0.2),
    "recurrent_dropout": (0, 0.2),
    "return_sequences": (True, False),
    "return_state": (True, False),
    "stateful": (False,) * 8 + (True,),
}
KNOWN = {
    "Keras takes a share below 0 or above 1 for 0 or 1": lambda case: any(
        isinstance(case.written.get(name), (int, float)) and not 0 <= case.written[name] <= 1
        for name in ("dropout", "recurrent_dropout")
    ),
    "Keras does not look at the states": lambda case: given_states(case) and wrong_states(case),
    "whole numbers all of which are dropped need no scaling": lambda case: (
        case.written.get("dropout") == 1 and case.x.dtype.startswith(("int", "uint"))
    ),
}
STUCK = {
    "a GPU's own kernel is not there": lambda case: case.written.get("use_cudnn") is True,
    "steps are written one by one where their number is known": lambda case: bool(case.written.get("unroll")),
}
CONVOLUTION: Mapping[str, Any] = {
    **{name: values for name, values in COMMON.items() if name != "units"},
    "filters": (1, 2, 3),
    "kernel_size": (1, 2, 3),
    "strides": (1, 1, 1, 2),
    "dilation_rate": (1, 1, 1, 2),
    "padding": ("same", "valid"),
}
STACKS = ([GRU, SIMPLE], [GRU, {"type": "SimpleRNNCell", "units": 2}])
PLANS = (
    *(
        Plan(name, sequences(name), arguments=COMMON, known=KNOWN, stuck=STUCK, wrong=0.1)
        for name in ("LSTM", "GRU", "SimpleRNN")
    ),
    Plan(
        "RNN",
        sequences("RNN"),
        arguments={
            **{name: values for name, values in COMMON.items() if name.startswith(("return", "state"))},
            "cell": (
                LSTM,
                GRU,
                SIMPLE,
                [LSTM, GRU],
                [GRU, SIMPLE, LSTM],
                [SIMPLE],
                [LSTM],
                {"type": "StackedRNNCells", "cells": [GRU, LSTM]},
                {"type": "Dense", "units": 3},
            ),
        },
        known={
            "Keras fails when a masked batch comes": stack_of_one,
            "steps with more axes run where sizes are alike by chance": lambda case: len(case.x.shape) > 2,
        },
        stuck=STUCK,
        wrong=0.1,
    ),
    *(
        Plan(name, step(name), arguments=COMMON, known={**KNOWN, "a cell takes one step": in_time}, wrong=0.1)
        for name in ("LSTMCell", "GRUCell", "SimpleRNNCell")
    ),
    Plan(
        "StackedRNNCells",
        lambda rng, written: {"inputs": (Tensor((axis(rng, zero=0),)),), "states": (Tensor((4,)), Tensor((2,)))},
        arguments={"cells": (*STACKS, [SIMPLE, GRU], [LSTM, GRU], [GRU], [{"type": "Dense", "units": 2}])},
        wrong=0,
        accepted=0.1,
        known={"Keras does not look at the states": lambda case: case.written["cells"] not in STACKS},
    ),
    *(
        Plan(
            f"ConvLSTM{rank}D",
            films(rank),
            arguments=CONVOLUTION,
            known=KNOWN,
            stuck={**STUCK, "TensorFlow has no such convolution on a CPU": first},
            wrong=0.1,
        )
        for rank in (1, 2, 3)
    ),
)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.layer)
def test_agrees_with_keras(plan: Plan) -> None:
    agree(plan)

"""Rules while training: what is set when a condition becomes true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..compiler.logged import RATE
from ..compiler.run_time import Steps
from ..compiler.training_rules import COUNTED, INITIAL, steps
from ..spec.finding import Finding
from ..spec.problem import Problem
from ..spec.run_time import run_time
from ..spec.spec import Rule, Training
from .environment import backend
from .formulas import evaluated
from .progress import number

if TYPE_CHECKING:
    import keras


@dataclass(slots=True)
class _Standing:
    """One rule, and whether it has been carried out."""

    number: int
    rule: Rule
    when: Steps
    rate: Steps
    fired: bool = False

    @property
    def said(self) -> tuple[str, str, str]:
        """What the rule says, wherever it stands."""
        return self.rule.check, self.rule.when, self.rule.learning_rate


@dataclass(slots=True)
class Rules:
    """The rules of one training section or phase.

    Each is carried out once at most: when its condition is true for the first time, in whichever phase, as long as the
    optimizer goes on. What it sets is worked out from the numbers of that moment; ``initial_learning_rate`` is the rate
    that the optimizer began with, also where it goes on from the phase before, so that rules do not add up unless they
    name ``learning_rate``.
    """

    training: Training
    model: keras.Model
    say: Callable[[str], None]
    began: float | None = None
    """The rate that the optimizer began with; None where that is the one it has now."""
    before: Rules | None = None
    """The rules of the phase before, where its optimizer goes on: what was carried out there is over here too."""
    fired: list[dict[str, Any]] = field(default_factory=list)
    initial: float = 0.0
    standing: list[_Standing] = field(default_factory=list)
    own: Any = None

    def __post_init__(self) -> None:
        self.initial = self.rate() if self.began is None else self.began
        over = {one.said for one in self.before.standing if one.fired} if self.before is not None else set()
        self.before = None
        for index, rule in enumerate(self.training.rules):
            one = _Standing(index + 1, rule, steps(rule.when), steps(rule.learning_rate))
            one.fired = one.said in over
            self.standing.append(one)
        if self.by_batch:
            self._listen()

    @property
    def by_batch(self) -> bool:
        """Whether a rule has to look after every batch."""
        return any(rule.check == "batch" for rule in self.training.rules)

    def rate(self) -> float:
        """The learning rate now."""
        return float(self.model.optimizer.learning_rate)

    def _listen(self) -> None:
        """Keep the loss of each batch: what Keras reports is the mean of the epoch so far."""
        import keras

        if backend() == "jax":
            self._listen_on_jax()
            return
        own = keras.Variable(0.0, trainable=False, dtype="float32", name="own_loss")
        compute = self.model.compute_loss

        def compute_loss(*given: Any, **more: Any) -> Any:
            loss = compute(*given, **more)
            own.assign(keras.ops.cast(loss, "float32"))
            return loss

        self.own = own
        object.__setattr__(self.model, "compute_loss", compute_loss)

    def _listen_on_jax(self) -> None:
        """There a step keeps nothing but what belongs to the model, its optimizer or a metric: so a metric has it."""
        import keras

        tracker = next(one for one in self.model.metrics if one.name == "loss")
        own = tracker.add_variable(shape=(), initializer="zeros", name="own_loss")
        update = tracker.update_state

        def update_state(loss: Any, *rest: Any, **more: Any) -> Any:
            own.assign(keras.ops.cast(loss, own.dtype))
            return update(loss, *rest, **more)

        self.own = own
        tracker.update_state = update_state  # until the model is compiled for the next phase

    def end(self) -> None:
        """Leave the model as it was."""
        if self.own is not None and "compute_loss" in vars(self.model):
            object.__delattr__(self.model, "compute_loss")

    def state(self) -> dict[str, Any]:
        """What has to be known to go on with these rules later."""
        return {"initial": self.initial, "fired": [one.fired for one in self.standing]}

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on with rules as they were."""
        self.initial = state["initial"]
        for one, fired in zip(self.standing, state["fired"], strict=True):
            one.fired = fired

    def batch(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """A step is done; ``epoch`` and ``step`` count from 1, through all phases."""
        if self.by_batch:
            self._look("batch", epoch, step, {**logs, "loss": float(self.own)})

    def epoch(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        """An epoch is done."""
        self._look("epoch", epoch, step, logs)

    def _look(self, check: str, epoch: int, step: int, logs: Mapping[str, float]) -> None:
        for one in self.standing:
            if one.fired or one.rule.check != check:
                continue
            known = {**logs, RATE: self.rate(), INITIAL: self.initial, "epoch": epoch, "step": step}
            if not bool(_value(one.rule.when, one.when, known)):
                continue
            one.fired = True
            before, after = self.rate(), float(_value(one.rule.learning_rate, one.rate, known))
            if not isfinite(after) or after <= 0:
                raise Problem(_no_rate(one, after, epoch, step))
            self.model.optimizer.learning_rate = after
            named = [name.name for name in run_time(one.rule.when).names]
            self.fired.append(
                {
                    "rule": one.number,
                    "when": one.rule.when,
                    "epoch": epoch,
                    "step": step,
                    "numbers": {name: float(known[name]) for name in named},
                    "learning_rate": {"before": before, "after": self.rate()},
                }
            )
            self.say(
                f"rule {one.number} ({one.rule.when}) in epoch {epoch}, step {step}: "
                f"learning rate {number(before)} → {number(after)}"
            )


def _value(text: str, made: Steps, known: Mapping[str, Any]) -> Any:
    """What an expression comes to with these numbers."""
    import keras

    with keras.device("cpu:0"):
        tensors = {
            name.name: keras.ops.convert_to_tensor(known[name.name], "int32" if name.name in COUNTED else "float32")
            for name in run_time(text).names
        }
        return evaluated(made, tensors)


def _no_rate(one: _Standing, rate: float, epoch: int, step: int) -> Finding:
    return Finding(
        "E427",
        f"in epoch {epoch}, step {step}, this came to {rate:g}, which is no learning rate",
        (*one.rule.pointer, "set", RATE),
        help="a learning rate is a number above 0: keep it there with `maximum(…, 1e-6)`",
    )

"""The noun Search: a study of Optuna's that is asked for candidates and told what they came to."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import floor, isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ...compiler.sweeps import holds, in_order
from ...spec.document import Pointer
from ...spec.finding import Finding
from ...spec.problem import Problem
from ...spec.sweep import AT, Sweep, Swept, named
from ..listening import Enough
from ..run import RunError

if TYPE_CHECKING:
    import optuna

Outcome = Literal["finished", "pruned", "diverged", "failed", "infeasible", "repeat", "interrupted", "running"]
Direction = Literal["minimize", "maximize"]
TRAINED: Final = ("finished", "pruned", "diverged", "failed")
"""Ends of candidates that were trained: these count."""

KNOWN: Final = (*TRAINED, "infeasible")

MOST_WORDS: Final = 1000
"""Some databases keep texts of up to 2,048 bytes."""

STEADY: Final = frozenset({"QMCSampler"})
"""Samplers whose candidates are parts of one series, which the seed makes."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a candidate. ``values`` are by path; ``value`` is its metric, where it was trained to its end."""

    number: int
    outcome: Outcome
    values: Mapping[str, Any]
    value: float | None
    epochs: int
    seconds: float
    reason: str | None

    @property
    def folder(self) -> str:
        """The name of its run folder, if it was trained."""
        return folder_of(self.number)


def folder_of(number: int) -> str:
    """The name of a candidate's run folder."""
    return f"trial-{number:04}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Values to be tried, by path; ``number`` is that of the trial, from 1."""

    number: int
    values: Mapping[str, Any]
    settings: tuple[str, ...]
    trial: optuna.Trial


class Search:
    """A sweep under way, on one machine of one or several."""

    def __init__(self, study: optuna.Study, sweep: Sweep, owner: str, shared: bool) -> None:
        self.study = study
        self.sweep = sweep
        self.owner = owner
        self.shared = shared
        self.over = in_order(sweep.over)

    def abandoned(self) -> int:
        """Trials that nobody works on any more, as their process was killed, are to be tried again; how many."""
        from optuna.trial import TrialState

        dead = [
            one
            for one in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if not self.shared or one.user_attrs.get("owner") == self.owner
        ]
        for one in dead:
            with _quiet():
                self.study.tell(one.number, state=TrialState.FAIL)
                if one.params:
                    self.study.enqueue_trial(one.params)
        return len(dead)

    def ask(self) -> Candidate:
        """The next candidate.

        Raises:
            Problem: E512 if the sampler can't be had, or does not take what the spec says.
        """
        with _quiet(), _refused("sampler", self.sweep.sampler):
            self.study.sampler = self._sampler()
            trial = self.study.ask()
            trial.set_user_attr("owner", self.owner)
            names: dict[str, Any] = {}
            values: dict[str, Any] = {}
            for one in self.over:
                if holds(one, names):
                    values[one.path] = names[one.name] = _suggested(trial, one)
        settings = tuple(one.setting(values[one.path]) for one in self.over if one.path in values)
        return Candidate(trial.number + 1, values, settings, trial)

    def _sampler(self) -> Any:
        """A sampler whose choices hang on the seed and on what was tried, not on when the process began."""
        import optuna

        kind = self.sweep.sampler["type"]
        arguments = {key: value for key, value in self.sweep.sampler.items() if key != "type"}
        if kind in ("TPESampler", "QMCSampler", "CmaEsSampler", "GPSampler"):
            arguments["warn_independent_sampling"] = False
        if kind == "QMCSampler":
            arguments["warn_asynchronous_seeding"] = False
        count = 0 if kind in STEADY else sum(one.outcome not in ("interrupted", "running") for one in self.trials())
        salt = self.owner if self.shared and kind not in STEADY else ""
        digest = hashlib.blake2b(f"{self.sweep.seed}\0{count}\0{salt}".encode(), digest_size=4).digest()
        return getattr(optuna.samplers, kind)(seed=int.from_bytes(digest, "big"), **arguments)

    def same(self, candidate: Candidate) -> Trial | None:
        """A trial with just these values whose end is known."""
        mine = _key(candidate.values)
        return next((one for one in self.trials() if one.outcome in KNOWN and _key(one.values) == mine), None)

    def exhausted(self) -> bool:
        """Whether all there is was tried, where that can be counted: without conditions and numbers of any fraction."""
        counts = [_count(one) for one in self.over]
        if any(count is None for count in counts):
            return False
        return len({_key(one.values) for one in self.trials() if one.outcome in KNOWN}) >= prod(filter(None, counts))

    def enough(self, candidate: Candidate, epochs: int) -> Enough:
        """What asks behind each epoch whether the candidate has fallen behind; of the last epoch nobody asks."""

        def asked(epoch: int, logs: Mapping[str, float]) -> bool:
            value = logs.get(self.sweep.metric)
            if value is None or not isfinite(value) or epoch >= epochs:
                return False
            with _quiet():
                candidate.trial.report(value, epoch)
                return bool(candidate.trial.should_prune())

        return asked

    def tell(
        self,
        candidate: Candidate,
        outcome: Outcome,
        *,
        value: float | None = None,
        reason: str | None = None,
        epochs: int = 0,
    ) -> None:
        """Note what a candidate came to; one that was interrupted comes again.

        What is thrown out, left behind or comes to no number is told as pruned: then the sampler keeps away from it.
        """
        from optuna.trial import TrialState

        trial = candidate.trial
        with _quiet():
            if outcome == "interrupted":
                self.study.tell(trial, state=TrialState.FAIL)
                self.study.enqueue_trial(trial.params)
                return
            words = None if reason is None else reason[:MOST_WORDS]
            trial.set_user_attr("end", {"outcome": outcome, "epochs": epochs, "reason": words})  # one transaction
            if value is not None:
                self.study.tell(trial, value)
            else:
                self.study.tell(trial, state=TrialState.PRUNED)

    def trials(self) -> tuple[Trial, ...]:
        """All that was tried so far, in order."""
        from optuna.trial import TrialState

        known = {one.path: one for one in self.over}
        found = []
        for one in self.study.get_trials(deepcopy=False):
            if one.state == TrialState.WAITING:
                continue
            over = one.state.is_finished()
            end = one.user_attrs.get("end", {})
            outcome: Outcome = end.get("outcome", "interrupted") if over else "running"
            values = {path: _read(known[path], value) for path, value in one.params.items() if path in known}
            ordered = {path: values[path] for path in known if path in values}
            duration = one.duration.total_seconds() if one.duration is not None else 0.0
            reached = one.value if one.state == TrialState.COMPLETE else None
            found.append(
                Trial(
                    one.number + 1, outcome, ordered, reached, end.get("epochs", 0), duration, end.get("reason")
                )
            )  # fmt: skip
        return tuple(found)

    def best(self) -> Trial | None:
        """The best candidate that was trained to its end; of equals the first."""
        done = [one for one in self.trials() if one.outcome == "finished" and one.value is not None]
        sign = -1.0 if self.study.direction.name == "MAXIMIZE" else 1.0
        return min(done, key=lambda one: sign * (one.value or 0.0), default=None)

    def importances(self) -> dict[str, float]:
        """How much of what the metric varies each value accounts for, from 0 to 1: fANOVA (Hutter and others, 2014) of
        Optuna's, or where scikit-learn is missing its PED-ANOVA; of values that all candidates have, and none where
        there is too little to tell.
        """
        from optuna import importance

        done = [one for one in self.trials() if one.outcome in ("finished", "repeat") and one.value is not None]
        if len(done) < 4 or len({one.value for one in done}) < 2:
            return {}
        evaluators = (
            lambda: importance.FanovaImportanceEvaluator(seed=self.sweep.seed),
            importance.PedAnovaImportanceEvaluator,
        )
        for evaluator in evaluators:
            try:
                with _quiet():
                    return dict(importance.get_param_importances(self.study, evaluator=evaluator()))
            except ImportError:
                continue
            except (ValueError, RuntimeError):
                return {}
        return {}


@contextmanager
def opened(
    name: str, sweep: Sweep, direction: Direction, folder: Path, *, storage: str | None, mark: str
) -> Iterator[Search]:
    """The study of a sweep, begun or gone on with; ``storage`` is an address or a file, else a file in ``folder``.

    ``mark`` tells sweeps apart: a study that was begun with another is refused.

    Raises:
        RunError: if the storage can't be opened, or the study in it is that of another sweep.
        Problem: E512 if there is no such pruner.
    """
    import optuna

    kept = None
    try:
        try:
            with _quiet():
                kept = _storage(str(folder / sweep.storage) if storage is None else storage)
                with _refused("pruner", sweep.pruner):
                    pruner = _pruner(sweep.pruner)
                study = optuna.create_study(
                    storage=kept, study_name=name, direction=direction, pruner=pruner, load_if_exists=True
                )
                before = study.user_attrs.get("spec")
                if before is None:
                    study.set_user_attr("spec", mark)
        except (Problem, RunError):
            raise
        except ModuleNotFoundError as error:
            raise RunError(f"this storage needs {error.name}, which is not installed here") from error
        except Exception as error:  # whatever a database's driver has to say
            raise RunError(f"the storage of the sweep can't be opened: {str(error).splitlines()[0]}") from error
        if before not in (None, mark):
            raise RunError(
                f"the storage holds a sweep called {name} of another spec: go back to the spec as it was, or begin "
                "anew, in another folder or under another name"
            )
        owner = f"{socket.gethostname()}:{folder.resolve()}"
        yield Search(study, sweep, owner, shared=storage is not None)
    finally:
        engine = getattr(getattr(kept, "_backend", kept), "engine", None)
        if engine is not None:
            engine.dispose()


def mark_of(sweep: Sweep, data: Mapping[str, Any], settings: Sequence[str]) -> str:
    """A short text that changes when a spec does, or what is searched over in it; not with how long, and how."""
    rest = {key: value for key, value in data.items() if key != "sweep"}
    over = [
        (one.path, one.low, one.high, one.step, one.log, list(one.choices), one.when)
        for one in sweep.over
    ]  # fmt: skip
    text = json.dumps([rest, over, sweep.metric, sweep.direction, sweep.seed, list(settings)], default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _storage(where: str) -> Any:
    import optuna

    if "://" in where:
        return optuna.storages.get_storage(where)
    if where.endswith(".log"):
        from optuna.storages.journal import JournalFileBackend

        return optuna.storages.JournalStorage(JournalFileBackend(where))
    if not where.endswith(".db"):
        raise RunError(f"{where} is no address (sqlite:///…, postgresql://…), and no file that ends in .db or .log")
    path = Path(where).resolve().as_posix()
    return optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 60}})


def _pruner(stated: Mapping[str, Any]) -> Any:
    import optuna

    arguments = {key: value for key, value in stated.items() if key != "type"}
    if "wrapped_pruner" in arguments:
        arguments["wrapped_pruner"] = _pruner(named(arguments["wrapped_pruner"]))
    return getattr(optuna.pruners, stated["type"])(**arguments)


def _suggested(trial: optuna.Trial, one: Swept) -> Any:
    if one.choices:
        return _read(one, trial.suggest_categorical(one.path, _texts(one)))
    assert one.low is not None
    assert one.high is not None
    high = one.high
    if one.step is not None:
        high = one.low + floor((high - one.low) / one.step + 1e-9) * one.step
    if one.whole:
        return trial.suggest_int(one.path, int(one.low), int(high), step=int(one.step or 1), log=one.log)
    return trial.suggest_float(one.path, float(one.low), float(high), step=one.step, log=one.log)


def _count(one: Swept) -> int | None:
    """How many values one has; None where that hangs on others or is without end."""
    if one.when is not None or not (one.choices or one.whole or one.step):
        return None
    if one.choices:
        return len(one.choices)
    assert one.low is not None
    assert one.high is not None
    return floor((one.high - one.low) / (one.step or 1) + 1e-9) + 1


def _texts(one: Swept) -> list[Any]:
    """The choices as a study keeps them: texts of TOML, unless all are texts or all are numbers."""
    for kinds in ((str,), (int, float)):
        if all(type(choice) in kinds for choice in one.choices):
            return list(one.choices)
    return [one.setting(choice).partition("=")[2] for choice in one.choices]


def _read(one: Swept, value: Any) -> Any:
    return one.choices[_texts(one).index(value)] if one.choices else value


def _key(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, default=str)


@contextmanager
def _refused(key: str, stated: Mapping[str, Any]) -> Iterator[None]:
    """What Optuna does not take, at its place."""
    at: Pointer = (*AT, key)
    try:
        yield
    except (TypeError, ValueError) as error:
        words = f"Optuna does not take this: {str(error).splitlines()[0]}"
        raise Problem(Finding("E512", words, at, "entry")) from error
    except ImportError as error:
        name = getattr(error, "name", None) or "a further package"
        words = f"{stated['type']} needs {name}, which is not installed here"
        raise Problem(Finding("E512", words, at, "entry", help=f"install {name}, or choose another {key}")) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna tells of every step, and warns of what may change in later versions: neither is for who uses a spec."""
    import warnings

    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)

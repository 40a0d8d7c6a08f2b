"""Searching over values of a spec: candidates that check are trained one after the other, and the best is written."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .checked import Checked, SpecError, compile_file
from .training import train

if TYPE_CHECKING:
    from .runtime.progress import Progress
    from .runtime.run import Run, RunFolder
    from .runtime.sweep.results import Swept
    from .runtime.sweep.searching import Candidate, Direction, Outcome, Search, Trial
    from .spec.finding import Finding
    from .spec.sweep import Sweep

OFF: Final = "sweep.remove=true"
"""What makes of a spec one that is trained and not searched over."""

ROW: Final = 50
"""So many proposals in a row may be infeasible or the same as before; then there is probably nothing else."""

FAILURES: Final = 3
"""So many candidates in a row may fail to train; then it is not them."""

Say = Callable[[str], None]


def sweep(
    spec: str | Path | None = None,
    overrides: Sequence[str] = (),
    *,
    run_dir: Path | None = None,
    resume: Path | None = None,
    storage: str | None = None,
    study: str | None = None,
    trials: int | None = None,
    minutes: float | None = None,
    say: Say | None = None,
    show: Callable[[], Progress] | None = None,
) -> Swept:
    """Search over the values that the `[sweep]` section of a spec names.

    Each candidate is checked first: where its shapes, values or promises do not fit, it is noted as infeasible and
    another one is asked for. The others are trained into ``trial-0001``, ``trial-0002``, … of the sweep's folder, where
    ``trials.csv``, ``sweep.json`` and ``best.keraspec.toml`` are written anew after each.

    ``resume`` is the folder of a sweep to go on with (``spec`` may then be left out): a candidate whose training was
    cut off is trained again, and all that follow are those that would have followed. ``storage`` is a file or an
    address of a database in which trials are kept, and ``study`` their name there: several machines may share it.
    ``trials`` and ``minutes`` take the place of what the spec says. ``say`` hears of each candidate, and ``show`` makes
    what shows the training of one.

    Raises:
        SpecError: if the spec has errors, if Optuna does not take its sampler or pruner, or what ``train`` raises it
            for, where that is not up to a candidate.
        RunError: if there is no sweep in the spec or the folder, or folder or storage can't be used.
    """
    from .runtime.resume import hold
    from .runtime.run import RunError, RunFolder

    before = _before(resume)
    if spec is None:
        if before is None:
            raise RunError("name a spec, or the folder of a sweep to go on with")
        spec, overrides = Path(before["spec"]), (*before["settings"], *overrides)
        study = study or before["study"]
        if before["storage"] and storage is None:
            raise RunError(f"the trials of {resume} are not kept in it: say again where, with --storage")
    checked = compile_file(spec, overrides).asked()
    if checked.errors or checked.typed is None or checked.spec is None:
        raise SpecError(checked.diagnostics)
    stated = checked.spec.sweep
    if stated is None:
        raise RunError(f"{spec} has no [sweep] section: it does not say over which values to search")
    if trials is not None or minutes is not None:
        stated = replace(stated, trials=trials, minutes=minutes)
    place = RunFolder.create(f"{checked.spec.name}-sweep", run_dir) if resume is None else RunFolder(resume)
    noted = {
        "spec": str(Path(spec).resolve()),
        "settings": list(overrides),
        "study": study or checked.spec.name,
        "storage": storage is not None,
    }
    work = _Work(Path(spec), tuple(overrides), checked, stated, place, noted, say or _nothing, show)
    try:
        with hold(place.path):
            return work.carried_out(storage)
    except (SpecError, RunError):
        if resume is None and not any(place.path.glob("trial-*")):
            place.discard()  # it would stand in the way of the next attempt
        raise


def _before(folder: Path | None) -> Mapping[str, Any] | None:
    """What a sweep's folder says of itself."""
    from .runtime.run import RunError
    from .runtime.sweep.results import SUMMARY

    if folder is None:
        return None
    try:
        found: Any = json.loads((folder / SUMMARY).read_text("utf-8"))
        return {key: found[key] for key in ("spec", "settings", "study", "storage")}
    except FileNotFoundError as error:
        raise RunError(f"{folder} is no folder of a sweep: there is no {SUMMARY} in it") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder / SUMMARY} can't be read: {error}") from error


def _nothing(_: str) -> None:
    return None


@dataclass(slots=True)
class _Work:
    """A sweep that is being carried out."""

    path: Path
    overrides: tuple[str, ...]
    checked: Checked
    sweep: Sweep
    place: RunFolder
    noted: Mapping[str, Any]
    say: Say
    show: Callable[[], Progress] | None
    written: int | None = None
    """The number of the trial whose values the best spec has."""

    def carried_out(self, storage: str | None) -> Swept:
        """All of it."""
        from .runtime.sweep.results import conclude
        from .runtime.sweep.searching import mark_of, opened
        from .spec.problem import Problem

        assert self.checked.document is not None
        direction = self._direction()
        expansion = self.checked.document.expansion
        data = self.checked.document.data if expansion is None else expansion.written.data
        mark = mark_of(self.sweep, data, self.overrides)
        try:
            with opened(
                str(self.noted["study"]), self.sweep, direction, self.place.path, storage=storage, mark=mark
            ) as search:
                self.say(f"sweep folder: {self.place.path}")
                self._keep(search, "it was cut off")
                if again := search.abandoned():
                    self.say(f"{again} that {'was' if again == 1 else 'were'} cut off: to be tried again")
                try:
                    ended, interrupted = self._searched(search), False
                except KeyboardInterrupt:
                    search.abandoned()
                    ended, interrupted = "interrupted", True
                found = self._keep(search, ended)
                found = replace(found, interrupted=interrupted, importances=search.importances())
                paths = [one.path for one in search.over]
                conclude(self.place, found, paths, f"{self.checked.spec.name if self.checked.spec else ''}")
                self._kept(found, search)
                return found
        except Problem as problem:
            raise self.checked.error(problem) from problem

    def _direction(self) -> Direction:
        from .compiler.sweeps import direction_of

        assert self.checked.typed is not None
        found = direction_of(self.sweep, self.checked.typed)
        assert found is not None  # else the check says so
        return found

    def _searched(self, search: Search) -> str:
        """Try candidates until there is a reason not to; the reason.

        Raises:
            KeyboardInterrupt: if the person has had enough.
        """
        began, idle, failed = time.monotonic(), 0, 0
        mine = sum(one.seconds for one in search.trials()) if not search.shared else 0.0
        most = self.sweep.trials
        if most is None and self.sweep.minutes is None:
            from .spec.sweep import TRIALS

            most = TRIALS
        while True:
            ends = [one.outcome for one in search.trials() if one.outcome in _trained()]
            done = len(ends)
            if most is not None and done >= most:
                return f"{done} candidates were {'tried' if 'failed' in ends else 'trained'}"
            if self.sweep.minutes is not None and mine + time.monotonic() - began >= 60 * self.sweep.minutes:
                return f"{self.sweep.minutes:g} minutes are over"
            if search.exhausted():
                return "all that there is was tried"
            if idle >= ROW:
                return f"none of {ROW} further proposals was new and feasible"
            candidate = search.ask()
            if (same := search.same(candidate)) is not None:
                search.tell(candidate, "repeat", value=same.value, reason=f"as trial {same.number}", epochs=same.epochs)
                idle += 1
                continue
            one = compile_file(self.path, (*self.overrides, *candidate.settings, OFF)).asked()
            if one.errors:
                self._infeasible(search, candidate, one)
                idle += 1
                continue
            idle = 0
            sound = self._tried(search, candidate, one, first=not done)
            failed = 0 if sound else failed + 1
            if failed >= FAILURES:
                return f"{FAILURES} candidates in a row could not be trained"

    def _infeasible(self, search: Search, candidate: Candidate, checked: Checked) -> None:
        from .runtime.sweep.results import words

        error = checked.errors[0]
        reason = f"{error.code}: {error.finding.message}"
        search.tell(candidate, "infeasible", reason=reason)
        self.say(f"trial {candidate.number}  infeasible: {words(candidate.values)}; {reason}")

    def _tried(self, search: Search, candidate: Candidate, checked: Checked, *, first: bool) -> bool:
        """Train a candidate; whether that could be done."""
        from .runtime.fold_summary import forget
        from .runtime.progress import SILENT
        from .runtime.sweep.results import words
        from .runtime.sweep.searching import folder_of

        assert checked.spec is not None
        assert checked.spec.training is not None
        epochs = sum(stage.epochs for stage in checked.spec.training.stages)
        folder = self.place.path / folder_of(candidate.number)
        self.say(f"trial {candidate.number}  {words(candidate.values)}")
        try:
            run = train(
                checked,
                run_dir=folder,
                show=self.show() if self.show else SILENT,
                enough=search.enough(candidate, epochs),
            )
        except SpecError as error:
            finding = error.diagnostics[0].finding
            if first and finding.code != "E417" and not self._chosen(finding):
                search.tell(candidate, "interrupted")
                raise
            search.tell(candidate, "failed", reason=f"{finding.code}: {finding.message}")
            self.say(f"trial {candidate.number}  failed: {finding.message}")
            return False
        finally:
            forget()
        if run.status == "interrupted":
            search.tell(candidate, "interrupted")
            raise KeyboardInterrupt
        outcome, value = self._came_to(run)
        search.tell(candidate, outcome, value=value, epochs=run.epochs)
        told = self._keep(search, "it was cut off")
        self.say(f"trial {candidate.number}  {_end(outcome, value, self.sweep.metric, run, told.best)}")
        return True

    def _chosen(self, finding: Finding) -> bool:
        """Whether a value of the candidate may be at fault: data that can't be read are nobody's otherwise."""
        data = any(one.path.startswith("data.") for one in self.sweep.over)
        at = ".".join(map(str, finding.pointer))
        return (data and at.startswith("data")) or any(at == one.path for one in self.sweep.over)

    def _came_to(self, run: Run) -> tuple[Outcome, float | None]:
        """How a training ended, and what the model that it kept measures."""
        metric = self.sweep.metric
        if run.status == "pruned":
            return "pruned", None
        part = "validation" if metric.startswith("val_") else "train"
        measured = run.metrics.get(part, {})
        value = measured.get(metric.removeprefix("val_"), measured.get(metric))
        if run.status != "finished" or value is None or not isfinite(value):
            return "diverged", None
        return "finished", value

    def _keep(self, search: Search, ended: str) -> Swept:
        """Write what is known by now."""
        from .runtime.sweep.results import Swept

        best = search.best()
        found = Swept(self.place.path, self.sweep.metric, self._direction(), search.trials(), best, None, {}, ended)
        if best is not None:
            found = replace(found, best_spec=self._best(search, best))
        self._kept(found, search)
        return found

    def _kept(self, found: Swept, search: Search) -> None:
        from .runtime.sweep.results import keep

        keep(self.place, found, [one.path for one in search.over], self.noted)

    def _best(self, search: Search, best: Trial) -> Path:
        """The file with the spec of the best trial."""
        from .compiler.render import write
        from .runtime.sweep.results import BEST
        from .spec.read import read_file
        from .spec.settled import settled

        folder = self.place.path
        there = [path for kind in ("toml", "json") if (path := folder / f"{BEST}.{kind}").is_file()]
        if there and self.written == best.number:
            return there[0]
        document, _ = read_file(self.path)
        assert document is not None
        settings = [one.setting(best.values[one.path]) for one in search.over if one.path in best.values]
        text, kind = settled(document, (*self.overrides, *settings), folder)
        path = folder / f"{BEST}.{kind}"
        write(path, text.encode("utf-8", "surrogatepass"))
        for other in there:
            if other != path:
                other.unlink()
        self.written = best.number
        return path


def _trained() -> Sequence[str]:
    from .runtime.sweep.searching import TRAINED

    return TRAINED


def _end(outcome: Outcome, value: float | None, metric: str, run: Run, best: Trial | None) -> str:
    from .runtime.progress import number

    epochs = f"{run.epochs} epoch{'' if run.epochs == 1 else 's'}"
    what = outcome if value is None else f"{metric} {number(value)}"
    lead = f"; the best so far: {number(best.value)}, trial {best.number}" if best and best.value is not None else ""
    return f"{what} after {epochs}{lead}"

"""From chunks of cases to their counts: one process of `make oracle`, which talks to its runner in lines of JSON.

It reads ``{"subject": …, "seed": …, "start": …, "stop": …}``, says ``{"at": index}`` before each case, so that the
runner knows which one a crash was in, and ``{"done": counts}`` behind the last.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any, TextIO

KEPT = 25
"""Disagreements of a chunk that are kept in words; all are counted."""
PHASES = ("ours", "symbolic", "eager")


def main() -> None:
    """Work until there is nothing more to read."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what Keras prints is no answer
    root = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, root)
    spent: Counter[str] = Counter()
    import oracle

    for phase in PHASES:
        setattr(oracle, phase, _timed(phase, getattr(oracle, phase), spent))
    import subjects

    known = subjects.subjects()
    import keras

    keras.layers.Dense(1)(keras.ops.ones((1, 1)))  # what the first use of all costs is no case's fault
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # callbacks make folders
        _say(answers, {"ready": len(known)})
        for line in sys.stdin:
            asked = json.loads(line)
            spent.clear()
            counts = _chunk(known[asked["subject"]], asked, answers, spent)
            _say(answers, {"done": counts, "memory": _memory()})
        os.chdir(root)


def _say(answers: TextIO, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")


def _timed(name: str, function: Callable[..., Any], spent: Counter[str]) -> Callable[..., Any]:
    def timed(*args: Any, **named: Any) -> Any:
        start = time.process_time()
        try:
            return function(*args, **named)
        finally:
            spent[name] += time.process_time() - start

    return timed


def _chunk(subject: Any, asked: dict[str, Any], answers: TextIO, spent: Counter[str]) -> dict[str, Any]:
    seen: set[str] = set()
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    written: Counter[str] = Counter()
    found: list[dict[str, Any]] = []
    began, clock = time.process_time(), time.perf_counter()
    for index in range(asked["start"], asked["stop"]):
        _say(answers, {"at": index})
        try:
            case = subject.draw(asked["seed"], index)
            text = str(case)
            if text in seen:
                outcomes["repeated"] += 1
                continue
            seen.add(text)
            verdict = subject.judge(case)
        except Exception:  # the harness itself, or a rule: as bad as a disagreement
            outcomes.update(("cases", "disagree"))
            found.append({"index": index, "case": f"{subject.name}", "problems": [traceback.format_exc(limit=-4)]})
            continue
        written.update(getattr(case, "written", {}).keys())
        reasons.update(set(verdict.reasons))
        outcomes["cases"] += 1
        outcomes["accepted"] += verdict.accepted and not verdict.problems
        outcomes["refused"] += verdict.refused
        outcomes["sharper"] += bool(verdict.reasons) and not verdict.problems
        outcomes["disagree"] += bool(verdict.problems)
        if verdict.problems:
            found.append({"index": index, "case": text, "problems": list(verdict.problems)})
    spent["all"] = time.process_time() - began
    spent["wall"] = time.perf_counter() - clock
    return {
        "outcomes": dict(outcomes),
        "reasons": dict(reasons),
        "written": dict(written),
        "found": found[:KEPT],
        "seconds": {name: round(value, 4) for name, value in spent.items()},
    }


def _memory() -> int:
    """Resident memory in MiB; the highest so far where the system does not tell the present one."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() // 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()

"""The runner of `make oracle`: it loses no case, goes on where it stopped, and lets nothing pass in silence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from crew import Lost, Worker
from sharing import Chunk, chunks, free, share
from subjects import Subject, Verdict, subjects, uncovered
from tables import as_markdown, figures

HERE = Path(__file__).parent

LATER = ("ops", "applications")
FAKE = """
import json, os, sys, time
print(json.dumps({"ready": 1}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    for index in range(asked["start"], asked["stop"]):
        print(json.dumps({"at": index}), flush=True)
        if asked["subject"] == "dies" and index == 3:
            print("out of luck", file=sys.stderr, flush=True)
            os._exit(7)
        if asked["subject"] == "hangs" and index == 2:
            time.sleep(60)
    print(json.dumps({"done": {"outcomes": {"cases": asked["stop"] - asked["start"]}}, "memory": 5}), flush=True)
"""


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    path = tmp_path / "fake.py"
    path.write_text(FAKE, encoding="utf-8")
    return path


def test_a_worker_that_dies_or_hangs_says_at_which_case(fake: Path) -> None:
    worker = Worker(fake)
    assert worker.run(Chunk("well", 0, 4), 1, 20, 4000) == {"outcomes": {"cases": 4}}
    assert (worker.cases, worker.memory) == (4, 5)
    worker.end()
    worker = Worker(fake)
    with pytest.raises(Lost, match=r"status 7\nout of luck") as death:
        worker.run(Chunk("dies", 0, 9), 1, 20, 4000)
    assert death.value.index == 3
    with pytest.raises(Lost, match="gave no sign") as silence:
        Worker(fake).run(Chunk("hangs", 0, 9), 1, 1, 4000)
    assert silence.value.index == 2


def test_a_worker_that_takes_too_much_memory_is_ended(fake: Path) -> None:
    with pytest.raises(Lost, match="held more than 0 MiB"):
        Worker(fake).run(Chunk("hangs", 0, 9), 1, 20, 0)


def test_what_a_dead_worker_leaves_is_run_all_the_same(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soak

    monkeypatch.setattr(soak, "HERE", fake.parent)
    fake.rename(fake.parent / "worker.py")
    monkeypatch.setattr(sys, "argv", ["soak", "--cases", "8", "--results", str(tmp_path / "all.json")])
    options = soak.arguments()
    nothing = Subject("dies", lambda seed, index: None, lambda case: pytest.fail("run here"), most=8)
    run = soak.Run(options, {"dies": nothing}, soak.stored(options))
    soak.keep_busy(run, 0)
    run.save()
    kept = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["subjects"]["dies"]
    assert kept["outcomes"] == {"cases": 8, "disagree": 1}
    assert sorted(kept["ranges"]) == [[0, 3], [3, 4], [4, 8]]
    assert kept["found"][0]["index"] == 3
    assert "out of luck" in kept["found"][0]["problems"][0]


def test_indices_are_given_out_once() -> None:
    assert list(free([[0, 4], [6, 8]], 5, None)) == [(4, 6), (8, 11)]
    assert list(free([[0, 4]], 5, 6)) == [(4, 6)]
    assert list(free([], 5, None)) == [(0, 5)]
    cut = list(chunks("x", 10, 1000, 0.5))
    assert [one.start for one in cut[1:]] == [one.stop for one in cut[:-1]]
    assert (cut[0].start, cut[-1].stop) == (10, 1000)
    assert max(one.seconds for one in cut) <= 20


def _done(cases: int, seconds: float, repeated: int = 0) -> dict[str, Any]:
    return {"outcomes": {"cases": cases, "repeated": repeated}, "seconds": {"wall": seconds}, "ranges": []}


def test_cheap_and_rich_objects_get_more() -> None:
    names = {"cheap": 9, "dear": 9, "poor": 1, "spent": 9}
    every = {name: Subject(name, lambda seed, index: 0, lambda case: None, richness=n) for name, n in names.items()}  # type: ignore[arg-type, return-value]
    done = {"cheap": _done(40, 0.04), "dear": _done(40, 4), "poor": _done(40, 0.04), "spent": _done(4, 0.1, 36)}
    roomy, tight = share(every, done, 9000, 10_000), share(every, done, 9000, 60)
    assert sum(roomy.values()) == pytest.approx(9000, abs=3)
    assert roomy["cheap"] == roomy["dear"] > roomy["poor"]
    assert tight["cheap"] > 2 * tight["dear"]
    assert "spent" not in roomy
    assert sum(tight.values()) == pytest.approx(9000, abs=3)
    assert tight["dear"] * 0.1 + tight["cheap"] * 0.001 < 60


def test_every_object_is_tried_or_has_a_reason() -> None:
    every = subjects()
    holes = {name for name, why in uncovered(every).items() if not why and name.partition(".")[0] not in LATER}
    assert holes == set(), "nothing tries these, and nothing says why not"
    assert len(every) > 300
    for name in ("layers.Dense", "losses.Huber", "activations.relu", "schedules.CosineDecay", "ops.add"):
        assert name in every


def test_the_table_says_everything() -> None:
    one = {
        "outcomes": {"cases": 5, "accepted": 2, "refused": 1, "sharper": 1, "disagree": 1},
        "reasons": {"it is odd": 1},
        "written": {"units": 5},
        "seconds": {"all": 0.5, "wall": 1.0},
        "found": [{"index": 4, "case": "Dense(units=3)", "problems": ["no"]}],
        "ranges": [[0, 5]],
    }
    every = {
        "layers.Dense": Subject(
            "layers.Dense", lambda seed, index: 0, lambda case: None, ("it is odd", "it is even"),  # type: ignore[arg-type, return-value]
            arguments=("units", "use_bias"), unsaid={"lora_rank": "left out"},
        )
    }  # fmt: skip
    results = {"seed": 3, "seconds": 60.0, "versions": {"keras": "3.15.1"}, "subjects": {"layers.Dense": one}}
    table = figures(results, every, ["layers.Dense"], partial=True)
    assert table.wrong == 1
    text = as_markdown(table)
    assert "| layers.Dense | 5 | 2 | 1 | 1 | 1 | 100.0 |" in text
    assert "layers.Dense: it is odd: 1" in text
    assert "it is even (as of layers.Dense)" in text.partition("Stale")[2]
    assert "it is odd (as of" not in text
    assert "layers.Dense: use_bias: no case wrote it" in text
    assert "layers.Dense: lora_rank: left out" in text
    whole = figures(results, every, ["layers.Dense"], partial=False)
    assert whole.wrong > 1, "what nobody tries counts as a disagreement"
    assert any(name == "layers.Lambda" and why for name, why in whole.gaps)


@pytest.mark.long
def test_it_runs_stops_and_goes_on(tmp_path: Path) -> None:
    """A small run, gone on with: what was done is not done again, and the table counts both."""
    results = tmp_path / "all.json"
    program = [sys.executable, str(HERE / "soak.py"), "--jobs", "1", "--only", "layers.Flatten", "--minutes", "1"]
    first = subprocess.run([*program, "--cases", "50", "--results", str(results)], capture_output=True, text=True)
    assert first.returncode == 0, first.stdout + first.stderr
    before = json.loads(results.read_text(encoding="utf-8"))["subjects"]["layers.Flatten"]
    table = tmp_path / "table.md"
    again = subprocess.run(
        [*program, "--cases", "70", "--resume", str(results), "--markdown", str(table)], capture_output=True, text=True
    )
    assert again.returncode == 0, again.stdout + again.stderr
    after = json.loads(results.read_text(encoding="utf-8"))["subjects"]["layers.Flatten"]
    assert 70 <= after["outcomes"]["cases"] < 50 + before["outcomes"]["cases"]
    assert "layers.Flatten" in again.stdout
    assert "| layers.Flatten |" in table.read_text(encoding="utf-8")


def test_an_object_that_costs_process_after_process_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soak

    (tmp_path / "worker.py").write_text("import sys\nsys.exit(3)\n", encoding="utf-8")
    monkeypatch.setattr(soak, "HERE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["soak", "--cases", "90", "--results", str(tmp_path / "all.json")])
    options = soak.arguments()
    run = soak.Run(
        options, {"gone": Subject("gone", lambda seed, index: 0, lambda case: Verdict())}, soak.stored(options)
    )
    soak.keep_busy(run, 0)
    assert run.done["gone"]["outcomes"] == {"cases": soak.GIVEN_UP, "disagree": soak.GIVEN_UP}

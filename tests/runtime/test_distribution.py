"""Training on several devices: what is refused before anything is read, and who is who in a job."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from keraspec.checked import compile_text
from keraspec.cli import group
from keraspec.runtime import distribution, launching
from keraspec.runtime.distribution import (
    Group,
    cluster,
    follower,
    group_of,
    is_lost,
    losing,
    require_rows,
    require_shared,
)
from keraspec.runtime.environment import Settings
from keraspec.spec.finding import Finding
from keraspec.spec.problem import Problem
from keraspec.spec.spec import Training

SPEC = """
keraspec = 1
name = "two"
inputs.x.shape = [4]
[[layers]]
name = "y"
type = "Dense"
units = 3
[data]
source = {{ type = "synthetic", rows = 107 }}
{data}
[training]
loss = "mse"
{training}
"""


def found(training: str, data: str = "") -> list[tuple[str, tuple[Any, ...]]]:
    checked = compile_text(SPEC.format(training=training, data=data))
    return [(one.finding.code, one.finding.pointer) for one in checked.diagnostics]


def spec_of(data: str) -> Any:
    checked = compile_text(SPEC.format(training='distribute = "mirrored"', data=data))
    assert checked.typed is not None
    return checked.typed.graph.spec


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The environment of one process of a job."""
    for name in ("TF_CONFIG", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST"):
        monkeypatch.delenv(name, raising=False)

    def put(**values: Any) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value if isinstance(value, str) else json.dumps(value))

    return put


@pytest.mark.parametrize("kind", ["mirrored", "multi_worker"])
def test_what_is_carried_out_is_clean(kind: str) -> None:
    assert found(f'distribute = "{kind}"\nsteps_per_execution = 1\njit_compile = false') == []


@pytest.mark.parametrize("kind", ["tpu", "parameter_server"])
def test_what_is_not_carried_out_is_said_once(kind: str) -> None:
    said = found(f'distribute = "{kind}"\nsteps_per_execution = 4\ngradients.accumulate = 2')
    assert said == [("E431", ("training", "distribute"))]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("steps_per_execution = 4", ("steps_per_execution",)),
        ("jit_compile = true", ("jit_compile",)),
        ("gradients.accumulate = 2", ("gradients", "accumulate")),
        ('optimizer = { type = "Adam", use_ema = true }', ("optimizer", "use_ema")),
        (
            'optimizer = { type = "SGD", gradient_accumulation_steps = 2 }',
            ("optimizer", "gradient_accumulation_steps"),
        ),
        (
            'optimizer = { type = "LossScaleOptimizer", inner_optimizer = { type = "Adam", use_ema = true } }',
            ("optimizer", "inner_optimizer", "use_ema"),
        ),
    ],
)
def test_what_does_not_go_together(line: str, place: tuple[str, ...]) -> None:
    assert found(line) == []
    assert found(f'{line}\ndistribute = "mirrored"') == [("E114", ("training", *place))]


def test_a_loss_that_is_a_sum() -> None:
    text = SPEC.replace('loss = "mse"', 'loss = {{ type = "MeanSquaredError", reduction = "sum" }}')
    checked = compile_text(text.format(training='distribute = "mirrored"', data=""))
    assert [one.finding.pointer for one in checked.diagnostics] == [("training", "loss", "reduction")]


def test_batch_normalization() -> None:
    text = SPEC.replace("[data]", '[[layers]]\nname = "n"\ntype = "BatchNormalization"\nSYNC\n[data]')
    for kind, sync, codes in (
        ("", "", []),
        ('distribute = "mirrored"', "", ["W405"]),
        ('distribute = "mirrored"', "synchronized = true", []),
    ):
        checked = compile_text(text.format(training=kind, data="").replace("SYNC", sync))
        assert [one.finding.code for one in checked.diagnostics] == codes


def test_a_phase_shares_as_the_section_says() -> None:
    phases = (
        'distribute = "mirrored"\n[[training.phases]]\nepochs = 1\n[[training.phases]]\nepochs = 1\njit_compile = true'
    )
    assert found(phases) == [("E114", ("training", "phases", 1, "jit_compile"))]


# Who is who


JOB = {"chief": ["a:1"], "worker": ["b:1", "c:1"]}


@pytest.mark.parametrize(
    ("task", "number"),
    [({"type": "chief", "index": 0}, 0), ({"type": "worker", "index": 0}, 1), ({"type": "worker", "index": 1}, 2)],
)
def test_tf_config(environment: Callable[..., None], task: dict[str, Any], number: int) -> None:
    environment(TF_CONFIG={"cluster": JOB, "task": task})
    assert cluster(Training()) == (3, number)
    assert follower() == (number > 0)


def test_slurm(environment: Callable[..., None]) -> None:
    environment(SLURM_PROCID="1", SLURM_STEP_NUM_TASKS="4", SLURM_STEP_NODELIST="n[1-4]")
    assert cluster(Training()) == (4, 1)
    assert follower()


def test_no_job(environment: Callable[..., None], refused: Callable[..., tuple[Finding, ...]]) -> None:
    assert cluster(Training()) is None
    assert not follower()
    (said,) = refused(lambda: group_of(Training(distribute="multi_worker")))
    assert said.code == "E431"
    assert "keraspec launch" in (said.help or "")


@pytest.mark.parametrize(
    "config",
    [
        "{", "[]", "{}", {"cluster": JOB, "task": {"type": "worker", "index": 2}},
        {"cluster": JOB, "task": {"type": "worker", "index": -2}},
        {"cluster": {**JOB, "ps": ["d:1"]}, "task": {"type": "worker", "index": 0}},
        {"cluster": JOB, "task": {"type": "evaluator", "index": 0}},
    ],
)  # fmt: skip
def test_a_tf_config_that_is_none(
    environment: Callable[..., None], refused: Callable[..., tuple[Finding, ...]], config: Any
) -> None:
    environment(TF_CONFIG=config)
    (said,) = refused(lambda: cluster(Training(distribute="multi_worker")))
    assert (said.code, said.pointer) == ("E431", ("training", "distribute"))
    assert not follower()


@pytest.mark.parametrize(
    ("backend", "kind"), [("torch", "mirrored"), ("torch", "multi_worker"), ("jax", "multi_worker")]
)
def test_other_backends(
    monkeypatch: pytest.MonkeyPatch, refused: Callable[..., tuple[Finding, ...]], backend: str, kind: str
) -> None:
    monkeypatch.setattr(distribution, "backend", lambda: backend)
    (said,) = refused(lambda: group_of(Training(distribute=kind)))
    assert said.code == "E431"
    assert group_of(Training()) is None


# Rows


@pytest.mark.parametrize(("size", "devices", "better"), [(33, 2, 34), (1, 4, 4), (10, 4, 12)])
def test_a_batch_that_can_not_be_shared(refused: Callable[..., Any], size: int, devices: int, better: int) -> None:
    (said,) = refused(lambda: require_shared(spec_of(f"batch_size = {size}"), Group("mirrored", devices, devices)))
    assert (said.code, said.pointer) == ("E432", ("data", "batch_size"))
    assert f"`batch_size = {better}`" in said.help
    require_shared(spec_of(f"batch_size = {better}"), Group("mirrored", devices, devices))


def prepared(**counts: int) -> Any:
    return SimpleNamespace(parts={name: SimpleNamespace(count=count) for name, count in counts.items()})


def test_a_last_batch_without_a_row_for_each(refused: Callable[..., Any]) -> None:
    spec, group = spec_of("batch_size = 32"), Group("mirrored", 4, 4, strategy=object())
    for count in (32, 100, 4, 32 + 4):
        require_rows(spec, group, prepared(train=count, validation=1, test=0))
    for count in (33, 35, 3):
        (said,) = refused(lambda count=count: require_rows(spec, group, prepared(train=count)))
        assert said.code == "E432"
        size = next((int(word) for word in said.help.replace("`", " ").split() if word.isdigit()), None)
        if size is None:
            assert count < 4
        else:
            require_rows(spec_of(f"batch_size = {size}"), group, prepared(train=count))


def test_jax_shares_every_batch_evenly(refused: Callable[..., Any]) -> None:
    spec, group = spec_of("batch_size = 32"), Group("mirrored", 2, 2)
    require_rows(spec, group, prepared(train=64, validation=10, test=0))
    for counts in ({"train": 65}, {"train": 64, "validation": 11}):
        (said,) = refused(lambda counts=counts: require_rows(spec, group, prepared(**counts)))
        assert said.code == "E432"


# The group


def test_settings_of_several_devices() -> None:
    chosen = Settings("auto", 32, ("jit_compile: left to Keras on a GPU", "steps_per_execution: 32, why", "more"))
    found = Group("mirrored", 2, 2, strategy=object()).settings(chosen)
    assert (found.jit_compile, found.steps_per_execution, found.reasons[0]) == (False, 1, "more")
    assert Group("mirrored", 2, 2).settings(chosen) is chosen


def test_the_second_signal_ends_at_once() -> None:
    group = Group("multi_worker", 2, 1, 2, 1)
    group.ask(2)
    assert group.wanted == 2
    with pytest.raises(KeyboardInterrupt):
        group.ask(2)


class UnavailableError(Exception):
    """Named like TensorFlow's."""


def test_a_process_that_is_gone() -> None:
    lost = UnavailableError("Collective ops is aborted by: recvmsg:Connection reset by peer")
    assert is_lost(lost)
    assert not is_lost(UnavailableError("no such file"))
    assert not is_lost(ValueError("connection"))
    with pytest.raises(Problem) as caught, losing(Training(), Group("multi_worker", 2, 1, 2, 1)):
        raise lost
    assert caught.value.findings[0].code == "E433"
    with pytest.raises(UnavailableError), losing(Training(), Group("mirrored", 2, 2)):
        raise lost


# Starting a job


def test_ports_are_free_and_different() -> None:
    ports = launching.free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))


def test_each_process_is_told_which_it_is() -> None:
    addresses = ["127.0.0.1:1", "127.0.0.1:2"]
    told = [json.loads(launching.environment(addresses, number)["TF_CONFIG"]) for number in range(2)]
    assert [one["task"] for one in told] == [{"type": "worker", "index": 0}, {"type": "worker", "index": 1}]
    assert all(one["cluster"] == {"worker": addresses} for one in told)


PROGRAM = """
import os, signal, sys, time
number = int(os.environ["TF_CONFIG"].rsplit(":", 1)[1].strip("} "))
print("here is", number, flush=True)
time.sleep(0.3 * number)  # the first one gets as far as it can
"""


@pytest.mark.parametrize(
    ("program", "status", "lost"),
    [
        ("", 0, None),
        ("sys.exit(3 if number else 0)", 3, "process 2 ended with status 3"),
        (
            "os.kill(os.getpid(), signal.SIGKILL) if number else time.sleep(60)",
            1,
            "process 2 was killed (SIGKILL)",
        ),
        (
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsys.exit(3) if number else time.sleep(60)",
            3,
            "process 2 ended with status 3",
        ),
    ],
)
def test_no_process_outlives_the_others(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, program: str, status: int, lost: str | None
) -> None:
    monkeypatch.setattr(launching, "GRACE", 0.5)
    said: list[str] = []
    job = launching.Job(tmp_path, 2, [], said.append)
    monkeypatch.setattr(launching.Job, "_command", lambda self: [sys.executable, "-S", "-c", PROGRAM + program])
    assert job.run() == launching.Ended(status, lost)
    assert sorted(said) == ["[1] here is 0", "[2] here is 1"]
    assert all(one.poll() is not None for one in job.running)


def test_a_job_is_started_again_so_often(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    job = launching.Job(tmp_path, 2, [], said.append, restarts=2)
    program = PROGRAM + "sys.exit(5)"
    monkeypatch.setattr(launching.Job, "_command", lambda self: [sys.executable, "-S", "-c", program])
    assert job.run().status == 5
    assert sum(one.startswith("[1]") for one in said) == 3
    assert [one.rpartition(": ")[2] for one in said if "starting again" in one] == [
        "starting again, 1 more time allowed", "starting again, 0 more times allowed"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "status", "again", "told"),
    [
        ("sys.exit(1)", 1, False, "process 1 ended with status 1"),
        ("sys.exit(2 if number else 0)", 2, False, "process 2 ended with status 2"),
        # The first has noticed that the second is gone, before the second is.
        ("sys.exit(1 if number else 75)", 1, False, "process 2 ended with status 1"),
        ("sys.exit(75)", 1, True, "process 1 ended with status 75"),
        # Of one that is killed the other says what looks like an error of its own.
        (
            "os.kill(os.getpid(), signal.SIGKILL) if not number else sys.exit(1)",
            1,
            True,
            "process 1 was killed (SIGKILL)",
        ),
    ],
)
def test_what_would_end_so_again_is_not_started_again(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, program: str, status: int, again: bool, told: str
) -> None:
    said: list[str] = []
    job = launching.Job(tmp_path, 2, [], said.append, restarts=1)
    whole = PROGRAM.replace("0.3 * number", "0.05 * number") + program
    monkeypatch.setattr(launching.Job, "_command", lambda self: [sys.executable, "-S", "-c", whole])
    ended = job.run()
    assert (ended.status, ended.lost, ended.lasting) == (status, told, not again)
    assert sum(one.startswith("[1]") for one in said) == (2 if again else 1)
    assert said[-1].endswith("is not started again") == (not again)


def test_what_can_be_gone_on_with_is(tmp_path: Any) -> None:
    job = launching.Job(tmp_path, 2, ["spec.toml"], print, plugins=["--allow-plugin", "p"])
    assert job._command()[3:] == ["train", "spec.toml", "--allow-plugin", "p", "--run-dir", str(tmp_path)]
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "spec.keraspec.toml").write_text("")
    assert job._command()[3:] == ["train", "--resume", str(tmp_path), "--allow-plugin", "p"]


def test_a_run_that_lost_a_process_is_gone_on_with(tmp_path: Any, monkeypatch: Any) -> None:
    jobs = []

    def run(self: launching.Job) -> launching.Ended:
        jobs.append(self)
        return launching.Ended(0)

    def call(*arguments: Any) -> Any:
        return CliRunner().invoke(group, ["launch", *map(str, arguments)])

    monkeypatch.setattr(launching.Job, "run", run)
    spec = 'keraspec = 1\ninputs.x.shape = [2]\nlayers = [{ type = "Dense", units = 1 }]\n[training]\nloss = "mse"\n'
    (tmp_path / "run.json").write_text('{"status": "running", "settings": []}')
    (tmp_path / "spec.keraspec.toml").write_text(spec)
    done = call("--resume", tmp_path)
    assert (done.exit_code, "is no run of several processes" in done.stderr) == (2, True), done.output
    (tmp_path / "spec.keraspec.toml").write_text(spec + 'distribute = "multi_worker"\n')
    assert call("--resume", tmp_path, "--workers", 3).exit_code == 0
    (job,) = jobs
    assert (job.folder, job.workers, job._command()[3:]) == (tmp_path, 3, ["train", "--resume", str(tmp_path)])
    assert "leave out SPEC" in call("s.toml", "--resume", tmp_path).stderr
    assert "Missing argument 'SPEC'" in call().stderr


@pytest.mark.parametrize(("writes", "left"), [(False, False), (True, True)])
def test_a_job_that_never_began_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: bool, left: bool
) -> None:
    spec, folder = tmp_path / "s.keraspec.toml", tmp_path / "runs" / "one"
    spec.write_text(SPEC.format(data="", training=""))
    program = f"open({str(folder / 'log')!r}, 'w').close()\n" if writes else ""
    monkeypatch.setattr(
        launching.Job, "_command", lambda self: [sys.executable, "-S", "-c", f"import sys\n{program}sys.exit(1)"]
    )
    done = CliRunner().invoke(group, ["launch", str(spec), "--run-dir", str(folder)])
    assert done.exit_code == 1, done.output
    assert (tmp_path / "runs").exists() == left

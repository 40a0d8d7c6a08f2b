"""Codes E431 to E433: training on several devices."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E431",
        "this way of sharing a batch is not carried out",
        'With `distribute = "mirrored"` all GPUs of a machine take each step together, with "multi_worker" several '
        'processes do, mostly one on each machine. "tpu" and "parameter_server" are words of the language that nothing '
        "here carries out, and the message says why. Processes find each other by the environment variable TF_CONFIG, "
        "which job launchers set; `keraspec launch --workers 2 SPEC` does so on one machine, to try it out.",
        '[training]\nloss = "mse"\ndistribute = "tpu"',
        '[training]\nloss = "mse"\ndistribute = "mirrored"',
    ),
    Code(
        "E432",
        "a batch that the devices can't share",
        "Several devices take each batch together, each the same number of its rows, so `batch_size` is a multiple of "
        "the number of devices. It is the size of the whole batch: the same spec then learns the same on one device "
        "and on many. The last batch of an epoch may be smaller, but every device needs a row of it.",
        '[data]\nsource = { type = "csv", path = "rows.csv" }\nbatch_size = 33\n\n'
        '[training]\nloss = "mse"\ndistribute = "mirrored"',
        '[data]\nsource = { type = "csv", path = "rows.csv" }\nbatch_size = 32\n\n'
        '[training]\nloss = "mse"\ndistribute = "mirrored"',
    ),
    Code(
        "E433",
        "a process of the job is gone",
        "Several processes take each step together, and one of them ended or can't be reached any more, so the others "
        "can't go on. Nothing that was saved is lost: start all of them again with `keraspec train --resume RUN`. "
        "`keraspec launch --restarts 3` does so by itself.",
        '[training]\nloss = "mse"\ndistribute = "multi_worker"\ncheckpoint = { every = "5 epochs" }',
        '[training]\nloss = "mse"\ndistribute = "multi_worker"\ncheckpoint = { every = "epoch" }',
    ),
)

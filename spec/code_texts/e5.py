"""Codes E50: promises that a model makes."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E501",
        "a promise that the model breaks",
        "`[[assertions]]` say what must be true of the model: how many parameters it may have, how many operations it "
        "may take, which shape comes out, how far a layer sees, whether training fits into memory. This one is not "
        "true. The message has the numbers; change the model, or the promise if it asks too much.",
        '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 10\n\n[[assertions]]\ncheck = "params < 10"',
        '[[layers]]\nname = "answer"\ntype = "Dense"\nunits = 10\n\n[[assertions]]\ncheck = "params < 1_000"',
    ),
    Code(
        "E502",
        "a promise that can't be decided",
        "The promise hangs on a size that is not known yet: it is a word in `inputs`. What is true for short sequences "
        "may be false for long ones. Write a number for the size, or promise something that does not hang on it.",
        'inputs.words.shape = ["time", 8]\n\n[[layers]]\ntype = "Dense"\nunits = 10\n\n'
        '[[assertions]]\ncheck = "flops < 1_000_000"',
        'inputs.words.shape = [100, 8]\n\n[[layers]]\ntype = "Dense"\nunits = 10\n\n'
        '[[assertions]]\ncheck = "flops < 1_000_000"',
    ),
    Code(
        "E510",
        "a range, a choice or a condition of a sweep that can't be",
        "A value that is searched over has bounds, `low` and `high`, or `choices`, not both. `low` is the lesser of "
        "the two; `log = true` needs bounds above 0, because there are no logarithms of others, and has no `step`. A "
        "condition, `when`, is true or false, and speaks of other values of the same sweep, by their paths.",
        '[training]\nloss = "mse"\noptimizer = { type = "Adam" }\n\n'
        '[sweep.over]\n"training.optimizer.learning_rate" = { low = 0, high = 0.1, log = true }',
        '[training]\nloss = "mse"\noptimizer = { type = "Adam" }\n\n'
        '[sweep.over]\n"training.optimizer.learning_rate" = { low = 1e-5, high = 0.1, log = true }',
    ),
    Code(
        "E511",
        "a sweep over something that is not there, or can't be so",
        "Paths in `[sweep.over]` are those that `--set` takes: keys with dots between them, layers by their names. "
        "Each range is tried out at both ends, and of choices each one: what the spec could never take is said here, "
        "before anything is trained. Values that are wrong only together with others are left out while the sweep "
        "runs.",
        '[[layers]]\nname = "hidden"\ntype = "Dense"\nunits = 8\n\n'
        '[training]\nloss = "mse"\n\n[sweep.over]\n"layers.hiden.units" = { low = 4, high = 64 }',
        '[[layers]]\nname = "hidden"\ntype = "Dense"\nunits = 8\n\n'
        '[training]\nloss = "mse"\n\n[sweep.over]\n"layers.hidden.units" = { low = 4, high = 64 }',
    ),
    Code(
        "E512",
        "a sweep that could not tell which candidate is best, or choose them",
        "The best candidate is told by one number that is measured: `metric` is the name of one in the history, such "
        "as `val_loss` or `val_accuracy`. Of most it is known whether more is better; of others `direction` says it. "
        "`sampler` and `pruner` are objects of Optuna's, with arguments of theirs.",
        '[training]\nloss = "mse"\n\n[sweep]\nsampler = { type = "TPESampler", startup_trials = 5 }\n'
        'over."layers.answer.use_bias".choices = [true, false]',
        '[training]\nloss = "mse"\n\n[sweep]\nsampler = { type = "TPESampler", n_startup_trials = 5 }\n'
        'over."layers.answer.use_bias".choices = [true, false]',
    ),
)

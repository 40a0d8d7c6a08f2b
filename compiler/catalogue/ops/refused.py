"""Catalogue: what of ``keras.ops`` can't stand in a graph because it takes Python functions, or gives no tensor.

Ops that take no tensor are refused where their kind is at home (``ops.creation``).
"""

from __future__ import annotations

from typing import Any, Final

from ..record import Record
from .operands import refused_op


def taking(name: str, summary: str, functions: str, instead: str, home: Any = "core") -> Record:
    """The record of an op that takes Python functions."""
    return refused_op(name, summary, "callable", f"it takes {functions} written in Python; {instead}", home=home)


def giving(name: str, summary: str, what: str, instead: str, home: Any = "core") -> Record:
    """The record of an op that gives no tensor, or none in a model."""
    return refused_op(name, summary, "symbolic", f"{what}; {instead}", home=home)


CHOOSE: Final = "compute both and choose with `ops.where`"
NO_BATCH: Final = "Keras can't run it in a model on TensorFlow, where the size of the batch is not known"
FIRST: Final = "compute it before, and let it be a column of the data"
UNMADE: Final = "Keras can't run it in a model on TensorFlow"

OPS: Final = (
    taking("cond", "Runs one of two functions, as a condition says.", "two functions", CHOOSE),
    taking("switch", "Runs one of several functions, as a number says.", "functions",
           "compute all and choose with `ops.select`"),
    taking("map", "Runs a function on each element along axis 0.", "a function",
           "ops and layers work on the whole batch, and `TimeDistributed` on each step of a sequence"),
    taking("vectorized_map", "Runs a function on all elements along axis 0 at once.", "a function",
           "ops and layers work on the whole batch, and `TimeDistributed` on each step of a sequence"),
    taking("vectorize", "Makes a function that takes whole tensors.", "a function",
           "ops take whole tensors as they are", "numpy"),
    taking("scan", "Runs a function along an axis, handing on what it remembers.", "a function",
           "`LSTM`, `GRU` and `SimpleRNN` remember, and `ops.cumsum` is a running sum"),
    taking("associative_scan", "Joins elements along an axis, each with all before it.", "a function",
           "`ops.cumsum` and `ops.cumprod` are running sums and products"),
    taking("while_loop", "Runs a function while another says so.", "two functions",
           "entries that come several times are written once, with `repeat`"),
    taking("fori_loop", "Runs a function a number of times.", "a function",
           "entries that come several times are written once, with `repeat`"),
    taking("custom_gradient", "Gives a function another gradient.", "a function",
           "`ops.stop_gradient` holds gradients back, and a layer of your own is a plugin"),
    taking("jvp", "How much a function changes in a direction.", "a function",
           "training computes gradients by itself", "linalg"),
    giving("convert_to_numpy", "Gives the numbers of a tensor.", "a graph has no numbers before it runs",
           "take it away: `keraspec predict` writes down what comes out"),
    giving("is_tensor", "Says whether something is a tensor.", "it gives no tensor, but says no of those in a graph",
           "take it away: whatever an entry gives is a tensor"),
    giving("dtype", "Says what numbers a tensor holds.", "it gives a word and no tensor",
           "`keraspec show` prints it, `ops.cast` changes it"),
    giving("ndim", "Counts the axes of a tensor.", "Keras announces a tensor and gives a plain number",
           "the number of axes stays as it is in the spec: write it where it is used", "numpy"),
    giving("gcd", "The greatest number by which both can be divided.", NO_BATCH, FIRST, "numpy"),
    giving("lcm", "The least number that can be divided by both.", NO_BATCH, FIRST, "numpy"),
    giving("isin", "Whether each element is one of several.", UNMADE,
           "`ops.expand_dims` with `axis = -1`, `ops.equal` with `x2 = [1, 2, 3]`, and `ops.any` with `axis = -1`",
           "numpy"),
    giving("corrcoef", "How strongly rows go together, between -1 and 1.", UNMADE,
           "take the means away, `ops.matmul` with the transposed, and divide by the standard deviations", "numpy"),
    giving("histogram", "How many elements fall into each of several equal bins.", UNMADE,
           "`ops.digitize` numbers the bins and `ops.bincount` counts them", "numpy"),
)  # fmt: skip

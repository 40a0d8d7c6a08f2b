"""Catalogue: what losses are made of, as ops: classes as rows of zeros and ones, crossentropies, and CTC.

FLOPs: 4 for each number of a crossentropy (a logarithm counts as one), 6 from logits; 3 for each of `psnr`; for CTC
about 10 for every step and every place of the target, once with and once without a blank; one for each number of a
step that is decoded, and each path that is kept.
"""

from __future__ import annotations

from typing import Final

from ...sizes import Size, at_least, depends_on_batch, known, product, same
from ...tensor import DTYPES, shape_text
from ..kinds import BOOLEAN, choice, integer, nullable
from ..kinds import number as a_number
from ..record import REQUIRED, Argument, Call, Inferred, ShapeError
from .fitting import meet
from .operands import Operand, axes_of, given, op, several, tensor
from .sorts import FRACTIONS, ORDERED, REAL, WHOLE, Sort, demand

TARGET: Final = tensor("target", "What should come out, as probabilities.")
OUTPUT: Final = tensor("output", "What comes out: probabilities, or logits.")
LOGITS: Final = Argument(
    "from_logits", BOOLEAN, False, "Whether the output has not been through softmax or sigmoid yet."
)
CLASSES: Final = Argument("num_classes", integer(1, 2**31 - 1), REQUIRED, "How many classes there are, counted from 0.")
OF_RESULT: Final = Argument(
    "dtype", nullable(choice(*(name for name in DTYPES if name != "string"))), None,
    "The dtype of the zeros and ones; none: float32.",
)  # fmt: skip


def _classes_at(call: Call, x: Operand) -> tuple[Size, ...]:
    """The shape with an axis for the classes put in.

    Raises:
        ShapeError: E307 if there is no such place.
    """
    axis = call["axis"]
    if axis != -1 and not 0 <= axis < x.rank:
        places = f"0 to {x.rank - 1}" if x.rank > 1 else "0"
        raise ShapeError(
            "E307",
            f"the axis of the classes can stand at {places}, or with -1 at the end, found `axis = {axis}`"
            if x.rank
            else f"the axis of the classes can only stand at the end (-1), found `axis = {axis}`",
            help="leave `axis` out: the classes come last",
            argument="axis",
        )
    place = x.rank if axis == -1 else axis
    return (*x.shape[:place], call["num_classes"], *x.shape[place:])


def one_hot(call: Call) -> Inferred:
    """An axis of ``num_classes`` more, with a 1 at the place that each number names. FLOPs: one for each number."""
    shape = _classes_at(call, demand(call, "x", REAL))
    return given(shape, call["dtype"] or "float32", product(shape))


def multi_hot(call: Call) -> Inferred:
    """(batch, numbers) → (batch, num_classes), with a 1 at each place that a number names."""
    x = demand(call, "inputs", REAL)
    if x.rank == 0:
        raise ShapeError(
            "E301",
            "ops.multi_hot gathers the numbers of a list, but the tensor is a lone number",
            help="take `ops.one_hot`",
            port="inputs",
        )
    shape = _classes_at(call, x)
    gathered = (*shape[:1], *shape[2:]) if len(shape) > 2 else shape[1:]
    return given(gathered, call["dtype"] or "float32", product(shape))


def _pair(call: Call, *, cast: bool = False) -> tuple[Operand, tuple[Size, ...]]:
    """Target and output, of one shape and one dtype with fractions; the output, and their shape.

    ``cast``: the target becomes of the output's dtype, whatever numbers it holds.

    Raises:
        ShapeError: E302 or E304 if they aren't.
    """
    output = demand(call, "output", FRACTIONS)
    target = demand(call, "target", REAL if cast else FRACTIONS)
    if not cast and target.dtype != output.dtype:
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} wants one dtype for both, found {target.dtype} for `target` and {output.dtype} "
            "for `output`",
            help=f'put `{{ type = "ops.cast", dtype = "{output.dtype}" }}` before the target',
            port="target",
        )
    return output, _alike(call, "target", target, "output", output)


def _equal(a: Size, b: Size) -> Size | None:
    """The size of both; None where Keras does not take them for equal: a word is to it no number."""
    return None if known(a) != known(b) else meet(a, b)


def _alike(call: Call, first: str, a: Operand, second: str, b: Operand) -> tuple[Size, ...]:
    met = [_equal(one, other) for one, other in zip(a.shape, b.shape, strict=False)]
    if a.rank != b.rank or None in met:
        raise ShapeError(
            "E302",
            f"{call.layer.record.name} compares number by number, but `{first}` has shape {shape_text(a.shape)} and "
            f"`{second}` {shape_text(b.shape)}",
            help="bring both to one shape (`ops.reshape`, `ops.broadcast_to`)",
            port=first,
        )
    return tuple(size for size in met if size is not None)


def binary_crossentropy(call: Call) -> Inferred:
    """Number by number, nothing is added up."""
    output, shape = _pair(call)
    return given(shape, output.dtype, product(shape) * (6 if call["from_logits"] else 4))


def categorical_crossentropy(call: Call) -> Inferred:
    """Added up along the axis of the classes, which goes.

    Raises:
        ShapeError: E307 for another axis than the last, of which Keras 3.15 announces another shape than it computes:
            always the one without the last, which is right only where both are of one size, or where it is a word.
    """
    output, shape = _pair(call, cast=call["from_logits"])
    (axis,) = axes_of(call, call["axis"], len(shape))
    without = (*shape[:axis], *shape[axis + 1 :])
    if not all(
        same(one, said) or not (known(said) or depends_on_batch(said))
        for one, said in zip(without, shape[:-1], strict=True)
    ):
        raise ShapeError(
            "E307",
            "Keras 3.15 announces for another axis than the last a shape that it does not compute, and what follows "
            f"would be built for that; found `axis = {call['axis']}`",
            help="bring the classes to the end with `ops.moveaxis`, and leave `axis` out",
            argument="axis",
        )
    return given(without, output.dtype, product(shape) * (6 if call["from_logits"] else 4))


def sparse_categorical_crossentropy(call: Call) -> Inferred:
    """Targets that name the class: the axis of the classes goes."""
    target, output = demand(call, "target", REAL), demand(call, "output", FRACTIONS)
    (axis,) = axes_of(call, call["axis"], output.rank)
    if call["axis"] not in (-1, output.rank - 1):
        raise ShapeError(
            "E307",
            f"TensorFlow takes the classes along the last axis alone, found `axis = {call['axis']}`",
            help="bring the classes to the end with `ops.moveaxis`, and leave `axis` out",
            argument="axis",
        )
    named = target.shape
    if target.rank == output.rank and same(named[-1], 1):
        named = named[:-1]
    wanted = output.shape[:axis]
    met = [_equal(one, other) for one, other in zip(named, wanted, strict=False)]
    if len(named) != len(wanted) or None in met:
        raise ShapeError(
            "E302",
            f"`target` must name one class for each row of `output` {shape_text(output.shape)}: shape "
            f"{shape_text(wanted)}, found {shape_text(target.shape)}",
            help="take an axis away with `ops.squeeze` or `ops.reshape`, or check which tensor is the target",
            port="target",
        )
    return given(tuple(size for size in met if size is not None), output.dtype, output.size * 6)


def psnr(call: Call) -> Inferred:
    """One number for all the batch together.

    Raises:
        ShapeError: E302 or E304 unless both have the same shape and the same dtype with fractions.
    """
    a, b = demand(call, "x1", FRACTIONS), demand(call, "x2", FRACTIONS)
    if a.dtype != b.dtype:
        raise ShapeError(
            "E304",
            f"ops.psnr wants one dtype for both, found {a.dtype} for `x1` and {b.dtype} for `x2`",
            help=f'put `{{ type = "ops.cast", dtype = "{a.dtype}" }}` before the second',
            port="x2",
        )
    return given((), a.dtype, product(_alike(call, "x1", a, "x2", b)) * 3)


def _count(call: Call, name: str, like: Size, sort: Sort = WHOLE) -> None:
    """See that a tensor of lengths has one for each sample.

    Raises:
        ShapeError: E302 if it doesn't.
    """
    found = demand(call, name, sort)
    if found.rank != 1 or meet(found.shape[0], like) is None:
        raise ShapeError(
            "E302",
            f"`{name}` must hold one length for each sample, shape {shape_text((like,))}, found {found}",
            help='an input with `shape = []` and `dtype = "int32"` holds one number for each sample',
            port=name,
        )


def _blank_of(call: Call, classes: Size) -> None:
    """See that the blank is one of the classes; where it isn't, Keras fails or takes any of them.

    Raises:
        ShapeError: E307 if it isn't.
    """
    blank = call["mask_index"]
    if at_least(classes, blank + 1 if blank >= 0 else -blank) is False:
        raise ShapeError(
            "E307",
            f"`mask_index = {blank}` names none of the {classes} classes",
            help="they are counted from 0, or back from -1, the last",
            argument="mask_index",
        )


def ctc_loss(call: Call) -> Inferred:
    """(batch, places), (batch, steps, classes) → (batch,).

    Raises:
        ShapeError: E301, E302 or E304 if tensors don't have these shapes, or the lengths are no whole numbers; E307
            if the blank is none of the classes.
    """
    target, output = demand(call, "target", REAL), demand(call, "output", REAL)
    for name, x, rank, axes in (("target", target, 2, "places"), ("output", output, 3, "steps, classes")):
        if x.rank != rank:
            raise ShapeError(
                "E301",
                f"`{name}` of ops.ctc_loss has {rank} axes (the batch, {axes}), found {x}",
                help="bring it into that form with `ops.reshape` or `ops.expand_dims`",
                port=name,
            )
    batch = meet(target.shape[0], output.shape[0])
    if batch is None:
        raise ShapeError(
            "E302",
            f"`target` {target} and `output` {output} must have as many samples",
            help="both come from the same batch",
            port="target",
        )
    _count(call, "target_length", batch)
    _count(call, "output_length", batch, ORDERED)
    _blank_of(call, output.shape[2])
    dtype = "float64" if output.dtype in ("float64",) else "float32"
    return given((batch,), dtype, output.shape[1] * (2 * target.shape[1] + 1) * batch * 10)


def ctc_decode(call: Call) -> Inferred:
    """(batch, steps, classes) → the paths (paths, batch, steps), -1 behind their end, and scores (batch, paths).

    Raises:
        ShapeError: E301, E302 or E304 if tensors don't have these shapes; E307 if more paths are wanted than are
            followed, or if the blank is none of the classes.
    """
    x = demand(call, "inputs", REAL)
    if x.rank != 3:
        raise ShapeError(
            "E301",
            f"`inputs` of ops.ctc_decode has 3 axes (the batch, steps, classes), found {x}",
            help="bring it into that form with `ops.reshape` or `ops.expand_dims`",
            port="inputs",
        )
    batch, steps, classes = x.shape
    _count(call, "sequence_lengths", batch, REAL)
    _blank_of(call, classes)
    greedy = call["strategy"] == "greedy"
    if not greedy and call["mask_index"] == -1:
        raise ShapeError(
            "E307",
            "`mask_index = -1` makes Keras 3.15 search among all classes twice over",
            help=f"write the number of the last class: `mask_index = {classes - 1}`"
            if known(classes)
            else "write the number of the last class; the first is 0",
            argument="mask_index",
        )
    paths = 1 if greedy else call["top_paths"]
    if not greedy and paths > call["beam_width"]:
        raise ShapeError(
            "E307",
            f"`top_paths = {paths}` asks for more paths than `beam_width = {call['beam_width']}` follows",
            help="make `beam_width` at least as large",
            argument="top_paths",
        )
    dtype = "float64" if x.dtype == "float64" else "float32"
    flops = product(x.shape) * (1 if greedy else call["beam_width"])
    return several([(paths, batch, steps), (batch, paths)], ["int32", dtype], flops)


_AXIS: Final = Argument("axis", integer(), -1, "The axis of the classes; only the last one runs.")
_BLANK: Final = Argument(
    "mask_index", integer(-(2**31), 2**31 - 1), 0, "Which class is the blank between symbols; -1: the last."
)
OPS: Final = (
    op("one_hot", "Numbers of classes as rows of zeros with a single 1.",
       (tensor("x", "Whole numbers that name classes; others than those give zeros only."),), one_hot,
       (CLASSES, Argument("axis", integer(), -1, "Where the axis of the classes comes; -1: at the end."), OF_RESULT),
       home="nn"),
    op("multi_hot", "Lists of classes as rows of zeros with a 1 for each of them.",
       (tensor("inputs", "Whole numbers that name classes: (batch, numbers)."),), multi_hot,
       (CLASSES, Argument("axis", integer(), -1, "Where the axis of the classes is put in before axis 1 is gathered."),
        OF_RESULT), home="nn"),
    op("binary_crossentropy", "How far probabilities are from targets, number by number.", (TARGET, OUTPUT),
       binary_crossentropy, (LOGITS,), home="nn"),
    op("categorical_crossentropy", "How far probabilities of classes are from targets that are such as well.",
       (TARGET, OUTPUT), categorical_crossentropy, (LOGITS, _AXIS), home="nn"),
    op("sparse_categorical_crossentropy", "How far probabilities of classes are from targets that name the class.",
       (tensor("target", "The number of the right class, for each row of the output."), OUTPUT),
       sparse_categorical_crossentropy, (LOGITS, _AXIS), home="nn"),
    op("psnr", "How much stronger images are than their difference, in decibels; one number for the batch.",
       (tensor("x1", "The images as they should be."), tensor("x2", "The images that they are compared with.")), psnr,
       (Argument("max_val", a_number(above=0), REQUIRED, "The greatest value that a pixel can have."),), home="nn"),
    op(
        "ctc_loss",
        "How unlikely a sequence of symbols is, whatever steps they fall on.",
        (
            tensor("target", "The symbols as whole numbers: (batch, places)."),
            tensor("output", "Logits of the classes at each step: (batch, steps, classes)."),
            tensor("target_length", "How many symbols of each target count: (batch,)."),
            tensor("output_length", "How many steps of each output count: (batch,)."),
        ),
        ctc_loss,
        (_BLANK,),
        home="nn",
    ),
    op(
        "ctc_decode",
        "Reads sequences of symbols out of the logits of each step.",
        (
            tensor("inputs", "Logits of the classes at each step: (batch, steps, classes)."),
            tensor("sequence_lengths", "How many steps of each sample count: (batch,)."),
        ),
        ctc_decode,
        (
            Argument("strategy", choice("greedy", "beam_search"), "greedy",
                     "Whether the best class of each step is taken, or the best of many sequences is searched for."),
            Argument("beam_width", integer(1, 2**31 - 1), 100, "How many sequences a search follows at a time."),
            Argument("top_paths", integer(1, 2**31 - 1), 1, "How many sequences a search gives; greedy gives one."),
            Argument("merge_repeated", BOOLEAN, True, "Whether a symbol repeated step after step counts once."),
            _BLANK,
        ),
        home="nn",
    ),
)  # fmt: skip

"""Catalogue: the core layers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..sizes import Size, known, product, same
from ..tensor import Weight, shape_text
from .arguments import ACTIVATION_ARGUMENT, USE_BIAS, weight_arguments
from .kinds import BOOLEAN, DTYPE, NUMBER, POSITIVE, TEXT, either, list_of, nullable, number
from .record import Argument, ArgumentError, Call, Inferred, Record, ShapeError
from .rules import cast_dtype, float_input, result, settled_axis


def dense(call: Call) -> Inferred:
    """(batch, …, features) → (batch, …, units); one multiply-add for each pair of feature and unit."""
    x = float_input(call)
    if x.rank < 2:
        raise ShapeError(
            "E301",
            f"Dense needs at least one axis besides the batch axis, found shape {shape_text(x.shape)}",
            help="give the input a shape of at least one number, such as `shape = [1]`",
        )
    features = settled_axis(call, -1)
    units: int = call["units"]
    places = product(x.shape[1:-1])
    weights = adapted(call, Weight("kernel", (features, units), dtype=call.policy.variable))
    flops: Size = 2 * places * features * units
    if call["use_bias"]:
        weights.append(Weight("bias", (units,), dtype=call.policy.variable))
        flops = flops + places * units
    return result(call, (*x.shape[:-1], units), weights, flops)


def adapted(call: Call, kernel: Weight) -> list[Weight]:
    """The kernel; with ``lora_rank`` it is frozen, and two thin matrices (kept in float32) learn in its stead.

    Source: Hu and others, LoRA: Low-Rank Adaptation of Large Language Models, https://arxiv.org/abs/2106.09685
    """
    rank = call["lora_rank"]
    if rank is None:
        return [kernel]
    *lead, last = kernel.shape
    return [
        Weight(kernel.name, kernel.shape, trainable=False, dtype=kernel.dtype),
        Weight(f"lora_{kernel.name}_a", (*lead, rank)),
        Weight(f"lora_{kernel.name}_b", (rank, last)),
    ]


EQUATION: Final = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


def einsum_dense(call: Call) -> Inferred:
    """The input and a learned kernel, multiplied and summed as the equation says.

    Two FLOPs for each place of the sums, one where nothing is summed; one for each bias that is added.
    """
    x = float_input(call)
    dots, taken, learned, given = _letters(call["equation"])
    spare = x.rank - len(taken)
    if spare < 0 or (spare and not dots):
        raise ShapeError(
            "E301",
            f"`equation` names {len(taken)} axes of the input, but {shape_text(x.shape)} has {x.rank}, the batch axis "
            "among them",
            help='name one letter for each axis, the batch axis first, or write "..." for those that stay as they are',
            argument="equation",
        )
    front = spare if dots == "left" else 0
    kept = x.shape[:front] if front else x.shape[len(taken) :]
    inner = dict(zip(taken, x.shape[front:], strict=False))
    outer = _outer(call, given, spare, front)
    for letter in taken:
        wanted = outer.get(letter)
        if wanted is not None and same(wanted, inner[letter]) is not True:
            raise ShapeError(
                "E302",
                f"axis `{letter}` of the equation is {inner[letter]} in the input {shape_text(x.shape)}, but {wanted} "
                "in the output",
                help=f"write {inner[letter]} for it in `output_shape`"
                if known(inner[letter])
                else 'write "none" for it in `output_shape`',
                argument="output_shape",
            )
    kernel = tuple(_number(call, letter, outer[letter] if letter in outer else inner[letter]) for letter in learned)
    weights = adapted(call, Weight("kernel", kernel, dtype=call.policy.variable))
    every = {letter: size for letter, size in outer.items() if size is not None} | inner
    shape = tuple(every[letter] for letter in given)
    full = (*kept, *shape) if front else (*shape, *kept)
    batch = None if front else given[0]
    places = product(size for letter, size in every.items() if letter != batch) * product(kept[1 if front else 0 :])
    flops = places if every.keys() <= set(given) else 2 * places
    if call["bias_axes"] is not None:
        axes: str = call["bias_axes"]
        start = min(given.index(letter) for letter in axes)
        sizes = [_number(call, letter, outer[letter]) if letter in axes else 1 for letter in given[start:]]
        ones = () if dots == "left" else (1,) * spare
        weights.append(Weight("bias", (*sizes, *ones), dtype=call.policy.variable))
        flops = flops + product(full[1:])
    return result(call, full, weights, flops)


def _letters(equation: str) -> tuple[str, str, str, str]:
    """Where "..." stands (``left``, ``right`` or nowhere) and the letters of input, kernel and output."""
    parts = EQUATION.fullmatch(equation)
    assert parts is not None, equation
    left, taken, right, learned, _, given, _ = parts.groups()
    return "left" if left else "right" if right else "", taken, learned, given


def _outer(call: Call, given: str, spare: int, front: int) -> dict[str, Size | None]:
    """What ``output_shape`` says of each letter of the output; None where it leaves a size open."""
    batch = () if front else (call.x.shape[0],)
    written = call["output_shape"] if isinstance(call["output_shape"], tuple) else (call["output_shape"],)
    sizes = (*batch, *written)
    if len(sizes) != len(given):
        raise ShapeError(
            "E307",
            f"`output_shape` has {len(written)} sizes, but the equation leaves {len(given) - len(batch)} "
            f"to it: `{given}`" + (" without the batch axis" if batch else ""),
            help='write one size for each letter, "none" for one that is the same as in the input',
            argument="output_shape",
        )
    return dict(zip(given, sizes, strict=True))


def _number(call: Call, letter: str, size: Size | None) -> int:
    """A size that a weight depends on."""
    if size is None or not known(size):
        raise ShapeError(
            "E305",
            f"the weights have an axis `{letter}`, so its size must be a number"
            + (", but `output_shape` leaves it open" if size is None else f"; found `{size}`"),
            help="write the number in `output_shape`" if size is None else "write a number in the input's `shape`",
            argument="output_shape" if size is None else "equation",
        )
    return size


def embedding(call: Call) -> Inferred:
    """(batch, …) of whole numbers → (batch, …, output_dim); a look-up, no FLOPs. 0 is masked with ``mask_zero``."""
    x = float_input(call)
    table = Weight("embeddings", (call["input_dim"], call["output_dim"]), dtype=call.policy.variable)
    return result(call, (*x.shape, call["output_dim"]), adapted(call, table), mask=call["mask_zero"])


def reversible_embedding(call: Call) -> Inferred:
    """As Embedding; called with ``reverse``, (batch, …, output_dim) → (batch, …, input_dim), a score for each word."""
    x = float_input(call)
    words, width = call["input_dim"], call["output_dim"]
    weights = [Weight("embeddings", (words, width), dtype=call.policy.variable)]
    if not call["tie_weights"]:
        weights.append(Weight("reverse_embeddings", (width, words), dtype=call.policy.variable))
    if not call.options["reverse"]:
        return result(call, (*x.shape, width), weights)
    if x.rank < 2 or same(x.shape[-1], width) is False:
        raise ShapeError(
            "E302",
            f"with `reverse` the input's last axis must be {width}, as `output_dim` says; found {shape_text(x.shape)}",
            help="give it what another layer made of the embedded words, of the same width",
            port="inputs",
        )
    places = product(x.shape[1:-1])
    caps = 0 if call["logit_soft_cap"] is None else 3 * places * words
    return result(call, (*x.shape[:-1], words), weights, 2 * places * width * words + caps)


def masking(call: Call) -> Inferred:
    """The same shape; places whose values all are ``mask_value`` are masked from here on. A comparison a value."""
    x = float_input(call)
    if x.rank < 2:
        raise ShapeError(
            "E301",
            f"Masking needs at least one axis besides the batch axis, found {shape_text(x.shape)}",
            help="give it a sequence, of shape (batch, steps, features)",
        )
    return result(call, x.shape, (), product(x.shape[1:]), mask=True)


def identity(call: Call) -> Inferred:
    """What comes in goes out."""
    return result(call, call.x.shape, dtype=cast_dtype(call, call.x.dtype))


def check_dense(arguments: Mapping[str, Any]) -> None:
    """See that what ``lora_rank`` freezes is not held to a constraint.

    Raises:
        ArgumentError: E114.
    """
    _no_constraint(arguments, "kernel_constraint")


def check_embedding(arguments: Mapping[str, Any]) -> None:
    """See that what ``lora_rank`` freezes is not held to a constraint.

    Raises:
        ArgumentError: E114.
    """
    _no_constraint(arguments, "embeddings_constraint")


def _no_constraint(arguments: Mapping[str, Any], constraint: str) -> None:
    if arguments["lora_rank"] is not None and arguments[constraint] is not None:
        raise ArgumentError(
            "lora_rank",
            f"`lora_rank` freezes the weights, so `{constraint}` has nothing to hold",
            help="leave one of the two out",
            other=constraint,
        )


def check_einsum(arguments: Mapping[str, Any]) -> None:
    """See that the equation is one that Keras can read, and that every letter has a place to come from.

    Raises:
        ArgumentError: E114.
    """
    check_dense(arguments)
    equation, axes = arguments["equation"], arguments["bias_axes"]
    parts = EQUATION.fullmatch(equation)
    form = 'the forms are "ab,bc->ac", "...b,bc->...c" and "ab...,bc->ac...", without spaces'
    if parts is None:
        raise ArgumentError("equation", f'"{equation}" is no equation of an input, a kernel and an output', help=form)
    left, taken, right, learned, out_left, given, out_right = parts.groups()
    if (left, right) != (out_left, out_right) or (left and right) or (right and len(taken) < 2):
        raise ArgumentError(
            "equation", f'"..." must stand at the same end on both sides, found "{equation}"', help=form
        )
    problems = {
        "a letter stands twice in one part": any(len(set(part)) < len(part) for part in (taken, learned, given)),
        "a letter of the output stands in neither the input nor the kernel": not set(given) <= set(taken + learned),
        "a letter of the kernel stands in neither the input nor the output": not set(learned) <= set(taken + given),
    }
    for problem, found in problems.items():
        if found:
            raise ArgumentError("equation", f'{problem} of "{equation}"', help=form)
    if axes is not None and (not axes or not set(axes) <= set(given)):
        raise ArgumentError(
            "bias_axes",
            f'`bias_axes = "{axes}"` must be letters of the output, `{given}`',
            help="name the letters along which the offset differs, or leave it out for none",
            other="equation",
        )


LORA: Final = (
    Argument("lora_rank", nullable(POSITIVE), None, "Freezes the weights and learns two thin matrices of this rank."),
    Argument("lora_alpha", nullable(number(above=0)), None, "Scales what the two thin matrices add."),
)
VOCABULARY: Final = (
    Argument("input_dim", POSITIVE, summary="How many different whole numbers there are: the largest and one more."),
    Argument("output_dim", POSITIVE, summary="How many numbers stand for each."),
)
MASK_ZERO: Final = Argument("mask_zero", BOOLEAN, False, "Whether 0 means that there is nothing, and is masked.")

LAYERS = (
    Record(
        name="Dense",
        family="layers",
        summary="Every output is a weighted sum of all features along the last axis.",
        page="layers/core_layers/dense",
        arguments=(
            Argument("units", POSITIVE, summary="Number of outputs."),
            ACTIVATION_ARGUMENT,
            USE_BIAS,
            *weight_arguments("kernel", "glorot_uniform"),
            *weight_arguments("bias", "zeros"),
            *LORA,
        ),
        masking="pass",
        rule=dense,
        check=check_dense,
    ),
    Record(
        name="EinsumDense",
        family="layers",
        summary="A weighted sum along the axes that an equation names.",
        page="layers/core_layers/einsum_dense",
        arguments=(
            Argument("equation", TEXT, summary='The axes of input, kernel and output, such as "abc,cd->abd".'),
            Argument(
                "output_shape",
                either(POSITIVE, list_of(nullable(POSITIVE))),
                summary='Sizes of the output without the batch axis; "none" where the input tells.',
            ),
            ACTIVATION_ARGUMENT,
            Argument("bias_axes", nullable(TEXT), None, "Letters of the output along which an offset is learned."),
            *weight_arguments("kernel", "glorot_uniform"),
            *weight_arguments("bias", "zeros"),
            *LORA,
        ),
        rule=einsum_dense,
        check=check_einsum,
    ),
    Record(
        name="Embedding",
        family="layers",
        summary="Looks up a learned row of numbers for each whole number.",
        page="layers/core_layers/embedding",
        arguments=(*VOCABULARY, *weight_arguments("embeddings", "uniform"), MASK_ZERO, *LORA),
        masking="own",
        rule=embedding,
        check=check_embedding,
    ),
    Record(
        name="ReversibleEmbedding",
        family="layers",
        summary="Looks up a learned row for each whole number; in reverse, scores every number against a row.",
        page="layers/core_layers/reversible_embedding",
        arguments=(
            *VOCABULARY,
            Argument("tie_weights", BOOLEAN, True, "Whether both directions share their weights."),
            *weight_arguments("embeddings", "uniform"),
            MASK_ZERO,
            Argument("reverse_dtype", nullable(DTYPE), None, "The dtype that the reverse direction computes in."),
            Argument(
                "logit_soft_cap", nullable(number(above=0)), None, "Keeps scores softly between minus and plus this."
            ),
        ),
        options=(Argument("reverse", BOOLEAN, False, "Go from rows back to a score for each number."),),
        masking="own",
        rule=reversible_embedding,
    ),
    Record(
        name="Masking",
        family="layers",
        summary="Marks the steps of a sequence that hold nothing, so that later layers pass over them.",
        page="layers/core_layers/masking",
        arguments=(Argument("mask_value", NUMBER, 0.0, "A step whose values all are this one holds nothing."),),
        masking="own",
        rule=masking,
    ),
    Record(
        name="Identity",
        family="layers",
        summary="Gives its input unchanged.",
        page="layers/core_layers/identity",
        masking="pass",
        rule=identity,
    ),
)

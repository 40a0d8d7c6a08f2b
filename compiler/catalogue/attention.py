"""Catalogue: attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..sizes import Size, product, same
from ..tensor import Shape, TensorType, Weight, shape_text
from .arguments import SEED_ARGUMENT, USE_BIAS, weight_arguments
from .attended import (
    attention_axes,
    check_axes,
    check_features,
    check_masks,
    check_places,
    features,
    listed,
    named,
    other_ranks,
    spoken,
)
from .calls import CAUSAL, SCORES, TRAINING, one_or_more
from .kinds import BOOLEAN, FRACTION, POSITIVE, REGULARIZER, choice, nullable
from .record import Argument, ArgumentError, Call, Inferred, Port, Record, ShapeError


def _dot_mask(call: Call, query: TensorType) -> bool:
    given = call.tensors.get("mask")
    return bool(given[0]) if given else query.mask


def _attention_result(call: Call, query: TensorType, value: TensorType, key: TensorType, leading: Shape,
                      weights: Sequence[Weight], scoring: Size) -> Inferred:  # fmt: skip
    """Attended values and, where asked for, the scores; ``scoring`` is the operations for one score."""
    dtype = call.policy.compute
    scores = (*leading, query.shape[-2], key.shape[-2])
    shape = (*leading, query.shape[-2], value.shape[-1])
    outputs = [TensorType(shape, dtype, _dot_mask(call, query))]
    if call.options.get("return_attention_scores"):
        outputs.append(TensorType(scores, dtype))
    places = product(scores[1:])
    return Inferred(tuple(outputs), tuple(weights), places * scoring + 2 * places * value.shape[-1])


def attention(call: Call) -> Inferred:
    """(batch, Tq, d), (batch, Tv, v) → (batch, Tq, v), and the scores (batch, Tq, Tv).

    Operations: the products of query and key and of score and value; where the score is ``concat``, 3 for each
    feature of a pair. The softmax over the scores is not counted. Source: Luong et al., Effective Approaches to
    Attention-based Neural Machine Translation, 2015.
    """
    query, value, key, leading = listed(call)
    dtype = call.policy.variable
    concat = call["score_mode"] == "concat"
    weights = [Weight("scale", (), dtype=dtype)] if call["use_scale"] else []
    if concat:
        weights.append(Weight("concat_score_weight", (), dtype=dtype))
    return _attention_result(call, query, value, key, leading, weights, (3 if concat else 2) * key.shape[-1])


def additive_attention(call: Call) -> Inferred:
    """(batch, Tq, d), (batch, Tv, v) → (batch, Tq, v), and the scores (batch, Tq, Tv).

    Operations: a sum, a tangent and a multiply-add for each feature of a pair; the products of score and value.
    Source: Bahdanau et al., Neural Machine Translation by Jointly Learning to Align and Translate, 2014.
    """
    query, value, key, leading = listed(call)
    weights = []
    if call["use_scale"]:
        weights = [Weight("scale", (features(call, "query", query, "inputs"),), dtype=call.policy.variable)]
    return _attention_result(call, query, value, key, leading, weights, 4 * key.shape[-1])


def _heads(call: Call, axes: tuple[int, ...], heads: int, key_dim: int, value_dim: int, kv_heads: int,
           output: tuple[int, ...]) -> Inferred:  # fmt: skip
    """What attention with heads gives, once its inputs are checked."""
    query, value, key = named(call)
    dtype, bias = call.policy.variable, bool(call["use_bias"])
    projections = [
        ("query", query, "query", heads, key_dim),
        ("key", key, "key" if call.tensors.get("key") else "value", kv_heads, key_dim),
        ("value", value, "value", kv_heads, value_dim),
    ]
    if call["use_gate"]:
        projections.insert(2, ("gate", query, "query", heads, value_dim))
    weights: list[Weight] = []
    flops: Size = 0
    for name, x, port, count, size in projections:
        width = features(call, "query" if name == "gate" else name, x, port)
        weights.append(Weight(f"{name}/kernel", (width, count, size), dtype=dtype))
        if bias:
            weights.append(Weight(f"{name}/bias", (count, size), dtype=dtype))
        flops = flops + product(x.shape[1:-1]) * count * size * (2 * width + bias)
    asking = product(query.shape[1:-1])
    looked_at = product(value.shape[axis] for axis in axes)
    flops = flops + asking * looked_at * heads * 2 * (key_dim + value_dim)
    if call["use_gate"]:
        flops = flops + asking * heads * value_dim
    weights.append(Weight("attention_output/kernel", (heads, value_dim, *output), dtype=dtype))
    if bias:
        weights.append(Weight("attention_output/bias", output, dtype=dtype))
    flops = flops + asking * product(output) * (2 * heads * value_dim + bias)
    compute = call.policy.compute
    outputs = [TensorType((*query.shape[:-1], *output), compute, query.mask)]
    if call.options.get("return_attention_scores"):
        beside = [size for axis, size in enumerate(query.shape[:-1]) if axis not in axes]
        pairs = [query.shape[axis] for axis in axes] + [value.shape[axis] for axis in axes]
        outputs.append(TensorType((*beside, heads, *pairs), compute))
    return Inferred(tuple(outputs), tuple(weights), flops)


def multi_head_attention(call: Call) -> Inferred:
    """(batch, Tq, d), (batch, Tv, v) → (batch, Tq, d), and the scores (batch, heads, Tq, Tv).

    Operations: all projections with their offsets, the products of query and key and of score and value. The
    softmax over the scores is not counted. Source: Vaswani et al., Attention Is All You Need, 2017.
    """
    query, value, key = named(call)
    for port, x in (("query", query), ("value", value), ("key", key)):
        check_axes(call, port, x, 3, None, port)
    check_places(call, key, value, "key")
    if query.rank != value.rank:
        raise other_ranks(call, query, value, "value")
    axes = attention_axes(call, query)
    for axis in range(1, query.rank - 1):
        if axis not in axes and same(query.shape[axis], value.shape[axis]) is False:
            raise ShapeError(
                "E302",
                f"MultiHeadAttention looks along {spoken(axes)} only, so all other axes must be the same in query "
                f"and value; found {shape_text(query.shape)} and {shape_text(value.shape)}: axis {axis} is "
                f"{query.shape[axis]} and {value.shape[axis]}",
                help=f"add {axis} to `attention_axes`, or bring the two to the same size along that axis",
                port="value",
            )
    check_masks(call, query, value, key, axes)
    written = call["output_shape"]
    if written is None:
        output: tuple[int, ...] = (features(call, "query", query, "query"),)
    else:
        output = written if isinstance(written, tuple) else (written,)
    key_dim, heads = call["key_dim"], call["num_heads"]
    return _heads(call, axes, heads, key_dim, call["value_dim"] or key_dim, heads, output)


def group_query_attention(call: Call) -> Inferred:
    """(batch, Tq, d), (batch, Tv, d) → (batch, Tq, d), and the scores (batch, query heads, Tq, Tv).

    Operations as for MultiHeadAttention. Source: Ainslie et al., GQA: Training Generalized Multi-Query
    Transformer Models from Multi-Head Checkpoints, 2023.
    """
    query, value, key = named(call)
    for port, x in (("query", query), ("value", value), ("key", key)):
        check_axes(call, port, x, 3, 3, port)
    check_features(call, query, value, "value", "value", 0)
    check_places(call, key, value, "key")
    check_masks(call, query, value, key, (1,))
    size = call["head_dim"]
    output = (features(call, "query", query, "query"),)
    return _heads(call, (1,), call["num_query_heads"], size, size, call["num_key_value_heads"], output)


def _check_flash(arguments: Mapping[str, Any]) -> None:
    if arguments["flash_attention"] and arguments["dropout"] > 0:
        raise ArgumentError(
            "flash_attention",
            f"`flash_attention = true` goes with no dropout, found `dropout = {arguments['dropout']:g}`",
            help="set `dropout = 0`, or take `flash_attention` away",
            other="dropout",
        )


def _check_groups(arguments: Mapping[str, Any]) -> None:
    heads, groups = arguments["num_query_heads"], arguments["num_key_value_heads"]
    if heads % groups:
        raise ArgumentError(
            "num_query_heads",
            f"`num_query_heads` must be a multiple of `num_key_value_heads`, found {heads} and {groups}",
            help=f"use {max(1, heads // groups) * groups} query heads, or key and value heads that divide {heads}",
            other="num_key_value_heads",
        )
    _check_flash(arguments)


DROPOUT: Final = Argument("dropout", FRACTION, 0.0, "The share of the scores that is dropped in training.")
LISTED_PORTS: Final = (
    Port("inputs", many=True, minimum=2, maximum=3, elements=("query", "value", "key")),
    Port("mask", required=False, many=True, elements=("query_mask", "value_mask"), maximum=2),
)
NAMED_PORTS: Final = (
    Port("query"),
    Port("value"),
    *(Port(name, required=False) for name in ("key", "query_mask", "value_mask", "key_mask", "attention_mask")),
)
LISTED_OPTIONS: Final = (
    Argument(
        "training", nullable(BOOLEAN), False, "Drop at random as in training (true), or let everything through (false)."
    ),
    SCORES,
    CAUSAL,
)
NAMED_OPTIONS: Final = (SCORES, TRAINING, CAUSAL)
WINDOW: Final = Argument("sliding_window", nullable(POSITIVE), None, "No place looks further than this many places.")
FLASH: Final = Argument("flash_attention", nullable(BOOLEAN), None, "Whether a kernel that saves memory is used.")
GATE: Final = Argument("use_gate", BOOLEAN, False, "Whether a learned gate scales what each head gives.")
_KERNEL, _BIAS = weight_arguments("kernel", "glorot_uniform"), weight_arguments("bias", "zeros")
PROJECTION: Final = (
    _KERNEL[0],
    _BIAS[0],
    _KERNEL[1],
    _BIAS[1],
    Argument("activity_regularizer", REGULARIZER, None, "A penalty on what each projection gives, added to the loss."),
    _KERNEL[2],
    _BIAS[2],
    GATE,
    SEED_ARGUMENT,
)

LAYERS: Final = (
    Record(
        name="Attention",
        family="layers",
        summary="Gives for each place of the query a mean of the values, weighted by how well their keys fit.",
        page="layers/attention_layers/attention",
        arguments=(
            Argument("use_scale", BOOLEAN, False, "Whether the scores are multiplied by a learned number."),
            Argument("score_mode", choice("dot", "concat"), "dot", "How a query and a key are compared."),
            DROPOUT,
            SEED_ARGUMENT,
        ),
        ports=LISTED_PORTS,
        options=LISTED_OPTIONS,
        masking="own",
        rule=attention,
    ),
    Record(
        name="AdditiveAttention",
        family="layers",
        summary="Attention that compares a query and a key by adding them up.",
        page="layers/attention_layers/additive_attention",
        arguments=(
            Argument("use_scale", BOOLEAN, True, "Whether each feature of the comparison has a learned weight."),
            DROPOUT,
        ),
        ports=LISTED_PORTS,
        options=LISTED_OPTIONS,
        masking="own",
        rule=additive_attention,
    ),
    Record(
        name="MultiHeadAttention",
        family="layers",
        summary="Attention in several heads, each with learned projections of query, key and value.",
        page="layers/attention_layers/multi_head_attention",
        arguments=(
            Argument("num_heads", POSITIVE, summary="How many attentions look at the sequence side by side."),
            Argument("key_dim", POSITIVE, summary="Size of each head's queries and keys."),
            Argument("value_dim", nullable(POSITIVE), None, "Size of each head's values; none: as the keys."),
            DROPOUT,
            USE_BIAS,
            Argument(
                "output_shape",
                nullable(one_or_more(1, alike=True)),
                None,
                "Features of the result; none: as the query.",
            ),
            Argument(
                "attention_axes", nullable(one_or_more()), None, "Axes to look along; none: all but batch and features."
            ),
            WINDOW,
            FLASH,
            *PROJECTION,
        ),
        ports=NAMED_PORTS,
        options=NAMED_OPTIONS,
        masking="own",
        rule=multi_head_attention,
        check=_check_flash,
    ),
    Record(
        name="GroupQueryAttention",
        family="layers",
        summary="Attention in several heads that share their keys and values in groups.",
        page="layers/attention_layers/group_query_attention",
        arguments=(
            Argument("head_dim", POSITIVE, summary="Length of the vectors that one attention compares."),
            Argument("num_query_heads", POSITIVE, summary="How many attentions look at the sequence side by side."),
            Argument(
                "num_key_value_heads",
                POSITIVE,
                summary="How many heads share keys and values among the heads of the query.",
            ),
            DROPOUT,
            USE_BIAS,
            WINDOW,
            FLASH,
            *PROJECTION,
        ),
        ports=NAMED_PORTS,
        options=NAMED_OPTIONS,
        masking="own",
        rule=group_query_attention,
        check=_check_groups,
    ),
)

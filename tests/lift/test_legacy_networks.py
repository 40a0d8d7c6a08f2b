"""Wiring in old files: three forms of calls, shared layers, models inside models, states, constants, functions."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from keraspec.compiler.lift.legacy import read_legacy
from keraspec.compiler.lift.lift import lift
from keraspec.compiler.lift.network import Called, Tensor, Unreadable
from keraspec.compiler.lift.ops import op_record
from keraspec.compiler.lift.tensorflow_ops import FUNCTIONS, kind_of

from .legacy_models import entries, functional, given, layer, node, params, sequential, shapes

DENSE = {"units": 3, "activation": "linear"}


@pytest.mark.parametrize(
    "inbound",
    [
        [[["x", 0, 0]]],
        [[["x", 0, 0, {}]]],
        [[["x", 0, 0, {"training": None}]]],
        [["x", 0, 0, {}]],
    ],
)
def test_forms_of_calls(inbound: list[Any]) -> None:
    model = functional(given("x", 4), node("Dense", "d", inbound, **DENSE), inputs=[["x", 0, 0]], outputs=[["d", 0, 0]])
    network = read_legacy(model, None).network
    assert network.layers[1].calls == (Called((Tensor("x"),)),)
    assert params(model) == 4 * 3 + 3


@pytest.mark.parametrize("form", ["bare", "list", "table"])
def test_forms_of_a_sequential(form: str) -> None:
    layers = [layer("Dense", "a", batch_input_shape=[None, 8], **DENSE), layer("Dense", "b", **DENSE)]
    model: Any = {
        "bare": layers,
        "list": {"class_name": "Sequential", "config": layers},
        "table": {"class_name": "Sequential", "config": {"name": "s", "layers": layers}},
    }[form]
    assert (params(model), shapes(model)) == (8 * 3 + 3 + 3 * 3 + 3, [(3,)])


@pytest.mark.parametrize(
    ("first", "shape"),
    [
        (layer("Dense", "a", batch_input_shape=[None, 8], **DENSE), [None, 8]),
        (layer("InputLayer", "i", batch_input_shape=[None, 8], dtype="float32"), [None, 8]),
        (layer("Bidirectional", "a", layer=layer("LSTM", "b", batch_input_shape=[None, 9, 8], units=2)), [None, 9, 8]),
        (sequential(layer("Dense", "a", batch_input_shape=[None, 8], **DENSE)), [None, 8]),
        (layer("Dense", "a", **DENSE), None),
    ],
)
def test_what_goes_into_a_sequential(first: Any, shape: list[int | None] | None) -> None:
    """The first layer tells it, where there is no input of its own."""
    network = read_legacy(sequential(first, layer("Dense", "last", **DENSE)), None).network
    begun = network.layers[0]
    assert begun.kind == "InputLayer"
    assert begun.config["batch_shape"] == shape
    assert network.inputs == (Tensor(begun.name),)


def test_a_sequential_that_was_told_its_shape_later() -> None:
    model = sequential(layer("Dense", "a", **DENSE))
    model["config"]["build_input_shape"] = {"class_name": "TensorShape", "items": [None, 8]}
    assert params(model) == 8 * 3 + 3


def test_ids_go_into_an_embedding() -> None:
    model = sequential(layer("Embedding", "e", batch_input_shape=[None, 5], dtype="float32", input_dim=9, output_dim=2))
    assert read_legacy(model, None).network.layers[0].config["dtype"] == "int32"


def test_layers_that_are_called_twice() -> None:
    model = functional(
        given("a", 4),
        given("b", 4),
        node("Dense", "shared", [[["a", 0, 0, {}]], [["b", 0, 0, {}]]], **DENSE),
        node("Subtract", "apart", [[["shared", 1, 0, {}], ["shared", 0, 0, {}]]]),
        inputs=[["a", 0, 0], ["b", 0, 0]],
        outputs=[["apart", 0, 0]],
    )
    assert params(model) == 4 * 3 + 3
    network = read_legacy(model, None).network
    assert network.layers[3].calls == (Called(([Tensor("shared", 1), Tensor("shared", 0)],)),)


def inner_model(kind: str) -> dict[str, Any]:
    if kind == "Sequential":
        return {
            "name": "inside",
            **sequential(layer("Dense", "d", batch_input_shape=[None, 4], **DENSE), name="inside"),
        }
    inside = functional(
        given("i", 4), node("Dense", "d", [[["i", 0, 0, {}]]], **DENSE), inputs=[["i", 0, 0]], outputs=[["d", 0, 0]]
    )
    return {"name": "inside", **inside}


@pytest.mark.parametrize("kind", ["Sequential", "Model"])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("twice", [False, True])
def test_a_model_inside_a_model(kind: str, first: int, twice: bool) -> None:
    """Models that began with an input count the call that made them; others don't."""
    nodes = [[["x", 0, 0, {}]], [["y", 0, 0, {}]]] if twice else [[["x", 0, 0, {}]]]
    ends = [["inside", first + call, 0, {}] for call in range(len(nodes))]
    model = functional(
        given("x", 4),
        given("y", 4),
        {**inner_model(kind), "inbound_nodes": nodes},
        node("Concatenate", "both", [[*ends, ["y", 0, 0, {}]]], axis=-1),
        inputs=[["x", 0, 0], ["y", 0, 0]],
        outputs=[["both", 0, 0]],
    )
    assert params(model) == 4 * 3 + 3
    assert shapes(model) == [(3 * len(nodes) + 4,)]


def test_states_that_a_recurrent_layer_begins_with() -> None:
    gates = {"units": 5, "recurrent_activation": "sigmoid"}
    model = functional(
        given("x", 7, 2),
        node("LSTM", "first", [[["x", 0, 0, {}]]], return_state=True, **gates),
        node("LSTM", "second", [[["x", 0, 0, {}], ["first", 0, 1, {}], ["first", 0, 2, {}]]], **gates),
        inputs=[["x", 0, 0]],
        outputs=[["second", 0, 0]],
    )
    calls = read_legacy(model, None).network.layers[2].calls
    assert calls == (Called((Tensor("x"),), {"initial_state": [Tensor("first", 0, 1), Tensor("first", 0, 2)]}),)
    assert shapes(model) == [(5,)]


def test_tensors_among_the_other_arguments() -> None:
    attention = {"num_heads": 2, "key_dim": 3, "query_shape": [None, 5, 4], "key_shape": [None, 6, 4]}
    model = functional(
        given("q", 5, 4),
        given("v", 6, 4),
        node("MultiHeadAttention", "mix", [[["q", 0, 0, {"value": ["v", 0, 0], "training": False}]]], **attention),
        inputs=[["q", 0, 0], ["v", 0, 0]],
        outputs=[["mix", 0, 0]],
    )
    assert entries(model)[0]["inputs"] == {"query": "q", "value": "v"}
    assert shapes(model) == [(5, 4)]


def test_attention_that_looks_back_alone() -> None:
    """`causal` was an argument of the layer, and is one of the call."""
    model = functional(
        given("q", 5, 4),
        node("Attention", "look", [[["q", 0, 0, {}], ["q", 0, 0, {}]]], causal=True, use_scale=False),
        inputs=[["q", 0, 0]],
        outputs=[["look", 0, 0]],
    )
    assert entries(model)[0]["call"] == {"use_causal_mask": True}
    assert shapes(model) == [(5, 4)]


def test_outputs_by_name() -> None:
    model = functional(
        given("x", 4),
        node("Dense", "d", [[["x", 0, 0, {}]]], **DENSE),
        inputs={"it": ["x", 0, 0]},
        outputs={"score": ["d", 0, 0]},
    )
    network = read_legacy(model, None).network
    assert network.inputs == (Tensor("x"),)
    assert network.outputs == {"score": Tensor("d")}


def test_a_sequential_that_merges_models() -> None:
    """Keras 1 began a Sequential with models side by side."""
    branches = [
        {"class_name": "Sequential", "config": [layer("Dense", name, batch_input_shape=[None, size], output_dim=3)]}
        for name, size in (("left", 4), ("right", 6))
    ]
    for branch, name in zip(branches, ("one", "two"), strict=True):
        branch["name"] = name
    merge = layer("Merge", "merge_1", mode="concat", concat_axis=-1, layers=branches)
    model = {
        "class_name": "Sequential",
        "keras_version": "1.2.2",
        "config": [merge, layer("Dense", "top", output_dim=2)],
    }
    assert params(model) == (4 * 3 + 3) + (6 * 3 + 3) + (6 * 2 + 2)
    assert shapes(model) == [(2,)]


OPS: list[tuple[str, list[Any], str, tuple[Any, ...]]] = [
    ("math.multiply", [["x", 0, 0, {"y": 0.5, "name": None}]], "ops.multiply", (5, 4)),
    ("__operators__.add", [["x", 0, 0, {"y": ["x", 0, 0]}]], "ops.add", (5, 4)),
    ("math.subtract", [["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 0, 0]}]], "ops.subtract", (5, 4)),
    ("math.reduce_mean", [["x", 0, 0, {"axis": [1], "keepdims": False}]], "ops.mean", (4,)),
    ("expand_dims", [["x", 0, 0, {"axis": 1}]], "ops.expand_dims", (1, 5, 4)),
    ("compat.v1.squeeze", [["t", 0, 0, {"axis": [1], "name": None}]], "ops.squeeze", (5, 4)),
    ("reshape", [["x", 0, 0, {"shape": [-1, 20]}]], "ops.reshape", (20,)),
    ("transpose", [["x", 0, 0, {"perm": [0, 2, 1]}]], "ops.transpose", (4, 5)),
    ("concat", [[["x", 0, 0, {"axis": -1}], ["x", 0, 0, {"axis": -1}]]], "ops.concatenate", (5, 8)),
    ("cast", [["x", 0, 0, {"dtype": "float16"}]], "ops.cast", (5, 4)),
    ("clip_by_value", [["x", 0, 0, {"clip_value_min": 0.0, "clip_value_max": 1.0}]], "ops.clip", (5, 4)),
    ("linalg.matmul", [["x", 0, 0, {"b": ["t", 0, 0], "transpose_a": False}]], "ops.matmul", (5, 5)),
    ("nn.leaky_relu", [["x", 0, 0, {"alpha": 0.1}]], "ops.leaky_relu", (5, 4)),
    (
        "__operators__.getitem",
        [["x", 0, 0, {"slice_spec": [{"start": None, "stop": None, "step": None}, 0]}]],
        "ops.get_item",
        (4,),
    ),
    (
        "__operators__.getitem",
        [["x", 0, 0, {"slice_spec": [{"class_name": "__ellipsis__"}, None]}]],
        "ops.get_item",
        (5, 4, 1),
    ),
]


@pytest.mark.parametrize(("function", "inbound", "op", "shape"), OPS, ids=[one[0] for one in OPS])
def test_functions_of_tensorflow(function: str, inbound: list[Any], op: str, shape: tuple[Any, ...]) -> None:
    kind = "SlicingOpLambda" if "getitem" in function else "TFOpLambda"
    model = functional(
        given("x", 5, 4),
        *([node("Permute", "t", [[["x", 0, 0, {}]]], dims=[2, 1])] if "matmul" in function else []),
        *([node("Reshape", "t", [[["x", 0, 0, {}]]], target_shape=[1, 5, 4])] if "squeeze" in function else []),
        node(kind, "f", inbound, function=function, dtype="float32"),
        inputs=[["x", 0, 0]],
        outputs=[["f", 0, 0]],
    )
    assert entries(model)[-1]["type"] == op
    assert shapes(model) == [shape]


NODES: list[tuple[dict[str, Any], dict[str, Any], str, tuple[Any, ...]]] = [
    ({"op": "Transpose"}, {"1": [0, 2, 1]}, "ops.transpose", (4, 5)),
    ({"op": "AddV2"}, {"1": 2.0}, "ops.add", (5, 4)),
    ({"op": "Sub"}, {"0": 2.0}, "ops.subtract", (5, 4)),
    ({"op": "Mean", "attr": {"keep_dims": {"b": True}, "T": {"type": "DT_FLOAT"}}}, {"1": [1]}, "ops.mean", (1, 4)),
    ({"op": "Relu", "attr": {"T": {"type": "DT_FLOAT"}}}, {}, "ops.relu", (5, 4)),
    ({"op": "Cast", "attr": {"DstT": {"type": "DT_HALF"}}}, {}, "ops.cast", (5, 4)),
    (
        {
            "op": "StridedSlice",
            "attr": {"begin_mask": {"i": "1"}, "end_mask": {"i": "1"}, "shrink_axis_mask": {"i": "2"}},
        },
        {"1": [0, 3], "2": [0, 4], "3": [1, 1]},
        "ops.get_item",
        (4,),
    ),
]


@pytest.mark.parametrize(("written", "constants", "op", "shape"), NODES, ids=[one[0]["op"] for one in NODES])
def test_nodes_of_tensorflow(
    written: dict[str, Any], constants: dict[str, Any], op: str, shape: tuple[Any, ...]
) -> None:
    model = functional(
        given("x", 5, 4),
        node("TensorFlowOpLayer", "f", [[["x", 0, 0, {}]]], node_def=written, constants=constants),
        inputs=[["x", 0, 0]],
        outputs=[["f", 0, 0]],
    )
    assert entries(model)[0]["type"] == op
    assert shapes(model) == [shape]


def test_every_function_has_its_op() -> None:
    for one in FUNCTIONS:
        record = op_record(kind_of(one), "keras.src.ops.numpy")
        assert record is not None, one.op
        assert record.name == f"ops.{one.op}"
        own = {port.name for port in record.ports} | {argument.name for argument in record.arguments}
        assert {*one.arguments.values(), *one.attributes.values()} <= own, one.op


def test_a_function_that_no_op_computes() -> None:
    model = functional(
        given("x", 4),
        node("TFOpLambda", "f", [["x", 0, 0, {}]], function="strings.upper"),
        inputs=[["x", 0, 0]],
        outputs=[["f", 0, 0]],
    )
    with pytest.raises(Unreadable, match=r"`strings\.upper` has no counterpart"):
        read_legacy(model, None)


BROKEN: list[tuple[Any, str]] = [
    (7, "a model must be an object, found the number 7"),
    ({}, "this is no Functional or Sequential model"),
    ({"class_name": "Mine", "config": {"units": 3}}, "`Mine` is no Functional or Sequential model"),
    ({"class_name": "Graph", "config": {"nodes": []}}, "of the Keras before 1.0"),
    (sequential(), "this Sequential has no layers"),
    (sequential(7), "a layer must be an object, found the number 7"),
    (sequential({"class_name": "Dense"}), "`config` must be an object, found nothing"),
    (sequential({"class_name": None, "config": {}}), "`class_name` must be a text, found nothing"),
    (functional(given("x", 4), inputs=[["x", 0, 0]], outputs=[["y", 0, 0]]), "there is no layer `y`"),
    (functional(given("x", 4), inputs=[["x", 0, 0]], outputs=[["x", 3, 0]]), "a call beyond that"),
    (functional(given("x", 4), inputs=[["x", 0, 0]], outputs=[]), "this model has no outputs"),
    (functional(given("x", 4), inputs=[["x", 0, 0]], outputs=[[7]]), "a tensor must be named"),
    (
        functional(given("x", 4), given("x", 4), inputs=[["x", 0, 0]], outputs=[["x", 0, 0]]),
        "two layers are called `x`",
    ),
    (
        functional({**given("x", 4), "name": 3}, inputs=[["x", 0, 0]], outputs=[["x", 0, 0]]),
        "the name of a layer must be",
    ),
]


@pytest.mark.parametrize(("model", "message"), BROKEN, ids=[one[1][:30] for one in BROKEN])
def test_broken_files(model: Any, message: str) -> None:
    with pytest.raises(Unreadable) as raised:
        read_legacy(model, None)
    assert message in raised.value.message


def test_models_too_deep_inside_each_other() -> None:
    model = sequential(layer("Dense", "d", batch_input_shape=[None, 4], **DENSE))
    for _ in range(40):
        model = sequential(model)
    with pytest.raises(Unreadable, match="32 deep"):
        read_legacy(model, None)


PENALTY = {"class_name": "L2", "config": {"l2": 0.1}}
COLOURED = {"batch_input_shape": [None, 3, 8, 8]}
WHOLE: list[Any] = [
    functional(
        given("x", 7, 4),
        {**inner_model("Sequential"), "inbound_nodes": [[["x", 0, 0, {}]]]},
        node("LSTM", "l", [[["inside", 1, 0, {}]]], units=3, return_state=True, recurrent_regularizer=PENALTY),
        node("GRU", "g", [[["inside", 1, 0, {}], ["l", 0, 1, {}]]], units=3),
        node("TFOpLambda", "f", [["g", 0, 0, {"y": ["l", 0, 0]}]], function="math.add"),
        node("TensorFlowOpLayer", "o", [[["f", 0, 0, {}]]], node_def={"op": "Mul", "attr": {}}, constants={"1": 2.0}),
        node("Merge", "m", [[["o", 0, 0], ["l", 0, 2]]], mode="concat", concat_axis=-1),
        inputs=[["x", 0, 0]],
        outputs=[["m", 0, 0]],
    ),
    sequential(
        layer("Convolution2D", "c", nb_filter=2, nb_row=3, nb_col=3, dim_ordering="th", **COLOURED),
        layer("ZeroPadding2D", "z", padding=[1, 1]),
        layer("TimeDistributed", "t", layer=sequential(layer("Dense", "d", output_dim=3, init="uniform"))),
        layer("Bidirectional", "b", layer=layer("LSTM", "l", units=3, go_backwards=True)),
    ),
]  # fmt: skip
JUNK = st.sampled_from(
    [None, True, -1, 0, 3, 2.5, "", "x", "Dense", [], [[]], [None], {}, {"a": 1}, {"class_name": "Dense"}, ["x", 0, 0]]
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The way to every value in JSON."""
    if isinstance(value, dict):
        return [(key, *way) for key, one in value.items() for way in [(), *places(one)]]
    if isinstance(value, list):
        return [(index, *way) for index, one in enumerate(value) for way in [(), *places(one)]]
    return []


@settings(max_examples=400, deadline=None)
@drawn(st.data())
def test_a_damaged_file_is_a_diagnostic(data: st.DataObject) -> None:
    """Whatever is changed or missing in a file: it is read, or said to be unreadable."""
    model = copy.deepcopy(data.draw(st.sampled_from(WHOLE)))
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(model)))
        inside = model
        for step in way:
            inside = inside[step]
        if data.draw(st.booleans()):
            inside[last] = copy.deepcopy(data.draw(JUNK))
        else:
            del inside[last]
    try:
        saved = read_legacy(model, None)
    except Unreadable:
        return  # and nothing else
    assert saved.network.layers


def test_whole_models_are_whole() -> None:
    """What the test before damages can be read as it is."""
    assert lift(read_legacy(WHOLE[0], None)).data["layers"]
    assert read_legacy(WHOLE[1], None).network.layers

"""Optimizers, schedules, losses, metrics, callbacks, initializers, regularizers, constraints, activations and
dtype policies against Keras: the names it finds them by, and the arguments it takes.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from random import Random
from typing import Any

import numpy as np
import older
import pytest
from drawing import POOL, value_of
from oracle import admits, same_sort

from keraspec.compiler.build import UNREAD, argument_of, make, resolve
from keraspec.compiler.catalogue import MODULES, family, find, spellings
from keraspec.compiler.catalogue.objects import arguments_of, instantiate
from keraspec.compiler.catalogue.record import REQUIRED, ArgumentError, Record, ShapeError
from keraspec.compiler.catalogue.rules import infer_object, layer_policy
from keraspec.compiler.sizes import BATCH
from keraspec.compiler.tensor import TensorType, policy

FAMILIES = (
    "optimizers", "optimizer_maps", "schedules", "losses", "metrics", "callbacks", "initializers", "regularizers",
    "constraints",
)  # fmt: skip
BASES = frozenset({
    "Optimizer", "LearningRateSchedule", "Loss", "Metric", "Callback", "Initializer", "Regularizer", "Constraint",
    "LossFunctionWrapper",
})  # fmt: skip
"""Classes that others derive from: no string of Keras' stands for one."""
WRITTEN: Mapping[str, tuple[Any, ...]] = {
    "filepath": ("best.keras", "best.weights.h5", "a/{epoch:02d}-{val_loss:.2f}.keras", "best.txt"),
    "separator": (",", ";"),
    "exclude_layers": (["dense"], ["a", "b.*"], ["("]),
    "window": ("hann", "none", "boxcar"),
    "boundaries": ([10, 20], [5]),
    "values": ([0.1, 0.01, 0.001], [0.1, 0.01]),
    "target_class_ids": ([0], [0, 1], [5]),
    "num_classes": (2, 3),
    "learning_rate": (
        1,
        0.5,
        {"type": "ExponentialDecay", "initial_learning_rate": 1, "decay_steps": 10, "decay_rate": 1},
    ),
    "inner_optimizer": ("adam", {"type": "SGD", "momentum": 0.5}, "sgd"),
    "default_optimizer": ("adam", {"type": "SGD", "momentum": 0.5}),
    "optimizer_map": (
        {"type": "OptimizerMap", "default_optimizer": "sgd"},
        {"a/.*": "adam"},
        {"dense/kernel": {"type": "SGD", "momentum": 0.5}, "b": "lamb"},
        {"type": "OptimizerMap", "default_optimizer": "sgd", "optimizer_map": {"a/.*": "adam", "b": {"type": "Lion"}}},
    ),
    "embeddings_metadata": ("labels.tsv", {"embedding": "labels.tsv"}),
    "exclude_embeddings": (True,),
}
"""Argument → values to draw, where a schema says too little."""
_BOUND = "a bound of 0 or below stops training"
_SHARE = "a share is from 0 to 1"
_AVERAGE = "an average that keeps all of the old, or less than nothing, is none"
_COUNT = "there are no negative numbers of things"
_SIZE = "a distance or strength is not below 0"
_EMPTY = "an empty list names nothing"
STRICT: Mapping[str, str] = {
    "seed": "a seed is a number from 0 on in all of keraspec",
    "initial_scale": "a loss multiplied by 0 trains nothing",
    "dynamic_growth_steps": "a scale that never rests trains nothing",
    "max_to_keep": "no checkpoint at all is written by leaving the callback out",
    **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm", "clip_threshold", "max_value"), _BOUND),
    **dict.fromkeys(("loss_scale_factor", "learning_rate", "initial_learning_rate", "delta"), _BOUND),
    **dict.fromkeys(("weight_decay", "adam_weight_decay"), "below 0 it blows weights up"),
    **dict.fromkeys(("gradient_accumulation_steps", "ema_overwrite_frequency"), "0 is written by leaving it out"),
    **dict.fromkeys(
        ("ema_momentum", "momentum", "label_smoothing", "threshold", "thresholds", "margin", "alpha"), _SHARE
    ),
    **dict.fromkeys(("rho", "beta_1", "beta_2", "adam_beta_1", "adam_beta_2"), _AVERAGE),
    **dict.fromkeys(("class_id", "top_k", "k", "start_from_epoch", "save_freq", "profile_batch", "patience"), _COUNT),
    **dict.fromkeys(("cooldown", "histogram_freq", "embeddings_freq", "update_freq", "num_regressors"), _COUNT),
    **dict.fromkeys(("warmup_steps", "decay_steps", "ns_steps", "num_classes", "num_labels", "verbose"), _COUNT),
    "num_thresholds": "fewer than two thresholds make no curve, though Keras reads over it where they are stated",
    **dict.fromkeys(("min_delta", "min_lr", "stddev", "epsilon", "gamma", "beta", "power", "t_mul", "m_mul"), _SIZE),
    **dict.fromkeys(("decay_rate", "end_learning_rate", "warmup_target", "factor", "rms_rate", "rate"), _SIZE),
    **dict.fromkeys(("epsilon_1", "epsilon_2", "initial_accumulator_value", "adam_lr_ratio"), _SIZE),
    **dict.fromkeys(("min_value", "label_weights", "learning_rate_power", "beta_2_decay"), _SIZE),
    **dict.fromkeys(("l1_regularization_strength", "l2_regularization_strength"), _SIZE),
    **dict.fromkeys(("l2_shrinkage_regularization_strength", "boundaries", "values"), _SIZE),
    **dict.fromkeys(("input_axes", "output_axes", "axis", "target_class_ids"), _EMPTY),
}
"""Argument → why values are refused that Keras takes without a look."""
EMPTY = {"constant": "initializers", "Constant": "initializers", "lamb": "optimizers", "Lamb": "optimizers",
         "l1_l2": "regularizers"}  # fmt: skip
"""Further strings that Keras' own look-up fails on; of these families it is given objects anyway."""


def _records() -> list[Record]:
    return [record for name in FAMILIES for record in family(name).values() if record.refused is None]


def _home(name: str) -> Any:
    import keras

    homes = {"schedules": keras.optimizers.schedules, "optimizer_maps": keras.optimizers}
    return homes.get(name) or getattr(keras, name)


def _classes(name: str) -> dict[str, type]:
    home = _home(name)
    return {key: made for key in dir(home) if isinstance(made := getattr(home, key), type)}


@pytest.mark.parametrize("name", [*(name for name in FAMILIES if name != "optimizer_maps"), "dtype_policies"])
def test_every_class_of_keras_is_known_or_refused(name: str) -> None:
    known = spellings(name)
    missing = {key for key in _classes(name) if key[0].isupper()} - known.keys() - BASES
    assert missing == set()
    for record in family(name).values():
        if record.refused:
            assert len(record.refused) > 20, record.name


def _table(name: str) -> Iterator[tuple[str, Any]]:
    """Keras' own strings of a family, with the class that each stands for."""
    import importlib

    import keras

    module = importlib.import_module(f"keras.src.{name}")
    functions = {
        getattr(made(), "fn", None): made
        for key, made in _classes("losses").items()
        if key not in BASES and issubclass(made, keras.losses.Loss)
    }
    for string, made in module.ALL_OBJECTS_DICT.items():
        yield string, made if isinstance(made, type) else functions[made]


@pytest.mark.parametrize("name", ["optimizers", "losses", "metrics", "initializers", "regularizers", "constraints"])
def test_strings_of_keras_find_the_same_class(name: str) -> None:
    strings = 0
    for string, made in _table(name):
        if made.__name__ in BASES:
            continue
        record = find(name, string)
        assert record is not None, f"{name} lack {string!r}"
        assert record.name == made.__name__, string
        strings += 1
    assert strings > 5


@pytest.mark.parametrize("name", ["optimizers", "losses", "metrics", "initializers", "regularizers", "constraints"])
def test_our_strings_are_found_by_keras(name: str) -> None:
    from keras.src.trainers import compile_utils  # noqa: F401  (decides on those in CHOSEN_BY_SHAPE)

    from keraspec.compiler.catalogue import losses, metrics

    chosen = {"losses": losses.CHOSEN_BY_SHAPE, "metrics": metrics.CHOSEN_BY_SHAPE}.get(name, {})
    for record in family(name).values():
        if record.refused or any(argument.default is REQUIRED for argument in record.arguments):
            continue
        if older.lacking(record) or (record.name == "Muon" and older.installed() < (3, 13)):
            continue
        for string in record.names:
            if string not in chosen and string not in EMPTY and (name, string) not in UNREAD:
                assert _home(name).get(string) is not None, string


def test_strings_that_keras_cannot_read() -> None:
    """These are made from their record instead; once Keras reads them, they leave the table."""
    import keras

    for name, string in (*UNREAD, *((name, string) for string, name in EMPTY.items())):
        with pytest.raises((ValueError, KeyError)):
            _home(name).get(string)
        made = resolve(name, string)
        record = find(name, string)
        assert record is not None
        if record.name[0].isupper():
            assert type(made) is getattr(_home(name), record.name)
        else:
            assert isinstance(made, keras.metrics.MeanMetricWrapper)
            assert made.name == string


@pytest.mark.parametrize(
    ("target", "prediction", "index"),
    [((4, 1), (4, 1), 0), ((4,), (4, 3), 1), ((4, 1), (4, 3), 1), ((4, 3), (4, 3), 2)],
)
def test_strings_that_shapes_decide(target: tuple[int, ...], prediction: tuple[int, ...], index: int) -> None:
    import keras
    from keras.src.trainers.compile_utils import get_loss, get_metric

    from keraspec.compiler.catalogue import losses, metrics

    y_true, y_pred = keras.KerasTensor(target), keras.KerasTensor(prediction)
    for string, names in metrics.CHOSEN_BY_SHAPE.items():
        assert type(get_metric(string, y_true, y_pred)).__name__ == names[index]
    for string, names in losses.CHOSEN_BY_SHAPE.items():
        assert get_loss(string, y_true, y_pred).fn is getattr(keras.losses, names[index])().fn


def _draw(record: Record, rng: Random) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for argument in record.arguments:
        if argument.default is not REQUIRED and rng.random() > 0.35:
            continue
        if argument.name in WRITTEN:
            written[argument.name] = rng.choice(WRITTEN[argument.name])
        elif argument.name == "name":
            written["name"] = rng.choice(("mine", "a-b.c"))
        else:
            for value in value_of(argument.kind, rng):
                written[argument.name] = value
    if rng.random() < 0.4 and record.arguments:
        written[rng.choice(record.arguments).name] = rng.choice(POOL)
    return written


def _ours(record: Record, written: Mapping[str, Any]) -> tuple[str | None, str]:
    """Why we refuse, and the argument at fault."""
    known = arguments_of(record)
    for name, value in written.items():
        if not admits(known[name].kind, value):
            return f"`{name}` must be {known[name].kind.expects}", name
    try:
        if record.check is not None:
            record.check(instantiate(record, written).arguments)
    except ArgumentError as error:
        return error.message, error.argument
    return None, ""


def _keras(record: Record, written: Mapping[str, Any]) -> str | None:
    """Why Keras refuses."""
    made = getattr(_home(record.family), record.name)
    if not isinstance(made, type):  # a function alone, which Keras averages
        made = partial(metric_of_function, made, record.name)
    known = arguments_of(record)
    fitting = {name: value for name, value in written.items() if admits(known[name].kind, value)}
    unfit = {name: value for name, value in written.items() if name not in fitting}
    arguments = dict(instantiate(record, fitting).written)
    try:
        arguments = {name: argument_of(known[name].kind, value) for name, value in arguments.items()}
        made(**arguments, **{name: None if value == "none" else value for name, value in unfit.items()})
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def metric_of_function(function: Any, called: str, /, **arguments: Any) -> Any:
    """What Keras makes a metric of: a function that it averages."""
    import keras

    return keras.metrics.MeanMetricWrapper(function, **{"name": called, **arguments})


FUNCTIONS: Mapping[str, Mapping[str, Any]] = {
    "huber": {"delta": 0.2},
    "log_cosh": {},
    "binary_focal_crossentropy": {"gamma": 1, "apply_class_balancing": True},
    "categorical_focal_crossentropy": {"gamma": 1, "alpha": 0.5},
}
"""Metrics that Keras has as functions alone → some of their arguments."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_as_metrics(name: str, tmp_path: Any) -> None:
    import keras

    function = getattr(keras.metrics, name)
    y_true, y_pred = [[0.0, 1.0], [1.0, 0.0]], [[0.3, 0.7], [0.4, 0.6]]
    for written, called in ((name, name), ({"type": name, **FUNCTIONS[name], "name": "mine"}, "mine")):
        made = resolve("metrics", written)
        arguments = {} if isinstance(written, str) else FUNCTIONS[name]
        made.update_state(y_true, y_pred)
        theirs = keras.ops.convert_to_numpy(function(y_true, y_pred, **arguments)).mean()
        assert float(made.result()) == pytest.approx(float(theirs), rel=1e-6)
        assert made.name == called
        x = keras.Input((2,))
        model = keras.Model(x, keras.layers.Dense(2, activation="softmax")(x))
        model.compile("sgd", "mse", metrics=[made])
        model.fit(np.array(y_pred), np.array(y_true), verbose=0)
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        assert called in again.evaluate(np.array(y_pred), np.array(y_true), verbose=0, return_dict=True)


@pytest.mark.parametrize("record", _records(), ids=lambda record: f"{record.family}.{record.name}")
def test_constructors_agree(record: Record, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if why := older.lacking(record):
        pytest.skip(f"{record.name} {why}")
    if record.name == "OrbaxCheckpoint":
        pytest.importorskip("orbax.checkpoint", reason="its constructor needs orbax-checkpoint")
    monkeypatch.chdir(tmp_path)
    accepted = 0
    found = []
    for index in range(24):
        written = older.known(record, _draw(record, Random(f"{record.family} {record.name} {index}")))
        mine, at = _ours(record, written)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = _keras(record, written)
        accepted += mine is None
        if mine is None and theirs is not None:
            found.append(f"{written}: we accept, Keras refuses: {theirs}")
        reads_over = mine is not None and theirs is None and at in written and at not in STRICT
        if reads_over and same_sort(arguments_of(record)[at].kind, written[at]):
            found.append(f"{written}: Keras accepts, we refuse: {mine}")
    assert found == []
    assert accepted >= 5


def test_whole_numbers_become_what_keras_wants() -> None:
    adam = find("optimizers", "Adam")
    assert adam is not None
    made = make(instantiate(adam, {"type": "Adam", "learning_rate": 1, "clipnorm": 2}))
    assert float(made.learning_rate) == 1.0
    score = find("metrics", "FBetaScore")
    assert score is not None
    assert make(instantiate(score, {"beta": 2, "threshold": 1})).beta == 2.0
    precision = find("metrics", "Precision")
    assert precision is not None
    assert make(instantiate(precision, {"thresholds": [0, 0.5, 1]})).thresholds == [0, 0.5, 1]


PATHS = (
    "a", "best.keras", "./logs", "logs/", ".hidden/x", "a b/ü.csv", "x/{epoch:02d}-{val_loss:.2f}.keras", "{epoch}.h5",
)  # fmt: skip
NO_PATHS = (
    "", ".", "..", "/etc/passwd", "../x", "a/../b", "a/..", "a//b", "~/x", "C:/x", "C:\\x", "a\\b", "file:///etc/passwd",
    "gs://bucket/x", "http://x", "s3:x", "a\n", "a\0b", "{epoch.__class__}", "{0}", "{epoch:9999999d}", "{", "}", "{}",
    "{epoch!r}", "{a[0]}", "x" * 501, "\u0001",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_paths_inside_the_run_folder(path: str) -> None:
    assert admits(_path_kind(), path)
    path.format(epoch=3, val_loss=0.5)


@pytest.mark.parametrize("path", NO_PATHS)
def test_paths_that_lead_out(path: str) -> None:
    assert not admits(_path_kind(), path)


def _path_kind() -> Any:
    from keraspec.compiler.catalogue.training_arguments import PATH

    return PATH


def test_every_path_of_a_callback_is_bounded() -> None:
    for record in family("callbacks").values():
        for argument in record.arguments:
            if any(part in argument.name for part in ("path", "dir", "filename", "metadata")):
                assert not admits(argument.kind, "/etc/passwd"), f"{record.name}.{argument.name}"


def test_activations_are_those_of_keras() -> None:
    import keras
    from keras.src.activations import ALL_OBJECTS_DICT

    for string, function in ALL_OBJECTS_DICT.items():
        record = find("activations", string)
        assert record is not None, string
        assert ALL_OBJECTS_DICT[record.name] is function
    assert spellings("activations").keys() <= ALL_OBJECTS_DICT.keys()
    x = keras.ops.convert_to_tensor([[-2.0, -0.3, 0.4, 3.0]])
    for record in family("activations").values():
        if record.refused is None:
            assert keras.layers.Dense(4, activation=record.name)(x).shape == (1, 4)
    with pytest.raises(TypeError):
        keras.activations.get("threshold")(x)
    assert keras.layers.Dense(4, activation="glu")(x).shape == (1, 2)


def test_dtype_policies_are_those_of_keras() -> None:
    import keras

    for record in family("dtype_policies").values():
        if record.refused or not record.alone:
            continue
        theirs, mine = keras.dtype_policies.get(record.name), policy(record.name)
        assert (mine.compute, mine.variable) == (theirs.compute_dtype, theirs.variable_dtype)


@pytest.mark.parametrize("name", ["DTypePolicy", "FloatDTypePolicy"])
@pytest.mark.parametrize("policy_name", ["none", "float64", "mixed_bfloat16"])
def test_dtype_policies_as_tables(name: str, policy_name: str) -> None:
    import keras

    dense = find("layers", "Dense")
    assert dense is not None
    for written in ({"type": name, "name": policy_name}, *([name] if policy_name == "none" else [])):
        stated = instantiate(dense, {"units": 2, "dtype": written})
        theirs = make(stated)
        mine = layer_policy(stated, "float32")
        assert isinstance(theirs.dtype_policy, getattr(keras.dtype_policies, name))
        assert (mine.compute, mine.variable) == (theirs.compute_dtype, theirs.variable_dtype)


FLOAT8 = {"type": "QuantizedFloat8DTypePolicy", "mode": "float8", "amax_history_length": 3}
LAYERS: tuple[tuple[dict[str, Any], tuple[int, ...]], ...] = (
    ({"type": "Dense", "units": 2}, (4,)),
    ({"type": "Dense", "units": 2, "use_bias": False}, (3, 4)),
    ({"type": "EinsumDense", "equation": "abc,cd->abd", "output_shape": [None, 5], "bias_axes": "d"}, (3, 4)),
    ({"type": "Conv1D", "filters": 2, "kernel_size": 1}, (3, 4)),
    ({"type": "ReLU"}, (4,)),
    ({"type": "Embedding", "input_dim": 5, "output_dim": 2}, (4,)),
)


@pytest.mark.parametrize("source", ["none", "float32", "bfloat16", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize(("written", "shape"), LAYERS, ids=[written["type"] for written, _ in LAYERS])
def test_layers_in_8_bit_floats(written: dict[str, Any], shape: tuple[int, ...], source: str) -> None:
    import keras

    table = {name: value for name, value in written.items() if name != "type"}
    record = find("layers", written["type"])
    assert record is not None
    stated = instantiate(record, {**table, "dtype": {**FLOAT8, "source_name": source}})
    rows = np.ones((2, *shape), "float32")
    try:
        theirs = make(stated)
        given = theirs(rows)
    except NotImplementedError:
        with pytest.raises(ShapeError, match="8-bit floats"):
            infer_object(stated, {record.ports[0].name: (TensorType((BATCH, *shape)),)})
        return
    mine = infer_object(stated, {record.ports[0].name: (TensorType((BATCH, *shape)),)})
    assert mine.outputs[0].shape[1:] == tuple(given.shape)[1:]
    assert mine.outputs[0].dtype == keras.backend.standardize_dtype(given.dtype)
    assert sorted((one.name, tuple(one.shape), one.trainable, one.dtype) for one in mine.weights) == sorted(
        (one.name, tuple(one.shape), one.trainable, one.dtype) for one in theirs.weights
    )


@pytest.mark.parametrize("name", ["GPTQDTypePolicy", "AWQDTypePolicy"])
def test_policies_refused_as_symbolic_are_refused_by_keras(name: str) -> None:
    import keras

    if why := older.lacking(family("dtype_policies")[name]):
        pytest.skip(f"{name} {why}")
    mode = {"GPTQDTypePolicy": "gptq/4/4", "AWQDTypePolicy": "awq/4/4"}[name]
    policy_of = getattr(keras.dtype_policies, name)(mode, "float32")
    for layer in (keras.layers.Dense(4, dtype=policy_of), keras.layers.Embedding(8, 8, dtype=policy_of)):
        with pytest.raises((AttributeError, NotImplementedError)):
            layer(np.ones((2, 8)))


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_policies_refused_for_trained_models_train_nothing(mode: str) -> None:
    import keras

    dense = keras.layers.Dense(4, use_bias=False, dtype=keras.dtype_policies.QuantizedDTypePolicy(mode, "float32"))
    dense.build((2, 8))
    assert dense.trainable_weights == []
    assert not keras.ops.convert_to_numpy(dense._kernel).any()


def _sentences(text: str) -> set[str]:
    flat = re.sub(r"\s+", " ", text)
    return {part.strip(" `.").lower() for part in re.split(r"(?<=[.:!?])\s|\n", flat) if len(part.split()) >= 3}


def test_every_summary_says_something_of_its_own() -> None:
    import keras

    theirs: set[str] = set()
    for home in (keras.layers, *(_home(name) for name in (*FAMILIES, "activations", "dtype_policies"))):
        for key in dir(home):
            made = getattr(home, key)
            for text in (getattr(made, "__doc__", None), getattr(getattr(made, "__init__", None), "__doc__", None)):
                theirs |= _sentences(text or "")
    assert len(theirs) > 1000
    for name in MODULES:
        for record in family(name).values():
            texts = [record.summary, *(argument.summary for argument in arguments_of(record).values())]
            for text in texts:
                plain = re.sub(r"[^a-z0-9]", "", text.lower())
                assert plain != re.sub(r"[^a-z0-9]", "", record.name.lower()), record.name
                assert len(text.split()) >= 2, f"{record.name}: {text!r}"
                assert text.strip(" .").lower() not in theirs, f"{record.name}: {text!r} is Keras' own sentence"

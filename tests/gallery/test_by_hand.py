"""The gallery beside the convolutional networks against the same networks written in Keras: equal numbers, bit by bit.

Small sizes by `--set`; the weights of the spec's model go into the one by hand in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keraspec

GALLERY = Path(__file__).parents[2] / "examples" / "architectures"
RANDOM = np.random.default_rng(4)


def tokens(rows: int, length: int, vocabulary: int, empty: tuple[int, ...] = (0, 2)) -> np.ndarray:
    """Rows of word numbers, the second with zeros at its end."""
    made = RANDOM.integers(1, vocabulary, (rows, length))
    for row, zeros in enumerate(empty):
        made[row, length - zeros :] = 0
    return made.astype("int32")


def randomised(weights: list[np.ndarray]) -> list[np.ndarray]:
    """New numbers in every weight: biases of zero and scales of one would hide an exchange."""
    return [
        (RANDOM.normal(0, max(1, np.prod(one.shape[:-1])) ** -0.5, one.shape) + 0.2 * (one.ndim < 2)).astype(one.dtype)
        for one in weights
    ]


def built(name: str, *overrides: str) -> Any:
    model = keraspec.build(keraspec.load(GALLERY / f"{name}.keraspec.toml", overrides))
    model.set_weights(randomised(model.get_weights()))
    return model


def run(model: Any, feed: Mapping[str, Any], **options: Any) -> Any:
    """What a model gives for its inputs by name."""
    given = [feed[tensor.name] for tensor in model.inputs]
    return np.asarray(model(given if len(given) > 1 else given[0], **options))


def same(model: Any, hand: Any, feed: Mapping[str, np.ndarray], **within: float) -> np.ndarray:
    """What the model gives, after comparing shapes of weights, count and numbers with the one by hand."""
    assert hand.count_params() == model.count_params()
    assert [one.shape for one in hand.get_weights()] == [one.shape for one in model.get_weights()]
    hand.set_weights(model.get_weights())
    found, wanted = run(model, feed), run(hand, feed)
    assert np.isfinite(found).all()
    assert found.std() > 1e-6
    if within:
        np.testing.assert_allclose(found, wanted, **within)
    else:
        np.testing.assert_array_equal(found, wanted)
    return found


def encoder_after(x: Any, real: Any, width: int, heads: int) -> Any:
    """One layer of a Transformer's encoder, normalised after each step."""
    from keras import layers

    seen = layers.MultiHeadAttention(heads, width // heads)(x, x, value_mask=real)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, seen]))
    work = layers.Dense(width)(layers.Dense(4 * width, activation="relu")(x))
    return layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, work]))


def test_transformer_classifier() -> None:
    import keras
    from keras import layers, ops

    given = keras.Input((None,), dtype="int32", name="tokens")
    real = ops.not_equal(given, 0)
    words = layers.Embedding(50, 16)(given)
    places = layers.Embedding(9, 16)(ops.cumsum(ops.ones_like(given), axis=1) - 1)
    x = layers.Add()([words, places])
    for _ in range(2):
        x = encoder_after(x, real, 16, 4)
    x = layers.GlobalAveragePooling1D()(x, mask=real)
    hand = keras.Model(given, layers.Dense(3, activation="softmax")(x))

    sizes = ("vocabulary=50", "longest=9", "classes=3", "depth=2", "width=16", "heads=4")
    model = built("transformer_classifier", *(f"parameters.{one}" for one in sizes))
    rows = tokens(3, 9, 50)
    found = same(model, hand, {"tokens": rows})
    # Padding has no part in the result: the second row is the same without its zeros.
    np.testing.assert_allclose(run(model, {"tokens": rows[1:2, :7]})[0], found[1], rtol=1e-5)


def test_vit() -> None:
    import keras
    from keras import layers, ops

    given = keras.Input((24, 24, 3), name="image")
    patches = layers.Reshape((-1, 16))(layers.Conv2D(16, 8, strides=8)(given))
    token = layers.Embedding(1, 16)(ops.zeros_like(patches[:, :1, 0], dtype="int32"))
    x = layers.Concatenate(axis=1)([token, patches])
    places = layers.Embedding(10, 16)(ops.cumsum(ops.ones_like(x[:, :, 0], dtype="int32"), axis=1) - 1)
    x = layers.Add()([x, places])
    for _ in range(2):
        ready = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([x, layers.MultiHeadAttention(4, 4)(ready, ready)])
        work = layers.Dense(64, activation="gelu")(layers.LayerNormalization(epsilon=1e-6)(x))
        x = layers.Add()([x, layers.Dense(16)(work)])
    x = layers.LayerNormalization(epsilon=1e-6)(x)[:, 0]
    hand = keras.Model(given, layers.Dense(5, activation="softmax")(x))

    sizes = ("size=24", "patch=8", "width=16", "depth=2", "heads=4", "classes=5")
    model = built("vit_b16", *(f"parameters.{one}" for one in sizes))
    same(model, hand, {"image": RANDOM.random((3, 24, 24, 3), "float32")})


def waves(length: int, width: int) -> np.ndarray:
    """Sines and cosines of section 3.5 of the paper, sines first."""
    angles = np.arange(length)[:, None] / 10_000 ** (2 * np.arange(width // 2) / width)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1).astype("float32")


def test_transformer() -> None:
    import keras
    from keras import layers, ops

    width, heads, inner, vocabulary, reads, says = 16, 4, 24, 40, 8, 5
    source = keras.Input((reads,), dtype="int32", name="source")
    target = keras.Input((says,), dtype="int32", name="target")
    words = layers.ReversibleEmbedding(vocabulary, width)

    def placed(x: Any, length: int) -> Any:
        return ops.add(words(x) * width**0.5, waves(length, width)[None])

    def attend(x: Any, other: Any, mask: Any, causal: bool = False) -> Any:
        look = layers.MultiHeadAttention(heads, width // heads, use_bias=False)
        found = look(x, other, value_mask=ops.not_equal(mask, 0), use_causal_mask=causal)
        return layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, found]))

    def work(x: Any) -> Any:
        found = layers.Dense(width)(layers.Dense(inner, activation="relu")(x))
        return layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, found]))

    memory = placed(source, reads)
    for _ in range(2):
        memory = work(attend(memory, memory, source))
    x = placed(target, says)
    for _ in range(2):
        x = work(attend(attend(x, x, target, causal=True), memory, source))
    hand = keras.Model([source, target], layers.Softmax()(words(x, reverse=True)))

    sizes = ("vocabulary=40", "depth=2", "width=16", "heads=4", "inner=24")
    model = built("transformer", *(f"parameters.{one}" for one in sizes))
    feed = {"source": tokens(3, reads, vocabulary), "target": tokens(3, says, vocabulary, (0, 1))}
    # The waves by NumPy differ from those of the graph in the last digits.
    found = same(model, hand, feed, rtol=2e-4, atol=1e-6)

    # What is said later changes nothing of what was said before; neither does padding of the source.
    later = {**feed, "target": feed["target"].copy()}
    later["target"][:, -1] = 7
    np.testing.assert_array_equal(run(model, later)[:, :-1], found[:, :-1])
    shorter = {"source": feed["source"][1:2, :-2], "target": feed["target"][1:2]}
    np.testing.assert_allclose(run(model, shorter)[0], found[1], rtol=1e-4, atol=1e-7)


def test_lstm_tagger() -> None:
    import keras
    from keras import layers

    given = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(30, 100, mask_zero=True)(given)
    for _ in range(2):
        x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    hand = keras.Model(given, layers.Dense(4, activation="softmax")(x))

    model = built("lstm_tagger", "parameters.vocabulary=30", "parameters.units=6", "parameters.tags=4")
    rows = tokens(3, 7, 30)
    found = same(model, hand, {"tokens": rows})
    np.testing.assert_allclose(run(model, {"tokens": rows[1:2, :5]})[0], found[1, :5], rtol=1e-5, atol=1e-7)
    # Neither has padding a part in the loss.
    model.compile(loss="sparse_categorical_crossentropy")
    tags = RANDOM.integers(0, 4, (1, 7))
    whole, cut = (model.evaluate(rows[1:2, :end], tags[:, :end], verbose=0) for end in (7, 5))
    assert whole == pytest.approx(cut, rel=1e-5)


def test_wavenet() -> None:
    import keras
    from keras import layers

    def heard(x: Any, dilation: int, activation: str) -> Any:
        return layers.Conv1D(8, 2, dilation_rate=dilation, padding="causal", activation=activation)(x)

    given = keras.Input((None,), dtype="int32", name="samples")
    x = layers.Conv1D(8, 2, padding="causal")(layers.Embedding(16, 8)(given))
    gates = []
    for dilation in (1, 2, 1, 2):
        gates.append(layers.Multiply()([heard(x, dilation, "tanh"), heard(x, dilation, "sigmoid")]))
        if len(gates) < 4:
            x = layers.Add()([layers.Conv1D(8, 1)(gates[-1]), x])
    x = layers.ReLU()(layers.Add()([layers.Conv1D(12, 1)(one) for one in gates]))
    x = layers.Conv1D(12, 1, activation="relu")(x)
    hand = keras.Model(given, layers.Conv1D(16, 1, activation="softmax")(x))

    sizes = ("levels=16", "channels=8", "skips=12", "octaves=2", "stacks=2")
    model = built("wavenet", *(f"parameters.{one}" for one in sizes))
    rows = tokens(2, 20, 16, ())
    found = same(model, hand, {"samples": rows})
    # Each sample depends on itself and seven before it, on nothing after it and on nothing earlier.
    other = rows.copy()
    other[:, 9] = 0
    changed = np.abs(run(model, {"samples": other}) - found).max(axis=(0, 2)) > 0
    assert changed.nonzero()[0].tolist() == list(range(9, 9 + 8))


def test_text_cnn() -> None:
    import keras
    from keras import layers

    given = keras.Input((12,), dtype="int32", name="tokens")
    words = layers.Embedding(40, 300)(given)
    phrases = [layers.GlobalMaxPooling1D()(layers.Conv1D(100, n, activation="relu")(words)) for n in (3, 4, 5)]
    hand = keras.Model(given, layers.Dense(3, activation="softmax")(layers.Concatenate()(phrases)))

    model = built("text_cnn", "parameters.vocabulary=40", "parameters.longest=12", "parameters.classes=3")
    assert float(model.get_layer("class").kernel_constraint.max_value) == 3
    same(model, hand, {"tokens": tokens(3, 12, 40)})


@pytest.mark.long
def test_siamese() -> None:
    import keras
    from keras import layers, ops

    features = keras.Sequential(
        [
            keras.Input((105, 105, 1)),
            layers.Conv2D(64, 10, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 7, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 4, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(256, 4, activation="relu"),
            layers.Flatten(),
            layers.Dense(4096, activation="sigmoid"),
        ]
    )
    left, right = keras.Input((105, 105, 1), name="left"), keras.Input((105, 105, 1), name="right")
    away = ops.abs(ops.subtract(features(left), features(right)))
    hand = keras.Model([left, right], layers.Dense(1, activation="sigmoid")(away))

    model = keraspec.build(GALLERY / "siamese.keraspec.toml")
    one, other = RANDOM.random((2, 2, 105, 105, 1), "float32")
    found = same(model, hand, {"left": one, "right": other})
    np.testing.assert_array_equal(run(model, {"left": other, "right": one}), found)  # neither side is special
    # A picture is at no distance from itself: what remains is the last offset.
    np.testing.assert_array_equal(run(model, {"left": one, "right": one}), np.full((2, 1), 0.5, "float32"))


def test_two_tower() -> None:
    import keras
    from keras import layers

    if keras.backend.backend() != "tensorflow":
        pytest.skip("texts are tensors in TensorFlow alone")

    def vector(x: Any, bins: int) -> Any:
        return layers.Embedding(bins, 4)(layers.Hashing(bins)(x))

    def tower(x: Any) -> Any:
        for units in (16, 8):
            x = layers.Dense(units, activation="relu")(x)
        return layers.UnitNormalization()(layers.Dense(4)(x))

    user, film = (keras.Input((), dtype="string", name=name) for name in ("user_id", "film_id"))
    age, genres = keras.Input((1,), name="age"), keras.Input((20,), name="genres")
    left = tower(layers.Concatenate()([vector(user, 50_000), age * 0.01]))
    right = tower(layers.Concatenate()([vector(film, 20_000), genres]))
    score = layers.Dot(axes=1)([left, right]) * (1 / 0.1)
    hand = keras.Model([user, age, film, genres], keras.ops.sigmoid(score))

    model = built("two_tower", "parameters.width=4")
    feed = {
        "user_id": np.array(["ann", "bob", "ann"], object),
        "age": np.array([[31], [54], [31]], "float32"),
        "film_id": np.array(["heat", "heat", "ran"], object),
        "genres": RANDOM.integers(0, 2, (3, 20)).astype("float32"),
    }
    import tensorflow as tf

    same(model, hand, {name: tf.constant(value) for name, value in feed.items()}, rtol=1e-6)


def test_mixture_of_experts() -> None:
    """Rows one by one: only the two experts with the best scores are asked, weighted by the softmax of the two."""
    model = built("mixture_of_experts")
    rows = RANDOM.integers(0, 17, (5, 64)).astype("float32")

    def of(name: str) -> list[np.ndarray]:
        found: list[np.ndarray] = model.get_layer(name).get_weights()
        return found

    def step(name: str, x: np.ndarray) -> np.ndarray:
        return x @ of(name)[0] + of(name)[1]

    wanted = []
    for row in rows:
        x = np.maximum(step("dense", row / 16), 0)
        scores = x @ of("mixture.score")[0]
        best = np.argsort(scores)[-2:]
        gate = np.exp(scores[best] - scores[best].max())
        gate /= gate.sum()
        answers = [
            step(f"mixture.expert.{one}.dense_1", np.maximum(step(f"mixture.expert.{one}.dense", x), 0)) for one in best
        ]
        logits = step("digit", gate @ np.array(answers))
        wanted.append(np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum())
    np.testing.assert_allclose(run(model, {"pixels": rows}), wanted, rtol=1e-3, atol=1e-6)


def test_the_place_in_a_vae_is_drawn_in_training_and_the_mean_after() -> None:
    import keras

    model = built("vae")
    parts = [model.get_layer(name).output for name in ("mean", "log_variance", "place.add")]
    inner = keras.Model(model.input, keras.ops.stack(parts))
    rows = np.repeat(RANDOM.integers(0, 17, (1, 64)).astype("float32"), 20_000, axis=0)
    mean, log_variance, place = run(inner, {"pixels": rows})
    np.testing.assert_array_equal(place, mean)
    place = run(inner, {"pixels": rows}, training=True)[2]
    deviation = np.exp(0.5 * log_variance[0])
    np.testing.assert_allclose(place.mean(axis=0), mean[0], atol=float(5 * deviation.max() / 20_000**0.5))
    np.testing.assert_allclose(place.std(axis=0), deviation, rtol=0.03)


@pytest.mark.long
@pytest.mark.parametrize(("name", "count"), [("vit_b16", 86_567_656), ("transformer", 63_045_632)])
def test_the_large_ones_are_built_as_they_are(name: str, count: int) -> None:
    assert keraspec.build(GALLERY / f"{name}.keraspec.toml").count_params() == count

"""The networks of tests/golden/specs that read text, series and tables, as a Keras user writes them by hand.

A function is named like its spec; layers without a name take the one that Keras gives them.
"""

from __future__ import annotations

import keras
from keras import Input, Model, layers


def text_cnn() -> Model:
    tokens = Input((24,), dtype="int32", name="tokens")
    words = layers.Embedding(1000, 16, name="words")(tokens)
    b = layers.Conv1D(8, 2, activation="relu", name="bigrams")(words)
    b = layers.GlobalMaxPooling1D(name="b")(b)
    t = layers.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="gelu", name="trigrams")(words)
    t = layers.GlobalMaxPooling1D(name="t")(t)
    x = layers.Concatenate()([b, t])
    x = layers.Dropout(0.3)(x)
    return Model(tokens, layers.Dense(1, activation="sigmoid", name="sentiment")(x), name="text_cnn")


def tagger() -> Model:
    words = Input((None,), dtype="int32", name="words")
    x = layers.Embedding(50, 8, mask_zero=True)(words)
    x = layers.Bidirectional(layers.LSTM(6, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(5, return_sequences=True, reset_after=False), merge_mode="sum")(x)
    x = layers.TimeDistributed(layers.Dense(4, activation="softmax"), name="tag")(x)
    return Model(words, x, name="tagger")


def seq2seq() -> Model:
    source, target = Input((None, 5), name="source"), Input((None, 7), name="target")
    _, h, c = layers.LSTM(6, return_state=True, name="encoder")(source)
    x, h, c = layers.LSTM(6, return_sequences=True, return_state=True, name="decoder")(target, initial_state=[h, c])
    x = layers.Dense(7, activation="softmax", name="next")(x)
    return Model([source, target], {"next": x, "h": h, "c": c}, name="seq2seq")


def directions() -> Model:
    x = Input((9, 4), name="x")
    forward, backward = layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode=None, name="kept_apart")(
        x
    )
    inner = layers.LSTM(3, return_state=True, recurrent_initializer=keras.initializers.Orthogonal(0.5))
    states = layers.Bidirectional(inner, name="states")(x)[1:]
    from_states = layers.Bidirectional(
        layers.LSTM(3, return_sequences=True),
        merge_mode="ave",
        backward_layer=layers.LSTM(3, return_sequences=True, go_backwards=True),
        name="from_states",
    )(x, initial_state=states)
    product = layers.Bidirectional(layers.SimpleRNN(2), merge_mode="mul", name="multiplied")(backward)
    outputs = {
        "forward": forward,
        "backward": backward,
        "states": states[2],
        "from_states": from_states,
        "product": product,
    }
    return Model(x, outputs, name="directions")


def cells() -> Model:
    series = Input((12, 3), name="series")
    x = layers.RNN(layers.LSTMCell(4), return_sequences=True)(series)
    stack = layers.StackedRNNCells([layers.GRUCell(5), layers.SimpleRNNCell(2, activation="relu")])
    x, last, _ = layers.RNN(stack, return_state=True, name="stacked")(x)
    return Model(series, {"value": layers.Dense(1, name="value")(x), "last": last}, name="cells")


def transformer() -> Model:
    tokens = Input((10,), dtype="int32", name="tokens")
    embedded = layers.Embedding(100, 16, mask_zero=True, name="embedded")(tokens)
    attended = layers.MultiHeadAttention(2, 8, dropout=0.1, name="attended")(embedded, value=embedded)
    x = layers.Add(name="sum1")([embedded, attended])
    norm1 = layers.LayerNormalization(epsilon=1e-6, name="norm1")(x)
    x = layers.Dense(32, activation="gelu", name="wide")(norm1)
    x = layers.Dense(16, name="narrow")(x)
    x = layers.Add(name="sum2")([norm1, x])
    x = layers.LayerNormalization(name="norm2")(x)
    x = layers.GlobalAveragePooling1D()(x)
    return Model(tokens, layers.Dense(3, activation="softmax", name="class")(x), name="transformer_encoder")


def decoder_block() -> Model:
    memory, target = Input((None, 12), name="memory"), Input((None, 12), name="target")
    keep = Input((None, None), dtype="bool", name="keep")
    x = layers.MultiHeadAttention(3, 4, name="self")(target, value=target, key=target, use_causal_mask=True)
    x = layers.Add(name="plus")([target, x])
    x = layers.LayerNormalization(name="norm")(x)
    cross = layers.MultiHeadAttention(3, 4, value_dim=6, output_shape=20, use_bias=False, name="cross")
    out, scores = cross(x, value=memory, attention_mask=keep, return_attention_scores=True)
    return Model([memory, target, keep], {"out": out, "scores": scores}, name="decoder_block")


def attention() -> Model:
    question = Input((None,), dtype="int32", name="question")
    text = Input((None,), dtype="int32", name="text")
    real = Input((None,), dtype="bool", name="real")
    embedding = layers.Embedding(40, 6, name="words")
    words, read = embedding(question), embedding(text)
    found = layers.Attention(use_scale=True, name="found")([words, read], mask=[None, real])
    too = layers.AdditiveAttention(name="found_too")([words, read])
    x = layers.Concatenate(name="both")([found, too, words])
    x = layers.GlobalAveragePooling1D()(x)
    return Model([question, text, real], layers.Dense(2, name="answer")(x), name="dot_product")


def siamese() -> Model:
    left, right = Input((16, 3), name="left"), Input((16, 3), name="right")
    tower = layers.LSTM(5, return_state=True, name="tower")
    both = layers.Bidirectional(layers.GRU(2), name="both_ways")
    tower_left, tower_right = tower(left), tower(right)
    both_left, both_right = both(left), both(right)
    one = layers.Concatenate(name="l")([tower_left[0], both_left, tower_left[2]])
    two = layers.Concatenate(name="r")([tower_right[0], both_right, tower_right[2]])
    distance = layers.Subtract(name="distance")([one, two])
    cosine = layers.Dot(axes=1, normalize=True, name="cosine")([one, two])
    x = layers.Concatenate(name="join")([distance, cosine])
    return Model([left, right], layers.Dense(1, activation="sigmoid", name="same")(x), name="siamese")


def many_to_many() -> Model:
    title = Input((None,), dtype="int32", name="title")
    body = Input((None,), dtype="int32", name="body")
    tags = Input((12,), name="tags")
    t = layers.LSTM(8, name="title_features")(layers.Embedding(30, 8, name="title_words")(title))
    b = layers.LSTM(4, name="body_features")(layers.Embedding(30, 8, name="body_words")(body))
    x = layers.Concatenate(name="x")([t, b, tags])
    outputs = {"priority": layers.Dense(1, name="priority")(x), "who": layers.Dense(4, name="department")(x)}
    return Model([title, body, tags], outputs, name="tickets")


def outputs_list() -> Model:
    x = Input((6, 2), name="x")
    last, h, _ = layers.LSTM(3, return_state=True, name="lstm")(x)
    return Model(x, [last, h, layers.Dense(2, name="head")(last), x], name="outputs_as_a_list")


def preprocessing() -> Model:
    age = Input((1,), name="age")
    color = Input((1,), dtype="string", name="color")
    words = Input((), dtype="string", name="words")
    code = Input((1,), dtype="int64", name="code")
    scaled = layers.Normalization(axis=None, mean=40.0, variance=100, name="age_scaled")(age)
    hot = layers.StringLookup(vocabulary=["red", "green", "blue"], output_mode="one_hot", name="color_hot")(color)
    x = layers.TextVectorization(
        vocabulary=["a", "house", "by", "the", "sea"], output_sequence_length=4, name="word_ids"
    )(words)
    x = layers.Embedding(7, 3, name="word_vectors")(x)
    flat = layers.Flatten(name="words_flat")(x)
    code_hot = layers.CategoryEncoding(num_tokens=5, output_mode="one_hot", name="code_hot")(code)
    bins = layers.Discretization(bin_boundaries=[18, 30.0, 65], output_mode="one_hot", name="age_bins")(age)
    x = layers.Concatenate(name="all")([scaled, hot, flat, code_hot, bins])
    return Model([age, color, words, code], layers.Dense(1, name="price")(x), name="table")


def learned_preprocessing() -> Model:
    n, s = Input((3,), name="n"), Input((1,), dtype="string", name="s")
    scaled = layers.Normalization(name="scaled")(n)
    x = layers.StringLookup(max_tokens=20, mask_token="", name="ids")(s)
    x = layers.Embedding(20, 4)(x)
    x = layers.Concatenate()([scaled, layers.Flatten(name="flat")(x)])
    return Model([n, s], layers.Dense(2)(x), name="learned")


def audio() -> Model:
    wave = Input((None, 1), name="wave")
    x = layers.Conv1D(4, 16, strides=4, activation="relu")(wave)
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.MaxPooling1D(4)(x)
    x = layers.SpatialDropout1D(0.2)(x)
    x = layers.DepthwiseConv1D(3, depth_multiplier=2, padding="same")(x)
    x = layers.SeparableConv1D(6, 3, strides=2)(x)
    x = layers.ZeroPadding1D((1, 2))(x)
    x = layers.Cropping1D(1)(x)
    x = layers.GlobalAveragePooling1D()(x)
    return Model(wave, layers.Dense(2, activation="log_softmax")(x), name="wave")


def conv_lstm() -> Model:
    video = Input((None, 8, 8, 1), name="video")
    x = layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(video)
    x = layers.TimeDistributed(layers.MaxPooling2D(2))(x)
    x = layers.TimeDistributed(layers.Flatten())(x)
    x = layers.GRU(3)(x)
    x = layers.RepeatVector(4)(x)
    x = layers.Masking(0.0)(x)
    return Model(video, layers.SimpleRNN(2, return_sequences=True, go_backwards=True)(x), name="video")


def masks() -> Model:
    words = Input((6,), dtype="int32", name="words")
    x = layers.Embedding(9, 4, mask_zero=True, name="words_in")(words)
    x = layers.Dropout(0.1)(x)
    x = layers.Flatten()(x)
    return Model(words, layers.Dense(1)(x), name="masks")


def continued() -> Model:
    first, second = Input((None, 3), name="first"), Input((None, 3), name="second")
    rnn = layers.GRU(4, return_sequences=True, return_state=True, name="rnn")
    one, state = rnn(first)
    two, state = rnn(second, initial_state=[state])
    whole = layers.Concatenate(axis=1, name="whole")([one, two])
    return Model([first, second], {"seq": whole, "state": state}, name="decoder_twice")


def softmax_mask() -> Model:
    x, m = Input((5, 4), name="x"), Input((5, 4), dtype="bool", name="m")
    prob = layers.Softmax(axis=[1, 2], name="prob")(x, mask=m)
    hold = layers.GroupQueryAttention(2, 4, 2, name="hold")(x, value=x)
    seen = layers.MultiHeadAttention(1, 3, attention_axes=(1,), name="seen")(hold, value=x, key=hold)
    return Model([x, m], {"prob": prob, "seen": seen}, name="kwargs")


def scores() -> Model:
    q, v, k = Input((3, 4), name="q"), Input((5, 4), name="v"), Input((5, 4), name="k")
    _, weights = layers.Attention(score_mode="concat", name="att")([q, v, k], return_attention_scores=True)
    causal = layers.Attention(name="causal")([q, q], use_causal_mask=True)
    x = layers.Concatenate()([layers.Flatten(name="flat")(weights), layers.Flatten(name="extra")(causal)])
    return Model([q, v, k], x, name="scores")


def scalars() -> Model:
    n = Input((), dtype="int32", name="n")
    x = layers.Embedding(5, 3)(n)
    return Model(n, layers.Dense(2)(x), name="scalars")

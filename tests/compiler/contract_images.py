"""The networks of tests/golden/specs that look at pictures and numbers, as a Keras user writes them by hand.

A function is named like its spec; layers without a name take the one that Keras gives them.
"""

from __future__ import annotations

import keras
from keras import Input, Model, layers


def lenet() -> Model:
    image = Input((28, 28, 1), name="image")
    x = layers.Conv2D(6, 5, padding="same", activation="tanh")(image)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(16, (5, 5), activation="tanh")(x)
    x = layers.AveragePooling2D((2, 2), strides=2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="tanh")(x)
    x = layers.Dense(84, activation="tanh")(x)
    return Model(image, layers.Dense(10, activation="softmax")(x), name="lenet-5")


def vgg() -> Model:
    picture = Input((32, 32, 3), name="picture")
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="block1_conv1")(picture)
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name="block1_conv2")(x)
    x = layers.MaxPooling2D(2, strides=2, name="block1_pool")(x)
    x = layers.Conv2D(100, 3, padding="same", activation="relu", name="block2_conv1")(x)
    x = layers.MaxPooling2D(2, strides=(2, 2), name="block2_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(100, activation="relu", kernel_regularizer=keras.regularizers.L2(5e-4), name="fc1")(x)
    x = layers.Dropout(0.5, seed=1, name="drop")(x)
    return Model(picture, layers.Dense(10, activation="softmax", name="predictions")(x), name="vgg")


def residual() -> Model:
    image = Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name="stem")(image)
    x = layers.BatchNormalization(epsilon=1.001e-5)(x)
    a = layers.ReLU(name="a")(x)
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(a)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    body = layers.Conv2D(16, 3, padding="same", name="body")(x)
    shortcut = layers.Conv2D(16, 1, strides=2, name="shortcut")(a)
    x = layers.Add()([body, shortcut])
    x = layers.ReLU(max_value=6)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(5, name="logits")(x), name="residual")


def inception() -> Model:
    image = Input((14, 14, 12), name="image")
    one = layers.Conv2D(4, 1, name="one")(image)
    x = layers.Conv2D(4, 1, name="three_in")(image)
    three = layers.Conv2D(6, 3, padding="same", name="three")(x)
    five = layers.SeparableConv2D(3, (5, 5), padding="same", name="five")(image)
    x = layers.MaxPooling2D(3, strides=1, padding="same")(image)
    pooled = layers.Conv2D(2, 1, bias_initializer=keras.initializers.Constant(0.2), name="pooled")(x)
    x = layers.Concatenate(name="joined")([one, three, five, pooled])
    x = layers.GlobalMaxPooling2D()(x)
    return Model(image, {"class": layers.Dense(3, activation="softmax", name="class")(x)}, name="inception")


def unet() -> Model:
    scan = Input((None, None, 1), name="scan")
    down1 = layers.Conv2D(4, 3, padding="same", activation="relu", name="down1")(scan)
    x = layers.MaxPooling2D()(down1)
    down2 = layers.Conv2D(8, 3, padding="same", activation="relu", name="down2")(x)
    x = layers.MaxPooling2D()(down2)
    x = layers.Conv2D(16, 3, padding="same", dilation_rate=2, name="bottom")(x)
    x = layers.Conv2DTranspose(8, 2, strides=2, name="up2")(x)
    x = layers.Concatenate(axis=-1, name="skip2")([x, down2])
    x = layers.UpSampling2D(2, interpolation="bilinear", name="up1")(x)
    x = layers.Concatenate(name="skip1")([x, down1])
    return Model(scan, layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x), name="unet")


def autoencoder() -> Model:
    pixels = Input((8, 8, 1), name="pixels")
    x = layers.Rescaling(0.0625, offset=-0.5)(pixels)
    x = layers.GaussianNoise(0.1)(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activity_regularizer=keras.regularizers.L1(1e-5))(x)
    x = layers.LeakyReLU(negative_slope=0.1)(x)
    x = layers.Flatten()(x)
    code = layers.Dense(
        6,
        kernel_regularizer=keras.regularizers.L1L2(0.0, 0.01),
        kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=11),
        kernel_constraint=keras.constraints.MaxNorm(3, axis=0),
        name="code",
    )(x)
    x = layers.Dense(64, bias_initializer="ones", bias_constraint="non_neg")(code)
    x = layers.Reshape((4, 4, -1))(x)
    x = layers.Conv2DTranspose(1, 3, strides=2, padding="same", output_padding=1, name="pixels_again")(x)
    return Model(pixels, {"reconstruction": x, "code": code}, name="autoencoder")


def volume() -> Model:
    scan = Input((8, 10, 12, 2), name="scan")
    x = layers.Conv3D(3, (3, 3, 1), padding="same", strides=(1, 2, 1))(scan)
    x = layers.PReLU(shared_axes=[1, 2, 3])(x)
    x = layers.MaxPooling3D((2, 1, 2))(x)
    x = layers.ZeroPadding3D(((0, 1), (1, 1), (2, 2)))(x)
    x = layers.Conv3DTranspose(2, 2, strides=2)(x)
    x = layers.Cropping3D(((1, 1), (0, 2), (1, 1)))(x)
    x = layers.UpSampling3D((1, 2, 1))(x)
    x = layers.AveragePooling3D(2)(x)
    x = layers.SpatialDropout3D(0.1)(x)
    return Model(scan, layers.GlobalMaxPooling3D()(x), name="volume")


def channels_first() -> Model:
    image = Input((3, 16, 20), name="image")
    x = layers.ZeroPadding2D(((1, 0), (2, 1)), data_format="channels_first")(image)
    x = layers.UpSampling2D((2, 1), data_format="channels_first")(x)
    x = layers.Cropping2D((1, 2), data_format="channels_first")(x)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.GlobalAveragePooling2D(data_format="channels_first", keepdims=True)(x)
    x = layers.Flatten(data_format="channels_first")(x)
    return Model(image, layers.Dense(4)(x), name="channels_first")


def mixed() -> Model:
    x_in = Input((10,), name="x")
    x = layers.Dense(8, activation="relu", dtype="mixed_bfloat16")(x_in)
    x = layers.LayerNormalization(dtype="mixed_bfloat16")(x)
    whole = layers.Dense(4, dtype="float32", name="whole")(x)
    own = layers.Dense(4, dtype="mixed_float16", name="own")(whole)
    return Model(x_in, layers.Add(dtype="mixed_bfloat16", name="sum")([whole, own]), name="mixed")


def frozen() -> Model:
    x_in = Input((8, 8, 3), name="x")
    x = layers.Conv2D(4, 3, trainable=False)(x_in)
    x = layers.BatchNormalization(center=False)(x, training=False)
    x = layers.Dropout(0.5)(x, training=True)
    x = layers.Reshape((6, 24), name="rows")(x)
    x = layers.Bidirectional(layers.LSTM(3, trainable=False), trainable=False)(x)  # the outer word alone trains on
    return Model(x_in, layers.Dense(2)(x), name="frozen")


def nones() -> Model:
    x_in = Input((12, 12, 2), name="x")
    x = layers.Conv2D(3, 3)(x_in)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(0.1)(x)
    x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    return Model(x_in, layers.Dense(2, activation="linear")(x), name="nones")


def nulls() -> Model:
    x_in = Input((10, 10, 2), name="x")
    x = layers.Conv2D(
        4, (3, 1), strides=(2, 1), kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.01, "columns")
    )(x_in)
    x = layers.AveragePooling2D((1, 2), padding="same")(x)
    x = layers.Dropout(0)(x, training=None)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(x_in, layers.Dense(3, use_bias=False)(x), name="json")


def named_like_types() -> Model:
    x_in = Input((4,), name="Input")
    x = layers.Dense(4, name="dense_2")(x_in)
    x = layers.Dense(5, name="dense")(x)
    x = layers.Dense(6, name="dense_3")(x)
    x = layers.Dense(7, name="dense_1")(x)
    x = layers.Reshape((7, 1), name="LSTM")(x)
    x = layers.LSTM(3, name="reshape")(x)
    return Model(x_in, layers.Dense(2, name="with-hyphen")(x), name="Dense")


def quoted_keys() -> Model:
    x = Input((3,), name="x")
    y = layers.Dense(3, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01))(x)
    return Model(x, layers.ELU(alpha=1)(y), name="quoted_keys")


def augmented() -> Model:
    image = Input((None, None, 3), dtype="uint8", name="image")
    x = layers.Resizing(24, 24)(image)
    x = layers.Rescaling(1 / 255)(x)
    x = layers.RandomFlip("horizontal")(x)
    x = layers.RandomRotation(0.1)(x)
    x = layers.RandomZoom((-0.2, 0.2))(x)
    x = layers.CenterCrop(20, 20)(x)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2)(x)
    x = layers.GroupNormalization(groups=3)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return Model(image, layers.Dense(2)(x), name="pictures")


def dotted_keys() -> Model:
    x_in = Input((20, 20, 3), name="x")
    x = layers.Conv2D(
        4,
        3,
        kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        kernel_regularizer=keras.regularizers.L2(1e-4),
    )(x_in)
    x = layers.Conv2D(8, 2, groups=4, strides=2, name="g")(x)
    x = layers.AdaptiveAveragePooling2D((3, 2))(x)
    x = layers.Reshape((6, 8))(x)
    x = layers.Conv1DTranspose(2, 3, strides=2)(x)
    x = layers.UpSampling1D(2)(x)
    return Model(x_in, layers.AveragePooling1D(3, strides=1, padding="same")(x), name="dotted")


def constraints() -> Model:
    features = Input((13,), name="features")
    x = layers.Dense(
        8,
        activation="leaky_relu",
        kernel_initializer="lecun_normal",
        kernel_constraint=keras.constraints.MinMaxNorm(0.1, 2.0, rate=0.9),
        bias_regularizer="l2",
    )(features)
    x = layers.AlphaDropout(0.05)(x)
    x = layers.Dense(4, activation="selu", kernel_constraint="unit_norm", kernel_regularizer="l1l2")(x)
    return Model(features, layers.Dense(1, name="y")(x), name="constraints")


def merges() -> Model:
    a, b = Input((None, 6), name="a"), Input((None, 6), name="b")
    mul = layers.Multiply(name="mul")([a, b])
    avg = layers.Average(name="avg")([a, b, mul])
    top = layers.Maximum(name="max")([a, avg])
    low = layers.Minimum(name="min")([top, b])
    dot = layers.Dot(axes=(2, 2), name="dot")([low, a])
    along = layers.Concatenate(axis=1, name="along")([a, b])
    outputs = {
        "dot": dot,
        "turned": layers.Permute((2, 1), name="turned")(along),
        "unit": layers.UnitNormalization(name="unit")(along),
        "rms": layers.RMSNormalization(name="rms")(along),
    }
    return Model([a, b], outputs, name="merges")


def einsum() -> Model:
    x_in = Input((None, 8), name="x")
    x = layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 4), bias_axes="de")(x_in)
    x = layers.Permute((2, 1, 3))(x)
    x = layers.Softmax(axis=-1)(x)
    x = layers.SpectralNormalization(layers.Dense(3))(x)
    x = layers.ActivityRegularization(l1=0.01)(x)
    return Model(x_in, layers.Identity()(x), name="einsum")


def named_inputs() -> Model:
    left, right = Input((4,), name="left"), Input((4,), dtype="float64", name="right")
    x = layers.Add(name="last")([layers.Dense(3, name="l")(left), layers.Dense(3, name="r")(right)])
    return Model([left, right], x, name="two_inputs_named")


def reuse_chain() -> Model:
    x_in = Input((8,), name="x")
    step = layers.Dense(8, activation="tanh", name="step")
    x = step(step(step(step(x_in))))
    return Model(x_in, layers.Dense(1, name="out")(x), name="recursion")

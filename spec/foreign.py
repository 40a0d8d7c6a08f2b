"""Words of other frameworks and of older Keras, and what they are here: arguments, layers, losses, activations."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _table(text: str) -> Mapping[str, tuple[str, ...]]:
    """Lines ``what people mean: words for it``, turned round: word → what it may mean, in the order of the lines."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.strip().splitlines():
        meant, _, words = line.partition(":")
        for word in words.split():
            found[word] = (*found.get(word, ()), meant.strip())
    return MappingProxyType(found)


FOREIGN: Final = _table(
    """
    kernel_size: kernel ksize kernel_shape kernel_h kernel_w kernel_width kernel_height filter_size filter_length
    kernel_size: window window_size nb_row nb_col k_size receptive_field
    pool_size: ksize pool pool_length poolsize kernel_size kernel window window_size
    strides: stride subsample subsample_length stride_h stride_w step
    padding: border_mode pad pad_h pad_w
    dilation_rate: dilation dilations atrous_rate
    data_format: dim_ordering image_data_format data_layout
    filters: out_channels channels nb_filter nb_filters num_filters n_filters num_output out_planes num_kernels
    filters: out_features features units channels_out n_kernels filter output_channels
    units: out_features output_dim neurons num_neurons n_neurons hidden_size hidden_dim hidden_units n_hidden num_hidden
    units: n_units num_units nb_units nodes num_nodes width size output_size num_output num_outputs n_out out_dim
    units: classes num_classes n_classes nclasses filters out_channels features outputs dim unit
    groups: num_groups
    depth_multiplier: channel_multiplier
    input_dim: num_embeddings vocab_size vocabulary_size num_tokens max_features n_words
    output_dim: embedding_dim embed_dim embedding_size emb_dim dim units
    rate: p prob dropout dropout_rate drop_rate drop_prob keep_prob probability
    dropout: dropout_rate drop_rate dropout_W
    recurrent_dropout: dropout_U
    stddev: sigma std
    negative_slope: alpha slope leak leakage leaky_slope
    alpha: negative_slope slope
    max_value: max
    epsilon: eps
    momentum: decay
    use_bias: bias has_bias with_bias bias_term
    scale: affine elementwise_affine
    activation: nonlinearity non_linearity act act_fn activation_fn activation_function activ func
    recurrent_activation: inner_activation recurrent_act
    kernel_initializer: init initializer weight_init weights_init kernel_init weights_initializer W_init
    kernel_regularizer: weight_decay W_regularizer regularizer weight_regularizer weights_regularizer regularization l2
    bias_regularizer: b_regularizer
    kernel_constraint: W_constraint
    return_sequences: return_sequence return_seq
    return_state: return_states
    num_heads: heads nhead nheads n_head n_heads num_head
    key_dim: head_dim head_size key_size dim_head d_k embed_dim d_model size_per_head
    value_dim: d_v
    axis: dim axes
    dims: order perm permutation
    target_shape: shape new_shape output_shape dims
    size: scale_factor scale upscale_factor factor
    interpolation: mode
    n: repeats times
    mask_zero: padding_idx mask
    cropping: crop
    layer: module
    merge_mode: mode
    shape: batch_shape input_shape batch_input_shape dims dim size dimensions
    dtype: type
    separator: sep delimiter delim
    missing_values: na_values null_values nan_values nulls
    columns: names header headers column_names
    quotes: quoting quotechar quote
    decimal: decimals decimal_point decimal_separator
    learning_rate: lr rate eta alpha
    beta_1: betas beta1
    beta_2: beta2
    rho: alpha
    weight_decay: decay
    clipnorm: clip_norm max_grad_norm grad_clip
    initial_learning_rate: learning_rate lr
    l2: l weight_decay factor
    patience: wait
    monitor: metric
    from_logits: logits with_logits
    epochs: nepochs max_epochs num_epochs n_epochs nb_epoch epoch iterations
    loss: criterion loss_function loss_fn objective cost
    optimizer: optim optimiser
    metrics: metric
    callbacks: callback
    batch_size: batch bs batchsize
    seed: random_state random_seed
    precision: dtype
    type: class class_name kind layer op
    inputs: input inbound_nodes bottom
    outputs: output top
    training: train fit compile
    data: dataset
    parameters: params
    float32: float
    float64: double
    float16: half
    int32: int
    int64: long
    string: str text
    """
)
"""Names that other frameworks, and older versions of Keras, have for an argument, a key, or a dtype."""

NOTES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("keep_prob", "rate"): "it is the share that is dropped: 1 - keep_prob",
        ("embed_dim", "key_dim"): "it is the size of one head: the whole divided by `num_heads`",
        ("d_model", "key_dim"): "it is the size of one head: the whole divided by `num_heads`",
        ("betas", "beta_1"): "the second one is `beta_2`",
        ("batch_shape", "shape"): "it has no batch axis",
        ("batch_input_shape", "shape"): "it has no batch axis",
        ("kernel_h", "kernel_size"): "it is a list: [height, width]",
        ("kernel_w", "kernel_size"): "it is a list: [height, width]",
        ("nb_row", "kernel_size"): "it is a list: [height, width]",
        ("nb_col", "kernel_size"): "it is a list: [height, width]",
        ("weight_decay", "kernel_regularizer"): 'for example `kernel_regularizer = { type = "L2", l2 = 0.01 }`',
        ("padding_idx", "mask_zero"): "`mask_zero = true` passes over the number 0",
        ("affine", "scale"): "the offset is `center`",
        ("header", "columns"): "it is a list of names, for a file whose first line is a row already",
    }
)
"""Word and what it means here → what is different about it."""

_FROM_INPUT: Final = "leave it out: {} comes from the input"
_STACK: Final = "write so many entries one after the other, each but the last with `return_sequences = true`"
OBSOLETE: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "layers": {
            **dict.fromkeys(
                ("in_channels", "input_channels", "in_planes", "num_features", "channels_in"),
                _FROM_INPUT.format("the number of channels"),
            ),
            **dict.fromkeys(
                ("in_features", "in_dim", "input_units", "n_inputs", "num_inputs"),
                _FROM_INPUT.format("the number of features"),
            ),
            **dict.fromkeys(("input_size", "normalized_shape"), _FROM_INPUT.format("the size")),
            "input_dim": "take it away and write `inputs.x.shape = [{value}]` at the top of the spec",
            "input_shape": "take it away and write `inputs.x.shape = {value}` at the top of the spec",
            "batch_input_shape": "leave it out: shapes of inputs stand in `inputs.NAME.shape`, without the batch axis",
            "batch_shape": "leave it out: shapes of inputs stand in `inputs.NAME.shape`, without the batch axis",
            "batch_size": "leave it out: it stands below `[data]`",
            "input_length": _FROM_INPUT.format("the length"),
            "dropout": 'dropping is a layer of its own: put `{{ type = "Dropout", rate = {value} }}` behind this one',
            "dropout_rate": "dropping is a layer of its own: "
            'put `{{ type = "Dropout", rate = {value} }}` behind this one',
            "batch_norm": 'put `{{ type = "BatchNormalization" }}` behind this layer',
            "normalizer_fn": 'put `{{ type = "BatchNormalization" }}` behind this layer',
            "bidirectional": 'wrap the layer: `type = "Bidirectional"`, with this one as its `layer = {{ … }}`',
            "num_layers": _STACK,
            "n_layers": _STACK,
            "batch_first": "leave it out: the batch is always the first axis",
            "time_major": "leave it out: the batch is always the first axis, the time the second",
            "start_dim": "leave it out: all axes but the batch become one",
            "end_dim": "leave it out: all axes but the batch become one",
            "inplace": "leave it out",
            "track_running_stats": "leave it out: they are always kept",
            "padding_mode": "leave it out: borders are filled with zeros",
            "ceil_mode": 'write `padding = "same"` instead',
            "align_corners": "leave it out",
            "consume_less": "leave it out",
            "weights": "leave it out: what the weights begin with is said by the `…_initializer` arguments",
            "use_causal_mask": "it is no argument of the layer but of its call: "
            "write `call = {{ use_causal_mask = true }}`",
            "return_attention_scores": "it is no argument of the layer but of its call: "
            "write `call = {{ return_attention_scores = true }}`",
            "initial_state": 'tensors stand in `inputs`: `inputs = {{ sequences = "…", initial_state = "…" }}`',
            "attention_mask": 'tensors stand in `inputs`: `inputs = {{ query = "…", value = "…", '
            'attention_mask = "…" }}`',
        },
        "optimizers": {
            "decay": 'let a schedule lower it: `learning_rate = {{ type = "ExponentialDecay", … }}`; '
            "what pulls weights towards 0 is `weight_decay`",
            "betas": "write the two numbers one by one: `beta_1 = …` and `beta_2 = …`",
            "params": "leave it out: the optimizer trains the weights of the model",
        },
        "training": {
            **dict.fromkeys(
                ("lr", "learning_rate"),
                'it belongs to the optimizer: `optimizer = {{ type = "Adam", learning_rate = {value} }}`',
            ),
            "validation_split": "it belongs to the data: write `split = {{ validation = {value} }}` below `[data]`",
            "validation_data": "it belongs to the data: write `split = {{ validation = 0.2 }}` below `[data]`",
            "verbose": "leave it out: how much is shown is said on the command line",
            "loss_weights": "each output has its `weight` below `[training.outputs.NAME]`",
            "weighted_metrics": "write `metrics`; they count all rows alike, whatever `sample_weight` says",
            "early_stopping": 'write `callbacks = [{{ type = "EarlyStopping", patience = 3 }}]`',
            "device": "leave it out: a graphics card is used where TensorFlow finds one",
            "gpu": "leave it out: a graphics card is used where TensorFlow finds one",
            "weight_decay": 'it belongs to the optimizer: `optimizer = {{ type = "AdamW", weight_decay = {value} }}`',
            "momentum": 'it belongs to the optimizer: `optimizer = {{ type = "SGD", momentum = {value} }}`',
        },
    }
)
"""Family or section → keys that people bring along and that have no place there, with what to do instead.

``{value}`` stands for what they wrote.
"""

PREFIXES: Final = frozenset(
    {
        *("tf", "tensorflow", "keras", "k", "kl", "tfkl", "tfa", "layers", "activations", "losses", "metrics"),
        *("optimizers", "regularizers", "initializers", "callbacks", "torch", "torchvision", "nn", "f", "functional"),
        *("optim", "jax", "flax", "linen", "mx", "gluon", "paddle", "caffe"),
    }
)
"""What stands before the dots of a name in a program: ``tf.keras.layers.Dense``, ``nn.Linear``."""

ACTIVATION: Final = '{{ type = "Activation", activation = "{}" }}'
KINDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "layers": _table(
            """
            Dense: linear fullyconnected fc innerproduct fully_connected denselayer lazylinear
            Conv1D: conv1dlayer
            Conv2D: conv convolution convolutional spatialconvolution conv2dlayer
            Conv1DTranspose: convtranspose1d
            Conv2DTranspose: convtranspose2d deconvolution deconv deconv2d deconvolution2d transposedconv2d
            Conv3DTranspose: convtranspose3d
            MaxPooling2D: maxpool pooling maxpooling pool
            AveragePooling2D: avgpool
            GlobalAveragePooling2D: gap globalavgpool globalaveragepooling globalavgpool2d
            AdaptiveAveragePooling1D: adaptiveavgpool1d
            AdaptiveAveragePooling2D: adaptiveavgpool2d
            AdaptiveAveragePooling3D: adaptiveavgpool3d
            AdaptiveMaxPooling2D: adaptivemaxpool2d
            BatchNormalization: batchnorm batchnorm1d batchnorm2d batchnorm3d bn syncbatchnorm
            LayerNormalization: layernorm ln
            GroupNormalization: groupnorm instancenorm instancenorm1d instancenorm2d instancenormalization
            RMSNormalization: rmsnorm
            SpatialDropout1D: dropout1d
            SpatialDropout2D: dropout2d
            SpatialDropout3D: dropout3d
            UpSampling2D: upsample upsamplingnearest2d upsamplingbilinear2d
            Reshape: view unflatten
            Concatenate: concat cat concatlayer
            Add: sum eltwise addition residual
            Multiply: mul
            ZeroPadding2D: zeropad2d pad
            Permute: transpose
            Embedding: embeddingbag
            SimpleRNN: rnnlayer
            LSTM: cudnnlstm basiclstm
            GRU: cudnngru
            MultiHeadAttention: selfattention
            """
        ),
        "losses": _table(
            """
            sparse_categorical_crossentropy: crossentropyloss cross_entropy cross_entropy_loss nllloss
            sparse_categorical_crossentropy: nll_loss nll softmax softmaxwithloss sparse_cross_entropy
            sparse_categorical_crossentropy: sparse_softmax_cross_entropy_with_logits negative_log_likelihood
            categorical_crossentropy: softmax_cross_entropy softmax_cross_entropy_with_logits categorical
            binary_crossentropy: bce bceloss bcewithlogitsloss binary_cross_entropy log_loss logloss logistic
            binary_crossentropy: sigmoid_cross_entropy_with_logits sigmoidcrossentropyloss binary
            binary_crossentropy: binary_cross_entropy_with_logits
            mean_squared_error: mseloss mse_loss l2 l2_loss l2loss rmse euclidean euclideanloss squared_error quadratic
            mean_absolute_error: l1 l1loss l1_loss absolute_error
            huber: smoothl1loss smooth_l1 smooth_l1_loss huberloss huber_loss
            kl_divergence: kldivloss kl_div kl kldiv kl_loss
            poisson: poissonnllloss
            cosine_similarity: cosineembeddingloss cosine cosine_loss
            hinge: hingeloss svm multimarginloss
            ctc: ctcloss ctc_loss
            binary_focal_crossentropy: focal focal_loss focalloss
            dice: diceloss dice_loss
            """
        ),
        "metrics": _table(
            """
            accuracy: acc1 top1 acc_score accuracy_score
            F1Score: f1 f1_score f1score f_score fscore
            FBetaScore: fbeta fbeta_score
            RootMeanSquaredError: rmse root_mean_squared_error
            R2Score: r2 r2_score rsquared
            AUC: roc_auc roc auroc pr_auc
            Recall: sensitivity tpr
            MeanIoU: iou jaccard mean_iou
            TopKCategoricalAccuracy: top_5_accuracy top5 top_k top5_accuracy top_k_accuracy
            """
        ),
        "optimizers": _table(
            """
            SGD: momentum sgdm gradientdescent gradientdescentoptimizer stochasticgradientdescent nesterov
            Adam: adamoptimizer
            RMSprop: rmspropoptimizer rms
            """
        ),
        "activations": _table(
            """
            sigmoid: logistic
            leaky_relu: lrelu leakyrelu leaky
            linear: identity
            log_softmax: logsoftmax
            hard_sigmoid: hardsigmoid
            silu: swish
            tanh: hyperbolictangent
            """
        ),
        "initializers": _table(
            """
            glorot_uniform: xavier xavier_uniform glorot xavieruniform
            glorot_normal: xavier_normal xaviernormal
            he_normal: kaiming kaiming_normal he msra
            he_uniform: kaiming_uniform
            random_normal: normal gaussian
            """
        ),
        "regularizers": _table("L2: weight_decay ridge\nL1: lasso"),
    }
)
"""Family → what people write there, in small letters and without ``_`` where they do → what it is in Keras."""

KIND_NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "crossentropyloss": "PyTorch's takes raw scores: without a softmax in the last layer write "
        '`loss = { type = "SparseCategoricalCrossentropy", from_logits = true }`',
        "softmax_cross_entropy_with_logits": "raw scores need the table "
        '`{ type = "CategoricalCrossentropy", from_logits = true }`',
        "sparse_softmax_cross_entropy_with_logits": "raw scores need the table "
        '`{ type = "SparseCategoricalCrossentropy", from_logits = true }`',
        "nllloss": 'with `activation = "softmax"` in the last layer',
        "nll_loss": 'with `activation = "softmax"` in the last layer',
        "bceloss": 'with `activation = "sigmoid"` in the last layer',
        "bcewithlogitsloss": "PyTorch's takes raw scores: without a sigmoid in the last layer write "
        '`loss = { type = "BinaryCrossentropy", from_logits = true }`',
        "momentum": 'write `optimizer = { type = "SGD", momentum = 0.9 }`',
        "nesterov": 'write `optimizer = { type = "SGD", momentum = 0.9, nesterov = true }`',
        "instancenorm2d": "with `groups = -1`, one for each channel",
        "instancenorm": "with `groups = -1`, one for each channel",
        "instancenormalization": "with `groups = -1`, one for each channel",
        "top5accuracy": "for class numbers `SparseTopKCategoricalAccuracy`, for both `k = 5`",
        "top5": "for class numbers `SparseTopKCategoricalAccuracy`, for both `k = 5`",
    }
)
"""A foreign name → what is different about what it means in Keras."""

COMPOSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sequential": "write its layers as entries, one after the other: each takes the one before",
        "model": "write its layers as entries, one after the other: each takes the one before",
        "modulelist": "write its layers as entries, one after the other: each takes the one before",
        "transformer": "it is made of several entries: `MultiHeadAttention`, `Add`, `LayerNormalization`, `Dense`",
        "transformerencoder": "it is made of several entries: `MultiHeadAttention`, `Add`, `LayerNormalization`, "
        "`Dense`",
        "transformerencoderlayer": "it is made of several entries: `MultiHeadAttention`, `Add`, "
        "`LayerNormalization`, `Dense`",
        "positionalencoding": "add an `Embedding` of the places: there is no such layer in Keras",
        "pixelshuffle": "use `Conv2DTranspose` or `UpSampling2D`",
        "resnet": "write its layers as entries, or take `applications.ResNet50`",
        "lrn": "use `BatchNormalization`",
        "localresponsenorm": "use `BatchNormalization`",
        "maxout": "use a `Dense` with an activation",
        "highway": "write its layers as entries",
    }
)
"""Layers of other frameworks that are several entries here."""

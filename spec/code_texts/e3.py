"""Codes E3: shapes that do not fit."""

from __future__ import annotations

from typing import Final

from .code import Code

CODES: Final[tuple[Code, ...]] = (
    Code(
        "E301",
        "the tensor has the wrong number of axes",
        "A tensor is a block of numbers, and its shape says how large it is along each axis: (batch, 28, 28, 1) is a "
        "batch of pictures of 28 rows, 28 columns and 1 colour. Each layer works on a certain number of axes: a "
        "Conv2D wants pictures, an LSTM wants sequences (batch, steps, features). Grey pictures need their colour "
        "axis too, a 1 at the end. `Reshape`, `Flatten` and the pooling layers add axes and take them away. The line "
        "`shapes` shows step by step how the tensor came to its shape; what the help offers has been tried.",
        'inputs.image.shape = [28, 28]\n\n[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3',
        'inputs.image.shape = [28, 28, 1]\n\n[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3',
    ),
    Code(
        "E302",
        "shapes that do not fit together",
        "Where tensors meet, their shapes must match. `Add` and its kin work place by place, so all sizes must be "
        "the same (or 1); `Concatenate` puts tensors behind each other along one axis, so all other sizes must be "
        "the same. The message gives the shapes and the axis where they differ. Give the layers before the same "
        "number of units or filters, or the same padding and strides.",
        'inputs.x.shape = [16]\n\n[[layers]]\nname = "wide"\ntype = "Dense"\nunits = 32\n\n'
        '[[layers]]\ntype = "Add"\ninputs = ["x", "wide"]',
        'inputs.x.shape = [16]\n\n[[layers]]\nname = "wide"\ntype = "Dense"\nunits = 16\n\n'
        '[[layers]]\ntype = "Add"\ninputs = ["x", "wide"]',
    ),
    Code(
        "E303",
        "nothing is left of the tensor",
        "A convolution or pooling window slides over the tensor and must fit into it at least once. Here the window "
        "is larger than what is left, mostly because pooling and strides before it have made the tensor small. Use a "
        'smaller window, fewer pooling layers, or `padding = "same"`, which keeps the size.',
        'inputs.image.shape = [8, 8, 1]\n\n[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 9',
        'inputs.image.shape = [8, 8, 1]\n\n[[layers]]\ntype = "Conv2D"\nfilters = 8\nkernel_size = 3',
    ),
    Code(
        "E304",
        "the tensor holds the wrong kind of values",
        "Each tensor holds values of one kind, its dtype: numbers with a fraction (float32), whole numbers (int32), "
        "text (string). Layers that compute need numbers, an `Embedding` needs whole numbers, and only the "
        "preprocessing layers for text read text. Put the layer that translates before this one, or give the input "
        "another `dtype`.",
        'inputs.colour = { shape = [1], dtype = "string" }\n\n[[layers]]\ntype = "Dense"\nunits = 8',
        'inputs.colour = { shape = [1], dtype = "float32" }\n\n[[layers]]\ntype = "Dense"\nunits = 8',
    ),
    Code(
        "E305",
        "a size that must be known is not",
        'A word in a shape, such as `"time"`, is a size that is only known when data comes. Most layers do not mind, '
        "but a layer with a weight for each place along an axis must know how many places there are. Write a number "
        "in the input's `shape`, or put a layer before it that makes the size known, such as a global pooling or the "
        "last state of an `LSTM`.",
        'inputs.sound.shape = ["time", 16]\n\n[[layers]]\ntype = "Flatten"\n\n[[layers]]\ntype = "Dense"\nunits = 2',
        'inputs.sound.shape = ["time", 16]\n\n[[layers]]\ntype = "GlobalAveragePooling1D"\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 2',
    ),
    Code(
        "E306",
        "the number of values changes",
        "`Reshape` puts the same values into another shape, so the sizes, multiplied, must give the same number "
        "before and after: 36 values can become [6, 6] or [4, 9], but not [5, 7]. For one of the sizes you may write "
        "-1, and it is computed.",
        'inputs.x.shape = [36]\n\n[[layers]]\ntype = "Reshape"\ntarget_shape = [5, 7]',
        'inputs.x.shape = [36]\n\n[[layers]]\ntype = "Reshape"\ntarget_shape = [6, -1]',
    ),
    Code(
        "E307",
        "an argument that does not fit the input",
        "The value is allowed in general, but not with the tensor that arrives here: an axis that it does not have, "
        "or a number of groups that does not divide its channels. The message gives the shape. Axes are counted from "
        "0, which is the batch; -1 is the last.",
        'inputs.image.shape = [8, 8, 3]\n\n[[layers]]\ntype = "BatchNormalization"\naxis = 4',
        'inputs.image.shape = [8, 8, 3]\n\n[[layers]]\ntype = "BatchNormalization"\naxis = -1',
    ),
    Code(
        "E308",
        "a shared layer is called with different shapes",
        "`reuse` calls a layer again with the weights it has, and these were sized by its first call: a Dense layer "
        "of 8 units on 16 features has 16 × 8 weights and can't take 20 features. Bring both tensors to the same "
        "shape first, or write a layer of its own for the second.",
        "inputs.left.shape = [16]\ninputs.right.shape = [20]\n\n"
        '[[layers]]\nname = "tower"\ntype = "Dense"\nunits = 8\ninputs = "left"\n\n'
        '[[layers]]\nname = "other"\nreuse = "tower"\ninputs = "right"\n\n'
        '[[layers]]\ntype = "Add"\ninputs = ["tower", "other"]',
        "inputs.left.shape = [16]\ninputs.right.shape = [16]\n\n"
        '[[layers]]\nname = "tower"\ntype = "Dense"\nunits = 8\ninputs = "left"\n\n'
        '[[layers]]\nname = "other"\nreuse = "tower"\ninputs = "right"\n\n'
        '[[layers]]\ntype = "Add"\ninputs = ["tower", "other"]',
    ),
    Code(
        "E309",
        "a tensor that no computer could hold",
        "This tensor or weight would have more than a million million numbers. Mostly a size is mistyped, or a "
        "`Flatten` of a large picture stands before a large Dense layer. Make the tensor smaller first, with pooling, "
        "strides or a global pooling layer.",
        'inputs.image.shape = [1024, 1024, 3]\n\n[[layers]]\ntype = "Flatten"\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 1000000',
        'inputs.image.shape = [1024, 1024, 3]\n\n[[layers]]\ntype = "GlobalAveragePooling2D"\n\n'
        '[[layers]]\ntype = "Dense"\nunits = 1000',
    ),
    Code(
        "E310",
        "Keras refused it while the model was built",
        "keraspec checks a spec without Keras, so that you need not wait; now and then Keras itself knows a reason "
        "against a layer that keraspec does not. The message is what Keras said, at the entry where it said it. If "
        "you think that the check should have found it, please report it: each such case is a gap that we want to "
        "close.",
        '[[layers]]\ntype = "Dense"\nunits = 8\nbias_initializer = "orthogonal"',
        '[[layers]]\ntype = "Dense"\nunits = 8\nbias_initializer = "zeros"',
    ),
)

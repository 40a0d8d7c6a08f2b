"""Catalogue: layers that look words up in a vocabulary, given or learned from the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ..sizes import Size, same, symbol
from ..tensor import FLOATS, TensorType, shape_text
from .categories import NOT_TAKEN, SALT, SPARSE, gathered, no_sparse_numbers, one_hot_shape, output_mode
from .kinds import BOOLEAN, COUNT, Kind, choice, either, integer, list_of, nullable, nullable_text, number
from .record import Argument, ArgumentError, Call, Inferred, Record, ShapeError
from .rules import result
from .training_arguments import SIZE

_NO_FILE: Final = (
    "not the path of a file, for a spec opens no files but its data; or leave it out and let it be learned"
)
WORDS: Final = replace(list_of(Kind({"type": "string"}, "text"), minimum=1), expects=f"a list of words, {_NO_FILE}")
_LONG: Final = integer(-(2**63), 2**63 - 1)
NUMBER_WORDS: Final = replace(list_of(_LONG, minimum=1), expects=f"a list of whole numbers, {_NO_FILE}")
ENCODING: Final = Argument(
    "encoding",
    Kind({"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}, 'the name of a text encoding, such as "utf-8"'),
    "utf-8",
    "How the bytes of a text are read as letters.",
)
MAX_TOKENS: Final = Argument(
    "max_tokens",
    nullable(integer(2, 2**31 - 1)),
    None,
    "The greatest size of the vocabulary, words for gaps and unknowns included.",
)
UNKNOWN_PLACES: Final = Argument("num_oov_indices", COUNT, 1, "How many numbers are kept for unknown words.")
IDF_WEIGHTS: Final = Argument(
    "idf_weights", nullable(list_of(number(), minimum=1)), None, "How much each word counts in tf_idf mode."
)
INVERT: Final = Argument("invert", BOOLEAN, False, "Whether it goes the other way: from numbers to words.")
MODE: Final = output_mode("int", "one_hot", "multi_hot", "count", "tf_idf")
PAD: Final = Argument(
    "pad_to_max_tokens", BOOLEAN, False, "Whether vectors have `max_tokens` places even if fewer words are known."
)
_NO_PENALTY: Final = Argument("activity_regularizer", NOT_TAKEN, None, "A lookup adds no penalty.")


def _specials(arguments: Mapping[str, Any]) -> list[Any]:
    """What stands before the words of a vocabulary: a gap, where there is a number for it, and unknown words."""
    gap = [arguments["mask_token"]] if arguments["mask_token"] is not None and arguments["output_mode"] == "int" else []
    return gap + [arguments["oov_token"]] * arguments["num_oov_indices"]


def _split_vocabulary(arguments: Mapping[str, Any]) -> tuple[list[Any], Sequence[Any]]:
    """The special tokens and the words proper: a vocabulary may begin with the former or leave them out."""
    vocabulary, specials = arguments["vocabulary"], _specials(arguments)
    front = list(vocabulary[: len(specials)]) == specials
    return specials, vocabulary[len(specials) :] if front else vocabulary


def _depth(arguments: Mapping[str, Any]) -> Size:
    """How many words there are: a word of its own where that is learned from the data."""
    if arguments["pad_to_max_tokens"]:
        size: int = arguments["max_tokens"]
        return size
    if arguments["vocabulary"] is None:
        return symbol("tokens")
    specials, words = _split_vocabulary(arguments)
    return len(specials) + len(words)


def _lookup(arguments: Mapping[str, Any]) -> None:
    mode = arguments["output_mode"]
    if arguments["pad_to_max_tokens"] and arguments["max_tokens"] is None:
        raise ArgumentError(
            "pad_to_max_tokens", "there is no number of words to pad to", help="add `max_tokens`, or leave it out"
        )
    if arguments["invert"] and mode != "int":
        raise ArgumentError(
            "output_mode",
            f'with `invert` numbers become words, so `output_mode = "{mode}"` has no meaning',
            help="leave `output_mode` out",
            other="invert",
        )
    no_sparse_numbers(arguments)
    weights, vocabulary = arguments["idf_weights"], arguments["vocabulary"]
    if weights is not None and mode != "tf_idf":
        raise ArgumentError(
            "idf_weights",
            f'`idf_weights` is of use with `output_mode = "tf_idf"` only, found "{mode}"',
            help="leave it out",
            other="output_mode",
        )
    if mode == "tf_idf" and (weights is None) != (vocabulary is None):
        given, missing = ("vocabulary", "idf_weights") if weights is None else ("idf_weights", "vocabulary")
        raise ArgumentError(
            given,
            f"in tf_idf mode `{given}` is not enough without `{missing}`",
            help=f"add `{missing}`, or leave both out and let them be learned from the data",
        )
    if vocabulary is not None:
        _vocabulary(arguments)


def _vocabulary(arguments: Mapping[str, Any]) -> None:
    specials, words = _split_vocabulary(arguments)
    mask, unknown = arguments["mask_token"], arguments["oov_token"]
    if not words:
        raise ArgumentError(
            "vocabulary",
            f"`vocabulary` holds no words besides {', '.join(repr(word) for word in specials)}, which are always there",
            help="add the words, or leave it out and let them be learned from the data",
        )
    twice = [word for word, count in Counter(words).items() if count > 1]
    if twice:
        raise ArgumentError(
            "vocabulary",
            f"`vocabulary` holds {', '.join(repr(word) for word in twice[:3])} more than once",
            help="keep each word once",
        )
    reserved = [("mask_token", mask)] + ([("oov_token", unknown)] if arguments["invert"] else [])
    for name, token in reserved:
        if token is not None and token in words:
            raise ArgumentError(
                "vocabulary",
                f"{token!r} is the `{name}` and cannot be a word of the vocabulary as well",
                help="leave it out of `vocabulary`",
                other=name,
            )
    size, most = len(specials) + len(words), arguments["max_tokens"]
    if most is not None and size > most:
        raise ArgumentError(
            "max_tokens",
            f"`vocabulary` makes {size} tokens, words for gaps and unknowns included, but `max_tokens` is {most}",
            help=f"write `max_tokens = {size}`, or leave it out",
            other="vocabulary",
        )
    weights = arguments["idf_weights"]
    if weights is not None and len(weights) != len(arguments["vocabulary"]):
        raise ArgumentError(
            "idf_weights",
            f"`idf_weights` has {len(weights)} numbers for {len(arguments['vocabulary'])} words",
            help="give one number for each word",
            other="vocabulary",
        )


def _integer_lookup(arguments: Mapping[str, Any]) -> None:
    if arguments["salt"] is not None and arguments["oov_method"] != "farmhash":
        raise ArgumentError(
            "salt",
            '`salt` is of use with `oov_method = "farmhash"` only',
            help='leave it out, or add `oov_method = "farmhash"`',
            other="oov_method",
        )
    _lookup(arguments)


def string_lookup(call: Call) -> Inferred:
    """Each word becomes its number, or an encoding of it; with ``invert`` each number its word."""
    if call["invert"]:
        _whole_numbers(call)
        return result(call, call.x.shape, dtype="string")
    text_input(call)
    return _looked_up(call)


def integer_lookup(call: Call) -> Inferred:
    """Each number becomes its place in the vocabulary, or an encoding of it; with ``invert`` the other way."""
    if call.x.dtype == "string":
        raise ShapeError(
            "E304",
            "IntegerLookup takes whole numbers, but its input holds text (dtype string)",
            help="use `StringLookup`",
        )
    return _looked_up(call)


def _looked_up(call: Call) -> Inferred:
    mode = call["output_mode"]
    if mode == "int":
        return result(call, call.x.shape, dtype="int64")
    depth = _depth(call.layer.arguments)
    shape = one_hot_shape(call.x.shape, depth) if mode == "one_hot" else gathered(call, depth)
    return result(call, shape, dtype="float32")


def _whole_numbers(call: Call) -> None:
    if call.x.dtype == "string" or call.x.dtype in FLOATS:
        raise ShapeError(
            "E304",
            f"with `invert` {call.layer.record.name} takes whole numbers, but its input has dtype {call.x.dtype}",
            help='give the input `dtype = "int64"`, or leave `invert` out',
        )


def text_input(call: Call) -> TensorType:
    """The input, which must hold text.

    Raises:
        ShapeError: E304 if it holds numbers.
    """
    if call.x.dtype != "string":
        raise ShapeError(
            "E304",
            f"{call.layer.record.name} takes text, but its input has dtype {call.x.dtype}",
            help='give the input `dtype = "string"`'
            + (", or use `IntegerLookup`" if call.layer.record.name == "StringLookup" else ""),
        )
    return call.x


_ALWAYS: Final = {"mask_token": "", "oov_token": "[UNK]", "num_oov_indices": 1, "invert": False}
"""How TextVectorization sets up the lookup inside it."""


def _text_vectorization(arguments: Mapping[str, Any]) -> None:
    mode = arguments["output_mode"]
    if mode != "int" and arguments["output_sequence_length"] is not None:
        raise ArgumentError(
            "output_sequence_length",
            f'with `output_mode = "{mode}"` a text becomes one vector and has no length',
            help="leave it out",
            other="output_mode",
        )
    if mode in ("one_hot", "tf_idf") and arguments["sparse"] and arguments["split"] is not None:
        raise ArgumentError(
            "sparse",
            f'texts of unequal length cannot become sparse vectors with `output_mode = "{mode}"`',
            help='leave `sparse` out, or choose `output_mode = "multi_hot"`',
            other="output_mode",
        )
    _lookup({**arguments, **_ALWAYS})


def text_vectorization(call: Call) -> Inferred:
    """(batch,) or (batch, 1) of text → (batch, length) of word numbers, or (batch, words) of weights.

    ``length`` is ``output_sequence_length``, else that of the longest text of the batch.
    """
    x = text_input(call)
    words: Size = symbol("length")
    if call["split"] is not None:
        if x.rank > 2 or (x.rank == 2 and same(x.shape[1], 1) is False):
            raise ShapeError(
                "E301",
                f"TextVectorization splits one text a row, so it expects (batch, 1), found {shape_text(x.shape)}",
                help='give the input `shape = [1]`, or write `split = "none"` if each value is one word already',
            )
    elif x.rank != 2:
        raise ShapeError(
            "E301",
            f"without `split` TextVectorization expects (batch, words), found {shape_text(x.shape)}",
            help="give the input a shape of one number, or leave `split` out",
        )
    elif call["ngrams"] is None:
        words = x.shape[1]
    mode, length = call["output_mode"], call["output_sequence_length"]
    if mode == "int":
        return result(call, (x.shape[0], words if length is None else length), dtype="int64")
    depth = _depth({**call.layer.arguments, **_ALWAYS})
    shape = one_hot_shape((x.shape[0], words), depth) if mode == "one_hot" else (x.shape[0], depth)
    return result(call, shape, dtype="float32")


LAYERS = (
    Record(
        name="StringLookup",
        family="layers",
        summary="Gives each word its number in a vocabulary, which is learned from the data unless it is given.",
        page="layers/preprocessing_layers/categorical/string_lookup",
        arguments=(
            MAX_TOKENS,
            UNKNOWN_PLACES,
            Argument("mask_token", nullable_text(), None, "A word that stands for a gap."),
            Argument("oov_token", nullable_text(), "[UNK]", "The word that unknown ones turn into with `invert`."),
            Argument("vocabulary", nullable(WORDS), None, "The words, the most frequent first."),
            IDF_WEIGHTS,
            INVERT,
            MODE,
            PAD,
            SPARSE,
            ENCODING,
            SALT,
            _NO_PENALTY,
        ),
        rule=string_lookup,
        check=_lookup,
    ),
    Record(
        name="IntegerLookup",
        family="layers",
        summary="Gives each whole number its place in a vocabulary, which is learned from the data unless it is given.",
        page="layers/preprocessing_layers/categorical/integer_lookup",
        arguments=(
            MAX_TOKENS,
            UNKNOWN_PLACES,
            Argument("mask_token", nullable(_LONG), None, "A number that stands for a gap."),
            Argument("oov_token", nullable(_LONG), -1, "The number that unknown ones turn into with `invert`."),
            Argument("vocabulary", nullable(NUMBER_WORDS), None, "The numbers, the most frequent first."),
            Argument("vocabulary_dtype", choice("int64"), "int64", "Which whole numbers tokens are: those of 64 bits."),
            IDF_WEIGHTS,
            INVERT,
            MODE,
            SPARSE,
            PAD,
            Argument(
                "oov_method", choice("floormod", "farmhash"), "floormod", "How unknown numbers share their places."
            ),
            SALT,
            _NO_PENALTY,
        ),
        rule=integer_lookup,
        check=_integer_lookup,
    ),
    Record(
        name="TextVectorization",
        family="layers",
        summary="Splits text into words and gives each its number in a vocabulary, learned from the data unless given.",
        page="layers/preprocessing_layers/text/text_vectorization",
        arguments=(
            MAX_TOKENS,
            Argument(
                "standardize",
                nullable(choice("lower_and_strip_punctuation", "lower", "strip_punctuation")),
                "lower_and_strip_punctuation",
                "What is evened out before splitting.",
            ),
            Argument(
                "split",
                nullable(choice("whitespace", "character")),
                "whitespace",
                "At what a text falls into tokens: blanks, letters, or nowhere.",
            ),
            Argument(
                "ngrams",
                nullable(either(SIZE, list_of(SIZE, minimum=1))),
                None,
                "Also takes runs of up to so many words as words; a list: runs of these lengths alone.",
            ),
            MODE,
            Argument("output_sequence_length", nullable(SIZE), None, "Cuts or fills every text to so many words."),
            PAD,
            Argument("vocabulary", nullable(WORDS), None, "The words, the most frequent first."),
            IDF_WEIGHTS,
            SPARSE,
            Argument(
                "ragged",
                Kind({"const": False}, "false: rows of unequal length do not pass through a model"),
                False,
                "Whether rows keep unequal lengths; only false.",
            ),
            ENCODING,
        ),
        rule=text_vectorization,
        check=_text_vectorization,
    ),
)

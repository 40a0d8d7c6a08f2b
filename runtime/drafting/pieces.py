"""From looks at columns to pieces of a network: for each an input, the layers behind it, and words about them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .looks import Look

FEW: Final = 8
"""So many different words get a unit each; more become vectors that are learned."""
_MOST_SHOWN: Final = 30
"""So many words are written into the spec; of more, those that are frequent are learned."""
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_]+")

Entry = dict[str, Any]


@dataclass(slots=True)
class Piece:
    """One input and the layers behind it; ``end`` is the name of the last of them, ``about`` says what they do.
    ``window``: its rows are windows of so many rows of the table."""

    name: str
    shape: list[int]
    dtype: str
    columns: list[str]
    about: str
    layers: list[Entry] = field(default_factory=list)
    augment: list[Entry] = field(default_factory=list)
    end: str = ""
    learns: bool = False
    window: Mapping[str, int] | None = None


@dataclass(slots=True)
class Names:
    """Names that are taken; each is given once."""

    taken: set[str] = field(default_factory=set)

    def __call__(self, wish: str) -> str:
        """A name like the one wished for, of the letters that a name may have."""
        plain = _NO_NAME.sub("_", wish).strip("_").lower() if not _is_name(wish) else wish
        plain = plain if plain and not plain[0].isdigit() else f"column_{plain}".rstrip("_")
        plain = plain[:100]
        name, number = plain, 2
        while name in self.taken:
            name, number = f"{plain}_{number}", number + 1
        self.taken.add(name)
        return name


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None


def pieces(looks: Sequence[Look], names: Names) -> list[Piece]:
    """The pieces for all columns that a model sees: numbers together, every other column by itself."""
    numbers = [one for one in looks if one.kind == "number"]
    made = [_numbers(numbers, names)] if numbers else []
    return made + [piece for one in looks if (piece := _piece(one, names)) is not None]


def _piece(one: Look, names: Names) -> Piece | None:
    makers = {"words": _words, "text": _text, "vector": _vector, "sequence": _sequence, "picture": _picture}
    maker = makers.get(one.kind)
    return None if maker is None else maker(one, names)


def _numbers(columns: Sequence[Look], names: Names) -> Piece:
    name = names(columns[0].name if len(columns) == 1 else "numbers")
    end = names(f"{name}_scaled")
    about = "Columns of numbers: Normalization brings all of them to a like size, learned from the training rows."
    layers: list[Entry] = [{"name": end, "type": "Normalization", "inputs": name}]
    return Piece(name, [len(columns)], "float32", [one.name for one in columns], about, layers, end=end)


def _words(one: Look, names: Names) -> Piece:
    name = names(one.name)
    number, listed = names(f"{name}_number"), [str(word) for word, _ in one.values]
    lookup: Entry = {"name": number, "type": "StringLookup", "inputs": name}
    if one.unique <= FEW:
        lookup |= {"vocabulary": sorted(listed), "output_mode": "one_hot"}
        about = f"Column {one.name}: a unit for each of its {one.unique} words, and one for all others."
        return Piece(name, [], "string", [one.name], about, [lookup], end=number)
    size = one.unique + 1
    if one.unique <= _MOST_SHOWN:
        lookup["vocabulary"] = sorted(listed)
    else:
        size = min(size, 1 + sum(1 for _, count in one.values if count > 1) or size)
        size = max(size, 2)
        lookup["max_tokens"] = size
    end = names(f"{name}_vector")
    width = max(2, min(32, round(size**0.5)))
    about = (
        f"Column {one.name}: {one.unique} different words become numbers, and each number a vector of {width} that is "
        "learned."
    )
    vector: Entry = {"name": end, "type": "Embedding", "input_dim": size, "output_dim": width}
    return Piece(name, [], "string", [one.name], about, [lookup, vector], end=end)


def _text(one: Look, names: Names) -> Piece:
    name = names(one.name)
    return Piece(name, [], "string", [one.name], f"Column {one.name}: {TEXT_WORDS}", *_reading(name, one, names))


TEXT_WORDS: Final = "texts. Words become numbers, numbers vectors, and convolutions find the phrases that tell."


def _reading(name: str, one: Look, names: Names) -> Any:
    """Layers that read texts, no augmentation, and the name of the last layer."""
    length = max(8, min(400, one.length or 200))
    tokens = min(10_000, max(100, one.rows * max(4, length) // 10))
    end = names(f"{name}_read")
    kernel = 3
    layers: list[Entry] = [
        {"type": "TextVectorization", "inputs": name, "max_tokens": tokens, "output_sequence_length": length},
        {"type": "Embedding", "input_dim": tokens, "output_dim": 32},
        {"type": "Conv1D", "filters": 64, "kernel_size": kernel, "activation": "relu"},
        {"name": end, "type": "GlobalMaxPooling1D"},
    ]
    return layers, [], end, True


def texts(name: str, one: Look, names: Names) -> Piece:
    """The piece for a folder of texts."""
    return Piece(name, [], "string", [], f"Each file is one text: {TEXT_WORDS}", *_reading(name, one, names))


def _vector(one: Look, names: Names) -> Piece:
    name = names(one.name)
    end = names(f"{name}_scaled")
    about = f"Column {one.name}: rows of {one.shape[0]} numbers, brought to a like size."
    layers: list[Entry] = [{"name": end, "type": "Normalization", "inputs": name}]
    return Piece(name, list(one.shape), "float32", [one.name], about, layers, end=end)


def _sequence(one: Look, names: Names) -> Piece:
    name = names(one.name)
    end = names(f"{name}_read")
    about = f"Column {one.name}: series of {one.shape[0]} steps, read from the first to the last."
    layers: list[Entry] = [{"type": "Normalization", "inputs": name}, {"name": end, "type": "GRU", "units": 32}]
    return Piece(name, list(one.shape), "float32", [one.name], about, layers, end=end, learns=True)


def _picture(one: Look, names: Names) -> Piece:
    height, width, channels = one.shape
    return picture(names(one.name), (height, width, channels), [one.name], names, rows=one.rows, bytes_=one.bytes_)


def picture(
    name: str, shape: tuple[int, int, int], columns: list[str], names: Names, *, rows: int, bytes_: bool = True
) -> Piece:
    """The piece for pictures: stages of convolutions, each of which halves height and width."""
    height, width, channels = shape
    layers: list[Entry] = []
    if bytes_:
        layers.append({"type": "Rescaling", "inputs": name, "scale": "${1 / 255}"})
    filters, side = (16 if rows < 2000 else 32), min(height, width)
    while True:
        first = {} if layers else {"inputs": name}
        convolution: Entry = {"type": "Conv2D", **first, "filters": filters, "kernel_size": 3, "padding": "same"}
        layers += [{**convolution, "use_bias": False}, {"type": "BatchNormalization"}, {"type": "ReLU"}]
        if side < 8 or filters >= 256:
            break
        layers.append({"type": "MaxPooling2D"})
        filters, side = min(256, 2 * filters), side // 2
    end = names(f"{name}_seen")
    layers.append({"name": end, "type": "Flatten" if side <= 4 else "GlobalAveragePooling2D"})
    about = f"Pictures of {height}x{width} pixels: each stage of convolutions sees larger things, with half the pixels."
    augment: list[Entry] = [
        {"type": "RandomTranslation", "height_factor": 0.1, "width_factor": 0.1},
        {"type": "RandomZoom", "height_factor": 0.1},
    ]
    return Piece(name, [height, width, channels], "float32", columns, about, layers, augment, end, True)


def sound(name: str, length: int, rate: int, names: Names) -> Piece:
    """The piece for sounds of one channel: how loud each pitch is at each time, and what is heard in it."""
    frame = max(64, min(round(rate * 0.025), length // 4))
    fft = 1 << (frame - 1).bit_length()
    step = max(1, frame // 2)
    end = names(f"{name}_heard")
    layers: list[Entry] = [
        {"type": "STFTSpectrogram", "inputs": name, "mode": "log", "frame_length": frame, "frame_step": step,
         "fft_length": fft},
        {"type": "BatchNormalization"},
        {"type": "Conv1D", "filters": 32, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"type": "Conv1D", "filters": 64, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"name": end, "type": "GlobalMaxPooling1D"},
    ]  # fmt: skip
    about = f"Sounds of {length / rate:.3g} s: how loud each pitch is at each time, and what is heard in that."
    return Piece(name, [length, 1], "float32", [], about, layers, end=end, learns=True)

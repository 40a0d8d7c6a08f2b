"""The order of rows: another one every epoch, and the same whenever seed and epoch are the same, on every backend.

TensorFlow shuffles inside its pipeline with ``tf.random.experimental.stateless_shuffle``. Other backends have no
such thing, and the same spec should show the same rows in the same order there: so here is the same arithmetic in
NumPy. Numbers come from Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3",
SC 2011, https://doi.org/10.1145/2063384.2063405); the shuffle is that of Fisher and Yates, front to back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Words = np.ndarray[Any, np.dtype[np.uint32]]

MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
"""Of the two halves of a block in a round of Philox4x32."""

WEYL: Final = (0x9E3779B9, 0xBB67AE85)
"""What the two words of the key grow by from round to round."""

ROUNDS: Final = 10

MIXING: Final = (0x3EC8F720, 0x02461E29)
"""The key with which TensorFlow makes a key and a counter of a seed, so that similar seeds give unlike numbers."""


def permutation(seed: int, epoch: int, count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """All row numbers from 0 to ``count`` (less one) in the order of an epoch, counted from 0.

    Seed and epoch are whole numbers of 64 bits. Takes about a microsecond a row.
    """
    import numpy as np

    if count < 2:
        return np.arange(count, dtype=np.int64)
    drawn = _words(seed, epoch, count - 1)
    ahead = (drawn % np.arange(count, 1, -1, dtype=np.uint32)).tolist()
    rows = list(range(count))
    for place, step in enumerate(ahead):
        other = place + step
        rows[place], rows[other] = rows[other], rows[place]
    return np.array(rows, np.int64)


def _words(seed: int, epoch: int, count: int) -> Words:
    """The first ``count`` random numbers of 32 bits that belong to a seed and an epoch."""
    import numpy as np

    given = [number >> shift & 0xFFFFFFFF for number in (seed, epoch) for shift in (0, 32)]
    mixed = _philox(np.array([given], np.uint32), MIXING)[0]
    blocks = -(-count // 4)
    numbers = np.arange(blocks, dtype=np.uint64)
    low = numbers.astype(np.uint32)
    counters = np.stack([low, (numbers >> np.uint64(32)).astype(np.uint32)], axis=1)
    # The upper half of the counter stays: two to the power of 66 numbers are not used up.
    counters = np.concatenate([counters, np.broadcast_to(mixed[2:], (blocks, 2))], axis=1)
    return _philox(counters, (int(mixed[0]), int(mixed[1]))).reshape(-1)[:count]


def _philox(counters: Words, key: tuple[int, int]) -> Words:
    """The random block of four numbers for each counter of four; shape ``(blocks, 4)``."""
    import numpy as np

    a, b, c, d = (counters[:, place].astype(np.uint64) for place in range(4))
    first, second = key
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    for _ in range(ROUNDS):
        left = a * np.uint64(MULTIPLIERS[0])
        right = c * np.uint64(MULTIPLIERS[1])
        a, b, c, d = (
            (right >> half) ^ b ^ np.uint64(first),
            right & low,
            (left >> half) ^ d ^ np.uint64(second),
            left & low,
        )
        first, second = (first + WEYL[0]) & 0xFFFFFFFF, (second + WEYL[1]) & 0xFFFFFFFF
    return np.stack([a, b, c, d], axis=1).astype(np.uint32)

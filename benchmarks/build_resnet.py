"""Seconds to build ResNet-50 from its spec and by hand, in turn in one process: JSON with the medians and the ratio.

Both sides end in a model of 25,636,712 weights; reading and checking the spec is in our time.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

ROUNDS = 7


def main() -> None:
    """Build each side once uncounted, then in turn."""
    import keras

    import keraspec

    by_hand = compile(sys.argv[1], "by hand", "exec")
    spec = Path(sys.argv[2])

    def ours() -> None:
        assert keraspec.build(spec).count_params() == 25_636_712

    def theirs() -> None:
        exec(by_hand, {})  # asserts the count as well

    pairs = []
    for _ in range(ROUNDS + 1):
        pair = []
        for side in (ours, theirs):
            keras.backend.clear_session()
            start = time.perf_counter()
            side()
            pair.append(time.perf_counter() - start)
        pairs.append(pair)
    counted = pairs[1:]
    print(
        json.dumps(
            {
                "ours": statistics.median(one for one, _ in counted),
                "theirs": statistics.median(one for _, one in counted),
                "ratio": statistics.median(one / other for one, other in counted),
            }
        )
    )


if __name__ == "__main__":
    main()

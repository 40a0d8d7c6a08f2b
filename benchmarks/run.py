"""All benchmarks: one table, each figure a ratio against a named rival measured in the same run.

    python benchmarks/run.py             # everything, about a quarter of an hour
    python benchmarks/run.py check       # or: warm, many, cache, draw, lift, build, train, fit

Medians of interleaved runs, so that a machine that slows down slows both sides down.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import specs  # noqa: E402 - beside this file, which is no package

Row = tuple[str, str, str, str]

KERAS_RESNET = """
import keras
from keras import layers

def conv(x, filters, kernel, strides=1, relu=True):
    x = layers.Conv2D(filters, kernel, strides=strides, padding="same" if kernel > 1 else "valid")(x)
    x = layers.BatchNormalization(epsilon=1.001e-5)(x)
    return layers.ReLU()(x) if relu else x

image = keras.Input((224, 224, 3))
x = conv(image, 64, 7, 2)
x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
for stage, (depth, filters) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), start=2):
    for unit in range(depth):
        strides = 2 if unit == 0 and stage > 2 else 1
        short = conv(x, 4 * filters, 1, strides, relu=False) if unit == 0 else x
        x = conv(x, filters, 1, strides)
        x = conv(x, filters, 3)
        x = conv(x, 4 * filters, 1, relu=False)
        x = layers.ReLU()(layers.Add()([short, x]))
x = layers.GlobalAveragePooling2D()(x)
model = keras.Model(image, layers.Dense(1000, activation="softmax")(x))
assert model.count_params() == 25_636_712, model.count_params()
"""


def process(arguments: list[str]) -> tuple[float, int]:
    """Wall seconds and peak resident bytes of a cold process that must end well."""
    start = time.perf_counter()
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    trouble = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{arguments[:4]} failed:\n{trouble.decode()}")
    return seconds, usage.ru_maxrss * 1024


def interleaved(count: int, *sides: Callable[[], tuple[float, int]]) -> list[tuple[float, int]]:
    """Median seconds and median bytes of each side, measured in turn; one round first that is not counted."""
    rounds = [[side() for side in sides] for _ in range(count + 1)][1:]
    return [
        (statistics.median(one[side][0] for one in rounds), int(statistics.median(one[side][1] for one in rounds)))
        for side in range(len(sides))
    ]


def check(folder: Path) -> list[Row]:
    """A cold check of a ResNet-50-sized spec against Keras' import, and against building the model in Keras."""
    spec = folder / "resnet50.keraspec.toml"
    spec.write_text(specs.resnet50(), encoding="utf-8")
    verb = [str(Path(sys.executable).with_name("keraspec")), "check", str(spec)]
    ours, imported, built = interleaved(
        5,
        lambda: process(verb),
        lambda: process([sys.executable, "-c", "import keras"]),
        lambda: process([sys.executable, "-c", KERAS_RESNET]),
    )
    size = f"{ours[1] / 2**20:.0f} MB against {imported[1] / 2**20:.0f} MB"
    return [
        (
            "check ResNet-50 (174 entries), cold process",
            f"{ours[0]:.2f} s",
            "import keras (TensorFlow)",
            f"{imported[0] / ours[0]:.1f}x faster",
        ),
        ("the same", f"{ours[0]:.2f} s", "building it in Keras", f"{built[0] / ours[0]:.1f}x faster"),
        ("peak memory of the same", size, "import keras (TensorFlow)", f"{imported[1] / ours[1]:.1f}x less"),
    ]


def warm(folder: Path) -> list[Row]:
    """The same check in a warm process, and chains of two lengths."""
    from keraspec.checked import compile_text

    def timed(text: str) -> float:
        start = time.perf_counter()
        loaded = compile_text(text)
        seconds = time.perf_counter() - start
        assert not loaded.diagnostics, loaded.diagnostics
        return seconds

    texts = {"resnet": specs.resnet50(), "1,000": specs.chain(1000), "10,000": specs.chain(10_000)}
    for text in (texts["resnet"], texts["1,000"]):
        timed(text)
    resnet = statistics.median(timed(texts["resnet"]) for _ in range(15))
    short = statistics.median(timed(texts["1,000"]) for _ in range(5))
    long = statistics.median(timed(texts["10,000"]) for _ in range(3))
    return [
        ("check ResNet-50, warm process", f"{resnet * 1000:.1f} ms", "goal of 20 ms", f"{0.020 / resnet:.2f}x"),
        ("check a chain of 1,000 layers, warm", f"{short * 1000:.0f} ms", "", ""),
        (
            "check a chain of 10,000 layers, warm",
            f"{long * 1000:.0f} ms",
            "10 times the 1,000",
            f"{10 * short / long:.2f}x",
        ),
    ]


def train(folder: Path) -> list[Row]:
    """Samples a second of the MNIST-sized CNN against hand-written Keras with fit on NumPy arrays."""
    rounds = []
    for _ in range(5):
        pair = []
        for side in ("keraspec", "keras"):
            pair.append(_json([str(HERE / "train_cnn.py"), side, str(folder)]))
        rounds.append(pair)
    ours = statistics.median(one[0]["samples_per_second"] for one in rounds)
    theirs = statistics.median(one[1]["samples_per_second"] for one in rounds)
    ratio = statistics.median(one[0]["samples_per_second"] / one[1]["samples_per_second"] for one in rounds)
    return [
        (
            "train the MNIST CNN, samples a second",
            f"{ours:,.0f}",
            f"Keras fit on NumPy arrays, {theirs:,.0f}",
            f"{ratio:.2f}x",
        ),
    ]


RIVALS = {
    "tutorial": "tf.data as in tutorials, fit",
    "tuned": "the best tf.data, 32 steps at once, fit",
    "tape": "the same tf.data, a GradientTape",
}
MODELS = {
    "one_layer": "784-10",
    "mlp": "784-128-10",
    "cnn": "the CNN 16/32",
    "lstm": "an LSTM of 32",
    "table": "a table",
}


def fit(folder: Path) -> list[Row]:
    """Rows a second of five models against three ways by hand, and what checkpoints cost."""
    rows: list[Row] = []
    for model, what in MODELS.items():
        found = _json([str(HERE / "train_models.py"), model, str(folder)])
        for rival, words in RIVALS.items():
            name = f"train {what}, rows a second" if rival == "tutorial" else "the same"
            side, ratio = f"{words}, {found[rival]:,.0f}", f"{found[f'against_{rival}']:.2f}x"
            rows.append((name, f"{found['keraspec']:,.0f}", side, ratio))
    found = _json([str(HERE / "train_models.py"), "checkpoints", str(folder)])
    without = f"without any, {found['without']:.2f} s"
    return [*rows, ("a run with checkpoints", f"{found['with']:.2f} s", without, f"{found['share']:+.1%} of its time")]


def many(folder: Path) -> list[Row]:
    """A thousand specs in one command, on all cores and on one: small ones, and ones of ResNet-50's size."""
    small = (HERE.parent / "examples" / "penguins.keraspec.toml").read_text(encoding="utf-8")
    rows: list[Row] = []
    for what, text in (("small specs", small), ("specs of ResNet-50's size", specs.resnet50())):
        home = folder / what.replace(" ", "-").replace("'", "")
        home.mkdir()
        for index in range(1000):
            (home / f"{index:04}.keraspec.toml").write_text(text, encoding="utf-8")
        verb = "from keraspec.cli import main; main()"
        alone = "import keraspec.batch; keraspec.batch.WORTH_IT = 10**12; " + verb
        ours, one, imported = interleaved(
            3,
            partial(process, [sys.executable, "-c", verb, "check", str(home)]),
            partial(process, [sys.executable, "-c", alone, "check", str(home)]),
            partial(process, [sys.executable, "-c", "import keras"]),
        )
        rows += [
            (
                f"check 1,000 {what}",
                f"{ours[0]:.2f} s",
                f"the same on one core, {one[0]:.2f} s",
                f"{one[0] / ours[0]:.2f}x",
            ),
            ("the same", f"{ours[0]:.2f} s", "import keras (TensorFlow)", f"{imported[0] / ours[0]:.2f}x"),
        ]
    return rows


def cache(folder: Path) -> list[Row]:
    """A thousand specs checked a second time, and one alone with and without a folder to remember it in."""
    small = (HERE.parent / "examples" / "penguins.keraspec.toml").read_text(encoding="utf-8")
    home = folder / "remembered"
    (home / ".git").mkdir(parents=True)
    for index in range(1000):
        (home / f"{index:04}.keraspec.toml").write_text(small, encoding="utf-8")
    verb = [str(Path(sys.executable).with_name("keraspec")), "check"]
    first, second = interleaved(
        3, partial(process, [*verb, str(home), "--no-cache"]), partial(process, [*verb, str(home)])
    )
    one = str(home / "0000.keraspec.toml")
    without, alone = interleaved(5, partial(process, [*verb, one, "--no-cache"]), partial(process, [*verb, one]))
    share = f"{second[0] / first[0]:.1%} of its time"
    return [
        ("check 1,000 small specs again", f"{second[0]:.2f} s", f"the first time, {first[0]:.2f} s", share),
        (
            "check one of them",
            f"{alone[0]:.2f} s",
            f"with --no-cache, {without[0]:.2f} s",
            f"{without[0] / alone[0]:.2f}x",
        ),
    ]


def build(folder: Path) -> list[Row]:
    """ResNet-50 from its spec, checked and built, against the same layers in Keras by hand."""
    spec = folder / "built.keraspec.toml"
    spec.write_text(specs.resnet50(), encoding="utf-8")
    found = _json([str(HERE / "build_resnet.py"), KERAS_RESNET, str(spec)])
    by_hand = f"Keras by hand, {found['theirs']:.2f} s"
    return [("build ResNet-50 from its spec", f"{found['ours']:.2f} s", by_hand, f"{found['ratio']:.2f} of its time")]


KERAS_CHAIN = """
import sys
import keras

sys.setrecursionlimit(20_000)  # Keras takes a step deeper for every layer
x = given = keras.Input((64,))
for index in range(1000):
    x = keras.layers.Dense(32 + index % 97, activation="relu", name=f"dense{index}")(x)
model = keras.Model(given, x)
"""
PLOT = """
import sys
shapes = dict(show_shapes=True, show_layer_names=True, show_layer_activations=True)
keras.utils.plot_model(model, sys.argv[1], **shapes)
"""


def draw(folder: Path) -> list[Row]:
    """From a spec to an SVG in a cold process, against Keras drawing the same network, built by hand first."""
    missing = [what for what, found in (("pydot", find_spec("pydot")), ("dot", shutil.which("dot"))) if not found]
    rows: list[Row] = []
    for what, text, by_hand in (
        ("ResNet-50", specs.resnet50(), KERAS_RESNET),
        ("a chain of 1,000", specs.chain(1000), KERAS_CHAIN),
    ):
        spec, ours, theirs = (folder / f"drawn{ending}" for ending in (".keraspec.toml", ".svg", "_by_keras.svg"))
        spec.write_text(text, encoding="utf-8")
        verb = [str(Path(sys.executable).with_name("keraspec")), "draw", str(spec), "-o", str(ours)]
        plot = [sys.executable, "-c", by_hand + PLOT, str(theirs)]
        drawn, whole, *rival = interleaved(
            3,
            partial(process, verb),
            partial(process, [*verb, "--whole"]),
            *([] if missing else [partial(process, plot)]),
        )
        if missing:
            print(f"draw {what}: not against Keras, whose plot_model needs {' and '.join(missing)}", file=sys.stderr)
        for how, found in (("", drawn), (", every layer", whole)):
            ratio = (
                (f"plot_model, {rival[0][0]:.2f} s", f"{rival[0][0] / found[0]:.1f}x faster") if rival else ("-", "-")
            )
            rows.append((f"draw {what}{how}, cold process", f"{found[0]:.2f} s", *ratio))
    return rows


KEEP = """
import sys, keras
open(sys.argv[1], "w").write(keras.applications.ResNet152(weights=None).to_json())
"""
LOAD = "import sys, keras; keras.models.model_from_json(open(sys.argv[1]).read())"


def lift(folder: Path) -> list[Row]:
    """ResNet-152 from Keras' JSON to a folded spec, in a cold process, against Keras reading the same JSON."""
    saved = folder / "resnet152.json"
    process([sys.executable, "-c", KEEP, str(saved)])
    verb = [str(Path(sys.executable).with_name("keraspec")), "import", str(saved), "--fold"]
    ours, theirs = interleaved(5, partial(process, verb), partial(process, [sys.executable, "-c", LOAD, str(saved)]))
    what = "import and fold ResNet-152, cold process"
    return [(what, f"{ours[0]:.2f} s", "Keras reading the same JSON", f"{theirs[0] / ours[0]:.1f}x faster")]


def _json(arguments: list[str]) -> dict[str, float]:
    """What a script beside this one prints last."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    last = done.stdout.strip().splitlines()[-1]
    print(last, file=sys.stderr, flush=True)  # the table comes at the very end
    found: dict[str, float] = json.loads(last)
    return found


PARTS = {
    "check": check,
    "warm": warm,
    "many": many,
    "cache": cache,
    "draw": draw,
    "lift": lift,
    "build": build,
    "train": train,
    "fit": fit,
}


def main() -> None:
    """Run the parts that were asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all if left out")
    wanted = parser.parse_args().parts or list(PARTS)
    unknown = [one for one in wanted if one not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            rows += PARTS[name](Path(folder))
    head = ("what", "keraspec", "rival", "ratio")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    for row in (head, tuple("-" * width for width in widths), *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


if __name__ == "__main__":
    main()

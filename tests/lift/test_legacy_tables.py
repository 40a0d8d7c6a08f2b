"""The tables of old Keras against the catalogue, and what they say of numbers against Keras."""

from __future__ import annotations

import pytest

from keraspec.compiler.catalogue import family, find
from keraspec.compiler.lift.keras_1 import KERAS_1
from keraspec.compiler.lift.keras_2 import KERAS_2
from keraspec.compiler.lift.legacy_objects import VARIANCES
from keraspec.compiler.lift.local import LOCAL
from keraspec.compiler.lift.old import Old


@pytest.mark.parametrize("table", [KERAS_1, KERAS_2], ids=["1", "2"])
def test_the_tables_lead_to_what_there_is(table: tuple[Old, ...]) -> None:
    """Every class and argument that the tables lead to is of the catalogue, or of the next table."""
    next_names = {name for old in KERAS_2 for name in (*old.renamed, *(gone.name for gone in old.gone))}
    everything = {one.name for record in family("layers").values() for one in record.arguments}
    for old in table:
        if old.removed or old.name == "Merge" or old.name in LOCAL:
            continue
        kind = old.today or old.name
        later = next((one.today for one in KERAS_2 if one.name == kind and one.today), kind)
        record = find("layers", later)
        assert record is not None, old.name
        assert record.refused is None, old.name
        own = {one.name for one in record.arguments}
        assert {*old.joined, *old.given} <= own, old.name
        names = {name for one in old.renamed.values() for name in ((one,) if isinstance(one, str) else one)}
        assert names <= everything | next_names, old.name
        assert not names or names & own, old.name


def test_names_of_variance_scalings() -> None:
    """The short names are what Keras' classes are."""
    keras = pytest.importorskip("keras")
    for (scale, mode, distribution), name in VARIANCES.items():
        made = getattr(keras.initializers, name)()
        assert (made.scale, made.mode, made.distribution) == (scale, mode, distribution)


def test_activations_that_are_said_to_differ_or_not() -> None:
    keras = pytest.importorskip("keras")
    points = keras.ops.convert_to_tensor([-4.0, -0.5, 0.5, 0.7, 1.0, 4.0])
    today = keras.ops.convert_to_numpy(keras.activations.hard_sigmoid(points))
    assert today.tolist() == pytest.approx([min(max(one / 6 + 0.5, 0), 1) for one in (-4.0, -0.5, 0.5, 0.7, 1.0, 4.0)])
    thresholded = keras.ops.convert_to_numpy(keras.layers.ReLU(threshold=0.7)(points))
    assert thresholded.tolist() == [0, 0, 0, 0, 1, 4]

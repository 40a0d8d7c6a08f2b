"""Programs of networks in which texts with an axis of size 1 become vectors that stand beside other columns."""

from __future__ import annotations

import pytest
from program_models import of_text, same

SPEC = """
keraspec = 1
inputs.age.shape = [1]
inputs.note = {{ shape = {shape}, dtype = "string" }}
inputs.title = {{ shape = {shape}, dtype = "string" }}
{layers}
"""
WORDS = 'vocabulary = ["a", "b"]'
PLAIN = f"""layers = [
  {{{{ name = "bag", type = "TextVectorization", inputs = "note", output_mode = "{{mode}}", {WORDS}{{more}} }}}},
  {{{{ name = "head", reuse = "bag", inputs = "title" }}}},
  {{{{ type = "Concatenate", inputs = ["age", "bag", "head"] }}}},
  {{{{ type = "Dense", units = 1 }}}},
]"""
BLOCK = f"""
[blocks.bag]
inputs = ["text"]
layers = [{{{{ name = "words", type = "TextVectorization", output_mode = "{{mode}}", {WORDS} }}}}]
[[layers]]
name = "one"
block = "bag"
inputs = "note"
[[layers]]
name = "two"
block = "bag"
inputs = "title"
[[layers]]
type = "Concatenate"
inputs = ["age", "one", "two"]
[[layers]]
type = "Dense"
units = 1
"""


@pytest.mark.parametrize(
    ("layers", "shape", "mode", "more", "squeezed"),
    [
        (PLAIN, "[1]", "tf_idf", ", idf_weights = [1.0, 1.0]", 2),
        (PLAIN, "[]", "multi_hot", "", 0),
        (BLOCK, "[1]", "count", "", 1),
    ],
)
def test_texts_lose_their_axis_as_in_the_model(layers, shape, mode, more, squeezed):
    checked, text = of_text(SPEC.format(shape=shape, layers=layers.format(mode=mode, more=more)))
    assert text.count("ops.squeeze(") == squeezed
    assert text.count(", axis=1)") == squeezed
    found, wanted = same(checked, text)
    assert found.output_shape == wanted.output_shape

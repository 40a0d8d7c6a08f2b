"""What is said of masks that are gone when the model runs; tests/differential/test_masks.py asks Keras if it is so."""

from __future__ import annotations

from keraspec.checked import compile_text
from keraspec.compiler.run_order import run_order
from keraspec.spec.finding import Diagnostic

WORDS = """keraspec = 1
inputs.tokens = { shape = ["time"], dtype = "int32" }
layers = [
  { name = "word", type = "Embedding", inputs = "tokens", input_dim = 50, output_dim = 16, mask_zero = true },
"""


def said(layers: str, after: str = "", before: str = WORDS) -> tuple[Diagnostic, ...]:
    return compile_text(f"{before}{layers}\n]\n{after}").diagnostics


def look(name: str, query: str, value: str, more: str = "") -> str:
    inputs = f'{{ query = "{query}", value = "{value}" }}'
    return f'{{ name = "{name}", type = "MultiHeadAttention", inputs = {inputs}, num_heads = 2, key_dim = 8{more} }},\n'


def test_one_finding_for_one_cause() -> None:
    stack = look("a", "word", "word")
    for before, name in zip("abcdef", "bcdefg", strict=True):
        source = "word" if before == "a" else f"sum_{before}"
        stack += f'{{ name = "sum_{name}", type = "Add", inputs = ["{source}", "{before}"] }},\n'
        stack += look(name, f"sum_{name}", f"sum_{name}")
    (one,) = said(stack)
    assert one.code == "W302"
    assert one.message == (
        "`b` is given no mask when the model runs: `a` has taken it off `word`; padding counts as data; "
        "2 more layers miss it"
    )
    assert [label for label, _ in one.related] == [
        "MultiHeadAttention takes the masks off the tensors that it reads",
        "the mask comes from here",
        *["the mask is missing here too"] * 3,
    ]


def test_a_text_that_several_layers_look_at() -> None:
    """The first to look takes the mask, whichever is written first: the one farther from the end runs before."""
    deep = look("near", "word", "word") + look("far", "word", "word")
    deep += '{ name = "on", type = "Dense", inputs = "far", units = 16 },\n{ type = "Add", inputs = ["near", "on"] },'
    (one,) = said(deep)
    assert one.message.startswith("`near` is given no mask when the model runs: `far` has taken it off `word`")


def test_in_use_only() -> None:
    dropped = '{ name = "thinned", type = "Dropout", rate = 0.1 },\n' + look("a", "thinned", "thinned")
    dropped += '{ name = "sum", type = "Add", inputs = ["word", "a"] },\n' + look("b", "sum", "sum")
    (one,) = said(dropped)
    assert one.message == (
        "in use, though not in training, `b` is given no mask: `a` has taken it off `thinned`; padding counts as data"
    )
    assert said(dropped.replace("thinned", "same").replace('"Dropout", rate = 0.1', '"Identity"'))[0].message == (
        "`b` is given no mask when the model runs: `a` has taken it off `same`; padding counts as data"
    )
    assert not said(dropped.replace('"Dropout", rate = 0.1', '"Activation", activation = "relu"'))


def test_in_training_only() -> None:
    joined = '{ name = "kind", type = "Embedding", inputs = "tokens", input_dim = 50, output_dim = 16 },\n'
    joined += (
        '{ name = "both", type = "Add", inputs = ["word", "kind"] },\n{ name = "n", type = "BatchNormalization" },'
    )
    (one,) = said(joined)
    assert one.message == (
        "in training `n` is given no mask: `both` joins it with `kind`, which has none; padding counts as data"
    )
    assert not said(joined.replace('"BatchNormalization"', '"BatchNormalization", trainable = false'))


def test_masks_given_by_hand() -> None:
    given = look("a", "word", "word") + '{ name = "sum", type = "Add", inputs = ["word", "a"] },\n'
    real = '{ name = "real", type = "ops.not_equal", inputs = "tokens", x2 = 0 },\n'
    for port in ("value_mask", "key_mask"):
        last = look("b", "sum", "sum").replace('value = "sum"', f'value = "sum", {port} = "real"')
        assert not said(real + given + last)
    both = '{ type = "Attention", inputs = { query = "sum", value = "sum", value_mask = "real" } },\n'
    pooled = '{ name = "mean", type = "GlobalAveragePooling1D" },'
    (one,) = said(real + given.replace("MultiHeadAttention", "MultiHeadAttention") + both + pooled)
    assert one.message.startswith("`mean` is given no mask")
    assert not said(real + given + both.replace("value_mask", 'query_mask = "real", value_mask') + pooled)


def test_what_cannot_see_padding() -> None:
    lost = look("a", "word", "word") + '{ name = "sum", type = "Add", inputs = ["word", "a"] },\n'
    assert not said(lost + look("b", "sum", "sum", ", call = { use_causal_mask = true }"))
    kept = '{ name = "r", type = "LSTM", inputs = "both", units = 4, return_sequences = true },'
    joined = '{ name = "kind", type = "Embedding", inputs = "tokens", input_dim = 50, output_dim = 16 },\n'
    joined += '{ name = "both", type = "Add", inputs = ["word", "kind"] },\n'
    assert not said(joined + kept)
    assert [one.code for one in said(joined + kept.replace(", return_sequences = true", ""))] == ["W302"]
    states = kept.replace(" },", ", return_state = true },")
    assert not said(joined + states)  # nobody reads them
    states += '\n{ name = "last", type = "Add", inputs = ["r[1]", "r[2]"] },'
    assert [one.code for one in said(joined + states, 'outputs = ["r", "last"]')] == ["W302"]


def test_masking_layer() -> None:
    before = 'keraspec = 1\ninputs.x.shape = ["time", 16]\nlayers = [\n'
    before += '{ name = "word", type = "Masking", mask_value = -1 },\n'
    layers = look("a", "word", "word") + '{ name = "sum", type = "Add", inputs = ["word", "a"] },\n'
    (one,) = said(layers + look("b", "sum", "sum"), before=before)
    assert one.help is not None
    assert "`ops.not_equal` of `x` and -1, and of that `real`, `ops.any` with `axis = -1`, and give it here" in one.help


def test_a_mask_that_the_spec_computes() -> None:
    """One that a layer was given and hands on has a name already."""
    before = WORDS.replace("mask_zero = true", "mask_zero = false")
    masked = '{ name = "there", type = "ops.not_equal", inputs = "tokens", x2 = 0 },\n'
    masked += '{ name = "n", type = "BatchNormalization", inputs = { inputs = "word", mask = "there" } },\n'
    masked += look("a", "n", "n") + '{ name = "sum", type = "Add", inputs = ["n", "a"] },\n' + look("b", "sum", "sum")
    (one,) = said(masked, before=before)
    assert one.help is not None
    assert one.help.endswith('or take `there` and give it here, `value_mask = "there"` beside `query` and `value`')


def test_copies_keep_their_mask() -> None:
    """A layer that computes in other numbers is given a copy, and takes the mask off that."""
    layers = look("a", "word", "word", ', dtype = "float64"')
    layers += '{ name = "sum", type = "Add", inputs = ["word", "a"] },\n' + look("b", "sum", "sum")
    assert not said(layers)
    assert [one.code for one in said(layers.replace(', dtype = "float64"', ""))] == ["W302"]


def test_silent_where_something_is_wrong() -> None:
    layers = look("a", "word", "word") + '{ name = "sum", type = "Add", inputs = ["word", "a"] },\n'
    wrong = layers + look("b", "sum", "sum") + '{ type = "Reshape", target_shape = [3, 3] },'
    assert "W302" not in {one.code for one in said(wrong + '{ type = "Conv2D", filters = 2, kernel_size = 3 },')}


def test_run_order_of_a_deep_graph() -> None:
    """No recursion: thousands of calls one behind the other."""
    parents = {number: [number - 1] if number else [] for number in range(20_000)}
    assert run_order(parents, lambda call: call, [19_999]) == list(range(20_000))


def test_run_order_of_shared_layers() -> None:
    """A later call of a layer runs as early as the first, if the walk backwards comes to it after that."""
    parents = {"x": [], "a": ["x"], "b": ["a"], "a2": ["x"], "end": ["a2", "b"]}
    assert run_order(parents, lambda call: call.rstrip("2"), ["end"]) == ["x", "a2", "a", "b", "end"]
    assert run_order(parents, lambda call: call, ["end"]) == ["x", "a", "a2", "b", "end"]

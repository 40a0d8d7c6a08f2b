"""The one layout: what it looks like, that it says the same, and that Tombi leaves it alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from keraspec.spec.format import LayoutError, comments, converted, formatted
from keraspec.spec.format_json import formatted_json
from keraspec.spec.read import read_text

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode puts no folder on the path
from messy import Messy

ROOT = Path(__file__).parents[2]

UGLY = """\
#:schema ../schemas/keraspec-1.json
keraspec=1
name   =   'digits'   #a name


description = 'say "hi"'
inputs . image . shape=[8,8,1]
# the first layer


#   convolution
[[ layers ]]
name="conv1"



type="Conv2D" #two


    # so many
  filters=32
kernel_size=[
 3,
 3]
[[layers]]   # flat
type="Flatten"
[data.inputs.image]
column="pixel_*"
[training]
epochs=3
callbacks=[
  {type="EarlyStopping",patience=3},
  # stop first
  {type='ReduceLROnPlateau' , patience=2}
]
[data]
source={type="csv",path="digits.csv"}
# the end"""

TIDY = """\
#:schema ../schemas/keraspec-1.json

keraspec = 1
name = "digits"  # a name

description = 'say "hi"'
inputs.image.shape = [8, 8, 1]
# the first layer

# convolution
[[layers]]
name = "conv1"

type = "Conv2D"  # two

# so many
filters = 32
kernel_size = [3, 3]

[[layers]]  # flat
type = "Flatten"

[data]
source = { type = "csv", path = "digits.csv" }
# the end

[data.inputs.image]
column = "pixel_*"

[training]
epochs = 3
callbacks = [
  { type = "EarlyStopping", patience = 3 },
  # stop first
  { type = "ReduceLROnPlateau", patience = 2 },
]
"""


def every_spec() -> list[Path]:
    """All specs of the project whose syntax is right."""
    found = []
    for folder in ("examples", "tests/golden", "tests/bad"):
        for path in sorted((ROOT / folder).rglob("*.keraspec.*")):
            document, findings = read_text(path.name, path.read_bytes(), language_of(path))
            if document is not None and not findings:
                found.append(path)
    return found


def language_of(path: Path) -> Any:
    return "json" if path.suffix == ".json" else "toml"


def test_golden() -> None:
    assert formatted(UGLY, "toml") == TIDY
    assert formatted(TIDY, "toml") == TIDY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("#only\n\n", "# only\n"),
        ("a=1\r\nb=2", "a = 1\r\nb = 2\r\n"),
        ("a = [ 1, # one\n 2 # two\n , 3 ]", "a = [\n  1,  # one\n  2,  # two\n  3,\n]\n"),
        ("a = [ # nothing yet\n]", "a = [\n  # nothing yet\n]\n"),
        ("a = {b='c' , d.e=1}\n", 'a = { b = "c", d.e = 1 }\n'),
        ("a.b=1\nc=2\na.d=3\n", "a.b = 1\na.d = 3\nc = 2\n"),
        ("a.b=1\n\nc=2\n\na.d=3\n", "a.b = 1\n\nc = 2\n\na.d = 3\n"),
        ("[a]\n[a.b]\nc=1", "[a]\n[a.b]\nc = 1\n"),
        ("a = [1,\n 2,\n 3\n]", "a = [1, 2, 3]\n"),
        ("a = [1,2,]", "a = [\n  1,\n  2,\n]\n"),
        ('a = """\nx   \n  y"""', 'a = """\nx   \n  y"""\n'),
    ],
)
def test_small_texts(text: str, expected: str) -> None:
    assert formatted(text, "toml") == expected
    assert formatted(expected, "toml") == expected


def test_inputs_keep_their_order_even_if_their_tables_stand_apart() -> None:
    text = "[inputs.b]\nshape = [1]\n\n[inputs]\na.shape = [2]\n"
    new = formatted(text, "toml")
    assert list(tomli.loads(new)["inputs"]) == ["b", "a"]
    assert new == text


def test_a_list_of_tables_too_long_for_a_line_is_broken() -> None:
    entries = ", ".join('{ type = "Dense", units = 1024, activation = "relu" }' for _ in range(3))
    new = formatted(f"layers = [{entries}]", "toml")
    assert new.count("\n") == 5
    assert new.startswith('layers = [\n  { type = "Dense"')
    assert new.endswith("},\n]\n")


def test_specs_of_the_project_say_the_same_and_stay_as_they_are_the_second_time() -> None:
    paths = every_spec()
    assert len(paths) > 100
    for path in paths:
        text = path.read_text(encoding="utf-8").removeprefix("\ufeff")
        new = formatted(text, language_of(path))
        assert formatted(new, language_of(path)) == new, path
        load: Any = json.loads if path.suffix == ".json" else tomli.loads
        assert load(new) == load(text), path


def test_the_specs_in_the_reference_are_laid_out_so() -> None:
    for block in re.findall(
        r"^```toml\n(.*?)^```", (ROOT / "docs/language.md").read_text(encoding="utf-8"), re.M | re.S
    ):
        document, findings = read_text("x.toml", block.encode(), "toml")
        if document is not None and not findings:
            new = formatted(block, "toml")
            assert formatted(new, "toml") == new
            assert tomli.loads(new) == document.data


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_any_toml(seed: int) -> None:
    text = Messy(seed).text()
    new = formatted(text, "toml")
    assert tomli.loads(new) == tomli.loads(text)
    assert formatted(new, "toml") == new
    assert len(comments(new)) == len(comments(text))


def test_tombi_leaves_it_alone(tmp_path: Path) -> None:
    tombi = next((one for one in Path(sys.executable).parent.glob("tombi*") if one.stem == "tombi"), None)
    if tombi is None:
        pytest.skip("tombi is not installed")
    texts = [formatted(Messy(seed).text(), "toml") for seed in range(150)]
    texts += [formatted(path.read_text(encoding="utf-8"), "toml") for path in every_spec() if path.suffix == ".toml"]
    texts += [TIDY]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8", newline="")
    done = subprocess.run([tombi, "format", "--offline", "--quiet", tmp_path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    for number, text in enumerate(texts):
        assert (tmp_path / f"{number}.toml").read_bytes().decode() == text


JSON = """{"keraspec":1,"name":"x","inputs":{"image":{"shape":[8,8,1]}},
"layers":[{"type":"Conv2D","filters":4,"kernel_size":[3,3],"kernel_regularizer":{"type":"L2","l2":1e-3},"padding":"same"},
{"type":"Flatten"}],"a":{},"b":[],"\\u00e9":1.50}"""

TIDY_JSON = """\
{
  "keraspec": 1,
  "name": "x",
  "inputs": { "image": { "shape": [8, 8, 1] } },
  "layers": [
    {
      "type": "Conv2D",
      "filters": 4,
      "kernel_size": [3, 3],
      "kernel_regularizer": { "type": "L2", "l2": 1e-3 },
      "padding": "same"
    },
    { "type": "Flatten" }
  ],
  "a": {},
  "b": [],
  "\\u00e9": 1.50
}
"""


def test_json() -> None:
    assert formatted(JSON, "json") == TIDY_JSON
    assert formatted(TIDY_JSON, "json") == TIDY_JSON


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=12,
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.text(max_size=8), VALUES), st.sampled_from([None, 1, 4]))
def test_any_json(data: Any, indent: int | None) -> None:
    text = json.dumps(data, indent=indent)
    new = formatted_json(text)
    assert json.loads(new) == data
    assert json.dumps(json.loads(new)) == json.dumps(data)
    assert formatted_json(new) == new


def test_to_json_and_back() -> None:
    made = converted(TIDY, "toml")
    data = json.loads(made.text)
    assert data.pop("$schema") == "../schemas/keraspec-1.json"
    assert data == tomli.loads(TIDY)
    assert made.comments == 8
    back = converted(made.text, "json")
    assert back.text.startswith("#:schema ../schemas/keraspec-1.json\n\nkeraspec = 1\n")
    assert tomli.loads(back.text) == tomli.loads(TIDY)
    assert formatted(back.text, "toml") == back.text


def test_null_becomes_none_save_in_free_text() -> None:
    head = '{"keraspec": 1, "inputs": {"x": {"shape": [4]}}, "layers": [%s]}'
    entry = '{"type": "Dense", "units": "${2 * n}", "activation": null}'
    data = tomli.loads(converted(head % entry, "json").text)
    assert data["layers"] == [{"type": "Dense", "units": "${2 * n}", "activation": "none"}]
    with pytest.raises(LayoutError, match=r"`layers\.0\.mask_token` is free text"):
        converted(head % '{"type": "StringLookup", "mask_token": null}', "json")


def test_what_is_no_spec_at_all_is_not_converted() -> None:
    with pytest.raises(LayoutError, match="`layers` is not what a spec has there"):
        converted('{"keraspec": 1, "layers": {"type": "Dense"}}', "json")

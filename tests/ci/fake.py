"""A small stand-in for the APIs of GitHub and GitLab, on this machine, that keeps what it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"}
PAGE = 2
"""Comments of a page: real services have thirty, or as many as are asked for up to a hundred."""


@dataclass
class Service:
    """Comments by number, and what was asked. ``troubles`` are statuses that are answered first, one a request."""

    address: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    sent: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    troubles: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    read_only: bool = False
    user: dict[str, Any] | None = None
    next_page: str | None = None

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        self.asked.append((method, path))
        if self.troubles:
            status, headers = self.troubles.pop(0)
            return status, {"message": "not now"}, headers
        parts = urlsplit(path)
        if parts.path == "/user":
            return (
                (200, self.user, {}) if self.user else (403, {"message": "Resource not accessible by integration"}, {})
            )
        if method != "GET":
            if self.read_only:
                return 403, {"message": "Resource not accessible by integration"}, {}
            self.sent.append(body)
        if method == "GET":
            number = int(parse_qs(parts.query).get("page", ["1"])[0])
            shown = self.comments[(number - 1) * PAGE : number * PAGE]
            rest = len(self.comments) > number * PAGE
            way = self.next_page or f"{self.address}{parts.path}?page={number + 1}"
            return 200, shown, {"Link": f'<{way}>; rel="next", <{way}>; rel="last"'} if rest else {}
        found = re.search(r"/(?:comments|notes)/(\d+)$", parts.path)
        if method in ("PATCH", "PUT") and found:
            one = next(one for one in self.comments if one["id"] == int(found[1]))
            one["body"] = body["body"]
            return 200, one, {}
        if method == "POST" and parts.path.endswith(("/comments", "/notes")):
            author = self.user or BOT
            one = {"id": 100 + len(self.comments), "body": body["body"], "user": author, "author": author}
            self.comments.append(one)
            return 201, one, {}
        if method == "POST" and parts.path.endswith("/code-scanning/sarifs"):
            return 202, {"id": "47177e22-5596-11eb-80a1-c1e54ef945c6", "url": ""}, {}
        return 404, {"message": "Not Found"}, {}


@contextmanager
def serving() -> Iterator[Service]:
    """The service, listening on a port of its own."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            service.headers.append(dict(self.headers))
            status, said, headers = service.answer(self.command, self.path, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = handle_any  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

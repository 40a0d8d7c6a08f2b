"""From calls to answers of a web API: retried where that may help, page by page where there are more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3

TRIES: Final = 4
BACKOFF = 1.0
"""Seconds before the second retry, doubled with each one; nothing is waited for before the first."""
LONGEST_WAIT: Final = 60
MOST_PAGES: Final = 50
_NEXT: Final = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


class Refused(Exception):
    """The service did not do what it was asked; ``status`` is 0 where there was no answer at all."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{message} ({status})" if status else message)
        self.status = status


class _Retry(urllib3.Retry):
    """Tries again after failures of the service, and when it asks to wait, which it does with a 403 too."""

    RETRY_AFTER_STATUS_CODES = frozenset({403, 413, 429, 503})

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        found = super().get_retry_after(response)
        return None if found is None else min(found, LONGEST_WAIT)


class Web:
    """A service below one address, which is spoken to with the same headers each time."""

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        self._base = base.rstrip("/")
        sure = {"User-Agent": "keraspec", "Content-Type": "application/json", **headers}
        # What makes something new is not sent twice, unless it surely did not arrive.
        self._new = _Retry(total=TRIES, read=0, backoff_factor=BACKOFF, status_forcelist=(429,), allowed_methods=None,
                           raise_on_status=False)  # fmt: skip
        self._safe = _Retry(total=TRIES, backoff_factor=BACKOFF, status_forcelist=(429, 500, 502, 503, 504),
                            allowed_methods=("GET", "PUT", "PATCH"), raise_on_status=False)  # fmt: skip
        parts = urlsplit(self._base)
        proxy = getproxies().get(parts.scheme)
        timeout = urllib3.Timeout(connect=10, read=30)
        if proxy and not proxy_bypass(parts.hostname or ""):
            self._pool: urllib3.PoolManager = urllib3.ProxyManager(proxy, headers=sure, timeout=timeout)
        else:
            self._pool = urllib3.PoolManager(headers=sure, timeout=timeout)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Call the service; what it answers.

        Raises:
            Refused: if it does not answer, or not with success.
        """
        return self._sent(method, f"{self._base}/{path}", body)[0]

    def every(self, path: str) -> Iterator[Any]:
        """What a list has, over all its pages.

        Raises:
            Refused: see ``send``.
        """
        url: str | None = f"{self._base}/{path}"
        for _ in range(MOST_PAGES):
            if url is None:
                return
            found, links = self._sent("GET", url, None)
            yield from found
            following = _NEXT.search(links)
            # The token goes nowhere else, whatever the answer says.
            url = following[1] if following and following[1].startswith(f"{self._base}/") else None

    def _sent(self, method: str, url: str, body: Any) -> tuple[Any, str]:
        content = None if body is None else json.dumps(body).encode()
        retries = self._new if method == "POST" else self._safe
        try:
            answer = self._pool.request(method, url, body=content, retries=retries)
        except urllib3.exceptions.HTTPError as error:
            raise Refused(0, f"{urlsplit(url).netloc} does not answer: {type(error).__name__}") from error
        try:
            said = json.loads(answer.data) if answer.data else None
        except ValueError:
            said = None
        if not 200 <= answer.status < 300:
            words = said.get("message") if isinstance(said, dict) else None
            raise Refused(answer.status, str(words or answer.reason or "refused"))
        return said, answer.headers.get("Link", "")

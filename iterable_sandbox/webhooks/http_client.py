"""HTTP client of webhooks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from time import perf_counter
from typing import Final

import urllib3
from urllib3.exceptions import HTTPError

_MAX_CONNECTIONS: Final = 32
_MAX_ANSWER_BYTES: Final = 65_536
"""How much of an answer is read, so that its connection can be used again."""

_ACCEPTED: Final[Mapping[str, Callable[[int], bool]]] = {
    "2xx": lambda status: status // 100 == 2,  # noqa: PLR2004 (the class of a status)
    "200": lambda status: status == 200,  # noqa: PLR2004
    "below_500": lambda status: status < 500,  # noqa: PLR2004
}


@dataclass(frozen=True)
class Answer:
    """Result of a request: the HTTP status, or the class name of the error."""

    status: int | None
    problem: str | None
    milliseconds: int

    def is_accepted(self, rule: str) -> bool:
        """Return whether it counts as success; `rule` is the setting `webhook_accepted`."""
        return self.status is not None and _ACCEPTED[rule](self.status)


class WebhookClient:
    """Thread-safe client without proxies and passwords of the machine; it follows no redirects."""

    def __init__(self) -> None:
        # At DEBUG urllib3 logs whole URLs, and these may hold a secret.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._pool = urllib3.PoolManager(maxsize=_MAX_CONNECTIONS)

    def post(self, url: str, headers: Mapping[str, str], body: str, timeout: float) -> Answer:
        """Post a body once. Errors are in the answer and never raised."""
        began = perf_counter()
        status, problem = None, None
        try:
            status = self._post(url, headers, body, timeout)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            problem = type(error).__name__
        return Answer(status, problem, int((perf_counter() - began) * 1000))

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()

    def _post(self, url: str, headers: Mapping[str, str], body: str, timeout: float) -> int:
        response = self._pool.urlopen(
            "POST",
            url,
            body=body.encode(),
            headers=headers,
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(total=timeout),
            preload_content=False,
        )
        try:
            response.read(_MAX_ANSWER_BYTES, decode_content=False)
        finally:
            response.close()
        return response.status

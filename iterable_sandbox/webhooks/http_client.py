"""One call of a webhook over HTTP."""

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
"""How much of an answer is read; nobody looks at it, but the next call can use the connection then."""

_ACCEPTED: Final[Mapping[str, Callable[[int], bool]]] = {
    "2xx": lambda status: status // 100 == 2,  # noqa: PLR2004 (the class of a status)
    "200": lambda status: status == 200,  # noqa: PLR2004
    "below_500": lambda status: status < 500,  # noqa: PLR2004
}


@dataclass(frozen=True)
class Answer:
    """What came of a call: a status, or the name of the error."""

    status: int | None
    problem: str | None
    milliseconds: int

    def is_accepted(self, rule: str) -> bool:
        """Whether it counts as success; `rule` is the setting `webhook_accepted`."""
        return self.status is not None and _ACCEPTED[rule](self.status)


class WebhookClient:
    """A client that threads may share. It takes neither proxies nor passwords from the machine, and follows nothing."""

    def __init__(self) -> None:
        # At DEBUG urllib3 logs whole URLs, and these may hold a secret.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._pool = urllib3.PoolManager(maxsize=_MAX_CONNECTIONS)

    def post(self, url: str, headers: Mapping[str, str], body: str, timeout: float) -> Answer:
        """Post a body once. What goes wrong is in the answer."""
        began = perf_counter()
        status, problem = None, None
        try:
            status = self._post(url, headers, body, timeout)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            problem = type(error).__name__
        return Answer(status, problem, int((perf_counter() - began) * 1000))

    def close(self) -> None:
        """Close the connections that nobody uses."""
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

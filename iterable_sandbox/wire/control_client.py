"""HTTP client of the control API of a sandbox that runs, here or in another process."""

from __future__ import annotations

import json
from typing import Any, Final

import requests

_TIMEOUT_S: Final = 60
_MAX_SHOWN: Final = 200


class ControlClient:
    """Client of one sandbox. Proxies of the environment are not used."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Api-Key"] = api_key

    def request(self, method: str, path: str, body: Any = None, *, data: bytes | None = None) -> Any:
        """Send a body, as JSON or as it is, and return the JSON of the answer.

        Raises:
            ValueError: the sandbox refuses the request; the message is the sandbox's own, if it has one.
            requests.RequestException: there is no sandbox at the URL.
        """
        # As text, since `requests` refuses NaN in words that do not name the parameter.
        sent = json.dumps(body).encode() if data is None and body is not None else data
        with self._session.request(
            method, self._url + path, data=sent, timeout=_TIMEOUT_S, allow_redirects=False
        ) as answer:
            if answer.status_code == requests.codes.bad_request and (problem := _problem(answer)):
                raise ValueError(problem)
            if answer.status_code != requests.codes.ok:
                text = answer.text[:_MAX_SHOWN]
                raise ValueError(f"{method} {path} was answered with {answer.status_code}: {text}")
            return answer.json()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _problem(answer: requests.Response) -> str | None:
    """What the control API says is wrong."""
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return None

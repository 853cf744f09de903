"""Prepared requests: what is the same for many requests is found out once, and not for each of them.

For a request with one record, requests would take most of its time to look through the environment for proxies, and to
parse the URL and merge the headers anew.
"""

from __future__ import annotations

from copy import copy
from functools import lru_cache
from typing import Any, Final

import requests

_KEPT_TEMPLATES: Final = 64
_JSON: Final = {"Content-Type": "application/json"}


def read_environment(session: requests.Session, url: str) -> None:
    """Give a session the proxies and certificates that the environment names for `url`, so that it is read once.

    The session must not be used for other hosts: an environment can exempt hosts from its proxies.
    """
    settings = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies = dict(settings["proxies"])
    session.verify, session.cert = settings["verify"], settings["cert"]
    session.trust_env = False


class PreparedRequests:
    """Prepares the requests of one session, which must have its final headers. Threads may share it."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self._template = lru_cache(_KEPT_TEMPLATES)(self._make_template)

    def prepare(self, method: str, url: str, *, params: Any, json: Any, data: bytes | None) -> requests.PreparedRequest:
        """Prepare one request; see `ApiRequest` for its parts.

        Raises:
            requests.RequestException: if it cannot be made.
        """
        if json is not None or (data is not None and params):
            headers = None if data is None else _JSON
            request = requests.Request(method, url, headers=headers, params=params, json=json, data=data)
            return self._session.prepare_request(request)
        prepared = copy(self._template(method, url, has_body=data is not None))
        prepared.headers = prepared.headers.copy()
        if data is not None:
            prepared.body = data
            prepared.prepare_content_length(data)
        elif params:
            prepared.prepare_url(url, params)
        return prepared

    def _make_template(self, method: str, url: str, *, has_body: bool) -> requests.PreparedRequest:
        """Prepare a request without a body. What copies of it share is never changed: URL, hooks, and no cookies."""
        return self._session.prepare_request(requests.Request(method, url, headers=_JSON if has_body else None))

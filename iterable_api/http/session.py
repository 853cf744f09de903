"""The requests session under the client: it sends the key, and no cookies or credentials of the machine."""

from __future__ import annotations

import logging
import re
from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests

from iterable_api.http.stalling import StallGuard
from iterable_api.waiting.cancellation import PROCESS, Cancellation

_KEY: Final = re.compile(r"[\x21-\x7e]+")
_CONNECTIONS_KEPT: Final = 32


class _ApiKey(requests.auth.AuthBase):
    """Puts the key in its header. An `auth` also keeps requests from sending credentials of a .netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Api-Key"] = self._key
        return request


def open_session(api_key: str, user_agent: str, cancellation: Cancellation = PROCESS) -> requests.Session:
    """A session that threads may share: its headers never change and it keeps no cookies.

    Its read time-out is the longest stall; see `StallGuard`.

    Raises:
        ValueError: if the key cannot be a header.
    """
    if _KEY.fullmatch(api_key) is None:
        raise ValueError("`api_key` must be printable ASCII without blanks or line breaks; was it copied whole?")
    # At DEBUG, and for malformed headers at WARNING, urllib3 logs whole URLs, which may hold an address.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    session = requests.Session()
    session.auth = _ApiKey(api_key)
    session.headers["User-Agent"] = user_agent
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    guard(session, cancellation)
    return session


def guard(session: requests.Session, cancellation: Cancellation = PROCESS) -> None:
    """Make a session break off answers that stall, and all answers when the run is to end."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, StallGuard(cancellation, pool_maxsize=_CONNECTIONS_KEPT))

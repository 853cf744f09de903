"""Whether a request has the secret, in whichever form Iterable can send one.

Iterable signs nothing: a fixed secret is all there is. Custom headers are chosen in its interface; `OAuth2` sends
`Authorization: OAuth2 TOKEN`, and `Basic` is documented as the bare token and as `Basic TOKEN` (support.iterable.com
article 208013936). A secret at the end of the path serves where neither can be set.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from starlette.types import Scope

_SCHEMES: Final = (b"basic", b"oauth2")


class SecretCheck:
    """Compares what requests bring with the secrets of projects, in constant time.

    Args:
        secrets_of: the secrets that each project takes. A project with none takes every request.
        header: the custom header that may hold the secret.
    """

    def __init__(self, secrets_of: Mapping[str, Iterable[str]], header: str) -> None:
        # Digests have one length, and say nothing about the secrets without this key.
        self._key = secrets.token_bytes(32)
        self._digests = {
            project: [self._digest(secret.encode()) for secret in known] for project, known in secrets_of.items()
        }
        self._header = header.lower().encode()

    def knows(self, project: str) -> bool:
        """Whether there is such a project."""
        return project in self._digests

    def allows(self, project: str, scope: Scope) -> bool:
        """Whether a request may post events of a project."""
        known = self._digests[project]
        found = [self._digest(value) for value in self._given(scope)]
        # All are compared, also behind one that is right.
        matches = [hmac.compare_digest(one, other) for one in known for other in found]
        return not known or any(matches)

    def _digest(self, value: bytes) -> bytes:
        return hashlib.blake2b(value, key=self._key, digest_size=32).digest()

    def _given(self, scope: Scope) -> Iterator[bytes]:
        for name, value in scope["headers"]:
            if name == self._header:
                yield value
            elif name == b"authorization":
                yield from _of_authorization(value)
        yield scope["path"].rstrip("/").rpartition("/")[2].encode("utf-8", "replace")


def _of_authorization(value: bytes) -> Iterator[bytes]:
    """`TOKEN`, `OAuth2 TOKEN`, `Basic TOKEN`, and `Basic` with base64 of the secret, as all, password or user."""
    yield value
    scheme, _, token = value.partition(b" ")
    if scheme.lower() not in _SCHEMES:
        return
    yield token.strip()
    if scheme.lower() == b"basic":
        yield from _of_basic(token.strip())


def _of_basic(token: bytes) -> Iterator[bytes]:
    try:
        decoded = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return
    user, _, password = decoded.partition(b":")
    yield decoded
    yield password or user

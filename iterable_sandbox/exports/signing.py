"""Pre-signed URLs as S3 makes them: they give access to a file for a limited time, without an API key."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_DATE: Final = "%Y%m%dT%H%M%SZ"
_SIGNATURE: Final = "X-Amz-Signature"


class UrlRefusedError(Exception):
    """A URL is refused, with status, code and message as S3 gives them."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def signed(secret: bytes, path: str, now: datetime, seconds: int) -> str:
    """Sign a path: the result has a query that is valid for a number of seconds from `now` on."""
    query = {"X-Amz-Algorithm": _ALGORITHM, "X-Amz-Date": now.strftime(_DATE), "X-Amz-Expires": str(seconds)}
    return f"{path}?{urlencode(query | {_SIGNATURE: _signature(secret, path, query)})}"


def check(secret: bytes, path: str, query: Mapping[str, str], now: datetime) -> None:
    """Check the signature and the expiry of a URL.

    Raises:
        UrlRefusedError: the URL is not signed, has been altered or has expired.
    """
    given = dict(query)
    signature = given.pop(_SIGNATURE, None)
    if signature is None:
        raise UrlRefusedError("AccessDenied", "Access Denied")
    if not hmac.compare_digest(signature.encode(), _signature(secret, path, given).encode()):
        raise UrlRefusedError("SignatureDoesNotMatch", "The request signature does not match the URL")
    begins = datetime.strptime(given["X-Amz-Date"], _DATE).replace(tzinfo=UTC)
    if now >= begins + timedelta(seconds=int(given["X-Amz-Expires"])):
        raise UrlRefusedError("AccessDenied", "Request has expired")


def _signature(secret: bytes, path: str, query: Mapping[str, str]) -> str:
    return hmac.new(secret, f"{path}?{urlencode(sorted(query.items()))}".encode(), sha256).hexdigest()

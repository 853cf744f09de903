"""JSON text within ASCII, byte for byte as Python's own encoder writes it."""

from __future__ import annotations

import codecs
from json.encoder import encode_basestring_ascii
from typing import Final


def in_ascii(text: bytes) -> bytes:
    """JSON in UTF-8, with escapes for all that is beyond ASCII."""
    return text if text.isascii() else text.decode().encode("ascii", _ESCAPES)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return encode_basestring_ascii(error.object[error.start : error.end])[1:-1], error.end


_ESCAPES: Final = "tap-iterable-json"
codecs.register_error(_ESCAPES, _escape)

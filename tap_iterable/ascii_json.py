"""JSON text within ASCII, byte for byte as Python's own encoder writes it."""

from __future__ import annotations

import codecs
from json.encoder import encode_basestring_ascii
from typing import Final


def ascii_lines(text: bytes) -> list[bytes]:
    """The lines of JSON in UTF-8, with escapes for all that is beyond ASCII."""
    # Line by line, since nearly all of them are ASCII already.
    lines = text.split(b"\n")
    return lines if text.isascii() else list(map(_line_in_ascii, lines))


def in_ascii(text: bytes) -> bytes:
    """The same as one text."""
    return text if text.isascii() else b"\n".join(ascii_lines(text))


def _line_in_ascii(line: bytes) -> bytes:
    return line if line.isascii() else line.decode().encode("ascii", _ESCAPES)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return encode_basestring_ascii(error.object[error.start : error.end])[1:-1], error.end


_ESCAPES: Final = "tap-iterable-json"
codecs.register_error(_ESCAPES, _escape)

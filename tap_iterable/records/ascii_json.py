"""JSON text within ASCII, byte for byte as Python's own encoder writes it."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from json.encoder import encode_basestring_ascii
from typing import Final

LARGE: Final = 1 << 20
"""Bytes of a text from which on a copy of it costs more than a step in Python for each of its lines."""


def line_views(text: bytes) -> Iterator[memoryview]:
    """The lines of a text without their ends, as parts of it and not as copies."""
    view, start = memoryview(text), 0
    while (end := text.find(b"\n", start)) >= 0:
        yield view[start:end]
        start = end + 1


def ascii_pieces(text: memoryview) -> Iterator[bytes]:
    """What `to_ascii` makes of a text, piece by piece."""
    start = 0
    while start < len(text):
        end = start + LARGE
        while end < len(text) and text[end] & _HIGH_BITS == _WITHIN_CHARACTER:
            end -= 1
        yield to_ascii(bytes(text[start:end]))
        start = end


def to_ascii(text: bytes) -> bytes:
    """JSON in UTF-8, with escapes for all characters beyond ASCII."""
    if text.isascii():
        return text
    characters = text.decode()
    try:
        return _latin_to_ascii(characters.encode(_LATIN))
    except UnicodeEncodeError:
        return characters.encode("ascii", _ESCAPES)


def _latin_to_ascii(text: bytes) -> bytes:
    """The same for text that has one byte for each character.

    Replacing known letters one by one is far quicker than an escape for each occurrence.
    """
    for letter, escape in _letters.items():
        text = text.replace(letter, escape)
    return text if text.isascii() else text.decode(_LATIN).encode("ascii", _ESCAPES)


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    beyond = error.object[error.start : error.end]
    escape = encode_basestring_ascii(beyond)[1:-1]
    if len(beyond) == 1 and beyond <= _MAX_LATIN and len(_letters) < _MAX_LETTERS:
        _letters[beyond.encode(_LATIN)] = escape.encode()
    return escape, error.end


_HIGH_BITS: Final = 0b1100_0000
_WITHIN_CHARACTER: Final = 0b1000_0000
"""High bits of the bytes of UTF-8 that do not begin a character."""
_LATIN: Final = "latin-1"
_MAX_LATIN: Final = "\xff"
_letters: Final[dict[bytes, bytes]] = {}
"""Cache: letters of Latin-1 that have occurred -> their escapes."""
_MAX_LETTERS: Final = 32
_ESCAPES: Final = "tap-iterable-json"
codecs.register_error(_ESCAPES, _escape)

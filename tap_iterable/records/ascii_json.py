"""JSON text within ASCII, byte for byte as Python's own encoder writes it."""

from __future__ import annotations

import codecs
from json.encoder import encode_basestring_ascii
from typing import Final


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


_LATIN: Final = "latin-1"
_MAX_LATIN: Final = "\xff"
_letters: Final[dict[bytes, bytes]] = {}
"""Cache: letters of Latin-1 that have occurred -> their escapes."""
_MAX_LETTERS: Final = 32
_ESCAPES: Final = "tap-iterable-json"
codecs.register_error(_ESCAPES, _escape)

"""Decoding of answers: from their bytes, without a copy of them as text, since answers can have a gigabyte."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def decode_answer(body: bytes) -> Any:
    """The value in the body of an answer.

    Raises:
        ValueError, RecursionError: if it is not JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # It reads more, such as a byte order mark.
        return json.loads(body)

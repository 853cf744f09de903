"""Texts that hold JSON: database taps write JSON columns as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode


def from_json(value: Any) -> Any:
    """Decode `value` if it is a text that is valid JSON; return any other value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return _decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value

"""Texts that are JSON: database taps write JSON columns as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode


def from_json(value: Any) -> Any:
    """What `value` says if it is a text that is JSON, else `value`."""
    if not isinstance(value, str):
        return value
    try:
        return _decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value

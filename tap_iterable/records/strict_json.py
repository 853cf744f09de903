"""JSON reader whose values can all be written as JSON again."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import msgspec


def loads(text: str | bytes) -> Any:
    """Parse a JSON text.

    NaN and infinities, which JSON does not have, become text, and so do numbers that are too large for a float.

    Raises:
        ValueError: if the text is not JSON, or nested too deeply.
    """
    try:
        return _decode(text)
    except _REFUSALS:
        return exact_loads(text)


def exact_loads(text: str | bytes) -> Any:
    """What `loads` returns, read by the standard library alone: it takes NaN and halves of surrogate pairs.

    Raises:
        ValueError: as `loads` does.
    """
    try:
        return json.loads(text, parse_constant=str, parse_float=_float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


_decode: Final = msgspec.json.Decoder(float_hook=_float).decode
_REFUSALS: Final = (msgspec.MsgspecError, ValueError, RecursionError)

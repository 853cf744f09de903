"""JSON in and out. In: strictly what JSON allows. Out: compact, as Iterable writes it."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any


def to_json(value: Any) -> str:
    """Without blanks, and without escapes beyond what JSON needs."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def from_json(body: bytes) -> Any:
    """The value of a body. Halves of surrogate pairs, which no UTF-8 can hold, become question marks.

    Raises:
        ValueError: if it is not JSON, is nested too deeply, or holds a number that is not finite.
    """
    try:
        value = json.loads(body, parse_float=_finite, parse_constant=_finite)
        if b"\\u" not in body:
            return value
        return json.loads(to_json(value).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is not a JSON number")
    return number

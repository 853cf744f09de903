"""JSON in and out. In: strictly what JSON allows. Out: compact, as Iterable writes it.

Nearly all of it goes through msgspec, which is many times as quick. What msgspec refuses, and the few values that it
spells in another way, are left to Python's own, so that all is read and written as Python's own does it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

import msgspec

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_encode_lines: Final = msgspec.json.Encoder().encode_lines
_BEYOND: Final = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
_EXPONENT: Final = re.compile(rb"e[-\d]\d*(?:[,\]}\n]|$)")
_own: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(value: Any) -> str:
    """Without blanks, and without escapes beyond what JSON needs."""
    try:
        text = _encode(value)
    except _BEYOND:
        return _own(value)
    return _own(value) if _may_differ(text) else text.decode()


def to_json_lines(values: Sequence[Any]) -> list[str]:
    """What `to_json` makes of each value, made of all together."""
    try:
        text = _encode_lines(values)
    except _BEYOND:
        return [*map(to_json, values)]
    if _may_differ(text):
        lines = text.splitlines()
        return [_own(value) if _may_differ(line) else line.decode() for value, line in zip(values, lines, strict=True)]
    return text.decode().split("\n")[:-1]


def may_hold_null(value: Any) -> bool:
    """Whether the JSON of a value has `null` in it, be it in a text."""
    try:
        return b"null" in _encode(value)
    except _BEYOND:
        return True


def from_json(body: bytes) -> Any:
    """The value of a body. Halves of surrogate pairs, which no UTF-8 can hold, become question marks.

    Raises:
        ValueError: if it is not JSON, is nested too deeply, or holds a number that is not finite.
    """
    try:
        return _decode(body)
    except _BEYOND:
        return _strictly(body)


def from_own_json(text: str) -> Any:
    """The value of a text that `to_json` made."""
    try:
        return _decode(text)
    except _BEYOND:
        return json.loads(text)


def _may_differ(text: bytes) -> bool:
    """Whether there may be a number that Python spells in another way: 1e16, 0.00001, or NaN, which is null here."""
    return b"null" in text or b"0.0000" in text or _EXPONENT.search(text) is not None


def _strictly(body: bytes) -> Any:
    try:
        value = json.loads(body, parse_float=_finite, parse_constant=_finite)
        if b"\\u" not in body:
            return value
        return json.loads(_own(value).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is not a JSON number")
    return number

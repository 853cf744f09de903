"""JSON decoding, which is strict, and encoding, which is compact as Iterable's is.

msgspec does nearly all of it, as it is many times as fast. The standard library takes over where msgspec raises.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

import msgspec

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode
_encode_lines: Final = msgspec.json.Encoder().encode_lines
_MSGSPEC_ERRORS: Final = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
_encode_with_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(value: Any) -> str:
    """Encode a value without blanks and with only the escapes that JSON requires."""
    try:
        return _encode(value).decode()
    except _MSGSPEC_ERRORS:
        return _encode_with_json(value)


def to_json_lines(values: Sequence[Any]) -> list[str]:
    """Encode many values at once, each as `to_json` does."""
    try:
        return _encode_lines(values).decode().split("\n")[:-1]
    except _MSGSPEC_ERRORS:
        return [*map(to_json, values)]


def without_nulls(value: Any) -> Any:
    """Copy of a value without the null members of its objects."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def from_json(body: bytes) -> Any:
    """Decode a request body. Unpaired surrogates, which UTF-8 cannot hold, become question marks.

    Raises:
        ValueError: the body is not JSON, is nested too deeply or holds a number that is not finite.
    """
    try:
        return _decode(body)
    except _MSGSPEC_ERRORS:
        return _decode_strictly(body)


def from_own_json(text: str) -> Any:
    """Decode a text that `to_json` has made."""
    try:
        return _decode(text)
    except _MSGSPEC_ERRORS:
        return json.loads(text)


def _decode_strictly(body: bytes) -> Any:
    try:
        value = json.loads(body, parse_float=_finite, parse_constant=_finite)
        if b"\\u" not in body:
            return value
        return json.loads(_encode_with_json(value).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text} is not a JSON number")
    return number

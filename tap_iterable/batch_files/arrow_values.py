"""Arrow arrays of the values of records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa

from iterable_api.facts import timestamps
from iterable_api.memo import Memo

MOMENT: Final = pa.timestamp("us", tz="UTC")
MISFITS: Final = (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError, ValueError)
"""Errors for numbers beyond 64 bits, halves of surrogate pairs and moments that Arrow does not know."""


def array(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    """The array of values as records have them; one of MISFITS if a value does not fit."""
    return _moments(values) if kind == MOMENT else pa.array(values, kind)


def _moments(values: Sequence[Any]) -> pa.Array:
    """Moments of texts. Arrow's own reader is for forms that the tap does not write: stream maps may."""
    try:
        return pa.array(MICROSECONDS.of_all(values), MOMENT)
    except (TypeError, ValueError):
        return pa.array(values, pa.string()).cast(MOMENT)


def _microseconds(text: str | None) -> int | None:
    if text is None:
        return None
    if len(text) != _MOMENT_CHARACTERS or not text.endswith("+00:00"):
        raise ValueError
    if text.endswith(_WHOLE_SECOND) and (seconds := timestamps.text_to_epoch_seconds(text)) is not None:
        return seconds * 1_000_000
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _microseconds_together(texts: Sequence[Any]) -> list[int] | None:
    if None in texts or "".join(texts).count(_WHOLE_SECOND) < len(texts):
        return None
    seconds = timestamps.texts_to_epoch_seconds(texts)
    return None if seconds is None else [second * 1_000_000 for second in seconds]


MICROSECONDS: Final = Memo(_microseconds, _microseconds_together, 4096)
"""A moment as the tap writes it -> the microseconds since 1970. Any other text is a ValueError, and None stays None."""


def json_texts(values: Sequence[Any]) -> pa.Array:
    """The values as JSON texts; None stays None."""
    try:
        lines: list[bytes | None] = [*_encoder.encode_lines(values).split(b"\n")]
        lines.pop()
    except (UnicodeEncodeError, RecursionError):
        lines = [json_text(value).encode() for value in values]
    if None in values:
        lines = [None if value is None else line for value, line in zip(values, lines, strict=True)]
    # Arrow looks through each text that it is given as bytes. These come from an encoder of UTF-8.
    return pa.array(lines, pa.binary()).view(pa.string())


def json_text(value: object) -> str:
    """`value` as JSON in ASCII, also halves of surrogate pairs."""
    return json.dumps(msgspec.to_builtins(value))


_encoder: Final = msgspec.json.Encoder()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_WHOLE_SECOND: Final = ".000000+00:00"
_MOMENT_CHARACTERS: Final = len("2026-09-01T00:00:00.000000+00:00")

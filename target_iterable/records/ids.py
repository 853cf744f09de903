"""Ids: databases have numbers where Iterable has texts, and texts where it has numbers."""

from __future__ import annotations

import re
from typing import Any, Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.numbers import WHOLE_LIMIT, is_number, whole_number

_ID: Final = re.compile(r"[0-9]{1,18}")


def key_text(value: Any) -> str | None:
    """`value` as a text, if it is a text or a whole number (`17.0` is one); else None."""
    if isinstance(value, str):
        return value
    if not is_number(value):
        return None
    whole = value if isinstance(value, int) else whole_number(value)
    return None if whole is None else str(whole)


def id_number(field: str, value: Any) -> int:
    """`value` as an id that is a number in Iterable.

    Raises:
        RecordRejectedError: if it is not a whole number from 0 to 10^18 - 1, or a text of its digits.
    """
    if value.__class__ is int and 0 <= value < WHOLE_LIMIT:
        return int(value)
    text = key_text(value)
    if text is None or not _ID.fullmatch(text := text.strip()):
        raise RecordRejectedError("invalidNumber", f"`{field}` is not a whole number", field)
    return int(text)


def needed_text(field: str, value: Any) -> str:
    """`value`, which must be a text that is not blank.

    Raises:
        RecordRejectedError: if it is not.
    """
    if not isinstance(value, str) or not value.strip():
        raise RecordRejectedError("missingField", f"`{field}` is empty, or not a text", field)
    return value

"""The fields of a system webhook, as a flat row like that of an export.

A webhook is `{"email": …, "userId": …, "eventName": …, "dataFields": {…}}`. Fields of `dataFields` and of the envelope
become one row. Values come in more forms than in exports: ids as texts of digits, for example.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_DATA: Final = "dataFields"
_MOST_DIGITS: Final = 18
"""A text of so many digits is a whole number of 64 bits."""


def webhook_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event: those of `dataFields` and of the envelope, whose value counts where both have one.

    Where two values differ, that of `dataFields` is kept under `dataFields.NAME`.
    """
    data = body.get(_DATA)
    row: dict[str, Any] = dict(data) if isinstance(data, dict) else {} if data is None else {_DATA: data}
    for name, value in body.items():
        if name == _DATA or (value is None and name in row):
            continue
        if row.get(name, value) not in (None, value):
            row[f"{_DATA}.{name}"] = row[name]
        row[name] = value
    return row


def whole_number(value: object) -> object:
    """The whole number that a text of digits names; any other value as it is."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    return value

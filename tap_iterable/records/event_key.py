"""The common key of an event: a hash of what its export row and its webhook agree in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from itertools import repeat
from typing import Any, Final

import msgspec
from msgspec import UNSET

from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_api.facts.identity import PLACEHOLDER_DOMAIN, normalise_email
from tap_iterable.records.column_types import Column

EVENT_KEY: Final = "eventKey"
"""The column with the key."""

_HASH_BYTES: Final = 16
_MESSAGE: Final = "messageId"
_PLACEHOLDER: Final = f"@{PLACEHOLDER_DOMAIN}"
_encode: Final = msgspec.json.encode


class EventKeyMaker:
    """Makes the keys of the events of one data type.

    Args:
        data_type: Iterable's name of it, one of `EVENT_KEYS`.
    """

    def __init__(self, data_type: str) -> None:
        self._data_type = data_type
        self._of_message, self._of_user = EVENT_KEYS[data_type]

    def key(self, record: Mapping[str, Any]) -> str:
        """The key of a record, 32 hexadecimal digits; absent fields, nulls and empty values are the same."""
        (key,) = self.keys(lambda name: (record.get(name),), 1)
        return key

    def keys(self, column: Callable[[str], Column], rows: int) -> list[str]:
        """The keys of many records.

        Args:
            column: gives the values of a field in all records, or UNSET where a record lacks it.
            rows: how many records there are.
        """
        messages = map(_present, column(_MESSAGE)) if self._of_message else repeat(None, rows)
        return [
            self._hash([_present(value) for value in about_message])
            if message
            else self._hash([_user(email, user_id), *map(_present, about_user)])
            for message, about_message, email, user_id, about_user in zip(
                messages,
                _rows([column(name) for name in self._of_message], rows),
                column("email"),
                column("userId"),
                _rows([column(name) for name in self._of_user], rows),
                strict=True,
            )
        ]

    def _hash(self, values: list[object]) -> str:
        return blake2b(_encode([self._data_type, *values]), digest_size=_HASH_BYTES).hexdigest()


def _rows(columns: Sequence[Column], rows: int) -> Sequence[tuple[Any, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * rows


def _present(value: Any) -> Any:
    """Lists in one order; None for all that says nothing."""
    if value is UNSET or value in ("", None):
        return None
    return sorted(value, key=str) or None if isinstance(value, list) else value


def _user(email: Any, user_id: Any) -> str | None:
    """The address, as Iterable compares it, unless it is a placeholder; else the userId."""
    if isinstance(email, str) and (address := normalise_email(email)) and not address.endswith(_PLACEHOLDER):
        return address
    return user_id if isinstance(user_id, str) and user_id else None

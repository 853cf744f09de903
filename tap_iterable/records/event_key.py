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

_HASH_BYTES: Final = 16
_PLACEHOLDER: Final = f"@{PLACEHOLDER_DOMAIN}"
_PLAIN: Final = frozenset({str, int})
_encoder: Final = msgspec.json.Encoder(order="deterministic")


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
        if not self._of_message:
            return self._about_users(column, rows)
        about_messages = [_present(column(name)) for name in self._of_message]
        keys = self._hashes(about_messages, rows)
        if None in about_messages[0]:
            about_users = self._about_users(column, rows)
            keys = [
                key if message else other
                for message, key, other in zip(about_messages[0], keys, about_users, strict=True)
            ]
        return keys

    def _about_users(self, column: Callable[[str], Column], rows: int) -> list[str]:
        users = list(map(_user, column("email"), column("userId")))
        return self._hashes([users, *(_present(column(name)) for name in self._of_user)], rows)

    def _hashes(self, columns: Sequence[Column], rows: int) -> list[str]:
        lines = _encoder.encode_lines(list(zip(repeat(self._data_type, rows), *columns, strict=True)))
        return [blake2b(line, digest_size=_HASH_BYTES).hexdigest() for line in lines.splitlines()]


def _present(column: Column) -> Column:
    """The column with lists in one order, and None for all that says nothing."""
    kinds = set(map(type, column))
    return column if kinds <= _PLAIN and "" not in column else list(map(_said, column))


def _said(value: Any) -> Any:
    if value is UNSET or value in ("", None):
        return None
    return sorted(value, key=str) or None if isinstance(value, list) else value


def _user(email: Any, user_id: Any) -> str | None:
    """The address, as Iterable compares it, unless it is a placeholder; else the userId."""
    if isinstance(email, str) and (address := normalise_email(email)) and not address.endswith(_PLACEHOLDER):
        return address
    return user_id if isinstance(user_id, str) and user_id else None

"""The common key of an event: a hash of what its export row and its webhook agree in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import repeat
from typing import Any, Final

import msgspec
from msgspec import UNSET

from iterable_api.events.webhook_fields import webhook_fields, whole_number
from iterable_api.facts import timestamps
from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.event_keys import EVENT_KEYS
from iterable_api.facts.identity import PLACEHOLDER_DOMAIN, normalise_email

Column = Sequence[Any]
"""Of each record one value, which may be UNSET."""

_HASH_BYTES: Final = 16
_PLACEHOLDER: Final = f"@{PLACEHOLDER_DOMAIN}"
_PLAIN: Final = frozenset({str, int})
_USER: Final = ("email", "userId")
_FIELD_TYPES: Final = {data_type.name: data_type.fields for data_type in DATA_TYPES}
_encoder: Final = msgspec.json.Encoder(order="deterministic")


class EventKeyMaker:
    """Makes the keys of the events of one data type.

    Args:
        data_type: Iterable's name of it, one of `EVENT_KEYS`.
    """

    def __init__(self, data_type: str) -> None:
        self._data_type = data_type
        self._of_message, self._of_user = EVENT_KEYS[data_type]

    def key_of_fields(self, fields: Mapping[str, Any]) -> str:
        """The key of a line of an export as Iterable sends it: the one that the record of the line has."""
        return self.key({name: read(fields.get(name)) for name, read in self._readers.items()})

    def key_of_webhook(self, body: Mapping[str, Any]) -> str:
        """The key of a system webhook as Iterable sends it: the one that the record of the webhook has."""
        fields = webhook_fields(body)
        return self.key_of_fields(
            {
                name: whole_number(fields.get(name)) if read is _whole else fields.get(name)
                for name, read in self._readers.items()
            }
        )

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

    @cached_property
    def _readers(self) -> Mapping[str, Callable[[Any], Any]]:
        """What makes of each field of the key the value that its column has."""
        types = _FIELD_TYPES[self._data_type]
        return {name: _READERS[types[name]] for name in {*self._of_message, *self._of_user, *_USER}}

    def _about_users(self, column: Callable[[str], Column], rows: int) -> list[str]:
        users = list(map(_user, *map(column, _USER)))
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


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else str(value) if type(value) is int else None


def _moment(value: Any) -> str | None:
    if isinstance(value, str):
        return timestamps.text_to_rfc3339(value)
    try:
        return timestamps.to_rfc3339(timestamps.from_epoch_ms(value)) if type(value) is int else None
    except OverflowError:
        return None


def _whole(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _whole_numbers(value: Any) -> list[int | None] | None:
    if not isinstance(value, list) or any(item is not None and _whole(item) is None for item in value):
        return None
    return [_whole(item) for item in value]


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _text,
    "date-time": _moment,
    "integer": _whole,
    "array:integer": _whole_numbers,
}
"""By the type of a field. A value of another kind is in no column, and so not part of the key."""

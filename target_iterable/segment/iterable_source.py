"""Recognises calls that come from Iterable itself, by way of its own source in Segment or RudderStack.

Iterable tells both of sends, opens, clicks and so on. Written back, each would be a second event of the project, under
another name. Two signs tell such a call:

- The integration in its context is called `Iterable`: `context.integration.name` of a call,
  `context_integration_name` in a warehouse. RudderStack's public source sets this name. Of Segment's tables the column
  is known, and the name likely.
- Where the context was left out on the way: the event has one of the names of Iterable's events, and the id that
  Iterable gives to what it sends: `emailId`, as `c12:t34:` and the address. A name alone says nothing, since other
  senders tell of `Email Opened`, too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from iterable_api.events.peer_event_names import PEER_NAMES
from target_iterable.records.column_mapping import Row
from target_iterable.records.json_texts import from_json
from target_iterable.segment.names import snake

_ITERABLE: Final = "iterable"
_MESSAGE_OF_ITERABLE: Final = re.compile(r"c\d+:t\d+:.")
_EMAIL_ID: Final = ("emailId", "email_id")
INTEGRATIONS: Final = ("context_integration_name", "context_integration")
CONTEXT: Final = "context"
INTEGRATION: Final = "integration"
EVENTS: Final = ("event", "event_text")
"""Columns that may tell of Iterable."""
_MAX_NAMES: Final = 10_000


def is_from_iterable(row: Row) -> bool:
    """Whether the call in `row`, which is not changed, was made by Iterable."""
    return _integration(row) == _ITERABLE or (_has_name_of_iterable(row) and _has_id_of_iterable(row))


def _integration(row: Row) -> str:
    """The name of the integration in small letters; empty if none is told."""
    name, object_ = (row.get(column) for column in INTEGRATIONS)
    found = name or _name_in(object_) or _name_in(_object(row.get(CONTEXT)).get(INTEGRATION))
    return found.strip().lower() if isinstance(found, str) else ""


def _name_in(integration: Any) -> Any:
    return _object(integration).get("name")


def _object(value: Any) -> Row:
    """The object that a column holds, maybe as text; empty if it holds something else."""
    # A text is decoded only if it may tell something: contexts are long, and most are of other sources.
    if isinstance(value, str):
        value = from_json(value) if _ITERABLE in value.lower() else None
    return value if isinstance(value, dict) else {}


def _has_name_of_iterable(row: Row) -> bool:
    return any(isinstance(name := row.get(column), str) and is_name_of_iterable(name) for column in EVENTS)


@lru_cache(_MAX_NAMES)
def is_name_of_iterable(name: str) -> bool:
    """Whether Iterable's source has an event of this name."""
    return _plain(name) in _NAMES


def may_tell_of_iterable(context: Any) -> bool:
    """Whether a context, an object or a text, names its integration."""
    return isinstance(context, str) or (isinstance(context, dict) and INTEGRATION in context)


def _has_id_of_iterable(row: Row) -> bool:
    properties = from_json(row.get("properties"))
    for holder in (row, properties if isinstance(properties, dict) else {}):
        for column in _EMAIL_ID:
            if isinstance(id_ := holder.get(column), str) and _MESSAGE_OF_ITERABLE.match(id_):
                return True
    return False


def _plain(name: str) -> str:
    """The name without what tells `Email Opened`, `email_opened` and `emailOpened` apart."""
    return snake(name).replace("_", "")


_NAMES: Final = frozenset(
    _plain(name) for data_type, peers in PEER_NAMES.items() for name in (data_type, peers.segment) if name is not None
)

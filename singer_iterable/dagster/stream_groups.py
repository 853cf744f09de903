"""Which streams of the tap make an asset, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from iterable_api.facts.data_types import DATA_TYPES


class Reading(Enum):
    """How the streams of a group are read."""

    BY_DAY = "by day"
    """A partition is what happened on one day, however often it is read: events."""
    ON = "on from where the last run ended"
    """By a bookmark: what changes, such as users, and the store of webhooks."""
    WHOLE = "whole each time"
    """What describes the project: a run is a snapshot."""


@dataclass(frozen=True)
class StreamGroup:
    """Streams that are read together, into one asset.

    Attributes:
        name: the last part of the asset's key: letters, digits and underscores.
        streams: names of streams, or globs such as `email_*`.
        without: names or globs of those that are left out all the same.
        about: what the streams hold, for Dagster's pages.
    """

    name: str
    streams: Sequence[str]
    reading: Reading = Reading.BY_DAY
    without: Sequence[str] = ()
    about: str = ""


_EXPORTS: Final = tuple(data_type.stream for data_type in DATA_TYPES)
WEBHOOK_STREAMS: Final = "webhook_*"
USERS: Final = "users"

STREAM_GROUPS: Final[Sequence[StreamGroup]] = (
    StreamGroup(
        "email_events", ("email_*", "hosted_unsubscribe_click"), about="E-mails: sends, opens, clicks and more."
    ),
    StreamGroup("sms_events", ("sms_*",), about="Text messages: sends, clicks, answers and usage."),
    StreamGroup("push_events", ("push_*",), about="Push notifications of apps."),
    StreamGroup("web_push_events", ("web_push_*",), about="Push notifications of browsers."),
    StreamGroup("in_app_events", ("in_app_*", "inbox_*"), about="Messages in apps, and their inbox."),
    StreamGroup("embedded_events", ("embedded_*",), about="Embedded messages."),
    StreamGroup("whatsapp_events", ("whatsapp_*",), about="WhatsApp messages."),
    StreamGroup("rcs_events", ("rcs_*",), about="RCS messages."),
    StreamGroup(
        "journeys", ("journey_exit", "unknown_session"), about="Exits of journeys, and sessions of unknown users."
    ),
    StreamGroup("custom_events", ("custom_event",), about="Custom events."),
    StreamGroup("purchases", ("purchase",), about="Purchases."),
    StreamGroup("users", (USERS,), Reading.ON, about="Users whose profile was updated."),
    StreamGroup(
        "resources",
        ("*",),
        Reading.WHOLE,
        (*_EXPORTS, WEBHOOK_STREAMS),
        "What describes the project: campaigns, lists and more.",
    ),
)
"""All streams of the tap but those of the store of webhooks."""

WEBHOOKS: Final = StreamGroup(
    "webhook_events", (WEBHOOK_STREAMS,), Reading.ON, about="Events that system webhooks have brought to the store."
)
"""Of projects whose tap has a `webhook_store`."""

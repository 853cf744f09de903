"""Fields of embedded messages and of exits from journeys in a seeded project, under the names that Iterable stores."""

from __future__ import annotations

from typing import Final

from iterable_sandbox.rules.journeys import Visit
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.seed import shop
from iterable_sandbox.seed.event_context import EventContext, Fields
from iterable_sandbox.seed.marketing import FIRST_JOURNEY, FIRST_JOURNEY_NAME, FIRST_TILE
from iterable_sandbox.seed.people import moment

_IMPRESSION: Final = {
    "embeddedImpressionPlacementId": 101,
    "embeddedImpressionDisplayCount": 2,
    "embeddedImpressionDisplayDuration": 7.5,
}


def embedded_click(context: EventContext) -> Fields:
    """Button and link of a click on an embedded message."""
    return {"embeddedButtonId": "button-0", "embeddedTargetUrl": context.rng.choice(shop.PRODUCTS)["url"]}


def embedded_impression(context: EventContext) -> Fields:
    """Where, how often and how long an embedded message was shown."""
    return _IMPRESSION | embedded_session(context)


def embedded_session(context: EventContext) -> Fields:
    """The visit in which it was shown."""
    return {"embeddedSessionId": context.message_id[::-1]}


def journey_exit(context: EventContext) -> Fields:
    """The exit from the first journey, an hour after the user entered."""
    visit = Visit(FIRST_JOURNEY, FIRST_JOURNEY_NAME, FIRST_TILE, moment(context.at - 3600), moment(context.at))
    return visit.exit_fields(Settings.project_id, context.person.place.time_zone)


def time_zone(context: EventContext) -> Fields:
    """The time zone of the user's place."""
    return {"timeZone": context.person.place.time_zone}


def proxy(context: EventContext) -> Fields:
    """The proxy of the mail program of users of one domain."""
    address = str(context.person.user.email or "")
    return {"proxySource": "Gmail"} if address.endswith("example.org") else {}

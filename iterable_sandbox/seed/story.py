"""Events of a seeded project: messages that are sent, and what users do.

A storyline is a sequence of data types, such as send, open, click. Each message, and each activity without a message,
draws one by its weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, chain
from random import Random
from typing import Final

from iterable_sandbox.rules import profiles
from iterable_sandbox.seed.event_context import EventContext
from iterable_sandbox.seed.fields import FIELDS
from iterable_sandbox.seed.marketing import CAMPAIGNS, Campaign
from iterable_sandbox.seed.people import Person, moment
from iterable_sandbox.seed.plan import Plan, happens
from iterable_sandbox.store.tables.events import Event

_DAY: Final = 86_400
_WITH_EVENT_ID: Final = frozenset({"customEvent", "purchase"})
_BLAST_SHARE: Final = 0.6
"""Share of blasts in all events, from 0 to 1; the rest are everyday events."""


@dataclass(frozen=True)
class Storyline:
    """Data types in the order of their events, and the weight of this sequence among its alternatives."""

    weight: float
    types: tuple[str, ...]


def _storylines(text: str) -> tuple[Storyline, ...]:
    """Parse storylines, one per line: its weight, then its data types."""
    rows = [line.split() for line in text.strip().splitlines()]
    return tuple(Storyline(float(weight), tuple(types)) for weight, *types in rows)


_PER_MESSAGE: Final[Mapping[str, tuple[Storyline, ...]]] = {
    "Email": _storylines("""
        50 emailSend
        24 emailSend emailOpen
         7 emailSend emailOpen emailOpen
         9 emailSend emailOpen emailClick
         3 emailSend emailOpen emailClick customEvent purchase
         2 emailSend emailBounce emailUnSubscribe
         3 emailSendSkip
         1 emailSend emailOpen hostedUnsubscribeClick emailUnSubscribe
         1 emailSend emailComplaint
    """),
    "Push": _storylines("""
        60 pushSend
        25 pushSend pushOpen
         5 pushSend pushOpen customEvent
         4 pushSend pushBounce
         3 pushSendSkip
         1 pushSend pushUninstall
    """),
    "InApp": _storylines("""
        40 inAppSend inAppDelivery inAppOpen
        10 inAppSend inAppDelivery inAppOpen inAppClick
        10 inAppSend inAppDelivery inAppOpen inAppClose
         4 inAppSend inAppDelivery inboxMessageImpression inAppDelete
         3 inAppSendSkip
         1 inAppSend inAppRecall
    """),
    "SMS": _storylines("""
        60 smsSend smsUsageInfo
        20 smsSend smsUsageInfo smsClick
         4 smsSend smsUsageInfo smsReceived
         3 smsSend smsBounce
         3 smsSendSkip
    """),
    "WebPush": _storylines("""
        60 webPushSend
        12 webPushSend webPushClick
         3 webPushSendSkip
    """),
    "WhatsApp": _storylines("""
        40 whatsAppSend whatsAppUsageInfo whatsAppSeen
         8 whatsAppSend whatsAppUsageInfo whatsAppSeen whatsAppClick
         5 whatsAppSend whatsAppUsageInfo whatsAppSeen whatsAppReceived
         3 whatsAppSend whatsAppBounce
         2 whatsAppSendSkip
    """),
    "Embedded": _storylines("""
        30 embeddedSend embeddedReceived embeddedImpression embeddedSession
         6 embeddedSend embeddedReceived embeddedImpression embeddedClick
         2 embeddedSendSkip
    """),
    "RCS": _storylines("""
        10 rcsSend
         1 rcsSendSkip
    """),
}
"""Medium -> storylines of a message."""

_WITHOUT_MESSAGE: Final = _storylines("""
    60 customEvent customEvent customEvent
    15 customEvent purchase
    10 customEvent
     4 inboxSession
     3 unknownSession
     2 journeyExit
""")
"""Storylines of users without a message."""


class _WeightedChoice:
    """Draws storylines by their weights."""

    def __init__(self, storylines: tuple[Storyline, ...]) -> None:
        self.storylines = storylines
        self.mean_events = sum(storyline.weight * len(storyline.types) for storyline in storylines) / sum(
            storyline.weight for storyline in storylines
        )
        self._weights = list(accumulate(storyline.weight for storyline in storylines))

    def draw(self, rng: Random) -> Storyline:
        return rng.choices(self.storylines, cum_weights=self._weights)[0]


_CHOICES: Final = {medium: _WeightedChoice(storylines) for medium, storylines in _PER_MESSAGE.items()}
_WITHOUT_MESSAGE_CHOICE: Final = _WeightedChoice(_WITHOUT_MESSAGE)
_BLASTS: Final = tuple(campaign for campaign in CAMPAIGNS if campaign.state == "Finished")
_TRIGGERED: Final = tuple(campaign for campaign in CAMPAIGNS if campaign.state == "Running")


def events(plan: Plan, persons: list[Person]) -> Iterator[Event]:
    """Yield at least the planned number of events: signups, each storyline once, blasts, then everyday events."""
    story = _Story(plan, persons)
    written = 0
    for events in chain([story.signups()], story.each_storyline_once(), story.blasts(), story.everyday_events()):
        if written >= plan.events:
            return
        for event in events:
            written += 1
            yield event


class _Story:
    """Generator of storylines, each an iterator of its events."""

    def __init__(self, plan: Plan, persons: list[Person]) -> None:
        self._plan = plan
        self._persons = persons
        self._rng = plan.random("story")

    def signups(self) -> Iterator[Event]:
        """Subscriptions of the users who signed up within the time of the project."""
        for person in self._persons:
            if person.signup >= self._plan.start and person.lists:
                yield _event(EventContext(self._rng, person, None, "", person.signup + 45), "emailSubscribe")

    def each_storyline_once(self) -> Iterator[Iterator[Event]]:
        """Each storyline once, so that small projects have all data types too."""
        for campaign in _TRIGGERED:
            for storyline in _PER_MESSAGE[campaign.channel.medium]:
                yield self._at_random_time(campaign, storyline)
        for storyline in _WITHOUT_MESSAGE:
            yield self._at_random_time(None, storyline)

    def blasts(self) -> Iterator[Iterator[Event]]:
        """Blasts to the members of their lists, or to a share of them that fits the planned number of events."""
        share = min(1.0, _BLAST_SHARE * self._plan.events / max(1.0, self._events_of_full_blasts()))
        for campaign in _BLASTS:
            starts = campaign.starts(self._plan)
            for person in self._persons:
                there = campaign.list_id in person.lists and person.signup < starts
                if there and happens(self._rng, share):
                    at = starts + self._rng.randrange(600)
                    yield self._events(person, campaign, random_storyline(self._rng, campaign), at)

    def everyday_events(self) -> Iterator[Iterator[Event]]:
        """Endless activities of users, and triggered messages."""
        while True:
            campaign = None if happens(self._rng, 0.5) else self._rng.choice(_TRIGGERED)
            yield self._at_random_time(campaign, random_storyline(self._rng, campaign))

    def _events_of_full_blasts(self) -> float:
        """Expected number of events if all blasts reached all members of their lists."""
        sizes = Counter(list_id for person in self._persons for list_id in person.lists)
        return sum(sizes[blast.list_id or 0] * _CHOICES[blast.channel.medium].mean_events for blast in _BLASTS)

    def _at_random_time(self, campaign: Campaign | None, storyline: Storyline) -> Iterator[Event]:
        """Events of a storyline for a random user, from a random time after the signup."""
        person = self._rng.choice(self._persons)
        at = self._rng.randrange(max(self._plan.start, person.signup), self._plan.end)
        return self._events(person, campaign, storyline, at)

    def _events(self, person: Person, campaign: Campaign | None, storyline: Storyline, at: int) -> Iterator[Event]:
        """Events of a storyline, with random intervals between them; none after the end of the project."""
        context = EventContext(self._rng, person, campaign, f"{self._rng.getrandbits(128):032x}", at)
        for type_ in storyline.types:
            yield _event(context, type_)
            context.before = type_
            later = context.at + int(self._rng.paretovariate(0.6) * 20) % _DAY
            context.at = min(self._plan.end - 1, later)


def _event(context: EventContext, type_: str) -> Event:
    line: dict[str, object] = {**profiles.identifiers(context.person.user), "createdAt": moment(context.at)}
    for fields in FIELDS[type_]:
        line.update(fields(context))
    event_id = str(line["id"]) if type_ in _WITH_EVENT_ID else None
    return Event(type_, context.at, context.person.user.id, line, event_id)


def random_storyline(rng: Random, campaign: Campaign | None) -> Storyline:
    """Draw what becomes of a message of the campaign; without one, what people do by themselves."""
    return (_WITHOUT_MESSAGE_CHOICE if campaign is None else _CHOICES[campaign.channel.medium]).draw(rng)

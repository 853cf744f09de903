"""The story of a seeded project: who is sent what, and what they do about it, event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, chain
from random import Random
from typing import Final

from iterable_sandbox.rules import profiles
from iterable_sandbox.seed.fields import FIELDS, Scene
from iterable_sandbox.seed.marketing import CAMPAIGNS, Campaign
from iterable_sandbox.seed.people import Person, moment
from iterable_sandbox.seed.plan import Plan, happens
from iterable_sandbox.store.tables.events import Event

_DAY: Final = 86_400
_UPDATABLE: Final = frozenset({"customEvent", "purchase"})
_BLAST_SHARE: Final = 0.6
"""Of all events, those of blasts; the rest is what happens every day."""


@dataclass(frozen=True)
class Storyline:
    """Data types in the order in which they follow each other, and how often that happens among its like."""

    weight: float
    types: tuple[str, ...]


def _plots(text: str) -> tuple[Storyline, ...]:
    """One plot per line: its weight, then its data types."""
    rows = [line.split() for line in text.strip().splitlines()]
    return tuple(Storyline(float(weight), tuple(types)) for weight, *types in rows)


_SENT: Final[Mapping[str, tuple[Storyline, ...]]] = {
    "Email": _plots("""
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
    "Push": _plots("""
        60 pushSend
        25 pushSend pushOpen
         5 pushSend pushOpen customEvent
         4 pushSend pushBounce
         3 pushSendSkip
         1 pushSend pushUninstall
    """),
    "InApp": _plots("""
        40 inAppSend inAppDelivery inAppOpen
        10 inAppSend inAppDelivery inAppOpen inAppClick
        10 inAppSend inAppDelivery inAppOpen inAppClose
         4 inAppSend inAppDelivery inboxMessageImpression inAppDelete
         3 inAppSendSkip
         1 inAppSend inAppRecall
    """),
    "SMS": _plots("""
        60 smsSend smsUsageInfo
        20 smsSend smsUsageInfo smsClick
         4 smsSend smsUsageInfo smsReceived
         3 smsSend smsBounce
         3 smsSendSkip
    """),
    "WebPush": _plots("""
        60 webPushSend
        12 webPushSend webPushClick
         3 webPushSendSkip
    """),
    "WhatsApp": _plots("""
        40 whatsAppSend whatsAppUsageInfo whatsAppSeen
         8 whatsAppSend whatsAppUsageInfo whatsAppSeen whatsAppClick
         5 whatsAppSend whatsAppUsageInfo whatsAppSeen whatsAppReceived
         3 whatsAppSend whatsAppBounce
         2 whatsAppSendSkip
    """),
    "Embedded": _plots("""
        30 embeddedSend embeddedReceived embeddedImpression embeddedSession
         6 embeddedSend embeddedReceived embeddedImpression embeddedClick
         2 embeddedSendSkip
    """),
    "RCS": _plots("""
        10 rcsSend
         1 rcsSendSkip
    """),
}
"""What may become of one message, by medium."""

_UNSENT: Final = _plots("""
    60 customEvent customEvent customEvent
    15 customEvent purchase
    10 customEvent
     4 inboxSession
     3 unknownSession
     2 journeyExit
""")
"""What people do by themselves."""


class _Choice:
    """Draws plots by their weights."""

    def __init__(self, plots: tuple[Storyline, ...]) -> None:
        self.plots = plots
        self.length = sum(plot.weight * len(plot.types) for plot in plots) / sum(plot.weight for plot in plots)
        self._weights = list(accumulate(plot.weight for plot in plots))

    def draw(self, chance: Random) -> Storyline:
        return chance.choices(self.plots, cum_weights=self._weights)[0]


_CHOICES: Final = {medium: _Choice(plots) for medium, plots in _SENT.items()}
_BY_THEMSELVES: Final = _Choice(_UNSENT)
_BLASTS: Final = tuple(campaign for campaign in CAMPAIGNS if campaign.state == "Finished")
_TRIGGERED: Final = tuple(campaign for campaign in CAMPAIGNS if campaign.state == "Running")


def tell(plan: Plan, crowd: list[Person]) -> Iterator[Event]:
    """At least as many events as planned: who joined, every kind of thing once, then blasts, then daily life."""
    story = _Story(plan, crowd)
    written = 0
    for events in chain([story.joining()], story.premiere(), story.blasts(), story.daily_life()):
        if written >= plan.events:
            return
        for event in events:
            written += 1
            yield event


class _Story:
    """What happens, as plots: each an iterator of its events."""

    def __init__(self, plan: Plan, crowd: list[Person]) -> None:
        self._plan = plan
        self._crowd = crowd
        self._chance = plan.random("story")

    def joining(self) -> Iterator[Event]:
        """Those who signed up lately subscribed to their lists then."""
        for person in self._crowd:
            if person.signup >= self._plan.start and person.lists:
                yield _event(Scene(self._chance, person, None, "", person.signup + 45), "emailSubscribe")

    def premiere(self) -> Iterator[Iterator[Event]]:
        """Every plot once, so that even a small project holds every data type."""
        for campaign in _TRIGGERED:
            for plot in _SENT[campaign.channel.medium]:
                yield self._some_day(campaign, plot)
        for plot in _UNSENT:
            yield self._some_day(None, plot)

    def blasts(self) -> Iterator[Iterator[Event]]:
        """Each blast goes to the members of its list, or to as many of them as fit the plan."""
        share = min(1.0, _BLAST_SHARE * self._plan.events / max(1.0, self._reach()))
        for campaign in _BLASTS:
            starts = campaign.starts(self._plan)
            for person in self._crowd:
                there = campaign.list_id in person.lists and person.signup < starts
                if there and happens(self._chance, share):
                    at = starts + self._chance.randrange(600)
                    yield self._play(person, campaign, self._drawn(campaign), at)

    def daily_life(self) -> Iterator[Iterator[Event]]:
        """Without end: somebody does something, or is sent something because of it."""
        while True:
            if happens(self._chance, 0.5):
                yield self._some_day(None, _BY_THEMSELVES.draw(self._chance))
            else:
                campaign = self._chance.choice(_TRIGGERED)
                yield self._some_day(campaign, self._drawn(campaign))

    def _reach(self) -> float:
        """How many events all blasts would make if they reached everybody on their lists."""
        sizes = Counter(list_id for person in self._crowd for list_id in person.lists)
        return sum(sizes[blast.list_id or 0] * _CHOICES[blast.channel.medium].length for blast in _BLASTS)

    def _drawn(self, campaign: Campaign) -> Storyline:
        return _CHOICES[campaign.channel.medium].draw(self._chance)

    def _some_day(self, campaign: Campaign | None, plot: Storyline) -> Iterator[Event]:
        """A plot for anybody, at any time since they signed up."""
        person = self._chance.choice(self._crowd)
        at = self._chance.randrange(max(self._plan.start, person.signup), self._plan.end)
        return self._play(person, campaign, plot, at)

    def _play(self, person: Person, campaign: Campaign | None, plot: Storyline, at: int) -> Iterator[Event]:
        """The events of one plot, each some time after the one before; none after the project's end."""
        scene = Scene(self._chance, person, campaign, f"{self._chance.getrandbits(128):032x}", at)
        for type_ in plot.types:
            yield _event(scene, type_)
            scene.before = type_
            later = scene.at + int(self._chance.paretovariate(0.6) * 20) % _DAY
            scene.at = min(self._plan.end - 1, later)


def _event(scene: Scene, type_: str) -> Event:
    line: dict[str, object] = {**profiles.identifiers(scene.person.user), "createdAt": moment(scene.at)}
    for fields in FIELDS[type_]:
        line.update(fields(scene))
    event_id = str(line["id"]) if type_ in _UPDATABLE else None
    return Event(type_, scene.at, scene.person.user.id, line, event_id)


def random_storyline(rng: Random, campaign: Campaign | None) -> Storyline:
    """What becomes of a message of a campaign; without one, what people do by themselves."""
    return (_BY_THEMSELVES if campaign is None else _CHOICES[campaign.channel.medium]).draw(rng)

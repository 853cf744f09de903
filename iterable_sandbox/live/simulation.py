"""Storylines of a seeded project, several at a time, written as events of the present."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any, Final

from iterable_sandbox.project.project import Project
from iterable_sandbox.seed import people
from iterable_sandbox.seed.event_context import EventContext
from iterable_sandbox.seed.fields import FIELDS
from iterable_sandbox.seed.marketing import CAMPAIGNS, Campaign
from iterable_sandbox.seed.plan import happens
from iterable_sandbox.seed.seeding import Plan, seed
from iterable_sandbox.seed.story import random_storyline
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.writes import events, users

_USERS: Final = 500
"""Users of a project that was empty."""

_STORYLINES_AT_A_TIME: Final = 60
"""Storylines at a time: an open comes some dozens of events after its send."""

_SHARE_WITHOUT_MESSAGE: Final = 0.25
"""Share of storylines that begin without a message."""

_WITH_EVENT_ID: Final = frozenset({"customEvent", "purchase"})
_UNSUBSCRIBED: Final = "emailUnSubscribe"


class Simulation:
    """Simulation of one project."""

    def __init__(self, project: Project, number: int = 1) -> None:
        self._project = project
        self._rng = Random(f"{number} live")  # noqa: S311 (it must be repeatable)
        self._storylines: list[Iterator[str]] = []

    def run(self, count: int, seconds: float = 0) -> dict[str, int]:
        """Write `count` events while the clock advances by `seconds`; return their counts by data type.

        An empty project is seeded first.

        Raises:
            ValueError: if the project has users, but no campaign of the demo shop.
        """
        store = self._project.store
        self._seed_if_empty()
        campaigns = [campaign for campaign in _CAMPAIGNS if store.resources.get("campaign", campaign.id) is not None]
        if not (campaigns and store.users.count()):
            raise ValueError("the project has no users, or no campaigns that seeding makes: serve a seeded file")
        with store.database.transaction():
            return dict(Counter(self._next_event(campaigns, seconds / count) for _ in range(count)))

    def _seed_if_empty(self) -> None:
        store = self._project.store
        if store.users.count() or store.events.count() or store.lists.all():
            return
        plan = Plan(_USERS, 0, 60, 1, self._project.clock.moment(), self._project.settings.project_type)
        seed(store, plan)

    def _next_event(self, campaigns: list[Campaign], seconds: float) -> str:
        """Advance the clock and write the next event of a random storyline; return its data type."""
        self._project.clock.advance(timedelta(seconds=seconds))
        while True:
            while len(self._storylines) < _STORYLINES_AT_A_TIME:
                self._storylines.append(self._new_storyline(campaigns))
            storyline = self._rng.choice(self._storylines)
            type_ = next(storyline, None)
            if type_ is not None:
                return type_
            self._storylines.remove(storyline)

    def _new_storyline(self, campaigns: list[Campaign]) -> Iterator[str]:
        campaign = None if happens(self._rng, _SHARE_WITHOUT_MESSAGE) else self._rng.choice(campaigns)
        return self._storyline_events(self._random_user_id(), campaign, f"{self._rng.getrandbits(128):032x}")

    def _storyline_events(self, user_row: int, campaign: Campaign | None, message_id: str) -> Iterator[str]:
        """Write the events of one storyline, one per step; it ends if its user is deleted."""
        store, before = self._project.store, ""
        for type_ in random_storyline(self._rng, campaign).types:
            user = store.users.by_row(user_row)
            if user is None:
                return
            person = people.person_of(user, store.lists.of_user(user.id))
            context = EventContext(self._rng, person, campaign, message_id, self._project.clock.seconds(), before)
            self._write(type_, user, {name: value for part in FIELDS[type_] for name, value in part(context).items()})
            before = type_
            yield type_

    def _write(self, type_: str, user: User, fields: Mapping[str, Any]) -> None:
        if type_ in _WITH_EVENT_ID:
            events.put(self._project, type_, user, {"id": fields["id"]}, fields)
            return
        events.record(self._project, type_, user, fields)
        if type_ == _UNSUBSCRIBED:
            users.save(self._project, user)

    def _random_user_id(self) -> int:
        """Return the row id of a random user."""
        database = self._project.store.database
        last = database.number("SELECT max(id) FROM users")
        at_least = self._rng.randint(1, last)
        return database.number("SELECT id FROM users WHERE id >= ? ORDER BY id LIMIT 1", (at_least,))


_CAMPAIGNS: Final = tuple(campaign for campaign in CAMPAIGNS if campaign.state in ("Finished", "Running"))

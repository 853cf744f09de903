"""What goes on in a project: stories as those of a seeded one, several at a time, written as events that happen now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any, Final

from iterable_sandbox.project.project import Project
from iterable_sandbox.seed import people
from iterable_sandbox.seed.fields import FIELDS, Scene
from iterable_sandbox.seed.marketing import CAMPAIGNS, Campaign
from iterable_sandbox.seed.plan import happens
from iterable_sandbox.seed.seeding import Plan, seed
from iterable_sandbox.seed.story import drawn
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.writes import events, users

_USERS: Final = 500
"""How many users an empty project gets."""

_AT_A_TIME: Final = 60
"""How many stories go on together: an open comes some dozens of events after its send."""

_BY_THEMSELVES: Final = 0.25
"""The share of stories that no message began."""

_NAMED: Final = frozenset({"customEvent", "purchase"})
_UNSUBSCRIBED: Final = "emailUnSubscribe"


class Life:
    """The stories that go on in one project."""

    def __init__(self, project: Project, number: int = 1) -> None:
        self._project = project
        self._chance = Random(f"{number} live")  # noqa: S311 (it must be repeatable)
        self._stories: list[Iterator[str]] = []

    def play(self, count: int, seconds: float = 0) -> dict[str, int]:
        """Let so many events happen, and so many seconds pass with them; how many there were of each data type.

        An empty project is seeded before.

        Raises:
            ValueError: if the project has users, but no campaign of the demo shop.
        """
        store = self._project.store
        self._settle()
        campaigns = [campaign for campaign in _SENDING if store.resources.get("campaign", campaign.id) is not None]
        if not (campaigns and store.users.count()):
            raise ValueError("the project has no users, or no campaigns that seeding makes: serve a seeded file")
        with store.database.transaction():
            return dict(Counter(self._next(campaigns, seconds / count) for _ in range(count)))

    def _settle(self) -> None:
        store = self._project.store
        if store.users.count() or store.events.count() or store.lists.all():
            return
        plan = Plan(_USERS, 0, 60, 1, self._project.clock.moment(), self._project.settings.project_type)
        seed(store, plan)

    def _next(self, campaigns: list[Campaign], seconds: float) -> str:
        """The next event of any story, some time after the one before; its data type."""
        self._project.clock.advance(timedelta(seconds=seconds))
        while True:
            while len(self._stories) < _AT_A_TIME:
                self._stories.append(self._begun(campaigns))
            story = self._chance.choice(self._stories)
            type_ = next(story, None)
            if type_ is not None:
                return type_
            self._stories.remove(story)

    def _begun(self, campaigns: list[Campaign]) -> Iterator[str]:
        campaign = None if happens(self._chance, _BY_THEMSELVES) else self._chance.choice(campaigns)
        return self._told(self._somebody(), campaign, f"{self._chance.getrandbits(128):032x}")

    def _told(self, user_row: int, campaign: Campaign | None, message_id: str) -> Iterator[str]:
        """Write the events of one story, one at a time; it ends when its user is gone."""
        store, before = self._project.store, ""
        for type_ in drawn(self._chance, campaign).types:
            user = store.users.by_row(user_row)
            if user is None:
                return
            person = people.acquaintance(user, store.lists.of_user(user.id))
            scene = Scene(self._chance, person, campaign, message_id, self._project.clock.seconds(), before)
            self._write(type_, user, {name: value for part in FIELDS[type_] for name, value in part(scene).items()})
            before = type_
            yield type_

    def _write(self, type_: str, user: User, fields: Mapping[str, Any]) -> None:
        if type_ in _NAMED:
            events.put(self._project, type_, user, {"id": fields["id"]}, fields)
            return
        events.record(self._project, type_, user, fields)
        if type_ == _UNSUBSCRIBED:
            users.save(self._project, user)

    def _somebody(self) -> int:
        """The row of any user."""
        database = self._project.store.database
        last = database.number("SELECT max(id) FROM users")
        at_least = self._chance.randint(1, last)
        return database.number("SELECT id FROM users WHERE id >= ? ORDER BY id LIMIT 1", (at_least,))


_SENDING: Final = tuple(campaign for campaign in CAMPAIGNS if campaign.state in ("Finished", "Running"))

"""Parameters of seeding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from iterable_api.facts.identity import ProjectType
from iterable_sandbox.wire import clock

MAX_USERS: Final = 1_000_000
MAX_EVENTS: Final = 100_000_000
MAX_DAYS: Final = 3_660
_BOUNDS: Final = (("users", 1, MAX_USERS), ("events", 0, MAX_EVENTS), ("days", 1, MAX_DAYS))
_DAY_MS: Final = 86_400_000


@dataclass(frozen=True)
class Plan:
    """Parameters of a seeded project. Equal plans make equal projects, byte for byte.

    Attributes:
        users: number of users.
        events: minimum number of events of all data types.
        days: days before `until` that the events span.
        seed: seed of all random numbers.
        until: end of the project.
        project_type: type of the project.

    Raises:
        ValueError: a number is out of its bounds, or the clock of the sandbox cannot show such times.
    """

    users: int
    events: int
    days: int
    seed: int
    until: datetime
    project_type: ProjectType = ProjectType.EMAIL

    def __post_init__(self) -> None:
        for name, least, most in _BOUNDS:
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name}: {getattr(self, name)} is not from {least} to {most}")
        clock.checked("until", clock.milliseconds(self.until))
        clock.checked("days", clock.milliseconds(self.until) - self.days * _DAY_MS)

    @property
    def end(self) -> int:
        """End of the project in epoch seconds, exclusive."""
        return int(self.until.timestamp())

    @property
    def start(self) -> int:
        """Start of the project in epoch seconds, inclusive."""
        return int((self.until - timedelta(days=self.days)).timestamp())

    def random(self, purpose: str) -> Random:
        """Random numbers for one purpose, so that drawing more for one does not change the others."""
        return Random(f"{self.seed} {purpose}")  # noqa: S311 (it must be repeatable)


def happens(rng: Random, probability: float) -> bool:
    """Draw a boolean that is true with a probability from 0 to 1."""
    return rng.random() < probability

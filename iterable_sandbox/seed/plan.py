"""What to seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from iterable_api.facts.identity import ProjectType


@dataclass(frozen=True)
class Plan:
    """The arguments of a seeding. Equal plans make equal projects, byte for byte.

    Attributes:
        users: exactly so many.
        events: at least so many, of all data types together.
        days: everything happens in so many days before `until`.
    """

    users: int
    events: int
    days: int
    seed: int
    until: datetime
    project_type: ProjectType = ProjectType.EMAIL

    @property
    def end(self) -> int:
        """The first second after the project's last one, as epoch seconds."""
        return int(self.until.timestamp())

    @property
    def start(self) -> int:
        """The first second of the project, as epoch seconds."""
        return int((self.until - timedelta(days=self.days)).timestamp())

    def random(self, purpose: str) -> Random:
        """A source of rng for one purpose, so that more of one thing does not change another."""
        return Random(f"{self.seed} {purpose}")  # noqa: S311 (it must be repeatable)


def happens(rng: Random, probability: float) -> bool:
    """Whether something that happens with a probability from 0 to 1 happens this time."""
    return rng.random() < probability

"""Context of a line of a seeded project."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from iterable_sandbox.seed.marketing import Campaign
from iterable_sandbox.seed.people import Person

Fields = dict[str, Any]


@dataclass
class EventContext:
    """Context of a line.

    Attributes:
        rng: random numbers.
        person: the user.
        campaign: campaign of the message, if any.
        message_id: id of the message.
        at: epoch seconds.
        before: data type of the line before it in the storyline; empty for the first one.
    """

    rng: Random
    person: Person
    campaign: Campaign | None
    message_id: str
    at: int
    before: str = ""

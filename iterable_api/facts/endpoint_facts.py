"""What is known of one endpoint of Iterable's API."""

from __future__ import annotations

from dataclasses import dataclass

from iterable_api.facts.key_types import SERVERS, KeyType
from iterable_api.facts.limits import Limit
from iterable_api.facts.success_responses import SuccessResponse


@dataclass(frozen=True)
class EndpointFacts:
    """Facts about one endpoint.

    Attributes:
        method: the HTTP method.
        path: the contract's template of the path.
        limits: the documented limits, shortest period first. Iterable may answer 429 also where there are none.
        repeatable: whether a second call does no more than the first. It is False where a second call creates or
            sends again, or is refused as if the first one had failed. All other endpoints set a state, read, or
            take an id: a user who is deleted twice is gone (Iterable may answer that it does not know the userId,
            and the target counts that as done), and an address that is changed twice is changed (the target looks
            whether that is so already).
        success: the form of a success, for at least all endpoints that the target calls.
        key_types: the types of API keys that may call it.
    """

    method: str
    path: str
    limits: tuple[Limit, ...] = ()
    repeatable: bool = True
    success: SuccessResponse | None = None
    key_types: frozenset[KeyType] = SERVERS

"""Requests and identities that a run notes, until they are handed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final, NamedTuple

from iterable_runs.store.facts import IdentityFacts, RequestFacts

MAX_REQUESTS: Final = 20_000
"""So many requests of a run are noted; of later ones those that failed, and as many of these at most."""
MAX_WAITING: Final = 100_000
"""Requests, and identities, that wait at most. What comes beyond them between two snapshots is left out."""
_SUCCESS: Final = range(200, 300)


class Noted(NamedTuple):
    """What was noted since it was last taken; requests with their numbers in the run."""

    requests: Sequence[tuple[int, RequestFacts]]
    identities: Sequence[IdentityFacts]


class RunNotes:
    """Takes notes of any thread. The number of requests and identities is bounded.

    Attributes:
        left_out: notes that were not kept, since there were too many.
    """

    def __init__(self, max_requests: int = MAX_REQUESTS, max_waiting: int = MAX_WAITING) -> None:
        self._max_requests = max_requests
        self._max_waiting = max_waiting
        self._lock = Lock()
        self._number = 0
        self._requests: list[tuple[int, RequestFacts]] = []
        self._identities: list[IdentityFacts] = []
        self.left_out = 0

    def add_request(self, request: RequestFacts) -> None:
        """Note one attempt of a request."""
        with self._lock:
            self._number += 1
            is_wanted = self._number <= self._max_requests or (
                request.status not in _SUCCESS and self._number <= 2 * self._max_requests
            )
            if is_wanted and len(self._requests) < self._max_waiting:
                self._requests.append((self._number, request))
            else:
                self.left_out += 1

    def add_identities(self, identities: Iterable[IdentityFacts]) -> None:
        """Note what became of users or items."""
        with self._lock:
            found = list(identities)
            taken = found[: self._max_waiting - len(self._identities)]
            self._identities += taken
            self.left_out += len(found) - len(taken)

    def take(self) -> Noted:
        """Return what was noted since the last call."""
        with self._lock:
            noted = Noted(self._requests, self._identities)
            self._requests, self._identities = [], []
        return noted

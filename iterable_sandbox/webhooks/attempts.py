"""The calls of webhooks that were made: which event, how it went and how long it took, and no personal data."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

Outcome = Literal["delivered", "failed", "given_up", "lost", "dropped"]
"""`failed` is tried again, `given_up` is not; `lost` was asked for; `dropped` had a webhook that is off or gone."""

_MAX_ATTEMPTS: Final = 10_000


@dataclass(frozen=True)
class Attempt:
    """One call of a webhook.

    Attributes:
        at: when it ended, by the clock of the sandbox, as ISO 8601.
        delivery: a number that the tries of one call share.
        status: that of the answer; None if there was none, or no call was made.
        problem: why there was no answer, as the name of an error. Never what the error says: it may hold a URL.
    """

    at: str
    webhook: int
    event: str
    delivery: int
    tries: int
    outcome: Outcome
    status: int | None = None
    problem: str | None = None
    milliseconds: int = 0


class AttemptLog:
    """The latest attempts, and how many there were of each outcome; threads may share it."""

    def __init__(self, max_attempts: int = _MAX_ATTEMPTS) -> None:
        self._lock = Lock()
        self._latest: deque[Attempt] = deque(maxlen=max_attempts)
        self._outcomes: Counter[tuple[int, Outcome]] = Counter()

    def add(self, attempt: Attempt) -> None:
        """Note one."""
        with self._lock:
            self._latest.append(attempt)
            self._outcomes[attempt.webhook, attempt.outcome] += 1

    def latest(self) -> list[Attempt]:
        """Those that are kept, oldest first."""
        with self._lock:
            return list(self._latest)

    def outcomes(self, webhook: int) -> dict[Outcome, int]:
        """How many attempts of a webhook ended in each way."""
        with self._lock:
            return {outcome: number for (owner, outcome), number in self._outcomes.items() if owner == webhook}

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._latest.clear()
            self._outcomes.clear()

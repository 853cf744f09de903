"""Log of delivery attempts: event, outcome and duration, without personal data."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

Outcome = Literal["delivered", "failed", "given_up", "lost", "dropped"]
"""`failed` is retried, `given_up` is not; `lost` by `webhook_loss`; `dropped` has a webhook that is off or gone."""

_MAX_ATTEMPTS: Final = 10_000


@dataclass(frozen=True)
class Attempt:
    """One delivery attempt.

    Attributes:
        at: when it ended, by the clock of the sandbox, as ISO 8601.
        delivery: the number of the delivery; its retries share it.
        tries: 1 for the first attempt.
        status: HTTP status of the answer; None if there was none, or no request was sent.
        problem: class name of the error if there was no answer. Its text is left out: it may hold a URL.
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
    """The latest attempts, and counts of all by outcome. Thread-safe."""

    def __init__(self, max_attempts: int = _MAX_ATTEMPTS) -> None:
        self._lock = Lock()
        self._latest: deque[Attempt] = deque(maxlen=max_attempts)
        self._outcomes: Counter[tuple[int, Outcome]] = Counter()

    def add(self, attempt: Attempt) -> None:
        """Add an attempt."""
        with self._lock:
            self._latest.append(attempt)
            self._outcomes[attempt.webhook, attempt.outcome] += 1

    def latest(self) -> list[Attempt]:
        """Attempts in the log, oldest first."""
        with self._lock:
            return list(self._latest)

    def outcomes(self, webhook: int) -> dict[Outcome, int]:
        """Counts of the attempts of a webhook by outcome."""
        with self._lock:
            return {outcome: number for (owner, outcome), number in self._outcomes.items() if owner == webhook}

    def clear(self) -> None:
        """Empty the log and its counts."""
        with self._lock:
            self._latest.clear()
            self._outcomes.clear()

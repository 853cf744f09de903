"""Retry policies: the number of attempts and the waits between them, in one table for all places that retry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

LOCK_TIMEOUT: Final = 60
"""Seconds for which a lock that another process holds in a database is waited for; see `lock_timeout_seconds`."""
UNLIMITED: Final = sys.maxsize
"""Number of attempts of a policy that only its deadline ends."""


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts with growing waits between them.

    Attributes:
        attempts: number of attempts, the first included.
        first_wait: seconds between the first attempt and the second; 0 for no waits at all.
        longest_wait: seconds that no wait exceeds.
        factor: ratio of a wait to the one before.
        deadline: seconds after which no further attempt is made; None for no deadline.

    Raises:
        ValueError: if the policy would never end, or a number makes no sense.
    """

    attempts: int
    first_wait: float = 0
    longest_wait: float = 0
    factor: float = 2
    deadline: float | None = None

    def __post_init__(self) -> None:
        if self.attempts < 1 or (self.attempts == UNLIMITED and self.deadline is None):
            raise ValueError("a retry policy has one attempt at least, and an end")
        if not 0 <= self.first_wait <= self.longest_wait or self.factor < 1:
            raise ValueError("the waits of a retry policy grow from the first to the longest")

    def wait(self, retry: int) -> float:
        """The seconds before a retry, counted from 1."""
        try:
            return min(self.first_wait * self.factor ** (retry - 1), self.longest_wait)
        except OverflowError:
            return self.longest_wait

    def waits(self) -> Iterator[float]:
        """The seconds before each retry, in order."""
        return map(self.wait, range(1, self.attempts))

    def is_over(self, seconds: float) -> bool:
        """Whether the deadline has passed, `seconds` after the first attempt."""
        return self.deadline is not None and seconds > self.deadline

    def at_most(self, attempts: int) -> RetryPolicy:
        """The same policy with `attempts` at most."""
        return replace(self, attempts=min(self.attempts, attempts))

    def retrying(
        self,
        *errors: type[Exception],
        sleep: Callable[[float], None],
        before_sleep: Callable[[RetryCallState], None] | None = None,
    ) -> Retrying:
        """A caller that repeats a function until it works; after the last attempt it raises the error of that.

        Args:
            errors: the errors that are retried; any other is raised at once.
            sleep: waits for so many seconds.
            before_sleep: is called before each wait.
        """
        return Retrying(
            retry=retry_if_exception_type(errors),
            stop=stop_after_attempt(self.attempts),
            wait=lambda state: self.wait(state.attempt_number),
            sleep=sleep,
            before_sleep=before_sleep,
            reraise=True,
        )


REQUEST: Final = RetryPolicy(attempts=8, first_wait=1, longest_wait=60)
"""A request to Iterable without an answer or with a transient error; `max_tries` and `longest_wait_seconds` set it."""
UNREACHED_HOST: Final = RetryPolicy(attempts=3, first_wait=1, longest_wait=60)
"""A request to a host that has not answered yet in this run: a few seconds, for a network that is just coming up."""
UNREADABLE_ANSWER: Final = RetryPolicy(attempts=3)
"""A request of the target whose 2xx answer is no success of its endpoint; see `confirmed`."""
JUST_MADE: Final = RetryPolicy(attempts=7, first_wait=0.5, longest_wait=15)
"""A request about a list or a catalog that was made just now, and that Iterable may not know everywhere yet."""
PASSING_FAILURE: Final = RetryPolicy(attempts=2)
"""A record with a failure that may pass, in a request that was accepted."""
LIST_OF_ONE_NAME: Final = RetryPolicy(attempts=4, first_wait=1, longest_wait=4)
"""A look-up that finds several lists of one name: a process that made one too many deletes it again."""
WINDOW_WITHOUT_ROWS: Final = RetryPolicy(attempts=3, first_wait=1, longest_wait=4, factor=4)
"""An export window whose answer has content, but no row."""
EXPORT_JOB: Final = RetryPolicy(attempts=4, first_wait=2, longest_wait=8)
"""The submission of an export job that failed."""
EXPORT_JOB_STATE: Final = RetryPolicy(attempts=UNLIMITED, first_wait=1, longest_wait=300, deadline=24 * 3600)
"""The polling of an export job until it is completed."""
EXPORT_FILE: Final = RetryPolicy(attempts=5, first_wait=1, longest_wait=30, factor=5)
"""The download of a file of an export job, each time from a fresh URL, as the last one may have expired."""
PARTITION: Final = RetryPolicy(attempts=3)
"""A partition of a stream, such as a list or the events of a user, whose answer broke off."""
COMPARED_EXPORT: Final = RetryPolicy(attempts=3, first_wait=1, longest_wait=4)
"""An export that is compared with the store of webhooks, and whose answer broke off."""
DATABASE_AWAY: Final = RetryPolicy(attempts=UNLIMITED, first_wait=0.1, longest_wait=2, deadline=LOCK_TIMEOUT)
"""The wait for a database that is restarted. How long is set by `lock_timeout_seconds`, counted from the failure."""
LOST_TRANSACTION = RetryPolicy(attempts=3)
"""A transaction whose connection was lost in the middle, each time over a new connection."""

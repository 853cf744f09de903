"""Rules of limits: which slot is the next free one, given the state of a limit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from pyrate_limiter import Decision, Rate, StateAlgorithm, TokenBucket
from pyrate_limiter.abstracts.algorithm import State

from iterable_api.facts.limits import DAY, Limit

JITTER: Final = 0.5
"""Seconds by which the travel times of two requests may differ: a new connection across an ocean, and an open one."""

_NEGLIGIBLE: Final = 0.05
"""Share of its period by which a limit may be slower before its burst is made smaller instead."""


class Reservation(NamedTuple):
    """A slot.

    Attributes:
        state: the state of the limit from now on, as text.
        wait: milliseconds until the slot.
    """

    state: str
    wait: float


class Bucket(NamedTuple):
    """A token bucket as one formula: the state is the moment at which it will be full again.

    Attributes:
        emission: microseconds in which a token comes back.
        burst: how many tokens there are.
    """

    emission: int
    burst: int


class Rule:
    """The rule of one limit. Moments are milliseconds."""

    def __init__(self, limit: Limit) -> None:
        self._algorithm: StateAlgorithm = _ExactPeriod() if limit.seconds >= DAY else TokenBucket()
        self._merged: Callable[[State, State], State] = _union if limit.seconds >= DAY else max
        self._rates = [Rate(limit.count, limit.seconds * 1000) if limit.seconds >= DAY else _rate(limit)]

    @property
    def bucket(self) -> Bucket | None:
        """The numbers of a token bucket; None for a rule of another kind."""
        arguments = self._algorithm.redis_args(self._rates)
        return Bucket(*map(int, arguments)) if arguments else None

    def reserve(self, stored: str, seen: str, now: int) -> Reservation | None:
        """Reserve the next free slot; None if the limit is used up for so long that a wait makes no sense.

        Args:
            stored: the state in the store, "" if there is none.
            seen: the state after the last reservation of this process. It counts where the store has lost its own,
                or has gone back to an earlier one.
            now: the present moment.
        """
        state = self._merged(self._decoded(stored), self._decoded(seen))
        reserved, decision = self._algorithm.step(self._rates, state, now, 1)
        wait = decision.retry_after_ms
        if not decision.allowed:
            if wait is None:
                return None
            reserved, _ = self._algorithm.step(self._rates, state, now + wait, 1)
        return Reservation(" ".join(map(str, reserved)), wait or 0)

    def _decoded(self, state: str) -> State:
        return self._algorithm.decode(state.split()) if state else self._algorithm.initial(self._rates)


class _ExactPeriod(StateAlgorithm):
    """Counts the requests of the last period exactly: the state is the moment of each."""

    def initial(self, _rates: list[Rate]) -> State:
        return ()

    def step(self, rates: list[Rate], state: State, now: int, weight: int) -> tuple[State, Decision]:
        (rate,) = rates
        recent = tuple(moment for moment in state if moment >= now - rate.interval)
        if len(recent) + weight > rate.limit:
            return state, Decision(failing_rate=rate)
        return (*recent, *[now] * weight), Decision()

    def decode(self, values: Sequence[str]) -> State:
        return tuple(int(value) for value in values)


def _union(one: State, other: State) -> State:
    """The moments of both states of an exact period, each as often as the state that has it more often."""
    return tuple(sorted((Counter(one) | Counter(other)).elements()))


def _rate(limit: Limit) -> Rate:
    """The rate that keeps `limit` although requests may be delayed by up to `JITTER`.

    In that time, `ahead` later requests can catch up with earlier ones. A smaller burst makes room for them, which
    costs no throughput; or a longer period, where the burst is too small or the difference is negligible.
    """
    ahead = JITTER * limit.count / limit.seconds
    spare = min(math.ceil(ahead - _NEGLIGIBLE), limit.count - 1)
    stretch = max(1.0, (1 + ahead) / (1 + spare))
    return Rate(limit.count, math.ceil(limit.seconds * 1000 * stretch), burst=limit.count - spare)

"""Client that runs the simulation of a served sandbox at a given rate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final

from iterable_sandbox.wire.control_client import ControlClient

_TICK_S: Final = 0.1
_MAX_EVENTS: Final = 1000
_DAY_S: Final = 86_400


@dataclass(frozen=True)
class Pace:
    """Speed and duration of a simulation.

    Attributes:
        rate: events a second.
        day: in how many seconds a day passes by the clock of the sandbox; None leaves the clock alone.
        seconds: how long it goes on; None means for one such day, or without end.
    """

    rate: float
    day: float | None = None
    seconds: float | None = None

    @property
    def duration(self) -> float | None:
        """Duration in seconds; None is endless."""
        return self.day if self.seconds is None else self.seconds


class SimulationClient:
    """Client of a served sandbox.

    Attributes:
        happened: counts of events by data type.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self.happened: Counter[str] = Counter()
        self._control = ControlClient(url, api_key)

    def add_webhook(self, endpoint: str) -> None:
        """Create a webhook for all events, unless there is one with this endpoint.

        Raises:
            ValueError: if the sandbox refuses it.
            requests.RequestException: if there is no sandbox.
        """
        if all(
            webhook["endpoint"] != endpoint for webhook in self._control.request("GET", "/api/webhooks")["webhooks"]
        ):
            self._control.request("POST", "/_sandbox/webhooks", {"endpoint": endpoint})

    def run(self, pace: Pace, report: Callable[[str], None]) -> None:
        """Simulate events, and report counts about once a second.

        Raises:
            ValueError: if the sandbox refuses.
            requests.RequestException: if there is no sandbox, or none any more.
        """
        began = reported = monotonic()
        last = 0.0
        while True:
            elapsed = monotonic() - began
            if pace.duration is not None:
                elapsed = min(elapsed, pace.duration)
            wanted = min(int(elapsed * pace.rate) - self.happened.total(), _MAX_EVENTS)
            advance = 0 if pace.day is None else (elapsed - last) * max(0, _DAY_S / pace.day - 1)
            last = elapsed
            answer = self._control.request("POST", "/_sandbox/live", {"events": wanted, "advance": advance})
            self.happened.update(answer["events"])
            is_over = elapsed == pace.duration and wanted < _MAX_EVENTS
            if is_over or monotonic() - reported >= 1:
                reported = monotonic()
                report(self._summary(answer))
            if is_over:
                return
            sleep(_TICK_S)

    def _summary(self, answer: Any) -> str:
        calls: Counter[str] = Counter()
        for webhook in self._control.request("GET", "/_sandbox/webhooks")["webhooks"]:
            calls.update(webhook["calls"])
        counts = ", ".join(f"{calls[name]} {name.replace('_', ' ')}" for name in ("delivered", "given_up", "waiting"))
        return f"{answer['now']}: {self.happened.total()} events; calls of webhooks: {counts}"

"""Threads that send due deliveries to webhooks until the sandbox ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Thread
from time import monotonic
from typing import Final

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.deliveries import Delivery
from iterable_sandbox.webhooks.attempts import Attempt, AttemptLog, Outcome
from iterable_sandbox.webhooks.destination import endpoint_problem, fill_merge_tags, request_headers
from iterable_sandbox.webhooks.http_client import Answer, WebhookClient
from iterable_sandbox.wire.clock import Clock

_POLL_S: Final = 0.05
"""Interval of looking at the clock while a delivery is not due yet: the clock can be moved without notice."""

_GRACE_S: Final = 1
"""How long a request that is in flight may take when the sandbox ends."""


@dataclass
class _State:
    """State that the threads share.

    The condition is never held during a query: a writer of events holds the database's lock when it calls `wake`, so
    the other order of the two locks would be a deadlock.
    """

    condition: Condition = field(default_factory=Condition)
    threads: dict[int, Thread] = field(default_factory=dict)
    news: int = 0
    is_running: bool = False


class DeliveryWorker:
    """Sends stored deliveries. Threads start with the first delivery; their number is `webhook_connections`."""

    def __init__(self, store: Store, clock: Clock, settings: Callable[[], Settings], attempts: AttemptLog) -> None:
        self._store = store
        self._clock = clock
        self._settings = settings
        self._attempts = attempts
        self._client = WebhookClient()
        self._state = _State()

    def start(self) -> None:
        """Start to deliver, also what is stored already."""
        self._state.is_running = True
        if self._store.deliveries.count():
            self.wake()

    def wake(self) -> None:
        """Notify the threads of new deliveries. The caller's transaction may still be open."""
        with self._state.condition:
            self._state.news += 1
            if self._state.is_running:
                self._start_threads()
            self._state.condition.notify_all()

    def end(self) -> None:
        """Stop. A request in flight has a second to finish and is abandoned after that."""
        with self._state.condition:
            self._state.is_running = False
            self._state.condition.notify_all()
            threads = [*self._state.threads.values()]
        deadline = monotonic() + _GRACE_S
        for thread in threads:
            thread.join(max(0, deadline - monotonic()))
        self._client.close()

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until no delivery is left; return whether that is so."""
        deadline = monotonic() + timeout
        while self._store.deliveries.count():
            if monotonic() > deadline:
                return False
            with self._state.condition:
                self._state.condition.wait(_POLL_S)
        return True

    def _start_threads(self) -> None:
        for number in range(self._settings().webhook_connections):
            if number not in self._state.threads:
                thread = Thread(target=self._run, args=(number,), name=f"webhook-{number}", daemon=True)
                self._state.threads[number] = thread
                thread.start()

    def _run(self, number: int) -> None:
        while True:
            with self._state.condition:
                seen = self._state.news
                if not self._state.is_running or number >= self._settings().webhook_connections:
                    del self._state.threads[number]
                    return
            delivery = self._store.deliveries.claim(self._clock.now())
            if delivery is not None:
                self._deliver(delivery)
                continue
            pause = _POLL_S if self._store.deliveries.count() else None
            with self._state.condition:
                self._state.condition.wait_for(partial(self._has_changed, seen), pause)

    def _has_changed(self, seen: int) -> bool:
        return self._state.news != seen or not self._state.is_running

    def _deliver(self, delivery: Delivery) -> None:
        webhook = self._store.resources.get("webhook", delivery.webhook)
        if delivery.lost or webhook is None or not webhook["enabled"]:
            self._finish(delivery, "lost" if delivery.lost else "dropped")
            return
        settings = self._settings()
        if endpoint_problem(webhook["endpoint"], settings) is not None:
            self._finish(delivery, "given_up", Answer(None, "EndpointRefused", 0))
            return
        url, headers = fill_merge_tags(webhook["endpoint"], delivery.tags), request_headers(webhook, settings)
        answer = self._client.post(url, headers, delivery.body, settings.webhook_timeout)
        if not self._state.is_running:
            return
        if answer.is_accepted(settings.webhook_accepted):
            self._finish(delivery, "delivered", answer)
        elif delivery.tries > len(settings.webhook_pauses):
            self._finish(delivery, "given_up", answer)
        else:
            self._log(delivery, "failed", answer)
            pause = settings.webhook_pauses[delivery.tries - 1]
            self._store.deliveries.put_off(delivery, self._clock.now() + int(pause * 1000))

    def _finish(self, delivery: Delivery, outcome: Outcome, answer: Answer | None = None) -> None:
        """Log before removing: once no delivery is left, every attempt is in the log."""
        self._log(delivery, outcome, answer)
        self._store.deliveries.remove(delivery)

    def _log(self, delivery: Delivery, outcome: Outcome, answer: Answer | None) -> None:
        heard = answer or Answer(None, None, 0)
        at = self._clock.moment().isoformat()
        self._attempts.add(
            Attempt(
                at,
                delivery.webhook,
                delivery.event,
                delivery.id,
                delivery.tries,
                outcome,
                heard.status,
                heard.problem,
                heard.milliseconds,
            )
        )

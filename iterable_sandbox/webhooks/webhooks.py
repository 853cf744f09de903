"""Entry point: an event becomes stored deliveries, which threads send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from random import Random

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.deliveries import Delivery
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.webhooks.attempts import AttemptLog
from iterable_sandbox.webhooks.delivery_worker import DeliveryWorker
from iterable_sandbox.webhooks.destination import MERGE_TAGS
from iterable_sandbox.webhooks.filters import is_delivered, matches
from iterable_sandbox.webhooks.message_context import MessageContext
from iterable_sandbox.webhooks.payload import build_payload
from iterable_sandbox.webhooks.payload_keys import PAYLOADS
from iterable_sandbox.webhooks.registration import Webhook, ticked_events
from iterable_sandbox.wire.clock import Clock
from iterable_sandbox.wire.json_text import to_json


class Webhooks:
    """Webhooks of one project. They are resources of the store; see `registration`."""

    def __init__(self, store: Store, clock: Clock, settings: Callable[[], Settings]) -> None:
        self.attempts = AttemptLog()
        self._store = store
        self._clock = clock
        self._settings = settings
        self._worker = DeliveryWorker(store, clock, settings, self.attempts)
        self._cached: tuple[tuple[int, int] | None, dict[str, list[Webhook]]] = None, {}
        # The same each time, so that a test of what gets lost can be repeated.
        self._rng = Random(0)  # noqa: S311 (no secret)

    def enqueue(self, event: Event) -> None:
        """Store the deliveries of a stored event, in its transaction: a rollback undoes them, too."""
        ticked = self._ticked(event.type)
        if not ticked:
            return
        settings = self._settings()
        if not is_delivered(event, settings):
            return
        context = MessageContext(self._store, event.line)
        wanted = [webhook for webhook in ticked if matches(webhook, event, context, settings)]
        if wanted:
            self._store.deliveries.add(self._deliveries(event, context, wanted))
            self._worker.wake()

    def start(self) -> None:
        """Start to deliver."""
        self._worker.start()

    def end(self) -> None:
        """Stop to deliver. Deliveries that are left are lost with the sandbox."""
        self._worker.end()

    def wait(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until no delivery is left; return whether that is so."""
        return self._worker.wait(timeout)

    def _ticked(self, event_type: str) -> list[Webhook]:
        """Return enabled webhooks with the type ticked, from a cache: each row of an imported list has an event."""
        version = self._store.resources.version
        if version != self._cached[0]:
            self._cached = version, self._ticked_by_type()
        return self._cached[1].get(event_type, [])

    def _ticked_by_type(self) -> dict[str, list[Webhook]]:
        enabled = [one for one in self._store.resources.all("webhook") if one["enabled"]]
        return {type_: [one for one in enabled if type_ in ticked_events(one)] for type_ in PAYLOADS}

    def _deliveries(self, event: Event, context: MessageContext, wanted: Iterable[Webhook]) -> Iterator[Delivery]:
        settings = self._settings()
        payload = build_payload(event, context, settings, self._store)
        body = to_json(payload)
        tags = {name: context.fields[name] for name in MERGE_TAGS}
        for webhook in wanted:
            lost = self._draw(settings.webhook_loss)
            for _ in range(2 if self._draw(settings.webhook_duplicates) else 1):
                put_off = settings.webhook_delay + self._rng.random() * settings.webhook_shuffle
                due_ms = self._clock.now() + int(put_off * 1000)
                yield Delivery(webhook["id"], payload["eventName"], tags, body, lost, due_ms)

    def _draw(self, share: float) -> bool:
        return self._rng.random() < share

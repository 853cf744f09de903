"""The thread that stores, and the statements by which it does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from iterable_webhooks.ingest.group_commit import GroupCommit
from iterable_webhooks.ingest.metrics import Metrics
from iterable_webhooks.ingest.pending_bytes import PendingBytes
from iterable_webhooks.store.appending import appender
from iterable_webhooks.store.errors import WebhookStoreError
from iterable_webhooks.store.events import Delivery, MalformedBody
from iterable_webhooks.store.opening import open_for_writing
from iterable_webhooks.store.reader import StoreReader


class _FailsOnce:
    """Appends to a list, but the first time raises an error that no store is known to raise."""

    def __init__(self) -> None:
        self.stored: list[Delivery] = []
        self.has_failed = False

    def append(self, deliveries: Sequence[Delivery], malformed: Sequence[MalformedBody]) -> None:  # noqa: ARG002 (as `Appender` has it)
        if not self.has_failed:
            self.has_failed = True
            raise MemoryError("person@example.com")
        self.stored += deliveries


def test_an_error_that_was_not_foreseen_is_told_to_the_sender_and_the_next_event_is_stored() -> None:
    first, second = (Delivery(0, "default", "emailOpen", b'{"n": %d}' % n) for n in range(2))
    failing = _FailsOnce()
    pending = PendingBytes(1_000)

    async def deliver() -> None:
        commits = GroupCommit(failing, pending, Metrics(), timeout=60)
        commits.start()
        for delivery in (first, second):
            pending.add(len(delivery.body))
        with pytest.raises(WebhookStoreError, match=r"\(MemoryError\)\.$"):
            await commits.store(first)
        await commits.store(second)
        await commits.stop()

    asyncio.run(deliver())
    assert (failing.stored, pending.count) == ([second], 0)


@pytest.mark.parametrize("number", [1, 190, 191, 380, 1_000])
def test_events_of_one_commit_keep_their_order_however_many_statements_they_take(store: str, number: int) -> None:
    deliveries = [Delivery(n, f"project-{n % 3}", f"name {n % 7}", b'{"n": %d}' % n) for n in range(number)]
    engine = open_for_writing(store)
    appender(engine).append(deliveries[:1], [])
    appender(engine).append(deliveries, [])
    engine.dispose()
    with StoreReader(store) as reader:
        events = [event for batch in reader.read() for event in batch.events]
    assert [event.position for event in events] == list(range(1, number + 2))
    assert [event[2:] for event in events[1:]] == [delivery[1:] for delivery in deliveries]

"""A receiver that is killed again and again under load."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from benchmarks.webhook_sender import Load, number_of, send
from iterable_webhooks.store.reader import StoreReader
from tests.webhooks.receivers import receiver

pytestmark = pytest.mark.more

KILLS: Final = int(os.environ.get("ITERABLE_WEBHOOKS_TEST_KILLS", "10"))
"""How often a receiver is killed; 300 take about ten minutes."""
_MOST_A_SECOND: Final = 20_000
_LOAD_SECONDS: Final = 1


def test_every_event_that_was_answered_200_is_in_the_store_once_however_often_the_receiver_is_killed(
    store: str, tmp_path: Path
) -> None:
    answered: set[int] = set()
    delivered: set[int] = set()
    chance = random.Random(KILLS)  # noqa: S311 (moments need not be secret)
    for kill in range(KILLS):
        load = Load(16, _LOAD_SECONDS, first=kill * _MOST_A_SECOND * 2)
        with receiver(store, tmp_path / "log") as running, ThreadPoolExecutor() as pool:
            sending = pool.submit(send, running.url, load)
            time.sleep(chance.uniform(0.05, _LOAD_SECONDS * 0.7))
            running.process.send_signal(signal.SIGKILL)
            answers = sending.result()
        assert {answer.status for answer in answers} <= {200, None}
        answered |= {answer.number for answer in answers if answer.status == 200}
        delivered |= {answer.number for answer in answers}
    with StoreReader(store) as reader:
        events = [event for batch in reader.read() for event in batch.events]
        assert [event.position for event in events] == list(range(1, reader.last_position + 1))
    stored = Counter(number_of(event.body) for event in events)
    assert len(answered) > KILLS * 10
    assert answered - stored.keys() == set()
    assert stored.keys() - delivered == set()
    assert set(stored.values()) == {1}

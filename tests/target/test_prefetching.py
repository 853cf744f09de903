"""Ledger state of a load that is prefetched while the load before it is being sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from target_iterable.core.operation import EMPTY_ENVELOPE, Batch, BatchResult, Operation, RowResults
from target_iterable.ledger.deduplicator import Deduplicator
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger
from tests.target.bulk_server import ENDPOINT
from tests.target.conftest import Project
from tests.target.loading import stream

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(str(tmp_path / "ledger.db"), "secret")
    yield opened
    opened.close()


def row(who: str, says: bytes) -> Operation:
    return Operation(ENDPOINT, says, (("email", who),), dedup_scope="users")


def accept(memory: Deduplicator, *rows: Operation) -> None:
    for one in rows:
        batch = Batch(ENDPOINT, EMPTY_ENVELOPE)
        batch.add(one)
        memory.record(BatchResult(batch, RowResults(written=[one])))


def known(ledger: Ledger, *rows: Operation) -> set[bytes]:
    """What the next run takes for accepted of these rows."""
    return {one.part for one in Deduplicator(ledger).unchanged(rows)}


def test_keys_that_the_next_load_overwrites_stay_claimed_when_this_one_is_committed(ledger: Ledger) -> None:
    memory = Deduplicator(ledger)
    first, second = [row(ANN, b"A"), row(BOB, b"A")], [row(ANN, b"B")]
    memory.prefetch(first)
    assert not memory.unchanged(first)
    memory.prefetch(second)
    accept(memory, *first)
    memory.commit(first)
    assert known(ledger, row(ANN, b"A")) == set()
    assert known(ledger, row(BOB, b"A")) == {b"A"}


def test_the_last_accepted_content_is_known_when_both_loads_are_committed(ledger: Ledger) -> None:
    memory = Deduplicator(ledger)
    first, second = [row(ANN, b"A")], [row(ANN, b"B")]
    memory.prefetch(first)
    memory.unchanged(first)
    memory.prefetch(second)
    accept(memory, *first)
    memory.commit(first)
    memory.unchanged(second)
    accept(memory, *second)
    memory.commit(second)
    assert known(ledger, row(ANN, b"B")) == {b"B"}


def test_the_next_load_may_be_prefetched_before_this_one_is_consumed(ledger: Ledger) -> None:
    memory = Deduplicator(ledger)
    first, second = [row(ANN, b"A")], [row(ANN, b"B")]
    memory.prefetch(first)
    memory.prefetch(second)
    for load in (first, second):
        assert not memory.unchanged(load)
        accept(memory, *load)
        memory.commit(load)
    assert known(ledger, row(ANN, b"B")) == {b"B"}


def test_prefetched_rows_that_are_never_sent_are_released_at_the_end(ledger: Ledger) -> None:
    stopped = Deduplicator(ledger)
    stopped.prefetch([row(ANN, b"A")])
    stopped.close()
    memory, load = Deduplicator(ledger), [row(ANN, b"A")]
    assert not memory.unchanged(load)
    accept(memory, *load)
    memory.commit(load)
    assert known(ledger, row(ANN, b"A")) == {b"A"}


def test_the_same_users_in_load_after_load_end_as_they_were_said_last(project: Project) -> None:
    records = [{"email": who, "plan": plan} for plan in "ABAB" for who in [ANN, BOB] * 5]
    options = {"streams": {"users": {"skip_unchanged": True}}, "max_batch_rows": 1}
    project.load(stream("users", records), **options)
    assert [project.holds.user(email=who)["plan"] for who in (ANN, BOB)] == ["B", "B"]
    again = project.load(stream("users", records[-2:]), **options)["users"]
    assert (again["unchanged"], again["written"]) == (2, 0)

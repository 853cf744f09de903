"""Streams without `skip_unchanged` claim what they send, so that no other stream takes its contents for current."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from target_iterable.core.operation import EMPTY_ENVELOPE, Batch, BatchResult, Operation, RowResults
from target_iterable.ledger.claimer import Claimer
from target_iterable.ledger.deduplicator import Deduplicator
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger
from tests.target.bulk_server import ENDPOINT

ANN, BOB = (
    Operation(ENDPOINT, b"{}", (("email", f"{who}@example.com"),), dedup_scope="users") for who in ("ann", "bob")
)


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    """The same ledger as two processes have it open."""
    opened = [open_ledger(str(tmp_path / "ledger.db"), "secret") for _ in range(2)]
    yield opened[0], opened[1]
    for ledger in opened:
        ledger.close()


def _sent_by_another(ledger: Ledger) -> set[Operation]:
    """Send both rows where unchanged ones are left out; return those that count as unchanged the next time."""
    rows = [ANN, BOB]
    deduplicator = Deduplicator(ledger)
    unchanged = deduplicator.unchanged(rows)
    batch = Batch(ENDPOINT, EMPTY_ENVELOPE)
    for row in rows:
        batch.add(row)
    deduplicator.record(BatchResult(batch, RowResults(written=[row for row in rows if row not in unchanged])))
    deduplicator.commit(rows)
    return {*Deduplicator(ledger).unchanged(rows)}


def test_of_loads_on_their_way_together_each_gives_back_its_own_claims(ledgers: tuple[Ledger, Ledger]) -> None:
    claimer, loads = Claimer(ledgers[0]), ([ANN], [BOB])
    for load in loads:
        claimer.prefetch(load)
        claimer.unchanged(load)
    claimer.commit(loads[0])
    assert _sent_by_another(ledgers[1]) == {ANN}
    claimer.commit(loads[1])
    assert _sent_by_another(ledgers[1]) == {ANN, BOB}


def test_what_two_loads_have_claimed_stays_claimed_until_both_are_done(ledgers: tuple[Ledger, Ledger]) -> None:
    claimer, again = Claimer(ledgers[0]), Operation(ENDPOINT, b"[]", ANN.names, dedup_scope="users")
    for load in ([ANN], [again]):
        claimer.unchanged(load)
    claimer.commit([ANN])
    assert _sent_by_another(ledgers[1]) == {BOB}
    claimer.commit([again])
    assert _sent_by_another(ledgers[1]) == {ANN, BOB}


@pytest.mark.parametrize("end", [Claimer.commit, Claimer.close])
def test_at_the_end_all_claims_are_given_back(ledgers: tuple[Ledger, Ledger], end: Callable[[Claimer], None]) -> None:
    claimer = Claimer(ledgers[0])
    rows: Sequence[Operation] = [ANN, BOB]
    claimer.unchanged(rows)
    end(claimer)
    assert _sent_by_another(ledgers[1]) == {ANN, BOB}

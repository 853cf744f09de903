"""The deduplicator: its hashes are those of all versions, and a plain model says which rows are unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import EMPTY_ENVELOPE, Batch, BatchResult, Envelope, Name, Operation, RowResults
from target_iterable.ledger import deduplicator
from target_iterable.ledger.deduplicator import Deduplicator, RowHasher
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger
from tests.target.bulk_server import ENDPOINT

_NAMES: tuple[Name, ...] = (("email", "ann@example.com"), ("email", "zoë@example.com"), ("userId", "ann@example.com"))
_names = st.lists(st.sampled_from(_NAMES), max_size=3, unique=True).map(tuple)
_envelopes = st.sampled_from([EMPTY_ENVELOPE, Envelope.of({"listId": 1}), Envelope.of(catalogName="Things")])
_rows = st.builds(
    Operation,
    st.just(ENDPOINT),
    st.sampled_from([b"", b"{}", b'{"email":"ann@example.com"}', b"x" * 2_000]),
    _names,
    _envelopes,
    dedup_scope=st.sampled_from(["", "users", "list 1"]),
)
_sent = st.tuples(_names.filter(bool), st.sampled_from([b"1", b"2"]), st.booleans())
"""Names of a row, its content, and whether it is accepted."""
_numbers = count()


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, Ledger]]:
    """The same ledger as two processes have it open."""
    path = str(tmp_path_factory.mktemp("ledger") / "ledger.db")
    opened = open_ledger(path, "secret"), open_ledger(path, "secret")
    yield opened
    for ledger in opened:
        ledger.close()


@given(rows=st.lists(_rows, max_size=8))
def test_a_row_is_hashed_to_the_keys_of_its_names_and_to_its_content(
    ledgers: tuple[Ledger, Ledger], rows: list[Operation]
) -> None:
    ledger = ledgers[0]
    expected, keys = dict[Operation, bytes](), set[bytes]()
    for row in rows:
        if row.dedup_scope:
            of_row = [ledger.key(row.dedup_scope, *name) for name in row.names]
            request = row.endpoint.method, row.endpoint.path, row.envelope.path_params, row.envelope.query
            expected[row] = b"".join(of_row) + ledger.hash(dumps(request), row.envelope.members, row.part)
            keys |= {*of_row}
    hasher = RowHasher(ledger)
    assert hasher.hash_rows(rows) == expected
    assert hasher.keys(rows) == keys


def test_keys_and_contents_are_hashed_as_they_are_stored_in_ledgers_of_today(tmp_path: Path) -> None:
    """Other hashes would send all records again, so this one may only change with the version of the ledger."""
    ledger = Ledger(open_ledger(str(tmp_path / "ledger.db"), "secret")._engine, b"s" * 32)  # noqa: SLF001
    row = Operation(ENDPOINT, b'{"email":"ann@example.com"}', (_NAMES[0],), dedup_scope="users")
    assert (
        RowHasher(ledger).hash_rows([row])[row].hex()
        == "64e5ce41dfe0bf28a279cd5411446289babcc811779355ad9f28c4ad4aac1f1320da4e86bfaff323"
    )
    ledger.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(loads=st.lists(st.tuples(st.lists(_sent, max_size=6), st.integers(0, 6)), max_size=5))
def test_rows_are_unchanged_and_contents_stored_as_a_plain_model_says(
    ledgers: tuple[Ledger, Ledger],
    monkeypatch: pytest.MonkeyPatch,
    loads: list[tuple[list[tuple[tuple[Name, ...], bytes, bool]], int]],
) -> None:
    """The second number of a load says how many of its changed rows are sent before the run breaks off."""
    monkeypatch.setattr(deduplicator, "_COMMIT_KEYS", 1)
    scope, known = f"things {next(_numbers)}", dict[Name, bytes]()
    for given_rows, cut in loads:
        rows = [Operation(ENDPOINT, content, names, dedup_scope=scope) for names, content, _ in given_rows]
        accepted = {row for row, (_, _, is_accepted) in zip(rows, given_rows, strict=True) if is_accepted}
        subject = Deduplicator(ledgers[0])
        unchanged = subject.unchanged(rows)
        assert unchanged == _unchanged(rows, known)
        changed = [row for row in rows if row not in unchanged]
        known = {name: content for name, content in known.items() if not any(name in row.names for row in changed)}
        for number, row in enumerate(changed[:cut], 1):
            subject.record(_result(row, accepted))
            waiting = [ledgers[1].key(scope, *name) for later in changed[number:] for name in later.names]
            assert ledgers[1].read(waiting) == {}
        subject.commit(rows)
        for place, row in enumerate(changed):
            is_known = row in accepted and place < cut
            known = {name: content for name, content in known.items() if name not in row.names}
            known |= dict.fromkeys(row.names, row.part) if is_known else {}
        stored = ledgers[1].read([ledgers[1].key(scope, *name) for name in _NAMES])
        assert stored.keys() == {ledgers[1].key(scope, *name) for name in known}


def _unchanged(rows: Sequence[Operation], known: dict[Name, bytes]) -> set[Operation]:
    unchanged, overwritten = set[Operation](), set[Name]()
    for row in rows:
        if all(name not in overwritten and known.get(name) == row.part for name in row.names):
            unchanged.add(row)
        else:
            overwritten |= {*row.names}
    return unchanged


def _result(row: Operation, accepted: set[Operation]) -> BatchResult:
    batch = Batch(ENDPOINT, EMPTY_ENVELOPE)
    batch.add(row)
    return BatchResult(batch, RowResults(written=[row] if row in accepted else []))

"""The ledger: hashes of accepted contents, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_iterable.ledger.errors import LedgerError
from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = open_ledger(database, "secret")
    yield opened
    opened.close()


def key(ledger: Ledger, number: int) -> bytes:
    return ledger.key("scope", str(number))


def write(ledger: Ledger, contents: Mapping[bytes, bytes]) -> None:
    ledger.claim(contents.keys())
    ledger.commit(contents)


def test_committed_contents_are_read_by_the_next_run(database: str, ledger: Ledger) -> None:
    write(ledger, {key(ledger, 1): b"a" * 16, key(ledger, 2): b"b" * 16})
    write(ledger, {key(ledger, 2): b"c" * 16})
    again = open_ledger(database, "secret")
    assert again.read([key(again, number) for number in range(4)]) == {
        key(ledger, 1): b"a" * 16,
        key(ledger, 2): b"c" * 16,
    }
    again.close()


def test_processes_may_open_a_new_ledger_at_the_same_moment(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_ledger, [str(tmp_path / "new.db")] * 8, ["secret"] * 8))
    write(opened[0], {key(opened[0], 1): b"a" * 16})
    assert all(ledger.read([key(ledger, 1)]) == {key(ledger, 1): b"a" * 16} for ledger in opened)
    for ledger in opened:
        ledger.close()


def test_invalidating_a_scope_leaves_other_scopes(ledger: Ledger) -> None:
    contents = {ledger.key(scope, "itemId", str(n)): b"x" * 16 for scope in ("one", "two") for n in range(50)}
    write(ledger, contents)
    ledger.invalidate_scope("one")
    assert ledger.read(contents.keys()).keys() == {ledger.key("two", "itemId", str(n)) for n in range(50)}


def test_invalidating_keys_leaves_other_keys(ledger: Ledger) -> None:
    write(ledger, {key(ledger, number): b"x" * 16 for number in range(10, 13)})
    ledger.invalidate([key(ledger, 10), key(ledger, 12), key(ledger, 99)])
    assert ledger.read([key(ledger, number) for number in range(10, 13)]).keys() == {key(ledger, 11)}


def test_more_keys_than_one_statement_can_hold_are_read_and_written(ledger: Ledger) -> None:
    contents = {key(ledger, number): ledger.hash(b"%d" % number) for number in range(70_000, 137_000)}
    write(ledger, contents)
    assert ledger.read(contents.keys()) == contents
    ledger.invalidate(contents.keys())
    assert ledger.read(contents.keys()) == {}


def test_claimed_and_rejected_keys_have_no_content(ledger: Ledger) -> None:
    write(ledger, {key(ledger, number): b"x" * 16 for number in (20, 21)})
    ledger.claim([key(ledger, 20)])
    ledger.claim([key(ledger, 21)])
    ledger.commit({key(ledger, 21): None})
    assert ledger.read([key(ledger, 20), key(ledger, 21)]) == {}


def test_a_claim_of_a_killed_run_costs_one_more_request(database: str, ledger: Ledger) -> None:
    ledger.claim([key(ledger, 30)])
    again = open_ledger(database, "secret")
    for committed in ({}, {key(ledger, 30): b"x" * 16}):
        write(again, {key(ledger, 30): b"x" * 16})
        assert again.read([key(ledger, 30)]) == committed
    again.close()


@pytest.fixture
def writers(database: str) -> Iterator[list[Ledger]]:
    opened = [open_ledger(database, "secret") for _ in range(3)]
    yield opened
    for writer in opened:
        writer.close()


@settings(max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 2), max_size=18))
def test_however_writers_meet_only_the_last_content_sent_is_committed(writers: list[Ledger], turns: list[int]) -> None:
    """Each claims, sends and commits, again and again, in turns that come in any order."""
    thing, last = writers[0].key("scope", "conflict"), b""
    sent: dict[int, bytes] = {}
    claimed: set[int] = set()
    for turn, number in enumerate([*turns, 0, 1, 2, 0, 1, 2]):
        if number in sent:
            writers[number].commit({thing: sent.pop(number)})
            claimed.remove(number)
        elif number in claimed:
            sent[number] = last = bytes([turn]) * 16
        elif turn < len(turns):
            claimed.add(number)
            writers[number].claim([thing])
        if not claimed:
            assert writers[0].read([thing]).get(thing) in (None, last)
    assert not claimed
    writers[0].invalidate([thing])


class Writers:
    """Writers that share a ledger, and the contents that they should read."""

    def __init__(self, database: str, scope: str) -> None:
        self._database = database
        self._scope = scope
        self._open: dict[int, Ledger] = {}
        self._claims: dict[int, set[Ledger]] = {}
        self.committed: dict[int, bytes] = {}

    def __getitem__(self, writer: int) -> Ledger:
        if writer not in self._open:
            self._open[writer] = open_ledger(self._database, "secret")
        return self._open[writer]

    def claim(self, writer: int, number: int) -> None:
        self[writer].claim([self._key(number)])
        self._claims.setdefault(number, set()).add(self[writer])
        self.committed.pop(number, None)

    def commit(self, writer: int, number: int) -> None:
        content = self[writer].hash(b"%d" % number)
        self[writer].commit({self._key(number): content})
        claimed_by = self._claims.pop(number, set())
        self.committed.pop(number, None)
        if claimed_by == {self[writer]}:
            self.committed[number] = content

    def reject(self, writer: int, number: int) -> None:
        self[writer].commit({self._key(number): None})
        self.discard(number)

    def invalidate(self, writer: int, number: int) -> None:
        self[writer].invalidate([self._key(number)])
        self.discard(number)

    def invalidate_scope(self, writer: int, _number: int) -> None:
        self[writer].invalidate_scope(self._scope)
        for number in range(_THINGS):
            self.discard(number)

    def discard(self, number: int) -> None:
        self._claims.pop(number, None)
        self.committed.pop(number, None)

    def leave(self, writer: int, _number: int) -> None:
        self[writer].close()
        del self._open[writer]

    def found(self, writer: int) -> dict[int, bytes]:
        found = self[writer].read([self._key(number) for number in range(_THINGS)])
        return {number: content for number in range(_THINGS) if (content := found.get(self._key(number)))}

    def close(self) -> None:
        for ledger in self._open.values():
            ledger.close()

    def _key(self, number: int) -> bytes:
        return self[0].key(self._scope, str(number))


_THINGS = 4
_STEPS = [Writers.claim, Writers.commit, Writers.reject, Writers.invalidate, Writers.invalidate_scope, Writers.leave]
_SCOPES = (str(number) for number in count())


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(_STEPS), st.integers(0, 2), st.integers(0, _THINGS - 1)), max_size=20),
    st.integers(0, 2),
    st.integers(1, 3),
)
def test_all_writers_read_the_same_before_and_after_compaction(
    database: str, steps: list[tuple[Callable[[Writers, int, int], None], int, int]], reader: int, many: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, closing(Writers(database, next(_SCOPES))) as writers:
        patch.setattr("target_iterable.ledger.ledger._MAX_LOGGED_KEYS", many)
        for step, writer, number in steps:
            step(writers, writer, number)
            assert writers.found(reader) == writers.committed
        assert [writers.found(writer) for writer in range(3)] == [writers.committed] * 3


def test_concurrent_writers_lose_nothing_and_never_deadlock(
    database: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("target_iterable.ledger.ledger._MAX_LOGGED_KEYS", 40)
    numbers = [range(start, start + 400) for start in range(200_000, 201_600, 400)]
    with ThreadPoolExecutor(len(numbers)) as pool:
        list(pool.map(_write_by_tens, [database] * len(numbers), numbers))
    wanted = {key(ledger, number): ledger.hash(b"%d" % number) for some in numbers for number in some}
    assert ledger.read(wanted.keys()) == wanted


def _write_by_tens(database: str, numbers: Sequence[int]) -> None:
    opened = open_ledger(database, "secret")
    for start in range(0, len(numbers), 10):
        some = numbers[start : start + 10]
        write(opened, {key(opened, number): opened.hash(b"%d" % number) for number in some})
    opened.close()


def test_hashes_differ_by_secret_and_by_where_one_part_ends(database: str, ledger: Ledger) -> None:
    other = open_ledger(database, "another")
    hashes = {
        ledger.hash(b"ab", b"c"),
        ledger.hash(b"a", b"bc"),
        other.hash(b"ab", b"c"),
        ledger.hash(b"ab", b"c", b""),
    }
    assert len(hashes) == 4
    assert ledger.hash(b"ab", b"c") in hashes
    other.close()


@pytest.mark.parametrize(
    ("database", "message"),
    [
        ("mysql://localhost/x", "`ledger` must be a file, or a URL of SQLite or PostgreSQL"),
        ("/no/such/place/ledger.db", "`ledger` cannot be written: No such file or directory"),
        ("postgresql://ann:pass-word@127.0.0.1:1/x", r"named by `ledger` cannot be used \(OperationalError\)"),
    ],
)
def test_an_unusable_location_is_refused_by_the_settings_name_and_without_its_password(
    database: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        open_ledger(database, "secret")
    assert "pass-word" not in str(refused.value)


def test_an_error_of_the_database_does_not_show_its_location(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened = open_ledger(str(path), "secret")
    opened.close()
    path.write_bytes(b"no database, but long enough to look like one" * 100)
    with pytest.raises(LedgerError, match="`ledger` cannot be used") as broken:
        opened.read([b"x"])
    assert str(tmp_path) not in str(broken.value)
    opened.close()

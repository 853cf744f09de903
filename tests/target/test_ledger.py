"""The ledger: hashes of what Iterable has accepted, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_iterable.delivery.failures import LedgerError
from target_iterable.delivery.ledger import Ledger, open_ledger


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = open_ledger(database, "secret")
    yield opened
    opened.close()


def key(ledger: Ledger, number: int) -> bytes:
    return ledger.key("place", str(number))


def write(ledger: Ledger, contents: Mapping[bytes, bytes]) -> None:
    ledger.claim(contents.keys())
    ledger.keep(contents)


def test_what_is_kept_is_there_for_the_next_who_opens_it(database: str, ledger: Ledger) -> None:
    write(ledger, {key(ledger, 1): b"a" * 16, key(ledger, 2): b"b" * 16})
    write(ledger, {key(ledger, 2): b"c" * 16})
    again = open_ledger(database, "secret")
    assert again.read([key(again, number) for number in range(4)]) == {
        key(ledger, 1): b"a" * 16,
        key(ledger, 2): b"c" * 16,
    }
    again.close()


def test_those_who_open_it_at_the_same_moment_do_not_clash(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(open_ledger, [str(tmp_path / "new.db")] * 8, ["secret"] * 8))
    write(opened[0], {key(opened[0], 1): b"a" * 16})
    assert all(ledger.read([key(ledger, 1)]) == {key(ledger, 1): b"a" * 16} for ledger in opened)
    for ledger in opened:
        ledger.close()


def test_a_place_is_forgotten_and_no_other(ledger: Ledger) -> None:
    contents = {ledger.key(place, "itemId", str(n)): b"x" * 16 for place in ("one", "two") for n in range(50)}
    write(ledger, contents)
    ledger.forget_place("one")
    assert ledger.read(contents.keys()).keys() == {ledger.key("two", "itemId", str(n)) for n in range(50)}


def test_what_is_forgotten_is_gone_and_nothing_else(ledger: Ledger) -> None:
    write(ledger, {key(ledger, number): b"x" * 16 for number in range(10, 13)})
    ledger.forget([key(ledger, 10), key(ledger, 12), key(ledger, 99)])
    assert ledger.read([key(ledger, number) for number in range(10, 13)]).keys() == {key(ledger, 11)}


def test_more_keys_than_a_statement_can_hold_are_no_matter(ledger: Ledger) -> None:
    contents = {key(ledger, number): ledger.hash(b"%d" % number) for number in range(70_000, 137_000)}
    write(ledger, contents)
    assert ledger.read(contents.keys()) == contents
    ledger.forget(contents.keys())
    assert ledger.read(contents.keys()) == {}


def test_what_is_claimed_or_was_not_accepted_equals_no_content(ledger: Ledger) -> None:
    write(ledger, {key(ledger, number): b"x" * 16 for number in (20, 21)})
    ledger.claim([key(ledger, 20)])
    ledger.claim([key(ledger, 21)])
    ledger.keep({key(ledger, 21): None})
    assert not {len(content) for content in ledger.read([key(ledger, 20), key(ledger, 21)]).values()} & {16}


def test_what_a_run_that_was_killed_has_claimed_is_kept_again_after_one_more_time(
    database: str, ledger: Ledger
) -> None:
    ledger.claim([key(ledger, 30)])
    again = open_ledger(database, "secret")
    for kept in ({key(ledger, 30): b""}, {key(ledger, 30): b"x" * 16}):
        write(again, {key(ledger, 30): b"x" * 16})
        assert again.read([key(ledger, 30)]) == kept
    again.close()


@pytest.fixture
def writers(database: str) -> Iterator[list[Ledger]]:
    opened = [open_ledger(database, "secret") for _ in range(3)]
    yield opened
    for writer in opened:
        writer.close()


@settings(max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 2), max_size=18))
def test_however_writers_meet_nothing_is_kept_but_what_was_sent_last(writers: list[Ledger], turns: list[int]) -> None:
    """Each claims, sends and keeps, again and again, in turns that come in any order."""
    thing, last = writers[0].key("place", "contested"), b""
    sent: dict[int, bytes] = {}
    claimed: set[int] = set()
    for turn, number in enumerate([*turns, 0, 1, 2, 0, 1, 2]):
        if number in sent:
            writers[number].keep({thing: sent.pop(number)})
            claimed.remove(number)
        elif number in claimed:
            sent[number] = last = bytes([turn]) * 16
        elif turn < len(turns):
            claimed.add(number)
            writers[number].claim([thing])
        if not claimed:
            assert writers[0].read([thing]).get(thing) in (None, b"", last)
    assert not claimed
    writers[0].forget([thing])


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
        ("/no/such/place/ledger.db", r"named by `ledger` cannot be used \(OperationalError\)"),
        ("postgresql://ann:pass-word@127.0.0.1:1/x", r"named by `ledger` cannot be used \(OperationalError\)"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_by_name_and_without_its_password(database: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        open_ledger(database, "secret")
    assert "pass-word" not in str(refused.value)


def test_a_ledger_that_breaks_says_so_without_its_place(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    opened = open_ledger(str(path), "secret")
    opened.close()
    path.write_bytes(b"no database, but long enough to look like one" * 100)
    with pytest.raises(LedgerError, match="`ledger` cannot be used") as broken:
        opened.read([b"x"])
    assert str(tmp_path) not in str(broken.value)
    opened.close()

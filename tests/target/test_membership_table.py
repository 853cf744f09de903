"""Membership table and seen keys of mirrored streams, in SQLite and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger
from target_iterable.mirror.log_replay import ALL_PARTS
from target_iterable.mirror.member_log import UNVERSIONED, MemberLog
from target_iterable.mirror.members import VersionCount
from target_iterable.mirror.membership_table import MembershipTable
from target_iterable.mirror.name_encryption import SECRET_BYTES, NameCipher

NAMES = [f"person {number}" for number in range(30)]
Open = Callable[[], MembershipTable]


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = open_ledger(database, "secret")
    yield opened
    opened.close()


_numbers = count()


def new(ledger: Ledger, kind: str = "users", stream: str = "") -> MembershipTable:
    members = MembershipTable(ledger, stream or f"stream {next(_numbers)}", kind)
    members.register()
    return members


def put(members: MembershipTable, version: int, names: Iterable[str]) -> None:
    members.claim([(version, [[name] for name in names])], {})


def left(members: MembershipTable, version: int) -> set[str | None]:
    return {member.name for some in members.missing_members(version) for member in some}


def test_a_member_that_is_not_seen_in_a_version_is_missing(ledger: Ledger) -> None:
    members = new(ledger)
    put(members, 1, NAMES)
    assert members.member_count() == 30
    put(members, 2, NAMES[:20])
    assert members.member_count() == 30
    put(members, 2, ["new"])
    assert members.count(2) == VersionCount(before=30, missing=10)
    assert left(members, 2) == set(NAMES[20:])
    members.delete([members.key(name) for name in NAMES[20:]])
    members.complete_version(2)
    assert (members.version, left(members, 2)) == (2, {*NAMES[:20], "new"})
    put(members, 3, NAMES[:20])
    assert left(members, 3) == {"new"}


def test_a_name_that_is_only_seen_is_no_member(ledger: Ledger) -> None:
    members = new(ledger)
    members.claim([], dict.fromkeys(NAMES, 1))
    assert members.count(2) == VersionCount(0, 0)


def test_an_alias_keeps_its_member_and_removes_none(ledger: Ledger) -> None:
    members = new(ledger)
    put(members, 1, ["address"])
    members.claim([(2, [["id", "address"]])], {})
    assert left(members, 2) == set()
    members.complete_version(2)
    put(members, 3, ["id"])
    assert left(members, 3) == set()
    members.complete_version(3)
    assert not members.contains_any([members.key("address")])


def test_names_seen_without_a_version_belong_to_the_next_complete_one(ledger: Ledger) -> None:
    members = new(ledger)
    put(members, UNVERSIONED, NAMES[:2])
    put(members, 1, NAMES[2:])
    assert left(members, 1) == set()
    members.complete_version(1)
    assert members.count(2) == VersionCount(before=30, missing=30)


def test_streams_know_what_others_have_if_it_is_of_the_same_kind(ledger: Ledger) -> None:
    one, other, stranger = new(ledger), new(ledger), new(ledger, "lists")
    for members, names in ((one, ["a", "b"]), (other, ["b"]), (stranger, ["a"])):
        put(members, 1, names)
    assert one.kept_by_others([one.key("a"), one.key("b")]).keys() == {one.key("b")}


def test_the_log_is_compacted_while_no_version_is_complete(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_iterable.mirror.member_log._COMPACTED_ROWS", 3)
    members = new(ledger)
    put(members, 1, NAMES)
    for _ in range(4):
        put(members, 2, NAMES[:2])
    members.register()
    with ledger.transaction() as connection:
        query = text("SELECT version FROM iterable_member_log WHERE kind = 'seen' AND stream = :stream")
        kept = connection.execute(query, {"stream": members.key("anyone")[:8]}).scalars().all()
    assert sorted(kept) == [1, 2]
    assert left(members, 2) == set(NAMES[2:])


@settings(max_examples=15, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=5))
def test_members_are_always_those_of_the_last_version(ledger: Ledger, versions: list[set[str]]) -> None:
    members, expected = new(ledger), set[str]()
    for version, names in enumerate(versions, 1):
        put(members, version, names)
        gone = left(members, version)
        assert gone == expected - names
        assert members.count(version) == VersionCount(len(expected), len(gone))
        members.delete([members.key(name) for name in expected - names])
        members.complete_version(version)
        expected = names


def test_an_encrypted_name_says_nothing_and_cannot_be_changed_or_taken_for_another() -> None:
    seals = NameCipher(bytes(SECRET_BYTES), "users")
    hash_, sealed = seals.encrypt("ann@example.com")
    assert seals.decrypt(hash_, sealed) == "ann@example.com"
    assert b"ann" not in hash_ + sealed
    assert seals.encrypt("ann@example.com") == (hash_, sealed)
    for other in (NameCipher(bytes(SECRET_BYTES), "lists"), NameCipher(b"x" * SECRET_BYTES, "users")):
        with pytest.raises(ValueError, match="sealed name"):
            other.decrypt(hash_, sealed)
    with pytest.raises(ValueError, match="sealed name"):
        seals.decrypt(hash_, sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_the_file_holds_no_name(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    ledger = open_ledger(str(file), "secret")
    put(new(ledger), 1, ["ann@example.com"])
    ledger.close()
    assert b"ann" not in file.read_bytes()
    assert b"example" not in file.read_bytes()


def test_members_that_did_not_come_are_counted_also_behind_a_complete_version(ledger: Ledger) -> None:
    members = new(ledger)
    put(members, 1, NAMES)
    members.register()
    assert members.missing_count() == (30, 30)
    put(members, 2, NAMES[:20])
    members.claim([], dict.fromkeys(NAMES[20:25], UNVERSIONED))
    assert members.missing_count() == (5, 30)
    members.complete_version(2)
    put(members, 3, NAMES[:4])
    assert members.missing_count() == (26, 30)


def test_a_name_that_cannot_be_read_is_still_known_to_have_left(ledger: Ledger) -> None:
    members = new(ledger)
    put(members, 1, ["whole", "broken"])
    assert members.member_count() == 2
    with ledger.transaction() as connection:
        connection.execute(
            text("UPDATE iterable_members SET sealed = :sealed WHERE key = :key"),
            {"sealed": b"?", "key": members.key("broken")},
        )
    assert left(members, 2) == {"whole", None}


def test_the_last_version_that_had_a_member_is_known(ledger: Ledger) -> None:
    members = new(ledger)
    put(members, 1, NAMES)
    assert {member.last_version for some in members.missing_members(2) for member in some} == {1}
    members.complete_version(1)
    put(members, 2, NAMES[:10])
    put(members, 3, NAMES[:5])
    last = {member.name: member.last_version for some in members.missing_members(4) for member in some}
    assert last == {name: 3 if number < 5 else 2 if number < 10 else 1 for number, name in enumerate(NAMES)}


def test_what_was_refused_at_a_newer_version_than_the_complete_one_is_no_member(ledger: Ledger) -> None:
    members = new(ledger, stream="refused")
    put(members, 2, ["refused"])
    members.release(["refused"])
    assert members.count(1) == VersionCount(0, 0)
    members.complete_version(1)
    assert new(ledger, stream="refused").member_count() == 0


def test_what_has_come_at_a_newer_version_than_the_complete_one_is_still_seen_and_can_be_deleted(
    ledger: Ledger,
) -> None:
    members = new(ledger, stream="newer")
    put(members, 1, ["old"])
    put(members, 3, ["newer", "deleted"])
    members.delete([members.key("deleted")])
    assert left(members, 2) == {"old"}
    members.complete_version(2)
    again = new(ledger, stream="newer")
    assert again.member_count() == 2
    assert left(again, 3) == {"old"}


def test_numbers_of_the_log_rise_over_all_runs_so_that_no_run_takes_those_of_another_for_old(ledger: Ledger) -> None:
    early = new(ledger, stream="rising")
    for version in range(1, 5):
        put(early, version, NAMES)
    early.complete_version(4)
    early.count(5)
    late = new(ledger, stream="rising")
    put(late, 3, ["late"])
    early.complete_version(5)
    assert new(ledger, stream="rising").contains_any([late.key("late")])


def test_deleted_rows_are_looked_up_at_the_same_cost_however_much_was_seen(ledger: Ledger) -> None:
    """Only what is not in the table yet is read of the log."""
    members = new(ledger)
    put(members, 1, NAMES)
    assert members.member_count() == len(NAMES)
    put(members, 1, ["pending"])
    log = MemberLog(ledger, members.key("anyone")[:8])
    assert sum(len(row.split()) for row in log.unfolded(ALL_PARTS) if row.entries) == 1
    assert all(members.contains_any([members.key(name)]) for name in (NAMES[0], "pending"))
    assert not members.contains_any([members.key("nobody")])

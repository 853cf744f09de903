"""The member log of mirrored streams: however it is cut off, folded and stored, members are what plain sets say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from target_iterable.ledger.ledger import Ledger
from target_iterable.ledger.opening import open_ledger
from target_iterable.mirror import log_replay, member_log, membership_table
from target_iterable.mirror.log_replay import GONE, LogKind, LogRow, Pending, changes_of, pack, part_of
from target_iterable.mirror.member_log import UNVERSIONED, MemberLog
from target_iterable.mirror.membership_table import MembershipTable
from target_iterable.runs.dry_run_ledger import DryRunMembershipTable
from tests.target.ledgers import change, empty, of_version_1, rows

NAMES = [f"person {number}" for number in range(24)]
_numbers = count()


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = open_ledger(database, "secret")
    yield opened
    opened.close()


@pytest.fixture(params=["together", "by parts", "spread"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the log is stored: as a small stream, as a large one, or as many small loads of a large one."""
    if request.param != "together":
        monkeypatch.setattr(membership_table, "_SMALL_MEMBERS", 0)
        for module in (log_replay, member_log, membership_table):
            monkeypatch.setattr(module, "PARTS", 4)
        monkeypatch.setattr(log_replay, "_HASHES_PER_PART", 64)
        monkeypatch.setattr(member_log, "_ENTRIES_PER_PART", 0 if request.param == "by parts" else 99)
        monkeypatch.setattr(member_log, "MAX_LOOSE_ENTRIES", 3)
        monkeypatch.setattr(member_log, "_COMPACTED_ROWS", 10)
    return str(request.param)


class KilledError(BaseException):
    """Stands for the end of the process."""


class Killer:
    """Ends a run when it has folded so many parts: the transaction of the last one is rolled back."""

    def __init__(self) -> None:
        self.remaining: int | None = None

    @property
    def fold(self) -> Callable[..., None]:
        """Stand-in for the method of the log."""

        def fold(log: MemberLog, *arguments: Any) -> None:
            if self.remaining is not None:
                self.remaining -= 1
                if self.remaining < 0:
                    raise KilledError
            _fold(log, *arguments)

        return fold


_fold = MemberLog.fold
_subsets = st.sets(st.sampled_from(NAMES))
_loads = st.lists(st.tuples(_subsets, _subsets, _subsets), max_size=3)
_runs = st.lists(st.tuples(_loads, st.booleans(), st.none() | st.integers(0, 30)), min_size=1, max_size=5)


@pytest.mark.more
@settings(max_examples=6, derandomize=True, suppress_health_check=[*HealthCheck], deadline=None)
@given(runs=_runs)
def test_members_are_those_that_plain_sets_say_after_any_runs_and_kills(
    ledger: Ledger, form: str, runs: list[tuple[list[tuple[set[str], set[str], set[str]]], bool, int | None]]
) -> None:
    """A load has names that are claimed, some of which are refused, and others that are only seen."""
    assert form
    stream = f"stream {next(_numbers)}"
    members_, seen = set[str](), set[str]()
    killer = Killer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MemberLog, "fold", killer.fold)
        for number, (loads, ends, kill) in enumerate(runs, 1):
            killer.remaining = kill
            try:
                table = MembershipTable(ledger, stream, "users")
                table.register()
                for claimed, refused, other in loads:
                    before = {*members_}
                    table.claim([(number, [[name] for name in sorted(claimed)])], dict.fromkeys(other, number))
                    members_ |= claimed
                    seen |= {*claimed, *other}
                    table.release(claimed & refused)
                    members_ -= (claimed & refused) - before
                if ends:
                    gone = {member.name for some in table.missing_members(number) for member in some}
                    assert gone == members_ - seen
                    table.delete({table.key(name) for name in gone if name is not None})
                    members_ -= gone
                    table.complete_version(number)
                    seen = set()
                elif loads:
                    # The run was cut off behind its records, and what it has seen is of a version that comes no more.
                    seen = set()
            except KilledError:
                killer.remaining = None
                again = MembershipTable(ledger, stream, "users")
                again.register()
                last = max(number, 1)
                gone = {member.name for some in again.missing_members(last) for member in some}
                assert gone == members_ - seen
                seen = set()
            killer.remaining = None
            checked = MembershipTable(ledger, stream, "users")
            assert checked.member_count() == len(members_)
            assert all(checked.contains_any([checked.key(name)]) == (name in members_) for name in NAMES[:6])


def test_what_is_not_folded_yet_is_known_to_other_streams(ledger: Ledger, form: str) -> None:
    one, other = (MembershipTable(ledger, f"stream {next(_numbers)}", form) for _ in range(2))
    for members in (one, other):
        members.register()
        members.claim([(1, [[name] for name in NAMES[:20]])], {})
    other.release(NAMES[:2])
    other.delete([other.key(name) for name in NAMES[2:4]])
    kept = one.kept_by_others([one.key(name) for name in NAMES])
    assert kept.keys() == {one.key(name) for name in NAMES[4:20]}


def test_of_another_stream_one_part_is_read_at_a_time_and_kept_is_what_was_asked_about(
    ledger: Ledger, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, third = (MembershipTable(ledger, f"stream {next(_numbers)}", form) for _ in range(3))
    for members in (other, third):
        members.claim([(1, [[name] for name in NAMES])], {})
    keys = [one.key(name) for name in NAMES[:2]]
    reads: list[set[int]] = []
    read = MemberLog.unfolded

    def unfolded(log: MemberLog, part: int, stream: bytes | None = None) -> list[LogRow]:
        assert stream == other.key("anyone")[:8]
        found = read(log, part, stream)
        reads.append({part_of(hash_) for row in found for hash_ in row.hashes()})
        return found

    monkeypatch.setattr(MemberLog, "unfolded", unfolded)
    log = MemberLog(ledger, keys[0][:8])
    assert log.pending_claims([key[8:] for key in keys], other.key("anyone")[:8]).keys() == {key[8:] for key in keys}
    assert form == "together" or all(len(parts) == 1 for parts in reads)
    assert reads


def test_a_member_that_is_refused_again_stays_one(ledger: Ledger, form: str) -> None:
    members = MembershipTable(ledger, f"{form} {next(_numbers)}", "users")
    members.register()
    for _ in range(2):
        members.claim([(1, [["ann"]])], {})
    members.release(["ann"])
    assert members.contains_any([members.key("ann")])
    members.delete([members.key("ann")])
    members.claim([(1, [["ann"]])], {})
    members.release(["ann"])
    assert not members.contains_any([members.key("ann")])
    assert members.member_count() == 0


def test_a_dry_run_counts_what_a_killed_run_has_left_in_the_log_and_stores_nothing(ledger: Ledger, form: str) -> None:
    stream = f"{form} {next(_numbers)}"
    killed = MembershipTable(ledger, stream, "users")
    killed.register()
    killed.claim([(1, [[name] for name in NAMES[:20]])], {})
    planned = DryRunMembershipTable(ledger, stream, "users")
    planned.register()
    planned.claim([(2, [[name] for name in NAMES[10:]])], {})
    assert planned.member_count() == len(NAMES)
    assert planned.count(2) == (20, 10)
    assert {member.name for some in planned.missing_members(2) for member in some} == {*NAMES[:10]}
    planned.close()
    checked = MembershipTable(ledger, stream, "users")
    assert checked.count(2) == (20, 20)


@pytest.mark.parametrize("when", [(MembershipTable, "_store"), (MemberLog, "complete")])
def test_what_another_run_of_the_stream_claims_meanwhile_is_no_less_a_member(
    ledger: Ledger, form: str, when: tuple[type, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = f"{form} {next(_numbers)}"
    one, other = (MembershipTable(ledger, stream, "users") for _ in range(2))
    for members in (one, other):
        members.register()
    for name in NAMES[:10]:
        one.claim([(5, [[name]])], {})
    other.claim([(4, [[name] for name in NAMES[10:15]])], {})
    waiting = [[name] for name in NAMES[15:]]
    step = getattr(*when)

    def step_after_claim(*arguments: Any) -> None:
        if waiting:
            other.claim([(4, [waiting.pop()])], {})
        step(*arguments)

    monkeypatch.setattr(*when, step_after_claim)
    one.complete_version(5)
    while waiting:
        other.claim([(4, [waiting.pop()])], {})
    assert MembershipTable(ledger, stream, "users").member_count() == len(NAMES)


def test_two_runs_of_a_stream_number_their_rows_in_one_order(ledger: Ledger, form: str) -> None:
    stream = f"{form} {next(_numbers)}"
    one, other = (MembershipTable(ledger, stream, "users") for _ in range(2))
    for members in (one, other):
        members.register()
    for name in NAMES[:12]:
        one.claim([(1, [[name]])], {})
    assert one.member_count() == 12
    other.claim([(1, [[name] for name in NAMES[12:]])], {})
    assert one.contains_any([one.key(NAMES[-1])])
    other.delete([other.key(NAMES[0])])
    assert not MembershipTable(ledger, stream, "users").contains_any([one.key(NAMES[0])])
    assert MembershipTable(ledger, stream, "users").count(2) == (23, 23)


def test_names_with_and_without_a_version_in_one_load_count_once_at_the_highest(ledger: Ledger, form: str) -> None:
    members = MembershipTable(ledger, f"{form} {next(_numbers)}", "users")
    members.register()
    members.claim([(2, [["ann"], ["bob", "b"]]), (1, [["ann"]]), (UNVERSIONED, [["bob"]])], {"cat": 2})
    assert members.count(3) == (1, 1)
    assert {member.name for some in members.missing_members(3) for member in some} == {"ann"}
    assert members.contains_any([members.key("b")])
    assert not members.contains_any([members.key("cat")])


_hashes = st.integers(0, 5).map(lambda number: bytes([number]) * 16)
_entries = st.sampled_from([b"", b" and a name", b"!"])


@given(
    members=st.dictionaries(_hashes, st.booleans()),
    claimed=st.dictionaries(_hashes, st.tuples(st.integers(1, 3), _entries)),
    gone=st.sets(_hashes),
)
def test_members_are_those_of_the_table_and_the_log_once_what_differs_is_changed(
    members: dict[bytes, bool], claimed: dict[bytes, tuple[int, bytes]], gone: set[bytes]
) -> None:
    pending = {hash_: (version, hash_ + name) for hash_, (version, name) in claimed.items()} | dict.fromkeys(gone, GONE)
    changes = changes_of(members, pending)
    assert list(changes.put) == sorted(changes.put, key=itemgetter(1))
    assert {*changes.put} <= {*pending.values()}
    after = {**members, **{entry[:16]: len(entry) > 16 for _, entry in changes.put}}
    after = {hash_: has_name for hash_, has_name in after.items() if hash_ not in changes.gone}
    expected = members | {hash_: len(entry) > 16 for hash_, (_, entry) in pending.items()}
    assert after == {hash_: has_name for hash_, has_name in expected.items() if hash_ not in gone}
    assert not any(members.get(entry[:16]) == (len(entry) > 16) for _, entry in changes.put)


@pytest.mark.parametrize("more", [[], [["bob", "b"]], [[]]])
def test_names_of_several_blocks_of_one_version_count_once_and_are_all_there(
    ledger: Ledger, form: str, more: list[list[str]]
) -> None:
    members = MembershipTable(ledger, f"{form} {next(_numbers)}", "users")
    members.register()
    members.claim([(1, [["ann"], ["dan"]]), (1, [["ann"], *more])], {})
    assert members.member_count() == 2 + (["bob", "b"] in more)
    assert all(members.contains_any([members.key(name)]) for names in (["ann"], ["dan"], *more) for name in names)


def test_rows_of_the_log_say_what_was_put_in() -> None:
    hashes = [bytes([number]) * 16 for number in (0, 1, 255)]
    for entries in (hashes, [hashes[0] + b"name", hashes[1], hashes[2] + b"another name"]):
        row = LogRow(-1, 1, LogKind.CLAIM, 1, *pack(entries))
        assert row.split() == entries
        assert list(row.hashes()) == hashes
        assert Pending([row]).claims == {entry[:16]: (1, entry) for entry in entries}
    assert [part_of(hash_) for hash_ in hashes] == [0, 0, 63]


# Ledgers that were made before there was a log.


def test_what_version_2_has_seen_of_an_unfinished_version_is_still_seen(database: str) -> None:
    place = empty(database)
    _finish_version_1(place)
    see = _leave_as_version_2(place)
    see(2, NAMES[:20])
    assert _missing(place, 2) == {*NAMES[20:]}


def test_a_run_of_version_2_that_goes_on_behind_the_migration_finds_what_it_has_seen(database: str) -> None:
    place = empty(database)
    _finish_version_1(place)
    see = _leave_as_version_2(place)
    see(2, NAMES[:20])
    before = rows(place, "iterable_sightings")
    assert len(before) == 1
    _missing(place, 2, stream="another stream")
    _missing(place, 2)
    assert rows(place, "iterable_sightings") == before


def test_what_a_run_of_version_2_has_seen_behind_the_migration_is_seen_once_the_version_goes_on(database: str) -> None:
    place = empty(database)
    _finish_version_1(place)
    see = _leave_as_version_2(place)
    see(2, NAMES[:10])
    assert _missing(place, 2) == {*NAMES[10:]}
    see(2, NAMES[10:18])
    for _ in range(3):
        assert _missing(place, 2) == {*NAMES[18:]}
    assert len(rows(place, "iterable_member_log")) == 2, "each row once"


def test_what_version_2_has_seen_is_forgotten_with_the_version_that_follows(database: str) -> None:
    place = empty(database)
    _finish_version_1(place)
    see = _leave_as_version_2(place)
    see(2, NAMES[:10])
    see(UNVERSIONED, NAMES[10:12])
    see(3, NAMES[:4])
    with _opened(place) as members:
        assert _names_of(members, 2) == {*NAMES[12:]}
        members.complete_version(2)
    assert len(rows(place, "iterable_sightings")) == 1
    assert _missing(place, 3) == {*NAMES[4:]}
    with _opened(place) as members:
        members.complete_version(3)
    assert rows(place, "iterable_sightings") == []
    assert _missing(place, 4) == {*NAMES}


def test_a_run_finds_nothing_of_what_version_2_has_seen_before_it(database: str) -> None:
    place = empty(database)
    _finish_version_1(place)
    _leave_as_version_2(place)(2, NAMES[:10])
    with _opened(place) as members:
        assert members.newest == 2
        assert members.missing_count() == (len(NAMES), len(NAMES))


@contextmanager
def _opened(place: str, stream: str = "members") -> Iterator[MembershipTable]:
    ledger = open_ledger(place, "key")
    members = MembershipTable(ledger, stream, "users")
    members.register()
    yield members
    ledger.close()


def _finish_version_1(place: str) -> None:
    with _opened(place) as members:
        members.claim([(1, [[name] for name in NAMES])], {})
        members.complete_version(1)


def _leave_as_version_2(place: str) -> Callable[[int, Sequence[str]], None]:
    """Make a ledger of version 2; return a function that stores what a run of that version has seen."""
    with _opened(place) as members:
        keys = {name: members.key(name) for name in NAMES}
    in_postgresql = "://" in place
    literal = "'\\x{}'" if in_postgresql else "x'{}'"
    blob = "BYTEA" if in_postgresql else "BLOB"
    number = "SERIAL PRIMARY KEY" if in_postgresql else "INTEGER NOT NULL PRIMARY KEY"
    for statement in (
        "DELETE FROM iterable_ledger_schema WHERE version = 3",
        "DROP TABLE iterable_member_log",
        f"CREATE TABLE iterable_sightings (number {number}, stream {blob}, version BIGINT, hashes {blob})",
    ):
        change(place, statement)

    def see(version: int, names: Sequence[str]) -> None:
        stream = literal.format(keys[names[0]][:8].hex())
        hashes = literal.format("".join(keys[name][8:].hex() for name in names))
        values = f"({stream}, {version}, {hashes})"
        change(place, f"INSERT INTO iterable_sightings (stream, version, hashes) VALUES {values}")  # noqa: S608 (hexadecimal)

    return see


def _names_of(members: MembershipTable, version: int) -> set[str | None]:
    return {member.name for some in members.missing_members(version) for member in some}


def _missing(place: str, version: int, stream: str = "members") -> set[str | None]:
    """What a run of this version says."""
    with _opened(place, stream) as members:
        return _names_of(members, version)


def test_members_of_version_1_are_those_of_the_log(database: str) -> None:
    place = of_version_1(database)
    before = rows(place, "iterable_members")
    assert len(before) == 3
    assert rows(place, "iterable_member_log") == []


def test_an_entry_of_the_log_says_nothing_of_a_name(database: str) -> None:
    place = empty(database)
    ledger = open_ledger(place, "secret")
    MembershipTable(ledger, "stream", "users").claim([(1, [["ann@example.com"]])], {})
    with ledger.transaction() as connection:
        entries = connection.execute(text("SELECT entries FROM iterable_member_log")).scalars().all()
    ledger.close()
    assert len(entries) == 1
    assert b"ann" not in entries[0]
    assert b"example" not in entries[0]

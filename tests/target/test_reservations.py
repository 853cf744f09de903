"""Reservations in groups: many records in one transaction, and few that are unclear after a kill."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import IterableError
from target_iterable.core.operation import Batch, BatchResult, Name, Operation, single_row_endpoint
from target_iterable.ledger.idempotency_keys import IdempotencyStore
from target_iterable.objects.registry import OBJECTS
from target_iterable.requests.batching import AdaptiveBatchSize, pack
from target_iterable.requests.bulk_response import all_written
from target_iterable.requests.reservation_window import MAX_RESERVED, ReservationWindow
from target_iterable.requests.scheduler import DependencyScheduler
from tests.target.conftest import Project
from tests.target.interrupting import Interrupting, Moment
from tests.target.test_command_line import settings as settings_file
from tests.target.test_idempotency import PROGRAM, Greetings, counts, greetings

MESSAGE = single_row_endpoint("/api/email/target", all_written)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the ledger is by default."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(OBJECTS, "greetings", Greetings)
    return tmp_path


class Fixed(ReservationWindow):
    """A window that stays as it is."""

    def __init__(self, width: int, size: int, group: int) -> None:
        super().__init__(width, size)
        self.size, self.group = size, group

    def adapt(self, answered: int) -> None:
        """Stay."""


class Book:
    """Reserves and delivers batches, and sees that each is reserved before, and how many are at a time."""

    def __init__(self, *, fails: bool = False) -> None:
        self.groups: list[int] = []
        self.most = 0
        self.delivered: list[Batch] = []
        self.released: list[Batch] = []
        self._reserved: set[Batch] = set()
        self._answered = 0
        self._fails = fails
        self._lock = Lock()

    def reserve(self, batches: Sequence[Batch]) -> None:
        with self._lock:
            self.groups.append(len(batches))
            self._reserved |= set(batches)
            self.most = max(self.most, len(self._reserved) - self._answered)

    def release(self, batches: Sequence[Batch]) -> None:
        self.released += batches

    def deliver(self, batch: Batch) -> BatchResult:
        with self._lock:
            assert batch in self._reserved
            self.delivered.append(batch)
        return BatchResult(batch, error=IterableError("down") if self._fails else None)

    def note(self, result: BatchResult) -> None:
        assert result.batch in self._reserved
        self._answered += 1


def batches_to(*people: str) -> list[Batch]:
    return pack([Operation(MESSAGE, b"{}", (("email", who),)) for who in people], AdaptiveBatchSize(1))


def scheduler(book: Book, batches: Sequence[Batch], window: ReservationWindow, width: int = 2) -> DependencyScheduler:
    return DependencyScheduler(batches, book.deliver, width, reserver=book, window=window)


def test_many_requests_are_reserved_in_one_transaction_and_never_more_than_the_window() -> None:
    book = Book()
    for result in scheduler(book, batches_to(*map(str, range(100))), Fixed(2, 20, 10)):
        book.note(result)
    assert len(book.delivered) == sum(book.groups) == 100
    assert book.most <= 20
    assert len(book.groups) <= 1 + 80 // 10
    assert min(book.groups[:-1]) >= 10


@given(st.lists(st.sampled_from("abcde"), max_size=40), st.integers(1, 4), st.integers(1, 12), st.data())
def test_whatever_the_window_requests_about_one_person_keep_their_order(
    people: list[str], width: int, size: int, data: st.DataObject
) -> None:
    window = Fixed(width, size, data.draw(st.integers(1, size)))
    book, batches = Book(), batches_to(*people)
    for result in scheduler(book, batches, window, width):
        book.note(result)
    names: set[Name] = {name for batch in batches for row in batch.rows for name in row.names}
    for name in names:
        about = [batch for batch in batches if name in batch.rows[0].names]
        assert [batch for batch in book.delivered if batch in about] == about
    assert book.most <= size


def test_what_is_reserved_and_not_sent_when_an_error_comes_is_released() -> None:
    book, batches = Book(fails=True), batches_to(*map(str, range(50)))
    sending = scheduler(book, batches, Fixed(1, 20, 10), width=1)
    for _ in sending:
        sending.stop()
    assert 1 <= len(book.delivered) < 20
    assert {*book.released} == {*batches[:20]} - {*book.delivered}


def test_quick_answers_make_groups_larger_and_slow_ones_make_them_small_again() -> None:
    now = [0.0]
    window = ReservationWindow(4, 50, lambda: now[0])
    assert (window.size, window.group) == (4, 1)
    for answered, seconds, size, group in [(4, 0.01, 40, 20), (20, 0.01, 50, 25), (4, 0.2, 4, 1), (2, 1.0, 4, 1)]:
        now[0] += seconds
        window.adapt(answered)
        assert (window.size, window.group) == (size, group)


@given(
    st.integers(1, 60),
    st.one_of(st.none(), st.integers(1, 60)),
    st.lists(st.tuples(st.integers(0, 100), st.floats(0, 10))),
)
def test_a_window_keeps_its_bounds_and_never_keeps_less_than_the_width_on_its_way(
    width: int, largest: int | None, steps: list[tuple[int, float]]
) -> None:
    now = [0.0]
    window = ReservationWindow(width, largest, lambda: now[0])
    for answered, seconds in steps:
        now[0] += seconds
        window.adapt(answered)
        assert width <= window.size <= max(width, largest or 0)
        assert 1 <= window.group <= window.size
        assert window.is_due(0)
        assert window.is_due(width - 1)
        assert not window.is_due(window.size)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many keys are reserved in each transaction."""
    found: list[int] = []
    write = IdempotencyStore.write

    def counting(store: IdempotencyStore, **keys: Any) -> set[bytes]:
        found.append(len(keys.get("reserved", ())))
        return write(store, **keys)

    monkeypatch.setattr(IdempotencyStore, "write", counting)
    return found


def test_no_more_messages_are_reserved_than_may_be_in_flight_where_that_is_set(
    project: Project, groups: list[int]
) -> None:
    people = [f"{n}@example.com" for n in range(60)]
    assert counts(project.load(greetings(*people), max_in_flight=3)) == (60, 0, 0, 0, 60)
    assert max(groups) <= 3
    assert sum(groups) == 60


def test_the_result_of_a_record_is_stored_with_the_reservation_of_the_next(project: Project, groups: list[int]) -> None:
    people = [f"{n}@example.com" for n in range(20)]
    project.load(greetings(*people), max_in_flight=1)
    assert groups.count(1) == 20
    assert len(groups) - 20 <= 5


@pytest.mark.more
@pytest.mark.parametrize(("max_in_flight", "bound"), [(None, MAX_RESERVED), (4, 4)])
@pytest.mark.parametrize("moment", Moment)
def test_after_a_kill_no_more_records_are_unclear_than_may_be_reserved_and_none_happens_twice(
    project: Project, folder: Path, moment: Moment, max_in_flight: int | None, bound: int
) -> None:
    people = [f"{n}@example.com" for n in range(240)]
    with Interrupting.proxy(project.sandbox.url, 160, moment, signal.SIGKILL) as proxy:
        config = settings_file(folder, api_key=project.sandbox.api_key, api_url=proxy, max_in_flight=max_in_flight)
        command = [sys.executable, "-c", PROGRAM, "--config", config]
        code, _ = Interrupting.run(command, greetings(*people), PYTHONPATH=str(Path(__file__).parents[2]))
    assert code == -signal.SIGKILL
    again = project.load(greetings(*people), max_rejects="100%")
    written, unchanged, rejected = counts(again, "written", "unchanged", "rejected")
    assert written + unchanged + rejected == 240
    assert 1 <= rejected <= bound
    sent = [event["email"] for event in project.holds.events()]
    assert written + unchanged <= len(sent) == len(set(sent)) <= 240

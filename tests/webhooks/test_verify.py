"""`iterable-webhooks verify`: the store against the export of the sandbox that delivered, or lost, the events."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.webhook_sender import SECRET
from iterable_api.errors import IncompleteBodyError
from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from iterable_webhooks.store.appending import appender
from iterable_webhooks.store.events import Delivery
from iterable_webhooks.store.opening import open_for_writing
from iterable_webhooks.store.reader import StoreReader
from iterable_webhooks.verification.comparison import ComparedKeys, EventCounts
from iterable_webhooks.verification.period import KeyedEvent, Period
from iterable_webhooks.verification.verifying import verify
from tests.webhooks.conftest import Start
from tests.webhooks.receivers import Receiver, run_command

pytestmark = pytest.mark.more

BEGAN = datetime(2025, 6, 1, 10, 30, tzinfo=UTC)
PERIOD = Period(BEGAN, BEGAN + timedelta(hours=6))
EVENTS = ("emailSend", "emailOpen", "emailClick")
ARGUMENTS = ("--since", "2025-06-01T10:30", "--until", "2025-06-01T16:30")


class Delivered:
    """A sandbox in which five hours have passed, and the receiver to which it has delivered."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        header = {"key": "X-Webhook-Secret", "value": SECRET}
        sandbox.add_webhook(receiver.url, events=list(EVENTS), headers=[header])
        lived = {"events": 1_000, "advance": 5 * 3_600}
        requests.post(f"{sandbox.url}/_sandbox/live", json=lived, timeout=60).raise_for_status()
        assert sandbox.wait_for_webhooks(60)

    def outcomes(self, outcome: str) -> Mapping[str, int]:
        """How many events of each name came to this end."""
        return Counter(attempt.event for attempt in self.sandbox.attempts() if attempt.outcome == outcome)

    def verify(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        key = {"ITERABLE_WEBHOOKS_API_KEY": self.sandbox.api_key, "ITERABLE_WEBHOOKS_STORE": self.receiver.store}
        return run_command("verify", "--api-url", self.sandbox.url, *ARGUMENTS, *arguments, **{**key, **variables})


Deliver = Callable[..., Delivered]


@pytest.fixture
def deliver(start: Start) -> Iterator[Deliver]:
    """Makes a `Delivered`; keywords are settings of the sandbox."""
    with ExitStack() as stack:

        def delivered(**settings: Any) -> Delivered:
            sandbox = stack.enter_context(Sandbox(clock=StoppedClock(BEGAN), **settings))
            return Delivered(sandbox, start())

        yield delivered


def test_what_was_lost_is_missing_in_the_store_by_name_and_hour_and_the_exit_code_says_so(deliver: Deliver) -> None:
    delivered = deliver(webhook_loss=0.3)
    ran = delivered.verify("--json")
    assert ran.returncode == 3, ran.stderr
    assert "3 event names" in ran.stderr
    assert "about 45 seconds" in ran.stderr
    found = json.loads(ran.stdout)
    lost, received = delivered.outcomes("lost"), delivered.outcomes("delivered")
    held = delivered.sandbox.counts()["events"]
    assert {one["eventName"] for one in found["events"]} == set(EVENTS)
    for one in found["events"]:
        name = one["eventName"]
        assert one["exported"] == held[name] > 0
        assert one["received"] == received[name]
        assert one["missingInStore"] == lost[name] > 0
        assert one["missingInExport"] == 0
        assert len(one["hours"]) > 1
        for column in ("exported", "received", "missingInStore", "missingInExport"):
            assert sum(hour[column] for hour in one["hours"]) == one[column]
    assert found["total"]["missingInStore"] == sum(lost.values())


def test_nothing_is_missing_where_all_was_delivered_even_twice_and_what_the_export_lacks_is_told(
    deliver: Deliver,
) -> None:
    delivered = deliver(webhook_duplicates=1)
    strange = {"eventName": "emailSend", "dataFields": {"messageId": "x", "createdAt": "2025-06-01 11:00:00 +00:00"}}
    delivered.receiver.post(json.dumps(strange).encode())
    ran = delivered.verify("--name", "emailSend")
    assert ran.returncode == 0, ran.stderr
    sent = delivered.sandbox.counts()["events"]["emailSend"]
    *_, of_name, of_all = ran.stdout.splitlines()
    assert of_name.split() == ["emailSend", "total", f"{sent:,}", f"{2 * sent + 1:,}", "0", "1"]
    assert of_all.split() == ["all", "total", f"{sent:,}", f"{2 * sent + 1:,}", "0", "1"]
    assert "@example.com" not in ran.stdout + ran.stderr


@pytest.fixture
def compare(deliver: Deliver) -> Callable[[str], EventCounts]:
    """Compares one name of an hour in which nothing was lost, without limits, and keeps the sentences."""
    delivered = deliver()

    def compared(fault: str, **options: Any) -> EventCounts:
        delivered.sandbox.inject(fault, route="GET /api/export/data.json", **options)
        client = IterableClient(
            delivered.sandbox.api_key, api_url=delivered.sandbox.url, limiter=Unlimited(), sleep=lambda _: None
        )
        with StoreReader(delivered.receiver.store) as reader:
            (found,) = verify(client, reader, ["emailSend"], None, PERIOD, tell=lambda _: None)
        client.close()
        assert found.total.exported == delivered.sandbox.counts()["events"]["emailSend"]
        return found

    return compared


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("cut", {"bytes": 3_000}),
        ("end_early", {"bytes": 3_000}),
        ("answer", {"status": 200, "body": "<html>"}),
        ("rate_limit", {}),
    ],
)
def test_an_export_that_does_not_come_whole_is_asked_for_again(
    compare: Callable[..., EventCounts], fault: str, options: dict[str, Any]
) -> None:
    found = compare(fault, **options)
    assert (found.total.missing_in_store, found.total.missing_in_export) == (0, 0)


def test_an_export_that_never_comes_whole_is_an_error(compare: Callable[..., EventCounts]) -> None:
    with pytest.raises(IncompleteBodyError, match="the answer for emailSend holds no event"):
        compare("answer", status=200, body='{"msg": "x", "code": "GenericError", "params": null}', times=None)


REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no key": ((), {"ITERABLE_WEBHOOKS_API_KEY": ""}, "`api-key` is not set"),
    "a file that is not there": (("--api-key-file", "nowhere"), {}, "`api-key-file` 'nowhere' cannot be read"),
    "a name without a key": (("--name", "customEvent"), {}, "`name` 'customEvent'"),
    "a project that is not there": (("--project", "north"), {}, "`project` 'north'"),
    "no time": (("--until", "2025-06-01T10:30"), {}, "`since` is 2025-06-01 10:30, and not before `until`"),
    "a url with the path": (("--api-url", "https://127.0.0.1/api"), {}, "`api_url` must be given without the `/api`"),
    "no place for limits": (("--rate-limit-store", "ftp://x"), {}, "`rate_limit_store` must be a file, or a URL"),
    "a password for limits": (("--rate-limit-store", "redis://:secret@h"), {}, "`rate_limit_store` has a password"),
    "a wrong key": ((), {"ITERABLE_WEBHOOKS_API_KEY": "another-key"}, "401"),
}


@pytest.fixture(scope="module")
def module_delivered(module_receiver: Receiver) -> Iterator[Delivered]:
    with Sandbox(clock=StoppedClock(BEGAN)) as sandbox:
        yield Delivered(sandbox, module_receiver)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_told_by_its_name_and_the_exit_code_is_1(module_delivered: Delivered, case: str) -> None:
    options, variables, said = REFUSED[case]
    ran = module_delivered.verify(*options, **variables)
    assert ran.returncode == 1
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert module_delivered.sandbox.api_key not in ran.stdout + ran.stderr
    assert "another-key" not in ran.stdout + ran.stderr


def test_the_key_comes_from_a_file_and_no_option_takes_one(module_delivered: Delivered, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{module_delivered.sandbox.api_key}\n")
    ran = module_delivered.verify("--name", "emailOpen", "--api-key-file", str(file), ITERABLE_WEBHOOKS_API_KEY="")
    assert ran.returncode == 0, ran.stderr
    assert "--api-key " not in run_command("verify", "--help").stdout


def test_its_requests_count_in_the_store_of_limits_that_the_tap_has(
    module_delivered: Delivered, tmp_path: Path
) -> None:
    limits = tmp_path / "limits.db"
    where = {"ITERABLE_WEBHOOKS_RATE_LIMIT_STORE": str(limits), "ITERABLE_WEBHOOKS_RATE_LIMIT_PROJECT": "shop"}
    ran = module_delivered.verify("--name", "emailOpen", **where)
    assert ran.returncode == 0, ran.stderr
    with closing(sqlite3.connect(limits)) as database:
        states = dict(database.execute("SELECT name, state FROM iterable_rate_limits"))
    assert any(name.startswith("shop GET /api/export/data.json") and state for name, state in states.items())


def test_of_several_projects_one_has_to_be_chosen(start: Start) -> None:
    receiver = start("--project", "north", "--project", "south")
    for project in ("north", "south"):
        receiver.post(b'{"eventName": "emailOpen"}', f"/{project}")
    variables = {"ITERABLE_WEBHOOKS_STORE": receiver.store, "ITERABLE_WEBHOOKS_API_KEY": "k"}
    ran = run_command("verify", **variables, ITERABLE_WEBHOOKS_PROJECT="north south")
    assert (ran.returncode, "choose one of north, south" in ran.stderr) == (1, True)


def test_by_default_the_last_24_full_hours_are_compared() -> None:
    period = Period.last_day(datetime(2026, 11, 29, 3, 59, 59, tzinfo=UTC))
    assert period == (datetime(2026, 11, 28, 3, tzinfo=UTC), datetime(2026, 11, 29, 3, tzinfo=UTC))


ONE_SIDE = st.lists(
    st.builds(
        KeyedEvent, st.sampled_from([b"a", b"b", b"c"]), st.none() | st.integers(-2, 3).map(lambda hour: hour * 3_600)
    )
)


@given(ONE_SIDE, ONE_SIDE)
def test_an_event_is_missing_where_no_event_of_its_key_is(
    exported: list[KeyedEvent], received: list[KeyedEvent]
) -> None:
    keys = ComparedKeys()
    keys.put_exported(received)
    keys.put_exported(exported)
    keys.put_received(received)
    counts = keys.counts(Period(datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(7_200, UTC)))
    keys.close()

    def missing(side: list[KeyedEvent], other: list[KeyedEvent], hour: int) -> int:
        absent = {event.key for event in side if event.seconds == hour * 3_600} - {event.key for event in other}
        return len(absent)

    for hour in (0, 1):
        found = counts.get(hour)
        expected = (
            sum(event.seconds == hour * 3_600 for event in exported),
            sum(event.seconds == hour * 3_600 for event in received),
            missing(exported, received, hour),
            missing(received, exported, hour),
        )
        assert found == expected if any(expected) else found is None
    assert counts.keys() <= {0, 1}


MANY = """
import resource
from datetime import UTC, datetime
from iterable_webhooks.verification.comparison import ComparedKeys
from iterable_webhooks.verification.period import KeyedEvent, Period

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024

before, keys = peak(), ComparedKeys()
keys.put_exported(KeyedEvent(number.to_bytes(16), number) for number in range(1_000_000))
keys.put_received(KeyedEvent(number.to_bytes(16), number) for number in range(1, 1_000_000))
counts = keys.counts(Period(datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(1_000_000, UTC)))
print(sum(count.missing_in_store for count in counts.values()), peak() - before)
"""


def test_a_million_events_take_little_memory() -> None:
    ran = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, check=True, timeout=120)
    missing, megabytes = map(int, ran.stdout.split())
    assert missing == 1
    assert megabytes < 40


@given(st.lists(st.booleans(), max_size=6))
def test_reading_begins_behind_what_was_received_earlier(are_late: list[bool]) -> None:
    with TemporaryDirectory() as folder:
        engine = open_for_writing(f"{folder}/store.db")
        times = [1_748_772_000_000_000 + late for late in sorted(are_late)]
        appender(engine).append([Delivery(at, "default", "emailOpen", b"{}") for at in times], [])
        engine.dispose()
        with StoreReader(f"{folder}/store.db") as reader:
            start = reader.position_before(datetime(2025, 6, 1, 10, 0, 0, 1, tzinfo=UTC))
            assert start == are_late.count(False)
            assert sum(len(batch.events) for batch in reader.read(start)) == are_late.count(True)

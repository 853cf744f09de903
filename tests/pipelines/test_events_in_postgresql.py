"""Events of the export and of webhooks in PostgreSQL, in each shape, by the `meltano.yml` of this repository."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString

import psycopg
import pytest
import requests

from benchmarks.webhook_sender import SECRET
from demo.warehouse import Warehouse, warehouse
from iterable_api.events.peer_event_names import PEER_NAMES
from iterable_api.facts.data_types import DATA_TYPES
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.conftest import ROOT
from tests.pipelines.meltano_project import MeltanoProject
from tests.webhooks.receivers import receiver
from tools.definitions import PROJECT

pytestmark = pytest.mark.more

EVENTS: Final = 600
SELECTED: Final[Mapping[str, str]] = {
    "iterable": '["email_*.*", "webhook_email_*.*"]',
    "segment": '["tracks.*", "email_*.*", "push_*.*", "in_app_*.*", "*subscribe*.*", "webhook_*.*"]',
    "heap": '["*heap_events.*"]',
}


class Loaded:
    """A project of which a part of the webhooks was lost, and a database that has its events in three schemas."""

    def __init__(self, sandbox: Sandbox, postgres: Warehouse) -> None:
        self.sandbox = sandbox
        self.postgres = postgres

    def connection(self) -> psycopg.Connection:
        return psycopg.connect(f"postgresql://postgres@/postgres?host={self.postgres.folder}")

    def rows(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        with self.connection() as connection:
            return connection.execute(statement).fetchall()

    def outcomes(self, outcome: str) -> Mapping[str, int]:
        """How many webhooks of each name came to this end."""
        return Counter(attempt.event for attempt in self.sandbox.attempts() if attempt.outcome == outcome)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """After two runs in each shape, with events in between, and a third that reads everything again."""
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "meltano.yml").write_text(PROJECT.read_text())
    store = str(folder / "store.db")
    clock = StoppedClock(datetime.now(UTC) - timedelta(hours=5))
    with (
        warehouse(folder / "postgres") as postgres,
        Sandbox(clock=clock, webhook_loss=0.2) as sandbox,
        receiver(store, folder / "receiver.log") as running,
    ):
        sandbox.add_webhook(f"{running.url}/{SECRET}")
        project = MeltanoProject(
            folder,
            TAP_ITERABLE_API_KEY=sandbox.api_key,
            TAP_ITERABLE_API_URL=sandbox.url,
            TAP_ITERABLE_ENFORCE_RATE_LIMITS="false",
            TAP_ITERABLE_START_DATE=f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
            TAP_ITERABLE_WEBHOOK_STORE=store,
            TARGET_POSTGRES_SQLALCHEMY_URL=postgres.sqlalchemy_url("psycopg"),
        )
        for events, options in ((EVENTS, ()), (EVENTS, ()), (0, ("--full-refresh",))):
            if events:
                lived = {"events": events, "advance": 2 * 3_600}
                requests.post(f"{sandbox.url}/_sandbox/live", json=lived, timeout=60).raise_for_status()
                assert sandbox.wait_for_webhooks(60)
            for shape, selected in SELECTED.items():
                project.meltano(
                    *("run", *options, "--state-id-suffix", shape, "tap-iterable", "target-postgres"),
                    TAP_ITERABLE_EVENT_SHAPE=shape,
                    TAP_ITERABLE__SELECT=selected,
                    TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA=shape,
                )
        yield Loaded(sandbox, postgres)


def tables(loaded: Loaded, schema: str) -> dict[str, int]:
    """The rows of each table of a schema that has any."""
    return {table: rows for table, rows in loaded.postgres.counts(schema).items() if rows}


EMAIL: Final = {one.name: one.stream for one in DATA_TYPES if one.stream.startswith("email_")}


def test_events_of_the_export_and_of_webhooks_are_rows_once(loaded: Loaded) -> None:
    happened, delivered = loaded.sandbox.counts()["events"], loaded.outcomes("delivered")
    expected = {EMAIL[name]: number for name, number in happened.items() if name in EMAIL}
    received = {f"webhook_{EMAIL[name]}": number for name, number in delivered.items() if name in EMAIL}
    assert tables(loaded, "iterable") == expected | received
    assert sum(received.values()) < sum(expected.values())


def test_segments_tables_have_each_event_once_and_tracks_all_of_them_by_either_way(loaded: Loaded) -> None:
    happened, delivered = loaded.sandbox.counts()["events"], loaded.outcomes("delivered")
    names = {name: (names.segment or "").lower().replace(" ", "_") for name, names in PEER_NAMES.items()}
    found = tables(loaded, "segment")
    tracks = found.pop("tracks")
    by_export = {name for name in names if names[name] in found}
    assert {name for name in by_export if happened[name]} == by_export
    assert "emailSend" in by_export
    assert {name: found[names[name]] for name in by_export} == {name: happened[name] for name in by_export}
    by_webhook = {name: found.get(f"webhook_{table}", 0) for name, table in names.items()}
    assert by_webhook == {name: delivered[name] for name in names}
    assert tracks == sum(happened[name] if name in by_export else by_webhook[name] for name in names)


def test_segments_texts_are_json_and_its_times_are_timestamps(loaded: Loaded) -> None:
    [(objects, arrays, numbers)] = loaded.rows("""
        select bool_and(jsonb_typeof(transactional_data::jsonb) = 'object'),
            bool_and(jsonb_typeof(labels::jsonb) = 'array'),
            count(distinct campaign_id + template_id)
        from segment.webhook_email_delivered
    """)
    assert (objects, arrays, numbers > 1) == (True, True, True)
    types = dict(
        loaded.rows("""
            select column_name, data_type from information_schema.columns
            where table_schema = 'segment' and table_name = 'email_link_clicked'
        """)
    )
    assert {types[column] for column in ("timestamp", "received_at", "sent_at")} == {"timestamp without time zone"}
    assert (types["created_at"], types["is_bot"], types["campaign_id"]) == ("text", "boolean", "bigint")
    [(alike,)] = loaded.rows(
        "select bool_and(left(created_at, 19)::timestamp = timestamp) from segment.email_link_clicked"
    )
    assert alike


def test_heaps_events_are_rows_once_with_properties_as_json(loaded: Loaded) -> None:
    happened, delivered = loaded.sandbox.counts()["events"], loaded.outcomes("delivered")
    known = [name for name, names in PEER_NAMES.items() if names.heap]
    assert tables(loaded, "heap") == {
        "heap_events": sum(happened.get(name, 0) for name in known),
        "webhook_heap_events": sum(delivered[name] for name in known),
    }
    named = loaded.rows("""
        select count(*) filter (where properties ->> 'campaignName' is null), count(*) from heap.heap_events
        where event like 'Email %' and properties ? 'campaignId' group by jsonb_typeof(properties)
    """)
    [(without_name, number)] = named
    assert (without_name, number > 100) == (0, True)
    [(objects,)] = loaded.rows("""
        select count(*) from heap.heap_events where jsonb_typeof(properties -> 'transactionalData') = 'object'
    """)
    assert objects > 0


def test_an_event_has_one_key_by_either_way_and_in_every_shape(loaded: Loaded) -> None:
    [(shared, received)] = loaded.rows("""
        select count(export."eventKey"), count(*)
        from iterable.webhook_email_open as webhook
        left join iterable.email_open as export using ("eventKey")
        join segment.email_opened as segment on segment.id = webhook."eventKey"
        join heap.heap_events as heap on heap.id = webhook."eventKey"
    """)
    assert shared == received == loaded.outcomes("delivered")["emailOpen"]


def test_the_queries_of_the_page_find_what_either_side_lacks_and_have_each_event_once(loaded: Loaded) -> None:
    page = (ROOT / "docs" / "webhooks.md").read_text()
    lost, unexported, repaired = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    happened, gone = loaded.sandbox.counts()["events"]["emailOpen"], loaded.outcomes("lost")["emailOpen"]
    with loaded.connection() as connection:
        assert sum(missing for _, missing in connection.execute(lost.encode())) == gone > 0
        assert connection.execute(unexported.encode()).fetchall() == []
        connection.execute("""
            delete from iterable.email_open
            where "eventKey" in (select "eventKey" from iterable.webhook_email_open order by "storePosition" limit 3)
        """)
        assert sum(missing for _, missing in connection.execute(unexported.encode())) == 3
        connection.execute(repaired.encode())
        counted = connection.execute("""
            select count(*), count(distinct "eventKey"), count(*) filter (where origin = 'webhook')
            from iterable.email_open_of_both
        """)
        assert counted.fetchall() == [(happened, happened, 3)]
        connection.rollback()

"""Days of events, materialized by Dagster with the real tap, a real loader and PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import dagster as dg
import pytest

from iterable_runs.queries.history import History
from singer_iterable.running.state_stores import state_store
from tests.dagster.projects import Loaded, definitions, metadata, run, tap

pytestmark = pytest.mark.more

DAY = "2026-10-07"
EXPORT = "GET /api/export/data.json"


def rows_but_load_times(north: Loaded) -> list[tuple[Any, ...]]:
    return north.rows("email_send", '"recordId", "createdAt", email, "messageId", "dataFields"')


def retries(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> int:
    events = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.STEP_UP_FOR_RETRY)
    return len(events)


def materialized(instance: dg.DagsterInstance) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey(["north", "emails"]))


def test_a_partition_is_exactly_what_happened_on_its_day_and_reading_it_again_changes_nothing(
    north: Loaded, instance: dg.DagsterInstance
) -> None:
    result = run(definitions(), "emails", instance, partition_key=DAY)
    assert result.success
    sends, clicks = north.happened("emailSend", DAY, DAY), north.happened("emailClick", DAY, DAY)
    assert north.loaded("email_send") == sends
    assert north.loaded("email_click") == clicks
    told = metadata(result, "emails")
    assert told["streams"] == {"email_send": sends[DAY], "email_click": clicks[DAY]}
    assert told["rows"] == told["dagster/partition_row_count"] == sends[DAY] + clicks[DAY] > 100
    assert told["requests"] == len(north.sandbox.requests(EXPORT)) == 2
    assert (told["from"], told["until"]) == ("2026-10-07T00:00:00+00:00", "2026-10-08T00:00:00+00:00")
    before = rows_but_load_times(north)
    again = run(definitions(), "emails", instance, partition_key=DAY)
    assert metadata(again, "emails")["rows"] == told["rows"]
    assert rows_but_load_times(north) == before
    assert not list((north.folder / "work").rglob("*.json"))


def test_a_run_history_and_alerts_name_a_pipeline_by_its_asset_whatever_the_day(
    north: Loaded, instance: dg.DagsterInstance
) -> None:
    place = str(north.folder / "runs.db")
    assert run(definitions(tap=tap(run_history=place)), "emails", instance, partition_key=DAY).success
    with closing(History(place)) as history:
        assert history.pipelines() == ["north/emails"]


def test_days_are_those_of_the_timezone_of_the_project(north: Loaded, instance: dg.DagsterInstance) -> None:
    result = run(definitions(timezone="America/New_York"), "emails", instance, partition_key=DAY)
    moments = [f"{moment:%Y-%m-%d %H}" for (moment,) in north.rows("email_send", """"createdAt" at time zone 'UTC'""")]
    assert "2026-10-07 04" <= min(moments) <= max(moments) < "2026-10-08 04"
    assert metadata(result, "emails")["from"] == "2026-10-07T00:00:00-04:00"


def test_what_may_pass_is_tried_again_and_goes_on_where_it_broke_off(
    north: Loaded, instance: dg.DagsterInstance
) -> None:
    fault = north.sandbox.inject("gateway", route=EXPORT, where={"dataTypeName": "emailSend"}, times=1)
    result = run(definitions(), "emails", instance, partition_key=DAY)
    assert result.success
    assert fault.struck == 1
    assert retries(instance, result) == 1
    assert north.loaded("email_send") == north.happened("emailSend", DAY, DAY)
    assert north.loaded("email_click") == north.happened("emailClick", DAY, DAY)
    store = state_store(str(north.folder / "states.db"))
    assert store.read("north/emails/2026-10-07..2026-10-08") is None
    store.close()


def test_what_will_not_pass_fails_at_once_and_says_why(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_API_KEY", "0123456789abcdef0123456789abcdef")
    for wanted, reason in (
        (definitions(), "401"),
        (definitions(tap=tap(window_days="many")), "window_days"),
        (definitions(tap=tap(api_key=dg.EnvVar("NOT_SET_ANYWHERE"))), "NOT_SET_ANYWHERE"),
    ):
        result = run(wanted, "emails", instance, partition_key=DAY)
        assert not result.success
        [failure] = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
        assert reason in str(failure.event_specific_data)
        assert retries(instance, result) == 0
    assert materialized(instance) == set()
    assert "0123456789abcdef0123456789abcdef" not in "".join(map(str, instance.all_logs(result.run_id)))


def test_a_new_run_reads_a_day_whole_though_one_before_broke_off(north: Loaded, instance: dg.DagsterInstance) -> None:
    north.sandbox.inject("gateway", route=EXPORT, where={"dataTypeName": "emailSend"}, times=None)
    assert not run(definitions(), "emails", instance, partition_key=DAY).success
    assert materialized(instance) == set()
    north.sandbox.project.faults.clear()
    north.sandbox.project.log.clear()
    assert run(definitions(), "emails", instance, partition_key=DAY).success
    assert [entry.status for entry in north.sandbox.requests(EXPORT)] == [200, 200]
    assert north.loaded("email_send") == north.happened("emailSend", DAY, DAY)
    assert materialized(instance) == {DAY}

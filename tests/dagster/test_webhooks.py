"""The sensor of the store of webhooks, and the asset that it asks for."""

from __future__ import annotations

import dagster as dg
import pytest

from tests.dagster.projects import Loaded, definitions, metadata, run, tap
from tests.tap.test_webhook_streams import CLICK, Store

pytestmark = pytest.mark.more


def tick(wanted: dg.Definitions, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    [sensor] = wanted.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    found = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_deliveries_ask_for_one_run_that_reads_on_from_the_last_one(
    north: Loaded, instance: dg.DagsterInstance
) -> None:
    wanted = definitions(tap=tap(webhook_store=str(north.folder / "webhooks.db")))
    assert isinstance(tick(wanted, instance, None), dg.SkipReason)  # there is no store yet
    store = Store(north.folder / "webhooks.db")
    store.put(CLICK, {**CLICK, "dataFields": {**CLICK["dataFields"], "messageId": "m2"}})  # type: ignore[dict-item]
    first = tick(wanted, instance, None)
    assert isinstance(first, dg.SensorResult)
    [request] = first.run_requests or []
    assert request.run_key == first.cursor
    assert metadata(run(wanted, "webhook_events", instance), "webhook_events")["rows"] == 2
    assert isinstance(tick(wanted, instance, first.cursor), dg.SkipReason)
    store.put({**CLICK, "dataFields": {**CLICK["dataFields"], "messageId": "m3"}})  # type: ignore[dict-item]
    second = tick(wanted, instance, first.cursor)
    assert isinstance(second, dg.SensorResult)
    assert second.cursor != first.cursor
    told = metadata(run(wanted, "webhook_events", instance), "webhook_events")
    assert told["streams"] == {"webhook_email_click": 1}
    assert {message for (message,) in north.rows("webhook_email_click", '"messageId"')} == {"m1", "m2", "m3"}
    store.close()

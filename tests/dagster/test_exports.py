"""Days of events, materialised by Dagster with the real tap, a real loader and PostgreSQL."""

from __future__ import annotations

import dagster as dg
import pytest

from singer_iterable.dagster import iterable_definitions
from tests.dagster.projects import Loaded

pytestmark = pytest.mark.more

EMAILS = dg.AssetKey(["north", "email_events"])
DAY = "2026-10-07"


def test_a_partition_is_exactly_what_happened_on_its_day(north: Loaded, instance: dg.DagsterInstance) -> None:
    definitions = iterable_definitions([north.project()], state_store=north.state_store, retry_policy=dg.RetryPolicy(0))
    asset = definitions.get_assets_def(EMAILS)
    result = dg.materialize([asset], partition_key=DAY, instance=instance)
    assert result.success
    assert north.loaded("email_send") == north.happened("emailSend", DAY, DAY) != {}
    [event] = result.asset_materializations_for_node("north__email_events")
    print(event.metadata)

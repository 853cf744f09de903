"""What was never loaded is passed over, and history is kept from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.dbt.loaded_project import LoadedProject

pytestmark = pytest.mark.more

HISTORY: Final = {
    "users": "user_key",
    "campaigns": "campaign_id",
    "templates": "template_id",
    "list_members": "member_key",
}
"""Snapshots -> the key of what they keep."""
_CHANGED: Final = """
select * from kept.iterable_{name}_history
where {key} in (select {key} from kept.iterable_{name}_history where dbt_valid_to is not null)
order by dbt_valid_from
"""


@pytest.fixture(scope="module")
def changing(
    dbt_command: Path, seeded_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoadedProject]:
    """A project of its own, of which no event was loaded."""
    with LoadedProject.over_copy(seeded_database, dbt_command, tmp_path_factory.mktemp("changing")) as project:
        project.load("users.*", "lists.*", "list_users.*", "campaigns.*", "templates.*")
        yield project


def test_tables_that_were_never_loaded_are_passed_over(changing: LoadedProject) -> None:
    changing.build()
    assert changing.rows("select count(*) from models.iterable_events") == [0]
    assert changing.rows("select count(*) from models.iterable_user_engagement") == [200]
    assert changing.rows("select sum(sends) from models.iterable_campaign_performance") == [0]


def test_event_tables_are_found_under_another_prefix_and_schema(changing: LoadedProject) -> None:
    changing.execute("""
        create schema raw;
        create table raw.it_users as table iterable.users;
        create table raw.it_push_open ("recordId" text, "createdAt" timestamptz, "email" text, "campaignId" int);
        insert into raw.it_push_open
        select 'r' || number, '2026-10-01 02:00:00+02', 'Ann@Example.com', 7 from generate_series(1, 3) as number;
    """)
    changing.build(schema="other", singer_iterable_schema="raw", singer_iterable_table_prefix="it_")
    rows = changing.rows("select data_type, created_at::text, user_key, campaign_id, is_bot from other.iterable_events")
    expected = {"data_type": "pushOpen", "created_at": "2026-10-01 00:00:00", "user_key": "ann@example.com"}
    assert rows == [{**expected, "campaign_id": 7, "is_bot": False}] * 3


def test_two_runs_keep_what_was_before_and_what_came_after(changing: LoadedProject) -> None:
    changing.build(schema="kept", singer_iterable_snapshots=True)
    assert changing.rows("select count(*) from kept.iterable_users_history where dbt_valid_to is not null") == [0]
    [member] = changing.rows("select list_id, email from kept.iterable_list_members order by list_id, email limit 1")
    [campaign] = changing.rows("select campaign_id from kept.iterable_campaigns where campaign_state = 'Draft' limit 1")
    [template] = changing.rows(
        "select template_id from kept.iterable_templates where message_medium = 'Email' order by 1 limit 1"
    )
    with closing(changing.client()) as client:
        client.post_json("/api/users/update", {"email": member["email"], "dataFields": {"firstName": "Newname"}})
        unsubscribed = {"listId": member["list_id"], "subscribers": [{"email": member["email"]}]}
        client.post_json("/api/lists/unsubscribe", unsubscribed)
        client.post_json("/api/campaigns/abort", {"campaignId": campaign})
        client.post_json("/api/templates/email/update", {"templateId": template, "name": "Another name"})
    changing.load("users.*", "lists.*", "list_users.*", "campaigns.*", "templates.*")
    changing.build(schema="kept", singer_iterable_snapshots=True)
    versions = {name: changing.rows(_CHANGED.format(name=name, key=key)) for name, key in HISTORY.items()}
    names = [(row["first_name"] == "Newname", row["dbt_valid_to"] is None) for row in versions["users"]]
    assert names == [(False, False), (True, True)]
    assert [row["campaign_state"] for row in versions["campaigns"]] == ["Draft", "Aborted"]
    assert [row["template_name"] == "Another name" for row in versions["templates"]] == [False, True]
    assert [row["list_id"] for row in versions["list_members"]] == [member["list_id"]]
    assert changing.rows("select count(*) from kept.iterable_list_members") == changing.rows(
        "select count(*) from kept.iterable_list_members_history where dbt_valid_to is null"
    )

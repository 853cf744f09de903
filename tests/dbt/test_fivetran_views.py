"""The views in Fivetran's shapes have the columns that models over Fivetran's tables read, and the same rows."""

from __future__ import annotations

from typing import Final

import pytest

from tests.dbt.loaded_project import LoadedProject

pytestmark = pytest.mark.more

TYPES: Final = {
    "text": {"text"},
    "number": {"bigint", "numeric"},
    "moment": {"timestamp without time zone"},
    "flag": {"boolean"},
}
COLUMNS: Final = {
    "channel": {"text": "name channel_type message_medium", "number": "id", "flag": "_fivetran_deleted"},
    "message_type": {
        "text": "name frequency_cap rate_limit_per_minute subscription_policy",
        "number": "id channel_id",
        "moment": "created_at updated_at",
        "flag": "_fivetran_deleted",
    },
    "list": {"text": "name description list_type", "number": "id", "moment": "created_at", "flag": "_fivetran_deleted"},
    "list_user": {"text": "_fivetran_id", "number": "list_id index"},
    "campaign_history": {
        "text": "name type campaign_state message_medium created_by_user_id updated_by_user_id",
        "number": "id template_id workflow_id recurring_campaign_id send_size",
        "moment": "created_at updated_at start_at ended_at",
    },
    "campaign_label_history": {"text": "label", "number": "campaign_id", "moment": "updated_at"},
    "campaign_list_history": {"number": "campaign_id list_id", "moment": "updated_at"},
    "campaign_suppression_list_history": {"number": "campaign_id suppressed_list_id", "moment": "updated_at"},
    "template_history": {
        "text": "name template_type creator_user_id client_template_id",
        "number": "id message_type_id",
        "moment": "created_at updated_at",
    },
    "user_history": {
        "text": "_fivetran_id email user_id iterable_user_id first_name last_name phone_number signup_source"
        " email_list_ids",
        "moment": "signup_date updated_at",
    },
    "user_unsubscribed_channel": {"text": "_fivetran_id email", "number": "channel_id", "moment": "updated_at"},
    "user_unsubscribed_message_type": {"text": "_fivetran_id email message_type_id", "moment": "updated_at"},
    "event": {
        "text": "_fivetran_id _fivetran_user_id event_name email message_id message_bus_id recipient_state status"
        " unsub_source user_agent user_agent_device transactional_data additional_properties",
        "number": "campaign_id content_id message_type_id",
        "moment": "created_at",
    },
    "event_extension": {
        "text": "_fivetran_id _fivetran_user_id badge canonical_url_id device email_id email_subject experiment_id"
        " link_id link_url locale payload platform_endpoint push_message region sms_message to_phone_number url"
        " workflow_id workflow_name city clicked_url country error_code from_phone_number in_app_body labels"
        " message_status reason",
        "number": "catalog_collection_count catalog_lookup_count content_id from_phone_number_id from_smssender_id"
        " mms_send_count sms_send_count",
        "moment": "expires_at",
        "flag": "app_already_running content_available is_sms_estimation",
    },
}
"""Tables of Fivetran's connector -> their columns, by type. All have `_fivetran_synced`, too."""


def test_every_table_has_its_columns_in_their_types(built: LoadedProject) -> None:
    rows = built.rows("""
        select table_name, column_name, data_type from information_schema.columns
        where table_schema = 'models_fivetran'
    """)
    found = {(row["table_name"], row["column_name"]): row["data_type"] for row in rows}
    wanted = {
        (table, column): types
        for table, kinds in COLUMNS.items()
        for kind, columns in {**kinds, "moment": f"{kinds.get('moment', '')} _fivetran_synced"}.items()
        for column, types in ((column, TYPES[kind]) for column in columns.split())
    }
    assert found.keys() == wanted.keys()
    assert {place: type_ for place, type_ in found.items() if type_ not in wanted[place]} == {}


def test_events_and_lists_are_those_of_the_users(built: LoadedProject) -> None:
    [counts] = built.rows("""
        select
            (select count(*) from models_fivetran.event) as events,
            (select count(*) from models_fivetran.event_extension) as extensions,
            (select count(*) from models_fivetran.user_history) as users,
            (select count(*) from models_fivetran.list_user join models_fivetran.user_history using (_fivetran_id))
                as members,
            (select count(*) from models_fivetran.event as events
                join models_fivetran.user_history as users on users._fivetran_id = events._fivetran_user_id
                    and lower(users.email) = lower(events.email)) as events_of_users
    """)
    happened = sum(built.sandbox.counts()["events"].values())
    members = built.rows("select count(*) from iterable.list_users")[0]
    expected = {"events": happened, "extensions": happened, "users": 200, "members": members}
    assert counts == {**expected, "events_of_users": happened}
    assert built.rows("""
        select count(*) from models_fivetran.user_history
        where email_list_ids not like '[%]'
    """) == [0]


def test_lists_labels_and_unsubscribes_are_rows(built: LoadedProject) -> None:
    filled = []
    for table, source, array in (
        ("campaign_label_history", "campaigns", "labels"),
        ("campaign_list_history", "campaigns", "listIds"),
        ("campaign_suppression_list_history", "campaigns", "suppressionListIds"),
        ("user_unsubscribed_channel", "users", "unsubscribedChannelIds"),
        ("user_unsubscribed_message_type", "users", "unsubscribedMessageTypeIds"),
    ):
        [rows] = built.rows(f"select count(*) from models_fivetran.{table}")  # noqa: S608 (our own names)
        [items] = built.rows(f'select sum(cardinality("{array}")) from iterable.{source}')  # noqa: S608 (our own names)
        assert rows == items, table
        filled += [table] * (rows > 0)
    # No user of the seeded project has left a message type.
    assert len(filled) == 4

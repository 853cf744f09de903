"""The models over PostgreSQL hold what the project holds, and agree with what Iterable counts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from datetime import date, timedelta
from typing import Any, Final

import pytest

from tests.dbt.loaded_project import LoadedProject

pytestmark = pytest.mark.more

_MEDIA: Final = {
    "sends": "Email Sends|Pushes Sent|In-Apps Sent|SMS Sent|Web Pushes Sent|WhatsApp Sent|Embedded Sent|RCS Sent",
    "opens": "Email Opens|Pushes Opened|In-App Opens|WhatsApp Seen|Embedded Impressions",
    "clicks": "Email Clicks|Emails Clicked|In-App Clicks|SMS Clicks|Web Push Clicks|WhatsApp Clicks|Embedded Clicks",
    "bounces": "Emails Bounced|Pushes Bounced|SMS Bounced|WhatsApp Bounced",
    "send_skips": "Email Send Skips|Push Send Skips|In-App Send Skips|SMS Send Skips|Web Push Send Skips"
    "|WhatsApp Send Skips|Embedded Send Skips|RCS Send Skips",
    "opens_by_people": "Email Opens (filtered)",
    "unsubscribes": "Unsubscribes",
    "complaints": "Complaints",
    "purchases": "Purchases",
}
TITLES: Final[Mapping[str, str]] = {
    f"{kind} {title}": prefix + column
    for column, titles in _MEDIA.items()
    for title in titles.split("|")
    for kind, prefix in (("Total", ""), ("Unique", "unique_"))
} | {"Revenue": "revenue"}
"""Titles of Iterable's metrics -> columns of the models."""

WITHOUT_A_COLUMN: Final = {
    "Average Order Value",  # revenue by purchases
    "Purchases / M (Email)",
    "Revenue / M (Email)",
    "Total Emails Delivered",  # sends without bounces
    "Unique Emails Delivered",
}
BESIDE_THE_FUNNEL: Final = (
    "Hosted Unsubscribe Clicks",  # a click on the way to an unsubscribe, which is counted
    "App Uninstalls",
    "In-Apps Delivered",
    "In-App Closes",
    "In-App Deletes",
    "Inbound SMS",
    "Embedded Received",
)
"""Titles of events that say neither that a message was opened nor that it was clicked."""


def _known(title: str) -> bool:
    return title in WITHOUT_A_COLUMN or title.endswith(BESIDE_THE_FUNNEL)


def _compared(metrics: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Both numbers of each title that has a column; any other title must be known."""
    assert [title for title in metrics if title not in TITLES and not _known(title)] == []
    return {title: (float(value), float(row[TITLES[title]])) for title, value in metrics.items() if title in TITLES}


def test_every_event_is_in_one_table_with_the_names_of_what_it_belongs_to(built: LoadedProject) -> None:
    happened = {name: count for name, count in built.sandbox.counts()["events"].items() if count}
    rows = built.rows("select * from models.iterable_events")
    assert Counter(row["data_type"] for row in rows) == happened
    assert len({row["record_id"] for row in rows}) == len(rows)
    of_campaigns = [row for row in rows if row["campaign_id"]]
    names = ("campaign_name", "template_name", "message_type_name", "channel_name")
    assert of_campaigns
    assert [row for row in of_campaigns if not all(row[name] for name in names)] == []
    with closing(built.client()) as client:
        lists = {entry["id"]: entry["name"] for entry in client.get_json("/api/lists")["lists"]}
    subscribed = {row["record_id"]: row["list_names"] for row in rows if row["data_type"] == "emailSubscribe"}
    expected = {
        row["recordId"]: ", ".join(sorted(lists[id_] for id_ in row["emailListIds"]))
        for row in built.rows('select "recordId", "emailListIds" from iterable.email_subscribe')
    }
    assert subscribed == expected


def test_all_numbers_of_a_campaign_are_those_that_iterable_counts(built: LoadedProject) -> None:
    counted = {row["campaign_id"]: row for row in built.rows("select * from models.iterable_campaign_performance")}
    reported = built.rows("select id, metrics from iterable.campaign_metrics")
    assert {row["id"] for row in reported} == counted.keys()
    pairs = [(row["id"], _compared(row["metrics"], counted[row["id"]])) for row in reported]
    assert sum(map(len, dict(pairs).values())) > 300
    for campaign, compared in pairs:
        assert {title: pair for title, pair in compared.items() if pair[0] != pytest.approx(pair[1])} == {}, campaign


def test_the_numbers_of_a_day_are_those_that_iterable_counts_for_the_day(built: LoadedProject) -> None:
    messages = built.tap("campaign_metrics", metrics_days=10, end_date="2026-10-31")
    reported = [message["record"] for message in messages if message["type"] == "RECORD"]
    days = {row["startDateTime"][:10] for row in reported}
    assert days == {str(date(2026, 10, 31) - timedelta(days=number)) for number in range(10)}
    counted = {
        (row["campaign_id"], str(row["day"])): row for row in built.rows("select * from models.iterable_campaign_days")
    }
    nothing = dict.fromkeys(TITLES.values(), 0)
    for row in reported:
        place = (row["id"], row["startDateTime"][:10])
        compared = _compared(row["metrics"], counted.get(place, nothing))
        assert {title: pair for title, pair in compared.items() if pair[0] != pytest.approx(pair[1])} == {}, place
    assert sum(counted.get((row["id"], row["startDateTime"][:10]), nothing)["opens"] for row in reported) > 0


def test_a_message_tells_people_from_bots_and_has_the_first_time_of_each_thing(built: LoadedProject) -> None:
    assert built.rows("""
        select count(*) from models.iterable_messages full join (
            select "messageId" as message_id,
                min("createdAt") filter (where not "isBot") as first, count(*) filter (where not "isBot") as people,
                count(*) filter (where "isBot") as bots
            from iterable.email_open group by 1
        ) as opens using (message_id)
        where message_medium = 'Email'
            and (opened_at, opens, bot_opens) is distinct from (first, coalesce(people, 0), coalesce(bots, 0))
    """) == [0]
    [totals] = built.rows("select sum(bot_opens) as bots, count(sent_at) as sent from models.iterable_messages")
    assert totals["bots"] > 0
    happened = built.sandbox.counts()["events"]
    assert totals["sent"] == sum(count for name, count in happened.items() if name.endswith("Send"))
    assert built.rows("select count(*) from models.iterable_messages where skipped_at is not null") == [
        sum(count for name, count in happened.items() if name.endswith("SendSkip"))
    ]


def test_messages_are_counted_where_iterable_counts_users(built: LoadedProject) -> None:
    # The one difference of definitions: a user whom a campaign reaches twice is one user, and two messages.
    rows = built.rows("""
        select performance.campaign_id, unique_opens_by_people as users, sum(messages.opens) as opens,
            count(messages.opened_at) as messages, (metrics.metrics ->> 'Total Email Opens (filtered)')::int as reported
        from models.iterable_campaign_performance as performance
        join models.iterable_messages as messages using (campaign_id)
        join iterable.campaign_metrics as metrics on metrics.id = performance.campaign_id
        where performance.message_medium = 'Email'
        group by 1, 2, 5
    """)
    assert [row for row in rows if row["opens"] != row["reported"] or row["messages"] < row["users"]] == []
    assert [row for row in rows if row["messages"] > row["users"]]


def test_a_purchase_goes_to_iterables_campaign_or_else_to_the_last_click_or_open(built: LoadedProject) -> None:
    purchases = built.rows("select * from models.iterable_purchases")
    touches = built.rows("""
        select * from models.iterable_events
        where action in ('sent', 'opened', 'clicked') and message_id is not null and not is_bot
    """)
    for purchase in purchases:
        before = [
            touch
            for touch in touches
            if touch["user_key"] == purchase["user_key"] and touch["created_at"] <= purchase["created_at"]
        ]
        assert (purchase["attribution"], purchase["attributed_message_id"]) in _attributions(purchase, before)
    assert {row["attribution"] for row in purchases} == {"iterable", "last_click", "last_open", "none"}
    assert len(purchases) == built.sandbox.counts()["events"]["purchase"]
    [conversions] = built.rows("select sum(conversions) from models.iterable_messages")
    assert conversions == sum(row["attributed_message_id"] is not None for row in purchases)


def _attributions(purchase: Mapping[str, Any], before: list[dict[str, Any]]) -> set[tuple[str, str | None]]:
    """Attribution and message; several if events happened in one second."""
    if purchase["campaign_id"]:
        own = [touch for touch in before if touch["campaign_id"] == purchase["campaign_id"]]
        return {("iterable", id_) for id_ in _latest(own)} or {("iterable", None)}
    start = purchase["created_at"] - timedelta(days=5)
    for action, attribution in (("clicked", "last_click"), ("opened", "last_open")):
        recent = [touch for touch in before if touch["action"] == action and touch["created_at"] >= start]
        if recent:
            return {(attribution, id_) for id_ in _latest(recent)}
    return {("none", None)}


def _latest(touches: list[dict[str, Any]]) -> set[str]:
    last = max((touch["created_at"] for touch in touches), default=None)
    return {touch["message_id"] for touch in touches if touch["created_at"] == last}


def test_items_of_purchases_are_rows_although_the_loader_writes_json_null(built: LoadedProject) -> None:
    # `items` is the JSON value null in every row, and must not hide `shoppingCartItems`.
    assert built.rows("select count(*) from iterable.purchase where items is null") == [0]
    assert built.rows("select count(*) from models.iterable_purchase_items") == built.rows(
        'select sum(jsonb_array_length("shoppingCartItems")) from iterable.purchase'
    )
    wrong = built.rows("""
        select count(*) from models.iterable_purchases as purchases
        join (select record_id, sum(price * quantity) as total from models.iterable_purchase_items group by 1) as items
            using (record_id)
        where abs(purchases.total - items.total) > 0.01
    """)
    assert wrong == [0]


def test_lists_have_the_members_that_iterable_says(built: LoadedProject) -> None:
    with closing(built.client()) as client:
        sizes = {
            entry["id"]: client.get_json("/api/lists/{listId}/size", path_params={"listId": entry["id"]})
            for entry in client.get_json("/api/lists")["lists"]
        }
    rows = built.rows("select list_id, count(*) as members from models.iterable_list_members group by 1")
    assert {row["list_id"]: row["members"] for row in rows} == {id_: size for id_, size in sizes.items() if size}
    assert built.rows(
        "select count(*) from models.iterable_list_members where not (is_in_profile and is_in_list_users)"
    ) == [0]


def test_engagement_has_each_user_with_what_the_user_did(built: LoadedProject) -> None:
    [row] = built.rows("""
        select count(*) as users, sum(purchases) as purchases, sum(revenue) as revenue, sum(messages_sent) as sent,
            sum(lists) as lists
        from models.iterable_user_engagement
    """)
    [expected] = built.rows("""
        select (select count(*) from iterable.users) as users, count(*) as purchases, sum(total) as revenue,
            (select count(sent_at) from models.iterable_messages) as sent,
            (select count(*) from iterable.list_users) as lists
        from iterable.purchase
    """)
    assert row == expected

"""`--propose-routes`: what is proposed for the usual sources, and that it works when it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from iterable_api.facts.identity import ProjectType
from target_iterable.config.router import Router
from target_iterable.objects.registry import OBJECTS
from target_iterable.proposals.project_contents import ProjectContents
from target_iterable.proposals.proposing import propose as propose_route
from target_iterable.proposals.rendering import as_json, as_yaml, settings_of
from target_iterable.proposals.source_streams import SourceStream
from target_iterable.target import TargetIterable
from tests.target.conftest import NewProject, Project
from tests.target.loading import Message, stream
from tests.target.test_command_line import run

ANN, BOB = "ann@example.com", "bob@example.com"
TEXT: Final = {"type": ["string", "null"]}
WHOLE: Final = {"type": ["integer", "null"]}
NUMBER: Final = {"type": ["number", "null"]}
TRUTH: Final = {"type": ["boolean", "null"]}
MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}
AT: Final = "2026-11-01T08:30:00Z"
ITEM: Final = {"id": "A-1", "name": "Mug", "price": 24.95, "quantity": 2}
ITEMS: Final = {
    "type": "array",
    "items": {"type": "object", "properties": {"id": TEXT, "name": TEXT, "price": NUMBER, "quantity": WHOLE}},
}

CUSTOMERS: Final = stream(
    "public-customers",
    [
        {"id": number, "EMAIL": email, "first_name": "Ann", "score": 5, "loaded_at": AT, "_sdc_batched_at": AT}
        for number, email in ((1, ANN), (2, BOB))
    ],
    ["id"],
    id=WHOLE,
    EMAIL=TEXT,
    first_name=TEXT,
    score=NUMBER,
    loaded_at=MOMENT,
    _sdc_batched_at=MOMENT,
)
TRACKS: Final = stream(
    "segment-signed_up",
    [
        {
            "id": "m-1",
            "event": "signed_up",
            "event_text": "Signed Up",
            "user_id": "u1",
            "context_traits_email": ANN,
            "anonymous_id": "a1",
            "received_at": AT,
            "timestamp": AT,
            "plan": "free",
        },
        {"id": "m-2", "event": "signed_up", "event_text": "Signed Up", "anonymous_id": "a2", "received_at": AT},
    ],
    ["id"],
    **dict.fromkeys(("id", "event", "event_text", "user_id", "context_traits_email", "anonymous_id", "plan"), TEXT),
    received_at=MOMENT,
    timestamp=MOMENT,
)
ORDERS: Final = stream(
    "shop-orders",
    [{"order_id": 17, "customer_email": ANN, "line_items": [ITEM], "total_price": 49.9, "ordered_at": AT, "tax": 3}],
    ["order_id"],
    order_id=WHOLE,
    customer_email=TEXT,
    line_items=ITEMS,
    total_price=NUMBER,
    ordered_at=MOMENT,
    tax=NUMBER,
)
VIEWS: Final = stream(
    "app-page_views",
    [{"view_id": 1, "user_email": ANN, "url": "/", "viewed_at": AT}],
    ["view_id"],
    view_id=WHOLE,
    user_email=TEXT,
    url=TEXT,
    viewed_at=MOMENT,
)
EVENTS: Final = stream(
    "app-log",
    [{"log_id": 1, "email": ANN, "event_type": "seen", "occurred_at": AT, "campaign_id": 7}],
    ["log_id"],
    log_id=WHOLE,
    email=TEXT,
    event_type=TEXT,
    occurred_at=MOMENT,
    campaign_id=WHOLE,
)
MEMBERS: Final = stream(
    "crm-vip_memberships",
    [{"email": ANN, "list_name": "VIP", "is_member": True}, {"email": BOB, "list_name": "VIP", "is_member": False}],
    ["email"],
    email=TEXT,
    list_name=TEXT,
    is_member=TRUTH,
)
INVOICES: Final = stream(
    "mkt-invoices",
    [{"invoice_id": 1, "customer_email": ANN, "amount": 5, "created_at": AT}],
    ["invoice_id"],
    invoice_id=WHOLE,
    customer_email=TEXT,
    amount=NUMBER,
    created_at=MOMENT,
)
WAREHOUSE_USERS: Final = stream(
    "segment-users",
    [{"id": "u1", "received_at": AT, "context_library_name": "js", "email": ANN, "plan": "free"}],
    ["id"],
    received_at=MOMENT,
    **dict.fromkeys(("id", "context_library_name", "email", "plan"), TEXT),
)
RAW_CALLS: Final = stream(
    "segment-calls",
    [{"type": "track", "messageId": "m-9", "userId": "u1", "event": "Left", "properties": {"n": 1}, "timestamp": AT}],
    ["messageId"],
    **dict.fromkeys(("type", "messageId", "userId", "event"), TEXT),
    properties={"type": "object"},
    timestamp=MOMENT,
)
AUDIENCE: Final = stream("loyal_customers_audience", [{"email": ANN}], ["email"], email=TEXT)
GROUPS: Final = stream(
    "crm-groups", [{"email": ANN, "segments": ["VIP"]}], ["email"], email=TEXT, segments={"type": "array"}
)
PRODUCTS: Final = stream(
    "shop-products",
    [{"sku": "A-1", "name": "Mug", "price": 24}],
    ["sku"],
    sku=TEXT,
    price=NUMBER,
)
UNSUBSCRIBES: Final = stream(
    "crm-unsubscribes",
    [{"email": ANN, "channel_id": 1, "unsubscribed_at": AT}],
    ["email"],
    email=TEXT,
    channel_id=WHOLE,
    unsubscribed_at=MOMENT,
)
EMAILS: Final = stream(
    "crm-changed",
    [{"currentEmail": ANN, "newEmail": "ann@new.example.com"}],
    ["currentEmail"],
    currentEmail=TEXT,
    newEmail=TEXT,
)
ODD: Final = stream("erp-t001w", [{"a": 1, "b": 2}], ["a", "b"], a=WHOLE, b=WHOLE)

RECOGNISED: Final[Mapping[str, tuple[list[Message], dict[str, Any]]]] = {
    "customers": (CUSTOMERS, {"object": "users", "fields": {"EMAIL": "email"}}),
    "tracks": (TRACKS, {"object": "segment", "call": "track", "anonymous": "skip"}),
    "orders": (
        ORDERS,
        {
            "object": "purchases",
            "fields": {
                "customer_email": "email",
                "line_items": "items",
                "total_price": "total",
                "order_id": "id",
                "ordered_at": "createdAt",
            },
        },
    ),
    "views": (
        VIEWS,
        {
            "object": "events",
            "event_name": "page views",
            "fields": {"user_email": "email", "viewed_at": "createdAt"},
        },
    ),
    "events": (
        EVENTS,
        {
            "object": "events",
            "fields": {"event_type": "eventName", "occurred_at": "createdAt", "campaign_id": "campaignId"},
        },
    ),
    "members": (MEMBERS, {"object": "list_members", "member_column": "is_member", "fields": {"list_name": "list"}}),
    "audience": (AUDIENCE, {"object": "list_members", "list": "loyal customers"}),
    "groups": (GROUPS, {"object": "list_memberships", "fields": {"segments": "lists"}}),
    "products": (PRODUCTS, {"object": "catalog_items", "catalog": "products", "define_field_types": True}),
    "unsubscribes": (
        UNSUBSCRIBES,
        {
            "object": "subscriptions",
            "mode": "unsubscribe",
            "group": "messageChannel",
            "fields": {"channel_id": "subscriptionGroupId"},
        },
    ),
    "invoices": (
        INVOICES,
        {
            "object": "events",
            "event_name": "invoices",
            "fields": {"customer_email": "email", "created_at": "createdAt"},
        },
    ),
    "warehouse users": (WAREHOUSE_USERS, {"object": "segment", "call": "user", "anonymous": "skip"}),
    "raw calls": (RAW_CALLS, {"object": "segment"}),
    "emails": (EMAILS, {"object": "user_emails"}),
}


class Proposed(NamedTuple):
    """What the command has printed: its text, and the settings in it."""

    text: str
    settings: dict[str, Any]

    @property
    def streams(self) -> dict[str, Any]:
        return dict(self.settings["streams"])

    @property
    def comments(self) -> str:
        """All comments, in a line."""
        lines = [line.strip() for line in self.text.splitlines()]
        return " ".join(line.removeprefix("#").strip() for line in lines if line.startswith("#"))


def config_of(project: Project, folder: Path, **settings: Any) -> str:
    file = folder / "config.json"
    given = {"api_key": project.sandbox.api_key, "api_url": project.sandbox.url, "enforce_rate_limits": False}
    file.write_text(json.dumps(given | settings))
    return str(file)


def lines_of(*messages: Message) -> str:
    return "".join(json.dumps(message) + "\n" for message in messages)


def command(*arguments: str, stdin: str = "") -> Result:
    """Run the command in this process, which is quicker than a process of its own."""
    return CliRunner().invoke(TargetIterable.get_singer_command(), arguments, input=stdin)


def propose(project: Project, folder: Path, *messages: Sequence[Message], **settings: Any) -> Proposed:
    lines = lines_of(*(message for some in messages for message in some))
    ended = command("--config", config_of(project, folder, **settings), "--propose-routes", stdin=lines)
    assert ended.exit_code == 0, ended.output
    return Proposed(ended.stdout, YAML(typ="safe").load(ended.stdout))


@pytest.fixture
def known(project: Project) -> Project:
    """A project that has a user and a channel."""
    project.load(stream("users", [{"email": ANN, "userId": "u1"}]))
    channel = {"id": 1, "name": "News", "channelType": "Marketing", "messageMedium": "Email"}
    project.sandbox.store.resources.add("channel", [(1, channel)])
    return project


@pytest.fixture
def all_proposed(known: Project, tmp_path: Path) -> Proposed:
    """What is proposed for all recognised sources and one that is not, in one run."""
    return propose(known, tmp_path, *(messages for messages, _ in RECOGNISED.values()), ODD)


def test_usual_sources_are_recognised(all_proposed: Proposed) -> None:
    assert all_proposed.streams == {messages[0]["stream"]: entry for messages, entry in RECOGNISED.values()}


def test_what_is_proposed_works(known: Project, all_proposed: Proposed) -> None:
    messages = [message for some, _ in RECOGNISED.values() for message in some]
    summary = known.load(messages, **all_proposed.settings)
    assert {name: (counts["rejected"], counts["reasons"]) for name, counts in summary.items()} == {
        messages[0]["stream"]: (0, {}) for messages, _ in RECOGNISED.values()
    }
    assert known.holds.user(email=BOB)["score"] == 5.0
    assert known.holds.members("VIP") == {"ann@new.example.com"}
    assert {purchase["id"] for purchase in known.holds.purchases()} == {"17"}
    assert {event["eventName"] for event in known.holds.events()} == {
        "Signed Up",
        "page views",
        "seen",
        "invoices",
        "Left",
    }
    assert known.holds.items("products") == {"A-1": {"name": "Mug", "price": 24}}


@pytest.mark.more
def test_the_command_takes_what_it_has_proposed(known: Project, tmp_path: Path, all_proposed: Proposed) -> None:
    config = config_of(known, tmp_path, **all_proposed.settings)
    assert run("--config", config, "--check").returncode == 0
    for messages, _ in RECOGNISED.values():
        ended = run("--config", config, stdin=lines_of(*messages))
        assert (ended.returncode, "rejected 1" in ended.stderr) == (0, False), ended.stderr


def test_what_is_not_recognised_is_a_comment_that_becomes_a_route_without_its_marks(
    known: Project, tmp_path: Path
) -> None:
    proposed = propose(known, tmp_path, ODD)
    assert proposed.streams == {}
    assert "The stream `erp-t001w` is not recognised. - Missing: No column identifies users" in proposed.comments
    assert "  # erp-t001w:\n  #   object: catalog_items\n" in proposed.text


def test_the_project_is_only_read_and_nothing_is_left_in_the_directory(project: Project, tmp_path: Path) -> None:
    propose(project, tmp_path, CUSTOMERS, PRODUCTS)
    assert {entry.method for entry in project.sandbox.requests()} == {"GET"}
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_no_value_of_a_record_is_in_what_is_printed(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "zq" + "x" * 20
    row = {"id": 17171717, "EMAIL": f"{secret}@example.com", "first_name": secret, "score": 31313131}
    lines = lines_of(*stream("people", [row], ["id"], EMAIL=TEXT))
    for form in ("yaml", "json"):
        ended = command("--config", config_of(project, tmp_path), f"--propose-routes={form}", stdin=lines)
        assert ended.exit_code == 0
        for value in (secret, "17171717", "31313131"):
            assert value not in ended.output + caplog.text


def test_fields_of_the_project_are_offered_and_new_ones_named(project: Project, tmp_path: Path) -> None:
    project.load(stream("users", [{"email": ANN, "firstName": "Ann", "lastVisit": "2026-11-01"}]))
    messages = stream(
        "people",
        [{"email": ANN, "first_name": "Ann", "last_visit": AT, "score": 5}],
        email=TEXT,
        first_name=TEXT,
        last_visit=MOMENT,
        score=NUMBER,
        tags={"type": "array"},
    )
    proposed = propose(project, tmp_path, messages)
    assert proposed.streams["people"]["fields"] == {"first_name": "firstName", "last_visit": "lastVisit"}
    assert "first_name: firstName  # a field of the project" in proposed.text
    assert "New fields, which can never be removed: `tags` (array), `score` (double)." in proposed.comments
    assert project.load(messages, **proposed.settings)["people"]["rejected"] == 0


@pytest.mark.parametrize(
    ("here", "schema", "value", "said"),
    [
        (5, TEXT, "five", "`age` is string, and the project keeps `age` as long, so it is left out here."),
        (5, NUMBER, 2.5, "`age` is double, and the project keeps `age` as long, so it is left out here."),
        ({"a": 1}, TEXT, "x", "`age` is string, and the project keeps `age` as object"),
        (5, TEXT, "five", "or set `coerce_types`"),
    ],
)
def test_columns_that_clash_are_left_out_with_what_to_do(  # noqa: PLR0917 (a table)
    project: Project, tmp_path: Path, here: Any, schema: Any, value: Any, said: str
) -> None:
    project.load(stream("users", [{"email": ANN, "age": here}]))
    messages = stream("users", [{"email": BOB, "age": value}], email=TEXT, age=schema)
    assert project.load(messages, max_rejects="100%")["users"]["rejected"] == 1
    proposed = propose(project, tmp_path, messages)
    assert said in proposed.comments
    assert proposed.streams["users"]["drop"] == ["age"]
    assert project.load(messages, **proposed.settings)["users"]["rejected"] == 0


def test_a_column_of_decimals_that_are_all_whole_stays_for_a_field_of_whole_numbers(
    project: Project, tmp_path: Path
) -> None:
    project.load(stream("users", [{"email": ANN, "age": 5}]))
    messages = stream("users", [{"email": BOB, "age": 7}], email=TEXT, age=NUMBER)
    proposed = propose(project, tmp_path, messages)
    assert proposed.streams["users"] == {"object": "users"}
    assert "`age` may hold fractions, and the project keeps `age` as long: a fraction is rejected." in proposed.comments
    assert project.load(messages, **proposed.settings)["users"]["written"] == 1


def test_clashes_inside_of_objects_are_left_out_alone(project: Project, tmp_path: Path) -> None:
    project.load(stream("users", [{"email": ANN, "home": {"zip": 3011, "town": "Bern"}, "age": 5}]))
    home = {"type": "object", "properties": {"zip": TEXT, "town": TEXT}}
    data = {"type": "object", "properties": {"age": TEXT}}
    row = {"email": BOB, "Home": {"zip": "3012", "town": "Thun"}, "dataFields": {"age": "old"}}
    messages = stream("users", [row], email=TEXT, Home=home, dataFields=data)
    proposed = propose(project, tmp_path, messages)
    assert proposed.streams["users"]["drop"] == ["dataFields.age", "Home.zip"]
    assert project.load(messages, **proposed.settings)["users"]["rejected"] == 0
    assert project.holds.user(email=BOB)["home"] == {"town": "Thun"}


def test_fields_of_a_catalog_are_compared_with_its_mappings(project: Project, tmp_path: Path) -> None:
    project.load(stream("catalog_items", [{"catalogName": "Products", "itemId": "1"}]))
    path = {"catalogName": "Products"}
    mappings = {"mappingsUpdates": [{"fieldName": "price", "fieldType": "boolean"}]}
    project.holds.client.request("PUT", "/api/catalogs/{catalogName}/fieldMappings", path_params=path, json=mappings)
    proposed = propose(project, tmp_path, PRODUCTS)
    assert proposed.streams["shop-products"] == {"object": "catalog_items", "catalog": "Products", "drop": ["price"]}
    assert "`Products` is a catalog of the project." in proposed.comments
    assert project.load(PRODUCTS, **proposed.settings)["shop-products"]["rejected"] == 0


def test_ids_that_no_item_can_have_are_counted_and_changed(project: Project, tmp_path: Path) -> None:
    messages = stream("shop-products", [{"sku": "A/1"}, {"sku": "A-2"}, {"sku": 3}], ["sku"])
    proposed = propose(project, tmp_path, messages)
    assert proposed.streams["shop-products"]["unsafe_ids"] == "replace"
    assert "`sku` cannot be the id of an item in 1 of 3 records." in proposed.comments
    assert project.load(messages, **proposed.settings)["shop-products"]["rejected"] == 0


def test_a_list_of_the_project_is_found_by_the_stream_s_name(project: Project, tmp_path: Path) -> None:
    project.holds.make_list("Loyal Customers")
    proposed = propose(project, tmp_path, AUDIENCE)
    assert proposed.streams["loyal_customers_audience"]["list"] == "Loyal Customers"
    assert "`Loyal Customers` is a list of the project." in proposed.comments


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("email", {"EMAIL": "email"}),
        ("userId", {"EMAIL": "email", "id": "userId"}),
        ("hybrid", {"EMAIL": "email", "id": "userId"}),
    ],
)
def test_the_type_of_the_project_is_asked_and_decides_what_identifies_users(
    new_project: NewProject, tmp_path: Path, type_: str, fields: dict[str, str]
) -> None:
    project = new_project(project_type=type_)
    proposed = propose(project, tmp_path, CUSTOMERS)
    assert proposed.settings.get("project_type") == (None if type_ == "email" else type_)
    assert proposed.streams["public-customers"]["fields"] == fields
    assert project.load(CUSTOMERS, **proposed.settings)["public-customers"]["written"] == 2


def test_a_column_of_which_most_values_are_no_addresses_identifies_nobody(project: Project, tmp_path: Path) -> None:
    hashed = stream("people", [{"email": f"{n:032x}", "name": "x"} for n in range(5)], email=TEXT)
    proposed = propose(project, tmp_path, hashed)
    assert proposed.streams == {}
    assert "Missing: No column identifies users by email or userId." in proposed.comments


@pytest.mark.parametrize(
    ("messages", "missing"),
    [
        (stream("shop-orders", [{"email": ANN, "total": 5}], email=TEXT, total=NUMBER), "No column is `items`"),
        (
            stream(
                "shop-orders",
                [],
                email=TEXT,
                total=NUMBER,
                items={"type": "array", "items": {"properties": {"id": {}}}},
            ),
            "Each of the items must have `name`, `price`, `quantity`",
        ),
        (stream("crm-optouts", [], email=TEXT), "set `group` and `group_id` of the route. Channels: "),
        (stream("shop-products", [{"name": "x"}]), "No column is `itemId`"),
        (stream("user_deletions", [], email=TEXT), "it is refused until `allow_destructive` is true"),
        (stream("public-users", [{"name": "x"}]), "No column identifies users by email or userId."),
        (stream("devices", [], token=TEXT), "No column identifies users by email or userId."),
        (
            stream("shop-line_items", [], ["id"], id=WHOLE, sku=TEXT, price=NUMBER),
            "must hold all items of the purchase",
        ),
        (stream("mkt-quotas", [], ["q"], q=WHOLE, customer_id=WHOLE), "Its key is not the user's"),
    ],
)
def test_what_a_stream_lacks_is_said_and_it_stays_a_comment(
    project: Project, tmp_path: Path, messages: list[Message], missing: str
) -> None:
    proposed = propose(project, tmp_path, messages)
    assert proposed.streams == {}
    assert missing in proposed.comments


def test_streams_that_have_a_route_are_not_proposed_again(project: Project, tmp_path: Path) -> None:
    proposed = propose(project, tmp_path, CUSTOMERS, PRODUCTS, streams={"*-customers": {"object": "users"}})
    assert list(proposed.streams) == ["shop-products"]
    assert "public-customers" not in proposed.text


def test_a_catalog_of_a_tap_will_do_and_streams_that_are_not_selected_are_left_out(
    project: Project, tmp_path: Path
) -> None:
    off = [{"breadcrumb": [], "metadata": {"selected": False}}]
    entries = [
        {"tap_stream_id": it["stream"], "schema": it["schema"], "key_properties": it["key_properties"], "metadata": how}
        for it, how in ((CUSTOMERS[0], []), (PRODUCTS[0], off))
    ]
    file = tmp_path / "catalog.json"
    file.write_text(json.dumps({"streams": entries}, indent=2))
    ended = command("--config", config_of(project, tmp_path), "--propose-routes", "--input", str(file))
    assert ended.exit_code == 0, ended.stderr
    assert list(YAML(typ="safe").load(ended.stdout)["streams"]) == ["public-customers"]


def test_json_has_the_settings_alone_and_the_log_says_why(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    lines = lines_of(*CUSTOMERS, *ODD)
    ended = command("--config", config_of(project, tmp_path), "--propose-routes=json", stdin=lines)
    assert json.loads(ended.stdout) == {"streams": {"public-customers": RECOGNISED["customers"][1]}}
    assert "The stream `erp-t001w` is not recognised." in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The input holds neither Singer messages nor the catalog of a tap"),
        ("no JSON", "The input holds neither Singer messages nor the catalog of a tap"),
        ('{"streams": [{}]}', "The input holds neither Singer messages nor the catalog of a tap"),
        ('{"type": "STATE", "value": {}}', "The input announces no stream"),
        ('{"streams": []}', "The input announces no stream"),
        ('{"type": "SCHEMA", "stream": "a", "schema": {"properties": 5}}', "The `schema` of a SCHEMA of the input"),
    ],
)
def test_an_input_without_streams_is_refused_in_a_sentence(
    project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, said: str
) -> None:
    ended = command("--config", config_of(project, tmp_path), "--propose-routes", stdin=text)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert said in caplog.text


@pytest.mark.more
def test_a_project_that_cannot_be_read_is_told_in_a_sentence(project: Project, tmp_path: Path) -> None:
    lines = lines_of(*CUSTOMERS)
    config = config_of(project, tmp_path, api_key="0123456789abcdef0123456789abcdef")
    ended = run("--config", config, "--propose-routes", stdin=lines)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Check `api_key`, and `region`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_the_key_may_not_read_is_named_and_the_rest_is_proposed(new_project: NewProject, tmp_path: Path) -> None:
    key = "0123456789abcdef0123456789abcdef"
    project = new_project(keys={key: "ServerSideReadOnly"})
    proposed = propose(project, tmp_path, CUSTOMERS, api_key=key)
    assert list(proposed.streams) == ["public-customers"]
    assert "The settings call the project e-mail-based" in proposed.comments
    assert "The key may not read: the type of the project, catalogs." in proposed.comments


NAMES: Final = st.text(min_size=1, max_size=12) | st.sampled_from(
    ["public-orders", "123", "no", "a: b", "# x", "crm-*[a]", "my lists", "x-unsubscribes", "it's", "users", "\u2028"]
)
COLUMN_NAMES: Final = st.text(max_size=8) | st.sampled_from(
    [
        "email",
        "EMAIL",
        "userId",
        "user_id",
        "id",
        "items",
        "total",
        "list",
        "list_id",
        "event",
        "viewed_at",
        "a.b",
        "a:::b",
    ]
)
SCHEMAS: Final = st.sampled_from(
    [
        {},
        TEXT,
        WHOLE,
        NUMBER,
        TRUTH,
        MOMENT,
        ITEMS,
        {"type": "object", "properties": {"a.b": NUMBER, "c": TEXT}},
        {"type": "null"},
    ]
)
STREAMS: Final = st.builds(
    lambda name, columns, key: SourceStream.of(name, {"properties": columns}, [it for it in columns if key]),
    NAMES,
    st.dictionaries(COLUMN_NAMES, SCHEMAS, max_size=6),
    st.booleans(),
)
CONTENTS: Final = st.builds(
    ProjectContents,
    st.sampled_from(ProjectType),
    st.booleans(),
    st.dictionaries(
        COLUMN_NAMES, st.sampled_from(["string", "long", "double", "boolean", "date", "object"]), max_size=4
    ),
    st.frozensets(NAMES, max_size=2),
    st.frozensets(st.just("orders"), max_size=1),
)
SPECS: Final = [object_.spec for object_ in OBJECTS.values()]


@given(st.lists(STREAMS, max_size=4, unique_by=lambda stream: stream.name), CONTENTS)
def test_whatever_comes_the_text_is_yaml_that_holds_valid_settings(
    streams: list[SourceStream], contents: ProjectContents
) -> None:
    proposals = [
        propose_route(stream, contents, lambda name, entry: Router({name: entry}, SPECS, contents.type).route(name))
        for stream in streams
    ]
    settings = settings_of(proposals, contents, ProjectType.EMAIL)
    text = as_yaml(proposals, contents, ProjectType.EMAIL)
    for version in ((1, 1), (1, 2)):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        assert yaml.load(text) == settings
    assert json.loads(as_json(settings)) == settings
    routes = Router(settings["streams"], SPECS, contents.type)
    for it in streams:
        if routes.has_route(it.name):
            # No two columns give one field: such records would all be rejected.
            routes.route(it.name).columns({}).row(dict.fromkeys(it.columns))

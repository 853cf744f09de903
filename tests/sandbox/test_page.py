"""The page: what it shows and finds, its forms, and that stored texts never become mark-up."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any, Final

import pytest
import requests

from iterable_sandbox.faults.kinds import AnyFault, Fault
from iterable_sandbox.page.controls import _OPTIONS
from iterable_sandbox.server import Sandbox
from tests.sandbox.conftest import Http

HOSTILE: Final = (
    "<script>document.title='broken in'</script><img src=x onerror=\"document.title='broken in'\">'\"&{{ 7*7 }}"
)
LISTINGS: Final = ("users", "events", "lists", "catalogs", "campaigns", "templates", "requests")
PATHS: Final = ("/", *(f"/_page/{name}" for name in (*LISTINGS, "webhooks", "controls")))


class Read(HTMLParser):
    """A page as its readers have it.

    Attributes:
        tables: rows of each table, by the id of its part; a row is the texts of its cells, the first is the header.
        forms: fields of each form that have a value, and `""` for its action.
        text: all text.
    """

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.links: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._part: list[list[str]] = []
        self._cell: str | None = None
        self._link: str | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= given.keys()
        if "data-part" in given:
            self._part = self.tables.setdefault(given["id"], [])
        if tag == "tr":
            self._part.append([])
        if tag in ("th", "td"):
            self._part[-1].append("")
        self._cell = tag if tag in ("th", "td") else self._cell
        self._link = given["href"] if tag == "a" else self._link
        if tag == "form":
            self.forms.append({"": given.get("action", "")})
        if tag == "input" and given.get("value"):
            self.forms[-1][given["name"]] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        self._cell = None if tag == self._cell else self._cell
        self._link = None if tag == "a" else self._link

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cell:
            self._part[-1][-1] += data.strip()
        if self._link:
            self.links[data] = self._link


def get(sandbox: Sandbox, path: str, **headers: str) -> requests.Response:
    return requests.get(sandbox.url + path, headers=headers, timeout=10)


def post(sandbox: Sandbox, path: str, form: dict[str, Any], **headers: str) -> requests.Response:
    return requests.post(
        f"{sandbox.url}/_page/{path}",
        form,
        headers={"Origin": sandbox.url, **headers},
        timeout=10,
        allow_redirects=False,
    )


def rows(answer: requests.Response, part: str) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return Read(answer).tables[part][1:]


@pytest.fixture
def filled(http: Http) -> Http:
    """A project with something of each kind."""
    list_id = http.new_list("Readers of everything")
    http.update({"email": "bob@example.com", "userId": "U-7"})
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": "ana@example.com"}]})
    http.track({"email": "ana@example.com", "eventName": "bookOpened"})
    http.post("/api/catalogs/Books")
    http.ok("/api/catalogs/Books/items", {"documents": {"item-1": {"colour": "teal"}, "item-2": {"colour": "red"}}})
    resources = http.sandbox.store.resources
    resources.add("campaign", [(5, {"id": 5, "name": "Spring", "campaignState": "Finished", "templateId": 6})])
    resources.add("template", [(6, {"templateId": 6, "name": "Spring letter", "campaignId": 5})])
    return http


def test_the_first_page_counts_everything_and_says_what_is_enforced(filled: Http) -> None:
    read = Read(get(filled.sandbox, "/"))
    assert "Project typeemail" in read.text.replace("\n", "").replace("  ", "")
    assert read.tables["types"] == [["Data type", "Events"], ["customEvent", "1"], ["emailSubscribe", "1"]]
    assert read.links["customEvent"] == "/_page/events?type=customEvent"


def test_users_lead_to_their_profile_lists_subscriptions_and_events(filled: Http) -> None:
    channels = [(9, {"id": 9, "name": "Marketing"})]
    filled.sandbox.store.resources.add("channel", channels)
    filled.ok("/api/users/updateSubscriptions", {"email": "ana@example.com", "unsubscribedChannelIds": [9]})
    listing = Read(get(filled.sandbox, "/_page/users"))
    assert [row[:2] for row in listing.tables["users"]] == [
        ["User", "userId"],
        ["ana@example.com", "-"],
        ["bob@example.com", "U-7"],
    ]
    user = Read(get(filled.sandbox, listing.links["ana@example.com"]))
    assert '"emailListIds"' in user.text
    assert [row[0] for row in user.tables["lists"][1:]] == ["Readers of everything"]
    assert user.tables["subscriptions"][1:] == [["Marketing", "channel, unsubscribed", "9"]]
    assert [row[0] for row in user.tables["events"][1:]] == ["emailUnSubscribe", "customEvent", "emailSubscribe"]
    bob = Read(get(filled.sandbox, listing.links["bob@example.com"]))
    assert (bob.tables["lists"], bob.tables["events"]) == ([], [])
    assert "The user is on no list." in bob.text


def test_lists_lead_to_their_members_and_catalogs_to_their_items(filled: Http) -> None:
    lists = Read(get(filled.sandbox, "/_page/lists"))
    (row,) = lists.tables["lists"][1:]
    assert (row[0], row[2:]) == ("Readers of everything", ["Standard", "1"])
    assert rows(get(filled.sandbox, lists.links[row[0]]), "members") == [["ana@example.com", "-"]]
    catalogs = Read(get(filled.sandbox, "/_page/catalogs"))
    assert catalogs.tables["catalogs"][1:] == [["Books", "2"]]
    first, second = rows(get(filled.sandbox, catalogs.links["Books"]), "items")
    assert (first[0], second[0]) == ("item-1", "item-2")
    assert '"colour": "teal"' in first[1]


def test_campaigns_templates_requests_and_webhooks_have_pages(filled: Http) -> None:
    filled.sandbox.inject("gateway", route="GET /api/journeys")
    filled.get("/api/journeys")
    filled.get("/api/nothing")
    webhook = filled.sandbox.add_webhook("http://127.0.0.1:9/hook?secret=1", events=["emailOpen"], enabled=False)
    assert rows(get(filled.sandbox, "/_page/campaigns"), "campaign")[0][:3] == ["Spring", "5", "Finished"]
    assert rows(get(filled.sandbox, "/_page/templates"), "template")[0][:2] == ["Spring letter", "6"]
    unknown, failed, *_ = rows(get(filled.sandbox, "/_page/requests"), "requests")
    assert (unknown[0], unknown[2]) == ("GET (no such route)", "✗404")
    assert (failed[0], failed[2]) == ("GET /api/journeys", "✗502")
    (shown,) = rows(get(filled.sandbox, "/_page/webhooks"), "webhooks")
    assert shown[:4] == ["http://127.0.0.1:9/hook", str(webhook), "no", "1"]


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_project_has_every_page_too(sandbox: Sandbox, path: str) -> None:
    answer = get(sandbox, path)
    assert answer.status_code == 200
    assert all(len(table) <= 1 for table in Read(answer).tables.values())


@pytest.mark.parametrize(
    ("listing", "part", "search", "found"),
    [
        ("users", "users", "ANA@", ["ana@example.com"]),
        ("users", "users", "u-7", ["bob@example.com"]),
        ("users", "users", "example", ["ana@example.com", "bob@example.com"]),
        ("users", "users", "%", []),
        ("users", "users", "_na", []),
        ("users", "users", "!", []),
        ("events", "events", "bookopened", ["customEvent"]),
        ("events", "events", 'eventName":"book', []),
        ("lists", "lists", "READERS", ["Readers of everything"]),
        ("lists", "lists", "writers", []),
        ("catalogs", "catalogs", "oo", ["Books"]),
        ("campaigns", "campaign", "spring", ["Spring"]),
        ("campaigns", "campaign", "5", ["Spring"]),
        ("templates", "template", "letter", ["Spring letter"]),
        ("requests", "requests", "subscribe", ["POST /api/lists/subscribe"]),
    ],
)
def test_a_search_finds_parts_in_any_case(filled: Http, listing: str, part: str, search: str, found: list[str]) -> None:
    answer = post(filled.sandbox, listing, {"search": search})
    assert answer.status_code == 200
    assert [row[0] for row in Read(answer).tables[part][1:]] == found
    assert "1" if found else "There are none." in Read(answer).text


def test_members_and_items_are_searched_too(filled: Http) -> None:
    (list_id,) = [row["id"] for row in filled.sandbox.counts()["lists"]]
    assert len(rows(post(filled.sandbox, f"lists/{list_id}", {"search": "ana"}), "members")) == 1
    assert Read(post(filled.sandbox, f"lists/{list_id}", {"search": "bob"})).tables["members"] == []
    assert [row[0] for row in rows(post(filled.sandbox, "catalogs/Books", {"search": "-2"}), "items")] == ["item-2"]


def test_events_are_chosen_by_their_data_type(filled: Http) -> None:
    for answer in (
        get(filled.sandbox, "/_page/events?type=emailSubscribe"),
        post(filled.sandbox, "events", {"type": "emailSubscribe"}),
    ):
        assert [row[0] for row in rows(answer, "events")] == ["emailSubscribe"]


def following(sandbox: Sandbox, path: str, part: str) -> list[list[str]]:
    """The first cells of each page, by its button for the next one."""
    answer, pages = get(sandbox, f"/_page/{path}"), []
    while True:
        pages.append([row[0] for row in rows(answer, part)])
        form = next((form for form in Read(answer).forms if "after" in form), None)
        if form is None:
            return pages
        answer = post(sandbox, path, {name: value for name, value in form.items() if name})


@pytest.mark.parametrize("number", [50, 51, 120])
def test_every_listing_comes_in_pages_of_fifty(http: Http, number: int) -> None:
    sandbox, store = http.sandbox, http.sandbox.store
    list_id = store.lists.create("Readers", None, 0).id
    emails = [f"u{index:03}@example.com" for index in range(number)]
    sandbox.load("user", [{"email": email, "emailListIds": [list_id]} for email in emails])
    sandbox.load("customEvent", [{"email": emails[0], "eventName": "a"} for _ in emails])
    for index in range(number - 1):
        store.lists.create(f"List {index}", None, 0)
    for index in range(number):
        store.catalogs.create(f"{'cC'[index % 2]}atalog-{index:03}")
    store.resources.add("campaign", [(index, {"id": index, "name": f"c{index}"}) for index in range(1, number + 1)])
    catalog = store.catalogs.all()[0]
    store.catalogs.put(catalog, [(f"i{index:03}", "{}") for index in range(number)], 0)
    for _ in range(number):
        http.get("/api/lists")
    parts = {name: name for name in ("users", "events", "lists", "catalogs", "requests")} | {"campaigns": "campaign"}
    parts |= {f"lists/{list_id}": "members", f"catalogs/{catalog.name}": "items", "users/1": "events"}
    for path, part in parts.items():
        pages = following(sandbox, path, part)
        assert [len(page) for page in pages] == [50] * (number // 50) + [number % 50] * (number % 50 > 0), path
        if part not in ("events", "requests"):
            assert len({name for page in pages for name in page}) == number, path


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "1; DROP TABLE users", "\x00"])
def test_a_place_that_no_page_gave_does_no_harm(filled: Http, after: str) -> None:
    for listing in LISTINGS:
        assert post(filled.sandbox, listing, {"after": after}).status_code == 200
    assert filled.sandbox.counts()["users"] == 2


@pytest.mark.parametrize("path", ["users/99", f"users/{10**30}", "lists/1", f"lists/{10**30}", "catalogs/Nothing"])
def test_what_is_not_there_is_said_on_a_page(sandbox: Sandbox, path: str) -> None:
    answer = get(sandbox, f"/_page/{path}")
    assert answer.status_code == 404
    assert "There is no such" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.fixture
def hostile(http: Http) -> Http:
    """A project whose every text is an attack."""
    list_id = http.new_list(HOSTILE)
    user = {
        "email": "a@example.com",
        "userId": HOSTILE[:40],
        "dataFields": {HOSTILE: HOSTILE, "deep": {"x": [HOSTILE]}},
    }
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [user]})
    http.track({"email": "a@example.com", "eventName": HOSTILE, "dataFields": {HOSTILE: HOSTILE}})
    http.post("/api/catalogs/Books")
    http.ok("/api/catalogs/Books/items", {"documents": {"one": {HOSTILE.replace(".", ""): HOSTILE}}})
    http.sandbox.store.resources.add("campaign", [(5, {"id": 5, "name": HOSTILE, "templateId": HOSTILE})])
    http.sandbox.store.resources.add("template", [(6, {"templateId": 6, "name": HOSTILE})])
    http.sandbox.inject("answer", status=400, body=HOSTILE, route=f"GET /api/{HOSTILE}")
    http.get("/api/" + HOSTILE)
    return http


def test_nothing_that_a_client_stored_becomes_markup(hostile: Http) -> None:
    (list_id,) = [row["id"] for row in hostile.sandbox.counts()["lists"]]
    shown = [f"/_page/{name}" for name in ("users/1", "users", "events", "lists", "campaigns", "templates", "controls")]
    for path in (*shown, f"/_page/lists/{list_id}", "/_page/catalogs/Books", "/", "/_page/requests"):
        answer = get(hostile.sandbox, path)
        read = Read(answer)
        assert "img" not in read.tags, path
        assert answer.text.count("<script") == 1, path  # the page's own, which has a source
        assert "onerror" not in read.attributes
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert path in ("/", "/_page/requests", "/_page/catalogs/Books") or HOSTILE[:40] in read.text, path


def test_what_was_asked_for_comes_back_as_text_and_is_in_no_url(hostile: Http) -> None:
    answer = post(hostile.sandbox, "users", {"search": HOSTILE, "type": HOSTILE, "after": HOSTILE})
    assert Read(answer).forms[0]["search"] == HOSTILE
    assert answer.text.count("<script") == 1
    refused = post(hostile.sandbox, "faults", {"fault": HOSTILE, "route": HOSTILE, "times": HOSTILE})
    assert refused.status_code == 400
    assert refused.text.count("<script") == 1
    assert all("?" not in link for link in Read(answer).links.values())


def test_a_page_is_not_in_the_request_log(sandbox: Sandbox) -> None:
    for path in PATHS:
        get(sandbox, path)
    post(sandbox, "clock", {"advance": "1"})
    assert sandbox.requests() == []


def test_faults_do_not_hit_the_page(sandbox: Sandbox) -> None:
    sandbox.inject("generic_error", times=None)
    assert get(sandbox, "/").status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/_page/users/1"])
def test_only_this_machine_sees_the_page(sandbox: Sandbox, path: str) -> None:
    for headers in ({"Host": "example.com"}, {"Origin": "https://example.com"}, {"Origin": "null"}):
        assert get(sandbox, path, **headers).status_code == 403


FORMS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("clock", {"advance": "60", "unit": "seconds"}),
    ("faults", {"fault": "gateway"}),
    ("faults/clear", {}),
)


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_forms_of_other_pages_are_refused(sandbox: Sandbox, path: str, form: dict[str, str]) -> None:
    sandbox.inject("cut", bytes=1)
    port = sandbox.url.rpartition(":")[2]
    origins = [
        "https://example.com",
        "null",
        "http://127.0.0.1:1",
        f"http://localhost:{port}",
        f"https://127.0.0.1:{port}",
    ]
    before = sandbox.clock.moment()
    for origin in origins:
        assert post(sandbox, path, form, Origin=origin).status_code == 403
    evil = f"example.com:{port}"
    assert post(sandbox, path, form, Origin=f"http://{evil}", Host=evil).status_code == 403
    assert [planned.fault.bytes for planned in sandbox.project.faults.all()] == [1]  # type: ignore[attr-defined]
    assert (sandbox.clock.moment() - before).total_seconds() < 50
    answer = post(sandbox, path, form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/_page/controls")


def test_the_form_lets_time_pass_and_sets_the_clock(sandbox: Sandbox) -> None:
    post(sandbox, "clock", {"set": "2026-11-01T00:00:00Z"})
    post(sandbox, "clock", {"advance": "1.5", "unit": "days"})
    assert sandbox.clock.moment().isoformat()[:16] == "2026-11-02T12:00"
    assert "2026-11-02 12:00" in get(sandbox, "/_page/controls").text


def test_the_form_injects_faults_with_their_options(sandbox: Sandbox) -> None:
    forms: list[dict[str, str]] = [
        {"fault": "answer", "status": "413", "body": "too large", "route": "POST *", "times": "all", "every": "2"},
        {"fault": "rate_limit", "retry_after": "3", "plain": "true", "where": '{"listId": "7"}'},
        {"fault": "slow", "seconds": "0.5", "bytes": "10"},
    ]
    for form in forms:
        assert post(sandbox, "faults", form).status_code == 303
    answer, limit, slow = [planned.as_json() for planned in sandbox.project.faults.all()]
    assert (answer["status"], answer["body"], answer["times"], answer["every"]) == (413, "too large", None, 2)
    assert (limit["retry_after"], limit["plain"], limit["where"]) == (3, True, {"listId": "7"})
    assert (slow["seconds"], slow["bytes"], slow["route"]) == (0.5, 10, "*")
    assert rows(get(sandbox, "/_page/controls"), "faults")[0][:2] == ["answer", "POST *"]
    post(sandbox, "faults/clear", {})
    assert sandbox.project.faults.all() == []


WRONG: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("clock", "advance", {"advance": -1}),
    ("clock", "advance", {"advance": float("nan")}),
    ("clock", "advance", {"advance": float("inf")}),
    ("clock", "advance", {"advance": 1e300}),
    ("clock", "advance", {"advance": "soon"}),
    ("clock", "advance", {"advance": True}),
    ("clock", "set", {"set": "1969-12-31T00:00:00Z"}),
    ("clock", "set", {"set": "yesterday"}),
    ("faults", "times", {"fault": "gateway", "times": 0}),
    ("faults", "times", {"fault": "gateway", "times": "two"}),
    ("faults", "status", {"fault": "gateway", "status": 200}),
    ("faults", "seconds", {"fault": "slow", "seconds": float("nan")}),
    ("faults", "bytes", {"fault": "cut"}),
    ("faults", "bytes", {"fault": "gateway", "bytes": 1}),
    ("faults", "where", {"fault": "gateway", "where": "listId"}),
)


@pytest.mark.parametrize(("what", "name", "values"), WRONG)
def test_a_form_is_refused_in_the_words_of_the_control_api(
    sandbox: Sandbox, what: str, name: str, values: dict[str, Any]
) -> None:
    control = requests.post(f"{sandbox.url}/_sandbox/{what}", data=json.dumps(values), timeout=10)
    assert control.status_code == 400
    assert f"{name}: " in control.json()["error"]
    form = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    answer = post(sandbox, what, form)
    assert answer.status_code == 400
    assert control.json()["error"] in Read(answer).text
    assert sandbox.project.faults.all() == []


def test_what_was_filled_in_stays_after_a_refusal(sandbox: Sandbox) -> None:
    answer = post(sandbox, "faults", {"fault": "slow", "seconds": "-1", "route": "GET /api/lists"})
    (form,) = [form for form in Read(answer).forms if form[""] == "/_page/faults"]
    assert (form["seconds"], form["route"]) == ("-1", "GET /api/lists")
    assert '<option value="slow" selected>' in answer.text


@pytest.mark.parametrize("path", ["users", "clock", "faults"])
def test_a_form_that_is_too_long_is_refused(sandbox: Sandbox, path: str) -> None:
    answer = post(sandbox, path, {"search": "x" * 16_001})
    assert (answer.status_code, answer.json()["error"]) == (400, "body: larger than 16,000 bytes")
    assert post(sandbox, path, {f"f{number}": "x" for number in range(60)}).status_code == 400


def test_the_form_has_a_field_for_each_option_of_a_fault() -> None:
    names = {name for kind in Fault.__subclasses__() for name in kind.__dataclass_fields__}
    assert {*_OPTIONS, "fault", "route", "where", "times", "every"} == names
    assert len(Fault.__subclasses__()) == len(AnyFault.__args__[0].__args__)


def test_a_page_can_be_refreshed_and_refreshes_itself_only_if_that_is_chosen(sandbox: Sandbox) -> None:
    still = Read(get(sandbox, "/_page/events?type=emailOpen"))
    assert "data-live" not in still.attributes
    assert still.links["Refresh"] == "/_page/events?type=emailOpen"
    live = Read(get(sandbox, "/_page/events" + still.links["Refresh every 5 seconds"]))
    assert "data-live" in live.attributes
    assert live.links["Stop refreshing"] == "/_page/events?type=emailOpen"
    found = Read(post(sandbox, "events", {"search": "x"}))
    assert "data-live" not in found.attributes
    assert "Refresh" not in found.links


def test_nothing_of_a_page_comes_from_elsewhere(sandbox: Sandbox) -> None:
    for path in PATHS:
        text = get(sandbox, path).text
        assert "http:" not in text.replace("http://127.0.0.1", "")
        assert "https:" not in text
    for name in ("page.css", "page.js", "icon.svg"):
        assert get(sandbox, f"/_page/static/{name}").status_code == 200

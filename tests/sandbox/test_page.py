"""The web page: it has all sections, and stored texts never become mark-up."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import Http

HOSTILE = "<script>document.title='broken in'</script><img src=x onerror=\"document.title='broken in'\">'\"&{{ 7*7 }}"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class _Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


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
    http.sandbox.inject("answer", status=400, body=HOSTILE, route=f"GET /api/{HOSTILE}")
    http.get("/api/" + HOSTILE)
    return http


class _Sections(HTMLParser):
    """The rows of the tables of a page, by the id of the section (`h2`) that they are in.

    A row is the texts of its cells; the first row of a table is its header. `h3` is a row of one cell.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._section: list[list[str]] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "h2":
            self._section = self.rows.setdefault(dict(attrs)["id"] or "", [])
        if tag in ("tr", "h3"):
            self._section.append([])
        self._in_cell = self._in_cell or tag in ("th", "td", "h3")
        if tag in ("th", "td", "h3"):
            self._section[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("th", "td", "h3")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self._section[-1][-1] += data


def page(http: Http) -> requests.Response:
    return requests.get(http.sandbox.url + "/", timeout=10)


def test_the_page_shows_users_events_lists_catalogs_requests_faults_and_webhooks(http: Http) -> None:
    list_id = http.new_list("Readers of everything")
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": "ana@example.com"}]})
    http.track({"email": "ana@example.com", "eventName": "bookOpened"})
    http.post("/api/catalogs/Books")
    http.ok("/api/catalogs/Books/items", {"documents": {"item-1": {"colour": "teal"}}})
    http.sandbox.inject("gateway", route="GET /api/journeys")
    webhook = http.sandbox.add_webhook("http://127.0.0.1:9/hook", events=["emailOpen"], enabled=False)
    sections = _Sections(page(http).text).rows
    assert list(sections) == ["users", "events", "lists", "catalogs", "requests", "faults", "webhooks"]
    header, (email, user_id, profile) = sections["users"]
    assert (header, email, user_id) == (["email", "userId", "profile"], "ana@example.com", "")
    assert str(list_id) in profile
    counts, lines = sections["events"][:3], sections["events"][3:]
    assert counts == [["data type", "events"], ["customEvent", "1"], ["emailSubscribe", "1"]]
    assert [(row[0], row[2]) for row in lines[1:]] == [
        ("customEvent", "ana@example.com"),
        ("emailSubscribe", "ana@example.com"),
    ]
    assert "bookOpened" in lines[1][-1]
    assert sections["lists"] == [["id", "name", "members"], [str(list_id), "Readers of everything", "1"]]
    *head, (item, value) = sections["catalogs"]
    assert (head, item) == ([["Books"], ["item", "value"]], "item-1")
    assert '"colour": "teal"' in value
    latest = ["/api/catalogs/{catalogName}/items", "/api/catalogs/{catalogName}", "/api/events/trackBulk"]
    assert [row[2] for row in sections["requests"][1:4]] == latest
    assert sections["faults"] == [["fault", "route", "struck"], ["gateway", "GET /api/journeys", "0 of 1"]]
    assert [row[0] for row in sections["webhooks"][:2]] == ["id", str(webhook)]


def test_an_empty_project_has_a_page_too(http: Http) -> None:
    text = page(http).text
    assert "Users (0)" in text
    headers_only = {"users": 1, "events": 2, "lists": 1, "catalogs": 0, "requests": 1, "faults": 1}
    headers_only["webhooks"] = 2  # webhooks, and the latest attempts
    assert {name: len(rows) for name, rows in _Sections(text).rows.items()} == headers_only


def test_nothing_that_a_client_stored_becomes_markup(hostile: Http) -> None:
    answer = page(hostile)
    parsed = _Tags(answer.text)
    assert not {"script", "img"} & parsed.tags
    assert "onerror" not in parsed.attributes
    assert HOSTILE in parsed.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_only_this_machine_sees_the_page(http: Http) -> None:
    elsewhere = requests.get(http.sandbox.url + "/", headers={"Host": "example.com"}, timeout=10)
    assert elsewhere.status_code == 403


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_browser_shows_the_hostile_page_and_runs_nothing_of_it(hostile: Http, tmp_path: Path) -> None:
    alone = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", f"--user-data-dir={tmp_path}"]
    command = [str(CHROMIUM), *quiet, *alone, "--dump-dom", hostile.sandbox.url + "/"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "<title>Iterable sandbox</title>" in dom
    assert not {"script", "img"} & _Tags(dom).tags

"""The page for people: everything is on it, and nothing that a client stored becomes mark-up."""

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


def page(http: Http) -> requests.Response:
    return requests.get(http.sandbox.url + "/", timeout=10)


def test_the_page_shows_users_events_lists_catalogs_requests_and_faults(http: Http) -> None:
    list_id = http.new_list("Readers of everything")
    http.ok("/api/lists/subscribe", {"listId": list_id, "subscribers": [{"email": "ana@example.com"}]})
    http.track({"email": "ana@example.com", "eventName": "bookOpened"})
    http.post("/api/catalogs/Books")
    http.ok("/api/catalogs/Books/items", {"documents": {"item-1": {"colour": "teal"}}})
    http.sandbox.inject("gateway", route="GET /api/journeys")
    text = _Tags(page(http).text).text
    shown = ("ana@example.com", "bookOpened", "customEvent", "emailSubscribe", "Readers of everything", str(list_id))
    for value in (*shown, "Books", "item-1", "teal", "/api/events/trackBulk", "GET /api/journeys"):
        assert value in text


def test_an_empty_project_has_a_page_too(http: Http) -> None:
    assert "Users (0)" in page(http).text


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

"""The sandbox's page in a real browser: keyboard, screen readers, phone, dark, forms, and nothing hostile runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as Tab

from iterable_sandbox.server import Sandbox
from tests.browsers import HOSTILE, IN_BROWSERS, PHONE, chromium, objections, watched_tab

_NAMES: Final = (
    "users",
    "events",
    "lists",
    "catalogs",
    "campaigns",
    "templates",
    "requests",
    "webhooks",
    "controls",
    "users/1",
    "lists/949801",
    "catalogs/Products",
)
PATHS: Final = ("/", *(f"/_page/{name}" for name in _NAMES))
MORE_PATHS: Final = ("/_page/users?live", "/_page/users/999999", "/_page/events?type=emailOpen")

pytestmark = IN_BROWSERS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A tab that fails the test if a script fails, or something is refused by the policy."""
    with watched_tab(browser) as tab:
        yield tab


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    """A seeded project with a user, an event, a list and a fault that are hostile."""
    with Sandbox() as sandbox:
        sandbox.seed(users=120, events=500)
        hostile = {
            "email": "evil@example.com",
            "unsubscribedChannelIds": [1],
            "emailListIds": [949801],
            HOSTILE: HOSTILE,
        }
        sandbox.load("user", [hostile])
        sandbox.load("customEvent", [{"email": "evil@example.com", "eventName": HOSTILE, HOSTILE: HOSTILE}])
        sandbox.store.lists.create(HOSTILE, None, 0)
        sandbox.inject("gateway", route=HOSTILE)
        sandbox.add_webhook("http://127.0.0.1:9/hook", events=["emailOpen"])
        for path in ("/api/lists", "/api/nothing"):
            requests.get(sandbox.url + path, headers={"Api-Key": sandbox.api_key}, timeout=10)
        yield sandbox


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to_in_either_scheme(browser: Browser, shop: Sandbox, scheme: str) -> None:
    assert objections(browser, shop.url, (*PATHS, *MORE_PATHS), scheme) == []


def test_axe_finds_nothing_to_object_to_in_a_refused_form(tab: Tab, shop: Sandbox) -> None:
    tab.goto(f"{shop.url}/_page/controls")
    tab.get_by_label("seconds of slow").fill("-1")
    tab.get_by_role("button", name="Inject").click()
    expect(tab.get_by_role("alert")).to_be_visible()
    assert Axe().run(tab).violations_count == 0


@pytest.mark.parametrize("path", PATHS)
def test_a_phone_has_to_scroll_in_one_direction_only(browser: Browser, shop: Sandbox, path: str) -> None:
    with watched_tab(browser, viewport=PHONE) as tab:
        tab.goto(shop.url + path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_nothing_that_a_client_stored_is_run_by_the_browser(tab: Tab, shop: Sandbox) -> None:
    for path in (*PATHS, "/_page/users/121"):
        tab.goto(shop.url + path)
        for summary in tab.locator("td summary").all()[:3]:
            summary.click()
        assert tab.title().endswith("Iterable sandbox")
        assert tab.locator("img, script:not([src])").count() == 0
    expect(tab.get_by_text(HOSTILE).first).to_be_visible()


def test_a_user_is_found_and_looked_at_by_the_keyboard_alone(tab: Tab, shop: Sandbox) -> None:
    tab.goto(f"{shop.url}/_page/users")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the content"
    tab.keyboard.press("Enter")
    for _ in range(5):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.id") == "search":
            break
    tab.keyboard.type("EVIL@")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("text=Show all")
    assert "evil" not in tab.url.lower()
    for _ in range(30):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.textContent") == "evil@example.com":
            break
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/_page/users/121")
    expect(tab.get_by_role("heading", name="evil@example.com")).to_be_visible()


def test_pages_of_users_are_turned(tab: Tab, shop: Sandbox) -> None:
    tab.goto(f"{shop.url}/_page/users")
    rows = tab.locator("#users tbody th")
    seen: list[str] = []
    for size in (50, 50, 21):
        if seen:
            tab.get_by_role("button", name="Next page").click()
            expect(rows.first).not_to_have_text(seen[-50])
        expect(rows).to_have_count(size)
        seen += rows.all_inner_texts()
    assert len(seen) == len(set(seen)) == 121
    expect(tab.get_by_role("button", name="Next page")).to_have_count(0)
    tab.get_by_role("button", name="First page").click()
    expect(rows.first).to_have_text(seen[0])


def test_forms_of_the_page_are_taken_as_its_own(tab: Tab) -> None:
    with Sandbox() as sandbox:
        before = sandbox.clock.moment()
        tab.goto(f"{sandbox.url}/_page/controls")
        tab.get_by_label("Let so much time pass").fill("2")
        tab.get_by_label("Unit").select_option("days")
        with tab.expect_navigation():
            tab.get_by_role("button", name="Let it pass").click()
        assert (sandbox.clock.moment() - before).days == 2
        tab.get_by_label("Fault", exact=True).select_option("rate_limit")
        tab.get_by_label("Method and path").fill("GET /api/lists")
        tab.get_by_role("button", name="Inject").click()
        expect(tab.locator("#faults tbody tr")).to_have_count(1)
        assert requests.get(f"{sandbox.url}/api/lists", timeout=10).status_code == 429
        tab.get_by_role("button", name="Remove all faults").click()
        expect(tab.locator("#faults tbody tr")).to_have_count(0)
        assert sandbox.project.faults.all() == []


def test_another_page_cannot_send_a_form(browser: Browser) -> None:
    with Sandbox() as sandbox, browser.new_context() as context:
        tab, before = context.new_page(), sandbox.clock.moment()
        form = (
            f"<form method=post action='{sandbox.url}/_page/clock'><input name=advance value=99999><button>Go</button>"
        )
        tab.set_content(form)
        tab.get_by_role("button").click()
        tab.wait_for_url("**/_page/clock")
        assert "only for clients on this machine" in tab.content()
        assert (sandbox.clock.moment() - before).total_seconds() < 1_000


def test_a_page_is_brought_up_to_date_only_if_that_was_chosen(tab: Tab) -> None:
    with Sandbox() as sandbox:
        sandbox.load("user", [{"email": "ana@example.com"}])
        tab.goto(f"{sandbox.url}/_page/users")
        tab.get_by_role("link", name="Refresh every 5 seconds").click()
        sandbox.load("user", [{"email": "bob@example.com"}])
        tab.get_by_role("link", name="bob@example.com").wait_for(timeout=30_000)
        tab.get_by_role("link", name="Stop refreshing").click()
        expect(tab.locator("[data-live]")).to_have_count(0)


def test_without_scripts_the_page_does_the_same(browser: Browser) -> None:
    with Sandbox() as sandbox, watched_tab(browser, java_script_enabled=False) as tab:
        sandbox.load("user", [{"email": "ana@example.com", "plan": "gold"}])
        tab.goto(f"{sandbox.url}/_page/users")
        tab.get_by_label("Part of an address").fill("ANA")
        tab.get_by_role("button", name="Search").click()
        tab.get_by_text("fields").click()
        expect(tab.get_by_text('"plan": "gold"')).to_be_visible()
        tab.get_by_role("link", name="Clock and faults").click()
        tab.get_by_label("Set the clock to").fill("2020-01-01T00:00:00Z")
        tab.get_by_role("button", name="Set", exact=True).click()
        expect(tab.get_by_text("2020-01-01 00:0").first).to_be_visible()
